/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool_file.h - the spool's file: blocks of each stream in the order of their numbers,
 * and how far each stream is. Within spool.c only, which decides; this one keeps.
 *
 * All functions: 0 or -errno. -EUCLEAN: the file is damaged; -ENOSPC: the disk is full.
 */
#ifndef SPOOL_FILE_H
#define SPOOL_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "pending.h"
#include "wire_frame.h"

struct spool_file;

/* What a block is counted as beside its bytes, roughly what the file needs for it. */
#define SPOOL_BLOCK_COST 32

struct spool_stream {
    uint64_t next; /* number of the next document, from 1 */
    uint64_t acked;
    uint64_t bytes; /* of all blocks, with SPOOL_BLOCK_COST each */
};

/* Opens or makes it. -EBUSY: another process has it; -EPROTONOSUPPORT: of a later
 * version. */
int spool_file_open(const char *path, uint64_t *ret_epoch,
                    struct spool_stream ret_streams[WIRE_STREAMS],
                    struct spool_file **ret_file);
void spool_file_close(struct spool_file *f); /* NULL is fine */

int spool_file_renew(struct spool_file *f, uint64_t *ret_epoch);

/* Between begin and commit; rollback after any error. */
int spool_file_begin(struct spool_file *f);
int spool_file_commit(struct spool_file *f);
void spool_file_rollback(struct spool_file *f);

int spool_file_insert(struct spool_file *f, unsigned stream, const struct block *b);
int spool_file_put_stream(struct spool_file *f, unsigned stream,
                          const struct spool_stream *at);

/* Removes the blocks that are acknowledged as a whole, and tells what that freed. newest:
 * the last number of the stream. */
int spool_file_forget(struct spool_file *f, unsigned stream, uint64_t acked,
                      uint64_t newest, uint64_t *ret_freed);

/* Removes the oldest block; its bytes are not given. newest: as above. -ENOENT: the
 * stream is empty. */
int spool_file_eat(struct spool_file *f, unsigned stream, uint64_t newest,
                   struct block *ret_block, uint64_t *ret_freed);

struct spool_row {
    uint64_t first, last;
    uint32_t count;
    unsigned lost; /* as of struct block */
    bool damaged;  /* its bytes are not those that were written: only first is known */
    const void *bytes;
    size_t len;
};

/* Calls fn for each block from the one that holds `from`, until it says false. */
typedef bool spool_row_fn(const struct spool_row *row, void *arg);
int spool_file_read(struct spool_file *f, unsigned stream, uint64_t from,
                    spool_row_fn *fn, void *arg);

#endif
