/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_hits.c - what comes from sensors, of which some may have been taken over. Input: a
 * byte, again and again, whose lowest two bits say which sensor, and the next two what
 * comes: any bytes as a batch, behind their length u16; a good batch; the same of a
 * sensor in this process; the sensor's end.
 *
 * A good batch is a count u8, then for each record a byte that tells what it is and its
 * time u8; then the mark u8. Events are made here, as their packed form changes with each
 * new field. Of what is good nothing is lost.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/hits.h"
#include "auto.h"
#include "cur.h"
#include "mem.h"

#define SENSORS      3
#define MOST_WAITING 8

struct world {
    struct hits_merger *merger;
    struct event *event;
    size_t given, taken; /* records */
    bool any_bytes;      /* so nobody knows how many were given */
    uint64_t seen;
};

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void on_hit(size_t rule, struct event *e, void *arg)
{
    struct world *w = arg;

    w->taken++;
    w->seen += rule + hits_merger_generation(w->merger);
    if (w->any_bytes)
        return;
    demand(!event_has(e, FIELD_SRC_PORT));
    event_put_number(e, FIELD_SRC_PORT, 7); /* of this one, not of the next rule's */
}

static void on_device(const struct event *e, void *arg)
{
    struct world *w = arg;

    w->taken++;
    w->seen += event_time(e);
}

static void on_lost(const uint32_t by_severity[HITS_SEVERITIES], void *arg)
{
    struct world *w = arg;

    w->seen += by_severity[HITS_SEVERITIES - 1];
}

static void on_counts(const char *json, size_t len, void *arg)
{
    struct world *w = arg;

    for (size_t i = 0; i < len; i++)
        w->seen += (uint8_t)json[i];
}

static void take_bytes(struct world *w, size_t sensor, struct cur *c)
{
    size_t len = cur_u16(c), left = cur_left(c);
    auto_free uint8_t *bytes = NULL;

    len = len < left ? len : left;
    bytes = xmalloc(len ? len : 1);
    cur_copy(c, bytes, len);
    w->any_bytes = true;
    if (hits_merger_batch(w->merger, sensor, bytes, len) != 0)
        hits_merger_gone(w->merger, sensor);
}

/* ---- good ones ---- */

struct record {
    uint8_t kind, rule, generation;
};

static struct record next_record(struct world *w, struct cur *c)
{
    uint8_t what = cur_u8(c);
    bool device = what & 1;

    event_begin(w->event, device ? EVENT_ARP : EVENT_DNS, cur_u8(c));
    if (!device)
        event_put_number(w->event, FIELD_DST_PORT, what >> 1 & 3);
    w->given++;
    return (struct record){.kind = device ? HITS_DEVICE : HITS_HIT,
                           .rule = what >> 3 & 7,
                           .generation = what >> 6};
}

static void add_record(struct buffer *b, uint8_t kind, uint8_t generation,
                       const void *body, size_t len)
{
    const uint8_t head[] = {kind, 0, generation, 0};
    uint32_t length = (uint32_t)len;

    buffer_add(b, head, sizeof(head));
    buffer_add(b, &length, sizeof(length));
    buffer_add(b, body, len);
}

static void add_event(struct world *w, struct buffer *b, struct record r)
{
    struct {
        uint32_t rule;
        uint8_t packed[EVENT_PACK_MAX];
    } body = {.rule = r.rule};
    int len = event_pack(w->event, body.packed, sizeof(body.packed));

    demand(len > 0);
    if (r.kind == HITS_HIT)
        add_record(b, r.kind, r.generation, &body, sizeof(body.rule) + (size_t)len);
    else
        add_record(b, r.kind, r.generation, body.packed, (size_t)len);
}

static void take_batch(struct world *w, size_t sensor, struct cur *c)
{
    auto_buffer struct buffer b = {0};
    usec_t mark;

    for (unsigned left = cur_u8(c); left > 0 && cur_left(c) > 2; left--)
        add_event(w, &b, next_record(w, c));
    mark = cur_u8(c);
    add_record(&b, HITS_MARK, 0, &mark, sizeof(mark));
    demand(hits_merger_batch(w->merger, sensor, (const uint8_t *)b.at, b.len) == 0);
}

static void take_own(struct world *w, size_t sensor, struct cur *c)
{
    for (unsigned left = cur_u8(c); left > 0 && cur_left(c) > 2; left--) {
        struct record r = next_record(w, c);

        hits_merger_use(w->merger, r.generation);
        if (r.kind == HITS_HIT)
            hits_merger_put(w->merger, r.rule, w->event);
        else
            hits_merger_put_device(w->merger, w->event);
    }
    hits_merger_mark(w->merger, sensor, cur_u8(c));
}

static void take_next(struct world *w, struct cur *c)
{
    uint8_t head = cur_u8(c);
    size_t sensor = (head & 3) % SENSORS;

    switch (head >> 2 & 3) {
    case 0:
        take_bytes(w, sensor, c);
        break;
    case 1:
        take_batch(w, sensor, c);
        break;
    case 2:
        take_own(w, sensor, c);
        break;
    default:
        hits_merger_gone(w->merger, sensor);
    }
    (void)hits_merger_run(w->merger);
    demand(w->any_bytes || w->given - w->taken <= MOST_WAITING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world w = {0};
    struct cur c = cur_over(data, size);

    w.merger = hits_merger_new(&(struct hits_reader_calls){.hit = on_hit,
                                                           .device = on_device,
                                                           .lost = on_lost,
                                                           .counts = on_counts,
                                                           .arg = &w},
                               SENSORS, MOST_WAITING);
    w.event = event_new();
    while (cur_left(&c) > 3)
        take_next(&w, &c);
    for (size_t s = 0; s < SENSORS; s++)
        hits_merger_gone(w.merger, s);
    hits_merger_run(w.merger);
    demand(w.any_bytes || w.given == w.taken);
    hits_merger_free(w.merger);
    event_free(w.event);
    return 0;
}
