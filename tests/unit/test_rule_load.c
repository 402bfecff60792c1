/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rule files as a whole: names over several files, versions, what is kept of a rule.
 */
#include "unit.h"

#include "diag_codes.h"
#include "rules.h"

static struct ruleset *load_two(const char *a, const char *b, char **ret_faults)
{
    const struct ruleset_source sources[] = {
        {.name = "a.yaml", .text = a, .len = strlen(a)},
        {.name = "b.yaml", .text = b, .len = strlen(b)},
    };
    auto_diags struct diags *d = diags_new();
    struct ruleset *s = ruleset_load(
        &(struct ruleset_settings){.sources = sources, .source_count = 2}, d);

    *ret_faults = diags_text(d);
    return s;
}

static void assert_fault(const char *text, const char *wanted)
{
    auto_free char *faults = rules_faults(text);

    if (!strstr(faults, wanted))
        fail_msg("wanted: %s\ngot: %s", wanted, faults);
}

static void assert_rule_fault(const char *more, const char *wanted)
{
    auto_free char *text = rules_one("flow, dns", more);

    assert_fault(text, wanted);
}

static void names_may_be_used_before_they_are_defined_and_across_files(void **state)
{
    auto_free char *faults = NULL;
    auto_ruleset struct ruleset *s =
        load_two(RULES_HEAD "rules:\n"
                            "  - {id: a.b, title: T, severity: low, owner: security, "
                            "watch: [dns], during: later, when: there}\n",
                 RULES_HEAD "macros: {there: 'host under $hosts'}\n"
                            "lists: {hosts: {type: domain, items: [a.test]}}\n"
                            "schedules: {later: {when: [{days: mon}]}}\n",
                 &faults);

    (void)state;
    assert_non_null(s);
    assert_string_equal(faults, "");
}

static void the_same_name_in_two_files_is_a_fault_that_names_both(void **state)
{
    auto_free char *faults = NULL;
    auto_free char *a = rules_one("dns", "    when: host exists\nmacros: {m: host "
                                         "exists}\n");
    auto_ruleset struct ruleset *s = load_two(a, a, &faults);

    (void)state;
    assert_null(s);
    assert_non_null(strstr(faults, "b.yaml:12:10: error[E0114]: there is a macro \"m\" "
                                   "already"));
    assert_non_null(strstr(faults, "= the other one is at a.yaml:12"));
    assert_non_null(strstr(faults, "b.yaml:5:9: error[E0114]: there is a rule "
                                   "\"test.one\" already"));
}

static void what_a_rule_says_is_kept(void **state)
{
    auto_free char *text = rules_one(
        "dns, tls", "    when: host exists\n"
                    "    shows_not: Nothing\n"
                    "    traps: [one, two]\n"
                    "    at: agent\n"
                    "    identity: none\n"
                    "    mode: shadow\n"
                    "    window: {sum: dns.answer.len, by: [src.ip, vlan], within: 5m, "
                    "gt: 10, max_keys: 7}\n"
                    "    dedup: {by: device, every: 2h, emit: first_and_summary}\n"
                    "    response: {playbook: p, after_hours: digest}\n"
                    "    labels: {mitre: T1046}\n"
                    "    references: [KCSIE]\n");
    auto_ruleset struct ruleset *s = rules_load(text);
    const struct rule *r = ruleset_rule(s, 0);

    (void)state;
    assert_int_equal(ruleset_find(s, "test.one"), 0);
    assert_true(ruleset_find(s, "test.two") < 0);
    assert_string_equal(r->category, "test");
    assert_string_equal(r->traps[1], "two");
    assert_string_equal(r->references[0], "KCSIE");
    assert_string_equal(r->ruleset, "test");
    assert_string_equal(r->when_text, "host exists");
    assert_false(r->at_collector);
    assert_int_equal(r->label_count, 1);
    assert_string_equal(r->labels[0], "mitre:T1046");
    assert_int_equal(r->identity, IDENTITY_NONE);
    assert_int_equal(r->mode, MODE_SHADOW);
    assert_int_equal(r->watch, 1u << EVENT_DNS | 1u << EVENT_TLS);
    assert_int_equal(r->window.kind, WINDOW_SUM);
    assert_int_equal(r->window.reach, 11);
    assert_int_equal(r->window.max_keys, 7);
    assert_int_equal(r->window.by[1], FIELD_VLAN);
    assert_int_equal(r->dedup.emit, DEDUP_FIRST_AND_SUMMARY);
    assert_int_equal(r->dedup.every, 2 * USEC_PER_HOUR);
    assert_int_equal(r->after_hours, AFTER_HOURS_DIGEST);
    assert_int_equal(r->place.line, 5);
}

