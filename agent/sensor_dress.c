/* SPDX-License-Identifier: Apache-2.0 */
/*
 * src is who began, dst who was called, whichever way the packet went. The "inside end"
 * of an event is the one in a segment of the district, src before dst; it is what
 * `device` and `segment` speak of. Without a district every private address is inside.
 *
 * What is said on one link (ARP, DHCP, neighbour discovery, names) is of its sender: src
 * is who sent the packet. An address that holds on every link tells no segment; then what
 * the packet speaks of may, or its VLAN.
 */
#include "agent/sensor_dress.h"

#include <stdlib.h>
#include <string.h>

#include "agent/name_memory.h"
#include "mem.h"

struct ends {
    struct addr src, dst;
    uint16_t src_port, dst_port, vlan;
    uint8_t ip_proto;
    enum tunnel tunnel;
    bool has_ip, has_ports, has_mac;
    struct mac src_mac, dst_mac;
};

static const struct {
    uint8_t number; /* IANA protocol number */
    enum proto proto;
} ip_protos[] = {
    {6, PROTO_TCP},    {17, PROTO_UDP}, {1, PROTO_ICMP}, {58, PROTO_ICMP6},
    {132, PROTO_SCTP}, {47, PROTO_GRE}, {50, PROTO_ESP},
};

static enum proto proto_of(uint8_t number)
{
    for (size_t i = 0; i < sizeof(ip_protos) / sizeof(ip_protos[0]); i++)
        if (ip_protos[i].number == number)
            return ip_protos[i].proto;
    return PROTO_OTHER;
}

static bool carries_ports(uint8_t ip_proto)
{
    return ip_proto == 6 || ip_proto == 17 || ip_proto == 132;
}

static struct ends ends_of_flow(const struct flow *f)
{
    return (struct ends){
        .src = f->client,
        .dst = f->server,
        .src_port = f->client_port,
        .dst_port = f->server_port,
        .vlan = f->vlan,
        .ip_proto = f->ip_proto,
        .tunnel = f->tunnel,
        .has_ip = true,
        .has_ports = carries_ports(f->ip_proto),
        .has_mac = f->has_mac,
        .src_mac = f->client_mac,
        .dst_mac = f->server_mac,
    };
}

static struct ends ends_of_packet(const struct packet *p)
{
    return (struct ends){
        .src = p->src,
        .dst = p->dst,
        .src_port = p->src_port,
        .dst_port = p->dst_port,
        .vlan = p->vlan,
        .ip_proto = p->ip_proto,
        .tunnel = p->tunnel,
        .has_ip = p->ip_version != 0,
        .has_ports = p->layer == PACKET_L4 && carries_ports(p->ip_proto),
        .has_mac = p->has_mac,
        .src_mac = p->src_mac,
        .dst_mac = p->dst_mac,
    };
}

static void put_ends(struct event *e, const struct ends *n)
{
    if (n->has_ip) {
        event_put_addr(e, FIELD_SRC_IP, &n->src);
        event_put_addr(e, FIELD_DST_IP, &n->dst);
        event_put_number(e, FIELD_PROTO, proto_of(n->ip_proto));
    } else {
        event_put_number(e, FIELD_PROTO, PROTO_ARP);
    }
    if (n->has_ports) {
        event_put_number(e, FIELD_SRC_PORT, n->src_port);
        event_put_number(e, FIELD_DST_PORT, n->dst_port);
    }
    if (n->has_mac) {
        event_put_mac(e, FIELD_SRC_MAC, &n->src_mac);
        event_put_number(e, FIELD_SRC_MAC_LOCAL, mac_is_local(&n->src_mac));
        event_put_mac(e, FIELD_DST_MAC, &n->dst_mac);
    }
    if (n->tunnel)
        event_put_number(e, FIELD_TUNNEL, n->tunnel);
    if (n->vlan)
        event_put_number(e, FIELD_VLAN, n->vlan);
}

