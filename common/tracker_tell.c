/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was told is in order of the first alert, so that what is due stands at its old
 * end.
 */
#include <stdlib.h>

#include "mem.h"
#include "tracker_state.h"

/* An alert was raised for this key at first; what came since. */
struct told {
    usec_t first;
    uint64_t repeats;
    struct raised latest; /* without what it borrowed */
    uint8_t *event;       /* packed: the last repeat, for the summary */
    int event_len;
};

static void raise_alert(struct rule_state *s, const struct raised *r)
{
    s->counts.alerts++;
    s->tracker->fn(r, s->tracker->arg);
}

static void raise_summary(struct rule_state *s, const struct told *told)
{
    struct tracker *t = s->tracker;
    struct raised r = told->latest;

    if (event_unpack(t->event, told->event, (size_t)told->event_len) != 0)
        return;
    r.event = t->event;
    r.first = told->first;
    r.summary = true;
    r.repeats = told->repeats;
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
    s->told_bytes -= (size_t)told->event_len;
    told->event = NULL;
    told->event_len = 0;
}

static bool is_due(const struct rule_state *s, const struct told *told, usec_t now)
{
    return now > told->first && now - told->first >= rule_of(s)->dedup.every;
}

void tracker_tell_due(struct rule_state *s, usec_t now)
{
    const struct told *told;

    while (s->told && (told = agemap_oldest(s->told)) && is_due(s, told, now))
        agemap_drop_oldest(s->told);
}

void tracker_tell_all(struct rule_state *s)
{
    while (s->told && agemap_count(s->told) > 0)
        agemap_drop_oldest(s->told);
}

static void note_repeat(struct rule_state *s, struct told *told, const struct raised *r)
{
    struct tracker *t = s->tracker;
    int len;

    s->counts.repeats++;
    told->repeats++;
    told->latest = *r;
    told->latest.event = NULL;
    told->latest.step_times = NULL;
    told->latest.combined = NULL;
    if (rule_of(s)->dedup.emit == DEDUP_FIRST)
        return;
    len = event_pack(r->event, t->packed, sizeof(t->packed));
    if (len < 0)
        return;
    told->event = xrealloc(told->event, (size_t)len, 1);
    memcpy(told->event, t->packed, (size_t)len);
    s->told_bytes += (size_t)len - (size_t)told->event_len;
    told->event_len = len;
    while (s->told_bytes > TRACKER_BYTES && agemap_count(s->told) > 1) {
        agemap_drop_oldest(s->told);
        s->counts.evicted++;
    }
}

static uint32_t most_keys(const struct rule *rule)
{
    uint32_t most[] = {rule->window.max_keys, rule->sequence.keys.max_keys,
                       rule->combine.keys.max_keys};

    for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++)
        if (most[i] > 0)
            return most[i];
    return RULE_KEYS_DEFAULT;
}

/* A repeat of what was told; false when it is new. What the owner remembered (is_news) is
 * older than its place among the others says, and may be due behind them. */
static bool is_repeat(struct rule_state *s, const struct agemap_key *key,
                      const struct raised *r)
{
    struct told *told = s->told ? agemap_find(s->told, key) : NULL;

    if (told && is_due(s, told, event_time(r->event))) {
        drop_told(told, s);
        told->repeats = 0;
        return false;
    }
    if (told)
        note_repeat(s, told, r);
    return told;
}

static void remember(struct rule_state *s, const struct agemap_key *key, usec_t time)
{
    bool is_new, evicted;
    struct told *told;

    if (!s->told)
        s->told = agemap_new(sizeof(*told), most_keys(rule_of(s)), drop_told, s);
    told = agemap_touch(s->told, key, &is_new, &evicted);
    told->first = time;
    told->repeats = 0;
    s->counts.evicted += evicted;
}

/* Whether the owner lets it be raised. What was told of it, he knows, is remembered here
 * as well: from when it was told. */
static bool is_news(struct rule_state *s, const struct agemap_key *key,
                    const struct raised *r)
{
    struct tracker *t = s->tracker;
    usec_t first = 0;
    enum tracker_known known = t->recall ? t->recall(r, &first, t->arg) : TRACKER_NEW;

    if (!key)
        return known == TRACKER_NEW;
    if (known != TRACKER_PASSED)
        remember(s, key, known == TRACKER_NEW ? event_time(r->event) : first);
    if (known == TRACKER_REPEAT)
        is_repeat(s, key, r);
    return known == TRACKER_NEW;
}

/* What a burst stands for is not remembered as told: nobody was told of that device. */
void tracker_tell(struct rule_state *s, const struct raised *r)
{
    const struct rule_dedup *dedup = &rule_of(s)->dedup;
    struct raised mine = *r;
    struct agemap_key key;
    bool by_key = dedup->every > 0;

    if (by_key) {
        key = tracker_key(s->tracker, dedup->by, dedup->by_count, r->event);
        if (is_repeat(s, &key, r))
            return;
    }
    switch (tracker_burst(s, &mine)) {
    case BURST_GOES_ON:
        s->counts.in_burst++;
        return;
    case BURST_BEGINS:
        by_key = false;
        break;
    case BURST_NONE:
        break;
    }
    if (is_news(s, by_key ? &key : NULL, &mine))
        raise_alert(s, &mine);
}
