/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "heard.h"

#define DHCP (&extract_dhcp)

#define AT_SNAME   44
#define AT_FILE    108
#define AT_OPTIONS 240

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

/* A message of udhcpc's or of dnsmasq's form, with these options. */
static void make(struct fixture *f, const char *head, const char *options)
{
    memset(f->bytes, 0, sizeof(f->bytes));
    (void)unhex(head, f->bytes, sizeof(f->bytes));
    (void)unhex("63825363", f->bytes + AT_OPTIONS - 4, 4);
    f->len =
        AT_OPTIONS + unhex(options, f->bytes + AT_OPTIONS, sizeof(f->bytes) - AT_OPTIONS);
}

static enum extract_result hear(struct fixture *f)
{
    return heard_read(&f->heard, DHCP, f->bytes, f->len);
}

static const char from_client[] =
    "01010600 96d05f4c 00000000 00000000 00000000 00000000 00000000 02000a14010e";
static const char from_server[] =
    "02010600 96d05f4c 00000000 00000000 0a14092d 0a140110 0a140001 02000a14010e";

static const char discover_options[] =
    "350101 39020240 37070103060c0f1c2a 0c0a73747564656e742d3034 3c0c756468637020312e33352e30"
    "3d070102000a14010e ff 0000";
static const char offer_options[] =
    "350102 36040a140110 330400000258 3a040000012c 3b040000020d 0104fffff000"
    "1c040a140fff 06080a14011008080808 03040a140110 ff";

static void a_client_says_who_it_is_and_what_it_asks_for(void **state)
{
    struct fixture *f = *state;

    make(f, from_client, discover_options);
    assert_int_equal(hear(f), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_DHCP_TYPE, "\"discover\"");
    assert_says(&f->heard, FIELD_DHCP_CLIENT_MAC, "\"02:00:0a:14:01:0e\"");
    assert_says(&f->heard, FIELD_DHCP_NAME, "\"student-04\"");
    assert_says(&f->heard, FIELD_DHCP_VENDOR, "\"udhcp 1.35.0\"");
    assert_says(&f->heard, FIELD_DHCP_FINGERPRINT, "\"1,3,6,12,15,28,42\"");
    assert_says(&f->heard, FIELD_DHCP_ADDRESS, "");
    assert_says(&f->heard, FIELD_DHCP_RELAY, "");
    assert_says(&f->heard, FIELD_DHCP_SERVER, "");
}

static void a_server_says_what_it_gives(void **state)
{
    struct fixture *f = *state;

    make(f, from_server, offer_options);
    assert_int_equal(hear(f), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_DHCP_TYPE, "\"offer\"");
    assert_says(&f->heard, FIELD_DHCP_ADDRESS, "10.20.9.45");
    assert_says(&f->heard, FIELD_DHCP_SERVER, "10.20.1.16");
    assert_says(&f->heard, FIELD_DHCP_ROUTER, "10.20.1.16");
    assert_says(&f->heard, FIELD_DHCP_DNS, "[10.20.1.16, 8.8.8.8]");
    assert_says(&f->heard, FIELD_DHCP_RELAY, "10.20.0.1");
    assert_says(&f->heard, FIELD_DHCP_CLIENT_MAC, "\"02:00:0a:14:01:0e\"");
}

static void beginnings_of_a_message_say_nothing_wrong(void **state)
{
    struct fixture *f = *state;

    make(f, from_client, discover_options);
    assert_beginnings_say_nothing_wrong(&f->heard, DHCP, f->bytes, f->len, FIELD_COUNT,
                                        FIELD_COUNT);
    make(f, from_server, offer_options);
    assert_beginnings_say_nothing_wrong(&f->heard, DHCP, f->bytes, f->len, FIELD_COUNT,
                                        FIELD_COUNT);
}

static void options_go_on_in_file_and_name_when_that_is_said(void **state)
{
    struct fixture *f = *state;

    make(f, from_server, "340103 350105 ff");
    (void)unhex("36040a140110 ff 03040a140199", f->bytes + AT_FILE, 64);
    (void)unhex("03040a140111 ff", f->bytes + AT_SNAME, 64);
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_SERVER, "10.20.1.16");
    assert_says(&f->heard, FIELD_DHCP_ROUTER, "10.20.1.17");

    f->bytes[AT_OPTIONS + 2] = 1; /* the file only */
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_SERVER, "10.20.1.16");
    assert_says(&f->heard, FIELD_DHCP_ROUTER, "");

    f->bytes[AT_OPTIONS + 2] = 0;
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_SERVER, "");
}

