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
 * A step may be a silence: no event that meets it comes for so long after the step before
 * it. A run that waits for its end is ended by such an event, and else goes on at that
 * end. Of those that wait for the same silence the one that has waited longest is kept,
 * since what ends it ends them all: so a step that keeps coming does not put the end off.
 * That the time is over, and whether all of it was seen, the owner knows: it asks
 * sequence_waits before each event, and says so by sequence_silence.
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

/* What the rule says. */
struct sequence_plan {
    size_t steps;
    usec_t within;
    const usec_t *silence; /* of each step how long nothing is to come; 0: an event is */
};

/* Bytes of one; all zero is where nothing has happened yet. */
size_t sequence_size(size_t steps);

/* met: the steps that the event meets, a bit each. True when it is the last one: then
 * ret_times has the time of each step. */
bool sequence_add(struct sequence *s, const struct sequence_plan *plan, uint32_t met,
                  usec_t time, usec_t *ret_times);

/* Whether a run waits for the end of the silence that is this step, and since when. */
bool sequence_waits(const struct sequence *s, const struct sequence_plan *plan,
                    size_t step, usec_t *ret_since);

/* That silence is over. kept: nobody broke it, and the run goes on, else it ends. True
 * when it was the last step. */
bool sequence_silence(struct sequence *s, const struct sequence_plan *plan, size_t step,
                      bool kept, usec_t *ret_times);

/* How many steps the furthest run has behind it. */
size_t sequence_reached(const struct sequence *s);

#endif
