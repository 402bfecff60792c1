/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each rule has a map from keys to windows and one from keys to alerts that are not to be
 * repeated yet. The second is in order of the first alert, so that what is due stands at
 * its old end. Nothing here depends on anything but the hits and their times.
 */
#include "tracker.h"

#include <stdlib.h>

#include "hash.h"
#include "mem.h"
#include "window.h"

struct rule_state {
    struct tracker *tracker;
    size_t rule;
    struct agemap *windows; /* struct window; made when it is needed */
    struct agemap *told;    /* struct told */
    size_t bytes;           /* of the windows */
    uint64_t peak;
    usec_t peak_at;
    struct tracker_counts counts;
};

/* An alert was raised for this key at first; what came since. */
struct told {
    usec_t first;
    uint64_t repeats;
    struct window_reading latest;
    uint8_t *event; /* packed: the last repeat, for the summary */
    int event_len;
};

struct tracker {
    const struct ruleset *set;
    tracker_fn *fn;
    void *arg;
    struct hash_key secrets[2];
    struct hash_key shared[2];  /* for estimates: the same wherever the rules are */
    struct rule_state **states; /* NULL: the rule was not hit yet */
    size_t count;
    struct event *event;            /* room for a summary's */
    uint8_t packed[EVENT_PACK_MAX]; /* room to pack one */
    bool silent;                    /* going away: no summaries */
};

/* An estimate depends on the keys of its hash. They follow from the rules, so that a
 * capture and the wire, and the courier after a crash, estimate alike. */
static void share_keys(struct tracker *t)
{
    uint64_t seed = strtoull(ruleset_version(t->set), NULL, 16);

    hash_key_from_seed(seed, &t->shared[0]);
    hash_key_from_seed(~seed, &t->shared[1]);
}

struct tracker *tracker_new(const struct ruleset *set, tracker_fn *fn, void *arg)
{
    struct tracker *t = xcalloc(1, sizeof(*t));

    t->set = set;
    t->fn = fn;
    t->arg = arg;
    hash_key_random(&t->secrets[0]);
    hash_key_random(&t->secrets[1]);
    share_keys(t);
    t->event = event_new();
    t->count = ruleset_count(set);
    t->states = xcalloc(t->count + 1, sizeof(*t->states));
    return t;
}

void tracker_free(struct tracker *t)
{
    if (!t)
        return;
    t->silent = true;
    for (size_t i = 0; i < t->count; i++) {
        if (!t->states[i])
            continue;
        agemap_free(t->states[i]->windows);
        agemap_free(t->states[i]->told);
        free(t->states[i]);
    }
    free(t->states);
    event_free(t->event);
    free(t);
}

static struct rule_state *state_of(struct tracker *t, size_t rule)
{
    struct rule_state *s = t->states[rule];

    if (s)
        return s;
    s = t->states[rule] = xcalloc(1, sizeof(*s));
    s->tracker = t;
    s->rule = rule;
    return s;
}

static const struct rule *rule_of(const struct rule_state *s)
{
    return ruleset_rule(s->tracker->set, s->rule);
}

/* ---- keys ---- */

static struct agemap_key hash_two(const struct hash_key keys[2], const void *bytes,
                                  size_t len)
{
    return (struct agemap_key){hash_bytes(&keys[0], bytes, len),
                               hash_bytes(&keys[1], bytes, len)};
}

static struct agemap_key hash_texts(const struct hash_key keys[2], const struct value *v)
{
    struct agemap_key parts[EVENT_LIST_MAX];
    size_t count = v->text_count < EVENT_LIST_MAX ? v->text_count : EVENT_LIST_MAX;

    for (size_t i = 0; i < count; i++)
        parts[i] = hash_two(keys, v->texts[i].at, v->texts[i].len);
    return hash_two(keys, parts, count * sizeof(parts[0]));
}

static struct agemap_key hash_value(const struct hash_key keys[2], const struct value *v,
                                    enum field_type type)
{
    switch (type) {
    case TYPE_TEXT:
    case TYPE_DOMAIN:
        return hash_two(keys, v->text.at, v->text.len);
    case TYPE_ADDR:
        return hash_two(keys, &v->addr, sizeof(v->addr));
    case TYPE_MAC:
        return hash_two(keys, &v->mac, sizeof(v->mac));
    case TYPE_TEXTS:
    case TYPE_DOMAINS:
        return hash_texts(keys, v);
    case TYPE_ADDRS:
        return hash_two(keys, v->addrs, v->addr_count * sizeof(v->addrs[0]));
    default:
        return hash_two(keys, &v->number, sizeof(v->number));
    }
}

