/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>

#include "agent/decode.h"
#include "agent/fragment.h"
#include "frames.h"
#include "mem.h"

#define S USEC_PER_SEC

struct fixture {
    struct fragment_table *table;
    struct datagram whole;
    uint8_t bytes[70000]; /* byte i of a datagram is pattern(i) */
};

static uint8_t pattern(uint32_t i)
{
    return (uint8_t)(i * 7 + i / 256);
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->table = fragment_table_new(4, 30 * S);
    for (uint32_t i = 0; i < sizeof(f->bytes); i++)
        f->bytes[i] = pattern(i);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    fragment_table_free(f->table);
    free(f);
    return 0;
}

static const uint8_t header4[20] = {0x45, 0, 0, 0, 0x12, 0x34, 0x20, 0, 64, 17};
static const uint8_t header6[40] = {0x60, 0, 0, 0, 0, 0, 44, 64};

static struct fragment piece(const struct fixture *f, uint8_t version, uint32_t offset,
                             uint32_t len, bool more)
{
    return (struct fragment){.id = 7,
                             .version = version,
                             .proto = 17,
                             .offset = (uint16_t)offset,
                             .more = more,
                             .header = version == 4 ? cur_over(header4, sizeof(header4))
                                                    : cur_over(header6, sizeof(header6)),
                             .bytes = cur_over(f->bytes + offset, len),
                             .wire_len = len + 34};
}

static enum fragment_result put(struct fixture *f, struct fragment p)
{
    return fragment_table_put(f->table, &p, &f->whole);
}

static enum fragment_result put4(struct fixture *f, uint32_t offset, uint32_t len,
                                 bool more)
{
    return put(f, piece(f, 4, offset, len, more));
}

static enum fragment_result put6(struct fixture *f, uint32_t offset, uint32_t len,
                                 bool more)
{
    return put(f, piece(f, 6, offset, len, more));
}

static void assert_whole(const struct fixture *f, uint32_t len, unsigned frames)
{
    assert_int_equal(f->whole.len - f->whole.header_len, len);
    assert_int_equal(f->whole.frames, frames);
    assert_int_equal(f->whole.proto, 17);
    assert_memory_equal(f->whole.bytes + f->whole.header_len, f->bytes, len);
}

/* ---- putting together ---- */

static void fragments_in_order_become_whole(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put4(f, 0, 1480, true), FRAGMENT_WAITS);
    assert_int_equal(put4(f, 1480, 1480, true), FRAGMENT_WAITS);
    assert_int_equal(put4(f, 2960, 101, false), FRAGMENT_WHOLE);
    assert_whole(f, 3061, 3);
    assert_int_equal(f->whole.wire_len, 3061 + 3 * 34);
}

static void fragments_in_any_order_become_whole(void **state)
{
    struct fixture *f = *state;
    static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

    for (size_t i = 0; i < 6; i++) {
        for (size_t n = 0; n < 3; n++) {
            uint32_t at = orders[i][n] * 800u;

            assert_int_equal(put4(f, at, at == 1600 ? 33 : 800, at != 1600),
                             n == 2 ? FRAGMENT_WHOLE : FRAGMENT_WAITS);
        }
        assert_whole(f, 1633, 3);
    }
}

static void the_header_says_what_it_would_have_said_uncut(void **state)
{
    struct fixture *f = *state;

    put4(f, 8, 8, false);
    assert_int_equal(put4(f, 0, 8, true), FRAGMENT_WHOLE);
    assert_int_equal(f->whole.bytes[0], 0x45);
    assert_int_equal(f->whole.bytes[2] << 8 | f->whole.bytes[3], 36);
    assert_int_equal(f->whole.bytes[6] << 8 | f->whole.bytes[7], 0);

    put6(f, 8, 8, false);
    assert_int_equal(put6(f, 0, 8, true), FRAGMENT_WHOLE);
    assert_int_equal(f->whole.bytes[4] << 8 | f->whole.bytes[5], 16);
    assert_int_equal(f->whole.bytes[6], 17);
}

