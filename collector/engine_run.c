/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round takes what a run was told and the timers that are due in the order of their
 * times, so that a collector that was down for two hours does things in the order in
 * which they should have happened: who took a task in time has taken it, although its
 * timer is past by now.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/engine_inside.h"
#include "collector/store_incident.h"
#include "log.h"
#include "mem.h"

#define LEASE         USEC_PER_MIN
#define EVENTS_A_TURN 256

/* One round under way. */
struct round {
    struct engine *engine;
    struct store *store;
    struct store_run run;
    struct playbook *plan;
    struct json *state;
    struct json *facts; /* as they are in this round; NULL: not asked for yet */
    enum run_status status;
    usec_t now;
};

/* ---- what happens next ---- */

/* Either an input or a timer; texts are its own. */
struct event {
    bool is_there;
    usec_t at;
    int64_t input; /* 0: it is a timer */
    enum input_kind kind;
    char *step, *who, *document, *name, *key;
};

static void event_done(struct event *v)
{
    free(v->step);
    free(v->who);
    free(v->document);
    free(v->name);
    free(v->key);
    *v = (struct event){0};
}

static void take_input(const struct store_input *i, void *arg)
{
    *(struct event *)arg = (struct event){
        .is_there = true,
        .at = i->at,
        .input = i->id,
        .kind = i->kind,
        .step = xstrdup(i->step),
        .who = xstrdup(i->who),
        .document = xstrdup(i->document),
        .key = xasprintf("i%" PRId64, i->id),
    };
}

/* They come earliest first, and only the first one counts. */
static void take_timer(const struct store_timer *t, void *arg)
{
    struct event *v = arg;

    if (v->is_there)
        return;
    *v = (struct event){
        .is_there = true,
        .at = t->due,
        .step = xstrdup(t->step),
        .name = xstrdup(t->name),
        .key = xasprintf("t%s/%" PRIu64, t->step, t->due),
    };
}

/* The earlier one of both; at the same time the input. */
static int next_event(struct round *r, struct event *ret)
{
    struct event input = {0}, timer = {0};
    int rc = store_input_each(r->store, r->run.id, 1, take_input, &input);

    if (rc == 0)
        rc = store_timer_each(r->store, r->run.id, r->now, take_timer, &timer);
    if (rc == 0 && timer.is_there && (!input.is_there || timer.at < input.at))
        *ret = (event_done(&input), timer);
    else
        *ret = (event_done(&timer), input);
    return rc;
}

static int consume(struct round *r, const struct event *v)
{
    if (v->input)
        return store_input_consume(r->store, v->input);
    return store_timer_drop(r->store, r->run.id, v->step, v->name);
}

/* ---- what the run is told about it ---- */

static int know_facts(struct round *r)
{
    if (r->facts)
        return 0;
    return engine_facts(r->store, r->engine->set.district, r->run.incident, &r->facts);
}

/* What came with the input, in the words of the pure engine. */
static int event_document(struct round *r, const struct event *v, struct json **ret)
{
    int rc = 0;

    if (v->input && v->kind == INPUT_ALERT) {
        rc = know_facts(r);
        if (rc == 0)
            *ret = json_clone(r->facts);
        return rc;
    }
    *ret = v->document ? json_parse(v->document, strlen(v->document), NULL) : NULL;
    if (*ret && v->input && v->kind == INPUT_OUTCOME) {
        auto_free char *key =
            xstrdup(engine_wish_own_key(json_get_text(*ret, "wish", "")));

        json_put_text(*ret, "wish", key);
    }
    return 0;
}

static int step(struct round *r, const struct event *v, const struct json *document)
{
    const struct run_event event = {
        .kind = v->input ? (enum run_event_kind)v->kind : RUN_EVENT_TIMER,
        .key = v->key,
        .step = v->step,
        .who = v->who,
        .document = document,
        .due = v->at,
    };
    struct run_result result = {0};
    int rc = run_step(&(struct run_call){.plan = r->plan,
                                         .district = r->engine->set.district,
                                         .state = r->state,
                                         .event = &event,
                                         .now = r->now},
                      &result);

    if (rc < 0)
        return rc;
    rc = engine_carry_out(r->engine, &r->run, &result);
    json_free(r->state);
    r->state = take(result.state);
    r->status = result.status;
    run_result_done(&result);
    return rc;
}

