/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many rules and one event: which are found, in which order, and what hides them.
 */
#include "unit.h"

#include <unistd.h>

#include "domain.h"
#include "rules.h"

struct found {
    size_t rules[512];
    enum match_verdict verdicts[512];
    size_t count;
};

static void note(size_t rule, enum match_verdict verdict, void *arg)
{
    struct found *f = arg;

    f->verdicts[f->count] = verdict;
    f->rules[f->count++] = rule;
}

static struct found match(const struct ruleset *set, const struct event *e)
{
    struct matcher *m = matcher_new(set);
    struct found f = {0};

    ruleset_match(m, e, note, &f);
    matcher_free(m);
    return f;
}

/* One rule for each of count conditions, all watching flows and DNS. */
static struct ruleset *rules_of(const char *const *conditions, size_t count,
                                const char *more)
{
    auto_buffer struct buffer b = {0};

    buffer_print(&b, "%s%srules:\n", RULES_HEAD, more);
    for (size_t i = 0; i < count; i++)
        buffer_print(&b,
                     "  - {id: r.n%zu, title: T, severity: low, owner: security, watch: "
                     "[flow, dns], when: '%s'}\n",
                     i, conditions[i]);
    return rules_load(b.at);
}

static const char lists[] = "lists:\n"
                            "  hosts: {type: domain, items: [b.test, c.test]}\n"
                            "  nets: {type: cidr, items: [10.0.0.0/8, 192.0.2.0/24]}\n";

/* Conditions of all shapes that the index knows or does not know. */
static const char *const conditions[] = {
    "dst.port == 443",
    "dst.port in [80, 443, 8080]",
    "dst.port > 100",
    "not dst.port == 443",
    "not (dst.port == 443 and host under \"a.test\")",
    "not (dst.port != 443 or not host under \"b.test\")",
    "host under \"a.test\"",
    "host under \"test\"",
    "host == \"www.a.test\"",
    "host in [\"www.b.test\", \"www.a.test\"]",
    "host under $hosts",
    "host under $hosts or dst.port == 53",
    "host under $hosts or host exists",
    "host endswith \".test\" and dst.port == 443",
    "src.ip in $nets",
    "src.ip == 10.1.2.3",
    "src.ip in [10.1.0.0/16, 203.0.113.0/24] and dst.port == 443",
    "ndpi.proto == \"bittorrent\"",
    "ndpi.risk any_of [\"tls_obsolete_version\", \"tls_weak_cipher\"]",
    "ndpi.risk all_of [\"tls_obsolete_version\", \"tls_weak_cipher\"]",
    "dns.answer.ip any_of $nets",
    "dns.answer.name under \"cdn.test\"",
    "flow.answered == true",
    "src.mac == 02:00:00:00:00:07",
    "src.ip == segment.gateway",
    "host glob \"w*\"",
    "vlan exists",
    "not vlan exists",
};
#define CONDITIONS (sizeof(conditions) / sizeof(conditions[0]))

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void put_addr(struct event *e, enum field_id f, const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(text, &a), 0);
    if (field_get(f)->type == TYPE_ADDRS)
        event_add_addr(e, f, &a);
    else
        event_put_addr(e, f, &a);
}

/* A flow or a look-up with some of its fields, by chance. */
static void fill(struct event *e, uint32_t *seed)
{
    static const char *const hosts[] = {"www.a.test", "a.test", "www.b.test",
                                        "xa.test",    "c.test", "example.org"};
    static const char *const addrs[] = {"10.1.2.3", "10.200.0.1", "203.0.113.9",
                                        "192.0.2.7", "198.51.100.1"};
    static const uint16_t ports[] = {53, 80, 443, 50000};
    bool flow = next(seed) % 2;

    event_begin(e, flow ? EVENT_FLOW : EVENT_DNS, 1793786400 * USEC_PER_SEC);
    if (next(seed) % 4)
        event_put_host(e, FIELD_HOST, FIELD_UNKNOWN, text_of(hosts[next(seed) % 6]));
    if (next(seed) % 4)
        put_addr(e, FIELD_SRC_IP, addrs[next(seed) % 5]);
    if (next(seed) % 4)
        event_put_number(e, FIELD_DST_PORT, ports[next(seed) % 4]);
    if (next(seed) % 3 == 0)
        event_put_number(e, FIELD_VLAN, 7);
    if (next(seed) % 3 == 0)
        put_addr(e, FIELD_SEGMENT_GATEWAY, "10.1.2.3");
    if (next(seed) % 3 == 0)
        event_put_mac(e, FIELD_SRC_MAC, &(struct mac){{2, 0, 0, 0, 0, 7}});
    if (!flow && next(seed) % 2) {
        put_addr(e, FIELD_DNS_ANSWER_IP, addrs[next(seed) % 5]);
        event_add_text(e, FIELD_DNS_ANSWER_NAME, TEXT("x.cdn.test"));
    }
    if (!flow)
        return;
    event_put_number(e, FIELD_FLOW_ANSWERED, next(seed) % 2);
    event_put_number(e, FIELD_NDPI_RISK, next(seed));
    event_put_number(
        e, FIELD_NDPI_PROTO,
        (uint64_t)(next(seed) % 2 ? names_find(&names_app, "bittorrent") : 0));
}

