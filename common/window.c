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
    if (rule->kind == WINDOW_REGULAR)
        return rule->times;
    if (rule->kind != WINDOW_COUNT)
        return WINDOW_PARTS_MAX;
    return rule->reach < COUNT_LEAST / 2 ? COUNT_LEAST : 2 * (uint32_t)rule->reach;
}

static uint64_t *owner_at(const struct window *w, uint32_t i)
{
    return &w->owners[(w->start + i) % w->room];
}

static void grow_owners(struct window *w, uint32_t room)
{
    uint64_t *owners = xcalloc(room, sizeof(*owners));

    for (uint32_t i = 0; i < w->count; i++)
        owners[i] = *owner_at(w, i);
    free(w->owners);
    w->owners = owners;
}

/* More room, the parts in order from the front. */
static void grow(struct window *w, const struct rule_window *rule)
{
    uint32_t most = most_parts(rule), room = w->room ? 2 * w->room : ROOM_FIRST;
    struct window_part *ring;

    if (room > most)
        room = most;
    if (rule->kind == WINDOW_SHARE)
        grow_owners(w, room);
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
 * anyway. A regular one never needs what it lets go.
 */
static void make_room(struct window *w, const struct rule_window *rule)
{
    struct window_part *second = part_at(w, 1);

    if (rule->kind == WINDOW_REGULAR) {
        drop_first(w);
        return;
    }
    if (rule->kind == WINDOW_SHARE && *owner_at(w, 0) != *owner_at(w, 1))
        *owner_at(w, 1) = 0;
    if (rule->kind != WINDOW_COUNT) {
        second->amount += part_at(w, 0)->amount;
        w->sum += part_at(w, 0)->amount; /* drop_first takes it off again */
        w->blurred_until = second->time + rule->within;
    } else {
        w->blurred_until = part_at(w, 0)->time + rule->within;
    }
    drop_first(w);
}

static void drop_old(struct window *w, const struct rule_window *rule, usec_t time)
{
    while (w->count > 0 && time - part_at(w, 0)->time > rule->within)
        drop_first(w);
}

static void add_part(struct window *w, const struct rule_window *rule, usec_t time,
                     uint64_t amount)
{
    drop_old(w, rule, time);
    if (w->count == w->room && w->room < most_parts(rule))
        grow(w, rule);
    if (w->count == w->room)
        make_room(w, rule);
    if (amount > UINT64_MAX - w->sum) {
        amount = UINT64_MAX - w->sum;
        w->blurred_until = time + rule->within;
    }
    *part_at(w, w->count++) = (struct window_part){time, amount};
    w->sum += amount;
}

/* ---- visits ---- */

/* True when the event is part of the visit before it. One that goes on for longer than
 * the window is another when its beginning has left it. */
static bool is_same_visit(struct window *w, const struct rule_window *rule, usec_t time,
                          const struct window_item *item)
{
    usec_t until = w->visited_until;

    drop_old(w, rule, time);
    if (w->visited_until < item->ended)
        w->visited_until = item->ended;
    return w->count > 0 && (item->began < until || item->began - until < rule->apart);
}

static struct window_reading read_visit(const struct window *w, usec_t time)
{
    return (struct window_reading){.value = w->count,
                                   .first = part_at(w, 0)->time,
                                   .last = time,
                                   .approximate =
                                       w->blurred_until >= time && w->blurred_until > 0};
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

static bool is_share(uint64_t part, uint64_t whole, const struct rule_window *rule)
{
    unsigned __int128 have = (unsigned __int128)part * 100;
    unsigned __int128 limit = (unsigned __int128)whole * rule->reach;

    return rule->above ? have > limit : have >= limit;
}

/* Of the value that came now: no other's share can have grown. */
static void read_share(const struct window *w, const struct rule_window *rule,
                       struct window_reading *r)
{
    uint64_t owner = *owner_at(w, w->count - 1), part = 0;

    for (uint32_t i = 0; owner && i < w->count; i++) {
        if (*owner_at(w, i) != owner)
            continue;
        part += part_at(w, i)->amount;
        r->count++;
    }
    if (part == 0)
        return;
    r->value = (uint64_t)((unsigned __int128)part * 100 / w->sum);
    r->met =
        w->sum >= rule->least && r->count >= rule->times && is_share(part, w->sum, rule);
}

static int by_length(const void *a, const void *b)
{
    usec_t x = *(const usec_t *)a, y = *(const usec_t *)b;

    return x < y ? -1 : x > y;
}

/* How far four of five of them are from the middle one, at most. */
static usec_t spread_of(usec_t *intervals, uint32_t count, usec_t middle)
{
    for (uint32_t i = 0; i < count; i++)
        intervals[i] =
            intervals[i] > middle ? intervals[i] - middle : middle - intervals[i];
    qsort(intervals, count, sizeof(*intervals), by_length);
    return intervals[(4 * count + 4) / 5 - 1];
}

static void read_regular(const struct window *w, const struct rule_window *rule,
                         struct window_reading *r)
{
    usec_t intervals[WINDOW_TIMES_MAX], middle;
    uint32_t count = w->count - 1;

    r->count = w->count;
    if (w->count < rule->times)
        return;
    for (uint32_t i = 0; i < count; i++)
        intervals[i] = part_at(w, i + 1)->time - part_at(w, i)->time;
    qsort(intervals, count, sizeof(*intervals), by_length);
    middle = intervals[count / 2];
    r->value = middle / USEC_PER_SEC;
    r->met = middle >= rule->shortest && middle <= rule->longest &&
             spread_of(intervals, count, middle) <= middle / 100 * rule->jitter;
}

static void read_parts(const struct window *w, const struct rule_window *rule,
                       struct window_reading *r)
{
    r->first = part_at(w, 0)->time;
    if (rule->kind == WINDOW_RATIO) {
        read_ratio(w, rule, r);
        return;
    }
    if (rule->kind == WINDOW_SHARE) {
        read_share(w, rule, r);
        return;
    }
    if (rule->kind == WINDOW_REGULAR) {
        read_regular(w, rule, r);
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
    if (rule->apart && is_same_visit(w, rule, time, item))
        return read_visit(w, time);
    if (rule->kind == WINDOW_DISTINCT)
        add_value(w, rule, time, item);
    else
        add_part(w, rule, time, amount_of(rule, item));
    if (rule->kind == WINDOW_SHARE)
        *owner_at(w, w->count - 1) = item->key.a;
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
    free(w->owners);
    agemap_free(w->values);
    hll_free(w->estimate);
    *w = (struct window){0};
}

size_t window_bytes(const struct window *w)
{
    return sizeof(*w) + w->room * sizeof(*w->ring) +
           (w->owners ? w->room * sizeof(*w->owners) : 0) +
           (w->values ? agemap_bytes(w->values) : 0) +
           (w->estimate ? hll_bytes(w->estimate) : 0);
}
