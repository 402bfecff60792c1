/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents, what people say about them, the audit record, and the pages of both. */
#include "store_fixture.h"

#include <errno.h>

#include "collector/store_audit.h"
#include "collector/store_silence.h"
#include "collector/store_sql.h"

static int change(struct fixture *f, int64_t id, enum incident_state from,
                  enum incident_state to, const char *why)
{
    const struct incident_change c = {
        .from = from,
        .to = to,
        .disposition = to == INCIDENT_CLOSED ? DISPOSITION_CONFIRMED : DISPOSITION_NONE,
        .who = "officer",
        .why = why};

    return store_incident_change(f->s, id, &c);
}

/* ---- the table of states ---- */

static void the_table_of_states_lets_pass_what_it_should(void **state)
{
    static const char *const table[] = {
        /* to: o a c r C; '.': refused, 'y': free, 'w': with a reason */
        ".yyyw", "w.yyw", "ww.yw", "www.w", "w....",
    };

    (void)state;
    for (unsigned from = 0; from <= INCIDENT_CLOSED; from++)
        for (unsigned to = 0; to <= INCIDENT_CLOSED; to++) {
            struct incident_change c = {.from = from, .to = to, .who = "officer"};
            bool free_of_reason, with_reason;

            if (to == INCIDENT_CLOSED)
                c.disposition = DISPOSITION_BENIGN;
            free_of_reason = incident_refuse(&c) == NULL;
            c.why = "because";
            with_reason = incident_refuse(&c) == NULL;
            assert_int_equal(free_of_reason, table[from][to] == 'y');
            assert_int_equal(with_reason, table[from][to] != '.');
            assert_int_equal(incident_needs_why(from, to), table[from][to] == 'w');
        }
}

static void closing_says_what_it_was(void **state)
{
    struct incident_change c = {
        .from = INCIDENT_OPEN, .to = INCIDENT_CLOSED, .who = "officer", .why = "x"};

    (void)state;
    assert_non_null(strstr(incident_refuse(&c), "what it was"));
    c.disposition = DISPOSITION_DRILL;
    assert_string_equal(incident_refuse(&c), "this incident is no drill");
    c.drill = true;
    assert_null(incident_refuse(&c));
    c.disposition = DISPOSITION_BENIGN;
    assert_non_null(incident_refuse(&c));
    c.who = "";
    assert_non_null(strstr(incident_refuse(&c), "say who"));
    c = (struct incident_change){
        .to = INCIDENT_ACKNOWLEDGED, .disposition = DISPOSITION_BENIGN, .who = "officer"};
    assert_non_null(incident_refuse(&c));
}

/* ---- in the store ---- */

struct entries {
    size_t count;
    struct store_entry last;
    char text[64];
};

static void see_entry(const struct store_entry *e, void *arg)
{
    struct entries *seen = arg;

    seen->count++;
    seen->last = *e;
    snprintf(seen->text, sizeof(seen->text), "%s", e->text);
}

static void see_input(const struct store_input *i, void *arg)
{
    snprintf(arg, 200, "%s %s", names_get(&names_input_kind, i->kind), i->document);
}

static void a_change_is_written_down_and_told_to_the_runs(void **state)
{
    struct fixture *f = *state;
    struct entries seen = {0};
    struct store_incident i;
    char input[200] = "";
    int64_t id, run;

    begin(f);
    id = an_incident(f);
    run = a_run(f, id);
    assert_int_equal(change(f, id, INCIDENT_OPEN, INCIDENT_CLOSED, "swapped"), 0);
    commit(f);

    assert_int_equal(store_incident_get(f->s, id, &i), 0);
    assert_int_equal(i.state, INCIDENT_CLOSED);
    assert_int_equal(i.disposition, DISPOSITION_CONFIRMED);
    assert_int_equal(i.closed, START);
    store_incident_done(&i);
    assert_int_equal(store_incident_each_entry(f->s, id, see_entry, &seen), 0);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.last.became, INCIDENT_CLOSED);
    assert_string_equal(seen.text, "swapped");
    assert_int_equal(store_input_each(f->s, run, 8, see_input, input), 0);
    assert_string_equal(input, "incident {\"from\":\"open\",\"to\":\"closed\","
                               "\"disposition\":\"confirmed\",\"why\":\"swapped\"}");
}

