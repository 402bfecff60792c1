/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offsets count in units of eight bytes, so one bit for each unit says what is there:
 * holes, overlaps and repeats need no lists. What tells datagrams apart is hashed into a
 * tag; tags and times lie in arrays of their own, since finding, expiring and evicting
 * walk over all places.
 */
#include "agent/fragment.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "hash.h"
#include "mem.h"

#define UNIT         8u
#define DATAGRAM_MAX 65535u
#define HEADER_MAX   60u /* room in front of the bytes for the longest IPv4 header */
#define FIRST_BYTES  2048u
#define SHARE_BYTES  8192u                     /* of memory for each place, on average */
#define LEAST_ROOM   (2u * (DATAGRAM_MAX + 1)) /* one datagram always fits */
#define NOBODY       UINT32_MAX
#define NO_TIME      UINT64_MAX

/* What the pieces of one datagram have in common; hashed and compared as bytes. */
struct key {
    struct addr src, dst;
    uint32_t id;
    uint16_t vlan;
    uint8_t version;
    uint8_t proto; /* IPv6 does not ask for it: 0 */
};
static_assert(sizeof(struct key) == 40, "the key of a datagram has no padding");

struct place {
    struct key key;
    bool bad;       /* given up, but remembered until its time is over */
    uint8_t *bytes; /* HEADER_MAX, then the datagram's own */
    uint32_t room;  /* of bytes */
    uint32_t end;   /* where the last byte seen ends */
    uint32_t total; /* 0 until the last fragment has come */
    uint32_t units; /* that are there */
    uint32_t wire_len;
    uint32_t frames;
    uint8_t header_len; /* 0 until the first fragment has come */
    uint8_t proto;
    uint8_t there[(DATAGRAM_MAX + 1) / UNIT / 8];
};

struct fragment_table {
    uint32_t capacity;
    usec_t timeout;
    struct hash_key secret;
    struct fragment_counts counts;
    struct place *places;
    uint64_t *tags; /* of the place of that number */
    usec_t *begun;  /* NO_TIME: the place is free */
    usec_t oldest;  /* no place was begun before it */
    uint64_t room;  /* of all places together */
    uint64_t most_room;
    uint8_t *handed; /* out with the last whole datagram */
};

struct fragment_table *fragment_table_new(uint32_t capacity, usec_t timeout)
{
    struct fragment_table *t = xcalloc(1, sizeof(*t));

    assert(capacity > 0);
    t->capacity = capacity;
    t->timeout = timeout;
    t->oldest = NO_TIME;
    t->most_room = (uint64_t)capacity * SHARE_BYTES;
    if (t->most_room < LEAST_ROOM)
        t->most_room = LEAST_ROOM;
    t->places = xcalloc(capacity, sizeof(*t->places));
    t->tags = xcalloc(capacity, sizeof(*t->tags));
    t->begun = xcalloc(capacity, sizeof(*t->begun));
    for (uint32_t i = 0; i < capacity; i++)
        t->begun[i] = NO_TIME;
    hash_key_random(&t->secret);
    return t;
}

void fragment_table_free(struct fragment_table *t)
{
    if (!t)
        return;
    for (uint32_t i = 0; i < t->capacity; i++)
        free_wiped(t->places[i].bytes);
    free(t->places);
    free(t->tags);
    free(t->begun);
    free_wiped(t->handed);
    free(t);
}

static void release(struct fragment_table *t, uint32_t at)
{
    struct place *p = &t->places[at];

    free_wiped(p->bytes);
    p->bytes = NULL;
    t->room -= p->room;
    p->room = 0;
    t->begun[at] = NO_TIME;
}

static bool is_overdue(const struct fragment_table *t, usec_t begun, usec_t now)
{
    return begun < now && now - begun > t->timeout;
}

static void expire(struct fragment_table *t, usec_t now)
{
    if (!is_overdue(t, t->oldest, now))
        return;
    t->oldest = NO_TIME;
    for (uint32_t i = 0; i < t->capacity; i++) {
        if (is_overdue(t, t->begun[i], now)) {
            if (!t->places[i].bad)
                t->counts.expired++;
            release(t, i);
        } else if (t->begun[i] < t->oldest)
            t->oldest = t->begun[i];
    }
}

static uint32_t find(const struct fragment_table *t, const struct key *key, uint64_t tag)
{
    for (uint32_t i = 0; i < t->capacity; i++) {
        if (t->tags[i] == tag && t->begun[i] != NO_TIME &&
            memcmp(&t->places[i].key, key, sizeof(*key)) == 0)
            return i;
    }
    return NOBODY;
}

/* The oldest datagram but that at keep gives up its place, which is returned. */
static uint32_t evict(struct fragment_table *t, uint32_t keep)
{
    uint32_t oldest = keep == 0 ? 1 : 0;

    for (uint32_t i = 0; i < t->capacity; i++) {
        if (i != keep && t->begun[i] < t->begun[oldest])
            oldest = i;
    }
    if (!t->places[oldest].bad)
        t->counts.evicted++;
    release(t, oldest);
    return oldest;
}

static uint32_t vacate(struct fragment_table *t)
{
    for (uint32_t i = 0; i < t->capacity; i++) {
        if (t->begun[i] == NO_TIME)
            return i;
    }
    return evict(t, NOBODY);
}

static uint32_t touch(struct fragment_table *t, const struct fragment *f)
{
    struct key key = {.src = f->src,
                      .dst = f->dst,
                      .id = f->id,
                      .vlan = f->vlan,
                      .version = f->version,
                      .proto = f->version == 4 ? f->proto : 0};
    uint64_t tag = hash_bytes(&t->secret, &key, sizeof(key));
    uint32_t at = find(t, &key, tag);

    if (at == NOBODY) {
        at = vacate(t);
        t->places[at] = (struct place){.key = key};
        t->places[at].bytes = NULL; /* said again for clang's analyzer */
        t->tags[at] = tag;
        t->begun[at] = f->time;
        if (f->time < t->oldest)
            t->oldest = f->time;
    }
    return at;
}

