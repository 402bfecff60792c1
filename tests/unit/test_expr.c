/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions from text to verdict, through a rule.
 */
#include "unit.h"

#include "rules.h"

struct seen {
    size_t hits, excepted;
};

static void note(size_t rule, enum match_verdict verdict, void *arg)
{
    struct seen *seen = arg;

    (void)rule;
    seen->hits += verdict == MATCH_HIT;
    seen->excepted += verdict == MATCH_EXCEPTED;
}

static void put_texts(struct event *e, enum field_id f, const char *const *texts)
{
    for (; *texts; texts++)
        event_add_text(e, f, text_of(*texts));
}

static struct addr addr(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(text, &a), 0);
    return a;
}

/* A TLS hello of 10.1.2.3 to 203.0.113.9, port 443, for www.Example.org. */
static struct event *hello(void)
{
    struct event *e = event_new();
    struct addr src = addr("10.1.2.3"), dst = addr("203.0.113.9");
    struct mac mac;

    event_begin(e, EVENT_TLS, 1000 * USEC_PER_SEC);
    event_put_addr(e, FIELD_SRC_IP, &src);
    event_put_addr(e, FIELD_DST_IP, &dst);
    assert_int_equal(mac_parse("02:00:00:00:00:07", &mac), 0);
    event_put_mac(e, FIELD_SRC_MAC, &mac);
    event_put_number(e, FIELD_DST_PORT, 443);
    event_put_number(e, FIELD_PROTO, PROTO_TCP);
    event_put_number(e, FIELD_TLS_VERSION, 0x102);
    event_put_number(e, FIELD_TLS_SIDE, TLS_CLIENT);
    event_put_text(e, FIELD_TLS_JA4, TEXT("t13d1516h2_8daaf6152771_e5627efa2ab1"));
    event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE, TEXT("www.example.org"));
    event_put_host(e, FIELD_TLS_SNI, FIELD_UNKNOWN, TEXT("www.example.org"));
    put_texts(e, FIELD_TLS_ALPN, (const char *const[]){"h2", "http/1.1", NULL});
    event_add_addr(e, FIELD_SEGMENT_RESOLVERS, &src);
    return e;
}

static const char world[] =
    "lists:\n"
    "  hosts: {type: domain, items: [example.org, Bücher.example]}\n"
    "  nets: {type: cidr, items: [203.0.113.0/24, 2001:db8::/32]}\n"
    "  ports: {type: port, items: [443, 8443]}\n"
    "  macs: {type: mac, items: [02:00:00:00:00:07]}\n"
    "  words: {type: string, items: [h2, h3]}\n"
    "macros:\n"
    "  outer: 'inner or dst.port == 1'\n"
    "  inner: 'dst.port == 443'\n";

static bool holds(const char *expression)
{
    auto_free char *rule = xasprintf("    when: |\n      %s\n%s", expression, world);
    auto_free char *text = rules_one("tls", rule);
    auto_ruleset struct ruleset *set = rules_load(text);
    struct matcher *m = matcher_new(set);
    auto_event struct event *e = hello();
    struct seen seen = {0};

    ruleset_match(m, e, note, &seen);
    matcher_free(m);
    return seen.hits == 1;
}

static void assert_all(const char *const *expressions, bool verdict)
{
    for (; *expressions; expressions++) {
        if (holds(*expressions) != verdict)
            fail_msg("%s: not %s", *expressions, verdict ? "true" : "false");
    }
}

static void conditions_that_are_true_hold(void **state)
{
    static const char *const expressions[] = {
        "dst.port == 443",
        "dst.port != 80",
        "dst.port > 442 and dst.port >= 443 and dst.port < 444 and dst.port <= 443",
        "dst.port in [80, 443]",
        "dst.port in $ports",
        "tls.version <= \"1.2\"",
        "tls.version in [\"1.2\", \"1.3\"]",
        "tls.side == \"client\"",
        "proto in [\"tcp\", \"udp\"]",
        "src.ip == 10.1.2.3",
        "src.ip in cidr(\"10.0.0.0/8\")",
        "src.ip in 10.0.0.0/8",
        "src.ip in [192.0.2.1, 10.1.0.0/16]",
        "dst.ip in $nets",
        "src.ip != dst.ip",
        "src.ip in segment.resolvers",
        "src.mac == 02:00:00:00:00:07",
        "src.mac in $macs",
        "host under \"example.org\"",
        "host under \"Example.ORG.\"",
        "host under [\"test\", \"org\"]",
        "host under $hosts",
        "host == \"www.example.org\"",
        "host == tls.sni",
        "host startswith \"www.\"",
        "host endswith \".org\"",
        "host contains \"ampl\"",
        "host glob \"*.example.?rg\"",
        "host matches \"^w+\\.example\\.(org|net)$\"",
        "host exists",
        "tls.alpn contains \"h2\"",
        "tls.alpn any_of [\"h3\", \"h2\"]",
        "tls.alpn any_of $words",
        "tls.alpn all_of [\"http/1.1\", \"h2\"]",
        "outer",
        "not dst.port == 80",
        "not (dst.port == 80 or dst.port == 81)",
        "dst.port == 80 and dst.port == 81 or dst.port == 443",
        "dst.port == 443 or dst.port == 80 and dst.port == 81",
    };
    const char *list[sizeof(expressions) / sizeof(expressions[0]) + 1] = {NULL};

    (void)state;
    memcpy(list, expressions, sizeof(expressions));
    assert_all(list, true);
}

