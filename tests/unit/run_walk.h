/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_walk.h - a run to which things happen at random, and what must hold whatever
 * happens. Whoever includes it says how chance is made, and has cmocka's assertions or
 * what stands in for them.
 */
#ifndef TEST_RUN_WALK_H
#define TEST_RUN_WALK_H

#include "run_world.h"

struct chance {
    uint64_t (*next)(void *arg);
    void *arg;
};

static inline size_t walk_pick(const struct chance *c, size_t count)
{
    return (size_t)(c->next(c->arg) % count);
}

static inline const char *walk_person(const struct world *w, const struct chance *c)
{
    if (w->district->person_count == 0)
        return "nobody";
    return w->district->people[walk_pick(c, w->district->person_count)].id;
}

/* ---- answers ---- */

static inline void walk_fill_form(const struct json *detail, struct json *answer,
                                  const struct chance *c)
{
    const struct json *form = json_get(detail, "form");

    for (size_t i = 0; i < json_count(form); i++) {
        const struct json *field = json_item(form, i);
        const char *name = json_get_text(field, "field", "");
        const char *type = json_get_text(field, "type", "");
        const struct json *choices = json_get(field, "choices");

        if (strcmp(type, "number") == 0)
            json_put_number(answer, name, (int64_t)walk_pick(c, 100));
        else if (strcmp(type, "choice") == 0)
            json_put(answer, name,
                     json_clone(json_item(choices, walk_pick(c, json_count(choices)))));
        else
            json_put_text(answer, name, walk_pick(c, 2) ? "yes" : "no");
    }
}

/* An answer that fits; now and then one that doesn't. */
static inline struct json *walk_answer(const struct world_task *t, const struct chance *c)
{
    const struct json *options = json_get(t->detail, "options");
    struct json *answer = json_new_object();

    if (walk_pick(c, 8) == 0) {
        json_put_text(answer, "nonsense", "x");
        return answer;
    }
    if (t->kind == TASK_APPROVE)
        json_put_text(answer, "approve", walk_pick(c, 2) ? "yes" : "no");
    if (t->kind == TASK_CLOSE)
        json_put_text(answer, "disposition",
                      json_get_bool(t->detail, "drill", false) ? "drill" : "benign");
    if (t->kind == TASK_DECIDE)
        json_put_text(answer, "option",
                      json_get_text(json_item(options, walk_pick(c, json_count(options))),
                                    "option", ""));
    if (t->kind == TASK_TASK || t->kind == TASK_REVIEW)
        walk_fill_form(t->detail, answer, c);
    else
        json_put_text(answer, "reason", "because");
    return answer;
}

/* ---- what must hold ---- */

static inline char *walk_result_text(const struct run_result *r)
{
    auto_free char *state = json_write(r->state);
    struct buffer b = {0};

    buffer_print(&b, "%s", state);
    for (size_t i = 0; i < r->wish_count; i++) {
        const struct run_wish *x = &r->wishes[i];
        auto_free char *known = x->facts ? json_write(x->facts) : xstrdup("");
        auto_free char *detail = x->detail ? json_write(x->detail) : xstrdup("");

        buffer_print(&b, "\n%d %s %s %s %s %s %llu", x->kind, x->step,
                     x->key ? x->key : "", x->title ? x->title : "", known, detail,
                     (unsigned long long)x->due);
    }
    return buffer_take(&b);
}

/* Written down and read again between two events, it goes on just the same. */
static inline void walk_check_written(const struct world *w, struct run_event e)
{
    auto_free char *text = json_write(w->state);
    auto_json struct json *read = json_parse(text, strlen(text), NULL);
    struct run_call call = {w->plan, w->district, w->state, &e, w->now};
    struct run_result kept, restarted;
    auto_free char *one = NULL, *other = NULL;

    assert_non_null(read);
    assert_int_equal(run_step(&call, &kept), 0);
    call.state = read;
    assert_int_equal(run_step(&call, &restarted), 0);
    one = walk_result_text(&kept);
    other = walk_result_text(&restarted);
    assert_true(strcmp(one, other) == 0);
    run_result_done(&kept);
    run_result_done(&restarted);
}

/* The same event with the same key once more: nothing. */
static inline void walk_check_repeat(struct world *w, struct run_event e)
{
    auto_free char *before = json_write(w->state);
    auto_free char *after = NULL;

    world_event(w, e);
    after = json_write(w->state);
    assert_true(strcmp(before, after) == 0);
    assert_int_equal(w->last.wish_count, 0);
}

/* It is over, or it waits for a person, a time, another run or a message's outcome. */
static inline void walk_check_waits(const struct world *w)
{
    bool waits = w->timer_step || w->call_step || w->message_count > 0;

    for (size_t i = 0; i < w->task_count; i++)
        waits =
            waits || (w->tasks[i].open && strcmp(w->tasks[i].step, world_step(w)) == 0);
    assert_true(waits || w->status != RUN_ACTIVE);
}

