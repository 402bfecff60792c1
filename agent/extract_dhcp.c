/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DHCPv4: RFC 2131 section 2 (the message), RFC 2132 (options), section 9.3 there
 * (options in the fields file and sname), RFC 4702 (client FQDN).
 */
#include <stdio.h>

#include "agent/dns_name.h"
#include "agent/extract.h"

#define PORT_SERVER       67
#define PORT_CLIENT       68
#define HARDWARE_ETHERNET 1
#define MAGIC             0x63825363

enum bootp_op { OP_REQUEST = 1, OP_REPLY = 2 };

enum option {
    OPTION_PAD = 0,
    OPTION_ROUTER = 3,
    OPTION_DNS = 6,
    OPTION_NAME = 12,
    OPTION_OVERLOAD = 52,
    OPTION_TYPE = 53,
    OPTION_SERVER = 54,
    OPTION_ASKED_FOR = 55,
    OPTION_VENDOR = 60,
    OPTION_FQDN = 81,
    OPTION_END = 255,
};

enum overload { OVERLOAD_FILE = 1, OVERLOAD_SNAME = 2 };

struct message {
    uint8_t op, hardware, mac_len;
    struct mac mac;
    uint8_t given[4], relay[4];
    struct cur sname, file, options;
};

static bool message_read(struct cur *c, struct message *ret_message)
{
    struct message m = {.op = cur_u8(c)};
    uint32_t magic;

    m.hardware = cur_u8(c);
    m.mac_len = cur_u8(c);
    cur_skip(c, 1 + 4 + 2 + 2 + 4); /* hops, xid, secs, flags, ciaddr */
    cur_copy(c, m.given, 4);
    cur_skip(c, 4); /* siaddr */
    cur_copy(c, m.relay, 4);
    cur_copy(c, m.mac.bytes, 6);
    cur_skip(c, 16 - 6);
    m.sname = cur_sub(c, 64);
    m.file = cur_sub(c, 128);
    magic = cur_u32(c);
    m.options = *c;
    if (cur_broken(c) || magic != MAGIC || (m.op != OP_REQUEST && m.op != OP_REPLY))
        return false;
    *ret_message = m;
    return true;
}

static void put_addr(struct event *e, enum field_id f, const uint8_t bytes[4])
{
    static const uint8_t none[4];
    struct addr addr;

    if (!bytes || memcmp(bytes, none, sizeof(none)) == 0)
        return;
    addr = addr_v4(bytes);
    event_put_addr(e, f, &addr);
}

/* Some clients count the zero byte at the end into the text. */
static void put_text(struct event *e, enum field_id f, struct cur data)
{
    struct text text = {.at = (const char *)data.pos, .len = cur_left(&data)};

    while (text.len > 0 && text.at[text.len - 1] == '\0')
        text.len--;
    if (text.len > 0)
        event_put_text(e, f, text);
}

static void read_type(struct event *e, struct cur data)
{
    uint8_t type = cur_u8(&data);

    if (!cur_broken(&data) && type <= DHCP_INFORM)
        event_put_number(e, FIELD_DHCP_TYPE, type);
}

static void read_router(struct event *e, struct cur data)
{
    put_addr(e, FIELD_DHCP_ROUTER, cur_bytes(&data, 4));
}

static void read_server(struct event *e, struct cur data)
{
    put_addr(e, FIELD_DHCP_SERVER, cur_bytes(&data, 4));
}

static void read_dns(struct event *e, struct cur data)
{
    while (cur_left(&data) >= 4) {
        struct addr addr = addr_v4(cur_bytes(&data, 4));

        event_add_addr(e, FIELD_DHCP_DNS, &addr);
    }
}

static void read_host_name(struct event *e, struct cur data)
{
    put_text(e, FIELD_DHCP_NAME, data);
}

