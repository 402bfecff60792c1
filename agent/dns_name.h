/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns_name.h - names inside DNS messages (RFC 1035 sections 3.1 and 4.1.4).
 */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "cur.h"
#include "text.h"

/* A name has at most 255 bytes on the wire (RFC 1035 section 2.3.4), and the longest text
 * has four characters for each. */
#define DNS_NAME_TEXT 1024

/*
 * A name as text: labels with dots between them, none at the end, "." for the root. Bytes
 * that are no printable ASCII, dots and backslashes inside a label are written \\DDD (RFC
 * 1035 section 5.1).
 */
struct dns_name {
    char text[DNS_NAME_TEXT]; /* no zero byte */
    size_t text_len;
    unsigned len;       /* of its labels and the dots between them, unescaped */
    unsigned labels;    /* 0: the root */
    unsigned max_label; /* length of the longest label */
};

/*
 * Reads the name at c, a cursor into message, and puts c behind it. Compression pointers
 * may only point to before where they stand, so every name ends. False when the name is
 * broken or longer than names are; then c is broken too.
 */
bool dns_name_read(struct cur *c, struct cur message, struct dns_name *ret_name);

/* Puts c behind the name without following pointers. */
bool dns_name_skip(struct cur *c);

static inline struct text dns_name_text(const struct dns_name *n)
{
    return (struct text){.at = n->text, .len = n->text_len};
}

#endif
