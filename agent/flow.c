/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places lie in one array and refer to each other by index. A used place is in the
 * chain of its hash bucket, to be found; in the age list of its class, newest to oldest,
 * to be ended; and, until on_start is told, in the list of those that wait for an answer.
 * Whether a flow is due to be told as active is asked with each of its packets: one
 * comparison, and no list to be kept for it. Afterwards its place remembers, apart, what
 * was told; most flows are over long before.
 * A class has one patience for all its flows, so its oldest is always the next to end. A
 * free place is in the list of the unused, which borrows the chain link, or has never
 * been used at all: memory is touched only as far as traffic fills it.
 */
#include "agent/flow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/flow_state.h"
#include "mem.h"

#define NOBODY UINT32_MAX
#define NEVER  UINT64_MAX

#define WAITING FLOW_CLASSES /* the list of those without on_start */
#define LISTS   (FLOW_CLASSES + 1)

/* The lower end comes first, so both directions make the same key. */
struct key {
    struct addr low, high;
    uint16_t low_port, high_port;
    uint16_t vlan;
    uint8_t proto;
    uint8_t zero; /* no padding: the key is hashed as bytes */
};
static_assert(sizeof(struct key) == 40, "the key of a flow has no padding");

struct link {
    uint32_t newer, older;
};

/* What a flow was when it was last told as active. */
struct told {
    struct flow_half out, in;
};

struct place {
    struct flow flow;
    usec_t since; /* its first packet, or when it was last told as active */
    uint32_t tag; /* hash bits that the bucket does not tell */
    uint32_t chain;
    struct link age;
    union {
        struct link wait;  /* until on_start is told */
        struct told *told; /* from then on; NULL: nothing yet */
    };
};
static_assert(sizeof(struct place) <= 192, "a place fits into three cache lines");

struct list {
    uint32_t newest, oldest;
};

struct flow_table {
    struct flow_settings set;
    usec_t patience[LISTS];
    struct list lists[LISTS];
    struct place *places;
    uint32_t *buckets;
    uint32_t bucket_mask;
    uint32_t unused;
    uint32_t fresh; /* from here on no place was ever used */
    usec_t due;     /* nothing is due before */
    usec_t now;
    struct flow_counts counts;
};

/* ---- lists ---- */

static struct link *link_of(struct flow_table *t, unsigned list, uint32_t at)
{
    return list == WAITING ? &t->places[at].wait : &t->places[at].age;
}

static void list_remove(struct flow_table *t, unsigned list, uint32_t at)
{
    struct list *l = &t->lists[list];
    struct link *own = link_of(t, list, at);

    if (own->newer == NOBODY)
        l->newest = own->older;
    else
        link_of(t, list, own->newer)->older = own->older;
    if (own->older == NOBODY)
        l->oldest = own->newer;
    else
        link_of(t, list, own->older)->newer = own->newer;
}

static void list_put(struct flow_table *t, unsigned list, uint32_t at)
{
    struct list *l = &t->lists[list];

    *link_of(t, list, at) = (struct link){.newer = NOBODY, .older = l->newest};
    if (l->newest == NOBODY)
        l->oldest = at;
    else
        link_of(t, list, l->newest)->newer = at;
    l->newest = at;
}

/* ---- finding ---- */

/* Ports as far as they tell conversations apart. */
static void key_ports(uint8_t proto, uint16_t *port_a, uint16_t *port_b)
{
    if (flow_state_is_icmp(proto))
        *port_a = *port_b = flow_state_icmp_number(proto, *port_a, *port_b);
}

static uint64_t hash_of(const struct flow_table *t, const struct packet *p)
{
    uint16_t src = p->src_port, dst = p->dst_port;
    struct key key = {.vlan = p->vlan, .proto = p->ip_proto};
    int order = memcmp(&p->src, &p->dst, sizeof(p->src));

    key_ports(p->ip_proto, &src, &dst);
    if (order < 0 || (order == 0 && src <= dst)) {
        key.low = p->src;
        key.high = p->dst;
        key.low_port = src;
        key.high_port = dst;
    } else {
        key.low = p->dst;
        key.high = p->src;
        key.low_port = dst;
        key.high_port = src;
    }
    return hash_bytes(&t->set.secret, &key, sizeof(key));
}