/* The plain name of option 12, where both are there, is what a person calls it. */
static void read_fqdn(struct event *e, struct cur data)
{
    enum { FLAG_ENCODED = 0x04 };
    uint8_t flags = cur_u8(&data);
    struct dns_name name;

    cur_skip(&data, 2); /* results, of no meaning any more */
    if (cur_broken(&data) || event_has(e, FIELD_DHCP_NAME))
        return;
    if (!(flags & FLAG_ENCODED))
        put_text(e, FIELD_DHCP_NAME, data);
    else if (dns_name_read(&data, data, &name) && name.labels > 0)
        event_put_text(e, FIELD_DHCP_NAME, dns_name_text(&name));
}

static void read_vendor(struct event *e, struct cur data)
{
    put_text(e, FIELD_DHCP_VENDOR, data);
}

static void read_asked_for(struct event *e, struct cur data)
{
    char text[255 * 4 + 1] = "";
    size_t len = 0;

    while (cur_left(&data) > 0)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u",
                                len > 0 ? "," : "", cur_u8(&data));
    if (len > 0)
        event_put_text(e, FIELD_DHCP_FINGERPRINT, (struct text){text, len});
}

static const struct {
    enum option option;
    void (*read)(struct event *e, struct cur data);
} meanings[] = {
    {OPTION_TYPE, read_type},           {OPTION_SERVER, read_server},
    {OPTION_ROUTER, read_router},       {OPTION_DNS, read_dns},
    {OPTION_NAME, read_host_name},      {OPTION_FQDN, read_fqdn},
    {OPTION_ASKED_FOR, read_asked_for}, {OPTION_VENDOR, read_vendor},
};

static void read_option(struct event *e, uint8_t option, struct cur data)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
        if (meanings[i].option == option)
            meanings[i].read(e, data);
}

/* Where the reading of all the fields with options stands. */
struct walk {
    struct event *event;
    uint8_t overload; /* as option 52 says */
    bool ended;       /* the last field came to its END */
};

/* Up to END, or to where the field ends. */
static void read_options(struct walk *w, struct cur c)
{
    w->ended = false;
    while (cur_left(&c) > 0 && !w->ended) {
        uint8_t option = cur_u8(&c);
        struct cur data;

        w->ended = option == OPTION_END;
        if (w->ended || option == OPTION_PAD)
            continue;
        data = cur_sub(&c, cur_u8(&c));
        if (cur_broken(&data))
            return;
        if (option == OPTION_OVERLOAD)
            w->overload = cur_u8(&data);
        else
            read_option(w->event, option, data);
    }
}

static void read_all_options(struct event *e, const struct message *m)
{
    struct walk w = {.event = e};

    read_options(&w, m->options);
    if (w.overload & OVERLOAD_FILE)
        read_options(&w, m->file);
    if (w.overload & OVERLOAD_SNAME)
        read_options(&w, m->sname);
    if (!event_has(e, FIELD_DHCP_TYPE) && w.ended)
        event_put_number(e, FIELD_DHCP_TYPE, DHCP_NONE);
}

static bool dhcp_wants(const struct packet *p, struct cur bytes)
{
    (void)bytes;
    return p->dst_port == PORT_SERVER || p->dst_port == PORT_CLIENT;
}

static enum extract_result dhcp_read(struct cur *bytes, struct extract_out *out)
{
    struct event *e = out->event;
    struct message m;

    if (!message_read(bytes, &m))
        return EXTRACT_NOT;
    event_begin(e, EVENT_DHCP, out->packet->time);
    if (m.hardware == HARDWARE_ETHERNET && m.mac_len == sizeof(m.mac))
        event_put_mac(e, FIELD_DHCP_CLIENT_MAC, &m.mac);
    put_addr(e, FIELD_DHCP_ADDRESS, m.given);
    put_addr(e, FIELD_DHCP_RELAY, m.relay);
    read_all_options(e, &m);
    out->emit(e, out->arg);
    return EXTRACT_DONE;
}

const struct extractor extract_dhcp = {
    .name = "dhcp",
    .kind = EVENT_DHCP,
    .from = EXTRACT_DATAGRAM,
    .app = "dhcp",
    .wants = dhcp_wants,
    .read = dhcp_read,
};
