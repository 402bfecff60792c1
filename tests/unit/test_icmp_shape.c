/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "agent/icmp_shape.h"
#include "agent/packet.h"

#define DATA 1500

/* An echo message with identifier and sequence number in front of its data. */
static void add(struct icmp_shape *s, unsigned type, const uint8_t *data, size_t len)
{
    uint8_t bytes[4 + DATA] = {0x12, 0x34, 0, 1};
    struct packet p = {.layer = PACKET_L4,
                       .ip_proto = 1,
                       .src_port = (uint16_t)type,
                       .payload_len = (uint32_t)(4 + len)};

    memcpy(bytes + 4, data, len);
    p.payload = cur_over(bytes, 4 + len);
    icmp_shape_add(s, &p);
}

/* What ping of Linux sends: the time, then bytes that count up. */
static void ping(struct icmp_shape *s, unsigned n, size_t len)
{
    uint8_t data[DATA];

    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(i < 16 ? n * 31 + i * i : i);
    add(s, 8, data, len);
    add(s, 0, data, len);
}

static void a_ping_does_not_vary_however_often_or_large(void **state)
{
    struct icmp_shape s = {0};

    (void)state;
    for (unsigned n = 0; n < 100; n++)
        ping(&s, n, n % 2 ? 56 : 1472);
    assert_int_equal(s.varies, 0);
    assert_int_equal(s.max, 1472);
}

static void the_alphabet_and_a_pattern_are_usual(void **state)
{
    static const uint8_t windows[] = "abcdefghijklmnopqrstuvwabcdefghi";
    struct icmp_shape s = {0};
    uint8_t same[64], pattern[64];

    (void)state;
    memset(same, 0xff, sizeof(same));
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (uint8_t)(i % 4 * 55);
    for (int n = 0; n < 20; n++) {
        add(&s, 8, windows, 32);
        add(&s, 8, same, sizeof(same));
        add(&s, 8, pattern, sizeof(pattern));
    }
    assert_int_equal(s.varies, 0);
}

static void a_test_pattern_of_somebodys_own_that_stays_does_not_vary(void **state)
{
    struct icmp_shape s = {0};
    uint8_t own[200];

    (void)state;
    for (size_t i = 0; i < sizeof(own); i++)
        own[i] = (uint8_t)(i * i);
    for (int n = 0; n < 50; n++)
        add(&s, n % 2 ? 0 : 8, own, sizeof(own));
    assert_int_equal(s.varies, 0);
    assert_int_equal(s.max, 200);
}

static void data_that_change_vary(void **state)
{
    struct icmp_shape s = {0};
    uint8_t data[100];

    (void)state;
    for (unsigned n = 0; n < 400; n++) {
        for (size_t i = 0; i < sizeof(data); i++)
            data[i] = (uint8_t)(i * i + n);
        add(&s, 8, data, sizeof(data));
        if (n == 10)
            assert_int_equal(s.varies, 10);
    }
    assert_int_equal(s.varies, UINT8_MAX);
}

static void other_messages_and_short_ones_are_passed_over(void **state)
{
    static const uint8_t data[] = "something that is no pattern at all";
    struct icmp_shape s = {0};

    (void)state;
    add(&s, 3, data, sizeof(data));
    assert_int_equal(s.seen, 0);
    add(&s, 8, data, 0);
    assert_int_equal(s.seen, 1);
    assert_int_equal(s.max, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ping_does_not_vary_however_often_or_large),
        cmocka_unit_test(the_alphabet_and_a_pattern_are_usual),
        cmocka_unit_test(a_test_pattern_of_somebodys_own_that_stays_does_not_vary),
        cmocka_unit_test(data_that_change_vary),
        cmocka_unit_test(other_messages_and_short_ones_are_passed_over),
    };

    return cmocka_run_group_tests_name("icmp_shape", tests, NULL, NULL);
}
