/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame is read upwards, layer by layer, with one cursor. Each link type and each
 * Ethernet type is a row of a table. Links end at an Ethernet type, from where on all are
 * alike. Tags and labels are counted: headers alone end somewhere.
 */
#include "agent/decode.h"

#include <stdlib.h>

#include "agent/reading.h"
#include "mem.h"

#define TAGS_MAX   4  /* VLAN tags of one frame */
#define LABELS_MAX 16 /* MPLS labels of one frame */

#define ETHERNET_LENGTH_MAX 1500 /* up to here the type is a length (IEEE 802.3) */
#define ETHERTYPE_IPV4      0x0800
#define ETHERTYPE_IPV6      0x86dd

const char *const decode_reasons[DECODE_VERDICTS] = {
    [DECODE_PACKET] = "packet",
    [DECODE_FRAGMENT_WAITS] = "fragment_waits",
    [DECODE_CUT_LINK] = "cut_link",
    [DECODE_LINK_UNKNOWN] = "link_unknown",
    [DECODE_CUT_IP] = "cut_ip",
    [DECODE_BAD_IP] = "bad_ip",
    [DECODE_CUT_L4] = "cut_l4",
    [DECODE_BAD_L4] = "bad_l4",
    [DECODE_BAD_FRAGMENT] = "bad_fragment",
};

struct decoder {
    struct fragment_table *fragments;
    struct packet outers[DECODE_TUNNELS];
    struct decoder_counts counts;
};

/* ---- up to IP ---- */

static enum decode_verdict read_raw_ip(struct reading *r)
{
    struct cur ahead = r->c;
    uint8_t version = cur_u8(&ahead) >> 4;

    if (cur_broken(&ahead))
        return DECODE_CUT_IP;
    r->packet->ethertype = version == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
    return version == 6 ? reading_ipv6(r) : reading_ipv4(r);
}

static enum decode_verdict read_mpls(struct reading *r)
{
    uint32_t label = 0;
    struct cur ahead;
    uint8_t version;

    for (int n = 0; n < LABELS_MAX && !(label & 0x100); n++) /* bottom of stack */
        label = cur_u32(&r->c);
    if (cur_broken(&r->c))
        return DECODE_CUT_LINK;

    ahead = r->c;
    version = cur_u8(&ahead) >> 4;
    if ((label & 0x100) && (version == 4 || version == 6))
        return read_raw_ip(r);
    return reading_arrive(
        r, PACKET_LINK); /* a pseudowire; RFC 4385 keeps 4 and 6 free for IP */
}

/* RFC 1661 section 2: an odd first byte is the whole protocol field. */
static enum decode_verdict read_ppp_protocol(struct reading *r)
{
    uint32_t protocol = cur_u8(&r->c);

    if (!(protocol & 1))
        protocol = protocol << 8 | cur_u8(&r->c);
    if (cur_broken(&r->c))
        return DECODE_CUT_LINK;
    if (protocol == 0x0021 || protocol == 0x0057)
        return read_raw_ip(r);
    return reading_arrive(r, PACKET_LINK);
}

static enum decode_verdict read_pppoe(struct reading *r)
{
    uint16_t len;

    cur_skip(&r->c, 4); /* version and type, code, session */
    len = cur_u16(&r->c);
    if (cur_broken(&r->c))
        return DECODE_CUT_LINK;
    reading_bound(r, len);
    return read_ppp_protocol(r);
}

static const struct {
    uint16_t type;
    layer_fn *read;
} ethertypes[] = {
    {ETHERTYPE_IPV4, reading_ipv4},
    {ETHERTYPE_IPV6, reading_ipv6},
    {0x8847, read_mpls},
    {0x8848, read_mpls},
    {0x8864, read_pppoe},
};

