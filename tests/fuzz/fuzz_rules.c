/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rule files of any bytes, parted by a line of three dashes, so that overlays find what
 * they change: what loads also matches, explains and keeps count, and says its faults. An
 * odd number of bytes is loaded for a district.
 */
#include "tests/fuzz/scratch.h"

#include <string.h>

#include "alert.h"
#include "mem.h"
#include "rule.h"
#include "tracker.h"

#define PARTS   3
#define PARTING "\n---\n"

static const char places[] =
    "schema: 1\ndistrict: d\nname: D\nterm: t\n"
    "calendars: {holidays: [{days: 2026-11-02..2026-11-06, label: Autumn}]}\n"
    "sites:\n"
    "- {id: lincoln, name: L, type: high, tz: America/Chicago}\n"
    "- {id: oak, name: O, type: middle, tz: UTC}\n"
    "segments:\n"
    "- {name: students, site: lincoln, audience: students, networks: [10.20.0.0/20]}\n"
    "groups: {lab: {networks: [10.20.1.0/24]}, managed: {}}\n";

static const struct district *the_district(void)
{
    static struct district *district;
    auto_diags struct diags *d = diags_new();
    char path[SCRATCH_PATH];
    int fd;

    if (district)
        return district;
    fd = scratch_file((const uint8_t *)places, strlen(places), path);
    district = district_load(path, d);
    close(fd);
    demand(district);
    return district;
}

static void note(size_t rule, enum match_verdict verdict, void *arg)
{
    uint8_t *matched = arg;

    (void)verdict;
    matched[rule] = 1;
}

/* What is matched is what is explained to match. */
static void try_event(const struct ruleset *set, struct matcher *m, struct event *e)
{
    auto_free uint8_t *matched = xcalloc(ruleset_count(set) + 1, 1);

    ruleset_match(m, e, note, matched);
    for (size_t i = 0; i < ruleset_count(set); i++) {
        const struct rule *rule = ruleset_rule(set, i);
        auto_buffer struct buffer why = {0};

        ruleset_explain(m, i, e, &why);
        if (rule->mode != MODE_DISABLED && ruleset_holds(set, i, e) &&
            matched[i] == (strstr(why.at, "does not match\n") != NULL))
            abort();
    }
}

/* Everything that loads can make an alert. */
static void on_raised(const struct raised *r, void *arg)
{
    struct alert_maker *maker = arg;

    json_free(alert_make(maker, r));
}

struct counting {
    struct tracker *tracker;
    struct matcher *parts;
    const struct event *event;
};

static void count(size_t rule, enum match_verdict verdict, void *arg)
{
    struct counting *c = arg;

    if (verdict == MATCH_HIT)
        tracker_hit(c->tracker, rule, matcher_parts(c->parts, rule, c->event), c->event);
}

static void try_state(const struct ruleset *set, struct matcher *m, struct event *e)
{
    struct alert_maker *maker = alert_maker_new(
        &(struct alert_settings){.rules = set, .district = the_district()});
    struct counting c = {tracker_new(set, on_raised, maker), matcher_new(set), e};

    for (unsigned i = 0; i < 4; i++) {
        event_put_number(e, FIELD_DST_PORT, 442 + i);
        ruleset_match(m, e, count, &c);
        tracker_tick(c.tracker, event_time(e) + i * USEC_PER_MIN);
    }
    tracker_finish(c.tracker);
    tracker_free(c.tracker);
    matcher_free(c.parts);
    alert_maker_free(maker);
}

static void try_set(const struct ruleset *set)
{
    struct matcher *m = matcher_new(set);
    auto_event struct event *e = event_new();

    for (enum event_kind k = 0; k < EVENT_KINDS; k++) {
        event_begin(e, k, UINT64_C(1793786400000000));
        event_put_number(e, FIELD_DST_PORT, 443);
        event_put_text(e, FIELD_SITE_ID, TEXT("lincoln"));
        event_put_text(e, FIELD_SEGMENT_NAME, TEXT("students"));
        if (field_get(FIELD_DEVICE_GROUPS)->kinds >> k & 1)
            event_add_text(e, FIELD_DEVICE_GROUPS, TEXT("lab"));
        event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE, TEXT("www.example.org"));
        try_event(set, m, e);
        try_state(set, m, e);
    }
    matcher_free(m);
}

static size_t part(struct text all, struct ruleset_source sources[PARTS])
{
    static const char *const names[PARTS] = {"r.yaml", "o.yaml", "p.yaml"};
    size_t count = 0;

    while (count < PARTS) {
        const char *end =
            all.len ? memmem(all.at, all.len, PARTING, strlen(PARTING)) : NULL;
        size_t len = end && count < PARTS - 1 ? (size_t)(end - all.at) : all.len;

        sources[count] =
            (struct ruleset_source){.name = names[count], .text = all.at, .len = len};
        count++;
        if (len == all.len)
            break;
        all.at += len + strlen(PARTING);
        all.len -= len + strlen(PARTING);
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct ruleset_source sources[PARTS];
    size_t count = part((struct text){(const char *)bytes, len}, sources);
    auto_diags struct diags *d = diags_new();
    auto_ruleset struct ruleset *set = ruleset_load(
        &(struct ruleset_settings){.sources = sources,
                                   .source_count = count,
                                   .district = len & 1 ? the_district() : NULL,
                                   .now = UINT64_C(1793786400000000)},
        d);
    auto_free char *text = diags_text(d);

    if (!*text && diags_errors(d) + diags_warnings(d) > 0)
        abort();
    if (!set && diags_errors(d) == 0)
        abort();
    if (set) {
        try_set(set);
        (void)ruleset_evidence(set);
    }
    return 0;
}
