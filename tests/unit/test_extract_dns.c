/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "heard.h"

#define UDP (&extract_dns_udp)
#define TCP (&extract_dns_tcp)

/* A real answer: eight addresses of e7.whatsapp.net. */
static const char eight_addresses[] =
    "7843 8180 0001 0008 0000 0000 0265 3708 7768 6174 7361 7070 036e 6574 0000 0100 01"
    "c00c 0001 0001 0000 01eb 0004 a92ddbeb c00c 0001 0001 0000 01eb 0004 a92f288e"
    "c00c 0001 0001 0000 01eb 0004 a92df879 c00c 0001 0001 0000 01eb 0004 6ca8b0ea"
    "c00c 0001 0001 0000 01eb 0004 a92df8bd c00c 0001 0001 0000 01eb 0004 a92df8b4"
    "c00c 0001 0001 0000 01eb 0004 a935514f c00c 0001 0001 0000 01eb 0004 a92ddbe8";

/* example.com, of the given type, with one question; counts and records follow. */
#define ASKED(type) "07 6578616d706c65 03 636f6d 00" type "0001"

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

static enum extract_result read_hex(struct fixture *f, const struct extractor *x,
                                    const char *hex)
{
    f->len = unhex(hex, f->bytes, sizeof(f->bytes));
    return heard_read(&f->heard, x, f->bytes, f->len);
}

static void a_query_says_what_is_asked(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        read_hex(f, UDP, "1234 0100 0001 0000 0000 0000 03 575757" ASKED("001c")),
        EXTRACT_DONE);
    assert_says(&f->heard, FIELD_DNS_QR, "\"query\"");
    assert_says(&f->heard, FIELD_DNS_ID, "4660");
    assert_says(&f->heard, FIELD_DNS_TRANSPORT, "\"udp\"");
    assert_says(&f->heard, FIELD_DNS_QNAME, "\"www.example.com\"");
    assert_says(&f->heard, FIELD_DNS_QNAME_LEN, "15");
    assert_says(&f->heard, FIELD_DNS_QNAME_LABELS, "3");
    assert_says(&f->heard, FIELD_DNS_QNAME_MAX_LABEL, "7");
    assert_says(&f->heard, FIELD_DNS_QTYPE, "\"AAAA\"");
    assert_says(&f->heard, FIELD_HOST, "\"www.example.com\"");
    assert_says(&f->heard, FIELD_HOST_REGISTRABLE, "\"example.com\"");
    assert_says(&f->heard, FIELD_DNS_RCODE, "");
    assert_says(&f->heard, FIELD_DNS_ANSWERS, "");
    assert_int_equal(event_time(f->heard.events[0]), 7);
}

static void an_answer_says_every_address(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, UDP, eight_addresses), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_DNS_QR, "\"answer\"");
    assert_says(&f->heard, FIELD_DNS_RCODE, "\"NOERROR\"");
    assert_says(&f->heard, FIELD_DNS_ANSWERS, "8");
    assert_says(&f->heard, FIELD_DNS_ANSWER_IP,
                "[169.45.219.235, 169.47.40.142, 169.45.248.121, 108.168.176.234, "
                "169.45.248.189, 169.45.248.180, 169.53.81.79, 169.45.219.232]");
    assert_says(&f->heard, FIELD_DNS_ANSWER_TTL, "491");
    assert_says(&f->heard, FIELD_DNS_ANSWER_LEN, "32");
    assert_says(&f->heard, FIELD_DNS_ECH, "");
}

static void beginnings_of_an_answer_say_nothing_wrong(void **state)
{
    struct fixture *f = *state;

    f->len = unhex(eight_addresses, f->bytes, sizeof(f->bytes));
    assert_beginnings_say_nothing_wrong(&f->heard, UDP, f->bytes, f->len,
                                        FIELD_DNS_ANSWER_IP, FIELD_DNS_ANSWER_NAME);
}

static void half_an_answer_section_is_not_counted(void **state)
{
    struct fixture *f = *state;

    f->len = unhex(eight_addresses, f->bytes, sizeof(f->bytes));
    assert_int_equal(heard_read(&f->heard, UDP, f->bytes, f->len - 1), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_DNS_ANSWERS, "8");
    assert_says(&f->heard, FIELD_DNS_ANSWER_TTL, "");
    assert_says(&f->heard, FIELD_DNS_ANSWER_LEN, "");
}

