/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "common/window.h"

#define SECOND USEC_PER_SEC

static struct rule_window rule(enum window_kind kind)
{
    return (struct rule_window){
        .kind = kind, .within = 10 * SECOND, .reach = 5, .exact_up_to = 100};
}

static const struct window_item one;

static uint64_t add(struct window *w, const struct rule_window *r, usec_t time,
                    uint64_t amount)
{
    struct window_item item = {
        .amount = amount, .key = {amount * 31, amount}, .hash = amount};

    return window_add(w, r, time, &item).value;
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
        got = window_add(&w, &r, SECOND + i, &one);
    assert_int_equal(got.value, 64);
    assert_false(got.approximate);
    got = window_add(&w, &r, SECOND + 64, &one);
    assert_int_equal(got.value, 64);
    assert_true(got.approximate);
    got = window_add(&w, &r, 30 * SECOND, &one);
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
    for (usec_t i = 0; i <= WINDOW_PARTS_MAX; i++)
        got = window_add(&w, &r, SECOND + i, &(struct window_item){.amount = 2});
    assert_int_equal(got.value, 2 * (WINDOW_PARTS_MAX + 1));
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

/* splitmix64 */
static uint64_t spread(uint64_t n)
{
    n += UINT64_C(0x9e3779b97f4a7c15);
    n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
    return n ^ n >> 31;
}

static struct window_reading add_value(struct window *w, const struct rule_window *r,
                                       usec_t time, uint64_t value)
{
    struct window_item item = {.key = {spread(value), value}, .hash = spread(value)};

    return window_add(w, r, time, &item);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

static void more_values_than_are_told_apart_are_estimated(void **state)
{
    struct rule_window r = rule(WINDOW_DISTINCT);
    struct window w = {0};
    struct window_reading got = {0};

    (void)state;
    for (uint64_t i = 1; i <= 50000; i++) {
        got = add_value(&w, &r, SECOND + i, i);
        assert_int_equal(got.approximate, i > 100);
        if (i <= 100)
            assert_int_equal(got.value, i);
        else
            assert_true(distance(got.value, i) <= 2 * got.error);
    }
    assert_true(got.error > 2000 && got.error < 4000);
    assert_true(window_bytes(&w) < 200000);
    window_done(&w);
}

/* The exact count goes on beside the estimate, and has the last word when it can. */
static void an_estimate_is_exact_again_when_few_are_left(void **state)
{
    struct rule_window r = rule(WINDOW_DISTINCT);
    struct window w = {0};
    struct window_reading got = {0};

    (void)state;
    for (uint64_t i = 1; i <= 1000; i++)
        add_value(&w, &r, SECOND + i, i);
    got = add_value(&w, &r, 5 * SECOND, 1001);
    assert_true(got.approximate);
    got = add_value(&w, &r, 11 * SECOND + 1000, 1002);
    assert_false(got.approximate);
    assert_int_equal(got.error, 0);
    assert_int_equal(got.value, 3); /* 1000, 1001, 1002 */
    assert_null(w.estimate);
    window_done(&w);
}

static struct window_reading add_sides(struct window *w, const struct rule_window *r,
                                       usec_t time, uint32_t parts)
{
    return window_add(w, r, time, &(struct window_item){.parts = parts});
}

#define OF (1U << RATIO_OF)
#define TO (1U << RATIO_TO)

static void a_ratio_says_nothing_below_its_least_count(void **state)
{
    struct rule_window r = rule(WINDOW_RATIO);
    struct window w = {0};
    struct window_reading got;

    (void)state;
    r.reach = 80;
    r.least = 5;
    for (usec_t i = 1; i <= 4; i++)
        assert_false(add_sides(&w, &r, i, OF | TO).met); /* four of four */
    got = add_sides(&w, &r, 5, TO);
    assert_true(got.met); /* four of five */
    assert_int_equal(got.value, 80);
    assert_int_equal(got.count, 5);
    assert_false(add_sides(&w, &r, 6, TO).met); /* four of six */
    window_done(&w);
}

static void a_ratio_above_its_limit_is_more_than_it(void **state)
{
    struct rule_window r = rule(WINDOW_RATIO);
    struct window w = {0};

    (void)state;
    r.reach = 50;
    r.least = 1;
    r.above = true;
    add_sides(&w, &r, 1, OF | TO);
    assert_false(add_sides(&w, &r, 2, TO).met);     /* 50 % */
    assert_true(add_sides(&w, &r, 3, OF | TO).met); /* 66 % */
    window_done(&w);
}

static void the_sides_of_a_ratio_need_not_lie_in_each_other(void **state)
{
    struct rule_window r = rule(WINDOW_RATIO);
    struct window w = {0};
    struct window_reading got;

    (void)state;
    r.reach = 300;
    r.least = 1;
    got = add_sides(&w, &r, 1, OF);
    assert_int_equal(got.value, 0); /* of nothing */
    assert_false(got.met);
    add_sides(&w, &r, 2, OF);
    add_sides(&w, &r, 3, OF);
    got = add_sides(&w, &r, 4, TO);
    assert_int_equal(got.value, 300);
    assert_true(got.met);
    window_done(&w);
}

/* The same answer as counting again, while old events leave. */
static void a_ratio_is_what_counting_again_gives(void **state)
{
    struct rule_window r = rule(WINDOW_RATIO);
    struct window w = {0};
    struct {
        usec_t time;
        uint32_t parts;
    } all[600];
    usec_t now = 0;
    uint32_t seed = 1;

    (void)state;
    r.reach = 40;
    r.least = 20;
    for (size_t i = 0; i < 600; i++) {
        uint64_t of = 0, to = 0;
        struct window_reading got;

        seed = seed * 1664525 + 1013904223;
        now += (seed >> 8) % (400 * USEC_PER_MSEC);
        all[i].time = now;
        all[i].parts = 1 + (seed >> 4) % 3;
        for (size_t k = 0; k <= i; k++) {
            bool in = now - all[k].time <= r.within;

            of += in && (all[k].parts & OF);
            to += in && (all[k].parts & TO);
        }
        got = add_sides(&w, &r, now, all[i].parts);
        assert_int_equal(got.count, to);
        assert_int_equal(got.value, to ? 100 * of / to : 0);
        assert_int_equal(got.met, to >= 20 && 100 * of >= 40 * to);
        assert_false(got.approximate);
    }
    window_done(&w);
}

static void a_full_ratio_says_so(void **state)
{
    struct rule_window r = rule(WINDOW_RATIO);
    struct window w = {0};
    struct window_reading got = {0};

    (void)state;
    r.reach = 50;
    r.least = 1;
    for (usec_t i = 0; i <= WINDOW_PARTS_MAX; i++)
        got = add_sides(&w, &r, SECOND + i, i % 2 ? TO : OF | TO);
    assert_int_equal(got.count, WINDOW_PARTS_MAX + 1);
    assert_int_equal(got.value, 50);
    assert_true(got.approximate);
    window_done(&w);
}

static struct window_reading add_part_of(struct window *w, const struct rule_window *r,
                                         usec_t time, uint64_t amount, uint64_t owner)
{
    struct window_item item = {.amount = amount, .key = {owner, owner}};

    return window_add(w, r, time, &item);
}

static void a_share_is_what_one_value_brought_to_the_sum(void **state)
{
    struct rule_window r = rule(WINDOW_SHARE);
    struct window w = {0};
    struct window_reading got;

    (void)state;
    r.reach = 70;
    r.least = 100;
    r.times = 2;
    got = add_part_of(&w, &r, 100 * SECOND, 90, 7);
    assert_int_equal(got.value, 100);
    assert_false(got.met); /* the sum is too small */
    got = add_part_of(&w, &r, 101 * SECOND, 60, 8);
    assert_int_equal(got.value, 40);
    got = add_part_of(&w, &r, 102 * SECOND, 50, 7);
    assert_int_equal(got.value, 70);
    assert_int_equal(got.count, 2);
    assert_true(got.met);
    r.above = true;
    got = add_part_of(&w, &r, 102 * SECOND, 0, 7);
    assert_false(got.met);                         /* 70 is not more than 70 */
    got = add_part_of(&w, &r, 111 * SECOND, 0, 7); /* the first 90 are gone */
    assert_int_equal(got.value, 45);
    window_done(&w);
}

static void few_events_of_a_value_are_no_share(void **state)
{
    struct rule_window r = rule(WINDOW_SHARE);
    struct window w = {0};

    (void)state;
    r.reach = 70;
    r.times = 3;
    assert_false(add_part_of(&w, &r, 100 * SECOND, 90, 7).met);
    assert_false(add_part_of(&w, &r, 101 * SECOND, 90, 7).met);
    assert_true(add_part_of(&w, &r, 102 * SECOND, 90, 7).met);
    window_done(&w);
}

static void what_is_nobodys_counts_in_the_sum_alone(void **state)
{
    struct rule_window r = rule(WINDOW_SHARE);
    struct window w = {0};

    (void)state;
    r.reach = 50;
    assert_int_equal(add_part_of(&w, &r, 100 * SECOND, 300, 0).value, 0);
    assert_int_equal(add_part_of(&w, &r, 101 * SECOND, 300, 0).count, 0);
    assert_int_equal(add_part_of(&w, &r, 102 * SECOND, 200, 7).value, 25);
    window_done(&w);
}

static void a_full_share_is_never_too_large_and_says_so(void **state)
{
    struct rule_window r = rule(WINDOW_SHARE);
    struct window w = {0};
    struct window_reading got = {0};

    (void)state;
    r.reach = 50;
    for (usec_t i = 0; i < 2 * WINDOW_PARTS_MAX; i++)
        got = add_part_of(&w, &r, SECOND + i, 1, 1 + i % 2);
    assert_true(got.approximate);
    assert_int_equal(w.sum, 2 * WINDOW_PARTS_MAX);
    assert_int_equal(got.count, WINDOW_PARTS_MAX / 2);
    assert_int_equal(got.value, 25); /* 2048 of 8192 */
    window_done(&w);
}

static void huge_parts_of_a_share_do_not_overflow(void **state)
{
    struct rule_window r = rule(WINDOW_SHARE);
    struct window w = {0};
    struct window_reading got;

    (void)state;
    r.reach = 70;
    add_part_of(&w, &r, SECOND, UINT64_MAX / 4, 1);
    got = add_part_of(&w, &r, SECOND, UINT64_MAX / 4 * 3, 2);
    assert_int_equal(got.value, 75);
    assert_true(got.met);
    window_done(&w);
}

static struct rule_window even(void)
{
    return (struct rule_window){.kind = WINDOW_REGULAR,
                                .within = USEC_PER_DAY,
                                .reach = 11,
                                .times = 11,
                                .jitter = 10,
                                .shortest = 30 * SECOND,
                                .longest = USEC_PER_HOUR};
}

/* Ten intervals of these seconds after the first event. */
static struct window_reading beat(const unsigned seconds[10])
{
    struct rule_window r = even();
    struct window w = {0};
    struct window_reading got;
    usec_t now = 1000 * SECOND;

    got = window_add(&w, &r, now, &one);
    for (size_t i = 0; i < 10; i++) {
        assert_false(got.met);
        now += seconds[i] * SECOND;
        got = window_add(&w, &r, now, &one);
    }
    window_done(&w);
    return got;
}

static void events_at_even_times_are_regular(void **state)
{
    static const unsigned exact[] = {60, 60, 60, 60, 60, 60, 60, 60, 60, 60};
    static const unsigned loose[] = {60, 66, 54, 60, 61, 59, 60, 66, 54, 60};

    (void)state;
    assert_true(beat(exact).met);
    assert_int_equal(beat(exact).value, 60);
    assert_int_equal(beat(exact).count, 11);
    assert_true(beat(loose).met);
}

static void one_interval_in_five_may_be_anything(void **state)
{
    static const unsigned two[] = {60, 60, 120, 60, 60, 60, 60, 3, 60, 60};
    static const unsigned three[] = {60, 60, 120, 60, 60, 60, 60, 3, 60, 180};

    (void)state;
    assert_true(beat(two).met);
    assert_false(beat(three).met);
}

static void events_without_an_order_are_not_regular(void **state)
{
    static const unsigned people[] = {31, 90, 240, 45, 600, 33, 70, 1200, 38, 55};
    static const unsigned wider[] = {60, 68, 52, 60, 68, 52, 60, 68, 52, 60};

    (void)state;
    assert_false(beat(people).met);
    assert_false(beat(wider).met);
}

static void intervals_outside_the_limits_do_not_count(void **state)
{
    static const unsigned quick[] = {29, 29, 29, 29, 29, 29, 29, 29, 29, 29};
    static const unsigned slow[] = {3601, 3601, 3601, 3601, 3601,
                                    3601, 3601, 3601, 3601, 3601};

    (void)state;
    assert_false(beat(quick).met);
    assert_false(beat(slow).met);
}

static void a_regular_window_remembers_its_last_events_only(void **state)
{
    struct rule_window r = even();
    struct window w = {0};
    struct window_reading got = {0};
    usec_t now = SECOND;

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        window_add(&w, &r, now += (i * 7919 % 600 + 1) * SECOND, &one);
    for (unsigned i = 0; i < 10; i++)
        got = window_add(&w, &r, now += 60 * SECOND, &one);
    assert_true(got.met);
    assert_int_equal(got.count, 11);
    assert_int_equal(w.room, 11);
    assert_false(got.approximate);
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

/* Of a conversation from `began` to `time`. */
static struct window_reading visit(struct window *w, const struct rule_window *r,
                                   usec_t began, usec_t time)
{
    struct window_item item = {.began = began, .ended = time};

    return window_add(w, r, time, &item);
}

static struct rule_window two_visits(void)
{
    struct rule_window r = rule(WINDOW_COUNT);

    r.within = 24 * USEC_PER_HOUR;
    r.apart = 10 * USEC_PER_MIN;
    r.reach = 2;
    return r;
}

static void events_close_together_are_one_visit(void **state)
{
    struct rule_window r = two_visits();
    struct window w = {0};
    usec_t at = USEC_PER_DAY;

    (void)state;
    for (int i = 0; i < 50; i++, at += r.apart - 1)
        assert_int_equal(visit(&w, &r, at, at).value, 1);
    at += 1;
    assert_true(visit(&w, &r, at, at).met);
    window_done(&w);
}

static void what_goes_on_with_a_visit_does_not_meet_the_window_again(void **state)
{
    struct rule_window r = two_visits();
    struct window w = {0};
    struct window_reading got;

    (void)state;
    visit(&w, &r, USEC_PER_DAY, USEC_PER_DAY);
    assert_true(visit(&w, &r, USEC_PER_DAY + r.apart, USEC_PER_DAY + r.apart).met);
    got = visit(&w, &r, USEC_PER_DAY + r.apart + 1, USEC_PER_DAY + r.apart + 1);
    assert_int_equal(got.value, 2);
    assert_false(got.met);
    assert_int_equal(got.first, USEC_PER_DAY);
    window_done(&w);
}

/* One of a page's connections is held open for a quarter of an hour and told of then. */
static void a_conversation_that_began_within_a_visit_is_part_of_it(void **state)
{
    struct rule_window r = two_visits();
    struct window w = {0};
    usec_t at = USEC_PER_DAY;

    (void)state;
    visit(&w, &r, at, at + SECOND);
    assert_int_equal(visit(&w, &r, at, at + 15 * USEC_PER_MIN).value, 1);
    at += 24 * USEC_PER_MIN;
    assert_int_equal(visit(&w, &r, at, at + SECOND).value, 1);
    at += r.apart + SECOND;
    assert_int_equal(visit(&w, &r, at, at).value, 2);
    window_done(&w);
}

static void a_visit_without_an_end_is_counted_once_in_each_window(void **state)
{
    struct rule_window r = two_visits();
    struct window w = {0};

    (void)state;
    for (usec_t at = USEC_PER_DAY; at < 10 * USEC_PER_DAY; at += USEC_PER_MIN)
        assert_int_equal(visit(&w, &r, at, at).value, 1);
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
        cmocka_unit_test(more_values_than_are_told_apart_are_estimated),
        cmocka_unit_test(an_estimate_is_exact_again_when_few_are_left),
        cmocka_unit_test(a_ratio_says_nothing_below_its_least_count),
        cmocka_unit_test(a_ratio_above_its_limit_is_more_than_it),
        cmocka_unit_test(the_sides_of_a_ratio_need_not_lie_in_each_other),
        cmocka_unit_test(a_ratio_is_what_counting_again_gives),
        cmocka_unit_test(a_full_ratio_says_so),
        cmocka_unit_test(a_share_is_what_one_value_brought_to_the_sum),
        cmocka_unit_test(few_events_of_a_value_are_no_share),
        cmocka_unit_test(what_is_nobodys_counts_in_the_sum_alone),
        cmocka_unit_test(a_full_share_is_never_too_large_and_says_so),
        cmocka_unit_test(huge_parts_of_a_share_do_not_overflow),
        cmocka_unit_test(events_at_even_times_are_regular),
        cmocka_unit_test(one_interval_in_five_may_be_anything),
        cmocka_unit_test(events_without_an_order_are_not_regular),
        cmocka_unit_test(intervals_outside_the_limits_do_not_count),
        cmocka_unit_test(a_regular_window_remembers_its_last_events_only),
        cmocka_unit_test(time_that_goes_back_counts_as_now),
        cmocka_unit_test(events_close_together_are_one_visit),
        cmocka_unit_test(what_goes_on_with_a_visit_does_not_meet_the_window_again),
        cmocka_unit_test(a_conversation_that_began_within_a_visit_is_part_of_it),
        cmocka_unit_test(a_visit_without_an_end_is_counted_once_in_each_window),
    };

    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
