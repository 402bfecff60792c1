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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypt.h"
#include "domain.h"
#include "file.h"
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
    uint64_t v6_lens[3], v4_lens, mac_lens; /* as in the file */
    struct listdb_inner inner;
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

void list_builder_except(struct list_builder *b, unsigned list, unsigned other)
{
    assert(list < b->list_count && other < b->list_count);
    list_set_add(&b->lists[list].info.except, other);
}

void list_builder_add(struct list_builder *b, unsigned list, struct text name)
{
    struct list *l = &b->lists[list];

    assert(list < b->list_count);
    if (name.len == 0 || name.len >= LIST_VALUE_MAX)
        return;
    if (b->text_capacity - b->text_len < LIST_VALUE_MAX) {
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

static void note_len(struct list_builder *b, enum list_class class, const uint8_t *key,
                     size_t len)
{
    uint8_t bits = key[len - 1];

    if (class == LIST_CLASS_MAC)
        b->mac_lens |= UINT64_C(1) << bits;
    else if (class == LIST_CLASS_ADDR && len == LIST_KEY_V4)
        b->v4_lens |= UINT64_C(1) << bits;
    else if (class == LIST_CLASS_ADDR)
        b->v6_lens[bits / 64] |= UINT64_C(1) << (bits % 64);
}

static void note_inner(struct list_builder *b, struct text name)
{
    size_t labels = 1, last = 0;

    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] == '.') {
            labels++;
            last = i + 1;
        }
    if (labels >= LISTDB_INNER_LEAST && labels <= LISTDB_INNER_MOST && last < name.len) {
        unsigned bit = listdb_end((struct text){name.at + last, name.len - last});

        b->inner.counts |= UINT32_C(1) << labels;
        b->inner.ends[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

static void hash_list(struct list_builder *b, unsigned list, uint64_t seed,
                      struct hits *hits)
{
    const struct list *l = &b->lists[list];
    enum list_class class = list_class_of(l->info.type);
    uint8_t bytes[LIST_VALUE_MAX];
    struct hash_key key;

    if (class == LIST_CLASS_ALIKE)
        return;
    listdb_hash_key(seed, class, &key);
    for (size_t i = 0; i < l->count; i++) {
        size_t len = list_value_key(class, name_at(b, l->names[i]), bytes);

        assert(len > 0);
        note_len(b, class, bytes, len);
        if (class == LIST_CLASS_NAME && l->info.kind == LIST_PROTECTED)
            note_inner(b, name_at(b, l->names[i]));
        hits->at[hits->count++] =
            (struct hit){.hash = hash_bytes(&key, bytes, len), .number = list};
    }
}

static struct hits hash_all(struct list_builder *b, uint64_t seed)
{
    struct hits hits = {0};
    size_t total = 0;

    for (unsigned i = 0; i < b->list_count; i++)
        total += b->lists[i].count;
    hits.at = xcalloc(total + 1, sizeof(*hits.at));
    for (unsigned i = 0; i < b->list_count; i++)
        hash_list(b, i, seed, &hits);
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
    at = put_number(at, n->bucket_bits, 4);
    for (size_t w = 0; w < 3; w++)
        at = put_number(at, n->v6_lens[w], 8);
    at = put_number(at, n->v4_lens, 8);
    at = put_number(at, n->mac_lens, 8);
    at = put_number(at, n->names_len, 4);
    at = put_number(at, n->inner.counts, 4);
    for (size_t w = 0; w < 4; w++)
        at = put_number(at, n->inner.ends[w], 8);
    put_number(at, n->codes, 4);
}

static uint8_t *put_set(uint8_t *at, const struct list_set *set)
{
    for (size_t w = 0; w < LISTDB_MAX / 64; w++)
        at = put_number(at, set->bits[w], 8);
    return at;
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
    at = put_number(at, info->kind, 2);
    at = put_number(at, info->type, 2);
    at = put_number(at, info->on_stale, 4);
    return put_set(at, &info->except);
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

/* How many names there are that others may look like, and their bytes in the file. */
static size_t count_names(const struct list_builder *b, uint32_t *ret_len)
{
    size_t count = 0, len = 0;

    for (unsigned i = 0; i < b->list_count; i++) {
        if (b->lists[i].info.type != LIST_LOOKALIKE)
            continue;
        count += b->lists[i].count;
        for (size_t k = 0; k < b->lists[i].count; k++)
            len += 2 + name_at(b, b->lists[i].names[k]).len;
    }
    *ret_len = (uint32_t)len;
    return count;
}

static void put_names(const struct list_builder *b, uint8_t *at)
{
    for (unsigned i = 0; i < b->list_count; i++)
        for (size_t k = 0;
             b->lists[i].info.type == LIST_LOOKALIKE && k < b->lists[i].count; k++) {
            struct text name = name_at(b, b->lists[i].names[k]);

            at = put_number(at, i, 1);
            at = put_number(at, name.len, 1);
            memcpy(at, name.at, name.len);
            at += name.len;
        }
}

/* Those lists whose names have a code in the file. */
static bool has_codes(const struct list *l)
{
    return l->info.kind == LIST_PROTECTED &&
           list_class_of(l->info.type) == LIST_CLASS_NAME;
}

static size_t count_codes(const struct list_builder *b)
{
    size_t count = 0;

    for (unsigned i = 0; i < b->list_count; i++)
        count += has_codes(&b->lists[i]) ? b->lists[i].count : 0;
    return count;
}

static void put_codes(const struct list_builder *b, uint8_t *at)
{
    for (unsigned i = 0; i < b->list_count; i++)
        for (size_t k = 0; has_codes(&b->lists[i]) && k < b->lists[i].count; k++)
            at = put_number(at, listdb_name_code(name_at(b, b->lists[i].names[k])), 8);
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
        .v4_lens = b->v4_lens,
        .mac_lens = b->mac_lens,
        .inner = b->inner,
    };
    struct listdb_layout at;
    uint8_t *file, *pos;

    memcpy(n.v6_lens, b->v6_lens, sizeof(n.v6_lens));
    count_names(b, &n.names_len);
    n.codes = (uint32_t)count_codes(b);
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
        pos = put_set(pos, &sets->at[i]);
    for (uint32_t bucket = 0, i = 0; bucket <= UINT32_C(1) << n.bucket_bits; bucket++)
        i = put_bucket(file + at.index, file + at.entries, bucket, i, &n, hits);
    put_names(b, file + at.names);
    put_codes(b, file + at.codes);
    put_number(file + 16, listdb_checksum(file, at.size), 8);
    *ret_size = at.size;
    return file;
}

void list_builder_empty(struct list_builder *b, unsigned list, usec_t fetched)
{
    assert(list < b->list_count);
    b->lists[list].count = 0;
    b->lists[list].info.fetched = fetched;
}

void list_builder_each(const struct list_builder *b, unsigned list,
                       void (*fn)(struct text value, void *arg), void *arg)
{
    for (size_t i = 0; i < b->lists[list].count; i++)
        fn(name_at(b, b->lists[list].names[i]), arg);
}

const struct list_info *list_builder_info(const struct list_builder *b, unsigned list)
{
    return &b->lists[list].info;
}

int list_builder_write(struct list_builder *b, const char *path)
{
    struct hash_key random;
    struct sets sets = {0};
    struct hits hits;
    uint32_t names_len;
    uint64_t seed;
    int result;

    hash_key_random(&random);
    memcpy(&seed, random.secret, sizeof(seed));
    for (unsigned i = 0; i < b->list_count; i++) {
        sort_list(b, &b->lists[i]);
        version_list(b, &b->lists[i]);
    }
    if (count_names(b, &names_len) > ALIKE_NAMES_MAX)
        return -E2BIG;
    hits = hash_all(b, seed);
    result = merge(&hits, &sets);
    if (result == 0) {
        size_t size;
        auto_free uint8_t *file = make_file(b, seed, &hits, &sets, &size);

        result = file_replace(path, file, size);
    }
    free(hits.at);
    free(sets.at);
    return result;
}
