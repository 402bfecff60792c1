/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Positions only grow; where they lie in the ring is their remainder. A batch is never
 * parted: what is left at the ring's end is skipped by an entry of sensor NOBODY. The
 * head moves last, so an entry that was being written when the process died is not there.
 */
#include "agent/journal.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#define NOBODY UINT32_MAX
#define ALIGN  8u

struct entry {
    uint32_t sensor, len;
    uint8_t bytes[];
};

struct journal {
    size_t capacity, largest;
    _Atomic uint64_t tail, head;
    _Atomic usec_t done;
    atomic_uint readings; /* begun and not ended */
    size_t batches;
    _Alignas(ALIGN) uint8_t ring[];
};

static size_t size_of(size_t len)
{
    return (sizeof(struct entry) + len + ALIGN - 1) / ALIGN * ALIGN;
}

struct journal *journal_new(size_t bytes, size_t largest)
{
    size_t capacity = bytes / ALIGN * ALIGN;
    struct journal *j;

    assert(capacity >= 4 * size_of(largest));
    j = mmap(NULL, sizeof(*j) + capacity, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (j == MAP_FAILED)
        return NULL;
    j->capacity = capacity;
    j->largest = largest;
    return j;
}

void journal_free(struct journal *j)
{
    if (j)
        munmap(j, sizeof(*j) + j->capacity);
}

static struct entry *entry_at(struct journal *j, uint64_t position)
{
    return (struct entry *)(void *)(j->ring + position % j->capacity);
}

static void drop_oldest(struct journal *j)
{
    const struct entry *e = entry_at(j, j->tail);

    if (e->sensor != NOBODY)
        j->batches--;
    j->tail += size_of(e->len);
}

static void make_room(struct journal *j, size_t bytes)
{
    while (j->head + bytes - j->tail > j->capacity)
        drop_oldest(j);
}

/* Every entry begins with room for a head of its own before the ring's end, because all
 * sizes are multiples of that head's. */
static void skip_to_the_start(struct journal *j)
{
    size_t left = j->capacity - j->head % j->capacity;

    if (left >= size_of(j->largest))
        return;
    make_room(j, left);
    *entry_at(j, j->head) =
        (struct entry){.sensor = NOBODY, .len = (uint32_t)(left - sizeof(struct entry))};
    j->head += left;
}

uint8_t *journal_room(struct journal *j)
{
    skip_to_the_start(j);
    make_room(j, size_of(j->largest));
    return entry_at(j, j->head)->bytes;
}

void journal_add(struct journal *j, size_t sensor, size_t len)
{
    struct entry *e = entry_at(j, j->head);

    assert(len <= j->largest && sensor < NOBODY);
    assert(j->head % j->capacity + size_of(len) <= j->capacity);
    e->sensor = (uint32_t)sensor;
    e->len = (uint32_t)len;
    j->batches++;
    j->head += size_of(len);
}

bool journal_is_repeat(const struct journal *j, size_t sensor, const uint8_t *bytes,
                       size_t len)
{
    const struct entry *last = NULL;

    for (uint64_t at = j->tail; at < j->head;) {
        const struct entry *e =
            (const struct entry *)(const void *)(j->ring + at % j->capacity);

        if (e->sensor == sensor)
            last = e;
        at += size_of(e->len);
    }
    return last && last->len == len && memcmp(last->bytes, bytes, len) == 0;
}

void journal_each(struct journal *j, journal_fn *fn, void *arg)
{
    for (uint64_t at = j->tail; at < j->head;) {
        const struct entry *e = entry_at(j, at);

        if (e->sensor != NOBODY)
            fn(e->sensor, e->bytes, e->len, arg);
        at += size_of(e->len);
    }
}

void journal_set_done(struct journal *j, usec_t before)
{
    j->done = before;
}

usec_t journal_done(const struct journal *j)
{
    return j->done;
}

bool journal_begin(struct journal *j, size_t *ret_batches)
{
    bool broken = j->readings >= JOURNAL_READINGS;

    if (broken) {
        j->readings = 0;
        *ret_batches = j->batches;
        j->batches = 0;
        j->tail = (uint64_t)j->head;
    }
    j->readings++;
    return !broken;
}

void journal_end(struct journal *j)
{
    j->readings = 0;
}
