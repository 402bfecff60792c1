/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asked.h - captures that people ask for through the collector: whether this agent makes
 * one, and what it says to that. Within what it is allowed, what is asked for becomes a
 * gathering (gather.h), and its evidence travels as all other.
 *
 * Asked for twice is asked for once: the answer is the same. After a crash of the courier
 * what was under way still is; what the whole agent forgot is answered with UNKNOWN.
 */
#ifndef ASKED_H
#define ASKED_H

#include "agent/gather.h"
#include "district.h"
#include "json.h"
#include "wire_frame.h"

#define ASKED_WHY 128

struct asked;

struct asked *asked_new(void);
void asked_free(struct asked *a); /* NULL is fine */

struct asked_by {
    struct gather *gather;           /* NULL: nothing is gathered */
    const struct district *district; /* NULL: private addresses are inside */
    const char *refuse;              /* why nothing may be asked for here; NULL: it may */
    uint32_t payload;                /* bytes of a frame, at most; 0: headers */
    usec_t now;                      /* packet time */
};

/* The answer; its sentence is in ret_why. */
struct wire_answer asked_take(struct asked *a, const struct wire_ask *ask,
                              const struct asked_by *by, char ret_why[ASKED_WHY]);

/* That one's evidence is in the spool. */
void asked_done(struct asked *a, const char *id);

/* asked, taken, refused, unknown; yours to free. */
struct json *asked_stats(const struct asked *a);

#endif
