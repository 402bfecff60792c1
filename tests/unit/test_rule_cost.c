/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>

#include "cli/rule_cost.h"
#include "rules.h"

#define RULE(id, more)                                                         \
    "  - id: t." id "\n    title: x\n    severity: low\n    owner: security\n" \
    "    watch: [dns]\n" more

static const char text[] = RULES_HEAD
    "rules:\n" RULE("long", "    when: dns.qname.len > 10 and dns.qname glob \"*x*\"\n")
        RULE("site", "    scope: {sites: [north]}\n    when: dns.qr == \"query\"\n")
            RULE("count", "    when: dns.qr == \"query\"\n"
                          "    window: {count: events, by: [device], within: 1m, gte: 3, "
                          "max_keys: 2}\n");

static void put(struct rule_costs *c, struct event *e, uint64_t i)
{
    char device[8];

    snprintf(device, sizeof(device), "d%u", (unsigned)(i % 4));
    event_begin(e, EVENT_DNS, RULE_COST_ROUNDS + i);
    event_put_number(e, FIELD_DNS_QR, DNS_QUERY);
    event_put_number(e, FIELD_DNS_QNAME_LEN, i);
    event_put_text(e, FIELD_DNS_QNAME, i % 2 ? TEXT("ax.test") : TEXT("b.test"));
    event_put_text(e, FIELD_DEVICE, text_of(device));
    event_put_text(e, FIELD_SITE_ID, i % 5 ? TEXT("south") : TEXT("north"));
    assert_true(rule_costs_add(c, e));
}

static struct rule_costs *measured(const struct ruleset *set)
{
    struct rule_costs *c = rule_costs_new(set);
    auto_event struct event *e = event_new();

    for (uint64_t i = 0; i < 20; i++)
        put(c, e, i);
    rule_costs_measure(c);
    return c;
}

static void predicates_are_counted_as_far_as_they_are_asked(void **state)
{
    auto_ruleset struct ruleset *set = rules_load(text);
    struct rule_costs *c = measured(set);
    const struct rule_cost *k = rule_costs_get(c, 0);

    (void)state;
    assert_int_equal(k->predicates, 2);
    assert_int_equal(k->patterns, 1);
    assert_int_equal(k->evaluated, 20);
    assert_int_equal(k->asked, 20 + 9); /* 11 to 19 are long enough for the second */
    assert_int_equal(k->hits, 5);
    rule_costs_free(c);
}

static void what_is_out_of_scope_is_not_asked(void **state)
{
    auto_ruleset struct ruleset *set = rules_load(text);
    struct rule_costs *c = measured(set);

    (void)state;
    assert_int_equal(rule_costs_get(c, 1)->evaluated, 20);
    assert_int_equal(rule_costs_get(c, 1)->asked, 4);
    assert_int_equal(rule_costs_get(c, 1)->hits, 4);
    rule_costs_free(c);
}

static void keys_are_bounded_and_those_pushed_out_are_counted(void **state)
{
    auto_ruleset struct ruleset *set = rules_load(text);
    struct rule_costs *c = measured(set);
    const struct rule_cost *k = rule_costs_get(c, 2);

    (void)state;
    assert_true(k->state_most > 0 && k->state_most < 4096);
    assert_int_equal(k->keys_peak, 2);
    assert_int_equal(k->evicted, 18);
    assert_int_equal(rule_costs_get(c, 0)->state_most, 0);
    rule_costs_free(c);
}

static void times_are_sorted_and_there_for_what_was_evaluated(void **state)
{
    auto_ruleset struct ruleset *set = rules_load(text);
    struct rule_costs *c = measured(set);
    const struct rule_cost *k = rule_costs_get(c, 0);

    (void)state;
    assert_true(rule_cost_ns(k) > 0);
    for (size_t i = 1; i < RULE_COST_ROUNDS; i++)
        assert_true(k->ns[i - 1] <= k->ns[i]);
    rule_costs_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predicates_are_counted_as_far_as_they_are_asked),
        cmocka_unit_test(what_is_out_of_scope_is_not_asked),
        cmocka_unit_test(keys_are_bounded_and_those_pushed_out_are_counted),
        cmocka_unit_test(times_are_sorted_and_there_for_what_was_evaluated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
