/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_ask.h - evidence that somebody asks an agent for: the frames of one device for a
 * while, for an incident and a purpose. It is evidence (store_evidence.h) from the moment
 * that it is asked for; its custody has each step.
 *
 *     waiting -> taken -> done        all of it is here
 *             |        -> lost        the agent forgot it, or nothing came in a day
 *             -> refused              by the agent, with its reason
 *             -> unanswered           the agent was not reached in time
 *
 * Nobody can be asked for but a device that an alert of the incident shows openly, and of
 * the agent that raised it. What comes after all, done it is.
 */
#ifndef STORE_ASK_H
#define STORE_ASK_H

#include "collector/store_evidence.h"

#define STORE_ASK_OPEN 20 /* of the district, that are waiting or taken */
#define STORE_ASK_WAIT (7 * USEC_PER_DAY)

struct store_ask {
    int64_t id, evidence, incident;
    const char *agent;
    const char *name; /* the evidence's */
    const char *who, *why;
    const char *device; /* its address; for whoever sees packets of the alert */
    usec_t before, length;
    uint64_t snaplen, most; /* bytes: of a frame (0: headers), of the file */
    usec_t made, until;     /* until then the agent is waited for */
    usec_t answered;        /* 0: not yet */
};

/* Whom an ask would be about: by the incident's newest alert that shows a device, or that
 * shows this one. */
struct store_ask_target {
    int64_t alert;
    enum role owner;
    char *agent, *device;
};
/* -EPERM: the incident is closed; -EINVAL: there is none, or several. store_error says
 * it. device: an address, or NULL. */
int store_ask_target(struct store *s, int64_t incident, const char *device,
                     struct store_ask_target *ret_target);
void store_ask_target_done(struct store_ask_target *t);

/* Inside a transaction, by ask's incident, who, why and measures. -EINVAL: a measure or
 * the purpose; -EBUSY: too many are open. *ret_id: the evidence's. */
int store_ask_put(struct store *s, const struct store_ask *ask,
                  const struct store_ask_target *t, int64_t *ret_id);

/* ---- the intake ---- */

typedef void store_ask_fn(const struct store_ask *ask, void *arg);
int store_ask_each(struct store *s, enum evidence_asked state, store_ask_fn *fn,
                   void *arg);

/* What the agent says to it; from another agent, or too late, it changes nothing. */
enum store_ask_said { STORE_ASK_TAKEN, STORE_ASK_REFUSED, STORE_ASK_UNKNOWN };
int store_ask_answer(struct store *s, const char *agent, const char *name,
                     enum store_ask_said said, const char *why);

/* Ends what was waited for long enough. */
int store_ask_end_waits(struct store *s);

/* ---- looking ---- */

/* -ENOENT: it was not asked for. */
int store_ask_get(struct store *s, int64_t evidence, struct store_ask *ret_ask);
void store_ask_done(struct store_ask *a);
struct json *store_ask_json(const struct store_ask *a);

#endif