static struct agemap_key key_by(const struct tracker *t, const enum field_id *by,
                                size_t count, const struct event *e)
{
    struct agemap_key parts[RULE_BY_MAX] = {{0}};

    for (size_t i = 0; i < count; i++) {
        const struct value *v = event_get(e, by[i]);

        if (v)
            parts[i] = hash_value(t->secrets, v, field_get(by[i])->type);
    }
    return hash_two(t->secrets, parts, count * sizeof(parts[0]));
}

/* ---- windows ---- */

static void drop_window(void *place, void *arg)
{
    struct rule_state *s = arg;
    struct window *w = place;

    s->bytes -= window_bytes(w);
    window_done(w);
}

/* Keys that have been silent for a whole window have nothing left to count. */
static void drop_empty_windows(struct rule_state *s, usec_t now)
{
    const struct window *w;

    while (s->windows && (w = agemap_oldest(s->windows)) && now > w->newest &&
           now - w->newest > rule_of(s)->window.within)
        agemap_drop_oldest(s->windows);
}

static void tell_apart(const struct tracker *t, const struct value *v,
                       enum field_type type, struct window_item *item)
{
    item->key = hash_value(t->secrets, v, type);
    item->hash = hash_value(t->shared, v, type).a;
}

/* What e adds to its window; false when it lacks the field that is counted. */
static bool count_event(struct rule_state *s, uint32_t parts, const struct event *e,
                        struct window_reading *ret)
{
    const struct rule_window *rule = &rule_of(s)->window;
    const struct value *of = rule->of == FIELD_UNKNOWN ? NULL : event_get(e, rule->of);
    struct agemap_key key = key_by(s->tracker, rule->by, rule->by_count, e);
    struct window_item item = {.parts = parts};
    bool is_new, evicted;
    struct window *w;

    if (rule->of != FIELD_UNKNOWN && !of)
        return false;
    if (rule->kind == WINDOW_DISTINCT)
        tell_apart(s->tracker, of, field_get(rule->of)->type, &item);
    else if (rule->kind == WINDOW_SUM)
        item.amount = of->number;
    if (!s->windows)
        s->windows = agemap_new(sizeof(struct window), rule->max_keys, drop_window, s);
    w = agemap_touch(s->windows, &key, &is_new, &evicted);
    s->counts.evicted += evicted;
    s->bytes -= is_new ? 0 : window_bytes(w);
    *ret = window_add(w, rule, event_time(e), &item);
    s->bytes += window_bytes(w);
    while (s->bytes > TRACKER_BYTES && agemap_count(s->windows) > 1) {
        agemap_drop_oldest(s->windows);
        s->counts.evicted++;
    }
    if (s->peak < ret->value &&
        (rule->kind != WINDOW_RATIO || ret->count >= rule->least)) {
        s->peak = ret->value;
        s->peak_at = event_time(e);
    }
    return true;
}

/* ---- telling ---- */

static void raise_alert(struct rule_state *s, const struct event *e,
                        const struct window_reading *w)
{
    struct raised r = {
        .rule = s->rule,
        .event = e,
        .first = w->first,
        .last = w->last,
        .value = w->value,
        .count = w->count,
        .error = w->error,
        .approximate = w->approximate,
    };

    s->counts.alerts++;
    s->tracker->fn(&r, s->tracker->arg);
}

static void raise_summary(struct rule_state *s, const struct told *told)
{
    struct tracker *t = s->tracker;
    struct raised r = {
        .rule = s->rule,
        .event = t->event,
        .first = told->first,
        .last = told->latest.last,
        .value = told->latest.value,
        .count = told->latest.count,
        .error = told->latest.error,
        .approximate = told->latest.approximate,
        .summary = true,
        .repeats = told->repeats,
    };

    if (event_unpack(t->event, told->event, (size_t)told->event_len) != 0)
        return;
    s->counts.summaries++;
    t->fn(&r, t->arg);
}