static void a_qualified_name_serves_where_there_is_no_other(void **state)
{
    struct fixture *f = *state;

    make(f, from_client, "350103 5109 000000 7063312e6578 ff");
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_NAME, "\"pc1.ex\"");
    make(f, from_client, "350103 510b 040000 03706331 02657800 ff");
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_NAME, "\"pc1.ex\"");
    make(f, from_client, "350103 0c03706331 510b 040000 03706332 02657800 ff");
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_NAME, "\"pc1\"");
    make(f, from_client, "350103 510b 040000 03706332 02657800 0c03706331 ff");
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_NAME, "\"pc1\"");
}

static void zero_bytes_at_the_end_are_no_part_of_a_name(void **state)
{
    struct fixture *f = *state;

    make(f, from_client, "350103 0c057063310000 3c0100 ff");
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_NAME, "\"pc1\"");
    assert_says(&f->heard, FIELD_DHCP_VENDOR, "");
}

static void a_message_without_a_type_is_bootp(void **state)
{
    struct fixture *f = *state;

    make(f, from_client, "ff");
    hear(f);
    assert_int_equal(f->heard.count, 1);
    assert_says(&f->heard, FIELD_DHCP_TYPE, "\"none\"");
    make(f, from_client, "0c0570"); /* cut: the type may come later */
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_TYPE, "");
}

static void options_of_wrong_length_say_nothing(void **state)
{
    struct fixture *f = *state;

    make(f, from_server,
         "350105 0303 0a1401 3600 0605 0a14011008 0c00 3700 5102 0000 ff");
    assert_int_equal(hear(f), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_DHCP_ROUTER, "");
    assert_says(&f->heard, FIELD_DHCP_SERVER, "");
    assert_says(&f->heard, FIELD_DHCP_DNS, "[10.20.1.16]");
    assert_says(&f->heard, FIELD_DHCP_NAME, "");
    assert_says(&f->heard, FIELD_DHCP_FINGERPRINT, "");
}

static void the_longest_fingerprint_is_kept_whole(void **state)
{
    struct fixture *f = *state;
    const struct value *v;

    make(f, from_client, "350101 37ff");
    memset(f->bytes + f->len, 200, 255);
    f->len += 255;
    hear(f);
    v = event_get(f->heard.events[0], FIELD_DHCP_FINGERPRINT);
    assert_non_null(v);
    assert_int_equal(v->text.len, 255 * 4 - 1);
}

static void a_hardware_address_of_another_kind_is_not_said(void **state)
{
    struct fixture *f = *state;

    make(f, "01200800 96d05f4c", "350101 ff"); /* InfiniBand */
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_CLIENT_MAC, "");
}

static void what_is_not_dhcp_is_refused(void **state)
{
    struct fixture *f = *state;

    make(f, "03010600", "350101 ff");
    assert_int_equal(hear(f), EXTRACT_NOT);
    make(f, from_client, "350101 ff");
    f->bytes[AT_OPTIONS - 1] = 0;
    assert_int_equal(hear(f), EXTRACT_NOT);
    f->len = AT_OPTIONS - 1;
    assert_int_equal(hear(f), EXTRACT_NOT);
    assert_int_equal(f->heard.count, 0);
}

static void the_port_decides_who_is_asked(void **state)
{
    struct packet p = {.src_port = 68, .dst_port = 67};

    (void)state;
    assert_true(DHCP->wants(&p, cur_over("", 0)));
    p.dst_port = 68;
    assert_true(DHCP->wants(&p, cur_over("", 0)));
    p.dst_port = 69;
    assert_false(DHCP->wants(&p, cur_over("", 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_client_says_who_it_is_and_what_it_asks_for),
        WITH_FIXTURE(a_server_says_what_it_gives),
        WITH_FIXTURE(beginnings_of_a_message_say_nothing_wrong),
        WITH_FIXTURE(options_go_on_in_file_and_name_when_that_is_said),
        WITH_FIXTURE(a_qualified_name_serves_where_there_is_no_other),
        WITH_FIXTURE(zero_bytes_at_the_end_are_no_part_of_a_name),
        WITH_FIXTURE(a_message_without_a_type_is_bootp),
        WITH_FIXTURE(options_of_wrong_length_say_nothing),
        WITH_FIXTURE(the_longest_fingerprint_is_kept_whole),
        WITH_FIXTURE(a_hardware_address_of_another_kind_is_not_said),
        WITH_FIXTURE(what_is_not_dhcp_is_refused),
        WITH_FIXTURE(the_port_decides_who_is_asked),
    };

    return cmocka_run_group_tests_name("extract_dhcp", tests, NULL, NULL);
}
