/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_wish.h - the outbox: what runs want done in the world outside. The engine puts a
 * wish in the transaction that stores the run's state; a runner claims it, carries it out
 * at least once, and its outcome is the run's next input.
 */
#ifndef STORE_WISH_H
#define STORE_WISH_H

#include "names.h"
#include "store.h"

enum wish_state {
    WISH_WAITING, /* to be tried at next_try */
    WISH_DONE,
    WISH_FAILED, /* for good: the engine makes a task of it */
    WISH_WITHDRAWN,
};
extern const struct names names_wish_state;

struct store_wish {
    int64_t id, run, incident;
    const char *step;
    const char *action;  /* "mail", "webhook": the runner's table of actions */
    const char *key;     /* idempotency key: the same key is the same wish, for ever */
    const char *payload; /* JSON */
    bool drill;
    enum wish_state state;
    uint64_t attempts;
    usec_t made, next_try;
    const char *holder;
    usec_t held_until;
    const char *outcome; /* JSON of the last attempt */
};

/* id, state, attempts, made, holder, outcome are the store's; next_try 0: now. The same
 * key again changes nothing. ret_id may be NULL. */
int store_wish_put(struct store *s, const struct store_wish *w, int64_t *ret_id);

/* The wish that has waited longest among those to be tried by now that nobody holds; one
 * more attempt is counted. -ENOENT: none. */
int store_wish_claim(struct store *s, const char *holder, usec_t lease,
                     struct store_wish *ret);

/*
 * What came of an attempt. Done or failed for good: also puts INPUT_OUTCOME for its run
 * with {"wish": key, "action", "ok", "outcome"}. -ESTALE: holder no longer holds it.
 */
int store_wish_finish(struct store *s, int64_t id, const char *holder, bool ok,
                      const char *outcome);
int store_wish_retry(struct store *s, int64_t id, const char *holder, usec_t next_try,
                     const char *outcome);

/* What holder still held when it died can be claimed again: at its next start. */
int store_wish_let_go(struct store *s, const char *holder);

/* Those of a step (of a run when step is "") that wait are not carried out any more; one
 * that a runner has right now is not tried again. */
int store_wish_withdraw(struct store *s, int64_t run, const char *step);

int store_wish_get(struct store *s, int64_t id, struct store_wish *ret);
void store_wish_done(struct store_wish *w);
struct json *store_wish_json(const struct store_wish *w);

/* When the next wish is to be tried; -ENOENT: none. */
int store_wish_next(struct store *s, usec_t *ret_time);

typedef void store_wish_fn(const struct store_wish *w, void *arg);
int store_wish_each(struct store *s, int64_t incident, store_wish_fn *fn, void *arg);

#endif
