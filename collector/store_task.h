/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_task.h - what waits for a person.
 */
#ifndef STORE_TASK_H
#define STORE_TASK_H

#include "names.h"
#include "store.h"

enum task_kind {
    TASK_ACK,     /* somebody says: I have it */
    TASK_TASK,    /* a checklist and a form */
    TASK_DECIDE,  /* one of several options */
    TASK_APPROVE, /* yes or no to an action or a message */
    TASK_CLOSE,   /* what it was */
    TASK_REVIEW,
    TASK_TROUBLE, /* a wish that failed for good */
};
extern const struct names names_task_kind;

enum task_state {
    TASK_OPEN,
    TASK_TAKEN,
    TASK_DONE,
    TASK_EXPIRED,   /* its time was up; nobody can answer it any more */
    TASK_WITHDRAWN, /* no longer needed */
};
extern const struct names names_task_state;

struct store_task {
    int64_t id, run, incident;
    const char *step;
    const char *key; /* once only: the same (run, key) is the same task */
    enum task_kind kind;
    enum role role; /* who may take it */
    const char *title;
    const char *detail; /* JSON: do, do_not, form, question, options ... */
    bool drill;
    enum task_state state;
    usec_t opened, due; /* due 0: no limit */
    const char *taken_by;
    usec_t taken;
    const char *answered_by;
    usec_t answered;
    const char *answer; /* JSON */
};

/* id, state, opened and what follows due are the store's. The same (run, key) again
 * changes nothing and gives the id that it has. */
int store_task_open(struct store *s, const struct store_task *t, int64_t *ret_id);

/* Also puts INPUT_TAKEN for its run. -ESTALE: taken by somebody else, or over;
 * store_error says which. Taking what one has already is fine. */
int store_task_take(struct store *s, int64_t id, const char *who);
int store_task_give_back(struct store *s, int64_t id, const char *who);

/* answer is JSON. Also puts INPUT_ANSWER for its run, with {"task": id, "answer": ...}.
 * Whether the answer fits the form is asked before: playbook engine. -ESTALE as above. */
int store_task_answer(struct store *s, int64_t id, const char *who, const char *answer);

/* The engine ends it: TASK_EXPIRED or TASK_WITHDRAWN. -ESTALE: it is over already. */
int store_task_end(struct store *s, int64_t id, enum task_state state);
int store_task_end_step(struct store *s, int64_t run, const char *step,
                        enum task_state state); /* all of a step ("": of the run) */

/* The incident is closed: what went wrong on the way there is nobody's task any more. */
int store_task_end_trouble(struct store *s, int64_t incident);

int store_task_get(struct store *s, int64_t id, struct store_task *ret);
void store_task_done(struct store_task *t);
struct json *store_task_json(const struct store_task *t);

struct store_task_filter {
    int64_t incident, run; /* 0: any */
    uint32_t roles;        /* bit 1 << role; 0: any */
    uint32_t states;       /* bit 1 << state; 0: open and taken */
    uint32_t owners;       /* of the incident, bit 1 << role; 0: any */
    enum role reader;      /* with owners: this role's tasks are given in any case */
    const char *taken_by;  /* NULL: any */
    size_t limit;          /* 0: 100 */
};
typedef void store_task_fn(const struct store_task *t, void *arg);

/* The earliest due first; those without a limit last. */
int store_task_each(struct store *s, const struct store_task_filter *f, store_task_fn *fn,
                    void *arg);

#endif
