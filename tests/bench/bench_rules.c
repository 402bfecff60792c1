/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_rules.c - what a rule more costs. Judges the same events by 10, 100, 1,000 and
 * 5,000 rules of the usual kinds: hosts, lists of hosts, ports, networks, applications,
 * risks. Prints events a second, and the time of an event beside that with 10 rules.
 *
 * Then what a hit costs in the courier, for each kind of rule that counts over time: a
 * thousand devices, two hits a millisecond.
 *
 * What a sensor does besides for each event (decode, flow, extract) is not in it: of the
 * whole agent's time, rules are a small part.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mem.h"
#include "rule.h"
#include "tracker.h"

#define EVENTS 512
#define ROUNDS 400

static void add_rule(struct buffer *b, size_t i, const char *watch, const char *when)
{
    buffer_print(b,
                 "  - {id: bench.r%zu, title: T, severity: low, owner: security, watch: "
                 "[%s], when: '%s'}\n",
                 i, watch, when);
}

static void add_kind(struct buffer *b, size_t i)
{
    static const char names[] = "dns, tls, quic, http";
    auto_free char *when = NULL;
    size_t n = i / 10;

    switch (i % 10) {
    default:
        when = xasprintf("host under \"site%zu.example\"", i);
        add_rule(b, i, names, when);
        return;
    case 4:
    case 5:
        when = xasprintf("host under $list%zu and segment.audience == \"students\"", i);
        add_rule(b, i, names, when);
        return;
    case 6:
        when = xasprintf("dst.port == %zu and proto == \"tcp\"", 1024 + 7 * n);
        add_rule(b, i, "flow_start, flow", when);
        return;
    case 7:
        when = xasprintf("dst.ip in cidr(\"100.%zu.%zu.0/24\")", n % 256, n / 256);
        add_rule(b, i, "flow_start, flow", when);
        return;
    case 8:
        when = xasprintf("ndpi.proto == \"%s\" and flow.bytes > %zuMiB",
                         names_app.at[n % names_app.count], n);
        add_rule(b, i, "flow", when);
        return;
    case 9:
        when = xasprintf("ndpi.risk any_of [\"%s\"] and segment.name == \"s%zu\"",
                         names_risk.at[n % names_risk.count], n % 200);
        add_rule(b, i, "flow", when);
        return;
    }
}

static struct ruleset *load(const struct buffer *b)
{
    auto_diags struct diags *d = diags_new();
    struct ruleset_source source = {.name = "bench.yaml", .text = b->at, .len = b->len};
    struct ruleset *set = ruleset_load(
        &(struct ruleset_settings){.sources = &source, .source_count = 1}, d);

    if (!set) {
        auto_free char *text = diags_text(d);

        fputs(text, stderr);
        exit(1);
    }
    return set;
}

static struct ruleset *rules(size_t count)
{
    auto_buffer struct buffer b = {0};

