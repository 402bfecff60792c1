/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run goes from step to step until it comes to one that has to wait; there it stays
 * until an event lets it go on. Each kind of event has its function; those that do not
 * concern the step where the run is are written into the diary at most.
 *
 * A step that waits for a person has one task and perhaps one timer. Leaving it takes
 * both away, and the messages about it that were not sent yet. A run that has come to its
 * end stays active until the outcome of every message is known, because one that could
 * not be delivered becomes a task.
 */
#include "collector/playbook_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/run_state.h"
#include "mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const wish_words[] = {"send",     "send-stop", "task-open",
                                         "task-end", "timer",     "timer-stop",
                                         "incident", "call",      "freeze"};
const struct names names_run_wish_kind = {"kind of wish", wish_words, COUNT(wish_words)};

static void go_to(struct running *r, int step);

/* ---- facts and the incident ---- */

struct merge {
    struct json *facts;
};

static void merge_fact(const char *key, struct json *value, void *arg)
{
    struct merge *m = arg;
    auto_free char *name = xasprintf("incident.%s", key);

    if (fact_find(name, strlen(name)))
        json_put_path(m->facts, name, json_clone(value));
}

/* Only facts of the table are taken over. */
static void merge_facts(struct json *facts, const struct json *document)
{
    struct merge m = {.facts = facts};

    if (json_is_object(json_get(document, "incident")))
        json_each(json_get(document, "incident"), merge_fact, &m);
}

static enum incident_state incident_state(const struct running *r)
{
    int state = names_find(&names_incident_state, running_fact(r, "incident.state"));

    return state < 0 ? INCIDENT_OPEN : (enum incident_state)state;
}

static void mark_incident(struct running *r, enum incident_state to, const char *who,
                          const char *why)
{
    struct run_wish *w = running_wish(r, RUN_WISH_INCIDENT);

    w->to = to;
    w->who = running_text(r, "%s", who);
    w->why = running_text(r, "%s", why);
    json_put_path(r->s.facts, "incident.state",
                  json_new_text(names_get(&names_incident_state, to)));
}

/* ---- timers ---- */

static void set_timer(struct running *r, usec_t due)
{
    running_wish(r, RUN_WISH_TIMER)->due = due;
    r->s.due = due;
}

static void stop_timer(struct running *r)
{
    if (r->s.due)
        running_wish(r, RUN_WISH_TIMER_STOP);
    r->s.due = 0;
}

/* ---- leaving a step ---- */

struct forget {
    const char *step;
    struct json *left;
    bool any;
};

static void keep_other(const char *key, struct json *value, void *arg)
{
    struct forget *f = arg;

    if (strcmp(json_text(value, ""), f->step) == 0)
        f->any = true;
    else
        json_put(f->left, key, json_clone(value));
}

/* Messages that ask for what is done by now. */
static void stop_messages(struct running *r)
{
    struct forget f = {.step = running_step(r)->id, .left = json_new_object()};

    json_each(r->s.pending, keep_other, &f);
    json_free(r->s.pending);
    r->s.pending = f.left;
    if (f.any)
        running_wish(r, RUN_WISH_SEND_STOP);
}

static void leave(struct running *r, enum task_state how)
{
    if (how != TASK_DONE || running_step(r)->kind == STEP_ACK)
        running_wish(r, RUN_WISH_TASK_END)->task_state = how;
    stop_timer(r);
    stop_messages(r);
}

/* ---- coming to a step ---- */

/* Somebody in that hour has it, or it counts from when somebody comes. */
static void ask(struct running *r)
{
    const struct playbook_step *s = running_step(r);
    bool quiet = r->plan->privacy == PRIVACY_SAFEGUARDING;
    const char *template = quiet ? "safeguarding-task" : "task-waiting";
    enum role role = run_task_role(r);
    usec_t from = r->now;

    if (run_may_wait(r) && run_next_duty(r->district, role, r->now))
        from = run_next_duty(r->district, role, r->now);
    if (s->within)
        set_timer(r, from + s->within);
    if (s->template && s->kind != STEP_COMMUNICATE)
        template = s->template;
    if (r->told_role != (int)role)
        run_tell_role(r, role, template);
    run_open_task(r, r->s.due, NULL);
}

