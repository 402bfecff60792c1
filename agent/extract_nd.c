/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neighbor Discovery: RFC 4861 section 4 (messages and options), RFC 4191 (preference),
 * RFC 8106 (resolvers and search list).
 *
 * A node ignores what did not come straight from its own link: hop limit under 255 (RFC
 * 4861 section 6.1). The event is told all the same, with its hop limit.
 */
#include "agent/dns_name.h"
#include "agent/extract.h"

#define IP_ICMP6  58
#define UNIT      8 /* lengths of options count so many bytes */
#define SEARCH_AT 6 /* RFC 8106 section 5.2: reserved, lifetime */

enum message_type { TYPE_RS = 133, TYPE_RA, TYPE_NS, TYPE_NA, TYPE_REDIRECT };

enum option {
    OPTION_SOURCE_LINK = 1,
    OPTION_TARGET_LINK = 2,
    OPTION_PREFIX = 3,
    OPTION_MTU = 5,
    OPTION_DNS = 25,
    OPTION_SEARCH = 31,
};

static void put_ip(struct event *e, enum field_id f, struct cur *c)
{
    const uint8_t *bytes = cur_bytes(c, 16);
    struct addr addr;

    if (!bytes)
        return;
    addr = addr_v6(bytes);
    event_put_addr(e, f, &addr);
}

/* ---- options ---- */

static void read_link(struct event *e, enum field_id f, struct cur data)
{
    struct mac mac;

    cur_copy(&data, mac.bytes, sizeof(mac.bytes));
    if (!cur_broken(&data) && cur_left(&data) == 0) /* longer: no Ethernet */
        event_put_mac(e, f, &mac);
}

static void read_source_link(struct event *e, struct cur data)
{
    read_link(e, FIELD_ND_SOURCE_MAC, data);
}

static void read_target_link(struct event *e, struct cur data)
{
    read_link(e, FIELD_ND_TARGET_MAC, data);
}

static void read_prefix(struct event *e, struct cur data)
{
    struct prefix prefix = {.len = cur_u8(&data)};
    char text[PREFIX_TEXT];

    cur_skip(&data, 1 + 4 + 4 + 4); /* flags, lifetimes, reserved */
    cur_copy(&data, prefix.addr.bytes, sizeof(prefix.addr.bytes));
    if (cur_broken(&data) || prefix.len > 128)
        return;
    prefix_print(&prefix, text);
    event_add_text(e, FIELD_ND_PREFIXES, text_of(text));
}

static void read_mtu(struct event *e, struct cur data)
{
    uint32_t mtu;

    cur_skip(&data, 2);
    mtu = cur_u32(&data);
    if (!cur_broken(&data))
        event_put_number(e, FIELD_ND_MTU, mtu);
}

static void read_dns(struct event *e, struct cur data)
{
    cur_skip(&data, SEARCH_AT);
    while (cur_left(&data) >= 16) {
        struct addr addr = addr_v6(cur_bytes(&data, 16));

        event_add_addr(e, FIELD_ND_DNS, &addr);
    }
}

/* Names without compression, then zeros up to the option's end. */
static void read_search(struct event *e, struct cur data)
{
    struct dns_name name;

    cur_skip(&data, SEARCH_AT);
    while (cur_left(&data) > 0 && dns_name_read(&data, data, &name))
        if (name.labels > 0)
            event_add_text(e, FIELD_ND_SEARCH, dns_name_text(&name));
}

static const struct {
    enum option option;
    void (*read)(struct event *e, struct cur data);
} meanings[] = {
    {OPTION_SOURCE_LINK, read_source_link},
    {OPTION_TARGET_LINK, read_target_link},
    {OPTION_PREFIX, read_prefix},
    {OPTION_MTU, read_mtu},
    {OPTION_DNS, read_dns},
    {OPTION_SEARCH, read_search},
};

/* False: an option of length 0, for which nodes drop the message (RFC 4861 section 4.6).
 */
