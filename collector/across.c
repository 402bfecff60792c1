/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beside the tracker, which forgets what it counted, each rule has a ring of its latest
 * hits: where they were and whose. When it raises an alert, those of the same key in the
 * same time are named.
 */
#include "collector/across.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "crypt.h"
#include "hash.h"
#include "mem.h"

#define NAMES_MAX 8192 /* sites and rules */
#define NO_NAME   UINT16_MAX

/* An alert that a rule counted. */
struct part {
    usec_t at;
    int64_t id;
    uint64_t key;
    uint16_t site, rule; /* numbers of names, or NO_NAME */
    enum role owner;
};

struct parts {
    struct part *at; /* ACROSS_PARTS of them */
    size_t next, count;
};

struct names_seen {
    char **at;
    size_t count, capacity;
};

struct across {
    struct across_settings set;
    struct matcher *matcher;
    struct tracker *tracker;
    struct alert_maker *maker;
    struct event *event, *shown;
    struct hash_key secret;
    struct names_seen names;
    struct parts *parts;          /* by rule */
    struct tracker_counts *taken; /* by rule: what was counted when it was taken */
    const struct store_alert *alert;
    const struct json *document; /* of the alert that is looked at; NULL in a tick */
    bool told;                   /* of a rule that sums up */
};

/* ---- what is counted ---- */

bool across_wanted(const struct ruleset *rules)
{
    for (size_t i = 0; i < ruleset_count(rules); i++)
        if (ruleset_rule(rules, i)->at_collector &&
            ruleset_rule(rules, i)->mode != MODE_DISABLED)
            return true;
    return false;
}

static void raise_to(usec_t *most, usec_t value)
{
    if (*most < value)
        *most = value;
}

/* A rule's own memory, and before it that of those that it hears of. */
usec_t across_horizon(const struct ruleset *rules)
{
    usec_t window = 0, sequence = 0, combine = 0, inhibits = 0, burst = 0, summary = 0;

    for (size_t i = 0; i < ruleset_count(rules); i++) {
        const struct rule *r = ruleset_rule(rules, i);

        if (!r->at_collector || r->mode == MODE_DISABLED)
            continue;
        raise_to(&window, r->window.within);
        raise_to(&sequence, r->sequence.keys.within);
        raise_to(&combine, r->combine.keys.within);
        raise_to(&inhibits, r->inhibits.within);
        raise_to(&burst, r->burst.within);
        if (r->dedup.emit == DEDUP_FIRST_AND_SUMMARY)
            raise_to(&summary, r->dedup.every);
    }
    return window + sequence + combine + inhibits + burst + summary;
}

static bool is_own(const struct store_alert *a)
{
    return a->epoch == ACROSS_EPOCH && strcmp(a->agent, ACROSS_AGENT) == 0;
}

bool across_counts(const struct store_alert *a)
{
    return !a->drill && !a->summary && a->fate != ALERT_SILENCED &&
           a->fate != ALERT_INHIBITED && !is_own(a);
}

usec_t across_time(const struct store_alert *a)
{
    return a->at < a->arrived ? a->at : a->arrived;
}

/* ---- what an alert shows ---- */

static bool is_one_of(enum field_id f, const enum field_id *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fields[i] == f)
            return true;
    return false;
}

static bool has_state(const struct rule *rule)
{
    return rule->window.kind != WINDOW_NONE || rule->sequence.steps > 0 ||
           rule->combine.count > 0;
}

static const enum field_id *by_of(const struct rule *rule, size_t *ret_count)
{
    const struct rule_keys *keys =
        rule->combine.count > 0 ? &rule->combine.keys : &rule->sequence.keys;

    *ret_count =
        rule->window.kind != WINDOW_NONE ? rule->window.by_count : keys->by_count;
    return rule->window.kind != WINDOW_NONE ? rule->window.by : keys->by;
}

