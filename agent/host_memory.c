/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot is one word, written at once, so that several sensors need no lock: whoever
 * loses a race learns that host from its next event. From the highest bit: minute of
 * first seen, counted from 1; day of last seen; 24 bits of the code, of which the other
 * 16 choose the set. Minutes and days are those of watched_days.h. A set is a cache line.
 */
#include "agent/host_memory.h"

#include <assert.h>
#include <endian.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "agent/answer.h"
#include "agent/memory_file.h"
#include "agent/watched_days.h"
#include "crypt.h"
#include "hash.h"
#include "mem.h"

#define WAYS        8
#define FIRST_BITS  25
#define LAST_BITS   15
#define CODE_BITS   24
#define DAY_MINUTES (USEC_PER_DAY / USEC_PER_MIN)
#define CAME_BACK   365 /* days that it counts for */
#define FILE_MAGIC  UINT64_C(0x0a5354534f485748)
#define FILE_FORMAT 2

/* What all processes share. A sensor that was taken over may write anything here, so it
 * says nothing of lengths. */
struct table {
    struct watched_days watched;
    _Atomic uint64_t known, learned, evicted;
    _Atomic uint64_t changes;
    _Alignas(64) _Atomic uint64_t slots[];
};

/* Each process has its own. */
struct host_memory {
    struct table *table;
    size_t sets;
    uint64_t seed;
    struct hash_key key;
    uint64_t saved; /* of the changes */
};

_Static_assert(FIRST_BITS + LAST_BITS + CODE_BITS == 64, "a slot is one word");

static uint64_t get(const _Atomic uint64_t *from)
{
    return atomic_load_explicit(from, memory_order_relaxed);
}

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Whoever was quicker is right. */
static bool change(struct host_memory *m, _Atomic uint64_t *at, uint64_t was, uint64_t is)
{
    bool done = atomic_compare_exchange_strong_explicit(
        at, &was, is, memory_order_relaxed, memory_order_relaxed);

    if (done)
        count(&m->table->changes);
    return done;
}

/* ---- life ---- */

static void seed_with(struct host_memory *m, uint64_t seed)
{
    m->seed = seed;
    hash_key_from_seed(seed, &m->key);
}

static size_t table_bytes(size_t sets)
{
    return sizeof(struct table) + sets * WAYS * sizeof(uint64_t);
}

static struct table *table_new(size_t sets)
{
    struct table *t = mmap(NULL, table_bytes(sets), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (t == MAP_FAILED)
        return NULL;
    madvise(t, table_bytes(sets), MADV_DONTDUMP);
    return t;
}

struct host_memory *host_memory_new(size_t capacity)
{
    size_t sets = capacity / WAYS;
    struct table *table = table_new(sets);
    struct host_memory *m;
    uint64_t seed;

