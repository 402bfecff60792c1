/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine, the runner and people do with the store. */
#include "store_fixture.h"

#include <errno.h>

#include "collector/store_audit.h"
#include "collector/store_task.h"
#include "collector/store_wish.h"

#define LEASE (30 * USEC_PER_SEC)

struct inputs {
    size_t count;
    int64_t ids[8];
    enum input_kind kinds[8];
    char last[200];
};

static void gather(const struct store_input *i, void *arg)
{
    struct inputs *in = arg;

    in->ids[in->count] = i->id;
    in->kinds[in->count++] = i->kind;
    snprintf(in->last, sizeof(in->last), "%s", i->document);
}

static struct inputs inputs_of(struct fixture *f, int64_t run)
{
    struct inputs in = {0};

    assert_int_equal(store_input_each(f->s, run, 8, gather, &in), 0);
    return in;
}

static int64_t claimed(struct fixture *f, const char *holder)
{
    struct store_run r;
    int64_t id;
    int rc = store_run_claim(f->s, holder, LEASE, &r);

    if (rc == -ENOENT)
        return 0;
    assert_int_equal(rc, 0);
    id = r.id;
    store_run_done(&r);
    return id;
}

/* A run without anything to do: its "start" is consumed. */
static int64_t a_quiet_run(struct fixture *f)
{
    int64_t run = a_run(f, an_incident(f));

    assert_int_equal(store_input_consume(f->s, inputs_of(f, run).ids[0]), 0);
    return run;
}

/* ---- runs ---- */

static void a_new_run_waits_to_be_started_with_its_text(void **state)
{
    struct fixture *f = *state;
    struct store_run r;
    int64_t run;

    begin(f);
    run = a_run(f, an_incident(f));
    assert_int_equal(store_run_claim(f->s, "engine", LEASE, &r), 0);
    commit(f);

    assert_int_equal(r.id, run);
    assert_string_equal(r.text, "playbook: rogue-device\n");
    assert_string_equal(r.state, "{\"step\":\"page\"}");
    assert_int_equal(r.version, 3);
    assert_string_equal(r.holder, "engine");
    assert_int_equal(r.held_until, START + LEASE);
    assert_int_equal(inputs_of(f, run).kinds[0], INPUT_START);
    store_run_done(&r);
}

static void a_run_with_nothing_to_do_is_not_claimed(void **state)
{
    struct fixture *f = *state;

    begin(f);
    a_quiet_run(f);
    assert_int_equal(claimed(f, "engine"), 0);
    commit(f);
}

static void a_run_is_held_by_one_engine_until_its_lease_ends(void **state)
{
    struct fixture *f = *state;
    int64_t run;

    begin(f);
    run = a_run(f, an_incident(f));
    assert_int_equal(claimed(f, "one"), run);
    assert_int_equal(claimed(f, "two"), 0);
    assert_int_equal(claimed(f, "one"), run);
    f->now += LEASE;
    assert_int_equal(claimed(f, "two"), run);
    assert_int_equal(store_run_save(f->s, run, "one", "{}", RUN_ACTIVE), -ESTALE);
    assert_int_equal(store_run_save(f->s, run, "two", "{}", RUN_ACTIVE), 0);
    commit(f);
}

static void a_run_that_was_let_go_can_be_claimed_at_once(void **state)
{
    struct fixture *f = *state;
    int64_t run;

    begin(f);
    run = a_run(f, an_incident(f));
    assert_int_equal(claimed(f, "one"), run);
    assert_int_equal(store_run_save(f->s, run, "one", "{\"n\":1}", RUN_ACTIVE), 0);
    assert_int_equal(claimed(f, "two"), run);
    commit(f);
}

static void a_due_timer_wakes_its_run_and_no_other(void **state)
{
    struct fixture *f = *state;
    int64_t run, other;
    usec_t due = 0;

    begin(f);
    other = a_quiet_run(f);
    run = a_quiet_run(f);
    assert_int_equal(
        store_timer_put(f->s, &(struct store_timer){run, "ack", "within", START + 10}),
        0);
    assert_int_equal(
        store_timer_put(f->s, &(struct store_timer){other, "ack", "within", START + 99}),
        0);
    assert_int_equal(
        store_timer_put(f->s, &(struct store_timer){run, "ack", "within", START + 20}),
        0);
    assert_int_equal(store_timer_next(f->s, &due), 0);
    assert_int_equal(due, START + 20);
    assert_int_equal(claimed(f, "engine"), 0);
    f->now = START + 20;
    assert_int_equal(claimed(f, "engine"), run);
    assert_int_equal(store_timer_drop(f->s, run, "ack", "within"), 0);
    assert_int_equal(store_run_save(f->s, run, "engine", "{}", RUN_ACTIVE), 0);
    assert_int_equal(claimed(f, "engine"), 0);
    commit(f);
}

