/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules say over several events: rule files with their tests, as a person writes
 * them, from the YAML to the alerts.
 */
#include "unit.h"

#include "rule_test.h"
#include "rules.h"

/* All tests of the file pass, and there are so many. */
static void assert_tests_pass(const char *text, size_t count)
{
    auto_diags struct diags *d = diags_new();
    auto_ruleset struct ruleset *s =
        rules_load_with((struct ruleset_settings){0}, text, d);
    struct rule_test_counts counts = {0};
    auto_free char *faults = NULL;

    if (s)
        counts = ruleset_test(s, &(struct rule_test_settings){0}, d);
    faults = diags_text(d);
    if (!s || counts.failed > 0)
        fail_msg("%s", faults);
    assert_int_equal(counts.passed, count);
}

/* ---- ratio ---- */

static void a_ratio_is_of_the_events_that_meet_when(void **state)
{
    auto_free char *text = rules_one(
        "dns",
        "    when: dns.qr == \"answer\"\n"
        "    window: {ratio: {of: 'dns.rcode == \"NXDOMAIN\"'}, by: [device], within: 1m,"
        " gte: 90%, least: 20}\n"
        "    tests:\n"
        "      - name: nothing but names that do not exist\n"
        "        generate: {count: 20, every: 1s, event: {kind: dns, src.ip: 10.0.0.1,"
        " dns.qr: answer, dns.rcode: NXDOMAIN}}\n"
        "        expect: {alerts: 1, fields: {window.value: 100}}\n"
        "      - name: one less is too few to say\n"
        "        generate: {count: 19, every: 1s, event: {kind: dns, src.ip: 10.0.0.1,"
        " dns.qr: answer, dns.rcode: NXDOMAIN}}\n"
        "        expect: {alerts: 0, match: 19}\n"
        "      - name: one in five exists\n"
        "        generate:\n"
        "          - {count: 40, every: 1s, event: {kind: dns, src.ip: 10.0.0.1,"
        " dns.qr: answer, dns.rcode: NXDOMAIN}}\n"
        "          - {count: 10, every: 4s, event: {kind: dns, src.ip: 10.0.0.1,"
        " dns.qr: answer, dns.rcode: NOERROR}}\n"
        "        expect: {alerts: 0}\n");

    (void)state;
    assert_tests_pass(text, 3);
}

/* Two sides, neither a part of the other; what is on no side is no match. */
static void a_ratio_has_two_sides(void **state)
{
    auto_free char *text = rules_one(
        "flow_start",
        "    when: proto == \"tcp\"\n"
        "    window: {ratio: {of: 'tcp.state == \"refused\"', to: 'tcp.state =="
        " \"established\"'}, by: [src.ip], within: 1m, gt: 300%, least: 2}\n"
        "    tests:\n"
        "      - name: seven refused for two that were not\n"
        "        generate:\n"
        "          - {count: 2, event: {kind: flow_start, proto: tcp, src.ip: 10.0.0.1,"
        " tcp.state: established}}\n"
        "          - {count: 7, at: 1s, every: 1s, event: {kind: flow_start, proto: tcp,"
        " src.ip: 10.0.0.1, tcp.state: refused}}\n"
        "          - {count: 5, event: {kind: flow_start, proto: tcp, src.ip: 10.0.0.1,"
        " tcp.state: no_answer}}\n"
        "        expect: {alerts: 1, match: 9, fields: {window.value: 350}}\n"
        "      - name: six are not more than three times as many\n"
        "        generate:\n"
        "          - {count: 2, event: {kind: flow_start, proto: tcp, src.ip: 10.0.0.1,"
        " tcp.state: established}}\n"
        "          - {count: 6, at: 1s, every: 1s, event: {kind: flow_start, proto: tcp,"
        " src.ip: 10.0.0.1, tcp.state: refused}}\n"
        "        expect: {alerts: 0}\n");

    (void)state;
    assert_tests_pass(text, 2);
}

/* ---- distinct, estimated ---- */

