/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "common/window.h"

#define SECOND USEC_PER_SEC

static struct rule_window rule(enum window_kind kind)
{
    return (struct rule_window){
        .kind = kind, .within = 10 * SECOND, .reach = 5, .exact_up_to = 100};
}

static uint64_t add(struct window *w, const struct rule_window *r, usec_t time,
                    uint64_t amount)
{
    struct agemap_key value = {amount * 31, amount};

    return window_add(w, r, time, amount, &value).value;
}

static void a_count_slides_to_the_microsecond(void **state)
{
    struct rule_window r = rule(WINDOW_COUNT);
    struct window w = {0};

    (void)state;
    assert_int_equal(add(&w, &r, 100 * SECOND, 0), 1);
    assert_int_equal(add(&w, &r, 105 * SECOND, 0), 2);
    assert_int_equal(add(&w, &r, 110 * SECOND, 0), 3);
    assert_int_equal(add(&w, &r, 110 * SECOND + 1, 0), 3);
    assert_int_equal(add(&w, &r, 115 * SECOND, 0), 4);
    assert_int_equal(add(&w, &r, 200 * SECOND, 0), 1);
    window_done(&w);
}

/* The same answer as counting them all again, for many times in one order. */
static void a_count_is_what_counting_again_gives(void **state)
{
    struct rule_window r = rule(WINDOW_COUNT);
    struct window w = {0};
    usec_t times[500], now = 0;
    uint32_t seed = 1;

    (void)state;
    r.reach = 400;
    for (size_t i = 0; i < 500; i++) {
        uint64_t wanted = 0;

        seed = seed * 1664525 + 1013904223;
        now += seed % (i % 50 ? 100 * USEC_PER_MSEC : 20 * SECOND);
        times[i] = now;
        for (size_t k = 0; k <= i; k++)
            wanted += now - times[k] <= r.within;
        assert_int_equal(add(&w, &r, now, 0), wanted);
    }
    window_done(&w);
}

static void a_count_beyond_its_room_says_so_until_it_is_exact_again(void **state)
{
    struct rule_window r = rule(WINDOW_COUNT);
    struct window w = {0};
    struct window_reading got = {0};

    (void)state;
    for (usec_t i = 0; i < 64; i++)
        got = window_add(&w, &r, SECOND + i, 0, NULL);
    assert_int_equal(got.value, 64);
    assert_false(got.approximate);
    got = window_add(&w, &r, SECOND + 64, 0, NULL);
    assert_int_equal(got.value, 64);
    assert_true(got.approximate);
    got = window_add(&w, &r, 30 * SECOND, 0, NULL);
    assert_int_equal(got.value, 1);
    assert_false(got.approximate);
    window_done(&w);
}

static void a_sum_adds_what_is_within(void **state)
{
    struct rule_window r = rule(WINDOW_SUM);
    struct window w = {0};

    (void)state;
    assert_int_equal(add(&w, &r, 1 * SECOND, 100), 100);
    assert_int_equal(add(&w, &r, 6 * SECOND, 20), 120);
    assert_int_equal(add(&w, &r, 12 * SECOND, 3), 23);
    assert_int_equal(add(&w, &r, 40 * SECOND, UINT64_MAX - 1), UINT64_MAX - 1);
    assert_int_equal(add(&w, &r, 41 * SECOND, 7), UINT64_MAX);
    assert_int_equal(add(&w, &r, 60 * SECOND, 7), 7);
    window_done(&w);
}

static void a_full_sum_is_never_too_small_and_says_so(void **state)
{
    struct rule_window r = rule(WINDOW_SUM);
    struct window w = {0};
    struct window_reading got = {0};

    (void)state;
    for (usec_t i = 0; i <= WINDOW_SUM_MAX; i++)
        got = window_add(&w, &r, SECOND + i, 2, NULL);
    assert_int_equal(got.value, 2 * (WINDOW_SUM_MAX + 1));
    assert_true(got.approximate);
    window_done(&w);
}

static void different_values_count_once_while_they_are_seen(void **state)
{
    struct rule_window r = rule(WINDOW_DISTINCT);
    struct window w = {0};

    (void)state;
    assert_int_equal(add(&w, &r, 1 * SECOND, 7), 1);
    assert_int_equal(add(&w, &r, 2 * SECOND, 8), 2);
    assert_int_equal(add(&w, &r, 8 * SECOND, 7), 2);
    assert_int_equal(add(&w, &r, 13 * SECOND, 9), 2); /* 8 is gone, 7 was seen again */
    window_done(&w);
}

static void more_values_than_are_told_apart_are_approximate(void **state)
{
    struct rule_window r = rule(WINDOW_DISTINCT);
    struct window w = {0};
    struct window_reading got = {0};

    (void)state;
    r.exact_up_to = 8;
    for (uint64_t i = 0; i < 9; i++) {
        struct agemap_key value = {i, i};

        got = window_add(&w, &r, SECOND + i, 0, &value);
        assert_int_equal(got.value, i < 8 ? i + 1 : 8);
        assert_int_equal(got.approximate, i == 8);
    }
    window_done(&w);
}

static void time_that_goes_back_counts_as_now(void **state)
{
    struct rule_window r = rule(WINDOW_COUNT);
    struct window w = {0};

    (void)state;
    add(&w, &r, 100 * SECOND, 0);
    assert_int_equal(add(&w, &r, 50 * SECOND, 0), 2);
    assert_int_equal(add(&w, &r, 109 * SECOND, 0), 3);
    window_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_count_slides_to_the_microsecond),
        cmocka_unit_test(a_count_is_what_counting_again_gives),
        cmocka_unit_test(a_count_beyond_its_room_says_so_until_it_is_exact_again),
        cmocka_unit_test(a_sum_adds_what_is_within),
        cmocka_unit_test(a_full_sum_is_never_too_small_and_says_so),
        cmocka_unit_test(different_values_count_once_while_they_are_seen),
        cmocka_unit_test(more_values_than_are_told_apart_are_approximate),
        cmocka_unit_test(time_that_goes_back_counts_as_now),
    };

    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