/* CNAME, DNAME, NS, PTR, MX, SRV, each for a name of its own, by a pointer in most. */
static void every_kind_of_name_answered_is_said(void **state)
{
    struct fixture *f = *state;

    read_hex(f, UDP,
             "0001 8400 0001 0006 0000 0000" ASKED(
                 "00ff") "c00c 0005 0001 00000009 0004 0141 c00c"
                         "c00c 0027 0001 00000008 0004 0162 c00c"
                         "c00c 0002 0001 00000007 0004 0163 c00c"
                         "c00c 000c 0001 00000006 0004 0164 c00c"
                         "c00c 000f 0001 00000005 0006 000a 0165 c00c"
                         "c00c 0021 0001 00000004 000a 0001 0002 0050 0166 c00c");
    assert_says(&f->heard, FIELD_DNS_ANSWER_NAME,
                "[\"a.example.com\", \"b.example.com\", \"c.example.com\", "
                "\"d.example.com\", \"e.example.com\", \"f.example.com\"]");
    assert_says(&f->heard, FIELD_DNS_ANSWER_TTL, "4");
    assert_says(&f->heard, FIELD_DNS_ANSWER_LEN, "32");
    assert_says(&f->heard, FIELD_DNS_ANSWER_IP, "");
}

static void text_and_unknown_records_are_only_measured(void **state)
{
    struct fixture *f = *state;

    read_hex(
        f, UDP,
        "0001 8400 0001 0003 0000 0000" ASKED(
            "0010") "c00c 0010 0001 00000009 0005 04 61626364"
                    "c00c 000a 0001 00000009 0003 ffffff"
                    "c00c 0006 0001 00000009 0016 c00c c00c 00000001 00000001 00000001 00000001"
                    "00000001 0000");
    assert_says(&f->heard, FIELD_DNS_ANSWER_LEN, "30");
    assert_says(&f->heard, FIELD_DNS_ANSWER_NAME, "");
}

/* alpn=h2, ipv4hint, then ech=. */
static void an_https_record_with_ech_is_said(void **state)
{
    struct fixture *f = *state;

    read_hex(f, UDP,
             "0001 8180 0001 0001 0000 0000" ASKED(
                 "0041") "c00c 0041 0001 0000012c 001b 0001 00 0001 0003 026832"
                         "0004 0004 0a000001 0005 0005 0102030405");
    assert_says(&f->heard, FIELD_DNS_QTYPE, "\"HTTPS\"");
    assert_says(&f->heard, FIELD_DNS_ECH, "true");
    assert_says(&f->heard, FIELD_DNS_ANSWER_IP, ""); /* hints are no answers */
    assert_says(&f->heard, FIELD_DNS_HINT_IP, "[10.0.0.1]");
}

/* Two of version 4, one of version 6, and of that the half of another. */
static void every_hint_of_an_https_record_is_said(void **state)
{
    struct fixture *f = *state;

    read_hex(f, UDP,
             "0001 8180 0001 0001 0000 0000" ASKED(
                 "0041") "c00c 0041 0001 0000012c 002b 0001 00"
                         "0004 0008 c0000201 c0000202 0006 0018 20010db8000000000000"
                         "000000000001 20010db800000000");
    assert_says(&f->heard, FIELD_DNS_HINT_IP, "[192.0.2.1, 192.0.2.2, 2001:db8::1]");
    assert_says(&f->heard, FIELD_DNS_ECH, "false");
}

static void of_an_alias_no_parameter_counts(void **state)
{
    struct fixture *f = *state;

    read_hex(f, UDP,
             "0001 8180 0001 0001 0000 0000" ASKED(
                 "0041") "c00c 0041 0001 0000012c 0012 0000 00"
                         "0004 0004 0a000001 0005 0003 010203");
    assert_says(&f->heard, FIELD_DNS_HINT_IP, "");
    assert_says(&f->heard, FIELD_DNS_ECH, "false");
}

/* It says to hold one address and ends in the midst of it. */
static void a_hint_that_is_cut_is_none(void **state)
{
    struct fixture *f = *state;

    read_hex(f, UDP,
             "0001 8180 0001 0001 0000 0000" ASKED(
                 "0041") "c00c 0041 0001 0000012c 000a 0001 00 0004 0004 0a0000 01");
    assert_says(&f->heard, FIELD_DNS_HINT_IP, "");
}

static void an_https_record_without_ech_is_said_too(void **state)
{
    struct fixture *f = *state;

    read_hex(f, UDP,
             "0001 8180 0001 0001 0000 0000" ASKED(
                 "0041") "c00c 0041 0001 0000012c 000a 0001 00 0001 0003 026832");
    assert_says(&f->heard, FIELD_DNS_ECH, "false");
}

