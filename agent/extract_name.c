/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the machines on a link: mDNS (RFC 6762), LLMNR (RFC 4795) and NetBIOS names
 * (RFC 1002 section 4.2), which all three have the form of DNS messages.
 *
 * Whoever sends a message speaks for itself, so the event is of the sender, and a name
 * whose address is the sender's own is taken for the sender's name.
 */
#include <string.h>

#include "agent/dns_message.h"
#include "agent/extract.h"
#include "agent/nbns_name.h"

#define PORT_MDNS  5353
#define PORT_LLMNR 5355
#define PORT_NBNS  137

#define WIRE_NB     0x20 /* RFC 1002 section 4.2.1.3; DNS gave the number to another */
#define WIRE_NBSTAT 0x21

struct reading {
    struct cur message; /* from its first byte, for compression pointers */
    struct dns_head head;
    struct event *event;
    struct answer_rest *rest;
    struct addr sender;
    enum name_proto proto;
    struct dns_name name; /* that is being read */
    uint8_t suffix;       /* NetBIOS: its last byte */
};

/* NetBIOS' types in a vocabulary where their numbers are taken. */
static unsigned type_of(const struct reading *r, uint16_t wire)
{
    if (r->proto == NAME_NBNS && wire == WIRE_NB)
        return names_dns_type_of(NAMES_DNS_TYPE_NB);
    if (r->proto == NAME_NBNS && wire == WIRE_NBSTAT)
        return names_dns_type_of(NAMES_DNS_TYPE_NBSTAT);
    return names_dns_type_of(wire);
}

static bool read_name(struct reading *r, struct cur *c)
{
    if (!dns_name_read(c, r->message, &r->name))
        return false;
    return r->proto != NAME_NBNS || nbns_name_decode(&r->name, &r->suffix);
}

/* The first one counts: of a question, or else of what is answered unasked. */
static void put_name(struct reading *r, uint16_t type)
{
    if (event_has(r->event, FIELD_NAME_QNAME)) {
        answer_rest_ask(r->rest, dns_name_text(&r->name));
        return;
    }
    event_put_host(r->event, FIELD_NAME_QNAME, FIELD_UNKNOWN, dns_name_text(&r->name));
    event_put_number(r->event, FIELD_NAME_QTYPE, type_of(r, type));
    if (r->proto == NAME_NBNS)
        event_put_number(r->event, FIELD_NAME_SUFFIX, r->suffix);
}

static bool read_questions(struct reading *r, struct cur *c)
{
    for (unsigned i = 0; i < r->head.questions; i++) {
        bool good = read_name(r, c);
        uint16_t type = cur_u16(c);

        cur_skip(c, 2); /* class */
        if (!good || cur_broken(c))
            return false;
        put_name(r, type);
    }
    return true;
}

/* ---- records ---- */

/* A record, under the name in r->name; answer: it is in that section. */
struct told {
    struct dns_record record;
    bool answer;
};

static void put_own(struct reading *r, struct text name)
{
    static const char local[] = ".local";
    size_t end = sizeof(local) - 1;

    if (name.len > end && strncasecmp(name.at + name.len - end, local, end) == 0)
        name.len -= end;
    if (name.len > 0 && !event_has(r->event, FIELD_NAME_OWN))
        event_put_host(r->event, FIELD_NAME_OWN, FIELD_UNKNOWN, name);
}

static void put_addr(struct reading *r, const struct told *t, const struct addr *addr)
{
    if (t->answer)
        answer_add(r->event, FIELD_NAME_ANSWER_IP, addr, r->rest);
}

static void read_address(struct reading *r, const struct told *t)
{
    struct addr addr;

    if (!dns_record_addr(t->record.data, &addr))
        return;
    put_addr(r, t, &addr);
    if (dns_head_is_answer(&r->head) && addr_equal(&addr, &r->sender))
        put_own(r, dns_name_text(&r->name));
}

static void add_target(struct reading *r, const struct told *t, size_t begins)
{
    struct cur data = t->record.data;
    struct dns_name target;

    cur_skip(&data, begins);
    if (!t->answer || cur_broken(&data) || !dns_name_read(&data, r->message, &target))
        return;
    answer_add_name(r->event, FIELD_NAME_ANSWER_NAME, dns_name_text(&target), r->rest);
}

