/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each rule has maps from keys to what it counts, and one from keys to alerts that are
 * not to be repeated yet. Nothing here depends on anything but the hits and their times.
 */
#include <errno.h>
#include <stdlib.h>

#include "mem.h"
#include "sequence.h"
#include "tracker_state.h"

static bool ends_in_silence(const struct rule *rule)
{
    return rule->sequence.steps > 0 && rule->sequence.silence[rule->sequence.steps - 1];
}

static void note_silent_rules(struct tracker *t)
{
    t->silent_rules = xcalloc(t->count + 1, sizeof(*t->silent_rules));
    for (size_t i = 0; i < t->count; i++)
        if (ends_in_silence(ruleset_rule(t->set, i)))
            t->silent_rules[t->silent_count++] = i;
}

struct tracker *tracker_new(const struct ruleset *set, tracker_fn *fn, void *arg)
{
    struct tracker *t = xcalloc(1, sizeof(*t));

    t->set = set;
    t->fn = fn;
    t->arg = arg;
    tracker_make_keys(t);
    t->event = event_new();
    t->quiet = event_new();
    t->seen = UINT64_MAX;
    t->count = ruleset_count(set);
    t->states = xcalloc(t->count + 1, sizeof(*t->states));
    note_silent_rules(t);
    return t;
}

void tracker_as_shipped(struct tracker *t, bool shipped)
{
    t->shipped = shipped;
}

void tracker_stand_in(struct tracker *t, const struct schedule_stand_in *instead)
{
    t->instead = instead;
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
        agemap_free(t->states[i]->sequences);
        agemap_free(t->states[i]->waiting);
        agemap_free(t->states[i]->combined);
        agemap_free(t->states[i]->inhibiting);
        agemap_free(t->states[i]->bursts);
        agemap_free(t->states[i]->told);
        free(t->states[i]);
    }
    free(t->states);
    free(t->silent_rules);
    event_free(t->event);
    event_free(t->quiet);
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

/* ---- windows ---- */

#define EXACT_DEVICES 256 /* beyond those that are needed, before they are estimated */

/* A key's: what the rule counts, and for an aggregate from how many devices it comes. */
struct counted {
    struct window window, devices;
};

static size_t counted_bytes(const struct counted *c)
{
    return window_bytes(&c->window) + window_bytes(&c->devices);
}

static void drop_window(void *place, void *arg)
{
    struct rule_state *s = arg;
    struct counted *c = place;

    s->bytes -= counted_bytes(c);
    window_done(&c->window);
    window_done(&c->devices);
}

/* Keys that have been silent for a whole window have nothing left to count. */
static void drop_empty_windows(struct rule_state *s, usec_t now)
{
    const struct counted *c;

    while (s->windows && (c = agemap_oldest(s->windows)) && now > c->window.newest &&
           now - c->window.newest > rule_of(s)->window.within)
        agemap_drop_oldest(s->windows);
}

/* True when enough devices are in it; an event without one comes from none. */
static bool count_devices(struct rule_state *s, struct window *devices, struct raised *r)
{
    const struct rule *rule = rule_of(s);
    const struct value *device = event_get(r->event, FIELD_DEVICE);
    struct rule_window window = {.kind = WINDOW_DISTINCT,
                                 .within = rule->window.within,
                                 .reach = rule->aggregate,
                                 .exact_up_to = rule->aggregate + EXACT_DEVICES};
    struct window_item item = {0};
    struct window_reading got;

    if (!rule->aggregate || !device)
        return !rule->aggregate;
    tracker_tell_apart(s->tracker, device, TYPE_TEXT, &item);
    got = window_add(devices, &window, event_time(r->event), &item);
    r->devices = got.value;
    return got.met;
}

static struct counted *counted_of(struct rule_state *s, const struct raised *r)
{
    const struct rule_window *rule = &rule_of(s)->window;
    struct agemap_key key = tracker_key(s->tracker, rule->by, rule->by_count, r->event);
    struct counted *c;
    bool is_new, evicted;

    if (!s->windows)
        s->windows = agemap_new(sizeof(*c), rule->max_keys, drop_window, s);
    c = agemap_touch(s->windows, &key, &is_new, &evicted);
    s->counts.evicted += evicted;
    s->bytes += is_new ? counted_bytes(c) : 0;
    return c;
}

