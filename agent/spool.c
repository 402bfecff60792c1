/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row of the file is a block: records that were committed together, in the bytes in
 * which they travel. So a row costs as much as one record would, and is sent as it is.
 * Blocks of a stream leave no number out.
 *
 * A commit does everything at once: it forgets what was acknowledged, writes what is
 * pending, and makes room if that is too much. It works on a copy of the streams' state
 * that replaces the state when the transaction has gone through.
 */
#include "spool.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "pending.h"
#include "spool_file.h"

#define SOON          (10 * USEC_PER_MSEC)
#define LATER         (500 * USEC_PER_MSEC)
#define RETRY         USEC_PER_SEC
#define PENDING_MAX   (1u << 20)
#define DAMAGED_AFTER ".damaged"

struct state {
    struct spool_stream file[WIRE_STREAMS];
    uint64_t committed[WIRE_STREAMS]; /* last number on disk */
    uint64_t lost[WIRE_STREAMS];
};

struct spool {
    char *path;
    uint64_t quota, evidence_quota;
    struct spool_file *file;
    uint64_t epoch;
    struct state now;
    struct pending pending;
    struct spool_counts counts;
    usec_t due;
    bool acks_wait;
};

/* ------------------------------------------------------------------ opening */

/* A damaged file, for a person to look into. The one that was there before goes. */
static void move_aside(struct spool *s)
{
    static const char *const parts[] = {"", "-wal", "-shm"};

    spool_file_close(take(s->file));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        auto_free char *from = xasprintf("%s%s", s->path, parts[i]);
        auto_free char *to = xasprintf("%s" DAMAGED_AFTER "%s", s->path, parts[i]);

        unlink(to);
        if (rename(from, to) < 0)
            unlink(from);
    }
    s->counts.damaged++;
}

/* The state changes only when that went well. */
static int open_file(struct spool *s)
{
    struct spool_stream streams[WIRE_STREAMS] = {0};
    int r = spool_file_open(s->path, &s->epoch, streams, &s->file);

    if (r == -EUCLEAN) {
        move_aside(s);
        r = spool_file_open(s->path, &s->epoch, streams, &s->file);
    }
    if (r < 0)
        return r;
    memcpy(s->now.file, streams, sizeof(streams));
    for (unsigned i = 1; i < WIRE_STREAMS; i++)
        s->now.committed[i] = streams[i].next - 1;
    return 0;
}

int spool_open(const struct spool_settings *set, struct spool **ret_spool)
{
    auto_spool struct spool *s = xcalloc(1, sizeof(*s));
    int r;

    s->path = xstrdup(set->path);
    s->quota = set->quota;
    s->evidence_quota = set->evidence_quota;
    s->due = SPOOL_NEVER;
    r = open_file(s);
    if (r < 0)
        return r;
    *ret_spool = take(s);
    return 0;
}

void spool_close(struct spool *s)
{
    if (!s)
        return;
    if (s->file)
        spool_commit(s, 0);
    spool_file_close(s->file);
    pending_clear(&s->pending);
    free(s->path);
    free(s);
}

/* ------------------------------------------------------------------ committing */

static int insert(struct spool *s, unsigned stream, const struct block *b,
                  struct state *after)
{
    after->file[stream].bytes += b->bytes.len + SPOOL_BLOCK_COST;
    if (after->committed[stream] < b->last)
        after->committed[stream] = b->last;
    return spool_file_insert(s->file, stream, b);
}

static int write_stream(struct spool *s, unsigned stream, struct state *after)
{
    const struct blocks *b = &s->pending.streams[stream];
    struct spool_stream *at = &after->file[stream];
    uint64_t freed = 0;
    int r = 0;

    if (s->acks_wait)
        r = spool_file_forget(s->file, stream, at->acked, after->committed[stream],
                              &freed);
    at->bytes -= freed;
    for (size_t i = 0; i < b->count && r == 0; i++)
        r = insert(s, stream, &b->at[i], after);
    return r < 0 ? r : spool_file_put_stream(s->file, stream, at);
}

/* Takes the oldest block away; it becomes part of the loss. */
static int eat_block(struct spool *s, unsigned stream, struct state *after,
                     struct block *loss)
{
    struct spool_stream *at = &after->file[stream];
    uint64_t freed = 0, unsent;
    struct block b;
    int r = spool_file_eat(s->file, stream, after->committed[stream], &b, &freed);

