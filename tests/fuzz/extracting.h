/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extracting.h - what holds for every extractor, whatever bytes it is given.
 *
 * Agents differ: in what their rules ask for, in whether there are names to protect, and
 * in whether the flow's host is known before. So all bytes are read twice: as one would
 * that asks for everything, and as another.
 */
#ifndef EXTRACTING_H
#define EXTRACTING_H

#include <stdlib.h>
#include <string.h>

#include "agent/extract.h"
#include "auto.h"
#include "hash.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static inline void demand(bool truth)
{
    if (!truth)
        abort();
}

static inline void on_event(struct event *e, void *arg)
{
    uint8_t packed[EVENT_PACK_MAX];
    unsigned *count = arg;
    auto_json struct json *doc = event_json(e, NULL);
    auto_free char *text = json_write(doc);

    demand(text && event_pack(e, packed, sizeof(packed)) > 0);
    (*count)++;
}

/* ---- agents ---- */

struct agent {
    bool guards, knows_host, asks_nothing, has_key;
};

static const struct agent agents[] = {
    {.has_key = true},
    {.has_key = true, .guards = true, .knows_host = true},
    {.guards = true, .asks_nothing = true},
};

#define AGENTS (sizeof(agents) / sizeof(*agents))

/* Of any two names one, and the bytes tell which. */
static inline bool is_guarded(struct text host, void *arg)
{
    unsigned sum = 0;

    (void)arg;
    for (size_t i = 0; i < host.len; i++)
        sum += (uint8_t)host.at[i];
    return sum & 1;
}

/* What such an agent has an extractor speak with; the event's reader is still to be put.
 */
static inline struct extract_out agent_out(const struct agent *a, const struct packet *p)
{
    static const uint8_t note[EXTRACT_NOTE] = {
        1}; /* PIECES: a first datagram was opened */
    static const struct hash_key key = {{1}};
    static const struct field_set nothing;
    static struct answer_rest *rest;
    static struct event *e; /* large to make, and begun anew for each use */

    if (!rest) {
        rest = xcalloc(1, sizeof(*rest));
        e = event_new();
    }
    rest->protects = a->guards ? is_guarded : NULL;
    return (struct extract_out){.event = e,
                                .packet = p,
                                .note = note,
                                .rest = rest,
                                .guards = a->guards ? is_guarded : NULL,
                                .host = a->knows_host ? TEXT("www.school.example")
                                                      : (struct text){0},
                                .asked = a->asks_nothing ? &nothing : NULL,
                                .key = a->has_key ? &key : NULL};
}

/* What holds for a message that was read from before. */
static inline void check_read(const struct extract_out *out, enum extract_result result,
                              unsigned count, struct cur before, struct cur behind)
{
    demand(count <= 1 && out->skip <= EXTRACT_SKIP_MAX);
    demand(out->skip == 0 || result == EXTRACT_NEXT);
    if (result == EXTRACT_MORE || result == EXTRACT_NOT)
        demand(count == 0);
    if (result == EXTRACT_NEXT || result == EXTRACT_OTHER)
        demand(!cur_broken(&behind) && behind.pos > before.pos);
    demand(!out->again || result != EXTRACT_AGAIN);
}

/* ---- one end ---- */

/* Reads messages of one end as long as the extractor goes on. */
static inline void agent_reads(const struct agent *a, const struct extractor *x,
                               const struct packet *p, struct cur c, bool from_client)
{
    struct extract_out out = agent_out(a, p);
    enum extract_result result = EXTRACT_NEXT;
    struct talk talk = {0};
    unsigned count;

    out.emit = on_event;
    out.arg = &count;
    out.talk = &talk;
    out.from_client = from_client;
    while (cur_left(&c) > 0 &&
           (out.again || result == EXTRACT_NEXT || result == EXTRACT_OTHER)) {
        struct cur before = c;

        count = 0;
        out.skip = 0;
        result = x->read(&c, &out);
        check_read(&out, result, count, before, c);
        cur_skip(&c, out.skip);
        out.again = result == EXTRACT_AGAIN;
        if (out.again)
            c = before;
    }
}

