/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line.h - how much passes between the district and the outside, of all conversations
 * together: what one sensor sees of it, in each LINE_SPAN.
 *
 * A packet counts by the direction of its conversation, which is told apart once, at the
 * conversation's beginning. What stays inside, or never was, is not the line's. Of
 * packets around others, the outermost counts.
 */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>

#include "agent/flow.h"
#include "agent/packet.h"
#include "clock.h"
#include "event.h"
#include "names.h"

#define LINE_SPAN (10 * USEC_PER_SEC)

struct site;

/* Begins as {0}. */
struct line {
    usec_t begins; /* the span under way; 0: it began before we did, and is not told */
    usec_t ends;   /* 0: no packet yet */
    struct flow_half halves[DIRECTION_EXTERNAL + 1][2]; /* [..][true]: from the client */
    uint64_t begun[DIRECTION_EXTERNAL + 1];             /* conversations */
};

/* Where the line is, and what it can carry. */
struct line_place {
    const char *interface;   /* NULL: a capture file */
    const struct site *site; /* NULL: unknown */
};

static inline void line_count(struct line *l, const struct packet *p,
                              enum direction direction, bool from_client)
{
    struct flow_half *half = &l->halves[direction][from_client];

    half->packets += p->frames;
    half->bytes += p->wire_len;
}

/* A conversation began. */
static inline void line_begin(struct line *l, enum direction direction)
{
    l->begun[direction]++;
}

/*
 * Whether a whole span with packets in it was over by now; then e, an event of now, says
 * what passed in it. The next begins at once, on the grid of LINE_SPAN.
 */
bool line_take(struct line *l, usec_t now, const struct line_place *place,
               struct event *e);

#endif
