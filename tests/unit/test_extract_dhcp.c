/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "heard.h"

#define DHCP (&extract_dhcp)

#define AT_SNAME   44
#define AT_FILE    108
#define AT_OPTIONS 240

struct fixture {
    struct heard heard;
    uint8_t bytes[2048];
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
    assert_says(&f->heard, FIELD_DHCP_CLIENT_MAC_LOCAL, "true");
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
    assert_false(event_short(f->heard.events[0]));
}

static void a_fingerprint_in_pieces_is_cut_and_said_to_be(void **state)
{
    struct fixture *f = *state;
    const struct value *v;

    make(f, from_client, "350101");
    for (unsigned piece = 0; piece < 3; piece++) {
        f->bytes[f->len++] = 55;
        f->bytes[f->len++] = 200;
        memset(f->bytes + f->len, 200, 200);
        f->len += 200;
    }
    f->bytes[f->len++] = 255;
    hear(f);
    v = event_get(f->heard.events[0], FIELD_DHCP_FINGERPRINT);
    assert_non_null(v);
    assert_int_equal(v->text.len, 255 * 4 - 1);
    assert_true(event_short(f->heard.events[0]));
}

/* Adds an option with so many letters to the message. */
static void add_option(struct fixture *f, uint8_t option, uint8_t len)
{
    f->bytes[f->len++] = option;
    f->bytes[f->len++] = len;
    memset(f->bytes + f->len, 'a', len);
    f->len += len;
}

static size_t length_of(const struct fixture *f, enum field_id field)
{
    const struct value *v = event_get(f->heard.events[0], field);

    return v ? v->text.len : 0;
}

static void options_beyond_what_is_looked_at_make_the_event_short(void **state)
{
    struct fixture *f = *state;

    for (unsigned others = 127; others <= 128; others++) {
        make(f, from_client, "");
        for (unsigned i = 0; i < others; i++)
            add_option(f, 200, 0);
        add_option(f, 12, 3);
        f->heard.count = 0;
        hear(f);
        assert_int_equal(length_of(f, FIELD_DHCP_NAME), others == 127 ? 3 : 0);
        assert_int_equal(event_short(f->heard.events[0]), others == 128);
    }
}

static void an_option_in_pieces_is_joined_as_far_as_there_is_room(void **state)
{
    struct fixture *f = *state;

    for (uint8_t last = 4; last <= 5; last++) {
        make(f, from_client, "350101");
        for (unsigned piece = 0; piece < 4; piece++)
            add_option(f, 12, 255);
        add_option(f, 12, last);
        f->heard.count = 0;
        hear(f);
        assert_int_equal(length_of(f, FIELD_DHCP_NAME), last == 4 ? 1024 : 1020);
        assert_int_equal(event_short(f->heard.events[0]), last == 5);
    }
}

static void an_identifier_is_told_up_to_130_bytes(void **state)
{
    struct fixture *f = *state;

    for (uint8_t len = 130; len <= 131; len++) {
        make(f, from_client, "350101");
        add_option(f, 61, len);
        f->heard.count = 0;
        hear(f);
        assert_int_equal(length_of(f, FIELD_DHCP_CLIENT_ID), 260);
        assert_int_equal(event_short(f->heard.events[0]), len == 131);
    }
}

static void a_hardware_address_of_another_kind_is_not_said(void **state)
{
    struct fixture *f = *state;

    make(f, "01200800 96d05f4c", "350101 ff"); /* InfiniBand */
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_CLIENT_MAC, "");
    assert_says(&f->heard, FIELD_DHCP_CLIENT_MAC_LOCAL, "");
}

static void an_offer_says_for_how_long_and_which_names_go_with_it(void **state)
{
    struct fixture *f = *state;

    make(f, from_server,
         "350102 330400000e10 0f0d 6c696e636f6c6e2e7465737400"
         "7714 03666f6f 04746573 7400 0362 6172 c004 0178 c000 ff");
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_LEASE, "1 h");
    assert_says(&f->heard, FIELD_DHCP_DOMAIN, "\"lincoln.test\"");
    assert_says(&f->heard, FIELD_DHCP_SEARCH,
                "[\"foo.test\", \"bar.test\", \"x.foo.test\"]");
    assert_says(&f->heard, FIELD_DHCP_VERSION, "4");
}

static void a_client_says_which_address_it_wants(void **state)
{
    struct fixture *f = *state;

    make(f, from_client, "350103 32040a14092d 3d070102000a14010e ff");
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_REQUESTED, "10.20.9.45");
    assert_says(&f->heard, FIELD_DHCP_CLIENT_ID, "\"0102000a14010e\"");
}