    buffer_text(&b, "schema: 1\nruleset: bench\nversion: 1\nlists:\n");
    for (size_t i = 0; i < count; i++) {
        if (i % 10 != 4 && i % 10 != 5)
            continue;
        buffer_print(&b, "  list%zu: {type: domain, items: [", i);
        for (size_t k = 0; k < 20; k++)
            buffer_print(&b, "%sl%zu-%zu.example", k ? ", " : "", i, k);
        buffer_text(&b, "]}\n");
    }
    buffer_text(&b, "rules:\n");
    for (size_t i = 0; i < count; i++)
        add_kind(&b, i);
    return load(&b);
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void put_host(struct event *e, uint32_t *seed)
{
    auto_free char *name =
        xasprintf("www%u.cdn.site%u.example", next(seed) % 10, next(seed) % 20000);

    event_put_host(e, FIELD_HOST, FIELD_UNKNOWN, text_of(name));
    if (event_kind(e) == EVENT_DNS)
        event_put_host(e, FIELD_DNS_QNAME, FIELD_UNKNOWN, text_of(name));
}

static void fill(struct event *e, uint32_t *seed)
{
    static const enum event_kind kinds[] = {EVENT_DNS,  EVENT_DNS,        EVENT_TLS,
                                            EVENT_FLOW, EVENT_FLOW_START, EVENT_FLOW,
                                            EVENT_HTTP};
    enum event_kind kind = kinds[next(seed) % 7];
    struct addr dst = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 100}}, src = dst;

    event_begin(e, kind, UINT64_C(1793786400000000) + next(seed));
    dst.bytes[13] = (uint8_t)next(seed);
    dst.bytes[14] = (uint8_t)next(seed);
    src.bytes[12] = 10;
    event_put_addr(e, FIELD_SRC_IP, &src);
    event_put_addr(e, FIELD_DST_IP, &dst);
    event_put_number(e, FIELD_DST_PORT, next(seed) % 3 ? 443 : next(seed) % 65536);
    event_put_number(e, FIELD_PROTO, PROTO_TCP);
    event_put_number(e, FIELD_SEGMENT_AUDIENCE, AUDIENCE_STUDENTS);
    event_put_text(e, FIELD_SEGMENT_NAME, TEXT("students-wifi"));
    put_host(e, seed);
    if (kind != EVENT_FLOW)
        return;
    event_put_number(e, FIELD_NDPI_PROTO, next(seed) % names_app.count);
    event_put_number(e, FIELD_FLOW_BYTES, next(seed) % 5000000);
    if (next(seed) % 5 == 0)
        event_put_number(e, FIELD_NDPI_RISK,
                         UINT64_C(1) << next(seed) % names_risk.count);
}

static void count_hit(size_t rule, enum match_verdict verdict, void *arg)
{
    (void)rule, (void)verdict;
    ++*(uint64_t *)arg;
}

static double cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Nanoseconds an event; the best of three. */
static double measure(const struct ruleset *set, struct event *const *events,
                      uint64_t *ret_hits)
{
    struct matcher *m = matcher_new(set);
    double best = 1e9;

    for (int tries = 0; tries < 3; tries++) {
        double start = cpu_now(), took;

        *ret_hits = 0;
        for (size_t r = 0; r < ROUNDS; r++)
            for (size_t i = 0; i < EVENTS; i++)
                ruleset_match(m, events[i], count_hit, ret_hits);
        took = (cpu_now() - start) * 1e9 / (ROUNDS * EVENTS);
        best = took < best ? took : best;
    }
    matcher_free(m);
    return best;
}

/* ---- hits ---- */

#define HITS    400000
#define DEVICES 1000

static void ignore(const struct raised *r, void *arg)
{
    (void)r, (void)arg;
}

/* Of a rule without other words, and of one whose window holds many different values. */
static const struct counting {
    const char *name, *keys;
} countings[] = {
    {"no state", "when: 'dst.port > 0'"},
    {"dedup", "when: 'dst.port > 0', dedup: {by: [device], every: 1h}"},
    {"count", "when: 'dst.port > 0', window: {count: events, by: [device], within: 1m,"
              " gte: 1000}"},
    {"distinct", "when: 'dst.port > 0', window: {distinct: dst.ip, by: [device], within:"
                 " 1m, gte: 1000}"},
    {"distinct, estimated", "when: 'dst.port > 0', window: {distinct: dst.ip, by:"
                            " [proto], within: 1m, gte: 100000}"},
    {"ratio", "when: 'dst.port > 0', window: {ratio: {of: 'dst.port < 1024'}, by:"
              " [device], within: 1m, gte: 99%}"},
    {"sequence", "sequence: {by: [device], within: 1m, steps: [{id: a, when: 'dst.port <"
                 " 1024'}, {id: b, when: 'dst.port > 60000'}]}"},
    {"aggregate", "when: 'dst.port > 0', aggregate: 10, window: {count: events, by:"
                  " [proto], within: 1m, gte: 10}"},
    {"burst", "when: 'dst.port > 0', burst: {clients: 5, by: segment, within: 15m,"
              " instead: info}"},
    {"combined with another", "when: 'dst.port > 0'}\n"
                              "  - {id: bench.other, title: T, severity: low, owner:"
                              " security, watch: [flow], when: 'vlan == 1'}\n"
                              "  - {id: bench.both, title: T, severity: low, owner:"
                              " security, combine: {of: [bench.hit, bench.other],"
                              " at_least: 2, by: [device], within: 1h}"},
};