/* The second reading costs as much as the first: one other agent is enough. */
static inline void extract_side(const struct extractor *x, const struct packet *p,
                                struct cur c, bool from_client)
{
    size_t other = 1 + cur_left(&c) % (AGENTS - 1);

    (void)x->wants(p, c);
    agent_reads(&agents[0], x, p, c, from_client);
    agent_reads(&agents[other], x, p, c, from_client);
}

static inline void extract_all(const struct extractor *x, const struct packet *p,
                               struct cur c)
{
    extract_side(x, p, c, true);
}

/* ---- both ends ---- */

/* More than any who remembers what was said waits for. */
#define END_KEPT 40000

struct end {
    uint8_t bytes[END_KEPT];
    size_t len, skip;
    bool over;
};

/* What is behind the message; of one that was skipped some may still be to come. */
static inline void end_keep(struct end *end, struct cur behind, size_t skip)
{
    size_t left = cur_left(&behind), now = skip < left ? skip : left;

    memmove(end->bytes, end->bytes + end->len - left + now, left - now);
    end->len = left - now;
    end->skip = skip - now;
}

static inline void end_add(struct end *end, struct cur piece)
{
    size_t room;

    if (end->skip > 0) {
        size_t now = end->skip < cur_left(&piece) ? end->skip : cur_left(&piece);

        cur_skip(&piece, now);
        end->skip -= now;
    }
    room = END_KEPT - end->len;
    room = room < cur_left(&piece) ? room : cur_left(&piece);
    cur_copy(&piece, end->bytes + end->len, room);
    end->len += room;
}

/* A copy is read, so that its end is its end. Of a datagram nothing stays. */
static inline void end_read(const struct extractor *x, struct end *end,
                            struct extract_out *out)
{
    enum extract_result result = EXTRACT_NEXT;
    unsigned *count = out->arg;

    while (end->len > 0 && !end->over && result == EXTRACT_NEXT) {
        auto_free uint8_t *bytes = xmalloc(end->len);
        struct cur before = cur_over(bytes, end->len), c = before;
        struct talk talk = *out->talk;

        memcpy(bytes, end->bytes, end->len);
        (void)x->wants(out->packet, c);
        *count = 0;
        out->skip = 0;
        result = x->read(&c, out);
        check_read(out, result, *count, before, c);
        if (result == EXTRACT_MORE)
            demand(memcmp(&talk, out->talk, sizeof(talk)) == 0);
        if (result == EXTRACT_NEXT || result == EXTRACT_OTHER)
            end_keep(end, c, out->skip);
    }
    end->over = x->from == EXTRACT_STREAM &&
                (end->over || result == EXTRACT_DONE || result == EXTRACT_NOT);
    if (x->from != EXTRACT_STREAM)
        end->len = 0;
}

/*
 * Two ends of a conversation, of which the extractor remembers something. Pieces: a byte
 * whose lowest bit is the end, whose second says that its length has two bytes and whose
 * upper three are how often it comes, as a power of two; the length; its bytes. Of what
 * an extractor leaves unread that end's next piece goes on.
 */
static inline void converse(const struct extractor *x, const struct packet *p,
                            struct cur c, void (*emit)(struct event *e, void *arg))
{
    static struct end ends[2];
    struct extract_out out = agent_out(&agents[0], p);
    struct talk talk = {0};
    unsigned count = 0;

    out.emit = emit;
    out.arg = &count;
    out.talk = &talk;
    for (unsigned i = 0; i < 2; i++)
        ends[i].len = ends[i].skip = ends[i].over = 0;
    while (cur_left(&c) > 2) {
        uint8_t head = cur_u8(&c);
        struct end *end = &ends[head & 1];
        size_t len = head & 2 ? cur_u16(&c) : cur_u8(&c);
        struct cur piece = cur_sub(&c, len < cur_left(&c) ? len : cur_left(&c));

        out.from_client = end == &ends[0];
        for (unsigned times = 1U << (head >> 5); times > 0 && !end->over; times--) {
            end_add(end, piece);
            end_read(x, end, &out);
        }
    }
}

#endif
