/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include <errno.h>

#include "collector/correlate.h"
#include "collector/store_correlate.h"
#include "collector/store_silence.h"

#define CONTENT "rules/correlate/default.yaml"

/* ---- files ---- */

static struct correlate *load_text(struct fixture *f, const char *text, struct diags *d)
{
    auto_free char *path = xasprintf("%s/copy", f->folder);
    const char *const paths[] = {path};
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return correlate_load(paths, 1, d);
}

static void the_shipped_file_is_without_fault(void **state)
{
    auto_diags struct diags *d = diags_new();
    const char *const paths[] = {"rules/correlate"};
    auto_correlate struct correlate *c = correlate_load(paths, 1, d);

    (void)state;
    if (!c)
        fail_msg("%s", diags_text(d));
}

static void every_fault_is_told_at_once(void **state)
{
    static const char *const expected[] = {
        ":1:9: error[E0204]",
        ":3:5: error[E0103]: unknown key \"fowithin\"",
        "= did you mean \"within\"?",
        ":3:5: error[E0104]: this entry has no \"within\"",
        ":4:18: error[E0202]: unknown part of an alert \"devise\"",
        "= did you mean \"device\"?",
        ":6:9: error[E0751]: there is another entry named \"a\"",
        ":7:11: error[E0753]: nothing to compare",
        ":8:13: error[E0752]: \"within\" must be from 1 s to 30 d",
        ":10:5: error[E0754]: \"x.y\" would hide itself",
    };
    struct fixture *f = *state;
    auto_diags struct diags *d = diags_new();
    auto_free char *text = NULL;

    assert_null(load_text(f,
                          "schema: 2\n"
                          "correlate:\n"
                          "  - fowithin: 1h\n"
                          "    same: [site, devise]\n"
                          "    id: a\n"
                          "  - id: a\n"
                          "    same: []\n"
                          "    within: 40d\n"
                          "inhibit:\n"
                          "  - {id: b, when: x.y, hides: [x.z, x.y], same: site, "
                          "within: 1h}\n",
                          d));
    text = diags_text(d);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        if (!strstr(text, expected[i]))
            fail_msg("no '%s' in:\n%s", expected[i], text);
}

static void a_file_of_neither_kind_is_refused(void **state)
{
    struct fixture *f = *state;
    auto_diags struct diags *d = diags_new();
    auto_free char *text = NULL;

    assert_null(load_text(f, "schema: 1\n", d));
    text = diags_text(d);
    assert_non_null(strstr(text, "E0755"));
}

/* ---- keys ---- */

static char *key_of(const struct correlate *c, const struct store_alert *a)
{
    usec_t within;

    return correlate_key(c, a, &within);
}

static bool same_key(const struct correlate *c, const struct store_alert *a,
                     const struct store_alert *b)
{
    auto_free char *one = key_of(c, a), *other = key_of(c, b);

    return strcmp(one, other) == 0;
}

static void alerts_of_one_playbook_site_and_device_belong_together(void **state)
{
    auto_diags struct diags *d = diags_new();
    auto_correlate struct correlate *c = correlate_load(NULL, 0, d);
    struct store_alert a = an_alert(1), b = an_alert(2);
    usec_t within = 0;

    (void)state;
    free(correlate_key(c, &a, &within));
    assert_int_equal(within, 12 * USEC_PER_HOUR);
    b.rule = "net.arp-spoof";
    b.segment = "staff";
    assert_true(same_key(c, &a, &b));
    b.device = "AAAA-BBBB";
    assert_false(same_key(c, &a, &b));
    b = a;
    b.site = "lakeside";
    assert_false(same_key(c, &a, &b));
    b = a;
    b.playbook = "filter-bypass";
    assert_false(same_key(c, &a, &b));
    b = a;
    b.drill = true;
    assert_false(same_key(c, &a, &b));
}