static bool unit_is_there(const struct place *p, uint32_t unit)
{
    return p->there[unit / 8] >> (unit % 8) & 1;
}

/* As far as the total length counts it (IPv4): the first fragment's, once it is known. */
static uint32_t header_len(const struct place *p, const struct fragment *f)
{
    if (f->version != 4)
        return 0;
    return p->header_len ? p->header_len : (uint32_t)cur_left(&f->header);
}

/* Can this fragment belong to a datagram at all, and to this one? */
static bool fits(const struct place *p, const struct fragment *f)
{
    uint32_t len = (uint32_t)cur_left(&f->bytes);
    uint32_t end = f->offset + len;

    if (len == 0 || header_len(p, f) + (end > p->end ? end : p->end) > DATAGRAM_MAX)
        return false;
    if (f->more && len % UNIT != 0)
        return false;
    if (f->more)
        return p->total == 0 || end <= p->total;
    return p->total == 0 ? end >= p->end : end == p->total;
}

static void make_room(struct fragment_table *t, uint32_t at, uint32_t end)
{
    struct place *p = &t->places[at];
    uint32_t room = p->bytes ? p->room : FIRST_BYTES;
    uint8_t *bytes;

    while (room < HEADER_MAX + end)
        room *= 2;
    if (p->bytes && room == p->room)
        return;
    bytes = take(p->bytes);
    while (t->room - p->room + room > t->most_room)
        evict(t, at);
    p->bytes = xmalloc(room);
    if (bytes)
        memcpy(p->bytes, bytes, p->room);
    free_wiped(bytes);
    t->room += room - p->room;
    p->room = room;
}

/* IPv6: a repeat is fine (RFC 8200 section 4.5), any other overlap is not (RFC 5722). */
static bool overlap_is_allowed(const struct place *p, const struct fragment *f)
{
    uint32_t len = (uint32_t)cur_left(&f->bytes);
    uint32_t known = 0;

    if (f->version == 4 || !p->bytes)
        return true;
    for (uint32_t at = 0; at < len; at += UNIT)
        known += unit_is_there(p, (f->offset + at) / UNIT);
    if (known == 0)
        return true;
    return known == (len + UNIT - 1) / UNIT &&
           memcmp(p->bytes + HEADER_MAX + f->offset, f->bytes.pos, len) == 0;
}

/* What came first stays. */
static void lay(struct place *p, const struct fragment *f)
{
    uint32_t len = (uint32_t)cur_left(&f->bytes);

    for (uint32_t at = 0; at < len; at += UNIT) {
        uint32_t unit = (f->offset + at) / UNIT;

        if (unit_is_there(p, unit))
            continue;
        memcpy(p->bytes + HEADER_MAX + f->offset + at, f->bytes.pos + at,
               len - at < UNIT ? len - at : UNIT);
        p->there[unit / 8] |= (uint8_t)(1u << (unit % 8));
        p->units++;
    }
}

/* The header goes right in front of the bytes. */
static void keep_header(struct place *p, const struct fragment *f)
{
    size_t len = cur_left(&f->header);

    if (f->offset != 0 || p->header_len != 0)
        return;
    assert(len > 0 && len <= HEADER_MAX);
    memcpy(p->bytes + HEADER_MAX - len, f->header.pos, len);
    p->header_len = (uint8_t)len;
    p->proto = f->proto;
}

static void put_u16(uint8_t *at, uint32_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

/* The header says what it would have said of the uncut datagram. */
static void mend_header(uint8_t *header, const struct place *p)
{
    if (p->key.version == 4) {
        put_u16(header + 2, p->header_len + p->total); /* total length */
        put_u16(header + 6, 0);                        /* flags and offset */
        return;
    }
    put_u16(header + 4, p->total); /* payload length */
    header[6] = p->proto;          /* next header */
}

static void hand_over(struct fragment_table *t, uint32_t at, struct datagram *ret_whole)
{
    struct place *p = &t->places[at];
    uint8_t *header = p->bytes + HEADER_MAX - p->header_len;

    mend_header(header, p);
    *ret_whole = (struct datagram){.bytes = header,
                                   .len = p->header_len + p->total,
                                   .header_len = p->header_len,
                                   .proto = p->proto,
                                   .frames = p->frames,
                                   .wire_len = p->wire_len};
    free_wiped(t->handed);
    t->handed = p->bytes;
    p->bytes = NULL;
    release(t, at);
}

enum fragment_result fragment_table_put(struct fragment_table *t,
                                        const struct fragment *f,
                                        struct datagram *ret_whole)
{
    uint32_t end = f->offset + (uint32_t)cur_left(&f->bytes);
    uint32_t at;
    struct place *p;

    expire(t, f->time);
    at = touch(t, f);
    p = &t->places[at];

    if (p->bad || !fits(p, f) || !overlap_is_allowed(p, f)) {
        p->bad = true;
        return FRAGMENT_BAD;
    }
    make_room(t, at, end);
    assert(p->bytes);
    lay(p, f);
    keep_header(p, f);
    p->end = end > p->end ? end : p->end;
    p->total = f->more ? p->total : end;
    p->wire_len += f->wire_len;
    p->frames++;

    if (p->total == 0 || p->units < (p->total + UNIT - 1) / UNIT)
        return FRAGMENT_WAITS;
    hand_over(t, at, ret_whole);
    return FRAGMENT_WHOLE;
}

const struct fragment_counts *fragment_table_counts(const struct fragment_table *t)
{
    return &t->counts;
}
