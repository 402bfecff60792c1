/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>

#include "auto.h"
#include "common/sequence.h"
#include "mem.h"

#define SECOND USEC_PER_SEC
#define WITHIN (10 * SECOND)

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
        if (events[i] != '.' && sequence_add(s, steps, WITHIN, 1U << (events[i] - 'a'),
                                             (i + 1) * SECOND, ret_times))
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
    assert_false(sequence_add(s, 2, WITHIN, 3, SECOND, times));
    assert_true(sequence_add(s, 2, WITHIN, 3, 2 * SECOND, times));
    assert_int_equal(times[0], SECOND);
}

static void what_was_met_is_used_up(void **state)
{
    auto_free struct sequence *s = new_of(2);
    usec_t times[2];

    (void)state;
    sequence_add(s, 2, WITHIN, 1, 1 * SECOND, times);
    assert_true(sequence_add(s, 2, WITHIN, 2, 2 * SECOND, times));
    assert_false(sequence_add(s, 2, WITHIN, 2, 3 * SECOND, times));
    assert_int_equal(sequence_reached(s), 0);
    sequence_add(s, 2, WITHIN, 1, 4 * SECOND, times);
    assert_int_equal(sequence_reached(s), 1);
    assert_true(sequence_add(s, 2, WITHIN, 2, 5 * SECOND, times));
}

static void time_that_goes_back_counts_as_now(void **state)
{
    auto_free struct sequence *s = new_of(2);
    usec_t times[2];

    (void)state;
    sequence_add(s, 2, WITHIN, 1, 20 * SECOND, times);
    assert_true(sequence_add(s, 2, WITHIN, 2, 5 * SECOND, times));
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
            got = sequence_add(s, 4, WITHIN, met[i], now, times);
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
    };

    return cmocka_run_group_tests_name("sequence", tests, NULL, NULL);
}
