/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests inside rule files: what they count, and what a failing one says.
 */
#include "unit.h"

#include "rule_test.h"
#include "rules.h"

static const char scan[] =
    "    when: tcp.state == \"no_answer\" and dst.ip in 10.0.0.0/8\n"
    "    window: {distinct: dst.ip, by: [src.ip], within: 5m, gte: 50}\n"
    "    exceptions:\n"
    "      - {name: ours, fields: [src.ip], values: [{tuple: [10.20.1.5],"
    " until: 2027-12-31, owner: security, why: ours}]}\n"
    "    tests:\n"
    "      - name: fifty hosts alert once\n"
    "        generate: {count: 80, every: 2s, event: {kind: flow_start,"
    " src.ip: 10.1.1.9, dst.ip: \"10.1.2.${n}\", tcp.state: no_answer}}\n"
    "        expect: {alerts: 1, match: 80, fields: {window.value: 50,"
    " src.ip: 10.1.1.9}}\n"
    "      - name: our scanner may\n"
    "        generate: {count: 80, every: 1s, event: {kind: flow_start,"
    " src.ip: 10.20.1.5, dst.ip: \"10.1.${n/50}.${n%50}\", tcp.state: no_answer}}\n"
    "        expect: {alerts: 0, excepted: 80}\n";

static struct rule_test_counts run(const char *text, char **ret_faults)
{
    auto_diags struct diags *d = diags_new();
    auto_ruleset struct ruleset *s =
        rules_load_with((struct ruleset_settings){0}, text, d);
    struct rule_test_counts counts = {0};

    if (s)
        counts = ruleset_test(s, &(struct rule_test_settings){.coverage = true}, d);
    *ret_faults = diags_text(d);
    return counts;
}

static void good_tests_pass(void **state)
{
    auto_free char *text = rules_one("flow_start", scan), *faults = NULL;
    struct rule_test_counts counts = run(text, &faults);

    (void)state;
    assert_int_equal(counts.passed, 2);
    assert_int_equal(counts.failed, 0);
}

/* 08:30 in Chicago on a day of an examination, wherever and whenever the district has
 * its own; and the day after. */
static void a_file_brings_the_clock_and_the_days_of_its_tests(void **state)
{
    static const char rule[] =
        "    when: dst.port == 22\n"
        "    during: exam_hours\n"
        "    tests:\n"
        "      - name: on the day\n"
        "        events: [{at: \"2026-11-23T14:30:00Z\", kind: flow_start, dst.port: 22}]\n"
        "        expect: {match: 1}\n"
        "      - name: after it\n"
        "        events: [{at: \"2026-11-24T14:30:00Z\", kind: flow_start, dst.port: 22}]\n"
        "        expect: {match: 0}\n"
        "schedules: {exam_hours: {tz: site.tz, when: [{calendar: exams, from: \"08:00\","
        " to: \"09:00\"}]}}\n";
    static const char *const times[] = {
        "test_time: {tz: America/Chicago, calendars: {exams: [2026-11-23]}}\n",
        "test_time: {tz: America/Chicago}\n", /* then there is no such day */
        "test_time: {tz: Europe/London, calendars: {exams: [2026-11-23]}}\n", ""};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        auto_free char *more = xasprintf("%s%s", rule, times[i]);
        auto_free char *text = rules_one("flow_start", more), *faults = NULL;
        struct rule_test_counts counts = run(text, &faults);

        assert_int_equal(counts.passed, i == 0 ? 2 : 1);
        assert_int_equal(counts.failed, i == 0 ? 0 : 1);
    }
}

