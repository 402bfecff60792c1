/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IP and what is above it. Each protocol is a row of a table; extension headers are
 * counted, so that headers alone end somewhere. The fixed part of a header is taken as a
 * whole: its fields are in bounds when it is.
 */
#include "agent/reading.h"
#include "agent/syn_order.h"

#define EXTENSIONS_MAX 12 /* IPv6 extension headers of one packet */
#define IP_FRAGMENT    44

/* ---- over IP ---- */

static enum decode_verdict short_l4(const struct reading *r)
{
    return r->missing ? DECODE_CUT_L4 : DECODE_BAD_L4;
}

static enum decode_verdict read_tcp(struct reading *r)
{
    struct packet *p = r->packet;
    struct cur fixed = cur_sub(&r->c, 20);
    uint32_t options;

    if (cur_broken(&fixed))
        return short_l4(r);
    p->src_port = cur_u16(&fixed);
    p->dst_port = cur_u16(&fixed);
    p->tcp_seq = cur_u32(&fixed);
    p->tcp_ack = cur_u32(&fixed);
    options = (uint32_t)(cur_u8(&fixed) >> 4) * 4;
    p->tcp_flags = cur_u8(&fixed); /* window, checksum, urgent pointer follow */

    if (options < 20 || options - 20 > reading_left(r) + r->missing)
        return DECODE_BAD_L4;

    /* Options that were cut leave no payload, but ports and flags are good. */
    options -= 20;
    if (options > reading_left(r)) {
        r->missing -= options - reading_left(r);
        options = reading_left(r);
    }
    if ((p->tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_ACK)) == TCP_FLAG_SYN)
        p->syn_order = syn_order_of(cur_over(r->c.pos, options));
    cur_skip(&r->c, options);
    return reading_arrive(r, PACKET_L4);
}

static enum decode_verdict read_udp(struct reading *r)
{
    struct packet *p = r->packet;
    struct cur fixed = cur_sub(&r->c, 8);
    uint32_t len;

    if (cur_broken(&fixed))
        return short_l4(r);
    p->src_port = cur_u16(&fixed);
    p->dst_port = cur_u16(&fixed);
    len = cur_u16(&fixed); /* the checksum follows */

    if (len == 0) /* RFC 2675 and segmentation offload */
        return reading_arrive(r, PACKET_L4);
    if (len < 8 || len - 8 > reading_left(r) + r->missing)
        return DECODE_BAD_L4;
    reading_bound(r, len - 8);
    return reading_carrier(r, PACKET_L4);
}

static enum decode_verdict read_icmp(struct reading *r)
{
    r->packet->src_port = cur_u8(&r->c);
    r->packet->dst_port = cur_u8(&r->c);
    cur_skip(&r->c, 2); /* checksum */
    return cur_broken(&r->c) ? short_l4(r) : reading_arrive(r, PACKET_L4);
}

static enum decode_verdict read_sctp(struct reading *r)
{
    r->packet->src_port = cur_u16(&r->c);
    r->packet->dst_port = cur_u16(&r->c);
    cur_skip(&r->c, 8); /* verification tag, checksum */
    return cur_broken(&r->c) ? short_l4(r) : reading_arrive(r, PACKET_L4);
}

static const struct {
    uint8_t proto;
    layer_fn *read;
} protocols[] = {
    {6, read_tcp}, {17, read_udp}, {1, read_icmp}, {58, read_icmp}, {132, read_sctp},
};

static enum decode_verdict read_protocol(struct reading *r, uint8_t proto)
{
    r->packet->ip_proto = proto;
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (protocols[i].proto == proto)
            return protocols[i].read(r);
    }
    return reading_carrier(r, PACKET_IP);
}

/* ---- IP ---- */

static enum decode_verdict read_extensions(struct reading *r, uint8_t next);

static enum decode_verdict short_ip(const struct reading *r)
{
    return r->missing ? DECODE_CUT_IP : DECODE_BAD_IP;
}

/* Also where the packet is to be the one around it. */
static void count_fragments(struct reading *r)
{
    const struct fragment_counts *fragments = fragment_table_counts(r->fragments);

    r->counts->fragments_expired = fragments->expired;
    r->counts->fragments_evicted = fragments->evicted;
}

/* Puts the fragment to the others; a whole datagram goes on as if never cut. */
static enum decode_verdict read_fragment(struct reading *r, struct fragment *f)
{
    struct packet *p = r->packet;
    enum fragment_result result;
    struct datagram whole;

    if (r->missing)
        return DECODE_CUT_IP;
    if (p->reassembled)
        return DECODE_BAD_FRAGMENT; /* fragments of fragments */
    f->src = p->src;
    f->dst = p->dst;
    f->vlan = p->vlan;
    f->version = p->ip_version;
    f->bytes = r->c;
    f->time = p->time;
    f->wire_len = p->wire_len;

