/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names are kept as they come, one after the other in one piece of memory, each list
 * knowing where its own begin. Writing sorts each list's names (so that one that came
 * twice counts once, and the list's version does not depend on order), hashes them, sorts
 * the hashes over all lists, and puts those that are equal together in one set.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "crypt.h"
#include "domain.h"
#include "listdb_file.h"
#include "mem.h"

struct list {
    struct list_info info;
    uint64_t *names; /* where in the builder's text */
    size_t count, capacity;
};

struct list_builder {
    struct list lists[LISTDB_MAX];
    unsigned list_count;
    char *text; /* each name with its length in a byte before it */
    size_t text_len, text_capacity;
};

/* A name's hash and a list it is on; later the set of all lists it is on. */
struct hit {
    uint64_t hash;
    uint32_t number;
};

struct hits {
    struct hit *at;
    size_t count;
};

struct sets {
    struct list_set *at;
    size_t count, capacity;
};

struct list_builder *list_builder_new(void)
{
    return xcalloc(1, sizeof(struct list_builder));
}

void list_builder_free(struct list_builder *b)
{
    if (!b)
        return;
    for (unsigned i = 0; i < b->list_count; i++)
        free(b->lists[i].names);
    free(b->text);
    free(b);
}

int list_builder_list(struct list_builder *b, const struct list_info *info)
{
    if (b->list_count == LISTDB_MAX)
        return -ENOSPC;
    b->lists[b->list_count].info = *info;
    return (int)b->list_count++;
}

void list_builder_add(struct list_builder *b, unsigned list, struct text name)
{
    struct list *l = &b->lists[list];

    assert(list < b->list_count);
    if (name.len == 0 || name.len >= DOMAIN_MAX)
        return;
    if (b->text_capacity - b->text_len < DOMAIN_MAX + 1) {
        b->text_capacity = b->text_capacity ? 2 * b->text_capacity : 1 << 16;
        b->text = xrealloc(b->text, b->text_capacity, 1);
    }
    l->names = xgrow(l->names, l->count, &l->capacity, sizeof(*l->names));
    l->names[l->count++] = b->text_len;
    b->text[b->text_len++] = (char)name.len;
    memcpy(b->text + b->text_len, name.at, name.len);
    b->text_len += name.len;
}

/* ---- putting it together ---- */

static struct text name_at(const struct list_builder *b, uint64_t at)
{
    return (struct text){.at = b->text + at + 1, .len = (unsigned char)b->text[at]};
}

static int compare_names(const void *a, const void *b, void *arg)
{
    struct text of_a = name_at(arg, *(const uint64_t *)a);
    struct text of_b = name_at(arg, *(const uint64_t *)b);
    size_t len = of_a.len < of_b.len ? of_a.len : of_b.len;
    int order = memcmp(of_a.at, of_b.at, len);

    return order != 0 ? order : (of_a.len > of_b.len) - (of_a.len < of_b.len);
}

static void sort_list(struct list_builder *b, struct list *l)
{
    size_t kept = 0;

    if (l->count > 0)
        qsort_r(l->names, l->count, sizeof(*l->names), compare_names, b);
    for (size_t i = 0; i < l->count; i++)
        if (kept == 0 || compare_names(&l->names[kept - 1], &l->names[i], b) != 0)
            l->names[kept++] = l->names[i];
    l->count = kept;
    l->info.entries = kept;
}

/* The first digits of the SHA-256 of the names, each with a line's end. */
static void version_list(const struct list_builder *b, struct list *l)
{
    auto_buffer struct buffer lines = {0};
    uint8_t sha[32];

    for (size_t i = 0; i < l->count; i++) {
        struct text name = name_at(b, l->names[i]);

        buffer_add(&lines, name.at, name.len);
        buffer_add(&lines, "\n", 1);
    }
    crypt_sha256(lines.at, lines.len, sha);
    memset(l->info.version, 0, sizeof(l->info.version));
    for (size_t i = 0; i < 8; i++)
        snprintf(l->info.version + 2 * i, 3, "%02x", sha[i]);
}

static int compare_hits(const void *a, const void *b)
{
    const struct hit *of_a = a, *of_b = b;

    return (of_a->hash > of_b->hash) - (of_a->hash < of_b->hash);
}

static struct hits hash_all(const struct list_builder *b, uint64_t seed)
{
    struct hits hits = {0};
    struct hash_key key;
    size_t total = 0;

    for (unsigned i = 0; i < b->list_count; i++)
        total += b->lists[i].count;
    hash_key_from_seed(seed, &key);
    hits.at = xcalloc(total + 1, sizeof(*hits.at));
    for (unsigned i = 0; i < b->list_count; i++)
        for (size_t n = 0; n < b->lists[i].count; n++) {
            struct text name = name_at(b, b->lists[i].names[n]);

            hits.at[hits.count++] =
                (struct hit){.hash = hash_bytes(&key, name.at, name.len), .number = i};
        }
    qsort(hits.at, hits.count, sizeof(*hits.at), compare_hits);
    return hits;
}

/* There are few sets, and most names are in one of the first. */
static int find_or_add_set(struct sets *sets, const struct list_set *set)
{
    for (size_t i = 0; i < sets->count; i++)
        if (memcmp(&sets->at[i], set, sizeof(*set)) == 0)
            return (int)i;
    if (sets->count == LISTDB_SETS_MAX)
        return -ENOSPC;
    sets->at = xgrow(sets->at, sets->count, &sets->capacity, sizeof(*sets->at));
    sets->at[sets->count] = *set;
    return (int)sets->count++;
}

