/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places live in one array, in a list by when they last got something. A side's bytes
 * stand in one buffer by their distance from the first unread byte, so what is ready is
 * always one piece; sorted ranges say which parts of it are filled.
 */
#include "agent/stream.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define NOBODY       UINT32_MAX
#define BUFFER_LEAST 2048

struct range {
    uint32_t from, to;
};

struct side {
    uint8_t *bytes;
    uint32_t capacity;
    uint32_t count;
    struct range ranges[STREAM_RANGES]; /* apart from each other, in order */
};

struct place {
    struct flow *flow; /* NULL: given back, and older is the next such one */
    struct side sides[2];
    uint8_t note[STREAM_NOTE];
    uint32_t newer, older;
};

struct stream_pool {
    struct place
        *places; /* never touched from fresh on: memory only for what is needed */
    uint32_t capacity, fresh;
    uint32_t unused, newest, oldest;
    uint32_t limit, used;
    uint64_t evicted;
};

struct stream_pool *stream_pool_new(uint32_t capacity, uint32_t bytes)
{
    struct stream_pool *p = xcalloc(1, sizeof(*p));

    assert(capacity > 0 && capacity < NOBODY);
    p->places = xcalloc(capacity, sizeof(*p->places));
    p->limit = bytes;
    p->capacity = capacity;
    p->newest = p->oldest = p->unused = NOBODY;
    return p;
}

void stream_pool_free(struct stream_pool *p)
{
    if (!p)
        return;
    assert(p->oldest == NOBODY);
    free(p->places);
    free(p);
}

/* ---- places ---- */

static void unlink_place(struct stream_pool *p, uint32_t at)
{
    struct place *it = &p->places[at];

    *(it->newer == NOBODY ? &p->newest : &p->places[it->newer].older) = it->older;
    *(it->older == NOBODY ? &p->oldest : &p->places[it->older].newer) = it->newer;
}

static void link_newest(struct stream_pool *p, uint32_t at)
{
    struct place *it = &p->places[at];

    it->newer = NOBODY;
    it->older = p->newest;
    *(p->newest == NOBODY ? &p->oldest : &p->places[p->newest].newer) = at;
    p->newest = at;
}

static void empty(struct stream_pool *p, struct side *s)
{
    p->used -= s->capacity;
    free_wiped(s->bytes);
    *s = (struct side){0};
}

void stream_release(struct stream_pool *p, struct flow *f)
{
    struct place *it = f->stage.stream;
    uint32_t at;

    if (!it)
        return;
    at = (uint32_t)(it - p->places);
    empty(p, &it->sides[0]);
    empty(p, &it->sides[1]);
    unlink_place(p, at);
    it->flow = NULL;
    it->older = p->unused;
    p->unused = at;
    f->stage.stream = NULL;
}

static void evict_oldest(struct stream_pool *p)
{
    struct flow *f = p->places[p->oldest].flow;

    stream_release(p, f);
    f->stage.reading.finished[0] = f->stage.reading.finished[1] = true;
    p->evicted++;
}

static uint32_t take_place(struct stream_pool *p)
{
    uint32_t at;

    if (p->unused == NOBODY && p->fresh < p->capacity)
        return p->fresh++;
    if (p->unused == NOBODY)
        evict_oldest(p);
    at = p->unused;
    p->unused = p->places[at].older;
    return at;
}

static struct place *touch(struct stream_pool *p, struct flow *f)
{
    uint32_t at;

    if (f->stage.stream) {
        at = (uint32_t)((struct place *)f->stage.stream - p->places);
        unlink_place(p, at);
    } else {
        at = take_place(p);
        p->places[at] = (struct place){.flow = f};
        f->stage.stream = &p->places[at];
    }
    link_newest(p, at);
    return &p->places[at];
}

/* ---- bytes ---- */

/* Room for the first `end` bytes, if other flows must go for it. */
static bool grow(struct stream_pool *p, struct side *s, uint32_t end, uint32_t most)
{
    uint32_t capacity = s->capacity ? s->capacity : BUFFER_LEAST;
    uint8_t *bytes;

    while (capacity < end)
        capacity *= 2;
    if (capacity > most)
        capacity = most;
    if (capacity <= s->capacity)
        return true;
    while (p->used - s->capacity + capacity > p->limit && p->oldest != p->newest)
        evict_oldest(p);
    if (p->used - s->capacity + capacity > p->limit)
        return false;
    bytes = xmalloc(capacity);
    if (s->bytes)
        memcpy(bytes, s->bytes, s->capacity);
    free_wiped(s->bytes);
    s->bytes = bytes;
    p->used += capacity - s->capacity;
    s->capacity = capacity;
    return true;
}

