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

#include <assert.h>
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

#define SUFFIXES_MAX DOMAIN_MAX /* of an odd name's labels many may be empty */

static const char *const stale_words[] = {"keep_and_alert", "keep", "disable", "refuse"};
const struct names names_list_stale = {"way to treat an old list", stale_words,
                                       sizeof(stale_words) / sizeof(stale_words[0])};

struct listdb {
    uint8_t *file;
    struct listdb_counts counts;
    struct hash_key keys[LIST_CLASSES];
    const uint8_t *index, *entries, *codes; /* in the file */
    struct list_info *lists;
    struct list_set *sets;
    struct list_set white, protected, excepting; /* excepting: have exceptions */
    struct listdb_inner inner; /* counts 0: there are no protected names */
    bool has_class[LIST_CLASSES];
    struct alike *alike;       /* NULL: there is no list of type lookalike */
    struct list_set lookalike; /* those lists */
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
    for (size_t w = 0; w < 3; w++)
        n.v6_lens[w] = cur_u64_le(c);
    n.v4_lens = cur_u64_le(c);
    n.mac_lens = cur_u64_le(c);
    n.names_len = cur_u32_le(c);
    n.inner.counts = cur_u32_le(c);
    for (size_t w = 0; w < 4; w++)
        n.inner.ends[w] = cur_u64_le(c);
    n.codes = cur_u32_le(c);

