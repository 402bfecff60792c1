/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments of one text, in any order, overlapping and repeated, on both sides of flows
 * that share less room than they need, are put together to that text. Input: a position
 * and a length, u16 each. The upper bits of the position say which side of which flow,
 * and whether its other side is dropped before; those of the length that nothing but a
 * note is left. Every third segment also reads what is ready.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/stream.h"

#define TEXT_BYTES 4096
#define FLOWS      4
#define PLACES     3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct side {
    bool seen[TEXT_BYTES];
    uint32_t next;
};

struct conversation {
    struct flow flow;
    struct side sides[2];
    uint8_t note;
};

struct world {
    struct stream_pool *pool;
    struct conversation all[FLOWS];
    uint8_t text[TEXT_BYTES];
};

static uint8_t text_at(uint32_t pos)
{
    return (uint8_t)(pos * 31 + (pos >> 8));
}

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static bool is_over(const struct conversation *t)
{
    return t->flow.stage.reading.finished[0];
}

static void check_side(const struct world *w, const struct conversation *t, unsigned side)
{
    const struct side *s = &t->sides[side];
    struct cur ready = stream_ready(&t->flow, side);
    uint32_t left = (uint32_t)cur_left(&ready);

    for (uint32_t i = 0; i < left; i++)
        demand(ready.pos[i] == w->text[s->next + i] && s->seen[s->next + i]);
    demand(s->next + left == TEXT_BYTES || !s->seen[s->next + left]);
    demand(left == 0 || stream_holds(&t->flow, side));
}

static void check_sides(const struct world *w, const struct conversation *t)
{
    for (unsigned side = 0; side < 2 && !is_over(t); side++)
        check_side(w, t, side);
}

/* A flow gave up what it holds only to another, and is told then. */
static void check(struct world *w)
{
    demand(stream_used(w->pool) <= 2 * TEXT_BYTES);
    for (unsigned i = 0; i < FLOWS; i++) {
        struct conversation *t = &w->all[i];
        const uint8_t *note = stream_note(&t->flow);

        if (!note)
            t->note = 0;
        demand(!note || (note[0] == t->note && note[STREAM_NOTE - 1] == t->note));
        demand(!is_over(t) || !note);
    }
}

static void drop(struct world *w, struct conversation *t, unsigned side)
{
    struct side *s = &t->sides[side];

    stream_drop(w->pool, &t->flow, side);
    memset(s->seen + s->next, 0, TEXT_BYTES - s->next);
    demand(!stream_holds(&t->flow, side));
    if (!stream_note(&t->flow))
        t->note = 0;
}

static void put_note(struct world *w, struct conversation *t, uint8_t tag)
{
    uint8_t note[STREAM_NOTE];

    memset(note, tag, sizeof(note));
    t->note = tag;
    stream_put_note(w->pool, &t->flow, note);
}

static void put(struct world *w, struct conversation *t, unsigned side, uint32_t from,
                uint32_t len)
{
    struct side *s = &t->sides[side];

    if (from < s->next)
        from = s->next;
    if (from + len > TEXT_BYTES)
        len = TEXT_BYTES - from;
    if (stream_put(w->pool, &t->flow, side, from - s->next, cur_over(w->text + from, len),
                   TEXT_BYTES) < 0)
        drop(w, t, side);
    else
        memset(s->seen + from, true, len);
}

/* The half of what is ready. */
static void take_half(struct world *w, struct conversation *t, unsigned side)
{
    struct cur ready = stream_ready(&t->flow, side);
    uint32_t n = (uint32_t)(cur_left(&ready) + 1) / 2;

    stream_take(w->pool, &t->flow, side, n);
    t->sides[side].next += n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world *w = calloc(1, sizeof(*w));
    struct cur c = cur_over(data, size);

    demand(w);
    w->pool = stream_pool_new(PLACES, 2 * TEXT_BYTES);
    for (uint32_t i = 0; i < TEXT_BYTES; i++)
        w->text[i] = text_at(i);
    for (unsigned round = 1; cur_left(&c) >= 4; round++) {
        uint32_t from = cur_u16(&c), len = cur_u16(&c);
        struct conversation *t = &w->all[from >> 13 & (FLOWS - 1)];
        unsigned side = from >> 12 & 1;

        if (is_over(t))
            continue;
        if (from >> 15)
            drop(w, t, !side);
        if (len >> 15)
            put_note(w, t, (uint8_t)round);
        else
            put(w, t, side, from % TEXT_BYTES, len % TEXT_BYTES);
        check(w);
        check_sides(w, t);
        if (round % 3 == 0)
            take_half(w, t, side);
        check(w);
    }
    for (unsigned i = 0; i < FLOWS; i++)
        check_sides(w, &w->all[i]);
    for (unsigned i = 0; i < FLOWS; i++)
        stream_release(w->pool, &w->all[i].flow);
    demand(stream_used(w->pool) == 0);
    stream_pool_free(w->pool);
    free(w);
    return 0;
}
