/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local changes: which form of a rule holds when and where, and what is wrong with an
 * overlay.
 */
#include "unit.h"

#include "rule_test.h"
#include "rules.h"

static const char shipped[] =
    RULES_HEAD "rules:\n"
               "  - id: test.one\n"
               "    title: A test\n"
               "    severity: low\n"
               "    owner: security\n"
               "    watch: [dns]\n"
               "    when: host under \"a.test\"\n"
               "    exceptions:\n"
               "      - {name: ours, fields: [src.ip], values: [{tuple: [10.0.0.9],"
               " until: 2027-12-31, owner: o, why: w}]}\n"
               "    tests:\n"
               "      - name: as shipped it is low\n"
               "        events: [{kind: dns, src.ip: 10.0.0.1, dns.qname: a.test}]\n"
               "        expect: {alerts: 1}\n"
               "  - id: test.two\n"
               "    title: Another\n"
               "    severity: low\n"
               "    owner: security\n"
               "    watch: [dns]\n"
               "    when: host under \"a.test\"\n"
               "    mode: shadow\n";

#define OVERLAY "schema: 1\noverlay_of: test\n"
#define WHO     "owner: network-lead, why: a wave"

static struct ruleset *load_all(const char *const *texts, size_t count, const char *now,
                                struct diags *d)
{
    static const char *const names[] = {"r.yaml", "o.yaml", "p.yaml"};
    struct ruleset_source sources[3];
    struct ruleset_settings settings = {
        .sources = sources, .source_count = count, .site = "lincoln"};

    for (size_t i = 0; i < count; i++)
        sources[i] = (struct ruleset_source){
            .name = names[i], .text = texts[i], .len = strlen(texts[i])};
    if (now)
        assert_int_equal(clock_parse(now, &settings.now), 0);
    return ruleset_load(&settings, d);
}

static struct ruleset *load(const char *overlay)
{
    auto_diags struct diags *d = diags_new();
    struct ruleset *s = load_all((const char *[]){shipped, overlay}, 2, NULL, d);
    auto_free char *faults = diags_text(d);

    if (!s)
        print_message("%s", faults);
    assert_non_null(s);
    return s;
}

struct met {
    const struct ruleset *set;
    const struct rule *one; /* NULL: test.one was not met */
    bool excepted;
};

static void note(size_t rule, enum match_verdict verdict, void *arg)
{
    struct met *m = arg;

    if (strcmp(ruleset_rule(m->set, rule)->id, "test.one") != 0)
        return;
    assert_null(m->one); /* one form holds */
    m->one = ruleset_rule(m->set, rule);
    m->excepted = verdict == MATCH_EXCEPTED;
}

static struct met meet(const struct ruleset *s, const char *when, const char *site,
                       const char *src)
{
    struct matcher *m = matcher_new(s);
    auto_event struct event *e = event_new();
    struct met met = {.set = s};
    struct addr addr;
    usec_t at;

    assert_int_equal(clock_parse(when, &at), 0);
    assert_int_equal(addr_parse(src, &addr), 0);
    event_begin(e, EVENT_DNS, at);
    event_put_addr(e, FIELD_SRC_IP, &addr);
    event_put_text(e, FIELD_HOST, text_of("www.a.test"));
    if (site)
        event_put_text(e, FIELD_SITE_ID, text_of(site));
    ruleset_match(m, e, note, &met);
    matcher_free(m);
    return met;
}

static void a_change_holds_up_to_its_last_hour_and_no_longer(void **state)
{
    auto_ruleset struct ruleset *s = load(
        OVERLAY "set: [{rule: test.one, severity: high, until: 2027-01-31, " WHO "}]\n");
    struct met in = meet(s, "2027-01-31T23:59:59Z", NULL, "10.0.0.1");
    struct met after = meet(s, "2027-02-01T00:00:00Z", NULL, "10.0.0.1");

    (void)state;
    assert_int_equal(in.one->severity[BAND_NONE], SEVERITY_HIGH);
    assert_string_equal(in.one->changed_by, "o.yaml:3");
    assert_int_equal(after.one->severity[BAND_NONE], SEVERITY_LOW);
    assert_null(after.one->changed_by);
    assert_int_not_equal(in.one->revision, after.one->revision);
    assert_int_equal(in.one->signature, after.one->signature);
}

