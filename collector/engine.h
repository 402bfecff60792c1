/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h - what makes something of alerts: gives each its incident, begins runs of
 * playbooks, and takes them on whenever a person answered, a message went out or time was
 * up. What shall be done is decided by correlate.h and playbook_run.h, which are pure;
 * here it is read from the store and written back.
 *
 * Each round is one transaction: an input is consumed together with all that came of it.
 * Killed at any instant, the next engine goes on where this one was.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "collector/correlate.h"
#include "collector/playbook.h"
#include "collector/store.h"
#include "collector/store_evidence.h"
#include "district.h"
#include "rule.h"

struct engine;

/* Rules at the collector. How long an alert waits for earlier ones of other agents, and
 * how late one may come and still be counted. */
struct engine_across_settings {
    const struct ruleset *rules; /* NULL: none */
    const struct listdb *lists;
    usec_t wait, late;
};

/* What they counted since the engine began, as JSON in the store (store_meta_get). */
#define ENGINE_ACROSS_COUNTS "engine.across.counts"

/* All borrowed; playbooks are those that new runs begin with. */
struct engine_settings {
    struct store *store;
    const struct district *district;
    const struct playbooks *playbooks;
    const struct correlate *correlate;
    const char *holder; /* whom the leases of runs belong to */
    struct engine_across_settings across;
    struct store_evidence_keep evidence; /* keep 0: nothing of it is ever deleted */
    uint64_t evidence_warn; /* bytes of it that are held: more is told; 0: never */
};

struct engine *engine_new(const struct engine_settings *settings);
void engine_free(struct engine *e); /* NULL is fine */
AUTO_DEFINE(engine, engine_free)
#define auto_engine __attribute__((cleanup(auto_engine_run)))

/* What a turn did. */
struct engine_turn {
    uint64_t alerts, rounds; /* alerts that were settled, rounds of runs */
    bool more;               /* it stopped at its limit: call again */
};

/* Does what is to be done now, a bounded part of it. 0, or -errno as in store.h: what was
 * not committed is as before. */
int engine_turn(struct engine *e, struct engine_turn *ret_turn);

/* When something is due next, if nobody says anything before; 0: nothing is. */
usec_t engine_next(struct engine *e);

#endif