/* Is p of f, and sent by its client (or by its server)? */
static bool is_sent_by(const struct flow *f, const struct packet *p, bool client)
{
    const struct addr *from = client ? &f->client : &f->server;
    const struct addr *to = client ? &f->server : &f->client;
    uint16_t client_port = f->client_port, server_port = f->server_port;
    uint16_t src = p->src_port, dst = p->dst_port;

    if (f->ip_proto != p->ip_proto || f->vlan != p->vlan || !addr_equal(from, &p->src) ||
        !addr_equal(to, &p->dst))
        return false;
    key_ports(p->ip_proto, &src, &dst);
    key_ports(p->ip_proto, &client_port, &server_port);
    return src == (client ? client_port : server_port) &&
           dst == (client ? server_port : client_port);
}

static uint32_t find(const struct flow_table *t, uint64_t hash, const struct packet *p,
                     bool *ret_from_client)
{
    uint32_t at = t->buckets[hash & t->bucket_mask];

    for (; at != NOBODY; at = t->places[at].chain) {
        const struct place *place = &t->places[at];

        if (place->tag != (uint32_t)(hash >> 32))
            continue;
        if (is_sent_by(&place->flow, p, true)) {
            *ret_from_client = true;
            return at;
        }
        if (is_sent_by(&place->flow, p, false)) {
            *ret_from_client = false;
            return at;
        }
    }
    return NOBODY;
}

static void chain_remove(struct flow_table *t, uint32_t at)
{
    const struct flow *f = &t->places[at].flow;
    struct packet p = {.src = f->client,
                       .dst = f->server,
                       .src_port = f->client_port,
                       .dst_port = f->server_port,
                       .vlan = f->vlan,
                       .ip_proto = f->ip_proto};
    uint32_t *link = &t->buckets[hash_of(t, &p) & t->bucket_mask];

    while (*link != at)
        link = &t->places[*link].chain;
    *link = t->places[at].chain;
}

/* ---- beginning and ending ---- */

static void start_flow(struct flow_table *t, uint32_t at, usec_t now)
{
    struct flow *f = &t->places[at].flow;

    list_remove(t, WAITING, at);
    t->places[at].told = NULL;
    f->started = true;
    t->set.on_start(f, now, t->set.arg);
}

static struct flow_part part_of(const struct place *place, usec_t until)
{
    const struct told none = {0}, *told = place->told ? place->told : &none;
    const struct flow_half *out = &place->flow.out, *in = &place->flow.in;

    return (struct flow_part){
        .since = place->since,
        .until = until,
        .out = {out->packets - told->out.packets, out->bytes - told->out.bytes},
        .in = {in->packets - told->in.packets, in->bytes - told->in.bytes},
    };
}

static void tell_active(struct flow_table *t, uint32_t at, usec_t now)
{
    struct place *place = &t->places[at];
    struct flow_part part = part_of(place, now);

    if (!place->told)
        place->told = xcalloc(1, sizeof(*place->told));
    *place->told = (struct told){place->flow.out, place->flow.in};
    place->since = now;
    t->set.on_active(&place->flow, &part, now, t->set.arg);
}

static void end_flow(struct flow_table *t, uint32_t at, enum flow_end why, usec_t now)
{
    struct place *place = &t->places[at];
    struct flow_part part;

    if (!place->flow.started)
        start_flow(t, at, now);
    part = part_of(place, place->flow.last);
    chain_remove(t, at);
    list_remove(t, place->flow.class, at);
    t->set.on_end(&place->flow, why, &part, now, t->set.arg);
    free(place->told);

    place->chain = t->unused;
    t->unused = at;
    t->counts.now--;
}

/* The flow silent longest among the classes first to last, or NOBODY. */
static uint32_t oldest_of(const struct flow_table *t, enum flow_class first,
                          enum flow_class last)
{
    uint32_t oldest = NOBODY;

