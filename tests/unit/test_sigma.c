/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "cli/sigma.h"
#include "mem.h"
#include "rules.h"

#define DNS   "title: T\nlogsource: {category: dns}\nlevel: low\ndetection:\n"
#define PROXY "title: T\nlogsource: {category: proxy}\nlevel: low\ndetection:\n"

static char *translate(const char *text, char **ret_faults)
{
    auto_diags struct diags *d = diags_new();
    struct sigma *s = sigma_new(&(struct sigma_settings){0});
    char *rules;

    sigma_add(s, "s.yml", text, strlen(text), d);
    rules = sigma_write(s, d);
    *ret_faults = diags_text(d);
    sigma_free(s);
    return rules;
}

static void expect(const char *text, const char *part)
{
    auto_free char *faults = NULL, *rules = translate(text, &faults);

    if (!strstr(rules, part))
        print_message("%s\n%s\n", faults, rules);
    assert_non_null(strstr(rules, part));
}

static void expect_refused(const char *text, const char *fault)
{
    auto_free char *faults = NULL, *rules = translate(text, &faults);

    if (*rules || !strstr(faults, fault))
        print_message("%s\n%s\n", faults, rules);
    assert_string_equal(rules, "");
    assert_non_null(strstr(faults, fault));
}

/* Is the first rule met by the event? */
static bool meets(const char *text, enum field_id f, const char *value)
{
    auto_free char *faults = NULL, *rules = translate(text, &faults);
    auto_ruleset struct ruleset *set = rules_load(rules);
    struct matcher *m = matcher_new(set);
    auto_event struct event *e = event_new();
    auto_buffer struct buffer why = {0};
    bool met;

    if (f == FIELD_DNS_QNAME) {
        event_begin(e, EVENT_DNS, 1);
        event_put_number(e, FIELD_DNS_QR, DNS_QUERY);
    } else {
        event_begin(e, EVENT_HTTP, 1);
        event_put_number(e, FIELD_HTTP_SIDE, HTTP_REQUEST);
        event_put_text(e, FIELD_HOST, TEXT("www.paste.test"));
    }
    event_put_text(e, f, text_of(value));
    ruleset_explain(m, 0, e, &why);
    met = strstr(why.at, ": matches\n") != NULL;
    matcher_free(m);
    return met;
}

static void names_are_asked_in_lower_case(void **state)
{
    (void)state;
    expect(DNS "  s: {query|contains: .EVIL.test}\n  condition: s\n",
           "dns.qr == \"query\" and ((((dns.qname contains \".evil.test\"))))");
}

static void wildcards_are_wildcards_and_escaped_ones_are_not(void **state)
{
    const char *text = PROXY "  s: {c-useragent: 'a*b?c\\*'}\n  condition: s\n";

    (void)state;
    assert_true(meets(text, FIELD_HTTP_USER_AGENT, "A..B1c*"));
    assert_false(meets(text, FIELD_HTTP_USER_AGENT, "a..b1cx"));
    assert_false(meets(text, FIELD_HTTP_USER_AGENT, "xa..b1c*"));
}

static void an_address_of_a_proxy_is_asked_of_host_and_path(void **state)
{
    const char *text =
        PROXY "  s: {c-uri|contains: '.paste.test/raw/'}\n  condition: s\n";

    (void)state;
    assert_true(meets(text, FIELD_HTTP_PATH, "/raw/1"));
    assert_false(meets(text, FIELD_HTTP_PATH, "/x/raw/1"));
    assert_true(meets(text, FIELD_HTTP_PATH, "/?u=http://x.paste.test/raw/1"));
}

static void the_query_of_a_path_begins_behind_the_first_question_mark(void **state)
{
    const char *text = PROXY "  s: {c-uri-query|startswith: 'a='}\n  condition: s\n";

    (void)state;
    assert_true(meets(text, FIELD_HTTP_PATH, "/x?a=1"));
    assert_false(meets(text, FIELD_HTTP_PATH, "/a=1?b"));
    assert_false(meets(text, FIELD_HTTP_PATH, "/x?b?a=1"));
}