/* fc, its length and the text in hexadecimal. */
static void make_wpad(struct fixture *f, const char *url)
{
    char options[600] = "350105 fc";
    size_t at = strlen(options);

    at += (size_t)snprintf(options + at, sizeof(options) - at, "%02x",
                           (unsigned)strlen(url));
    for (; *url; url++)
        at += (size_t)snprintf(options + at, sizeof(options) - at, "%02x",
                               (unsigned char)*url);
    (void)snprintf(options + at, sizeof(options) - at, "ff");
    make(f, from_server, options);
}

static void proxy_configuration_is_told_by_its_host(void **state)
{
    static const struct {
        const char *url, *host;
    } cases[] = {
        {"http://wpad.lincoln.test/wpad.dat", "\"wpad.lincoln.test\""},
        {"http://WPAD:8080/proxy.pac\n", "\"wpad\""},
        {"http://who:pw@10.20.1.16/wpad.dat", "\"10.20.1.16\""},
        {"http://[2001:db8::1]:80/wpad.dat", "\"2001:db8::1\""},
        {"http://host?x", "\"host\""},
        {"http://", ""},
        {"http://[", ""},
        {"\n", ""},
        {"", ""},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        f->heard.count = 0;
        make_wpad(f, cases[i].url);
        hear(f);
        assert_says(&f->heard, FIELD_DHCP_WPAD, "true");
        assert_says(&f->heard, FIELD_DHCP_WPAD_HOST, cases[i].host);
    }
}

static void a_relay_agent_that_tells_the_port_is_noticed(void **state)
{
    struct fixture *f = *state;

    make(f, from_client, "350101 520a 0104 00000001 0202 0005 ff");
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_CIRCUIT, "true");
    make(f, from_client, "350101 5204 0202 0005 ff");
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_CIRCUIT, "");
}

static void a_refusal_is_told_by_the_length_of_its_text(void **state)
{
    struct fixture *f = *state;

    make(f, from_server, "350106 3805 6e6f706521 ff");
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_TYPE, "\"nak\"");
    assert_says(&f->heard, FIELD_DHCP_MESSAGE_LEN, "5");
}

static void an_option_in_pieces_means_what_they_make_together(void **state)
{
    struct fixture *f = *state;

    make(f, from_server, "350105 340103 0605 0a14011008 0c02 7063 ff");
    (void)unhex("0603 080808 ff", f->bytes + AT_FILE, 64);
    (void)unhex("0c01 31 ff", f->bytes + AT_SNAME, 64);
    hear(f);
    assert_says(&f->heard, FIELD_DHCP_DNS, "[10.20.1.16, 8.8.8.8]");
    assert_says(&f->heard, FIELD_DHCP_NAME, "\"pc1\"");
}

static void too_many_options_and_too_long_ones_are_cut(void **state)
{
    struct fixture *f = *state;

    make(f, from_client, "350101");
    for (unsigned i = 0; i < 200; i++)
        f->len += unhex("8000", f->bytes + f->len, sizeof(f->bytes) - f->len);
    f->len += unhex("0c03706331", f->bytes + f->len, sizeof(f->bytes) - f->len);
    hear(f);
    assert_true(event_short(f->heard.events[0]));
    assert_says(&f->heard, FIELD_DHCP_NAME, "");
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
        WITH_FIXTURE(a_fingerprint_in_pieces_is_cut_and_said_to_be),
        WITH_FIXTURE(options_beyond_what_is_looked_at_make_the_event_short),
        WITH_FIXTURE(an_option_in_pieces_is_joined_as_far_as_there_is_room),
        WITH_FIXTURE(an_identifier_is_told_up_to_130_bytes),
        WITH_FIXTURE(a_hardware_address_of_another_kind_is_not_said),
        WITH_FIXTURE(an_offer_says_for_how_long_and_which_names_go_with_it),
        WITH_FIXTURE(a_client_says_which_address_it_wants),
        WITH_FIXTURE(proxy_configuration_is_told_by_its_host),
        WITH_FIXTURE(a_relay_agent_that_tells_the_port_is_noticed),
        WITH_FIXTURE(a_refusal_is_told_by_the_length_of_its_text),
        WITH_FIXTURE(an_option_in_pieces_means_what_they_make_together),
        WITH_FIXTURE(too_many_options_and_too_long_ones_are_cut),
        WITH_FIXTURE(what_is_not_dhcp_is_refused),
        WITH_FIXTURE(the_port_decides_who_is_asked),
    };

    return cmocka_run_group_tests_name("extract_dhcp", tests, NULL, NULL);
}
