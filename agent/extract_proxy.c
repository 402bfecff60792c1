/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line that a load balancer puts before a conversation to say for whom it speaks
 * (PROXY protocol, version 1 and 2). It says nothing here; what comes behind it is read.
 */
#include <string.h>

#include "agent/extract.h"

#define LINE_MAX_BYTES 107 /* version 1 with its end, section 2.1 */
#define HEAD_BYTES     16  /* of version 2, section 2.2 */

static const uint8_t line_begins[] = {'P', 'R', 'O', 'X', 'Y', ' ', 'T', 'C', 'P'};
static const uint8_t head_begins[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                      0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

/* As far as both go, the bytes are these. */
static bool begins_with(struct cur c, const uint8_t *bytes, size_t len)
{
    size_t both = cur_left(&c) < len ? cur_left(&c) : len;

    return both > 0 && memcmp(c.pos, bytes, both) == 0;
}

static bool proxy_wants(const struct packet *p, struct cur bytes)
{
    (void)p;
    return begins_with(bytes, line_begins, sizeof(line_begins)) ||
           begins_with(bytes, head_begins, sizeof(head_begins));
}

static enum extract_result line_read(struct cur *bytes)
{
    size_t most = cur_left(bytes) < LINE_MAX_BYTES ? cur_left(bytes) : LINE_MAX_BYTES;
    const uint8_t *end = memchr(bytes->pos, '\n', most);

    if (!end)
        return most < LINE_MAX_BYTES ? EXTRACT_MORE : EXTRACT_NOT;
    cur_skip(bytes, (size_t)(end - bytes->pos) + 1);
    return EXTRACT_OTHER;
}

static enum extract_result head_read(struct cur *bytes)
{
    struct cur c = *bytes;

    cur_skip(&c, HEAD_BYTES - 2);
    cur_skip(&c, cur_u16(&c));
    if (cur_broken(&c))
        return EXTRACT_MORE;
    *bytes = c;
    return EXTRACT_OTHER;
}

static enum extract_result proxy_read(struct cur *bytes, struct extract_out *out)
{
    (void)out;
    if (begins_with(*bytes, head_begins, sizeof(head_begins)))
        return head_read(bytes);
    return begins_with(*bytes, line_begins, sizeof(line_begins)) ? line_read(bytes)
                                                                 : EXTRACT_NOT;
}

const struct extractor extract_proxy = {
    .name = "proxy",
    .kind = EVENT_TLS,
    .from = EXTRACT_STREAM,
    .most = HEAD_BYTES + UINT16_MAX,
    .wants = proxy_wants,
    .read = proxy_read,
};