    result = fragment_table_put(r->fragments, f, &whole);
    count_fragments(r);
    switch (result) {
    case FRAGMENT_WAITS:
        return DECODE_FRAGMENT_WAITS;
    case FRAGMENT_BAD:
        return DECODE_BAD_FRAGMENT;
    case FRAGMENT_WHOLE:
        break;
    }
    p->reassembled = true;
    p->frames = whole.frames;
    p->wire_len = whole.wire_len;
    p->ip = whole.bytes;
    p->ip_len = whole.len;
    r->c = cur_over(whole.bytes, whole.len);
    cur_skip(&r->c, whole.header_len);
    return p->ip_version == 6 ? read_extensions(r, whole.proto)
                              : read_protocol(r, whole.proto);
}

enum decode_verdict reading_ipv4(struct reading *r)
{
    struct packet *p = r->packet;
    const uint8_t *start = r->c.pos;
    uint32_t there = reading_left(r), header;
    struct cur fixed = cur_sub(&r->c, 20);
    uint16_t total, id, cut;
    uint8_t first, proto;

    if (cur_broken(&fixed))
        return DECODE_CUT_IP;
    first = cur_u8(&fixed);
    cur_skip(&fixed, 1); /* type of service */
    total = cur_u16(&fixed);
    id = cur_u16(&fixed);
    cut = cur_u16(&fixed);
    p->ttl = cur_u8(&fixed);
    proto = cur_u8(&fixed);
    cur_skip(&fixed, 2); /* checksum */
    p->src = addr_v4(cur_bytes(&fixed, 4));
    p->dst = addr_v4(cur_bytes(&fixed, 4));

    header = (first & 0x0fu) * 4u;
    if (first >> 4 != 4 || header < 20 || (total != 0 && total < header))
        return DECODE_BAD_IP;

    reading_bound(r, (total ? total : there + r->missing) - 20);
    cur_skip(&r->c, header - 20); /* options */
    if (cur_broken(&r->c))
        return short_ip(r);

    p->ip_version = 4;
    p->ip = start;
    p->ip_len = (uint32_t)(r->c.end - start);
    if ((cut & 0x3fff) == 0)
        return read_protocol(r, proto);
    return read_fragment(r, &(struct fragment){.proto = proto,
                                               .id = id,
                                               .offset = (uint16_t)((cut & 0x1fffu) * 8u),
                                               .more = cut & 0x2000,
                                               .header = cur_over(start, header)});
}

enum decode_verdict reading_ipv6(struct reading *r)
{
    struct packet *p = r->packet;
    const uint8_t *start = r->c.pos;
    struct cur fixed = cur_sub(&r->c, 40);
    uint32_t first;
    uint16_t len;
    uint8_t next;

    if (cur_broken(&fixed))
        return DECODE_CUT_IP;
    first = cur_u32(&fixed);
    len = cur_u16(&fixed);
    next = cur_u8(&fixed);
    p->ttl = cur_u8(&fixed);
    cur_copy(&fixed, &p->src, sizeof(p->src));
    cur_copy(&fixed, &p->dst, sizeof(p->dst));
    if (first >> 28 != 6)
        return DECODE_BAD_IP;

    reading_bound(r, len ? len
                         : reading_left(r) +
                               r->missing); /* RFC 2675: 0 also begins a jumbogram */
    p->ip_version = 6;
    p->ip = start;
    p->ip_len = (uint32_t)(r->c.end - start);
    return read_extensions(r, next);
}

/* RFC 8200 section 4.5 */
static bool read_fragment_header(struct reading *r, struct fragment *ret_f)
{
    uint16_t cut;

    *ret_f = (struct fragment){.proto = cur_u8(&r->c)};
    cur_skip(&r->c, 1);
    cut = cur_u16(&r->c);
    ret_f->id = cur_u32(&r->c);
    ret_f->offset = cut & 0xfff8;
    ret_f->more = cut & 1;
    ret_f->header = cur_over(r->packet->ip, 40);
    return !cur_broken(&r->c);
}

/* The bytes that an extension header has behind its first two; UINT32_MAX: it is none. */
static uint32_t extension_rest(uint8_t type, uint8_t len)
{
    switch (type) {
    case 0:   /* hop by hop */
    case 43:  /* routing */
    case 60:  /* destination */
    case 135: /* mobility, RFC 6275 */
    case 139: /* host identity, RFC 7401 */
    case 140: /* shim6, RFC 5533 */
        return 6 + len * 8u;
    case 51: /* authentication, RFC 4302 */
        return len * 4u + 6;
    default:
        return UINT32_MAX;
    }
}

static enum decode_verdict read_extensions(struct reading *r, uint8_t next)
{
    for (int n = 0; n < EXTENSIONS_MAX; n++) {
        uint8_t type = next;

        if (type == IP_FRAGMENT) {
            struct fragment f;

            if (!read_fragment_header(r, &f))
                return short_ip(r);
            next = f.proto;
            if (f.offset == 0 && !f.more)
                continue; /* alone in its datagram it is no fragment (RFC 6946) */
            return read_fragment(r, &f);
        }
        if (extension_rest(type, 0) == UINT32_MAX)
            return read_protocol(r, type);

        next = cur_u8(&r->c);
        cur_skip(&r->c, extension_rest(type, cur_u8(&r->c)));
        if (cur_broken(&r->c))
            return short_ip(r);
    }
    return DECODE_BAD_IP;
}