/* A certificate may have one of any length; 253 bytes are the most of a host name. */
static void a_name_of_any_length_is_found_by_what_it_ends_with(void **state)
{
    enum { LONGEST = DOMAIN_MAX - 1 };
    char ask[DOMAIN_MAX], name[3 * DOMAIN_MAX];
    auto_buffer struct buffer rules = {0};
    auto_event struct event *e = event_new();

    (void)state;
    memset(ask, 'x', LONGEST);
    for (size_t i = 63; i < LONGEST; i += 64)
        ask[i] = '.';
    ask[LONGEST] = '\0';
    buffer_print(&rules,
                 "%srules:\n  - {id: r.n0, title: T, severity: low, owner: security,"
                 " watch: [tls], when: 'tls.cert.names under \"%s\"'}\n",
                 RULES_HEAD, ask);
    auto_ruleset struct ruleset *set = rules_load(rules.at);

    for (size_t ahead = 0; ahead < 2 * DOMAIN_MAX; ahead++) {
        memset(name, '.', ahead);
        memcpy(name + ahead, ask, LONGEST);
        event_begin(e, EVENT_TLS, 1793786400 * USEC_PER_SEC);
        event_add_text(e, FIELD_TLS_CERT_NAMES, (struct text){name, ahead + LONGEST});
        assert_int_equal(match(set, e).count, 1);
        if (ahead == 0)
            continue;
        name[ahead - 1] = 'y'; /* another label */
        event_begin(e, EVENT_TLS, 1793786400 * USEC_PER_SEC);
        event_add_text(e, FIELD_TLS_CERT_NAMES, (struct text){name, ahead + LONGEST});
        assert_int_equal(match(set, e).count, 0);
    }
}

/* The index may only leave out what cannot match: each rule alone and all together say
 * the same as `explain`, which asks without it. */
static void the_index_leaves_out_nothing_that_matches(void **state)
{
    auto_ruleset struct ruleset *all = rules_of(conditions, CONDITIONS, lists);
    struct matcher *m = matcher_new(all);
    auto_event struct event *e = event_new();
    uint32_t seed = 4;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct found f = {0};
        size_t at = 0;

        fill(e, &seed);
        ruleset_match(m, e, note, &f);
        for (size_t i = 0; i < CONDITIONS; i++) {
            auto_buffer struct buffer why = {0};
            bool found = at < f.count && f.rules[at] == i;

            ruleset_explain(m, i, e, &why);
            if ((strstr(why.at, ": matches\n") != NULL) != found)
                fail_msg("%s by the index, but: %s", found ? "found" : "not found",
                         why.at);
            at += found;
        }
        assert_int_equal(at, f.count);
    }
    matcher_free(m);
}

static void all_that_match_are_called_in_their_order(void **state)
{
    static const char *const three[] = {"dst.port == 1", "dst.port > 0", "dst.port == 1"};
    auto_ruleset struct ruleset *set = rules_of(three, 3, "");
    auto_event struct event *e = event_new();
    struct found f;

    (void)state;
    event_begin(e, EVENT_FLOW, 0);
    event_put_number(e, FIELD_DST_PORT, 1);
    f = match(set, e);
    assert_int_equal(f.count, 3);
    assert_int_equal(f.rules[0], 0);
    assert_int_equal(f.rules[2], 2);
}

static void equal_conditions_are_one_predicate(void **state)
{
    static const char *const three[] = {
        "dst.port == 1 and vlan == 2", "vlan == 2 or dst.port == 1", "not dst.port == 1"};
    auto_ruleset struct ruleset *set = rules_of(three, 3, "");

    (void)state;
    assert_true(ruleset_uses(set, FIELD_DST_PORT));
    assert_true(ruleset_uses(set, FIELD_VLAN));
    assert_false(ruleset_uses(set, FIELD_HOST));
    assert_int_equal(ruleset_kinds(set), 1u << EVENT_FLOW | 1u << EVENT_DNS);
}

