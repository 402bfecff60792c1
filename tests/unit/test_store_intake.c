/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include <errno.h>

#include "collector/store_agent.h"
#include "collector/store_intake.h"
#include "collector/store_sql.h"

#define KEY   "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define EPOCH UINT64_C(0xfedcba9876543210)

static const char alert[] =
    "{\"timestamp\":\"2026-11-23T09:00:00Z\",\"event_type\":\"alert\",\"hallwatch\":"
    "{\"rule\":\"net.rogue-dhcp\",\"site\":\"lincoln\",\"severity\":\"high\"}}";

/* The intake's view of the fixture's store, with one agent on the list. */
static struct store_intake *intake_of(struct fixture *f)
{
    struct store_intake *i = store_intake_new(f->s);
    const struct intake_store *fn = store_intake_functions(i);
    struct intake_agent agent = {.name = "lincoln-1", .key = KEY, .site = "lincoln"};

    assert_int_equal(fn->agent_add(fn->arg, &agent), 0);
    return i;
}

static struct intake_record record_of(enum wire_stream stream, uint64_t seq,
                                      const char *document)
{
    return (struct intake_record){.agent = "lincoln-1",
                                  .epoch = EPOCH,
                                  .stream = stream,
                                  .seq = seq,
                                  .bytes = (const uint8_t *)document,
                                  .len = strlen(document),
                                  .arrived = START};
}

struct seen {
    size_t count;
    struct store_alert last;
    char agent[32], rule[32], document[300];
};

static void see(const struct store_alert *a, void *arg)
{
    struct seen *seen = arg;

    seen->count++;
    seen->last = *a;
    snprintf(seen->agent, sizeof(seen->agent), "%s", a->agent);
    snprintf(seen->rule, sizeof(seen->rule), "%s", a->rule);
    snprintf(seen->document, sizeof(seen->document), "%s", a->document);
}

static void an_alert_is_stored_as_it_came(void **state)
{
    struct fixture *f = *state;
    struct store_intake *i = intake_of(f);
    const struct intake_store *fn = store_intake_functions(i);
    struct intake_record r = record_of(WIRE_ALERTS, 7, alert);
    struct seen seen = {0};

    assert_int_equal(fn->begin(fn->arg), 0);
    assert_int_equal(fn->put_record(fn->arg, &r), 0);
    assert_int_equal(fn->put_record(fn->arg, &r), 0);
    assert_int_equal(fn->commit(fn->arg), 0);

    assert_int_equal(store_alert_each(f->s, &(struct store_alert_filter){0}, see, &seen),
                     0);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.agent, "lincoln-1");
    assert_string_equal(seen.rule, "net.rogue-dhcp");
    assert_string_equal(seen.document, alert);
    assert_int_equal(seen.last.seq, 7);
    assert_true(seen.last.epoch == EPOCH);
    assert_int_equal(seen.last.severity, SEVERITY_HIGH);
    assert_int_equal(seen.last.arrived, START);
    assert_int_equal(seen.last.fate, ALERT_NEW);
    store_intake_free(i);
}

static void check_rejected(struct fixture *f, const char *why)
{
    auto_free char *kept = NULL;
    struct store_agent a;

    assert_int_equal(store_agent_get(f->s, "lincoln-1", &a), 0);
    assert_int_equal(a.rejected, 1);
    store_agent_done(&a);
    assert_int_equal(
        sql_text(f->s, &kept, "SELECT why FROM rejected WHERE seq = $1", NUM(7)), 0);
    assert_string_equal(kept, why);
}

static void what_cannot_be_read_is_kept_aside_and_counted_once(void **state)
{
    struct fixture *f = *state;
    struct store_intake *i = intake_of(f);
    const struct intake_store *fn = store_intake_functions(i);
    struct intake_record r = record_of(WIRE_ALERTS, 7, "{\"event_type\":\"dns\"}");

    assert_int_equal(fn->begin(fn->arg), 0);
    assert_int_equal(fn->put_record(fn->arg, &r), -EBADMSG);
    assert_int_equal(fn->put_rejected(fn->arg, &r, "it cannot be read"), 0);
    assert_int_equal(fn->put_rejected(fn->arg, &r, "it cannot be read"), 0);
    assert_int_equal(fn->commit(fn->arg), 0);
    check_rejected(f, "its event_type is not alert");
    store_intake_free(i);
}