static void the_longest_datagram_becomes_whole(void **state)
{
    struct fixture *f = *state;

    for (uint32_t at = 0; at < 64000; at += 8000)
        assert_int_equal(put4(f, at, 8000, true), FRAGMENT_WAITS);
    assert_int_equal(put4(f, 64000, 65535 - 20 - 64000, false), FRAGMENT_WHOLE);
    assert_whole(f, 65515, 9);
}

static void a_repeat_changes_nothing(void **state)
{
    struct fixture *f = *state;

    for (int version = 4; version <= 6; version += 2) {
        put(f, piece(f, (uint8_t)version, 0, 16, true));
        assert_int_equal(put(f, piece(f, (uint8_t)version, 0, 16, true)), FRAGMENT_WAITS);
        assert_int_equal(put(f, piece(f, (uint8_t)version, 16, 5, false)),
                         FRAGMENT_WHOLE);
        assert_whole(f, 21, 3);
    }
}

static void id_ends_and_vlan_tell_datagrams_apart(void **state)
{
    struct fixture *f = *state;
    struct fragment last = piece(f, 4, 8, 8, false);

    put4(f, 0, 8, true);
    last.id = 8;
    assert_int_equal(put(f, last), FRAGMENT_WAITS);
    last.id = 7;
    last.vlan = 5;
    assert_int_equal(put(f, last), FRAGMENT_WAITS);
    last.vlan = 0;
    last.src.bytes[15] = 1;
    assert_int_equal(put(f, last), FRAGMENT_WAITS);
    last.src.bytes[15] = 0;
    assert_int_equal(put(f, last), FRAGMENT_WHOLE);
}

/* ---- overlaps ---- */

static void what_came_first_stays_in_ipv4(void **state)
{
    struct fixture *f = *state;
    struct fragment other;
    uint8_t others[16] = {0};

    put4(f, 0, 16, true);
    other = piece(f, 4, 8, 16, true);
    other.bytes = cur_over(others, 16); /* 8 bytes of it are new */
    assert_int_equal(put(f, other), FRAGMENT_WAITS);
    assert_int_equal(put4(f, 24, 8, false), FRAGMENT_WHOLE);
    assert_memory_equal(f->whole.bytes + 20, f->bytes, 16);
    assert_int_equal(f->whole.bytes[20 + 16], 0);
    assert_int_equal(f->whole.bytes[20 + 24], pattern(24));
}

static void an_overlap_ends_an_ipv6_datagram(void **state)
{
    struct fixture *f = *state;

    put6(f, 0, 16, true);
    assert_int_equal(put6(f, 8, 16, true), FRAGMENT_BAD);
    assert_int_equal(put6(f, 24, 8, false), FRAGMENT_BAD);
    assert_int_equal(put6(f, 16, 8, true), FRAGMENT_BAD);
}

static void a_repeat_with_other_bytes_ends_an_ipv6_datagram(void **state)
{
    struct fixture *f = *state;
    struct fragment other;

    put6(f, 0, 16, true);
    other = piece(f, 6, 0, 16, true);
    other.bytes = cur_over(f->bytes + 1, 16);
    assert_int_equal(put(f, other), FRAGMENT_BAD);
}

/* ---- what cannot be ---- */

static void two_different_ends_are_bad(void **state)
{
    struct fixture *f = *state;

    put4(f, 16, 8, false);
    assert_int_equal(put4(f, 16, 16, false), FRAGMENT_BAD);
    assert_int_equal(put4(f, 0, 16, true), FRAGMENT_BAD);
}

static void bytes_behind_the_end_are_bad(void **state)
{
    struct fixture *f = *state;

    put4(f, 16, 8, false);
    assert_int_equal(put4(f, 24, 8, true), FRAGMENT_BAD);
}

static void an_end_before_what_is_known_is_bad(void **state)
{
    struct fixture *f = *state;

    put4(f, 0, 40, true);
    assert_int_equal(put4(f, 24, 4, false), FRAGMENT_BAD); /* teardrop */
}