/* Without `to` an event need not meet `of` for the rule to hear of it. */
static void what_a_ratio_asks_of_events_is_used_too(void **state)
{
    auto_free char *text =
        rules_one("dns", "    window: {ratio: {of: 'dns.rcode == \"NXDOMAIN\"'}, by: "
                         "[device], within: 1m, gte: 50%}\n"
                         "    when: dns.qr == \"answer\"\n");
    auto_ruleset struct ruleset *set = rules_load(text);

    (void)state;
    assert_true(ruleset_uses(set, FIELD_DNS_RCODE));
}

static void a_scope_says_where_a_rule_holds(void **state)
{
    auto_free char *text = rules_one(
        "flow", "    scope: {site_types: [high], audiences: [students], not_segments: "
                "[lab]}\n"
                "    when: dst.port == 1\n");
    auto_ruleset struct ruleset *set = rules_load(text);
    auto_event struct event *e = event_new();

    (void)state;
    event_begin(e, EVENT_FLOW, 0);
    event_put_number(e, FIELD_DST_PORT, 1);
    assert_int_equal(match(set, e).count, 0);
    event_put_text(e, FIELD_SITE_TYPE, TEXT("high"));
    event_put_number(e, FIELD_SEGMENT_AUDIENCE, AUDIENCE_STUDENTS);
    assert_int_equal(match(set, e).count, 1);
    event_put_text(e, FIELD_SEGMENT_NAME, TEXT("wifi"));
    assert_int_equal(match(set, e).count, 1);
    event_put_text(e, FIELD_SEGMENT_NAME, TEXT("lab"));
    assert_int_equal(match(set, e).count, 0);
    event_put_text(e, FIELD_SEGMENT_NAME, TEXT("wifi"));
    event_put_number(e, FIELD_SEGMENT_AUDIENCE, AUDIENCE_STAFF);
    assert_int_equal(match(set, e).count, 0);
}

/* Also where the same place is remembered with other groups. */
static void a_scope_of_groups_holds_for_the_devices_in_them(void **state)
{
    auto_free char *text =
        rules_one("flow", "    scope: {groups: [lab, loan], not_groups: "
                          "[managed]}\n"
                          "    when: dst.port == 1\n");
    auto_ruleset struct ruleset *set = rules_load(text);
    auto_event struct event *e = event_new();
    struct matcher *m = matcher_new(set);
    static const struct {
        const char *groups[3];
        size_t met;
    } rows[] = {
        {{0}, 0},         {{"loan"}, 1},
        {{"other"}, 0},   {{"other", "lab"}, 1},
        {{"loan"}, 1},    {{"loan", "managed"}, 0},
        {{"managed"}, 0}, {{"lo", "an"}, 0},
        {{0}, 0},
    };

    (void)state;
    assert_true(ruleset_uses(set, FIELD_DEVICE_GROUPS));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct found f = {0};

        event_begin(e, EVENT_FLOW, 0);
        event_put_number(e, FIELD_DST_PORT, 1);
        event_put_text(e, FIELD_SEGMENT_NAME, TEXT("wifi"));
        for (size_t k = 0; rows[i].groups[k]; k++)
            event_add_text(e, FIELD_DEVICE_GROUPS, text_of(rows[i].groups[k]));
        ruleset_match(m, e, note, &f);
        assert_int_equal(f.count, rows[i].met);
    }
    matcher_free(m);
}

/* The same matcher sees many places and minutes, and mixes none up. */
static void what_is_remembered_of_places_and_minutes_is_theirs(void **state)
{
    auto_free char *text = rules_one(
        "flow",
        "    scope: {segments: [s7]}\n"
        "    during: even\n"
        "    when: dst.port == 1\n"
        "schedules: {even: {tz: UTC, when: [{from: \"10:00\", to: \"10:01\"}]}}\n");
    auto_ruleset struct ruleset *set = rules_load(text);
    struct matcher *m = matcher_new(set);
    auto_event struct event *e = event_new();
    size_t hits = 0;

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        auto_free char *segment = xasprintf("s%u", i % 300);
        unsigned minute = i / 300 % 3;
        struct found f = {0};

        event_begin(e, EVENT_FLOW, 10 * USEC_PER_HOUR + minute * USEC_PER_MIN);
        event_put_number(e, FIELD_DST_PORT, 1);
        event_put_text(e, FIELD_SEGMENT_NAME, text_of(segment));
        ruleset_match(m, e, note, &f);
        assert_int_equal(f.count, i % 300 == 7 && minute == 0);
        hits += f.count;
    }
    assert_int_equal(hits, 3);
    matcher_free(m);
}