static void a_cursor_moves_only_from_where_it_is(void **state)
{
    struct fixture *f = *state;
    struct store_intake *i = intake_of(f);
    const struct intake_store *fn = store_intake_functions(i);
    uint64_t seq = 0;

    assert_int_equal(fn->cursor_get(fn->arg, "lincoln-1", EPOCH, WIRE_ALERTS, &seq),
                     -ENOENT);
    assert_int_equal(fn->begin(fn->arg), 0);
    assert_int_equal(fn->cursor_move(fn->arg, "lincoln-1", EPOCH, WIRE_ALERTS, 5, 9),
                     -ESTALE);
    assert_int_equal(fn->cursor_move(fn->arg, "lincoln-1", EPOCH, WIRE_ALERTS, 0, 9), 0);
    assert_int_equal(fn->cursor_move(fn->arg, "lincoln-1", EPOCH, WIRE_ALERTS, 0, 4),
                     -ESTALE);
    assert_int_equal(fn->cursor_move(fn->arg, "lincoln-1", EPOCH, WIRE_ALERTS, 9, 12), 0);
    assert_int_equal(fn->cursor_move(fn->arg, "lincoln-1", EPOCH, WIRE_HEALTH, 0, 1), 0);
    assert_int_equal(fn->commit(fn->arg), 0);

    assert_int_equal(fn->cursor_get(fn->arg, "lincoln-1", EPOCH, WIRE_ALERTS, &seq), 0);
    assert_int_equal(seq, 12);
    store_intake_free(i);
}

static void a_batch_that_is_rolled_back_leaves_neither_alert_nor_cursor(void **state)
{
    struct fixture *f = *state;
    struct store_intake *i = intake_of(f);
    const struct intake_store *fn = store_intake_functions(i);
    struct intake_record r = record_of(WIRE_ALERTS, 1, alert);
    struct seen seen = {0};
    uint64_t seq;

    assert_int_equal(fn->begin(fn->arg), 0);
    assert_int_equal(fn->put_record(fn->arg, &r), 0);
    assert_int_equal(fn->cursor_move(fn->arg, "lincoln-1", EPOCH, WIRE_ALERTS, 0, 1), 0);
    fn->rollback(fn->arg);

    assert_int_equal(store_alert_each(f->s, &(struct store_alert_filter){0}, see, &seen),
                     0);
    assert_int_equal(seen.count, 0);
    assert_int_equal(fn->cursor_get(fn->arg, "lincoln-1", EPOCH, WIRE_ALERTS, &seq),
                     -ENOENT);
    store_intake_free(i);
}

struct listed {
    size_t count;
    bool revoked;
};

static void list(const struct intake_agent *a, void *arg)
{
    struct listed *l = arg;

    l->count++;
    l->revoked = a->revoked != 0;
    assert_string_equal(a->key, KEY);
}

static void a_revoked_agent_is_seen_by_every_intake(void **state)
{
    struct fixture *f = *state;
    struct store_intake *i = intake_of(f);
    const struct intake_store *fn = store_intake_functions(i);
    struct store *other = open_place(f);
    struct listed l = {0};

    assert_true(fn->agents_changed(fn->arg));
    assert_int_equal(fn->agents_each(fn->arg, list, &l), 0);
    assert_int_equal(l.count, 1);
    assert_false(l.revoked);
    assert_false(fn->agents_changed(fn->arg));

    assert_int_equal(store_begin(other), 0);
    assert_int_equal(store_meta_put(other, "colour", "green"), 0);
    assert_int_equal(store_commit(other), 0);
    assert_false(fn->agents_changed(fn->arg));

    assert_int_equal(store_begin(other), 0);
    assert_int_equal(store_agent_revoke(other, "lincoln-1"), 0);
    assert_int_equal(store_commit(other), 0);
    assert_true(fn->agents_changed(fn->arg));
    assert_int_equal(fn->agents_each(fn->arg, list, &l), 0);
    assert_true(l.revoked);
    store_close(other);
    store_intake_free(i);
}

