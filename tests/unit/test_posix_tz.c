/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>

#include "common/posix_tz.h"
#include "localtime.h"

#define DAY 86400

static struct posix_tz parsed(const char *text)
{
    struct posix_tz tz;

    if (posix_tz_parse(text_of(text), &tz) != 0)
        fail_msg("refused \"%s\"", text);
    return tz;
}

static void offsets_are_east_of_utc(void **state)
{
    (void)state;
    assert_int_equal(parsed("UTC0").standard, 0);
    assert_int_equal(parsed("CET-1").standard, 3600);
    assert_int_equal(parsed("<+0545>-5:45").standard, 20700);
    assert_int_equal(parsed("<-03>3").standard, -10800);
    assert_int_equal(parsed("TST+1:02:03").standard, -3723);
    assert_int_equal(parsed("CET-1CEST,M3.5.0,M10.5.0/3").summer, 7200);
    assert_int_equal(parsed("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0").summer, 39600);
}

static void what_is_no_rule_is_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "UTC",
                                        "UT0",
                                        "UTC25",
                                        "UTC0x",
                                        "<+01-1",
                                        "CET-1CEST",
                                        "CET-1CEST,M3.5.0",
                                        "A0",
                                        "CET-1:60",
                                        "CET-1CEST,M0.5.0,M10.5.0",
                                        "CET-1CEST,M13.5.0,M10.5.0",
                                        "CET-1CEST,M3.6.0,M10.5.0",
                                        "CET-1CEST,M3.5.7,M10.5.0",
                                        "CET-1CEST,J0,J365",
                                        "CET-1CEST,J1,J366",
                                        "CET-1CEST,366,1",
                                        "CET-1CEST,M3.5.0/168,M10.5.0",
                                        "CET-1CEST,M3.5.0,M10.5.0 "};
    struct posix_tz tz;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (posix_tz_parse(text_of(wrong[i]), &tz) != -EBADMSG)
            fail_msg("took \"%s\"", wrong[i]);
}

static int32_t offset(const char *text, int year, unsigned month, unsigned day,
                      int32_t second)
{
    struct posix_tz tz = parsed(text);

    return posix_tz_offset(&tz, (int64_t)day_of_date(year, month, day) * DAY + second);
}

static void days_are_counted_in_three_ways(void **state)
{
    (void)state;
    /* The last Sunday of March 2026 is the 29th. */
    assert_int_equal(offset("AAA0BBB,M3.5.0/0,M10.5.0/0", 2026, 3, 29, -1), 0);
    assert_int_equal(offset("AAA0BBB,M3.5.0/0,M10.5.0/0", 2026, 3, 29, 0), 3600);
    /* J60 is 1 March, leap year or not. */
    assert_int_equal(offset("AAA0BBB,J60/0,J300/0", 2024, 3, 1, -1), 0);
    assert_int_equal(offset("AAA0BBB,J60/0,J300/0", 2024, 3, 1, 0), 3600);
    assert_int_equal(offset("AAA0BBB,J60/0,J300/0", 2026, 3, 1, -1), 0);
    assert_int_equal(offset("AAA0BBB,J60/0,J300/0", 2026, 3, 1, 0), 3600);
    /* Day 59 is 29 February in a leap year, else 1 March. */
    assert_int_equal(offset("AAA0BBB,59/0,300/0", 2024, 2, 29, 0), 3600);
    assert_int_equal(offset("AAA0BBB,59/0,300/0", 2024, 2, 29, -1), 0);
    assert_int_equal(offset("AAA0BBB,59/0,300/0", 2026, 3, 1, -1), 0);
}

static void the_hour_of_a_change_may_lie_in_another_day(void **state)
{
    /* Nuuk changes at 22:00 on the Saturday before: an hour of -1 on Sunday. */
    const char *nuuk = "<-02>2<-01>,M3.5.0/-1,M10.5.0/0";

    (void)state;
    assert_int_equal(offset(nuuk, 2026, 3, 29, 3600 - 1), -7200);
    assert_int_equal(offset(nuuk, 2026, 3, 29, 3600), -3600);
    /* Summer all the year round (RFC 8536 section 3.3.1). */
    assert_int_equal(offset("EST5EDT,0/0,J365/25", 2026, 1, 1, 0), -14400);
    assert_int_equal(offset("EST5EDT,0/0,J365/25", 2026, 12, 31, DAY - 1), -14400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_are_east_of_utc),
        cmocka_unit_test(what_is_no_rule_is_refused),
        cmocka_unit_test(days_are_counted_in_three_ways),
        cmocka_unit_test(the_hour_of_a_change_may_lie_in_another_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