static void the_run_that_waited_longest_comes_first(void **state)
{
    struct fixture *f = *state;
    int64_t first, second;

    begin(f);
    first = a_run(f, an_incident(f));
    f->now += 5;
    second = a_run(f, an_incident(f));
    f->now += 5;
    assert_int_equal(claimed(f, "engine"), first);
    f->now += 5;
    assert_int_equal(claimed(f, "another"), second);
    commit(f);
}

static void an_input_is_consumed_once(void **state)
{
    struct fixture *f = *state;
    int64_t run, input;

    begin(f);
    run = a_run(f, an_incident(f));
    input = inputs_of(f, run).ids[0];
    assert_int_equal(store_input_consume(f->s, input), 0);
    assert_int_equal(store_input_consume(f->s, input), -ESTALE);
    assert_int_equal(inputs_of(f, run).count, 0);
    commit(f);
}

static void a_run_that_is_over_waits_for_nothing(void **state)
{
    struct fixture *f = *state;
    struct store_run r;
    usec_t due;
    int64_t run;

    begin(f);
    run = a_run(f, an_incident(f));
    assert_int_equal(
        store_timer_put(f->s, &(struct store_timer){run, "a", "within", START}), 0);
    assert_int_equal(claimed(f, "engine"), run);
    assert_int_equal(store_run_save(f->s, run, "engine", "{}", RUN_ENDED), 0);
    assert_int_equal(
        store_input_put(f->s, &(struct store_input){.run = run, .document = "{}"}), 0);
    assert_int_equal(claimed(f, "engine"), 0);
    assert_int_equal(store_timer_next(f->s, &due), -ENOENT);
    commit(f);
    assert_int_equal(store_run_get(f->s, run, &r), 0);
    assert_int_equal(r.status, RUN_ENDED);
    assert_int_equal(r.ended, START);
    store_run_done(&r);
}

static void a_round_that_is_undone_leaves_the_input_and_no_trace(void **state)
{
    struct fixture *f = *state;
    int64_t run, input;
    struct store_task t = {.step = "ack", .key = "ack", .title = "Take it"};

    begin(f);
    run = a_run(f, an_incident(f));
    commit(f);
    input = inputs_of(f, run).ids[0];
    t.run = run;
    t.incident = 1;

    begin(f);
    assert_int_equal(claimed(f, "engine"), run);
    assert_int_equal(store_input_consume(f->s, input), 0);
    assert_int_equal(store_task_open(f->s, &t, NULL), 0);
    assert_int_equal(store_run_save(f->s, run, "engine", "{\"new\":1}", RUN_ACTIVE), 0);
    store_rollback(f->s);

    begin(f);
    assert_int_equal(inputs_of(f, run).count, 1);
    assert_int_equal(claimed(f, "another"), run);
    assert_int_equal(store_task_take(f->s, 1, "officer"), -ENOENT);
    commit(f);
}

/* ---- tasks ---- */

static int64_t a_task(struct fixture *f, int64_t run, const char *key, usec_t due)
{
    struct store_task t = {.run = run,
                           .incident = 1,
                           .step = "isolate",
                           .key = key,
                           .kind = TASK_TASK,
                           .role = ROLE_NETWORK_ADMIN,
                           .title = "Take it out of use",
                           .detail = "{\"do\":[\"Find it\"]}",
                           .due = due};
    int64_t id = 0;

    assert_int_equal(store_task_open(f->s, &t, &id), 0);
    return id;
}

static void the_same_task_is_opened_once(void **state)
{
    struct fixture *f = *state;
    int64_t run, task;

    begin(f);
    run = a_quiet_run(f);
    task = a_task(f, run, "a", 0);
    assert_int_equal(a_task(f, run, "a", 0), task);
    assert_int_not_equal(a_task(f, run, "b", 0), task);
    commit(f);
}