static void base64_is_found_at_each_offset(void **state)
{
    const char *text =
        PROXY "  s: {c-useragent|base64offset|contains: secret}\n  condition: s\n";

    (void)state;
    assert_true(meets(text, FIELD_HTTP_USER_AGENT, "c2VjcmV0"));     /* secret */
    assert_true(meets(text, FIELD_HTTP_USER_AGENT, "eHNlY3JldA==")); /* xsecret */
    assert_true(meets(text, FIELD_HTTP_USER_AGENT, "eHhzZWNyZXR5")); /* xxsecrety */
    assert_false(meets(text, FIELD_HTTP_USER_AGENT, "c2VjcmVx"));
}

static void conditions_keep_their_order_of_binding(void **state)
{
    const char *text = DNS "  a: {query: a.test}\n  b: {query: b.test}\n"
                           "  c: {query|endswith: test}\n"
                           "  condition: a or c and not b\n";

    (void)state;
    assert_true(meets(text, FIELD_DNS_QNAME, "a.test"));
    assert_false(meets(text, FIELD_DNS_QNAME, "b.test"));
    assert_true(meets(text, FIELD_DNS_QNAME, "c.test"));
}

static void several_conditions_are_any_of_them_and_still_queries(void **state)
{
    (void)state;
    expect(DNS "  a: {query: a.test}\n  b: {query: b.test}\n  condition: [a, b]\n",
           "dns.qr == \"query\" and ((((dns.qname == \"a.test\"))) or (((dns.qname == "
           "\"b.test\"))))");
}

static void every_part_that_cannot_be_said_is_told(void **state)
{
    const char *text = DNS "  a: {answer: x}\n  b: {query|windash: x}\n  c: {Z: 1}\n"
                           "  condition: a or b or 1 of c*\n";

    (void)state;
    expect_refused(text, "s.yml:5:7: error[E0532]");
    expect_refused(text, "s.yml:6:7: error[E0533]: this modifier cannot be said here: "
                         "\"windash\"");
    expect_refused(text, "s.yml:7:7: error[E0532]");
}

static void a_rule_about_request_and_answer_at_once_is_refused(void **state)
{
    (void)state;
    expect_refused(PROXY "  a: {c-uri: /x, sc-status: 200}\n  condition: a\n",
                   "they are two events");
}

static void what_means_another_thing_in_our_patterns_is_refused(void **state)
{
    (void)state;
    expect_refused(DNS "  a: {query|re: 'a{3}'}\n  condition: a\n", "E0534");
    expect_refused(DNS "  a: {query|re: '(?=a)b'}\n  condition: a\n", "E0534");
    expect_refused(DNS "  a: {query|re: '\\bx'}\n  condition: a\n", "E0534");
}

static void counting_becomes_a_window(void **state)
{
    (void)state;
    expect(DNS "  a: {record_type: TXT}\n  timeframe: 5m\n"
               "  condition: a | count(query) by src_ip >= 30\n",
           "window: {distinct: dns.qname, by: [src.ip], within: 5m, gte: 30}");
    expect_refused(DNS "  a: {query: x}\n  timeframe: 5m\n"
                       "  condition: a | count() by src_ip < 3\n",
                   "only > and >=");
    expect_refused(DNS "  a: {query: x}\n  condition: a | count() > 3\n", "no timeframe");
}

#define BASE                                                             \
    "title: B\nname: b\nlevel: low\nlogsource: {category: firewall}\n"   \
    "detection:\n  s: {dst_port: 22}\n  condition: s\n---\n"             \
    "title: C\nlevel: low\ncorrelation:\n  rules: [b]\n  timespan: 1m\n" \
    "  group-by: [src_ip]\n"