static void conditions_that_are_false_do_not_hold(void **state)
{
    static const char *const expressions[] = {
        "dst.port == 80",
        "dst.port != 443",
        "dst.port > 443 or dst.port < 443",
        "dst.port in [80, 81]",
        "tls.version <= \"1.1\"",
        "tls.side == \"server\"",
        "src.ip == 10.1.2.4",
        "src.ip in cidr(\"10.2.0.0/16\")",
        "src.ip == dst.ip",
        "dst.ip in segment.resolvers",
        "src.mac != 02:00:00:00:00:07",
        "host under \"ample.org\"",
        "host under \"www.www.example.org\"",
        "host in $hosts",
        "host glob \"*.example\"",
        "host glob \"example.org\"",
        "host matches \"^example\"",
        "tls.alpn contains \"h\"",
        "tls.alpn all_of [\"h2\", \"h3\"]",
        "not outer",
        "(dst.port == 443 or dst.port == 80) and dst.port == 81",
        NULL,
    };

    (void)state;
    assert_all(expressions, false);
}

static void a_missing_field_makes_a_condition_false_and_not_turns_it_round(void **state)
{
    static const char *const never[] = {
        "src.port == 1",
        "src.port != 1",
        "src.port > 1",
        "vlan exists",
        "src.port in [1, 2]",
        "src.ip == segment.gateway",
        "src.ip != segment.gateway",
        NULL,
    };
    static const char *const always[] = {"not (src.port != 1)", "not vlan exists",
                                         "not (src.ip == segment.gateway)", NULL};

    (void)state;
    assert_all(never, false);
    assert_all(always, true);
}

static void units_are_what_they_say(void **state)
{
    auto_free char *text =
        rules_one("flow", "    when: flow.bytes > 2KiB and flow.duration >= 90s and "
                          "flow.bytes < 2 MB\n");
    auto_ruleset struct ruleset *set = rules_load(text);
    struct matcher *m = matcher_new(set);
    auto_event struct event *e = event_new();
    struct seen seen = {0};

    (void)state;
    event_begin(e, EVENT_FLOW, 1);
    event_put_number(e, FIELD_FLOW_BYTES, 2048);
    event_put_number(e, FIELD_FLOW_DURATION, 90 * USEC_PER_SEC);
    ruleset_match(m, e, note, &seen);
    assert_int_equal(seen.hits, 0);
    event_put_number(e, FIELD_FLOW_BYTES, 1999999);
    ruleset_match(m, e, note, &seen);
    assert_int_equal(seen.hits, 1);
    event_put_number(e, FIELD_FLOW_BYTES, 2000000);
    ruleset_match(m, e, note, &seen);
    assert_int_equal(seen.hits, 1);
    matcher_free(m);
}

static void explain_shows_each_condition_with_its_value(void **state)
{
    auto_free char *text = rules_one(
        "tls",
        "    when: host under \"org\" and (dst.port == 80 or not vlan == 7) and x\n"
        "macros: {x: 'tls.side == \"client\"'}\n");
    auto_ruleset struct ruleset *set = rules_load(text);
    struct matcher *m = matcher_new(set);
    auto_event struct event *e = hello();
    auto_buffer struct buffer out = {0};

    (void)state;
    ruleset_explain(m, 0, e, &out);
    assert_string_equal(
        out.at,
        "test.one: matches\n"
        "  yes  watches tls\n"
        "  yes  all of:\n"
        "  yes    host under \"org\"                        host is \"www.example.org\"\n"
        "  yes    one of:\n"
        "  no       dst.port == 80                        dst.port is 443\n"
        "  yes      not:\n"
        "  no         vlan == 7                           vlan is missing\n"
        "  yes    x:\n"
        "  yes      tls.side == \"client\"                  tls.side is \"client\"\n");
    matcher_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_that_are_true_hold),
        cmocka_unit_test(conditions_that_are_false_do_not_hold),
        cmocka_unit_test(a_missing_field_makes_a_condition_false_and_not_turns_it_round),
        cmocka_unit_test(units_are_what_they_say),
        cmocka_unit_test(explain_shows_each_condition_with_its_value),
    };

    return cmocka_run_group_tests_name("expr", tests, NULL, NULL);
}