static void put_segment(struct event *e, const struct segment *g)
{
    event_put_text(e, FIELD_SITE_ID, text_of(g->site->id));
    event_put_text(e, FIELD_SITE_TYPE, text_of(g->site->type));
    event_put_text(e, FIELD_SEGMENT_NAME, text_of(g->name));
    event_put_number(e, FIELD_SEGMENT_AUDIENCE, g->audience);
    event_put_number(e, FIELD_SEGMENT_BAND, g->band);
    if (g->has_gateway)
        event_put_addr(e, FIELD_SEGMENT_GATEWAY, &g->gateway);
    if (g->has_gateway_mac)
        event_put_mac(e, FIELD_SEGMENT_GATEWAY_MAC, &g->gateway_mac);
    for (size_t i = 0; i < g->dhcp_server_count; i++)
        event_add_addr(e, FIELD_SEGMENT_DHCP, &g->dhcp_servers[i]);
    for (size_t i = 0; i < g->resolver_count; i++)
        event_add_addr(e, FIELD_SEGMENT_RESOLVERS, &g->resolvers[i]);
}

/* Where the sender's own address does not tell its place: ARP speaks of one, a DHCP
 * client that has none yet talks to the segment of the offer, and so does a neighbour. */
static bool is_placeless(const struct event *e, const struct ends *n)
{
    static const struct addr unset_v4 = {{[10] = 0xff, [11] = 0xff}}, unset_v6 = {{0}};

    return !n->has_ip || event_kind(e) == EVENT_DHCP || addr_equal(&n->src, &unset_v4) ||
           addr_equal(&n->src, &unset_v6) || addr_is_link_local(&n->src);
}

static bool stands_in(const struct event *e, const struct ends *n, struct addr *ret_addr)
{
    static const enum field_id telling[] = {FIELD_ARP_SENDER_IP, FIELD_ARP_TARGET_IP,
                                            FIELD_DHCP_ADDRESS, FIELD_DHCP_RELAY,
                                            FIELD_ND_TARGET};
    static const struct addr unset_v4 = {{[10] = 0xff, [11] = 0xff}};

    for (size_t i = 0; is_placeless(e, n) && i < sizeof(telling) / sizeof(telling[0]);
         i++) {
        const struct value *v = event_get(e, telling[i]);

        if (v && !addr_equal(&v->addr, &unset_v4) && !addr_is_link_local(&v->addr)) {
            *ret_addr = v->addr;
            return true;
        }
    }
    *ret_addr = n->src;
    return n->has_ip;
}

static const struct segment *segment_of(const struct district *d, const struct addr *a,
                                        uint16_t vlan)
{
    return d ? district_segment(d, a, vlan) : NULL;
}

static bool is_inside(const struct district *d, const struct addr *a,
                      const struct segment *g)
{
    return d ? g != NULL || addr_is_link_local(a) : addr_is_private(a);
}

static enum direction direction_of(bool src_inside, bool dst_inside)
{
    if (src_inside)
        return dst_inside ? DIRECTION_INTERNAL : DIRECTION_OUTBOUND;
    return dst_inside ? DIRECTION_INBOUND : DIRECTION_EXTERNAL;
}

enum direction dress_direction(const struct district *district, const struct flow *f)
{
    const struct segment *src = segment_of(district, &f->client, f->vlan);
    const struct segment *dst = segment_of(district, &f->server, f->vlan);

    return direction_of(is_inside(district, &f->client, src),
                        is_inside(district, &f->server, dst));
}

/* The frame's hardware address is the machine's own unless a router put it there. */
static void put_device(struct event *e, const struct ends *n, bool src_inside,
                       const struct segment *g)
{
    const struct mac *mac = src_inside ? &n->src_mac : &n->dst_mac;

    event_put_addr(e, FIELD_DEVICE_IP, src_inside ? &n->src : &n->dst);
    if (n->has_mac && !(g && g->has_gateway_mac && mac_equal(mac, &g->gateway_mac)))
        event_put_mac(e, FIELD_DEVICE_MAC, mac);
}

/* ---- who may say what on a link ---- */

static bool is_among(const struct addr *a, const struct addr *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (addr_equal(a, &list[i]))
            return true;
    return false;
}

/* What district.yaml says of one segment: whether it names any, and the sender. */
struct naming {
    bool any, sender;
};

static struct naming name_router(const struct segment *g, const struct ends *n)
{
    bool gateway = g->has_gateway && addr_equal(&g->gateway, &n->src);
    bool by_mac =
        g->has_gateway_mac && n->has_mac && mac_equal(&g->gateway_mac, &n->src_mac);