/* The value of ech= reaches beyond its record. */
static void a_broken_ech_parameter_does_not_count(void **state)
{
    struct fixture *f = *state;

    read_hex(f, UDP,
             "0001 8180 0001 0001 0000 0000" ASKED(
                 "0041") "c00c 0041 0001 0000012c 0008 0001 00 0005 0005 01 0203");
    assert_says(&f->heard, FIELD_DNS_ECH, "false");
}

static void the_result_has_twelve_bits_with_edns(void **state)
{
    struct fixture *f = *state;

    read_hex(f, UDP, "0001 8183 0001 0000 0000 0000" ASKED("0001"));
    assert_says(&f->heard, FIELD_DNS_RCODE, "\"NXDOMAIN\"");
    read_hex(f, UDP,
             "0001 8180 0001 0000 0000 0001" ASKED("0001") "00 0029 04d0 01000000 0000");
    assert_says(&f->heard, FIELD_DNS_RCODE, "\"BADVERS\"");
}

static void an_address_of_wrong_length_is_no_address(void **state)
{
    struct fixture *f = *state;

    read_hex(f, UDP,
             "0001 8180 0001 0002 0000 0000" ASKED(
                 "0001") "c00c 0001 0001 00000009 0005 0a00000101"
                         "c00c 001c 0001 00000009 0004 0a000002");
    assert_says(&f->heard, FIELD_DNS_ANSWER_IP, "[10.0.0.2]");
}

static void a_name_that_loops_ends_the_message(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, UDP, "0001 0100 0001 0000 0000 0000 c00c 0001 0001"),
                     EXTRACT_NOT);
    assert_int_equal(f->heard.count, 0);
    read_hex(f, UDP,
             "0001 8180 0001 0001 0000 0000" ASKED(
                 "0005") "c00c 0005 0001 00000009 0002 c029");
    assert_says(&f->heard, FIELD_DNS_ANSWER_NAME, "");
    assert_says(&f->heard, FIELD_DNS_ANSWERS, "1");
}

static void odd_bytes_of_a_name_are_kept_in_number(void **state)
{
    struct fixture *f = *state;

    read_hex(f, UDP, "0001 0100 0001 0000 0000 0000 05 80ff002041 " ASKED("000a"));
    assert_says(&f->heard, FIELD_DNS_QNAME, "\"??? a.example.com\"");
    assert_says(&f->heard, FIELD_DNS_QNAME_LEN, "17");
    assert_says(&f->heard, FIELD_HOST_REGISTRABLE, "\"example.com\"");
}

static void the_root_is_asked_for_without_a_name(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, UDP, "0001 0100 0001 0000 0000 0000 00 0002 0001"),
                     EXTRACT_DONE);
    assert_says(&f->heard, FIELD_DNS_QNAME, "");
    assert_says(&f->heard, FIELD_DNS_QNAME_LABELS, "0");
}

static void an_answer_without_question_is_read_whole_or_not_at_all(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, UDP, "0001 8181 0000 0000 0000 0000"), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_DNS_RCODE, "\"FORMERR\"");
    assert_int_equal(read_hex(f, UDP, "0001 8181 0000 0000 0000 0000 00"), EXTRACT_NOT);
    assert_int_equal(read_hex(f, UDP, "0001 0100 0000 0000 0000 0000"), EXTRACT_NOT);
}

static void other_protocols_on_the_port_are_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        read_hex(f, UDP, "0001 7800 0001 0000 0000 0000 00 0001 0001 ff"),
        EXTRACT_NOT); /* an operation that does not exist, and a byte behind */
    assert_int_equal(read_hex(f, UDP, "0001 0100 0001 0000 0000 0000 00 0001 4321 ffff"),
                     EXTRACT_NOT); /* a class that does not exist, and bytes behind */
    assert_int_equal(heard_read(&f->heard, UDP, "GET / HTTP/1.1\r\n\r\n", 18),
                     EXTRACT_NOT);
    assert_int_equal(f->heard.count, 0);
}

static void messages_over_tcp_stand_behind_their_length(void **state)
{
    struct fixture *f = *state;
    static const char two[] =
        "001d 0001 0100 0001 0000 0000 0000" ASKED("0001") "001d 0002 0100 0001 0000 0000"
                                                           "0000" ASKED("001c");

    assert_int_equal(read_hex(f, TCP, two), EXTRACT_NEXT);
    assert_int_equal(f->heard.left, 31);
    assert_says(&f->heard, FIELD_DNS_TRANSPORT, "\"tcp\"");
    assert_says(&f->heard, FIELD_DNS_ID, "1");
    for (size_t i = 0; i < 31; i++)
        assert_int_equal(heard_read(&f->heard, TCP, f->bytes, i), EXTRACT_MORE);
    assert_int_equal(f->heard.count, 1);
}

