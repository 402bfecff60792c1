/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - which of what a sensor reads is told to nobody: help lines and their kind,
 * which the lists protect, and whatever a protected name led to.
 *
 * It is asked about each event before anybody else sees it, and about each conversation
 * as it begins. It learns from what it is asked: where answers for a protected name lead
 * (shield.h), and where those for other names do (name_memory.h). It decides only: what
 * was kept of a protected conversation is its caller's to wipe.
 */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>

#include "agent/answer.h"
#include "agent/flow.h"
#include "agent/name_memory.h"
#include "agent/shield.h"
#include "event.h"
#include "listdb.h"

enum guard_verdict {
    GUARD_TELL,  /* it is nobody's secret */
    GUARD_QUIET, /* its conversation is protected, by what it said before */
    GUARD_WIPE,  /* likewise, and it says so only now: neither are the frames that it was
                    read from, and those before them, to be found anywhere */
};

struct guard;

/* The names and the lists outlive the guard, the lists until others are used; lists NULL:
 * none, and no name is protected. */
struct guard *guard_new(struct name_memory *names, const struct listdb *lists);
void guard_free(struct guard *g);

/* Other lists from here on. Names that are protected by now are wiped from the names. */
void guard_use(struct guard *g, const struct listdb *lists);

/* Where the reader of an answer puts the addresses that the event has no room for.
 * Borrowed. */
struct answer_rest *guard_rest(struct guard *g);

bool guard_protects(const struct guard *g, struct text host);

/* A protected name led one of the two to the other: who answers may begin, too, as with
 * an ICMP error, or when it goes on after the conversation was over to us. */
bool guard_led(const struct guard *g, const struct addr *a, const struct addr *b,
               usec_t now);

/*
 * About an event, dressed with its two ends, of flow f (NULL: of none). DNS and its kin
 * carry many names in a conversation, so there each message stands for itself; a name
 * seen in any other decides for the whole conversation, which stage.protected remembers.
 */
enum guard_verdict guard_ask(struct guard *g, const struct event *e, struct flow *f);

/* Of the addresses that protected names led to. */
struct shield_counts guard_counts(const struct guard *g);

#endif
