/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "agent/watched_days.h"

#define START (UINT64_C(1767258000) * USEC_PER_SEC) /* 2026-01-01 09:00 */

/* Something is learned every half an hour for so long; how many days that makes. */
static unsigned watch(struct watched_days *w, usec_t from, usec_t length)
{
    unsigned days = 0;

    for (usec_t at = 0; at <= length; at += 30 * USEC_PER_MIN)
        days += watched_days_see(w, from + at);
    return days;
}

static void a_day_counts_once_after_an_hour_of_it(void **state)
{
    struct watched_days w = {0};

    (void)state;
    assert_int_equal(watch(&w, START, 30 * USEC_PER_MIN), 0);
    assert_int_equal(watched_days_count(&w), 0);
    assert_int_equal(watch(&w, START + 30 * USEC_PER_MIN, 10 * USEC_PER_HOUR), 1);
    assert_int_equal(watched_days_count(&w), 1);
    assert_int_equal(watched_days_newest(&w), (START - WATCHED_EPOCH) / USEC_PER_DAY);
}

static void a_next_day_counts_an_hour_after_midnight(void **state)
{
    struct watched_days w = {0};
    usec_t midnight = START + 15 * USEC_PER_HOUR;

    (void)state;
    watch(&w, START, 15 * USEC_PER_HOUR + 30 * USEC_PER_MIN);
    assert_int_equal(watched_days_count(&w), 1);
    watch(&w, midnight, USEC_PER_HOUR);
    assert_int_equal(watched_days_count(&w), 2);
}

static void sights_that_are_more_than_an_hour_apart_make_no_day(void **state)
{
    struct watched_days w = {0};

    (void)state;
    for (unsigned i = 0; i < 12; i++)
        watched_days_see(&w, START + i * 61 * USEC_PER_MIN);
    assert_int_equal(watched_days_count(&w), 0);
}

static void a_clock_that_jumps_ahead_again_and_again_makes_no_day(void **state)
{
    struct watched_days w = {0};

    (void)state;
    watch(&w, START, USEC_PER_HOUR);
    for (unsigned i = 1; i < 100; i++)
        watch(&w, START + i * 3 * USEC_PER_DAY, 30 * USEC_PER_MIN);
    assert_int_equal(watched_days_count(&w), 1);
}

static void a_clock_that_jumps_to_and_fro_makes_no_day(void **state)
{
    struct watched_days w = {0};

    (void)state;
    watch(&w, START, USEC_PER_HOUR);
    for (unsigned i = 0; i < 100; i++) {
        watch(&w, START + 300 * USEC_PER_DAY, 30 * USEC_PER_MIN);
        watch(&w, START + 2 * USEC_PER_HOUR, 30 * USEC_PER_MIN);
    }
    assert_int_equal(watched_days_count(&w), 1);
}

static void a_clock_that_is_ahead_for_hours_makes_one_day_and_going_back_none(
    void **state)
{
    struct watched_days w = {0};

    (void)state;
    watch(&w, START, 2 * USEC_PER_HOUR);
    assert_int_equal(watch(&w, START + 300 * USEC_PER_DAY, 5 * USEC_PER_HOUR), 1);
    watch(&w, START + 8 * USEC_PER_HOUR, 5 * USEC_PER_HOUR);
    assert_int_equal(watched_days_count(&w), 2);
    assert_int_equal(watched_days_newest(&w), (START - WATCHED_EPOCH) / USEC_PER_DAY);
    watch(&w, START + USEC_PER_DAY, 2 * USEC_PER_HOUR);
    assert_int_equal(watched_days_count(&w), 3);
}

static void a_clock_that_is_not_set_makes_no_day(void **state)
{
    struct watched_days w = {0};

    (void)state;
    watch(&w, 0, 20 * USEC_PER_HOUR);
    watch(&w, UINT64_C(1000000000) * USEC_PER_SEC, 20 * USEC_PER_HOUR);
    assert_int_equal(watched_days_count(&w), 0);
}

static void a_sensor_that_is_minutes_behind_does_not_break_the_hour(void **state)
{
    struct watched_days w = {0};

    (void)state;
    for (unsigned i = 5; i <= 70; i++) {
        watched_days_see(&w, START + i * USEC_PER_MIN);
        watched_days_see(&w, START + (i - 4) * USEC_PER_MIN);
    }
    assert_int_equal(watched_days_count(&w), 1);
}

static void two_sensors_at_midnight_count_one_day(void **state)
{
    struct watched_days w = {0};
    usec_t midnight = START + 15 * USEC_PER_HOUR;

    (void)state;
    watch(&w, START, 15 * USEC_PER_HOUR - 1);
    for (unsigned i = 0; i < 60; i++) {
        watched_days_see(&w, midnight - 1);
        watched_days_see(&w, midnight + i * USEC_PER_SEC);
    }
    assert_int_equal(watched_days_count(&w), 1);
    watch(&w, midnight + USEC_PER_MIN, 2 * USEC_PER_HOUR);
    assert_int_equal(watched_days_count(&w), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_counts_once_after_an_hour_of_it),
        cmocka_unit_test(a_next_day_counts_an_hour_after_midnight),
        cmocka_unit_test(sights_that_are_more_than_an_hour_apart_make_no_day),
        cmocka_unit_test(a_clock_that_jumps_ahead_again_and_again_makes_no_day),
        cmocka_unit_test(a_clock_that_jumps_to_and_fro_makes_no_day),
        cmocka_unit_test(
            a_clock_that_is_ahead_for_hours_makes_one_day_and_going_back_none),
        cmocka_unit_test(a_clock_that_is_not_set_makes_no_day),
        cmocka_unit_test(a_sensor_that_is_minutes_behind_does_not_break_the_hour),
        cmocka_unit_test(two_sensors_at_midnight_count_one_day),
    };

    return cmocka_run_group_tests_name("watched_days", tests, NULL, NULL);
}