static bool is_vlan_tag(uint16_t type)
{
    return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/* Behind an 802.3 length: LLC, and with SNAP an Ethernet type again (RFC 1042). */
static uint16_t read_llc(struct reading *r)
{
    struct cur ahead = r->c;
    uint32_t sap = cur_u24(&ahead);
    uint32_t organisation = cur_u24(&ahead);
    uint16_t type = cur_u16(&ahead);

    if (cur_broken(&ahead) || sap != 0xaaaa03 || organisation != 0)
        return 0;
    r->c = ahead;
    return type;
}

enum decode_verdict reading_ethertype(struct reading *r, uint16_t type)
{
    for (int n = 0; n < TAGS_MAX && is_vlan_tag(type); n++) {
        uint16_t vlan = cur_u16(&r->c) & 0x0fff;

        if (r->packet->vlan == 0)
            r->packet->vlan = vlan;
        type = cur_u16(&r->c);
    }
    if (cur_broken(&r->c))
        return DECODE_CUT_LINK;
    if (type <= ETHERNET_LENGTH_MAX) {
        reading_bound(r, type);
        type = read_llc(r);
    }

    r->packet->ethertype = type;
    for (size_t i = 0; i < sizeof(ethertypes) / sizeof(ethertypes[0]); i++) {
        if (ethertypes[i].type == type)
            return ethertypes[i].read(r);
    }
    return reading_arrive(r, PACKET_LINK);
}

/* ---- links ---- */

enum decode_verdict reading_ethernet(struct reading *r)
{
    struct cur fixed = cur_sub(&r->c, 14);

    if (cur_broken(&fixed))
        return DECODE_CUT_LINK;
    r->packet->has_mac = true;
    cur_copy(&fixed, &r->packet->dst_mac, sizeof(struct mac));
    cur_copy(&fixed, &r->packet->src_mac, sizeof(struct mac));
    return reading_ethertype(r, cur_u16(&fixed));
}

/* The sender's address of a cooked frame: a field of eight bytes, used as far as len. */
static void read_cooked_address(struct reading *r, uint16_t len)
{
    cur_copy(&r->c, &r->packet->src_mac, sizeof(struct mac));
    cur_skip(&r->c, 2);
    r->packet->has_mac = len == sizeof(struct mac);
}

/* Protocols up to 1536 are Linux's own (802.3 and LLC in forms of their own), not IP. */
static enum decode_verdict read_cooked_type(struct reading *r, uint16_t type)
{
    if (cur_broken(&r->c))
        return DECODE_CUT_LINK;
    if (type <= ETHERNET_LENGTH_MAX)
        return reading_arrive(r, PACKET_LINK);
    return reading_ethertype(r, type);
}

static enum decode_verdict read_cooked(struct reading *r)
{
    cur_skip(&r->c, 4); /* packet type, hardware type */
    read_cooked_address(r, cur_u16(&r->c));
    return read_cooked_type(r, cur_u16(&r->c));
}

static enum decode_verdict read_cooked_2(struct reading *r)
{
    uint16_t type = cur_u16(&r->c);

    cur_skip(&r->c, 9); /* reserved, interface, hardware type, packet type */
    read_cooked_address(r, cur_u8(&r->c));
    return read_cooked_type(r, type);
}

/* BSD loopback: an address family in the byte order of the machine that captured. */
static enum decode_verdict read_loopback(struct reading *r)
{
    uint32_t family = cur_u32(&r->c);

    if (cur_broken(&r->c))
        return DECODE_CUT_LINK;
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    switch (family) {
    case 2:  /* IPv4 everywhere */
    case 10: /* IPv6: Linux, NetBSD and OpenBSD, FreeBSD, macOS */
    case 24:
    case 28:
    case 30:
        return read_raw_ip(r);
    default:
        return reading_arrive(r, PACKET_LINK);
    }
}

static enum decode_verdict read_cisco_hdlc(struct reading *r)
{
    uint16_t type;

    cur_skip(&r->c, 2); /* address, control */
    type = cur_u16(&r->c);
    return cur_broken(&r->c) ? DECODE_CUT_LINK : reading_ethertype(r, type);
}

/*
 * The HDLC address and control bytes may be left out (RFC 1662 section 3.2); those of
 * Cisco mean its own framing (RFC 1547 section 4.3.1).
 */
enum decode_verdict reading_ppp(struct reading *r)
{
    struct cur ahead = r->c;

    switch (cur_u16(&ahead)) {
    case 0xff03:
        r->c = ahead;
        break;
    case 0x0f00:
    case 0x8f00:
        return read_cisco_hdlc(r);
    default:
        break;
    }
    return read_ppp_protocol(r);
}

/* Numbers of https://www.tcpdump.org/linktypes.html */
static const struct {
    int link;
    layer_fn *read;
} links[] = {
    {1, reading_ethernet},  /* EN10MB */
    {0, read_loopback},     /* NULL */
    {9, reading_ppp},       /* PPP */
    {50, reading_ppp},      /* PPP_HDLC */
    {51, read_pppoe},       /* PPP_ETHER */
    {101, read_raw_ip},     /* RAW */
    {104, read_cisco_hdlc}, /* C_HDLC */
    {108, read_loopback},   /* LOOP */
    {113, read_cooked},     /* LINUX_SLL */
    {228, read_raw_ip},     /* IPV4 */
    {229, read_raw_ip},     /* IPV6 */
    {276, read_cooked_2},   /* LINUX_SLL2 */
};

static enum decode_verdict read_link(struct reading *r, int link)
{
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        if (links[i].link == link)
            return links[i].read(r);
    }
    return DECODE_LINK_UNKNOWN;
}

/* ---- the decoder ---- */

struct decoder *decoder_new(const struct decoder_settings *settings)
{
    struct decoder *d = xcalloc(1, sizeof(*d));

    d->fragments =
        fragment_table_new(settings->fragment_capacity, settings->fragment_timeout);
    return d;
}

void decoder_free(struct decoder *d)
{
    if (!d)
        return;
    fragment_table_free(d->fragments);
    free(d);
}

enum decode_verdict decoder_read(struct decoder *d, const struct frame *f,
                                 struct packet *ret_packet)
{
    struct reading r = {.fragments = d->fragments,
                        .outers = d->outers,
                        .counts = &d->counts,
                        .packet = ret_packet,
                        .c = cur_over(f->bytes, f->len),
                        .missing = f->wire_len > f->len ? f->wire_len - f->len : 0};
    enum decode_verdict verdict;

    *ret_packet = (struct packet){.time = f->time, .wire_len = f->wire_len, .frames = 1};
    verdict = read_link(&r, f->link);
    d->counts.by_verdict[verdict]++;
    return verdict;
}

const struct decoder_counts *decoder_counts(const struct decoder *d)
{
    return &d->counts;
}
