/* SPDX-License-Identifier: Apache-2.0 */
/*
 * der.h - DER (X.690) is read one element at a time: a tag of one byte, a length, and a
 * cursor over the body. An element that is not there, or has another tag, breaks the
 * cursor it was to be read from, so that a whole structure is read straight down and
 * asked once.
 *
 * BER of definite lengths and tags of one byte, as SNMP has it, is read as well: a length
 * may be told in more bytes than it needs, in four at most.
 */
#ifndef DER_H
#define DER_H

#include <stdbool.h>
#include <stdint.h>

#include "cur.h"

enum der_tag {
    DER_INTEGER = 0x02,
    DER_OCTETS = 0x04,
    DER_SEQUENCE = 0x30,
};

/* X.690 section 8.1.3; the indefinite form is BER's alone. */
static inline size_t der_length(struct cur *c)
{
    uint8_t first = cur_u8(c);
    size_t len = 0;

    if (first < 0x80)
        return first;
    if (first == 0x80 || first > 0x84) {
        c->broken = true;
        return 0;
    }
    for (unsigned i = first & 0x7f; i > 0; i--)
        len = len << 8 | cur_u8(c);
    return len;
}

/* Any element; broken when it is not whole. */
static inline struct cur der_any(struct cur *c, uint8_t *ret_tag)
{
    *ret_tag = cur_u8(c);
    return cur_sub(c, der_length(c));
}

/* Is the next element one of these? */
static inline bool der_is(const struct cur *c, uint8_t tag)
{
    return cur_left(c) > 0 && !cur_broken(c) && *c->pos == tag;
}

static inline struct cur der_take(struct cur *c, uint8_t tag)
{
    uint8_t found;

    if (!der_is(c, tag))
        c->broken = true;
    return der_any(c, &found);
}

static inline void der_pass(struct cur *c, uint8_t tag)
{
    if (der_is(c, tag))
        (void)der_take(c, tag);
}

/* An INTEGER of at most four bytes (section 8.3). */
static inline int32_t der_int32(struct cur *c)
{
    struct cur body = der_take(c, DER_INTEGER);
    size_t len = cur_left(&body);
    uint32_t n;

    if (cur_broken(&body) || len == 0 || len > 4) {
        c->broken = true;
        return 0;
    }
    n = body.pos[0] & 0x80 ? UINT32_MAX : 0;
    while (cur_left(&body) > 0)
        n = n << 8 | cur_u8(&body);
    return (int32_t)n;
}

#endif
