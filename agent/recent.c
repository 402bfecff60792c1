/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ring and gatherings are the same thing: slots of one length, numbered on and on, the
 * newest over the oldest; only that a gathering ends when it is full. Slots of one mark
 * are found by a chain from newest to oldest, in as many buckets as there are slots: a
 * look-up costs what it wipes, however often somebody has frames wiped.
 *
 * The memory is at the same address in every process, for it is mapped before they fork:
 * pointers into it are good for whoever takes a dead sensor's place. A place's state says
 * whose it is: the courier's when it is free or done, else the sensor's. But a sensor
 * that was taken over may write anything anywhere in it: so the courier follows no
 * pointer from there, and bounds every number and text.
 */
#include "agent/recent.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/pcap_file.h"
#include "mem.h"

#define SLOT_ALIGN 8u

struct slot {
    uint64_t seq;  /* 0: never used, or wiped */
    uint64_t prev; /* the one before it in its bucket */
    usec_t time;
    struct recent_about about;
    int link;
    uint32_t len, captured, wire_len;
    uint8_t bytes[];
};

struct ring {
    uint8_t *memory;
    size_t bytes; /* of memory */
    uint64_t *heads;
    uint8_t *slots;
    uint32_t count, slot_bytes, snaplen;
    uint64_t next; /* seq of the next slot, from 1 */
};

struct place {
    _Atomic unsigned state;
    struct recent_wanted wanted;
    struct recent_counts counts;
    uint64_t file_bytes;
    struct ring ring;
};

struct memory {
    bool idle; /* no place is open */
    bool headers_only;
    usec_t gone;  /* time of the newest frame that a newer one took the place of */
    usec_t since; /* nothing from before is in the ring; 0: it was empty at no time yet */
    struct ring ring;
    struct place places[RECENT_PLACES];
};

/* Each process has its own. */
struct recent {
    struct memory *memory;      /* shared */
    size_t bytes;               /* of all of it */
    uint8_t *gathered;          /* in it, where the first gathering has its part */
    size_t gathering;           /* bytes of each */
    struct recent_wanted *read; /* of each place, as far as it may be believed */
};

/* ---- rings ---- */

static void ring_shape(struct ring *g, uint32_t snaplen)
{
    size_t bytes = sizeof(struct slot) + snaplen;

    bytes = (bytes + SLOT_ALIGN - 1) / SLOT_ALIGN * SLOT_ALIGN;
    g->snaplen = snaplen;
    g->slot_bytes = (uint32_t)bytes;
    g->count = (uint32_t)(g->bytes / (bytes + sizeof(uint64_t)));
    g->heads = (uint64_t *)(void *)g->memory;
    g->slots = g->memory + (size_t)g->count * sizeof(uint64_t);
    g->next = 1;
}

/* Only as far as it was used: the rest of the memory was never there. */
static void ring_clear(struct ring *g)
{
    uint64_t used = g->next - 1 < g->count ? g->next - 1 : g->count;

    memset(g->heads, 0, (size_t)g->count * sizeof(uint64_t));
    memset(g->slots, 0, (size_t)used * g->slot_bytes);
    g->next = 1;
}

static struct slot *ring_at(const struct ring *g, uint64_t seq)
{
    return (struct slot *)(void *)(g->slots + (seq - 1) % g->count * g->slot_bytes);
}

/* The slot of that number, while it is still that one. */
static struct slot *ring_get(const struct ring *g, uint64_t seq)
{
    struct slot *s = seq ? ring_at(g, seq) : NULL;

    return s && s->seq == seq ? s : NULL;
}

static struct slot *ring_add(struct ring *g, uint32_t mark)
{
    struct slot *s = ring_at(g, g->next);
    uint64_t *head = &g->heads[mark % g->count];

    s->seq = g->next++;
    s->prev = *head;
    *head = s->seq;
    return s;
}

static void ring_wipe(struct ring *g, uint32_t mark)
{
    uint64_t *link = &g->heads[mark % g->count];
    struct slot *s;

    while ((s = ring_get(g, *link))) {
        if (s->about.mark != mark) {
            link = &s->prev;
            continue;
        }
        *link = s->prev;
        memset(s, 0, g->slot_bytes);
    }
    *link = 0;
}

