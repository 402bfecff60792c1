/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/line.h"

#include <string.h>

#include "district.h"

#define SECONDS     (LINE_SPAN / USEC_PER_SEC)
#define PER_MEGABIT UINT64_C(1000000)

/* What went one way, whoever began. */
static struct flow_half sum(const struct flow_half *a, const struct flow_half *b)
{
    return (struct flow_half){a->packets + b->packets, a->bytes + b->bytes};
}

static uint64_t bits_a_second(const struct flow_half *half)
{
    return half->bytes * 8 / SECONDS;
}

/* Per cent of what the line can carry; megabits: 0 where the district does not say. */
static void put_load(struct event *e, enum field_id f, const struct flow_half *half,
                     uint64_t megabits)
{
    if (megabits)
        event_put_number(e, f, bits_a_second(half) * 100 / (megabits * PER_MEGABIT));
}

static void put_place(struct event *e, const struct line_place *place,
                      const struct flow_half *in, const struct flow_half *out)
{
    if (place->interface)
        event_put_text(e, FIELD_LINE_INTERFACE, text_of(place->interface));
    if (!place->site)
        return;
    event_put_text(e, FIELD_SITE_ID, text_of(place->site->id));
    event_put_text(e, FIELD_SITE_TYPE, text_of(place->site->type));
    put_load(e, FIELD_LINE_LOAD_IN, in, place->site->line_in);
    put_load(e, FIELD_LINE_LOAD_OUT, out, place->site->line_out);
}

static void put_counts(struct event *e, const struct line *l,
                       const struct line_place *place)
{
    const struct flow_half *called = l->halves[DIRECTION_INBOUND];
    const struct flow_half *calls = l->halves[DIRECTION_OUTBOUND];
    struct flow_half in = sum(&called[true], &calls[false]);
    struct flow_half out = sum(&called[false], &calls[true]);

    event_put_number(e, FIELD_LINE_PACKETS_IN, in.packets);
    event_put_number(e, FIELD_LINE_PACKETS_OUT, out.packets);
    event_put_number(e, FIELD_LINE_BYTES_IN, in.bytes);
    event_put_number(e, FIELD_LINE_BYTES_OUT, out.bytes);
    event_put_number(e, FIELD_LINE_RATE_IN, in.packets / SECONDS);
    event_put_number(e, FIELD_LINE_RATE_OUT, out.packets / SECONDS);
    event_put_number(e, FIELD_LINE_BITS_IN, bits_a_second(&in));
    event_put_number(e, FIELD_LINE_BITS_OUT, bits_a_second(&out));
    event_put_number(e, FIELD_LINE_BEGUN_IN, l->begun[DIRECTION_INBOUND]);
    event_put_number(e, FIELD_LINE_BEGUN_OUT, l->begun[DIRECTION_OUTBOUND]);
    if (out.packets)
        event_put_number(e, FIELD_LINE_IN_PER_OUT, in.packets / out.packets);
    put_place(e, place, &in, &out);
}

static bool has_packets(const struct line *l)
{
    uint64_t packets = 0;

    for (unsigned way = 0; way <= 1; way++)
        packets += l->halves[DIRECTION_INBOUND][way].packets +
                   l->halves[DIRECTION_OUTBOUND][way].packets;
    return packets > 0;
}

bool line_take(struct line *l, usec_t now, const struct line_place *place,
               struct event *e)
{
    bool whole = l->begins != 0 && has_packets(l);
    bool first = l->ends == 0;

    if (now < l->ends)
        return false;
    if (whole) {
        event_begin(e, EVENT_LINE, now);
        put_counts(e, l, place);
    }
    if (!first)
        *l = (struct line){.begins = now - now % LINE_SPAN};
    l->ends = now - now % LINE_SPAN + LINE_SPAN;
    return whole;
}