    return (struct naming){.any = g->router_count > 0 || g->has_gateway_mac,
                           .sender = gateway || by_mac ||
                                     is_among(&n->src, g->routers, g->router_count)};
}

static struct naming name_dhcp6_server(const struct segment *g, const struct ends *n)
{
    struct naming router = name_router(g, n);

    return (struct naming){.any = g->dhcp6_server_count > 0 || router.any,
                           .sender = router.sender || is_among(&n->src, g->dhcp6_servers,
                                                               g->dhcp6_server_count)};
}

/* By the segment, or by all where it is not known. */
static void put_named(struct event *e, enum field_id f, const struct district *d,
                      const struct segment *g, const struct ends *n,
                      struct naming (*name)(const struct segment *g,
                                            const struct ends *n))
{
    struct naming sum = {0};

    for (size_t i = 0; i < d->segment_count; i++) {
        struct naming one = {0};

        if (!g || g == &d->segments[i])
            one = name(&d->segments[i], n);
        sum.any |= one.any;
        sum.sender |= one.sender;
    }
    if (sum.any)
        event_put_number(e, f, sum.sender);
}

static bool has_word(const struct event *e, enum field_id f, uint64_t word)
{
    const struct value *v = event_get(e, f);

    return v && v->number == word;
}

static void put_authority(struct event *e, const struct district *d,
                          const struct segment *g, const struct ends *n)
{
    if (has_word(e, FIELD_ND_TYPE, ND_RA) || has_word(e, FIELD_ND_TYPE, ND_REDIRECT))
        put_named(e, FIELD_SRC_IS_ROUTER, d, g, n, name_router);
    if (has_word(e, FIELD_DHCP_TYPE, DHCP_ADVERTISE) ||
        has_word(e, FIELD_DHCP_TYPE, DHCP_REPLY) ||
        has_word(e, FIELD_DHCP_TYPE, DHCP_RECONFIGURE))
        put_named(e, FIELD_SRC_IS_DHCP6_SERVER, d, g, n, name_dhcp6_server);
}

/* ---- groups ---- */

/* Where an event tells the machine that it speaks of: not its sender always. */
struct spoken_of {
    enum field_id ip, mac;
};

static struct spoken_of spoken_of(enum event_kind kind)
{
    switch (kind) {
    case EVENT_ARP:
        return (struct spoken_of){FIELD_ARP_SENDER_IP, FIELD_ARP_SENDER_MAC};
    case EVENT_DHCP:
        return (struct spoken_of){FIELD_DHCP_ADDRESS, FIELD_DHCP_CLIENT_MAC};
    default:
        return (struct spoken_of){FIELD_DEVICE_IP, FIELD_DEVICE_MAC};
    }
}

static uint64_t groups_of(const struct event *e, const struct district *d,
                          const struct segment *g, struct spoken_of of)
{
    const struct value *ip = event_get(e, of.ip);
    const struct value *mac = of.mac == FIELD_UNKNOWN ? NULL : event_get(e, of.mac);

    return district_groups_of(d, g, ip ? &ip->addr : NULL, mac ? &mac->mac : NULL);
}

static void put_groups(struct event *e, const struct district *d, enum field_id f,
                       uint64_t groups)
{
    for (; groups; groups &= groups - 1)
        event_add_text(e, f, text_of(d->groups[__builtin_ctzll(groups)]));
}

/* By name: what made the event may have copied it from another. */
static const struct segment *segment_named(const struct district *d,
                                           const struct event *e, enum field_id f)
{
    const struct value *v = event_get(e, f);

    for (size_t i = 0; v && i < d->segment_count; i++)
        if (text_equal(text_of(d->segments[i].name), v->text))
            return &d->segments[i];
    return NULL;
}

/* A machine whose address another has now belonged where it did. */
static void put_all_groups(struct event *e, const struct district *d,
                           const struct segment *g, const struct segment *dst)
{
    static const struct spoken_of before = {FIELD_DEVICE_IP, FIELD_DEVICE_PREVIOUS_MAC};
    static const struct spoken_of called = {FIELD_DST_IP, FIELD_UNKNOWN};
    uint64_t groups = groups_of(e, d, g, spoken_of(event_kind(e)));

    if (event_kind(e) == EVENT_DEVICE)
        groups |= groups_of(e, d, g, before);
    put_groups(e, d, FIELD_DEVICE_GROUPS, groups);
    if (dst)
        put_groups(e, d, FIELD_DST_GROUPS, groups_of(e, d, dst, called));
}

