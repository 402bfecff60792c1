/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.h - what one key of a rule has come to within the last while: so many events, so
 * many different values, such a sum, such a share, or how evenly its events come.
 *
 * An event at t counts up to and including t + within. What is kept is bounded: a count
 * keeps twice the times that the rule needs, a sum and a ratio PARTS_MAX parts, a
 * distinct count exact_up_to values. Beyond that approximate says that the value is not
 * exact: a count's is what is certain at least; a sum's what is there at most, as its two
 * oldest parts are joined, a ratio's is one over a little more than `within`; a distinct
 * count's is an estimate (hll.h), and error how far off it may be. Of a share, the two
 * oldest parts join and are nobody's: it is what is certain at least.
 *
 * A count of visits (`apart`) takes events that are closer together than that for one,
 * and tells of it when it begins: what goes on with a visit is never met. An event
 * reaches from its beginning to its end, so a conversation that is open all the while
 * keeps a visit up.
 *
 * Regular are events whose last intervals are alike: four of five differ from the middle
 * one by `jitter` per cent of it at most. One in five may be anything, as a lost packet
 * doubles an interval and a second look halves one.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include "agemap.h"
#include "hll.h"
#include "rule.h"

#define WINDOW_PARTS_MAX 4096
#define WINDOW_TIMES_MAX 64 /* REGULAR: events in a row */

struct window;

struct window_reading {
    uint64_t value; /* RATIO, SHARE: per cent, rounded down; 0 while there is nothing to
                       it; REGULAR: seconds of the middle interval, 0 before it has all */
    uint64_t count; /* RATIO: events it is a share of; SHARE: events of the value;
                       REGULAR: events looked at */
    bool met;       /* the rule's limit is reached */
    uint64_t error; /* DISTINCT, approximate: how far off, either way */
    usec_t first, last; /* of the events counted in */
    bool approximate;
};

/* What an event brings. */
struct window_item {
    uint64_t amount; /* SUM, SHARE */
    uint32_t parts;  /* RATIO: which sides the event is on, bit 1 << RATIO_OF, _TO */
    struct agemap_key key; /* DISTINCT, SHARE: the value, by a hash nobody can foresee;
                              SHARE: {0} is none, which has no part of its own */
    uint64_t hash;         /* DISTINCT: by one that is the same in every process */
    usec_t began, ended;   /* COUNT with `apart`: what the event tells of */
};

/* {0} is an empty one of any kind. */
struct window {
    struct window_part {
        usec_t time;
        uint64_t amount;
    } * ring;         /* COUNT, SUM, SHARE, REGULAR; RATIO: one side << 32 | the other */
    uint64_t *owners; /* SHARE: whose each part of the ring is; 0: nobody's */
    uint32_t start, count, room;
    struct agemap *values; /* DISTINCT: each with the time it was seen last */
    struct hll *estimate;  /* DISTINCT: while they are more than exact_up_to */
    uint64_t sum;
    usec_t newest, blurred_until;
    usec_t visited_until; /* COUNT with `apart` */
};

/* An event at time. Time never goes back: an earlier one counts as the newest. */
struct window_reading window_add(struct window *w, const struct rule_window *rule,
                                 usec_t time, const struct window_item *item);
void window_done(struct window *w);
size_t window_bytes(const struct window *w);

#endif
