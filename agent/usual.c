/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine's slot is four words, each written at once, so that several sensors need no
 * lock: whoever brings the first bytes of a new day closes the one before, and whoever
 * loses that race has lost the amount of one event. A sensor that was taken over may
 * write anything into them, so nothing of them is a length or a place.
 */
#include "agent/usual.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "agent/memory_file.h"
#include "agent/watched_days.h"
#include "crypt.h"
#include "hash.h"
#include "mem.h"
#include "names.h"

#define WAYS        8
#define WEEK        7
#define WEEKS_LEAST (USUAL_LEARN_DAYS / WEEK)
#define CODE_BITS   48
#define BYTES_BITS  48
#define BYTES_MOST  ((UINT64_C(1) << BYTES_BITS) - 1)
#define PART_MOST   (UINT64_C(1) << 37) /* of one event, so that its time fits */
#define LEARNED     365                 /* days that it counts for */
#define FILE_MAGIC  UINT64_C(0x0a4c415553555748)
#define FILE_FORMAT 1

/* A slot's words. */
enum {
    WHO,         /* code << 16 | day when it sent last, from 1; 0: free */
    TODAY,       /* day << 48 | bytes */
    WEEK_SO_FAR, /* days << 8 | the highest of them, rounded; the machine's weeks << 16 */
    WEEKS,       /* the highest of each, rounded, the newest in the lowest byte */
    WORDS,
};

struct table {
    struct watched_days watched;
    _Atomic uint64_t known, learned, evicted;
    _Atomic uint64_t changes;
    _Alignas(64) _Atomic uint64_t words[];
};

struct usual {
    struct table *table;
    size_t sets;
    uint64_t seed;
    struct hash_key key;
    uint64_t saved; /* of the changes */
};

_Static_assert(USUAL_WEEKS == sizeof(uint64_t), "a byte for each week");

static uint64_t get(const _Atomic uint64_t *from)
{
    return atomic_load_explicit(from, memory_order_relaxed);
}

static void set(_Atomic uint64_t *at, uint64_t is)
{
    atomic_store_explicit(at, is, memory_order_relaxed);
}

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Whoever was quicker is right. */
static bool change(struct usual *u, _Atomic uint64_t *at, uint64_t was, uint64_t is)
{
    bool done = atomic_compare_exchange_strong_explicit(
        at, &was, is, memory_order_relaxed, memory_order_relaxed);

    if (done)
        count(&u->table->changes);
    return done;
}

/* ---- life ---- */

static void seed_with(struct usual *u, uint64_t seed)
{
    u->seed = seed;
    hash_key_from_seed(seed, &u->key);
}

static size_t words_of(const struct usual *u)
{
    return u->sets * WAYS * WORDS;
}

static size_t table_bytes(const struct usual *u)
{
    return sizeof(struct table) + words_of(u) * sizeof(uint64_t);
}

struct usual *usual_new(size_t capacity)
{
    struct usual *u = xcalloc(1, sizeof(*u));
    uint64_t seed;

