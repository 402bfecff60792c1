/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include <ndpi/ndpi_api.h>

#include "agent/dpi.h"
#include "frames.h"

#define TCP     6
#define UDP     17
#define SCTP    132
#define UNNAMED 8 /* as the sensor has it */

struct fixture {
    struct dpi *dpi;
    struct flow flow;
    struct built frame;
    uint32_t next[2]; /* low halves of sequence numbers; [1] the server's */
};

static int set_up(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof(f));
    f.dpi = dpi_new(&(struct dpi_settings){
        .capacity = 4, .tcp_packets = 20, .udp_packets = 12, .unnamed_packets = UNNAMED});
    f.flow = (struct flow){.client_port = 40000, .server_port = 50000};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    dpi_end(f->dpi, &f->flow);
    dpi_free(f->dpi);
    return 0;
}

/* What is in the frame, from its byte `from` on, is the payload of the flow's next packet
 * from its client (or its server). True: nDPI wants no more. */
static bool give(struct fixture *f, unsigned proto, uint32_t from, bool back)
{
    struct built *b = &f->frame;
    struct packet p = {.time = 1000,
                       .ip = b->bytes,
                       .ip_len = b->len,
                       .payload = cur_over(b->bytes + from, b->len - from)};

    f->flow.ip_proto = (uint8_t)proto;
    frame_set(b, 20, back ? f->flow.server_port : f->flow.client_port);
    frame_set(b, 22, back ? f->flow.client_port : f->flow.server_port);
    (back ? &f->flow.in : &f->flow.out)->packets++;
    return dpi_packet(f->dpi, &p, &f->flow);
}

static bool give_datagram(struct fixture *f, const char *text)
{
    uint32_t len = (uint32_t)strlen(text);

    f->frame.len = 0;
    frame_ipv4(&f->frame, UDP, 8 + len, 0);
    frame_udp(&f->frame, len);
    memcpy(f->frame.bytes + 28, text, len);
    return give(f, UDP, 28, false);
}

static bool give_segment(struct fixture *f, const char *text, bool back)
{
    uint32_t len = (uint32_t)strlen(text);

    f->frame.len = 0;
    frame_ipv4(&f->frame, TCP, 20 + len, 0);
    frame_tcp(&f->frame, TCP_FLAG_ACK, len);
    memcpy(f->frame.bytes + 40, text, len);
    frame_set(&f->frame, 26, 1 + f->next[back]);
    frame_set(&f->frame, 30, 1 + f->next[!back]);
    f->next[back] += len;
    return give(f, TCP, 40, back);
}

static const char *app(const struct fixture *f)
{
    return names_get(&names_app, f->flow.stage.app);
}

static void a_conversation_without_a_name_is_given_up_after_eight_datagrams(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 1; i < UNNAMED; i++)
        assert_false(give_datagram(f, "nobody speaks like this"));
    assert_true(give_datagram(f, "nobody speaks like this"));
    assert_int_equal(dpi_counts(f->dpi).calls, UNNAMED);
    assert_int_equal(dpi_counts(f->dpi).unknown, 1);
    assert_null(f->flow.stage.dpi);
}

static void what_nobody_knows_is_of_no_category(void **state)
{
    struct fixture *f = *state;

    (void)give_datagram(f, "nobody speaks like this");
    dpi_end(f->dpi, &f->flow);
    assert_string_equal(app(f), "unknown");
    assert_string_equal(names_get(&names_category, f->flow.stage.category), "unknown");
}

static void a_name_that_comes_with_the_fourth_datagram_is_found(void **state)
{
    struct fixture *f = *state;

    f->flow.server_port = 6000;
    for (unsigned i = 1; i < 4; i++)
        assert_false(give_datagram(f, "0001 and no more"));
    assert_true(give_datagram(f, "0001 and no more"));
    assert_string_equal(app(f), "eaq");
    assert_int_equal(dpi_counts(f->dpi).named, 1);
}

