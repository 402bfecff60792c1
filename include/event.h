/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h - what an extractor, or the start or end of a flow, has to say: a kind, a time,
 * and typed fields of field.def.
 *
 * One struct event is used again and again: event_begin empties it. Text and lists are
 * copied into its own fixed room, so nothing in it points to a packet. What finds no room
 * is left out, and event_short() then says so; nothing grows.
 */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "field.h"
#include "json.h"
#include "net.h"
#include "text.h"

#define EVENT_ROOM     8192 /* bytes for texts and lists */
#define EVENT_LIST_MAX 24   /* items kept of a list field */
#define EVENT_PACK_MAX 15360

/* Which member counts follows from the field's type. */
struct value {
    union {
        uint64_t number;  /* NUMBER BYTES DURATION TIME BOOL NAME NAMES VERSION */
        struct text text; /* TEXT DOMAIN */
        struct addr addr; /* ADDR */
        struct mac mac;   /* MAC */
        struct {
            const struct text *texts; /* TEXTS DOMAINS */
            size_t text_count;
        };
        struct {
            const struct addr *addrs; /* ADDRS */
            size_t addr_count;
        };
    };
};

struct event;

struct event *event_new(void);
void event_free(struct event *e);
AUTO_DEFINE(event, event_free)
#define auto_event __attribute__((cleanup(auto_event_run)))

void event_begin(struct event *e, enum event_kind kind, usec_t time);

/* Empties it, and what its texts said is no longer in memory. */
void event_wipe(struct event *e);
void event_copy(struct event *to, const struct event *from);

enum event_kind event_kind(const struct event *e);
usec_t event_time(const struct event *e);
void event_set_time(struct event *e, usec_t time);
bool event_short(const struct event *e);

/* Who had more to say than an event holds may mark it so, too. */
void event_mark_short(struct event *e);

/* The putter must fit the field's type; a field put again is replaced. A NAME past the
 * end of its vocabulary is left out. */
void event_put_number(struct event *e, enum field_id f, uint64_t number);
void event_put_text(struct event *e, enum field_id f, struct text text);
void event_put_addr(struct event *e, enum field_id f, const struct addr *addr);
void event_put_mac(struct event *e, enum field_id f, const struct mac *mac);
void event_add_text(struct event *e, enum field_id f, struct text text);
void event_add_addr(struct event *e, enum field_id f, const struct addr *addr);
void event_drop(struct event *e, enum field_id f);

bool event_has(const struct event *e, enum field_id f);

/* Borrowed until the event is changed; NULL when the event does not have the field. */
const struct value *event_get(const struct event *e, enum field_id f);

/* The first field that the event has at f or after it; FIELD_COUNT: no further one. */
enum field_id event_next(const struct event *e, enum field_id f);

/*
 * Puts a host name, cleaned (domain.h), into f and its registrable domain into
 * registrable (FIELD_UNKNOWN: not wanted). A tunnel's or printer's name with characters
 * that no host name has is kept as it is, in lower case and '?' for what is not printable
 * ASCII, and its registrable domain is told from the clean labels at its end. Addresses
 * have no registrable domain. What is empty is left out, and so is what is over 253
 * bytes, but then the event is short.
 */
void event_put_host(struct event *e, enum field_id f, enum field_id registrable,
                    struct text name);

/* For the way from sensor to courier, on one machine only. Returns the length, at most
 * EVENT_PACK_MAX, or -EMSGSIZE. Unpacking checks everything: -EBADMSG. */
int event_pack(const struct event *e, uint8_t *out, size_t capacity);
int event_unpack(struct event *e, const uint8_t *bytes, size_t len);

/* A value as text, the way a person writes it in a rule: 10.1.2.3, "1.2", 2 GiB. */
void event_print_value(const struct event *e, enum field_id f, struct buffer *out);

/*
 * The event as EVE JSON: timestamp, event_type, community_id, and every field at its EVE
 * path, but none that is PRIVACY_MEMORY. Yours to free. skip (NULL: none): fields left
 * out, a bit each; without an address there is no community_id, which tells it to whoever
 * tries them all.
 *
 * Numbers and sizes are numbers, durations too, in microseconds; times are as
 * "timestamp"; names are their words and several a list; addresses are text; proto is
 * "TCP" and "IPv6-ICMP", a TLS version "TLS 1.2" or "SSLv3"; addresses answered by DNS
 * are parted into dns.grouped.A and .AAAA, the bytes of a certificate's fingerprint by
 * colons: all as Suricata writes them.
 */
struct field_set {
    uint64_t bits[(FIELD_COUNT + 63) / 64];
};

static inline void field_set_add(struct field_set *s, enum field_id f)
{
    s->bits[f / 64] |= UINT64_C(1) << (f % 64);
}

static inline bool field_set_has(const struct field_set *s, enum field_id f)
{
    return s->bits[f / 64] >> (f % 64) & 1;
}

struct json *event_json(const struct event *e, const struct field_set *skip);

#endif
