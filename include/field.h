/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field.h - what an event can say: ids, types and the table of field.def.
 */
#ifndef FIELD_H
#define FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"

/* What an event tells of. The words in rules are the lower-case names. */
enum event_kind {
    EVENT_FLOW_START, /* a conversation began, and was answered or not */
    EVENT_FLOW,       /* a conversation is over */
    EVENT_DNS,
    EVENT_TLS,
    EVENT_QUIC,
    EVENT_HTTP,
    EVENT_DHCP,
    EVENT_ARP,
    EVENT_ND,     /* neighbour discovery, router advertisement */
    EVENT_NAME,   /* mDNS, LLMNR, NBNS */
    EVENT_DEVICE, /* a machine was seen first, or changed */
    EVENT_AGENT,  /* the agent about itself */
    EVENT_RULE,   /* the agent about one of its rules */
    EVENT_ALERT,  /* at the collector: an agent raised an alert */
    EVENT_LOGIN,  /* somebody tried to log in, and was let in or not; never who, or with
                     what */
    EVENT_SSH,    /* what one end of SSH says of itself, or that keys are exchanged */
    EVENT_SMB,    /* the version of SMB that is offered or chosen */
    EVENT_RDP,    /* the protection of a remote desktop that is asked for or chosen */
    EVENT_SNMP,   /* a message of SNMP: version, and whether with a factory's password */
    EVENT_FLOW_ACTIVE, /* a conversation goes on */
    EVENT_LINE, /* what passed between the district and the outside within ten seconds */
    EVENT_KERBEROS, /* a message of Kerberos: asked, granted or refused; never for whom */
    EVENT_DTLS,     /* a hello of DTLS, or the server's certificate */
    EVENT_RTCP,     /* what one end of a call tells the other of how it arrives */
    EVENT_KINDS,
};
extern const struct names names_event_kind;

enum field_type {
    TYPE_NUMBER,
    TYPE_BYTES,
    TYPE_DURATION, /* microseconds */
    TYPE_TIME,     /* usec_t */
    TYPE_BOOL,
    TYPE_TEXT,
    TYPE_DOMAIN, /* a host name: lower case, A-labels, no dot at the end */
    TYPE_ADDR,
    TYPE_MAC,
    TYPE_NAME,    /* a word of a vocabulary; the value is its index */
    TYPE_NAMES,   /* several of them; the value is a bit mask */
    TYPE_VERSION, /* major * 256 + minor */
    TYPE_TEXTS,
    TYPE_DOMAINS,
    TYPE_ADDRS,
};

enum field_privacy {
    PRIVACY_OPEN,
    PRIVACY_PERSON,
    PRIVACY_HOST,
    PRIVACY_MEMORY,
};

enum field_id {
#define FIELD(id, ...) FIELD_##id,
#include "field.def"
#undef FIELD
    FIELD_COUNT,
    FIELD_UNKNOWN = FIELD_COUNT,
};

struct field {
    const char *name;
    enum field_type type;
    const struct names *words; /* of NAME and NAMES */
    uint32_t kinds;            /* bit 1 << event_kind */
    enum field_privacy privacy;
    const char *eve; /* path in the JSON document; NULL: never written */
    const char *meaning;
};

/* Never NULL for an id under FIELD_COUNT. */
const struct field *field_get(enum field_id id);

/* Its type alone, from a table that is small enough for the processor's cache: events ask
 * for it with each field that they are given. */
enum field_type field_type_of(enum field_id id);

/* Is it one of the kinds of event that can have the field? */
bool field_of_kind(enum field_id id, enum event_kind kind);

/* FIELD_UNKNOWN when there is none of that name. */
enum field_id field_find(const char *name, size_t len);

/* "number", "text", "address", ...: for sentences. */
const char *field_type_name(enum field_type type);

#endif
