/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "agent/first_bytes.h"

static enum first_bytes look(const void *bytes, size_t len)
{
    return first_bytes_of(cur_over(bytes, len));
}

/* Bytes as even as encrypted ones, the same in each run: xorshift64 (Marsaglia 2003). */
static void fill_even(uint8_t *bytes, size_t len)
{
    uint64_t x = UINT64_C(88172645463325252);

    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        bytes[i] = (uint8_t)(x >> 32);
    }
}

static void what_is_encrypted_from_its_first_byte_on_is_even(void **state)
{
    uint8_t bytes[600];

    (void)state;
    fill_even(bytes, sizeof(bytes));
    assert_int_equal(look(bytes, sizeof(bytes)), FIRST_BYTES_EVEN);
    assert_int_equal(look(bytes, 64), FIRST_BYTES_EVEN);
}

static void six_printable_bytes_at_the_beginning_are_text_and_five_are_not(void **state)
{
    uint8_t bytes[200];

    (void)state;
    fill_even(bytes, sizeof(bytes));
    memcpy(bytes, "HELLO\xfb", 6);
    assert_int_equal(look(bytes, sizeof(bytes)), FIRST_BYTES_EVEN);
    bytes[5] = '!';
    assert_int_equal(look(bytes, sizeof(bytes)), FIRST_BYTES_TEXT);
}

static void more_than_twenty_printable_bytes_in_a_row_are_text(void **state)
{
    uint8_t bytes[200];

    (void)state;
    fill_even(bytes, sizeof(bytes));
    bytes[99] = bytes[120] = 0x80;
    memcpy(bytes + 100, "abcdefghijklmnopqrst", 20);
    assert_int_equal(look(bytes, sizeof(bytes)), FIRST_BYTES_EVEN);
    bytes[120] = 'u';
    assert_int_equal(look(bytes, sizeof(bytes)), FIRST_BYTES_TEXT);
}

static void more_than_half_printable_bytes_are_text(void **state)
{
    uint8_t bytes[100];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = i % 2 ? 'i' : 0x9a; /* half */
    assert_int_equal(look(bytes, sizeof(bytes)), FIRST_BYTES_EVEN);
    bytes[0] = 'i';
    assert_int_equal(look(bytes, sizeof(bytes)), FIRST_BYTES_TEXT);
}

/* Of 40 bytes with four bits each, some get more or fewer. */
static void bits_are_even_strictly_between_the_bounds(void **state)
{
    uint8_t bytes[40];

    (void)state;
    memset(bytes, 0x0f, sizeof(bytes));
    memset(bytes, 0x01, 8); /* 24 bits fewer: 136 of 320, 3.4 a byte */
    assert_int_equal(look(bytes, sizeof(bytes)), FIRST_BYTES_UNEVEN);
    bytes[0] = 0x03;
    assert_int_equal(look(bytes, sizeof(bytes)), FIRST_BYTES_EVEN);
    memset(bytes, 0x0f, sizeof(bytes));
    memset(bytes, 0x7f, 8); /* 24 more: 184, 4.6 a byte */
    assert_int_equal(look(bytes, sizeof(bytes)), FIRST_BYTES_UNEVEN);
    bytes[0] = 0x1f;
    assert_int_equal(look(bytes, sizeof(bytes)), FIRST_BYTES_EVEN);
}

static void fewer_than_sixteen_bytes_are_too_short_to_tell(void **state)
{
    uint8_t bytes[16];

    (void)state;
    fill_even(bytes, sizeof(bytes));
    bytes[0] = 0x80;
    assert_int_equal(look(bytes, 15), FIRST_BYTES_SHORT);
    assert_int_equal(look(NULL, 0), FIRST_BYTES_SHORT);
    assert_int_not_equal(look(bytes, 16), FIRST_BYTES_SHORT);
}

static void what_is_behind_the_first_256_bytes_is_not_looked_at(void **state)
{
    uint8_t bytes[1400];

    (void)state;
    fill_even(bytes, sizeof(bytes));
    memset(bytes + FIRST_BYTES_MOST, 'a', sizeof(bytes) - FIRST_BYTES_MOST);
    assert_int_equal(look(bytes, sizeof(bytes)), FIRST_BYTES_EVEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encrypted_from_its_first_byte_on_is_even),
        cmocka_unit_test(six_printable_bytes_at_the_beginning_are_text_and_five_are_not),
        cmocka_unit_test(more_than_twenty_printable_bytes_in_a_row_are_text),
        cmocka_unit_test(more_than_half_printable_bytes_are_text),
        cmocka_unit_test(bits_are_even_strictly_between_the_bounds),
        cmocka_unit_test(fewer_than_sixteen_bytes_are_too_short_to_tell),
        cmocka_unit_test(what_is_behind_the_first_256_bytes_is_not_looked_at),
    };

    return cmocka_run_group_tests_name("first bytes", tests, NULL, NULL);
}