static void a_task_goes_from_taking_to_answer_and_the_run_hears(void **state)
{
    struct fixture *f = *state;
    struct store_task t;
    struct inputs in;
    int64_t run, task;

    begin(f);
    run = a_quiet_run(f);
    task = a_task(f, run, "a", 0);
    assert_int_equal(store_task_take(f->s, task, "admin"), 0);
    assert_int_equal(store_task_take(f->s, task, "admin"), 0);
    assert_int_equal(store_task_take(f->s, task, "deputy"), -ESTALE);
    assert_string_equal(store_error(f->s), "task 1 is with admin: they can give it back");
    assert_int_equal(store_task_answer(f->s, task, "deputy", "{}"), -ESTALE);
    assert_int_equal(store_task_answer(f->s, task, "admin", "not JSON"), -EINVAL);
    f->now += 7;
    assert_int_equal(store_task_answer(f->s, task, "admin", "{\"done\":true}"), 0);
    assert_int_equal(store_task_answer(f->s, task, "admin", "{}"), -ESTALE);
    assert_string_equal(store_error(f->s), "task 1 was done by admin");
    commit(f);

    in = inputs_of(f, run);
    assert_int_equal(in.count, 2);
    assert_int_equal(in.kinds[0], INPUT_TAKEN);
    assert_int_equal(in.kinds[1], INPUT_ANSWER);
    assert_string_equal(in.last, "{\"task\":1,\"key\":\"a\",\"answer\":{\"done\":true}}");
    assert_int_equal(store_task_get(f->s, task, &t), 0);
    assert_int_equal(t.state, TASK_DONE);
    assert_int_equal(t.taken, START);
    assert_int_equal(t.answered, START + 7);
    assert_string_equal(t.answer, "{\"done\":true}");
    store_task_done(&t);
}

static void a_task_given_back_is_anybodys_again(void **state)
{
    struct fixture *f = *state;
    int64_t task;

    begin(f);
    task = a_task(f, a_quiet_run(f), "a", 0);
    assert_int_equal(store_task_give_back(f->s, task, "admin"), -ESTALE);
    assert_int_equal(store_task_take(f->s, task, "admin"), 0);
    assert_int_equal(store_task_give_back(f->s, task, "admin"), 0);
    assert_int_equal(store_task_take(f->s, task, "deputy"), 0);
    commit(f);
}

static void who_gave_it_back_before_the_run_heard_never_had_it(void **state)
{
    struct fixture *f = *state;
    struct inputs in;
    int64_t run, task;

    begin(f);
    run = a_quiet_run(f);
    task = a_task(f, run, "a", 0);
    assert_int_equal(store_task_take(f->s, task, "admin"), 0);
    assert_int_equal(store_task_give_back(f->s, task, "admin"), 0);
    commit(f);
    in = inputs_of(f, run);
    assert_int_equal(in.count, 0);
    begin(f);
    assert_int_equal(store_task_take(f->s, task, "deputy"), 0);
    commit(f);
    in = inputs_of(f, run);
    assert_int_equal(in.count, 1);
    assert_int_equal(in.kinds[0], INPUT_TAKEN);
}

static void nobody_answers_a_task_that_is_over(void **state)
{
    struct fixture *f = *state;
    int64_t run, task, other;

    begin(f);
    run = a_quiet_run(f);
    task = a_task(f, run, "a", 0);
    other = a_task(f, run, "b", 0);
    assert_int_equal(store_task_end(f->s, task, TASK_EXPIRED), 0);
    assert_int_equal(store_task_answer(f->s, task, "admin", "{}"), -ESTALE);
    assert_int_equal(store_task_end(f->s, task, TASK_WITHDRAWN), -ESTALE);
    assert_int_equal(store_task_end_step(f->s, run, "isolate", TASK_WITHDRAWN), 0);
    assert_int_equal(store_task_take(f->s, other, "admin"), -ESTALE);
    assert_string_equal(store_error(f->s), "task 2 is no longer needed");
    commit(f);
}

struct order {
    size_t count;
    int64_t ids[8];
};

static void see_task(const struct store_task *t, void *arg)
{
    struct order *o = arg;

    o->ids[o->count++] = t->id;
}

static void the_task_that_is_due_first_stands_first(void **state)
{
    struct fixture *f = *state;
    struct order o = {0};
    int64_t run, never, late, soon;

    begin(f);
    run = a_quiet_run(f);
    never = a_task(f, run, "never", 0);
    late = a_task(f, run, "late", START + 9);
    soon = a_task(f, run, "soon", START + 1);
    commit(f);

    assert_int_equal(store_task_each(f->s, &(struct store_task_filter){0}, see_task, &o),
                     0);
    assert_int_equal(o.count, 3);
    assert_int_equal(o.ids[0], soon);
    assert_int_equal(o.ids[1], late);
    assert_int_equal(o.ids[2], never);
    o.count = 0;
    assert_int_equal(
        store_task_each(f->s,
                        &(struct store_task_filter){.roles = 1U << ROLE_SAFETY_OFFICER},
                        see_task, &o),
        0);
    assert_int_equal(o.count, 0);
}

