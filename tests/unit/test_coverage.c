/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>

#include "collector/coverage.h"
#include "playbooks.h"
#include "rules.h"

#define HEAD                                                                   \
    "schema: 1\ndistrict: d\nname: D\nterm: t\n"                               \
    "sites: [{id: s, name: S, type: high, tz: America/Chicago}]\n"             \
    "calendars: {holidays: [2026-11-26..2026-11-27]}\n"                        \
    "people:\n"                                                                \
    "- {id: a, name: A, roles: [security], contacts: [{mail: a@s.example}]}\n" \
    "- {id: b, name: B, roles: [security], contacts: []}\n"                    \
    "rosters:\n- role: security\n  duty:\n"

static void assert_hole(const char *duties, bool all_hours, const char *from,
                        const char *wanted)
{
    auto_free char *text = xasprintf(HEAD "%s", duties);
    auto_district struct district *di = district_of(text);
    auto_free char *hole =
        coverage_hole(di, ROLE_SECURITY, all_hours, from ? time_of(from) : 0);

    if (wanted)
        assert_string_equal(hole ? hole : "none", wanted);
    else
        assert_string_equal(hole ? hole : "none", "none");
}

static void the_hours_without_anybody_are_named(void **state)
{
    (void)state;
    assert_hole("  - {person: a, days: sun-fri}\n", true, NULL,
                "security: nobody on duty Sat 00:00-24:00, and no last responder");
    assert_hole("  - {person: a, days: mon-fri, from: \"07:00\", to: \"17:00\"}\n"
                "  - {person: a, days: mon-thu, from: \"17:00\", to: \"07:00\"}\n",
                true, NULL,
                "security: nobody on duty Fri 17:00 to Mon 07:00, and no last responder");
    assert_hole("  - {person: a, from: \"08:00\", to: \"07:30\"}\n", true, NULL,
                "security: nobody on duty Mon 07:30-08:00, Tue 07:30-08:00, "
                "Wed 07:30-08:00, Thu 07:30-08:00, Fri 07:30-08:00, Sat 07:30-08:00, "
                "Sun 07:30-08:00, and no last responder");
}

static void a_full_week_has_no_hole(void **state)
{
    (void)state;
    assert_hole("  - {person: a}\n", true, "2026-11-01", NULL);
    assert_hole("  - {person: a, days: mon, from: \"08:00\", to: \"09:00\"}\n"
                "  last_responder: a\n",
                true, NULL, NULL);
}

static void holidays_on_which_somebody_is_missing_are_named(void **state)
{
    (void)state;
    assert_hole("  - {person: a, except: {calendar: holidays}}\n", true, NULL, NULL);
    assert_hole("  - {person: a, except: {calendar: holidays}}\n", true,
                "2026-11-01T06:00:00Z",
                "security: nobody on duty 2026-11-26, 2026-11-27, and no last responder");
    assert_hole("  - {person: a, except: {calendar: holidays}}\n", true,
                "2026-12-01T06:00:00Z", NULL);
}

static void who_cannot_be_reached_does_not_count(void **state)
{
    (void)state;
    assert_hole("  - {person: b}\n", true, NULL,
                "security: nobody on duty at any hour, and no last responder");
    assert_hole("  - {person: a, days: sun-fri}\n  last_responder: b\n", true, NULL,
                "security: nobody on duty Sat 00:00-24:00, and no last responder");
}

static void what_can_wait_needs_some_hours_only(void **state)
{
    (void)state;
    assert_hole("  - {person: a, days: mon, from: \"08:00\", to: \"09:00\"}\n", false,
                NULL, NULL);
    assert_hole("  - {person: b}\n", false, NULL,
                "security: nobody on duty at any hour, and no last responder");
}

static char *prove(const char *after_hours, const char *duties)
{
    auto_free char *rule = rules_one("dns", "    when: host exists\n");
    auto_free char *text = xasprintf(
        "%s    response: {playbook: test, after_hours: %s}\n", rule, after_hours);
    auto_free char *district_text = xasprintf(HEAD "%s", duties);
    auto_district struct district *district = district_of(district_text);
    auto_ruleset struct ruleset *rules = rules_load(text);
    struct playbook *plan = plan_of("- {id: do, kind: task, title: T, then: say}\n"
                                    "- {id: say, kind: notify, to: b, template: t,"
                                    " then: end}\n");
    struct playbooks all = {&plan, 1};
    struct coverage c;
    struct buffer said = {0};

    coverage_prove(
        &(struct coverage_settings){rules, &all, district, time_of("2026-11-01")}, &c);
    buffer_print(&said, "%zu rules, %zu steps, %zu roles", c.rules, c.steps, c.roles);
    for (size_t i = 0; i < c.count; i++)
        buffer_print(&said, "\n%s", c.holes[i]);
    coverage_done(&c);
    playbook_free(plan);
    return buffer_take(&said);
}

