/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include <assert.h>
#include <stdlib.h>

#include "mem.h"

#define ROOM_FIRST  8
#define COUNT_LEAST 64

static struct window_part *part_at(const struct window *w, uint32_t i)
{
    assert(w->room > 0);
    return &w->ring[(w->start + i) % w->room];
}

static void drop_first(struct window *w)
{
    w->sum -= part_at(w, 0)->amount;
    w->start = (w->start + 1) % w->room;
    w->count--;
}

static uint32_t most_parts(const struct rule_window *rule)
{
    if (rule->kind != WINDOW_COUNT)
        return WINDOW_PARTS_MAX;
    return rule->reach < COUNT_LEAST / 2 ? COUNT_LEAST : 2 * (uint32_t)rule->reach;
}

/* More room, the parts in order from the front. */
static void grow(struct window *w, uint32_t most)
{
    uint32_t room = w->room ? 2 * w->room : ROOM_FIRST;
    struct window_part *ring;

    if (room > most)
        room = most;
    ring = xcalloc(room, sizeof(*ring));
    for (uint32_t i = 0; i < w->count; i++)
        ring[i] = *part_at(w, i);
    free(w->ring);
    w->ring = ring;
    w->room = room;
    w->start = 0;
}

/* A full ring: a count lets its oldest go, others join their two oldest at the later
 * time, so that a sum is never too small. Either is uncertain until that would have gone
 * anyway.
 */
static void make_room(struct window *w, const struct rule_window *rule)
{
    struct window_part *second = part_at(w, 1);

    if (rule->kind != WINDOW_COUNT) {
        second->amount += part_at(w, 0)->amount;
        w->sum += part_at(w, 0)->amount; /* drop_first takes it off again */
        w->blurred_until = second->time + rule->within;
    } else {
        w->blurred_until = part_at(w, 0)->time + rule->within;
    }
    drop_first(w);
}

static void add_part(struct window *w, const struct rule_window *rule, usec_t time,
                     uint64_t amount)
{
    uint32_t most = most_parts(rule);

    while (w->count > 0 && time - part_at(w, 0)->time > rule->within)
        drop_first(w);
    if (w->count == w->room && w->room < most)
        grow(w, most);
    if (w->count == w->room)
        make_room(w, rule);
    if (amount > UINT64_MAX - w->sum) {
        amount = UINT64_MAX - w->sum;
        w->blurred_until = time + rule->within;
    }
    *part_at(w, w->count++) = (struct window_part){time, amount};
    w->sum += amount;
}

/* ---- different values ---- */

struct seen {
    usec_t time;
    uint64_t hash;
};

static void estimate_too(void *place, void *arg)
{
    const struct seen *seen = place;

    hll_add(arg, seen->time, seen->hash);
}

/* From the value on that finds no room: all that are there are told to the estimate. */
static void begin_estimate(struct window *w, const struct rule_window *rule)
{
    if (w->estimate)
        return;
    w->estimate = hll_new(rule->within);
    agemap_each(w->values, estimate_too, w->estimate);
}

static void add_value(struct window *w, const struct rule_window *rule, usec_t time,
                      const struct window_item *item)
{
    bool is_new, evicted;
    struct seen *seen;

    if (!w->values)
        w->values = agemap_new(sizeof(*seen), rule->exact_up_to, NULL, NULL);
    while ((seen = agemap_oldest(w->values)) && time - seen->time > rule->within)
        agemap_drop_oldest(w->values);
    seen = agemap_oldest(w->values);
    if (seen && agemap_count(w->values) == rule->exact_up_to &&
        !agemap_find(w->values, &item->key)) {
        w->blurred_until = seen->time + rule->within;
        begin_estimate(w, rule);
    }
    seen = agemap_touch(w->values, &item->key, &is_new, &evicted);
    *seen = (struct seen){time, item->hash};
    if (w->estimate)
        hll_add(w->estimate, time, item->hash);
}

/* What is told apart is there for certain, so an estimate below it is known to be off. */
static void read_values(struct window *w, const struct rule_window *rule, usec_t time,
                        struct window_reading *r)
{
    r->value = agemap_count(w->values);
    r->first = ((struct seen *)agemap_oldest(w->values))->time;
    if (r->approximate) {
        uint64_t about = hll_count(w->estimate, time);

        r->value = about > r->value ? about : r->value;
        r->error = hll_error(r->value);
    } else {
        hll_free(w->estimate);
        w->estimate = NULL;
    }
    r->met = r->value >= rule->reach;
}

/* ---- any kind ---- */

static uint64_t amount_of(const struct rule_window *rule, const struct window_item *item)
{
    if (rule->kind == WINDOW_RATIO)
        return (uint64_t)(item->parts >> RATIO_OF & 1) << 32 |
               (item->parts >> RATIO_TO & 1);
    return item->amount;
}

static void read_ratio(const struct window *w, const struct rule_window *rule,
                       struct window_reading *r)
{
    uint64_t of = w->sum >> 32, limit;

    r->count = w->sum & UINT32_MAX;
    if (r->count == 0)
        return;
    r->value = 100 * of / r->count;
    limit = rule->reach * r->count;
    r->met =
        r->count >= rule->least && (rule->above ? 100 * of > limit : 100 * of >= limit);
}

static void read_parts(const struct window *w, const struct rule_window *rule,
                       struct window_reading *r)
{
    r->first = part_at(w, 0)->time;
    if (rule->kind == WINDOW_RATIO) {
        read_ratio(w, rule, r);
        return;
    }
    r->value = rule->kind == WINDOW_SUM ? w->sum : w->count;
    r->met = r->value >= rule->reach;
}

struct window_reading window_add(struct window *w, const struct rule_window *rule,
                                 usec_t time, const struct window_item *item)
{
    struct window_reading r = {0};

    if (time < w->newest)
        time = w->newest;
    w->newest = time;
    if (rule->kind == WINDOW_DISTINCT)
        add_value(w, rule, time, item);
    else
        add_part(w, rule, time, amount_of(rule, item));
    r.last = time;
    r.approximate = w->blurred_until >= time && w->blurred_until > 0;
    if (rule->kind == WINDOW_DISTINCT)
        read_values(w, rule, time, &r);
    else
        read_parts(w, rule, &r);
    return r;
}

void window_done(struct window *w)
{
    free(w->ring);
    agemap_free(w->values);
    hll_free(w->estimate);
    *w = (struct window){0};
}

size_t window_bytes(const struct window *w)
{
    return sizeof(*w) + w->room * sizeof(*w->ring) +
           (w->values ? agemap_bytes(w->values) : 0) +
           (w->estimate ? hll_bytes(w->estimate) : 0);
}