static void without_a_device_the_segment_counts(void **state)
{
    auto_diags struct diags *d = diags_new();
    auto_correlate struct correlate *c = correlate_load(NULL, 0, d);
    struct store_alert a = an_alert(1), b = an_alert(2);

    (void)state;
    a.device = b.device = "";
    assert_true(same_key(c, &a, &b));
    b.segment = "staff";
    assert_false(same_key(c, &a, &b));
}

static void the_first_entry_that_fits_counts(void **state)
{
    struct fixture *f = *state;
    auto_diags struct diags *d = diags_new();
    auto_correlate struct correlate *c =
        load_text(f,
                  "schema: 1\n"
                  "correlate:\n"
                  "  - {id: one, rules: net.rogue-dhcp, same: site, within: 1h}\n"
                  "  - {id: two, playbooks: rogue-device, same: rule, within: 2h}\n",
                  d);
    struct store_alert a = an_alert(1);
    usec_t within = 0;

    assert_non_null(c);
    free(correlate_key(c, &a, &within));
    assert_int_equal(within, USEC_PER_HOUR);
    a.rule = "net.arp-spoof";
    free(correlate_key(c, &a, &within));
    assert_int_equal(within, 2 * USEC_PER_HOUR);
    a.playbook = "malware-on-device";
    free(correlate_key(c, &a, &within));
    assert_int_equal(within, 12 * USEC_PER_HOUR);
}

static void a_name_cannot_pass_for_two(void **state)
{
    auto_diags struct diags *d = diags_new();
    auto_correlate struct correlate *c = correlate_load(NULL, 0, d);
    struct store_alert a = an_alert(1), b = an_alert(2);

    (void)state;
    a.site = "x|device=y";
    a.device = "z";
    b.site = "x";
    b.device = "y|device=z";
    assert_false(same_key(c, &a, &b));
}

/* ---- decisions ---- */

