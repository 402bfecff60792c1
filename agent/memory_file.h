/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_file.h - a table of words that an agent remembers by (hosts, usual amounts), as
 * a file in the state folder.
 *
 * All numbers are little-endian: magic (8), format (4), sets (4), checksum of all behind
 * it (8), seed (8), days (8), then the words of the table. The file is replaced as a
 * whole; it is its owner's alone.
 */
#ifndef MEMORY_FILE_H
#define MEMORY_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "cur.h"

struct memory_file {
    uint64_t magic;
    uint32_t format, sets; /* what it must be */
    size_t words;          /* likewise */
    uint64_t seed;         /* of the codes' key */
    uint64_t days;         /* watched_days.h */
};

/* Fills in seed and days, and leaves the cursor before the first word. 0; -EBADMSG: it
 * is damaged or something else; -EPROTONOSUPPORT: of another version, or of a table of
 * another size. */
int memory_file_parse(struct memory_file *f, const void *bytes, size_t len,
                      struct cur *ret_words);

/* The bytes of a file of so many words at most, yours to free. 0 or -errno, -EBADMSG
 * when it is none. */
int memory_file_read(const char *path, size_t words, char **ret_bytes, size_t *ret_len);

/* Beside path and renamed. Others may go on writing to the words meanwhile: each is of
 * before or of after. 0 or -errno. */
int memory_file_write(const char *path, const struct memory_file *f,
                      const _Atomic uint64_t *words);

#endif