static void a_refused_change_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct entries seen = {0};
    int64_t id;

    begin(f);
    id = an_incident(f);
    assert_int_equal(change(f, id, INCIDENT_OPEN, INCIDENT_CLOSED, ""), -EPERM);
    assert_string_equal(store_error(f->s), "incident 1: this change needs a reason");
    assert_int_equal(change(f, id, INCIDENT_CONTAINED, INCIDENT_RECOVERED, "x"), -ESTALE);
    assert_string_equal(store_error(f->s), "incident 1 is open by now");
    assert_int_equal(change(f, 99, INCIDENT_OPEN, INCIDENT_ACKNOWLEDGED, ""), -ENOENT);
    commit(f);
    assert_int_equal(store_incident_each_entry(f->s, id, see_entry, &seen), 0);
    assert_int_equal(seen.count, 0);
}

static void a_closed_incident_is_found_no_more_until_it_is_reopened(void **state)
{
    struct fixture *f = *state;
    struct store_incident i;
    int64_t id;

    begin(f);
    id = an_incident(f);
    assert_int_equal(change(f, id, INCIDENT_OPEN, INCIDENT_CLOSED, "x"), 0);
    assert_int_equal(store_incident_find(f->s, "rogue-device/lincoln", &i), -ENOENT);
    assert_int_equal(change(f, id, INCIDENT_CLOSED, INCIDENT_OPEN, "it is back"), 0);
    assert_int_equal(store_incident_find(f->s, "rogue-device/lincoln", &i), 0);
    commit(f);
    assert_int_equal(i.id, id);
    assert_int_equal(i.reopened, 1);
    assert_int_equal(i.disposition, DISPOSITION_NONE);
    assert_int_equal(i.closed, 0);
    store_incident_done(&i);
}

static void a_note_stands_among_the_changes(void **state)
{
    struct fixture *f = *state;
    struct entries seen = {0};
    int64_t id;

    begin(f);
    id = an_incident(f);
    assert_int_equal(store_incident_note(f->s, id, "officer", "Called the office."), 0);
    assert_int_equal(store_incident_note(f->s, 99, "officer", "x"), -ENOENT);
    commit(f);
    assert_int_equal(store_incident_each_entry(f->s, id, see_entry, &seen), 0);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.last.was, seen.last.became);
    assert_string_equal(seen.text, "Called the office.");
}

static void a_rules_record_counts_what_its_incidents_were(void **state)
{
    struct fixture *f = *state;
    struct store_record r;

    begin(f);
    an_incident(f);
    assert_int_equal(change(f, an_incident(f), INCIDENT_OPEN, INCIDENT_CLOSED, "x"), 0);
    commit(f);
    assert_int_equal(store_rule_record(f->s, "net.rogue-dhcp", &r), 0);
    assert_int_equal(r.incidents, 2);
    assert_int_equal(r.alerts, 2);
    assert_int_equal(r.closed, 1);
    assert_int_equal(r.confirmed, 1);
    assert_int_equal(r.benign, 0);
    assert_int_equal(store_rule_record(f->s, "nothing", &r), 0);
    assert_int_equal(r.incidents, 0);
}

static void an_incident_as_json_speaks_in_words(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *json = NULL;
    struct store_incident i;
    int64_t id;

    begin(f);
    id = an_incident(f);
    commit(f);
    assert_int_equal(store_incident_get(f->s, id, &i), 0);
    json = store_incident_json(&i);
    assert_int_equal(json_get_number(json, "id", 0), id);
    assert_string_equal(json_get_text(json, "state", ""), "open");
    assert_string_equal(json_get_text(json, "severity", ""), "medium");
    assert_string_equal(json_get_text(json, "opened", ""),
                        "1972-09-27T00:00:00.000000+0000");
    assert_true(json_is_null(json_get(json, "closed")));
    assert_false(json_get_bool(json, "drill", true));
    store_incident_done(&i);
}

/* ---- pages ---- */

struct page {
    size_t count;
    uint64_t seqs[16];
    int64_t last;
};

static void see_alert(const struct store_alert *a, void *arg)
{
    struct page *p = arg;

    p->seqs[p->count++] = a->seq;
    p->last = a->id;
}

