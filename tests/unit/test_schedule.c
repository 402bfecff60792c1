/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>

#include "mem.h"
#include "schedule.h"

struct fixture {
    struct arena arena;
    struct diags *diags;
    struct yaml *yaml;
    struct schedule schedule;
    struct zone *site;
};

static const struct day_range breaks[] = {{20800, 20810, "autumn"}};
static const struct calendar calendars[] = {{"holidays", breaks, 1}};
static const struct district district = {.calendars = calendars, .calendar_count = 1};

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.diags = diags_new()};
    assert_int_equal(zone_open("America/Chicago", &f.site), 0);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    schedule_done(&f->schedule);
    yaml_release(f->yaml);
    zone_close(f->site);
    diags_free(f->diags);
    arena_done(&f->arena);
    return 0;
}

static bool understand(struct fixture *f, const char *text)
{
    schedule_done(&f->schedule);
    yaml_release(f->yaml);
    f->yaml = yaml_parse("s.yaml", text, strlen(text), f->diags);
    f->schedule = (struct schedule){.name = "s", .body = yaml_root(f->yaml)};
    return schedule_read(&f->schedule, &f->arena, &district, NULL, f->diags);
}

static bool holds(struct fixture *f, const char *time)
{
    usec_t t;

    assert_int_equal(clock_parse(time, &t), 0);
    return schedule_holds(&f->schedule, f->site, t);
}

static struct schedule_day day_of(struct fixture *f, const char *time)
{
    usec_t t;

    assert_int_equal(clock_parse(time, &t), 0);
    return schedule_day(&f->schedule, f->site, &district, t);
}

/* 13 to 23 December 2026 is the calendar's "autumn". */
static void the_day_is_a_calendars_or_else_one_of_school_or_the_weekend(void **state)
{
    struct fixture *f = *state;
    struct schedule_day day;

    assert_true(
        understand(f, "when: [{days: mon-fri, from: \"08:00\", to: \"15:00\"}]\n"));
    day = day_of(f, "2026-12-11T16:00:00Z");
    assert_string_equal(day.kind, "school_day");
    assert_null(day.label);
    assert_int_equal(day.day, 20798);
    assert_string_equal(day_of(f, "2026-12-12T16:00:00Z").kind, "weekend");
    day = day_of(f, "2026-12-14T16:00:00Z");
    assert_string_equal(day.kind, "holidays");
    assert_string_equal(day.label, "autumn");
}

static void the_day_of_hours_over_midnight_is_the_one_on_which_they_began(void **state)
{
    struct fixture *f = *state;

    assert_true(understand(f, "when: [{days: fri, from: \"22:00\", to: \"05:00\"}]\n"));
    assert_string_equal(day_of(f, "2026-12-12T08:00:00Z").kind, "school_day");
    assert_int_equal(day_of(f, "2026-12-12T08:00:00Z").day, 20798);
    assert_string_equal(day_of(f, "2026-12-12T12:00:00Z").kind, "weekend");
}

static void a_calendar_that_the_hours_name_is_told_before_others(void **state)
{
    static const struct day_range all[] = {{20790, 20830, NULL}};
    static const struct calendar two[] = {{"term", all, 1}, {"holidays", breaks, 1}};
    static const struct district both = {.calendars = two, .calendar_count = 2};
    struct fixture *f = *state;
    usec_t t;

    assert_int_equal(clock_parse("2026-12-14T16:00:00Z", &t), 0);
    assert_true(understand(f, "when: [{days: mon-fri}]\n"));
    assert_string_equal(schedule_day(&f->schedule, f->site, &both, t).kind, "term");
    assert_true(understand(f, "when: [{days: mon-fri}]\nexcept: {calendar: holidays}\n"));
    assert_string_equal(schedule_day(&f->schedule, f->site, &both, t).kind, "holidays");
}

static void hours_are_local_and_their_end_is_not_included(void **state)
{
    struct fixture *f = *state;

    assert_true(understand(f, "when: [{days: mon-fri, from: \"07:30\", to: \"15:45\"}]"));
    assert_false(holds(f, "2026-11-04T13:29:59Z")); /* 07:29:59 in Chicago */
    assert_true(holds(f, "2026-11-04T13:30:00Z"));
    assert_true(holds(f, "2026-11-04T21:44:59Z"));
    assert_false(holds(f, "2026-11-04T21:45:00Z"));
    assert_false(holds(f, "2026-11-07T15:00:00Z")); /* a Saturday */
}

static void both_changes_of_the_clock_are_followed(void **state)
{
    struct fixture *f = *state;

    assert_true(understand(f, "when: [{from: \"07:30\", to: \"15:45\"}]"));
    assert_true(holds(f, "2026-10-31T12:30:00Z"));  /* summer time: UTC-5 */
    assert_false(holds(f, "2026-11-01T12:30:00Z")); /* the clock went back: UTC-6 */
    assert_true(holds(f, "2026-11-01T13:30:00Z"));
    assert_false(holds(f, "2027-03-13T12:30:00Z"));
    assert_true(holds(f, "2027-03-14T12:30:00Z")); /* and forward */
}