static void what_is_decided_follows_from_the_facts(void **state)
{
    const struct store_incident open = {
        .first = START, .last = START + USEC_PER_HOUR, .state = INCIDENT_OPEN};
    const struct {
        const char *playbook;
        bool summary, silenced, inhibited, incident;
        usec_t at;
        enum alert_fate fate;
    } cases[] = {
        {"p", .at = START, .fate = ALERT_OPENED},
        {"", .at = START, .fate = ALERT_ALONE},
        {"p", .at = START, .summary = true, .fate = ALERT_ALONE},
        {"p", .at = START, .incident = true, .fate = ALERT_JOINED},
        {"p", .at = START + 3 * USEC_PER_HOUR, .incident = true, .fate = ALERT_JOINED},
        {"p", .at = START + 3 * USEC_PER_HOUR + 1, .incident = true,
         .fate = ALERT_OPENED},
        {"p", .at = START - 2 * USEC_PER_HOUR, .incident = true, .fate = ALERT_JOINED},
        {"p", .at = START - 2 * USEC_PER_HOUR - 1, .incident = true,
         .fate = ALERT_OPENED},
        {"p", .at = START, .incident = true, .summary = true, .fate = ALERT_JOINED},
        {"p", .at = START, .inhibited = true, .fate = ALERT_INHIBITED},
        {"p", .at = START, .inhibited = true, .incident = true, .fate = ALERT_JOINED},
        {"p", .at = START, .silenced = true, .incident = true, .fate = ALERT_SILENCED},
        {"", .at = START, .silenced = true, .fate = ALERT_SILENCED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store_alert a = an_alert(1);
        struct correlate_facts facts = {.incident = cases[i].incident ? &open : NULL,
                                        .within = 2 * USEC_PER_HOUR,
                                        .silenced = cases[i].silenced,
                                        .inhibited = cases[i].inhibited};

        a.playbook = cases[i].playbook;
        a.at = cases[i].at;
        a.summary = cases[i].summary;
        if (correlate_decide(&a, &facts) != cases[i].fate)
            fail_msg("case %zu", i);
    }
}

static void an_alert_explains_another_only_if_what_is_compared_is_there(void **state)
{
    struct fixture *f = *state;
    auto_diags struct diags *d = diags_new();
    auto_correlate struct correlate *c = load_text(
        f,
        "schema: 1\n"
        "inhibit: [{id: i, when: net.rogue-dhcp, hides: filter.not-applied, same: "
        "[site, segment], within: 30m}]\n",
        d);
    struct store_alert cause = an_alert(1), a = an_alert(2);

    assert_non_null(c);
    a.rule = "filter.not-applied";
    assert_true(correlate_inhibits(c, &cause, &a));
    assert_false(correlate_inhibits(c, &a, &cause));
    a.at = cause.at + 30 * USEC_PER_MIN + 1;
    assert_false(correlate_inhibits(c, &cause, &a));
    a.at = cause.at;
    a.segment = cause.segment = "";
    assert_false(correlate_inhibits(c, &cause, &a));
    a.segment = cause.segment = "students";
    a.drill = true;
    assert_false(correlate_inhibits(c, &cause, &a));
    a.drill = false;
    cause.fate = ALERT_SILENCED;
    assert_false(correlate_inhibits(c, &cause, &a));
}

/* ---- in the store ---- */

struct tally {
    size_t fates[ALERT_ALONE + 1];
    int64_t incident;
};

static int count_fate(const struct store_alert *a, const struct settled *done, void *arg)
{
    struct tally *t = arg;

    (void)a;
    t->fates[done->fate]++;
    if (done->incident)
        t->incident = done->incident;
    return 0;
}

static struct tally settle_all(struct fixture *f)
{
    auto_diags struct diags *d = diags_new();
    const char *const paths[] = {CONTENT};
    auto_correlate struct correlate *c = correlate_load(paths, 1, d);
    struct tally t = {0};
    size_t count = 0;

    assert_non_null(c);
    begin(f);
    assert_int_equal(store_correlate_new(f->s, c, 1000, count_fate, &t, &count), 0);
    commit(f);
    return t;
}

static void put(struct fixture *f, struct store_alert a)
{
    begin(f);
    assert_int_equal(store_alert_put(f->s, &a), 0);
    commit(f);
}

static void a_burst_becomes_one_incident_that_counts_it(void **state)
{
    struct fixture *f = *state;
    struct store_incident i;
    struct tally t;

    for (uint64_t seq = 1; seq <= 5; seq++) {
        struct store_alert a = an_alert(seq);

        a.at += seq;
        a.severity = seq == 3 ? SEVERITY_CRITICAL : SEVERITY_LOW;
        a.summary = seq == 5;
        a.repeats = 40;
        put(f, a);
    }
    t = settle_all(f);

    assert_int_equal(t.fates[ALERT_OPENED], 1);
    assert_int_equal(t.fates[ALERT_JOINED], 4);
    assert_int_equal(store_incident_get(f->s, t.incident, &i), 0);
    assert_int_equal(i.alerts, 4 + 40);
    assert_int_equal(i.severity, SEVERITY_CRITICAL);
    assert_int_equal(i.first, an_alert(1).at + 1);
    assert_int_equal(i.last, an_alert(1).at + 5);
    store_incident_done(&i);
    assert_int_equal(settle_all(f).fates[ALERT_JOINED], 0);
}

static void a_silenced_alert_is_kept_and_counted(void **state)
{
    struct fixture *f = *state;
    const struct store_silence silence = {.rule = "net.rogue-dhcp",
                                          .site = "lincoln",
                                          .owner = "admin",
                                          .why = "building works",
                                          .covers = UINT32_C(1) << ROLE_NETWORK_ADMIN,
                                          .begins = START,
                                          .until = START + USEC_PER_HOUR};
    struct store_alert a = an_alert(1);
    struct tally t;

    begin(f);
    assert_int_equal(store_silence_add(f->s, &silence, NULL), 0);
    commit(f);
    put(f, a);
    a.seq = 2;
    a.site = "lakeside";
    put(f, a);
    t = settle_all(f);

    assert_int_equal(t.fates[ALERT_SILENCED], 1);
    assert_int_equal(t.fates[ALERT_OPENED], 1);
    f->now += USEC_PER_HOUR;
    a = an_alert(3);
    put(f, a);
    t = settle_all(f);
    assert_int_equal(t.fates[ALERT_OPENED], 1);
}

/* As wide as it may be, and made by somebody else. */
static void a_silence_takes_no_alerts_along_that_somebody_else_acts_on(void **state)
{
    struct fixture *f = *state;
    const struct store_silence silence = {.site = "lincoln",
                                          .owner = "exams",
                                          .why = "noisy",
                                          .covers = UINT32_C(1) << ROLE_EXAMS_OFFICER,
                                          .begins = START,
                                          .until = START + USEC_PER_DAY};
    struct store_alert a = an_alert(1);
    struct tally t;

    begin(f);
    assert_int_equal(store_silence_add(f->s, &silence, NULL), 0);
    commit(f);
    a.owner = ROLE_SAFETY_OFFICER;
    put(f, a);
    a.seq = 2;
    a.owner = ROLE_EXAMS_OFFICER;
    put(f, a);
    t = settle_all(f);
    assert_int_equal(t.fates[ALERT_OPENED], 1);
    assert_int_equal(t.fates[ALERT_SILENCED], 1);
}

static void what_another_alert_explains_opens_nothing(void **state)
{
    struct fixture *f = *state;
    struct store_alert cause = an_alert(1), a = an_alert(2);
    struct tally t;

    cause.rule = "network.rogue-dhcp";
    a.rule = "filter.not-applied";
    a.playbook = "filter-bypass";
    put(f, cause);
    put(f, a);
    t = settle_all(f);

    assert_int_equal(t.fates[ALERT_OPENED], 1);
    assert_int_equal(t.fates[ALERT_INHIBITED], 1);
}

static void count_input(const struct store_input *i, void *arg)
{
    if (i->kind == INPUT_ALERT)
        ++*(size_t *)arg;
}

static void the_runs_of_an_incident_hear_of_each_alert_that_joins(void **state)
{
    struct fixture *f = *state;
    struct tally t;
    int64_t run;
    size_t heard = 0;

    put(f, an_alert(1));
    t = settle_all(f);
    begin(f);
    run = a_run(f, t.incident);
    commit(f);
    put(f, an_alert(2));
    put(f, an_alert(3));
    settle_all(f);

    assert_int_equal(store_input_each(f->s, run, 100, count_input, &heard), 0);
    assert_int_equal(heard, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_file_is_without_fault),
        WITH_FIXTURE(every_fault_is_told_at_once),
        WITH_FIXTURE(a_file_of_neither_kind_is_refused),
        cmocka_unit_test(alerts_of_one_playbook_site_and_device_belong_together),
        cmocka_unit_test(without_a_device_the_segment_counts),
        WITH_FIXTURE(the_first_entry_that_fits_counts),
        cmocka_unit_test(a_name_cannot_pass_for_two),
        cmocka_unit_test(what_is_decided_follows_from_the_facts),
        WITH_FIXTURE(an_alert_explains_another_only_if_what_is_compared_is_there),
        WITH_FIXTURE(a_burst_becomes_one_incident_that_counts_it),
        WITH_FIXTURE(a_silenced_alert_is_kept_and_counted),
        WITH_FIXTURE(a_silence_takes_no_alerts_along_that_somebody_else_acts_on),
        WITH_FIXTURE(what_another_alert_explains_opens_nothing),
        WITH_FIXTURE(the_runs_of_an_incident_hear_of_each_alert_that_joins),
    };

    return cmocka_run_group_tests_name("correlate", tests, NULL, NULL);
}