static struct page page_of(struct fixture *f, struct store_alert_filter filter)
{
    struct page p = {0};

    assert_int_equal(store_alert_each(f->s, &filter, see_alert, &p), 0);
    return p;
}

static void put_many(struct fixture *f)
{
    begin(f);
    for (uint64_t seq = 1; seq <= 8; seq++) {
        struct store_alert a = an_alert(seq);

        a.arrived = START + seq;
        a.rule = seq % 2 ? "net.odd" : "net.even";
        a.device = seq <= 4 ? "LOW" : "HIGH";
        a.severity = seq == 6 ? SEVERITY_CRITICAL : SEVERITY_LOW;
        a.owner = seq == 7 ? ROLE_SAFETY_OFFICER : ROLE_SECURITY;
        a.drill = seq == 8;
        assert_int_equal(store_alert_put(f->s, &a), 0);
    }
    for (int64_t id = 1; id <= 6; id += 2)
        assert_int_equal(store_alert_settle(f->s, id, ALERT_ALONE, 0), 0);
    commit(f);
}

static void pages_go_on_where_the_last_one_ended(void **state)
{
    struct fixture *f = *state;
    struct page p;

    put_many(f);
    p = page_of(f, (struct store_alert_filter){.limit = 3});
    assert_int_equal(p.count, 3);
    assert_int_equal(p.seqs[0], 8);
    p = page_of(f, (struct store_alert_filter){.limit = 3, .before = p.last});
    assert_int_equal(p.count, 3);
    assert_int_equal(p.seqs[0], 5);
}

static void a_page_holds_what_was_asked_for_and_no_more(void **state)
{
    struct fixture *f = *state;
    struct page p;

    put_many(f);
    p = page_of(f, (struct store_alert_filter){.rule = "net.odd"});
    assert_int_equal(p.count, 4);
    p = page_of(f, (struct store_alert_filter){.device = "LOW"});
    assert_int_equal(p.count, 4);
    assert_int_equal(p.seqs[0], 4);
    assert_int_equal(p.seqs[3], 1);
    p = page_of(f, (struct store_alert_filter){.device = "LOW", .rule = "net.even"});
    assert_int_equal(p.count, 2);
    p = page_of(f, (struct store_alert_filter){.device = "LOW", .before = 3});
    assert_int_equal(p.count, 2);
    p = page_of(f, (struct store_alert_filter){.least = SEVERITY_HIGH});
    assert_int_equal(p.count, 1);
    p = page_of(f, (struct store_alert_filter){.since = START + 3, .until = START + 5});
    assert_int_equal(p.count, 2);
    p = page_of(f, (struct store_alert_filter){.owners = 1U << ROLE_SAFETY_OFFICER});
    assert_int_equal(p.count, 1);
    p = page_of(f, (struct store_alert_filter){.leave_out_drills = true});
    assert_int_equal(p.count, 7);
    p = page_of(f, (struct store_alert_filter){.site = "nowhere"});
    assert_int_equal(p.count, 0);
}

/* ---- silences ---- */

static void a_silence_without_owner_reason_end_or_matter_or_too_long_is_refused(
    void **state)
{
    const struct store_silence good = {.rule = "r",
                                       .owner = "admin",
                                       .why = "works",
                                       .covers = UINT32_C(1) << ROLE_SECURITY,
                                       .begins = START,
                                       .until = START + 1};
    struct store_silence bad[7] = {good, good, good, good, good, good, good};
    struct fixture *f = *state;

    bad[0].owner = "";
    bad[1].why = "";
    bad[2].until = START;
    bad[3].rule = "";
    bad[4].covers = 0;
    bad[5].until = START + 30 * USEC_PER_DAY + 1;
    bad[6].covers |= UINT32_C(1) << ROLE_SAFETY_OFFICER;
    bad[6].until = START + 7 * USEC_PER_DAY + 1;
    begin(f);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(store_silence_add(f->s, &bad[i], NULL), -EINVAL);
    assert_int_equal(store_silence_add(f->s, &good, NULL), 0);
    assert_int_equal(store_silence_end(f->s, 1, "admin"), 0);
    assert_int_equal(store_silence_end(f->s, 1, "admin"), -ESTALE);
    commit(f);
}

/* ---- audit ---- */