void dress_groups(const struct district *d, struct event *e)
{
    if (d && d->has_groups)
        put_all_groups(e, d, segment_named(d, e, FIELD_SEGMENT_NAME),
                       segment_named(d, e, FIELD_DST_SEGMENT));
}

/* ---- the ends ---- */

static bool is_of_sender(enum event_kind kind)
{
    return kind == EVENT_DHCP || kind == EVENT_ND || kind == EVENT_NAME;
}

void dress_ends(const struct district *district, bool groups, struct event *e,
                const struct packet *p, const struct flow *f)
{
    bool of_packet = !f || (p && is_of_sender(event_kind(e)));
    struct ends n = of_packet ? ends_of_packet(p) : ends_of_flow(f);
    const struct segment *src, *dst;
    bool src_inside, dst_inside;
    struct addr at;

    put_ends(e, &n);
    if (!stands_in(e, &n, &at))
        return;
    src = segment_of(district, &at, n.vlan);
    if (!src && district && is_of_sender(event_kind(e)) && is_placeless(e, &n))
        src = district_segment_of_vlan(district, n.vlan);
    dst = n.has_ip ? segment_of(district, &n.dst, n.vlan) : NULL;
    src_inside = is_inside(district, &at, src);
    dst_inside = n.has_ip && is_inside(district, &n.dst, dst);
    if (src || dst)
        put_segment(e, src ? src : dst);
    if (dst && n.has_ip) {
        event_put_text(e, FIELD_DST_SEGMENT, text_of(dst->name));
        event_put_number(e, FIELD_DST_AUDIENCE, dst->audience);
    }
    if (n.has_ip && (src_inside || dst_inside))
        put_device(e, &n, src_inside, src_inside ? src : dst);
    if (groups && district && district->has_groups)
        put_all_groups(e, district, src ? src : dst, dst);
    if (!n.has_ip)
        return;
    if (district)
        put_authority(e, district, src, &n);
    event_put_number(e, FIELD_DIRECTION, direction_of(src_inside, dst_inside));
}

void dress_flow(struct event *e, const struct flow *f)
{
    event_put_number(e, FIELD_FLOW_PACKETS_OUT, f->out.packets);
    event_put_number(e, FIELD_FLOW_PACKETS_IN, f->in.packets);
    event_put_number(e, FIELD_FLOW_BYTES_OUT, f->out.bytes);
    event_put_number(e, FIELD_FLOW_BYTES_IN, f->in.bytes);
    event_put_number(e, FIELD_FLOW_BYTES, f->out.bytes + f->in.bytes);
    event_put_number(e, FIELD_FLOW_START_TIME, f->first);
    event_put_number(e, FIELD_FLOW_DURATION, f->last - f->first);
    event_put_number(e, FIELD_FLOW_ANSWERED, f->answered);
    if (event_kind(e) == EVENT_FLOW_START && f->ttl)
        event_put_number(e, FIELD_IP_TTL, f->ttl);
    if (event_kind(e) == EVENT_FLOW_START && f->has_order)
        event_put_number(e, FIELD_TCP_SYN_ORDER, f->order);
    if (f->carries)
        event_put_number(e, FIELD_FLOW_CARRIES, f->carries);
    if (f->ip_proto == 6)
        event_put_number(e, FIELD_TCP_STATE, f->tcp_state);
    if (f->ip_proto == 1 || f->ip_proto == 58) {
        event_put_number(e, FIELD_ICMP_TYPE, f->client_port);
        event_put_number(e, FIELD_ICMP_CODE, f->server_port);
        if (event_kind(e) != EVENT_FLOW_START && f->stage.reading.icmp.seen) {
            event_put_number(e, FIELD_ICMP_PAYLOAD_MAX, f->stage.reading.icmp.max);
            event_put_number(e, FIELD_ICMP_PAYLOAD_VARIES, f->stage.reading.icmp.varies);
        }
    }
}

/* Over a second at least: three packets in a millisecond are not three thousand; nor may
 * the last be a little older than the first, where frames came out of order. */