static void a_length_that_is_no_multiple_of_eight_is_only_for_the_last(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put4(f, 0, 12, true), FRAGMENT_BAD);
}

static void an_empty_fragment_is_bad(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put4(f, 8, 0, false), FRAGMENT_BAD);
}

static void a_datagram_over_its_greatest_length_is_bad(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put4(f, 65528, 8, false), FRAGMENT_BAD); /* ping of death */
    assert_int_equal(put6(f, 65528, 7, false), FRAGMENT_WAITS);
}

static void the_options_of_the_first_fragment_count_for_the_length(void **state)
{
    struct fixture *f = *state;
    static const uint8_t header15[60] = {0x4f, 0, 0, 0, 0x12, 0x34, 0x20, 0, 64, 17};
    struct fragment first = piece(f, 4, 0, 8, true);

    first.header = cur_over(header15, sizeof(header15));
    assert_int_equal(put4(f, 65472, 4, false), FRAGMENT_WAITS);
    assert_int_equal(put(f, first), FRAGMENT_BAD);
    first.id = 8;
    assert_int_equal(put(f, first), FRAGMENT_WAITS);
    for (uint32_t len = 3; len <= 4; len++) {
        struct fragment last = piece(f, 4, 65472, len, false);

        last.id = 8;
        assert_int_equal(put(f, last), len == 3 ? FRAGMENT_WAITS : FRAGMENT_BAD);
    }
}

static void however_often_a_fragment_is_repeated_its_frames_are_counted(void **state)
{
    struct fixture *f = *state;

    for (uint32_t i = 0; i <= UINT16_MAX; i++)
        assert_int_equal(put4(f, 0, 8, true), FRAGMENT_WAITS);
    assert_int_equal(put4(f, 8, 8, false), FRAGMENT_WHOLE);
    assert_whole(f, 16, UINT16_MAX + 2);
}

/* ---- time and places ---- */

static void a_datagram_that_never_becomes_whole_expires(void **state)
{
    struct fixture *f = *state;
    struct fragment last = piece(f, 4, 8, 8, false);

    put4(f, 0, 8, true);
    last.time = 30 * S + 1;
    assert_int_equal(put(f, last), FRAGMENT_WAITS);
    assert_int_equal(fragment_table_counts(f->table)->expired, 1);
}

static void until_then_it_can_become_whole(void **state)
{
    struct fixture *f = *state;
    struct fragment last = piece(f, 4, 8, 8, false);

    put4(f, 0, 8, true);
    last.time = 30 * S;
    assert_int_equal(put(f, last), FRAGMENT_WHOLE);
    assert_int_equal(fragment_table_counts(f->table)->expired, 0);
}

static void a_bad_datagram_is_forgotten_with_its_time(void **state)
{
    struct fixture *f = *state;
    struct fragment first = piece(f, 6, 0, 16, true);

    put4(f, 0, 12, true);
    first.time = 31 * S;
    first.version = 4;
    first.header = cur_over(header4, sizeof(header4));
    assert_int_equal(put(f, first), FRAGMENT_WAITS);
    assert_int_equal(fragment_table_counts(f->table)->expired, 0);
}

static void without_a_place_the_oldest_gives_up_its_own(void **state)
{
    struct fixture *f = *state;
    struct fragment p = piece(f, 4, 0, 8, true);

    for (uint32_t i = 0; i < 5; i++) {
        p.id = i;
        p.time = i;
        assert_int_equal(put(f, p), FRAGMENT_WAITS);
    }
    assert_int_equal(fragment_table_counts(f->table)->evicted, 1);

    p = piece(f, 4, 8, 8, false);
    p.time = 10;
    p.id = 1;
    assert_int_equal(put(f, p), FRAGMENT_WHOLE);
    p.id = 0;
    assert_int_equal(put(f, p), FRAGMENT_WAITS);
}