    assert(capacity >= WAYS && (capacity & (capacity - 1)) == 0);
    if (!table)
        return NULL;
    m = xcalloc(1, sizeof(*m));
    m->table = table;
    m->sets = sets;
    crypt_random(&seed, sizeof(seed));
    seed_with(m, seed);
    return m;
}

void host_memory_free(struct host_memory *m)
{
    if (!m)
        return;
    munmap(m->table, table_bytes(m->sets));
    free(m);
}

/* ---- slots ---- */

static uint64_t minute_of(usec_t time)
{
    return 1 + watched_units(time, USEC_PER_MIN, (UINT64_C(1) << FIRST_BITS) - 2);
}

static uint64_t day_of(usec_t time)
{
    return watched_units(time, USEC_PER_DAY, (UINT64_C(1) << LAST_BITS) - 1);
}

static uint64_t pack(uint64_t first, uint64_t last, uint64_t code)
{
    return first << (LAST_BITS + CODE_BITS) | last << CODE_BITS | code;
}

static uint64_t first_of(uint64_t slot)
{
    return slot >> (LAST_BITS + CODE_BITS);
}

static uint64_t last_of(uint64_t slot)
{
    return slot >> CODE_BITS & ((UINT64_C(1) << LAST_BITS) - 1);
}

static uint64_t code_of(uint64_t slot)
{
    return slot & ((UINT64_C(1) << CODE_BITS) - 1);
}

/* Where the set of that hash begins. */
static size_t set_of(const struct host_memory *m, uint64_t hash)
{
    return (hash >> CODE_BITS) % m->sets * WAYS;
}

/* What a host is known by here, from its number in the lists. */
static uint64_t hash_code(const struct host_memory *m, uint64_t code)
{
    code = htole64(code);
    return hash_bytes(&m->key, &code, sizeof(code));
}

static uint64_t hash_name(const struct host_memory *m, struct text name)
{
    return hash_code(m, listdb_name_code(name));
}

/* The slot's place among its eight; WAYS: it is not there. */
static unsigned find(const _Atomic uint64_t *set, uint64_t code, uint64_t *ret_slot)
{
    for (unsigned i = 0; i < WAYS; i++) {
        uint64_t slot = get(&set[i]);

        if (slot && code_of(slot) == code) {
            *ret_slot = slot;
            return i;
        }
    }
    return WAYS;
}

/* A free one is worth nothing. */
static uint64_t worth(uint64_t slot)
{
    uint64_t last = last_of(slot);

    if (slot == 0)
        return 0;
    return 1 + last + (last > (first_of(slot) - 1) / DAY_MINUTES ? CAME_BACK : 0);
}

static void add(struct host_memory *m, _Atomic uint64_t *set, uint64_t fresh)
{
    unsigned least = 0;
    uint64_t was = get(&set[0]);

    for (unsigned i = 1; i < WAYS && was; i++)
        if (worth(get(&set[i])) < worth(was)) {
            least = i;
            was = get(&set[i]);
        }
    if (!change(m, &set[least], was, fresh))
        return;
    count(&m->table->learned);
    count(was ? &m->table->evicted : &m->table->known);
}

/* Sensors are not at the same instant: one may have passed midnight. But a first or last
 * day far ahead comes of a clock that was wrong, and is put right. */
static void touch(struct host_memory *m, _Atomic uint64_t *at, uint64_t slot, usec_t now)
{
    uint64_t minute = minute_of(now), day = day_of(now);
    uint64_t first = first_of(slot), last = last_of(slot);

    if (first <= minute + 1 && (last == day || last == day + 1))
        return;
    if (first > minute)
        first = minute;
    change(m, at, slot, pack(first, day, code_of(slot)));
}

/* ---- the sensors ---- */

static bool has_number(const struct event *e, enum field_id f, uint64_t number)
{
    const struct value *v = event_get(e, f);

    return v && v->number == number;
}

static bool counts(const struct event *e)
{
    if (event_kind(e) == EVENT_DNS)
        return answer_is_for_inside(e) && answer_addr(e, NULL, 0);
    if (!has_number(e, FIELD_DIRECTION, DIRECTION_OUTBOUND) &&
        !has_number(e, FIELD_DIRECTION, DIRECTION_INTERNAL))
        return false;
    switch (event_kind(e)) {
    case EVENT_TLS:
    case EVENT_QUIC:
    case EVENT_DTLS:
        return has_number(e, FIELD_TLS_SIDE, TLS_CLIENT);
    case EVENT_HTTP:
        return has_number(e, FIELD_HTTP_SIDE, HTTP_REQUEST);
    default:
        return false;
    }
}

void host_memory_learn(struct host_memory *m, const struct event *e)
{
    const struct value *name = event_get(e, FIELD_HOST_REGISTRABLE);
    uint64_t hash, slot;
    _Atomic uint64_t *set;
    unsigned way;
    usec_t now = event_time(e);

    if (!name || !counts(e))
        return;
    hash = hash_name(m, name->text);
    set = &m->table->slots[set_of(m, hash)];
    if (watched_days_see(&m->table->watched, now))
        count(&m->table->changes);
    way = find(set, code_of(hash), &slot);
    if (way < WAYS)
        touch(m, &set[way], slot, now);
    else
        add(m, set, pack(minute_of(now), day_of(now), code_of(hash)));
}

static usec_t age_of(const struct host_memory *m, struct text name, usec_t time)
{
    uint64_t now = minute_of(time), first = now, hash = hash_name(m, name), slot;

    if (find(&m->table->slots[set_of(m, hash)], code_of(hash), &slot) < WAYS)
        first = first_of(slot);
    return first < now ? (now - first) * USEC_PER_MIN : 0;
}

void host_memory_dress(const struct host_memory *m, struct event *e)
{
    const struct value *host = event_get(e, FIELD_HOST_REGISTRABLE);
    const struct value *led = event_get(e, FIELD_FLOW_LED_BY_REGISTRABLE);
    usec_t now = event_time(e);

    if (watched_days_count(&m->table->watched) <= HOST_MEMORY_DAYS)
        return;
    if (host)
        event_put_number(e, FIELD_HOST_FIRST_SEEN, age_of(m, host->text, now));
    else if (led)
        event_put_number(e, FIELD_FLOW_LED_BY_FIRST_SEEN, age_of(m, led->text, now));
}

static void forget(struct host_memory *m, uint64_t hash)
{
    _Atomic uint64_t *set = &m->table->slots[set_of(m, hash)];
    uint64_t slot;
    unsigned way = find(set, code_of(hash), &slot);

    if (way < WAYS && change(m, &set[way], slot, 0))
        atomic_fetch_sub_explicit(&m->table->known, 1, memory_order_relaxed);
}

void host_memory_forget(struct host_memory *m, const struct listdb *lists)
{
    for (size_t i = 0; i < listdb_protected_count(lists); i++)
        forget(m, hash_code(m, listdb_protected_code(lists, i)));
}

/* ---- the file ---- */

static struct memory_file file_of(const struct host_memory *m)
{
    return (struct memory_file){.magic = FILE_MAGIC,
                                .format = FILE_FORMAT,
                                .sets = (uint32_t)m->sets,
                                .words = m->sets * WAYS,
                                .seed = m->seed,
                                .days = get(&m->table->watched.days)};
}

static void take_slots(struct host_memory *m, struct cur *c)
{
    uint64_t known = 0;

    for (size_t i = 0; i < m->sets * WAYS; i++) {
        uint64_t slot = cur_u64_le(c);

        /* A first minute of none is never written. */
        slot = first_of(slot) ? slot : 0;
        known += slot != 0;
        atomic_init(&m->table->slots[i], slot);
    }
    atomic_init(&m->table->known, known);
}

int host_memory_parse(struct host_memory *m, const void *bytes, size_t len)
{
    struct memory_file f = file_of(m);
    struct cur words;
    int r = memory_file_parse(&f, bytes, len, &words);

    if (r < 0)
        return r;
    seed_with(m, f.seed);
    atomic_init(&m->table->watched.days, f.days);
    take_slots(m, &words);
    return 0;
}

int host_memory_load(struct host_memory *m, const char *path)
{
    auto_free char *bytes = NULL;
    size_t len;
    int r = memory_file_read(path, m->sets * WAYS, &bytes, &len);

    return r < 0 ? r : host_memory_parse(m, bytes, len);
}

int host_memory_save(struct host_memory *m, const char *path)
{
    struct memory_file f = file_of(m);
    uint64_t changes = get(&m->table->changes);
    int r;

    if (changes == m->saved)
        return 0;
    r = memory_file_write(path, &f, m->table->slots);
    if (r == 0)
        m->saved = changes;
    return r;
}

struct json *host_memory_stats(const struct host_memory *m)
{
    struct json *o = json_new_object();

    json_put_number(o, "known", (int64_t)get(&m->table->known));
    json_put_number(o, "learned", (int64_t)get(&m->table->learned));
    json_put_number(o, "evicted", (int64_t)get(&m->table->evicted));
    json_put_number(o, "days", watched_days_count(&m->table->watched));
    return o;
}
