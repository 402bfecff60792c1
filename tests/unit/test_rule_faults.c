/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loader says about what is wrong: one file with many faults, all told at once.
 */
#include "unit.h"

#include "rules.h"

/* The line numbers of the faults below are those of this text: add at its end. */
static const char faulty[] = "schema: 1\n"
                             "ruleset: faulty\n"
                             "version: 1\n"
                             "lists:\n"
                             "  nets: {type: cidr, items: [10.0.0.0/8, 10.1.2.3/8]}\n"
                             "macros:\n"
                             "  loop: 'loop or dst.port == 1'\n"
                             "  students: 'segment.audience == \"student\"'\n"
                             "schedules:\n"
                             "  lessons: {when: [{days: mon-fry, from: \"7:30\"}]}\n"
                             "rules:\n"
                             "  - id: a.unknown-words\n"
                             "    title: One\n"
                             "    severity: hgih\n"
                             "    owner: security\n"
                             "    watch: [dns, tsl]\n"
                             "    exception: []\n"
                             "    when: host exists\n"
                             "  - id: a.fields\n"
                             "    title: Two\n"
                             "    severity: low\n"
                             "    owner: security\n"
                             "    watch: [dns]\n"
                             "    when: dns.qnam == \"x\" or tls.version <= \"1.1\"\n"
                             "  - id: a.types\n"
                             "    title: Three\n"
                             "    severity: low\n"
                             "    owner: security\n"
                             "    watch: [flow]\n"
                             "    when: |\n"
                             "      flow.bytes > \"big\"\n"
                             "      and dst.port contains 80\n"
                             "      and ndpi.risk any_of [\"tls_selfsigned_cert\"]\n"
                             "      and dst.port == [1, 2]\n"
                             "      and host under $adlut\n"
                             "  - id: a.types\n"
                             "    title: Four\n"
                             "    severity: low\n"
                             "    owner: security\n"
                             "    watch: [flow_start]\n"
                             "    during: lesons\n"
                             "    when: (dst.port == 1\n"
                             "    window: {count: events, by: [src.ipp], gte: 5}\n"
                             "  - id: a.pattern\n"
                             "    title: Five\n"
                             "    severity: low\n"
                             "    owner: security\n"
                             "    watch: [http]\n"
                             "    when: http.user_agent matches \"curl(\"\n"
                             "    sequence: {by: [src.ip], within: 5m, steps: []}\n"
                             "  - id: a.folded\n"
                             "    title: Six\n"
                             "    severity: low\n"
                             "    owner: security\n"
                             "    watch: [dns]\n"
                             "    when: >\n"
                             "      host exists\n"
                             "  - id: a.signs\n"
                             "    severity: low\n"
                             "    owner: security\n"
                             "    watch: [dns]\n"
                             "    when: host = \"x\" && dns.qr == \"query\"\n";