static void a_limit_may_lie_beyond_what_is_told_apart(void **state)
{
    auto_free char *text = rules_one(
        "flow_start",
        "    when: dst.ip exists\n"
        "    window: {distinct: dst.ip, by: [src.ip], within: 1h, gte: 3000,"
        " exact_up_to: 200}\n"
        "    tests:\n"
        "      - name: well above\n"
        "        generate: {count: 3400, event: {kind: flow_start, src.ip: 10.1.1.9,"
        " dst.ip: \"10.2.${n/250}.${n%250}\"}}\n"
        "        expect: {alerts: 1}\n"
        "      - name: well below\n"
        "        generate: {count: 2600, event: {kind: flow_start, src.ip: 10.1.1.9,"
        " dst.ip: \"10.2.${n/250}.${n%250}\"}}\n"
        "        expect: {alerts: 0}\n");

    (void)state;
    assert_tests_pass(text, 2);
}

/* ---- sequence ---- */

/* As in the design: a look-alike page, then a password in the clear. */
static void a_sequence_is_met_by_one_machine_in_time(void **state)
{
    auto_free char *text =
        rules_one("dns, flow",
                  "    sequence:\n"
                  "      by: [src.mac]\n"
                  "      within: 10m\n"
                  "      steps:\n"
                  "        - {id: lure, when: host under \"login-school.example\"}\n"
                  "        - id: leak\n"
                  "          when: ndpi.risk any_of [\"clear_text_credentials\"]\n"
                  "    tests:\n"
                  "      - name: one after the other\n"
                  "        events:\n"
                  "          - {kind: dns, src.mac: \"02:00:00:00:00:01\","
                  " dns.qname: www.login-school.example}\n"
                  "          - {at: 4m, kind: flow, src.mac: \"02:00:00:00:00:01\","
                  " ndpi.risk: clear_text_credentials}\n"
                  "        expect: {alerts: 1, match: 2, fields: {window.value: 2}}\n"
                  "      - name: another machine\n"
                  "        events:\n"
                  "          - {kind: dns, src.mac: \"02:00:00:00:00:01\","
                  " dns.qname: www.login-school.example}\n"
                  "          - {at: 4m, kind: flow, src.mac: \"02:00:00:00:00:02\","
                  " ndpi.risk: clear_text_credentials}\n"
                  "        expect: {alerts: 0, match: 2}\n"
                  "      - name: too late\n"
                  "        events:\n"
                  "          - {kind: dns, src.mac: \"02:00:00:00:00:01\","
                  " dns.qname: www.login-school.example}\n"
                  "          - {at: 11m, kind: flow, src.mac: \"02:00:00:00:00:01\","
                  " ndpi.risk: clear_text_credentials}\n"
                  "        expect: {alerts: 0}\n"
                  "      - name: the other way round\n"
                  "        events:\n"
                  "          - {kind: flow, src.mac: \"02:00:00:00:00:01\","
                  " ndpi.risk: clear_text_credentials}\n"
                  "          - {at: 1m, kind: dns, src.mac: \"02:00:00:00:00:01\","
                  " dns.qname: www.login-school.example}\n"
                  "        expect: {alerts: 0}\n"
                  "      - name: nobody knows who it was\n"
                  "        events:\n"
                  "          - {kind: dns, dns.qname: www.login-school.example}\n"
                  "          - {at: 1m, kind: flow, ndpi.risk: clear_text_credentials}\n"
                  "        expect: {alerts: 0, match: 2}\n");

    (void)state;
    assert_tests_pass(text, 5);
}

/* `when` must hold for every step; without dedup it tells once in its time. */
static void when_holds_for_all_steps(void **state)
{
    auto_free char *text = rules_one(
        "dns",
        "    when: dns.qr == \"query\"\n"
        "    sequence:\n"
        "      by: [src.ip]\n"
        "      within: 1m\n"
        "      steps:\n"
        "        - {id: first, when: dns.qname == \"a.example\"}\n"
        "        - {id: then, when: dns.qname == \"b.example\"}\n"
        "    tests:\n"
        "      - name: queries\n"
        "        events:\n"
        "          - {kind: dns, src.ip: 10.0.0.1, dns.qr: query, dns.qname: a.example}\n"
        "          - {at: 5s, kind: dns, src.ip: 10.0.0.1, dns.qr: query,"
        " dns.qname: b.example}\n"
        "          - {at: 9s, kind: dns, src.ip: 10.0.0.1, dns.qr: query,"
        " dns.qname: a.example}\n"
        "          - {at: 12s, kind: dns, src.ip: 10.0.0.1, dns.qr: query,"
        " dns.qname: b.example}\n"
        "        expect: {alerts: 1, match: 4}\n"
        "      - name: an answer is none\n"
        "        events:\n"
        "          - {kind: dns, src.ip: 10.0.0.1, dns.qr: query, dns.qname: a.example}\n"
        "          - {at: 5s, kind: dns, src.ip: 10.0.0.1, dns.qr: answer,"
        " dns.qname: b.example}\n"
        "        expect: {alerts: 0, match: 1}\n");

    (void)state;
    assert_tests_pass(text, 2);
}