/* What follows from a field is shared as well. */
static enum field_id source_of(enum field_id f)
{
    switch (f) {
    case FIELD_SITE_TYPE:
        return FIELD_SITE_ID;
    case FIELD_SEGMENT_AUDIENCE:
    case FIELD_SEGMENT_BAND:
        return FIELD_SEGMENT_NAME;
    case FIELD_HOST_REGISTRABLE:
        return FIELD_HOST;
    case FIELD_ALERT_FAMILY:
        return FIELD_ALERT_RULE;
    default:
        return f;
    }
}

static bool is_shared(const struct rule *rule, const struct raised *r, enum field_id f)
{
    size_t count;
    const enum field_id *by = by_of(rule, &count);

    if (r->burst)
        return f == rule->burst.by || source_of(f) == rule->burst.by ||
               f == FIELD_SITE_ID;
    return !has_state(rule) || is_one_of(f, by, count) ||
           is_one_of(source_of(f), by, count);
}

static void copy_shared(struct across *a, const struct rule *rule, const struct raised *r)
{
    event_copy(a->shown, r->event);
    for (enum field_id f = event_next(a->shown, 0); f < FIELD_COUNT;
         f = event_next(a->shown, f + 1))
        if (f == FIELD_DEVICE || !is_shared(rule, r, f))
            event_drop(a->shown, f);
}

/* As much as both the rule and the alert show: a pseudonym can't be made here of what is
 * open, for only agents have the key. */
static void put_device(const struct across *a, const struct rule *rule,
                       const struct raised *r, struct json *doc)
{
    const struct value *device = event_get(r->event, FIELD_DEVICE);
    const struct value *shows = event_get(r->event, FIELD_ALERT_IDENTITY);
    const char *sealed =
        json_text(json_get_path(a->document, "hallwatch.device.sealed"), NULL);
    bool open = shows && shows->number == IDENTITY_DEVICE;

    if (!device || !shows || r->burst || !is_shared(rule, r, FIELD_DEVICE) ||
        rule->identity == IDENTITY_NONE || (open && rule->identity != IDENTITY_DEVICE))
        return;
    json_put_path(doc, open ? "hallwatch.device.key" : "hallwatch.device.pseudonym",
                  json_new_bytes(device->text));
    if (!open) {
        json_put_path(doc, "hallwatch.identity", json_new_text("pseudonym"));
        if (sealed)
            json_put_path(doc, "hallwatch.device.sealed", json_new_text(sealed));
    }
}

/* ---- its parts ---- */

static uint16_t name_number(struct across *a, const char *name)
{
    struct names_seen *n = &a->names;

    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->at[i], name) == 0)
            return (uint16_t)i;
    if (n->count == NAMES_MAX)
        return NO_NAME;
    n->at = xgrow(n->at, n->count, &n->capacity, sizeof(*n->at));
    n->at[n->count] = xstrdup(name);
    return (uint16_t)n->count++;
}

static void print_values(const struct event *e, const enum field_id *by, size_t count,
                         struct buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        if (event_has(e, by[i]))
            event_print_value(e, by[i], out);
        buffer_add(out, "", 1);
    }
}

static uint64_t part_key(const struct across *a, const struct rule *rule,
                         const struct event *e)
{
    auto_buffer struct buffer b = {0};
    size_t count;
    const enum field_id *by = by_of(rule, &count);

    print_values(e, by, count, &b);
    return hash_bytes(&a->secret, b.at, b.len);
}

static void note_part(struct across *a, size_t rule)
{
    struct parts *p = &a->parts[rule];

    if (!p->at)
        p->at = xcalloc(ACROSS_PARTS, sizeof(*p->at));
    p->at[p->next] = (struct part){
        .at = event_time(a->event),
        .id = a->alert->id,
        .key = part_key(a, ruleset_rule(a->set.rules, rule), a->event),
        .site = name_number(a, a->alert->site),
        .rule = name_number(a, a->alert->rule),
        .owner = a->alert->owner,
    };
    p->next = (p->next + 1) % ACROSS_PARTS;
    p->count += p->count < ACROSS_PARTS;
}

