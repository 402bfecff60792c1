/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <stdio.h>

#include "digest.h"
#include "event.h"

/* Suricata's spelling of proto, and the number on the wire; 0: not over IP, or unknown.
 */
static const struct {
    const char *eve;
    uint8_t number;
} protos[] = {
    [PROTO_OTHER] = {"OTHER", 0},
    [PROTO_TCP] = {"TCP", IPPROTO_TCP},
    [PROTO_UDP] = {"UDP", IPPROTO_UDP},
    [PROTO_ICMP] = {"ICMP", IPPROTO_ICMP},
    [PROTO_ICMP6] = {"IPv6-ICMP", IPPROTO_ICMPV6},
    [PROTO_ARP] = {"ARP", 0},
    [PROTO_SCTP] = {"SCTP", IPPROTO_SCTP},
    [PROTO_GRE] = {"GRE", IPPROTO_GRE},
    [PROTO_ESP] = {"ESP", IPPROTO_ESP},
};

static struct json *number_json(uint64_t number)
{
    return json_new_number(number > INT64_MAX ? INT64_MAX : (int64_t)number);
}

static struct json *addr_json(const struct addr *addr)
{
    char text[ADDR_TEXT];

    addr_print(addr, text);
    return json_new_text(text);
}

static struct json *time_json(usec_t time)
{
    char text[CLOCK_TEXT];

    clock_print(time, text);
    return json_new_text(text);
}

static void print_version(uint64_t version, char ret_text[16])
{
    snprintf(ret_text, 16, "%u.%u", (unsigned)(version >> 8 & 0xff),
             (unsigned)(version & 0xff));
}

/* field.def counts SSL 3.0 as 0.3, so the parts under 1.0 are SSL's. */
static struct json *tls_version_json(uint64_t version)
{
    char number[16], text[24];

    print_version(version, number);
    if (version < 0x100)
        snprintf(text, sizeof(text), "SSLv%u", (unsigned)version);
    else
        snprintf(text, sizeof(text), "TLS %s", number);
    return json_new_text(text);
}

static struct json *names_json(const struct names *words, uint64_t mask)
{
    struct json *list = json_new_list();

    for (size_t i = 0; i < words->count; i++)
        if (mask >> i & 1)
            json_add(list, json_new_text(names_get(words, i)));
    return list;
}

static struct json *texts_json(const struct value *v)
{
    struct json *list = json_new_list();

    for (size_t i = 0; i < v->text_count; i++)
        json_add(list, json_new_bytes(v->texts[i]));
    return list;
}

static struct json *addrs_json(const struct value *v)
{
    struct json *list = json_new_list();

    for (size_t i = 0; i < v->addr_count; i++)
        json_add(list, addr_json(&v->addrs[i]));
    return list;
}

static struct json *mac_json(const struct mac *mac)
{
    char text[MAC_TEXT];

    mac_print(mac, text);
    return json_new_text(text);
}

static struct json *value_json(const struct field *f, const struct value *v)
{
    switch (f->type) {
    case TYPE_NUMBER:
    case TYPE_BYTES:
    case TYPE_DURATION:
        return number_json(v->number);
    case TYPE_TIME:
        return time_json(v->number);
    case TYPE_BOOL:
        return json_new_bool(v->number != 0);
    case TYPE_TEXT:
    case TYPE_DOMAIN:
        return json_new_bytes(v->text);
    case TYPE_ADDR:
        return addr_json(&v->addr);
    case TYPE_MAC:
        return mac_json(&v->mac);
    case TYPE_NAME:
        return json_new_text(names_get(f->words, v->number));
    case TYPE_NAMES:
        return names_json(f->words, v->number);
    case TYPE_VERSION:
        return tls_version_json(v->number);
    case TYPE_TEXTS:
    case TYPE_DOMAINS:
        return texts_json(v);
    case TYPE_ADDRS:
        return addrs_json(v);
    }
    return json_new_null();
}

/* Suricata parts them by type of record. */
static void put_answers(struct json *doc, const struct value *v)
{
    static const char *const paths[] = {"dns.grouped.AAAA", "dns.grouped.A"};

    for (int v4 = 1; v4 >= 0; v4--) {
        struct json *list = json_new_list();

        for (size_t i = 0; i < v->addr_count; i++)
            if (addr_is_v4(&v->addrs[i]) == (v4 == 1))
                json_add(list, addr_json(&v->addrs[i]));
        if (json_count(list) > 0)
            json_put_path(doc, paths[v4], list);
        else
            json_free(list);
    }
}

/* Suricata parts the bytes of a fingerprint by colons. */
static struct json *fingerprint_json(struct text hex)
{
    char text[3 * 64];
    size_t len = 0;

    for (size_t i = 0; i < hex.len && len + 2 < sizeof(text); i++) {
        if (i > 0 && i % 2 == 0)
            text[len++] = ':';
        text[len++] = hex.at[i];
    }
    return json_new_bytes((struct text){.at = text, .len = len});
}

static void put_field(struct json *doc, enum field_id id, const struct value *v)
{
    const struct field *f = field_get(id);

    if (id == FIELD_PROTO)
        json_put_text(doc, f->eve, protos[v->number].eve);
    else if (id == FIELD_DNS_ANSWER_IP)
        put_answers(doc, v);
    else if (id == FIELD_TLS_CERT_SHA1)
        json_put_path(doc, f->eve, fingerprint_json(v->text));
    else
        json_put_path(doc, f->eve, value_json(f, v));
}

static bool shown(const struct event *e, enum field_id f, const struct field_set *skip)
{
    return event_has(e, f) && !(skip && field_set_has(skip, f)) &&
           field_get(f)->privacy != PRIVACY_MEMORY;
}

static uint16_t port_of(const struct event *e, enum field_id port, enum field_id icmp)
{
    const struct value *v = event_get(e, event_has(e, icmp) ? icmp : port);

    return v ? (uint16_t)v->number : 0;
}

static void put_community_id(struct json *doc, const struct event *e,
                             const struct field_set *skip)
{
    const struct value *src = event_get(e, FIELD_SRC_IP),
                       *dst = event_get(e, FIELD_DST_IP);
    const struct value *proto = event_get(e, FIELD_PROTO);
    char text[COMMUNITY_ID_TEXT];

    if (!shown(e, FIELD_SRC_IP, skip) || !shown(e, FIELD_DST_IP, skip) || !proto ||
        protos[proto->number].number == 0)
        return;
    /* Other events of an ICMP conversation than its start and end don't tell its type. */
    if ((proto->number == PROTO_ICMP || proto->number == PROTO_ICMP6) &&
        !event_has(e, FIELD_ICMP_TYPE))
        return;
    community_id(&src->addr, &dst->addr, port_of(e, FIELD_SRC_PORT, FIELD_ICMP_TYPE),
                 port_of(e, FIELD_DST_PORT, FIELD_ICMP_CODE),
                 protos[proto->number].number, text);
    json_put_text(doc, "community_id", text);
}

struct json *event_json(const struct event *e, const struct field_set *skip)
{
    struct json *doc = json_new_object();

    json_put(doc, "timestamp", time_json(event_time(e)));
    json_put_text(doc, "event_type", names_get(&names_event_kind, event_kind(e)));
    for (enum field_id f = event_next(e, 0); f < FIELD_COUNT; f = event_next(e, f + 1))
        if (shown(e, f, skip))
            put_field(doc, f, event_get(e, f));
    put_community_id(doc, e, skip);
    return doc;
}