static void ring_settle(const struct ring *g, uint32_t mark)
{
    struct slot *s = ring_get(g, g->heads[mark % g->count]);

    for (; s; s = ring_get(g, s->prev))
        if (s->about.mark == mark)
            s->about.unsettled = false;
}

/* ---- life ---- */

static bool is_open(const struct place *p)
{
    return atomic_load_explicit(&p->state, memory_order_acquire) == RECENT_OPEN;
}

static void set_state(struct place *p, enum recent_state state)
{
    atomic_store_explicit(&p->state, state, memory_order_release);
}

struct recent *recent_new(size_t ring_bytes)
{
    size_t ring = ring_bytes / 4096 * 4096, gathering = ring / 2 / 4096 * 4096;
    size_t head = (sizeof(struct memory) + 4095) / 4096 * 4096;
    size_t bytes = head + ring + RECENT_PLACES * gathering;
    struct memory *m =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint8_t *at = (uint8_t *)m + head;
    struct recent *r;

    if (m == MAP_FAILED)
        return NULL;
    madvise(m, bytes, MADV_DONTDUMP);
    m->idle = true;
    m->ring = (struct ring){.memory = at, .bytes = ring};
    ring_shape(&m->ring, 0);
    r = xcalloc(1, sizeof(*r));
    *r = (struct recent){.memory = m,
                         .bytes = bytes,
                         .gathered = at + ring,
                         .gathering = gathering,
                         .read = xcalloc(RECENT_PLACES, sizeof(*r->read))};
    for (size_t i = 0; i < RECENT_PLACES; i++)
        m->places[i].ring =
            (struct ring){.memory = at + ring + i * gathering, .bytes = gathering};
    return r;
}

void recent_free(struct recent *r)
{
    if (!r)
        return;
    munmap(r->memory, r->bytes);
    free(r->read);
    free(r);
}

/* ---- keeping ---- */