static bool add_to_window(struct rule_state *s, struct raised *r,
                          const struct window_item *item, struct window_reading *ret)
{
    struct counted *c = counted_of(s, r);
    bool enough;

    s->bytes -= counted_bytes(c);
    *ret = window_add(&c->window, &rule_of(s)->window, event_time(r->event), item);
    enough = count_devices(s, &c->devices, r);
    s->bytes += counted_bytes(c);
    while (s->bytes > TRACKER_BYTES && agemap_count(s->windows) > 1) {
        agemap_drop_oldest(s->windows);
        s->counts.evicted++;
    }
    return ret->met && enough;
}

/* For a test that failed: how near it came. Even times are near when there are many. */
static void note_reading(struct rule_state *s, const struct window_reading *got,
                         usec_t now)
{
    const struct rule_window *rule = &rule_of(s)->window;

    if (rule->kind == WINDOW_REGULAR)
        note_peak(s, got->count, now);
    else if (rule->kind != WINDOW_RATIO || got->count >= rule->least)
        note_peak(s, got->value, now);
}

/* Of a conversation all of it, which may be over for a while when it is told. */
static void put_span(struct window_item *item, const struct event *e)
{
    const struct value *start = event_get(e, FIELD_FLOW_START_TIME);
    const struct value *duration = event_get(e, FIELD_FLOW_DURATION);

    item->began = item->ended = event_time(e);
    if (!start || start->number > event_time(e))
        return;
    item->began = start->number;
    if (duration && duration->number <= item->ended - item->began)
        item->ended = item->began + duration->number;
}

/* True when the window is met; an event that lacks what is counted adds nothing. */
static bool meets_window(struct rule_state *s, uint32_t parts, struct raised *r)
{
    const struct rule_window *rule = &rule_of(s)->window;
    const struct value *of =
        rule->of == FIELD_UNKNOWN ? NULL : event_get(r->event, rule->of);
    const struct value *whose =
        rule->kind == WINDOW_SHARE ? event_get(r->event, rule->value) : NULL;
    struct window_item item = {.parts = parts};
    struct window_reading got;
    bool met;

    if (rule->of != FIELD_UNKNOWN && !of)
        return false;
    if (of && rule->kind == WINDOW_DISTINCT)
        tracker_tell_apart(s->tracker, of, field_get(rule->of)->type, &item);
    else if (of)
        item.amount = of->number;
    if (whose)
        tracker_tell_apart(s->tracker, whose, field_get(rule->value)->type, &item);
    if (rule->apart)
        put_span(&item, r->event);
    met = add_to_window(s, r, &item, &got);
    note_reading(s, &got, event_time(r->event));
    r->first = got.first;
    r->last = got.last;
    r->value = got.value;
    r->count = got.count;
    r->error = got.error;
    r->approximate = got.approximate;
    return met;
}

/* ---- sequences ---- */

/* Whether a silence is over is known when its time was seen. */
static void drop_old_sequences(struct rule_state *s, usec_t now)
{
    const struct sequence *q;

    if (rule_of(s)->sequence.silences && s->tracker->seen < now)
        now = s->tracker->seen;
    while (s->sequences && (q = agemap_oldest(s->sequences)) && now > q->newest &&
           now - q->newest > rule_of(s)->sequence.keys.within)
        agemap_drop_oldest(s->sequences);
}

/* Of a rule that ends in a silence, those that wait for it have places as well, and half
 * of the bytes are their events'. */
static uint32_t sequences_most(const struct rule_state *s)
{
    const struct rule_sequence *rule = &rule_of(s)->sequence;
    size_t place = sequence_size(rule->steps);

    if (ends_in_silence(rule_of(s)))
        place = 2 * (place + tracker_silence_place());
    return tracker_keys_most(&rule->keys, place);
}

/* The event, which meets these steps for that key. */
static bool add_to_sequence(struct rule_state *s, uint32_t parts,
                            const struct agemap_key *key, struct raised *r)
{
    const struct rule_sequence *rule = &rule_of(s)->sequence;
    struct sequence_plan plan = tracker_plan(rule_of(s));
    struct tracker *t = s->tracker;
    size_t place = sequence_size(rule->steps);
    usec_t now = event_time(r->event);
    bool is_new, evicted, met;
    struct sequence *q;

    if (!s->sequences)
        s->sequences = agemap_new(place, sequences_most(s), NULL, NULL);
    q = agemap_touch(s->sequences, key, &is_new, &evicted);
    s->counts.evicted += evicted;
    if (rule->silences)
        tracker_silences(s, q, &plan, r->event);
    met = sequence_add(q, &plan, parts, now, t->step_times);
    if (rule->silences)
        tracker_silence_note(s, key, q, &plan, r->event);
    note_peak(s, met ? rule->steps : sequence_reached(q), now);
    r->value = rule->steps;
    r->first = t->step_times[0];
    r->step_times = t->step_times;
    return met;
}

