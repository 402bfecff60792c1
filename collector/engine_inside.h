/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_inside.h - between engine.c and its parts.
 */
#ifndef ENGINE_INSIDE_H
#define ENGINE_INSIDE_H

#include "collector/engine.h"
#include "collector/playbook_run.h"
#include "collector/store_run.h"

struct engine_across;

struct engine {
    struct engine_settings set;
    struct engine_across *across; /* NULL: no rule runs at the collector */
    usec_t evidence_next;         /* when evidence is looked at again */
};

/* engine_fact.c: what a run should know of an incident, {"incident": {...}}. */
int engine_facts(struct store *s, const struct district *district, int64_t incident,
                 struct json **ret_facts);

/* engine_agent.c: alerts of the collector's own, about agents. A transaction of its own.
 */
int engine_tell_agents(struct engine *e, bool *ret_more);

/* engine_across.c: rules at the collector. NULL when there are none. */
struct engine_across *engine_across_new(const struct engine_settings *set);
void engine_across_free(struct engine_across *a);

/* Looks at what was settled since, in transactions of its own. *ret_more: there is more.
 */
int engine_across_turn(struct engine_across *a, bool *ret_more);
usec_t engine_across_next(const struct engine_across *a); /* 0: nothing is due */

/* engine_evidence.c: deletes what is not kept any longer, when it is time to look; a
 * transaction of its own. */
int engine_expire_evidence(struct engine *e, bool *ret_more);

/* engine_run.c */

/* A run of the playbook for the incident, perhaps called by another; 0, or -ENOENT: there
 * is no such playbook. Inside a transaction. */
struct run_begin {
    int64_t incident;
    const char *playbook;
    bool drill;
    int64_t caller; /* 0: none */
    const char *caller_step;
};
int engine_begin_run(struct engine *e, const struct run_begin *b);

/* One round of one run, in a transaction of its own. -ENOENT: none has anything to do. */
int engine_round(struct engine *e);

/* engine_wish.c: stores what a run wishes. */
int engine_carry_out(struct engine *e, const struct store_run *run,
                     const struct run_result *result);

/* The key of a message's wish in the store, and back: keys of runs are their own, those
 * of the store are unique. */
char *engine_wish_key(int64_t run, const char *key);
const char *engine_wish_own_key(const char *key);

#endif
