/* SPDX-License-Identifier: Apache-2.0 */
/* Thousands of runs to which things happen at random; run_walk.h has what must hold. */
#include "unit.h"

#include "run_walk.h"

#define RUNS         2000
#define STEPS        60
#define SHIPPED_RUNS 24 /* of each */
#define KNOWN(hours)                                                           \
    "{\"incident\": {\"id\": 7, \"site\": \"lincoln\", \"severity\": \"low\"," \
    " \"after_hours\": \"" hours "\"}}"

static const char *const plan =
    "- {id: page, kind: notify, to: security, template: t, then: ack}\n"
    "- {id: ack, kind: ack, within: 30m, on_timeout: deputy, then: fork}\n"
    "- {id: deputy, kind: ack, role: network-admin, within: 30m, then: fork}\n"
    "- id: fork\n"
    "  kind: branch\n"
    "  cases: [{fact: incident.severity, at_least: high, then: warn}]\n"
    "  otherwise: fix\n"
    "- {id: warn, kind: notify, to: line, template: t, then: fix}\n"
    "- id: fix\n"
    "  kind: task\n"
    "  title: Fix it\n"
    "  within: 4h\n"
    "  on_timeout: {escalate: last-responder}\n"
    "  form: [{field: used, ask: U, type: yesno, required: true,"
    " done: \"yes\"},"
    " {field: way, ask: W, type: choice, choices: [mail, web]}]\n"
    "  marks: contained\n"
    "  then: ask\n"
    "- id: ask\n"
    "  kind: decide\n"
    "  within: 2h\n"
    "  question: Q\n"
    "  reason: required\n"
    "  options: {call: {call: other, then: say}, again: fix, on: say}\n"
    "- id: say\n"
    "  kind: communicate\n"
    "  audience: families\n"
    "  template: t\n"
    "  approve: safety-officer\n"
    "  within: 1d\n"
    "  on_refused: shut\n"
    "  then: watch\n"
    "- {id: watch, kind: wait, for: 7d, then: back}\n"
    "- id: back\n"
    "  kind: branch\n"
    "  cases: [{fact: incident.alerts_since_wait, at_least: 1, then: until}]\n"
    "  otherwise: shut\n"
    "- id: until\n"
    "  kind: wait\n"
    "  until: {fact: incident.state, is: [contained, recovered]}\n"
    "  within: 1d\n"
    "  on_timeout: shut\n"
    "  then: fix\n"
    "- {id: shut, kind: close, within: 1d, disposition: required, then: look}\n"
    "- {id: look, kind: review, within: 5d, form: [{field: entry, ask: H}]}\n";

/* xorshift64*, so that a run that breaks can be had again by its number. */
static uint64_t next(void *arg)
{
    uint64_t *x = arg;

    *x ^= *x >> 12;
    *x ^= *x << 25;
    *x ^= *x >> 27;
    return (*x * UINT64_C(2685821657736338717)) >> 33;
}

static void whatever_happens_a_run_ends_or_waits_and_keeps_its_word(void **state)
{
    auto_district struct district *district = district_of(TEST_DISTRICT);
    auto_playbook struct playbook *p = plan_of(plan);
    size_t ended = 0;

    (void)state;
    for (uint64_t i = 1; i <= RUNS; i++) {
        uint64_t seed = i * UINT64_C(0x9e3779b97f4a7c15);
        struct chance c = {next, &seed};
        struct world *w = world_new(p, district, i % 2 ? KNOWN("page") : KNOWN("hold"),
                                    "2026-11-20T15:00:00-06:00");

        walk(w, &c, STEPS);
        ended += w->status != RUN_ACTIVE;
        world_free(w);
    }
    assert_true(ended > RUNS / 4);
}

static void so_do_the_shipped_playbooks_with_the_example_district(void **state)
{
    auto_diags struct diags *d = diags_new();
    auto_district struct district *district =
        district_load("deploy/examples/district.yaml", d);
    auto_playbooks struct playbooks *all = playbooks_load("rules/playbooks", d);

    (void)state;
    assert_non_null(district);
    assert_non_null(all);
    for (uint64_t i = 0; i < SHIPPED_RUNS * all->count; i++) {
        uint64_t seed = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        struct chance c = {next, &seed};
        struct world *w =
            world_new(all->at[i % all->count], district,
                      i % 3 ? KNOWN("page") : KNOWN("hold"), "2026-11-20T15:00:00-06:00");

        walk(w, &c, STEPS);
        world_free(w);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_a_run_ends_or_waits_and_keeps_its_word),
        cmocka_unit_test(so_do_the_shipped_playbooks_with_the_example_district),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