static int take_event(struct round *r, const struct event *v)
{
    auto_json struct json *document = NULL;
    int rc = consume(r, v);

    if (rc == 0)
        rc = event_document(r, v, &document);
    return rc ? rc : step(r, v, document);
}

static int take_events(struct round *r)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < EVENTS_A_TURN && r->status == RUN_ACTIVE; i++) {
        struct event v = {0};

        rc = next_event(r, &v);
        if (rc == 0 && !v.is_there)
            break;
        if (rc == 0)
            rc = take_event(r, &v);
        event_done(&v);
    }
    return rc;
}

/* ---- the end of a round ---- */

/* Who called this run goes on when it is over. */
static int tell_caller(struct round *r)
{
    if (r->status == RUN_ACTIVE || r->run.caller == 0)
        return 0;
    return store_input_put(r->store, &(struct store_input){.run = r->run.caller,
                                                           .kind = INPUT_RETURN,
                                                           .step = r->run.caller_step,
                                                           .who = "engine",
                                                           .document = "{}"});
}

static int save(struct round *r)
{
    auto_free char *state = json_write(r->state);
    int rc = store_run_save(r->store, r->run.id, r->engine->set.holder, state, r->status);

    return rc ? rc : tell_caller(r);
}

/* A run that cannot be read can't go on; its incident says so, and people still have it.
 */
static int abandon(struct round *r, const char *why)
{
    auto_free char *text = xasprintf("run %" PRId64 " of %s cannot go on: %s", r->run.id,
                                     r->run.playbook, why);
    int rc = store_incident_note(r->store, r->run.incident, "engine", text);

    log_error("%s incident=%" PRId64, text, r->run.incident);
    r->status = RUN_ABANDONED;
    if (rc == 0)
        rc = store_run_save(r->store, r->run.id, r->engine->set.holder, r->run.state,
                            r->status);
    return rc ? rc : tell_caller(r);
}

static int open_round(struct round *r)
{
    auto_diags struct diags *d = diags_new();

    r->plan = playbook_parse(r->run.playbook, r->run.text, strlen(r->run.text), d);
    r->state = json_parse(r->run.state, strlen(r->run.state), NULL);
    return r->plan && r->state ? 0 : -EBADMSG;
}

static int run_round(struct round *r)
{
    int rc = open_round(r);

    if (rc == 0)
        rc = take_events(r);
    if (rc == -EBADMSG)
        return abandon(r, "its state and its playbook do not fit together");
    return rc ? rc : save(r);
}

static void round_done(struct round *r)
{
    playbook_free(r->plan);
    json_free(r->state);
    json_free(r->facts);
    store_run_done(&r->run);
}

int engine_round(struct engine *e)
{
    struct round r = {.engine = e, .store = e->set.store, .status = RUN_ACTIVE};
    int rc = store_begin(r.store);

    if (rc)
        return rc;
    r.now = store_now(r.store);
    rc = store_run_claim(r.store, e->set.holder, LEASE, &r.run);
    if (rc == 0) {
        rc = run_round(&r);
        round_done(&r);
    }
    if (rc == 0)
        return store_commit(r.store);
    store_rollback(r.store);
    return rc;
}

/* ---- the beginning of a run ---- */

int engine_begin_run(struct engine *e, const struct run_begin *b)
{
    const struct playbook *plan = playbooks_find(e->set.playbooks, b->playbook);
    auto_json struct json *facts = NULL, *state = NULL;
    auto_free char *text = NULL;
    int64_t id;
    int rc =
        plan ? engine_facts(e->set.store, e->set.district, b->incident, &facts) : -ENOENT;

    if (rc)
        return rc;
    state = run_new(plan, facts);
    text = json_write(state);
    return store_run_start(e->set.store,
                           &(struct store_run){.incident = b->incident,
                                               .caller = b->caller,
                                               .caller_step = b->caller_step,
                                               .playbook = plan->id,
                                               .version = plan->version,
                                               .text = plan->text,
                                               .state = text,
                                               .drill = b->drill},
                           &id);
}