/* Who was called is who calls then. */
static void a_step_may_name_other_fields_of_the_same_machine(void **state)
{
    auto_free char *text = rules_one(
        "flow",
        "    sequence:\n"
        "      by: [src.ip]\n"
        "      within: 10m\n"
        "      steps:\n"
        "        - {id: tried, by: [dst.ip], when: dst.port == 80}\n"
        "        - {id: calls, when: dst.port == 4444}\n"
        "    tests:\n"
        "      - name: the server that was called\n"
        "        events:\n"
        "          - {kind: flow, src.ip: 10.0.0.1, dst.ip: 10.0.0.2, dst.port: 80}\n"
        "          - {at: 1m, kind: flow, src.ip: 10.0.0.2, dst.ip: 10.0.0.3,"
        " dst.port: 4444}\n"
        "        expect: {alerts: 1, match: 2, fields: {src.ip: 10.0.0.2}}\n"
        "      - name: the client that called\n"
        "        events:\n"
        "          - {kind: flow, src.ip: 10.0.0.1, dst.ip: 10.0.0.2, dst.port: 80}\n"
        "          - {at: 1m, kind: flow, src.ip: 10.0.0.1, dst.ip: 10.0.0.3,"
        " dst.port: 4444}\n"
        "        expect: {alerts: 0, match: 2}\n"
        "      - name: an event that lacks the step's own field\n"
        "        events:\n"
        "          - {kind: flow, src.ip: 10.0.0.2, dst.port: 80}\n"
        "          - {at: 1m, kind: flow, src.ip: 10.0.0.2, dst.ip: 10.0.0.3,"
        " dst.port: 4444}\n"
        "        expect: {alerts: 0, match: 2}\n"
        "      - name: too late\n"
        "        events:\n"
        "          - {kind: flow, src.ip: 10.0.0.1, dst.ip: 10.0.0.2, dst.port: 80}\n"
        "          - {at: 11m, kind: flow, src.ip: 10.0.0.2, dst.ip: 10.0.0.3,"
        " dst.port: 4444}\n"
        "        expect: {alerts: 0, match: 2}\n");

    (void)state;
    assert_tests_pass(text, 4);
}

/* What spreads: each machine is called, and calls the next. */
static void an_event_may_be_a_step_for_two_machines(void **state)
{
    auto_free char *text = rules_one(
        "flow",
        "    sequence:\n"
        "      by: [src.ip]\n"
        "      within: 10m\n"
        "      steps:\n"
        "        - {id: called, by: [dst.ip], when: dst.port == 445}\n"
        "        - {id: calls, by: [src.ip], when: dst.port == 445}\n"
        "    tests:\n"
        "      - name: a chain of three is two times the one after the other\n"
        "        events:\n"
        "          - {kind: flow, src.ip: 10.0.0.1, dst.ip: 10.0.0.2, dst.port: 445}\n"
        "          - {at: 1m, kind: flow, src.ip: 10.0.0.2, dst.ip: 10.0.0.3,"
        " dst.port: 445}\n"
        "          - {at: 2m, kind: flow, src.ip: 10.0.0.3, dst.ip: 10.0.0.4,"
        " dst.port: 445}\n"
        "        expect: {alerts: 2, match: 3}\n"
        "      - name: who calls itself does not follow upon itself\n"
        "        events:\n"
        "          - {kind: flow, src.ip: 10.0.0.1, dst.ip: 10.0.0.1, dst.port: 445}\n"
        "        expect: {alerts: 0, match: 1}\n"
        "      - name: one that calls many is none\n"
        "        events:\n"
        "          - {kind: flow, src.ip: 10.0.0.1, dst.ip: 10.0.0.2, dst.port: 445}\n"
        "          - {at: 1m, kind: flow, src.ip: 10.0.0.1, dst.ip: 10.0.0.3,"
        " dst.port: 445}\n"
        "        expect: {alerts: 0, match: 2}\n");

    (void)state;
    assert_tests_pass(text, 3);
}

