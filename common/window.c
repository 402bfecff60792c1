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
    if (rule->kind == WINDOW_SUM)
        return WINDOW_SUM_MAX;
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

/* A full ring: a count lets its oldest go, a sum joins its two oldest at the later time,
 * so that it is never too small. Either is uncertain until that would have gone anyway.
 */
static void make_room(struct window *w, const struct rule_window *rule)
{
    struct window_part *second = part_at(w, 1);

    if (rule->kind == WINDOW_SUM) {
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

static void add_value(struct window *w, const struct rule_window *rule, usec_t time,
                      const struct agemap_key *value)
{
    bool is_new, evicted;
    usec_t *seen;

    if (!w->values)
        w->values = agemap_new(sizeof(usec_t), rule->exact_up_to, NULL, NULL);
    while ((seen = agemap_oldest(w->values)) && time - *seen > rule->within)
        agemap_drop_oldest(w->values);
    seen = agemap_oldest(w->values);
    if (seen && agemap_count(w->values) == rule->exact_up_to &&
        !agemap_find(w->values, value))
        w->blurred_until = *seen + rule->within;
    seen = agemap_touch(w->values, value, &is_new, &evicted);
    *seen = time;
}

static usec_t first_of(const struct window *w, const struct rule_window *rule)
{
    if (rule->kind == WINDOW_DISTINCT)
        return *(usec_t *)agemap_oldest(w->values);
    return part_at(w, 0)->time;
}

struct window_reading window_add(struct window *w, const struct rule_window *rule,
                                 usec_t time, uint64_t amount,
                                 const struct agemap_key *value)
{
    struct window_reading r = {0};

    if (time < w->newest)
        time = w->newest;
    w->newest = time;
    if (rule->kind == WINDOW_DISTINCT)
        add_value(w, rule, time, value);
    else
        add_part(w, rule, time, amount);
    r.value = rule->kind == WINDOW_DISTINCT ? agemap_count(w->values)
              : rule->kind == WINDOW_SUM    ? w->sum
                                            : w->count;
    r.first = first_of(w, rule);
    r.last = time;
    r.approximate = w->blurred_until >= time && w->blurred_until > 0;
    return r;
}

void window_done(struct window *w)
{
    free(w->ring);
    agemap_free(w->values);
    *w = (struct window){0};
}

size_t window_bytes(const struct window *w)
{
    return sizeof(*w) + w->room * sizeof(*w->ring) +
           (w->values ? agemap_bytes(w->values) : 0);
}