/* Turns hits on lists into one hit on a set for each name. */
static int merge(struct hits *hits, struct sets *sets)
{
    size_t kept = 0;

    for (size_t i = 0; i < hits->count;) {
        uint64_t hash = hits->at[i].hash;
        struct list_set set = {0};
        int number;

        for (; i < hits->count && hits->at[i].hash == hash; i++)
            list_set_add(&set, hits->at[i].number);
        number = find_or_add_set(sets, &set);
        if (number < 0)
            return number;
        hits->at[kept++] = (struct hit){.hash = hash, .number = (uint32_t)number};
    }
    hits->count = kept;
    return kept <= LISTDB_ENTRIES_MAX ? 0 : -EFBIG;
}

/* ---- the file ---- */

static uint8_t *put_number(uint8_t *at, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        *at++ = (uint8_t)(number >> 8 * i);
    return at;
}

static uint8_t *put_text(uint8_t *at, const char *text, size_t room)
{
    memcpy(at, text, strnlen(text, room - 1));
    return at + room;
}

static void put_header(uint8_t *at, const struct listdb_counts *n)
{
    at = put_number(at, LISTDB_MAGIC, 8);
    at = put_number(at, LISTDB_FORMAT, 4);
    at = put_number(at + 12, n->seed, 8); /* behind zero and checksum */
    at = put_number(at, n->entries, 4);
    at = put_number(at, n->lists, 4);
    at = put_number(at, n->sets, 4);
    put_number(at, n->bucket_bits, 4);
}

static uint8_t *put_list(uint8_t *at, const struct list_info *info)
{
    at = put_text(at, info->name, sizeof(info->name));
    at = put_text(at, info->source, sizeof(info->source));
    at = put_text(at, info->licence, sizeof(info->licence));
    at = put_text(at, info->version, sizeof(info->version));
    at = put_number(at, info->entries, 8);
    at = put_number(at, info->fetched, 8);
    at = put_number(at, info->max_age, 8);
    return put_number(at, info->kind, 8);
}

/* One bucket: its entries, from number i on. Returns the number behind them. */
static uint32_t put_bucket(uint8_t *index, uint8_t *entries, uint32_t bucket, uint32_t i,
                           const struct listdb_counts *n, const struct hits *hits)
{
    uint64_t filter = 0;

    index = put_number(index + (size_t)bucket * LISTDB_BUCKET_BYTES, i, 4);
    for (; i < n->entries; i++) {
        const struct hit *hit = &hits->at[i];
        uint8_t *entry = entries + (size_t)i * LISTDB_ENTRY_BYTES;

        if (listdb_bucket(hit->hash, n->bucket_bits) != bucket)
            break;
        filter |= listdb_filter(hit->hash);
        entry = put_number(entry, listdb_remainder(hit->hash, n->bucket_bits), 5);
        put_number(entry, hit->number, 2);
    }
    put_number(index, filter, 8);
    return i;
}

static uint8_t *make_file(const struct list_builder *b, uint64_t seed,
                          const struct hits *hits, const struct sets *sets,
                          size_t *ret_size)
{
    struct listdb_counts n = {
        .seed = seed,
        .entries = (uint32_t)hits->count,
        .lists = b->list_count,
        .sets = (uint32_t)sets->count,
    };
    struct listdb_layout at;
    uint8_t *file, *pos;

    while (n.entries >> n.bucket_bits > 12)
        n.bucket_bits++;
    at = listdb_layout(&n);
    file = xcalloc(1, at.size);
    put_header(file, &n);
    pos = file + at.lists;
    for (unsigned i = 0; i < b->list_count; i++)
        pos = put_list(pos, &b->lists[i].info);
    pos = file + at.sets;
    for (size_t i = 0; i < sets->count; i++)
        for (size_t w = 0; w < LISTDB_MAX / 64; w++)
            pos = put_number(pos, sets->at[i].bits[w], 8);
    for (uint32_t bucket = 0, i = 0; bucket <= UINT32_C(1) << n.bucket_bits; bucket++)
        i = put_bucket(file + at.index, file + at.entries, bucket, i, &n, hits);
    put_number(file + 16, listdb_checksum(file, at.size), 8);
    *ret_size = at.size;
    return file;
}

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, bytes, len);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -errno;
        bytes += done;
        len -= (size_t)done;
    }
    return 0;
}

static int write_beside(int fd, const char *beside, const char *path,
                        const uint8_t *bytes, size_t len)
{
    int result = write_all(fd, bytes, len);

    if (result != 0)
        return result;
    if (fchmod(fd, 0644) != 0 || fsync(fd) != 0 || rename(beside, path) != 0)
        return -errno;
    return 0;
}

static int replace_file(const char *path, const uint8_t *bytes, size_t len)
{
    auto_free char *beside = xasprintf("%s.XXXXXX", path);
    auto_close int fd = mkostemp(beside, O_CLOEXEC);
    int result;

    if (fd < 0)
        return -errno;
    result = write_beside(fd, beside, path, bytes, len);
    if (result != 0)
        unlink(beside);
    return result;
}

int list_builder_write(struct list_builder *b, const char *path)
{
    struct hash_key random;
    struct sets sets = {0};
    struct hits hits;
    uint64_t seed;
    int result;

    hash_key_random(&random);
    memcpy(&seed, random.secret, sizeof(seed));
    for (unsigned i = 0; i < b->list_count; i++) {
        sort_list(b, &b->lists[i]);
        version_list(b, &b->lists[i]);
    }
    hits = hash_all(b, seed);
    result = merge(&hits, &sets);
    if (result == 0) {
        size_t size;
        auto_free uint8_t *file = make_file(b, seed, &hits, &sets, &size);

        result = replace_file(path, file, size);
    }
    free(hits.at);
    free(sets.at);
    return result;
}
