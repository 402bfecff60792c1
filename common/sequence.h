/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sequence.h - how far one key of a rule has come through the steps of its sequence.
 *
 * A sequence is met when events came that meet its steps in their order, the last no
 * later than `within` after the first; whatever comes in between does not matter. One
 * event is one step of a run at most. For each step the run that came to it and began
 * last is kept, for it has the most time left; a first step that comes again so
 * replaces the run that waits for the second, but not one that is further. No run that
 * could be met is missed, and a key takes the same room however many events come. When a
 * sequence is met, all that led to it is used up: the next one begins anew.
 *
 * Events come in order of time; of those of one time, in the order of hits.h's merger.
 */
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"

struct sequence {
    usec_t newest;
    uint32_t reached; /* steps to which a run has come, a bit each */
    usec_t times[];   /* for each step those of its run: of one, of two, of three, ... */
};

/* Bytes of one; all zero is where nothing has happened yet. */
size_t sequence_size(size_t steps);

/* met: the steps that the event meets, a bit each. True when it is the last one: then
 * ret_times has the time of each step. */
bool sequence_add(struct sequence *s, size_t steps, usec_t within, uint32_t met,
                  usec_t time, usec_t *ret_times);

/* How many steps the furthest run has behind it. */
size_t sequence_reached(const struct sequence *s);

#endif
