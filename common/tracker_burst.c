/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place is in a burst while its window of different devices is met.
 */
#include "tracker_state.h"

#define PLACES_MAX 4096 /* segments or sites: the district file names them */
#define EXACT_MIN  1024

struct burst {
    struct window devices;
    bool on;
};

static void drop_burst(void *place, void *arg)
{
    struct burst *b = place;

    (void)arg;
    window_done(&b->devices);
}

static struct rule_window devices_within(const struct rule_burst *rule)
{
    return (struct rule_window){
        .kind = WINDOW_DISTINCT,
        .within = rule->within,
        .reach = rule->clients,
        .exact_up_to = rule->clients > EXACT_MIN ? rule->clients : EXACT_MIN,
    };
}

static struct burst *burst_of(struct rule_state *s, const struct event *e)
{
    const struct rule_burst *rule = &rule_of(s)->burst;
    struct agemap_key key;
    bool is_new, evicted;
    struct burst *b;

    if (!tracker_whole_key(s->tracker, &rule->by, 1, e, &key))
        return NULL;
    if (!s->bursts)
        s->bursts = agemap_new(sizeof(*b), PLACES_MAX, drop_burst, NULL);
    b = agemap_touch(s->bursts, &key, &is_new, &evicted);
    s->counts.evicted += evicted;
    return b;
}

enum burst_state tracker_burst(struct rule_state *s, struct raised *r)
{
    const struct rule_burst *rule = &rule_of(s)->burst;
    struct rule_window window = devices_within(rule);
    const struct value *device = event_get(r->event, FIELD_DEVICE);
    struct burst *b = rule->clients && device ? burst_of(s, r->event) : NULL;
    struct window_item item = {0};
    struct window_reading got;
    bool was_on;

    if (!b)
        return BURST_NONE;
    was_on = b->on;
    tracker_tell_apart(s->tracker, device, TYPE_TEXT, &item);
    got = window_add(&b->devices, &window, event_time(r->event), &item);
    b->on = got.met;
    if (!b->on || was_on)
        return b->on ? BURST_GOES_ON : BURST_NONE;
    r->burst = got.value;
    r->first = got.first;
    r->last = got.last;
    return BURST_BEGINS;
}