/* ---- combine ---- */

/* Three weak signs, each told once a day at most; two of them together are one. */
#define SIGNS                                                                            \
    RULES_HEAD                                                                           \
    "rules:\n"                                                                           \
    "  - {id: sign.a, title: A, why: W, severity: info, owner: security, watch: [dns],"  \
    " when: dns.qtype == \"TXT\", dedup: {by: [device], every: 24h}}\n"                  \
    "  - {id: sign.b, title: B, why: W, severity: info, owner: security, watch: [flow]," \
    " when: flow.bytes_out > 1MB, window: {count: events, by: [device], within: 1m,"     \
    " gte: 2}}\n"                                                                        \
    "  - {id: sign.c, title: C, why: W, severity: info, owner: security, watch: [flow]," \
    " when: dst.port == 4444%s}\n"                                                       \
    "  - id: sign.two\n    title: T\n    why: W\n    severity: high\n"                   \
    "    owner: security\n"                                                              \
    "    combine: {of: [sign.a, sign.b, sign.c], at_least: 2, by: [device],"             \
    " within: 1h}\n"                                                                     \
    "    tests:\n"
#define TXT(at, who) \
    "          - {at: " at ", kind: dns, src.ip: 10.0.0." who ", dns.qtype: TXT}\n"
#define BIG(at, who) \
    "          - {at: " at ", kind: flow, src.ip: 10.0.0." who ", flow.bytes_out: 2MB}\n"
#define PORT(at, who) \
    "          - {at: " at ", kind: flow, src.ip: 10.0.0." who ", dst.port: 4444}\n"
#define CASE(name)   "      - name: " name "\n        events:\n"
#define EXPECT(what) "        expect: {" what "}\n"

static void a_combination_needs_different_rules_by_one_key_in_time(void **state)
{
    auto_free char *text = xasprintf(
        SIGNS CASE("two of them") TXT("0s", "1") PORT("30m", "1")
            EXPECT("alerts: 1, match: 2, fields: {window.value: 2, dst.port: 4444}")
                CASE("one of them twice") TXT("0s", "1") TXT("30m", "1")
                    EXPECT("alerts: 0, match: 2") CASE("two machines") TXT("0s", "1")
                        PORT("30m", "2") EXPECT("alerts: 0, match: 2")
                            CASE("too far apart") TXT("0s", "1") PORT("61m", "1")
                                EXPECT("alerts: 0"),
        "");

    (void)state;
    assert_tests_pass(text, 4);
}

/* A window counts when it is met; a repeat that dedup does not tell counts, too. */
static void a_combination_hears_what_rules_came_to(void **state)
{
    auto_free char *text = xasprintf(
        SIGNS CASE("a window that is not met") TXT("0s", "1") BIG("5s", "1")
            EXPECT("alerts: 0") CASE("and one that is") TXT("0s", "1") BIG("5s", "1")
                BIG("6s", "1") EXPECT("alerts: 1") CASE("a repeat of the morning's")
                    TXT("0s", "1") TXT("5h", "1") PORT("5h", "1") EXPECT("alerts: 1"),
        "");

    (void)state;
    assert_tests_pass(text, 3);
}

static void a_rule_in_shadow_mode_is_not_heard_by_one_that_is_not(void **state)
{
    auto_free char *text =
        xasprintf(SIGNS CASE("nobody is told of the port") TXT("0s", "1") PORT("30m", "1")
                      EXPECT("alerts: 0, match: 2"),
                  ", mode: shadow");

    (void)state;
    assert_tests_pass(text, 1);
}

/* ---- burst ---- */

#define VIDEO(at, who, segment)                                                          \
    "          - {at: " at ", kind: dns, src.ip: 10.0.0." who ", segment.name: " segment \
    ", dns.qname: video.example}\n"
#define LESSON                                                           \
    "    when: host == \"video.example\"\n"                              \
    "    dedup: {by: [device], every: 24h}\n"                            \
    "    burst: {clients: 3, by: segment, within: 15m, instead: info}\n" \
    "    tests:\n"

