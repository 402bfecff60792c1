/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A protected host may be one of a hundred names, and an event holds a few of them. So
 * the names that find no room are asked about one by one; where one of them is guarded,
 * it takes the place of all others.
 */
#include "agent/tls_certificate.h"

#include <string.h>

#include "crypt.h"
#include "digest.h"
#include "domain.h"
#include "x509.h"

#define NAME_MAX_TEXT 512 /* of a distinguished name */
#define SERIAL_TEXT   64
#define CHAIN_MAX     8 /* certificates behind the first that are looked at */

#define FIRST FIELD_TLS_CERT_SUBJECT
#define LAST  FIELD_TLS_CERT_AUTHORITIES

bool tls_certificate_wanted(const struct extract_out *out)
{
    for (enum field_id f = FIRST; f <= LAST; f++)
        if (extract_asked(out, f))
            return true;
    return out->guards && out->host.len == 0;
}

static void put_name(struct event *e, enum field_id f, struct cur name)
{
    char room[NAME_MAX_TEXT];

    event_put_text(
        e, f,
        (struct text){.at = room, .len = x509_print_name(name, room, sizeof(room))});
}

/* ---- the hosts it is for ---- */

/* In clean form where it is a host name; room holds it. */
static struct text cleaned(struct text name, char room[DOMAIN_MAX])
{
    struct text clean = {.at = room};

    return domain_clean(name, room, &clean.len) == 0 ? clean : name;
}

static bool is_guarded(const struct extract_out *out, struct text name)
{
    return out->guards && out->guards(name, out->arg);
}

static void begin_event(struct extract_out *out, enum event_kind kind)
{
    event_begin(out->event, kind, out->packet->time);
    event_put_number(out->event, FIELD_TLS_SIDE, TLS_CERTIFICATE);
    if (out->host.len > 0)
        event_put_host(out->event, FIELD_HOST, FIELD_HOST_REGISTRABLE, out->host);
}

/* Nothing else stays of the certificate: it may have taken the room. */
static void put_only_host(struct extract_out *out, struct text name)
{
    begin_event(out, event_kind(out->event));
    event_add_text(out->event, FIELD_TLS_CERT_NAMES, name);
}

/* Its dNSNames; whether there are any. */
static bool put_alternatives(struct extract_out *out, struct cur names)
{
    struct event *e = out->event;
    char room[DOMAIN_MAX];
    struct text name;
    bool any = false;

    for (; x509_next_name(&names, &name); any = true) {
        name = cleaned(name, room);
        if (!event_short(e))
            event_add_text(e, FIELD_TLS_CERT_NAMES, name);
        if (event_short(e) && is_guarded(out, name)) {
            put_only_host(out, name);
            break;
        }
    }
    return any;
}

/* A common name is a host, a person, a device: only what looks like a host is one. */
static bool clean_common_name(const struct x509 *c, char room[DOMAIN_MAX],
                              struct text *ret_name)
{
    struct text name = x509_common_name(c->subject);

    ret_name->at = room;
    return name.len > 0 && memchr(name.at, '.', name.len) &&
           domain_clean(name, room, &ret_name->len) == 0;
}

static void put_hosts(struct extract_out *out, const struct x509 *c)
{
    bool any = put_alternatives(out, c->names);
    char room[DOMAIN_MAX];
    struct text common;

    if (!clean_common_name(c, room, &common))
        return;
    if (!any)
        event_add_text(out->event, FIELD_TLS_CERT_NAMES, common);
    else if (is_guarded(out, common))
        put_only_host(out, common);
}

/* ---- the rest ---- */

static void put_validity(struct event *e, const struct x509 *c, usec_t now)
{
    if (c->not_before != X509_TIME_NONE) {
        event_put_number(e, FIELD_TLS_CERT_NOT_BEFORE, c->not_before);
        event_put_number(e, FIELD_TLS_CERT_EARLY, now < c->not_before);
    }
    if (c->not_after != X509_TIME_NONE) {
        event_put_number(e, FIELD_TLS_CERT_NOT_AFTER, c->not_after);
        event_put_number(e, FIELD_TLS_CERT_EXPIRED, now > c->not_after);
        event_put_number(e, FIELD_TLS_CERT_REMAINING,
                         now < c->not_after ? c->not_after - now : 0);
    }
    if (event_has(e, FIELD_TLS_CERT_EARLY) && event_has(e, FIELD_TLS_CERT_EXPIRED) &&
        c->not_before < c->not_after)
        event_put_number(e, FIELD_TLS_CERT_LIFETIME, c->not_after - c->not_before);
}

