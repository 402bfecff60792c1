/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>

#include "agent/extract.h"
#include "heard.h"
#include "quic_seal.h"

struct fixture {
    uint8_t bytes[4096];
    size_t len;
    struct cur c; /* over them */
    struct quic_packet p;
    uint8_t room[QUIC_PACKET_MAX];
    struct cur frames;
};

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){0};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return 0;
}

static void take_hex(struct fixture *f, const char *hex)
{
    f->len = unhex(hex, f->bytes, sizeof(f->bytes));
    f->c = cur_over(f->bytes, f->len);
}

static bool next(struct fixture *f)
{
    return quic_packet_next(&f->c, &f->p);
}

static bool open_with_own_keys(struct fixture *f)
{
    struct quic_keys k = quic_packet_keys(f->p.version, f->p.dcid);

    return quic_packet_open(&f->p, &k, f->room, &f->frames);
}

static void the_sample_packets_are_found_and_opened(void **state)
{
    static const struct {
        const char *hex;
        enum quic_version_name name;
    } cases[] = {{rfc_v1_packet, QUIC_V1}, {rfc_v2_packet, QUIC_V2}};
    struct fixture *f = *state;
    uint8_t hello[512];
    size_t len = unhex(rfc_hello, hello, sizeof(hello));
    struct cur bytes;
    uint64_t at;

    for (size_t i = 0; i < 2; i++) {
        take_hex(f, cases[i].hex);
        assert_true(next(f));
        assert_true(f->p.initial);
        assert_int_equal(quic_version_name(f->p.version), cases[i].name);
        assert_int_equal(cur_left(&f->c), 0);
        assert_true(open_with_own_keys(f));
        assert_true(quic_crypto_next(&f->frames, &at, &bytes));
        assert_int_equal(at, 0);
        assert_int_equal(cur_left(&bytes), len);
        assert_memory_equal(bytes.pos, hello, len);
        assert_false(quic_crypto_next(&f->frames, &at, &bytes)); /* padding */
        assert_int_equal(cur_left(&f->frames), 0);
    }
}

static void each_draft_has_its_keys(void **state)
{
    struct fixture *f = *state;
    struct sealed frames = {.len = 40}, datagram;

    for (uint32_t wire = 0xff000016; wire <= 0xff000022; wire++) {
        datagram.len = 0;
        seal_initial(&datagram, (struct seal_head){.wire = wire}, &frames);
        f->c = cur_over(datagram.bytes, datagram.len);
        assert_true(next(f));
        assert_int_equal(quic_version_name(f->p.version), QUIC_DRAFT);
        assert_true(open_with_own_keys(f));
    }
    assert_null(quic_version_find(0xff000015));
    assert_null(quic_version_find(0xff000023));
    assert_null(quic_version_find(0));
    assert_null(quic_version_find(0x51303530)); /* Q050, whose hello is not TLS */
}

static void packet_numbers_of_four_bytes_are_read(void **state)
{
    struct fixture *f = *state;
    struct sealed frames = {.len = 40}, datagram = {0};

    seal_initial(&datagram,
                 (struct seal_head){.wire = QUIC_WIRE_V1, .number = 0xfedcba98}, &frames);
    f->c = cur_over(datagram.bytes, datagram.len);
    assert_true(next(f));
    assert_true(open_with_own_keys(f));
    assert_int_equal(cur_left(&f->frames), 40);
}

static void a_beginning_of_a_packet_is_none(void **state)
{
    struct fixture *f = *state;
    size_t len;

    take_hex(f, rfc_v1_packet);
    len = f->len;
    for (size_t i = 0; i < len; i++) {
        uint8_t *copy = malloc(i > 0 ? i : 1);

        memcpy(copy, f->bytes, i);
        f->c = cur_over(copy, i);
        assert_false(next(f));
        free(copy);
    }
}

