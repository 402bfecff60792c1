/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "heard.h"

#define ARP (&extract_arp)

static const char request[] =
    "0001 0800 06 04 0001 020000000a01 0a140101 000000000000 0a140102";
static const char reply[] =
    "0001 0800 06 04 0002 020000000a02 0a140102 020000000a01 0a140101";

struct fixture {
    struct heard heard;
    uint8_t bytes[64];
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

static enum extract_result read_hex(struct fixture *f, const char *hex)
{
    f->len = unhex(hex, f->bytes, sizeof(f->bytes));
    return heard_read(&f->heard, ARP, f->bytes, f->len);
}

static void a_request_says_who_asks_for_whom(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, request), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_ARP_OP, "\"request\"");
    assert_says(&f->heard, FIELD_ARP_SENDER_IP, "10.20.1.1");
    assert_says(&f->heard, FIELD_ARP_SENDER_MAC, "\"02:00:00:00:0a:01\"");
    assert_says(&f->heard, FIELD_ARP_TARGET_IP, "10.20.1.2");
    assert_says(&f->heard, FIELD_ARP_TARGET_MAC, "");
    assert_says(&f->heard, FIELD_ARP_GRATUITOUS, "false");
}

static void a_reply_says_both_ends(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, reply), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_ARP_OP, "\"reply\"");
    assert_says(&f->heard, FIELD_ARP_SENDER_MAC, "\"02:00:00:00:0a:02\"");
    assert_says(&f->heard, FIELD_ARP_TARGET_MAC, "\"02:00:00:00:0a:01\"");
}

static void who_speaks_of_its_own_address_is_gratuitous(void **state)
{
    struct fixture *f = *state;

    read_hex(f, "0001 0800 06 04 0001 020000000a01 0a140101 000000000000 0a140101");
    assert_says(&f->heard, FIELD_ARP_GRATUITOUS, "true");
}

static void a_probe_has_no_sender_address(void **state)
{
    struct fixture *f = *state;

    read_hex(f, "0001 0800 06 04 0001 020000000a01 00000000 000000000000 0a140101");
    assert_says(&f->heard, FIELD_ARP_SENDER_IP, "");
    assert_says(&f->heard, FIELD_ARP_SENDER_MAC, "\"02:00:00:00:0a:01\"");
}

static void other_operations_are_other(void **state)
{
    struct fixture *f = *state;

    read_hex(f, "0001 0800 06 04 0009 020000000a01 0a140101 000000000000 0a140102");
    assert_says(&f->heard, FIELD_ARP_OP, "\"other\"");
}

static void what_is_not_ipv4_over_ethernet_or_cut_is_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const others[] = {
        "0006 0800 06 04 0001 020000000a01 0a140101 000000000000 0a140102",
        "0001 86dd 06 04 0001 020000000a01 0a140101 000000000000 0a140102",
        "0001 0800 08 04 0001 020000000a01 0a140101 000000000000 0a140102",
        "0001 0800 06 10 0001 020000000a01 0a140101 000000000000 0a140102",
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_int_equal(read_hex(f, others[i]), EXTRACT_NOT);
    f->len = unhex(request, f->bytes, sizeof(f->bytes));
    for (size_t i = 0; i < f->len; i++)
        assert_int_equal(heard_read(&f->heard, ARP, f->bytes, i), EXTRACT_NOT);
    assert_int_equal(f->heard.count, 0);
}

static void the_ethernet_type_decides_who_is_asked(void **state)
{
    struct packet p = {.ethertype = 0x0806};

    (void)state;
    assert_true(ARP->wants(&p, cur_over("", 0)));
    p.ethertype = 0x88cc;
    assert_false(ARP->wants(&p, cur_over("", 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_request_says_who_asks_for_whom),
        WITH_FIXTURE(a_reply_says_both_ends),
        WITH_FIXTURE(who_speaks_of_its_own_address_is_gratuitous),
        WITH_FIXTURE(a_probe_has_no_sender_address),
        WITH_FIXTURE(other_operations_are_other),
        WITH_FIXTURE(what_is_not_ipv4_over_ethernet_or_cut_is_refused),
        WITH_FIXTURE(the_ethernet_type_decides_who_is_asked),
    };

    return cmocka_run_group_tests_name("extract_arp", tests, NULL, NULL);
}
