/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "heard.h"

#define ND (&extract_nd)

enum { RS = 133, RA, NS, NA, REDIRECT };

struct fixture {
    struct heard heard;
    uint8_t bytes[512];
    size_t len;
};

static int set_up(void **state)
{
    static struct fixture f;

    heard_init(&f.heard);
    f.heard.packet.ip_proto = 58;
    f.heard.packet.ttl = 255;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    heard_done(&f->heard);
    return 0;
}

/* What stands behind type, code and checksum. */
static enum extract_result hear(struct fixture *f, uint16_t type, const char *body)
{
    f->heard.count = 0;
    f->heard.packet.src_port = type;
    f->len = unhex(body, f->bytes, sizeof(f->bytes));
    return heard_read(&f->heard, ND, f->bytes, f->len);
}

#define TARGET "fe8000000000000002000afffe140110"
#define OTHER  "20010db8000000000000000000000045"

static const char router[] =
    "40 c8 0708 00000000 00000000" /* managed, other, high, 1800 s */
    "0101 02000a140110"
    "0501 0000 000005dc"
    "0304 40c0 00015180 00003840 00000000 20010db8000000000000000000000000"
    "1903 0000 00000708 20010db8000000000000000000000053"
    "1f03 0000 00000708 076c696e636f6c6e 0474657374 00 0000";

static void a_router_says_what_it_offers(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, RA, router), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_ND_TYPE, "\"ra\"");
    assert_says(&f->heard, FIELD_ND_HOP_LIMIT, "255");
    assert_says(&f->heard, FIELD_ND_ROUTER_LIFETIME, "30 min");
    assert_says(&f->heard, FIELD_ND_MANAGED, "true");
    assert_says(&f->heard, FIELD_ND_OTHER, "true");
    assert_says(&f->heard, FIELD_ND_PREFERENCE, "\"high\"");
    assert_says(&f->heard, FIELD_ND_SOURCE_MAC, "\"02:00:0a:14:01:10\"");
    assert_says(&f->heard, FIELD_ND_MTU, "1500");
    assert_says(&f->heard, FIELD_ND_PREFIXES, "[\"2001:db8::/64\"]");
    assert_says(&f->heard, FIELD_ND_DNS, "[2001:db8::53]");
    assert_says(&f->heard, FIELD_ND_SEARCH, "[\"lincoln.test\"]");
}

static void beginnings_of_a_message_say_nothing_wrong(void **state)
{
    struct fixture *f = *state;

    hear(f, RA, router);
    assert_beginnings_say_nothing_wrong(&f->heard, ND, f->bytes, f->len, FIELD_COUNT,
                                        FIELD_COUNT);
}

static void a_preference_is_a_number_with_a_sign(void **state)
{
    struct fixture *f = *state;

    hear(f, RA, "40 00 0000 00000000 00000000");
    assert_says(&f->heard, FIELD_ND_PREFERENCE, "\"medium\"");
    assert_says(&f->heard, FIELD_ND_ROUTER_LIFETIME, "0 s");
    assert_says(&f->heard, FIELD_ND_MANAGED, "false");
    hear(f, RA, "40 18 0000 00000000 00000000");
    assert_says(&f->heard, FIELD_ND_PREFERENCE, "\"low\"");
    hear(f, RA, "40 10 0000 00000000 00000000"); /* reserved */
    assert_says(&f->heard, FIELD_ND_PREFERENCE, "\"medium\"");
}

static void a_neighbour_is_asked_for_and_tells_its_address(void **state)
{
    struct fixture *f = *state;

    hear(f, NS, "00000000" TARGET "0101 02000a14010e");
    assert_says(&f->heard, FIELD_ND_TYPE, "\"ns\"");
    assert_says(&f->heard, FIELD_ND_TARGET, "fe80::200:aff:fe14:110");
    assert_says(&f->heard, FIELD_ND_SOURCE_MAC, "\"02:00:0a:14:01:0e\"");
    assert_says(&f->heard, FIELD_ND_OVERRIDE, "");

    hear(f, NA, "a0000000" TARGET "0201 02000a140110");
    assert_says(&f->heard, FIELD_ND_TYPE, "\"na\"");
    assert_says(&f->heard, FIELD_ND_TARGET_MAC, "\"02:00:0a:14:01:10\"");
    assert_says(&f->heard, FIELD_ND_ROUTER, "true");
    assert_says(&f->heard, FIELD_ND_SOLICITED, "false");
    assert_says(&f->heard, FIELD_ND_OVERRIDE, "true");
}

