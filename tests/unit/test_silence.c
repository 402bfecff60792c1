/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Silences of a sequence, as the tracker tells of them: what comes after port 1 is
 * nothing to port 2.
 */
#include "unit.h"

#include "rules.h"
#include "tracker.h"

#define SECOND USEC_PER_SEC
#define BEGIN  (20000 * USEC_PER_DAY + 10 * USEC_PER_HOUR) /* a Tuesday */

#define ENDS_IN_SILENCE                           \
    "    sequence:\n"                             \
    "      by: [src.ip]\n"                        \
    "      within: 60s\n"                         \
    "      steps:\n"                              \
    "        - {id: call, when: dst.port == 1}\n" \
    "        - {id: silence, none_for: 30s, when: dst.port == 2}\n"
#define GOES_ON "        - {id: after, when: dst.port == 3}\n"

struct fixture {
    struct ruleset *set;
    struct matcher *matcher;
    struct tracker *tracker;
    struct event *event;
    usec_t times[RULE_PARTS_MAX];
    usec_t time, port; /* of the event that was raised last */
    size_t count;
};

static void on_raised(const struct raised *r, void *arg)
{
    struct fixture *f = arg;

    f->time = event_time(r->event);
    f->port = event_get(r->event, FIELD_DST_PORT)->number;
    memcpy(f->times, r->step_times, r->value * sizeof(f->times[0]));
    f->count++;
}

static void use(struct fixture *f, struct ruleset *set)
{
    struct tracker *tracker = tracker_new(set, on_raised, f);

    if (f->tracker)
        tracker_inherit(tracker, f->tracker);
    matcher_free(f->matcher);
    ruleset_free(f->set);
    f->set = set;
    f->tracker = tracker;
    f->matcher = matcher_new(set);
}

static void open_with(struct fixture *f, const char *more)
{
    auto_free char *text = rules_one("flow_start", more);

    use(f, rules_load(text));
}

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.event = event_new()};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    tracker_free(f->tracker);
    matcher_free(f->matcher);
    ruleset_free(f->set);
    event_free(f->event);
    return 0;
}

static void on_match(size_t rule, enum match_verdict verdict, void *arg)
{
    struct fixture *f = arg;

    if (verdict == MATCH_HIT)
        tracker_hit(f->tracker, rule, matcher_parts(f->matcher, rule, f->event),
                    f->event);
}

/* At so many seconds after the beginning. */
static void call(struct fixture *f, const char *src, uint64_t port, usec_t after)
{
    struct addr a;

    assert_int_equal(addr_parse(src, &a), 0);
    event_begin(f->event, EVENT_FLOW_START, BEGIN + after * SECOND);
    event_put_addr(f->event, FIELD_SRC_IP, &a);
    event_put_number(f->event, FIELD_DST_PORT, port);
    ruleset_match(f->matcher, f->event, on_match, f);
}

static void tick(struct fixture *f, usec_t after)
{
    tracker_tick(f->tracker, BEGIN + after * SECOND);
}

static uint64_t unsure(const struct fixture *f)
{
    return tracker_counts(f->tracker, 0).unsure;
}

static void a_silence_is_told_when_time_went_past_it(void **state)
{
    struct fixture *f = *state;

    open_with(f, ENDS_IN_SILENCE);
    call(f, "10.0.0.1", 1, 0);
    tick(f, 30);
    assert_int_equal(f->count, 0);
    tick(f, 31);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->time, BEGIN + 30 * SECOND);
    assert_int_equal(f->port, 1);
    assert_int_equal(f->times[0], BEGIN);
    assert_int_equal(f->times[1], BEGIN + 30 * SECOND);
    tick(f, 300);
    assert_int_equal(f->count, 1);
}

static void any_later_event_tells_it_too(void **state)
{
    struct fixture *f = *state;

    open_with(f, ENDS_IN_SILENCE);
    call(f, "10.0.0.1", 1, 0);
    call(f, "10.0.0.9", 2, 31);
    assert_int_equal(f->count, 1);
    call(f, "10.0.0.1", 2, 32);
    assert_int_equal(f->count, 1);
}

static void who_breaks_the_silence_is_not_told_of(void **state)
{
    struct fixture *f = *state;

    open_with(f, ENDS_IN_SILENCE);
    call(f, "10.0.0.1", 1, 0);
    call(f, "10.0.0.2", 1, 1);
    call(f, "10.0.0.1", 2, 30);
    tick(f, 100);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->time, BEGIN + 31 * SECOND);
    assert_int_equal(unsure(f), 0);
}

static void the_end_of_a_capture_tells_nothing_that_is_not_over(void **state)
{
    struct fixture *f = *state;

    open_with(f, ENDS_IN_SILENCE);
    call(f, "10.0.0.1", 1, 0);
    tracker_finish(f->tracker);
    assert_int_equal(f->count, 0);
}

static void a_silence_waits_until_its_time_was_seen(void **state)
{
    struct fixture *f = *state;

    open_with(f, ENDS_IN_SILENCE);
    tracker_seen(f->tracker, BEGIN + 25 * SECOND);
    call(f, "10.0.0.1", 1, 0);
    tick(f, 100);
    assert_int_equal(f->count, 0);
    tracker_seen(f->tracker, BEGIN + 101 * SECOND);
    tick(f, 102);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->time, BEGIN + 30 * SECOND);
}