static void a_test_time_that_cannot_be_is_told(void **state)
{
    static const struct {
        const char *time, *wanted;
    } rows[] = {
        {"test_time: {tz: America/Chicagoo}\n", "E0306"},
        {"test_time: {calendars: {exams: [23.11.]}}\n", "error["},
        {"test_time: {calendar: {}}\n", "E0103"},
        {"test_time: [x]\n", "E0105"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        auto_free char *more = xasprintf("    when: dst.port == 22\n%s", rows[i].time);
        auto_free char *text = rules_one("flow_start", more), *faults = NULL;

        (void)run(text, &faults);
        assert_non_null(strstr(faults, rows[i].wanted));
    }
}

static void a_failing_test_says_how_far_the_window_came(void **state)
{
    auto_free char *more = xasprintf("%s      - name: too few\n"
                                     "        generate: {count: 49, every: 2s, event:"
                                     " {kind: flow_start, src.ip: 10.1.1.9, dst.ip:"
                                     " \"10.1.2.${n}\", tcp.state: no_answer}}\n"
                                     "        expect: {alerts: 1}\n",
                                     scan);
    auto_free char *text = rules_one("flow_start", more), *faults = NULL;
    struct rule_test_counts counts = run(text, &faults);

    (void)state;
    assert_int_equal(counts.failed, 1);
    assert_non_null(strstr(faults, "E0601]: test \"too few\" failed: expected alerts 1, "
                                   "got 0"));
    assert_non_null(strstr(faults, "= highest window.value was 49 at 96 s; the rule "
                                   "needs 50"));
}

static void a_failing_test_says_where_the_first_event_failed(void **state)
{
    auto_free char *text = rules_one(
                       "flow_start",
                       "    when: dst.port == 22 and tcp.state == \"established\"\n"
                       "    tests:\n"
                       "      - name: ssh\n"
                       "        events: [{kind: flow_start, dst.port: 22}]\n"
                       "        expect: {match: 1}\n"),
                   *faults = NULL;
    struct rule_test_counts counts = run(text, &faults);

    (void)state;
    assert_int_equal(counts.failed, 1);
    assert_non_null(strstr(faults, "= the first event fails at: tcp.state == "
                                   "\"established\" (tcp.state is missing)"));
}

static void what_extractors_work_out_is_there(void **state)
{
    auto_free char *text = rules_one(
                       "dns, tls",
                       "    when: host.registrable == \"example.org\" and"
                       " (dns.qname.len == 15 and dns.qname.labels == 3 and"
                       " dns.qname.max_label == 7 or tls.sni exists) and"
                       " device == \"10.1.2.3\"\n"
                       "    tests:\n"
                       "      - name: both\n"
                       "        events:\n"
                       "          - {kind: dns, src.ip: 10.1.2.3, dns.qname:"
                       " www.example.org}\n"
                       "          - {at: 5s, kind: tls, src.ip: 10.1.2.3, tls.sni:"
                       " www.example.org}\n"
                       "        expect: {match: 2, alerts: 2}\n"),
                   *faults = NULL;
    struct rule_test_counts counts = run(text, &faults);

    (void)state;
    assert_int_equal(counts.passed, 1);
}

static void a_name_that_led_to_a_flow_has_its_registrable_domain(void **state)
{
    auto_free char *text = rules_one(
                       "flow", "    when: flow.led_by_registrable == \"example.org\" and"
                               " not (host.registrable exists)\n"
                               "    tests:\n"
                               "      - name: one\n"
                               "        events:\n"
                               "          - {kind: flow, flow.led_by: sftp.example.org}\n"
                               "        expect: {match: 1}\n"),
                   *faults = NULL;
    struct rule_test_counts counts = run(text, &faults);

    (void)state;
    assert_int_equal(counts.passed, 1);
}

static void coverage_names_what_no_test_exercises(void **state)
{
    auto_free char *text = rules_one(
                       "dns", "    when: host exists and not dns.qtype == \"TXT\"\n"
                              "    tests:\n"
                              "      - name: one\n"
                              "        events: [{kind: dns, dns.qname: a.test}]\n"
                              "        expect: {match: 1}\n"),
                   *faults = NULL;

    (void)state;
    run(text, &faults);
    assert_non_null(strstr(faults, "rule test.one: no test comes near and does not"));
    assert_non_null(strstr(faults, "is any of these false: \"host exists\""));
    assert_non_null(strstr(faults, "in no test is \"dns.qtype == \"TXT\"\" true"));
}

static void a_window_that_stays_below_its_bound_comes_near(void **state)
{
    static const char rule[] =
        "    when: dst.port == 22\n"
        "    window: {count: events, by: [src.ip], within: 5m, gte: 5}\n"
        "    tests:\n"
        "      - name: five\n"
        "        generate: {count: 5, every: 1s, event: {kind: flow_start,"
        " src.ip: 10.1.1.9, dst.port: 22}}\n"
        "        expect: {alerts: 1}\n"
        "      - name: four\n"
        "        generate: {count: 4, every: 1s, event: {kind: flow_start,"
        " src.ip: 10.1.1.9, dst.port: 22}}\n"
        "        expect: {alerts: 0}\n";
    auto_free char *text = rules_one("flow_start", rule), *faults = NULL;

    (void)state;
    assert_int_equal(run(text, &faults).passed, 2);
    assert_null(strstr(faults, "W0602"));
}

static void a_rule_whose_window_is_never_reached_is_raised_by_no_test(void **state)
{
    static const char rule[] =
        "    when: dst.port == 22\n"
        "    window: {count: events, by: [src.ip], within: 5m, gte: 5}\n"
        "    tests:\n"
        "      - name: one is counted\n"
        "        events: [{kind: flow_start, src.ip: 10.1.1.9, dst.port: 22}]\n"
        "        expect: {match: 1, alerts: 0}\n";
    auto_free char *text = rules_one("flow_start", rule), *faults = NULL;

    (void)state;
    assert_int_equal(run(text, &faults).passed, 1);
    assert_non_null(strstr(faults, "rule test.one: no test raises it"));
}

/* Each step's own condition, though the first that is met decides for the rule. */
static void conditions_of_steps_are_asked(void **state)
{
    static const char rule[] =
        "    sequence:\n"
        "      by: [src.ip]\n"
        "      within: 5m\n"
        "      steps:\n"
        "        - {id: first, when: dst.port == 22}\n"
        "        - {id: second, when: dst.port > 20}\n"
        "        - {id: third, when: dst.port == 25}\n"
        "    tests:\n"
        "      - name: two of three\n"
        "        events:\n"
        "          - {kind: flow_start, src.ip: 10.1.1.9, dst.port: 22}\n"
        "          - {at: 1s, kind: flow_start, src.ip: 10.1.1.9, dst.port: 22}\n"
        "        expect: {alerts: 0}\n";
    auto_free char *text = rules_one("flow_start", rule), *faults = NULL;

    (void)state;
    assert_int_equal(run(text, &faults).passed, 1);
    assert_non_null(strstr(faults, "in no test is \"dst.port == 25\" true"));
    assert_null(strstr(faults, "asked"));
    assert_non_null(strstr(faults, "false: \"dst.port == 22\", \"dst.port > 20\""));
}

static void a_test_that_cannot_be_run_is_a_fault_of_the_file(void **state)
{
    auto_free char *text =
        rules_one("dns", "    when: host exists\n"
                         "    tests:\n"
                         "      - name: one\n"
                         "        events: [{kind: dns, dns.qnam: a.test, src.ip: 10/8}]\n"
                         "        expect: {alert: 1}\n"
                         "      - name: two\n"
                         "        expect: {}\n");
    auto_free char *faults = rules_faults(text);

    (void)state;
    assert_non_null(strstr(faults, "unknown field \"dns.qnam\""));
    assert_non_null(strstr(faults, "expected an address or network, found \"10/8\""));
    assert_non_null(strstr(faults, "unknown key \"alert\" in expect"));
    assert_non_null(strstr(faults, "a test has events, generate or both"));
    assert_non_null(strstr(faults, "the test expects nothing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_tests_pass),
        cmocka_unit_test(a_file_brings_the_clock_and_the_days_of_its_tests),
        cmocka_unit_test(a_test_time_that_cannot_be_is_told),
        cmocka_unit_test(a_failing_test_says_how_far_the_window_came),
        cmocka_unit_test(a_failing_test_says_where_the_first_event_failed),
        cmocka_unit_test(what_extractors_work_out_is_there),
        cmocka_unit_test(a_name_that_led_to_a_flow_has_its_registrable_domain),
        cmocka_unit_test(coverage_names_what_no_test_exercises),
        cmocka_unit_test(a_window_that_stays_below_its_bound_comes_near),
        cmocka_unit_test(a_rule_whose_window_is_never_reached_is_raised_by_no_test),
        cmocka_unit_test(conditions_of_steps_are_asked),
        cmocka_unit_test(a_test_that_cannot_be_run_is_a_fault_of_the_file),
    };

    return cmocka_run_group_tests_name("rule_test", tests, NULL, NULL);
}