/*
 * Where steps name fields of their own, an event may be a step for one machine and
 * another one for the next: as called and as calling. Those steps that are for the same
 * key are one step of its run. The last is for one key only, so one run is met at most.
 */
static bool meets_apart(struct rule_state *s, uint32_t parts, struct raised *r)
{
    const struct rule_sequence *rule = &rule_of(s)->sequence;
    struct agemap_key keys[RULE_PARTS_MAX];
    bool met = false;

    for (size_t i = 0; i < rule->steps; i++)
        if (parts >> i & 1 && !tracker_whole_key(s->tracker, rule->by[i],
                                                 rule->keys.by_count, r->event, &keys[i]))
            parts &= ~(1U << i);
    while (parts) {
        const struct agemap_key *key = &keys[__builtin_ctz(parts)];
        uint32_t same = 0;

        for (size_t i = 0; i < rule->steps; i++)
            if (parts >> i & 1 && keys[i].a == key->a && keys[i].b == key->b)
                same |= 1U << i;
        parts &= ~same;
        met = add_to_sequence(s, same, key, r) || met;
    }
    return met;
}

static bool meets_sequence(struct rule_state *s, uint32_t parts, struct raised *r)
{
    const struct rule_sequence *rule = &rule_of(s)->sequence;
    struct agemap_key key;

    if (rule->apart)
        return meets_apart(s, parts, r);
    return tracker_whole_key(s->tracker, rule->keys.by, rule->keys.by_count, r->event,
                             &key) &&
           add_to_sequence(s, parts, &key, r);
}

/* ---- from outside ---- */

static void rule_is_met(struct rule_state *s, const struct raised *r);

static void let_hear(struct tracker *t, const struct rule_listener *who,
                     const struct raised *r)
{
    struct rule_state *s = state_of(t, who->rule);
    size_t rules[RULE_COMBINE_MAX];
    struct raised mine = {.rule = who->rule, .event = r->event};

    if (ruleset_rule(t->set, r->rule)->mode == MODE_SHADOW &&
        rule_of(s)->mode != MODE_SHADOW)
        return;
    if (t->shipped ? rule_of(s)->changed_by != NULL
                   : !ruleset_holds(t->set, who->rule, r->event))
        return;
    s->counts.hits++;
    tracker_tell_due(s, event_time(r->event));
    if (tracker_combine(s, who->member, &mine, rules))
        rule_is_met(s, &mine);
}

/* No rule is part of itself (rule_link.c), so this ends. */
static void rule_is_met(struct rule_state *s, const struct raised *r)
{
    const struct rule *rule = rule_of(s);

    if (tracker_inhibited(s, r->event)) {
        s->counts.inhibited++;
        return;
    }
    tracker_tell(s, r);
    tracker_inhibit(s, r->event);
    for (size_t i = 0; i < rule->listener_count; i++)
        let_hear(s->tracker, &rule->listeners[i], r);
}

void tracker_met(struct rule_state *s, const struct raised *r)
{
    tracker_tell_due(s, event_time(r->event));
    rule_is_met(s, r);
}

/* What is silent until now is so before what comes now, whenever time is told of. */
static void tell_silences(struct tracker *t, usec_t now)
{
    for (size_t i = 0; i < t->silent_count; i++)
        if (t->states[t->silent_rules[i]])
            tracker_silence_due(t->states[t->silent_rules[i]], now);
}

void tracker_seen(struct tracker *t, usec_t until)
{
    t->seen = until;
}

void tracker_missed(struct tracker *t, usec_t until)
{
    if (t->missed < until)
        t->missed = until;
}

void tracker_hit(struct tracker *t, size_t rule, uint32_t parts, const struct event *e)
{
    struct rule_state *s = state_of(t, rule);
    struct raised r = {.rule = rule,
                       .event = e,
                       .value = 1,
                       .first = event_time(e),
                       .last = event_time(e)};

    tell_silences(t, event_time(e));
    s->counts.hits++;
    tracker_tell_due(s, event_time(e));
    if (rule_of(s)->window.kind != WINDOW_NONE && !meets_window(s, parts, &r))
        return;
    if (rule_of(s)->sequence.steps > 0 && !meets_sequence(s, parts, &r))
        return;
    rule_is_met(s, &r);
}

