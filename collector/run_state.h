/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_state.h - what a run remembers, and one step of it under way; between
 * playbook_run.c and its parts only.
 */
#ifndef RUN_STATE_H
#define RUN_STATE_H

#include "collector/playbook_run.h"

enum run_phase {
    RUN_PHASE_DO,      /* the step itself */
    RUN_PHASE_APPROVE, /* somebody has to agree to it first */
};

struct run_state {
    int step;         /* PLAYBOOK_NONE: not begun; PLAYBOOK_END: over */
    uint32_t visit;   /* steps entered so far: tells two visits of one step apart */
    uint32_t attempt; /* of its task, which is asked again after an unfit answer */
    uint32_t rung;    /* how often nobody answered in time */
    enum run_phase phase;
    usec_t due;  /* when its timer fires; 0: it has none */
    bool closed; /* the incident is */
    enum run_status status;
    uint64_t forgotten;   /* entries of the diary */
    struct json *facts;   /* {"incident": ..., "answer": ...} */
    struct json *pending; /* messages without an outcome: key -> step */
    struct json *seen;    /* keys of events */
    struct json *diary;   /* what happened, for people */
};

/* 0, or -EBADMSG: it is no state of a run of this playbook. */
int run_state_parse(const struct json *json, const struct playbook *plan,
                    struct run_state *ret);
/* What it holds is given away: afterwards there is only run_state_done. */
struct json *run_state_json(struct run_state *s, const struct playbook *plan);
void run_state_done(struct run_state *s);

bool run_state_saw(const struct run_state *s, const char *key);
void run_state_see(struct run_state *s, const char *key);

/* One step under way. */
struct running {
    const struct playbook *plan;
    const struct district *district;
    struct run_state s;
    usec_t now;
    usec_t late;    /* how late the timer is that woke the run */
    bool too_early; /* the timer is: as if it had not been heard */
    int told_role;  /* told by the notify just before, or -1 */
    struct run_result *out;
    size_t wish_capacity;
};

const struct playbook_step *running_step(const struct running *r); /* NULL: none */

/* A new wish, zeroed but for its kind and the step. */
struct run_wish *running_wish(struct running *r, enum run_wish_kind kind);
const char *running_text(struct running *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* An entry of the diary. who, what: NULL or "" for none. */
void running_note(struct running *r, const char *event, const char *who,
                  const char *what);

const char *running_fact(const struct running *r, const char *name);
const struct zone *running_zone(const struct running *r);

/* ---- run_tell.c: who is told what ---- */

/* The facts that a role may read: in its tasks, or in a message. Yours to free. */
struct json *run_facts_for(const struct running *r, uint32_t roles, bool mailed);

/* Tells those on duty for the role, or who stands in for them; returns from when on
 * somebody is there to read it (now, mostly). */
usec_t run_tell_role(struct running *r, enum role role, const char *template);
void run_tell_person(struct running *r, const char *person, const char *template);

/* Tells the next one after `rung` rungs without an answer; false: nobody is left. */
bool run_tell_next(struct running *r, enum role role, bool straight_to_last);

/* When somebody is next on duty, at once or within two weeks; 0: nobody ever. */
usec_t run_next_duty(const struct district *di, enum role role, usec_t from);

/* Whether the rule can wait until somebody is on duty. */
bool run_may_wait(const struct running *r);

/* Tells somebody else than `who`, who said that the step is not done: the next on the
 * rungs, or those who have the role. */
void run_tell_not_done(struct running *r, enum role role, bool straight_to_last,
                       const char *who);

/* A task about something that went wrong, for the role that leads. */
void run_open_trouble(struct running *r, const char *key, const char *title);

/* The message of this key was given up. outcome: as the wish's end tells it
 * (store_wish.h): whoever leads is asked to call its reader, the network admin to see why
 * it failed. The engine opens neither while one of the same waits. */
void run_tell_undelivered(struct running *r, const char *key, const struct json *outcome);

/* ---- run_task.c: what a person is asked ---- */

/* The key of the task that holds the run up. */
const char *run_task_key(struct running *r);
enum task_kind run_task_kind(const struct running *r);
enum role run_task_role(const struct running *r);

/* Everything that the person needs to read. Yours to free. */
struct json *run_task_detail(const struct running *r);
void run_open_task(struct running *r, usec_t due, const char *again);

#endif