static void a_name_or_key_is_given_once(void **state)
{
    struct fixture *f = *state;
    struct store_intake *i = intake_of(f);
    const struct intake_store *fn = store_intake_functions(i);
    struct intake_agent same_key = {.name = "lincoln-2", .key = KEY, .site = "lincoln"};
    struct intake_agent same_name = {.name = "lincoln-1", .key = "other", .site = ""};

    assert_int_equal(fn->agent_add(fn->arg, &same_key), -EEXIST);
    assert_int_equal(fn->agent_add(fn->arg, &same_name), -EEXIST);
    assert_int_equal(fn->agent_revoke(fn->arg, "nobody", START), -ENOENT);
    assert_false(store_in_transaction(f->s));
    store_intake_free(i);
}

static void losses_health_and_reports_are_the_agents(void **state)
{
    static const uint8_t boot[WIRE_BOOT] = {0xab, 0xcd};
    struct fixture *f = *state;
    struct store_intake *i = intake_of(f);
    const struct intake_store *fn = store_intake_functions(i);
    struct intake_loss loss = {"lincoln-1", EPOCH, WIRE_ALERTS, 4, 9, WIRE_LOSS_QUOTA, 0};
    struct intake_record health = record_of(WIRE_HEALTH, 1, "{\"packets\":9}");
    struct intake_record usage = record_of(WIRE_USAGE, 1, "{\"hosts\":3}");
    struct intake_report report = {.agent = "lincoln-1",
                                   .state = INTAKE_LATE,
                                   .heard = START,
                                   .skew = -5,
                                   .version = "0.1.0",
                                   .from = "192.0.2.9",
                                   .boot = boot,
                                   .bundle = 3};
    struct store_agent a;

    assert_int_equal(fn->begin(fn->arg), 0);
    assert_int_equal(fn->put_loss(fn->arg, &loss), 0);
    assert_int_equal(fn->put_loss(fn->arg, &loss), 0);
    assert_int_equal(fn->put_record(fn->arg, &health), 0);
    assert_int_equal(fn->put_record(fn->arg, &usage), 0);
    assert_int_equal(fn->put_report(fn->arg, &report), 0);
    assert_int_equal(fn->commit(fn->arg), 0);

    assert_int_equal(store_agent_get(f->s, "lincoln-1", &a), 0);
    assert_int_equal(a.lost, 6);
    assert_string_equal(a.health, "{\"packets\":9}");
    assert_int_equal(a.state, AGENT_LATE);
    assert_int_equal(a.skew, -5);
    assert_string_equal(a.address, "192.0.2.9");
    assert_memory_equal(a.boot, "abcd00", 6);
    store_agent_done(&a);
    store_intake_free(i);
}

static void what_agents_say_was_lost_never_makes_the_count_smaller(void **state)
{
    struct fixture *f = *state;
    struct store_intake *i = intake_of(f);
    const struct intake_store *fn = store_intake_functions(i);
    struct store_agent a;

    for (uint64_t n = 0; n < 3; n++) {
        struct intake_loss loss = {.agent = "lincoln-1",
                                   .epoch = EPOCH + n,
                                   .stream = WIRE_ALERTS,
                                   .first = 1,
                                   .last = n == 0 ? UINT64_MAX - 1 : (uint64_t)INT64_MAX,
                                   .why = WIRE_LOSS_QUOTA};

        assert_int_equal(fn->begin(fn->arg), 0);
        assert_int_equal(fn->put_loss(fn->arg, &loss), 0);
        assert_int_equal(fn->commit(fn->arg), 0);
        assert_int_equal(store_agent_get(f->s, "lincoln-1", &a), 0);
        assert_true(a.lost == INT64_MAX);
        store_agent_done(&a);
    }
    store_intake_free(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(an_alert_is_stored_as_it_came),
        WITH_FIXTURE(what_cannot_be_read_is_kept_aside_and_counted_once),
        WITH_FIXTURE(a_cursor_moves_only_from_where_it_is),
        WITH_FIXTURE(what_agents_say_was_lost_never_makes_the_count_smaller),
        WITH_FIXTURE(a_batch_that_is_rolled_back_leaves_neither_alert_nor_cursor),
        WITH_FIXTURE(a_revoked_agent_is_seen_by_every_intake),
        WITH_FIXTURE(a_name_or_key_is_given_once),
        WITH_FIXTURE(losses_health_and_reports_are_the_agents),
    };

    return cmocka_run_group_tests_name("store_intake", tests, NULL, NULL);
}
