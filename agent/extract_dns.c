/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS messages (RFC 1035) over UDP and TCP, one event each. What an event tells of the
 * answer section is told only when the whole section was there: a count over half of it
 * would be wrong. Single addresses and names are right by themselves and stay.
 *
 * mDNS and LLMNR look alike, but name machines and not what is called: not here.
 */
#include "agent/dns_message.h"
#include "agent/dns_name.h"
#include "agent/extract.h"

#define DNS_PORT   53
#define OPCODE_MAX 6 /* DSO, RFC 8490 */

/* One message being read. */
struct reading {
    struct cur message; /* from its first byte, for compression pointers */
    struct dns_head head;
    struct event *event;
    struct answer_rest *rest;
    uint32_t ttl; /* the least so far */
    uint64_t data_len;
    bool service;        /* an HTTPS or SVCB record was answered */
    bool ech;            /* and one of them had ech= */
    unsigned rcode_high; /* bits 4-11 of the result, RFC 6891 section 6.1.3 */
    bool strange; /* an operation or class that does not exist: perhaps no DNS at all */
    struct dns_name scratch; /* the name that is being read */
};

static bool head_read(struct cur *c, struct dns_head *ret_head)
{
    struct dns_head h;

    if (!dns_head_read(c, &h))
        return false;
    /* Only answers may ask nothing: RFC 5936 section 2.2, errors, RFC 7873. */
    if (h.questions == 0 && !dns_head_is_answer(&h) && h.additional == 0)
        return false;
    *ret_head = h;
    return true;
}

/* IN, CH, HS, NONE, ANY (RFC 6895 section 3.2). */
static bool class_exists(uint16_t class)
{
    return class == 1 || class == 3 || class == 4 || class == 254 || class == 255;
}

static void put_question(struct reading *r, const struct dns_name *name, uint16_t type)
{
    struct event *e = r->event;
    const struct value *host;

    event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE, dns_name_text(name));
    host = event_get(e, FIELD_HOST);
    if (host)
        event_put_text(e, FIELD_DNS_QNAME, host->text);
    event_put_number(e, FIELD_DNS_QNAME_LEN, name->len);
    event_put_number(e, FIELD_DNS_QNAME_LABELS, name->labels);
    event_put_number(e, FIELD_DNS_QNAME_MAX_LABEL, name->max_label);
    event_put_number(e, FIELD_DNS_QTYPE, names_dns_type_of(type));
}

/* A name that the event does not tell may be broken: its message is read all the same. */
static void ask_about(struct reading *r, struct cur at)
{
    if (dns_name_read(&at, r->message, &r->scratch))
        answer_rest_ask(r->rest, dns_name_text(&r->scratch));
}

/* The first question is the one that counts; no server answers a second one. */
static bool read_questions(struct reading *r, struct cur *c)
{
    for (unsigned i = 0; i < r->head.questions; i++) {
        struct cur name = *c;
        bool good = i == 0 ? dns_name_read(c, r->message, &r->scratch) : dns_name_skip(c);
        uint16_t type = cur_u16(c);
        uint16_t class = cur_u16(c);

        if (!good || cur_broken(c))
            return false;
        r->strange |= !class_exists(class);
        if (i == 0)
            put_question(r, &r->scratch, type);
        else
            ask_about(r, name);
    }
    return true;
}

static void read_address(struct reading *r, struct cur data)
{
    struct addr addr;

    if (dns_record_addr(data, &addr))
        answer_add(r->event, FIELD_DNS_ANSWER_IP, &addr, r->rest);
}

static void read_name(struct reading *r, struct cur data)
{
    if (dns_name_read(&data, r->message, &r->scratch))
        answer_add_name(r->event, FIELD_DNS_ANSWER_NAME, dns_name_text(&r->scratch),
                        r->rest);
}

/* RFC 9460 section 7.3: addresses of whatever serves the name, before any A or AAAA. */
static void read_hints(struct reading *r, struct cur hints, bool v4)
{
    size_t len = v4 ? 4 : 16;

    while (cur_left(&hints) >= len) {
        const uint8_t *bytes = cur_bytes(&hints, len);
        struct addr addr = v4 ? addr_v4(bytes) : addr_v6(bytes);

        answer_add(r->event, FIELD_DNS_HINT_IP, &addr, r->rest);
    }
}

/* RFC 9460 section 2.2: priority, target (never compressed), then parameters; of an alias
 * (priority 0) these are to be ignored, section 2.4.2. */
static void read_service(struct reading *r, struct cur data)
{
    enum { PARAM_IPV4HINT = 4, PARAM_ECH = 5 /* RFC 9848 */, PARAM_IPV6HINT = 6 };
    bool alias = cur_u16(&data) == 0;

    r->service = true;
    if (!dns_name_skip(&data) || alias)
        return;
    while (cur_left(&data) > 0) {
        uint16_t key = cur_u16(&data);
        struct cur param = cur_sub(&data, cur_u16(&data));

        if (cur_broken(&param))
            return;
        if (key == PARAM_ECH)
            r->ech = true;
        else if (key == PARAM_IPV4HINT || key == PARAM_IPV6HINT)
            read_hints(r, param, key == PARAM_IPV4HINT);
    }
}

