/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - time, in microseconds since 1970 (UTC) unless a name says monotonic.
 *
 * Time is handed in as an argument everywhere; only a process's edge asks for it.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t usec_t;

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC  UINT64_C(1000000)
#define USEC_PER_MIN  (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_PER_DAY  (24 * USEC_PER_HOUR)

#define CLOCK_TEXT 88 /* room for a printed time of any year, its zero byte included */

usec_t clock_wall(void);

/* Never goes back; compare only with itself. */
usec_t clock_monotonic(void);

/* The same in nanoseconds, to measure with. */
uint64_t clock_nanoseconds(void);

/* "2026-01-01T09:00:00.000000+0000", as EVE writes it. */
void clock_print(usec_t time, char ret_text[CLOCK_TEXT]);

/*
 * Reads what clock_print writes, RFC 3339 (with Z or an offset, fraction or not) and
 * "2026-01-01" as its midnight in UTC. -EINVAL for anything else.
 */
int clock_parse(const char *text, usec_t *ret_time);

/* "2 h", "30 min", "5 s", "250 ms": the largest unit that loses nothing (d, h, min, s,
 * ms, us). */
void clock_print_duration(usec_t duration, char ret_text[CLOCK_TEXT]);

/*
 * A whole number and a unit (us, ms, s, m or min, h, d), with a blank between them or
 * not: "90s", "30 min". -EINVAL for anything else, -ERANGE when it doesn't fit.
 */
int clock_parse_duration(const char *text, usec_t *ret_duration);

#endif