static void an_exception_covers_until_its_day_is_over(void **state)
{
    auto_free char *text = rules_one(
        "flow", "    when: dst.port == 1\n"
                "    exceptions:\n"
                "      - name: ours\n"
                "        fields: [src.ip, host, ndpi.risk]\n"
                "        values:\n"
                "          - {tuple: [[10.1.1.1, 10.2.0.0/16], $fine, tls_weak_cipher],\n"
                "             until: 2027-01-31, owner: security, why: test}\n"
                "lists: {fine: {type: domain, items: [fine.test]}}\n");
    auto_ruleset struct ruleset *set = rules_load(text);
    auto_event struct event *e = event_new();
    usec_t times[2];

    (void)state;
    assert_int_equal(clock_parse("2027-01-31T23:59:59Z", &times[0]), 0);
    assert_int_equal(clock_parse("2027-02-01T00:00:00Z", &times[1]), 0);
    for (size_t i = 0; i < 2; i++) {
        event_begin(e, EVENT_FLOW, times[i]);
        event_put_number(e, FIELD_DST_PORT, 1);
        put_addr(e, FIELD_SRC_IP, "10.2.3.4");
        event_put_host(e, FIELD_HOST, FIELD_UNKNOWN, TEXT("www.fine.test"));
        event_put_number(e, FIELD_NDPI_RISK,
                         UINT64_C(1) << names_find(&names_risk, "tls_weak_cipher"));
        assert_int_equal(match(set, e).verdicts[0], i == 0 ? MATCH_EXCEPTED : MATCH_HIT);
    }
    event_begin(e, EVENT_FLOW, times[0]);
    event_put_number(e, FIELD_DST_PORT, 1);
    assert_int_equal(match(set, e).verdicts[0], MATCH_HIT);
}

static void disabled_rules_are_not_called(void **state)
{
    static const char *const more[] = {"    mode: disabled\n", "    mode: shadow\n"};
    auto_event struct event *e = event_new();

    (void)state;
    event_begin(e, EVENT_FLOW, 0);
    event_put_number(e, FIELD_DST_PORT, 1);
    for (size_t i = 0; i < 2; i++) {
        auto_free char *keys = xasprintf("    when: dst.port == 1\n%s", more[i]);
        auto_free char *text = rules_one("flow", keys);
        auto_ruleset struct ruleset *set = rules_load(text);

        assert_int_equal(match(set, e).count, i == 1);
    }
}

/* ---- with a list file ---- */

static struct listdb *build_lists(void)
{
    static const struct {
        const char *list;
        enum list_kind kind;
        const char *name;
    } rows[] = {
        {"bad", LIST_BLACK, "bad.test"},
        {"bad", LIST_BLACK, "help.test"},
        {"good", LIST_WHITE, "good.bad.test"},
        {"help", LIST_PROTECTED, "help.test"},
    };
    char path[] = "/tmp/hallwatch-test-XXXXXX";
    int fd = mkstemp(path), list = -1;
    struct list_builder *b = list_builder_new();
    struct listdb *db = NULL;

    close(fd);
    for (size_t i = 0; i < 4; i++) {
        struct list_info info = {.kind = rows[i].kind};

        if (i == 0 || strcmp(rows[i].list, rows[i - 1].list) != 0) {
            strncpy(info.name, rows[i].list, sizeof(info.name) - 1);
            list = list_builder_list(b, &info);
        }
        list_builder_add(b, (unsigned)list, text_of(rows[i].name));
    }
    assert_int_equal(list_builder_write(b, path), 0);
    list_builder_free(b);
    assert_int_equal(listdb_open(path, &db), 0);
    unlink(path);
    return db;
}

static void white_wins_over_black_and_protected_over_all(void **state)
{
    static const struct {
        const char *host;
        size_t hits;
    } rows[] = {
        {"www.bad.test", 2}, {"good.bad.test", 1},  {"x.good.bad.test", 1},
        {"other.test", 1},   {"chat.help.test", 0},
    };
    auto_listdb struct listdb *db = build_lists();
    auto_diags struct diags *d = diags_new();
    auto_ruleset struct ruleset *set = rules_load_with(
        (struct ruleset_settings){.lists = db},
        RULES_HEAD "lists: {bad: {type: domain, file: bad}}\n"
                   "rules:\n"
                   "  - {id: r.a, title: T, severity: low, owner: security, watch: [dns],"
                   " when: host under $bad}\n"
                   "  - {id: r.b, title: T, severity: low, owner: security, watch: [dns],"
                   " when: host exists}\n",
        d);
    auto_event struct event *e = event_new();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        event_begin(e, EVENT_DNS, 0);
        event_put_host(e, FIELD_HOST, FIELD_UNKNOWN, text_of(rows[i].host));
        assert_int_equal(match(set, e).count, rows[i].hits);
    }
}

