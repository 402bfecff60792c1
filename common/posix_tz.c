/* SPDX-License-Identifier: Apache-2.0 */
#include "posix_tz.h"

#include <ctype.h>
#include <errno.h>

#include "localtime.h"

#define HOUR 3600
#define DAY  86400

/* Reads from the left; once something was not as expected, it stays broken. */
struct reader {
    const char *at, *end;
    bool broken;
};

static char peek(const struct reader *r)
{
    return r->at < r->end ? *r->at : '\0';
}

static bool skip(struct reader *r, char c)
{
    if (peek(r) != c)
        return false;
    r->at++;
    return true;
}

static void expect(struct reader *r, char c)
{
    if (!skip(r, c))
        r->broken = true;
}

static unsigned read_number(struct reader *r, unsigned min, unsigned max)
{
    unsigned number = 0;

    if (!isdigit((unsigned char)peek(r)))
        r->broken = true;
    while (isdigit((unsigned char)peek(r)) && number <= max)
        number = number * 10 + (unsigned)(*r->at++ - '0');
    if (number < min || number > max)
        r->broken = true;
    return number;
}

/* CET or <+0330>: of no interest here. */
static void skip_name(struct reader *r)
{
    size_t letters = 0;

    if (skip(r, '<')) {
        while (r->at < r->end && *r->at != '>')
            r->at++;
        expect(r, '>');
        return;
    }
    for (; isalpha((unsigned char)peek(r)); letters++)
        r->at++;
    if (letters < 3)
        r->broken = true;
}

/* [+-]hh[:mm[:ss]] */
static int32_t read_time(struct reader *r, unsigned hours_max)
{
    bool negative = skip(r, '-');
    int32_t seconds;

    if (!negative)
        skip(r, '+');
    seconds = (int32_t)read_number(r, 0, hours_max) * HOUR;
    if (skip(r, ':'))
        seconds += (int32_t)read_number(r, 0, 59) * 60;
    if (skip(r, ':'))
        seconds += (int32_t)read_number(r, 0, 59);
    return negative ? -seconds : seconds;
}

static struct tz_change read_change(struct reader *r)
{
    struct tz_change c = {.seconds = 2 * HOUR};

    expect(r, ',');
    if (skip(r, 'M')) {
        c.how = TZ_MONTH_WEEK_DAY;
        c.month = read_number(r, 1, 12);
        expect(r, '.');
        c.week = read_number(r, 1, 5);
        expect(r, '.');
        c.day = read_number(r, 0, 6);
    } else if (skip(r, 'J')) {
        c.how = TZ_JULIAN;
        c.day = read_number(r, 1, 365);
    } else {
        c.how = TZ_ZERO_BASED;
        c.day = read_number(r, 0, 365);
    }
    if (skip(r, '/'))
        c.seconds = read_time(r, 167);
    return c;
}

/* POSIX counts hours west of Greenwich. */
int posix_tz_parse(struct text text, struct posix_tz *ret_tz)
{
    struct reader r = {.at = text.at, .end = text.at + text.len};
    struct posix_tz tz = {0};

    skip_name(&r);
    tz.standard = -read_time(&r, 24);
    if (r.at < r.end) {
        tz.has_summer = true;
        skip_name(&r);
        tz.summer = peek(&r) == ',' ? tz.standard + HOUR : -read_time(&r, 24);
        tz.begin = read_change(&r);
        tz.end = read_change(&r);
    }
    if (r.broken || r.at != r.end)
        return -EBADMSG;
    *ret_tz = tz;
    return 0;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The w-th weekday d of a month, the last one for week 5. POSIX's day 0 is Sunday. */
static int32_t month_week_day(int year, const struct tz_change *c)
{
    int32_t first = day_of_date(year, c->month, 1);
    int32_t next =
        c->month == 12 ? day_of_date(year + 1, 1, 1) : day_of_date(year, c->month + 1, 1);
    int32_t weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    int32_t day = first + ((int32_t)c->day - weekday + 7) % 7;

    day += 7 * ((int32_t)c->week - 1);
    return day >= next ? day - 7 : day;
}

static int64_t seconds_of(int year, const struct tz_change *c)
{
    int32_t day;

    if (c->how == TZ_MONTH_WEEK_DAY)
        day = month_week_day(year, c);
    else if (c->how == TZ_JULIAN)
        day = day_of_date(year, 1, 1) + (int32_t)c->day - 1 +
              (is_leap(year) && c->day >= 60);
    else
        day = day_of_date(year, 1, 1) + (int32_t)c->day;
    return (int64_t)day * DAY + c->seconds;
}

static int year_of(int64_t seconds)
{
    int32_t day = (int32_t)(seconds / DAY - (seconds % DAY < 0));
    unsigned month, day_of_month;
    int year;

    date_of_day(day, &year, &month, &day_of_month);
    return year;
}

int32_t posix_tz_offset(const struct posix_tz *tz, int64_t seconds)
{
    int year = year_of(seconds + tz->standard);
    int64_t begin, end;
    bool summer;

    if (!tz->has_summer)
        return tz->standard;
    begin = seconds_of(year, &tz->begin) - tz->standard;
    end = seconds_of(year, &tz->end) - tz->summer;
    if (begin < end)
        summer = seconds >= begin && seconds < end;
    else /* south of the equator summer goes over the new year */
        summer = seconds >= begin || seconds < end;
    return summer ? tz->summer : tz->standard;
}