static int notify(struct running *r)
{
    const struct playbook_step *s = running_step(r);

    if (s->to) {
        run_tell_person(r, s->to, s->template);
    } else {
        run_tell_role(r, s->role, s->template);
        r->told_role = (int)s->role;
    }
    return s->then;
}

static int branch(struct running *r)
{
    const struct playbook_step *s = running_step(r);

    for (size_t i = 0; i < s->way_count; i++)
        if (condition_holds(&s->ways[i].condition, r->s.facts))
            return s->ways[i].then;
    return s->then;
}

/* PLAYBOOK_NONE: it has to wait. */
static int begin_wait(struct running *r)
{
    const struct playbook_step *s = running_step(r);

    if (s->until && condition_holds(s->until, r->s.facts))
        return s->then;
    json_put_path(r->s.facts, "incident.alerts_since_wait", json_new_number(0));
    set_timer(r, r->now + (s->until ? s->within : s->wait_for));
    return PLAYBOOK_NONE;
}

static void begin_call(struct running *r)
{
    const struct playbook_step *s = running_step(r);
    const char *key = running_text(r, "%s#%u", s->id, r->s.visit);
    struct run_wish *w = running_wish(r, RUN_WISH_CALL);

    w->key = key;
    w->playbook = running_text(r, "%s", s->playbook);
}

static int freeze(struct running *r)
{
    const struct playbook_step *s = running_step(r);
    const char *key = running_text(r, "%s#%u", s->id, r->s.visit);
    struct run_wish *w = running_wish(r, RUN_WISH_FREEZE);

    w->key = key;
    w->due = r->now + s->hold_for;
    w->record = s->record;
    return s->then;
}

/* Whether who was told by the notify before need not be told again. */
static bool passes_on(enum step_kind kind)
{
    return kind == STEP_NOTIFY || kind == STEP_BRANCH || kind == STEP_EVIDENCE ||
           step_is_human(kind);
}

/* Enters the step; the one to go on to, or PLAYBOOK_NONE when it waits there. */
static int enter(struct running *r, int step)
{
    const struct playbook_step *s = &r->plan->steps[step];

    r->s.step = step;
    r->s.visit++;
    r->s.attempt = r->s.rung = 0;
    r->s.due = 0;
    r->s.phase = s->has_approve ? RUN_PHASE_APPROVE : RUN_PHASE_DO;
    running_note(r, "begun", NULL, NULL);
    if (!passes_on(s->kind))
        r->told_role = -1;
    switch (s->kind) {
    case STEP_NOTIFY:
        return notify(r);
    case STEP_BRANCH:
        return branch(r);
    case STEP_EVIDENCE:
        return freeze(r);
    case STEP_WAIT:
        return begin_wait(r);
    case STEP_CALL:
        begin_call(r);
        return PLAYBOOK_NONE;
    default:
        ask(r);
        r->told_role = -1;
        return PLAYBOOK_NONE;
    }
}

static void settle(struct running *r)
{
    if (r->s.step == PLAYBOOK_END && r->s.status == RUN_ACTIVE &&
        json_count(r->s.pending) == 0)
        r->s.status = RUN_ENDED;
}

static void go_to(struct running *r, int step)
{
    /* playbook_check_graph refuses circles of instant steps: so many are never passed. */
    for (size_t i = 0; step >= 0 && i <= r->plan->step_count; i++)
        step = enter(r, step);
    if (step == PLAYBOOK_NONE)
        return;
    r->s.step = PLAYBOOK_END;
    running_note(r, "ended", NULL, NULL);
}

/* ---- a task is answered ---- */

static void remember(struct running *r, const struct json *answer)
{
    auto_free char *path = xasprintf("answer.%s", running_step(r)->id);

    json_put_path(r->s.facts, path, json_clone(answer));
}

static int option_target(const struct playbook_step *s, const struct json *answer)
{
    const char *option = json_get_text(answer, "option", "");

    for (size_t i = 0; i < s->way_count; i++)
        if (strcmp(s->ways[i].name, option) == 0)
            return s->ways[i].then;
    return PLAYBOOK_END;
}

static void close_incident(struct running *r, const struct json *answer, const char *who)
{
    const char *word = json_get_text(answer, "disposition", "");
    int disposition = names_find(&names_disposition, word);

    r->s.closed = true;
    mark_incident(r, INCIDENT_CLOSED, who, json_get_text(answer, "reason", ""));
    r->out->wishes[r->out->wish_count - 1].disposition = (enum disposition)disposition;
}

