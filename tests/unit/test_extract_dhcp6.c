/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "heard.h"

#define DHCP6 (&extract_dhcp6)

struct fixture {
    struct heard heard;
    uint8_t bytes[1024];
    size_t len;
};

static int set_up(void **state)
{
    static struct fixture f;

    heard_init(&f.heard);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    heard_done(&f->heard);
    return 0;
}

static enum extract_result hear(struct fixture *f, const char *message)
{
    f->heard.count = 0;
    f->len = unhex(message, f->bytes, sizeof(f->bytes));
    return heard_read(&f->heard, DHCP6, f->bytes, f->len);
}

#define CLIENT_LLT "0001000e 00010001 2a3b4c5d 02000a14010e"
#define SERVER_LL  "0002000a 00030001 02000a140110"
#define OFFERED    "0005 0018 20010db8000000000000000000000045 00000e10 00001c20"

static const char solicit[] = "01 a1b2c3" CLIENT_LLT "0003000c 00000001 00000000 00000000"
                              "0006 0004 0017 0018 0027 000c 00 0a73747564656e742d3034"
                              "0010 0014 00000137 000e 4d53465420352e3020 0000000000";
static const char reply[] =
    "07 a1b2c3" CLIENT_LLT SERVER_LL "0003 0028 00000001 00000e10 00001518" OFFERED
    "0019 0029 00000001 00000e10 00001518 001a 0019 00000e10 00001c20 38"
    "20010db8000001000000000000000000"
    "0017 0020 20010db8000000000000000000000053 20010db8000000000000000000000054"
    "0018 000e 076c696e636f6c6e 0474657374 00";

static void a_client_says_who_it_is_and_what_it_asks_for(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, solicit), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_DHCP_VERSION, "6");
    assert_says(&f->heard, FIELD_DHCP_TYPE, "\"solicit\"");
    assert_says(&f->heard, FIELD_DHCP_CLIENT_ID, "\"000100012a3b4c5d02000a14010e\"");
    assert_says(&f->heard, FIELD_DHCP_CLIENT_MAC, "\"02:00:0a:14:01:0e\"");
    assert_says(&f->heard, FIELD_DHCP_CLIENT_MAC_LOCAL, "true");
    assert_says(&f->heard, FIELD_DHCP_FINGERPRINT, "\"23,24\"");
    assert_says(&f->heard, FIELD_DHCP_NAME, "\"student-04\"");
    assert_says(&f->heard, FIELD_DHCP_VENDOR, "\"MSFT 5.0 \\x00\\x00\\x00\\x00\\x00\"");
    assert_says(&f->heard, FIELD_DHCP_ADDRESS, "");
    assert_says(&f->heard, FIELD_DHCP_RELAYS, "");
}

static void a_server_says_what_it_gives(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, reply), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_DHCP_TYPE, "\"reply\"");
    assert_says(&f->heard, FIELD_DHCP_SERVER_ID, "\"0003000102000a140110\"");
    assert_says(&f->heard, FIELD_DHCP_ADDRESS, "2001:db8::45");
    assert_says(&f->heard, FIELD_DHCP_ADDRESSES, "[2001:db8::45]");
    assert_says(&f->heard, FIELD_DHCP_LEASE, "2 h");
    assert_says(&f->heard, FIELD_DHCP_PREFIXES, "[\"2001:db8:0:100::/56\"]");
    assert_says(&f->heard, FIELD_DHCP_DNS, "[2001:db8::53, 2001:db8::54]");
    assert_says(&f->heard, FIELD_DHCP_SEARCH, "[\"lincoln.test\"]");
    assert_says(&f->heard, FIELD_DHCP_REQUESTED, "");
}

static void beginnings_of_a_message_say_nothing_wrong(void **state)
{
    struct fixture *f = *state;

    (void)hear(f, reply);
    assert_beginnings_say_nothing_wrong(&f->heard, DHCP6, f->bytes, f->len, FIELD_COUNT,
                                        FIELD_COUNT);
}

static void what_a_client_names_is_wanted_and_not_given(void **state)
{
    struct fixture *f = *state;

    hear(f, "05 a1b2c3 0003 0028 00000001 00000e10 00001518" OFFERED);
    assert_says(&f->heard, FIELD_DHCP_TYPE, "\"renew\"");
    assert_says(&f->heard, FIELD_DHCP_REQUESTED, "2001:db8::45");
    assert_says(&f->heard, FIELD_DHCP_ADDRESS, "");
}

#define RELAY "0c 00 20010db8000000000000000000000001 fe800000000000000000000000000045"

static void what_relay_agents_pass_on_is_unpacked(void **state)
{
    struct fixture *f = *state;

    hear(f, RELAY "0012 0002 0007 004f 0008 0001 020000000099 0009 0016"
                  "01 a1b2c3" CLIENT_LLT);
    assert_says(&f->heard, FIELD_DHCP_TYPE, "\"solicit\"");
    assert_says(&f->heard, FIELD_DHCP_RELAYS, "1");
    assert_says(&f->heard, FIELD_DHCP_CIRCUIT, "true");
    /* who saw the frame knows better than who may speak of another card */
    assert_says(&f->heard, FIELD_DHCP_CLIENT_MAC, "\"02:00:00:00:00:99\"");
}

/* Relay agents around each other, with nothing or a message in the innermost. */
static size_t nest(uint8_t *out, unsigned deep, const uint8_t *message, size_t len)
{
    size_t head;

    if (deep == 0) {
        memcpy(out, message, len);
        return len;
    }
    head = unhex(RELAY "0009 0000", out, 64);
    len = nest(out + head, deep - 1, message, len);
    out[head - 2] = (uint8_t)(len >> 8);
    out[head - 1] = (uint8_t)len;
    return head + len;
}