static bool same(const struct addr *a, const struct addr *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static bool same_mac(const struct mac *a, const struct mac *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static bool is_of_device(const struct recent_ends *e, const struct recent_ends *device)
{
    if (device->has_ip && e->has_ip &&
        (same(&e->src, &device->src) || same(&e->dst, &device->src)))
        return true;
    return device->has_mac && e->has_mac &&
           (same_mac(&e->src_mac, &device->src_mac) ||
            same_mac(&e->dst_mac, &device->src_mac));
}

static bool is_of_conversation(const struct recent_ends *e, const struct recent_ends *c)
{
    if (!e->has_ip || e->ip_proto != c->ip_proto)
        return false;
    return (same(&e->src, &c->src) && same(&e->dst, &c->dst) &&
            e->src_port == c->src_port && e->dst_port == c->dst_port) ||
           (same(&e->src, &c->dst) && same(&e->dst, &c->src) &&
            e->src_port == c->dst_port && e->dst_port == c->src_port);
}

static bool is_wanted(const struct recent_wanted *w, const struct recent_about *a,
                      usec_t time)
{
    if (time < w->from || time > w->until)
        return false;
    return w->device ? is_of_device(&a->ends, &w->ends)
                     : is_of_conversation(&a->ends, &w->ends);
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* s: its head alone is meant; its bytes are at `bytes`. */
static void gather(struct place *p, const struct slot *s, const uint8_t *bytes)
{
    uint32_t most = p->wanted.snaplen ? p->wanted.snaplen : s->about.headers;
    uint32_t len = lesser(lesser(s->len, most), p->ring.snaplen);
    struct slot *to;
    uint64_t prev, seq;

    if (p->file_bytes + PCAP_FILE_RECORD + len > p->wanted.max ||
        p->ring.next > p->ring.count) {
        p->counts.no_room++;
        return;
    }
    to = ring_add(&p->ring, s->about.mark);
    prev = to->prev;
    seq = to->seq;
    memcpy(to, s, sizeof(*s));
    to->prev = prev;
    to->seq = seq;
    to->len = len;
    memcpy(to->bytes, bytes, len);
    p->file_bytes += PCAP_FILE_RECORD + len;
}

void recent_keep(struct recent *r, const struct frame *f, const struct recent_about *a)
{
    struct slot *s = ring_at(&r->memory->ring, r->memory->ring.next);

    if (s->seq)
        r->memory->gone = s->time;
    s = ring_add(&r->memory->ring, a->mark);
    s->time = f->time;
    s->about = *a;
    s->link = f->link;
    s->captured = f->len;
    s->wire_len = f->wire_len;
    s->len = lesser(f->len, r->memory->ring.snaplen);
    if (r->memory->headers_only || a->bare)
        s->len = lesser(s->len, a->headers);
    memcpy(s->bytes, f->bytes, s->len);
    for (size_t i = 0; !r->memory->idle && i < RECENT_PLACES; i++)
        if (is_open(&r->memory->places[i]) &&
            is_wanted(&r->memory->places[i].wanted, a, f->time))
            gather(&r->memory->places[i], s, s->bytes);
}

void recent_wipe(struct recent *r, uint32_t mark)
{
    ring_wipe(&r->memory->ring, mark);
    for (size_t i = 0; !r->memory->idle && i < RECENT_PLACES; i++)
        if (is_open(&r->memory->places[i]))
            ring_wipe(&r->memory->places[i].ring, mark);
}

void recent_wipe_all(struct recent *r)
{
    ring_clear(&r->memory->ring);
    for (size_t i = 0; !r->memory->idle && i < RECENT_PLACES; i++)
        if (is_open(&r->memory->places[i]))
            ring_clear(&r->memory->places[i].ring);
}

void recent_settle(struct recent *r, uint32_t mark)
{
    ring_settle(&r->memory->ring, mark);
    for (size_t i = 0; !r->memory->idle && i < RECENT_PLACES; i++)
        if (is_open(&r->memory->places[i]))
            ring_settle(&r->memory->places[i].ring, mark);
}

/* ---- a gathering's time ---- */

static void open_place(struct recent *r, struct place *p)
{
    uint64_t first = r->memory->ring.next > r->memory->ring.count
                         ? r->memory->ring.next - r->memory->ring.count
                         : 1;

    ring_shape(&p->ring, r->memory->ring.snaplen);
    p->counts = (struct recent_counts){.late = r->memory->gone >= p->wanted.from ||
                                               r->memory->since > p->wanted.from};
    p->file_bytes = PCAP_FILE_HEADER;
    r->memory->idle = false;
    set_state(p, RECENT_OPEN);
    for (uint64_t seq = first; seq < r->memory->ring.next; seq++) {
        const struct slot *s = ring_get(&r->memory->ring, seq);

        if (s && is_wanted(&p->wanted, &s->about, s->time))
            gather(p, s, s->bytes);
    }
}

/* What is unsettled now nobody may see. */
static void close_place(struct recent *r, struct place *p)
{
    for (uint64_t seq = 1; seq < p->ring.next; seq++) {
        const struct slot *s = ring_get(&p->ring, seq);

        if (s && s->about.unsettled)
            ring_wipe(&p->ring, s->about.mark);
    }
    set_state(p, RECENT_DONE);
    r->memory->idle = true;
    for (size_t i = 0; i < RECENT_PLACES; i++)
        r->memory->idle = r->memory->idle && !is_open(&r->memory->places[i]);
}

void recent_tick(struct recent *r, usec_t now)
{
    if (!r->memory->since)
        r->memory->since = now;
    for (size_t i = 0; i < RECENT_PLACES; i++) {
        struct place *p = &r->memory->places[i];

        if (atomic_load_explicit(&p->state, memory_order_acquire) == RECENT_ASKED)
            open_place(r, p);
        if (is_open(p) && now >= p->wanted.until + RECENT_SETTLE)
            close_place(r, p);
    }
}

void recent_finish(struct recent *r)
{
    for (size_t i = 0; i < RECENT_PLACES; i++)
        if (recent_state(r, i) == RECENT_ASKED)
            open_place(r, &r->memory->places[i]);
    for (size_t i = 0; i < RECENT_PLACES; i++)
        if (is_open(&r->memory->places[i])) {
            r->memory->places[i].counts.early = true;
            close_place(r, &r->memory->places[i]);
        }
}

void recent_begin(struct recent *r)
{
    ring_clear(&r->memory->ring);
    r->memory->gone = r->memory->since = 0;
    r->memory->idle = true;
    for (size_t i = 0; i < RECENT_PLACES; i++) {
        struct place *p = &r->memory->places[i];

        if (!is_open(p))
            continue;
        ring_clear(&p->ring);
        p->counts = (struct recent_counts){.interrupted = true};
        set_state(p, RECENT_DONE);
    }
}

void recent_shape(struct recent *r, uint32_t snaplen, bool headers_only)
{
    if (snaplen == r->memory->ring.snaplen && headers_only == r->memory->headers_only)
        return;
    ring_clear(&r->memory->ring);
    ring_shape(&r->memory->ring, snaplen);
    r->memory->headers_only = headers_only;
    r->memory->gone = r->memory->since = 0;
}

/* ---- the courier ---- */

enum recent_state recent_state(const struct recent *r, size_t place)
{
    return (enum recent_state)atomic_load_explicit(&r->memory->places[place].state,
                                                   memory_order_acquire);
}

void recent_ask(struct recent *r, size_t place, const struct recent_wanted *w)
{
    struct place *p = &r->memory->places[place];

    p->wanted = *w;
    set_state(p, RECENT_ASKED);
}

bool recent_withdraw(struct recent *r, size_t place)
{
    unsigned asked = RECENT_ASKED;

    return atomic_compare_exchange_strong(&r->memory->places[place].state, &asked,
                                          RECENT_FREE);
}

/* Any byte may stand where a bool is to be. */
static bool said_bool(const bool *at)
{
    uint8_t byte;

    memcpy(&byte, at, sizeof(byte));
    return byte != 0;
}

static uint32_t said_u32(const uint32_t *at)
{
    return __atomic_load_n(at, __ATOMIC_RELAXED);
}

const struct recent_wanted *recent_wanted(const struct recent *r, size_t place)
{
    struct recent_wanted *w = &r->read[place];

    memcpy(w, &r->memory->places[place].wanted, sizeof(*w));
    w->id[sizeof(w->id) - 1] = 0;
    w->note[sizeof(w->note) - 1] = 0;
    w->device = said_bool(&w->device);
    w->by_person = said_bool(&w->by_person);
    return w;
}

static struct recent_counts counts_of(const struct recent *r, size_t place)
{
    struct recent_counts counts;

    memcpy(&counts, &r->memory->places[place].counts, sizeof(counts));
    counts.late = said_bool(&counts.late);
    counts.early = said_bool(&counts.early);
    counts.interrupted = said_bool(&counts.interrupted);
    return counts;
}

/* The ring of a gathering, within its part of the memory whatever the sensor says. */
static struct ring ring_of(const struct recent *r, size_t place)
{
    const struct ring *said = &r->memory->places[place].ring;
    struct ring g = {.memory = r->gathered + place * r->gathering, .bytes = r->gathering};
    uint64_t next = __atomic_load_n(&said->next, __ATOMIC_RELAXED);
    uint32_t snaplen = said_u32(&said->snaplen);

    ring_shape(&g, snaplen < g.bytes ? snaplen : 0);
    g.next = next <= g.count ? next : (uint64_t)g.count + 1;
    return g;
}

struct recent_counts recent_each(const struct recent *r, size_t place, recent_fn *fn,
                                 void *arg)
{
    struct recent_counts counts = counts_of(r, place);
    const struct ring g = ring_of(r, place);

    for (uint64_t seq = 1; seq < g.next; seq++) {
        const struct slot *s = ring_get(&g, seq);
        uint32_t len = s ? said_u32(&s->len) : 0;

        if (!s || len > g.snaplen)
            continue;
        counts.frames++;
        counts.cut += len < s->captured;
        fn(&(struct frame){.time = s->time,
                           .bytes = s->bytes,
                           .len = len,
                           .wire_len = s->wire_len,
                           .link = s->link},
           arg);
    }
    return counts;
}

void recent_release(struct recent *r, size_t place)
{
    struct place *p = &r->memory->places[place];
    struct ring g = ring_of(r, place);

    if (g.next > 0)
        ring_clear(&g);
    p->wanted = (struct recent_wanted){0};
    p->counts = (struct recent_counts){0};
    set_state(p, RECENT_FREE);
}