static void a_night_belongs_to_the_day_on_which_it_began(void **state)
{
    struct fixture *f = *state;

    assert_true(
        understand(f, "{tz: UTC, when: [{days: fri, from: \"22:00\", to: \"06:00\"}]}"));
    assert_false(holds(f, "2026-11-06T05:00:00Z"));
    assert_true(holds(f, "2026-11-06T22:00:00Z"));
    assert_true(holds(f, "2026-11-07T05:59:00Z"));
    assert_false(holds(f, "2026-11-07T06:00:00Z"));
    assert_false(holds(f, "2026-11-07T23:00:00Z"));
    assert_true(understand(
        f, "{tz: UTC, when: [{dates: 2027-05-10, from: \"22:00\", to: \"06:00\"}]}"));
    assert_false(holds(f, "2027-05-10T05:00:00Z"));
    assert_true(holds(f, "2027-05-11T05:00:00Z"));
}

static void days_may_go_over_the_weekend(void **state)
{
    struct fixture *f = *state;

    assert_true(understand(f, "{tz: UTC, when: [{days: [sat-mon, wed]}]}"));
    assert_true(holds(f, "2026-11-07T00:00:00Z"));
    assert_true(holds(f, "2026-11-09T23:59:00Z"));
    assert_false(holds(f, "2026-11-10T00:00:00Z"));
    assert_true(holds(f, "2026-11-11T12:00:00Z"));
}

static void dates_hold_from_the_first_to_the_last(void **state)
{
    struct fixture *f = *state;

    assert_true(understand(
        f, "{tz: UTC, when: [{dates: [2027-05-10..2027-05-14, 2027-06-01]}]}"));
    assert_false(holds(f, "2027-05-09T23:59:00Z"));
    assert_true(holds(f, "2027-05-10T00:00:00Z"));
    assert_true(holds(f, "2027-05-14T23:59:00Z"));
    assert_false(holds(f, "2027-05-15T00:00:00Z"));
    assert_true(holds(f, "2027-06-01T12:00:00Z"));
}

static void calendars_take_days_out_or_are_the_days(void **state)
{
    struct fixture *f = *state;

    assert_true(understand(f, "{tz: UTC, when: [{}], except: {calendar: holidays}}"));
    assert_true(schedule_holds(&f->schedule, NULL, 20799 * USEC_PER_DAY));
    assert_false(schedule_holds(&f->schedule, NULL, 20800 * USEC_PER_DAY));
    assert_false(schedule_holds(&f->schedule, NULL, 20810 * USEC_PER_DAY));
    assert_true(schedule_holds(&f->schedule, NULL, 20811 * USEC_PER_DAY));
    assert_true(understand(f, "{tz: UTC, when: [{calendar: holidays}]}"));
    assert_false(schedule_holds(&f->schedule, NULL, 20799 * USEC_PER_DAY));
    assert_true(schedule_holds(&f->schedule, NULL, 20805 * USEC_PER_DAY));
}

static void without_a_district_no_day_is_in_a_calendar(void **state)
{
    struct fixture *f = *state;

    understand(f, "{tz: UTC, when: [{calendar: holidays}]}");
    schedule_done(&f->schedule);
    f->schedule = (struct schedule){.name = "s", .body = yaml_root(f->yaml)};
    assert_true(schedule_read(&f->schedule, &f->arena, NULL, NULL, f->diags));
    assert_false(schedule_holds(&f->schedule, f->site, 20805 * USEC_PER_DAY));
}

static void what_is_no_schedule_is_refused(void **state)
{
    static const char *const bad[] = {
        "{}",
        "when: mon",
        "when: [{days: mo}]",
        "when: [{days: monday}]",
        "when: [{from: \"7:30\"}]",
        "when: [{from: \"24:01\"}]",
        "when: [{from: \"12:60\"}]",
        "when: [{from: \"08:00\", to: \"08:00\"}]",
        "when: [{dates: 2027-05-14..2027-05-10}]",
        "when: [{dates: 2027-02-30}]",
        "when: [{calendar: holiday}]",
        "{tz: Mars/Olympus, when: [{}]}",
        "{when: [{}], except: {calendar: nothing}}",
        "{when: [{}], except: holidays}",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct fixture *f = *state;
        size_t errors = diags_errors(f->diags);

        if (understand(f, bad[i]) || diags_errors(f->diags) == errors)
            fail_msg("%s is taken", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(the_day_is_a_calendars_or_else_one_of_school_or_the_weekend),
        WITH_FIXTURE(the_day_of_hours_over_midnight_is_the_one_on_which_they_began),
        WITH_FIXTURE(a_calendar_that_the_hours_name_is_told_before_others),
        WITH_FIXTURE(hours_are_local_and_their_end_is_not_included),
        WITH_FIXTURE(both_changes_of_the_clock_are_followed),
        WITH_FIXTURE(a_night_belongs_to_the_day_on_which_it_began),
        WITH_FIXTURE(days_may_go_over_the_weekend),
        WITH_FIXTURE(dates_hold_from_the_first_to_the_last),
        WITH_FIXTURE(calendars_take_days_out_or_are_the_days),
        WITH_FIXTURE(without_a_district_no_day_is_in_a_calendar),
        WITH_FIXTURE(what_is_no_schedule_is_refused),
    };

    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
