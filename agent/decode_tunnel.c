/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets in packets. The way up begins anew behind a tunnel's header, with what is known
 * of the frame; the packet so far is kept beside. When it leads nowhere, that one is
 * taken back as if nothing had been tried.
 */
#include "agent/reading.h"

#define ETHERTYPE_IPV4     0x0800
#define ETHERTYPE_IPV6     0x86dd
#define ETHERTYPE_ETHERNET 0x6558 /* transparent Ethernet bridging */
#define ETHERTYPE_PPP      0x880b

/* ---- headers; the cursor is behind the carrier's own ---- */

/* What GRE and GENEVE may have in them. */
static enum decode_verdict read_inner(struct reading *r, uint16_t type)
{
    switch (type) {
    case ETHERTYPE_ETHERNET:
        return reading_ethernet(r);
    case ETHERTYPE_PPP:
        return reading_ppp(r);
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
        return reading_ethertype(r, type);
    default:
        return DECODE_LINK_UNKNOWN;
    }
}

/* RFC 2784 section 2, RFC 2890 section 2; version 1: RFC 2637 section 4.1. */
static enum decode_verdict read_gre(struct reading *r)
{
    uint16_t flags = cur_u16(&r->c);
    uint16_t type = cur_u16(&r->c);
    bool version_1 = (flags & 7) == 1;

    if (flags & 0x4000 || (flags & 7) > 1 || (version_1 && type != ETHERTYPE_PPP))
        return DECODE_BAD_L4; /* source routes (RFC 1701) are not opened */
    if (flags & 0x8000)
        cur_skip(&r->c, 4); /* checksum */
    if (flags & 0x2000)
        cur_skip(&r->c, 4); /* key; version 1: length and call */
    if (flags & 0x1000)
        cur_skip(&r->c, 4); /* sequence number */
    if (version_1 && flags & 0x0080)
        cur_skip(&r->c, 4); /* acknowledgment number */
    return cur_broken(&r->c) || cur_left(&r->c) == 0 ? DECODE_CUT_L4
                                                     : read_inner(r, type);
}

/* RFC 7348 section 5 */
static enum decode_verdict read_vxlan(struct reading *r)
{
    uint8_t flags = cur_u8(&r->c);

    cur_skip(&r->c, 7); /* reserved, network identifier */
    return cur_broken(&r->c) || !(flags & 0x08) ? DECODE_BAD_L4 : reading_ethernet(r);
}

/* RFC 8926 section 3.4 */
static enum decode_verdict read_geneve(struct reading *r)
{
    uint8_t first = cur_u8(&r->c);
    uint16_t type;

    cur_skip(&r->c, 1); /* flags */
    type = cur_u16(&r->c);
    cur_skip(&r->c, 4); /* network identifier, reserved */
    cur_skip(&r->c, (size_t)(first & 0x3f) * 4);
    return cur_broken(&r->c) || first >> 6 != 0 ? DECODE_BAD_L4 : read_inner(r, type);
}

/* RFC 4380 section 5.1.1: authentication, then the origin, both perhaps; then IPv6, whose
 * length must be right, since the port alone proves little. */
static enum decode_verdict read_teredo(struct reading *r)
{
    struct cur ahead = r->c;
    uint32_t version, len;

    if (cur_u16(&ahead) == 0x0001) {
        uint8_t client = cur_u8(&ahead), value = cur_u8(&ahead);

        cur_skip(&ahead, (size_t)client + value + 9); /* nonce, confirmation */
        r->c = ahead;
    }
    ahead = r->c;
    if (cur_u16(&ahead) == 0x0000) {
        cur_skip(&ahead, 6);
        r->c = ahead;
    }
    ahead = r->c;
    version = cur_u32(&ahead) >> 28;
    len = cur_u16(&ahead);
    if (cur_broken(&ahead) || version != 6 || len + 40 != reading_left(r) + r->missing)
        return DECODE_BAD_IP;
    return reading_ethertype(r, ETHERTYPE_IPV6);
}

static enum decode_verdict read_ipv4_inside(struct reading *r)
{
    return reading_ethertype(r, ETHERTYPE_IPV4);
}

static enum decode_verdict read_ipv6_inside(struct reading *r)
{
    return reading_ethertype(r, ETHERTYPE_IPV6);
}

/* ---- which it is ---- */

struct tunnel_kind {
    uint8_t proto;
    uint16_t port; /* of UDP; 0: any */
    bool back;     /* the answers come from the port; else they go to it, too */
    enum tunnel tunnel;
    layer_fn *read;
};

static const struct tunnel_kind kinds[] = {
    {4, 0, false, TUNNEL_IPIP, read_ipv4_inside},
    {41, 0, false, TUNNEL_6IN4, read_ipv6_inside},
    {47, 0, false, TUNNEL_GRE, read_gre},
    {17, 4789, false, TUNNEL_VXLAN, read_vxlan},
    {17, 6081, false, TUNNEL_GENEVE, read_geneve},
    {17, 3544, true, TUNNEL_TEREDO, read_teredo},
};

static const struct tunnel_kind *kind_of(const struct packet *p)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        const struct tunnel_kind *k = &kinds[i];

        if (k->proto == p->ip_proto && (k->port == 0 || k->port == p->dst_port ||
                                        (k->back && k->port == p->src_port)))
            return k;
    }
    return NULL;
}

/* All that is known of the frame, and nothing of the packet around. */
static struct packet inside(const struct packet *outer, enum tunnel tunnel)
{
    return (struct packet){.time = outer->time,
                           .wire_len = outer->wire_len,
                           .frames = outer->frames,
                           .has_mac = outer->has_mac,
                           .src_mac = outer->src_mac,
                           .dst_mac = outer->dst_mac,
                           .vlan = outer->vlan,
                           .tunnels = (uint8_t)(outer->tunnels + 1),
                           .tunnel = tunnel,
                           .outer = outer,
                           .reassembled = outer->reassembled};
}

enum decode_verdict reading_carrier(struct reading *r, enum packet_layer layer)
{
    const struct tunnel_kind *kind = kind_of(r->packet);
    struct packet *outer;
    enum decode_verdict verdict;

    (void)reading_arrive(r, layer);
    if (!kind || r->packet->tunnels == DECODE_TUNNELS)
        return DECODE_PACKET;
    outer = &r->outers[r->packet->tunnels];
    *outer = *r->packet;
    outer->carries = kind->tunnel;
    *r->packet = inside(outer, kind->tunnel);
    verdict = kind->read(r);
    if (verdict == DECODE_PACKET) {
        r->counts->tunnels[kind->tunnel]++;
        return DECODE_PACKET;
    }
    r->counts->tunnels_refused += verdict != DECODE_FRAGMENT_WAITS;
    *r->packet = *outer;
    if (verdict != DECODE_FRAGMENT_WAITS)
        r->packet->carries = TUNNEL_NONE;
    return DECODE_PACKET;
}
