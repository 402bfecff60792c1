/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Silences within a sequence are looked at with the next event of their key. One that is
 * the last step is told by time alone: who waits for its end stands in order of it, as
 * all of a rule wait equally long, with the event after which nothing is to come.
 */
#include <stdlib.h>

#include "mem.h"
#include "ruleset.h"
#include "sequence.h"
#include "tracker_state.h"

#define EVENTS_BYTES (TRACKER_BYTES / 2) /* of the events, for one rule */

struct waiting {
    struct agemap_key key; /* of its sequence */
    usec_t since;          /* 0: it was broken, and nobody waits */
    uint8_t *event;        /* packed */
    int len;
};

size_t tracker_silence_place(void)
{
    return sizeof(struct waiting) + TRACKER_PLACE;
}

static size_t last_step(const struct rule_state *s)
{
    return rule_of(s)->sequence.steps - 1;
}

/* Only what is over and was seen to its end is known to have been silent. */
static bool is_over(const struct rule_state *s, usec_t since, usec_t silence, usec_t now)
{
    usec_t seen = s->tracker->seen < now ? s->tracker->seen : now;

    return seen > since && seen - since > silence;
}

/* All of it was seen, and the rule would have heard of what came. */
static bool is_sure(const struct rule_state *s, usec_t since, usec_t end,
                    const struct event *e)
{
    const struct tracker *t = s->tracker;

    return t->missed < since &&
           ruleset_in_force(t->set, s->rule, e, since, end, t->instead);
}

/* ---- within a sequence ---- */

void tracker_silences(struct rule_state *s, struct sequence *q,
                      const struct sequence_plan *plan, const struct event *e)
{
    usec_t since, times[RULE_PARTS_MAX];

    for (size_t step = plan->steps - 1; step-- > 1;) {
        usec_t silence = plan->silence[step];
        bool sure;

        if (!sequence_waits(q, plan, step, &since) ||
            !is_over(s, since, silence, event_time(e)))
            continue;
        sure = is_sure(s, since, since + silence, e);
        sequence_silence(q, plan, step, sure, times);
        s->counts.unsure += !sure;
    }
}

/* ---- at its end ---- */

static void forget(struct rule_state *s, struct waiting *w)
{
    s->waiting_bytes -= (size_t)w->len;
    free(w->event);
    *w = (struct waiting){.key = w->key};
}

static void drop_waiting(void *place, void *arg)
{
    forget(arg, place);
}

static struct waiting *touch(struct rule_state *s, const struct agemap_key *key)
{
    const struct rule_sequence *rule = &rule_of(s)->sequence;
    size_t both = sequence_size(rule->steps) + tracker_silence_place();
    bool is_new, evicted;
    struct waiting *w;

    if (!s->waiting)
        s->waiting = agemap_new(sizeof(*w), tracker_keys_most(&rule->keys, 2 * both),
                                drop_waiting, s);
    w = agemap_touch(s->waiting, key, &is_new, &evicted);
    s->counts.evicted += evicted;
    w->key = *key;
    return w;
}

static void wait_for_it(struct rule_state *s, const struct agemap_key *key, usec_t since,
                        const struct event *e)
{
    struct waiting *w = touch(s, key);
    int len = event_pack(e, s->tracker->packed, sizeof(s->tracker->packed));

    forget(s, w);
    if (len < 0)
        return;
    w->event = xmalloc((size_t)len);
    memcpy(w->event, s->tracker->packed, (size_t)len);
    w->len = len;
    w->since = since;
    s->waiting_bytes += (size_t)len;
    while (s->waiting_bytes > EVENTS_BYTES && agemap_count(s->waiting) > 1) {
        agemap_drop_oldest(s->waiting);
        s->counts.evicted++;
    }
}

void tracker_silence_note(struct rule_state *s, const struct agemap_key *key,
                          const struct sequence *q, const struct sequence_plan *plan,
                          const struct event *e)
{
    struct waiting *w = s->waiting ? agemap_find(s->waiting, key) : NULL;
    usec_t since;

    if (!plan->silence[last_step(s)])
        return;
    if (!sequence_waits(q, plan, last_step(s), &since)) {
        if (w)
            forget(s, w);
    } else if (!w || w->since != since) {
        wait_for_it(s, key, since, e);
    }
}

/* Its alert is of the time at which the silence was over. */
static void tell(struct rule_state *s, const struct waiting *w,
                 const struct sequence_plan *plan)
{
    struct tracker *t = s->tracker;
    struct sequence *q = agemap_find(s->sequences, &w->key);
    usec_t since, times[RULE_PARTS_MAX];
    struct raised r = {.rule = s->rule, .event = t->quiet, .value = plan->steps};
    bool sure;

    if (!q || !sequence_waits(q, plan, last_step(s), &since) || since != w->since ||
        event_unpack(t->quiet, w->event, (size_t)w->len) != 0)
        return;
    r.last = since + plan->silence[last_step(s)];
    event_set_time(t->quiet, r.last);
    sure = is_sure(s, since, r.last, t->quiet) &&
           (t->shipped || ruleset_holds(t->set, s->rule, t->quiet));
    s->counts.unsure += !sure;
    if (!sequence_silence(q, plan, last_step(s), sure, times))
        return;
    note_peak(s, plan->steps, r.last);
    r.first = times[0];
    r.step_times = times;
    tracker_met(s, &r);
}

/* The first that waits; those before it that nobody waits for any more are gone. */
static struct waiting *first_waiting(struct rule_state *s)
{
    struct waiting *w;

    while (s->waiting && (w = agemap_oldest(s->waiting)) && !w->since)
        agemap_drop_oldest(s->waiting);
    return s->waiting ? agemap_oldest(s->waiting) : NULL;
}

void tracker_silence_due(struct rule_state *s, usec_t now)
{
    struct sequence_plan plan = tracker_plan(rule_of(s));
    struct waiting *w;

    while ((w = first_waiting(s)) &&
           is_over(s, w->since, plan.silence[last_step(s)], now)) {
        struct waiting mine = *w; /* telling it may lead on to others */

        *w = (struct waiting){.key = w->key};
        s->waiting_bytes -= (size_t)mine.len;
        agemap_drop_oldest(s->waiting);
        tell(s, &mine, &plan);
        free(mine.event);
    }
}
