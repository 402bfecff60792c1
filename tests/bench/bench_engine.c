/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_engine.c - how many alerts a second the engine goes through: settled alone or
 * into incidents of the shipped playbooks, with and without the shipped rules at the
 * collector.
 *
 *     bench_engine [ALERTS [FOLDER]]      default: 50,000 in /var/tmp; run it at the top
 *
 * Each shipped rule for agents is met as often as any other, by 200 devices of 12
 * sites; an alert names one of 500 hosts. What is put into the store is not measured.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "collector/engine.h"
#include "collector/store_alert.h"
#include "mem.h"

#define BATCH   2000
#define HOSTS   500
#define DEVICES 200
#define SITES   12
#define STEP    (20 * USEC_PER_MSEC) /* between two alerts */

struct bench {
    struct district *district;
    struct playbooks *playbooks;
    struct correlate *correlate;
    struct ruleset *rules;
    const char *folder;
    uint64_t alerts;
    struct store *s;
    usec_t now;
};

static usec_t clock_of(void *arg)
{
    return ((struct bench *)arg)->now;
}

static void must(struct bench *b, int rc)
{
    if (rc == 0)
        return;
    fprintf(stderr, "bench_engine: %s\n", store_error(b->s));
    exit(1);
}

static void load(struct bench *b)
{
    const char *const rules[] = {"rules/detect"}, *const correlate[] = {
                                                      "rules/correlate"};
    auto_diags struct diags *d = diags_new();
    auto_free char *text = NULL;

    b->district = district_load("deploy/examples/district.yaml", d);
    b->playbooks = playbooks_load("rules/playbooks", d);
    b->correlate = correlate_load(correlate, 1, d);
    b->rules = ruleset_load(&(struct ruleset_settings){.paths = rules,
                                                       .path_count = 1,
                                                       .district = b->district},
                            d);
    if (b->district && b->playbooks && b->correlate && b->rules)
        return;
    text = diags_text(d);
    fprintf(stderr, "bench_engine: %s\n", text);
    exit(1);
}

static double cpu_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void put(struct bench *b, uint64_t seq, bool with_playbooks)
{
    const struct rule *rule =
        ruleset_rule(b->rules, (size_t)(seq * 7919 % ruleset_count(b->rules)));
    unsigned number = (unsigned)(seq * 40503 % DEVICES);
    char device[16], site[16], document[600];
    struct store_alert a = {.agent = "lincoln-1",
                            .epoch = 42,
                            .seq = seq,
                            .at = b->now,
                            .arrived = b->now,
                            .rule = rule->id,
                            .title = rule->title,
                            .severity = rule->severity[BAND_NONE],
                            .site = site,
                            .segment = "students",
                            .device = device,
                            .playbook = with_playbooks ? rule->playbook : "",
                            .owner = rule->owner,
                            .document = document};

    snprintf(device, sizeof(device), "%04X-M3TA", number);
    snprintf(site, sizeof(site), "site-%u", number % SITES);
    snprintf(document, sizeof(document),
             "{\"event_type\":\"alert\",\"hallwatch\":{\"identity\":\"pseudonym\","
             "\"device\":{\"pseudonym\":\"%s\"},\"host\":\"host-%u.example\","
             "\"agent\":\"lincoln-1\"}}",
             device, (unsigned)(seq * 613 % HOSTS));
    must(b, store_alert_put(b->s, &a));
}

static void put_all(struct bench *b, bool with_playbooks)
{
    for (uint64_t seq = 1; seq <= b->alerts;) {
        must(b, store_begin(b->s));
        for (unsigned i = 0; i < BATCH && seq <= b->alerts; i++, seq++) {
            b->now += STEP;
            put(b, seq, with_playbooks);
        }
        must(b, store_commit(b->s));
    }
}

static void run(struct bench *b, struct engine *e)
{
    struct engine_turn turn = {.more = true};

    while (turn.more)
        must(b, engine_turn(e, &turn));
}

static void remove_store(const char *place)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        auto_free char *path = xasprintf("%s%s", place, ends[i]);

        unlink(path);
    }
}

static void measure(struct bench *b, bool with_playbooks, bool with_rules)
{
    auto_free char *place = xasprintf("%s/hallwatch-bench.%d", b->folder, (int)getpid());
    struct store_settings set = {.place = place,
                                 .district = "example-district",
                                 .create = true,
                                 .clock = clock_of,
                                 .clock_arg = b};
    struct engine_settings settings = {.district = b->district,
                                       .playbooks = b->playbooks,
                                       .correlate = b->correlate,
                                       .holder = "bench",
                                       .across = {.rules = with_rules ? b->rules : NULL,
                                                  .wait = 10 * USEC_PER_SEC,
                                                  .late = USEC_PER_DAY}};
    struct engine *e;
    double cpu;
    usec_t start;

    b->now = clock_wall();
    if (store_open(&set, &b->s, NULL)) {
        fprintf(stderr, "bench_engine: %s cannot be made\n", place);
        exit(1);
    }
    settings.store = b->s;
    e = engine_new(&settings);
    run(b, e);
    put_all(b, with_playbooks);
    b->now += USEC_PER_MIN; /* all have waited for earlier ones */
    start = clock_monotonic();
    cpu = cpu_seconds();
    run(b, e);
    cpu = cpu_seconds() - cpu;
    printf("%s, %s rules at the collector: %.0f/s, %.1f us of CPU each\n",
           with_playbooks ? "into incidents" : "alone", with_rules ? "with" : "without",
           (double)b->alerts * 1e6 / (double)(clock_monotonic() - start),
           cpu * 1e6 / (double)b->alerts);
    engine_free(e);
    store_close(b->s);
    remove_store(place);
}

int main(int argc, char **argv)
{
    struct bench b = {.alerts = argc > 1 ? strtoull(argv[1], NULL, 10) : 50000,
                      .folder = argc > 2 ? argv[2] : "/var/tmp"};

    load(&b);
    measure(&b, false, false);
    measure(&b, false, true);
    measure(&b, true, false);
    measure(&b, true, true);
    ruleset_free(b.rules);
    correlate_free(b.correlate);
    playbooks_free(b.playbooks);
    district_free(b.district);
    return 0;
}
