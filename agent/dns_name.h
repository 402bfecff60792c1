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

/* At most 255 bytes on the wire (RFC 1035 section 2.3.4), two of them not in the text. */
#define DNS_NAME_TEXT 253

/*
 * A name as text: its labels as they are, upper case and odd bytes included, with dots
 * between them and none at the end; empty for the root. A dot inside a label, which no
 * host name has, stands as '?'.
 */
struct dns_name {
    char text[DNS_NAME_TEXT]; /* no zero byte */
    unsigned len;
    unsigned labels;    /* 0: the root */
    unsigned max_label; /* length of the longest label */
};

/*
 * Reads the name at c, a cursor into message, and puts c behind it. Compression pointers
 * may only point to before where they stand, so every name ends; and only so many are
 * followed as a name may have labels, so that a message full of pointers to pointers is
 * read in time. False when the name is broken or longer than names are; then c is broken
 * too.
 */
bool dns_name_read(struct cur *c, struct cur message, struct dns_name *ret_name);

/* Puts c behind the name without following pointers. */
bool dns_name_skip(struct cur *c);

static inline struct text dns_name_text(const struct dns_name *n)
{
    return (struct text){.at = n->text, .len = n->len};
}

#endif