static void a_protected_name_hides_the_event_wherever_it_stands(void **state)
{
    static const enum field_id fields[] = {FIELD_HOST, FIELD_DNS_QNAME};
    auto_listdb struct listdb *db = build_lists();
    auto_diags struct diags *d = diags_new();
    auto_ruleset struct ruleset *set = rules_load_with(
        (struct ruleset_settings){.lists = db},
        RULES_HEAD "rules:\n"
                   "  - {id: r.b, title: T, severity: low, owner: security, watch: [dns],"
                   " when: not vlan exists}\n",
        d);
    struct matcher *m = matcher_new(set);
    auto_event struct event *e = event_new();

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        auto_buffer struct buffer why = {0};
        struct found f = {0};

        event_begin(e, EVENT_DNS, 0);
        event_put_host(e, fields[i], FIELD_UNKNOWN, TEXT("help.test"));
        ruleset_match(m, e, note, &f);
        assert_int_equal(f.count, 0);
        ruleset_explain(m, 0, e, &why);
        assert_null(strstr(why.at, "help.test"));
    }
    matcher_free(m);
}

/* ---- lists of other types ---- */

enum { NETS, MAKERS, JA3, EMPTY, LIKE, TYPED };
static const char ja3[] = "e7d705a3286e19ea42f587b344ee6865";

static struct listdb *typed_lists(void)
{
    static const struct {
        const char *name;
        enum list_type type;
        const char *value;
    } rows[] = {
        [NETS] = {"nets", LIST_CIDR, "198.51.100.0/24"},
        [MAKERS] = {"makers", LIST_MAC, "00:1b:c5:00:00:00/24"},
        [JA3] = {"prints", LIST_JA3, ja3},
        [EMPTY] = {"names", LIST_DOMAIN, "bad.test"},
        [LIKE] = {"alikes", LIST_LOOKALIKE, "lincoln-schools.example"},
    };
    char path[] = "/tmp/hallwatch-test-XXXXXX";
    int fd = mkstemp(path);
    struct list_builder *b = list_builder_new();
    struct listdb *db = NULL;

    close(fd);
    for (unsigned i = 0; i < TYPED; i++) {
        struct list_info info = {.type = rows[i].type, .fetched = 10 * USEC_PER_DAY};

        strncpy(info.name, rows[i].name, sizeof(info.name) - 1);
        list_builder_list(b, &info);
        list_builder_add(b, i, text_of(rows[i].value));
    }
    assert_int_equal(list_builder_write(b, path), 0);
    list_builder_free(b);
    assert_int_equal(listdb_open(path, &db), 0);
    unlink(path);
    return db;
}

static void every_type_of_list_is_asked_of_its_fields(void **state)
{
    static const char text[] =
        RULES_HEAD "lists:\n"
                   "  nets: {type: cidr, file: nets}\n"
                   "  makers: {type: mac, file: makers}\n"
                   "  prints: {type: ja3, file: prints}\n"
                   "rules:\n"
                   "  - {id: r.a, title: T, severity: low, owner: security, watch: [tls],"
                   " when: dst.ip in $nets}\n"
                   "  - {id: r.b, title: T, severity: low, owner: security, watch: [tls],"
                   " when: src.mac in $makers}\n"
                   "  - {id: r.c, title: T, severity: low, owner: security, watch: [tls],"
                   " when: tls.ja3 in $prints}\n"
                   "  - {id: r.d, title: T, severity: low, owner: security, watch: [dns],"
                   " when: dns.answer.ip any_of $nets}\n";
    auto_listdb struct listdb *db = typed_lists();
    auto_diags struct diags *d = diags_new();
    auto_ruleset struct ruleset *set =
        rules_load_with((struct ruleset_settings){.lists = db}, text, d);
    auto_event struct event *e = event_new();
    struct addr listed, other;
    struct mac mac;
    struct found f;

    (void)state;
    assert_non_null(set);
    addr_parse("198.51.100.7", &listed);
    addr_parse("198.51.101.7", &other);
    mac_parse("00:1b:c5:01:02:03", &mac);

    event_begin(e, EVENT_TLS, 0);
    event_put_addr(e, FIELD_DST_IP, &listed);
    event_put_addr(e, FIELD_SRC_IP, &other);
    event_put_mac(e, FIELD_SRC_MAC, &mac);
    event_put_text(e, FIELD_TLS_JA3, text_of(ja3));
    f = match(set, e);
    assert_int_equal(f.count, 3);

    event_begin(e, EVENT_TLS, 0);
    event_put_addr(e, FIELD_DST_IP, &other);
    event_put_addr(e, FIELD_SRC_IP, &listed);
    event_put_text(e, FIELD_TLS_JA3, TEXT("00000000000000000000000000000000"));
    assert_int_equal(match(set, e).count, 0);

    event_begin(e, EVENT_DNS, 0);
    event_add_addr(e, FIELD_DNS_ANSWER_IP, &other);
    assert_int_equal(match(set, e).count, 0);
    event_add_addr(e, FIELD_DNS_ANSWER_IP, &listed);
    f = match(set, e);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.rules[0], 3);
}