/* What is sent outside is asked of a person only after the right one agreed. */
static inline void walk_check_approval(const struct world *w, struct run_event e)
{
    for (size_t i = 0; i < w->last.wish_count; i++) {
        const struct run_wish *x = &w->last.wishes[i];
        int step =
            x->kind == RUN_WISH_TASK_OPEN ? playbook_find_step(w->plan, x->step) : -1;
        bool again = x->detail && json_get(x->detail, "again");

        if (step < 0 || !w->plan->steps[step].has_approve || x->task == TASK_APPROVE ||
            again)
            continue;
        assert_int_equal(e.kind, RUN_EVENT_ANSWER);
        assert_true(strcmp(json_text(json_get_path(e.document, "answer.approve"), ""),
                           "yes") == 0);
        assert_true(run_may_act(w->district, w->plan->steps[step].approve, e.who));
    }
}

static inline void walk_check_timers(const struct world *w)
{
    for (size_t i = 0; i < w->last.wish_count; i++)
        if (w->last.wishes[i].kind == RUN_WISH_TIMER)
            assert_true(w->last.wishes[i].due >= w->now);
}

/* ---- what happens ---- */

static inline void walk_tell(struct world *w, struct run_event e, size_t number)
{
    auto_free char *key = xasprintf("e%zu", number);

    e.key = key;
    if (number % 5 == 0) /* they cost more than the step itself */
        walk_check_written(w, e);
    world_event(w, e);
    walk_check_approval(w, e);
    walk_check_timers(w);
    walk_check_waits(w);
    if (number % 5 == 1 && !(e.kind == RUN_EVENT_TIMER && w->now < e.due))
        walk_check_repeat(w, e);
}

static inline void walk_task(struct world *w, const struct chance *c, size_t number)
{
    struct world_task *t = w->task_count ? &w->tasks[walk_pick(c, w->task_count)] : NULL;
    struct run_event e = {.kind = RUN_EVENT_ANSWER, .who = walk_person(w, c)};
    auto_json struct json *document = json_new_object();

    for (size_t i = w->task_count; i-- > 0 && walk_pick(c, 4) > 0;)
        if (w->tasks[i].open)
            t = &w->tasks[i];
    if (!t)
        return;
    json_put_text(document, "key", t->key);
    json_put(document, "answer", walk_answer(t, c));
    e.document = document;
    if (walk_pick(c, 5) == 0)
        e.kind = RUN_EVENT_TAKEN;
    else
        t->open = false;
    walk_tell(w, e, number);
}

static inline void walk_timer(struct world *w, const struct chance *c, size_t number)
{
    static const usec_t lates[] = {0, USEC_PER_SEC, USEC_PER_HOUR, 3 * USEC_PER_DAY};
    auto_free char *step = w->timer_step;
    usec_t due = w->timer_due;

    if (!step)
        return;
    w->timer_step = NULL;
    if (walk_pick(c, 8) > 0 && w->now < due)
        w->now = due + lates[walk_pick(c, 4)];
    walk_tell(w, (struct run_event){.kind = RUN_EVENT_TIMER, .step = step, .due = due},
              number);
}

static inline void walk_message(struct world *w, const struct chance *c, size_t number)
{
    auto_json struct json *document = json_new_object();
    auto_free char *key = NULL;

    if (w->message_count == 0)
        return;
    key = w->messages[--w->message_count];
    json_put_text(document, "wish", key);
    json_put_bool(document, "ok", walk_pick(c, 4) > 0);
    walk_tell(w, (struct run_event){.kind = RUN_EVENT_OUTCOME, .document = document},
              number);
}

static inline void walk_call(struct world *w, size_t number)
{
    auto_free char *step = w->call_step;

    if (!step)
        return;
    w->call_step = NULL;
    walk_tell(w, (struct run_event){.kind = RUN_EVENT_RETURN, .step = step}, number);
}

static inline void walk_incident(struct world *w, const struct chance *c, size_t number)
{
    auto_json struct json *document = json_new_object();
    struct run_event e = {.kind = RUN_EVENT_ALERT, .who = "x", .document = document};

    json_put_path(document, "incident.severity",
                  json_new_text(names_get(&names_severity, walk_pick(c, 5))));
    if (walk_pick(c, 4) == 0) {
        json_put_text(document, "to", names_get(&names_incident_state, walk_pick(c, 5)));
        e.kind = RUN_EVENT_INCIDENT;
    }
    if (walk_pick(c, 60) == 0)
        e.kind = RUN_EVENT_STOP;
    walk_tell(w, e, number);
}

/* At most `most` things happen. */
static inline void walk(struct world *w, const struct chance *c, size_t most)
{
    walk_check_waits(w);
    for (size_t i = 0; i < most && w->status == RUN_ACTIVE &&
                       w->task_count < WORLD_MAX - 8 && w->message_count < WORLD_MAX - 64;
         i++) {
        w->now += walk_pick(c, 20 * 60) * USEC_PER_SEC;
        switch (walk_pick(c, 8)) {
        case 0:
            walk_incident(w, c, i);
            break;
        case 1:
        case 2:
            walk_timer(w, c, i);
            break;
        case 3:
            walk_message(w, c, i);
            break;
        case 4:
            walk_call(w, i);
            break;
        default:
            walk_task(w, c, i);
            break;
        }
    }
}

#endif