static void drop_told(void *place, void *arg)
{
    struct rule_state *s = arg;
    struct told *told = place;

    if (told->event && !s->tracker->silent)
        raise_summary(s, told);
    free(told->event);
    told->event = NULL;
}

static void drop_due(struct rule_state *s, usec_t now)
{
    const struct told *told;

    while (s->told && (told = agemap_oldest(s->told)) && now > told->first &&
           now - told->first >= rule_of(s)->dedup.every)
        agemap_drop_oldest(s->told);
}

static void note_repeat(struct rule_state *s, struct told *told, const struct event *e,
                        const struct window_reading *w)
{
    struct tracker *t = s->tracker;
    int len;

    s->counts.repeats++;
    told->repeats++;
    told->latest = *w;
    if (rule_of(s)->dedup.emit == DEDUP_FIRST)
        return;
    len = event_pack(e, t->packed, sizeof(t->packed));
    if (len < 0)
        return;
    told->event = xrealloc(told->event, (size_t)len, 1);
    memcpy(told->event, t->packed, (size_t)len);
    told->event_len = len;
}

static void tell(struct rule_state *s, const struct event *e,
                 const struct window_reading *w)
{
    const struct rule *rule = rule_of(s);
    uint32_t capacity = rule->window.max_keys ? rule->window.max_keys : 10000;
    struct agemap_key key;
    bool is_new, evicted;
    struct told *told;

    if (rule->dedup.every == 0) {
        raise_alert(s, e, w);
        return;
    }
    key = key_by(s->tracker, rule->dedup.by, rule->dedup.by_count, e);
    if (!s->told)
        s->told = agemap_new(sizeof(struct told), capacity, drop_told, s);
    told = agemap_find(s->told, &key);
    if (told) {
        note_repeat(s, told, e, w);
        return;
    }
    told = agemap_touch(s->told, &key, &is_new, &evicted);
    told->first = event_time(e);
    s->counts.evicted += evicted;
    raise_alert(s, e, w);
}

/* ---- from outside ---- */

void tracker_hit(struct tracker *t, size_t rule, uint32_t parts, const struct event *e)
{
    struct rule_state *s = state_of(t, rule);
    struct window_reading w = {
        .value = 1, .met = true, .first = event_time(e), .last = event_time(e)};

    s->counts.hits++;
    drop_due(s, event_time(e));
    if (rule_of(s)->window.kind != WINDOW_NONE && !count_event(s, parts, e, &w))
        return;
    if (w.met)
        tell(s, e, &w);
}

void tracker_tick(struct tracker *t, usec_t now)
{
    for (size_t i = 0; i < t->count; i++) {
        if (!t->states[i])
            continue;
        drop_due(t->states[i], now);
        drop_empty_windows(t->states[i], now);
    }
}

void tracker_finish(struct tracker *t)
{
    for (size_t i = 0; i < t->count; i++)
        while (t->states[i] && t->states[i]->told && agemap_count(t->states[i]->told) > 0)
            agemap_drop_oldest(t->states[i]->told);
}

struct tracker_counts tracker_counts(const struct tracker *t, size_t rule)
{
    return t->states[rule] ? t->states[rule]->counts : (struct tracker_counts){0};
}

uint64_t tracker_peak(const struct tracker *t, size_t rule, usec_t *ret_at)
{
    *ret_at = t->states[rule] ? t->states[rule]->peak_at : 0;
    return t->states[rule] ? t->states[rule]->peak : 0;
}

static void take_over(struct tracker *t, size_t to, struct tracker *old, size_t from)
{
    t->states[to] = old->states[from];
    old->states[from] = NULL;
    if (!t->states[to])
        return;
    t->states[to]->tracker = t;
    t->states[to]->rule = to;
}

void tracker_inherit(struct tracker *t, struct tracker *old)
{
    memcpy(t->secrets, old->secrets, sizeof(t->secrets));
    memcpy(t->shared, old->shared, sizeof(t->shared));
    for (size_t i = 0; i < t->count; i++) {
        const struct rule *rule = ruleset_rule(t->set, i);
        int from = ruleset_find(old->set, rule->id);

        if (from >= 0 && ruleset_rule(old->set, (size_t)from)->revision == rule->revision)
            take_over(t, i, old, (size_t)from);
    }
    tracker_free(old);
}
