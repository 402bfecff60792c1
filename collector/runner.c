/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/runner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_wish.h"
#include "log.h"
#include "mem.h"

#define LEASE      USEC_PER_MIN /* longer than anything may take */
#define MOST_PAUSE (10 * USEC_PER_MIN)

struct runner {
    struct runner_settings set;
};

struct runner *runner_new(const struct runner_settings *settings)
{
    struct runner *r = xcalloc(1, sizeof(*r));

    r->set = *settings;
    return r;
}

void runner_free(struct runner *r)
{
    free(r);
}

int runner_resume(struct runner *r)
{
    int rc = store_begin(r->set.store);

    if (rc)
        return rc;
    rc = store_wish_let_go(r->set.store, r->set.holder);
    if (rc == 0)
        return store_commit(r->set.store);
    store_rollback(r->set.store);
    return rc;
}

/* ---- one wish ---- */

static int claim(struct runner *r, struct store_wish *ret)
{
    int rc = store_begin(r->set.store);

    if (rc)
        return rc;
    rc = store_wish_claim(r->set.store, r->set.holder, LEASE, ret);
    if (rc) {
        store_rollback(r->set.store);
        return rc;
    }
    rc = store_commit(r->set.store);
    if (rc)
        store_wish_done(ret);
    return rc;
}

static enum post_verdict carry_out(struct runner *r, const struct store_wish *w,
                                   char words[POST_WORDS])
{
    const struct action *action = action_find(w->action);
    auto_json struct json *payload = json_parse(w->payload, strlen(w->payload), NULL);
    const struct action_call call = {
        .world = r->set.world,
        .key = w->key,
        .payload = payload,
        .incident = w->incident,
        .drill = w->drill,
        .made = w->made,
        .now = store_now(r->set.store),
    };

    if (action && payload)
        return action->run(&call, words);
    snprintf(words, POST_WORDS, "there is no action \"%s\": there are %s", w->action,
             action_names());
    return POST_NEVER;
}

static usec_t pause_after(const struct runner *r, uint64_t attempts)
{
    usec_t pause = r->set.first_pause;

    for (uint64_t i = 1; i < attempts && pause < MOST_PAUSE; i++)
        pause *= 2;
    return pause < MOST_PAUSE ? pause : MOST_PAUSE;
}

static char *outcome(const struct store_wish *w, const char *words)
{
    auto_json struct json *o = json_new_object();

    json_put_text(o, "said", words);
    json_put_number(o, "attempts", (int64_t)w->attempts);
    return json_write(o);
}

static int write_down(struct runner *r, const struct store_wish *w,
                      enum post_verdict verdict, const char *words)
{
    struct store *s = r->set.store;
    auto_free char *said = outcome(w, words);
    bool again = verdict == POST_LATER && w->attempts < r->set.attempts;
    int rc = store_begin(s);

    if (rc)
        return rc;
    if (again)
        rc = store_wish_retry(s, w->id, r->set.holder,
                              store_now(s) + pause_after(r, w->attempts), said);
    else
        rc = store_wish_finish(s, w->id, r->set.holder, verdict == POST_DONE, said);
    if (rc == 0)
        return store_commit(s);
    store_rollback(s);
    return rc == -ESTALE ? 0 : rc; /* our lease ran out, and another has it now */
}

/* The log says that, never to whom or what. */
static void tell(const struct store_wish *w, enum post_verdict verdict, const char *words)
{
    if (verdict == POST_DONE)
        log_info("sent action=%s incident=%" PRId64 " wish=%" PRId64, w->action,
                 w->incident, w->id);
    else
        log_warn("%s action=%s incident=%" PRId64 " wish=%" PRId64 " attempt=%" PRIu64
                 ": %s",
                 verdict == POST_LATER ? "not sent yet" : "cannot be sent", w->action,
                 w->incident, w->id, w->attempts, words);
}

int runner_turn(struct runner *r)
{
    struct store_wish w;
    char words[POST_WORDS] = "";
    enum post_verdict verdict;
    int rc = claim(r, &w);

    if (rc)
        return rc;
    verdict = carry_out(r, &w, words);
    tell(&w, verdict, words);
    rc = write_down(r, &w, verdict, words);
    store_wish_done(&w);
    return rc;
}

usec_t runner_next(struct runner *r)
{
    usec_t time = 0;

    return store_wish_next(r->set.store, &time) == 0 ? time : 0;
}