static char *medium(const char *watch, const char *more)
{
    auto_free char *one = rules_one(watch, more);
    char *severity = strstr(one, "severity: low");

    return xasprintf("%.*sseverity: medium%s", (int)(severity - one), one,
                     severity + strlen("severity: low"));
}

static void many_devices_at_once_are_one_alert(void **state)
{
    auto_free char *text = medium(
        "dns",
        LESSON CASE("two singly, the third for the segment, then none") VIDEO("0s", "1",
                                                                              "wifi")
            VIDEO("1m", "2", "wifi") VIDEO("2m", "3", "wifi") VIDEO("3m", "4", "wifi")
                VIDEO("4m", "5", "wifi") EXPECT("alerts: 3, in_burst: 2, match: 5") CASE(
                    "one device again and again is no lesson") VIDEO("0s", "1", "wifi")
                    VIDEO("1m", "1", "wifi") VIDEO("2m", "1", "wifi")
                        EXPECT("alerts: 1, in_burst: 0") CASE("two segments are two")
                            VIDEO("0s", "1", "wifi") VIDEO("1m", "2", "wifi")
                                VIDEO("2m", "3", "lab") EXPECT("alerts: 3, in_burst: 0")
                                    CASE("slowly is not at once") VIDEO("0s", "1", "wifi")
                                        VIDEO("10m", "2", "wifi")
                                            VIDEO("20m", "3", "wifi")
                                                EXPECT("alerts: 3"));

    (void)state;
    assert_tests_pass(text, 4);
}

/* Nobody was told of that device, so in the evening it is news. */
static void who_was_in_a_burst_is_told_of_later(void **state)
{
    auto_free char *text = medium(
        "dns", LESSON CASE("in the evening, alone") VIDEO("0s", "1", "wifi")
                   VIDEO("1m", "2", "wifi") VIDEO("2m", "3", "wifi")
                       VIDEO("3m", "4", "wifi") VIDEO("8h", "4", "wifi")
                           VIDEO("9h", "1", "wifi") EXPECT("alerts: 4, in_burst: 1"));

    (void)state;
    assert_tests_pass(text, 1);
}

static void a_device_without_a_segment_is_told_of_by_itself(void **state)
{
#define NOWHERE(at, who)                                      \
    "          - {at: " at ", kind: dns, src.ip: 10.0.0." who \
    ", dns.qname: video.example}\n"
    auto_free char *text =
        medium("dns", LESSON CASE("three of nowhere") NOWHERE("0s", "1")
                          NOWHERE("1m", "2") NOWHERE("2m", "3") NOWHERE("3m", "4")
                              EXPECT("alerts: 4, in_burst: 0"));

    (void)state;
    assert_tests_pass(text, 1);
}

/* ---- inhibits ---- */

/* A scan of ports explains the refused connections that it is made of. */
#define SCAN                                                                \
    RULES_HEAD                                                              \
    "rules:\n"                                                              \
    "  - {id: t.scan, title: S, why: W, severity: high, owner: security,"   \
    " watch: [flow_start], when: dst.port == 1,%s"                          \
    " inhibits: {rules: [t.refused], equal: [src.ip, vlan], for: 1h}}\n"    \
    "  - {id: t.refused, title: R, why: W, severity: low, owner: security," \
    " watch: [flow_start], when: tcp.state == \"refused\"}\n"               \
    "tests:\n"
#define SCANNED(at, vlan) \
    "      - {at: " at ", kind: flow_start, src.ip: 10.0.0.1, dst.port: 1" vlan "}\n"
#define REFUSED(at, who, vlan)                                        \
    "      - {at: " at ", kind: flow_start, src.ip: 10.0.0." who vlan \
    ", tcp.state: refused}\n"
#define FILE_CASE(name)   "  - name: " name "\n    events:\n"
#define FILE_EXPECT(what) "    expect: {" what "}\n"

static void what_another_rule_explains_is_counted_and_not_told(void **state)
{
    auto_free char *text = xasprintf(
        SCAN FILE_CASE("after it, from the same machine") SCANNED("0s", ", vlan: 7")
            REFUSED("1m", "1", ", vlan: 7") REFUSED("59m", "1", ", vlan: 7") FILE_EXPECT(
                "alerts: 1, inhibited: 2") FILE_CASE("what was told before stays told")
                REFUSED("0s", "1", ", vlan: 7") SCANNED("1m", ", vlan: 7")
                    FILE_EXPECT("alerts: 2, inhibited: 0") FILE_CASE("another machine")
                        SCANNED("0s", ", vlan: 7") REFUSED("1m", "2", ", vlan: 7")
                            FILE_EXPECT("alerts: 2, inhibited: 0")
                                FILE_CASE("later than that") SCANNED("0s", ", vlan: 7")
                                    REFUSED("61m", "1", ", vlan: 7")
                                        FILE_EXPECT("alerts: 2"),
        "");

    (void)state;
    assert_tests_pass(text, 4);
}

