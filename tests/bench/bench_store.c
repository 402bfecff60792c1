/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_store.c - how many alerts a second are read and stored durably, and how long
 * pages of the alert list take then.
 *
 *     bench_store [ALERTS [FOLDER]]      default: 500,000 in /var/tmp
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "collector/alert_read.h"
#include "collector/store_alert.h"
#include "collector/store_incident.h"
#include "mem.h"

#define BATCH     2000
#define INCIDENTS 1000
#define PAGES     100

static const char document[] =
    "{\"timestamp\":\"2026-11-23T09:00:00.000000+0000\",\"event_type\":\"alert\","
    "\"src_ip\":\"10.20.3.17\",\"src_port\":51234,\"dest_ip\":\"203.0.113.7\","
    "\"dest_port\":443,\"proto\":\"TCP\",\"app_proto\":\"tls\",\"community_id\":"
    "\"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\",\"flow\":{\"pkts_toserver\":7,\"pkts_toclient\":9,"
    "\"bytes_toserver\":1204,\"bytes_toclient\":6120,\"start\":"
    "\"2026-11-23T08:59:58.113000+0000\"},\"tls\":{\"sni\":\"cdn.example.net\",\"version\":"
    "\"TLS 1.2\",\"ja3\":{\"hash\":\"e7d705a3286e19ea42f587b344ee6865\"}},\"alert\":{"
    "\"signature_id\":1290218842,\"rev\":3,\"signature\":\"A known malicious host was "
    "contacted\",\"category\":\"sec\",\"severity\":2,\"action\":\"allowed\",\"metadata\":{"
    "\"rule\":[\"sec.malware-list\"]}},\"hallwatch\":{\"rule\":\"sec.malware-list\","
    "\"version\":\"2026.11.1\",\"site\":\"lincoln\",\"segment\":\"students\",\"severity\":"
    "\"high\",\"owner\":\"security\",\"playbook\":\"malware-on-device\",\"device\":{"
    "\"pseudonym\":\"7KQX-M3TA\"},\"list\":\"malware\",\"ruleset\":\"ab12cd34ef56\"}}";

static const char *const rules[] = {"sec.malware-list", "net.rogue-dhcp", "sec.port-scan",
                                    "bypass.doh",       "bypass.vpn",     "net.arp-spoof",
                                    "sec.dns-tunnel",   "safe.adult"};