/* The step is done by a person: what follows for the incident, and where to go. */
static void finish_human(struct running *r, const struct json *answer, const char *who)
{
    const struct playbook_step *s = running_step(r);

    leave(r, TASK_DONE);
    remember(r, answer);
    if (s->marks != INCIDENT_OPEN && incident_state(r) < s->marks)
        mark_incident(r, s->marks, who, *s->title ? s->title : "");
    if (s->kind == STEP_CLOSE && !r->s.closed)
        close_incident(r, answer, who);
    go_to(r, s->kind == STEP_DECIDE ? option_target(s, answer) : s->then);
}

static void finish_approval(struct running *r, const struct json *answer, const char *who)
{
    const struct playbook_step *s = running_step(r);
    bool agreed = strcmp(json_get_text(answer, "approve", ""), "yes") == 0;

    running_note(r, agreed ? "agreed" : "refused", who,
                 json_get_text(answer, "reason", ""));
    leave(r, TASK_DONE);
    if (!agreed) {
        go_to(r, s->on_refused == PLAYBOOK_NONE ? s->then : s->on_refused);
        return;
    }
    r->s.phase = RUN_PHASE_DO;
    r->s.attempt = r->s.rung = 0;
    r->s.visit++; /* its messages and its task are not those of the approval */
    ask(r);
}

static bool is_our_task(struct running *r, const struct run_event *e)
{
    const struct playbook_step *s = running_step(r);

    return s && step_is_human(s->kind) &&
           strcmp(json_get_text(e->document, "key", ""), run_task_key(r)) == 0;
}

/* An answer that does not fit was let through by whoever took it: ask again. */
static void ask_again(struct running *r, const struct run_event *e, const char *words)
{
    running_note(r, "unfit", e->who, words);
    r->s.attempt++;
    run_open_task(r, r->s.due, words);
}

/* Whoever had it could not do it, and said so: somebody else hears of it now, and the
 * time begins anew. */
static void hand_on(struct running *r, const char *who, const char *words)
{
    const struct playbook_step *s = running_step(r);

    r->s.rung++;
    r->s.attempt++;
    stop_timer(r);
    if (s->within)
        set_timer(r, r->now + s->within);
    run_tell_not_done(r, run_task_role(r), s->timeout == TIMEOUT_LAST_RESPONDER, who);
    run_open_task(r, r->s.due, words);
}

/* Nothing is marked: the step stays as it is, or the playbook knows what to do then. */
static void stay_undone(struct running *r, const struct run_event *e,
                        const struct json *field)
{
    const struct playbook_step *s = running_step(r);
    const struct json *answer = json_get(e->document, "answer");
    const char *ask = json_get_text(field, "ask", "");
    const char *given = json_get_text(answer, json_get_text(field, "field", ""), "");
    auto_free char *words = xasprintf("%s answered \"%s\": %s", e->who, given, ask);

    running_note(r, "not-done", e->who, ask);
    remember(r, answer);
    if (s->not_done == PLAYBOOK_NONE) {
        hand_on(r, e->who, words);
        return;
    }
    leave(r, TASK_DONE);
    go_to(r, s->not_done);
}

static void on_answer(struct running *r, const struct run_event *e)
{
    const struct json *answer = json_get(e->document, "answer");
    const struct json *field;
    auto_json struct json *detail = NULL;
    auto_free char *words = NULL;

    if (!is_our_task(r, e))
        return;
    detail = run_task_detail(r);
    words = run_answer_refuse(run_task_kind(r), detail, answer);
    if (!words && r->s.phase == RUN_PHASE_APPROVE &&
        !run_may_act(r->district, run_task_role(r), e->who))
        words = xasprintf("only %s can agree to this",
                          names_get(&names_role, run_task_role(r)));
    if (words) {
        ask_again(r, e, words);
        return;
    }
    if (r->s.phase == RUN_PHASE_APPROVE) {
        finish_approval(r, answer, e->who);
        return;
    }
    field = run_answer_not_done(detail, answer);
    if (field) {
        stay_undone(r, e, field);
        return;
    }
    running_note(r, "done", e->who, json_get_text(answer, "option", ""));
    finish_human(r, answer, e->who);
}

