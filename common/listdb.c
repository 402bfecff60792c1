/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file is mapped and believed in nothing: its lengths must agree, its checksum is
 * taken once at opening (which also brings it into memory), the index is proved to stay
 * inside, and the numbers of sets are checked where they are used.
 *
 * A query hashes all suffixes first and asks for their buckets ahead, so that the waits
 * for memory overlap.
 */
#include "listdb.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cur.h"
#include "domain.h"
#include "listdb_file.h"
#include "mem.h"

#define SUFFIXES_MAX (DOMAIN_MAX / 2)

struct listdb {
    uint8_t *file;
    struct listdb_counts counts;
    struct hash_key key;
    const uint8_t *index, *entries; /* in the file */
    struct list_info *lists;
    struct list_set *sets;
    struct list_set protected;
    size_t size;
};

/* ---- opening ---- */

static int parse_header(struct cur *c, struct listdb_counts *ret_counts,
                        uint64_t *ret_checksum)
{
    uint64_t magic = cur_u64_le(c);
    uint32_t format = cur_u32_le(c), zero = cur_u32_le(c);
    struct listdb_counts n;

    *ret_checksum = cur_u64_le(c);
    n.seed = cur_u64_le(c);
    n.entries = cur_u32_le(c);
    n.lists = cur_u32_le(c);
    n.sets = cur_u32_le(c);
    n.bucket_bits = cur_u32_le(c);

    if (cur_broken(c) || magic != LISTDB_MAGIC)
        return -EBADMSG;
    if (format != LISTDB_FORMAT)
        return -EPROTONOSUPPORT;
    if (zero != 0 || n.entries > LISTDB_ENTRIES_MAX || n.lists > LISTDB_MAX ||
        n.sets > LISTDB_SETS_MAX || n.bucket_bits > LISTDB_BITS_MAX)
        return -EBADMSG;
    *ret_counts = n;
    return 0;
}

/* Text of a fixed length; it must end inside. */
static bool read_text(struct cur *c, char *ret_text, size_t len)
{
    cur_copy(c, ret_text, len);
    return memchr(ret_text, '\0', len) != NULL;
}

static int read_list(struct cur *c, struct list_info *info)
{
    uint64_t kind;

    if (!read_text(c, info->name, sizeof(info->name)) ||
        !read_text(c, info->source, sizeof(info->source)) ||
        !read_text(c, info->licence, sizeof(info->licence)) ||
        !read_text(c, info->version, sizeof(info->version)))
        return -EBADMSG;
    info->entries = cur_u64_le(c);
    info->fetched = cur_u64_le(c);
    info->max_age = cur_u64_le(c);
    kind = cur_u64_le(c);
    if (kind > LIST_PROTECTED)
        return -EBADMSG;
    info->kind = (enum list_kind)kind;
    return 0;
}

static int read_lists(struct listdb *db, struct cur c)
{
    db->lists = xcalloc(db->counts.lists + 1, sizeof(*db->lists));
    for (uint32_t i = 0; i < db->counts.lists; i++) {
        if (read_list(&c, &db->lists[i]) != 0)
            return -EBADMSG;
        if (db->lists[i].kind == LIST_PROTECTED)
            list_set_add(&db->protected, i);
    }
    return 0;
}

/* No set may name a list that is not there: who asks counts on it. */
static int read_sets(struct listdb *db, struct cur c)
{
    db->sets = xcalloc(db->counts.sets + 1, sizeof(*db->sets));
    for (uint32_t i = 0; i < db->counts.sets; i++)
        for (unsigned w = 0; w < LISTDB_MAX / 64; w++) {
            uint64_t bits = cur_u64_le(&c);
            uint32_t known = db->counts.lists <= w * 64 ? 0 : db->counts.lists - w * 64;

            if (known < 64 && bits >> known != 0)
                return -EBADMSG;
            db->sets[i].bits[w] = bits;
        }
    return 0;
}

static const uint8_t *bucket_at(const struct listdb *db, size_t bucket)
{
    return db->index + bucket * LISTDB_BUCKET_BYTES;
}

/* The number of its first entry. */
static uint32_t bucket_start(const uint8_t *bucket)
{
    uint32_t start;

    memcpy(&start, bucket, sizeof(start));
    return le32toh(start);
}

static uint64_t bucket_filter(const uint8_t *bucket)
{
    uint64_t filter;

    memcpy(&filter, bucket + 4, sizeof(filter));
    return le64toh(filter);
}

static int check_index(const struct listdb *db)
{
    size_t buckets = (size_t)1 << db->counts.bucket_bits;
    uint32_t last = 0;

    for (size_t i = 0; i <= buckets; i++) {
        uint32_t start = bucket_start(bucket_at(db, i));

        if (start < last || start - last > LISTDB_BUCKET_MAX)
            return -EBADMSG;
        last = start;
    }
    return bucket_start(db->index) == 0 && last == db->counts.entries ? 0 : -EBADMSG;
}

