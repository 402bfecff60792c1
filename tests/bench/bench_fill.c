/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_fill.c - a store of a large district after some months, made by the store's own
 * functions; tests/bench/pages asks it.
 *
 *     bench_fill PLACE ALERTS
 *
 * 150 rules that are met unevenly (the n-th a share of 1/n), each with an owner and a
 * severity, so that what matters most is rarest: one alert in 1,600 is critical, one in
 * 16,600 is the exams officer's. 40 sites, 40,000 devices, one drill in 10,000; two
 * thirds belong to incidents, one of which holds a hundredth of those.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_alert.h"
#include "collector/store_incident.h"
#include "mem.h"

#define DISTRICT  "example-district" /* of deploy/examples */
#define BATCH     2000
#define RULES     150
#define SITES     40
#define DEVICES   40000
#define INCIDENTS 20000
#define DAYS      120

struct fill {
    struct store *s;
    uint64_t random;
    double shares[RULES]; /* of a rule and those before it */
    usec_t now;
    char rule[32], title[64], site[16], device[16], playbook[32], document[2048];
};

static void must(struct fill *f, int rc)
{
    if (rc == 0)
        return;
    fprintf(stderr, "bench_fill: %s\n", store_error(f->s));
    exit(1);
}

/* xorshift64: the same store each time. */
static uint64_t next(struct fill *f)
{
    f->random ^= f->random << 13;
    f->random ^= f->random >> 7;
    f->random ^= f->random << 17;
    return f->random;
}

static usec_t clock_of(void *arg)
{
    return ((struct fill *)arg)->now;
}

static void share_out(struct fill *f)
{
    double sum = 0;

    for (unsigned i = 0; i < RULES; i++)
        f->shares[i] = sum += 1.0 / (i + 1) / (i >= 140 ? 20 : 1);
    for (unsigned i = 0; i < RULES; i++)
        f->shares[i] /= sum;
}

static unsigned choose_rule(struct fill *f)
{
    double at = (double)(next(f) >> 11) / (double)(UINT64_C(1) << 53);
    unsigned rule = 0;

    while (rule + 1 < RULES && f->shares[rule] < at)
        rule++;
    return rule;
}

static enum role owner_of(unsigned rule)
{
    if (rule == RULES - 1)
        return ROLE_EXAMS_OFFICER;
    if (rule % 10 == 9)
        return ROLE_SAFETY_OFFICER;
    return rule % 2 ? ROLE_SECURITY : ROLE_NETWORK_ADMIN;
}

static enum severity severity_of(unsigned rule)
{
    if (rule >= 140)
        return SEVERITY_CRITICAL;
    if (rule >= 100)
        return SEVERITY_HIGH;
    if (rule >= 30)
        return SEVERITY_MEDIUM;
    return rule >= 8 ? SEVERITY_LOW : SEVERITY_INFO;
}

static void write_document(struct fill *f, const struct store_alert *a)
{
    snprintf(
        f->document, sizeof(f->document),
        "{\"timestamp\":\"2026-11-23T09:00:00.000000+0000\",\"event_type\":\"alert\","
        "\"src_ip\":\"10.20.%u.%u\",\"src_port\":%u,\"dest_ip\":\"203.0.113.7\","
        "\"dest_port\":443,\"proto\":\"TCP\",\"app_proto\":\"tls\",\"community_id\":"
        "\"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\",\"flow\":{\"pkts_toserver\":7,"
        "\"pkts_toclient\":9,\"bytes_toserver\":1204,\"bytes_toclient\":6120,\"start\":"
        "\"2026-11-23T08:59:58.113000+0000\"},\"tls\":{\"sni\":\"cdn%u.example.net\","
        "\"version\":\"TLS 1.2\",\"ja3\":{\"hash\":\"e7d705a3286e19ea42f587b344ee6865\"}},"
        "\"alert\":{\"signature_id\":1290218842,\"rev\":3,\"signature\":\"%s\","
        "\"category\":\"sec\",\"severity\":2,\"action\":\"allowed\",\"metadata\":{"
        "\"rule\":[\"%s\"]}},\"hallwatch\":{\"rule\":\"%s\",\"version\":\"2026.11.1\","
        "\"site\":\"%s\",\"segment\":\"students\",\"severity\":\"%s\",\"owner\":\"%s\","
        "\"playbook\":\"%s\",\"device\":{\"pseudonym\":\"%s\"},\"list\":\"malware\","
        "\"ruleset\":\"ab12cd34ef56\"}}",
        (unsigned)(a->seq >> 8 & 255), (unsigned)(a->seq & 255),
        (unsigned)(1024 + a->seq % 60000), (unsigned)(a->seq % 997), a->title, a->rule,
        a->rule, a->site, names_get(&names_severity, a->severity),
        names_get(&names_role, a->owner), a->playbook, a->device);
}