static void the_port_decides_who_is_asked(void **state)
{
    struct fixture *f = *state;
    struct cur empty = cur_over("", 0), eight = cur_over("\0\x0b\0\0\0\0\0\0", 8);

    f->heard.packet.dst_port = 53;
    assert_true(UDP->wants(&f->heard.packet, empty));
    assert_true(TCP->wants(&f->heard.packet, empty));
    assert_false(TCP->wants(&f->heard.packet, eight)); /* shorter than a header */
    f->heard.packet.dst_port = 5353;
    assert_false(UDP->wants(&f->heard.packet, empty));
    assert_false(TCP->wants(&f->heard.packet, empty));
}

/* Of the shortest records, as many as the length of a message over TCP lets there be. */
static void addresses_beyond_what_an_event_holds_are_kept_beside_it(void **state)
{
    enum { HEAD = 2 + 12 + 17, RECORD = 16, COUNT = (UINT16_MAX + 2 - HEAD) / RECORD };
    static uint8_t bytes[HEAD + COUNT * RECORD];
    static struct answer_rest rest;
    struct fixture *f = *state;

    unhex("0000 1234 8180 0001 0000 0000 0000" ASKED("0001"), bytes, HEAD);
    bytes[0] = (sizeof(bytes) - 2) >> 8;
    bytes[1] = (sizeof(bytes) - 2) & 255;
    bytes[8] = COUNT >> 8;
    bytes[9] = COUNT & 255;
    for (unsigned i = 0; i < COUNT; i++) {
        uint8_t *at = bytes + HEAD + i * RECORD;

        unhex("c00c 0001 0001 0000 003c 0004 0a00", at, 14);
        at[14] = (uint8_t)(i >> 8);
        at[15] = (uint8_t)i;
    }
    f->heard.rest = &rest;
    assert_int_equal(heard_read(&f->heard, TCP, bytes, sizeof(bytes)), EXTRACT_NEXT);
    assert_int_equal(rest.count, COUNT - EVENT_LIST_MAX);
    assert_int_equal(rest.at[0].bytes[15], EVENT_LIST_MAX);
    assert_int_equal(rest.at[rest.count - 1].bytes[15], (COUNT - 1) & 255);
    assert_int_equal(read_hex(f, UDP, eight_addresses), EXTRACT_DONE);
    assert_int_equal(rest.count, 0);
    f->heard.rest = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_query_says_what_is_asked),
        WITH_FIXTURE(an_answer_says_every_address),
        WITH_FIXTURE(beginnings_of_an_answer_say_nothing_wrong),
        WITH_FIXTURE(half_an_answer_section_is_not_counted),
        WITH_FIXTURE(every_kind_of_name_answered_is_said),
        WITH_FIXTURE(text_and_unknown_records_are_only_measured),
        WITH_FIXTURE(an_https_record_with_ech_is_said),
        WITH_FIXTURE(an_https_record_without_ech_is_said_too),
        WITH_FIXTURE(every_hint_of_an_https_record_is_said),
        WITH_FIXTURE(of_an_alias_no_parameter_counts),
        WITH_FIXTURE(a_hint_that_is_cut_is_none),
        WITH_FIXTURE(a_broken_ech_parameter_does_not_count),
        WITH_FIXTURE(the_result_has_twelve_bits_with_edns),
        WITH_FIXTURE(an_address_of_wrong_length_is_no_address),
        WITH_FIXTURE(a_name_that_loops_ends_the_message),
        WITH_FIXTURE(odd_bytes_of_a_name_are_kept_in_number),
        WITH_FIXTURE(the_root_is_asked_for_without_a_name),
        WITH_FIXTURE(an_answer_without_question_is_read_whole_or_not_at_all),
        WITH_FIXTURE(other_protocols_on_the_port_are_refused),
        WITH_FIXTURE(messages_over_tcp_stand_behind_their_length),
        WITH_FIXTURE(the_port_decides_who_is_asked),
        WITH_FIXTURE(addresses_beyond_what_an_event_holds_are_kept_beside_it),
    };

    return cmocka_run_group_tests_name("extract_dns", tests, NULL, NULL);
}