static void read_target(struct reading *r, const struct told *t)
{
    add_target(r, t, 0);
}

static void read_service(struct reading *r, const struct told *t)
{
    add_target(r, t, 2 + 2 + 2); /* RFC 2782: priority, weight, port */
}

/* RFC 1002 section 4.2.2: what a machine registers for its own address is its name, if it
 * is of one machine (not of a group) and of a kind that stands for the machine. */
static void read_nb(struct reading *r, const struct told *t)
{
    enum { GROUP = 0x8000, WORKSTATION = 0x00, SERVER = 0x20 };
    struct cur data = t->record.data;
    bool registers = dns_head_opcode(&r->head) != 0 && !dns_head_is_answer(&r->head);

    while (cur_left(&data) >= 6) {
        uint16_t flags = cur_u16(&data);
        struct addr addr = addr_v4(cur_bytes(&data, 4));

        put_addr(r, t, &addr);
        if (registers && !(flags & GROUP) && addr_equal(&addr, &r->sender) &&
            (r->suffix == WORKSTATION || r->suffix == SERVER))
            put_own(r, dns_name_text(&r->name));
    }
}

/* RFC 1002 section 4.2.18: all names of the machine that answers. */
static void read_nbstat(struct reading *r, const struct told *t)
{
    enum { GROUP = 0x8000, WORKSTATION = 0x00 };
    struct cur data = t->record.data;
    uint8_t count = cur_u8(&data);

    if (!t->answer)
        return;
    for (uint8_t i = 0; i < count && !cur_broken(&data); i++) {
        const uint8_t *raw = cur_bytes(&data, NBNS_NAME_BYTES);
        uint16_t flags = cur_u16(&data);
        struct text name = {(const char *)raw, NBNS_NAME_BYTES - 1};

        if (cur_broken(&data))
            return;
        name = nbns_name_trim(name);
        if (!(flags & GROUP) && raw[NBNS_NAME_BYTES - 1] == WORKSTATION)
            put_own(r, name);
    }
}

static const struct {
    bool netbios;
    uint16_t type;
    void (*read)(struct reading *r, const struct told *t);
} meanings[] = {
    {false, WIRE_A, read_address},    {false, WIRE_AAAA, read_address},
    {false, WIRE_PTR, read_target},   {false, WIRE_CNAME, read_target},
    {false, WIRE_SRV, read_service},  {true, WIRE_NB, read_nb},
    {true, WIRE_NBSTAT, read_nbstat},
};

static bool read_record(struct reading *r, struct cur *c, bool answer)
{
    bool netbios = r->proto == NAME_NBNS;
    struct told t = {.answer = answer};

    if (!read_name(r, c) || !dns_record_read(c, &t.record))
        return false;
    if (answer)
        put_name(r, t.record.type);
    for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
        if (meanings[i].netbios == netbios && meanings[i].type == t.record.type)
            meanings[i].read(r, &t);
    return true;
}

/* Authority (what a probe or registration claims) and additional section. */
static void read_rest(struct reading *r, struct cur *c)
{
    unsigned count = (unsigned)r->head.authority + r->head.additional;

    while (count-- > 0 && read_record(r, c, false))
        ;
}

/* Answers in a query are those already known (RFC 6762 section 7.1): nobody's word. */
static bool read_answers(struct reading *r, struct cur *c)
{
    bool answer = dns_head_is_answer(&r->head);

    for (unsigned i = 0; i < r->head.answers; i++)
        if (!read_record(r, c, answer))
            return false;
    return true;
}

/* ---- messages ---- */

/* RFC 1002 section 4.2.1.1; 15 is Windows' registration of a machine with two cards. */
static enum name_op op_of(const struct reading *r)
{
    if (r->proto != NAME_NBNS)
        return dns_head_opcode(&r->head) == 0 ? NAME_OP_QUERY : NAME_OP_OTHER;
    switch (dns_head_opcode(&r->head)) {
    case 0:
        return NAME_OP_QUERY;
    case 5:
    case 15:
        return NAME_OP_REGISTER;
    case 6:
        return NAME_OP_RELEASE;
    case 7:
        return NAME_OP_WAIT;
    case 8:
    case 9:
        return NAME_OP_REFRESH;
    default:
        return NAME_OP_OTHER;
    }
}

