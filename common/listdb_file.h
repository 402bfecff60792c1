/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listdb_file.h - the form of a list file, for those who write and read one.
 *
 * All numbers are little-endian; every part begins at a multiple of 64 bytes.
 *
 *   header   magic (8), format (4), zero (4), checksum (8), seed (8), entries (4),
 *            lists (4), sets (4), bucket bits (4); the lengths that occur, a bit each:
 *            of IPv6 networks, 0 to 128 (24), of IPv4 ones, 0 to 32 (8), of hardware
 *            addresses, 0 to 48 (8); bytes of names (4); of protected names the numbers
 *            of labels that occur, 2 to 31 (4), and a filter of their last labels (32);
 *            number of codes (4)
 *   lists    one struct list_info each: name (48), source (128), licence (64),
 *            version (32), entries (8), fetched (8), max_age (8), kind (2), type (2),
 *            on_stale (2), zero (2), except (32)
 *   sets     the sets of lists that occur, 256 bits each, list 0 is the lowest bit
 *   index    for each bucket the number of its first entry (4) and a filter (8), in which
 *            each of its entries sets four bits; one more behind the last
 *   entries  remainder of the hash (5), number of the set (2)
 *   8 bytes of zero, so that the last entry can be read as a whole word
 *   names    of the lists of type lookalike, list for list: number of the list (1),
 * length (1), the name. They are in no bucket.
 *   codes    of the names on protected lists: listdb_name_code (8 each)
 *
 * What is hashed is a value's key (list_value.h), with a hash key for each class of
 * lists, made from the seed plus the number of the class. A hash is 64 bits. The highest
 * ones choose the bucket, the next 40 are kept. So 4.6 million names keep 59 bits of
 * each: of a hundred thousand million names that are on no list, one is taken for a
 * listed one. Most names asked for are on no list, and the filter sends 19 of 20 of them
 * away with one cache line read.
 *
 * A resolver asks again with a search suffix behind the name (RFC 1535), so a protected
 * name is looked for inside of others, too. Which of their labels could be the last one
 * of a protected name the filter tells, and how many could be before it the numbers:
 * nearly no name has such a label, and is asked for once more. Both are 0 in files that
 * were built without them: then all is tried.
 *
 * The checksum (same hash, seed 0) covers all behind itself.
 */
#ifndef LISTDB_FILE_H
#define LISTDB_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "alike.h"
#include "domain.h"
#include "hash.h"
#include "listdb.h"

#define LISTDB_MAGIC          UINT64_C(0x0a535453494c5748) /* "HWLISTS\n" */
#define LISTDB_FORMAT         4
#define LISTDB_CODE_SEED      UINT64_C(0x45444f43) /* of listdb_name_code */
#define LISTDB_CHECKED        24                   /* where the checksum's cover begins */
#define LISTDB_FIRST_BYTES    12 /* magic and format, of whatever version */
#define LISTDB_HEADER_BYTES   192
#define LISTDB_INFO_BYTES     336
#define LISTDB_SET_BYTES      (LISTDB_MAX / 8)
#define LISTDB_BUCKET_BYTES   12
#define LISTDB_ENTRY_BYTES    7
#define LISTDB_REMAINDER_BITS 40
#define LISTDB_TAIL           8

#define LISTDB_ENTRIES_MAX (UINT32_C(1) << 30)
#define LISTDB_SETS_MAX    (UINT32_C(1) << 16)
#define LISTDB_BITS_MAX    27
#define LISTDB_NAMES_MAX   (ALIKE_NAMES_MAX * (UINT32_C(2) + DOMAIN_MAX)) /* bytes */
#define LISTDB_BUCKET_MAX  256 /* entries; on average there are 6 to 12 */

/* Protected names inside of others: those of one label are too many things. */
#define LISTDB_INNER_LEAST 2
#define LISTDB_INNER_MOST  31
#define LISTDB_INNER_OLD   4 /* where the file tells none: nearly none has more */

struct listdb_inner {
    uint32_t counts;  /* bit n: some of n labels */
    uint64_t ends[4]; /* the filter */
};

struct listdb_counts {
    uint64_t seed;
    uint32_t entries, lists, sets, bucket_bits;
    uint64_t v6_lens[3], v4_lens, mac_lens; /* bit n: something of n bits is listed */
    uint32_t names_len, codes;
    struct listdb_inner inner;
};

/* Where the parts begin, and how long the file is. */
struct listdb_layout {
    size_t lists, sets, index, entries, names, codes, size;
};

static inline size_t listdb_align(size_t at)
{
    return (at + 63) / 64 * 64;
}

static inline struct listdb_layout listdb_layout(const struct listdb_counts *c)
{
    struct listdb_layout l;

    l.lists = LISTDB_HEADER_BYTES;
    l.sets = listdb_align(l.lists + (size_t)c->lists * LISTDB_INFO_BYTES);
    l.index = listdb_align(l.sets + (size_t)c->sets * LISTDB_SET_BYTES);
    l.entries =
        listdb_align(l.index + (((size_t)1 << c->bucket_bits) + 1) * LISTDB_BUCKET_BYTES);
    l.names =
        listdb_align(l.entries + (size_t)c->entries * LISTDB_ENTRY_BYTES + LISTDB_TAIL);
    l.codes = listdb_align(l.names + c->names_len);
    l.size = c->codes ? l.codes + c->codes * sizeof(uint64_t) : l.names + c->names_len;
    return l;
}

static inline uint32_t listdb_bucket(uint64_t hash, uint32_t bits)
{
    return bits == 0 ? 0 : (uint32_t)(hash >> (64 - bits));
}

static inline uint64_t listdb_remainder(uint64_t hash, uint32_t bits)
{
    return hash << bits >> (64 - LISTDB_REMAINDER_BITS);
}

/* From the lowest bits, which the choice of the bucket leaves alone. */
static inline uint64_t listdb_filter(uint64_t hash)
{
    return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63) |
           UINT64_C(1) << (hash >> 12 & 63) | UINT64_C(1) << (hash >> 18 & 63);
}

/* Which bit of the filter stands for a label, which is not empty. */
static inline unsigned listdb_end(struct text label)
{
    uint32_t first = (uint8_t)label.at[0], last = (uint8_t)label.at[label.len - 1];
    uint32_t middle = (uint8_t)label.at[label.len / 2], len = (uint8_t)label.len;

    return (first | middle << 8 | last << 16 | len << 24) * UINT32_C(2654435761) >> 24;
}

static inline void listdb_hash_key(uint64_t seed, enum list_class class,
                                   struct hash_key *ret_key)
{
    hash_key_from_seed(seed + class, ret_key);
}

static inline uint64_t listdb_checksum(const uint8_t *file, size_t size)
{
    struct hash_key key;

    hash_key_from_seed(0, &key);
    return hash_bytes(&key, file + LISTDB_CHECKED, size - LISTDB_CHECKED);
}

#endif
