/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DHCPv4: RFC 2131 section 2 (the message), RFC 2132 (options), section 9.3 there
 * (options in the fields file and sname), RFC 3046 (relay agent), RFC 3397 (search list),
 * RFC 4702 (client FQDN).
 *
 * An option may come in several pieces, over all the fields that hold options, and means
 * what they make together (RFC 3396). So the pieces are found first and read afterwards.
 */
#include <string.h>

#include "agent/dhcp_id.h"
#include "agent/dns_name.h"
#include "agent/extract.h"

#define PIECES_MAX 128  /* options in a message; real ones have up to forty */
#define JOINED_MAX 1024 /* bytes of an option in pieces */

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
    OPTION_DOMAIN = 15,
    OPTION_REQUESTED = 50,
    OPTION_LEASE = 51,
    OPTION_OVERLOAD = 52,
    OPTION_TYPE = 53,
    OPTION_SERVER = 54,
    OPTION_ASKED_FOR = 55,
    OPTION_MESSAGE = 56,
    OPTION_VENDOR = 60,
    OPTION_CLIENT_ID = 61,
    OPTION_FQDN = 81,
    OPTION_RELAY = 82,
    OPTION_SEARCH = 119,
    OPTION_WPAD = 252, /* never registered; what browsers and servers agree on */
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
    dhcp_put_fingerprint(e, data, 1);
}

static void read_domain(struct event *e, struct cur data)
{
    struct text text = {.at = (const char *)data.pos, .len = cur_left(&data)};

    while (text.len > 0 && text.at[text.len - 1] == '\0')
        text.len--;
    if (text.len > 0)
        event_put_host(e, FIELD_DHCP_DOMAIN, FIELD_UNKNOWN, text);
}

static void read_search(struct event *e, struct cur data)
{
    struct cur whole = data;
    struct dns_name name;

    while (cur_left(&data) > 0 && dns_name_read(&data, whole, &name))
        if (name.labels > 0)
            event_add_text(e, FIELD_DHCP_SEARCH, dns_name_text(&name));
}

static void read_requested(struct event *e, struct cur data)
{
    put_addr(e, FIELD_DHCP_REQUESTED, cur_bytes(&data, 4));
}

static void read_lease(struct event *e, struct cur data)
{
    uint32_t seconds = cur_u32(&data);

    if (!cur_broken(&data))
        event_put_number(e, FIELD_DHCP_LEASE, seconds * USEC_PER_SEC);
}

static void read_server_message(struct event *e, struct cur data)
{
    event_put_number(e, FIELD_DHCP_MESSAGE_LEN, cur_left(&data));
}

static void read_client_id(struct event *e, struct cur data)
{
    dhcp_put_id(e, FIELD_DHCP_CLIENT_ID, data);
}

static void read_relay(struct event *e, struct cur data)
{
    enum { CIRCUIT_ID = 1 };

    while (cur_left(&data) > 0) {
        uint8_t code = cur_u8(&data);
        struct cur sub = cur_sub(&data, cur_u8(&data));

        if (!cur_broken(&sub) && code == CIRCUIT_ID)
            event_put_number(e, FIELD_DHCP_CIRCUIT, true);
    }
}

/* The host of scheme://user@host:port/path; empty when it is no such address. */
static struct text url_host(struct text url)
{
    const char *at = memmem(url.at, url.len, "://", 3), *end = url.at + url.len, *user;
    const char *stop;

    if (!at)
        return (struct text){0};
    at += 3;
    stop = at;
    while (stop < end && *stop != '/' && *stop != '?' && *stop != '\0')
        stop++;
    user = memrchr(at, '@', (size_t)(stop - at));
    at = user ? user + 1 : at;
    if (at < stop && *at == '[') {
        const char *bracket = memchr(at, ']', (size_t)(stop - at));

        return (struct text){at + 1, bracket ? (size_t)(bracket - at) - 1 : 0};
    }
    user = memchr(at, ':', (size_t)(stop - at));
    return (struct text){at, (size_t)((user ? user : stop) - at)};
}

static void read_wpad(struct event *e, struct cur data)
{
    struct text url = {.at = (const char *)data.pos, .len = cur_left(&data)};
    struct text host = url.len > 0 ? url_host(url) : url;

    event_put_number(e, FIELD_DHCP_WPAD, true);
    if (host.len > 0)
        event_put_host(e, FIELD_DHCP_WPAD_HOST, FIELD_UNKNOWN, host);
}

static const struct {
    enum option option;
    void (*read)(struct event *e, struct cur data);
} meanings[] = {
    {OPTION_TYPE, read_type},
    {OPTION_SERVER, read_server},
    {OPTION_ROUTER, read_router},
    {OPTION_DNS, read_dns},
    {OPTION_NAME, read_host_name},
    {OPTION_FQDN, read_fqdn},
    {OPTION_ASKED_FOR, read_asked_for},
    {OPTION_VENDOR, read_vendor},
    {OPTION_DOMAIN, read_domain},
    {OPTION_SEARCH, read_search},
    {OPTION_REQUESTED, read_requested},
    {OPTION_LEASE, read_lease},
    {OPTION_MESSAGE, read_server_message},
    {OPTION_CLIENT_ID, read_client_id},
    {OPTION_RELAY, read_relay},
    {OPTION_WPAD, read_wpad},
};

struct piece {
    uint8_t option;
    struct cur data;
};

/* Where the reading of all the fields with options stands. */
struct walk {
    struct event *event;
    struct piece pieces[PIECES_MAX];
    size_t count;
    uint8_t overload; /* as option 52 says */
    bool ended;       /* the last field came to its END */
};

/* Up to END, or to where the field ends. */
static void find_pieces(struct walk *w, struct cur c)
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
        else if (w->count < PIECES_MAX)
            w->pieces[w->count++] = (struct piece){option, data};
        else
            event_mark_short(w->event);
    }
}

/* All pieces of an option: the one where it lies, several in the room given. */
static bool join(const struct walk *w, enum option option, uint8_t room[JOINED_MAX],
                 struct cur *ret_data)
{
    size_t len = 0, found = 0;

    for (size_t i = 0; i < w->count; i++) {
        const struct cur *data = &w->pieces[i].data;
        size_t more = cur_left(data);

        if (w->pieces[i].option != option)
            continue;
        if (found++ == 0)
            *ret_data = *data;
        if (more > JOINED_MAX - len) {
            event_mark_short(w->event);
            break;
        }
        if (more > 0)
            memcpy(room + len, data->pos, more);
        len += more;
    }
    if (found > 1)
        *ret_data = cur_over(room, len);
    return found > 0;
}

static void read_all_options(struct event *e, const struct message *m)
{
    struct walk w = {.event = e};
    uint8_t room[JOINED_MAX];
    struct cur data;

    find_pieces(&w, m->options);
    if (w.overload & OVERLOAD_FILE)
        find_pieces(&w, m->file);
    if (w.overload & OVERLOAD_SNAME)
        find_pieces(&w, m->sname);
    for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
        if (join(&w, meanings[i].option, room, &data))
            meanings[i].read(e, data);
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
    event_put_number(e, FIELD_DHCP_VERSION, 4);
    if (m.hardware == HARDWARE_ETHERNET && m.mac_len == sizeof(m.mac))
        dhcp_put_client_mac(e, &m.mac);
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
