/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places lie in one array and refer to each other by index, as in the flow table: a chain
 * for each bucket, a list by age, a list of unused ones that borrows the chain link.
 */
#include "agemap.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define NOBODY UINT32_MAX
#define FIRST  8

struct head {
    struct agemap_key key;
    uint32_t chain, newer, older;
};

struct agemap {
    uint8_t *places; /* head and payload, stride bytes apart */
    size_t stride;
    uint32_t *buckets;
    uint32_t room, capacity, count, unused, newest, oldest;
    agemap_drop_fn *drop;
    void *arg;
};

static struct head *head_at(const struct agemap *m, uint32_t at)
{
    return (struct head *)(void *)(m->places + at * m->stride);
}

#define PAYLOAD                                                                \
    ((sizeof(struct head) + alignof(max_align_t) - 1) / alignof(max_align_t) * \
     alignof(max_align_t))

static void *payload_at(const struct agemap *m, uint32_t at)
{
    return m->places + at * m->stride + PAYLOAD;
}

struct agemap *agemap_new(size_t size, uint32_t capacity, agemap_drop_fn *drop, void *arg)
{
    struct agemap *m = xcalloc(1, sizeof(*m));

    m->stride = PAYLOAD + (size + alignof(max_align_t) - 1) / alignof(max_align_t) *
                              alignof(max_align_t);
    m->capacity = capacity;
    m->unused = m->newest = m->oldest = NOBODY;
    m->drop = drop;
    m->arg = arg;
    return m;
}

void agemap_free(struct agemap *m)
{
    if (!m)
        return;
    while (m->oldest != NOBODY)
        agemap_drop_oldest(m);
    free(m->places);
    free(m->buckets);
    free(m);
}

/* ---- links ---- */

static uint32_t *bucket_of(const struct agemap *m, const struct agemap_key *key)
{
    return &m->buckets[key->a & (m->room - 1)];
}

static uint32_t find(const struct agemap *m, const struct agemap_key *key)
{
    uint32_t at = m->room ? *bucket_of(m, key) : NOBODY;

    while (at != NOBODY &&
           (head_at(m, at)->key.a != key->a || head_at(m, at)->key.b != key->b))
        at = head_at(m, at)->chain;
    return at;
}

static void age_unlink(struct agemap *m, uint32_t at)
{
    struct head *h = head_at(m, at);

    *(h->newer == NOBODY ? &m->newest : &head_at(m, h->newer)->older) = h->older;
    *(h->older == NOBODY ? &m->oldest : &head_at(m, h->older)->newer) = h->newer;
}

static void age_link_newest(struct agemap *m, uint32_t at)
{
    struct head *h = head_at(m, at);

    h->newer = NOBODY;
    h->older = m->newest;
    *(m->newest == NOBODY ? &m->oldest : &head_at(m, m->newest)->newer) = at;
    m->newest = at;
}

static void chain_link(struct agemap *m, uint32_t at)
{
    uint32_t *bucket = bucket_of(m, &head_at(m, at)->key);

    head_at(m, at)->chain = *bucket;
    *bucket = at;
}

static void chain_unlink(struct agemap *m, uint32_t at)
{
    uint32_t *link = bucket_of(m, &head_at(m, at)->key);

    while (*link != at)
        link = &head_at(m, *link)->chain;
    *link = head_at(m, at)->chain;
}

/* ---- places ---- */

static uint32_t power_above(uint32_t n)
{
    uint32_t power = FIRST;

    while (power < n)
        power *= 2;
    return power;
}

/* Twice the places; buckets are as many as places, rounded up to a power of two. */
static void grow(struct agemap *m)
{
    uint32_t old = m->count, room = old ? 2 * old : FIRST;

    if (room > m->capacity)
        room = m->capacity;
    m->places = xrealloc(m->places, room, m->stride);
    m->room = power_above(room);
    m->buckets = xrealloc(m->buckets, m->room, sizeof(*m->buckets));
    memset(m->buckets, 0xff, m->room * sizeof(*m->buckets));
    for (uint32_t i = 0; i < old; i++)
        chain_link(m, i);
    for (uint32_t i = room; i-- > old; m->unused = i)
        head_at(m, i)->chain = m->unused;
}

static uint32_t take_unused(struct agemap *m, bool *ret_evicted)
{
    uint32_t at;

    if (m->unused == NOBODY && m->count < m->capacity)
        grow(m);
    if (m->unused == NOBODY) {
        agemap_drop_oldest(m);
        *ret_evicted = true;
    }
    at = m->unused;
    m->unused = head_at(m, at)->chain;
    m->count++;
    return at;
}

void *agemap_find(struct agemap *m, const struct agemap_key *key)
{
    uint32_t at = find(m, key);

    return at == NOBODY ? NULL : payload_at(m, at);
}

void *agemap_touch(struct agemap *m, const struct agemap_key *key, bool *ret_new,
                   bool *ret_evicted)
{
    uint32_t at = find(m, key);

    *ret_new = at == NOBODY;
    *ret_evicted = false;
    if (at != NOBODY) {
        age_unlink(m, at);
    } else {
        at = take_unused(m, ret_evicted);
        memset(head_at(m, at), 0, m->stride);
        head_at(m, at)->key = *key;
        chain_link(m, at);
    }
    age_link_newest(m, at);
    return payload_at(m, at);
}

void *agemap_oldest(struct agemap *m)
{
    return m->oldest == NOBODY ? NULL : payload_at(m, m->oldest);
}

void agemap_each(struct agemap *m, agemap_each_fn *fn, void *arg)
{
    for (uint32_t at = m->oldest; at != NOBODY; at = head_at(m, at)->newer)
        fn(payload_at(m, at), arg);
}

void agemap_drop_oldest(struct agemap *m)
{
    uint32_t at = m->oldest;

    if (m->drop)
        m->drop(payload_at(m, at), m->arg);
    chain_unlink(m, at);
    age_unlink(m, at);
    head_at(m, at)->chain = m->unused;
    m->unused = at;
    m->count--;
}

uint32_t agemap_count(const struct agemap *m)
{
    return m->count;
}

size_t agemap_bytes(const struct agemap *m)
{
    return sizeof(*m) + m->room * (m->stride + sizeof(*m->buckets));
}
