/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>

#include "collector/engine.h"
#include "collector/engine_inside.h"
#include "collector/store_agent.h"
#include "collector/store_ask.h"
#include "collector/store_evidence.h"
#include "collector/store_task.h"
#include "collector/store_wish.h"
#include "playbooks.h"
#include "store_fixture.h"

#define MORNING (START + 15 * USEC_PER_HOUR) /* ten o'clock in Chicago, a Wednesday */

#define STEPS                                                                       \
    "- {id: page, kind: notify, to: security, template: t, then: ack}\n"            \
    "- {id: ack, kind: ack, within: 30m, on_timeout: deputy, then: work}\n"         \
    "- {id: deputy, kind: ack, role: network-admin, within: 1h, then: work}\n"      \
    "- {id: work, kind: task, role: network-admin, title: Do it, marks: contained," \
    " within: 4h, then: shut}\n"                                                    \
    "- {id: shut, kind: close, within: 1d, disposition: required}\n"

#define HEAD(name)                                                                     \
    "schema: 1\nplaybook: " name "\nversion: 1\ntitle: C\nsummary: C\nfor: security\n" \
    "privacy: {class: security}\nsteps:\n"

#define CALLED     \
    HEAD("called") \
    "- {id: inner, kind: task, role: network-admin, title: Inner, within: 1h, then: end}\n"

#define CALLER                                                   \
    HEAD("caller")                                               \
    "- {id: other, kind: call, playbook: called, then: after}\n" \
    "- {id: after, kind: task, role: network-admin, title: After, within: 1h, then: end}\n"

struct desk {
    struct fixture *f;
    struct playbook *plans[3]; /* by id */
    struct playbooks playbooks;
    struct district *district;
    struct correlate *correlate;
    struct engine *engine;
};

static struct engine *an_engine(struct desk *d, const char *holder)
{
    return engine_new(&(struct engine_settings){.store = d->f->s,
                                                .district = d->district,
                                                .playbooks = &d->playbooks,
                                                .correlate = d->correlate,
                                                .holder = holder});
}

static int desk_set_up(void **state)
{
    auto_diags struct diags *none = diags_new();
    struct desk *d = xcalloc(1, sizeof(*d));
    void *fixture = NULL;

    set_up(&fixture);
    d->f = fixture;
    d->f->now = MORNING;
    d->plans[0] = playbook_parse("called.yaml", CALLED, strlen(CALLED), none);
    d->plans[1] = playbook_parse("caller.yaml", CALLER, strlen(CALLER), none);
    d->plans[2] = plan_of(STEPS);
    assert_non_null(d->plans[0]);
    assert_non_null(d->plans[1]);
    d->playbooks = (struct playbooks){.at = d->plans, .count = 3};
    d->district = district_of(TEST_DISTRICT);
    d->correlate = correlate_load(NULL, 0, none);
    assert_non_null(d->correlate);
    d->engine = an_engine(d, "engine-1");
    *state = d;
    return 0;
}

static int desk_tear_down(void **state)
{
    struct desk *d = *state;
    void *fixture = d->f;

    engine_free(d->engine);
    correlate_free(d->correlate);
    district_free(d->district);
    playbook_free(d->plans[0]);
    playbook_free(d->plans[1]);
    playbook_free(d->plans[2]);
    free(d);
    return tear_down(&fixture);
}

/* ---- what happens ---- */

static void alert_of(struct desk *d, uint64_t seq, const char *playbook,
                     const char *document)
{
    struct store_alert a = an_alert(seq);

    a.playbook = playbook;
    a.owner = ROLE_SECURITY;
    a.document = document;
    begin(d->f);
    assert_int_equal(store_alert_put(d->f->s, &a), 0);
    commit(d->f);
}

static void alert(struct desk *d, uint64_t seq, const char *playbook)
{
    alert_of(d, seq, playbook,
             "{\"hallwatch\":{\"after_hours\":\"page\",\"host\":\"bad.example\"}}");
}

/* How much it did. */
static uint64_t turn(struct desk *d)
{
    struct engine_turn t = {0};

    if (engine_turn(d->engine, &t) != 0)
        fail_msg("%s", store_error(d->f->s));
    return t.alerts + t.rounds;
}