static void the_version_follows_the_text_and_the_revision_the_rule(void **state)
{
    auto_free char *a = rules_one("dns", "    when: host exists\n");
    auto_free char *b = rules_one("dns", "    when: host exists # a remark\n");
    auto_free char *c = rules_one("dns", "    when: vlan exists\n");
    auto_ruleset struct ruleset *x = rules_load(a), *y = rules_load(b),
                                *z = rules_load(c);

    (void)state;
    assert_string_not_equal(ruleset_version(x), ruleset_version(y));
    assert_int_equal(ruleset_rule(x, 0)->revision, ruleset_rule(y, 0)->revision);
    assert_int_not_equal(ruleset_rule(x, 0)->revision, ruleset_rule(z, 0)->revision);
    assert_int_equal(ruleset_rule(x, 0)->signature, ruleset_rule(z, 0)->signature);
}

static void what_this_version_does_not_run_is_refused_by_name(void **state)
{
    (void)state;
    assert_fault(RULES_HEAD "requires: {agent: \">=9.0\"}\n",
                 "E0519]: these rules need Hallwatch 9.0");
    assert_fault("schema: 2\nruleset: x\n", "E0113]: this version reads schema 1, not 2");
}

/* What is wrong with the text where that nDPI is; yours. */
static char *faults_with_ndpi(const char *ndpi, const char *text)
{
    auto_diags struct diags *d = diags_new();

    ruleset_free(rules_load_with((struct ruleset_settings){.ndpi = ndpi}, text, d));
    return diags_text(d);
}

