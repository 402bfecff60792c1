/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watched_days.h - on how many days a memory has learned, for one that says nothing
 * before it was there for a while. It lies in memory that all sensors of an agent share.
 *
 * A day counts once an hour of it has passed under our eyes: with something to learn at
 * least once an hour, and without a jump of the clock. So a clock that is not set yet,
 * one that jumps ahead and one that jumps to and fro make no days, however often they do
 * it; nor does a day on which next to nothing is seen. A clock that stays ahead for more
 * than an hour makes one day, and going back makes none.
 *
 * Days and minutes count from 2020-01-01, UTC; what is out of range, as the time of a
 * machine whose clock is not set, is the first or the last.
 */
#ifndef WATCHED_DAYS_H
#define WATCHED_DAYS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "clock.h"

#define WATCHED_EPOCH     (UINT64_C(1577836800) * USEC_PER_SEC) /* 2020-01-01 */
#define WATCHED_DAYS_MOST ((UINT64_C(1) << 15) - 1)

struct watched_days {
    _Atomic uint64_t days;   /* the newest << 32 | how many there were: what is kept */
    _Atomic uint64_t steady; /* the newest minute << 32 | minutes of its day watched */
};

/* Whole units since the epoch, `most` at most. */
uint64_t watched_units(usec_t time, usec_t unit, uint64_t most);

/* Something is learned at that time. True: days has changed. */
bool watched_days_see(struct watched_days *w, usec_t now);

uint32_t watched_days_count(const struct watched_days *w);

/* The newest day that counted. It begins an hour late, and no jump of the clock begins
 * it. */
uint32_t watched_days_newest(const struct watched_days *w);

#endif
