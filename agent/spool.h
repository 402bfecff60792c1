/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.h - what the agent has to say, on its disk until the collector has stored it; the
 * agent's home of SQLite.
 *
 * Each document gets the next sequence number of its stream, whether or not it survives;
 * those that don't are replaced by a loss that has their numbers. What is appended waits
 * for the next commit, at most 10 ms (500 ms for what is no alert), and only what was
 * committed can be read and sent. Order is the sequence number; the time that is handed
 * in (monotonic) decides when to commit and nothing else.
 *
 * When the file is damaged it is moved aside as PATH.damaged and a new spool with a new
 * epoch takes its place. When the disk is full, records wait in memory, up to 1 MiB, for
 * there to be room again; what doesn't fit is lost and counted.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "clock.h"
#include "text.h"
#include "wire_frame.h"

#define SPOOL_NEVER UINT64_MAX

struct spool;

struct spool_settings {
    const char *path;
    uint64_t
        quota; /* bytes of records, at least 1 MiB; beyond it the lowest class goes */
    uint64_t evidence_quota; /* of them, for that stream; 0: no less than for all */
};

struct spool_counts {
    struct {
        uint64_t appended; /* since the spool was opened */
        uint64_t lost;     /* of them, and of what was there before */
        uint64_t bytes;    /* on disk */
    } streams[WIRE_STREAMS];
    uint64_t damaged; /* files moved aside */
    int failing;      /* why the last commit failed, -errno; 0: it didn't */
};

/*
 * Opens the spool or makes a new one. -EBUSY: another process has it;
 * -EPROTONOSUPPORT: it was written by a later version; -errno of the file system.
 */
int spool_open(const struct spool_settings *set, struct spool **ret_spool);
void spool_close(struct spool *s); /* commits what it can; NULL is fine */
AUTO_DEFINE(spool, spool_close)
#define auto_spool __attribute__((cleanup(auto_spool_run)))

/*
 * Takes a document in. -EMSGSIZE: longer than WIRE_RECORD_MAX; -ENOSPC: the disk is full
 * and so is the memory that stands in for it. Either is counted, and travels as a loss.
 */
int spool_append(struct spool *s, enum wire_stream stream, const void *bytes, size_t len,
                 usec_t now);

/* When spool_tick wants to be called, or SPOOL_NEVER. */
usec_t spool_due(const struct spool *s);

/* Commits what is due. -errno: nothing was committed, and a second later it tries again.
 */
int spool_tick(struct spool *s, usec_t now);

/* Commits all that waits. */
int spool_commit(struct spool *s, usec_t now);

struct spool_span {
    uint64_t first, last;
    uint32_t count; /* records */
};

/*
 * Appends the committed records from `from` on to ret_records, at most WIRE_BATCH_MAX
 * bytes of them, or a single longer one; they begin at or before `from`, because blocks
 * are not cut. -ENOENT: there are none (yet); -errno.
 */
int spool_read(struct spool *s, enum wire_stream stream, uint64_t from,
               struct buffer *ret_records, struct spool_span *ret_span);

/* The collector has stored everything up to seq. The disk learns it with a later commit.
 */
void spool_ack(struct spool *s, enum wire_stream stream, uint64_t seq, usec_t now);

uint64_t spool_epoch(const struct spool *s);
uint64_t spool_oldest(const struct spool *s, enum wire_stream stream);
uint64_t spool_newest(const struct spool *s, enum wire_stream stream); /* committed */

/* How many documents of the stream are not on the disk yet; where a file was damaged and
 * a new one cannot be written, those that were in it as well. */
uint64_t spool_waiting(const struct spool *s, enum wire_stream stream);

/* A new epoch; the records and their numbers stay. */
int spool_renew(struct spool *s);

/* Borrowed: as they are at the time of this call. */
const struct spool_counts *spool_counts(struct spool *s);

#endif