/* ---- wishes ---- */

static int64_t a_wish(struct fixture *f, int64_t run, const char *key, usec_t next_try)
{
    struct store_wish w = {.run = run,
                           .incident = 1,
                           .step = "page",
                           .action = "mail",
                           .key = key,
                           .payload = "{\"to\":\"security\"}",
                           .next_try = next_try};
    int64_t id = 0;

    assert_int_equal(store_wish_put(f->s, &w, &id), 0);
    return id;
}

static int64_t claimed_wish(struct fixture *f, const char *holder)
{
    struct store_wish w;
    int64_t id;

    if (store_wish_claim(f->s, holder, LEASE, &w) == -ENOENT)
        return 0;
    id = w.id;
    store_wish_done(&w);
    return id;
}

static void the_same_wish_is_carried_out_once(void **state)
{
    struct fixture *f = *state;
    int64_t run, wish;

    begin(f);
    run = a_quiet_run(f);
    wish = a_wish(f, run, "1/page/0", 0);
    assert_int_equal(a_wish(f, run, "1/page/0", 0), wish);
    assert_int_equal(claimed_wish(f, "runner"), wish);
    assert_int_equal(store_wish_finish(f->s, wish, "runner", true, "{}"), 0);
    assert_int_equal(a_wish(f, run, "1/page/0", 0), wish);
    assert_int_equal(claimed_wish(f, "runner"), 0);
    commit(f);
}

static void a_wish_of_a_dead_runner_is_tried_again(void **state)
{
    struct fixture *f = *state;
    struct store_wish w;
    int64_t wish;

    begin(f);
    wish = a_wish(f, a_quiet_run(f), "k", 0);
    assert_int_equal(claimed_wish(f, "one"), wish);
    assert_int_equal(claimed_wish(f, "two"), 0);
    f->now += LEASE;
    assert_int_equal(store_wish_claim(f->s, "two", LEASE, &w), 0);
    assert_int_equal(w.attempts, 2);
    store_wish_done(&w);
    assert_int_equal(store_wish_finish(f->s, wish, "one", true, "{}"), -ESTALE);
    assert_int_equal(store_wish_finish(f->s, wish, "two", true, "{}"), 0);
    commit(f);
}

static void an_outcome_is_the_runs_next_input(void **state)
{
    struct fixture *f = *state;
    struct inputs in;
    int64_t run, wish;

    begin(f);
    run = a_quiet_run(f);
    wish = a_wish(f, run, "1/page/0", 0);
    assert_int_equal(claimed_wish(f, "runner"), wish);
    assert_int_equal(store_wish_finish(f->s, wish, "runner", false, "{\"code\":550}"), 0);
    commit(f);
    in = inputs_of(f, run);
    assert_int_equal(in.count, 1);
    assert_int_equal(in.kinds[0], INPUT_OUTCOME);
    assert_string_equal(in.last,
                        "{\"wish\":\"1/page/0\",\"action\":\"mail\",\"ok\":false,"
                        "\"outcome\":{\"code\":550}}");
}

static void a_wish_put_off_waits_for_its_time(void **state)
{
    struct fixture *f = *state;
    int64_t wish, later;
    usec_t time = 0;

    begin(f);
    wish = a_wish(f, a_quiet_run(f), "k", 0);
    later = a_wish(f, 1, "later", START + 100);
    assert_int_equal(claimed_wish(f, "runner"), wish);
    assert_int_equal(store_wish_retry(f->s, wish, "runner", START + 50, "{}"), 0);
    assert_int_equal(claimed_wish(f, "runner"), 0);
    assert_int_equal(store_wish_next(f->s, &time), 0);
    assert_int_equal(time, START + 50);
    f->now = START + 100;
    assert_int_equal(claimed_wish(f, "runner"), wish);
    assert_int_equal(claimed_wish(f, "runner"), later);
    commit(f);
}

static void a_withdrawn_wish_is_not_carried_out(void **state)
{
    struct fixture *f = *state;
    int64_t run, other;

    begin(f);
    run = a_quiet_run(f);
    a_wish(f, run, "a", 0);
    other = a_wish(f, a_quiet_run(f), "b", 0);
    assert_int_equal(store_wish_withdraw(f->s, run, ""), 0);
    assert_int_equal(claimed_wish(f, "runner"), other);
    assert_int_equal(claimed_wish(f, "runner"), 0);
    commit(f);
}