static void note_for(struct across *a, const struct rule_listener *who, size_t count)
{
    for (size_t i = 0; i < count; i++)
        note_part(a, who[i].rule);
}

/* Names, each once, up to as many as are named. */
struct naming {
    uint16_t numbers[ACROSS_NAMED];
    size_t count;
    struct json *list;
};

static void name_it(const struct across *a, struct naming *n, uint16_t number)
{
    for (size_t i = 0; i < n->count; i++)
        if (n->numbers[i] == number)
            return;
    if (number == NO_NAME || n->count == ACROSS_NAMED || !*a->names.at[number])
        return;
    n->numbers[n->count++] = number;
    json_add(n->list, json_new_text(a->names.at[number]));
}

static void name_alert(struct json *list, int64_t id)
{
    char number[24];

    snprintf(number, sizeof(number), "%" PRId64, id);
    json_add(list, json_new_text(number));
}

/* The newest first. */
static struct json *parts_json(const struct across *a, const struct raised *r)
{
    const struct rule *rule = ruleset_rule(a->set.rules, r->rule);
    const struct parts *p = &a->parts[r->rule];
    uint64_t key = part_key(a, rule, r->event);
    struct naming sites = {.list = json_new_list()}, rules = {.list = json_new_list()};
    struct json *o = json_new_object(), *alerts = json_new_list();
    int64_t count = 0;
    size_t named = 0;

    for (size_t i = 1; i <= p->count; i++) {
        const struct part *part = &p->at[(p->next + ACROSS_PARTS - i) % ACROSS_PARTS];

        if (part->at < r->first || part->at > r->last || part->key != key)
            continue;
        count++;
        name_it(a, &sites, part->site);
        if (part->owner != rule->owner)
            continue;
        name_it(a, &rules, part->rule);
        if (named++ < ACROSS_NAMED)
            name_alert(alerts, part->id);
    }
    json_put_number(o, "count", count);
    json_put(o, "sites", sites.list);
    json_put(o, "rules", rules.list);
    json_put(o, "alerts", alerts);
    return o;
}

/* ---- what the tracker raises ---- */

static void digest_key(const struct rule *rule, const struct event *e,
                       char ret_key[ACROSS_KEY])
{
    auto_buffer struct buffer b = {0};
    uint8_t hash[32];

    print_values(e, rule->dedup.by, rule->dedup.by_count, &b);
    crypt_sha256(b.at ? b.at : "", b.len, hash);
    crypt_hex(hash, (ACROSS_KEY - 1) / 2, ret_key);
}

static struct across_told question(const struct across *a, const struct raised *r,
                                   const char *key)
{
    const struct rule *rule = ruleset_rule(a->set.rules, r->rule);

    return (struct across_told){
        .rule = rule,
        .key = key,
        .time = r->summary ? r->first : event_time(r->event),
        .cause = a->alert ? a->alert->id : 0,
        .summary = r->summary,
        .by_cause = r->burst || rule->dedup.every == 0,
    };
}

static enum tracker_known ask(struct across *a, const struct raised *r, usec_t *ret_first)
{
    char key[ACROSS_KEY];
    struct across_told q;

    if (!a->set.recall)
        return TRACKER_NEW;
    digest_key(ruleset_rule(a->set.rules, r->rule), r->event, key);
    q = question(a, r, key);
    return a->set.recall(&q, ret_first, a->set.arg);
}

static enum tracker_known on_recall(const struct raised *r, usec_t *ret_first, void *arg)
{
    return ask(arg, r, ret_first);
}

static void tell(struct across *a, const struct raised *r)
{
    const struct rule *rule = ruleset_rule(a->set.rules, r->rule);
    struct raised shown = *r;
    auto_json struct json *doc = NULL;
    auto_free char *text = NULL;
    struct across_told q;
    char key[ACROSS_KEY];

    copy_shared(a, rule, r);
    shown.event = a->shown;
    doc = alert_make(a->maker, &shown);
    if (doc) {
        put_device(a, rule, r, doc);
        json_put_path(doc, "hallwatch.parts", parts_json(a, r));
        text = json_write(doc);
    }
    digest_key(rule, r->event, key);
    q = question(a, r, key);
    a->set.raise(&q, text, a->set.arg);
}

