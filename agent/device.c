/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An array of places, each in a hash chain by address and in one list by age; the same
 * shape as the flow table, smaller.
 */
#include "agent/device.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/machine.h"
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
    uint32_t fresh;  /* from here on no place was ever used */
    uint32_t unused; /* the first of those that are free again, by chain */
    uint64_t evicted, dropped;
    struct machine_table *machines;
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
    t->newest = t->oldest = t->unused = NOBODY;
    t->machines = machine_table_new(capacity);
    for (uint32_t i = 0; i < buckets; i++)
        t->buckets[i] = NOBODY;
    return t;
}

void device_table_free(struct device_table *t)
{
    if (!t)
        return;
    machine_table_free(t->machines);
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

static void unhook(struct device_table *t, uint32_t at)
{
    uint32_t *link = bucket_of(t, &t->places[at].device.ip);

    while (*link != at)
        link = &t->places[*link].chain;
    *link = t->places[at].chain;
    age_unlink(t, at);
    t->count--;
}

/* A place for a new address: a free one while there are any, else the oldest's. */
static uint32_t place_take(struct device_table *t)
{
    uint32_t at = t->unused;

    if (at != NOBODY) {
        t->unused = t->places[at].chain;
    } else if (t->fresh < t->capacity) {
        at = t->fresh++;
    } else {
        at = t->oldest;
        unhook(t, at);
        t->evicted++;
    }
    t->count++;
    return at;
}

static void drop(struct device_table *t, const struct addr *ip, const struct mac *mac)
{
    uint32_t at = find(t, ip);

    if (at == NOBODY || !mac_equal(&t->places[at].device.mac, mac))
        return;
    unhook(t, at);
    t->places[at].chain = t->unused;
    t->unused = at;
    t->dropped++;
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
    static const struct addr unset_v4 = {{[10] = 0xff, [11] = 0xff}}, unset_v6 = {{0}};

    return !addr_equal(ip, &unset_v4) && !addr_equal(ip, &unset_v6) &&
           !addr_is_multicast(ip) && !addr_is_link_local(ip);
}

static bool is_nobody(const struct mac *mac)
{
    static const struct mac unset;

    return mac_equal(mac, &unset);
}

static const struct addr *addr_in(const struct event *e, enum field_id f)
{
    const struct value *v = event_get(e, f);

    return v ? &v->addr : NULL;
}

static const struct mac *mac_in(const struct event *e, enum field_id f)
{
    const struct value *v = event_get(e, f);

    return v ? &v->mac : NULL;
}

static bool bind_to(struct device_table *t, struct place *p, const struct mac *mac,
                    struct device_move *ret_move)
{
    struct mac before = p->device.mac;
    struct addr ip = p->device.ip, gone;

    p->device.mac = *mac;
    if (!addr_is_v4(&ip) && machine_address(t->machines, mac, &ip, &gone))
        drop(t, &gone, mac);
    if (is_nobody(&before) || mac_equal(&before, mac))
        return false;
    *ret_move = (struct device_move){.ip = ip, .before = before, .now = *mac};
    return true;
}

static bool learn_arp(struct device_table *t, const struct event *e,
                      struct device_move *ret_move)
{
    const struct addr *ip = addr_in(e, FIELD_ARP_SENDER_IP);
    const struct mac *mac = mac_in(e, FIELD_ARP_SENDER_MAC);
    usec_t now = event_time(e);
    struct place *p;

    if (!ip || !mac || !is_set(ip))
        return false;
    p = touch(t, ip, now);
    if (p->leased && now - p->leased < LEASE_HOLDS)
        return false;
    return bind_to(t, p, mac, ret_move);
}

static void learn_name(struct device_table *t, const struct event *e, enum field_id f,
                       const struct mac *mac, enum name_rank rank)
{
    const struct value *name = event_get(e, f);

    if (name && mac && !is_nobody(mac))
        machine_name(t->machines, mac, name->text, rank);
}

/* An identifier may hold the address of another card of the machine. So what the client
 * sends itself is the frame's, and what is given to it binds what nobody else told of. */
static void learn_dhcp6(struct device_table *t, const struct event *e)
{
    const struct value *type = event_get(e, FIELD_DHCP_TYPE);
    const struct value *given = event_get(e, FIELD_DHCP_ADDRESSES);
    const struct mac *mac = mac_in(e, FIELD_DHCP_CLIENT_MAC);
    struct device_move none;

    if (type && type->number != DHCP_REPLY && type->number != DHCP_ADVERTISE)
        learn_name(t, e, FIELD_DHCP_NAME,
                   event_has(e, FIELD_DHCP_RELAYS) ? mac : mac_in(e, FIELD_SRC_MAC),
                   RANK_DHCP);
    if (!type || type->number != DHCP_REPLY || !given || !mac)
        return;
    for (size_t i = 0; i < given->addr_count; i++) {
        struct place *p;

        if (!is_set(&given->addrs[i]))
            continue;
        p = touch(t, &given->addrs[i], event_time(e));
        if (is_nobody(&p->device.mac))
            (void)bind_to(t, p, mac, &none);
    }
}

static bool learn_dhcp(struct device_table *t, const struct event *e,
                       struct device_move *ret_move)
{
    const struct value *version = event_get(e, FIELD_DHCP_VERSION);
    const struct value *type = event_get(e, FIELD_DHCP_TYPE);
    const struct addr *ip = addr_in(e, FIELD_DHCP_ADDRESS);
    const struct mac *mac = mac_in(e, FIELD_DHCP_CLIENT_MAC);
    struct place *p;

    if (version && version->number == 6) {
        learn_dhcp6(t, e);
        return false;
    }
    if (!type || !ip || !mac || !is_set(ip))
        return false;
    if (type->number != DHCP_ACK && type->number != DHCP_REQUEST)
        return false;
    p = touch(t, ip, event_time(e));
    if (type->number == DHCP_ACK)
        p->leased = event_time(e);
    learn_name(t, e, FIELD_DHCP_NAME, mac, RANK_DHCP);
    return bind_to(t, p, mac, ret_move);
}

/* A neighbour that asks tells its own address, one that answers that asked for. What is
 * tried before use (RFC 4862 section 5.4) comes from nobody's address. */
static bool learn_nd(struct device_table *t, const struct event *e,
                     struct device_move *ret_move)
{
    const struct value *type = event_get(e, FIELD_ND_TYPE);
    const struct value *hops = event_get(e, FIELD_ND_HOP_LIMIT);
    const struct addr *ip = NULL;
    const struct mac *mac = NULL;

    if (!type || !hops || hops->number != 255)
        return false;
    if (type->number == ND_NS) {
        ip = addr_in(e, FIELD_SRC_IP);
        mac = mac_in(e, FIELD_ND_SOURCE_MAC);
    } else if (type->number == ND_NA) {
        ip = addr_in(e, FIELD_ND_TARGET);
        mac = mac_in(e, FIELD_ND_TARGET_MAC);
        mac = mac ? mac : mac_in(e, FIELD_SRC_MAC);
    }
    if (!ip || !mac || is_nobody(mac) || !is_set(ip))
        return false;
    return bind_to(t, touch(t, ip, event_time(e)), mac, ret_move);
}

/* A NetBIOS name may have come over a router, whose hardware address is then the frame's:
 * it counts only where the address is known to be that machine's. */
static void learn_own_name(struct device_table *t, const struct event *e)
{
    static const enum name_rank ranks[] = {
        [NAME_MDNS] = RANK_MDNS, [NAME_LLMNR] = RANK_LLMNR, [NAME_NBNS] = RANK_NBNS};
    const struct value *proto = event_get(e, FIELD_NAME_PROTO);
    const struct addr *ip = addr_in(e, FIELD_SRC_IP);
    const struct mac *mac = mac_in(e, FIELD_SRC_MAC);
    const struct device *d;

    if (!proto || !ip || !mac)
        return;
    d = device_table_get(t, ip);
    if (d ? !mac_equal(&d->mac, mac) : proto->number == NAME_NBNS)
        return;
    learn_name(t, e, FIELD_NAME_OWN, mac, ranks[proto->number]);
}

bool device_table_cares(const struct event *e)
{
    enum event_kind kind = event_kind(e);

    return kind == EVENT_ARP || kind == EVENT_DHCP || kind == EVENT_ND ||
           (kind == EVENT_NAME && event_has(e, FIELD_NAME_OWN));
}

bool device_table_learn(struct device_table *t, const struct event *e,
                        struct device_move *ret_move)
{
    switch (event_kind(e)) {
    case EVENT_ARP:
        return learn_arp(t, e, ret_move);
    case EVENT_DHCP:
        return learn_dhcp(t, e, ret_move);
    case EVENT_ND:
        return learn_nd(t, e, ret_move);
    case EVENT_NAME:
        learn_own_name(t, e);
        return false;
    default:
        return false;
    }
}

const struct device *device_table_get(struct device_table *t, const struct addr *ip)
{
    uint32_t at = find(t, ip);

    return at == NOBODY ? NULL : &t->places[at].device;
}

const char *device_table_name(struct device_table *t, const struct mac *mac)
{
    return machine_name_of(t->machines, mac);
}

/* Its hardware address, as the table or else - on the same link - the frame says. */
static const struct mac *mac_of(struct device_table *t, const struct event *e,
                                const struct addr *ip)
{
    const struct device *d = device_table_get(t, ip);

    if (d && !is_nobody(&d->mac))
        return &d->mac;
    return addr_is_link_local(ip) ? mac_in(e, FIELD_DEVICE_MAC) : NULL;
}

void device_table_dress(struct device_table *t, struct event *e)
{
    const struct addr *ip = addr_in(e, FIELD_DEVICE_IP);
    const struct mac *found = ip ? mac_of(t, e, ip) : NULL;
    char text[ADDR_TEXT];
    const char *name;
    struct mac mac;

    if (!ip)
        return;
    if (!found) {
        addr_print(ip, text);
        event_put_text(e, FIELD_DEVICE, text_of(text));
        return;
    }
    mac = *found; /* it may lie in the event that is changed */
    mac_print(&mac, text);
    event_put_text(e, FIELD_DEVICE, text_of(text));
    event_put_mac(e, FIELD_DEVICE_MAC, &mac);
    name = device_table_name(t, &mac);
    if (*name)
        event_put_text(e, FIELD_DEVICE_NAME, text_of(name));
}

size_t device_table_count(const struct device_table *t)
{
    return t->count;
}

uint64_t device_table_evicted(const struct device_table *t)
{
    return t->evicted;
}

uint64_t device_table_dropped(const struct device_table *t)
{
    return t->dropped;
}

uint64_t device_table_machines_evicted(const struct device_table *t)
{
    return machine_table_evicted(t->machines);
}
