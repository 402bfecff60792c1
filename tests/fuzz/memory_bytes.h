/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_bytes.h - any bytes as a file of agent/memory_file.h, for the fuzzers of what an
 * agent remembers by: once as they are, and once with the checksum put right, so that
 * what stands behind it is looked at, too.
 */
#ifndef MEMORY_BYTES_H
#define MEMORY_BYTES_H

#include <string.h>

#include "auto.h"
#include "event.h"
#include "hash.h"
#include "mem.h"

#define MEMORY_CHECKSUM_AT  16
#define MEMORY_CHECKED_FROM 24

static inline void memory_bytes_put_right(uint8_t *file, size_t len, uint64_t magic)
{
    struct hash_key key;
    uint64_t sum;

    hash_key_from_seed(magic, &key);
    sum = hash_bytes(&key, file + MEMORY_CHECKED_FROM, len - MEMORY_CHECKED_FROM);
    for (size_t i = 0; i < 8; i++)
        file[MEMORY_CHECKSUM_AT + i] = (uint8_t)(sum >> 8 * i);
}

/* Magic: of the memory, which seeds its checksum. run is given an event to use. */
static inline void memory_bytes_run(const uint8_t *bytes, size_t len, uint64_t magic,
                                    void (*run)(const uint8_t *file, size_t len,
                                                struct event *e))
{
    static struct event *e; /* large to make, and begun anew for each use */
    auto_free uint8_t *file = xmalloc(len + 1);

    if (!e)
        e = event_new();
    memcpy(file, bytes, len);
    run(file, len, e);
    if (len > MEMORY_CHECKED_FROM) {
        memory_bytes_put_right(file, len, magic);
        run(file, len, e);
    }
}

#endif
