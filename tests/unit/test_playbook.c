/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "playbooks.h"

#define HAS(faults, words) assert_non_null(strstr(faults, words))

static void a_playbook_is_read_with_all_that_it_says(void **state)
{
    auto_playbook struct playbook *p = plan_of(
        "- {id: page, kind: notify, to: security, template: t, then: ack}\n"
        "- {id: ack, kind: ack, within: 30m, on_timeout: deputy, then: go}\n"
        "- id: deputy\n"
        "  kind: ack\n"
        "  role: network-admin\n"
        "  within: 1h\n"
        "  on_timeout: {escalate: last-responder}\n"
        "  then: go\n"
        "- id: go\n"
        "  kind: decide\n"
        "  question: Well?\n"
        "  reason: required\n"
        "  options: {yes: {call: other, then: shut, label: \"Yes, it is\"}, no: shut}\n"
        "- {id: shut, kind: close, disposition: required}\n");
    const struct playbook_step *s = p->steps;

    (void)state;
    assert_int_equal(p->lead, ROLE_SECURITY);
    assert_int_equal(p->step_count, 6);
    assert_int_equal(s[1].within, 30 * USEC_PER_MIN);
    assert_int_equal(s[1].on_timeout, 2);
    assert_int_equal(s[1].role, ROLE_SECURITY);
    assert_int_equal(s[1].marks, INCIDENT_ACKNOWLEDGED);
    assert_int_equal(s[2].timeout, TIMEOUT_LAST_RESPONDER);
    assert_int_equal(s[2].role, ROLE_NETWORK_ADMIN);
    assert_string_equal(s[3].ways[0].label, "Yes, it is");
    assert_int_equal(s[3].ways[0].then, 5);
    assert_int_equal(s[3].ways[1].then, 4);
    assert_int_equal(s[4].then, PLAYBOOK_END);
    assert_string_equal(s[5].id, "go:yes");
    assert_string_equal(s[5].playbook, "other");
    assert_int_equal(s[5].then, 4);
}

static void twenty_faults_are_told_at_once_and_where_they_are(void **state)
{
    auto_free char *faults = plan_faults(
        "- {id: a, kind: notfy, then: b}\n"
        "- {id: b, kind: ack, within: soon, then: c}\n"
        "- {id: c, kind: task, role: securty, title: T, then: nowhere}\n"
        "- {id: c, kind: task, then: d, colour: red}\n"
        "- {id: d, kind: decide, question: Q, options: {one: e}}\n"
        "- {id: e, kind: wait, then: f}\n"
        "- {id: f, kind: branch, cases: [{fact: incident.severty, is: high, then: g}],"
        " otherwise: g}\n"
        "- {id: g, kind: communicate, audience: families, template: t, then: h}\n"
        "- {id: h, kind: auto, action: mail, to: police, then: i}\n"
        "- {id: i, kind: auto, action: explode, then: j}\n"
        "- {id: j, kind: clock, then: k}\n"
        "- {id: k, kind: review, form: [{field: A b, ask: x}]}\n"
        "- {id: End here, kind: close, disposition: maybe}\n"
        "- {kind: task, title: T}\n");

    (void)state;
    HAS(faults, "p.yaml:9:17: error[E0202]: unknown kind of step \"notfy\"");
    HAS(faults, "did you mean \"notify\"?");
    HAS(faults, "error[E0206]: expected a duration, found \"soon\"");
    HAS(faults, "unknown role \"securty\"");
    HAS(faults, "error[E0703]: there is no step \"nowhere\"");
    HAS(faults,
        "error[E0701]: there are two steps called \"c\" (the other is in line 11)");
    HAS(faults, "error[E0103]: unknown key \"colour\" in task");
    HAS(faults, "error[E0104]: task has no \"title\"");
    HAS(faults, "a decision has two options at least");
    HAS(faults, "wait needs either `for` a time or `until` a condition");
    HAS(faults, "error[E0715]: there is no fact \"incident.severty\"");
    HAS(faults, "did you mean \"incident.severity\"?");
    HAS(faults, "error[E0713]: a message to somebody outside the staff needs `approve`");
    HAS(faults, "error[E0714]: nothing goes to police or parents by itself");
    HAS(faults, "error[E0712]: there is no action \"explode\"");
    HAS(faults, "error[E0704]: this version does not run steps of kind \"clock\"");
    HAS(faults, "error[E0717]: \"A b\" is no name for a field");
    HAS(faults, "error[E0717]: \"End here\" is no name for a step");
    HAS(faults, "unknown disposition \"maybe\"");
    HAS(faults, "error[E0104]: step has no \"id\"");
    HAS(faults, "error[E0104]: step has no \"then\"");
}

