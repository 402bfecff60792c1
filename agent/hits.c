/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue is a fixed number of chunks. Each severity fills chunks of its own, so what
 * has to go goes a chunk at a time and nothing is ever moved. A batch is sent from the
 * chunks where they lie.
 */
#include "agent/hits.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "mem.h"

#define CHUNK_BYTES  (16u * 1024) /* more than the longest record */
#define CHUNKS_LEAST 8u
#define COUNTS_MOST  (64u * 1024)
#define HEADER_BYTES 8u
#define LOST_BYTES   (HEADER_BYTES + HITS_SEVERITIES * 4u)
#define MARK_BYTES   (HEADER_BYTES + 8u)
#define PARTS_MAX    16

struct chunk {
    struct chunk *next;
    uint32_t used;
    uint32_t records;
    uint8_t bytes[CHUNK_BYTES];
};

struct queue {
    struct chunk *first, *last;
};

struct hits_writer {
    int fd;
    uint8_t generation;
    struct chunk *chunks;
    struct chunk *unused;
    struct queue queues[HITS_SEVERITIES];
    char *counts;                   /* NULL: none wait */
    usec_t mark;                    /* the last one that was sent */
    usec_t after;                   /* all hits are before this time */
    uint32_t lost[HITS_SEVERITIES]; /* not told yet */
    uint64_t lost_ever;
};

_Static_assert(CHUNK_BYTES >= HEADER_BYTES + 4 + EVENT_PACK_MAX, "a record fits a chunk");

struct hits_writer *hits_writer_new(int fd, size_t queue_bytes)
{
    struct hits_writer *w = xcalloc(1, sizeof(*w));
    size_t count = queue_bytes / CHUNK_BYTES;

    if (count < CHUNKS_LEAST)
        count = CHUNKS_LEAST;
    w->fd = fd;
    w->chunks = xcalloc(count, sizeof(*w->chunks));
    for (size_t i = 0; i < count; i++) {
        w->chunks[i].next = w->unused;
        w->unused = &w->chunks[i];
    }
    return w;
}

void hits_writer_free(struct hits_writer *w)
{
    if (!w)
        return;
    free(w->counts);
    free(w->chunks);
    free(w);
}

/* ---- the queue ---- */

static void lose(struct hits_writer *w, enum severity severity, uint32_t records)
{
    w->lost[severity] += records;
    w->lost_ever += records;
}

static struct chunk *queue_shift(struct queue *q)
{
    struct chunk *c = q->first;

    q->first = c->next;
    if (!q->first)
        q->last = NULL;
    return c;
}

/* An unused chunk, or the oldest of the lowest severity under this one, or NULL. */
static struct chunk *take_chunk(struct hits_writer *w, enum severity severity)
{
    struct chunk *c = w->unused;

    if (c) {
        w->unused = c->next;
        return c;
    }
    for (unsigned s = 0; s < (unsigned)severity; s++) {
        if (w->queues[s].first) {
            c = queue_shift(&w->queues[s]);
            lose(w, s, c->records);
            return c;
        }
    }
    return NULL;
}

static bool add_chunk(struct hits_writer *w, enum severity severity)
{
    struct queue *q = &w->queues[severity];
    struct chunk *c = take_chunk(w, severity);

    if (!c)
        return false;
    c->next = NULL;
    c->used = 0;
    c->records = 0;
    if (q->last)
        q->last->next = c;
    else
        q->first = c;
    q->last = c;
    return true;
}

static void put_header(uint8_t *at, enum hits_kind kind, enum severity severity,
                       uint32_t len)
{
    memset(at, 0, HEADER_BYTES);
    at[0] = (uint8_t)kind;
    at[1] = (uint8_t)severity;
    memcpy(at + 4, &len, sizeof(len));
}

/* Writes the record behind the others of a chunk; false when it does not fit. */
static bool chunk_add(struct chunk *c, enum hits_kind kind, enum severity severity,
                      uint8_t generation, uint32_t rule, const struct event *e)
{
    uint8_t *at = c->bytes + c->used;
    uint32_t ahead = HEADER_BYTES + (kind == HITS_HIT ? sizeof(rule) : 0);
    int len;

    if (CHUNK_BYTES - c->used < ahead)
        return false;
    len = event_pack(e, at + ahead, CHUNK_BYTES - c->used - ahead);
    if (len < 0)
        return false;
    put_header(at, kind, severity, ahead - HEADER_BYTES + (uint32_t)len);
    at[2] = generation;
    if (kind == HITS_HIT)
        memcpy(at + HEADER_BYTES, &rule, sizeof(rule));
    c->used += ahead + (uint32_t)len;
    c->records++;
    return true;
}

static void put_record(struct hits_writer *w, enum hits_kind kind, enum severity severity,
                       uint32_t rule, const struct event *e)
{
    struct chunk *last = w->queues[severity].last;

    if (last && chunk_add(last, kind, severity, w->generation, rule, e))
        return;
    if (!add_chunk(w, severity) ||
        !chunk_add(w->queues[severity].last, kind, severity, w->generation, rule, e))
        lose(w, severity, 1);
}

void hits_use(struct hits_writer *w, uint8_t generation)
{
    w->generation = generation;
}

