/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits lies packed in a binary heap, the earliest on top. A record is unpacked
 * twice: when it comes, to see that it is whole, and when it is handed over. Often one
 * event is a hit of several rules: their records follow each other when they come, share
 * its packed form while they wait, and follow each other again when they are handed over,
 * so that it is kept and unpacked once.
 *
 * What has one time goes by its packed form, which is kind, then field by field in the
 * order of field.def, the two ends first; then by rule. A field that is new in the table
 * leaves the order of the others as it is, so it decides only where all before it agree.
 */
#include "agent/hits.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cur.h"
#include "mem.h"

#define NEVER      UINT64_MAX
#define BYTES_MOST ((size_t)64 << 20) /* of what waits, packed */

struct packed {
    uint32_t waiting; /* records that it is the event of */
    uint32_t len;
    uint8_t bytes[];
};

struct waiting {
    usec_t time;
    uint32_t rule;
    uint8_t generation;
    enum hits_kind kind;
    struct packed *packed;
};

struct hits_merger {
    struct hits_reader_calls calls;
    struct event *event;         /* for whom it is handed to, who may change it */
    struct event *whole;         /* what is packed in opened */
    const struct packed *opened; /* NULL: none that still waits */
    struct packed *newest;       /* likewise */
    usec_t *marks;               /* by sensor; NEVER: it is gone */
    size_t sensors;
    struct waiting *heap;
    size_t count, most;
    size_t bytes;  /* of all packed events */
    usec_t latest; /* of all marks ever seen */
    uint64_t early;
    uint8_t generation, put_generation; /* of the hit handed over; of hits_merger_put */
};

/* ---- packed events ---- */

static bool is_newest(const struct hits_merger *m, const uint8_t *bytes, size_t len)
{
    return m->newest && m->newest->len == len &&
           memcmp(m->newest->bytes, bytes, len) == 0;
}

static struct packed *share(struct hits_merger *m, const uint8_t *bytes, size_t len)
{
    struct packed *p = m->newest;

    if (!is_newest(m, bytes, len)) {
        p = m->newest = xmalloc(sizeof(*p) + len);
        *p = (struct packed){.len = (uint32_t)len};
        memcpy(p->bytes, bytes, len);
        m->bytes += len;
    }
    p->waiting++;
    return p;
}

static void release(struct hits_merger *m, struct packed *p)
{
    if (--p->waiting > 0)
        return;
    if (m->newest == p)
        m->newest = NULL;
    if (m->opened == p)
        m->opened = NULL;
    m->bytes -= p->len;
    free(p);
}

static void unpack(struct event *e, const struct packed *p)
{
    int r = event_unpack(e, p->bytes, p->len);

    assert(r == 0); /* it was looked at when it came */
    (void)r;
}

/* Into m->event. */
static void open_packed(struct hits_merger *m, const struct packed *p)
{
    if (m->opened != p && p->waiting == 1) {
        unpack(m->event, p);
        return;
    }
    if (m->opened != p)
        unpack(m->whole, p);
    m->opened = p;
    event_copy(m->event, m->whole);
}

/* ---- its life ---- */

struct hits_merger *hits_merger_new(const struct hits_reader_calls *calls, size_t sensors,
                                    size_t most_waiting)
{
    struct hits_merger *m = xcalloc(1, sizeof(*m));

    assert(sensors > 0 && most_waiting > 0);
    m->calls = *calls;
    m->event = event_new();
    m->whole = event_new();
    m->marks = xcalloc(sensors, sizeof(*m->marks));
    m->sensors = sensors;
    m->most = most_waiting;
    m->heap = xcalloc(most_waiting, sizeof(*m->heap));
    return m;
}

void hits_merger_free(struct hits_merger *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->count; i++)
        release(m, m->heap[i].packed);
    free(m->heap);
    free(m->marks);
    event_free(m->event);
    event_free(m->whole);
    free(m);
}

/* ---- the heap ---- */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* All are of one program, so the number of fields in them is the same. */
static int compare_content(const struct waiting *a, const struct waiting *b)
{
    const struct packed *x = a->packed, *y = b->packed;
    int order =
        x == y ? 0 : memcmp(x->bytes, y->bytes, x->len < y->len ? x->len : y->len);

    return order ? order : compare_numbers(x->len, y->len);
}

/* By time, facts before hits, then by what it says. */
static bool comes_before(const struct waiting *a, const struct waiting *b)
{
    int order = compare_numbers(a->time, b->time);

    if (order == 0)
        order = compare_numbers(b->kind == HITS_DEVICE, a->kind == HITS_DEVICE);
    if (order == 0)
        order = compare_content(a, b);
    if (order == 0)
        order = compare_numbers(a->rule, b->rule);
    return order < 0;
}

static void swap(struct waiting *a, struct waiting *b)
{
    struct waiting old = *a;

    *a = *b;
    *b = old;
}

static void heap_put(struct hits_merger *m, struct waiting w)
{
    size_t at = m->count++;

    m->heap[at] = w;
    for (; at > 0 && comes_before(&m->heap[at], &m->heap[(at - 1) / 2]);
         at = (at - 1) / 2)
        swap(&m->heap[at], &m->heap[(at - 1) / 2]);
}

static struct waiting heap_take(struct hits_merger *m)
{
    struct waiting first = m->heap[0];
    size_t at = 0;

    m->count--;
    m->heap[0] = m->heap[m->count];
    m->heap[m->count].packed = NULL; /* it is in its new place now, or handed over */
    for (;;) {
        size_t least = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < m->count;
             child++) {
            if (comes_before(&m->heap[child], &m->heap[least]))
                least = child;
        }
        if (least == at)
            return first;
        swap(&m->heap[at], &m->heap[least]);
        at = least;
    }
}

