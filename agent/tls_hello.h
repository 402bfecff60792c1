/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_hello.h - ClientHello and ServerHello (RFC 8446 section 4.1, RFC 5246
 * section 7.4.1), as TCP and QUIC carry them, and those of DTLS (RFC 6347 section 4.2.1,
 * RFC 9147 section 5.3), which have versions of their own and a cookie.
 */
#ifndef TLS_HELLO_H
#define TLS_HELLO_H

#include <stdbool.h>
#include <stdint.h>

#include "cur.h"
#include "names.h"
#include "text.h"

#define TLS_MESSAGE_MAX    16384 /* longest hello that is read, with its header */
#define TLS_EXTENSIONS_MAX 128

/* Borrows from the message. Lists stand as on the wire, two bytes an item where nothing
 * else is said, with their GREASE values (RFC 8701); an absent list is empty. */
struct tls_hello {
    enum tls_side side;
    bool retry;      /* a HelloRetryRequest, RFC 8446 section 4.1.4 */
    bool sni_sent;   /* the extension is there, perhaps without a name */
    bool ech;        /* encrypted_client_hello is there */
    uint16_t legacy; /* the version in its old place */
    uint16_t cipher; /* server: chosen */
    struct text sni;
    struct cur versions;   /* client: offered; server: the chosen one */
    struct cur ciphers;    /* client: offered */
    struct cur groups;     /* client */
    struct cur points;     /* client: one byte an item */
    struct cur signatures; /* client */
    struct cur alpn;       /* texts, each behind a byte with its length */
    uint16_t extensions[TLS_EXTENSIONS_MAX]; /* types in their order */
    unsigned extension_count;
    bool extensions_more; /* there were more than fit */
};

/* body: a whole handshake message of type 1 or 2, behind its header of four bytes. */
bool tls_hello_parse(enum tls_side side, struct cur body, struct tls_hello *ret_hello);

/* Likewise of DTLS: a message put together, without what says which part it was. */
bool tls_hello_parse_dtls(enum tls_side side, struct cur body,
                          struct tls_hello *ret_hello);

/* The highest version offered, or the one chosen, as on the wire; no GREASE. */
uint16_t tls_hello_version(const struct tls_hello *h);

/* A version on the wire as major * 256 + minor: TLS 1.2 is 0x0102, SSL 3.0 is 0x0003,
 * drafts of TLS 1.3 are it; DTLS 1.2 is 0x0102 as well. 0: no version that exists. */
unsigned tls_version_number(uint16_t wire);

/* DTLS counts down from 0xfeff, its 1.0; 0x0100 is what OpenSSL and Cisco sent before it
 * was written down. */
static inline bool tls_is_dtls(uint16_t wire)
{
    return wire >> 8 == 0xfe || wire == 0x0100;
}

/* The next ALPN text. False: that was the last one, or the list is broken. */
bool tls_alpn_next(struct cur *alpn, struct text *ret_text);

static inline bool tls_is_grease(uint16_t value)
{
    return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

#endif
