/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "names.h"
#include "rule_coverage.h"
#include "rules.h"

#define RULE                                                                           \
    RULES_HEAD                                                                         \
    "rules:\n  - {id: test.one, title: T, why: To test, severity: low, owner: "        \
    "security, watch: [dns], when: 'host exists and not dns.qtype == \"TXT\"', mode: " \
    "%s}\n"

enum { A = 1, TXT = 16 }; /* RFC 1035 section 3.2.2 */

struct fixture {
    struct ruleset *rules;
    struct rule_coverage *coverage;
    struct event *event;
};

static void begin(struct fixture *f, const char *mode)
{
    auto_free char *text = xasprintf(RULE, mode);

    f->rules = rules_load(text);
    f->coverage = rule_coverage_new(f->rules);
}

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.event = event_new()};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    rule_coverage_free(f->coverage);
    ruleset_free(f->rules);
    event_free(f->event);
    return 0;
}

static void see(struct fixture *f, enum event_kind kind, const char *host, uint16_t type)
{
    event_begin(f->event, kind, 5);
    if (host)
        event_put_text(f->event, FIELD_HOST, text_of(host));
    if (kind == EVENT_DNS)
        event_put_number(f->event, FIELD_DNS_QTYPE, names_dns_type_of(type));
    rule_coverage_event(f->coverage, 0, f->event);
}

static char *said(struct fixture *f)
{
    auto_diags struct diags *d = diags_new();

    rule_coverage_report(f->coverage, d);
    return diags_text(d);
}

static void of_a_rule_without_tests_everything_is_told(void **state)
{
    struct fixture *f = *state;
    auto_free char *text = NULL;

    begin(f, "alert");
    text = said(f);
    assert_non_null(strstr(text, "[W0602]: rule test.one: no test raises it"));
    assert_non_null(strstr(text, "no test comes near and does not raise it"));
    assert_non_null(strstr(text, "[W0603]: rule test.one: in no test is \"host exists\" "
                                 "asked"));
}

static void what_was_seen_with_either_answer_is_not_told(void **state)
{
    struct fixture *f = *state;
    auto_free char *text = NULL;

    begin(f, "alert");
    see(f, EVENT_DNS, NULL, A);
    see(f, EVENT_DNS, "a.test", A);
    see(f, EVENT_DNS, "a.test", TXT);
    rule_coverage_end(f->coverage, 0, true);
    rule_coverage_end(f->coverage, 0, false);
    text = said(f);
    assert_string_equal(text, "");
}

static void a_condition_that_was_never_false_could_be_left_out(void **state)
{
    struct fixture *f = *state;
    auto_free char *text = NULL;

    begin(f, "alert");
    see(f, EVENT_DNS, "a.test", A);
    text = said(f);
    assert_non_null(strstr(text, "[W0604]: rule test.one: in no test is any of these "
                                 "false: \"host exists\""));
    assert_non_null(strstr(text, "in no test is \"dns.qtype == \"TXT\"\" true"));
}

static void events_that_the_rule_does_not_watch_show_nothing(void **state)
{
    struct fixture *f = *state;
    auto_free char *text = NULL;

    begin(f, "alert");
    see(f, EVENT_TLS, "a.test", 0);
    text = said(f);
    assert_non_null(strstr(text, "in no test is \"host exists\" asked"));
}

static void nothing_is_asked_of_a_disabled_rule(void **state)
{
    struct fixture *f = *state;
    auto_free char *text = NULL;

    begin(f, "disabled");
    text = said(f);
    assert_string_equal(text, "");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(of_a_rule_without_tests_everything_is_told),
        T(what_was_seen_with_either_answer_is_not_told),
        T(a_condition_that_was_never_false_could_be_left_out),
        T(events_that_the_rule_does_not_watch_show_nothing),
        T(nothing_is_asked_of_a_disabled_rule),
    };

    return cmocka_run_group_tests_name("rule_coverage", tests, NULL, NULL);
}