/* clang-format off */
static const char told[] =
    "r.yaml:5:42: error[E0216]: expected an address or network, found \"10.1.2.3/8\"\n"
    "    5 |   nets: {type: cidr, items: [10.0.0.0/8, 10.1.2.3/8]}\n"
    "      |                                          ^^^^^^^^^^\n"
    "      = like 10.1.2.3, 2001:db8::1 or cidr(\"10.20.0.0/16\"), where the bits behind the network's length are zero\n"
    "r.yaml:7:10: error[E0212]: macro \"loop\" is made of itself\n"
    "    7 |   loop: 'loop or dst.port == 1'\n"
    "      |          ^^^^\n"
    "r.yaml:8:34: error[E0214]: unknown audience \"student\"\n"
    "    8 |   students: 'segment.audience == \"student\"'\n"
    "      |                                  ^^^^^^^^^\n"
    "      = did you mean \"students\"?\n"
    "r.yaml:10:27: error[E0304]: \"mon-fry\" is no day of the week\n"
    "   10 |   lessons: {when: [{days: mon-fry, from: \"7:30\"}]}\n"
    "      |                           ^^^^^^^\n"
    "      = days are mon, tue, wed, thu, fri, sat, sun, or mon-fri\n"
    "r.yaml:10:42: error[E0303]: \"7:30\" is no time of day\n"
    "   10 |   lessons: {when: [{days: mon-fry, from: \"7:30\"}]}\n"
    "      |                                          ^^^^^^\n"
    "      = hours and minutes with two digits each, in quotes: \"07:30\"\n"
    "r.yaml:14:15: error[E0202]: unknown severity \"hgih\"\n"
    "   14 |     severity: hgih\n"
    "      |               ^^^^\n"
    "      = did you mean \"high\"?\n"
    "      = known: info, low, medium, high, critical\n"
    "r.yaml:16:18: error[E0202]: unknown kind of event \"tsl\"\n"
    "   16 |     watch: [dns, tsl]\n"
    "      |                  ^^^\n"
    "      = did you mean \"tls\"?\n"
    "r.yaml:17:5: error[E0103]: unknown key \"exception\" in a rule\n"
    "   17 |     exception: []\n"
    "      |     ^^^^^^^^^\n"
    "      = did you mean \"exceptions\"?\n"
    "r.yaml:24:11: error[E0210]: unknown field \"dns.qnam\"\n"
    "   24 |     when: dns.qnam == \"x\" or tls.version <= \"1.1\"\n"
    "      |           ^^^^^^^^\n"
    "      = did you mean \"dns.qname\"?\n"
    "r.yaml:24:30: error[E0213]: no dns event has \"tls.version\"\n"
    "   24 |     when: dns.qnam == \"x\" or tls.version <= \"1.1\"\n"
    "      |                              ^^^^^^^^^^^\n"
    "      = it is a field of tls, quic and dtls events: look at `watch`\n"
    "r.yaml:31:20: error[E0216]: expected a number of bytes, found \"big\"\n"
    "   31 |       flow.bytes > \"big\"\n"
    "      |                    ^^^^^\n"
    "      = like 1500, 64KiB, 2GiB, without quotes\n"
    "r.yaml:32:20: error[E0215]: \"contains\" does not fit dst.port (number)\n"
    "   32 |       and dst.port contains 80\n"
    "      |                    ^^^^^^^^\n"
    "      = what fits: == != < <= > >= exists in\n"
    "r.yaml:33:29: error[E0214]: unknown nDPI risk \"tls_selfsigned_cert\"\n"
    "   33 |       and ndpi.risk any_of [\"tls_selfsigned_cert\"]\n"
    "      |                             ^^^^^^^^^^^^^^^^^^^^^\n"
    "      = did you mean \"tls_selfsigned_certificate\"?\n"
    "r.yaml:34:24: error[E0216]: \"==\" needs a single value\n"
    "   34 |       and dst.port == [1, 2]\n"
    "      |                        ^\n"
    "      = to compare with several, write: in\n"
    "r.yaml:35:22: error[E0401]: unknown list \"$adlut\"\n"
    "   35 |       and host under $adlut\n"
    "      |                      ^^^^^^\n"
    "r.yaml:36:9: error[E0114]: there is a rule \"a.types\" already\n"
    "   36 |   - id: a.types\n"
    "      |         ^^^^^^^\n"
    "      = the other one is at r.yaml:25\n"
    "r.yaml:41:13: error[E0301]: unknown schedule \"lesons\"\n"
    "   41 |     during: lesons\n"
    "      |             ^^^^^^\n"
    "      = did you mean \"lessons\"?\n"
    "r.yaml:42:11: error[E0111]: no ) closes the ( that begins here\n"
    "   42 |     when: (dst.port == 1\n"
    "      |           ^\n"
    "r.yaml:43:13: error[E0104]: the window has no \"within\"\n"
    "   43 |     window: {count: events, by: [src.ipp], gte: 5}\n"
    "      |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
    "r.yaml:43:34: error[E0210]: unknown field \"src.ipp\"\n"
    "   43 |     window: {count: events, by: [src.ipp], gte: 5}\n"
    "      |                                  ^^^^^^^\n"
    "      = did you mean \"src.ip\"?\n"
    "r.yaml:49:35: error[E0219]: this pattern cannot be used: no ) closes the (\n"
    "   49 |     when: http.user_agent matches \"curl(\"\n"
    "      |                                   ^^^^^^^\n"
    "r.yaml:50:49: error[E0502]: a sequence has 2 to 8 steps\n"
    "   50 |     sequence: {by: [src.ip], within: 5m, steps: []}\n"
    "      |                                                 ^^\n"
    "r.yaml:56:11: error[E0112]: an expression cannot be folded with >\n"
    "   56 |     when: >\n"
    "      |           ^\n"
    "      = use | instead, or one line: faults in it can then be shown where they are\n"
    "r.yaml:58:5: error[E0104]: the rule has no \"title\"\n"
    "   58 |   - id: a.signs\n"
    "      |     ^^\n"
    "r.yaml:62:16: error[E0111]: this sign is not used in expressions\n"
    "   62 |     when: host = \"x\" && dns.qr == \"query\"\n"
    "      |                ^\n"
    "      = to compare, write: ==\n"
    "25 errors in 1 file\n";
