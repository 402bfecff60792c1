/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reading.h - one frame on its way up through the layers. Part of the decoder: decode.c
 * reads the links, decode_ip.c what is above them.
 *
 * Of a frame that the capture cut short, `missing` says how many bytes its headers
 * promise beyond the cursor's end. A header that does not fit into what is there was cut
 * when bytes are missing, and cannot be right when none are.
 */
#ifndef READING_H
#define READING_H

#include "agent/decode.h"
#include "agent/fragment.h"

struct reading {
    struct fragment_table *fragments;
    struct packet *outers; /* room for DECODE_TUNNELS */
    struct decoder_counts *counts;
    struct packet *packet;
    struct cur c;
    uint32_t missing;
};

typedef enum decode_verdict layer_fn(struct reading *r);

static inline uint32_t reading_left(const struct reading *r)
{
    return (uint32_t)cur_left(&r->c);
}

/* The layer's bytes end after len, whatever the frame has behind them. */
static inline void reading_bound(struct reading *r, uint32_t len)
{
    r->missing = len > reading_left(r) ? len - reading_left(r) : 0;
    if (r->missing == 0)
        r->c.end = r->c.pos + len;
}

/* The way ends here: the rest is payload. */
static inline enum decode_verdict reading_arrive(struct reading *r,
                                                 enum packet_layer layer)
{
    r->packet->layer = layer;
    r->packet->payload = r->c;
    r->packet->payload_len = reading_left(r) + r->missing;
    return DECODE_PACKET;
}

/* At the first byte of an IP header. */
layer_fn reading_ipv4;
layer_fn reading_ipv6;

/* At the first byte of an Ethernet or a PPP header. */
layer_fn reading_ethernet;
layer_fn reading_ppp;

/* What is behind an Ethernet type. */
enum decode_verdict reading_ethertype(struct reading *r, uint16_t type);

/*
 * decode_tunnel.c: the packet ends here, at `layer`, but for what it may carry: by its
 * protocol over IP, or its ports. Always DECODE_PACKET.
 */
enum decode_verdict reading_carrier(struct reading *r, enum packet_layer layer);

#endif
