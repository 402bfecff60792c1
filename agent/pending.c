/* SPDX-License-Identifier: Apache-2.0 */
#include "pending.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

static struct block *last_of(struct blocks *b)
{
    return b->count ? &b->at[b->count - 1] : NULL;
}

static struct block *add_block(struct blocks *b, uint64_t first, unsigned lost)
{
    b->at = xgrow(b->at, b->count, &b->capacity, sizeof(*b->at));
    b->at[b->count] = (struct block){.first = first, .lost = lost};
    return &b->at[b->count++];
}

void pending_document(struct pending *p, enum wire_stream stream, uint64_t seq,
                      const void *bytes, size_t len)
{
    struct blocks *b = &p->streams[stream];
    struct block *at = last_of(b);

    if (!at || at->lost || at->bytes.len + WIRE_RECORD_HEAD + len > WIRE_BATCH_MAX)
        at = add_block(b, seq, 0);
    wire_document_add(&at->bytes, bytes, len);
    at->last = seq;
    at->count++;
    p->bytes += len;
}

static void write_loss(struct block *at)
{
    at->bytes.len = 0;
    at->count = 1;
    wire_lost_add(&at->bytes, at->last, at->lost);
}

void pending_lost(struct pending *p, enum wire_stream stream, uint64_t seq,
                  uint64_t count, enum wire_loss why)
{
    struct blocks *b = &p->streams[stream];
    struct block *at = last_of(b);

    if (!at || at->lost != why)
        at = add_block(b, seq, why);
    at->last = seq + count - 1;
    write_loss(at);
}

static void put_loss_first(struct blocks *b, uint64_t count, enum wire_loss why)
{
    add_block(b, 0, 0);
    memmove(b->at + 1, b->at, (b->count - 1) * sizeof(*b->at));
    b->at[0] = (struct block){.first = 1, .last = count, .lost = why};
    write_loss(&b->at[0]);
}

uint64_t pending_restart(struct pending *p, enum wire_stream stream, uint64_t lost,
                         enum wire_loss why)
{
    struct blocks *b = &p->streams[stream];
    uint64_t seq = lost + 1;

    for (struct block *at = b->at; at < b->at + b->count; at++) {
        at->last = at->last - at->first + seq;
        at->first = seq;
        seq = at->last + 1;
        if (at->lost)
            write_loss(at);
    }
    if (lost > 0)
        put_loss_first(b, lost, why);
    return seq;
}

void pending_clear(struct pending *p)
{
    for (unsigned s = 0; s < WIRE_STREAMS; s++) {
        struct blocks *b = &p->streams[s];

        for (size_t i = 0; i < b->count; i++)
            buffer_done(&b->at[i].bytes);
        free(b->at);
    }
    *p = (struct pending){0};
}
