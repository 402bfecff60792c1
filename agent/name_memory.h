/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name_memory.h - remembers which name each address was answered for, and to whom, so
 * that a conversation without a name knows which name led to it, or that none did.
 *
 * Of an answer with addresses (A, AAAA, and hints of HTTPS and SVCB), each is kept for
 * the device that asked, with the name of the question, whatever aliases (CNAME) stand
 * between. It is kept for its time to live and NAME_MEMORY_GRACE, since programs hold
 * addresses for longer than they should, but a day at most. Later answers take the place
 * of earlier ones. Only inside devices are remembered, and names of the link (mDNS,
 * LLMNR) are not: they are people's machines, and a multicast answer is for everybody.
 *
 * Whoever learns keeps protected names away from here. Of the addresses that one led to
 * nothing is said for a day: neither what led there before or after, for anybody may have
 * a name lead there, nor that nothing did.
 *
 * That no name led to an address is said of a device only when it is known: its answers
 * were seen for NAME_MEMORY_WATCH, the last of them within NAME_MEMORY_GRACE, and none
 * that still counts was cut, too long for an event, or crowded out of here.
 *
 * A device is its address: when that is given to another machine, what the one asked
 * counts for the other until it is over. A sensor learns from what it sees itself; where
 * an interface has several, a device's questions and its conversations with the outside
 * are on one (fanout.h).
 *
 * Both tables have a fixed size; a new entry takes the place of the oldest of its few.
 * But of what is hushed or hidden none gives up its place to a name: then the name is not
 * learned, and its device in doubt. Among themselves a device's own go first.
 */
#ifndef NAME_MEMORY_H
#define NAME_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/answer.h"
#include "clock.h"
#include "event.h"
#include "net.h"
#include "text.h"

#define NAME_MEMORY_GRACE    USEC_PER_HOUR
#define NAME_MEMORY_MOST     USEC_PER_DAY
#define NAME_MEMORY_WATCH    (10 * USEC_PER_MIN)
#define NAME_MEMORY_CAPACITY 65536 /* addresses; 2 MiB and the names, 4 MiB as a rule */

enum name_memory_verdict {
    NAME_MEMORY_UNKNOWN, /* nothing can be said of this device now */
    NAME_MEMORY_ASKED,   /* it asked for a name that gave the address */
    NAME_MEMORY_NOT,     /* it asks for names, and none gave the address */
    NAME_MEMORY_HIDDEN,  /* a name gave it that is protected by now: tell nobody */
};

struct name_memory_counts {
    uint64_t learned; /* addresses */
    uint64_t evicted; /* gave up their place while they still counted, or found none */
};

struct name_memory;

/* capacity: addresses, rounded up to a power of two; an eighth as many devices. */
struct name_memory *name_memory_new(size_t capacity);
void name_memory_free(struct name_memory *m);

/* An answer of DNS, dressed with its two ends. */
void name_memory_learn(struct name_memory *m, const struct event *answer);

/* The answer for a protected name, of DNS or the link: forgets what it knew of the
 * addresses, the rest (NULL: none) included. */
void name_memory_hush(struct name_memory *m, const struct event *answer,
                      const struct answer_rest *rest);

/* Wipes the names that are protected by now; what they led to is hidden for as long as
 * they would have counted. */
void name_memory_sift(struct name_memory *m, bool (*guards)(struct text name, void *arg),
                      void *arg);

/* With ASKED, the name: borrowed until the memory learns. Else *ret_name is empty. */
enum name_memory_verdict name_memory_find(const struct name_memory *m,
                                          const struct addr *client,
                                          const struct addr *server, usec_t now,
                                          struct text *ret_name);

/* Whether name_memory_find says HIDDEN: cheap as long as no name became protected. */
bool name_memory_hides(const struct name_memory *m, const struct addr *client,
                       const struct addr *server, usec_t now);

/* Forgets what is over, one small part of the memory a call: all of it is gone through
 * in as many calls as capacity has eights. */
void name_memory_sweep(struct name_memory *m, usec_t now);

struct name_memory_counts name_memory_counts(const struct name_memory *m);

#endif