static void a_redirect_says_whose_packets_go_where(void **state)
{
    struct fixture *f = *state;

    hear(f, REDIRECT, "00000000" TARGET OTHER "0201 02000a140110");
    assert_says(&f->heard, FIELD_ND_TYPE, "\"redirect\"");
    assert_says(&f->heard, FIELD_ND_TARGET, "fe80::200:aff:fe14:110");
    assert_says(&f->heard, FIELD_ND_DESTINATION, "2001:db8::45");
    assert_says(&f->heard, FIELD_ND_TARGET_MAC, "\"02:00:0a:14:01:10\"");
}

static void a_solicitation_needs_no_address(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, RS, "00000000"), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_ND_TYPE, "\"rs\"");
    assert_says(&f->heard, FIELD_ND_SOURCE_MAC, "");
}

static void what_came_from_beyond_the_link_is_told_with_its_hop_limit(void **state)
{
    struct fixture *f = *state;

    f->heard.packet.ttl = 254;
    assert_int_equal(hear(f, RA, router), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_ND_HOP_LIMIT, "254");
}

static void broken_options_say_nothing(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, RS, "00000000 0100 02000a14010e"), EXTRACT_NOT);
    assert_int_equal(f->heard.count, 0);
    hear(f, RS, "00000000 0102 02000a14010e 0000000000000000"); /* no Ethernet */
    assert_says(&f->heard, FIELD_ND_SOURCE_MAC, "");
    hear(f, RA,
         "40 00 0000 00000000 00000000"
         "0304 81c0 00015180 00003840 00000000 20010db8000000000000000000000000");
    assert_says(&f->heard, FIELD_ND_PREFIXES, "");
    hear(f, RS, "00000000 0101 0200");
    assert_int_equal(f->heard.count, 1);
    assert_says(&f->heard, FIELD_ND_SOURCE_MAC, "");
}

static void what_is_cut_before_its_options_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, RS, "000000"), EXTRACT_NOT);
    assert_int_equal(hear(f, RA, "40 00 0000 00000000 000000"), EXTRACT_NOT);
    assert_int_equal(hear(f, NS, "00000000 fe80"), EXTRACT_NOT);
    assert_int_equal(hear(f, REDIRECT, "00000000" TARGET), EXTRACT_NOT);
    assert_int_equal(f->heard.count, 0);
}

static void the_type_decides_who_is_asked(void **state)
{
    struct packet p = {.ip_proto = 58, .src_port = NS};

    (void)state;
    assert_true(ND->wants(&p, cur_over("", 0)));
    p.dst_port = 1; /* the code */
    assert_false(ND->wants(&p, cur_over("", 0)));
    p = (struct packet){.ip_proto = 58, .src_port = 128};
    assert_false(ND->wants(&p, cur_over("", 0)));
    p = (struct packet){.ip_proto = 17, .src_port = NS};
    assert_false(ND->wants(&p, cur_over("", 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_router_says_what_it_offers),
        WITH_FIXTURE(beginnings_of_a_message_say_nothing_wrong),
        WITH_FIXTURE(a_preference_is_a_number_with_a_sign),
        WITH_FIXTURE(a_neighbour_is_asked_for_and_tells_its_address),
        WITH_FIXTURE(a_redirect_says_whose_packets_go_where),
        WITH_FIXTURE(a_solicitation_needs_no_address),
        WITH_FIXTURE(what_came_from_beyond_the_link_is_told_with_its_hop_limit),
        WITH_FIXTURE(broken_options_say_nothing),
        WITH_FIXTURE(what_is_cut_before_its_options_is_refused),
        WITH_FIXTURE(the_type_decides_who_is_asked),
    };

    return cmocka_run_group_tests_name("extract_nd", tests, NULL, NULL);
}
