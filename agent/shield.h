/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shield.h - remembers which addresses a protected name was answered with, and to whom.
 *
 * A conversation with a help line begins before its name is seen on the wire. Without
 * this its start would be told by address. A shielded conversation is told to nobody
 * until it names another host itself (many names share one address); if it never names
 * one, it is never told. So it is with what the called end begins: its addresses are
 * asked for both ways round.
 *
 * The table has a fixed size. When its few places are taken, a new entry takes that of
 * the same device's that ends first, and only else another's: what one asks, or is made
 * to ask, does not uncover others before their places are needed for them.
 */
#ifndef SHIELD_H
#define SHIELD_H

#include <stdbool.h>

#include "agent/answer.h"
#include "clock.h"
#include "event.h"
#include "net.h"

/* Beyond the answer's time to live, of which a day counts at most; longer than browsers
 * keep an answer. */
#define SHIELD_FOR USEC_PER_HOUR

struct shield_counts {
    uint64_t covered; /* addresses */
    uint64_t evicted; /* gave up their place while they still counted */
};

struct shield;

struct shield *shield_new(void);
void shield_free(struct shield *s);

/* The addresses of an answer, the rest (NULL: none) included, for the device that had
 * asked (answer.h). */
void shield_learn(struct shield *s, const struct event *answer,
                  const struct answer_rest *rest);

bool shield_covers(const struct shield *s, const struct addr *client,
                   const struct addr *server, usec_t now);

struct shield_counts shield_counts(const struct shield *s);

#endif