static void a_hole_names_the_rule_that_falls_into_it(void **state)
{
    auto_free char *page = prove("page", "  - {person: a, days: sun-fri}\n");
    auto_free char *hold = prove("hold", "  - {person: a, days: sun-fri}\n");

    (void)state;
    assert_string_equal(
        page,
        "1 rules, 2 steps, 1 roles\n"
        "b: nobody of that name can be reached; needed by rule test.one, playbook "
        "test, step say\n"
        "security: nobody on duty Sat 00:00-24:00, and no last responder; needed by "
        "rule test.one, playbook test, step do");
    assert_null(strstr(hold, "Sat"));
}

static void a_rule_must_lead_to_a_playbook_that_is_there(void **state)
{
    auto_free char *rule = rules_one(
        "dns",
        "    when: host exists\n    response: {playbook: other, after_hours: hold}\n");
    auto_district struct district *district = district_of(HEAD "  - {person: a}\n");
    auto_ruleset struct ruleset *rules = rules_load(rule);
    struct playbooks none = {NULL, 0};
    struct coverage c;

    (void)state;
    coverage_prove(&(struct coverage_settings){rules, &none, district, 0}, &c);
    assert_int_equal(c.count, 1);
    assert_string_equal(c.holes[0],
                        "rule test.one leads to playbook other, which is not there");
    coverage_done(&c);
}

/* p0 calls p1 in each of `wide` steps, and so on; the last one is `last`'s to do. */
static struct playbook *a_plan_in_a_chain(size_t number, size_t count, size_t wide,
                                          const char *last)
{
    auto_buffer struct buffer b = {0};
    auto_diags struct diags *d = diags_new();
    struct playbook *plan;

    buffer_print(&b,
                 "schema: 1\nplaybook: p%zu\nversion: 1\ntitle: T\nsummary: S\n"
                 "for: security\nprivacy: {class: security}\nsteps:\n",
                 number);
    for (size_t i = 0; number + 1 < count && i < wide; i++)
        buffer_print(&b, "- {id: s%zu, kind: call, playbook: p%zu, then: s%zu}\n", i,
                     number + 1, i + 1);
    buffer_print(&b, "- {id: s%zu, kind: task, title: T, role: %s, then: end}\n",
                 number + 1 < count ? wide : 0, number + 1 < count ? "security" : last);
    plan = playbook_parse("p", b.at, b.len, d);
    assert_non_null(plan);
    return plan;
}

/* Ten playbooks deep, thirty calls from each to the next: 30^9 ways. */
static void calls_are_followed_to_their_end_and_once(void **state)
{
    auto_free char *rule = rules_one(
        "dns",
        "    when: host exists\n    response: {playbook: p0, after_hours: hold}\n");
    auto_district struct district *district = district_of(HEAD "  - {person: a}\n");
    auto_ruleset struct ruleset *rules = rules_load(rule);
    struct playbook *plans[10];
    struct playbooks all = {plans, 10};
    struct coverage c;

    (void)state;
    for (size_t i = 0; i < 10; i++)
        plans[i] = a_plan_in_a_chain(i, 10, 30, "safety-officer");
    coverage_prove(&(struct coverage_settings){rules, &all, district, 0}, &c);
    assert_int_equal(c.steps, 9 * 31 + 1);
    assert_int_equal(c.count, 1);
    assert_string_equal(c.holes[0], "safety-officer: has no roster; needed by rule "
                                    "test.one, playbook p9, step s0");
    coverage_done(&c);
    for (size_t i = 0; i < 10; i++)
        playbook_free(plans[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_followed_to_their_end_and_once),
        cmocka_unit_test(the_hours_without_anybody_are_named),
        cmocka_unit_test(a_full_week_has_no_hole),
        cmocka_unit_test(holidays_on_which_somebody_is_missing_are_named),
        cmocka_unit_test(who_cannot_be_reached_does_not_count),
        cmocka_unit_test(what_can_wait_needs_some_hours_only),
        cmocka_unit_test(a_hole_names_the_rule_that_falls_into_it),
        cmocka_unit_test(a_rule_must_lead_to_a_playbook_that_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
