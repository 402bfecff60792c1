/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "cur.h"

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};

static void numbers_are_big_endian_unless_they_say_so(void **state)
{
    struct cur c = cur_over(bytes, 8);

    (void)state;
    assert_int_equal(cur_u16(&c), 0x0102);
    assert_int_equal(cur_u24(&c), 0x030405);
    assert_int_equal(cur_u16_le(&c), 0x0706);
    assert_int_equal(cur_u8(&c), 8);
    assert_false(cur_broken(&c));
    assert_int_equal(cur_left(&c), 0);

    c = cur_over(bytes, 8);
    assert_true(cur_u64(&c) == UINT64_C(0x0102030405060708));
    c = cur_over(bytes, 8);
    assert_true(cur_u64_le(&c) == UINT64_C(0x0807060504030201));
    c = cur_over(bytes, 8);
    assert_true(cur_u32(&c) == 0x01020304 && cur_u32_le(&c) == 0x08070605);
}

static void reading_past_the_end_gives_zero_and_stays_broken(void **state)
{
    struct cur c = cur_over(bytes, 3);

    (void)state;
    assert_int_equal(cur_u32(&c), 0);
    assert_true(cur_broken(&c));
    assert_int_equal(cur_u8(&c), 0);
    assert_int_equal(cur_left(&c), 0);
    assert_null(cur_bytes(&c, 0));
}

static void a_length_that_overflows_is_past_the_end(void **state)
{
    struct cur c = cur_over(bytes, 8);

    (void)state;
    cur_skip(&c, SIZE_MAX);
    assert_true(cur_broken(&c));
}

static void a_part_ends_where_its_length_says(void **state)
{
    struct cur c = cur_over(bytes, 8);
    struct cur sub = cur_sub(&c, 3);

    (void)state;
    assert_int_equal(cur_left(&sub), 3);
    assert_int_equal(cur_u32(&sub), 0);
    assert_true(cur_broken(&sub));
    assert_false(cur_broken(&c));
    assert_int_equal(cur_u8(&c), 4);
}

static void a_part_that_is_not_there_is_broken_at_birth(void **state)
{
    struct cur c = cur_over(bytes, 2);
    struct cur sub = cur_sub(&c, 3);

    (void)state;
    assert_true(cur_broken(&sub));
    assert_true(cur_broken(&c));
}

static void copying_what_is_not_there_copies_zeroes(void **state)
{
    struct cur c = cur_over(bytes, 8);
    uint8_t out[6];

    (void)state;
    cur_copy(&c, out, 6);
    assert_memory_equal(out, bytes, 6);
    cur_copy(&c, out, 6);
    assert_memory_equal(out, "\0\0\0\0\0\0", 6);
    assert_true(cur_broken(&c));
}

static void nothing_at_all_is_an_empty_cursor(void **state)
{
    struct cur c = cur_over(NULL, 0);

    (void)state;
    assert_int_equal(cur_left(&c), 0);
    assert_false(cur_broken(&c));
    cur_u8(&c);
    assert_true(cur_broken(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian_unless_they_say_so),
        cmocka_unit_test(reading_past_the_end_gives_zero_and_stays_broken),
        cmocka_unit_test(a_length_that_overflows_is_past_the_end),
        cmocka_unit_test(a_part_ends_where_its_length_says),
        cmocka_unit_test(a_part_that_is_not_there_is_broken_at_birth),
        cmocka_unit_test(copying_what_is_not_there_copies_zeroes),
        cmocka_unit_test(nothing_at_all_is_an_empty_cursor),
    };

    return cmocka_run_group_tests_name("cur", tests, NULL, NULL);
}
