/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>

#include "auto.h"
#include "common/sequence.h"
#include "mem.h"

#define SECOND USEC_PER_SEC
#define WITHIN (10 * SECOND)

static const usec_t no_silence[8];

static bool add(struct sequence *s, size_t steps, uint32_t met, usec_t time,
                usec_t *ret_times)
{
    struct sequence_plan plan = {steps, WITHIN, no_silence};

    return sequence_add(s, &plan, met, time, ret_times);
}

static struct sequence *new_of(size_t steps)
{
    return xcalloc(1, sequence_size(steps));
}

/* Events at one second, two seconds, ... each a letter: the step it meets; a dot is none.
 * Returns the second at which the sequence was met first, or 0. */
static usec_t met_at(size_t steps, const char *events, usec_t *ret_times)
{
    auto_free struct sequence *s = new_of(steps);

    for (usec_t i = 0; events[i]; i++)
        if (events[i] != '.' &&
            add(s, steps, 1U << (events[i] - 'a'), (i + 1) * SECOND, ret_times))
            return i + 1;
    return 0;
}

static void steps_are_met_in_their_order_only(void **state)
{
    usec_t times[8];

    (void)state;
    assert_int_equal(met_at(2, "ab", times), 2);
    assert_int_equal(met_at(2, "ba", times), 0);
    assert_int_equal(met_at(2, "bab", times), 3);
    assert_int_equal(met_at(3, "acb", times), 0);
    assert_int_equal(met_at(3, "acbc", times), 4);
    assert_int_equal(met_at(3, "abbbac", times), 6);
}

static void the_time_goes_from_the_first_step_to_the_last(void **state)
{
    usec_t times[8];

    (void)state;
    assert_int_equal(met_at(2, "a.........b", times), 11);
    assert_int_equal(met_at(2, "a..........b", times), 0);
    assert_int_equal(met_at(3, "a....b.....c", times), 0);
}

/* The first step again: the newer one has more time left. */
static void the_run_that_began_last_is_kept(void **state)
{
    usec_t times[8];

    (void)state;
    assert_int_equal(met_at(2, "a...a.......b", times), 13);
    assert_int_equal(times[0], 5 * SECOND);
    assert_int_equal(times[1], 13 * SECOND);
}

/* ... but a run that is further is not given up for it. */
static void a_first_step_again_does_not_undo_what_came_after_the_first(void **state)
{
    usec_t times[8];

    (void)state;
    assert_int_equal(met_at(3, "abac", times), 4);
    assert_int_equal(times[0], 1 * SECOND);
    assert_int_equal(times[1], 2 * SECOND);
    assert_int_equal(times[2], 4 * SECOND);
}

static void one_event_is_one_step(void **state)
{
    auto_free struct sequence *s = new_of(2);
    usec_t times[2];

    (void)state;
    assert_false(add(s, 2, 3, SECOND, times));
    assert_true(add(s, 2, 3, 2 * SECOND, times));
    assert_int_equal(times[0], SECOND);
}

static void what_was_met_is_used_up(void **state)
{
    auto_free struct sequence *s = new_of(2);
    usec_t times[2];

    (void)state;
    add(s, 2, 1, 1 * SECOND, times);
    assert_true(add(s, 2, 2, 2 * SECOND, times));
    assert_false(add(s, 2, 2, 3 * SECOND, times));
    assert_int_equal(sequence_reached(s), 0);
    add(s, 2, 1, 4 * SECOND, times);
    assert_int_equal(sequence_reached(s), 1);
    assert_true(add(s, 2, 2, 5 * SECOND, times));
}

static void time_that_goes_back_counts_as_now(void **state)
{
    auto_free struct sequence *s = new_of(2);
    usec_t times[2];

    (void)state;
    add(s, 2, 1, 20 * SECOND, times);
    assert_true(add(s, 2, 2, 5 * SECOND, times));
    assert_int_equal(times[1], 20 * SECOND);
}

/* Whether some events of the first `count` are the steps in order within the time, the
 * last of them the last: all ways tried. */
static bool search(const uint8_t *met, const usec_t *at, size_t count, size_t steps,
                   size_t last, usec_t end)
{
    if (end - at[last] > WITHIN)
        return false;
    if (steps == 1)
        return true;
    for (size_t i = last; i-- > count;)
        if ((met[i] >> (steps - 2) & 1) && search(met, at, count, steps - 1, i, end))
            return true;
    return false;
}

/* Up to the first time that it is met, against trying all ways, for random events that
 * meet one, two or all steps. */
static void no_run_that_could_be_met_is_missed(void **state)
{
    uint32_t seed = 7;
    size_t met_ever = 0;

    (void)state;
    for (size_t round = 0; round < 3000; round++) {
        auto_free struct sequence *s = new_of(4);
        uint8_t met[24];
        usec_t at[24], now = 0, times[4];

        for (size_t i = 0; i < 24; i++) {
            bool wanted, got;

            seed = seed * 1664525 + 1013904223;
            now += (seed >> 9) % (3 * SECOND);
            at[i] = now;
            met[i] = (uint8_t)(1U << (seed >> 28 & 3));
            if ((seed >> 24 & 3) == 0)
                met[i] |= (uint8_t)(1U << (seed >> 20 & 3));
            wanted = (met[i] >> 3 & 1) && search(met, at, 0, 4, i, now);
            got = add(s, 4, met[i], now, times);
            assert_int_equal(got, wanted);
            if (got) {
                assert_true(times[0] <= times[1] && times[2] <= times[3]);
                assert_true(times[3] - times[0] <= WITHIN);
                met_ever++;
                break;
            }
        }
    }
    assert_true(met_ever > 500 && met_ever < 2900);
}