static void packets_in_one_datagram_are_found_one_by_one(void **state)
{
    struct fixture *f = *state;

    take_hex(f, "d0 00000001 01aa 00 02 0102"           /* 0-RTT */
                "c0 00000001 01aa 00 02 7777 03 010203" /* Initial with a token */
                "e0 00000001 01aa 00 01 09"             /* Handshake */
                "40 01020304");                         /* 1-RTT */
    assert_true(next(f));
    assert_false(f->p.initial);
    assert_true(next(f));
    assert_true(f->p.initial);
    assert_int_equal(f->p.number_pos, 12);
    assert_int_equal(cur_left(&f->p.whole), 15);
    assert_int_equal(cur_left(&f->p.dcid), 1);
    assert_true(next(f));
    assert_false(f->p.initial);
    assert_false(next(f));
}

static void nothing_is_looked_for_behind_a_packet_without_a_length(void **state)
{
    struct fixture *f = *state;
    static const char *const cases[] = {
        "f0 00000001 01aa 00 74 6f 6b 65 6e", /* Retry; in version 2 it is the first type
                                               */
        "c0 6b3343cf 01aa 00 74 6f 6b 65 6e",
        "80 00000000 01aa 00 00000001", /* Version Negotiation */
        "c0 12345678 01aa 00 01 02 03",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        take_hex(f, cases[i]);
        assert_true(next(f));
        assert_false(f->p.initial);
        assert_int_equal(cur_left(&f->c), 0);
        assert_false(next(f));
    }
    assert_null(f->p.version);
    assert_false(f->p.asks);
    take_hex(f, "c0 1a2a3a4a 01aa 00 01");
    assert_true(next(f));
    assert_true(f->p.asks);
}

static void an_id_that_is_too_long_is_no_packet(void **state)
{
    struct fixture *f = *state;

    take_hex(f, "c0 00000001 15 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 00 00 00");
    assert_false(next(f));
    take_hex(f, "c0 00000001 14 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 00 00 00");
    assert_true(next(f));
    assert_false(open_with_own_keys(f)); /* and too short to be opened */
}

static void frames_before_and_between_the_hello_are_passed_over(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[64];
    struct cur found;
    uint64_t at;

    f->frames = cur_over(bytes, unhex("00 01"                   /* PADDING, PING */
                                      "02 4405 00 01 00 00 02"  /* ACK of two ranges */
                                      "06 00 02 abcd"           /* CRYPTO */
                                      "03 05 00 00 00 01 02 03" /* ACK with ECN counts */
                                      "06 c000000100000001 01 ef",
                                      bytes, sizeof(bytes)));
    assert_true(quic_crypto_next(&f->frames, &at, &found));
    assert_int_equal(at, 0);
    assert_int_equal(cur_left(&found), 2);
    assert_true(quic_crypto_next(&f->frames, &at, &found));
    assert_true(at == UINT64_C(0x100000001));
    assert_int_equal(cur_u8(&found), 0xef);
    assert_false(quic_crypto_next(&f->frames, &at, &found));
}

static void behind_a_frame_that_is_broken_or_not_allowed_nothing_is_read(void **state)
{
    static const char *const cases[] = {
        "06 00 05 abcd",                   /* ends too early */
        "06 00",                           /* */
        "1c 00 00 00 06 00 01 aa",         /* CONNECTION_CLOSE */
        "08 00 06 00 01 aa",               /* STREAM */
        "02 00 00 ffffffffffffffff 00 00", /* very many ranges */
    };
    struct fixture *f = *state;
    uint8_t bytes[64];
    struct cur found;
    uint64_t at;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        f->frames = cur_over(bytes, unhex(cases[i], bytes, sizeof(bytes)));
        assert_false(quic_crypto_next(&f->frames, &at, &found));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(the_sample_packets_are_found_and_opened),
        WITH_FIXTURE(each_draft_has_its_keys),
        WITH_FIXTURE(packet_numbers_of_four_bytes_are_read),
        WITH_FIXTURE(a_beginning_of_a_packet_is_none),
        WITH_FIXTURE(packets_in_one_datagram_are_found_one_by_one),
        WITH_FIXTURE(nothing_is_looked_for_behind_a_packet_without_a_length),
        WITH_FIXTURE(an_id_that_is_too_long_is_no_packet),
        WITH_FIXTURE(frames_before_and_between_the_hello_are_passed_over),
        WITH_FIXTURE(behind_a_frame_that_is_broken_or_not_allowed_nothing_is_read),
    };

    return cmocka_run_group_tests_name("quic_packet", tests, NULL, NULL);
}