static void every_kind_of_step_that_is_not_run_says_so(void **state)
{
    static const char *const kinds[] = {"auto, action: block", "unmask", "clock",
                                        "parallel"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        auto_free char *steps = xasprintf("- {id: a, kind: %s, then: end}\n", kinds[i]);
        auto_free char *faults = plan_faults(steps);

        HAS(faults, "error[E0704]");
        HAS(faults, "1 error");
    }
}

static void what_is_recorded_is_a_capture_of_an_hour_at_most(void **state)
{
    auto_free char *faults = plan_faults(
        "- {id: a, kind: evidence, what: capture, record: 2h, for: 500d, then: b}\n"
        "- {id: b, kind: evidence, record: 5m, then: end}\n");

    (void)state;
    HAS(faults, "error[E0720]: what is recorded is said with `what: capture`");
    HAS(faults, "a capture lasts from a second to an hour");
    HAS(faults, "a hold lasts 400 days at most");
    HAS(faults, "3 errors");
}

static void only_a_required_yes_or_no_can_say_that_a_step_is_not_done(void **state)
{
    auto_free char *faults = plan_faults(
        "- {id: a, kind: task, title: T, not_done: end, then: b,"
        " form: [{field: x, ask: X, type: yesno}]}\n"
        "- {id: b, kind: task, title: T, then: c,"
        " form: [{field: x, ask: X, type: yesno, done: \"yes\"}]}\n"
        "- {id: c, kind: task, title: T, then: end,"
        " form: [{field: x, ask: X, type: yesno, required: true, done: perhaps}]}\n");

    (void)state;
    HAS(faults, "error[E0720]: `not_done` goes with a field of the form that has `done`");
    HAS(faults, "`done` goes with type yesno and required: true, and with no other");
    HAS(faults, "unknown answer \"perhaps\"");
    HAS(faults, "3 errors");
}

static void a_step_that_nobody_can_reach_is_a_fault(void **state)
{
    auto_free char *faults = plan_faults("- {id: a, kind: task, title: T, then: end}\n"
                                         "- {id: b, kind: task, title: T, then: a}\n");

    (void)state;
    HAS(faults, "p.yaml:10:8: error[E0705]: nothing leads to step \"b\"");
    HAS(faults, "1 error");
}

static void ways_that_never_end_are_a_fault(void **state)
{
    auto_free char *faults =
        plan_faults("- {id: a, kind: decide, question: Q, options: {x: b, y: end}}\n"
                    "- {id: b, kind: task, title: T, then: c}\n"
                    "- {id: c, kind: task, title: T, then: b}\n");

    (void)state;
    HAS(faults, "error[E0706]: no way leads from \"b\" to the end");
    HAS(faults, "1 error");
}

static void steps_that_go_round_without_waiting_are_a_fault(void **state)
{
    auto_free char *faults = plan_faults(
        "- {id: a, kind: notify, to: security, template: t, then: b}\n"
        "- {id: b, kind: branch, cases: [{fact: incident.alerts, at_least: 2, then: end}],"
        " otherwise: a}\n");

    (void)state;
    HAS(faults, "error[E0707]: \"a\" leads back to itself without waiting");
}