static const char *const sites[] = {"lincoln", "lakeside", "hillside", "station-road"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Read as the intake reads it, then made one of many. */
static void fill(struct alert_reader *r, struct store_alert *a, char device[16],
                 uint64_t seq, usec_t now)
{
    const char *why;

    if (alert_read(r, TEXT(document), a, &why) != 0)
        exit(1);
    snprintf(device, 16, "%04X-0007", (unsigned)(seq * 40503 % 5003));
    a->agent = "lincoln-1";
    a->epoch = 42;
    a->seq = seq;
    a->at = a->arrived = now;
    a->rule = rules[seq * 7 % COUNT(rules)];
    a->severity = (enum severity)(seq % 5);
    a->site = sites[seq % COUNT(sites)];
    a->device = device;
}

static void must(struct store *s, int rc)
{
    if (rc == 0)
        return;
    fprintf(stderr, "bench_store: %s\n", store_error(s));
    exit(1);
}

static double cpu_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double insert(struct store *s, uint64_t alerts)
{
    usec_t start = clock_monotonic();
    auto_alert_reader struct alert_reader *r = alert_reader_new();
    struct store_alert a;
    char device[16];

    for (uint64_t seq = 1; seq <= alerts;) {
        must(s, store_begin(s));
        for (unsigned i = 0; i < BATCH && seq <= alerts; i++, seq++) {
            fill(r, &a, device, seq, start + seq * 1000);
            must(s, store_alert_put(s, &a));
        }
        must(s, store_commit(s));
    }
    return (double)(clock_monotonic() - start) / 1e6;
}

static void open_incidents(struct store *s)
{
    struct store_incident incident = {.playbook = "malware-on-device",
                                      .rule = rules[0],
                                      .title = "A known malicious host was contacted",
                                      .site = sites[0],
                                      .device = "0007-0007",
                                      .severity = SEVERITY_HIGH,
                                      .owner = ROLE_SECURITY,
                                      .alerts = 1};
    int64_t id;

    must(s, store_begin(s));
    for (unsigned i = 0; i < INCIDENTS; i++) {
        auto_free char *key = xasprintf("incident %u", i);

        incident.key = key;
        must(s, store_incident_open(s, &incident, &id));
    }
    must(s, store_commit(s));
}

/* What the engine does later, so that every index is as full as it will be: half of them
 * belong to one of INCIDENTS, the others to none. */
static void settle(struct store *s, uint64_t alerts)
{
    usec_t start = clock_monotonic();

    open_incidents(s);
    for (uint64_t id = 1; id <= alerts;) {
        must(s, store_begin(s));
        for (unsigned i = 0; i < BATCH && id <= alerts; i++, id++)
            must(s, id % 2 ? store_alert_settle(s, (int64_t)id, ALERT_ALONE, 0)
                           : store_alert_settle(s, (int64_t)id, ALERT_JOINED,
                                                (int64_t)(id / 2 % INCIDENTS + 1)));
        must(s, store_alert_settled_to(s, (int64_t)id - 1));
        must(s, store_commit(s));
    }
    printf("settled by the engine: %.0f/s\n",
           (double)alerts * 1e6 / (double)(clock_monotonic() - start));
}

static void count_row(const struct store_alert *a, void *arg)
{
    (void)a;
    ++*(size_t *)arg;
}

static int compare_times(const void *a, const void *b)
{
    const usec_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Somebody leafs through the list: each page begins somewhere else in the store. */
static void pages(struct store *s, const char *what, struct store_alert_filter f,
                  uint64_t alerts)
{
    usec_t times[PAGES];
    size_t rows = 0;

    for (unsigned i = 0; i < PAGES; i++) {
        usec_t start = clock_monotonic();

        f.before = (int64_t)(alerts - alerts * (i * 37 % PAGES) / PAGES);
        must(s, store_alert_each(s, &f, count_row, &rows));
        times[i] = clock_monotonic() - start;
    }
    qsort(times, PAGES, sizeof(times[0]), compare_times);
    printf("  %-34s median %8.2f ms, p95 %8.2f ms, worst %8.2f ms, %zu rows\n", what,
           (double)times[PAGES / 2] / 1e3, (double)times[PAGES * 95 / 100] / 1e3,
           (double)times[PAGES - 1] / 1e3, rows / PAGES);
}

static void remove_store(const char *place)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < COUNT(ends); i++) {
        auto_free char *path = xasprintf("%s%s", place, ends[i]);

        unlink(path);
    }
}

int main(int argc, char **argv)
{
    uint64_t alerts = argc > 1 ? strtoull(argv[1], NULL, 10) : 500000;
    auto_free char *place = xasprintf("%s/hallwatch-bench.%d",
                                      argc > 2 ? argv[2] : "/var/tmp", (int)getpid());
    struct store_settings set = {.place = place, .district = "lakeside", .create = true};
    auto_store struct store *s = NULL;
    auto_free char *error = NULL;
    double seconds, cpu;

    if (store_open(&set, &s, &error)) {
        fprintf(stderr, "bench_store: %s\n", error);
        return 1;
    }
    cpu = cpu_seconds();
    seconds = insert(s, alerts);
    cpu = cpu_seconds() - cpu;
    printf("%llu alerts of %zu bytes in %.2f s: %.0f/s, durable; "
           "%.1f us of CPU each\n",
           (unsigned long long)alerts, sizeof(document) - 1, seconds,
           (double)alerts / seconds, cpu * 1e6 / (double)alerts);
    settle(s, alerts);
    pages(s, "of all", (struct store_alert_filter){0}, alerts);
    pages(s, "of a rule", (struct store_alert_filter){.rule = "net.rogue-dhcp"}, alerts);
    pages(s, "of a site, critical",
          (struct store_alert_filter){.site = "lincoln", .least = SEVERITY_CRITICAL},
          alerts);
    pages(s, "of a device", (struct store_alert_filter){.device = "0007-0007"}, alerts);
    pages(s, "of a device that is not there",
          (struct store_alert_filter){.device = "none"}, alerts);
    pages(s, "of a rule and a device",
          (struct store_alert_filter){.rule = "net.rogue-dhcp", .device = "0007-0007"},
          alerts);
    pages(s, "of an incident", (struct store_alert_filter){.incident = 7}, alerts);
    remove_store(place);
    return 0;
}
