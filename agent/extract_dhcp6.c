/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DHCPv6: RFC 8415 sections 8 and 9 (messages), 21 (options); RFC 3646 (resolvers), RFC
 * 4704 (client FQDN), RFC 6939 (the client's hardware address, as a relay agent saw it).
 *
 * What relay agents pass on is unpacked: the event tells of the message inside.
 */
#include <string.h>

#include "agent/dhcp_id.h"
#include "agent/dns_name.h"
#include "agent/extract.h"

#define PORT_CLIENT       546
#define PORT_SERVER       547
#define HARDWARE_ETHERNET 1
#define RELAYS_MAX        9  /* hop counts 0 to HOP_COUNT_LIMIT, RFC 8415 section 7.6 */
#define MESSAGE_MAX       36 /* the last type that is registered */

enum message_type { MESSAGE_RELAY_FORW = 12, MESSAGE_RELAY_REPL = 13 };

enum option {
    OPTION_CLIENT_ID = 1,
    OPTION_SERVER_ID = 2,
    OPTION_IA_NA = 3,
    OPTION_IA_TA = 4,
    OPTION_ADDRESS = 5,
    OPTION_ORDERED = 6,
    OPTION_RELAYED = 9,
    OPTION_STATUS = 13,
    OPTION_VENDOR = 16,
    OPTION_INTERFACE = 18,
    OPTION_DNS = 23,
    OPTION_SEARCH = 24,
    OPTION_IA_PD = 25,
    OPTION_PREFIX = 26,
    OPTION_FQDN = 39,
    OPTION_CLIENT_LINK = 79,
};

static const uint8_t types[] = {
    [1] = DHCP_SOLICIT, [2] = DHCP_ADVERTISE,    [3] = DHCP_REQUEST, [4] = DHCP_CONFIRM,
    [5] = DHCP_RENEW,   [6] = DHCP_REBIND,       [7] = DHCP_REPLY,   [8] = DHCP_RELEASE,
    [9] = DHCP_DECLINE, [10] = DHCP_RECONFIGURE, [11] = DHCP_INFORM,
};

struct reading {
    struct event *event;
    uint8_t type;       /* of the message inside all relay agents' */
    struct cur relayed; /* the message inside this one */
    bool link_told;     /* a relay agent told the client's hardware address */
    unsigned relays;
};

static bool from_server(const struct reading *r)
{
    return r->type < sizeof(types) &&
           (types[r->type] == DHCP_ADVERTISE || types[r->type] == DHCP_REPLY);
}

static void read_client_id(struct reading *r, struct cur data)
{
    struct mac mac;

    dhcp_put_id(r->event, FIELD_DHCP_CLIENT_ID, data);
    if (!r->link_told && dhcp_duid_mac(data, &mac))
        dhcp_put_client_mac(r->event, &mac);
}

static void read_server_id(struct reading *r, struct cur data)
{
    dhcp_put_id(r->event, FIELD_DHCP_SERVER_ID, data);
}

/* RFC 8415 section 21.6: address, preferred and valid lifetime. */
static void read_address(struct reading *r, struct cur data)
{
    struct event *e = r->event;
    const uint8_t *bytes = cur_bytes(&data, 16);
    uint32_t valid;
    struct addr addr;

    cur_skip(&data, 4);
    valid = cur_u32(&data);
    if (cur_broken(&data))
        return;
    addr = addr_v6(bytes);
    if (!from_server(r)) {
        if (!event_has(e, FIELD_DHCP_REQUESTED))
            event_put_addr(e, FIELD_DHCP_REQUESTED, &addr);
        return;
    }
    event_add_addr(e, FIELD_DHCP_ADDRESSES, &addr);
    if (event_has(e, FIELD_DHCP_ADDRESS))
        return;
    event_put_addr(e, FIELD_DHCP_ADDRESS, &addr);
    event_put_number(e, FIELD_DHCP_LEASE, valid * USEC_PER_SEC);
}

/* RFC 8415 section 21.22: lifetimes, length, network. */
static void read_prefix(struct reading *r, struct cur data)
{
    struct prefix prefix = {0};
    char text[PREFIX_TEXT];

    cur_skip(&data, 4 + 4);
    prefix.len = cur_u8(&data);
    cur_copy(&data, prefix.addr.bytes, sizeof(prefix.addr.bytes));
    if (cur_broken(&data) || prefix.len > 128 || !from_server(r))
        return;
    prefix_print(&prefix, text);
    event_add_text(r->event, FIELD_DHCP_PREFIXES, text_of(text));
}

static void read_status(struct reading *r, struct cur data)
{
    cur_skip(&data, 2);
    if (!cur_broken(&data))
        event_put_number(r->event, FIELD_DHCP_MESSAGE_LEN, cur_left(&data));
}

/* An identity association: what is in it behind its own numbers. */
static void read_association(struct reading *r, struct cur data, size_t numbers)
{
    cur_skip(&data, numbers);
    while (cur_left(&data) > 0) {
        uint16_t option = cur_u16(&data);
        struct cur inner = cur_sub(&data, cur_u16(&data));

        if (cur_broken(&inner))
            return;
        if (option == OPTION_ADDRESS)
            read_address(r, inner);
        else if (option == OPTION_PREFIX)
            read_prefix(r, inner);
        else if (option == OPTION_STATUS)
            read_status(r, inner);
    }
}

static void read_timed(struct reading *r, struct cur data)
{
    read_association(r, data, 4 + 4 + 4); /* IAID, T1, T2 */
}

static void read_temporary(struct reading *r, struct cur data)
{
    read_association(r, data, 4);
}

static void read_ordered(struct reading *r, struct cur data)
{
    dhcp_put_fingerprint(r->event, data, 2);
}

/* The first class that a client names. */
static void read_vendor(struct reading *r, struct cur data)
{
    struct cur class;

    cur_skip(&data, 4); /* enterprise number */
    class = cur_sub(&data, cur_u16(&data));
    if (!cur_broken(&class) && cur_left(&class) > 0)
        event_put_text(r->event, FIELD_DHCP_VENDOR,
                       (struct text){(const char *)class.pos, cur_left(&class)});
}

static void read_dns(struct reading *r, struct cur data)
{
    while (cur_left(&data) >= 16) {
        struct addr addr = addr_v6(cur_bytes(&data, 16));

        event_add_addr(r->event, FIELD_DHCP_DNS, &addr);
    }
}

/* Behind what a list holds nothing is read: a pointer of two bytes may stand for a name
 * of 255, and an option has room for thousands. */
static void read_search(struct reading *r, struct cur data)
{
    struct cur whole = data;
    struct dns_name name;

    for (unsigned i = 0; cur_left(&data) > 0; i++) {
        if (i >= EVENT_LIST_MAX) {
            event_mark_short(r->event);
            return;
        }
        if (!dns_name_read(&data, whole, &name))
            return;
        if (name.labels > 0)
            event_add_text(r->event, FIELD_DHCP_SEARCH, dns_name_text(&name));
    }
}

/* A name that is not qualified stands without the root at its end (RFC 4704 section 4.2).
 */
static void read_fqdn(struct reading *r, struct cur data)
{
    uint8_t room[256];
    struct dns_name name;
    struct cur ended;
    size_t len;

    cur_skip(&data, 1); /* flags */
    len = cur_left(&data);
    if (cur_broken(&data) || len >= sizeof(room))
        return;
    cur_copy(&data, room, len);
    room[len] = 0;
    ended = cur_over(room, len + 1);
    if (dns_name_read(&ended, ended, &name) && name.labels > 0)
        event_put_text(r->event, FIELD_DHCP_NAME, dns_name_text(&name));
}

static void read_relayed(struct reading *r, struct cur data)
{
    r->relayed = data;
}

static void read_interface(struct reading *r, struct cur data)
{
    (void)data;
    event_put_number(r->event, FIELD_DHCP_CIRCUIT, true);
}

static void read_client_link(struct reading *r, struct cur data)
{
    uint16_t hardware = cur_u16(&data);
    struct mac mac;

    cur_copy(&data, mac.bytes, sizeof(mac.bytes));
    if (cur_broken(&data) || cur_left(&data) > 0 || hardware != HARDWARE_ETHERNET)
        return;
    dhcp_put_client_mac(r->event, &mac);
    r->link_told = true;
}

struct meaning {
    enum option option;
    void (*read)(struct reading *r, struct cur data);
};

static const struct meaning of_messages[] = {
    {OPTION_CLIENT_ID, read_client_id},
    {OPTION_SERVER_ID, read_server_id},
    {OPTION_IA_NA, read_timed},
    {OPTION_IA_TA, read_temporary},
    {OPTION_IA_PD, read_timed},
    {OPTION_ORDERED, read_ordered},
    {OPTION_STATUS, read_status},
    {OPTION_VENDOR, read_vendor},
    {OPTION_DNS, read_dns},
    {OPTION_SEARCH, read_search},
    {OPTION_FQDN, read_fqdn},
    {0},
};

static const struct meaning of_relays[] = {
    {OPTION_RELAYED, read_relayed},
    {OPTION_INTERFACE, read_interface},
    {OPTION_CLIENT_LINK, read_client_link},
    {0},
};

static void read_options(struct reading *r, struct cur c, const struct meaning *meanings)
{
    while (cur_left(&c) > 0) {
        uint16_t option = cur_u16(&c);
        struct cur data = cur_sub(&c, cur_u16(&c));

        if (cur_broken(&data))
            return;
        for (const struct meaning *m = meanings; m->read; m++)
            if (m->option == option)
                m->read(r, data);
    }
}

/* Opens one relay agent's message: c is then the message in it. */
static bool open_relayed(struct reading *r, struct cur *c)
{
    cur_skip(c, 1 + 16 + 16); /* hop count, link address, peer address */
    r->relayed = (struct cur){.broken = true};
    r->relays++;
    read_options(r, *c, of_relays);
    *c = r->relayed;
    return !cur_broken(c);
}

static bool is_relay(uint8_t type)
{
    return type == MESSAGE_RELAY_FORW || type == MESSAGE_RELAY_REPL;
}

static bool dhcp6_wants(const struct packet *p, struct cur bytes)
{
    (void)bytes;
    return p->dst_port == PORT_SERVER || p->dst_port == PORT_CLIENT;
}

static enum extract_result dhcp6_read(struct cur *bytes, struct extract_out *out)
{
    struct reading r = {.event = out->event, .type = cur_u8(bytes)};
    struct cur c = *bytes;

    if (cur_broken(&c) || r.type == 0 || r.type > MESSAGE_MAX)
        return EXTRACT_NOT;
    event_begin(r.event, EVENT_DHCP, out->packet->time);
    event_put_number(r.event, FIELD_DHCP_VERSION, 6);
    while (is_relay(r.type) && r.relays < RELAYS_MAX) {
        if (!open_relayed(&r, &c))
            return EXTRACT_NOT;
        r.type = cur_u8(&c);
    }
    if (r.relays > 0)
        event_put_number(r.event, FIELD_DHCP_RELAYS, r.relays);
    if (is_relay(r.type)) {
        event_mark_short(r.event);
    } else {
        cur_skip(&c, 3); /* transaction id */
        if (cur_broken(&c))
            return EXTRACT_NOT;
        if (r.type < sizeof(types))
            event_put_number(r.event, FIELD_DHCP_TYPE, types[r.type]);
        read_options(&r, c, of_messages);
    }
    out->emit(r.event, out->arg);
    return EXTRACT_DONE;
}

const struct extractor extract_dhcp6 = {
    .name = "dhcp6",
    .kind = EVENT_DHCP,
    .from = EXTRACT_DATAGRAM,
    .app = "dhcpv6",
    .wants = dhcp6_wants,
    .read = dhcp6_read,
};