static struct store_alert make(struct fill *f, uint64_t seq)
{
    unsigned rule = choose_rule(f);
    uint64_t chance = next(f);
    struct store_alert a = {.agent = "lincoln-1",
                            .epoch = 42,
                            .seq = seq,
                            .at = f->now - USEC_PER_SEC,
                            .arrived = f->now,
                            .rule = f->rule,
                            .title = f->title,
                            .severity = severity_of(rule),
                            .site = f->site,
                            .segment = "students",
                            .device = f->device,
                            .playbook = f->playbook,
                            .owner = owner_of(rule),
                            .drill = chance % 10007 == 0,
                            .document = f->document};

    snprintf(f->rule, sizeof(f->rule), "fam%u.rule-%u", rule % 7, rule);
    snprintf(f->title, sizeof(f->title), "What rule %u is about was seen", rule);
    snprintf(f->playbook, sizeof(f->playbook), "playbook-%u", rule % 20);
    snprintf(f->site, sizeof(f->site), "site-%u", (unsigned)(chance >> 20) % SITES);
    snprintf(f->device, sizeof(f->device), "%05X-M3TA",
             (unsigned)(chance >> 32) % DEVICES);
    write_document(f, &a);
    return a;
}

static void open_incidents(struct fill *f)
{
    struct store_incident incident = {.playbook = "playbook-1",
                                      .rule = "fam1.rule-1",
                                      .title = "What rule 1 is about was seen",
                                      .site = "site-1",
                                      .device = "00007-M3TA",
                                      .severity = SEVERITY_MEDIUM,
                                      .owner = ROLE_SECURITY,
                                      .alerts = 1};
    int64_t id;

    must(f, store_begin(f->s));
    for (unsigned i = 0; i < INCIDENTS; i++) {
        auto_free char *key = xasprintf("incident %u", i);

        incident.key = key;
        must(f, store_incident_open(f->s, &incident, &id));
    }
    must(f, store_commit(f->s));
}

/* As the engine does it. */
static void settle(struct fill *f, uint64_t id)
{
    uint64_t chance = next(f);
    int64_t incident = chance % 100 == 0 ? 1 : (int64_t)(chance >> 16) % INCIDENTS + 1;

    if (chance % 3 == 0)
        must(f, store_alert_settle(f->s, (int64_t)id, ALERT_ALONE, 0));
    else
        must(f, store_alert_settle(f->s, (int64_t)id, ALERT_JOINED, incident));
}

static void fill(struct fill *f, uint64_t alerts)
{
    const usec_t end = clock_wall(), span = DAYS * USEC_PER_DAY;

    for (uint64_t seq = 1; seq <= alerts;) {
        uint64_t first = seq;

        must(f, store_begin(f->s));
        for (unsigned i = 0; i < BATCH && seq <= alerts; i++, seq++) {
            struct store_alert a;

            f->now = end - span + (usec_t)((double)span * (double)seq / (double)alerts);
            a = make(f, seq);
            must(f, store_alert_put(f->s, &a));
        }
        for (uint64_t id = first; id < seq; id++)
            settle(f, id);
        must(f, store_alert_settled_to(f->s, (int64_t)seq - 1));
        must(f, store_commit(f->s));
    }
}

int main(int argc, char **argv)
{
    struct fill f = {.random = 88172645463325252, .now = clock_wall()};
    struct store_settings set = {.place = argc > 1 ? argv[1] : NULL,
                                 .district = DISTRICT,
                                 .create = true,
                                 .clock = clock_of,
                                 .clock_arg = &f};
    auto_free char *error = NULL;
    usec_t start = clock_monotonic();

    if (argc != 3) {
        fprintf(stderr, "Usage: bench_fill PLACE ALERTS\n");
        return 2;
    }
    if (store_open(&set, &f.s, &error)) {
        fprintf(stderr, "bench_fill: %s\n", error);
        return 1;
    }
    share_out(&f);
    open_incidents(&f);
    fill(&f, strtoull(argv[2], NULL, 10));
    store_close(f.s);
    printf("%s alerts put and settled in %.0f s\n", argv[2],
           (double)(clock_monotonic() - start) / 1e6);
    return 0;
}