static void large_datagrams_give_up_their_place_before_memory_runs_out(void **state)
{
    struct fixture *f = *state;
    struct fragment p = piece(f, 4, 65000, 8, true);

    for (uint32_t i = 0; i < 3; i++) {
        p.id = i;
        p.time = i;
        assert_int_equal(put(f, p), FRAGMENT_WAITS);
    }
    assert_int_equal(fragment_table_counts(f->table)->evicted, 1);
}

/* ---- through the decoder ---- */

/* An UDP datagram of 8 + 2000 bytes, of which 1400 are in the first fragment. */
static void put_udp_piece(struct built *b, uint32_t offset, uint32_t len, bool more)
{
    static struct built udp;

    udp.len = 0;
    frame_udp(&udp, 2000);
    b->len = 0;
    frame_ethernet(b, 0x0800);
    frame_ipv4(b, 17, len, (more ? 0x2000 : 0) | offset / 8);
    memcpy(b->bytes + b->len, udp.bytes + offset, len);
    b->len += len;
}

static void the_decoder_gives_a_packet_with_the_last_fragment(void **state)
{
    struct built *b = xcalloc(1, sizeof(*b));
    struct decoder *d = decoder_new(
        &(struct decoder_settings){.fragment_capacity = 1, .fragment_timeout = 30 * S});
    struct packet p;
    struct frame frame;

    (void)state;
    put_udp_piece(b, 1400, 608, false);
    frame = frame_of(b, LINK_ETHERNET);
    assert_int_equal(decoder_read(d, &frame, &p), DECODE_FRAGMENT_WAITS);
    put_udp_piece(b, 0, 1400, true);
    frame = frame_of(b, LINK_ETHERNET);
    assert_int_equal(decoder_read(d, &frame, &p), DECODE_PACKET);

    assert_true(p.reassembled);
    assert_int_equal(p.layer, PACKET_L4);
    assert_int_equal(p.dst_port, 53);
    assert_int_equal(p.payload_len, 2000);
    assert_int_equal(p.frames, 2);
    assert_int_equal(p.wire_len, 2 * 34 + 2008);
    assert_int_equal(p.ip_len, 2028);

    frame.len -= 1; /* cut by the capture: it cannot be put together */
    assert_int_equal(decoder_read(d, &frame, &p), DECODE_CUT_IP);
    decoder_free(d);
    free(b);
}

static void put_ipv6_piece(struct built *b, unsigned next, unsigned cut)
{
    b->len = 0;
    frame_ethernet(b, 0x86dd);
    frame_ipv6(b, 44, 8 + 16);
    frame_u8(b, next);
    frame_u8(b, 0);
    frame_u16(b, cut);
    frame_u32(b, 99);
    frame_udp(b, 8);
}

static void an_ipv6_fragment_alone_is_a_packet(void **state)
{
    struct built *b = xcalloc(1, sizeof(*b));
    struct decoder *d = decoder_new(
        &(struct decoder_settings){.fragment_capacity = 1, .fragment_timeout = 30 * S});
    struct packet p;
    struct frame frame;

    (void)state;
    put_ipv6_piece(b, 17, 0);
    frame = frame_of(b, LINK_ETHERNET);
    assert_int_equal(decoder_read(d, &frame, &p), DECODE_PACKET);
    assert_false(p.reassembled);
    assert_int_equal(p.dst_port, 53);

    put_ipv6_piece(b, 17, 1);
    assert_int_equal(decoder_read(d, &frame, &p), DECODE_FRAGMENT_WAITS);
    put_ipv6_piece(b, 17, 16);
    assert_int_equal(decoder_read(d, &frame, &p), DECODE_PACKET);
    assert_true(p.reassembled);
    assert_int_equal(p.ip_len, 40 + 32);
    decoder_free(d);
    free(b);
}