struct search {
    const char *step;
    struct store_task found;
    size_t count;
};

static void look(const struct store_task *t, void *arg)
{
    struct search *s = arg;

    if (strcmp(t->step, s->step) != 0)
        return;
    s->count++;
    s->found.id = t->id;
    s->found.kind = t->kind;
    s->found.role = t->role;
    s->found.state = t->state;
    s->found.due = t->due;
}

static struct search tasks(struct desk *d, const char *step)
{
    struct search s = {.step = step};

    assert_int_equal(store_task_each(d->f->s,
                                     &(struct store_task_filter){.states = UINT32_MAX},
                                     look, &s),
                     0);
    return s;
}

static void take_task(struct desk *d, const char *step, const char *who)
{
    begin(d->f);
    assert_int_equal(store_task_take(d->f->s, tasks(d, step).found.id, who), 0);
    commit(d->f);
}

static void answer(struct desk *d, const char *step, const char *who, const char *json)
{
    begin(d->f);
    assert_int_equal(store_task_answer(d->f->s, tasks(d, step).found.id, who, json), 0);
    commit(d->f);
}

static enum incident_state incident_is(struct desk *d)
{
    struct store_incident i;
    enum incident_state state;

    assert_int_equal(store_incident_get(d->f->s, 1, &i), 0);
    state = i.state;
    store_incident_done(&i);
    return state;
}

struct outbox {
    size_t count;
    char last[512]; /* payload */
    char key[128];
};

static void look_at_wish(const struct store_wish *w, void *arg)
{
    struct outbox *o = arg;

    o->count++;
    snprintf(o->last, sizeof(o->last), "%s", w->payload);
    snprintf(o->key, sizeof(o->key), "%s", w->key);
}

static struct outbox outbox(struct desk *d)
{
    struct outbox o = {0};

    assert_int_equal(store_wish_each(d->f->s, 1, look_at_wish, &o), 0);
    return o;
}

/* What the runner would say of everything that waits. */
static void send_all(struct desk *d, bool ok)
{
    struct store_wish w;

    begin(d->f);
    while (store_wish_claim(d->f->s, "runner-1", USEC_PER_MIN, &w) == 0) {
        assert_int_equal(store_wish_finish(d->f->s, w.id, "runner-1", ok, "{}"), 0);
        store_wish_done(&w);
    }
    commit(d->f);
}

/* ---- tests ---- */

static void an_alert_becomes_an_incident_a_message_and_a_task(void **state)
{
    struct desk *d = *state;

    alert(d, 1, "test");
    turn(d);
    assert_int_equal(incident_is(d), INCIDENT_OPEN);
    assert_int_equal(tasks(d, "ack").found.role, ROLE_SECURITY);
    assert_int_equal(tasks(d, "ack").found.due, MORNING + 30 * USEC_PER_MIN);
    assert_int_equal(outbox(d).count, 1);
    assert_non_null(strstr(outbox(d).last, "sec@d.example"));
    assert_int_equal(turn(d), 0);
}

static void what_is_sent_holds_no_host_and_no_device(void **state)
{
    struct desk *d = *state;

    alert(d, 1, "test");
    turn(d);
    assert_null(strstr(outbox(d).last, "bad.example"));
    assert_null(strstr(outbox(d).last, "7KQX"));
}

static void people_take_a_run_to_its_end(void **state)
{
    struct desk *d = *state;
    struct store_run r;

    alert(d, 1, "test");
    turn(d);
    take_task(d, "ack", "sec");
    turn(d);
    assert_int_equal(incident_is(d), INCIDENT_ACKNOWLEDGED);
    answer(d, "work", "net", "{}");
    turn(d);
    assert_int_equal(incident_is(d), INCIDENT_CONTAINED);
    answer(d, "shut", "sec", "{\"disposition\":\"confirmed\",\"reason\":\"seen\"}");
    turn(d);
    assert_int_equal(incident_is(d), INCIDENT_CLOSED);
    send_all(d, true);
    turn(d);
    assert_int_equal(store_run_get(d->f->s, 1, &r), 0);
    assert_int_equal(r.status, RUN_ENDED);
    store_run_done(&r);
}

