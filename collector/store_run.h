/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_run.h - playbook runs: their state, what they are told (inputs) and what they
 * wait for (timers).
 *
 * The engine's round, in one transaction:
 *   store_run_claim          a run that has something to do, leased
 *   store_input_each         what it was told, in order
 *   store_timer_each         what is due
 *   the pure engine          (run, event, now) -> (run', wishes)
 *   store_run_save, store_input_consume, store_timer_put/drop, store_task_open,
 *   store_wish_put, store_incident_change
 *   store_commit
 * so that an input is consumed together with all that came of it, or not at all.
 */
#ifndef STORE_RUN_H
#define STORE_RUN_H

#include "names.h"
#include "store.h"

enum run_status {
    RUN_ACTIVE,
    RUN_ENDED,
    RUN_ABANDONED, /* ended by a person before its end, with a reason on the incident */
};
extern const struct names names_run_status;

struct store_run {
    int64_t id, incident;
    int64_t caller; /* the run that called this one */
    const char *caller_step;
    const char *playbook;
    uint64_t version;
    const char *text;  /* the playbook as it was when the run began */
    const char *state; /* JSON; the engine's own */
    enum run_status status;
    bool drill;
    const char *holder; /* who has leased it, until when */
    usec_t held_until;
    usec_t started, ended;
};

/* id, status, holder, started, ended are the store's. Also puts an input "start". */
int store_run_start(struct store *s, const struct store_run *r, int64_t *ret_id);

/*
 * The active run that has waited longest among those that have an input or a due timer
 * and are held by nobody else, held by holder for lease from now. -ENOENT: none. One that
 * was claimed stays held until store_run_save or the end of its lease.
 */
int store_run_claim(struct store *s, const char *holder, usec_t lease,
                    struct store_run *ret);

/* New state; lets go of it. -ESTALE: holder no longer holds it. */
int store_run_save(struct store *s, int64_t id, const char *holder, const char *state,
                   enum run_status status);

/* The runs of an incident that no other run called, and that are over, go on: they hear
 * of it by an input. */
int store_run_wake(struct store *s, int64_t incident);

int store_run_get(struct store *s, int64_t id, struct store_run *ret);
void store_run_done(struct store_run *r);
struct json *store_run_json(const struct store_run *r);

typedef void store_run_fn(const struct store_run *r, void *arg);

struct store_run_filter {
    int64_t before;   /* ids below; newest first */
    int64_t incident; /* 0: any */
    uint32_t owners;  /* of the incident, bit 1 << role; 0: any */
    bool active_only;
    size_t limit; /* 0: 100 */
};
int store_run_each(struct store *s, const struct store_run_filter *f, store_run_fn *fn,
                   void *arg);

/* What people and other processes say to a run. */
enum input_kind {
    INPUT_START,
    INPUT_ALERT,    /* another alert joined the incident */
    INPUT_INCIDENT, /* a person changed its state */
    INPUT_TAKEN,    /* of a task: somebody has it */
    INPUT_ANSWER,   /* of a task, with the filled form */
    INPUT_OUTCOME,  /* of a wish */
    INPUT_RETURN,   /* of a called run */
    INPUT_STOP,     /* a person ends the run */
};
extern const struct names names_input_kind;

struct store_input {
    int64_t id, run;
    enum input_kind kind;
    const char *step;     /* "": concerns the whole run */
    const char *who;      /* a person, or the process's name */
    const char *document; /* JSON: task, answer, outcome ... */
    usec_t at;
};

/* Nobody needs to hold the run for it. id and at are the store's. */
int store_input_put(struct store *s, const struct store_input *i);

/* The same for every active run of an incident. */
int store_input_put_all(struct store *s, int64_t incident, enum input_kind kind,
                        const char *who, const char *document);

typedef void store_input_fn(const struct store_input *i, void *arg);

/* Those not consumed yet, in the order in which they came, at most limit. */
int store_input_each(struct store *s, int64_t run, size_t limit, store_input_fn *fn,
                     void *arg);

/* -ESTALE: it was consumed already, so this round must be undone. */
int store_input_consume(struct store *s, int64_t id);

struct store_timer {
    int64_t run;
    const char *step;
    const char *name; /* one step may have several: "within", "remind" */
    usec_t due;
};

int store_timer_put(struct store *s, const struct store_timer *t); /* sets it anew */
int store_timer_drop(struct store *s, int64_t run, const char *step,
                     const char *name); /* gone already: fine */
int store_timer_drop_all(struct store *s, int64_t run);

typedef void store_timer_fn(const struct store_timer *t, void *arg);

/* Timers of a run (0: of all), the earliest first, due by `by` (0: all of them). */
int store_timer_each(struct store *s, int64_t run, usec_t by, store_timer_fn *fn,
                     void *arg);

/* When the next timer of an active run is due; -ENOENT: none. */
int store_timer_next(struct store *s, usec_t *ret_due);

#endif