static void on_taken(struct running *r, const struct run_event *e)
{
    auto_json struct json *nothing = json_new_object();

    if (!is_our_task(r, e))
        return;
    running_note(r, "taken", e->who, NULL);
    if (running_step(r)->kind == STEP_ACK)
        finish_human(r, nothing, e->who);
}

/* ---- time is up ---- */

/* Out of hours, what can wait does not climb: it goes on when somebody is there. */
static bool hold(struct running *r)
{
    usec_t next =
        run_may_wait(r) ? run_next_duty(r->district, run_task_role(r), r->now) : r->now;

    if (next <= r->now)
        return false;
    running_note(r, "held", NULL, NULL);
    set_timer(r, next);
    return true;
}

static void escalate(struct running *r)
{
    const struct playbook_step *s = running_step(r);
    usec_t pause = s->within < USEC_PER_DAY ? s->within : USEC_PER_DAY;

    r->s.rung++;
    running_note(r, "overdue", NULL, NULL);
    if (run_tell_next(r, run_task_role(r), s->timeout == TIMEOUT_LAST_RESPONDER))
        set_timer(r, r->now + pause);
}

static void on_due(struct running *r)
{
    const struct playbook_step *s = running_step(r);

    r->s.due = 0;
    if (s->kind == STEP_WAIT) {
        running_note(r, "waited", NULL, NULL);
        go_to(r, s->until ? s->on_timeout : s->then);
        return;
    }
    if (hold(r))
        return;
    if (s->timeout != TIMEOUT_STEP) {
        escalate(r);
        return;
    }
    running_note(r, "overdue", NULL, NULL);
    leave(r, TASK_EXPIRED);
    go_to(r, s->on_timeout);
}

static void on_timer(struct running *r, const struct run_event *e)
{
    const struct playbook_step *s = running_step(r);

    if (!s || strcmp(e->step, s->id) != 0 || r->s.due == 0 || e->due != r->s.due)
        return;
    if (r->now < e->due) { /* the clock went back: it will come again, key and all */
        set_timer(r, e->due);
        r->too_early = true;
        return;
    }
    if (r->now - e->due >= RUN_LATE)
        r->late = r->now - e->due;
    on_due(r);
}

/* ---- what else happens ---- */

static void on_start(struct running *r)
{
    if (r->s.step == PLAYBOOK_NONE)
        go_to(r, 0);
}

static void look_at_wait(struct running *r)
{
    const struct playbook_step *s = running_step(r);

    if (!s || s->kind != STEP_WAIT || !s->until || !condition_holds(s->until, r->s.facts))
        return;
    stop_timer(r);
    go_to(r, s->then);
}

static void on_alert(struct running *r, const struct run_event *e)
{
    const struct playbook_step *s = running_step(r);
    const char *name = "incident.alerts_since_wait";

    merge_facts(r->s.facts, e->document);
    if (s && s->kind == STEP_WAIT)
        json_put_path(
            r->s.facts, name,
            json_new_number(json_number(json_get_path(r->s.facts, name), 0) + 1));
    look_at_wait(r);
}

static int find_close(const struct playbook *plan)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].kind == STEP_CLOSE)
            return (int)i;
    return PLAYBOOK_NONE;
}

/* A person closed the incident: as if the playbook's own closing had been answered. */
static void closed_by_person(struct running *r)
{
    int close = find_close(r->plan);

    r->s.closed = true;
    if (running_step(r))
        leave(r, TASK_WITHDRAWN);
    go_to(r, close == PLAYBOOK_NONE ? PLAYBOOK_END : r->plan->steps[close].then);
}

static bool reopens(const struct run_event *e)
{
    return e->kind == RUN_EVENT_INCIDENT &&
           strcmp(json_get_text(e->document, "from", ""),
                  names_get(&names_incident_state, INCIDENT_CLOSED)) == 0;
}

/* It was not over after all: without this nobody would have a task. */
static void begin_anew(struct running *r, const struct run_event *e)
{
    running_note(r, "reopened", e->who, json_get_text(e->document, "why", ""));
    if (running_step(r))
        leave(r, TASK_WITHDRAWN);
    r->s.closed = false;
    r->s.status = RUN_ACTIVE;
    go_to(r, 0);
}

