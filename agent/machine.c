/* SPDX-License-Identifier: Apache-2.0 */
/* The same shape as the table of addresses: places, hash chains, one list by age. */
#include "agent/machine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "mem.h"

#define NOBODY UINT32_MAX

struct machine {
    struct mac mac;
    uint8_t rank;
    uint8_t next, count; /* of addrs, a ring */
    char name[MACHINE_NAME];
    struct addr addrs[MACHINE_ADDRS];
    uint32_t chain, newer, older;
};

struct machine_table {
    struct hash_key key;
    struct machine *machines;
    uint32_t *buckets;
    uint32_t bucket_mask, count, capacity, newest, oldest;
    uint64_t evicted;
};

struct machine_table *machine_table_new(size_t capacity)
{
    struct machine_table *t = xcalloc(1, sizeof(*t));
    uint32_t buckets = 1;

    assert(capacity > 0 && capacity < NOBODY / 2);
    while (buckets < capacity)
        buckets *= 2;
    hash_key_random(&t->key);
    t->capacity = (uint32_t)capacity;
    t->machines = xcalloc(capacity, sizeof(*t->machines));
    t->buckets = xcalloc(buckets, sizeof(*t->buckets));
    t->bucket_mask = buckets - 1;
    t->newest = t->oldest = NOBODY;
    for (uint32_t i = 0; i < buckets; i++)
        t->buckets[i] = NOBODY;
    return t;
}

void machine_table_free(struct machine_table *t)
{
    if (!t)
        return;
    free(t->machines);
    free(t->buckets);
    free(t);
}

static uint32_t *bucket_of(struct machine_table *t, const struct mac *mac)
{
    return &t->buckets[hash_bytes(&t->key, mac, sizeof(*mac)) & t->bucket_mask];
}

static uint32_t find(struct machine_table *t, const struct mac *mac)
{
    uint32_t at = *bucket_of(t, mac);

    while (at != NOBODY && !mac_equal(&t->machines[at].mac, mac))
        at = t->machines[at].chain;
    return at;
}

static void age_unlink(struct machine_table *t, uint32_t at)
{
    struct machine *m = &t->machines[at];

    *(m->newer == NOBODY ? &t->newest : &t->machines[m->newer].older) = m->older;
    *(m->older == NOBODY ? &t->oldest : &t->machines[m->older].newer) = m->newer;
}

static void age_link(struct machine_table *t, uint32_t at)
{
    struct machine *m = &t->machines[at];

    m->newer = NOBODY;
    m->older = t->newest;
    *(t->newest == NOBODY ? &t->oldest : &t->machines[t->newest].newer) = at;
    t->newest = at;
}

static uint32_t place_take(struct machine_table *t)
{
    uint32_t at = t->oldest, *link;

    if (t->count < t->capacity)
        return t->count++;
    link = bucket_of(t, &t->machines[at].mac);
    while (*link != at)
        link = &t->machines[*link].chain;
    *link = t->machines[at].chain;
    age_unlink(t, at);
    t->evicted++;
    return at;
}

static struct machine *touch(struct machine_table *t, const struct mac *mac)
{
    uint32_t at = find(t, mac);

    if (at == NOBODY) {
        uint32_t *bucket = bucket_of(t, mac);

        at = place_take(t);
        t->machines[at] = (struct machine){.mac = *mac, .chain = *bucket};
        *bucket = at;
    } else {
        age_unlink(t, at);
    }
    age_link(t, at);
    return &t->machines[at];
}

void machine_name(struct machine_table *t, const struct mac *mac, struct text name,
                  enum name_rank rank)
{
    struct machine *m = touch(t, mac);
    size_t len = name.len < MACHINE_NAME ? name.len : MACHINE_NAME - 1;

    if (rank < m->rank || len == 0)
        return;
    memcpy(m->name, name.at, len);
    m->name[len] = 0;
    m->rank = (uint8_t)rank;
}

bool machine_address(struct machine_table *t, const struct mac *mac,
                     const struct addr *ip, struct addr *ret_gone)
{
    struct machine *m = touch(t, mac);
    struct addr gone;
    bool full = m->count == MACHINE_ADDRS;

    for (unsigned i = 0; i < m->count; i++)
        if (addr_equal(&m->addrs[i], ip))
            return false;
    gone = m->addrs[m->next];
    m->addrs[m->next] = *ip;
    m->next = (uint8_t)((m->next + 1) % MACHINE_ADDRS);
    if (!full) {
        m->count++;
        return false;
    }
    *ret_gone = gone;
    return true;
}

const char *machine_name_of(struct machine_table *t, const struct mac *mac)
{
    uint32_t at = find(t, mac);

    return at == NOBODY ? "" : t->machines[at].name;
}

uint64_t machine_table_evicted(const struct machine_table *t)
{
    return t->evicted;
}
