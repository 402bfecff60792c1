/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/courier.h"

#include <stdlib.h>
#include <string.h>

#include "agent/device.h"
#include "agent/sensor_dress.h"
#include "mem.h"

#define DEVICES 65536

struct courier {
    struct courier_settings set;
    struct device_table *devices;
    struct tracker *tracker;
    struct matcher *matcher; /* for the parts of a rule */
    struct alert_maker *maker;
    struct matcher *moves; /* for what is judged here: such a one matches one at a time */
    struct event *move;    /* that an address has another machine now */
};

/* A summary's matter had its frames gathered with the first alert; of a burst no device
 * is shown. */
static void put_evidence(struct courier *c, const struct rule *rule,
                         const struct raised *r, struct json *document)
{
    struct courier_evidence e;

    if (!c->set.on_evidence || !rule->evidence.pcap || r->summary || r->burst)
        return;
    e = c->set.on_evidence(rule, r, c->set.arg);
    if (e.id)
        json_put_path(document, "hallwatch.evidence.id", json_new_text(e.id));
    else
        json_put_path(document, "hallwatch.evidence.refused", json_new_text(e.refused));
}

static void on_raised(const struct raised *r, void *arg)
{
    struct courier *c = arg;
    auto_json struct json *document = alert_make(c->maker, r);
    const struct rule *rule = ruleset_rule(c->set.alert.rules, r->rule);
    auto_free char *line = NULL;

    if (!document)
        return;
    put_evidence(c, rule, r, document);
    line = json_write(document);
    c->set.on_alert(alert_severity(rule, r), line, strlen(line), c->set.arg);
}

struct courier *courier_new(const struct courier_settings *settings)
{
    struct courier *c = xcalloc(1, sizeof(*c));

    c->set = *settings;
    c->devices = device_table_new(DEVICES);
    c->tracker = tracker_new(settings->alert.rules, on_raised, c);
    if (settings->estimates)
        tracker_estimate_by(c->tracker, settings->estimates);
    c->matcher = matcher_new(settings->alert.rules);
    c->maker = alert_maker_new(&c->set.alert);
    c->moves = matcher_new(settings->alert.rules);
    c->move = event_new();
    return c;
}

void courier_free(struct courier *c)
{
    if (!c)
        return;
    tracker_free(c->tracker);
    matcher_free(c->matcher);
    alert_maker_free(c->maker);
    device_table_free(c->devices);
    matcher_free(c->moves);
    event_free(c->move);
    free(c);
}

void courier_hit(struct courier *c, size_t rule, struct event *e)
{
    uint32_t parts;

    if (rule >= ruleset_count(c->set.alert.rules))
        return;
    parts = matcher_parts(c->matcher, rule, e);
    device_table_dress(c->devices, e);
    tracker_hit(c->tracker, rule, parts, e);
}

void courier_hit_before(struct courier *c, size_t rule, size_t rule_before,
                        struct event *e)
{
    alert_maker_found_by(c->maker, rule_before);
    courier_hit(c, rule, e);
    alert_maker_found_by(c->maker, ALERT_PRESENT);
}

/* ---- events of kind device: only here is it known who had an address before ---- */

static void put_move(struct event *out, const struct event *cause,
                     const struct device_move *move)
{
    static const enum field_id texts[] = {FIELD_SITE_ID, FIELD_SITE_TYPE,
                                          FIELD_SEGMENT_NAME};
    static const enum field_id numbers[] = {FIELD_SEGMENT_AUDIENCE, FIELD_SEGMENT_BAND,
                                            FIELD_VLAN, FIELD_PROTO};

    event_begin(out, EVENT_DEVICE, event_time(cause));
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (event_has(cause, texts[i]))
            event_put_text(out, texts[i], event_get(cause, texts[i])->text);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        if (event_has(cause, numbers[i]))
            event_put_number(out, numbers[i], event_get(cause, numbers[i])->number);
    if (event_has(cause, FIELD_SEGMENT_GATEWAY))
        event_put_addr(out, FIELD_SEGMENT_GATEWAY,
                       &event_get(cause, FIELD_SEGMENT_GATEWAY)->addr);
    event_put_addr(out, FIELD_DEVICE_IP, &move->ip);
    event_put_mac(out, FIELD_DEVICE_PREVIOUS_MAC, &move->before);
}