    assert(capacity >= WAYS && (capacity & (capacity - 1)) == 0);
    u->sets = capacity / WAYS;
    u->table = mmap(NULL, table_bytes(u), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (u->table == MAP_FAILED) {
        free(u);
        return NULL;
    }
    madvise(u->table, table_bytes(u), MADV_DONTDUMP);
    crypt_random(&seed, sizeof(seed));
    seed_with(u, seed);
    return u;
}

void usual_free(struct usual *u)
{
    if (!u)
        return;
    munmap(u->table, table_bytes(u));
    free(u);
}

/* ---- amounts, rounded: five bits of exponent, three behind the highest ---- */

static uint8_t round_up(uint64_t bytes)
{
    uint64_t kib = (bytes + 1023) / 1024, exponent = 0;

    while (kib > 15) {
        kib = (kib + 1) / 2;
        exponent++;
    }
    if (exponent == 0 && kib < 8)
        return (uint8_t)kib;
    return exponent > 30 ? UINT8_MAX : (uint8_t)((exponent + 1) << 3 | (kib & 7));
}

static uint64_t amount_of(uint8_t rounded)
{
    uint64_t exponent = rounded >> 3, kib = rounded & 7;

    if (exponent > 0)
        kib = (8 | kib) << (exponent - 1);
    return kib * 1024;
}

/* ---- slots ---- */

static uint64_t code_of(uint64_t who)
{
    return who >> 16;
}

static _Atomic uint64_t *slot_of(const struct usual *u, uint64_t hash, unsigned way)
{
    size_t set_number = (hash >> CODE_BITS) % u->sets;

    return &u->table->words[(set_number * WAYS + way) * WORDS];
}

/* NULL: it is not known. */
static _Atomic uint64_t *find(const struct usual *u, uint64_t hash)
{
    uint64_t code = hash & ((UINT64_C(1) << CODE_BITS) - 1);

    for (unsigned i = 0; i < WAYS; i++) {
        _Atomic uint64_t *slot = slot_of(u, hash, i);
        uint64_t who = get(&slot[WHO]);

        if (who && code_of(who) == code)
            return slot;
    }
    return NULL;
}

static unsigned weeks_of(const _Atomic uint64_t *slot)
{
    uint64_t weeks = get(&slot[WEEK_SO_FAR]) >> 16;

    return weeks < USUAL_WEEKS ? (unsigned)weeks : USUAL_WEEKS;
}

/* A free one is worth nothing. */
static uint64_t worth(const _Atomic uint64_t *slot)
{
    uint64_t who = get(&slot[WHO]);

    if (who == 0)
        return 0;
    return 1 + (who & UINT16_MAX) + (weeks_of(slot) >= WEEKS_LEAST ? LEARNED : 0);
}

/* NULL: another sensor was quicker. */
static _Atomic uint64_t *add(struct usual *u, uint64_t hash, uint64_t day)
{
    _Atomic uint64_t *least = slot_of(u, hash, 0);
    uint64_t was;

    for (unsigned i = 1; i < WAYS; i++)
        if (worth(slot_of(u, hash, i)) < worth(least))
            least = slot_of(u, hash, i);
    was = get(&least[WHO]);
    if (!change(u, &least[WHO], was, hash << 16 | (day + 1)))
        return NULL;
    set(&least[TODAY], day << BYTES_BITS);
    set(&least[WEEK_SO_FAR], 0);
    set(&least[WEEKS], 0);
    count(&u->table->learned);
    count(was ? &u->table->evicted : &u->table->known);
    return least;
}

/* ---- days and weeks ---- */

static void close_week(struct usual *u, _Atomic uint64_t *slot, uint8_t highest)
{
    uint64_t was = get(&slot[WEEKS]);

    change(u, &slot[WEEKS], was, was << 8 | highest);
}

static void close_day(struct usual *u, _Atomic uint64_t *slot, uint64_t bytes)
{
    uint64_t was = get(&slot[WEEK_SO_FAR]), weeks = weeks_of(slot);
    uint64_t days = (was >> 8 & UINT8_MAX) + 1;
    uint8_t today = round_up(bytes), highest = was & UINT8_MAX;
    bool over = days >= WEEK;

    if (today > highest)
        highest = today;
    weeks += over && weeks < USUAL_WEEKS;
    if (change(u, &slot[WEEK_SO_FAR], was,
               weeks << 16 | (over ? 0 : days << 8 | highest)) &&
        over)
        close_week(u, slot, highest);
}

/* A day that is over is closed by who begins the next. A clock that went back has made
 * none: what was sent goes on to be of one day. */
static void add_bytes(struct usual *u, _Atomic uint64_t *slot, uint64_t day,
                      uint64_t bytes)
{
    uint64_t was = get(&slot[TODAY]), before = was & BYTES_MOST;
    bool next = day > was >> BYTES_BITS;
    uint64_t sum = next ? bytes : before + bytes;

    if (sum > BYTES_MOST)
        sum = BYTES_MOST;
    if (change(u, &slot[TODAY], was, day << BYTES_BITS | sum) && next && before)
        close_day(u, slot, before);
}

static void note_day(struct usual *u, _Atomic uint64_t *slot, uint64_t day)
{
    uint64_t who = get(&slot[WHO]);

    if ((who & UINT16_MAX) != day + 1)
        change(u, &slot[WHO], who, (who & ~(uint64_t)UINT16_MAX) | (day + 1));
}

/* ---- what is usual ---- */

static int compare(const void *a, const void *b)
{
    return *(const uint8_t *)a - *(const uint8_t *)b;
}

/* 0: it cannot be said yet. */
static uint64_t usual_of(const _Atomic uint64_t *slot)
{
    unsigned known = weeks_of(slot);
    uint64_t weeks = get(&slot[WEEKS]), amount;
    uint8_t highest[USUAL_WEEKS];

    if (known < WEEKS_LEAST)
        return 0;
    for (unsigned i = 0; i < known; i++)
        highest[i] = (uint8_t)(weeks >> 8 * i);
    qsort(highest, known, sizeof(*highest), compare);
    amount = amount_of(highest[(known - 1) / 2]);
    return amount > USUAL_LEAST ? amount : USUAL_LEAST;
}

/* ---- the sensors ---- */

static uint64_t number(const struct event *e, enum field_id f, uint64_t otherwise)
{
    const struct value *v = event_get(e, f);

    return v ? v->number : otherwise;
}

static bool is_kept(const struct event *e)
{
    static const uint32_t kept =
        UINT32_C(1) << AUDIENCE_STAFF | UINT32_C(1) << AUDIENCE_ADMIN |
        UINT32_C(1) << AUDIENCE_SERVERS | UINT32_C(1) << AUDIENCE_DEVICES;

    return kept >> number(e, FIELD_SEGMENT_AUDIENCE, AUDIENCE_STUDENTS) & 1;
}

/* What left the district with this part of a conversation. */
static uint64_t sent_out(const struct event *e)
{
    uint64_t bytes = 0;

    if (event_kind(e) != EVENT_FLOW_ACTIVE && event_kind(e) != EVENT_FLOW)
        return 0;
    if (!is_kept(e))
        return 0;
    switch (number(e, FIELD_DIRECTION, DIRECTION_INTERNAL)) {
    case DIRECTION_OUTBOUND:
        bytes = number(e, FIELD_FLOW_DELTA_BYTES_OUT, 0);
        break;
    case DIRECTION_INBOUND:
        bytes = number(e, FIELD_FLOW_DELTA_BYTES_IN, 0);
        break;
    default:
        break;
    }
    return bytes < PART_MOST ? bytes : PART_MOST;
}

static bool hash_machine(const struct usual *u, const struct event *e, uint64_t *ret_hash)
{
    const struct value *mac = event_get(e, FIELD_DEVICE_MAC);
    const struct value *ip = event_get(e, FIELD_DEVICE_IP);

    if (mac)
        *ret_hash = hash_bytes(&u->key, &mac->mac, sizeof(mac->mac));
    else if (ip)
        *ret_hash = hash_bytes(&u->key, &ip->addr, sizeof(ip->addr));
    return mac || ip;
}

/* Before the first day counts, there is no day for it to be of. */
void usual_learn(struct usual *u, const struct event *e)
{
    uint64_t bytes = sent_out(e), hash, day;
    _Atomic uint64_t *slot;

    if (bytes == 0 || !hash_machine(u, e, &hash))
        return;
    if (watched_days_see(&u->table->watched, event_time(e)))
        count(&u->table->changes);
    if (watched_days_count(&u->table->watched) == 0)
        return;
    day = watched_days_newest(&u->table->watched);
    slot = find(u, hash);
    if (!slot)
        slot = add(u, hash, day);
    if (!slot)
        return;
    note_day(u, slot, day);
    add_bytes(u, slot, day, bytes);
}

void usual_dress(const struct usual *u, struct event *e)
{
    static const uint64_t day_ms = USEC_PER_DAY / USEC_PER_MSEC;
    uint64_t bytes = sent_out(e), hash, usual;
    const _Atomic uint64_t *slot;

    if (bytes == 0 || !hash_machine(u, e, &hash))
        return;
    slot = find(u, hash);
    usual = slot ? usual_of(slot) : 0;
    if (usual == 0)
        return;
    event_put_number(e, FIELD_DEVICE_USUAL_OUT, usual);
    event_put_number(e, FIELD_FLOW_DELTA_USUAL_TIME,
                     bytes * day_ms / usual * USEC_PER_MSEC);
}

/* ---- the file ---- */

static struct memory_file file_of(const struct usual *u)
{
    return (struct memory_file){.magic = FILE_MAGIC,
                                .format = FILE_FORMAT,
                                .sets = (uint32_t)u->sets,
                                .words = words_of(u),
                                .seed = u->seed,
                                .days = get(&u->table->watched.days)};
}

static void take_slots(struct usual *u, struct cur *c)
{
    uint64_t known = 0;

    for (size_t i = 0; i < words_of(u); i++) {
        uint64_t word = cur_u64_le(c);

        known += i % WORDS == WHO && word != 0;
        atomic_init(&u->table->words[i], word);
    }
    atomic_init(&u->table->known, known);
}

int usual_parse(struct usual *u, const void *bytes, size_t len)
{
    struct memory_file f = file_of(u);
    struct cur words;
    int r = memory_file_parse(&f, bytes, len, &words);

    if (r < 0)
        return r;
    seed_with(u, f.seed);
    atomic_init(&u->table->watched.days, f.days);
    take_slots(u, &words);
    return 0;
}

int usual_load(struct usual *u, const char *path)
{
    auto_free char *bytes = NULL;
    size_t len;
    int r = memory_file_read(path, words_of(u), &bytes, &len);

    return r < 0 ? r : usual_parse(u, bytes, len);
}

int usual_save(struct usual *u, const char *path)
{
    struct memory_file f = file_of(u);
    uint64_t changes = get(&u->table->changes);
    int r;

    if (changes == u->saved)
        return 0;
    r = memory_file_write(path, &f, u->table->words);
    if (r == 0)
        u->saved = changes;
    return r;
}

struct json *usual_stats(const struct usual *u)
{
    struct json *o = json_new_object();

    json_put_number(o, "known", (int64_t)get(&u->table->known));
    json_put_number(o, "learned", (int64_t)get(&u->table->learned));
    json_put_number(o, "evicted", (int64_t)get(&u->table->evicted));
    json_put_number(o, "days", watched_days_count(&u->table->watched));
    return o;
}