    for (unsigned c = first; c <= last; c++) {
        uint32_t at = t->lists[c].oldest;

        if (at != NOBODY &&
            (oldest == NOBODY || t->places[at].flow.last < t->places[oldest].flow.last))
            oldest = at;
    }
    return oldest;
}

static void vacate(struct flow_table *t, usec_t now)
{
    uint32_t closed = t->lists[FLOW_CLASS_CLOSED].oldest;

    if (closed != NOBODY) {
        end_flow(t, closed, FLOW_CLOSED, now);
        return;
    }
    t->counts.crowded++;
    end_flow(t, oldest_of(t, FLOW_CLASS_NEW, FLOW_CLASS_OTHER), FLOW_CROWDED, now);
}

static uint32_t take_place(struct flow_table *t, usec_t now)
{
    uint32_t at;

    if (t->unused == NOBODY && t->fresh < t->set.capacity)
        return t->fresh++;
    if (t->unused == NOBODY)
        vacate(t, now);
    at = t->unused;
    t->unused = t->places[at].chain;
    return at;
}

/* The ports of ICMP are a message's type and code, which belong to no end. */
static struct flow flow_between(const struct packet *p, bool from_client)
{
    bool in_order = from_client || flow_state_is_icmp(p->ip_proto);

    return (struct flow){.client = from_client ? p->src : p->dst,
                         .server = from_client ? p->dst : p->src,
                         .client_port = in_order ? p->src_port : p->dst_port,
                         .server_port = in_order ? p->dst_port : p->src_port,
                         .client_mac = from_client ? p->src_mac : p->dst_mac,
                         .server_mac = from_client ? p->dst_mac : p->src_mac,
                         .has_mac = p->has_mac,
                         .ttl = from_client ? p->ttl : 0,
                         .vlan = p->vlan,
                         .ip_proto = p->ip_proto,
                         .tunnel = (uint8_t)p->tunnel & 0xfU,
                         .first = p->time};
}

static uint32_t begin_flow(struct flow_table *t, uint64_t hash, const struct packet *p,
                           bool from_client)
{
    uint32_t *bucket = &t->buckets[hash & t->bucket_mask];
    uint32_t at = take_place(t, p->time);
    struct place *place = &t->places[at];

    place->flow = flow_between(p, from_client);
    flow_state_begin(&place->flow, p);
    place->since = p->time;
    place->tag = (uint32_t)(hash >> 32);
    place->chain = *bucket;
    *bucket = at;
    place->flow.class = FLOW_CLASS_NEW;
    list_put(t, FLOW_CLASS_NEW, at);
    list_put(t, WAITING, at);

    t->counts.made++;
    t->counts.now++;
    if (t->counts.most < t->counts.now)
        t->counts.most = t->counts.now;
    return at;
}

/* ---- time ---- */

static usec_t due_in(const struct flow_table *t, unsigned list)
{
    uint32_t at = t->lists[list].oldest;
    const struct flow *f;

    if (at == NOBODY)
        return NEVER;
    f = &t->places[at].flow;
    return (list == WAITING ? f->first : f->last) + t->patience[list];
}

/* The list whose oldest is due first. Nobody ends before it was started. */
static unsigned due_first(const struct flow_table *t)
{
    unsigned first = WAITING;

    for (unsigned list = 0; list < FLOW_CLASSES; list++) {
        if (due_in(t, list) < due_in(t, first))
            first = list;
    }
    return first;
}

void flow_table_tick(struct flow_table *t, usec_t now)
{
    if (now > t->now)
        t->now = now;
    while (now >= t->due) {
        unsigned list = due_first(t);
        uint32_t at = t->lists[list].oldest;

        t->due = due_in(t, list);
        if (t->due > now || at == NOBODY)
            return;
        if (list == WAITING)
            start_flow(t, at, t->due);
        else
            end_flow(t, at, list == FLOW_CLASS_CLOSED ? FLOW_CLOSED : FLOW_IDLE, t->due);
    }
}

static void due_no_later(struct flow_table *t, usec_t time)
{
    if (time < t->due)
        t->due = time;
}

