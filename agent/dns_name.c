/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/dns_name.h"

#include <string.h>

#define WIRE_MAX      255
#define LABEL_MAX     63
#define POINTERS_MAX  127 /* as many as a name of 255 bytes has labels */
#define POINTER       0xc0
#define POINTER_BYTES 2

static bool fail(struct cur *c)
{
    cur_skip(c, cur_left(c) + 1);
    return false;
}

static void add_label(struct dns_name *n, const uint8_t *bytes, uint8_t len)
{
    if (n->labels > 0)
        n->text[n->len++] = '.';
    for (uint8_t i = 0; i < len; i++)
        n->text[n->len++] = bytes[i] == '.' ? '?' : (char)bytes[i];
    n->labels++;
    if (len > n->max_label)
        n->max_label = len;
}

/*
 * Moves *at to where the pointer whose first byte was just read leads. The limit for the
 * next one shrinks each time, which is what makes loops impossible.
 */
static bool follow(struct cur *at, uint8_t first, struct cur message,
                   const uint8_t **limit)
{
    size_t offset = (size_t)(first & ~POINTER) << 8 | cur_u8(at);

    if (cur_broken(at) || offset >= (size_t)(*limit - message.pos))
        return false;
    *at = message;
    cur_skip(at, offset);
    *limit = at->pos;
    return true;
}

bool dns_name_read(struct cur *c, struct cur message, struct dns_name *ret_name)
{
    struct cur at = *c, behind = *c;
    const uint8_t *limit = c->pos;
    unsigned jumps = 0;
    size_t wire = 1;

    ret_name->len = ret_name->labels = ret_name->max_label = 0;
    for (;;) {
        uint8_t len = cur_u8(&at);

        if ((len & POINTER) == POINTER) {
            if (jumps == 0)
                cur_skip(&behind, (size_t)(at.pos - c->pos - 1) + POINTER_BYTES);
            if (++jumps > POINTERS_MAX || !follow(&at, len, message, &limit))
                return fail(c);
            continue;
        }
        if (cur_broken(&at) || len > LABEL_MAX)
            return fail(c);
        if (len == 0)
            break;

        const uint8_t *label = cur_bytes(&at, len);

        wire += (size_t)len + 1;
        if (!label || wire > WIRE_MAX)
            return fail(c);
        add_label(ret_name, label, len);
    }
    *c = jumps > 0 ? behind : at;
    return true;
}

bool dns_name_skip(struct cur *c)
{
    uint8_t len;

    while ((len = cur_u8(c)) != 0) {
        if ((len & POINTER) == POINTER) {
            cur_skip(c, POINTER_BYTES - 1);
            break;
        }
        if (len > LABEL_MAX)
            return fail(c);
        cur_skip(c, len);
    }
    return !cur_broken(c);
}