static void put_hash(struct event *e, enum field_id f, const uint8_t *hash, size_t len)
{
    char text[65];

    crypt_hex(hash, len, text);
    event_put_text(e, f, text_of(text));
}

/* They cost more than all the rest. */
static void put_fingerprints(struct extract_out *out, struct cur der)
{
    uint8_t sha1[20], sha256[32];

    if (extract_asked(out, FIELD_TLS_CERT_SHA1)) {
        digest_sha1(der.pos, cur_left(&der), sha1);
        put_hash(out->event, FIELD_TLS_CERT_SHA1, sha1, sizeof(sha1));
    }
    if (extract_asked(out, FIELD_TLS_CERT_SHA256)) {
        crypt_sha256(der.pos, cur_left(&der), sha256);
        put_hash(out->event, FIELD_TLS_CERT_SHA256, sha256, sizeof(sha256));
    }
}

/* ---- who vouches for it ---- */

/* The certificate in the chain whose subject is that name, which is then passed over by
 * the next search. */
static bool take_holder(struct cur chain, struct cur name, unsigned *passed,
                        struct x509 *ret_holder)
{
    for (unsigned i = 0; i < CHAIN_MAX && cur_left(&chain) > 0; i++) {
        struct cur der = cur_sub(&chain, cur_u24(&chain));

        if (*passed >> i & 1 || !x509_parse(der, ret_holder) ||
            !x509_same_name(ret_holder->subject, name))
            continue;
        *passed |= 1U << i;
        return true;
    }
    return false;
}

/* From the server's own upwards: they need not stand in order, and there may be some
 * that do not belong to it. All or nothing: who is left out may be the one that counts.
 */
static void put_authorities(struct event *e, const struct x509 *own, struct cur chain)
{
    struct cur name = own->issuer;
    unsigned passed = 0;
    char room[NAME_MAX_TEXT];
    struct x509 holder;

    for (unsigned i = 0; i <= CHAIN_MAX; i++) {
        event_add_text(
            e, FIELD_TLS_CERT_AUTHORITIES,
            (struct text){.at = room, .len = x509_print_name(name, room, sizeof(room))});
        if (!take_holder(chain, name, &passed, &holder) || x509_self_issued(&holder))
            break;
        name = holder.issuer;
    }
    if (event_short(e))
        event_drop(e, FIELD_TLS_CERT_AUTHORITIES);
}

void tls_certificate_emit(struct extract_out *out, enum event_kind kind,
                          struct cur message)
{
    size_t all = cur_u24(&message);
    struct cur chain = message, der = cur_sub(&chain, cur_u24(&chain));
    bool whole = cur_left(&message) == all;
    struct event *e = out->event;
    char serial[SERIAL_TEXT];
    struct x509 c;

    if (!x509_parse(der, &c))
        return;
    begin_event(out, kind);
    if (out->host.len > 0)
        event_put_number(e, FIELD_TLS_CERT_MATCHES_SNI, x509_covers(&c, out->host));
    put_name(e, FIELD_TLS_CERT_SUBJECT, c.subject);
    put_name(e, FIELD_TLS_CERT_ISSUER, c.issuer);
    event_put_text(e, FIELD_TLS_CERT_SERIAL,
                   (struct text){.at = serial,
                                 .len = x509_print_serial(&c, serial, sizeof(serial))});
    put_validity(e, &c, out->packet->time);
    event_put_number(e, FIELD_TLS_CERT_SIGNATURE, c.signature);
    event_put_number(e, FIELD_TLS_CERT_KEY, c.key);
    if (c.key_bits > 0)
        event_put_number(e, FIELD_TLS_CERT_KEY_BITS, c.key_bits);
    event_put_number(e, FIELD_TLS_CERT_SELF_SIGNED, x509_self_issued(&c));
    put_fingerprints(out, der);
    if (whole && kind == EVENT_TLS && extract_asked(out, FIELD_TLS_CERT_AUTHORITIES))
        put_authorities(e, &c, chain);
    put_hosts(out, &c);
    out->emit(e, out->arg);
}