void hits_put(struct hits_writer *w, size_t rule, enum severity severity,
              const struct event *e)
{
    if (w->after <= event_time(e))
        w->after = event_time(e) + 1;
    put_record(w, HITS_HIT, severity, (uint32_t)rule, e);
}

bool hits_waits_for_mark(const struct hits_writer *w)
{
    return w->mark < w->after;
}

void hits_put_device(struct hits_writer *w, const struct event *e)
{
    put_record(w, HITS_DEVICE, SEVERITY_LOW, 0, e);
}

void hits_put_counts(struct hits_writer *w, const char *json)
{
    if (strlen(json) > COUNTS_MOST) {
        lose(w, SEVERITY_INFO, 1);
        return;
    }
    free(w->counts);
    w->counts = xstrdup(json);
}

uint64_t hits_lost(const struct hits_writer *w)
{
    return w->lost_ever;
}

/* ---- sending ---- */

struct batch {
    struct iovec parts[PARTS_MAX];
    size_t count;
    size_t bytes;
    size_t chunks[HITS_SEVERITIES]; /* taken from each queue */
    bool counts;
    bool all; /* nothing is left behind */
    uint8_t lost[LOST_BYTES], counts_header[HEADER_BYTES], mark[MARK_BYTES];
};

static bool batch_add(struct batch *b, const void *bytes, size_t len)
{
    if (b->count + 2 > PARTS_MAX || b->bytes + len + MARK_BYTES > HITS_BATCH_MAX)
        return false;
    b->parts[b->count++] =
        (struct iovec){.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
    b->bytes += len;
    return true;
}

static void batch_add_lost(struct batch *b, const struct hits_writer *w)
{
    static const uint32_t none[HITS_SEVERITIES];

    if (memcmp(w->lost, none, sizeof(none)) == 0)
        return;
    put_header(b->lost, HITS_LOST, SEVERITY_INFO, sizeof(w->lost));
    memcpy(b->lost + HEADER_BYTES, w->lost, sizeof(w->lost));
    batch_add(b, b->lost, sizeof(b->lost));
}

static void batch_add_chunks(struct batch *b, const struct hits_writer *w)
{
    for (unsigned s = HITS_SEVERITIES; s-- > 0;) {
        for (const struct chunk *c = w->queues[s].first; c; c = c->next) {
            if (!batch_add(b, c->bytes, c->used)) {
                b->all = false;
                return;
            }
            b->chunks[s]++;
        }
    }
}

static void batch_add_counts(struct batch *b, const struct hits_writer *w)
{
    size_t len;

    if (!w->counts)
        return;
    len = strlen(w->counts);
    b->all = b->all && b->count + 3 <= PARTS_MAX &&
             b->bytes + HEADER_BYTES + len + MARK_BYTES <= HITS_BATCH_MAX;
    if (!b->all)
        return;
    put_header(b->counts_header, HITS_COUNTS, SEVERITY_INFO, (uint32_t)len);
    batch_add(b, b->counts_header, HEADER_BYTES);
    b->counts = batch_add(b, w->counts, len);
}

/* There is always room for the mark: batch_add keeps it free. */
static void batch_add_mark(struct batch *b, usec_t mark)
{
    put_header(b->mark, HITS_MARK, SEVERITY_INFO, sizeof(mark));
    memcpy(b->mark + HEADER_BYTES, &mark, sizeof(mark));
    b->parts[b->count++] = (struct iovec){.iov_base = b->mark, .iov_len = MARK_BYTES};
}

static void forget_sent(struct hits_writer *w, const struct batch *b, usec_t mark)
{
    for (unsigned s = 0; s < HITS_SEVERITIES; s++) {
        for (size_t i = 0; i < b->chunks[s]; i++) {
            struct chunk *c = queue_shift(&w->queues[s]);

            c->next = w->unused;
            w->unused = c;
        }
    }
    if (b->counts) {
        free(w->counts);
        w->counts = NULL;
    }
    memset(w->lost, 0, sizeof(w->lost));
    w->mark = mark;
}

static bool nothing_new(const struct hits_writer *w, const struct batch *b, usec_t mark)
{
    return b->all && b->count == 0 && mark == w->mark;
}

bool hits_flush(struct hits_writer *w, usec_t mark)
{
    for (;;) {
        struct batch b = {.all = true};
        struct msghdr message = {.msg_iov = b.parts};
        usec_t batch_mark;

        batch_add_lost(&b, w);
        batch_add_chunks(&b, w);
        batch_add_counts(&b, w);
        if (nothing_new(w, &b, mark))
            return false;
        batch_mark = b.all ? mark : w->mark;
        batch_add_mark(&b, batch_mark);

        message.msg_iovlen = b.count;
        if (sendmsg(w->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
            return true;
        forget_sent(w, &b, batch_mark);
        if (b.all)
            return false;
    }
}

/* ---- receiving ---- */

/* An empty message looks to recv like an end that is closed. */
static bool is_closed(int fd)
{
    struct pollfd p = {.fd = fd};

    return poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR | POLLNVAL);
}

ssize_t hits_peek(int fd, uint8_t ret_bytes[HITS_BATCH_MAX])
{
    ssize_t len = recv(fd, ret_bytes, HITS_BATCH_MAX, MSG_DONTWAIT | MSG_PEEK);

    if (len < 0)
        return -errno;
    return len == 0 && is_closed(fd) ? -EPIPE : len;
}
