/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>

#include "clock.h"

#define NEW_YEAR (UINT64_C(1767225600) * USEC_PER_SEC) /* 2026-01-01T00:00:00Z */

static void assert_reads(const char *text, usec_t wanted)
{
    usec_t time = 1;

    if (clock_parse(text, &time) != 0 || time != wanted)
        fail_msg("%s gave %lu, not %lu", text, (unsigned long)time,
                 (unsigned long)wanted);
}

static void a_time_is_printed_as_eve_writes_it(void **state)
{
    char text[CLOCK_TEXT];

    (void)state;
    clock_print(NEW_YEAR + 9 * USEC_PER_HOUR + 42, text);
    assert_string_equal(text, "2026-01-01T09:00:00.000042+0000");
    clock_print(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000000+0000");
}

static void the_last_time_of_all_has_room(void **state)
{
    char text[CLOCK_TEXT];

    (void)state;
    clock_print(UINT64_MAX, text);
    assert_string_equal(text, "586524-01-19T08:01:49.551615+0000");
}

static void every_usual_way_to_write_a_time_is_read(void **state)
{
    (void)state;
    assert_reads("2026-01-01", NEW_YEAR);
    assert_reads("2026-01-01T00:00:00Z", NEW_YEAR);
    assert_reads("2026-01-01 00:00:00Z", NEW_YEAR);
    assert_reads("2026-01-01T00:00:00.000042+0000", NEW_YEAR + 42);
    assert_reads("2026-01-01T00:00:00.5Z", NEW_YEAR + USEC_PER_SEC / 2);
    assert_reads("2026-01-01T00:00:00.000000999Z", NEW_YEAR);
    assert_reads("2026-01-01T05:30:00+05:30", NEW_YEAR);
    assert_reads("2025-12-31T19:00:00-05:00", NEW_YEAR);
    assert_reads("2024-02-29", UINT64_C(1709164800) * USEC_PER_SEC);
    assert_reads("2025-12-31T23:59:60Z", NEW_YEAR);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "now",
        "2026",
        "2026-1-1",
        "2026-13-01",
        "2026-00-10",
        "2026-04-31",
        "2025-02-29",
        "2026-01-01T",
        "2026-01-01T00:00",
        "2026-01-01T00:00:00",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+0",
        "2026-01-01T00:00:00+00:60",
        "2026-01-01T00:00:00Zulu",
        "2026-01-01x",
        "1969-12-31",
        "1970-01-01T00:00:00+01:00",
    };
    usec_t time = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (clock_parse(wrong[i], &time) != -EINVAL)
            fail_msg("took \"%s\" for a time", wrong[i]);
    assert_int_equal(time, 7);
}

static void a_duration_is_printed_in_its_largest_whole_unit(void **state)
{
    static const struct {
        usec_t duration;
        const char *text;
    } cases[] = {
        {0, "0 s"},
        {1, "1 us"},
        {250 * USEC_PER_MSEC, "250 ms"},
        {5 * USEC_PER_SEC, "5 s"},
        {90 * USEC_PER_SEC, "90 s"},
        {30 * USEC_PER_MIN, "30 min"},
        {2 * USEC_PER_HOUR, "2 h"},
        {36 * USEC_PER_HOUR, "36 h"},
        {14 * USEC_PER_DAY, "14 d"},
    };
    char text[CLOCK_TEXT];
    usec_t back;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        clock_print_duration(cases[i].duration, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(clock_parse_duration(text, &back), 0);
        assert_int_equal(back, cases[i].duration);
    }
}

static void a_duration_needs_a_whole_number_and_a_unit(void **state)
{
    static const char *const wrong[] = {"",    "5",   "s",    "-5s",  "1.5h",
                                        "5 w", "5sx", " 5 s", "5 s ", "5S"};
    usec_t duration = 7;

    (void)state;
    assert_int_equal(clock_parse_duration("15m", &duration), 0);
    assert_int_equal(duration, 15 * USEC_PER_MIN);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (clock_parse_duration(wrong[i], &duration) != -EINVAL)
            fail_msg("took \"%s\" for a duration", wrong[i]);
    assert_int_equal(clock_parse_duration("99999999999999999999s", &duration), -ERANGE);
    assert_int_equal(clock_parse_duration("1000000000d", &duration), -ERANGE);
    assert_int_equal(duration, 15 * USEC_PER_MIN);
}

static void the_monotonic_clock_does_not_go_back(void **state)
{
    usec_t before = clock_monotonic();

    (void)state;
    assert_true(clock_monotonic() >= before);
    assert_true(clock_wall() > NEW_YEAR / 2);
}

/* A leap year, a century that is none, and one that is. */
static void every_day_is_read_as_it_is_printed(void **state)
{
    char text[CLOCK_TEXT];
    usec_t read;

    (void)state;
    for (usec_t time = 86399 * USEC_PER_SEC; time < 480 * 365 * USEC_PER_DAY;
         time += USEC_PER_DAY) {
        clock_print(time, text);
        assert_int_equal(clock_parse(text, &read), 0);
        assert_true(read == time);
    }
    assert_int_equal(clock_parse("2100-02-29", &read), -EINVAL);
    assert_int_equal(clock_parse("2400-02-29", &read), 0);
    assert_int_equal(clock_parse("2026-13-01", &read), -EINVAL);
    assert_int_equal(clock_parse("2026-00-01", &read), -EINVAL);
    assert_int_equal(clock_parse("2026-12-32", &read), -EINVAL);
    assert_int_equal(clock_parse("1969-12-31", &read), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_printed_as_eve_writes_it),
        cmocka_unit_test(the_last_time_of_all_has_room),
        cmocka_unit_test(every_usual_way_to_write_a_time_is_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_duration_is_printed_in_its_largest_whole_unit),
        cmocka_unit_test(a_duration_needs_a_whole_number_and_a_unit),
        cmocka_unit_test(the_monotonic_clock_does_not_go_back),
        cmocka_unit_test(every_day_is_read_as_it_is_printed),
    };

    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