    if (r < 0)
        return r;
    if (!loss->first)
        loss->first = b.first;
    if (!b.lost || !loss->lost)
        loss->lost = b.lost ? b.lost : WIRE_LOSS_QUOTA;
    loss->last = b.last;
    unsent = at->acked < b.first ? b.first : at->acked + 1;
    if (!b.lost && unsent <= b.last)
        after->lost[stream] += b.last - unsent + 1;
    at->bytes -= freed;
    return 0;
}

/* Makes room in one stream, from its oldest block on, as far as that is needed. */
static int eat_stream(struct spool *s, unsigned stream, struct state *after,
                      uint64_t excess)
{
    uint64_t before = after->file[stream].bytes;
    struct block loss = {.count = 1};
    int r = 0;

    while (r == 0 && before - after->file[stream].bytes < excess)
        r = eat_block(s, stream, after, &loss);
    if (r == -ENOENT)
        r = 0;
    if (r < 0 || !loss.first)
        return r;
    wire_lost_add(&loss.bytes, loss.last, loss.lost);
    r = insert(s, stream, &loss, after);
    buffer_done(&loss.bytes);
    return r;
}

static int make_room(struct spool *s, struct state *after)
{
    uint64_t evidence = after->file[WIRE_EVIDENCE].bytes;
    int r = 0;

    if (s->evidence_quota && evidence > s->evidence_quota)
        r = eat_stream(s, WIRE_EVIDENCE, after, evidence - s->evidence_quota);
    for (unsigned stream = WIRE_STREAMS - 1; stream > 0 && r == 0; stream--) {
        uint64_t total = 0;

        for (unsigned i = 1; i < WIRE_STREAMS; i++)
            total += after->file[i].bytes;
        if (total <= s->quota)
            return 0;
        r = eat_stream(s, stream, after, total - s->quota);
    }
    return r;
}

/* All or nothing; what is pending stays so until it has gone through. */
static int try_commit(struct spool *s)
{
    struct state after = s->now;
    int r = spool_file_begin(s->file);

    for (unsigned stream = 1; stream < WIRE_STREAMS && r == 0; stream++)
        r = write_stream(s, stream, &after);
    if (r == 0)
        r = make_room(s, &after);
    if (r == 0)
        r = spool_file_commit(s->file);
    if (r < 0) {
        spool_file_rollback(s->file);
        return r;
    }
    s->now = after;
    pending_clear(&s->pending);
    s->acks_wait = false;
    return 0;
}

/* The file is damaged: a new one, which begins with the loss of what was in the old. */
static int start_over(struct spool *s)
{
    uint64_t inside[WIRE_STREAMS];
    int r;

    for (unsigned stream = 1; stream < WIRE_STREAMS; stream++)
        inside[stream] = s->now.committed[stream] - s->now.file[stream].acked;
    if (s->file)
        move_aside(s);
    r = open_file(s);
    if (r < 0)
        return r;
    for (unsigned stream = 1; stream < WIRE_STREAMS; stream++) {
        s->now.lost[stream] += inside[stream];
        s->now.file[stream].next =
            pending_restart(&s->pending, stream, inside[stream], WIRE_LOSS_DAMAGED);
    }
    return 0;
}

int spool_commit(struct spool *s, usec_t now)
{
    int r = s->file ? try_commit(s) : -EUCLEAN;

    if (r == -EUCLEAN) {
        r = start_over(s);
        if (r == 0)
            r = try_commit(s);
    }
    s->counts.failing = r;
    s->due = r < 0 ? now + RETRY : SPOOL_NEVER;
    return r;
}

/* ------------------------------------------------------------------ writing */

static void commit_by(struct spool *s, usec_t time)
{
    if (s->due > time && !s->counts.failing)
        s->due = time;
}

static int lose(struct spool *s, unsigned stream, enum wire_loss why, usec_t now)
{
    pending_lost(&s->pending, stream, s->now.file[stream].next++, 1, why);
    s->now.lost[stream]++;
    commit_by(s, now + LATER);
    return why == WIRE_LOSS_LONG ? -EMSGSIZE : -ENOSPC;
}