/* ---- silences: `a`, then three seconds without `b`, then (of three) `c` ---- */

#define SILENCE (3 * SECOND)

static const usec_t second_is_silent[8] = {[1] = SILENCE};

/* Events at one second, two seconds, ...: what was seen is what has come. Returns the
 * second with which it was known that the sequence is met, or 0. */
static usec_t met_with_silence(size_t steps, const char *events, usec_t *ret_times)
{
    struct sequence_plan plan = {steps, WITHIN, second_is_silent};
    auto_free struct sequence *s = new_of(steps);
    usec_t since;

    for (usec_t i = 0; events[i]; i++) {
        usec_t now = (i + 1) * SECOND;

        if (sequence_waits(s, &plan, 1, &since) && now - since > SILENCE &&
            sequence_silence(s, &plan, 1, true, ret_times))
            return i + 1;
        if (events[i] != '.' &&
            sequence_add(s, &plan, 1U << (events[i] - 'a'), now, ret_times))
            return i + 1;
    }
    return 0;
}

static void a_silence_is_met_when_its_time_went_by(void **state)
{
    usec_t times[8];

    (void)state;
    assert_int_equal(met_with_silence(2, "a....", times), 5);
    assert_int_equal(times[0], 1 * SECOND);
    assert_int_equal(times[1], 4 * SECOND);
    assert_int_equal(met_with_silence(2, "a...", times), 0);
}

static void what_is_not_to_come_breaks_the_silence_up_to_its_end(void **state)
{
    usec_t times[8];

    (void)state;
    assert_int_equal(met_with_silence(2, "ab....", times), 0);
    assert_int_equal(met_with_silence(2, "a..b....", times), 0);
    assert_int_equal(met_with_silence(2, "a...b", times), 5);
    assert_int_equal(met_with_silence(2, "aba....", times), 7);
}

/* A device that goes on with what began the silence does not put its end off. */
static void the_silence_is_counted_from_the_first_of_many_events_before_it(void **state)
{
    usec_t times[8];

    (void)state;
    assert_int_equal(met_with_silence(2, "aaaaaaa", times), 5);
    assert_int_equal(times[0], 1 * SECOND);
    assert_int_equal(met_with_silence(2, "aaabaaaaa", times), 9);
    assert_int_equal(times[0], 5 * SECOND);
}

static void a_step_after_a_silence_comes_when_it_is_over(void **state)
{
    usec_t times[8];

    (void)state;
    assert_int_equal(met_with_silence(3, "a...c", times), 5);
    assert_int_equal(times[1], 4 * SECOND);
    assert_int_equal(times[2], 5 * SECOND);
    assert_int_equal(met_with_silence(3, "a.c", times), 0);
    assert_int_equal(met_with_silence(3, "a.b.c", times), 0);
    assert_int_equal(met_with_silence(3, "a...bc", times), 6);
    assert_int_equal(met_with_silence(3, "a..........c", times), 0);
}

static void an_event_does_not_break_the_silence_that_it_begins(void **state)
{
    struct sequence_plan plan = {2, WITHIN, second_is_silent};
    auto_free struct sequence *s = new_of(2);
    usec_t times[2], since;

    (void)state;
    assert_false(sequence_add(s, &plan, 3, SECOND, times));
    assert_true(sequence_waits(s, &plan, 1, &since));
    assert_int_equal(since, SECOND);
}

static void a_silence_that_was_not_seen_is_none(void **state)
{
    struct sequence_plan plan = {2, WITHIN, second_is_silent};
    auto_free struct sequence *s = new_of(2);
    usec_t times[2], since;

    (void)state;
    sequence_add(s, &plan, 1, SECOND, times);
    assert_false(sequence_silence(s, &plan, 1, false, times));
    assert_false(sequence_waits(s, &plan, 1, &since));
    assert_int_equal(sequence_reached(s), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_met_in_their_order_only),
        cmocka_unit_test(the_time_goes_from_the_first_step_to_the_last),
        cmocka_unit_test(the_run_that_began_last_is_kept),
        cmocka_unit_test(a_first_step_again_does_not_undo_what_came_after_the_first),
        cmocka_unit_test(one_event_is_one_step),
        cmocka_unit_test(what_was_met_is_used_up),
        cmocka_unit_test(time_that_goes_back_counts_as_now),
        cmocka_unit_test(no_run_that_could_be_met_is_missed),
        cmocka_unit_test(a_silence_is_met_when_its_time_went_by),
        cmocka_unit_test(what_is_not_to_come_breaks_the_silence_up_to_its_end),
        cmocka_unit_test(the_silence_is_counted_from_the_first_of_many_events_before_it),
        cmocka_unit_test(a_step_after_a_silence_comes_when_it_is_over),
        cmocka_unit_test(an_event_does_not_break_the_silence_that_it_begins),
        cmocka_unit_test(a_silence_that_was_not_seen_is_none),
    };

    return cmocka_run_group_tests_name("sequence", tests, NULL, NULL);
}