static void a_silence_of_which_something_was_missed_is_none(void **state)
{
    struct fixture *f = *state;

    open_with(f, ENDS_IN_SILENCE);
    tracker_missed(f->tracker, BEGIN - SECOND);
    call(f, "10.0.0.1", 1, 0);
    call(f, "10.0.0.2", 1, 20);
    tracker_missed(f->tracker, BEGIN + 10 * SECOND);
    tick(f, 100);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->time, BEGIN + 50 * SECOND);
    assert_int_equal(unsure(f), 1);
}

static void within_a_sequence_it_is_the_same(void **state)
{
    struct fixture *f = *state;

    open_with(f, ENDS_IN_SILENCE GOES_ON);
    call(f, "10.0.0.1", 1, 0);
    call(f, "10.0.0.1", 3, 20);
    tick(f, 40);
    assert_int_equal(f->count, 0);
    call(f, "10.0.0.1", 3, 50);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->port, 3);
    call(f, "10.0.0.1", 1, 100);
    tracker_missed(f->tracker, BEGIN + 110 * SECOND);
    call(f, "10.0.0.1", 3, 150);
    assert_int_equal(f->count, 1);
    assert_int_equal(unsure(f), 1);
}

/* Outside its hours a rule hears of nothing, which is not that nothing comes. */
static void a_silence_lies_within_the_hours_of_its_rule(void **state)
{
    struct fixture *f = *state;
    auto_free char *rule =
        rules_one("flow_start", "    during: morning\n" ENDS_IN_SILENCE);
    auto_free char *text = xasprintf(
        "%sschedules:\n  morning: {tz: UTC, when: [{from: \"08:00\", to: \"10:01\"}]}\n",
        rule);

    use(f, rules_load(text));
    call(f, "10.0.0.1", 1, 0);
    call(f, "10.0.0.2", 1, 45);
    tick(f, 300);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->time, BEGIN + 30 * SECOND);
    assert_int_equal(unsure(f), 1);
}

/* Nobody may be told of something because an exception says that it is harmless. */
static void what_an_exception_covers_breaks_a_silence_and_begins_none(void **state)
{
    struct fixture *f = *state;

    open_with(
        f, ENDS_IN_SILENCE
        "    exceptions:\n"
        "      - name: known\n"
        "        fields: [dst.port]\n"
        "        values:\n"
        "          - {tuple: [2], until: 2030-01-01, owner: security, why: known}\n");
    call(f, "10.0.0.1", 1, 0);
    call(f, "10.0.0.1", 2, 10);
    tick(f, 100);
    assert_int_equal(f->count, 0);
    open_with(
        f, ENDS_IN_SILENCE
        "    exceptions:\n"
        "      - name: known\n"
        "        fields: [src.ip]\n"
        "        values:\n"
        "          - {tuple: [10.0.0.1], until: 2030-01-01, owner: security, why: k}\n");
    call(f, "10.0.0.1", 1, 200);
    call(f, "10.0.0.2", 1, 200);
    tick(f, 300);
    assert_int_equal(f->count, 1);
}

static void who_waits_goes_on_waiting_over_a_reload(void **state)
{
    struct fixture *f = *state;

    open_with(f, ENDS_IN_SILENCE);
    call(f, "10.0.0.1", 1, 0);
    call(f, "10.0.0.2", 1, 0);
    open_with(f, ENDS_IN_SILENCE);
    call(f, "10.0.0.2", 2, 10);
    tick(f, 40);
    assert_int_equal(f->count, 1);
}

static void who_gives_up_its_place_is_not_told_and_counted(void **state)
{
    struct fixture *f = *state;

    open_with(f, ENDS_IN_SILENCE "      max_keys: 2\n");
    call(f, "10.0.0.1", 1, 0);
    call(f, "10.0.0.2", 1, 1);
    call(f, "10.0.0.3", 1, 2);
    tick(f, 100);
    assert_int_equal(f->count, 2);
    assert_true(tracker_counts(f->tracker, 0).evicted > 0);
}

/* Whenever ticks come, and however many. */
static void ticks_change_nothing_about_what_is_told(void **state)
{
    struct fixture *f = *state;
    size_t without;

    for (int ticks = 0; ticks < 2; ticks++) {
        uint32_t seed = 1;

        open_with(f, ENDS_IN_SILENCE);
        tick(f, (usec_t)(ticks + 1) * 9000); /* what is left of the round before */
        f->count = 0;
        for (usec_t i = 0; i < 2000; i++) {
            char src[16];

            seed = seed * 1664525 + 1013904223;
            snprintf(src, sizeof(src), "10.0.0.%u", seed >> 8 & 15);
            if (ticks)
                tick(f, (usec_t)(ticks + 1) * 10000 + i);
            call(f, src, 1 + (seed >> 20 & 1), (usec_t)(ticks + 1) * 10000 + i);
        }
        if (!ticks)
            without = f->count;
    }
    assert_int_equal(f->count, without);
    assert_true(without > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_silence_is_told_when_time_went_past_it),
        TEST(any_later_event_tells_it_too),
        TEST(who_breaks_the_silence_is_not_told_of),
        TEST(the_end_of_a_capture_tells_nothing_that_is_not_over),
        TEST(a_silence_waits_until_its_time_was_seen),
        TEST(a_silence_of_which_something_was_missed_is_none),
        TEST(within_a_sequence_it_is_the_same),
        TEST(a_silence_lies_within_the_hours_of_its_rule),
        TEST(what_an_exception_covers_breaks_a_silence_and_begins_none),
        TEST(who_waits_goes_on_waiting_over_a_reload),
        TEST(who_gives_up_its_place_is_not_told_and_counted),
        TEST(ticks_change_nothing_about_what_is_told),
    };

    return cmocka_run_group_tests_name("silence", tests, NULL, NULL);
}