static void a_deadline_fires_once_and_not_before(void **state)
{
    struct desk *d = *state;

    alert(d, 1, "test");
    turn(d);
    assert_int_equal(engine_next(d->engine), MORNING + 30 * USEC_PER_MIN);
    d->f->now = MORNING + 30 * USEC_PER_MIN - 1;
    assert_int_equal(turn(d), 0);
    d->f->now++;
    assert_int_equal(turn(d), 1);
    assert_int_equal(tasks(d, "ack").found.state, TASK_EXPIRED);
    assert_int_equal(tasks(d, "deputy").count, 1);
    assert_int_equal(turn(d), 0);
}

/* Taken in time, while the engine was away until after the deadline. */
static void what_came_first_counts_first_after_a_pause(void **state)
{
    struct desk *d = *state;

    alert(d, 1, "test");
    turn(d);
    d->f->now = MORNING + 20 * USEC_PER_MIN;
    take_task(d, "ack", "sec");
    d->f->now = MORNING + 2 * USEC_PER_HOUR;
    turn(d);
    assert_int_equal(tasks(d, "deputy").count, 0);
    assert_int_equal(tasks(d, "work").count, 1);
}

static void a_deadline_that_fires_late_says_so(void **state)
{
    struct desk *d = *state;

    alert(d, 1, "test");
    turn(d);
    d->f->now = MORNING + 150 * USEC_PER_MIN;
    turn(d);
    assert_int_equal(tasks(d, "deputy").count, 1);
    assert_non_null(strstr(outbox(d).last, "\"late\":\"2 h\""));
}

static void another_engine_goes_on_where_one_stopped(void **state)
{
    struct desk *d = *state;

    alert(d, 1, "test");
    turn(d);
    engine_free(d->engine);
    d->engine = an_engine(d, "engine-2");
    assert_int_equal(turn(d), 0);
    take_task(d, "ack", "sec");
    turn(d);
    assert_int_equal(tasks(d, "work").count, 1);
    assert_int_equal(outbox(d).count, 2);
}

static void count_trouble(const struct store_task *t, void *arg)
{
    *(size_t *)arg += t->kind == TASK_TROUBLE;
}

static void a_message_that_failed_becomes_a_task_once(void **state)
{
    struct desk *d = *state;
    size_t count = 0;

    alert(d, 1, "test");
    turn(d);
    send_all(d, false);
    turn(d);
    turn(d);
    assert_int_equal(
        store_task_each(d->f->s, &(struct store_task_filter){0}, count_trouble, &count),
        0);
    assert_int_equal(count, 2); /* call them; see why */
}

static void look_for_call(const struct store_task *t, void *arg)
{
    if (t->kind == TASK_TROUBLE && strstr(t->detail, "\"person\":\"sec\""))
        *(int64_t *)arg = t->id;
}

static int64_t call_of_sec(struct desk *d)
{
    int64_t id = 0;

    assert_int_equal(
        store_task_each(d->f->s, &(struct store_task_filter){0}, look_for_call, &id), 0);
    return id;
}

static size_t troubles(struct desk *d)
{
    size_t count = 0;

    assert_int_equal(
        store_task_each(d->f->s, &(struct store_task_filter){0}, count_trouble, &count),
        0);
    return count;
}

static void fail_all(struct desk *d)
{
    send_all(d, false);
    turn(d);
}

static void many_messages_that_fail_are_one_call_a_person_until_it_is_done(void **state)
{
    struct desk *d = *state;
    int64_t first;

    alert(d, 1, "test");
    turn(d);
    fail_all(d);
    first = call_of_sec(d);
    take_task(d, "ack", "sec");
    turn(d);
    fail_all(d);
    assert_int_equal(troubles(d), 3); /* call sec; call net; see why */
    answer(d, "work", "net", "{}");
    turn(d);
    fail_all(d);
    assert_int_equal(troubles(d), 3);
    assert_int_equal(call_of_sec(d), first);
}