static void what_a_name_looks_like_is_asked_of_host_names(void **state)
{
    static const struct {
        const char *host;
        size_t met;
    } rows[] = {
        {"lincoln-schoo1s.example", 2},
        {"www.lincoln-schools.test", 2},
        {"lincoln-schools.example", 0},
        {"portal.lincoln-schools.example", 0},
        {"bad.test", 1},
        {"lincoln-schoo1s.example", 2},
        {"other.example", 0},
        {"other.example", 0},
    };
    auto_listdb struct listdb *db = typed_lists();
    auto_diags struct diags *d = diags_new();
    auto_ruleset struct ruleset *set = rules_load_with(
        (struct ruleset_settings){.lists = db},
        RULES_HEAD "lists:\n"
                   "  alikes: {type: lookalike, file: alikes}\n"
                   "  names: {type: domain, file: names}\n"
                   "rules:\n"
                   "  - {id: r.a, title: T, severity: low, owner: security, watch: [tls],"
                   " when: host in $alikes or host under $names}\n"
                   "  - {id: r.b, title: T, severity: low, owner: security, watch: [tls],"
                   " when: host in $alikes}\n",
        d);
    auto_event struct event *e = event_new();

    (void)state;
    assert_non_null(set);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        event_begin(e, EVENT_TLS, 0);
        event_put_text(e, FIELD_HOST, text_of(rows[i].host));
        if (match(set, e).count != rows[i].met)
            fail_msg("%s meets %zu rules", rows[i].host, match(set, e).count);
    }
}

static char *faults_of(const struct listdb *db, const char *list, const char *when,
                       usec_t now)
{
    auto_diags struct diags *d = diags_new();
    auto_free char *text =
        xasprintf(RULES_HEAD "lists: {l: %s}\n"
                             "rules:\n"
                             "  - {id: r.a, title: T, severity: low, owner: security, "
                             "watch: [tls], when: %s}\n",
                  list, when);

    ruleset_free(
        rules_load_with((struct ruleset_settings){.lists = db, .now = now}, text, d));
    return diags_text(d);
}

static void a_list_is_asked_only_of_what_it_holds(void **state)
{
    static const struct {
        const char *list, *when, *wanted;
    } rows[] = {
        {"{type: domain, file: names}", "src.ip in $l",
         "6:87: error[E0402]: list $l (domain) does not fit src.ip (address)"},
        {"{type: cidr, file: nets}", "host under $l", "6:88: error[E0402]"},
        {"{type: ja3, file: prints}", "tls.ja4 in $l",
         "list $l (ja3) does not fit tls.ja4 (text)"},
        {"{type: ja3, file: prints}", "device.name in $l", "does not fit device.name"},
        {"{type: mac, file: makers}", "src.ip in $l", "does not fit src.ip"},
        {"{type: domain, file: names}", "host in $l", "asked with \"under\" only"},
        {"{type: cidr, file: nets}", "src.ip == $l", "E02"},
        {"{type: domain, file: nets}", "host under $l",
         "list \"nets\" is one of type cidr in the list file, not domain"},
        {"{type: lookalike, file: alikes}", "host under $l", "asked with \"in\" only"},
        {"{type: lookalike, file: alikes}", "src.ip in $l", "does not fit src.ip"},
        {"{type: lookalike, file: names}", "host in $l",
         "is one of type domain in the list file, not lookalike"},
        {"{type: domain, file: alikes}", "host under $l", "not domain"},
        {"{type: lookalike, items: [a.example]}", "host in $l",
         "a list of type lookalike comes from a file"},
        {"{type: cidr, file: nats}", "src.ip in $l", "did you mean \"nets\"?"},
    };
    auto_listdb struct listdb *db = typed_lists();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *faults = faults_of(db, rows[i].list, rows[i].when, 0);

        if (!strstr(faults, rows[i].wanted))
            fail_msg("wanted: %s\ngot: %s", rows[i].wanted, faults);
    }
}

