/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "localtime.h"

/* A zone of two transitions and a rule, as small as a file can be. */
static const char tiny[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                           "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0"
                           "\0\0\0\0\0\0"
                           "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                           "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\2\0\0\0\0"
                           "\0\0\0\0\0\0\0\x64\0\0\0\0\0\0\0\xc8"
                           "\1\0"
                           "\0\0\0\0\0\0"
                           "\0\0\x0e\x10\1\0"
                           "\nUTC-2\n";

static struct zone *zone(const char *name)
{
    struct zone *z;

    assert_int_equal(zone_open(name, &z), 0);
    return z;
}

/* At an instant in UTC the clock on the wall shows what is said. */
static void shows(const struct zone *z, const char *utc, const char *date,
                  unsigned weekday, unsigned minute, int hours_east)
{
    usec_t time;
    struct local_time local;
    int year;
    unsigned month, day;
    char text[16];

    assert_int_equal(clock_parse(utc, &time), 0);
    local = zone_local(z, time);
    date_of_day(local.day, &year, &month, &day);
    snprintf(text, sizeof(text), "%04d-%02u-%02u", year % 10000, month % 100, day % 100);
    assert_string_equal(text, date);
    assert_int_equal(local.weekday, weekday);
    assert_int_equal(local.minute, minute);
    assert_int_equal(local.offset, hours_east * 3600);
}

static void chicago_changes_its_clock_in_march_and_november(void **state)
{
    auto_zone struct zone *z = zone("America/Chicago");

    (void)state;
    shows(z, "2026-03-08T07:59:59Z", "2026-03-08", 6, 119, -6);
    shows(z, "2026-03-08T08:00:00Z", "2026-03-08", 6, 180, -5);
    shows(z, "2026-11-01T06:59:59Z", "2026-11-01", 6, 119, -5);
    shows(z, "2026-11-01T07:00:00Z", "2026-11-01", 6, 60, -6);
}

static void berlin_changes_its_clock_in_march_and_october(void **state)
{
    auto_zone struct zone *z = zone("Europe/Berlin");

    (void)state;
    shows(z, "2026-03-29T00:59:59Z", "2026-03-29", 6, 119, 1);
    shows(z, "2026-03-29T01:00:00Z", "2026-03-29", 6, 180, 2);
    shows(z, "2026-10-25T00:59:59Z", "2026-10-25", 6, 179, 2);
    shows(z, "2026-10-25T01:00:00Z", "2026-10-25", 6, 120, 1);
}

static void sydney_has_summer_over_the_new_year(void **state)
{
    auto_zone struct zone *z = zone("Australia/Sydney");

    (void)state;
    shows(z, "2026-04-04T15:59:59Z", "2026-04-05", 6, 179, 11);
    shows(z, "2026-04-04T16:00:00Z", "2026-04-05", 6, 120, 10);
    shows(z, "2026-10-03T15:59:59Z", "2026-10-04", 6, 119, 10);
    shows(z, "2026-10-03T16:00:00Z", "2026-10-04", 6, 180, 11);
    shows(z, "2026-12-31T13:00:00Z", "2027-01-01", 4, 0, 11);
}

static void the_rule_goes_on_after_the_last_entry_of_the_file(void **state)
{
    auto_zone struct zone *chicago = zone("America/Chicago");
    auto_zone struct zone *sydney = zone("Australia/Sydney");

    (void)state;
    shows(chicago, "2060-03-14T07:59:59Z", "2060-03-14", 6, 119, -6);
    shows(chicago, "2060-03-14T08:00:00Z", "2060-03-14", 6, 180, -5);
    shows(chicago, "2060-11-07T06:59:59Z", "2060-11-07", 6, 119, -5);
    shows(chicago, "2060-11-07T07:00:00Z", "2060-11-07", 6, 60, -6);
    shows(sydney, "2060-04-03T15:59:59Z", "2060-04-04", 6, 179, 11);
    shows(sydney, "2060-04-03T16:00:00Z", "2060-04-04", 6, 120, 10);
    shows(sydney, "2060-12-31T13:00:00Z", "2061-01-01", 5, 0, 11);
}

static void a_zone_without_summer_time_stays_as_it_is(void **state)
{
    auto_zone struct zone *z = zone("UTC");

    (void)state;
    shows(z, "1970-01-01T00:00:00Z", "1970-01-01", 3, 0, 0);
    shows(z, "2026-07-01T23:59:59Z", "2026-07-01", 2, 1439, 0);
}

static void what_is_no_zone_is_refused(void **state)
{
    static const char *const no_names[] = {"", "/etc/passwd", "../../etc/passwd",
                                           "Eur ope", "Europe/.."};
    struct zone *z = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(no_names) / sizeof(no_names[0]); i++)
        assert_int_equal(zone_open(no_names[i], &z), -EINVAL);
    assert_int_equal(zone_open("Europe/Nowhere", &z), -ENOENT);
    assert_int_equal(zone_open("Europe", &z), -ENOENT);
    assert_int_equal(zone_open("UTC/Berlin", &z), -ENOENT);
    assert_null(z);
}

static int32_t offset_of(const struct zone *z, uint64_t seconds)
{
    return zone_local(z, seconds * USEC_PER_SEC).offset;
}

static void before_between_and_after_transitions_each_has_its_offset(void **state)
{
    auto_zone struct zone *z = NULL;

    (void)state;
    assert_int_equal(zone_parse(tiny, sizeof(tiny) - 1, &z), 0);
    assert_int_equal(offset_of(z, 99), 0);
    assert_int_equal(offset_of(z, 100), 3600);
    assert_int_equal(offset_of(z, 199), 3600);
    assert_int_equal(offset_of(z, 200), 7200);
}

static void a_file_cut_short_is_refused(void **state)
{
    struct zone *z = NULL;

    (void)state;
    for (size_t len = 0; len < sizeof(tiny) - 1; len++)
        assert_int_equal(zone_parse(tiny, len, &z), -EBADMSG);
    assert_null(z);
}

static void a_file_that_contradicts_itself_is_refused(void **state)
{
    enum { SECOND = 50, DATA = SECOND + 44 };
    static const struct {
        size_t at;
        char byte;
    } faults[] = {
        {0, 'X'},
        {4, '1'},
        {SECOND, 'X'},
        {SECOND + 35, 99},
        {DATA + 7, (char)0xc8}, /* not ascending */
        {DATA + 16, 2},         /* there are types 0 and 1 */
        {DATA + 24, 0x7f},      /* an offset of days */
    };
    struct zone *z = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        char broken[sizeof(tiny)];

        memcpy(broken, tiny, sizeof(broken));
        broken[faults[i].at] = faults[i].byte;
        if (zone_parse(broken, sizeof(tiny) - 1, &z) != -EBADMSG)
            fail_msg("took byte %zu", faults[i].at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chicago_changes_its_clock_in_march_and_november),
        cmocka_unit_test(berlin_changes_its_clock_in_march_and_october),
        cmocka_unit_test(sydney_has_summer_over_the_new_year),
        cmocka_unit_test(the_rule_goes_on_after_the_last_entry_of_the_file),
        cmocka_unit_test(a_zone_without_summer_time_stays_as_it_is),
        cmocka_unit_test(what_is_no_zone_is_refused),
        cmocka_unit_test(before_between_and_after_transitions_each_has_its_offset),
        cmocka_unit_test(a_file_cut_short_is_refused),
        cmocka_unit_test(a_file_that_contradicts_itself_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