static void no_more_relay_agents_are_opened_than_there_may_be(void **state)
{
    static const uint8_t message[] = {1, 0xa1, 0xb2, 0xc3};
    struct fixture *f = *state;

    f->len = nest(f->bytes, 9, message, sizeof(message));
    assert_int_equal(heard_read(&f->heard, DHCP6, f->bytes, f->len), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_DHCP_RELAYS, "9");
    assert_says(&f->heard, FIELD_DHCP_TYPE, "\"solicit\"");
    assert_false(event_short(f->heard.events[0]));
    f->heard.count = 0;
    f->len = nest(f->bytes, 10, message, sizeof(message));
    assert_int_equal(heard_read(&f->heard, DHCP6, f->bytes, f->len), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_DHCP_RELAYS, "9");
    assert_says(&f->heard, FIELD_DHCP_TYPE, "");
    assert_true(event_short(f->heard.events[0]));
}

/* A reply with a search list of so many names, by pointers to the first. */
static void hear_search(struct fixture *f, unsigned count)
{
    f->len = unhex("07 a1b2c3 0018 0000 01 61 00", f->bytes, sizeof(f->bytes));
    for (unsigned i = 1; i < count; i++)
        f->len += unhex("c000", f->bytes + f->len, sizeof(f->bytes) - f->len);
    f->bytes[7] = (uint8_t)(f->len - 8);
    f->heard.count = 0;
    assert_int_equal(heard_read(&f->heard, DHCP6, f->bytes, f->len), EXTRACT_DONE);
}

static void a_search_list_is_read_as_far_as_a_list_goes(void **state)
{
    struct fixture *f = *state;

    hear_search(f, EVENT_LIST_MAX);
    assert_int_equal(event_get(f->heard.events[0], FIELD_DHCP_SEARCH)->text_count,
                     EVENT_LIST_MAX);
    assert_false(event_short(f->heard.events[0]));
    hear_search(f, EVENT_LIST_MAX + 1);
    assert_int_equal(event_get(f->heard.events[0], FIELD_DHCP_SEARCH)->text_count,
                     EVENT_LIST_MAX);
    assert_true(event_short(f->heard.events[0]));
}

static void identifiers_without_a_hardware_address_tell_none(void **state)
{
    struct fixture *f = *state;

    hear(f, "01 a1b2c3 0001 0012 0004 00112233445566778899aabbccddeeff"); /* DUID-UUID */
    assert_says(&f->heard, FIELD_DHCP_CLIENT_ID,
                "\"000400112233445566778899aabbccddeeff\"");
    assert_says(&f->heard, FIELD_DHCP_CLIENT_MAC, "");
    hear(f, "01 a1b2c3 0001 000a 0003 0006 02000a14010e"); /* no Ethernet */
    assert_says(&f->heard, FIELD_DHCP_CLIENT_MAC, "");
    hear(f, "01 a1b2c3 0001 000c 0003 0001 02000a14010e0000"); /* longer than a MAC */
    assert_says(&f->heard, FIELD_DHCP_CLIENT_MAC, "");
}

static void a_refusal_is_told_by_the_length_of_its_text(void **state)
{
    struct fixture *f = *state;

    hear(f, "07 a1b2c3 000d 0006 0002 6e6f7065");
    assert_says(&f->heard, FIELD_DHCP_MESSAGE_LEN, "4");
    hear(f, "07 a1b2c3 0003 0016 00000001 00000000 00000000 000d 0006 0002 6e6f7065");
    assert_says(&f->heard, FIELD_DHCP_MESSAGE_LEN, "4");
}

static void what_is_not_dhcpv6_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, "00 a1b2c3"), EXTRACT_NOT);
    assert_int_equal(hear(f, "25 a1b2c3"), EXTRACT_NOT);
    assert_int_equal(hear(f, "01 a1b2"), EXTRACT_NOT);
    assert_int_equal(hear(f, ""), EXTRACT_NOT);
    assert_int_equal(hear(f, RELAY), EXTRACT_NOT);
    assert_int_equal(f->heard.count, 0);
}

static void the_port_decides_who_is_asked(void **state)
{
    struct packet p = {.src_port = 546, .dst_port = 547};

    (void)state;
    assert_true(DHCP6->wants(&p, cur_over("", 0)));
    p.dst_port = 546;
    assert_true(DHCP6->wants(&p, cur_over("", 0)));
    p.dst_port = 548;
    assert_false(DHCP6->wants(&p, cur_over("", 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_client_says_who_it_is_and_what_it_asks_for),
        WITH_FIXTURE(a_server_says_what_it_gives),
        WITH_FIXTURE(beginnings_of_a_message_say_nothing_wrong),
        WITH_FIXTURE(what_a_client_names_is_wanted_and_not_given),
        WITH_FIXTURE(what_relay_agents_pass_on_is_unpacked),
        WITH_FIXTURE(no_more_relay_agents_are_opened_than_there_may_be),
        WITH_FIXTURE(a_search_list_is_read_as_far_as_a_list_goes),
        WITH_FIXTURE(identifiers_without_a_hardware_address_tell_none),
        WITH_FIXTURE(a_refusal_is_told_by_the_length_of_its_text),
        WITH_FIXTURE(what_is_not_dhcpv6_is_refused),
        WITH_FIXTURE(the_port_decides_who_is_asked),
    };

    return cmocka_run_group_tests_name("extract_dhcp6", tests, NULL, NULL);
}
