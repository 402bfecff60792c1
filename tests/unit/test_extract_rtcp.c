/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "agent/extract.h"
#include "heard.h"

/* As a telephone system sent them, the name of the sender made shorter: a report of a
 * sender and one of a receiver, each with what it says of itself. */
static const char sender[] =
    "81c8000c5d931534dd3ac17452808c820000faa0000001910000faa001932db4"
    "0000000100000000000000000000000000000000"
    "81ca00035d9315340104353233340000";
static const char receiver[] =
    "81c9000701932db45d931534400000800000bf8b00000006c1704d610004051c"
    "81ca000301932db40104353233340000";

/* Where it stands in the report of the receiver. */
#define FRACTION 12
#define LOST     13

struct fixture {
    struct heard heard;
    uint8_t bytes[512];
    size_t len;
};

static int set_up(void **state)
{
    static struct fixture f;

    heard_init(&f.heard);
    f.heard.packet.src_port = 5005;
    f.heard.packet.dst_port = 31601;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    heard_done(&f->heard);
    return 0;
}

static bool wanted(struct fixture *f, size_t len)
{
    return extract_rtcp.wants(&f->heard.packet, cur_over(f->bytes, len));
}

static enum extract_result read_len(struct fixture *f, size_t len)
{
    enum extract_result result;

    f->heard.count = 0;
    result = heard_read(&f->heard, &extract_rtcp, f->bytes, len);
    assert_int_equal(result == EXTRACT_NOT, !wanted(f, len));
    return result;
}

static enum extract_result read_hex(struct fixture *f, const char *text)
{
    f->len = unhex(text, f->bytes, sizeof(f->bytes));
    return read_len(f, f->len);
}

static void a_receiver_tells_what_it_lost(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, receiver), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_RTCP_REPORT, "\"receiver\"");
    assert_says(&f->heard, FIELD_RTCP_SOURCES, "1");
    assert_says(&f->heard, FIELD_RTCP_LOST_SHARE, "25");
    assert_says(&f->heard, FIELD_RTCP_LOST, "128");
    assert_says(&f->heard, FIELD_RTCP_JITTER, "6");
}

static void a_sender_tells_what_it_received_behind_what_it_sent(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, sender), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_RTCP_REPORT, "\"sender\"");
    assert_says(&f->heard, FIELD_RTCP_LOST_SHARE, "0");
    assert_says(&f->heard, FIELD_RTCP_LOST, "1");
    assert_says(&f->heard, FIELD_RTCP_JITTER, "0");
}

static void packets_that_came_twice_are_not_lost(void **state)
{
    struct fixture *f = *state;

    (void)read_hex(f, receiver);
    memset(f->bytes + LOST, 0xff, 3);
    assert_int_equal(read_len(f, f->len), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_RTCP_LOST, "0");
}

static void of_several_streams_the_worst_is_told(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, "82c9000d01932db4"
                                 "00000001100000010000000000000007"
                                 "0000000000000000"
                                 "00000002800000020000000000000008"
                                 "0000000000000000"),
                     EXTRACT_DONE);
    assert_says(&f->heard, FIELD_RTCP_SOURCES, "2");
    assert_says(&f->heard, FIELD_RTCP_LOST_SHARE, "50");
    assert_says(&f->heard, FIELD_RTCP_LOST, "2");
    assert_says(&f->heard, FIELD_RTCP_JITTER, "8");
}

static void a_report_on_nothing_says_nothing(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, "80c9000101932db4"), EXTRACT_DONE);
    assert_int_equal(f->heard.count, 0);
}

static void what_an_application_made_up_is_rtcp_and_says_nothing(void **state)
{
    struct fixture *f = *state;

    /* As baresip sends it before its first report. */
    assert_int_equal(read_hex(f, "80cc000356c9eed050494e47504f4e47"), EXTRACT_DONE);
    assert_int_equal(f->heard.count, 0);
    f->bytes[3] = 2; /* a length that does not add up */
    assert_int_equal(read_len(f, f->len), EXTRACT_NOT);
}

static void nothing_but_numbers_of_the_line_is_told(void **state)
{
    struct fixture *f = *state;

    (void)read_hex(f, sender);
    for (enum field_id i = event_next(f->heard.events[0], 0); i < FIELD_COUNT;
         i = event_next(f->heard.events[0], i + 1))
        assert_true(i >= FIELD_RTCP_REPORT && i <= FIELD_RTCP_JITTER);
}

static void what_is_not_a_whole_compound_packet_is_not_wanted(void **state)
{
    static const struct {
        size_t at;
        uint8_t byte;
    } broken[] = {
        {0, 0x41},             /* version 1 */
        {0, 0xa1},             /* padding in the first of two */
        {0, 0x82},             /* one report more than there is room for */
        {1, 202},              /* no report at the beginning, section 6.1 */
        {3, 6},                /* lengths that do not add up */
        {3, 8},    {32, 0x41}, /* version 1 behind it */
        {33, 0},               /* RTP behind it */
        {35, 4},               /* longer than the datagram */
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        (void)read_hex(f, receiver);
        f->bytes[broken[i].at] = broken[i].byte;
        assert_int_equal(read_len(f, f->len), EXTRACT_NOT);
        assert_int_equal(f->heard.count, 0);
    }
}

static void a_compound_of_more_than_32_packets_is_none(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < 33; i++)
        (void)unhex("80c9000101932db4", f->bytes + 8 * i, 8);
    assert_int_equal(read_len(f, 8 * 32), EXTRACT_DONE);
    assert_int_equal(read_len(f, 8 * 33), EXTRACT_NOT);
}

static void encrypted_rtcp_with_its_tag_is_not_wanted(void **state)
{
    struct fixture *f = *state;

    (void)read_hex(f, receiver);
    memset(f->bytes + f->len, 0x5a, 14); /* RFC 3711 section 3.4: index, tag */
    assert_int_equal(read_len(f, f->len + 14), EXTRACT_NOT);
}

static void what_is_cut_is_not_wanted(void **state)
{
    struct fixture *f = *state;

    (void)read_hex(f, receiver);
    for (size_t len = 0; len < f->len; len++)
        if (len != 32) /* where the second packet begins */
            assert_int_equal(read_len(f, len), EXTRACT_NOT);
}

static void ports_of_services_are_not_looked_at(void **state)
{
    struct fixture *f = *state;

    (void)read_hex(f, receiver);
    f->heard.packet.dst_port = 53;
    assert_false(wanted(f, f->len));
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_receiver_tells_what_it_lost),
        T(a_sender_tells_what_it_received_behind_what_it_sent),
        T(packets_that_came_twice_are_not_lost),
        T(of_several_streams_the_worst_is_told),
        T(a_report_on_nothing_says_nothing),
        T(what_an_application_made_up_is_rtcp_and_says_nothing),
        T(nothing_but_numbers_of_the_line_is_told),
        T(what_is_not_a_whole_compound_packet_is_not_wanted),
        T(a_compound_of_more_than_32_packets_is_none),
        T(encrypted_rtcp_with_its_tag_is_not_wanted),
        T(what_is_cut_is_not_wanted),
        T(ports_of_services_are_not_looked_at),
    };

    return cmocka_run_group_tests_name("extract_rtcp", tests, NULL, NULL);
}