static void an_old_list_is_told_and_used_unless_it_says_otherwise(void **state)
{
    static const struct {
        const char *on_stale, *wanted; /* NULL: nothing is said */
        bool used;
    } rows[] = {
        {"keep_and_alert",
         "warning[W0404]: list \"nets\" is old: it was fetched 20 d ago\n", true},
        {"keep", NULL, true},
        {"disable", "20 d ago, and is not used; silent: r.a\n", false},
    };
    auto_listdb struct listdb *db = typed_lists();
    auto_event struct event *e = event_new();
    struct addr listed;

    (void)state;
    addr_parse("198.51.100.7", &listed);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_diags struct diags *d = diags_new();
        auto_free char *text = xasprintf(
            RULES_HEAD
            "lists: {l: {type: cidr, file: nets, max_age: 15d, on_stale: %s}}\n"
            "rules: [{id: r.a, title: T, severity: low, owner: security, watch: "
            "[tls], when: dst.ip in $l}]\n",
            rows[i].on_stale);
        auto_ruleset struct ruleset *set = rules_load_with(
            (struct ruleset_settings){.lists = db, .now = 30 * USEC_PER_DAY}, text, d);
        auto_free char *told = diags_text(d);

        assert_non_null(set);
        if (rows[i].wanted ? !strstr(told, rows[i].wanted) : diags_warnings(d) > 0)
            fail_msg("on_stale: %s says: %s", rows[i].on_stale, told);
        event_begin(e, EVENT_TLS, 24 * USEC_PER_DAY);
        event_put_addr(e, FIELD_DST_IP, &listed);
        assert_int_equal(match(set, e).count, 1); /* not too old yet */
        event_begin(e, EVENT_TLS, 26 * USEC_PER_DAY);
        event_put_addr(e, FIELD_DST_IP, &listed);
        assert_int_equal(match(set, e).count, rows[i].used);
    }
}

static size_t alerts_at(const struct ruleset *set, usec_t time, const char *ip)
{
    auto_event struct event *e = event_new();
    struct addr dst;

    addr_parse(ip, &dst);
    event_begin(e, EVENT_TLS, time);
    event_put_addr(e, FIELD_DST_IP, &dst);
    event_put_number(e, FIELD_DST_PORT, 443);
    return match(set, e).count;
}

/* Nobody can know what is not on a list that is not there, or of which too little is. */
static void a_list_that_is_too_short_silences_rules_that_ask_for_more(void **state)
{
    static const struct {
        const char *says, *told; /* told NULL: nothing */
        bool error, silent;
    } rows[] = {
        {"min_entries: 100, on_stale: disable", "too few to be used; silent: r.a\n",
         false, true},
        {"min_entries: 1, on_stale: disable", NULL, false, false},
        {"min_entries: 100", "error[E0405]", true, false},
    };
    auto_listdb struct listdb *db = typed_lists();

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        bool given = i % 2 == 0;
        auto_diags struct diags *d = diags_new();
        auto_free char *text = xasprintf(
            RULES_HEAD
            "lists: {l: {type: cidr, file: nets, %s}}\n"
            "rules: [{id: r.a, title: T, severity: low, owner: security, watch: "
            "[tls], when: 'dst.port == 443 and not (dst.ip in $l)'}]\n",
            rows[i / 2].says);
        auto_ruleset struct ruleset *set = rules_load_with(
            (struct ruleset_settings){.lists = given ? db : NULL, .now = USEC_PER_DAY},
            text, d);
        auto_free char *told = diags_text(d);

        if (given &&
            (rows[i / 2].told ? !strstr(told, rows[i / 2].told) : diags_warnings(d) > 0))
            fail_msg("%s says: %s", rows[i / 2].says, told);
        assert_int_equal(!set, given && rows[i / 2].error);
        if (!set)
            continue;
        assert_int_equal(
            alerts_at(set, 5 * USEC_PER_DAY, "203.0.113.1"),
            !(given ? rows[i / 2].silent : strstr(rows[i / 2].says, "disable") != NULL));
    }
}

/* Two lists of that age in days are asked in every way. */
static struct ruleset *ask_lists(const struct listdb *db, const char *condition)
{
    auto_diags struct diags *d = diags_new();
    auto_free char *text = xasprintf(
        RULES_HEAD
        "lists:\n"
        "  off: {type: cidr, file: nets, max_age: 15d, on_stale: disable}\n"
        "  kept: {type: cidr, file: nets, max_age: 15d, on_stale: keep}\n"
        "macros: {known: 'dst.ip in $off'}\n"
        "rules: [{id: r.a, title: T, severity: low, owner: security, watch: [tls], %s}]\n",
        condition);
    struct ruleset *set =
        rules_load_with((struct ruleset_settings){.lists = db}, text, d);
    auto_free char *told = diags_text(d);

