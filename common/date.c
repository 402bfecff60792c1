/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Gregorian calendar as a count of days. Years are counted from March here, so that
 * the leap day is the last one; four hundred of them always have the same number of days.
 */
#include "localtime.h"

#define DAYS_PER_ERA 146097 /* 400 years */
#define ERA_OF_1970  719468 /* days from 0000-03-01 to 1970-01-01 */

int32_t day_of_date(int year, unsigned month, unsigned day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return (int32_t)(era * DAYS_PER_ERA + day_of_era - ERA_OF_1970);
}

void date_of_day(int32_t day, int *ret_year, unsigned *ret_month, unsigned *ret_day)
{
    int64_t z = (int64_t)day + ERA_OF_1970;
    int64_t era = (z >= 0 ? z : z - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int64_t day_of_era = z - era * DAYS_PER_ERA;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                           day_of_era / (DAYS_PER_ERA - 1)) /
                          365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */

    *ret_day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1);
    *ret_month = (unsigned)(month < 10 ? month + 3 : month - 9);
    *ret_year = (int)(year_of_era + era * 400 + (month >= 10));
}