static void who_was_called_is_called_again_about_the_next_message(void **state)
{
    struct desk *d = *state;
    int64_t first;

    alert(d, 1, "test");
    turn(d);
    fail_all(d);
    first = call_of_sec(d);
    take_task(d, "ack", "sec");
    turn(d);
    answer(d, "work", "net", "{}");
    begin(d->f);
    assert_int_equal(store_task_answer(d->f->s, first, "sec", "{}"), 0);
    commit(d->f);
    turn(d);
    assert_int_equal(call_of_sec(d), 0);
    fail_all(d);
    assert_int_not_equal(call_of_sec(d), 0);
    assert_int_not_equal(call_of_sec(d), first);
}

static void closing_an_incident_ends_its_tasks_about_messages(void **state)
{
    struct desk *d = *state;

    alert(d, 1, "test");
    turn(d);
    send_all(d, false);
    turn(d);
    take_task(d, "ack", "sec");
    turn(d);
    answer(d, "work", "net", "{}");
    turn(d);
    assert_int_equal(troubles(d), 2);
    answer(d, "shut", "sec", "{\"disposition\":\"confirmed\",\"reason\":\"seen\"}");
    turn(d);
    assert_int_equal(incident_is(d), INCIDENT_CLOSED);
    assert_int_equal(troubles(d), 0);
}

static void a_rule_whose_playbook_is_gone_leaves_an_incident_that_says_so(void **state)
{
    struct desk *d = *state;

    alert(d, 1, "gone");
    turn(d);
    assert_int_equal(incident_is(d), INCIDENT_OPEN);
    assert_int_equal(outbox(d).count, 0);
    alert(d, 2, "test");
    turn(d);
    assert_int_equal(tasks(d, "ack").count, 1);
}

static void a_run_that_called_another_goes_on_when_that_has_ended(void **state)
{
    struct desk *d = *state;

    alert(d, 1, "caller");
    turn(d);
    assert_int_equal(tasks(d, "inner").count, 1);
    assert_int_equal(tasks(d, "after").count, 0);
    answer(d, "inner", "net", "{}");
    turn(d);
    send_all(d, true);
    turn(d);
    assert_int_equal(tasks(d, "after").count, 1);
}

static void a_run_that_cannot_be_read_does_not_hold_up_the_others(void **state)
{
    struct desk *d = *state;
    struct store_run broken = {.incident = 1,
                               .playbook = "test",
                               .version = 1,
                               .text = "no playbook at all",
                               .state = "{}"};
    struct store_run r;
    int64_t id = 0;

    alert(d, 1, "test");
    turn(d);
    begin(d->f);
    assert_int_equal(store_run_start(d->f->s, &broken, &id), 0);
    commit(d->f);
    take_task(d, "ack", "sec");
    turn(d);
    assert_int_equal(store_run_get(d->f->s, id, &r), 0);
    assert_int_equal(r.status, RUN_ABANDONED);
    store_run_done(&r);
    assert_int_equal(tasks(d, "work").count, 1);
}

/* ---- agents ---- */

static void notice(struct desk *d, enum notice_kind kind, uint64_t epoch)
{
    begin(d->f);
    assert_int_equal(
        store_notice_put(d->f->s, &(struct store_notice){.agent = "lincoln-1",
                                                         .kind = kind,
                                                         .epoch = epoch,
                                                         .at = d->f->now}),
        0);
    commit(d->f);
}

static void find_rule(const struct store_alert *a, void *arg)
{
    char(*rules)[128] = arg;

    strncat(*rules, a->rule, sizeof(*rules) - strlen(*rules) - 2);
    strncat(*rules, " ", 2);
}

/* The rules of all alerts, newest first. */
static void assert_alerts(struct desk *d, const char *expected)
{
    char rules[128] = "";

    assert_int_equal(
        store_alert_each(d->f->s, &(struct store_alert_filter){0}, find_rule, &rules), 0);
    assert_string_equal(rules, expected);
}

static void a_silent_agent_becomes_an_incident_once(void **state)
{
    struct desk *d = *state;
    struct store_incident i;

    notice(d, NOTICE_SILENT, 0);
    turn(d);
    turn(d);
    notice(d, NOTICE_BACK, 0);
    turn(d);
    notice(d, NOTICE_SILENT, 0);
    turn(d);
    assert_alerts(d, "agent.silent agent.silent ");
    assert_int_equal(store_incident_get(d->f->s, 1, &i), 0);
    assert_string_equal(i.title, "A sensor is silent: lincoln-1");
    assert_int_equal(i.alerts, 2);
    store_incident_done(&i);
}