static enum extract_result read_message(struct cur *bytes, struct extract_out *out,
                                        enum name_proto proto)
{
    struct reading r = {.message = *bytes,
                        .event = out->event,
                        .rest = out->rest,
                        .sender = out->packet->src,
                        .proto = proto};
    struct cur c = *bytes;
    bool answers;

    if (!dns_head_read(&c, &r.head))
        return EXTRACT_NOT;
    event_begin(r.event, EVENT_NAME, out->packet->time);
    answer_rest_wipe(r.rest);
    event_put_number(r.event, FIELD_NAME_PROTO, proto);
    event_put_number(r.event, FIELD_NAME_QR,
                     dns_head_is_answer(&r.head) ? DNS_ANSWER : DNS_QUERY);
    event_put_number(r.event, FIELD_NAME_OP, op_of(&r));
    if (!read_questions(&r, &c))
        return EXTRACT_NOT;
    answers = read_answers(&r, &c);
    if (answers)
        read_rest(&r, &c);
    if (!event_has(r.event, FIELD_NAME_QTYPE)) /* neither asks nor answers */
        return EXTRACT_NOT;
    if (answers && dns_head_is_answer(&r.head))
        event_put_number(r.event, FIELD_NAME_ANSWERS, r.head.answers);
    out->emit(r.event, out->arg);
    return EXTRACT_DONE;
}

static bool has_port(const struct packet *p, uint16_t port)
{
    return p->src_port == port || p->dst_port == port;
}

static bool mdns_wants(const struct packet *p, struct cur bytes)
{
    (void)bytes;
    return has_port(p, PORT_MDNS);
}

static bool llmnr_wants(const struct packet *p, struct cur bytes)
{
    (void)bytes;
    return has_port(p, PORT_LLMNR);
}

static bool nbns_wants(const struct packet *p, struct cur bytes)
{
    (void)bytes;
    return has_port(p, PORT_NBNS);
}

static bool llmnr_tcp_wants(const struct packet *p, struct cur bytes)
{
    uint16_t len = cur_u16(&bytes);

    return has_port(p, PORT_LLMNR) && (cur_broken(&bytes) || len >= DNS_HEAD_BYTES);
}

static enum extract_result mdns_read(struct cur *bytes, struct extract_out *out)
{
    return read_message(bytes, out, NAME_MDNS);
}

static enum extract_result llmnr_read(struct cur *bytes, struct extract_out *out)
{
    return read_message(bytes, out, NAME_LLMNR);
}

/* RFC 4795 section 2.4: what is asked of one machine is asked over TCP, with each message
 * behind its length, as RFC 1035 section 4.2.2 has it. */
static enum extract_result llmnr_tcp_read(struct cur *bytes, struct extract_out *out)
{
    struct cur message = cur_sub(bytes, cur_u16(bytes));

    if (cur_broken(&message))
        return EXTRACT_MORE;
    return read_message(&message, out, NAME_LLMNR) == EXTRACT_DONE ? EXTRACT_NEXT
                                                                   : EXTRACT_NOT;
}

static enum extract_result nbns_read(struct cur *bytes, struct extract_out *out)
{
    return read_message(bytes, out, NAME_NBNS);
}

const struct extractor extract_mdns = {
    .name = "mdns",
    .kind = EVENT_NAME,
    .from = EXTRACT_DATAGRAM,
    .app = "mdns",
    .wants = mdns_wants,
    .read = mdns_read,
};

const struct extractor extract_llmnr = {
    .name = "llmnr",
    .kind = EVENT_NAME,
    .from = EXTRACT_DATAGRAM,
    .app = "llmnr",
    .wants = llmnr_wants,
    .read = llmnr_read,
};

const struct extractor extract_llmnr_tcp = {
    .name = "llmnr",
    .kind = EVENT_NAME,
    .from = EXTRACT_STREAM,
    .app = "llmnr",
    .most = 2 + UINT16_MAX,
    .wants = llmnr_tcp_wants,
    .read = llmnr_tcp_read,
};

const struct extractor extract_nbns = {
    .name = "nbns",
    .kind = EVENT_NAME,
    .from = EXTRACT_DATAGRAM,
    .app = "netbios",
    .wants = nbns_wants,
    .read = nbns_read,
};