static void on_incident(struct running *r, const struct run_event *e)
{
    const char *to = json_get_text(e->document, "to", "");
    int state = names_find(&names_incident_state, to);

    if (state < 0)
        return;
    json_put_path(r->s.facts, "incident.state", json_new_text(to));
    if (reopens(e)) {
        begin_anew(r, e);
        return;
    }
    if (state == INCIDENT_CLOSED && !r->s.closed && r->s.step != PLAYBOOK_END) {
        running_note(r, "closed", e->who, json_get_text(e->document, "why", ""));
        closed_by_person(r);
        return;
    }
    look_at_wait(r);
}

static void on_outcome(struct running *r, const struct run_event *e)
{
    const char *key = json_get_text(e->document, "wish", "");
    struct forget f = {.step = NULL};

    if (!json_get(r->s.pending, key))
        return;
    json_put_text(r->s.pending, key, "/"); /* no step is called so */
    f = (struct forget){.step = "/", .left = json_new_object()};
    json_each(r->s.pending, keep_other, &f);
    json_free(r->s.pending);
    r->s.pending = f.left;
    if (json_get_bool(e->document, "ok", false))
        return;
    running_note(r, "undelivered", NULL, key);
    run_tell_undelivered(r, key, e->document);
}

static void on_return(struct running *r, const struct run_event *e)
{
    const struct playbook_step *s = running_step(r);

    if (s && s->kind == STEP_CALL && strcmp(e->step, s->id) == 0)
        go_to(r, s->then);
}

static void on_stop(struct running *r, const struct run_event *e)
{
    running_note(r, "stopped", e->who, json_get_text(e->document, "why", ""));
    if (running_step(r))
        leave(r, TASK_WITHDRAWN);
    r->s.step = PLAYBOOK_END;
    r->s.status = RUN_ABANDONED;
}

static void happen(struct running *r, const struct run_event *e)
{
    switch (e->kind) {
    case RUN_EVENT_START:
        on_start(r);
        break;
    case RUN_EVENT_ALERT:
        on_alert(r, e);
        break;
    case RUN_EVENT_INCIDENT:
        on_incident(r, e);
        break;
    case RUN_EVENT_TAKEN:
        on_taken(r, e);
        break;
    case RUN_EVENT_ANSWER:
        on_answer(r, e);
        break;
    case RUN_EVENT_OUTCOME:
        on_outcome(r, e);
        break;
    case RUN_EVENT_RETURN:
        on_return(r, e);
        break;
    case RUN_EVENT_STOP:
        on_stop(r, e);
        break;
    case RUN_EVENT_TIMER:
        on_timer(r, e);
        break;
    }
}

/* ---- from outside ---- */

struct json *run_new(const struct playbook *plan, const struct json *facts)
{
    struct run_state s = {
        .step = PLAYBOOK_NONE,
        .facts = json_new_object(),
        .pending = json_new_object(),
        .seen = json_new_list(),
        .diary = json_new_list(),
    };
    struct json *state;

    merge_facts(s.facts, facts);
    state = run_state_json(&s, plan);
    run_state_done(&s);
    return state;
}

int run_step(const struct run_call *call, struct run_result *ret)
{
    struct run_result out = {0};
    struct running r = {
        .plan = call->plan,
        .district = call->district,
        .now = call->now,
        .told_role = -1,
        .out = &out,
    };
    struct run_event event = *call->event;
    int rc = run_state_parse(call->state, call->plan, &r.s);

    if (rc)
        return rc;
    event.who = event.who ? event.who : "";
    event.step = event.step ? event.step : "";
    if ((r.s.status == RUN_ACTIVE || reopens(&event)) &&
        !run_state_saw(&r.s, event.key)) {
        happen(&r, &event);
        if (!r.too_early)
            run_state_see(&r.s, event.key);
        settle(&r);
    }
    out.status = r.s.status;
    out.state = run_state_json(&r.s, call->plan);
    run_state_done(&r.s);
    *ret = out;
    return 0;
}

void run_result_done(struct run_result *r)
{
    json_free(r->state);
    for (size_t i = 0; i < r->wish_count; i++) {
        json_free(r->wishes[i].facts);
        json_free(r->wishes[i].detail);
    }
    free(r->wishes);
    arena_done(&r->arena);
    *r = (struct run_result){0};
}