static int check(struct listdb *db)
{
    struct cur c = cur_over(db->file, db->size);
    struct listdb_layout at;
    uint64_t checksum;
    int result = parse_header(&c, &db->counts, &checksum);

    if (result != 0)
        return result;
    at = listdb_layout(&db->counts);
    if (at.size != db->size || checksum != listdb_checksum(db->file, db->size))
        return -EBADMSG;

    hash_key_from_seed(db->counts.seed, &db->key);
    db->index = db->file + at.index;
    db->entries = db->file + at.entries;
    if (read_lists(db, cur_over(db->file + at.lists, at.sets - at.lists)) != 0 ||
        read_sets(db, cur_over(db->file + at.sets, at.index - at.sets)) != 0)
        return -EBADMSG;
    return check_index(db);
}

int listdb_open_fd(int fd, struct listdb **ret_db)
{
    auto_listdb struct listdb *db = xcalloc(1, sizeof(*db));
    struct stat st;
    void *file;
    int result;

    if (fstat(fd, &st) != 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_size < LISTDB_HEADER_BYTES)
        return -EBADMSG;
    file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (file == MAP_FAILED)
        return -errno;
    db->file = file;
    db->size = (size_t)st.st_size;

    result = check(db);
    if (result == 0)
        *ret_db = take(db);
    return result;
}

int listdb_open(const char *path, struct listdb **ret_db)
{
    auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? -errno : listdb_open_fd(fd, ret_db);
}

void listdb_close(struct listdb *db)
{
    if (!db)
        return;
    if (db->file)
        munmap(db->file, db->size);
    free(db->lists);
    free(db->sets);
    free(db);
}

/* ---- asking ---- */

size_t listdb_count(const struct listdb *db)
{
    return db->counts.lists;
}

const struct list_info *listdb_info(const struct listdb *db, unsigned list)
{
    return list < db->counts.lists ? &db->lists[list] : NULL;
}

int listdb_find(const struct listdb *db, const char *name)
{
    for (uint32_t i = 0; i < db->counts.lists; i++)
        if (strcmp(db->lists[i].name, name) == 0)
            return (int)i;
    return -ENOENT;
}

static const struct list_set *find_entry(const struct listdb *db, const uint8_t *bucket,
                                         uint64_t wanted)
{
    const uint8_t *at = db->entries + (size_t)LISTDB_ENTRY_BYTES * bucket_start(bucket);
    const uint8_t *end = db->entries + (size_t)LISTDB_ENTRY_BYTES *
                                           bucket_start(bucket + LISTDB_BUCKET_BYTES);

    for (; at < end; at += LISTDB_ENTRY_BYTES) {
        uint64_t word;
        uint32_t set;

        memcpy(&word, at, sizeof(word));
        word = le64toh(word);
        if ((word & ((UINT64_C(1) << LISTDB_REMAINDER_BITS) - 1)) != wanted)
            continue;
        set = word >> LISTDB_REMAINDER_BITS & 0xffff;
        return set < db->counts.sets ? &db->sets[set] : NULL;
    }
    return NULL;
}

/* The set that a name of this hash is in, NULL when it is on no list. */
static const struct list_set *find_set(const struct listdb *db, uint64_t hash)
{
    uint32_t bits = db->counts.bucket_bits;
    const uint8_t *bucket = bucket_at(db, listdb_bucket(hash, bits));
    uint64_t filter = listdb_filter(hash);

    if ((bucket_filter(bucket) & filter) != filter)
        return NULL;
    return find_entry(db, bucket, listdb_remainder(hash, bits));
}

/* The hashes of the name and all its parents; returns how many. */
static size_t hash_suffixes(const struct listdb *db, struct text name, uint64_t *hashes)
{
    size_t count = 0, start = 0;

    while (start < name.len && count < SUFFIXES_MAX) {
        const char *dot;
        uint64_t hash = hash_bytes(&db->key, name.at + start, name.len - start);

        __builtin_prefetch(bucket_at(db, listdb_bucket(hash, db->counts.bucket_bits)));
        hashes[count++] = hash;
        dot = memchr(name.at + start, '.', name.len - start);
        if (!dot)
            break;
        start = (size_t)(dot + 1 - name.at);
    }
    return count;
}

struct list_set listdb_query(const struct listdb *db, struct text name)
{
    uint64_t hashes[SUFFIXES_MAX];
    struct list_set all = {0};
    size_t count = name.len < DOMAIN_MAX ? hash_suffixes(db, name, hashes) : 0;

    for (size_t i = 0; i < count; i++) {
        const struct list_set *set = find_set(db, hashes[i]);

        for (size_t w = 0; set && w < LISTDB_MAX / 64; w++)
            all.bits[w] |= set->bits[w];
    }
    return all;
}

bool listdb_protected(const struct listdb *db, struct text name)
{
    struct list_set on = listdb_query(db, name);
    uint64_t both = 0;

    for (size_t w = 0; w < LISTDB_MAX / 64; w++)
        both |= on.bits[w] & db->protected.bits[w];
    return both != 0;
}
