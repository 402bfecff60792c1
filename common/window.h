/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.h - what one key of a rule has come to within the last while: so many events, so
 * many different values, such a sum.
 *
 * An event at t counts up to and including t + within. What is kept is bounded: a count
 * keeps twice the times that the rule needs, a sum SUM_MAX parts, a distinct count
 * exact_up_to values. Beyond that the value is what is certain at least (sum: what is
 * there at most, as its two oldest parts are joined), and approximate says so.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include "agemap.h"
#include "rule.h"

#define WINDOW_SUM_MAX 4096

struct window;

struct window_reading {
    uint64_t value;
    usec_t first, last; /* of the events counted in */
    bool approximate;
};

/* {0} is an empty one of any kind. */
struct window {
    struct window_part {
        usec_t time;
        uint64_t amount;
    } * ring; /* COUNT, SUM */
    uint32_t start, count, room;
    struct agemap *values; /* DISTINCT: each with the time it was seen last */
    uint64_t sum;
    usec_t newest, blurred_until;
};

/* An event at time with the amount to add (SUM) or the value to tell apart (DISTINCT).
 * Time never goes back: an earlier one counts as the newest. */
struct window_reading window_add(struct window *w, const struct rule_window *rule,
                                 usec_t time, uint64_t amount,
                                 const struct agemap_key *value);
void window_done(struct window *w);
size_t window_bytes(const struct window *w);

#endif
