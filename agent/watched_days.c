/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each of the two is one word, written at once, so that several sensors need no lock:
 * whoever loses a race is told the same by its next event.
 */
#include "agent/watched_days.h"

#define STEADY_MINUTES 60 /* of a day that counts, and the longest silence within */
#define MINUTES_MOST   (UINT32_MAX - 1)
#define DAY_MINUTES    (USEC_PER_DAY / USEC_PER_MIN)

/* Sensors are not at the same instant, nor is each as far with its packets. */
#define BEHIND_MINUTES 5

uint64_t watched_units(usec_t time, usec_t unit, uint64_t most)
{
    uint64_t n = time < WATCHED_EPOCH ? 0 : (time - WATCHED_EPOCH) / unit;

    return n < most ? n : most;
}

static uint64_t get(const _Atomic uint64_t *from)
{
    return atomic_load_explicit(from, memory_order_relaxed);
}

static bool change(_Atomic uint64_t *at, uint64_t was, uint64_t is)
{
    return atomic_compare_exchange_strong_explicit(at, &was, is, memory_order_relaxed,
                                                   memory_order_relaxed);
}

/* How many minutes of the day of that minute were watched so far. */
static uint64_t steady_minutes(struct watched_days *w, uint64_t minute)
{
    uint64_t was = get(&w->steady), last = was >> 32, steady = was & UINT32_MAX;
    bool behind = minute < last && last - minute <= BEHIND_MINUTES;

    if (minute == last || behind)
        return behind ? 0 : steady;
    if (minute > last && minute - last <= STEADY_MINUTES &&
        minute / DAY_MINUTES == last / DAY_MINUTES)
        steady += minute - last;
    else
        steady = 0;
    return change(&w->steady, was, minute << 32 | steady) ? steady : 0;
}

/* A clock that is not set yet says nothing of days. */
bool watched_days_see(struct watched_days *w, usec_t now)
{
    uint64_t minute = watched_units(now, USEC_PER_MIN, MINUTES_MOST);
    uint64_t day = watched_units(now, USEC_PER_DAY, WATCHED_DAYS_MOST);
    uint64_t was = get(&w->days), newest = was >> 32, count = was & UINT32_MAX;

    if (steady_minutes(w, minute) < STEADY_MINUTES || day == 0 || newest == day)
        return false;
    if (day > newest && count < UINT32_MAX)
        count++;
    return change(&w->days, was, day << 32 | count);
}

uint32_t watched_days_count(const struct watched_days *w)
{
    return (uint32_t)get(&w->days);
}

uint32_t watched_days_newest(const struct watched_days *w)
{
    return (uint32_t)(get(&w->days) >> 32);
}