/* Copies what is new between from and to; what is there already stays. */
static void fill(struct side *s, struct range new, const uint8_t *bytes)
{
    uint32_t pos = new.from;

    for (uint32_t i = 0; i < s->count && pos < new.to; i++) {
        const struct range *r = &s->ranges[i];
        uint32_t end = r->from < new.to ? r->from : new.to;

        if (pos < end)
            memcpy(s->bytes + pos, bytes + (pos - new.from), end - pos);
        if (pos < r->to)
            pos = r->to;
    }
    if (pos < new.to)
        memcpy(s->bytes + pos, bytes + (pos - new.from), new.to - pos);
}

/* The ranges after `new` was filled: those it touches become one with it. */
static bool add_range(struct side *s, struct range new)
{
    struct range out[STREAM_RANGES + 1];
    uint32_t count = 0, i = 0;

    while (i < s->count && s->ranges[i].to < new.from)
        out[count++] = s->ranges[i++];
    for (; i < s->count && s->ranges[i].from <= new.to; i++) {
        new.from = s->ranges[i].from < new.from ? s->ranges[i].from : new.from;
        new.to = s->ranges[i].to > new.to ? s->ranges[i].to : new.to;
    }
    out[count++] = new;
    while (i < s->count)
        out[count++] = s->ranges[i++];
    if (count > STREAM_RANGES)
        return false;
    memcpy(s->ranges, out, count * sizeof(*out));
    s->count = count;
    return true;
}

int stream_put(struct stream_pool *p, struct flow *f, unsigned side, uint32_t at,
               struct cur bytes, uint32_t most)
{
    size_t len = cur_left(&bytes);
    struct range new = {.from = at};
    struct side *s;

    if (at >= most)
        return -ENOBUFS;
    new.to = len < most - at ? at + (uint32_t)len : most;
    if (new.from == new.to)
        return 0;
    s = &touch(p, f)->sides[side];
    if (!grow(p, s, new.to, most))
        return -ENOBUFS;
    fill(s, new, bytes.pos);
    return add_range(s, new) ? 0 : -ENOBUFS;
}

static struct side *side_of(const struct flow *f, unsigned side)
{
    struct place *it = f->stage.stream;

    return it ? &it->sides[side] : NULL;
}

struct cur stream_ready(const struct flow *f, unsigned side)
{
    const struct side *s = side_of(f, side);

    if (!s || s->count == 0 || s->ranges[0].from > 0)
        return cur_over(NULL, 0);
    return cur_over(s->bytes, s->ranges[0].to);
}

bool stream_holds(const struct flow *f, unsigned side)
{
    const struct side *s = side_of(f, side);

    return s && s->count > 0;
}

void stream_drop(struct stream_pool *p, struct flow *f, unsigned side)
{
    struct side *s = side_of(f, side);

    if (!s)
        return;
    empty(p, s);
    if (!stream_holds(f, !side))
        stream_release(p, f);
}

void stream_take(struct stream_pool *p, struct flow *f, unsigned side, uint32_t n)
{
    struct side *s = side_of(f, side);
    uint32_t kept = 0;

    if (!s)
        return;
    for (uint32_t i = 0; i < s->count; i++) {
        struct range r = s->ranges[i];

        if (r.to <= n)
            continue;
        s->ranges[kept].from = r.from > n ? r.from - n : 0;
        s->ranges[kept++].to = r.to - n;
    }
    s->count = kept;
    if (kept == 0)
        stream_drop(p, f, side);
    else if (n > 0)
        memmove(s->bytes, s->bytes + n, s->ranges[kept - 1].to);
}

const uint8_t *stream_note(const struct flow *f)
{
    const struct place *it = f->stage.stream;

    return it ? it->note : NULL;
}

void stream_put_note(struct stream_pool *p, struct flow *f,
                     const uint8_t note[STREAM_NOTE])
{
    memcpy(touch(p, f)->note, note, STREAM_NOTE);
}

uint64_t stream_evicted(const struct stream_pool *p)
{
    return p->evicted;
}

uint32_t stream_used(const struct stream_pool *p)
{
    return p->used;
}
