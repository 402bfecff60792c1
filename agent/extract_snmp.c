/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SNMP v1 (RFC 1157), v2c (RFC 1901) and v3 (RFC 3412) over UDP: the version, the kind of
 * message and whether the community, which is the password of v1 and v2c and sent in
 * clear, is one that devices have from the factory. What else it is is told nowhere. Of
 * v3 nothing behind the head is looked at: not who asks, nor what.
 *
 * Its BER is of definite lengths and tags of one byte (RFC 3417 section 8), so der.h
 * reads it.
 */
#include "agent/extract.h"

#include <string.h>

#include "der.h"

#define SNMP_PORT 161
#define TRAP_PORT 162

#define TAG_PDU 0xa0 /* the first of them */

enum wire_version { WIRE_V1 = 0, WIRE_V2C = 1, WIRE_V3 = 3 };

/* RFC 3412 section 6.4: bits of msgFlags. */
enum flag { FLAG_AUTH = 1, FLAG_PRIVATE = 2 };

/* By tag: the PDUs of RFC 1157 section 4.1 and RFC 3416 section 3. */
static const enum snmp_pdu pdus[] = {SNMP_GET,    SNMP_GET_NEXT, SNMP_RESPONSE,
                                     SNMP_SET,    SNMP_TRAP,     SNMP_GET_BULK,
                                     SNMP_INFORM, SNMP_TRAP,     SNMP_REPORT};

/* What whole families of devices come with; nobody had to guess it. */
static const char *const factory[] = {"public", "private"};

static bool is_factory(struct cur community)
{
    for (size_t i = 0; i < sizeof(factory) / sizeof(*factory); i++)
        if (cur_left(&community) == strlen(factory[i]) &&
            memcmp(community.pos, factory[i], strlen(factory[i])) == 0)
            return true;
    return false;
}

/* Behind the version: a community and the PDU. */
static bool read_community(struct cur *c, struct event *e)
{
    struct cur community = der_take(c, DER_OCTETS);
    uint8_t tag;
    size_t kind;

    (void)der_any(c, &tag);
    kind = (size_t)tag - TAG_PDU;
    if (cur_broken(c) || tag < TAG_PDU || kind >= sizeof(pdus) / sizeof(*pdus))
        return false;
    event_put_number(e, FIELD_SNMP_PDU, pdus[kind]);
    event_put_number(e, FIELD_SNMP_FACTORY, is_factory(community));
    event_put_number(e, FIELD_SNMP_CLEAR, true);
    return true;
}

/* Behind the version: message id, largest size, flags, security model. The PDU, and who
 * asks, is in what follows. */
static bool read_v3(struct cur *c, struct event *e)
{
    struct cur head = der_take(c, DER_SEQUENCE), flags;
    int32_t id = der_int32(&head), size = der_int32(&head), model;

    flags = der_take(&head, DER_OCTETS);
    model = der_int32(&head);
    if (cur_broken(&head) || cur_left(&flags) != 1 || id < 0 || size < 0 || model < 0)
        return false;
    event_put_number(e, FIELD_SNMP_CLEAR, !(cur_u8(&flags) & FLAG_PRIVATE));
    return true;
}

static bool has_port(const struct packet *p, uint16_t port)
{
    return p->src_port == port || p->dst_port == port;
}

/* Whatever the datagram begins with: one that is broken may hold the password, too, and
 * the next one be whole. */
static bool snmp_wants(const struct packet *p, struct cur bytes)
{
    (void)bytes;
    return has_port(p, SNMP_PORT) || has_port(p, TRAP_PORT);
}

static enum extract_result snmp_read(struct cur *bytes, struct extract_out *out)
{
    struct cur message = der_take(bytes, DER_SEQUENCE);
    int32_t version = der_int32(&message);
    struct event *e = out->event;

    if (cur_broken(&message))
        return EXTRACT_NOT;
    event_begin(e, EVENT_SNMP, out->packet->time);
    switch (version) {
    case WIRE_V1:
    case WIRE_V2C:
        event_put_number(e, FIELD_SNMP_VERSION, version == WIRE_V1 ? SNMP_V1 : SNMP_V2C);
        if (!read_community(&message, e))
            return EXTRACT_NOT;
        break;
    case WIRE_V3:
        event_put_number(e, FIELD_SNMP_VERSION, SNMP_V3);
        if (!read_v3(&message, e))
            return EXTRACT_NOT;
        break;
    default:
        return EXTRACT_NOT;
    }
    out->emit(e, out->arg);
    return EXTRACT_DONE;
}

const struct extractor extract_snmp = {
    .name = "snmp",
    .kind = EVENT_SNMP,
    .from = EXTRACT_DATAGRAM,
    .app = "snmp",
    .secret = true,
    .wants = snmp_wants,
    .read = snmp_read,
};
