/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pending.h - records with a number that are not on disk yet, as the blocks in which they
 * will be written, read and sent (docs/WIRE.md, section 4).
 */
#ifndef PENDING_H
#define PENDING_H

#include <stddef.h>
#include <stdint.h>

#include "text.h"
#include "wire_frame.h"

/* Records that follow each other: documents, or one loss. */
struct block {
    uint64_t first, last;
    uint32_t count; /* records in bytes */
    unsigned lost;  /* 0 for documents, else enum wire_loss */
    struct buffer bytes;
};

struct blocks {
    struct block *at;
    size_t count, capacity;
};

/* {0} is an empty one. */
struct pending {
    struct blocks streams[WIRE_STREAMS];
    size_t bytes; /* of all documents */
};

void pending_document(struct pending *p, enum wire_stream stream, uint64_t seq,
                      const void *bytes, size_t len);

/* count documents from seq on will never come. */
void pending_lost(struct pending *p, enum wire_stream stream, uint64_t seq,
                  uint64_t count, enum wire_loss why);

/*
 * For a new spool: the records of a stream are numbered from 1 again, behind a loss of so
 * many documents (0: none). Returns the number after the last.
 */
uint64_t pending_restart(struct pending *p, enum wire_stream stream, uint64_t lost,
                         enum wire_loss why);

void pending_clear(struct pending *p);

#endif