/* clang-format on */

/* As assert_string_equal, but what is shown is the first line that differs. */
static void assert_same_lines(const char *got, const char *wanted)
{
    while (*got && *wanted) {
        size_t a = strcspn(got, "\n"), b = strcspn(wanted, "\n");

        if (a != b || memcmp(got, wanted, a) != 0)
            fail_msg("got:\n%.*s\nwanted:\n%.*s", (int)a, got, (int)b, wanted);
        got += a + (got[a] == '\n');
        wanted += b + (wanted[b] == '\n');
    }
    assert_string_equal(got, wanted);
}

static void twenty_faults_and_more_are_told_at_once(void **state)
{
    auto_free char *text = rules_faults(faulty);

    (void)state;
    assert_same_lines(text, told);
}

static void assert_window_fault(const char *window, const char *fault)
{
    auto_free char *more = xasprintf("    window: {%s, by: [device]}\n", window);
    auto_free char *text = rules_one("flow", more);
    auto_free char *said = rules_faults(text);

    if (!strstr(said, fault))
        fail_msg("{%s} should say \"%s\", and says\n%s", window, fault, said);
}

static void what_is_wrong_with_a_share_or_even_times_is_said(void **state)
{
    static const char *const cases[][2] = {
        {"share: {of: flow.bytes}, within: 1h, gte: 70%, least: 1MB",
         "the share has no \"value\""},
        {"share: {of: host, value: host}, within: 1h, gte: 70%, least: 1MB",
         "host (host name) cannot be added up"},
        {"share: {of: flow.bytes, value: dns.qname}, within: 1h, gte: 70%, least: 1MB",
         "no event that the rule watches has \"dns.qname\""},
        {"share: {of: flow.bytes, value: host}, within: 1h, gte: 70%",
         "a share has no \"least\""},
        {"share: {of: flow.bytes, value: host}, within: 1h, gte: 70, least: 1MB",
         "expected per cent, found \"70\""},
        {"count: events, within: 1h, gte: 7, events: 3",
         "only a share has a number of events"},
        {"count: events, within: 1h, gte: 7, least: 3",
         "only a ratio or a share has a least count"},
        {"regular: {times: 3, jitter: 10%, from: 30s, to: 1h}, within: 1d", "3"},
        {"regular: {times: 12, jitter: 40%, from: 30s, to: 1h}, within: 1d",
         "with more than 30% any times are even"},
        {"regular: {times: 12, jitter: 10%, from: 2h, to: 1h}, within: 1d",
         "\"to\" is shorter than \"from\""},
        {"regular: {times: 12, jitter: 10%, from: 30ms, to: 1h}, within: 1d",
         "an interval is a second long at least"},
        {"regular: {times: 12, jitter: 10%, from: 30s, to: 1h}, within: 5m",
         "12 events that are 30 s apart take 330 s: \"within\" is shorter"},
        {"regular: {times: 12, jitter: 10%, from: 30s, to: 1h}, within: 1d, gte: 3",
         "a regular window is met by its \"times\""},
        {"distinct: dst.ip, within: 1h, gte: 2, apart: 1m",
         "only a count of events has \"apart\""},
        {"count: events, within: 1h, gte: 1, apart: 1m",
         "one visit is met by its first event: \"apart\" needs two or more"},
        {"count: events, within: 1h, gte: 8, apart: 10m",
         "8 visits so far apart take 70 min: \"within\" is shorter"},
        {"count: events, within: 1h, gte: 2, apart: 0m",
         "a window is at most 31 days long"},
        {"evenly: 3, within: 1d", "a window has one of: count, distinct, sum, ratio, "
                                  "share, regular"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_window_fault(cases[i][0], cases[i][1]);
}

static void assert_rule_fault(const char *more, const char *fault)
{
    auto_free char *text = rules_one("flow", more);
    auto_free char *said = rules_faults(text);

    if (!strstr(said, fault))
        fail_msg("%s should say \"%s\", and says\n%s", more, fault, said);
}

static void what_is_wrong_with_a_silence_is_said(void **state)
{
#define STEPS(at, within, steps) \
    at "    sequence: {by: [device], within: " within ", steps: [" steps "]}\n"
#define CALL    "{id: a, when: dst.port == 1}"
#define SILENCE "{id: b, when: dst.port == 2, none_for: 10m}"
    static const char *const cases[][2] = {
        {STEPS("", "1h", SILENCE ", " CALL), "a sequence begins with an event"},
        {STEPS("", "1h",
               CALL ", " SILENCE ", {id: c, none_for: 1m, when: dst.port == 3}"),
         "two silences after one another"},
        {STEPS("", "9m", CALL ", " SILENCE),
         "its silences take 10 min: \"within\" is shorter"},
        {STEPS("    at: collector\n", "1h", CALL ", " SILENCE),
         "at the collector nobody knows that nothing came"},
        {STEPS("", "1h", CALL ", {id: b, when: dst.port == 2, none_for: soon}"), "soon"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_rule_fault(cases[i][0], cases[i][1]);
}

static void what_cannot_be_hidden_is_said(void **state)
{
    static const char *const cases[][2] = {
        {"    when: host exists\n    hide: [hosts]\n", "unknown field \"hosts\""},
        {"    when: host exists\n    hide: [src.ip]\n",
         "\"src.ip\" cannot be hidden: how much of a person is shown, says \"identity\""},
        {"    when: host exists\n    hide: [site.id]\n", "\"site.id\" cannot be hidden"},
        {"    when: host exists\n    hide: [host]\n    evidence: {pcap: {}}\n",
         "what was visited is hidden, and frames show it"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_rule_fault(cases[i][0], cases[i][1]);
}

static void a_safeguarding_rule_that_shows_the_device_is_refused(void **state)
{
    static const struct {
        const char *id, *owner, *identity, *said;
    } rows[] = {
        {"safety.nudify", "security", "device",
         "r.yaml:8:15: error[E0222]: a rule of family safety never shows the device"},
        {"misuse.booter-site", "safety-officer", "device",
         "r.yaml:8:15: error[E0222]: a rule whose owner is the safety-officer never shows"},
        {"safety.nudify", "safety-officer", "pseudonym", NULL},
        {"safety.nudify", "safety-officer", "none", NULL},
        {"safetynet.fault", "security", "device", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *text = xasprintf(RULES_HEAD "rules:\n"
                                                    "  - id: %s\n"
                                                    "    title: One\n"
                                                    "    owner: %s\n"
                                                    "    identity: %s\n"
                                                    "    severity: high\n"
                                                    "    watch: [dns]\n"
                                                    "    when: host exists\n",
                                         rows[i].id, rows[i].owner, rows[i].identity);
        auto_free char *said = rules_faults(text);

        if (rows[i].said ? !strstr(said, rows[i].said) : strstr(said, "E0222") != NULL)
            fail_msg("%s, %s: %s", rows[i].id, rows[i].identity, said);
    }
}

static void a_severity_that_leaves_pupils_out_is_told(void **state)
{
    static const char *const rows[][2] = {
        {"{primary: high, staff: low}",
         "warning[W0221]: the severity does not say what it is for middle, senior: it is "
         "high, the highest that it names"},
        {"{none: info, staff: low}", "for primary, middle, senior: it is low"},
        {"{primary: high, middle: low, senior: low}", NULL},
        {"high", NULL},
        {"{primary: high, middle: low, seniors: low}", "unknown age band \"seniors\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *text = xasprintf(
            RULES_HEAD "rules:\n"
                       "  - {id: test.one, title: T, owner: security, severity: %s, "
                       "watch: [dns], when: host exists}\n",
            rows[i][0]);
        auto_free char *said = rules_faults(text);

        if (rows[i][1] ? !strstr(said, rows[i][1]) : strstr(said, "W0221") != NULL)
            fail_msg("%s: %s", rows[i][0], said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twenty_faults_and_more_are_told_at_once),
        cmocka_unit_test(what_is_wrong_with_a_share_or_even_times_is_said),
        cmocka_unit_test(what_is_wrong_with_a_silence_is_said),
        cmocka_unit_test(what_cannot_be_hidden_is_said),
        cmocka_unit_test(a_safeguarding_rule_that_shows_the_device_is_refused),
        cmocka_unit_test(a_severity_that_leaves_pupils_out_is_told),
    };

    return cmocka_run_group_tests_name("rule_faults", tests, NULL, NULL);
}
