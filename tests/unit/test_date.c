/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "localtime.h"

static void known_dates_have_their_number(void **state)
{
    (void)state;
    assert_int_equal(day_of_date(1970, 1, 1), 0);
    assert_int_equal(day_of_date(1969, 12, 31), -1);
    assert_int_equal(day_of_date(2000, 2, 29), 11016);
    assert_int_equal(day_of_date(2000, 3, 1), 11017);
    assert_int_equal(day_of_date(2026, 11, 23), 20780);
    assert_int_equal(day_of_date(1600, 1, 1), -135140);
}

static void every_day_of_eight_centuries_comes_back(void **state)
{
    int year = 1600;
    unsigned month = 1, day = 1;
    int32_t last = day_of_date(2400, 12, 31);

    (void)state;
    for (int32_t d = day_of_date(year, month, day); d <= last; d++) {
        int next_year;
        unsigned next_month, next_day;

        date_of_day(d, &next_year, &next_month, &next_day);
        assert_int_equal(day_of_date(next_year, next_month, next_day), d);
        if (next_day != 1 && next_day != day)
            assert_int_equal(next_day, day + 1);
        year = next_year;
        day = next_day;
    }
    assert_int_equal(year, 2400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_dates_have_their_number),
        cmocka_unit_test(every_day_of_eight_centuries_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
