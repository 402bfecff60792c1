/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_world.h - what stands around a run in a test: the tasks, timers, messages and calls
 * that it wished for, as the store would keep them.
 */
#ifndef TEST_RUN_WORLD_H
#define TEST_RUN_WORLD_H

#include "playbooks.h"

#define WORLD_MAX 512

struct world_task {
    char *key, *step;
    enum task_kind kind;
    struct json *detail;
    bool open;
};

struct world {
    const struct playbook *plan;
    const struct district *district;
    struct json *state;
    enum run_status status;
    usec_t now;
    struct run_result last; /* of the step before */

    struct world_task tasks[WORLD_MAX];
    size_t task_count;
    char *timer_step; /* a run has one timer at most */
    usec_t timer_due;
    char *messages[WORLD_MAX]; /* sent, outcome not told yet */
    size_t message_count;
    char *call_step;
};

static inline void world_set(char **text, const char *to)
{
    free(*text);
    *text = to ? xstrdup(to) : NULL;
}

static inline void world_drop_messages(struct world *w, const char *step)
{
    size_t len = strlen(step), left = 0;

    for (size_t i = 0; i < w->message_count; i++) {
        char *m = w->messages[i];

        if (strncmp(m, step, len) == 0 && m[len] == '#')
            free(m);
        else
            w->messages[left++] = m;
    }
    w->message_count = left;
}

static inline void world_open(struct world *w, const struct run_wish *wish)
{
    for (size_t i = 0; i < w->task_count; i++)
        if (strcmp(w->tasks[i].key, wish->key) == 0)
            return;
    assert_true(w->task_count < WORLD_MAX);
    w->tasks[w->task_count++] =
        (struct world_task){xstrdup(wish->key), xstrdup(wish->step), wish->task,
                            json_clone(wish->detail), true};
}

static inline void world_fulfil(struct world *w, const struct run_wish *wish)
{
    switch (wish->kind) {
    case RUN_WISH_SEND:
        assert_true(w->message_count < WORLD_MAX);
        w->messages[w->message_count++] = xstrdup(wish->key);
        break;
    case RUN_WISH_SEND_STOP:
        world_drop_messages(w, wish->step);
        break;
    case RUN_WISH_TASK_OPEN:
        world_open(w, wish);
        break;
    case RUN_WISH_TASK_END:
        for (size_t i = 0; i < w->task_count; i++)
            if (strcmp(w->tasks[i].step, wish->step) == 0)
                w->tasks[i].open = false;
        break;
    case RUN_WISH_TIMER:
        world_set(&w->timer_step, wish->step);
        w->timer_due = wish->due;
        break;
    case RUN_WISH_TIMER_STOP:
        world_set(&w->timer_step, NULL);
        break;
    case RUN_WISH_CALL:
        world_set(&w->call_step, wish->step);
        break;
    case RUN_WISH_INCIDENT:
    case RUN_WISH_FREEZE:
        break;
    }
}

static inline void world_event(struct world *w, struct run_event e)
{
    struct run_result result;

    assert_int_equal(
        run_step(&(struct run_call){w->plan, w->district, w->state, &e, w->now}, &result),
        0);
    json_free(w->state);
    w->state = json_clone(result.state);
    w->status = result.status;
    for (size_t i = 0; i < result.wish_count; i++)
        world_fulfil(w, &result.wishes[i]);
    run_result_done(&w->last);
    w->last = result;
}

static inline struct world *world_new(const struct playbook *plan,
                                      const struct district *district, const char *known,
                                      const char *now)
{
    auto_json struct json *json = json_parse(known, strlen(known), NULL);
    struct world *w = xcalloc(1, sizeof(*w));

    assert_non_null(json);
    w->plan = plan;
    w->district = district;
    w->now = time_of(now);
    w->state = run_new(plan, json);
    world_event(w, (struct run_event){.kind = RUN_EVENT_START});
    return w;
}

static inline void world_free(struct world *w)
{
    json_free(w->state);
    run_result_done(&w->last);
    for (size_t i = 0; i < w->task_count; i++) {
        free(w->tasks[i].key);
        free(w->tasks[i].step);
        json_free(w->tasks[i].detail);
    }
    for (size_t i = 0; i < w->message_count; i++)
        free(w->messages[i]);
    free(w->timer_step);
    free(w->call_step);
    free(w);
}

