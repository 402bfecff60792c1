/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - bytes of flows that wait for others before they can be read: of TCP, and of
 * messages that datagrams carry in pieces.
 *
 * Most messages are whole in their first segment and never come here. What does is kept
 * for each direction by its distance from the first unread byte, in one pool of fixed
 * size: when it is full, the flow that got nothing for the longest time gives up what it
 * has, and is not read any more.
 *
 * Where segments overlap, the bytes that came first stay. Some systems keep the later
 * ones instead, and who sends both chooses which of the two is seen; what a sensor can do
 * is be the same every time.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/flow.h"
#include "cur.h"

#define STREAM_RANGES 16 /* pieces with holes between them, in one direction */
#define STREAM_NOTE   24

struct stream_pool;

/* capacity: flows, at least 1; bytes: all that is kept for them. */
struct stream_pool *stream_pool_new(uint32_t capacity, uint32_t bytes);

/* Every flow must have been released. NULL is fine. */
void stream_pool_free(struct stream_pool *p);

/*
 * Keeps bytes that stand `at` behind the first unread byte of a side (0 client, 1
 * server); at most `most` are kept of one side. -ENOBUFS when they stand farther off,
 * when there are too many holes, or when the pool can't hold them.
 */
int stream_put(struct stream_pool *p, struct flow *f, unsigned side, uint32_t at,
               struct cur bytes, uint32_t most);

/* The bytes without a hole from the first unread one. Good until the next call. */
struct cur stream_ready(const struct flow *f, unsigned side);

/* Something is kept of this side, ready or not. */
bool stream_holds(const struct flow *f, unsigned side);

/* The next n bytes of this side are read or not needed, even if they are not here yet. */
void stream_take(struct stream_pool *p, struct flow *f, unsigned side, uint32_t n);

/* Nothing of this side is needed any more. */
void stream_drop(struct stream_pool *p, struct flow *f, unsigned side);

/* STREAM_NOTE bytes of the caller's own, zeros at first, that go with what is kept of a
 * flow and are gone with it. NULL: nothing is kept. */
const uint8_t *stream_note(const struct flow *f);

/* Keeps a note, also without any bytes. */
void stream_put_note(struct stream_pool *p, struct flow *f,
                     const uint8_t note[STREAM_NOTE]);

/* The flow is over. */
void stream_release(struct stream_pool *p, struct flow *f);

/* Flows that gave up what they had to another one. */
uint64_t stream_evicted(const struct stream_pool *p);

/* What is kept now: bytes of all buffers. */
uint32_t stream_used(const struct stream_pool *p);

#endif
