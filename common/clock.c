/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A unit of duration: how it is printed, how else it may be written. */
static const struct unit {
    const char *name, *letter;
    usec_t usec;
} units[] = {
    {"d", "d", USEC_PER_DAY}, {"h", "h", USEC_PER_HOUR},   {"min", "m", USEC_PER_MIN},
    {"s", "s", USEC_PER_SEC}, {"ms", "ms", USEC_PER_MSEC}, {"us", "us", 1},
};

#define UNITS (sizeof(units) / sizeof(units[0]))

static usec_t clock_now(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (usec_t)now.tv_sec * USEC_PER_SEC + (usec_t)now.tv_nsec / 1000;
}

usec_t clock_wall(void)
{
    return clock_now(CLOCK_REALTIME);
}

uint64_t clock_nanoseconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

usec_t clock_monotonic(void)
{
    return clock_now(CLOCK_MONOTONIC);
}

void clock_print(usec_t time, char ret_text[CLOCK_TEXT])
{
    time_t seconds = (time_t)(time / USEC_PER_SEC);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    snprintf(ret_text, CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%06u+0000",
             utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
             utc.tm_sec, (unsigned)(time % USEC_PER_SEC));
}

/* Reads exactly `digits` digits and moves on. */
static bool read_digits(const char **at, int digits, int *ret_number)
{
    int number = 0;

    for (int i = 0; i < digits; i++) {
        if (!isdigit((unsigned char)**at))
            return false;
        number = number * 10 + (*(*at)++ - '0');
    }
    *ret_number = number;
    return true;
}

static bool read_char(const char **at, char wanted)
{
    if (**at != wanted)
        return false;
    (*at)++;
    return true;
}

/* Days from 1970 on, in the Gregorian calendar. The year begins in March, so that the day
 * that not all have is its last. */
static int64_t days_to(int year, int month, int day)
{
    int64_t from_march = (month + 9) % 12, whole = year - (month <= 2);

    return whole * 365 + whole / 4 - whole / 100 + whole / 400 +
           (from_march * 306 + 5) / 10 + day - 719469;
}

static bool read_date(const char **at, int64_t *ret_days)
{
    int year, month, day;

    if (!read_digits(at, 4, &year) || !read_char(at, '-') ||
        !read_digits(at, 2, &month) || !read_char(at, '-') || !read_digits(at, 2, &day))
        return false;
    if (year < 1970 || month < 1 || month > 12 || day < 1)
        return false;
    *ret_days = days_to(year, month, day);
    return *ret_days < days_to(year + month / 12, month % 12 + 1, 1);
}

/* RFC 3339 section 5.6 partial-time: 23:59:60 is there, a leap second. */
static bool read_time(const char **at, struct tm *tm, usec_t *ret_fraction)
{
    usec_t unit = USEC_PER_SEC;

    *ret_fraction = 0;
    if (!read_digits(at, 2, &tm->tm_hour) || !read_char(at, ':') ||
        !read_digits(at, 2, &tm->tm_min) || !read_char(at, ':') ||
        !read_digits(at, 2, &tm->tm_sec))
        return false;
    if (tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60)
        return false;
    if (!read_char(at, '.'))
        return true;
    if (!isdigit((unsigned char)**at))
        return false;
    for (; isdigit((unsigned char)**at); (*at)++) {
        unit /= 10;
        *ret_fraction += unit * (usec_t)(**at - '0');
    }
    return true;
}

/* "Z", "+01:00" or "+0100": seconds east of UTC. */
static bool read_offset(const char **at, int *ret_seconds)
{
    int hours, minutes, sign = **at == '-' ? -1 : 1;

    if (read_char(at, 'Z')) {
        *ret_seconds = 0;
        return true;
    }
    if (!read_char(at, '+') && !read_char(at, '-'))
        return false;
    if (!read_digits(at, 2, &hours))
        return false;
    read_char(at, ':');
    if (!read_digits(at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

int clock_parse(const char *text, usec_t *ret_time)
{
    struct tm tm = {0};
    usec_t fraction = 0;
    int offset = 0;
    int64_t days, seconds;

    if (!read_date(&text, &days))
        return -EINVAL;
    if (*text != '\0') {
        if (!read_char(&text, 'T') && !read_char(&text, ' '))
            return -EINVAL;
        if (!read_time(&text, &tm, &fraction) || !read_offset(&text, &offset) ||
            *text != '\0')
            return -EINVAL;
    }
    seconds = ((days * 24 + tm.tm_hour) * 60 + tm.tm_min) * 60 + tm.tm_sec - offset;
    if (seconds < 0)
        return -EINVAL;
    *ret_time = (usec_t)seconds * USEC_PER_SEC + fraction;
    return 0;
}

void clock_print_duration(usec_t duration, char ret_text[CLOCK_TEXT])
{
    size_t i = 0;

    if (duration == 0) {
        snprintf(ret_text, CLOCK_TEXT, "0 s");
        return;
    }
    while (duration % units[i].usec != 0)
        i++;
    snprintf(ret_text, CLOCK_TEXT, "%" PRIu64 " %s", duration / units[i].usec,
             units[i].name);
}

int clock_parse_duration(const char *text, usec_t *ret_duration)
{
    usec_t number = 0;

    if (!isdigit((unsigned char)*text))
        return -EINVAL;
    for (; isdigit((unsigned char)*text); text++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (usec_t)(*text - '0'), &number))
            return -ERANGE;
    text += strspn(text, " ");
    for (size_t i = 0; i < UNITS; i++) {
        if (strcmp(text, units[i].name) != 0 && strcmp(text, units[i].letter) != 0)
            continue;
        if (__builtin_mul_overflow(number, units[i].usec, &number))
            return -ERANGE;
        *ret_duration = number;
        return 0;
    }
    return -EINVAL;
}
