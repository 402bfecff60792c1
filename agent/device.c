/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An array of places, each in a hash chain by address and in one list by age; the same
 * shape as the flow table, smaller.
 */
#include "agent/device.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "mem.h"

#define NOBODY UINT32_MAX

/* How long a DHCP server's word outweighs what ARP says: a lease is rarely shorter. */
#define LEASE_HOLDS USEC_PER_HOUR

struct place {
    struct device device;
    usec_t leased; /* when a DHCP server gave it; 0: never seen */
    uint32_t chain, newer, older;
};

struct device_table {
    struct hash_key key;
    struct place *places;
    uint32_t *buckets;
    uint32_t bucket_mask, count, capacity, newest, oldest;
    uint64_t evicted;
};

struct device_table *device_table_new(size_t capacity)
{
    struct device_table *t = xcalloc(1, sizeof(*t));
    uint32_t buckets = 1;

    assert(capacity > 0 && capacity < NOBODY / 2);
    while (buckets < capacity)
        buckets *= 2;
    hash_key_random(&t->key);
    t->capacity = (uint32_t)capacity;
    t->places = xcalloc(capacity, sizeof(*t->places));
    t->buckets = xcalloc(buckets, sizeof(*t->buckets));
    t->bucket_mask = buckets - 1;
    t->newest = t->oldest = NOBODY;
    for (uint32_t i = 0; i < buckets; i++)
        t->buckets[i] = NOBODY;
    return t;
}

void device_table_free(struct device_table *t)
{
    if (!t)
        return;
    free(t->places);
    free(t->buckets);
    free(t);
}

static uint32_t *bucket_of(struct device_table *t, const struct addr *ip)
{
    return &t->buckets[hash_bytes(&t->key, ip, sizeof(*ip)) & t->bucket_mask];
}

static uint32_t find(struct device_table *t, const struct addr *ip)
{
    uint32_t at = *bucket_of(t, ip);

    while (at != NOBODY && !addr_equal(&t->places[at].device.ip, ip))
        at = t->places[at].chain;
    return at;
}

static void age_unlink(struct device_table *t, uint32_t at)
{
    struct place *p = &t->places[at];

    *(p->newer == NOBODY ? &t->newest : &t->places[p->newer].older) = p->older;
    *(p->older == NOBODY ? &t->oldest : &t->places[p->older].newer) = p->newer;
}

static void age_link(struct device_table *t, uint32_t at)
{
    struct place *p = &t->places[at];

    p->newer = NOBODY;
    p->older = t->newest;
    *(t->newest == NOBODY ? &t->oldest : &t->places[t->newest].newer) = at;
    t->newest = at;
}

/* A place for a new address: a fresh one while there are any, else the oldest's. */
static uint32_t place_take(struct device_table *t)
{
    uint32_t at = t->oldest, *link;

    if (t->count < t->capacity)
        return t->count++;
    link = bucket_of(t, &t->places[at].device.ip);
    while (*link != at)
        link = &t->places[*link].chain;
    *link = t->places[at].chain;
    age_unlink(t, at);
    t->evicted++;
    return at;
}

static struct place *touch(struct device_table *t, const struct addr *ip, usec_t now)
{
    uint32_t at = find(t, ip);

    if (at == NOBODY) {
        uint32_t *bucket = bucket_of(t, ip);

        at = place_take(t);
        t->places[at] = (struct place){.device = {.ip = *ip, .first = now}};
        t->places[at].chain = *bucket;
        *bucket = at;
    } else {
        age_unlink(t, at);
    }
    age_link(t, at);
    t->places[at].device.last = now;
    return &t->places[at];
}

static bool is_set(const struct addr *ip)
{
    static const struct addr unset_v4 = {{[10] = 0xff, [11] = 0xff}};

    return !addr_equal(ip, &unset_v4) && !addr_is_multicast(ip);
}

static void bind_to(struct place *p, const struct mac *mac)
{
    if (!mac_equal(&p->device.mac, mac))
        p->device.name[0] = 0;
    p->device.mac = *mac;
}

static void learn_arp(struct device_table *t, const struct event *e)
{
    const struct value *ip = event_get(e, FIELD_ARP_SENDER_IP);
    const struct value *mac = event_get(e, FIELD_ARP_SENDER_MAC);
    usec_t now = event_time(e);
    struct place *p;

    if (!ip || !mac || !is_set(&ip->addr))
        return;
    p = touch(t, &ip->addr, now);
    if (p->leased && now - p->leased < LEASE_HOLDS)
        return;
    bind_to(p, &mac->mac);
}

static void learn_dhcp(struct device_table *t, const struct event *e)
{
    const struct value *type = event_get(e, FIELD_DHCP_TYPE);
    const struct value *ip = event_get(e, FIELD_DHCP_ADDRESS);
    const struct value *mac = event_get(e, FIELD_DHCP_CLIENT_MAC);
    const struct value *name = event_get(e, FIELD_DHCP_NAME);
    struct place *p;

    if (!type || !ip || !mac || !is_set(&ip->addr))
        return;
    if (type->number != DHCP_ACK && type->number != DHCP_REQUEST)
        return;
    p = touch(t, &ip->addr, event_time(e));
    bind_to(p, &mac->mac);
    if (type->number == DHCP_ACK)
        p->leased = event_time(e);
    if (name) {
        size_t len = name->text.len < DEVICE_NAME ? name->text.len : DEVICE_NAME - 1;

        memcpy(p->device.name, name->text.at, len);
        p->device.name[len] = 0;
    }
}

void device_table_learn(struct device_table *t, const struct event *e)
{
    if (event_kind(e) == EVENT_ARP)
        learn_arp(t, e);
    else if (event_kind(e) == EVENT_DHCP)
        learn_dhcp(t, e);
}

const struct device *device_table_get(struct device_table *t, const struct addr *ip)
{
    uint32_t at = find(t, ip);

    return at == NOBODY ? NULL : &t->places[at].device;
}

void device_table_dress(struct device_table *t, struct event *e)
{
    static const struct mac unset;
    const struct value *ip = event_get(e, FIELD_DEVICE_IP);
    const struct device *d = ip ? device_table_get(t, &ip->addr) : NULL;
    char text[ADDR_TEXT];

    if (!ip)
        return;
    if (!d || mac_equal(&d->mac, &unset)) {
        addr_print(&ip->addr, text);
        event_put_text(e, FIELD_DEVICE, text_of(text));
        return;
    }
    mac_print(&d->mac, text);
    event_put_text(e, FIELD_DEVICE, text_of(text));
    event_put_mac(e, FIELD_DEVICE_MAC, &d->mac);
    if (d->name[0])
        event_put_text(e, FIELD_DEVICE_NAME, text_of(d->name));
}

size_t device_table_count(const struct device_table *t)
{
    return t->count;
}

uint64_t device_table_evicted(const struct device_table *t)
{
    return t->evicted;
}