static uint64_t rate(uint64_t packets, const struct flow_part *part)
{
    if (part->until < part->since + USEC_PER_SEC)
        return packets;
    return packets * USEC_PER_SEC / (part->until - part->since);
}

void dress_part(struct event *e, const struct flow_part *part)
{
    event_put_number(e, FIELD_FLOW_DELTA_PACKETS_OUT, part->out.packets);
    event_put_number(e, FIELD_FLOW_DELTA_PACKETS_IN, part->in.packets);
    event_put_number(e, FIELD_FLOW_DELTA_BYTES_OUT, part->out.bytes);
    event_put_number(e, FIELD_FLOW_DELTA_BYTES_IN, part->in.bytes);
    event_put_number(e, FIELD_FLOW_DELTA_BYTES, part->out.bytes + part->in.bytes);
    event_put_number(e, FIELD_FLOW_RATE_OUT, rate(part->out.packets, part));
    event_put_number(e, FIELD_FLOW_RATE_IN, rate(part->in.packets, part));
}

/* Where the application is known, it says more. */
static void put_first_bytes(struct event *e, const struct flow *f)
{
    if (f->stage.first >= FLOW_FIRST_LOOKS && f->stage.app == 0 && !flow_host(f))
        event_put_number(e, FIELD_FLOW_FIRST_BYTES, f->stage.first - FLOW_FIRST_LOOKS);
}

void dress_application(struct event *e, const struct flow *f)
{
    const char *host = flow_host(f);

    if (host)
        event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE, text_of(host));
    event_put_number(e, FIELD_NDPI_PROTO, f->stage.app);
    event_put_number(e, FIELD_NDPI_MASTER,
                     f->stage.master ? f->stage.master : f->stage.app);
    event_put_number(e, FIELD_NDPI_CATEGORY, f->stage.category);
    event_put_number(e, FIELD_NDPI_CONFIDENCE, f->stage.confidence);
    if (f->stage.risks)
        event_put_number(e, FIELD_NDPI_RISK, f->stage.risks);
    put_first_bytes(e, f);
}

/* The name is clean. Its registrable domain is told of what is added up, where most have
 * named their host by then; nearly every conversation begins without one. */
static void put_led_by(struct event *e, struct text name)
{
    if (field_of_kind(FIELD_FLOW_LED_BY_REGISTRABLE, event_kind(e)))
        event_put_host(e, FIELD_FLOW_LED_BY, FIELD_FLOW_LED_BY_REGISTRABLE, name);
    else
        event_put_text(e, FIELD_FLOW_LED_BY, name);
}

void dress_looked_up(struct event *e, const struct flow *f)
{
    uint32_t kinds = UINT32_C(1) << EVENT_FLOW_START | UINT32_C(1) << EVENT_FLOW |
                     UINT32_C(1) << EVENT_FLOW_ACTIVE | UINT32_C(1) << EVENT_TLS |
                     UINT32_C(1) << EVENT_QUIC | UINT32_C(1) << EVENT_DTLS;

    if (f->stage.looked == NAME_MEMORY_UNKNOWN || !(kinds >> event_kind(e) & 1))
        return;
    event_put_number(e, FIELD_FLOW_LOOKED_UP, f->stage.looked == NAME_MEMORY_ASKED);
    if (flow_led_by(f) && !event_has(e, FIELD_HOST))
        put_led_by(e, text_of(flow_led_by(f)));
}

/* Certificate status is asked for over HTTP (RFC 6960 appendix A) and told by its type.
 */
static void keep_media_type(struct flow *f, const struct event *e)
{
    static const char ocsp[] = "application/ocsp-";
    const struct value *type = event_get(e, FIELD_HTTP_CONTENT_TYPE);

    if (f->stage.master || !type || type->text.len < sizeof(ocsp) ||
        memcmp(type->text.at, ocsp, sizeof(ocsp) - 1) != 0)
        return;
    f->stage.master = f->stage.app;
    f->stage.app = (uint16_t)names_find(&names_app, "ocsp");
}

void dress_keep(struct flow *f, const struct event *e)
{
    const struct value *host = event_get(e, FIELD_HOST);

    keep_media_type(f, e);
    if (flow_host(f) || !host || event_kind(e) == EVENT_DNS)
        return;
    free(f->stage.name);
    f->stage.name = xstrndup(host->text.at, host->text.len);
    f->stage.led = false;
}