static bool read_options(struct event *e, struct cur c)
{
    while (cur_left(&c) > 0) {
        uint8_t option = cur_u8(&c), units = cur_u8(&c);
        struct cur data;

        if (cur_broken(&c))
            return true;
        if (units == 0)
            return false;
        data = cur_sub(&c, (size_t)units * UNIT - 2);
        if (cur_broken(&data))
            return true; /* cut by the capture */
        for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
            if (meanings[i].option == option)
                meanings[i].read(e, data);
    }
    return true;
}

/* ---- messages ---- */

/* RFC 4191 section 2.1: two bits with a sign; the fourth value counts as medium. */
static enum nd_preference preference_of(uint8_t flags)
{
    switch (flags >> 3 & 3) {
    case 1:
        return ND_PREFERENCE_HIGH;
    case 3:
        return ND_PREFERENCE_LOW;
    default:
        return ND_PREFERENCE_MEDIUM;
    }
}

static void read_ra(struct event *e, struct cur *c)
{
    uint8_t hop_limit = cur_u8(c), flags = cur_u8(c);
    uint16_t lifetime = cur_u16(c);

    (void)hop_limit;    /* that hosts are to use */
    cur_skip(c, 4 + 4); /* reachable time, retransmission timer */
    event_put_number(e, FIELD_ND_MANAGED, flags >> 7);
    event_put_number(e, FIELD_ND_OTHER, flags >> 6 & 1);
    event_put_number(e, FIELD_ND_PREFERENCE, preference_of(flags));
    event_put_number(e, FIELD_ND_ROUTER_LIFETIME, lifetime * USEC_PER_SEC);
}

static void read_rs(struct event *e, struct cur *c)
{
    (void)e;
    cur_skip(c, 4);
}

static void read_ns(struct event *e, struct cur *c)
{
    cur_skip(c, 4);
    put_ip(e, FIELD_ND_TARGET, c);
}

static void read_na(struct event *e, struct cur *c)
{
    uint8_t flags = cur_u8(c);

    cur_skip(c, 3);
    put_ip(e, FIELD_ND_TARGET, c);
    event_put_number(e, FIELD_ND_ROUTER, flags >> 7);
    event_put_number(e, FIELD_ND_SOLICITED, flags >> 6 & 1);
    event_put_number(e, FIELD_ND_OVERRIDE, flags >> 5 & 1);
}

static void read_redirect(struct event *e, struct cur *c)
{
    cur_skip(c, 4);
    put_ip(e, FIELD_ND_TARGET, c);
    put_ip(e, FIELD_ND_DESTINATION, c);
}

static void (*const messages[])(struct event *e, struct cur *c) = {
    [ND_RS] = read_rs,
    [ND_RA] = read_ra,
    [ND_NS] = read_ns,
    [ND_NA] = read_na,
    [ND_REDIRECT] = read_redirect,
};

/* Type and code stand where other protocols have their ports. */
static bool nd_wants(const struct packet *p, struct cur bytes)
{
    (void)bytes;
    return p->ip_proto == IP_ICMP6 && p->src_port >= TYPE_RS &&
           p->src_port <= TYPE_REDIRECT && p->dst_port == 0;
}

static enum extract_result nd_read(struct cur *bytes, struct extract_out *out)
{
    struct event *e = out->event;
    enum nd_type type = (enum nd_type)(out->packet->src_port - TYPE_RS);
    struct cur c = *bytes;

    event_begin(e, EVENT_ND, out->packet->time);
    event_put_number(e, FIELD_ND_TYPE, type);
    event_put_number(e, FIELD_ND_HOP_LIMIT, out->packet->ttl);
    messages[type](e, &c);
    if (cur_broken(&c) || !read_options(e, c))
        return EXTRACT_NOT;
    out->emit(e, out->arg);
    return EXTRACT_DONE;
}

const struct extractor extract_nd = {
    .name = "nd",
    .kind = EVENT_ND,
    .from = EXTRACT_ICMP6,
    .app = "icmpv6",
    .wants = nd_wants,
    .read = nd_read,
};