static struct store_audit_verdict verdict(struct fixture *f)
{
    struct store_audit_verdict v;

    assert_int_equal(store_audit_verify(f->s, &v), 0);
    return v;
}

static void audit_rows(struct fixture *f)
{
    begin(f);
    for (int i = 0; i < 5; i++)
        assert_int_equal(
            store_audit_add(f->s, "officer", "alert.view", "alert/7", "{\"n\":1}"), 0);
    commit(f);
}

static void tamper(struct fixture *f, const char *sql)
{
    assert_int_equal(f->s->driver->script(f->s->db, sql), 0);
}

static void an_audit_record_that_nobody_touched_is_whole(void **state)
{
    struct fixture *f = *state;
    struct store_audit_verdict v;

    assert_int_equal(verdict(f).broken, 0);
    audit_rows(f);
    v = verdict(f);
    assert_int_equal(v.rows, 5);
    assert_int_equal(v.broken, 0);
    assert_int_equal(strlen(v.head), 64);
}

static void what_is_changed_in_the_audit_record_is_found(void **state)
{
    static const struct {
        const char *sql;
        int64_t broken;
    } cases[] = {
        {"UPDATE audit SET who = 'nobody' WHERE id = 3", 3},
        {"UPDATE audit SET at = at + 1 WHERE id = 2", 2},
        {"UPDATE audit SET about = '' WHERE id = 4", 4},
        {"UPDATE audit SET hash = (SELECT hash FROM audit WHERE id = 1) WHERE id = 2", 2},
        {"DELETE FROM audit WHERE id = 3", 3},
        {"DELETE FROM audit WHERE id = 3; UPDATE audit SET id = id - 1 WHERE id > 3", 3},
        {"DELETE FROM audit WHERE id = 5", 5},
        {"DELETE FROM audit", 1},
        {"INSERT INTO audit SELECT district, 6, at, who, what, about, detail, hash"
         " FROM audit WHERE id = 5",
         6},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture *f;

        assert_int_equal(tear_down(state), 0);
        assert_int_equal(set_up(state), 0);
        f = *state;
        audit_rows(f);
        tamper(f, cases[i].sql);
        if (verdict(f).broken != cases[i].broken)
            fail_msg("%s: %d", cases[i].sql, (int)verdict(f).broken);
    }
}

static void what_people_change_is_on_the_audit_record(void **state)
{
    struct fixture *f = *state;
    int64_t id;

    begin(f);
    id = an_incident(f);
    assert_int_equal(change(f, id, INCIDENT_OPEN, INCIDENT_ACKNOWLEDGED, ""), 0);
    assert_int_equal(store_incident_note(f->s, id, "officer", "x"), 0);
    commit(f);
    assert_int_equal(verdict(f).rows, 2);
    begin(f);
    assert_int_equal(change(f, id, INCIDENT_ACKNOWLEDGED, INCIDENT_CONTAINED, ""), 0);
    store_rollback(f->s);
    assert_int_equal(verdict(f).rows, 2);
    assert_int_equal(verdict(f).broken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_of_states_lets_pass_what_it_should),
        cmocka_unit_test(closing_says_what_it_was),
        WITH_FIXTURE(a_change_is_written_down_and_told_to_the_runs),
        WITH_FIXTURE(a_refused_change_changes_nothing),
        WITH_FIXTURE(a_closed_incident_is_found_no_more_until_it_is_reopened),
        WITH_FIXTURE(a_note_stands_among_the_changes),
        WITH_FIXTURE(a_rules_record_counts_what_its_incidents_were),
        WITH_FIXTURE(an_incident_as_json_speaks_in_words),
        WITH_FIXTURE(pages_go_on_where_the_last_one_ended),
        WITH_FIXTURE(a_page_holds_what_was_asked_for_and_no_more),
        WITH_FIXTURE(a_silence_without_owner_reason_end_or_matter_or_too_long_is_refused),
        WITH_FIXTURE(an_audit_record_that_nobody_touched_is_whole),
        WITH_FIXTURE(what_is_changed_in_the_audit_record_is_found),
        WITH_FIXTURE(what_people_change_is_on_the_audit_record),
    };

    return cmocka_run_group_tests_name("store_incident", tests, NULL, NULL);
}