static void a_counted_rule_is_not_a_rule_of_its_own(void **state)
{
    auto_free char *faults = NULL;
    auto_free char *rules =
        translate(BASE "  type: event_count\n  condition: {gte: 3}\n", &faults);

    (void)state;
    assert_non_null(strstr(rules, "id: sigma.c\n"));
    assert_null(strstr(rules, "id: sigma.b\n"));
    assert_non_null(strstr(rules, "by: [src.ip], within: 1m, gte: 3}"));
}

static void places_in_a_later_document_are_those_of_the_file(void **state)
{
    (void)state;
    expect_refused(BASE "  type: event_count\n  condition: {lt: 3}\n",
                   "s.yml:16:14: error[E0536]");
}

static void strange_texts_stay_texts(void **state)
{
    expect("title: \"a\\\"\\nb: [\"\nlevel: low\nlogsource: {category: dns}\n"
           "detection:\n  s: {query: x}\n  condition: s\n",
           "title: \"a\\\"\\nb: [\"\n");
    (void)state;
}

/* Sigma knows no age bands: what is imported has one severity for all. */
static void a_level_is_the_severity_for_every_band(void **state)
{
    static const struct {
        const char *level;
        enum severity severity;
        bool warned;
    } rows[] = {
        {"level: informational\n", SEVERITY_INFO, false},
        {"level: low\n", SEVERITY_LOW, false},
        {"level: medium\n", SEVERITY_MEDIUM, false},
        {"level: high\n", SEVERITY_HIGH, false},
        {"level: critical\n", SEVERITY_CRITICAL, false},
        {"level: urgent\n", SEVERITY_MEDIUM, true},
        {"level: {senior: low}\n", SEVERITY_MEDIUM, true},
        {"", SEVERITY_MEDIUM, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *text = xasprintf("title: T\nlogsource: {category: dns}\n%s"
                                         "detection:\n  s: {query: a.test}\n"
                                         "  condition: s\n",
                                         rows[i].level);
        auto_free char *faults = NULL, *rules = translate(text, &faults);
        auto_ruleset struct ruleset *set = rules_load(rules);

        for (unsigned band = 0; band <= BAND_STAFF; band++)
            assert_int_equal(ruleset_rule(set, 0)->severity[band], rows[i].severity);
        assert_int_equal(strstr(faults, "W0530]") != NULL, rows[i].warned);
    }
}

static void a_condition_that_names_a_selection_very_often_is_refused_in_time(void **state)
{
    auto_buffer struct buffer text = {0};

    (void)state;
    buffer_text(&text, DNS "  selection:\n    query:\n");
    for (int i = 0; i < 1000; i++)
        buffer_print(&text, "      - a%d.example.com\n", i);
    buffer_text(&text, "  condition: selection");
    for (int i = 0; i < 30000; i++)
        buffer_text(&text, " or 1 of them");
    buffer_text(&text, "\n");
    expect_refused(text.at, "E0535]: with its selections written out the condition is");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_asked_in_lower_case),
        cmocka_unit_test(wildcards_are_wildcards_and_escaped_ones_are_not),
        cmocka_unit_test(an_address_of_a_proxy_is_asked_of_host_and_path),
        cmocka_unit_test(the_query_of_a_path_begins_behind_the_first_question_mark),
        cmocka_unit_test(base64_is_found_at_each_offset),
        cmocka_unit_test(conditions_keep_their_order_of_binding),
        cmocka_unit_test(several_conditions_are_any_of_them_and_still_queries),
        cmocka_unit_test(every_part_that_cannot_be_said_is_told),
        cmocka_unit_test(a_rule_about_request_and_answer_at_once_is_refused),
        cmocka_unit_test(what_means_another_thing_in_our_patterns_is_refused),
        cmocka_unit_test(counting_becomes_a_window),
        cmocka_unit_test(a_counted_rule_is_not_a_rule_of_its_own),
        cmocka_unit_test(places_in_a_later_document_are_those_of_the_file),
        cmocka_unit_test(strange_texts_stay_texts),
        cmocka_unit_test(a_level_is_the_severity_for_every_band),
        cmocka_unit_test(
            a_condition_that_names_a_selection_very_often_is_refused_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
