/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/engine_inside.h"
#include "collector/store_ask.h"
#include "collector/store_freeze.h"
#include "collector/store_incident.h"
#include "collector/store_task.h"
#include "collector/store_wish.h"
#include "mem.h"

#define TIMER_NAME   "due"
#define TROUBLE_MOST 10000 /* open tasks that are looked through for the same one */

/* One wish under way. */
struct wishing {
    struct engine *engine;
    struct store *store;
    const struct store_run *run;
    const struct run_wish *wish;
};

char *engine_wish_key(int64_t run, const char *key)
{
    return xasprintf("%" PRId64 ":%s", run, key);
}

const char *engine_wish_own_key(const char *key)
{
    const char *colon = strchr(key, ':');

    return colon ? colon + 1 : key;
}

/* ---- messages ---- */

static char *message(const struct run_wish *w)
{
    auto_json struct json *o = json_new_object();

    json_put_text(o, "person", w->person);
    json_put_text(o, "language", w->language);
    json_put_text(o, "at", w->at);
    json_put_text(o, "template", w->template);
    json_put(o, "facts", json_clone(w->facts));
    return json_write(o);
}

static int put_send(const struct wishing *g)
{
    auto_free char *key = engine_wish_key(g->run->id, g->wish->key);
    auto_free char *payload = message(g->wish);

    return store_wish_put(g->store,
                          &(struct store_wish){.run = g->run->id,
                                               .incident = g->run->incident,
                                               .step = g->wish->step,
                                               .action = g->wish->action,
                                               .key = key,
                                               .payload = payload,
                                               .drill = g->run->drill,
                                               .next_try = g->wish->not_before},
                          NULL);
}

static int stop_sends(const struct wishing *g)
{
    return store_wish_withdraw(g->store, g->run->id, g->wish->step);
}

/* ---- tasks ---- */

struct same {
    const char *person, *mend;
    bool found;
};

static void look_for_same(const struct store_task *t, void *arg)
{
    struct same *same = arg;
    auto_json struct json *detail = json_parse(t->detail, strlen(t->detail), NULL);

    if (t->kind == TASK_TROUBLE &&
        strcmp(json_get_text(detail, "person", ""), same->person) == 0 &&
        strcmp(json_get_text(detail, "mend", ""), same->mend) == 0)
        same->found = true;
}

/* However many messages don't arrive: one call to each person of the run is enough, and
 * one look at the mail server for all runs. */
static int waits_already(const struct wishing *g, bool *ret_waits)
{
    struct same same = {json_get_text(g->wish->detail, "person", ""),
                        json_get_text(g->wish->detail, "mend", ""), false};
    const struct store_task_filter open = {.run = *same.mend ? 0 : g->run->id,
                                           .roles = UINT32_C(1) << g->wish->role,
                                           .limit = TROUBLE_MOST};
    int r = 0;

    if (g->wish->task == TASK_TROUBLE && (*same.person || *same.mend))
        r = store_task_each(g->store, &open, look_for_same, &same);
    *ret_waits = same.found;
    return r;
}

static int open_task(const struct wishing *g)
{
    auto_free char *detail = json_write(g->wish->detail);
    bool waits = false;
    int64_t id = 0;
    int r = waits_already(g, &waits);

    if (r < 0 || waits)
        return r;
    return store_task_open(g->store,
                           &(struct store_task){.run = g->run->id,
                                                .incident = g->run->incident,
                                                .step = g->wish->step,
                                                .key = g->wish->key,
                                                .kind = g->wish->task,
                                                .role = g->wish->role,
                                                .title = g->wish->title,
                                                .detail = detail,
                                                .drill = g->run->drill,
                                                .due = g->wish->due},
                           &id);
}

static int end_tasks(const struct wishing *g)
{
    return store_task_end_step(g->store, g->run->id, g->wish->step, g->wish->task_state);
}

/* ---- timers ---- */

static int set_timer(const struct wishing *g)
{
    return store_timer_put(g->store, &(struct store_timer){.run = g->run->id,
                                                           .step = g->wish->step,
                                                           .name = TIMER_NAME,
                                                           .due = g->wish->due});
}

static int stop_timer(const struct wishing *g)
{
    return store_timer_drop(g->store, g->run->id, g->wish->step, TIMER_NAME);
}

/* ---- the incident ---- */

/* A person may have moved it further, or back, in between: then theirs stands, and the
 * incident says why the run's did not. */