static void a_value_that_both_lack_is_not_equal(void **state)
{
    auto_free char *text =
        xasprintf(SCAN FILE_CASE("no VLAN on either side") SCANNED("0s", "")
                      REFUSED("1m", "1", "") FILE_EXPECT("alerts: 2, inhibited: 0"),
                  "");

    (void)state;
    assert_tests_pass(text, 1);
}

static void a_rule_in_shadow_mode_inhibits_nothing(void **state)
{
    auto_free char *text =
        xasprintf(SCAN FILE_CASE("nobody was told of the scan") SCANNED("0s", ", vlan: 7")
                      REFUSED("1m", "1", ", vlan: 7") FILE_EXPECT("inhibited: 0"),
                  " mode: shadow,");

    (void)state;
    assert_tests_pass(text, 1);
}

/* ---- aggregate ---- */

static void an_aggregate_waits_for_enough_devices(void **state)
{
    auto_free char *text = rules_one(
        "dns",
        "    when: host exists\n"
        "    aggregate: 10\n"
        "    window: {count: events, by: [host.registrable], within: 1h, gte: 20}\n"
        "    tests:\n"
        "      - name: thirty times by ten devices\n"
        "        generate: {count: 30, every: 1s, event: {kind: dns,"
        " src.ip: \"10.0.0.${n%10}\", dns.qname: a.example.org}}\n"
        "        expect: {alerts: 1, match: 30}\n"
        "      - name: as often by nine\n"
        "        generate: {count: 30, every: 1s, event: {kind: dns,"
        " src.ip: \"10.0.0.${n%9}\", dns.qname: a.example.org}}\n"
        "        expect: {alerts: 0, match: 30}\n"
        "      - name: ten in more than the time\n"
        "        generate: {count: 30, every: 7m, event: {kind: dns,"
        " src.ip: \"10.0.0.${n%10}\", dns.qname: a.example.org}}\n"
        "        expect: {alerts: 0}\n"
        "      - name: nobody knows by whom\n"
        "        generate: {count: 30, every: 1s, event: {kind: dns,"
        " dns.qname: a.example.org}}\n"
        "        expect: {alerts: 0}\n");
    auto_ruleset struct ruleset *s = rules_load(text);

    (void)state;
    assert_int_equal(ruleset_rule(s, 0)->identity, IDENTITY_NONE);
    assert_tests_pass(text, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ratio_is_of_the_events_that_meet_when),
        cmocka_unit_test(a_ratio_has_two_sides),
        cmocka_unit_test(a_limit_may_lie_beyond_what_is_told_apart),
        cmocka_unit_test(a_sequence_is_met_by_one_machine_in_time),
        cmocka_unit_test(when_holds_for_all_steps),
        cmocka_unit_test(a_step_may_name_other_fields_of_the_same_machine),
        cmocka_unit_test(an_event_may_be_a_step_for_two_machines),
        cmocka_unit_test(a_combination_needs_different_rules_by_one_key_in_time),
        cmocka_unit_test(a_combination_hears_what_rules_came_to),
        cmocka_unit_test(a_rule_in_shadow_mode_is_not_heard_by_one_that_is_not),
        cmocka_unit_test(many_devices_at_once_are_one_alert),
        cmocka_unit_test(who_was_in_a_burst_is_told_of_later),
        cmocka_unit_test(a_device_without_a_segment_is_told_of_by_itself),
        cmocka_unit_test(what_another_rule_explains_is_counted_and_not_told),
        cmocka_unit_test(a_value_that_both_lack_is_not_equal),
        cmocka_unit_test(a_rule_in_shadow_mode_inhibits_nothing),
        cmocka_unit_test(an_aggregate_waits_for_enough_devices),
    };

    return cmocka_run_group_tests_name("rule_state", tests, NULL, NULL);
}