/* What the data of a record of an answer says, and where in it that begins. */
static const struct {
    uint16_t type;
    uint16_t begins;
    void (*read)(struct reading *r, struct cur data);
} meanings[] = {
    {WIRE_A, 0, read_address},    {WIRE_AAAA, 0, read_address},
    {WIRE_CNAME, 0, read_name},   {WIRE_DNAME, 0, read_name},
    {WIRE_NS, 0, read_name},      {WIRE_PTR, 0, read_name},
    {WIRE_MX, 2, read_name},      {WIRE_SRV, 6, read_name},
    {WIRE_SVCB, 0, read_service}, {WIRE_HTTPS, 0, read_service},
};

static bool record_read(struct cur *c, struct dns_record *ret_record)
{
    return dns_name_skip(c) && dns_record_read(c, ret_record);
}

static void read_answer(struct reading *r, const struct dns_record *record)
{
    r->data_len += cur_left(&record->data);
    if (record->ttl < r->ttl)
        r->ttl = record->ttl;
    for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++) {
        struct cur data = record->data;

        if (meanings[i].type != record->type)
            continue;
        cur_skip(&data, meanings[i].begins);
        if (!cur_broken(&data))
            meanings[i].read(r, data);
        return;
    }
}

static bool read_answers(struct reading *r, struct cur *c)
{
    struct dns_record record;

    for (unsigned i = 0; i < r->head.answers; i++) {
        if (!record_read(c, &record))
            return false;
        if (dns_head_is_answer(&r->head))
            read_answer(r, &record);
    }
    return true;
}

/* Authority and additional section: only the OPT record says something here. */
static bool read_rest(struct reading *r, struct cur *c)
{
    unsigned count = (unsigned)r->head.authority + r->head.additional;
    struct dns_record record;

    for (unsigned i = 0; i < count; i++) {
        if (!record_read(c, &record))
            return false;
        if (record.type == WIRE_OPT)
            r->rcode_high = record.ttl >> 24;
    }
    return true;
}

static void put_answer(struct reading *r, bool whole)
{
    unsigned rcode = r->rcode_high << 4 | (r->head.flags & 0xf);

    event_put_number(r->event, FIELD_DNS_RCODE, rcode);
    event_put_number(r->event, FIELD_DNS_ANSWERS, r->head.answers);
    if (whole && r->head.answers > 0) {
        event_put_number(r->event, FIELD_DNS_ANSWER_TTL, r->ttl);
        event_put_number(r->event, FIELD_DNS_ANSWER_LEN, r->data_len);
    }
    if (whole && r->service)
        event_put_number(r->event, FIELD_DNS_ECH, r->ech);
}

static bool read_message(struct cur message, struct extract_out *out,
                         enum proto transport)
{
    struct reading r = {
        .message = message, .event = out->event, .rest = out->rest, .ttl = UINT32_MAX};
    struct cur c = message;
    bool answers, whole;

    if (!head_read(&c, &r.head))
        return false;
    event_begin(r.event, EVENT_DNS, out->packet->time);
    answer_rest_wipe(r.rest);
    event_put_number(r.event, FIELD_DNS_QR,
                     dns_head_is_answer(&r.head) ? DNS_ANSWER : DNS_QUERY);
    event_put_number(r.event, FIELD_DNS_ID, r.head.id);
    event_put_number(r.event, FIELD_DNS_TRANSPORT, transport);
    r.strange = dns_head_opcode(&r.head) > OPCODE_MAX;
    if (!read_questions(&r, &c))
        return false;

    answers = read_answers(&r, &c);
    whole = answers && read_rest(&r, &c) && cur_left(&c) == 0;
    /* Other protocols on port 53 are not wholly made of questions and records. */
    if ((r.strange || r.head.questions == 0) && !whole)
        return false;
    if (dns_head_is_answer(&r.head))
        put_answer(&r, answers);
    out->emit(r.event, out->arg);
    return true;
}

static bool by_port(const struct packet *p)
{
    return p->src_port == DNS_PORT || p->dst_port == DNS_PORT;
}

static bool udp_wants(const struct packet *p, struct cur bytes)
{
    (void)bytes;
    return by_port(p);
}

static enum extract_result udp_read(struct cur *bytes, struct extract_out *out)
{
    return read_message(*bytes, out, PROTO_UDP) ? EXTRACT_DONE : EXTRACT_NOT;
}

static bool tcp_wants(const struct packet *p, struct cur bytes)
{
    uint16_t len = cur_u16(&bytes);

    return by_port(p) && (cur_broken(&bytes) || len >= DNS_HEAD_BYTES);
}

/* RFC 1035 section 4.2.2: each message behind its length. */
static enum extract_result tcp_read(struct cur *bytes, struct extract_out *out)
{
    struct cur message = cur_sub(bytes, cur_u16(bytes));

    if (cur_broken(&message))
        return EXTRACT_MORE;
    return read_message(message, out, PROTO_TCP) ? EXTRACT_NEXT : EXTRACT_NOT;
}

const struct extractor extract_dns_udp = {
    .name = "dns",
    .kind = EVENT_DNS,
    .from = EXTRACT_DATAGRAM,
    .app = "dns",
    .wants = udp_wants,
    .read = udp_read,
};

const struct extractor extract_dns_tcp = {
    .name = "dns",
    .kind = EVENT_DNS,
    .from = EXTRACT_STREAM,
    .app = "dns",
    .most = 2 + UINT16_MAX,
    .wants = tcp_wants,
    .read = tcp_read,
};