static void each_of_several_changes_ends_by_itself(void **state)
{
    auto_ruleset struct ruleset *s =
        load(OVERLAY "set:\n"
                     "  - {rule: test.one, severity: high, until: 2027-01-31, " WHO "}\n"
                     "  - {rule: test.one, title: New, until: 2027-03-31, " WHO "}\n");
    struct met first = meet(s, "2027-01-01", NULL, "10.0.0.1");
    struct met second = meet(s, "2027-02-01", NULL, "10.0.0.1");
    struct met third = meet(s, "2027-04-01", NULL, "10.0.0.1");

    (void)state;
    assert_string_equal(first.one->title, "New");
    assert_int_equal(first.one->severity[BAND_NONE], SEVERITY_HIGH);
    assert_string_equal(second.one->title, "New");
    assert_int_equal(second.one->severity[BAND_NONE], SEVERITY_LOW);
    assert_string_equal(third.one->title, "A test");
}

static const char *const by_band = RULES_HEAD
    "rules:\n"
    "  - {id: test.one, title: T, severity: {primary: high, senior: medium}, owner: "
    "security, watch: [dns], when: host exists}\n";

static void a_severity_for_one_band_leaves_the_others(void **state)
{
    static const struct {
        const char *set;
        enum severity at[BAND_STAFF + 1]; /* none, primary, middle, senior, staff */
    } rows[] = {
        {"{senior: low}",
         {SEVERITY_HIGH, SEVERITY_HIGH, SEVERITY_HIGH, SEVERITY_LOW, SEVERITY_HIGH}},
        {"{senior: critical, staff: info}",
         {SEVERITY_HIGH, SEVERITY_HIGH, SEVERITY_HIGH, SEVERITY_CRITICAL, SEVERITY_INFO}},
        {"low", {SEVERITY_LOW, SEVERITY_LOW, SEVERITY_LOW, SEVERITY_LOW, SEVERITY_LOW}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_diags struct diags *d = diags_new();
        auto_free char *overlay = xasprintf(
            OVERLAY "set: [{rule: test.one, severity: %s, until: 2027-01-31, " WHO "}]\n",
            rows[i].set);
        auto_ruleset struct ruleset *s =
            load_all((const char *[]){by_band, overlay}, 2, NULL, d);
        struct met met;

        assert_non_null(s);
        met = meet(s, "2027-01-01", NULL, "10.0.0.1");
        for (unsigned band = 0; band <= BAND_STAFF; band++)
            assert_int_equal(met.one->severity[band], rows[i].at[band]);
    }
}

static void a_band_that_is_none_is_told_where_the_overlay_names_it(void **state)
{
    auto_diags struct diags *d = diags_new();
    struct ruleset *s = load_all(
        (const char *[]){by_band, OVERLAY
                         "set: [{rule: test.one, severity: {seniors: low}, until: "
                         "2027-01-31, " WHO "}]\n"},
        2, NULL, d);
    auto_free char *told = diags_text(d);

    (void)state;
    assert_null(s);
    assert_non_null(strstr(told, "o.yaml:3:35: error"));
    assert_non_null(strstr(told, "did you mean \"senior\"?"));
}

static void a_site_limits_a_change(void **state)
{
    auto_ruleset struct ruleset *s =
        load(OVERLAY "site: [lincoln, oak]\n"
                     "disable: [{rule: test.one, until: 2027-01-31, " WHO "}]\n");

    (void)state;
    assert_null(meet(s, "2027-01-01", "lincoln", "10.0.0.1").one);
    assert_null(meet(s, "2027-01-01", "oak", "10.0.0.1").one);
    assert_null(meet(s, "2027-01-01", NULL, "10.0.0.1").one); /* the agent's own */
    assert_non_null(meet(s, "2027-01-01", "elm", "10.0.0.1").one);
    assert_non_null(meet(s, "2027-02-01", "lincoln", "10.0.0.1").one);
}

static void an_added_exception_stands_beside_the_shipped_ones(void **state)
{
    auto_ruleset struct ruleset *s =
        load(OVERLAY "add_exceptions:\n"
                     "  - {rule: test.one, name: ours, values: [{tuple: [10.0.0.7],"
                     " until: 2027-01-31, " WHO "}]}\n"
                     "  - {rule: test.one, name: more, fields: [src.ip], values: ["
                     "{tuple: [10.0.0.8], until: 2027-03-31, " WHO "}]}\n");

    (void)state;
    assert_true(meet(s, "2027-01-01", NULL, "10.0.0.9").excepted);
    assert_true(meet(s, "2027-01-01", NULL, "10.0.0.7").excepted);
    assert_true(meet(s, "2027-01-01", NULL, "10.0.0.8").excepted);
    assert_false(meet(s, "2027-02-01", NULL, "10.0.0.7").excepted);
    assert_true(meet(s, "2027-02-01", NULL, "10.0.0.8").excepted);
    assert_false(meet(s, "2027-04-01", NULL, "10.0.0.8").excepted);
}

static void what_is_wrong_with_an_overlay_is_told_where_it_stands(void **state)
{
    static const struct {
        const char *overlay, *wanted;
    } rows[] = {
        {"schema: 1\noverlay_of: tset\n", "o.yaml:2:13: error[E0550]"},
        {OVERLAY "set: [{rule: test.on, mode: alert, until: 2027-01-31, " WHO "}]\n",
         "o.yaml:3:14: error[E0209]: unknown rule \"test.on\""},
        {OVERLAY "set: [{rule: test.one, severty: low, until: 2027-01-31, " WHO "}]\n",
         "o.yaml:3:24: error[E0103]"},
        {OVERLAY "set: [{rule: test.one, id: x.y, until: 2027-01-31, " WHO "}]\n",
         "o.yaml:3:24: error[E0103]"},
        {OVERLAY "set: [{rule: test.one, mode: alert, " WHO "}]\n",
         "o.yaml:3:7: error[E0104]: a change has no \"until\""},
        {OVERLAY "set: [{rule: test.one, until: 2027-01-31, " WHO "}]\n", "E0553"},
        {OVERLAY "set: [{rule: test.one, severity: hgih, until: 2027-01-31, " WHO "}]\n",
         "o.yaml:3:34: error[E0202]"},
        {OVERLAY "set: [{rule: test.one, watch: [arp], until: 2027-01-31, " WHO "}]\n",
         "o.yaml:3:7: error[E0552]: rule test.one cannot be read with this change"},
        {OVERLAY "rules: []\n", "E0103]: unknown key \"rules\" in an overlay"},
        {OVERLAY "set: [{rule: test.one, mode: shadow, until: 2027-01-31, " WHO "}]\n"
                 "disable: [{rule: test.one, until: 2027-01-31, " WHO "}]\n",
         "o.yaml:4:12: error[E0551]: two changes set \"mode\" of rule test.one"},
        {OVERLAY "tests: [{name: x, events: [{kind: dns}], expect: {alerts: 0}}]\n",
         "E0104]: the test has no \"rule\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_diags struct diags *d = diags_new();
        auto_ruleset struct ruleset *s =
            load_all((const char *[]){shipped, rows[i].overlay}, 2, NULL, d);
        auto_free char *told = diags_text(d);

        if (s || !strstr(told, rows[i].wanted))
            print_message("%zu: %s", i, told);
        assert_null(s);
        assert_non_null(strstr(told, rows[i].wanted));
    }
}

static void an_overlay_cannot_have_a_safeguarding_rule_show_the_device(void **state)
{
    static const char rule[] =
        RULES_HEAD "rules:\n"
                   "  - {id: safety.one, title: T, severity: low, owner: security, "
                   "watch: [dns], when: host exists}\n";
    auto_diags struct diags *d = diags_new();
    struct ruleset *s = load_all(
        (const char *[]){
            rule, OVERLAY
            "set: [{rule: safety.one, identity: device, until: 2027-01-31, " WHO "}]\n"},
        2, NULL, d);
    auto_free char *told = diags_text(d);

    (void)state;
    assert_null(s);
    assert_non_null(strstr(told, "o.yaml:3:36: error[E0222]"));
    assert_non_null(strstr(told, "o.yaml:3:7: error[E0552]: rule safety.one"));
}

static void two_overlays_may_set_the_same_at_different_sites_only(void **state)
{
    static const char one[] =
        OVERLAY "site: lincoln\n"
                "set: [{rule: test.one, severity: high, until: 2027-01-31, " WHO "}]\n";
    static const char other[] =
        OVERLAY "site: oak\n"
                "set: [{rule: test.one, severity: info, until: 2027-01-31, " WHO "}]\n";
    auto_diags struct diags *d = diags_new();
    auto_ruleset struct ruleset *s =
        load_all((const char *[]){shipped, one, other}, 3, NULL, d);
    auto_free char *told = NULL;

    (void)state;
    assert_non_null(s);
    assert_int_equal(meet(s, "2027-01-01", "oak", "10.0.0.1").one->severity[0],
                     SEVERITY_INFO);
    assert_int_equal(meet(s, "2027-01-01", "lincoln", "10.0.0.1").one->severity[0],
                     SEVERITY_HIGH);
    assert_null(load_all((const char *[]){shipped, one, one}, 3, NULL, d));
    told = diags_text(d);
    assert_non_null(strstr(told, "p.yaml:4:24: error[E0551]"));
    assert_non_null(strstr(told, "the other one is at o.yaml:4"));
}

static void the_end_of_a_change_is_announced_once(void **state)
{
    static const char overlay[] =
        OVERLAY "set: [{rule: test.one, severity: high, until: 2027-01-31, " WHO "}]\n";
    static const struct {
        const char *now, *wanted;
    } rows[] = {
        {"2027-01-17", ""},
        {"2027-01-19", "local change \"severity\" of rule test.one ends in 13 days"},
        {"2027-02-02", "has ended and does nothing (owner network-lead)"},
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        auto_diags struct diags *d = diags_new();
        auto_ruleset struct ruleset *s =
            load_all((const char *[]){shipped, overlay}, 2, rows[i].now, d);
        auto_free char *told = diags_text(d);

        assert_non_null(s);
        assert_int_equal(diags_warnings(d), i > 0);
        assert_non_null(strstr(told, rows[i].wanted));
    }
}

static void shipped_tests_try_the_shipped_rule_and_an_overlays_the_changed_one(
    void **state)
{
    auto_diags struct diags *d = diags_new();
    auto_ruleset struct ruleset *s =
        load(OVERLAY "disable: [{rule: test.one, until: 2027-01-31, " WHO "}]\n"
                     "set: [{rule: test.two, mode: alert, until: 2027-01-31, " WHO "}]\n"
                     "tests:\n"
                     "  - name: it is silent here\n"
                     "    rule: test.one\n"
                     "    events: [{kind: dns, src.ip: 10.0.0.1, dns.qname: a.test}]\n"
                     "    expect: {alerts: 0, match: 0}\n"
                     "  - name: and back afterwards\n"
                     "    rule: test.one\n"
                     "    start: 2027-02-01\n"
                     "    events: [{kind: dns, src.ip: 10.0.0.1, dns.qname: a.test}]\n"
                     "    expect: {alerts: 1}\n");
    struct rule_test_counts counts = ruleset_test(s, &(struct rule_test_settings){0}, d);
    auto_free char *told = diags_text(d);

    (void)state;
    if (counts.failed)
        print_message("%s", told);
    assert_int_equal(counts.passed, 3);
    assert_int_equal(counts.failed, 0);
}

/* Of the rule as it was shipped, and as the overlay has it, for one band. */
static void what_an_overlay_makes_of_an_alert_can_be_tested(void **state)
{
    static const struct {
        const char *expect, *wanted;
    } rows[] = {
        {"severity: critical, mode: alert, playbook: malware", ""},
        {"severity: low", "expected severity low, got critical"},
        {"playbook: network-hygiene", "expected playbook network-hygiene, got malware"},
        {"mode: shadow", "expected mode shadow, got alert"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        auto_diags struct diags *d = diags_new();
        auto_free char *text = xasprintf(
            OVERLAY "set: [{rule: test.one, severity: critical, response: {playbook: "
                    "malware}, until: 2027-01-31, " WHO "}]\n"
                    "tests:\n"
                    "  - name: it is worse here\n"
                    "    rule: test.one\n"
                    "    events: [{kind: dns, src.ip: 10.0.0.1, dns.qname: a.test}]\n"
                    "    expect: {alerts: 1, %s}\n",
            rows[i].expect);
        auto_ruleset struct ruleset *s = load(text);
        struct rule_test_counts counts =
            ruleset_test(s, &(struct rule_test_settings){0}, d);
        auto_free char *told = diags_text(d);

        assert_int_equal(counts.failed, *rows[i].wanted != '\0');
        assert_non_null(strstr(told, rows[i].wanted));
    }
}

static void the_same_form_is_found_in_another_set(void **state)
{
    auto_ruleset struct ruleset *s = load(
        OVERLAY "set: [{rule: test.one, severity: high, until: 2027-01-31, " WHO "}]\n");
    auto_ruleset struct ruleset *plain = rules_load(shipped);

    (void)state;
    assert_int_equal(ruleset_count(s), 3);
    assert_int_equal(ruleset_find_like(s, ruleset_rule(s, 1)), 1);
    assert_int_equal(ruleset_find_like(s, ruleset_rule(plain, 0)), 0);
    assert_int_equal(ruleset_find_like(plain, ruleset_rule(s, 1)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_holds_up_to_its_last_hour_and_no_longer),
        cmocka_unit_test(each_of_several_changes_ends_by_itself),
        cmocka_unit_test(a_severity_for_one_band_leaves_the_others),
        cmocka_unit_test(a_band_that_is_none_is_told_where_the_overlay_names_it),
        cmocka_unit_test(a_site_limits_a_change),
        cmocka_unit_test(an_added_exception_stands_beside_the_shipped_ones),
        cmocka_unit_test(what_is_wrong_with_an_overlay_is_told_where_it_stands),
        cmocka_unit_test(an_overlay_cannot_have_a_safeguarding_rule_show_the_device),
        cmocka_unit_test(two_overlays_may_set_the_same_at_different_sites_only),
        cmocka_unit_test(the_end_of_a_change_is_announced_once),
        cmocka_unit_test(
            shipped_tests_try_the_shipped_rule_and_an_overlays_the_changed_one),
        cmocka_unit_test(what_an_overlay_makes_of_an_alert_can_be_tested),
        cmocka_unit_test(the_same_form_is_found_in_another_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
