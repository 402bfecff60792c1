/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cur.h - read bytes that came from outside, and never leave their bounds.
 *
 * A cursor walks bytes that belong to somebody else. Reading past the end gives zero and
 * breaks the cursor, and a broken cursor stays broken; so a parser reads a whole header
 * straight down and asks once whether all of it was there:
 *
 *     struct cur c = cur_over(payload, len);
 *     uint16_t id = cur_u16(&c);
 *     const uint8_t *mac = cur_bytes(&c, 6);
 *
 *     if (cur_broken(&c))
 *         return -EBADMSG;
 *
 * Numbers are big-endian, as protocols write them; the few little-endian ones say so.
 */
#ifndef CUR_H
#define CUR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cur {
    const uint8_t *pos;
    const uint8_t *end;
    bool broken;
};

/* A cursor at the start of len bytes, which must outlive it. */
static inline struct cur cur_over(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

    return (struct cur){.pos = at, .end = at ? at + len : at, .broken = false};
}

static inline size_t cur_left(const struct cur *c)
{
    return (size_t)(c->end - c->pos);
}

static inline bool cur_broken(const struct cur *c)
{
    return c->broken;
}

/* The next n bytes, borrowed; NULL when they are not there. */
static inline const uint8_t *cur_bytes(struct cur *c, size_t n)
{
    const uint8_t *at = c->pos;

    if (c->broken || cur_left(c) < n) {
        c->broken = true;
        c->pos = c->end;
        return NULL;
    }
    c->pos += n;
    return at;
}

static inline void cur_skip(struct cur *c, size_t n)
{
    (void)cur_bytes(c, n);
}

static inline uint8_t cur_u8(struct cur *c)
{
    const uint8_t *b = cur_bytes(c, 1);

    return b ? b[0] : 0;
}

static inline uint16_t cur_u16(struct cur *c)
{
    const uint8_t *b = cur_bytes(c, 2);

    if (!b)
        return 0;
    return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t cur_u24(struct cur *c)
{
    const uint8_t *b = cur_bytes(c, 3);

    return b ? (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2] : 0;
}

static inline uint32_t cur_u32(struct cur *c)
{
    const uint8_t *b = cur_bytes(c, 4);

    return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
             : 0;
}

static inline uint64_t cur_u64(struct cur *c)
{
    const uint8_t *b = cur_bytes(c, 8);
    uint64_t number;

    if (!b)
        return 0;
    memcpy(&number, b, sizeof(number));
    return be64toh(number);
}

static inline uint16_t cur_u16_le(struct cur *c)
{
    return __builtin_bswap16(cur_u16(c));
}

static inline uint32_t cur_u32_le(struct cur *c)
{
    return __builtin_bswap32(cur_u32(c));
}

static inline uint64_t cur_u64_le(struct cur *c)
{
    return __builtin_bswap64(cur_u64(c));
}

/* Copies the next n bytes to out, or zeroes when they are not there. */
static inline void cur_copy(struct cur *c, void *out, size_t n)
{
    const uint8_t *b = cur_bytes(c, n);

    if (b)
        memcpy(out, b, n);
    else
        memset(out, 0, n);
}

/* A cursor over the next n bytes only, for a field that states its own length. */
static inline struct cur cur_sub(struct cur *c, size_t n)
{
    const uint8_t *b = cur_bytes(c, n);
    struct cur sub = cur_over(b, b ? n : 0);

    sub.broken = !b;
    return sub;
}

#endif