static enum wish_state state_of(struct fixture *f, int64_t id)
{
    struct store_wish w;
    enum wish_state state;

    assert_int_equal(store_wish_get(f->s, id, &w), 0);
    state = w.state;
    store_wish_done(&w);
    return state;
}

static void a_wish_withdrawn_under_way_is_not_tried_again(void **state)
{
    struct fixture *f = *state;
    int64_t run, put_off, failed, done;
    usec_t time = 0;

    begin(f);
    run = a_quiet_run(f);
    put_off = a_wish(f, run, "a", 0);
    failed = a_wish(f, run, "b", 0);
    done = a_wish(f, run, "c", 0);
    for (int i = 0; i < 3; i++)
        assert_true(claimed_wish(f, "runner") > 0);
    assert_int_equal(store_wish_withdraw(f->s, run, "page"), 0);
    assert_int_equal(store_wish_retry(f->s, put_off, "runner", START + 50, "{}"), 0);
    assert_int_equal(store_wish_finish(f->s, failed, "runner", false, "{}"), 0);
    assert_int_equal(store_wish_finish(f->s, done, "runner", true, "{}"), 0);
    f->now += LEASE;
    assert_int_equal(claimed_wish(f, "runner"), 0);
    assert_int_equal(store_wish_next(f->s, &time), -ENOENT);
    assert_int_equal(state_of(f, put_off), WISH_WITHDRAWN);
    assert_int_equal(state_of(f, failed), WISH_WITHDRAWN);
    assert_int_equal(state_of(f, done), WISH_DONE);
    commit(f);
}

static void nor_is_one_whose_runner_died(void **state)
{
    struct fixture *f = *state;
    int64_t run, wish, other;
    usec_t time = 0;

    begin(f);
    run = a_quiet_run(f);
    wish = a_wish(f, run, "a", 0);
    other = a_wish(f, run, "b", 0);
    assert_int_equal(claimed_wish(f, "one"), wish);
    assert_int_equal(claimed_wish(f, "two"), other);
    assert_int_equal(store_wish_withdraw(f->s, run, ""), 0);
    assert_int_equal(store_wish_next(f->s, &time), -ENOENT);
    assert_int_equal(store_wish_let_go(f->s, "two"), 0);
    assert_int_equal(state_of(f, other), WISH_WITHDRAWN);
    f->now += LEASE;
    assert_int_equal(claimed_wish(f, "one"), 0);
    assert_int_equal(state_of(f, wish), WISH_WITHDRAWN);
    commit(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_new_run_waits_to_be_started_with_its_text),
        WITH_FIXTURE(a_run_with_nothing_to_do_is_not_claimed),
        WITH_FIXTURE(a_run_is_held_by_one_engine_until_its_lease_ends),
        WITH_FIXTURE(a_run_that_was_let_go_can_be_claimed_at_once),
        WITH_FIXTURE(a_due_timer_wakes_its_run_and_no_other),
        WITH_FIXTURE(the_run_that_waited_longest_comes_first),
        WITH_FIXTURE(an_input_is_consumed_once),
        WITH_FIXTURE(a_run_that_is_over_waits_for_nothing),
        WITH_FIXTURE(a_round_that_is_undone_leaves_the_input_and_no_trace),
        WITH_FIXTURE(the_same_task_is_opened_once),
        WITH_FIXTURE(a_task_goes_from_taking_to_answer_and_the_run_hears),
        WITH_FIXTURE(a_task_given_back_is_anybodys_again),
        WITH_FIXTURE(who_gave_it_back_before_the_run_heard_never_had_it),
        WITH_FIXTURE(nobody_answers_a_task_that_is_over),
        WITH_FIXTURE(the_task_that_is_due_first_stands_first),
        WITH_FIXTURE(the_same_wish_is_carried_out_once),
        WITH_FIXTURE(a_wish_of_a_dead_runner_is_tried_again),
        WITH_FIXTURE(an_outcome_is_the_runs_next_input),
        WITH_FIXTURE(a_wish_put_off_waits_for_its_time),
        WITH_FIXTURE(a_withdrawn_wish_is_not_carried_out),
        WITH_FIXTURE(a_wish_withdrawn_under_way_is_not_tried_again),
        WITH_FIXTURE(nor_is_one_whose_runner_died),
    };

    return cmocka_run_group_tests_name("store_run", tests, NULL, NULL);
}
