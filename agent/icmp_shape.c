/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/icmp_shape.h"

#include "agent/packet.h"

#define STAMP  16  /* bytes in front that may be a time stamp */
#define LOOKED 256 /* bytes of one message that are looked at */

static bool is_echo(const struct packet *p)
{
    if (p->layer != PACKET_L4)
        return false;
    return p->ip_proto == 1 ? p->src_port == 8 || p->src_port == 0
                            : p->src_port == 128 || p->src_port == 129;
}

static bool counts_up(struct cur c)
{
    uint8_t last = cur_u8(&c);

    while (cur_left(&c) > 0) {
        uint8_t next = cur_u8(&c);

        if (next != (uint8_t)(last + 1) && !(last == 'w' && next == 'a'))
            return false;
        last = next;
    }
    return true;
}

static bool repeats(struct cur c, size_t every)
{
    struct cur behind = c;

    cur_skip(&behind, every);
    while (cur_left(&behind) > 0)
        if (cur_u8(&behind) != cur_u8(&c))
            return false;
    return true;
}

static bool is_usual(struct cur c)
{
    if (cur_left(&c) <= STAMP)
        return true;
    cur_skip(&c, STAMP);
    if (counts_up(c))
        return true;
    for (size_t every = 1; every <= 16; every *= 2)
        if (repeats(c, every))
            return true;
    return false;
}

/* FNV-1a; never 0. */
static uint32_t sum_of(struct cur c, uint32_t len)
{
    uint32_t sum = 2166136261U ^ len;

    cur_skip(&c, STAMP);
    while (cur_left(&c) > 0)
        sum = (sum ^ cur_u8(&c)) * 16777619U;
    return sum ? sum : 1;
}

void icmp_shape_add(struct icmp_shape *s, const struct packet *p)
{
    struct cur c = p->payload;
    uint32_t len = p->payload_len > 4 ? p->payload_len - 4 : 0, sum;

    if (!is_echo(p))
        return;
    s->seen = 1;
    if (len > s->max)
        s->max = len < UINT16_MAX ? (uint16_t)len : UINT16_MAX;
    cur_skip(&c, 4); /* identifier, sequence number */
    if (cur_broken(&c))
        return;
    if (cur_left(&c) > LOOKED)
        c.end = c.pos + LOOKED;
    if (is_usual(c))
        return;
    sum = sum_of(c, len);
    if (s->last != 0 && s->last != sum && s->varies < UINT8_MAX)
        s->varies++;
    s->last = sum;
}
