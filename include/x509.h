/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509.h - what a certificate says (RFC 5280), read from its DER (X.690).
 *
 * It is read as whoever meets it on the wire would: no signature is verified, no chain
 * followed. Everything in struct x509 borrows from the bytes that were read.
 */
#ifndef X509_H
#define X509_H

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "cur.h"
#include "names.h"
#include "text.h"

#define X509_TIME_NONE UINT64_MAX /* no date in a form that RFC 5280 knows */

struct x509 {
    struct cur serial;          /* big-endian, two's complement */
    struct cur issuer, subject; /* the relative names of each, in their order */
    struct cur names;           /* subjectAltName; empty when there is none */
    enum cert_signature signature;
    enum cert_key key;
    unsigned key_bits;            /* 0: of a kind that is not known here */
    usec_t not_before, not_after; /* of before 1970: 0 */
};

/* der: one whole certificate; bytes behind it are passed over. False: it is none. */
bool x509_parse(struct cur der, struct x509 *ret_cert);

/* The next dNSName of c->names, as it stands. False: that was the last one. */
bool x509_next_name(struct cur *names, struct text *ret_name);

/* The last common name of issuer or subject, as it stands; empty when there is none. */
struct text x509_common_name(struct cur name);

/* "C=US, O=Example, CN=www.example.org": in the order they stand in, as EVE has it, UTF-8
 * where it is. Returns the length; what does not fit is left out. */
size_t x509_print_name(struct cur name, char *ret_text, size_t capacity);

/* "0E:91:B4": as EVE has it. */
size_t x509_print_serial(const struct x509 *c, char *ret_text, size_t capacity);

/* RFC 5280 section 4.1.2.6: who issues writes its name as in its own certificate, byte
 * by byte. */
bool x509_same_name(struct cur a, struct cur b);

/* Its holder issued it: issuer and subject are the same. */
bool x509_self_issued(const struct x509 *c);

/* RFC 6125 section 6.4: host, a clean name (domain.h), is one of its dNSNames, or its
 * common name where it has no dNSName. '*' stands for one whole label, the first. */
bool x509_covers(const struct x509 *c, struct text host);

#endif