    if (!set)
        fail_msg("%s", told);
    return set;
}

/* Nobody knows what is not on a list that is too old: that is no reason to alert. */
static void a_rule_that_needs_a_disabled_list_is_silent_however_it_asks(void **state)
{
    static const struct {
        const char *rule;
        const char *met_by;
        bool silent;
    } rows[] = {
        {"when: 'dst.ip in $off'", "198.51.100.7", true},
        {"when: 'not (dst.ip in $off)'", "203.0.113.1", true},
        {"when: 'dst.port == 443 and not known'", "203.0.113.1", true},
        {"when: 'dst.port == 443 and not (dst.ip in $off or dst.port == 1)'",
         "203.0.113.1", true},
        {"when: 'not (dst.ip in $kept)'", "203.0.113.1", false},
        {"when: 'not (dst.ip in $kept) and dst.port == 443'", "203.0.113.1", false},
        {"window: {ratio: {of: 'not (dst.ip in $off)'}, by: [device], within: 1m, "
         "gte: 50%}, when: 'dst.port == 443'",
         "203.0.113.1", true},
        {"sequence: {by: [device], within: 1m, steps: [{id: a, when: 'not known'}, "
         "{id: b, when: 'dst.port == 1'}]}",
         "203.0.113.1", true},
    };
    auto_listdb struct listdb *db = typed_lists();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_ruleset struct ruleset *set = ask_lists(db, rows[i].rule);

        assert_int_equal(alerts_at(set, 24 * USEC_PER_DAY, rows[i].met_by), 1);
        if (alerts_at(set, 26 * USEC_PER_DAY, rows[i].met_by) != !rows[i].silent)
            fail_msg("%s", rows[i].rule);
    }
}

static void note_off(const struct rule *rule, void *arg)
{
    struct buffer *b = arg;

    buffer_print(b, "%s for %s, ", rule->id, rule->off_list);
}

static void what_is_silent_and_for_which_list_is_told(void **state)
{
    auto_listdb struct listdb *db = typed_lists();
    auto_ruleset struct ruleset *set = ask_lists(db, "when: 'not known'");
    auto_buffer struct buffer b = {0}, told = {0};
    auto_event struct event *e = event_new();
    struct matcher *m = matcher_new(set);

    (void)state;
    ruleset_off(set, 24 * USEC_PER_DAY, note_off, &b);
    assert_null(b.at);
    ruleset_off(set, 26 * USEC_PER_DAY, note_off, &b);
    assert_string_equal(b.at, "r.a for off, ");
    event_begin(e, EVENT_TLS, 26 * USEC_PER_DAY);
    ruleset_explain(m, 0, e, &told);
    assert_non_null(strstr(told.at, "does not match"));
    assert_non_null(strstr(told.at, "silent: too old is the list off"));
    matcher_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_of_any_length_is_found_by_what_it_ends_with),
        cmocka_unit_test(the_index_leaves_out_nothing_that_matches),
        cmocka_unit_test(all_that_match_are_called_in_their_order),
        cmocka_unit_test(equal_conditions_are_one_predicate),
        cmocka_unit_test(what_a_ratio_asks_of_events_is_used_too),
        cmocka_unit_test(a_scope_says_where_a_rule_holds),
        cmocka_unit_test(a_scope_of_groups_holds_for_the_devices_in_them),
        cmocka_unit_test(what_is_remembered_of_places_and_minutes_is_theirs),
        cmocka_unit_test(an_exception_covers_until_its_day_is_over),
        cmocka_unit_test(disabled_rules_are_not_called),
        cmocka_unit_test(white_wins_over_black_and_protected_over_all),
        cmocka_unit_test(a_protected_name_hides_the_event_wherever_it_stands),
        cmocka_unit_test(every_type_of_list_is_asked_of_its_fields),
        cmocka_unit_test(what_a_name_looks_like_is_asked_of_host_names),
        cmocka_unit_test(a_list_is_asked_only_of_what_it_holds),
        cmocka_unit_test(an_old_list_is_told_and_used_unless_it_says_otherwise),
        cmocka_unit_test(a_list_that_is_too_short_silences_rules_that_ask_for_more),
        cmocka_unit_test(a_rule_that_needs_a_disabled_list_is_silent_however_it_asks),
        cmocka_unit_test(what_is_silent_and_for_which_list_is_told),
    };

    return cmocka_run_group_tests_name("rule_match", tests, NULL, NULL);
}