/* ---- the table ---- */

static void count(struct flow *f, const struct packet *p, bool from_client)
{
    struct flow_half *half = from_client ? &f->out : &f->in;

    if (half->packets == 0 && p->has_mac)
        *(from_client ? &f->client_mac : &f->server_mac) = p->src_mac;
    half->packets += p->frames;
    half->bytes += p->wire_len;
    if (p->carries)
        f->carries = (uint8_t)p->carries & 0xfU;
    f->last = p->time;
}

struct flow *flow_table_touch(struct flow_table *t, const struct packet *p,
                              bool *ret_from_client)
{
    uint64_t hash = hash_of(t, p);
    struct place *place;
    uint32_t at;

    flow_table_tick(t, p->time);
    at = find(t, hash, p, ret_from_client);
    if (at != NOBODY && flow_state_begins_anew(&t->places[at].flow, p)) {
        end_flow(t, at, FLOW_CLOSED, p->time);
        at = NOBODY;
    }
    if (at == NOBODY) {
        *ret_from_client = flow_state_first_is_client(p);
        at = begin_flow(t, hash, p, *ret_from_client);
        due_no_later(t, p->time + t->patience[WAITING]);
    }

    place = &t->places[at];
    count(&place->flow, p, *ret_from_client);
    flow_state_packet(&place->flow, p, *ret_from_client);
    list_remove(t, place->flow.class, at);
    place->flow.class = (uint8_t)flow_state_class(&place->flow) & 0xfU;
    list_put(t, place->flow.class, at);
    due_no_later(t, p->time + t->patience[place->flow.class]);

    if (!place->flow.started && place->flow.answered)
        start_flow(t, at, p->time);
    if (p->time >= place->since + t->set.active_timeout && place->flow.started)
        tell_active(t, at, p->time);
    return &place->flow;
}

void flow_table_stop(struct flow_table *t, usec_t now)
{
    uint32_t at;

    flow_table_tick(t, now);
    while ((at = oldest_of(t, FLOW_CLASS_NEW, FLOW_CLASS_CLOSED)) != NOBODY)
        end_flow(t, at, FLOW_STOPPED, now);
}

void flow_table_each(struct flow_table *t, void (*visit)(struct flow *f, void *arg),
                     void *arg)
{
    for (unsigned list = 0; list < FLOW_CLASSES; list++)
        for (uint32_t at = t->lists[list].oldest; at != NOBODY;
             at = t->places[at].age.newer)
            visit(&t->places[at].flow, arg);
}

struct flow_table *flow_table_new(const struct flow_settings *settings)
{
    struct flow_table *t = xcalloc(1, sizeof(*t));
    uint32_t buckets = 1;

    assert(settings->capacity > 0 && settings->capacity < NOBODY / 2);
    while (buckets < settings->capacity)
        buckets *= 2;

    t->set = *settings;
    t->patience[FLOW_CLASS_NEW] = settings->idle_new;
    t->patience[FLOW_CLASS_TCP] = settings->idle_tcp;
    t->patience[FLOW_CLASS_OTHER] = settings->idle_udp;
    t->patience[FLOW_CLASS_CLOSED] = settings->idle_closed;
    t->patience[WAITING] = settings->answer_within;
    t->places = xcalloc(settings->capacity, sizeof(*t->places));
    t->buckets = xcalloc(buckets, sizeof(*t->buckets));
    t->bucket_mask = buckets - 1;
    t->unused = NOBODY;
    t->due = NEVER;

    for (uint32_t i = 0; i < buckets; i++)
        t->buckets[i] = NOBODY;
    for (unsigned i = 0; i < LISTS; i++)
        t->lists[i] = (struct list){.newest = NOBODY, .oldest = NOBODY};
    return t;
}

void flow_table_free(struct flow_table *t)
{
    if (!t)
        return;
    flow_table_stop(t, t->now);
    free(t->places);
    free(t->buckets);
    free(t);
}

struct flow_counts flow_table_counts(const struct flow_table *t)
{
    return t->counts;
}