static void fragments_of_fragments_are_bad(void **state)
{
    struct built *b = xcalloc(1, sizeof(*b));
    struct decoder *d = decoder_new(
        &(struct decoder_settings){.fragment_capacity = 1, .fragment_timeout = 30 * S});
    struct packet p;
    struct frame frame;

    (void)state;
    put_ipv6_piece(b, 44, 1);
    frame_set(b, 14 + 40 + 8 + 2, 1); /* what is inside is a fragment again */
    frame = frame_of(b, LINK_ETHERNET);
    assert_int_equal(decoder_read(d, &frame, &p), DECODE_FRAGMENT_WAITS);
    put_ipv6_piece(b, 44, 16);
    assert_int_equal(decoder_read(d, &frame, &p), DECODE_BAD_FRAGMENT);
    decoder_free(d);
    free(b);
}

static void fragments_that_give_up_their_place_in_a_tunnel_are_counted(void **state)
{
    struct built *b = xcalloc(1, sizeof(*b));
    struct decoder *d = decoder_new(
        &(struct decoder_settings){.fragment_capacity = 1, .fragment_timeout = 30 * S});
    struct packet p;

    (void)state;
    for (uint32_t id = 0; id < 2; id++) {
        struct frame frame;

        b->len = 0;
        frame_ethernet(b, 0x0800);
        frame_ipv4(b, 41, 40 + 8 + 16, 0);
        frame_ipv6(b, 44, 8 + 16);
        frame_u32(b, 17U << 24 | 1); /* more follow */
        frame_u32(b, id);
        frame_udp(b, 8);
        frame = frame_of(b, LINK_ETHERNET);
        assert_int_equal(decoder_read(d, &frame, &p), DECODE_PACKET);
        assert_int_equal(p.carries, TUNNEL_6IN4);
    }
    assert_int_equal(decoder_counts(d)->fragments_evicted, 1);
    decoder_free(d);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(fragments_in_order_become_whole),
        WITH_FIXTURE(fragments_in_any_order_become_whole),
        WITH_FIXTURE(the_header_says_what_it_would_have_said_uncut),
        WITH_FIXTURE(the_longest_datagram_becomes_whole),
        WITH_FIXTURE(a_repeat_changes_nothing),
        WITH_FIXTURE(id_ends_and_vlan_tell_datagrams_apart),
        WITH_FIXTURE(what_came_first_stays_in_ipv4),
        WITH_FIXTURE(an_overlap_ends_an_ipv6_datagram),
        WITH_FIXTURE(a_repeat_with_other_bytes_ends_an_ipv6_datagram),
        WITH_FIXTURE(two_different_ends_are_bad),
        WITH_FIXTURE(bytes_behind_the_end_are_bad),
        WITH_FIXTURE(an_end_before_what_is_known_is_bad),
        WITH_FIXTURE(a_length_that_is_no_multiple_of_eight_is_only_for_the_last),
        WITH_FIXTURE(an_empty_fragment_is_bad),
        WITH_FIXTURE(a_datagram_over_its_greatest_length_is_bad),
        WITH_FIXTURE(the_options_of_the_first_fragment_count_for_the_length),
        WITH_FIXTURE(however_often_a_fragment_is_repeated_its_frames_are_counted),
        WITH_FIXTURE(a_datagram_that_never_becomes_whole_expires),
        WITH_FIXTURE(until_then_it_can_become_whole),
        WITH_FIXTURE(a_bad_datagram_is_forgotten_with_its_time),
        WITH_FIXTURE(without_a_place_the_oldest_gives_up_its_own),
        WITH_FIXTURE(large_datagrams_give_up_their_place_before_memory_runs_out),
        cmocka_unit_test(the_decoder_gives_a_packet_with_the_last_fragment),
        cmocka_unit_test(an_ipv6_fragment_alone_is_a_packet),
        cmocka_unit_test(fragments_of_fragments_are_bad),
        cmocka_unit_test(fragments_that_give_up_their_place_in_a_tunnel_are_counted),
    };

    return cmocka_run_group_tests_name("fragment", tests, NULL, NULL);
}
