/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_decode.c - frames of every link type through one decoder and into one flow table,
 * several in a row so that fragments meet. Input: link u8 (a row of the table below),
 * then frames, each after its length u16 and how long it was on the wire u16.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/decode.h"
#include "agent/flow.h"
#include "mem.h"

static const int links[] = {1, 0, 9, 50, 51, 101, 104, 108, 113, 228, 229, 276, 105};

static void on_start(struct flow *f, usec_t now, void *arg)
{
    (void)now;
    (void)arg;
    if (f->started != true)
        abort();
}

/* More than the whole, or nothing at all, is no part. */
static void check_part(const struct flow *f, const struct flow_part *part)
{
    if (part->since < f->first || part->out.packets > f->out.packets ||
        part->out.bytes > f->out.bytes || part->in.packets > f->in.packets ||
        part->in.bytes > f->in.bytes)
        abort();
}

static void on_active(struct flow *f, const struct flow_part *part, usec_t now, void *arg)
{
    (void)arg;
    check_part(f, part);
    if (!f->started || part->until != now || part->until < part->since + 7 ||
        part->out.packets + part->in.packets == 0)
        abort();
}

static void on_end(struct flow *f, enum flow_end why, const struct flow_part *part,
                   usec_t now, void *arg)
{
    (void)why;
    (void)arg;
    check_part(f, part);
    if (now < f->last)
        abort();
}

static struct flow_table *new_flows(void)
{
    struct flow_settings set = {.capacity = 5,
                                .answer_within = 3,
                                .active_timeout = 7,
                                .idle_new = 30,
                                .idle_tcp = 60,
                                .idle_udp = 40,
                                .idle_closed = 5,
                                .on_start = on_start,
                                .on_active = on_active,
                                .on_end = on_end};

    hash_key_from_seed(1, &set.secret);
    return flow_table_new(&set);
}

/* Every byte that the packet promises is read. */
static void check(const struct packet *p)
{
    struct cur payload = p->payload;
    unsigned sum = 0;

    if (cur_broken(&payload) || cur_left(&payload) > p->payload_len)
        abort();
    while (cur_left(&payload) > 0)
        sum += cur_u8(&payload);
    for (uint32_t i = 0; p->ip && i < p->ip_len; i++)
        sum += p->ip[i];
    if (sum > 255u * 2 * 65536 ||
        (p->layer == PACKET_LINK ? p->ip_version != 0 : p->ip_version == 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decoder *d = decoder_new(
        &(struct decoder_settings){.fragment_capacity = 3, .fragment_timeout = 50});
    struct flow_table *flows = new_flows();
    struct cur c = cur_over(data, size);
    int link = links[cur_u8(&c) % (sizeof(links) / sizeof(links[0]))];

    for (usec_t time = 1; cur_left(&c) > 4; time += 2) {
        size_t len = cur_u16(&c);
        uint32_t wire_len = cur_u16(&c);
        struct packet p;
        uint8_t *bytes;
        bool from_client;

        if (len > cur_left(&c))
            len = cur_left(&c);
        bytes = xmalloc(len ? len : 1); /* a copy, so that its end is its end */
        cur_copy(&c, bytes, len);
        if (decoder_read(d,
                         &(struct frame){.time = time,
                                         .bytes = bytes,
                                         .len = (uint32_t)len,
                                         .wire_len = wire_len,
                                         .link = link},
                         &p) == DECODE_PACKET) {
            check(&p);
            if (p.layer != PACKET_LINK)
                flow_table_touch(flows, &p, &from_client);
        }
        free(bytes);
    }
    flow_table_free(flows);
    decoder_free(d);
    return 0;
}