int spool_append(struct spool *s, enum wire_stream stream, const void *bytes, size_t len,
                 usec_t now)
{
    assert(stream > WIRE_NO_STREAM && stream < WIRE_STREAMS);
    s->counts.streams[stream].appended++;
    if (len > WIRE_RECORD_MAX)
        return lose(s, stream, WIRE_LOSS_LONG, now);
    if (s->pending.bytes + len > PENDING_MAX && s->pending.bytes > 0 &&
        (s->counts.failing || spool_commit(s, now) < 0))
        return lose(s, stream, WIRE_LOSS_FULL, now);

    pending_document(&s->pending, stream, s->now.file[stream].next++, bytes, len);
    commit_by(s, now + (stream == WIRE_ALERTS ? SOON : LATER));
    if (s->pending.bytes >= WIRE_BATCH_MAX)
        commit_by(s, now);
    return 0;
}

usec_t spool_due(const struct spool *s)
{
    return s->due;
}

int spool_tick(struct spool *s, usec_t now)
{
    return s->due <= now ? spool_commit(s, now) : 0;
}

void spool_ack(struct spool *s, enum wire_stream stream, uint64_t seq, usec_t now)
{
    struct spool_stream *at = &s->now.file[stream];

    if (seq > s->now.committed[stream])
        seq = s->now.committed[stream];
    if (seq <= at->acked)
        return;
    at->acked = seq;
    s->acks_wait = true;
    commit_by(s, now + USEC_PER_SEC);
}

int spool_renew(struct spool *s)
{
    return s->file ? spool_file_renew(s->file, &s->epoch) : -EUCLEAN;
}

/* ------------------------------------------------------------------ reading */

struct reading {
    uint64_t from;
    struct buffer *records;
    struct spool_span span;
};

/* Where numbers are missing, or a block that was damaged and is left out, a loss stands
 * in. */
static void add_loss(struct reading *to, uint64_t first, uint64_t last)
{
    wire_lost_add(to->records, last, WIRE_LOSS_DAMAGED);
    if (to->span.count++ == 0)
        to->span.first = first;
    to->span.last = last;
}

static bool add_row(const struct spool_row *row, void *arg)
{
    struct reading *to = arg;
    uint64_t expected = to->span.count ? to->span.last + 1 : to->from;

    if (row->damaged || row->last < expected)
        return true;
    if (to->span.count && to->records->len + row->len > WIRE_BATCH_MAX)
        return false;
    if (row->first > expected)
        add_loss(to, expected, row->first - 1);
    buffer_add(to->records, row->bytes, row->len);
    if (to->span.count == 0)
        to->span.first = row->first;
    to->span.count += row->count;
    to->span.last = row->last;
    return true;
}

int spool_read(struct spool *s, enum wire_stream stream, uint64_t from,
               struct buffer *ret_records, struct spool_span *ret_span)
{
    struct reading to = {.from = from, .records = ret_records};
    int r;

    if (!s->file || from > s->now.committed[stream])
        return -ENOENT;
    r = spool_file_read(s->file, stream, from, add_row, &to);
    if (r == -EUCLEAN) {
        r = start_over(s);
        return r < 0 ? r : -ENOENT;
    }
    if (r < 0)
        return r;
    if (to.span.count == 0) /* numbers were given, but the rows are gone */
        add_loss(&to, from, s->now.committed[stream]);
    *ret_span = to.span;
    return 0;
}

/* ------------------------------------------------------------------ questions */

uint64_t spool_epoch(const struct spool *s)
{
    return s->epoch;
}

uint64_t spool_oldest(const struct spool *s, enum wire_stream stream)
{
    return s->now.file[stream].acked + 1;
}

uint64_t spool_newest(const struct spool *s, enum wire_stream stream)
{
    return s->now.committed[stream];
}

uint64_t spool_waiting(const struct spool *s, enum wire_stream stream)
{
    return s->now.file[stream].next - 1 - s->now.committed[stream];
}

const struct spool_counts *spool_counts(struct spool *s)
{
    for (unsigned stream = 1; stream < WIRE_STREAMS; stream++) {
        s->counts.streams[stream].lost = s->now.lost[stream];
        s->counts.streams[stream].bytes = s->now.file[stream].bytes;
    }
    return &s->counts;
}