void tracker_alert(struct tracker *t, const struct event *e)
{
    const struct value *id = event_get(e, FIELD_ALERT_RULE);
    auto_free char *name = id ? xstrndup(id->text.at, id->text.len) : NULL;
    int number = name ? ruleset_find(t->set, name) : -ENOENT;
    struct raised r = {.event = e};

    if (number < 0)
        return;
    r.rule = ruleset_form(t->set, (size_t)number, e);
    for (size_t i = 0; i < ruleset_rule(t->set, r.rule)->afar_count; i++)
        let_hear(t, &ruleset_rule(t->set, r.rule)->afar[i], &r);
}

void tracker_ask(struct tracker *t, tracker_recall_fn *fn)
{
    t->recall = fn;
}

void tracker_tick(struct tracker *t, usec_t now)
{
    tell_silences(t, now);
    for (size_t i = 0; i < t->count; i++) {
        if (!t->states[i])
            continue;
        tracker_tell_due(t->states[i], now);
        drop_empty_windows(t->states[i], now);
        drop_old_sequences(t->states[i], now);
        tracker_combine_drop(t->states[i], now);
        tracker_inhibit_drop(t->states[i], now);
    }
}

void tracker_finish(struct tracker *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->states[i])
            tracker_tell_all(t->states[i]);
}

void tracker_forget_counts(struct tracker *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->states[i])
            t->states[i]->counts = (struct tracker_counts){0};
}

struct tracker_counts tracker_counts(const struct tracker *t, size_t rule)
{
    return t->states[rule] ? t->states[rule]->counts : (struct tracker_counts){0};
}

/* Of one key of a window, beside its place. */
static uint64_t window_most(const struct rule_window *w)
{
    static const uint64_t part = sizeof(struct window_part);

    switch (w->kind) {
    case WINDOW_COUNT:
        return 2 * w->reach * part;
    case WINDOW_DISTINCT:
        return (uint64_t)w->exact_up_to * (TRACKER_PLACE + sizeof(usec_t));
    case WINDOW_SUM:
    case WINDOW_RATIO:
        return WINDOW_PARTS_MAX * part;
    case WINDOW_SHARE:
        return WINDOW_PARTS_MAX * (part + sizeof(uint64_t)); /* and whose it is */
    case WINDOW_REGULAR:
        return w->times * part;
    case WINDOW_NONE:
        break;
    }
    return 0;
}

uint64_t tracker_bytes_most(const struct rule *rule)
{
    uint64_t keys = 0, each = 0;

    if (rule->window.kind != WINDOW_NONE) {
        keys = rule->window.max_keys;
        each = sizeof(struct window) + window_most(&rule->window);
    } else if (rule->sequence.steps > 0) {
        keys = rule->sequence.keys.max_keys;
        each = sequence_size(rule->sequence.steps);
        if (ends_in_silence(rule))
            each += tracker_silence_place() + EVENT_PACK_MAX;
    } else if (rule->combine.count > 0) {
        keys = rule->combine.keys.max_keys;
        each = rule->combine.count * sizeof(usec_t);
    }
    if (keys > 0 && TRACKER_PLACE + each > TRACKER_BYTES / keys)
        return TRACKER_BYTES;
    return keys * (TRACKER_PLACE + each);
}

uint64_t tracker_keys(const struct tracker *t, size_t rule)
{
    const struct rule_state *s = t->states[rule];
    uint64_t count = 0;

    if (!s)
        return 0;
    const struct agemap *const maps[] = {s->windows,    s->sequences, s->combined,
                                         s->inhibiting, s->bursts,    s->told};

    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        count += maps[i] ? agemap_count(maps[i]) : 0;
    return count;
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
    t->seen = old->seen;
    t->missed = old->missed;
    for (size_t i = 0; i < t->count; i++) {
        const struct rule *rule = ruleset_rule(t->set, i);
        int from = ruleset_find_like(old->set, rule);

        if (from >= 0 && ruleset_rule(old->set, (size_t)from)->revision == rule->revision)
            take_over(t, i, old, (size_t)from);
    }
    tracker_free(old);
}
