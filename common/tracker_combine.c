/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For each key, when each rule of the combination was met last.
 */
#include "mem.h"
#include "tracker_state.h"

struct combined {
    usec_t newest;
    uint32_t ever; /* rules met at all, a bit each */
    usec_t times[];
};

static size_t combined_size(size_t rules)
{
    return sizeof(struct combined) + rules * sizeof(usec_t);
}

void tracker_combine_drop(struct rule_state *s, usec_t now)
{
    const struct combined *c;

    while (s->combined && (c = agemap_oldest(s->combined)) && now > c->newest &&
           now - c->newest > rule_of(s)->combine.keys.within)
        agemap_drop_oldest(s->combined);
}

static struct combined *combined_of(struct rule_state *s, const struct event *e)
{
    const struct rule_combine *rule = &rule_of(s)->combine;
    size_t place = combined_size(rule->count);
    struct agemap_key key;
    bool is_new, evicted;
    struct combined *c;

    if (!tracker_whole_key(s->tracker, rule->keys.by, rule->keys.by_count, e, &key))
        return NULL;
    if (!s->combined)
        s->combined =
            agemap_new(place, tracker_keys_most(&rule->keys, place), NULL, NULL);
    c = agemap_touch(s->combined, &key, &is_new, &evicted);
    s->counts.evicted += evicted;
    return c;
}

bool tracker_combine(struct rule_state *s, size_t member, struct raised *r,
                     size_t *ret_rules)
{
    const struct rule_combine *rule = &rule_of(s)->combine;
    struct combined *c = combined_of(s, r->event);
    usec_t now = event_time(r->event);

    if (!c)
        return false;
    if (now < c->newest)
        now = c->newest;
    c->newest = c->times[member] = r->first = r->last = now;
    c->ever |= UINT32_C(1) << member;
    for (size_t i = 0; i < rule->count; i++) {
        if (!(c->ever >> i & 1) || now - c->times[i] > rule->keys.within)
            continue;
        ret_rules[r->combined_count++] = rule->of[i];
        r->first = c->times[i] < r->first ? c->times[i] : r->first;
    }
    r->combined = ret_rules;
    r->value = r->combined_count;
    note_peak(s, r->value, now);
    return r->value >= rule->at_least;
}