static void fill_hit(struct event *e, size_t i, uint32_t *seed)
{
    struct addr dst = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 100}};
    char device[16];

    snprintf(device, sizeof(device), "device-%u", next(seed) % DEVICES);
    event_begin(e, EVENT_FLOW, UINT64_C(1793786400000000) + i * 500);
    dst.bytes[13] = (uint8_t)next(seed);
    dst.bytes[14] = (uint8_t)next(seed);
    event_put_addr(e, FIELD_DST_IP, &dst);
    event_put_number(e, FIELD_DST_PORT, 1 + next(seed) % 65535);
    event_put_number(e, FIELD_PROTO, PROTO_TCP);
    event_put_text(e, FIELD_DEVICE, text_of(device));
    event_put_text(e, FIELD_SEGMENT_NAME, TEXT("students-wifi"));
}

/* Nanoseconds a hit, that of making its event left out. */
static double measure_hits(const struct ruleset *set, bool counted)
{
    struct tracker *t = tracker_new(set, ignore, NULL);
    struct matcher *m = matcher_new(set);
    auto_event struct event *e = event_new();
    uint32_t seed = 1;
    double start = cpu_now();

    for (size_t i = 0; i < HITS; i++) {
        fill_hit(e, i, &seed);
        if (counted)
            tracker_hit(t, 0, matcher_parts(m, 0, e), e);
    }
    start = cpu_now() - start;
    matcher_free(m);
    tracker_free(t);
    return start * 1e9 / HITS;
}

static void measure_countings(void)
{
    printf("\n%-22s %8s\n", "a hit of a rule with", "ns");
    for (size_t i = 0; i < sizeof(countings) / sizeof(countings[0]); i++) {
        auto_buffer struct buffer b = {0};
        auto_ruleset struct ruleset *set = NULL;

        buffer_print(&b,
                     "schema: 1\nruleset: bench\nversion: 1\nrules:\n"
                     "  - {id: bench.hit, title: T, severity: low, owner: security,"
                     "%s %s}\n",
                     " watch: [flow],", countings[i].keys);
        set = load(&b);
        printf("%-22s %8.0f\n", countings[i].name,
               measure_hits(set, true) - measure_hits(set, false));
    }
}

int main(void)
{
    static const size_t counts[] = {10, 100, 1000, 5000};
    struct event *events[EVENTS];
    uint32_t seed = 1;
    double first = 0;

    for (size_t i = 0; i < EVENTS; i++) {
        events[i] = event_new();
        fill(events[i], &seed);
    }
    printf("%8s %12s %10s %8s %10s %9s\n", "rules", "events/s", "ns/event", "ratio",
           "hits", "load ms");
    for (size_t i = 0; i < 4; i++) {
        double start = cpu_now(), loaded;
        auto_ruleset struct ruleset *set = rules(counts[i]);
        uint64_t hits;
        double ns;

        loaded = (cpu_now() - start) * 1e3;
        ns = measure(set, events, &hits);
        first = first > 0 ? first : ns;
        printf("%8zu %12.0f %10.1f %8.2f %10llu %9.1f\n", counts[i], 1e9 / ns, ns,
               ns / first, (unsigned long long)(hits / ROUNDS), loaded);
    }
    for (size_t i = 0; i < EVENTS; i++)
        event_free(events[i]);
    measure_countings();
    return 0;
}