static void hand_over(struct hits_merger *m, struct waiting w)
{
    open_packed(m, w.packed);
    release(m, w.packed);
    m->generation = w.generation;
    if (w.kind == HITS_DEVICE)
        m->calls.device(m->event, m->calls.arg);
    else
        m->calls.hit(w.rule, m->event, m->calls.arg);
}

static bool is_full(const struct hits_merger *m)
{
    return m->count == m->most || (m->count > 0 && m->bytes > BYTES_MOST);
}

static void wait_for_others(struct hits_merger *m, struct waiting w)
{
    while (is_full(m)) {
        m->early++;
        if (comes_before(&w, &m->heap[0])) {
            hand_over(m, w);
            return;
        }
        hand_over(m, heap_take(m));
    }
    heap_put(m, w);
}

/* ---- from a sensor in this process ---- */

static void put_event(struct hits_merger *m, enum hits_kind kind, size_t rule,
                      const struct event *e)
{
    uint8_t bytes[EVENT_PACK_MAX];
    int len = event_pack(e, bytes, sizeof(bytes));

    assert(len > 0);
    wait_for_others(m, (struct waiting){.time = event_time(e),
                                        .rule = (uint32_t)rule,
                                        .generation = m->put_generation,
                                        .kind = kind,
                                        .packed = share(m, bytes, (size_t)len)});
}

void hits_merger_put(struct hits_merger *m, size_t rule, const struct event *e)
{
    put_event(m, HITS_HIT, rule, e);
}

void hits_merger_put_device(struct hits_merger *m, const struct event *e)
{
    put_event(m, HITS_DEVICE, 0, e);
}

void hits_merger_mark(struct hits_merger *m, size_t sensor, usec_t mark)
{
    assert(sensor < m->sensors);
    m->marks[sensor] = mark;
    if (m->latest < mark)
        m->latest = mark;
}

void hits_merger_gone(struct hits_merger *m, size_t sensor)
{
    assert(sensor < m->sensors);
    m->marks[sensor] = NEVER;
}

/* ---- from a batch ---- */

/* Host byte order, unlike the cursor's own numbers. */
static uint32_t host_u32(struct cur *c)
{
    uint32_t n;

    cur_copy(c, &n, sizeof(n));
    return n;
}

static int read_event(struct hits_merger *m, enum hits_kind kind, uint8_t generation,
                      struct cur *body)
{
    uint32_t rule = kind == HITS_HIT ? host_u32(body) : 0;
    size_t len = cur_left(body);

    if (cur_broken(body) || len > EVENT_PACK_MAX ||
        event_unpack(m->event, body->pos, len) != 0)
        return -EBADMSG;
    wait_for_others(m, (struct waiting){.time = event_time(m->event),
                                        .rule = rule,
                                        .generation = generation,
                                        .kind = kind,
                                        .packed = share(m, body->pos, len)});
    return 0;
}

static int read_lost(struct hits_merger *m, struct cur *body)
{
    uint32_t lost[HITS_SEVERITIES];

    cur_copy(body, lost, sizeof(lost));
    if (cur_broken(body) || cur_left(body) != 0)
        return -EBADMSG;
    m->calls.lost(lost, m->calls.arg);
    return 0;
}

static int read_mark(struct hits_merger *m, size_t sensor, struct cur *body)
{
    usec_t mark;

    cur_copy(body, &mark, sizeof(mark));
    if (cur_broken(body) || cur_left(body) != 0 || mark == NEVER)
        return -EBADMSG;
    hits_merger_mark(m, sensor, mark);
    return 0;
}

int hits_merger_batch(struct hits_merger *m, size_t sensor, const uint8_t *bytes,
                      size_t len)
{
    struct cur c = cur_over(bytes, len);
    unsigned kind = HITS_LOST;

    while (cur_left(&c) > 0) {
        unsigned severity, zero;
        uint8_t generation;
        struct cur body;
        int r = -EBADMSG;

        kind = cur_u8(&c);
        severity = cur_u8(&c);
        generation = cur_u8(&c);
        zero = cur_u8(&c);
        body = cur_sub(&c, host_u32(&c));
        if (cur_broken(&c) || severity >= HITS_SEVERITIES || zero != 0)
            return -EBADMSG;

        if (kind == HITS_HIT || kind == HITS_DEVICE)
            r = read_event(m, kind, generation, &body);
        else if (kind == HITS_LOST)
            r = read_lost(m, &body);
        else if (kind == HITS_MARK && cur_left(&c) == 0)
            r = read_mark(m, sensor, &body);
        else if (kind == HITS_COUNTS) {
            m->calls.counts((const char *)body.pos, cur_left(&body), m->calls.arg);
            r = 0;
        }
        if (r != 0)
            return r;
    }
    return kind == HITS_MARK ? 0 : -EBADMSG;
}

/* ---- handing over ---- */

usec_t hits_merger_horizon(const struct hits_merger *m)
{
    usec_t least = NEVER;

    for (size_t i = 0; i < m->sensors; i++) {
        if (m->marks[i] < least)
            least = m->marks[i];
    }
    return least;
}

usec_t hits_merger_latest(const struct hits_merger *m)
{
    return m->latest;
}

usec_t hits_merger_run(struct hits_merger *m)
{
    usec_t until = hits_merger_horizon(m);

    while (m->count > 0 && (until == NEVER || m->heap[0].time < until))
        hand_over(m, heap_take(m));
    return until == NEVER ? m->latest : until;
}

uint8_t hits_merger_generation(const struct hits_merger *m)
{
    return m->generation;
}

void hits_merger_use(struct hits_merger *m, uint8_t generation)
{
    m->put_generation = generation;
}

uint64_t hits_merger_early(const struct hits_merger *m)
{
    return m->early;
}
