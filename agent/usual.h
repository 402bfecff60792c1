/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usual.h - how much each machine of the school usually sends out of the district in a
 * day, so that a rule can ask whether it sends many times that: one table for all sensors
 * of an agent, in memory that they share by fork, as in host_memory.h.
 *
 * A machine is its hardware address where the frame has it, else its address; kept is a
 * keyed code of it, 48 bits, and amounts rounded up by an eighth at most: nothing of
 * where it sent to. Kept are machines of staff, administration, servers and devices only;
 * what students and guests send is nobody's to remember. Protected conversations are kept
 * away by who calls here, and so are in no amount. Whoever has the file has the key, and
 * can try addresses.
 *
 * An amount is what a machine inside sent to the outside, whoever began, whole frames;
 * where two sensors see the same, both count it, in what is usual as in what is asked.
 *
 * What is usual: of each of its weeks the day on which it sent most; of the last
 * USUAL_WEEKS weeks the one in the middle, of an even number the lower one. A week is
 * seven days on which it sent anything, so holidays are none. So
 *  - a backup every week is usual, once it was there for more than half of the weeks;
 *  - a single film, or a theft, in one week changes nothing, and today never does;
 *  - who wants to make much look usual bit by bit has to send it in five weeks of eight,
 *    and each step that is more than what the rule allows is told. Nothing is told of
 *    steps that are smaller: in five weeks an amount may become tenfold, where the rule
 *    asks for ten times the usual. Against that rules with a fixed bound stay;
 *  - a job that begins anew is told in its first weeks, and wants an exception;
 *  - what happens once a month is not usual.
 * The mean and its deviation would let one theft hide the next, and the highest day of
 * them all is raised by a single one for as long as it is remembered.
 *
 * Less than USUAL_LEAST counts as that: ten times next to nothing is nothing.
 *
 * Nothing is said of a machine before it has sent on USUAL_LEARN_DAYS days. They are days
 * that watched_days.h counts: a clock that jumps makes no machine older. Sent in the
 * first hour of a day is of the day before.
 *
 * The table has a fixed size. In a full set of eight, that machine makes room which sent
 * nothing for longest; one that is learned counts for a year more, so that a flood of
 * made-up addresses pushes out itself.
 */
#ifndef USUAL_H
#define USUAL_H

#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "event.h"
#include "json.h"

#define USUAL_FILE       "usual" /* in the state folder */
#define USUAL_WEEKS      8
#define USUAL_LEARN_DAYS 14
#define USUAL_LEAST      UINT64_C(10000000)
#define USUAL_CAPACITY   ((size_t)1 << 14) /* machines; 512 KiB */

struct usual; /* one for each process, over a table that is shared by fork */

/* capacity: machines, a power of two, from 8. NULL: no memory (errno). */
struct usual *usual_new(size_t capacity);
void usual_free(struct usual *u); /* NULL is fine */

/* ---- the warden ---- */

/* What a file holds, as long as nobody else uses u. 0, or -errno, and u is as it was:
 * -ENOENT; -EBADMSG: it is damaged or something else; -EPROTONOSUPPORT: of another
 * version, or of a table of another size. */
int usual_load(struct usual *u, const char *path);
int usual_parse(struct usual *u, const void *bytes, size_t len);

/* ---- the sensors ---- */

/* Part of a conversation (flow_active, flow), dressed with its two ends, that is not
 * protected. */
void usual_learn(struct usual *u, const struct event *e);

/* Puts device.usual_out, and what part of it this event is as flow.delta_usual_time, if
 * that can be said. Before it is learned. */
void usual_dress(const struct usual *u, struct event *e);

/* ---- the courier ---- */

/* Writes the file as a whole; nothing when nothing has changed. 0 or -errno. */
int usual_save(struct usual *u, const char *path);

/* Machines known, learned and evicted by these processes, days; yours to free. */
struct json *usual_stats(const struct usual *u);

#endif