static void on_raised(const struct raised *r, void *arg)
{
    struct across *a = arg;
    usec_t first;

    a->told = a->told ||
              ruleset_rule(a->set.rules, r->rule)->dedup.emit == DEDUP_FIRST_AND_SUMMARY;
    if (!r->summary || ask(a, r, &first) == TRACKER_NEW)
        tell(a, r);
}

/* ---- from outside ---- */

struct across *across_new(const struct across_settings *settings)
{
    struct across *a = xcalloc(1, sizeof(*a));
    size_t count = ruleset_count(settings->rules);

    a->set = *settings;
    a->matcher = matcher_new(settings->rules);
    a->tracker = tracker_new(settings->rules, on_raised, a);
    tracker_ask(a->tracker, on_recall);
    a->maker = alert_maker_new(&(struct alert_settings){.rules = settings->rules,
                                                        .lists = settings->lists,
                                                        .district = settings->district,
                                                        .agent = ACROSS_AGENT});
    a->event = event_new();
    a->shown = event_new();
    hash_key_random(&a->secret);
    a->parts = xcalloc(count + 1, sizeof(*a->parts));
    a->taken = xcalloc(count + 1, sizeof(*a->taken));
    return a;
}

void across_free(struct across *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < ruleset_count(a->set.rules); i++)
        free(a->parts[i].at);
    for (size_t i = 0; i < a->names.count; i++)
        free(a->names.at[i]);
    free(a->names.at);
    free(a->parts);
    free(a->taken);
    tracker_free(a->tracker);
    matcher_free(a->matcher);
    alert_maker_free(a->maker);
    event_free(a->event);
    event_free(a->shown);
    free(a);
}

static void on_match(size_t number, enum match_verdict verdict, void *arg)
{
    struct across *a = arg;
    const struct rule *rule = ruleset_rule(a->set.rules, number);

    if (verdict != MATCH_HIT || !rule->at_collector)
        return;
    note_part(a, number);
    note_for(a, rule->listeners, rule->listener_count);
    tracker_hit(a->tracker, number, matcher_parts(a->matcher, number, a->event),
                a->event);
}

static void hear(struct across *a)
{
    int number = ruleset_find(a->set.rules, a->alert->rule);

    if (number < 0)
        return;
    note_for(a, ruleset_rule(a->set.rules, (size_t)number)->afar,
             ruleset_rule(a->set.rules, (size_t)number)->afar_count);
    tracker_alert(a->tracker, a->event);
}

void across_alert(struct across *a, const struct store_alert *alert)
{
    auto_json struct json *document =
        json_parse(alert->document, strlen(alert->document), NULL);

    a->alert = alert;
    a->document = document;
    alert_event_fill(a->event, &(struct alert_told){alert, document}, across_time(alert),
                     a->set.rules, a->set.district);
    ruleset_match(a->matcher, a->event, on_match, a);
    hear(a);
    a->alert = NULL;
    a->document = NULL;
}

void across_tick(struct across *a, usec_t now)
{
    tracker_tick(a->tracker, now);
}

bool across_waits(const struct across *a)
{
    return a->told;
}

struct tracker_counts across_take_counts(struct across *a, size_t rule)
{
    struct tracker_counts now = tracker_counts(a->tracker, rule), *was = &a->taken[rule];
    struct tracker_counts new = {
        .hits = now.hits - was->hits,
        .alerts = now.alerts - was->alerts,
        .repeats = now.repeats - was->repeats,
        .summaries = now.summaries - was->summaries,
        .in_burst = now.in_burst - was->in_burst,
        .inhibited = now.inhibited - was->inhibited,
        .evicted = now.evicted - was->evicted,
    };

    *was = now;
    return new;
}