static void only_a_spool_that_follows_another_is_a_loss(void **state)
{
    struct desk *d = *state;

    notice(d, NOTICE_EPOCH, 1);
    turn(d);
    assert_alerts(d, "");
    notice(d, NOTICE_EPOCH, 2);
    turn(d);
    assert_alerts(d, "agent.new-spool ");
}

static void what_an_agent_lost_becomes_an_alert(void **state)
{
    struct desk *d = *state;
    const struct store_place at = {.agent = "lincoln-1", .epoch = 1, .seq = 5};

    begin(d->f);
    assert_int_equal(store_loss_put(d->f->s, &at, 9, "quota"), 0);
    commit(d->f);
    turn(d);
    turn(d);
    assert_alerts(d, "agent.lost ");
}

static void what_many_notices_come_after_is_told_all_the_same(void **state)
{
    struct desk *d = *state;

    notice(d, NOTICE_COPY, 0);
    begin(d->f);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(
            store_notice_put(d->f->s, &(struct store_notice){.agent = "lincoln-2",
                                                             .kind = NOTICE_BACK,
                                                             .at = d->f->now}),
            0);
    commit(d->f);
    for (int i = 0; i < 11; i++)
        turn(d);
    notice(d, NOTICE_SILENT, 0);
    turn(d);
    assert_alerts(d, "agent.silent agent.copy ");
}

static void each_new_spool_of_very_many_is_told_of(void **state)
{
    struct desk *d = *state;
    struct store_incident i;

    begin(d->f);
    for (uint64_t epoch = 1; epoch <= 1500; epoch++)
        assert_int_equal(
            store_notice_put(d->f->s, &(struct store_notice){.agent = "lincoln-1",
                                                             .kind = NOTICE_EPOCH,
                                                             .epoch = epoch,
                                                             .at = d->f->now}),
            0);
    commit(d->f);
    for (int n = 0; n < 10; n++)
        turn(d);
    assert_int_equal(store_incident_get(d->f->s, 1, &i), 0);
    assert_int_equal(i.alerts, 1499);
    store_incident_done(&i);
}

/* ---- evidence ---- */

#define EVIDENCE                                                                 \
    "{\"hallwatch\":{\"evidence\":{\"id\":\"0123456789abcdef0123456789abcdef\"," \
    "\"part\":1,\"parts\":1,\"custody\":{},\"sealed\":\"AAAA\"}}}"

static void keep_evidence(struct desk *d)
{
    engine_free(d->engine);
    d->engine = engine_new(&(struct engine_settings){
        .store = d->f->s,
        .district = d->district,
        .playbooks = &d->playbooks,
        .correlate = d->correlate,
        .holder = "engine-1",
        .evidence = {.keep = 30 * USEC_PER_DAY, .room = 1 << 20},
        .evidence_warn = 3,
    });
    begin(d->f);
    assert_int_equal(store_evidence_put(d->f->s, "box", EVIDENCE, strlen(EVIDENCE)), 0);
    commit(d->f);
    turn(d);
}

static bool has_evidence(struct desk *d)
{
    struct store_evidence e;
    bool has;

    assert_int_equal(store_evidence_get(d->f->s, 1, &e), 0);
    has = e.expired == 0;
    store_evidence_done(&e);
    return has;
}

static void evidence_goes_when_its_time_is_over_and_the_engine_wakes_for_it(void **state)
{
    struct desk *d = *state;

    keep_evidence(d);
    for (unsigned hour = 1; hour <= 30 * 24; hour++) {
        assert_int_equal(engine_next(d->engine), d->f->now + USEC_PER_HOUR);
        d->f->now += USEC_PER_HOUR;
        turn(d);
        assert_true(has_evidence(d));
    }
    d->f->now += USEC_PER_HOUR;
    turn(d);
    assert_false(has_evidence(d));
}