static void a_circle_with_a_wait_and_a_way_out_is_fine(void **state)
{
    auto_playbook struct playbook *p = plan_of(
        "- {id: w, kind: wait, for: 7d, then: b}\n"
        "- {id: b, kind: branch, cases: [{fact: incident.alerts_since_wait, at_least: 1,"
        " then: w}], otherwise: end}\n");

    (void)state;
    assert_int_equal(p->steps[0].wait_for, 7 * USEC_PER_DAY);
}

static void a_broken_file_is_no_playbook(void **state)
{
    static const char *const texts[] = {"", "- 1\n", "steps: 7\n", "a: [", "steps: []\n"};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        auto_diags struct diags *d = diags_new();

        assert_null(plan_parse(texts[i], d));
        assert_true(diags_errors(d) > 0);
    }
}

static bool holds(const char *condition, const char *facts_text)
{
    auto_diags struct diags *d = diags_new();
    auto_yaml struct yaml *y = yaml_parse("c", condition, strlen(condition), d);
    auto_json struct json *known = json_parse(facts_text, strlen(facts_text), NULL);
    struct condition c = {0};
    struct arena a = {0};
    bool so;

    assert_non_null(known);
    assert_true(condition_read(&c, &a, yaml_root(y), d));
    so = condition_holds(&c, known);
    arena_done(&a);
    return so;
}

static void conditions_ask_for_facts_by_their_type(void **state)
{
    static const char *const known =
        "{\"incident\": {\"severity\": \"high\", \"alerts\": 12, \"drill\": true,"
        " \"site\": \"lincoln\"}, \"answer\": {\"ask\": {\"used\": \"yes\"}}}";

    (void)state;
    assert_true(holds("{fact: incident.severity, at_least: medium}", known));
    assert_false(holds("{fact: incident.severity, at_least: critical}", known));
    assert_true(holds("{fact: incident.severity, is: [low, high]}", known));
    assert_true(holds("{fact: incident.alerts, at_least: 12}", known));
    assert_false(holds("{fact: incident.alerts, at_most: 11}", known));
    assert_true(holds("{fact: incident.drill, is: yes}", known));
    assert_true(holds("{fact: incident.site, is_not: roosevelt}", known));
    assert_true(holds("{fact: answer.ask.used, is: yes}", known));
    assert_false(holds("{fact: answer.ask.other, is_not: yes}", known));
    assert_false(holds("{fact: incident.devices, at_most: 3}", known));
}

static void texts_show_facts_and_say_when_one_is_not_known(void **state)
{
    static const char *const text =
        "{\"incident\": {\"site\": \"a\\nb\", \"first_seen\": 1767257100000000}}";
    auto_json struct json *known = json_parse(text, strlen(text), NULL);
    auto_free char *filled = fact_fill(
        "${incident.site}: ${incident.first_seen|time}, ${incident.device}, ${x", known,
        NULL);

    (void)state;
    assert_string_equal(filled, "a\\nb: 2026-01-01 08:45 UTC, (not known), ${x");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_playbook_is_read_with_all_that_it_says),
        cmocka_unit_test(twenty_faults_are_told_at_once_and_where_they_are),
        cmocka_unit_test(every_kind_of_step_that_is_not_run_says_so),
        cmocka_unit_test(what_is_recorded_is_a_capture_of_an_hour_at_most),
        cmocka_unit_test(only_a_required_yes_or_no_can_say_that_a_step_is_not_done),
        cmocka_unit_test(a_step_that_nobody_can_reach_is_a_fault),
        cmocka_unit_test(ways_that_never_end_are_a_fault),
        cmocka_unit_test(steps_that_go_round_without_waiting_are_a_fault),
        cmocka_unit_test(a_circle_with_a_wait_and_a_way_out_is_fine),
        cmocka_unit_test(a_broken_file_is_no_playbook),
        cmocka_unit_test(conditions_ask_for_facts_by_their_type),
        cmocka_unit_test(texts_show_facts_and_say_when_one_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