static int note_refusal(const struct wishing *g)
{
    auto_free char *text =
        xasprintf("the playbook wanted it %s: %s",
                  names_get(&names_incident_state, g->wish->to), store_error(g->store));

    return store_incident_note(g->store, g->run->incident, "engine", text);
}

static int change_incident(const struct wishing *g)
{
    struct incident_change c = {.to = g->wish->to,
                                .disposition = g->wish->disposition,
                                .who = g->wish->who,
                                .why = g->wish->why};
    struct store_incident i;
    int r = store_incident_get(g->store, g->run->incident, &i);

    if (r < 0)
        return r;
    c.from = i.state;
    store_incident_done(&i);
    if (c.from == c.to)
        return 0;
    r = store_incident_change(g->store, g->run->incident, &c);
    return r == -EPERM ? note_refusal(g) : r;
}

/* ---- other playbooks ---- */

/* One that is gone by now is told as a return at once: the run goes on, and says so. */
static int call_playbook(const struct wishing *g)
{
    auto_free char *text = NULL;
    int r =
        engine_begin_run(g->engine, &(struct run_begin){.incident = g->run->incident,
                                                        .playbook = g->wish->playbook,
                                                        .drill = g->run->drill,
                                                        .caller = g->run->id,
                                                        .caller_step = g->wish->step});

    if (r != -ENOENT)
        return r;
    text = xasprintf("the playbook \"%s\" was to be called and is not there any more",
                     g->wish->playbook);
    r = store_incident_note(g->store, g->run->incident, "engine", text);
    if (r == 0)
        r = store_input_put(g->store, &(struct store_input){.run = g->run->id,
                                                            .kind = INPUT_RETURN,
                                                            .step = g->wish->step,
                                                            .who = "engine",
                                                            .document = "{}"});
    return r;
}

/* ---- evidence ---- */

#define WAIT_FOR_AGENT USEC_PER_HOUR
#define RECORD_BEFORE  (30 * USEC_PER_SEC)
#define RECORD_MOST    (UINT64_C(1) << 20)

/* Nobody can be asked, or nobody about: the incident says why, and the run goes on. */
static int note_no_capture(const struct wishing *g)
{
    auto_free char *text = xasprintf("the playbook wanted frames recorded (step %s): %s",
                                     g->wish->step, store_error(g->store));

    return store_incident_note(g->store, g->run->incident, "engine", text);
}

static int ask_agent(const struct wishing *g, const char *why)
{
    const struct store_ask a = {.incident = g->run->incident,
                                .who = "engine",
                                .why = why,
                                .before = RECORD_BEFORE,
                                .length = g->wish->record,
                                .most = RECORD_MOST,
                                .until = store_now(g->store) + WAIT_FOR_AGENT};
    struct store_ask_target t = {0};
    int64_t id = 0;
    int r = store_ask_target(g->store, g->run->incident, NULL, &t);

    if (r == 0)
        r = store_ask_put(g->store, &a, &t, &id);
    store_ask_target_done(&t);
    return r == -EINVAL || r == -EPERM || r == -EBUSY ? note_no_capture(g) : r;
}

/* A drill records nobody. */
static int freeze(const struct wishing *g)
{
    auto_free char *key = engine_wish_key(g->run->id, g->wish->key);
    auto_free char *why =
        xasprintf("by the playbook %s, step %s", g->run->playbook, g->wish->step);
    int r = store_freeze(g->store, &(struct store_freeze){.incident = g->run->incident,
                                                          .key = key,
                                                          .who = "engine",
                                                          .why = why,
                                                          .until = g->wish->due});

    return r == 0 && g->wish->record && !g->run->drill ? ask_agent(g, why) : r;
}

/* ---- all of them ---- */

typedef int carry_out_fn(const struct wishing *g);

static carry_out_fn *const ways[] = {
    [RUN_WISH_SEND] = put_send,
    [RUN_WISH_SEND_STOP] = stop_sends,
    [RUN_WISH_TASK_OPEN] = open_task,
    [RUN_WISH_TASK_END] = end_tasks,
    [RUN_WISH_TIMER] = set_timer,
    [RUN_WISH_TIMER_STOP] = stop_timer,
    [RUN_WISH_INCIDENT] = change_incident,
    [RUN_WISH_CALL] = call_playbook,
    [RUN_WISH_FREEZE] = freeze,
};

int engine_carry_out(struct engine *e, const struct store_run *run,
                     const struct run_result *result)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < result->wish_count; i++)
        r = ways[result->wishes[i].kind](&(struct wishing){
            .engine = e,
            .store = e->set.store,
            .run = run,
            .wish = &result->wishes[i],
        });
    return r;
}