static void rules_say_which_versions_they_need(void **state)
{
    static const struct {
        const char *ndpi, *needs, *wanted; /* wanted NULL: all is well */
    } rows[] = {
        {"4.2.0", "{agent: \">=0.1\", ndpi: \">=4.2\"}", NULL},
        {"4.10.0", "{ndpi: \">=4.2\"}", NULL},
        {"5.0.0-1234-abc", "{ndpi: \">= 4.9.1\"}", NULL},
        {NULL, "{ndpi: \">=99\"}", NULL},
        {"4.2.0", "{ndpi: \">=4.10\"}",
         "r.yaml:4:18: error[E0519]: these rules need nDPI 4.10, this is 4.2.0"},
        {"4.2.0", "{ndpi: \">=4.2.1\"}", "update nDPI on the sensor boxes"},
        {"4.2.0", "{agent: \">=0.2\", ndpi: \">=5\"}", "need nDPI 5"},
        {"4.2.0", "{agent: \">=0.2\", ndpi: \">=5\"}", "need Hallwatch 0.2"},
        {"4.2.0", "{ndpi: \"4.2\"}", "E0113]: expected \">=\" and a version"},
        {"4.2.0", "{ndpi: \">=new\"}", "E0113]: expected \">=\" and a version"},
        {"4.2.0", "{ndpi: \">=\"}", "E0113]: expected \">=\" and a version"},
        {"4.2.0", "{npdi: \">=4\"}", "did you mean \"ndpi\"?"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *text = xasprintf(RULES_HEAD "requires: %s\n", rows[i].needs);
        auto_free char *faults = faults_with_ndpi(rows[i].ndpi, text);

        if (!rows[i].wanted)
            assert_string_equal(faults, "");
        else if (!strstr(faults, rows[i].wanted))
            fail_msg("not \"%s\" in:\n%s", rows[i].wanted, faults);
    }
}

static void windows_have_limits(void **state)
{
    static const struct {
        const char *window, *wanted;
    } rows[] = {
        {"{count: events, by: src.ip, within: 40d, gte: 5}", "at most 31 days"},
        {"{count: events, by: src.ip, within: 5m, gte: 0}", "reaches from 1 to"},
        {"{count: events, by: src.ip, within: 5m, gte: 100001}", "reaches from 1 to"},
        {"{count: events, by: src.ip, within: 5m}", "one of: gt, gte"},
        {"{by: src.ip, within: 5m, gte: 5}", "one of: count, distinct, sum, ratio"},
        {"{sum: host, by: src.ip, within: 5m, gte: 5}", "cannot be added up"},
        {"{distinct: dns.answer.ip, by: src.ip, within: 5m, gte: 5}",
         "cannot be told apart"},
        {"{distinct: host, by: src.ip, within: 5m, gte: 5, exact_up_to: 70000}",
         "from 1 to 65536"},
        {"{count: events, by: [vlan, vlan, vlan, vlan, vlan], within: 5m, gte: 5}",
         "at most 4 fields"},
        {"{count: events, by: tls.sni, within: 5m, gte: 5}", "E0213]"},
        {"{ratio: {of: 'dns.rcod == \"nxdomain\"'}, by: src.ip, within: 5m, gte: 80%}",
         "did you mean \"dns.rcode\""},
        {"{ratio: {to: 'host exists'}, by: src.ip, within: 5m, gte: 80%}", "no \"of\""},
        {"{ratio: {of: 'host exists', from: 'host exists'}, by: src.ip, within: 5m,"
         " gte: 80%}",
         "unknown key \"from\" in a ratio"},
        {"{ratio: {of: 'host exists'}, by: src.ip, within: 5m, gte: 80}", "per cent"},
        {"{ratio: {of: 'host exists'}, by: src.ip, within: 5m, gte: 80%, least: 0}",
         "from 1 to 4096"},
        {"{count: events, by: src.ip, within: 5m, gte: 5, least: 5}", "only a ratio"},
        {"{count: packets, by: src.ip, within: 5m, gte: 5}", "thing to count"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *more =
            xasprintf("    when: host exists\n    window: %s\n", rows[i].window);

        assert_rule_fault(more, rows[i].wanted);
    }
}

static void what_a_conversation_tells_again_is_not_added_up(void **state)
{
    static const struct {
        const char *watch, *window, *wanted; /* NULL: nothing is wrong */
    } rows[] = {
        {"flow, flow_active", "{sum: flow.bytes_out, by: src.ip, within: 5m, gte: 5}",
         "E0217]: flow.bytes_out is told from the start again"},
        {"flow_active", "{sum: flow.bytes_in, by: src.ip, within: 5m, gte: 5}",
         "flow.delta_bytes_in is what has come since"},
        {"flow, flow_active", "{sum: flow.duration, by: src.ip, within: 5m, gte: 5s}",
         "E0217]"},
        {"flow, flow_active",
         "{share: {of: flow.bytes, value: host}, by: src.ip, within: 5m, gte: 70%,"
         " least: 5}",
         "flow.delta_bytes is what"},
        {"flow, flow_active", "{sum: flow.delta_bytes, by: src.ip, within: 5m, gte: 5}",
         NULL},
        {"flow", "{sum: flow.bytes, by: src.ip, within: 5m, gte: 5}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *text = xasprintf(
            RULES_HEAD "rules:\n"
                       "  - id: a.b\n    title: T\n    why: W\n"
                       "    severity: low\n    owner: security\n"
                       "    watch: [%s]\n    when: proto == \"tcp\"\n    window: %s\n",
            rows[i].watch, rows[i].window);
        auto_free char *faults = faults_with_ndpi("4.2.0", text);

        if (!rows[i].wanted)
            assert_string_equal(faults, "");
        else if (!strstr(faults, rows[i].wanted))
            fail_msg("not \"%s\" in:\n%s", rows[i].wanted, faults);
    }
}

static void sequences_are_checked(void **state)
{
    static const struct {
        const char *sequence, *wanted;
    } rows[] = {
        {"{by: src.ip, within: 5m, steps: [{id: a, when: host exists}]}", "2 to 8 steps"},
        {"{by: src.ip, within: 5m, steps: {id: a}}", "expected a list"},
        {"{by: src.ip, within: 5m, steps: [{id: a, when: host exists},"
         " {id: a, when: host exists}]}",
         "there is a step \"a\" already"},
        {"{by: src.ip, within: 5m, steps: [{id: a, when: host exists},"
         " {id: b, when: hots exists}]}",
         "did you mean \"host\""},
        {"{by: src.ip, within: 5m, steps: [{id: a, when: host exists},"
         " {id: b, wen: host exists}]}",
         "did you mean \"when\""},
        {"{by: src.ip, steps: [{id: a, when: host exists}, {id: b, when: host exists}]}",
         "no \"within\""},
        {"{within: 5m, steps: [{id: a, when: host exists}, {id: b, when: host exists}]}",
         "no \"by\""},
        {"{by: src.ipp, within: 5m, steps: [{id: a, when: host exists},"
         " {id: b, when: host exists}]}",
         "did you mean \"src.ip\""},
        {"{by: src.ip, within: 32d, steps: [{id: a, when: host exists},"
         " {id: b, when: host exists}]}",
         "at most 31 days"},
        {"{by: src.ip, within: 5m, steps: [{id: a, when: host exists},"
         " {id: b, when: host exists}]}\n"
         "    window: {count: events, by: src.ip, within: 5m, gte: 5}",
         "one of: window, sequence, combine"},
        {"{by: src.ip, within: 5m, steps: [{id: a, by: [dst.ip, device], when: host "
         "exists}, {id: b, when: host exists}]}",
         "E0223]: the step names 2 fields, the sequence's \"by\" 1"},
        {"{by: src.ip, within: 5m, steps: [{id: a, by: host, when: host exists},"
         " {id: b, when: host exists}]}",
         "E0223]: host (host name) cannot stand for src.ip (address)"},
        {"{by: direction, within: 5m, steps: [{id: a, by: proto, when: host exists},"
         " {id: b, when: host exists}]}",
         "E0223]: proto (name) cannot stand for direction (name)"},
        {"{by: src.ip, within: 5m, steps: [{id: a, by: dst.ipp, when: host exists},"
         " {id: b, when: host exists}]}",
         "did you mean \"dst.ip\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *more = xasprintf("    sequence: %s\n", rows[i].sequence);

        assert_rule_fault(more, rows[i].wanted);
    }
}

/* Two rules that watch, and one that combines, whose keys are `more`. */
static char *combining(const char *more)
{
    return xasprintf(
        RULES_HEAD
        "rules:\n"
        "  - {id: t.a, title: A, why: W, severity: low, owner: security, watch: [dns],"
        " when: host exists}\n"
        "  - {id: t.b, title: B, why: W, severity: low, owner: security, watch: [flow],"
        " when: host exists}\n"
        "  - {id: t.off, title: O, why: W, severity: low, owner: security, watch: [flow],"
        " when: host exists, mode: disabled}\n"
        "  - id: t.both\n    title: C\n    why: W\n    severity: high\n"
        "    owner: security\n%s",
        more);
}

static void combinations_are_checked(void **state)
{
    static const struct {
        const char *more, *wanted;
    } rows[] = {
        {"combine: {of: [t.a], at_least: 2, by: device, within: 5m}", "2 to 32 rules"},
        {"combine: {of: [t.a, t.b], at_least: 3, by: device, within: 5m}", "from 2 to 2"},
        {"combine: {of: [t.a, t.bb], at_least: 2, by: device, within: 5m}",
         "did you mean \"t.b\""},
        {"combine: {of: [t.a, t.a], at_least: 2, by: device, within: 5m}",
         "\"t.a\" stands here already"},
        {"combine: {of: [t.a, t.both], at_least: 2, by: device, within: 5m}",
         "\"t.both\" is the rule itself"},
        {"combine: {of: [t.a, t.b], at_least: 2, by: dns.qname, within: 5m}",
         "no event that rule \"t.b\" watches has \"dns.qname\""},
        {"combine: {of: [t.a, t.b], at_least: 2, by: device, within: 5m}\n"
         "    dedup: {by: dns.qname, every: 1h}",
         "no event that rule \"t.b\" watches has \"dns.qname\""},
        {"combine: {of: [t.a, t.b], at_least: 2, by: device, within: 5m}\n"
         "    when: host exists",
         "a rule that combines others has no \"when\""},
        {"combine: {of: [t.a, t.b], at_least: 2, by: device, within: 5m}\n"
         "    during: lessons",
         "a rule that combines others has no \"during\""},
        {"combine: {of: [t.a, t.off], at_least: 2, by: device, within: 5m}",
         "nothing is heard of \"t.off\": it is disabled"},
        {"combine: {of: [t.a, t.b, t.c], at_least: 2, by: device, within: 5m}\n"
         "  - {id: t.c, title: C, why: W, severity: low, owner: security,"
         " combine: {of: [t.b, t.both], at_least: 2, by: device, within: 5m}}",
         "is made of itself"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *more = xasprintf("    %s\n", rows[i].more);
        auto_free char *text = combining(more);
        auto_free char *faults = rules_faults(text);

        if (!strstr(faults, rows[i].wanted))
            fail_msg("wanted: %s\ngot: %s", rows[i].wanted, faults);
    }
}

static void a_rule_watches_what_is_seen_where_it_runs(void **state)
{
    auto_free char *collector =
        rules_one("dns", "    at: collector\n    when: host exists\n");
    auto_free char *both =
        rules_one("dns, alert", "    at: collector\n    when: host exists\n");
    auto_free char *alerts = rules_one("alert", "    when: alert.rule exists\n");
    auto_free char *good =
        rules_one("alert", "    at: collector\n    when: alert.family == \"sec\"\n");
    auto_free char *first = rules_faults(collector), *second = rules_faults(both);
    auto_free char *third = rules_faults(alerts), *none = rules_faults(good);

    (void)state;
    assert_non_null(
        strstr(first, "error[E0541]: at the collector a rule watches alerts"));
    assert_non_null(strstr(first, "response: {playbook: NAME, after_hours: digest}"));
    assert_non_null(strstr(second, "error[E0541]: at the collector a rule watches"));
    assert_non_null(strstr(third, "error[E0541]: an agent makes no events of alerts"));
    assert_string_equal(none, "");
}

#define ACROSS                                                                           \
    RULES_HEAD "rules:\n"                                                                \
               "  - {id: t.a, title: A, severity: low, owner: security, watch: [dns],"   \
               " when: host exists}\n"                                                   \
               "  - {id: t.b, title: B, severity: low, owner: security, watch: [tls],"   \
               " when: host exists, mode: shadow}\n"                                     \
               "  - {id: t.c, title: C, severity: low, owner: security, watch: [alert]," \
               " at: collector, when: alert.rule exists}\n"                              \
               "  - {id: t.all, title: D, severity: low, owner: security, %s}\n"

static void rules_of_agents_and_of_the_collector_are_kept_apart(void **state)
{
    static const struct {
        const char *more, *wanted;
    } rows[] = {
        {"at: collector, combine: {of: [t.a, t.c], at_least: 2, by: device, within: 1h}",
         ""},
        {"at: collector, combine: {of: [t.a, t.c], at_least: 2, by: dns.qname, "
         "within: 1h}",
         "error[E0213]: no alert of rule \"t.a\" has \"dns.qname\""},
        {"at: collector, combine: {of: [t.a, t.b], at_least: 2, by: device, within: 1h}",
         "heard of \"t.b\": it is in shadow mode, and sends no alerts"},
        {"combine: {of: [t.a, t.c], at_least: 2, by: device, within: 1h}",
         "heard of \"t.c\": it runs at the collector"},
        {"watch: [dns], when: host exists, inhibits: {rules: t.c, equal: device, "
         "for: 1h}",
         "error[E0542]: \"t.c\" runs at the collector, and this rule does not"},
        {"at: collector, watch: [alert], when: host exists, inhibits: {rules: t.a, "
         "equal: device, for: 1h}",
         "error[E0542]: \"t.a\" runs at the agents, and this rule does not"},
        {"at: collector, watch: [alert], when: host exists, inhibits: {rules: t.c, "
         "equal: device, for: 1h}",
         ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *text = xasprintf(ACROSS, rows[i].more);
        auto_free char *faults = rules_faults(text);

        if (rows[i].wanted[0] ? !strstr(faults, rows[i].wanted) : faults[0] != '\0')
            fail_msg("wanted: %s\ngot: %s", rows[i].wanted, faults);
    }
}

static void bursts_and_inhibition_are_checked(void **state)
{
    static const struct {
        const char *more, *wanted;
    } rows[] = {
        {"burst: {clients: 1, by: segment, within: 15m, instead: info}", "from 2 to"},
        {"burst: {clients: 5, by: segmnt, within: 15m, instead: info}",
         "did you mean \"segment\""},
        {"burst: {clients: 5, by: segment, within: 15m, instead: low}",
         "lower than the rule's, which is low"},
        {"burst: {clients: 5, by: segment, within: 15m, insted: info}",
         "did you mean \"instead\""},
        {"burst: {clients: 5, by: segment, instead: info}", "no \"within\""},
        {"inhibits: {rules: [a.b], equal: [src.ip], for: 1h}", "unknown rule \"a.b\""},
        {"inhibits: {rules: [test.one], equal: [src.ip], for: 1h}",
         "\"test.one\" is the rule itself"},
        {"inhibits: {rule: [a.b], equal: [src.ip], for: 1h}",
         "unknown key \"rule\" in inhibits"},
        {"inhibits: {rules: [test.two], for: 1h}", "no \"equal\""},
        {"inhibits: {rules: [test.two], equal: [dns.qname], for: 1h}",
         "no event that rule \"test.two\" watches has \"dns.qname\""},
        {"inhibits: {rules: [test.two], equal: [src.ip], for: 40d}", "at most 31 days"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *more =
            xasprintf("    when: host exists\n    %s\n"
                      "  - {id: test.two, title: T, severity: low, owner: security,"
                      " watch: [arp], when: src.ip exists}\n",
                      rows[i].more);

        assert_rule_fault(more, rows[i].wanted);
    }
}

static void an_aggregate_names_no_device(void **state)
{
    static const struct {
        const char *more, *wanted;
    } rows[] = {
        {"aggregate: 1", "from 2 to"},
        {"aggregate: 10", "in a window, and the rule has none"},
        {"aggregate: 10\n    window: {count: events, by: [device], within: 1h, gte: 5}",
         "\"device\" names a device"},
        {"aggregate: 10\n    window: {count: events, by: [src.mac], within: 1h, gte: 5}",
         "\"src.mac\" names a device"},
        {"aggregate: 10\n    window: {count: events, by: [host], within: 1h, gte: 5}\n"
         "    dedup: {by: [src.ip], every: 1h}",
         "\"src.ip\" names a device"},
        {"aggregate: 10\n    window: {count: events, by: [host], within: 1h, gte: 5}\n"
         "    identity: pseudonym",
         "shows none of them"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *more = xasprintf("    when: host exists\n    %s\n", rows[i].more);

        assert_rule_fault(more, rows[i].wanted);
    }
}

static void exceptions_need_an_end_an_owner_and_a_reason(void **state)
{
    static const struct {
        const char *value, *wanted;
    } rows[] = {
        {"{tuple: [10.1.1.1], owner: o, why: w}", "the value has no \"until\""},
        {"{tuple: [10.1.1.1], until: 2027-01-01, why: w}", "has no \"owner\""},
        {"{tuple: [10.1.1.1], until: 2027-01-01, owner: o}", "has no \"why\""},
        {"{tuple: [10.1.1.1, 2], until: 2027-01-01, owner: o, why: w}",
         "the tuple has 2 values for 1 fields"},
        {"{tuple: [example], until: 2027-01-01, owner: o, why: w}",
         "expected an address or network, found \"example\""},
        {"{tuple: [$nets], until: 2027-01-01, owner: o, why: w}",
         "unknown list \"$nets\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *more = xasprintf("    when: host exists\n"
                                         "    exceptions:\n"
                                         "      - {name: x, fields: [src.ip], values: "
                                         "[%s]}\n",
                                         rows[i].value);

        assert_rule_fault(more, rows[i].wanted);
    }
}

static void the_end_of_an_exception_is_announced(void **state)
{
    static const struct {
        const char *now, *wanted;
    } rows[] = {
        {"2026-12-17", ""},
        {"2026-12-19", "W0302]: exception \"x\" of rule test.one ends in 14 days"},
        {"2027-01-05", "W0302]: exception \"x\" of rule test.one has ended"},
    };
    auto_free char *text = rules_one(
        "dns", "    when: host exists\n"
               "    exceptions:\n"
               "      - {name: x, fields: [src.ip], values: [{tuple: [10.1.1.1], until: "
               "2027-01-01, owner: o, why: w}]}\n");

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        auto_diags struct diags *d = diags_new();
        struct ruleset_settings settings = {0};
        auto_ruleset struct ruleset *s = NULL;
        auto_free char *told = NULL;

        assert_int_equal(clock_parse(rows[i].now, &settings.now), 0);
        s = rules_load_with(settings, text, d);
        told = diags_text(d);
        assert_non_null(s);
        assert_int_equal(diags_warnings(d), i > 0);
        assert_non_null(strstr(told, rows[i].wanted));
    }
}

static void names_of_places_are_those_of_the_district(void **state)
{
    static const struct site site = {.id = "lincoln", .type = "high", .tz = "UTC"};
    static const struct segment segment = {.name = "students", .site = &site};
    static const struct district district = {
        .sites = &site, .site_count = 1, .segments = &segment, .segment_count = 1};
    auto_diags struct diags *d = diags_new();
    auto_free char *text =
        rules_one("dns", "    scope: {sites: [lincon], segments: [students, student], "
                         "site_types: [high]}\n"
                         "    when: host exists\n");
    auto_ruleset struct ruleset *s =
        rules_load_with((struct ruleset_settings){.district = &district}, text, d);
    auto_free char *told = diags_text(d);

    (void)state;
    assert_null(s);
    assert_int_equal(diags_errors(d), 2);
    assert_non_null(strstr(told, "the district has no site \"lincon\""));
    assert_non_null(strstr(told, "= did you mean \"lincoln\"?"));
    assert_non_null(strstr(told, "the district has no segment \"student\""));
}

static void a_severity_is_one_or_one_for_each_band(void **state)
{
    static const struct {
        const char *severity, *wanted;
    } rows[] = {
        {"{}", "E0104]: a severity for no age band"},
        {"{senoir: low}", "did you mean \"senior\"?"},
        {"{senior: lwo}", "did you mean \"low\"?"},
        {"[low]", "error"},
        {"{senior: low, senior: high}", "error"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *text =
            xasprintf(RULES_HEAD "rules:\n  - {id: r.a, title: T, severity: %s, owner: "
                                 "security, watch: [dns], when: host exists}\n",
                      rows[i].severity);

        assert_fault(text, rows[i].wanted);
    }
}

static void groups_are_those_of_the_district(void **state)
{
    static const char *const groups[] = {"servers", "managed", "lab"};
    static const struct district district = {.groups = groups, .group_count = 3};
    auto_diags struct diags *d = diags_new();
    auto_free char *text =
        rules_one("dns", "    scope: {groups: [lab], not_groups: [manage]}\n"
                         "    when: host exists\n");
    auto_ruleset struct ruleset *s =
        rules_load_with((struct ruleset_settings){.district = &district}, text, d);
    auto_free char *told = diags_text(d);

    (void)state;
    assert_null(s);
    assert_int_equal(diags_errors(d), 1);
    assert_non_null(strstr(told, ":11:41: error[E0218]: the district has no group "
                                 "\"manage\""));
    assert_non_null(strstr(told, "= did you mean \"managed\"?"));
}

static void what_is_of_no_device_has_no_scope_of_groups(void **state)
{
    (void)state;
    assert_fault(RULES_HEAD "rules:\n"
                            "  - {id: r.a, title: T, severity: low, owner: security,\n"
                            "     watch: [dns, agent], scope: {not_groups: [lab]},\n"
                            "     when: site.id exists}\n",
                 "E0517]: an event of kind agent tells no groups");
}

static void lists_that_cannot_be_are_refused(void **state)
{
    static const struct {
        const char *list, *wanted;
    } rows[] = {
        {"{type: domain}", "a list has either items or a file"},
        {"{type: domain, items: [a b]}", "expected a host name"},
        {"{type: domain, items: [\"http://a.test/\"]}", "without http://"},
        {"{type: port, items: [70000]}", "a port is at most 65535"},
        {"{type: port, file: x}", "E0408]"},
        {"{type: cidr, file: x}",
         "11:22: error[E0402]: list $l (cidr) does not fit host"},
        {"{type: ja3, items: [abc]}", "\"abc\" is no JA3"},
        {"{type: cert, items: [DA39A3EE5E6B4B0D3255BFEF95601890AFD80709]}",
         "write it in one form: da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {"{type: domains, items: [a.test]}", "unknown type of list \"domains\""},
        {"{items: [a.test]}", "the list has no \"type\""},
        {"{type: mac, items: [1]}", "expected a hardware address"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *more =
            xasprintf("    when: host under $l\nlists: {l: %s}\n", rows[i].list);

        assert_rule_fault(more, rows[i].wanted);
    }
}

static void evidence_is_small_unless_the_rule_says_more(void **state)
{
    auto_free char *text =
        rules_one("dns", "    when: host exists\n    evidence: {pcap: {max: 2MiB}}\n");
    auto_ruleset struct ruleset *s = rules_load(text);
    const struct rule_evidence *e = &ruleset_rule(s, 0)->evidence;

    (void)state;
    assert_true(e->pcap);
    assert_int_equal(e->before, 5 * USEC_PER_SEC);
    assert_int_equal(e->after, 10 * USEC_PER_SEC);
    assert_int_equal(e->max, 2 << 20);
    assert_int_equal(e->snaplen, 0);
    assert_true(ruleset_evidence(s).pcap);
}

static void evidence_that_may_not_be_is_refused(void **state)
{
    static const struct {
        const char *more, *wanted;
    } rows[] = {
        {"    identity: none\n    evidence: {pcap: {}}\n",
         "E0561]: a rule of identity \"none\" shows no device, and frames do"},
        {"    at: collector\n    evidence: {pcap: {}}\n",
         "E0561]: a rule at the collector has no frames"},
        {"    evidence: {pcap: {before: 2m}}\n",
         "E0560]: at most 1 min of frames are kept"},
        {"    evidence: {pcap: {after: 6m}}\n",
         "E0560]: at most 5 min of frames are kept"},
        {"    evidence: {pcap: {max: 5MiB}}\n",
         "E0560]: not 5242880: 4096 to 4194304 bytes are possible here"},
        {"    evidence: {pcap: {snaplen: 32}}\n",
         "E0560]: not 32: 64 to 2048 bytes are possible here"},
        {"    evidence: {}\n", "E0104]"},
        {"    evidence: {pcap: {after_: 5s}}\n", "E0103]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *more = xasprintf("    when: host exists\n%s", rows[i].more);

        assert_rule_fault(more, rows[i].wanted);
    }
}

static void what_nothing_uses_is_a_warning(void **state)
{
    auto_free char *text = rules_one("dns", "    when: host exists\n"
                                            "lists: {l: {type: port, items: [1]}}\n"
                                            "macros: {m: host exists}\n"
                                            "schedules: {s: {when: [{}]}}\n");

    (void)state;
    assert_fault(text, "W0409]: no rule uses the list \"l\"");
    assert_fault(text, "W0220]: no rule uses the macro \"m\"");
    assert_fault(text, "W0308]: no rule uses the schedule \"s\"");
    assert_fault(text, "3 warnings in 1 file");
}

static void macros_in_macros_are_measured_before_they_are_unfolded(void **state)
{
    auto_buffer struct buffer b = {0};

    (void)state;
    buffer_text(&b, "    when: m20\nmacros:\n  m0: host exists\n");
    for (int i = 1; i <= 20; i++)
        buffer_print(&b, "  m%d: m%d and m%d\n", i, i - 1, i - 1);
    assert_rule_fault(b.at, "E0501]: with its macros this has 2048 conditions");
}

/* The steps of a sequence come behind what the ratio has of its own. The traps before
 * them move the room for both, so that it ends at all places that there are. */
static void a_ratio_and_most_steps_are_refused_and_nothing_is_overwritten(void **state)
{
    auto_buffer struct buffer steps = {0}, traps = {0};

    (void)state;
    for (int i = 0; i < RULE_PARTS_MAX; i++)
        buffer_print(&steps, "%s{id: s%d, when: host exists}", i ? ", " : "", i);
    for (int i = 0; i < 2048; i += 4) {
        auto_free char *more = xasprintf(
            "    traps: [%s]\n    when: host exists\n"
            "    window: {ratio: {of: vlan exists}, by: device, within: 5m, gte: 1%%}\n"
            "    sequence: {by: device, within: 5m, steps: [%s]}\n",
            traps.len ? traps.at : "", steps.at);

        assert_rule_fault(more, "one of: window, sequence, combine");
        buffer_text(&traps, "x, x, x, x, ");
    }
}

/* levels: so many combinations, each of both that are one level lower. */
static char *levels_of_combinations(int levels)
{
    struct buffer b = {0};

    buffer_text(&b, RULES_HEAD "rules:\n");
    for (int i = 0; i < 2; i++)
        buffer_print(&b,
                     "  - {id: t.%c0, title: T, why: W, severity: low, owner: security,"
                     " watch: [dns], when: host exists}\n",
                     'a' + i);
    for (int level = 1; level <= levels; level++)
        for (int i = 0; i < 2; i++)
            buffer_print(&b,
                         "  - {id: t.%c%d, title: T, why: W, severity: low,"
                         " owner: security, combine: {of: [t.a%d, t.b%d], at_least: 2,"
                         " by: device, within: 5m}}\n",
                         'a' + i, level, level - 1, level - 1);
    return buffer_take(&b);
}

static void each_rule_of_combinations_of_combinations_is_looked_at_once(void **state)
{
    auto_free char *text = levels_of_combinations(40);
    auto_ruleset struct ruleset *s = rules_load(text);

    (void)state;
    assert_int_equal(ruleset_count(s), 82);
}

static void combinations_lie_a_hundred_deep_inside_each_other_at_most(void **state)
{
    auto_free char *most = levels_of_combinations(100);
    auto_free char *more = levels_of_combinations(101);
    auto_ruleset struct ruleset *s = rules_load(most);

    (void)state;
    assert_int_equal(ruleset_count(s), 202);
    assert_fault(more, "E0501]: more than 100 combinations inside each other");
}

static void macros_lie_a_hundred_deep_inside_each_other_at_most(void **state)
{
    auto_buffer struct buffer b = {0};

    (void)state;
    buffer_text(&b, "    when: m0\nmacros:\n");
    for (int i = 0; i < 20000; i++)
        buffer_print(&b, "  m%d: m%d\n", i, i + 1);
    buffer_text(&b, "  m20000: host exists\n");
    assert_rule_fault(b.at, "E0501]: more than 100 macros inside each other");
}

static void every_code_has_a_page(void **state)
{
    size_t count;
    const struct diag_code *codes = diag_codes(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(strlen(codes[i].code), 5);
        assert_true(codes[i].title[0] && codes[i].page[0]);
        if (i > 0)
            assert_true(strcmp(codes[i - 1].code + 1, codes[i].code + 1) <= 0);
    }
    assert_string_equal(diag_code_find("e0214")->code, "E0214");
    assert_null(diag_code_find("E9999"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_may_be_used_before_they_are_defined_and_across_files),
        cmocka_unit_test(the_same_name_in_two_files_is_a_fault_that_names_both),
        cmocka_unit_test(what_a_rule_says_is_kept),
        cmocka_unit_test(the_version_follows_the_text_and_the_revision_the_rule),
        cmocka_unit_test(what_this_version_does_not_run_is_refused_by_name),
        cmocka_unit_test(rules_say_which_versions_they_need),
        cmocka_unit_test(windows_have_limits),
        cmocka_unit_test(what_a_conversation_tells_again_is_not_added_up),
        cmocka_unit_test(sequences_are_checked),
        cmocka_unit_test(combinations_are_checked),
        cmocka_unit_test(a_rule_watches_what_is_seen_where_it_runs),
        cmocka_unit_test(rules_of_agents_and_of_the_collector_are_kept_apart),
        cmocka_unit_test(bursts_and_inhibition_are_checked),
        cmocka_unit_test(an_aggregate_names_no_device),
        cmocka_unit_test(exceptions_need_an_end_an_owner_and_a_reason),
        cmocka_unit_test(the_end_of_an_exception_is_announced),
        cmocka_unit_test(names_of_places_are_those_of_the_district),
        cmocka_unit_test(a_severity_is_one_or_one_for_each_band),
        cmocka_unit_test(groups_are_those_of_the_district),
        cmocka_unit_test(what_is_of_no_device_has_no_scope_of_groups),
        cmocka_unit_test(lists_that_cannot_be_are_refused),
        cmocka_unit_test(evidence_is_small_unless_the_rule_says_more),
        cmocka_unit_test(evidence_that_may_not_be_is_refused),
        cmocka_unit_test(what_nothing_uses_is_a_warning),
        cmocka_unit_test(macros_in_macros_are_measured_before_they_are_unfolded),
        cmocka_unit_test(a_ratio_and_most_steps_are_refused_and_nothing_is_overwritten),
        cmocka_unit_test(each_rule_of_combinations_of_combinations_is_looked_at_once),
        cmocka_unit_test(combinations_lie_a_hundred_deep_inside_each_other_at_most),
        cmocka_unit_test(macros_lie_a_hundred_deep_inside_each_other_at_most),
        cmocka_unit_test(every_code_has_a_page),
    };

    return cmocka_run_group_tests_name("rule_load", tests, NULL, NULL);
}