static void a_clock_that_jumps_ahead_deletes_nothing_for_a_day(void **state)
{
    struct desk *d = *state;

    keep_evidence(d);
    d->f->now += 3650 * USEC_PER_DAY;
    turn(d);
    assert_true(has_evidence(d));
    for (unsigned hour = 1; hour < 24; hour++) {
        d->f->now += USEC_PER_HOUR;
        turn(d);
        assert_true(has_evidence(d));
    }
    d->f->now += USEC_PER_HOUR;
    turn(d);
    assert_false(has_evidence(d));
}

static void a_clock_that_was_right_again_in_time_has_deleted_nothing(void **state)
{
    struct desk *d = *state;

    keep_evidence(d);
    d->f->now += 3650 * USEC_PER_DAY;
    turn(d);
    d->f->now -= 3650 * USEC_PER_DAY;
    for (unsigned hour = 0; hour < 48; hour++) {
        d->f->now += USEC_PER_HOUR;
        turn(d);
        assert_true(has_evidence(d));
    }
}

static void a_step_freezes_what_there_is_once(void **state)
{
    struct desk *d = *state;
    struct store_evidence e;

    playbook_free(d->plans[2]);
    d->plans[2] = plan_of("- {id: keep, kind: evidence, for: 40d, then: work}\n"
                          "- {id: work, kind: task, title: T, within: 4h, then: end}\n");
    alert(d, 1, d->plans[2]->id);
    turn(d);
    turn(d);
    assert_int_equal(store_evidence_get(d->f->s, 1, &e), 0);
    assert_string_equal(e.agent, "collector");
    assert_int_equal(e.alert, 1);
    assert_int_equal(e.held, d->f->now + 40 * USEC_PER_DAY);
    assert_non_null(strstr(e.custody, "step keep"));
    store_evidence_done(&e);
    assert_int_equal(store_evidence_get(d->f->s, 2, &e), -ENOENT);
}

static void hold(struct desk *d, usec_t length)
{
    begin(d->f);
    assert_int_equal(
        store_evidence_hold(d->f->s, 1, "ida", "counsel", d->f->now + length), 0);
    commit(d->f);
}

/* The next hourly look; what that finds out is an alert one turn later. */
static void look_again(struct desk *d)
{
    d->f->now += USEC_PER_HOUR + 1;
    turn(d);
    turn(d);
}

static void holds_that_take_much_room_are_told_once_until_it_is_less(void **state)
{
    struct desk *d = *state;

    keep_evidence(d);
    look_again(d);
    assert_alerts(d, "");
    hold(d, 12 * USEC_PER_HOUR);
    look_again(d);
    look_again(d);
    assert_alerts(d, "evidence.held ");
    for (unsigned hour = 0; hour < 12; hour++)
        look_again(d);
    hold(d, 12 * USEC_PER_HOUR);
    look_again(d);
    assert_alerts(d, "evidence.held evidence.held ");
    assert_true(has_evidence(d));
}

#define RECORDS                                                                 \
    "- {id: keep, kind: evidence, what: capture, record: 10m, for: 40d, then: " \
    "work}\n"                                                                   \
    "- {id: work, kind: task, title: T, within: 4h, then: end}\n"

static void a_step_asks_the_agent_for_the_device(void **state)
{
    struct desk *d = *state;
    struct store_evidence e;
    struct store_ask a;

    playbook_free(d->plans[2]);
    d->plans[2] = plan_of(RECORDS);
    begin(d->f);
    assert_int_equal(store_agent_add(d->f->s, "lincoln-1", "lincoln", "key"), 0);
    commit(d->f);
    alert_of(d, 1, d->plans[2]->id,
             "{\"hallwatch\":{\"device\":{\"ip\":\"10.20.1.7\"}}}");
    turn(d);
    turn(d);
    assert_int_equal(store_evidence_get(d->f->s, 2, &e), 0);
    assert_string_equal(e.agent, "lincoln-1");
    assert_int_equal(e.asked, ASKED_WAITING);
    assert_int_equal(e.held, d->f->now + 40 * USEC_PER_DAY);
    store_evidence_done(&e);
    assert_int_equal(store_ask_get(d->f->s, 2, &a), 0);
    assert_string_equal(a.device, "10.20.1.7");
    assert_int_equal(a.length, 10 * USEC_PER_MIN);
    assert_non_null(strstr(a.why, "step keep"));
    store_ask_done(&a);
    assert_int_equal(store_evidence_get(d->f->s, 3, &e), -ENOENT);
}