    if (magic != LISTDB_MAGIC)
        return -EMEDIUMTYPE;
    if (format != LISTDB_FORMAT)
        return -EPROTONOSUPPORT;
    if (cur_broken(c) || zero != 0 || n.entries > LISTDB_ENTRIES_MAX ||
        n.lists > LISTDB_MAX || n.sets > LISTDB_SETS_MAX ||
        n.bucket_bits > LISTDB_BITS_MAX || n.v6_lens[2] > 1 || n.v4_lens >> 33 != 0 ||
        n.mac_lens >> 49 != 0 || n.inner.counts & ((1U << LISTDB_INNER_LEAST) - 1) ||
        n.names_len > LISTDB_NAMES_MAX || n.codes > LISTDB_ENTRIES_MAX)
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

/* No set may name a list that is not there: who asks counts on it. */
static bool read_set(struct cur *c, uint32_t lists, struct list_set *ret_set)
{
    for (unsigned w = 0; w < LISTDB_MAX / 64; w++) {
        uint64_t bits = cur_u64_le(c);
        uint32_t known = lists <= w * 64 ? 0 : lists - w * 64;

        if (known < 64 && bits >> known != 0)
            return false;
        ret_set->bits[w] = bits;
    }
    return true;
}

static int read_list(struct cur *c, uint32_t lists, struct list_info *info)
{
    uint16_t kind, type;
    uint32_t on_stale;

    if (!read_text(c, info->name, sizeof(info->name)) ||
        !read_text(c, info->source, sizeof(info->source)) ||
        !read_text(c, info->licence, sizeof(info->licence)) ||
        !read_text(c, info->version, sizeof(info->version)))
        return -EBADMSG;
    info->entries = cur_u64_le(c);
    info->fetched = cur_u64_le(c);
    info->max_age = cur_u64_le(c);
    kind = cur_u16_le(c);
    type = cur_u16_le(c);
    on_stale = cur_u32_le(c);
    if (kind > LIST_PROTECTED || type > LIST_AUTHORITY || on_stale > LIST_STALE_REFUSE ||
        list_class_of((enum list_type)type) == LIST_CLASS_NONE ||
        !read_set(c, lists, &info->except) ||
        (type == LIST_LOOKALIKE && kind != LIST_BLACK))
        return -EBADMSG;
    info->kind = (enum list_kind)kind;
    info->type = (enum list_type)type;
    info->on_stale = (enum list_stale)on_stale;
    return 0;
}

static void note_list(struct listdb *db, unsigned list)
{
    const struct list_info *info = &db->lists[list];

    db->has_class[list_class_of(info->type)] = true;
    if (info->type == LIST_LOOKALIKE)
        list_set_add(&db->lookalike, list);
    if (info->kind == LIST_PROTECTED)
        list_set_add(&db->protected, list);
    if (info->kind == LIST_WHITE)
        list_set_add(&db->white, list);
    if (list_set_meets(&info->except, &info->except))
        list_set_add(&db->excepting, list);
}

/* What the file tells of protected names; of one that tells nothing all is tried. */
static void find_inner(struct listdb *db)
{
    bool any = false;

    for (uint32_t i = 0; i < db->counts.lists; i++)
        any = any || (db->lists[i].kind == LIST_PROTECTED &&
                      list_class_of(db->lists[i].type) == LIST_CLASS_NAME);
    if (!any)
        return;
    db->inner = db->counts.inner;
    if (db->inner.counts != 0)
        return;
    for (unsigned n = LISTDB_INNER_LEAST; n <= LISTDB_INNER_OLD; n++)
        db->inner.counts |= UINT32_C(1) << n;
    memset(db->inner.ends, 0xff, sizeof(db->inner.ends));
}

static int read_lists(struct listdb *db, struct cur c)
{
    db->lists = xcalloc(db->counts.lists + 1, sizeof(*db->lists));
    for (uint32_t i = 0; i < db->counts.lists; i++) {
        if (read_list(&c, db->counts.lists, &db->lists[i]) != 0)
            return -EBADMSG;
        note_list(db, i);
    }
    find_inner(db);
    return 0;
}

static int read_sets(struct listdb *db, struct cur c)
{
    db->sets = xcalloc(db->counts.sets + 1, sizeof(*db->sets));
    for (uint32_t i = 0; i < db->counts.sets; i++)
        if (!read_set(&c, db->counts.lists, &db->sets[i]))
            return -EBADMSG;
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

/* The names that others may look like; they are borrowed from the file. */
static int read_names(struct listdb *db, struct cur c)
{
    if (db->has_class[LIST_CLASS_ALIKE])
        db->alike = alike_new();
    while (cur_left(&c) > 0) {
        uint8_t list = cur_u8(&c), len = cur_u8(&c);
        struct text name = {(const char *)cur_bytes(&c, len), len};
        char clean[DOMAIN_MAX];
        size_t clean_len;

        if (cur_broken(&c) || !list_set_has(&db->lookalike, list) ||
            domain_clean(name, clean, &clean_len) != 0 || clean_len != len ||
            memcmp(clean, name.at, len) != 0 || !alike_add(db->alike, name, list))
            return -EBADMSG;
    }
    return 0;
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

    for (enum list_class class = 0; class < LIST_CLASSES; class ++)
        listdb_hash_key(db->counts.seed, class, &db->keys[class]);
    db->index = db->file + at.index;
    db->entries = db->file + at.entries;
    db->codes = db->file + at.codes;
    if (read_lists(db, cur_over(db->file + at.lists, at.sets - at.lists)) != 0 ||
        read_sets(db, cur_over(db->file + at.sets, at.index - at.sets)) != 0 ||
        read_names(db, cur_over(db->file + at.names, db->counts.names_len)) != 0)
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
    if (!S_ISREG(st.st_mode) || st.st_size < LISTDB_FIRST_BYTES)
        return -EMEDIUMTYPE;
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
    alike_free(db->alike);
    free(db->lists);
    free(db->sets);
    free(db);
}

const char *listdb_error(int error)
{
    switch (error) {
    case -EMEDIUMTYPE:
        return "it is no file of compiled lists: `hallwatch lists build --out FILE` makes "
               "one of a lists.yaml";
    case -EBADMSG:
        return "it is damaged";
    case -EPROTONOSUPPORT:
        return "it was built by another version of hallwatch: build it again";
    default:
        return strerror(-error);
    }
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

/* The bucket is wanted soon: the wait for memory begins now. */
static uint64_t hash_ahead(const struct listdb *db, enum list_class class,
                           const void *bytes, size_t len)
{
    uint64_t hash = hash_bytes(&db->keys[class], bytes, len);

    __builtin_prefetch(bucket_at(db, listdb_bucket(hash, db->counts.bucket_bits)));
    return hash;
}

/* The hashes of the name, which is not empty, and all its parents, and where each begins;
 * returns how many. */
static size_t hash_suffixes(const struct listdb *db, struct text name,
                            uint64_t hashes[SUFFIXES_MAX], uint8_t starts[SUFFIXES_MAX])
{
    size_t count = 0, start = 0;
    const char *dot;

    do {
        starts[count] = (uint8_t)start;
        hashes[count++] =
            hash_ahead(db, LIST_CLASS_NAME, name.at + start, name.len - start);
        dot = memchr(name.at + start, '.', name.len - start);
        if (dot)
            start = (size_t)(dot + 1 - name.at);
    } while (dot && start < name.len);
    return count;
}

static struct list_set find_all(const struct listdb *db, const uint64_t *hashes,
                                size_t count)
{
    struct list_set all = {0};

    for (size_t i = 0; i < count; i++) {
        const struct list_set *set = find_set(db, hashes[i]);

        for (size_t w = 0; set && w < LISTDB_MAX / 64; w++)
            all.bits[w] |= set->bits[w];
    }
    return all;
}

static bool may_end(const struct listdb *db, struct text label)
{
    unsigned bit;

    if (label.len == 0)
        return false;
    bit = listdb_end(label);
    return db->inner.ends[bit / 64] >> bit % 64 & 1;
}

/* The protected lists with some labels before `end`, of which label number `last` is the
 * last. */
static void add_inner(const struct listdb *db, struct text name, const uint8_t *starts,
                      size_t last, size_t end, struct list_set *all)
{
    for (uint32_t left = db->inner.counts; left; left &= left - 1) {
        size_t labels = (size_t)__builtin_ctz(left), start;
        const struct list_set *set;

        if (labels > last + 1)
            return;
        start = starts[last + 1 - labels];
        set = find_set(
            db, hash_bytes(&db->keys[LIST_CLASS_NAME], name.at + start, end - start));
        for (size_t w = 0; set && w < LISTDB_MAX / 64; w++)
            all->bits[w] |= set->bits[w] & db->protected.bits[w];
    }
}

/* What is protected is so with anything behind it, as a resolver asks (RFC 1535). */
static void add_suffixed(const struct listdb *db, struct text name, const uint8_t *starts,
                         size_t count, struct list_set *all)
{
    for (size_t last = LISTDB_INNER_LEAST - 1; last + 1 < count; last++) {
        size_t end = starts[last + 1] - 1U;

        if (may_end(db, (struct text){name.at + starts[last], end - starts[last]}))
            add_inner(db, name, starts, last, end, all);
    }
}

struct list_set listdb_query(const struct listdb *db, struct text name)
{
    uint64_t hashes[SUFFIXES_MAX];
    uint8_t starts[SUFFIXES_MAX];
    struct list_set all;
    size_t count;

    if (!db->has_class[LIST_CLASS_NAME] || name.len == 0 || name.len >= DOMAIN_MAX)
        return (struct list_set){0};
    count = hash_suffixes(db, name, hashes, starts);
    all = find_all(db, hashes, count);
    if (db->inner.counts != 0)
        add_suffixed(db, name, starts, count, &all);
    return all;
}

struct list_set listdb_query_print(const struct listdb *db, struct text print)
{
    uint64_t hash;

    if (!db->has_class[LIST_CLASS_PRINT] || print.len == 0)
        return (struct list_set){0};
    hash = hash_ahead(db, LIST_CLASS_PRINT, print.at, print.len);
    return find_all(db, &hash, 1);
}

/* ---- asking by length ---- */

#define LENS_MAX 129

/* The bytes' first bits only. */
static void cut(uint8_t *bytes, size_t len, unsigned bits)
{
    if (bits / 8 == len)
        return;
    bytes[bits / 8] &= (uint8_t)(0xff00 >> bits % 8);
    memset(bytes + bits / 8 + 1, 0, len - bits / 8 - 1);
}

/* A hash for each length that occurs, the longest first; key has room for the length
 * behind its len bytes. ret_lens, which may be NULL: which length each is of. */
static size_t hash_lengths(const struct listdb *db, enum list_class class,
                           const uint64_t *lens, uint8_t *key, size_t len,
                           uint64_t *hashes, uint8_t *ret_lens)
{
    size_t count = 0;

    for (size_t w = len / 8 + 1; w-- > 0;)
        for (uint64_t left = lens[w]; left;) {
            unsigned bit = 63 - (unsigned)__builtin_clzll(left);

            left &= ~(UINT64_C(1) << bit);
            cut(key, len, (unsigned)w * 64 + bit);
            key[len] = (uint8_t)(w * 64 + bit);
            if (ret_lens)
                ret_lens[count] = key[len];
            hashes[count++] = hash_ahead(db, class, key, len + 1);
        }
    return count;
}

static size_t hash_addr(const struct listdb *db, const struct addr *addr,
                        uint64_t *hashes, uint8_t *ret_lens)
{
    uint8_t key[LIST_KEY_V6];

    if (addr_is_v4(addr)) {
        memcpy(key, addr->bytes + sizeof(*addr) - LIST_V4_BYTES, LIST_V4_BYTES);
        return hash_lengths(db, LIST_CLASS_ADDR, &db->counts.v4_lens, key, LIST_V4_BYTES,
                            hashes, ret_lens);
    }
    memcpy(key, addr, sizeof(*addr));
    return hash_lengths(db, LIST_CLASS_ADDR, db->counts.v6_lens, key, sizeof(*addr),
                        hashes, ret_lens);
}

static size_t hash_mac(const struct listdb *db, const struct mac *mac, uint64_t *hashes,
                       uint8_t *ret_lens)
{
    uint8_t key[LIST_KEY_MAC];

    memcpy(key, mac, sizeof(*mac));
    return hash_lengths(db, LIST_CLASS_MAC, &db->counts.mac_lens, key, sizeof(*mac),
                        hashes, ret_lens);
}

struct list_set listdb_query_addr(const struct listdb *db, const struct addr *addr)
{
    uint64_t hashes[LENS_MAX];

    return find_all(db, hashes, hash_addr(db, addr, hashes, NULL));
}

struct list_set listdb_query_mac(const struct listdb *db, const struct mac *mac)
{
    uint64_t hashes[LENS_MAX];

    return find_all(db, hashes, hash_mac(db, mac, hashes, NULL));
}

static int longest(const struct listdb *db, const uint64_t *hashes, const uint8_t *lens,
                   size_t count, unsigned list)
{
    for (size_t i = 0; i < count; i++) {
        const struct list_set *set = find_set(db, hashes[i]);

        if (set && list_set_has(set, list))
            return lens[i];
    }
    return -ENOENT;
}

int listdb_longest_addr(const struct listdb *db, const struct addr *addr, unsigned list)
{
    uint64_t hashes[LENS_MAX];
    uint8_t lens[LENS_MAX];

    size_t count = hash_addr(db, addr, hashes, lens);
    int bits = longest(db, hashes, lens, count, list);

    return bits >= 0 && addr_is_v4(addr) ? bits + 128 - 32 : bits;
}

int listdb_longest_mac(const struct listdb *db, const struct mac *mac, unsigned list)
{
    uint64_t hashes[LENS_MAX];
    uint8_t lens[LENS_MAX];

    return longest(db, hashes, lens, hash_mac(db, mac, hashes, lens), list);
}

/* ---- judging ---- */

static struct list_set only(struct list_set on, const struct list_set *these)
{
    for (size_t w = 0; w < LISTDB_MAX / 64; w++)
        on.bits[w] &= these->bits[w];
    return on;
}

/* Exceptions are of the answer as it was, so that their order does not matter. */
static struct list_set without_excepted(const struct listdb *db, struct list_set on)
{
    struct list_set left = on;

    for (unsigned w = 0; w < LISTDB_MAX / 64; w++)
        for (uint64_t some = on.bits[w] & db->excepting.bits[w]; some; some &= some - 1) {
            unsigned list = w * 64 + (unsigned)__builtin_ctzll(some);

            if (list_set_meets(&on, &db->lists[list].except))
                left.bits[w] &= ~(UINT64_C(1) << list % 64);
        }
    return left;
}

struct list_set listdb_judge(const struct listdb *db, struct list_set on)
{
    if (list_set_meets(&on, &db->protected))
        return only(on, &db->protected);
    if (list_set_meets(&on, &db->white))
        return only(on, &db->white);
    return without_excepted(db, on);
}

/* ---- looking alike ---- */

struct list_set listdb_query_alike(const struct listdb *db, struct text name)
{
    struct alike_match matches[ALIKE_MATCHES_MAX];
    struct list_set on = {0};

    if (!db->alike)
        return on;
    for (size_t i = alike_find(db->alike, name, matches); i > 0; i--)
        list_set_add(&on, matches[i - 1].list);
    return on;
}

bool listdb_alike(const struct listdb *db, struct text name, unsigned list,
                  struct alike_match *ret_match)
{
    struct alike_match matches[ALIKE_MATCHES_MAX];
    size_t count = db->alike ? alike_find(db->alike, name, matches) : 0;

    for (size_t i = 0; i < count; i++)
        if (matches[i].list == list) {
            *ret_match = matches[i];
            return true;
        }
    return false;
}

struct list_set listdb_judge_alike(const struct listdb *db, struct text name)
{
    struct list_set alike = listdb_query_alike(db, name), on;

    if (!list_set_meets(&alike, &alike))
        return alike;
    on = listdb_query(db, name);
    for (size_t w = 0; w < LISTDB_MAX / 64; w++)
        on.bits[w] |= alike.bits[w];
    return only(listdb_judge(db, on), &db->lookalike);
}

bool listdb_protected(const struct listdb *db, struct text name)
{
    struct list_set on = listdb_query(db, name);

    return list_set_meets(&on, &db->protected);
}

uint64_t listdb_name_code(struct text name)
{
    struct hash_key key;

    hash_key_from_seed(LISTDB_CODE_SEED, &key);
    return hash_bytes(&key, name.at, name.len);
}

size_t listdb_protected_count(const struct listdb *db)
{
    return db->counts.codes;
}

uint64_t listdb_protected_code(const struct listdb *db, size_t i)
{
    uint64_t code;

    assert(i < db->counts.codes);
    memcpy(&code, db->codes + i * sizeof(code), sizeof(code));
    return le64toh(code);
}