/* The newest open task of a step; the test fails when there is none. */
static inline struct world_task *world_task(struct world *w, const char *step)
{
    for (size_t i = w->task_count; i-- > 0;)
        if (w->tasks[i].open && strcmp(w->tasks[i].step, step) == 0)
            return &w->tasks[i];
    fail_msg("step %s has no open task", step);
    return NULL;
}

static inline void world_answer_task(struct world *w, struct world_task *t,
                                     const char *who, const char *answer)
{
    auto_json struct json *document = json_new_object();

    json_put_text(document, "key", t->key);
    json_put(document, "answer", json_parse(answer, strlen(answer), NULL));
    t->open = false;
    world_event(w, (struct run_event){
                       .kind = RUN_EVENT_ANSWER, .who = who, .document = document});
}

static inline void world_answer(struct world *w, const char *step, const char *who,
                                const char *answer)
{
    world_answer_task(w, world_task(w, step), who, answer);
}

static inline void world_take(struct world *w, const char *step, const char *who)
{
    auto_json struct json *document = json_new_object();

    json_put_text(document, "key", world_task(w, step)->key);
    world_event(
        w, (struct run_event){.kind = RUN_EVENT_TAKEN, .who = who, .document = document});
}

/* The timer fires, so much later than it should. */
static inline void world_fire(struct world *w, usec_t late)
{
    auto_free char *step = w->timer_step;
    usec_t due = w->timer_due;

    assert_non_null(step);
    w->timer_step = NULL;
    if (w->now < due + late)
        w->now = due + late;
    world_event(w, (struct run_event){.kind = RUN_EVENT_TIMER, .step = step, .due = due});
}

static inline void world_outcome(struct world *w, bool ok)
{
    auto_json struct json *document = json_new_object();
    auto_free char *key = NULL;

    assert_true(w->message_count > 0);
    key = w->messages[--w->message_count];
    json_put_text(document, "wish", key);
    json_put_bool(document, "ok", ok);
    world_event(w, (struct run_event){.kind = RUN_EVENT_OUTCOME, .document = document});
}

static inline const char *world_step(const struct world *w)
{
    return json_get_text(w->state, "step", "?");
}

/* What was wished in the last step, as lines a test can read:
 * "send sec mail task-waiting", "task-open ack", "timer 30 min". */
static inline char *world_wishes(const struct world *w)
{
    struct buffer b = {0};

    for (size_t i = 0; i < w->last.wish_count; i++) {
        const struct run_wish *x = &w->last.wishes[i];
        char time[CLOCK_TEXT];

        buffer_print(&b, "%s%s", i ? "; " : "", names_get(&names_run_wish_kind, x->kind));
        if (x->kind == RUN_WISH_SEND)
            buffer_print(&b, " %s %s", x->person, x->template);
        if (x->kind == RUN_WISH_SEND && x->not_before) {
            clock_print_duration(x->not_before - w->now, time);
            buffer_print(&b, " in %s", time);
        }
        if (x->kind == RUN_WISH_TASK_OPEN)
            buffer_print(&b, " %s %s %s", names_get(&names_task_kind, x->task), x->step,
                         names_get(&names_role, x->role));
        if (x->kind == RUN_WISH_TASK_END)
            buffer_print(&b, " %s", names_get(&names_task_state, x->task_state));
        if (x->kind == RUN_WISH_TIMER) {
            clock_print_duration(x->due - w->now, time);
            buffer_print(&b, " %s", time);
        }
        if (x->kind == RUN_WISH_INCIDENT)
            buffer_print(&b, " %s %s", names_get(&names_incident_state, x->to),
                         names_get(&names_disposition, x->disposition));
        if (x->kind == RUN_WISH_FREEZE) {
            clock_print_duration(x->due - w->now, time);
            buffer_print(&b, " %s %s", x->key, time);
        }
        if (x->kind == RUN_WISH_CALL)
            buffer_print(&b, " %s", x->playbook);
    }
    return buffer_take(&b);
}

#define assert_wishes(w, words)                    \
    do {                                           \
        auto_free char *wishes_ = world_wishes(w); \
        assert_string_equal(wishes_, words);       \
    } while (0)

#endif