static void find_note(const struct store_entry *e, void *arg)
{
    *(bool *)arg |= strstr(e->text, "shows a device") != NULL;
}

static void a_step_that_can_ask_nobody_says_so_and_the_run_goes_on(void **state)
{
    struct desk *d = *state;
    bool noted = false;

    playbook_free(d->plans[2]);
    d->plans[2] = plan_of(RECORDS);
    alert(d, 1, d->plans[2]->id);
    turn(d);
    turn(d);
    assert_int_equal(store_incident_each_entry(d->f->s, 1, find_note, &noted), 0);
    assert_true(noted);
    assert_int_equal(tasks(d, "work").count, 1);
}

/* ---- what a run knows ---- */

static void host_is(struct desk *d, const char *host)
{
    auto_json struct json *facts = NULL;

    assert_int_equal(engine_facts(d->f->s, d->district, 1, &facts), 0);
    assert_string_equal(json_text(json_get_path(facts, "incident.host"), "none"), host);
}

static void a_run_knows_the_host_that_the_alert_names(void **state)
{
    struct desk *d = *state;

    alert(d, 1, "test");
    turn(d);
    host_is(d, "bad.example");
}

static void a_run_knows_the_name_that_led_to_a_conversation_without_one(void **state)
{
    struct desk *d = *state;

    alert_of(d, 1, "test", "{\"hallwatch\":{\"flow_led_by\":\"sftp.example\"}}");
    turn(d);
    host_is(d, "sftp.example");
}

#define AT_A_DESK(test) cmocka_unit_test_setup_teardown(test, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest all[] = {
        AT_A_DESK(a_run_knows_the_host_that_the_alert_names),
        AT_A_DESK(a_run_knows_the_name_that_led_to_a_conversation_without_one),
        AT_A_DESK(an_alert_becomes_an_incident_a_message_and_a_task),
        AT_A_DESK(what_is_sent_holds_no_host_and_no_device),
        AT_A_DESK(people_take_a_run_to_its_end),
        AT_A_DESK(a_deadline_fires_once_and_not_before),
        AT_A_DESK(what_came_first_counts_first_after_a_pause),
        AT_A_DESK(a_deadline_that_fires_late_says_so),
        AT_A_DESK(another_engine_goes_on_where_one_stopped),
        AT_A_DESK(a_message_that_failed_becomes_a_task_once),
        AT_A_DESK(many_messages_that_fail_are_one_call_a_person_until_it_is_done),
        AT_A_DESK(who_was_called_is_called_again_about_the_next_message),
        AT_A_DESK(closing_an_incident_ends_its_tasks_about_messages),
        AT_A_DESK(a_rule_whose_playbook_is_gone_leaves_an_incident_that_says_so),
        AT_A_DESK(a_run_that_called_another_goes_on_when_that_has_ended),
        AT_A_DESK(a_run_that_cannot_be_read_does_not_hold_up_the_others),
        AT_A_DESK(a_silent_agent_becomes_an_incident_once),
        AT_A_DESK(only_a_spool_that_follows_another_is_a_loss),
        AT_A_DESK(what_an_agent_lost_becomes_an_alert),
        AT_A_DESK(what_many_notices_come_after_is_told_all_the_same),
        AT_A_DESK(each_new_spool_of_very_many_is_told_of),
        AT_A_DESK(evidence_goes_when_its_time_is_over_and_the_engine_wakes_for_it),
        AT_A_DESK(a_step_freezes_what_there_is_once),
        AT_A_DESK(a_step_asks_the_agent_for_the_device),
        AT_A_DESK(a_step_that_can_ask_nobody_says_so_and_the_run_goes_on),
        AT_A_DESK(a_clock_that_jumps_ahead_deletes_nothing_for_a_day),
        AT_A_DESK(a_clock_that_was_right_again_in_time_has_deleted_nothing),
        AT_A_DESK(holds_that_take_much_room_are_told_once_until_it_is_less),
    };

    return cmocka_run_group_tests_name("engine", all, NULL, NULL);
}