static void segments_without_payload_are_not_looked_at(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 5; i++)
        assert_false(give_segment(f, "", i & 1));
    assert_int_equal(dpi_counts(f->dpi).calls, 0);
    for (unsigned i = 1; i < UNNAMED; i++)
        assert_false(give_segment(f, "nobody speaks like this", false));
    assert_true(give_segment(f, "nobody speaks like this", false));
    assert_int_equal(dpi_counts(f->dpi).calls, UNNAMED);
}

static void a_long_conversation_without_payload_is_told_by_its_port(void **state)
{
    struct fixture *f = *state;
    unsigned packets = 1;

    f->flow.server_port = 22;
    while (packets < 100 && !give_segment(f, "", packets & 1))
        packets++;
    assert_int_equal(packets, 21);
    assert_int_equal(dpi_counts(f->dpi).calls, 0);
    assert_string_equal(app(f), "ssh");
}

static void what_is_neither_tcp_nor_udp_is_looked_at_once(void **state)
{
    struct fixture *f = *state;

    f->frame.len = 0;
    frame_ipv4(&f->frame, 113, 20, 0);
    frame_fill(&f->frame, 'x', 20);
    assert_true(give(f, 113, 20, false));
    assert_int_equal(dpi_counts(f->dpi).calls, 1);
    assert_string_equal(app(f), "unknown");
}

static void other_protocols_are_named_by_their_number(void **state)
{
    struct fixture *f = *state;

    f->frame.len = 0;
    frame_ipv4(&f->frame, SCTP, 20, 0);
    frame_fill(&f->frame, 'x', 20);
    assert_true(give(f, SCTP, 20, false));
    assert_string_equal(app(f), "sctp");
}

static void log_in_over_ftp(struct fixture *f)
{
    (void)give_segment(f, "USER alice\r\n", false);
    (void)give_segment(f, "331 Whose?\r\n", true);
    (void)give_segment(f, "PASS secret\r\n", false);
    (void)give_segment(f, "230 Hello.\r\n", true);
}

static void a_login_over_ftp_that_began_unheard_is_named(void **state)
{
    struct fixture *f = *state;

    f->flow.tcp_state = TCP_STATE_MIDSTREAM;
    log_in_over_ftp(f);
    assert_string_equal(app(f), "ftp");
}

/* Were it FTP, our own parser would have said so, and nDPI would not be asked. */
static void ftp_is_not_looked_for_where_the_beginning_was_heard(void **state)
{
    struct fixture *f = *state;

    f->flow.tcp_state = TCP_STATE_ESTABLISHED;
    log_in_over_ftp(f);
    assert_string_equal(app(f), "unknown");
}

static void two_sets_of_protocols_share_only_what_is_in_both(void **state)
{
    NDPI_PROTOCOL_BITMASK none, one, all, others;

    (void)state;
    NDPI_BITMASK_RESET(none);
    NDPI_BITMASK_SET_ALL(all);
    for (unsigned id = 0; id < NDPI_NUM_BITS; id++) {
        NDPI_BITMASK_RESET(one);
        others = all;
        one.fds_bits[id / 32] = (ndpi_ndpi_mask)1 << id % 32;
        others.fds_bits[id / 32] ^= one.fds_bits[id / 32];
        assert_true(NDPI_BITMASK_COMPARE(one, one));
        assert_true(NDPI_BITMASK_COMPARE(one, all));
        assert_false(NDPI_BITMASK_COMPARE(one, none));
        assert_false(NDPI_BITMASK_COMPARE(one, others));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_conversation_without_a_name_is_given_up_after_eight_datagrams),
        WITH_FIXTURE(what_nobody_knows_is_of_no_category),
        WITH_FIXTURE(a_name_that_comes_with_the_fourth_datagram_is_found),
        WITH_FIXTURE(segments_without_payload_are_not_looked_at),
        WITH_FIXTURE(a_long_conversation_without_payload_is_told_by_its_port),
        WITH_FIXTURE(what_is_neither_tcp_nor_udp_is_looked_at_once),
        WITH_FIXTURE(other_protocols_are_named_by_their_number),
        WITH_FIXTURE(a_login_over_ftp_that_began_unheard_is_named),
        WITH_FIXTURE(ftp_is_not_looked_for_where_the_beginning_was_heard),
        cmocka_unit_test(two_sets_of_protocols_share_only_what_is_in_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
