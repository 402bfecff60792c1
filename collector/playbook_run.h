/* SPDX-License-Identifier: Apache-2.0 */
/*
 * playbook_run.h - the engine: (run, event, now) -> (run', wishes). A pure function: it
 * asks no clock, opens nothing and keeps nothing; people are looked up in the district at
 * `now`.
 *
 * A run is at one step and waits there for a person, a time or another run; or it is
 * over. What it wants done are wishes, which the caller stores together with the new
 * state in one transaction.
 *
 *     state = run_new(plan, facts)                         when an incident opens
 *     run_step(&(struct run_call){plan, district, state, event, now}, &result)
 *                                                          for each event, "start" first
 *
 * The state is JSON, and all there is: writing it down and reading it again between two
 * events changes nothing. An event whose key was seen before (the last RUN_KEYS_MAX are
 * remembered) changes nothing and wishes nothing.
 */
#ifndef PLAYBOOK_RUN_H
#define PLAYBOOK_RUN_H

#include "arena.h"
#include "collector/playbook.h"
#include "collector/store_run.h"
#include "collector/store_task.h"
#include "district.h"
#include "json.h"

#define RUN_KEYS_MAX 256 /* keys of events remembered */
#define RUN_LOG_MAX                                                    \
    200 /* entries of its diary; older ones are counted in "forgotten" \
         */
#define RUN_LATE USEC_PER_MIN /* a timer that fires so long after it was due is late */

/*
 * As enum input_kind of the store, and timers. Documents are those that the store makes:
 *   ALERT    {"incident": {facts that are new}}
 *   INCIDENT {"from": "open", "to": "closed", ...}; from closed: begin anew, though over
 *   TAKEN    {"key": of the task}
 *   ANSWER   {"key": of the task, "answer": {...}}; see run_answer_refuse
 *   OUTCOME  {"wish": key as the wish had it, "ok": bool}
 */
enum run_event_kind {
    RUN_EVENT_START = INPUT_START,
    RUN_EVENT_ALERT = INPUT_ALERT,
    RUN_EVENT_INCIDENT = INPUT_INCIDENT,
    RUN_EVENT_TAKEN = INPUT_TAKEN,
    RUN_EVENT_ANSWER = INPUT_ANSWER,
    RUN_EVENT_OUTCOME = INPUT_OUTCOME,
    RUN_EVENT_RETURN = INPUT_RETURN,
    RUN_EVENT_STOP = INPUT_STOP,
    RUN_EVENT_TIMER,
};

struct run_event {
    enum run_event_kind kind;
    const char *key;  /* of the event, for once only; NULL: none */
    const char *step; /* TIMER, RETURN: whose */
    const char *who;
    const struct json *document; /* NULL: none */
    usec_t due;                  /* TIMER: when it should have fired */
};

enum run_wish_kind {
    RUN_WISH_SEND,       /* a message to a person */
    RUN_WISH_SEND_STOP,  /* messages of a step that were not sent yet: no longer needed */
    RUN_WISH_TASK_OPEN,  /* something for a person to do */
    RUN_WISH_TASK_END,   /* the tasks of a step are over: task_state says how */
    RUN_WISH_TIMER,      /* the step's timer, set anew */
    RUN_WISH_TIMER_STOP, /* the step's timer, if there is one */
    RUN_WISH_INCIDENT,   /* the incident's new state */
    RUN_WISH_CALL,       /* another playbook begins; its end is RUN_EVENT_RETURN */
    RUN_WISH_FREEZE,     /* the incident's evidence and alerts are held until `due` */
};
extern const struct names names_run_wish_kind;

/* Texts and JSON belong to the result. */
struct run_wish {
    enum run_wish_kind kind;
    const char *step;
    const char *key; /* SEND, TASK_OPEN, CALL, FREEZE: once only within this run */

    const char *person, *language; /* SEND */
    const char *action, *at;       /* as the person's contact says: "mail", address */
    const char *template;
    struct json *facts; /* what this person may read, and no more */
    usec_t not_before;  /* 0: now */

    enum task_kind task; /* TASK_OPEN */
    enum task_state task_state;
    enum role role;
    const char *title;
    struct json *detail; /* do, do_not, form, question, options, template ... */
    usec_t due;          /* TASK_OPEN (0: none), TIMER, FREEZE */
    usec_t record;       /* FREEZE: and the device's frames are asked for; 0: not */

    enum incident_state to; /* INCIDENT; from whatever state it is in */
    enum disposition disposition;
    const char *who, *why;

    const char *playbook; /* CALL */
};

struct run_call {
    const struct playbook *plan;
    const struct district *district;
    const struct json *state;
    const struct run_event *event;
    usec_t now;
};

struct run_result {
    struct json *state;
    enum run_status status;
    struct run_wish *wishes;
    size_t wish_count;
    struct arena arena; /* of the wishes' texts */
};

/* The state of a run that waits for its start. facts: {"incident": {...}}, copied; what
 * fact.h lists. Yours to free. */
struct json *run_new(const struct playbook *plan, const struct json *facts);

/* 0, or -EBADMSG: the state is none of this plan's. Wishes stand in the order in which
 * they are to be stored. */
int run_step(const struct run_call *call, struct run_result *ret);
void run_result_done(struct run_result *r);

/*
 * What is wrong with the answer to a task, as a sentence for the person who gave it
 * (yours to free), or NULL. detail: as the task has it. Answers, by kind: ack, trouble {}
 *   task, review  {FIELD: value, ...}
 *   decide        {"option": name, "reason": text}
 *   approve       {"approve": "yes" or "no", "reason": text}
 *   close         {"disposition": word, "reason": text}
 */
char *run_answer_refuse(enum task_kind kind, const struct json *detail,
                        const struct json *answer);

/* The first field whose answer, which fits, says that the step is not done; NULL: it is.
 * Borrowed from detail. */
const struct json *run_answer_not_done(const struct json *detail,
                                       const struct json *answer);

/* Whether somebody may act for a role: who has it, or stands on its roster. */
bool run_may_act(const struct district *district, enum role role, const char *who);

#endif