static void on_match(size_t rule, enum match_verdict verdict, void *arg)
{
    struct courier *c = arg;

    if (verdict == MATCH_HIT)
        courier_hit(c, rule, c->move);
}

void courier_device(struct courier *c, const struct event *e)
{
    struct device_move move;

    if (!device_table_learn(c->devices, e, &move) ||
        !(ruleset_kinds(c->set.alert.rules) >> EVENT_DEVICE & 1))
        return;
    put_move(c->move, e, &move);
    device_table_dress(c->devices, c->move);
    if (ruleset_uses(c->set.alert.rules, FIELD_DEVICE_GROUPS))
        dress_groups(c->set.alert.district, c->move);
    ruleset_match(c->moves, c->move, on_match, c);
}

void courier_tick(struct courier *c, usec_t now)
{
    tracker_tick(c->tracker, now);
}

void courier_seen(struct courier *c, usec_t until)
{
    tracker_seen(c->tracker, until);
}

void courier_missed(struct courier *c, usec_t until)
{
    tracker_missed(c->tracker, until);
}

void courier_finish(struct courier *c)
{
    tracker_finish(c->tracker);
}

void courier_use(struct courier *c, const struct ruleset *rules,
                 const struct district *district, const struct listdb *lists)
{
    const struct alert_settings before = c->set.alert;
    struct tracker *old = c->tracker;

    c->set.alert.rules = rules;
    c->set.alert.lists = lists;
    c->set.alert.district = district;
    c->tracker = tracker_new(rules, on_raised, c);
    tracker_inherit(c->tracker, old);
    matcher_free(c->matcher);
    c->matcher = matcher_new(rules);
    matcher_free(c->moves);
    c->moves = matcher_new(rules);
    alert_maker_free(c->maker);
    c->maker = alert_maker_new(&c->set.alert);
    alert_maker_before(c->maker, before.rules, before.lists);
}

void courier_forget(struct courier *c)
{
    alert_maker_before(c->maker, NULL, NULL);
}

void courier_forget_counts(struct courier *c)
{
    tracker_forget_counts(c->tracker);
}

/* Returns whether there were any. */
static bool add_counts(struct tracker_counts *all, struct tracker_counts n)
{
    all->hits += n.hits;
    all->alerts += n.alerts;
    all->repeats += n.repeats;
    all->in_burst += n.in_burst;
    all->inhibited += n.inhibited;
    all->evicted += n.evicted;
    all->unsure += n.unsure;
    return n.hits > 0;
}

/* A rule's forms (rule.h) count together: they stand one behind the other. */
struct json *courier_stats(const struct courier *c)
{
    const struct ruleset *set = c->set.alert.rules;
    size_t end;
    struct json *o = json_new_object(), *rules = json_new_object();
    struct json *devices = json_new_object();

    for (size_t i = 0; i < ruleset_count(set); i = end) {
        struct tracker_counts n = {0};
        const struct rule *rule = ruleset_rule(set, i), *form = rule;
        struct json *one;

        for (end = i; end < ruleset_count(set) &&
                      strcmp(ruleset_rule(set, end)->id, rule->id) == 0;
             end++)
            if (add_counts(&n, tracker_counts(c->tracker, end)))
                form = ruleset_rule(set, end);
        if (!n.hits)
            continue;
        one = json_new_object();
        json_put_text(one, "mode", names_get(&names_rule_mode, form->mode));
        json_put_number(one, "hits", (int64_t)n.hits);
        json_put_number(one, "alerts", (int64_t)n.alerts);
        json_put_number(one, "repeats", (int64_t)n.repeats);
        json_put_number(one, "in_burst", (int64_t)n.in_burst);
        json_put_number(one, "inhibited", (int64_t)n.inhibited);
        json_put_number(one, "evicted", (int64_t)n.evicted);
        json_put_number(one, "unsure", (int64_t)n.unsure);
        json_put(rules, rule->id, one);
    }
    json_put(o, "rules", rules);
    json_put_number(devices, "now", (int64_t)device_table_count(c->devices));
    json_put_number(devices, "evicted", (int64_t)device_table_evicted(c->devices));
    json_put_number(devices, "dropped", (int64_t)device_table_dropped(c->devices));
    json_put_number(devices, "machines_evicted",
                    (int64_t)device_table_machines_evicted(c->devices));
    json_put(o, "devices", devices);
    return o;
}
