/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frames.h - frames built by hand, header by header. A length or a type that a test wants
 * wrong is put over the right one with frame_set.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdint.h>
#include <string.h>

#include "agent/packet.h"

#define LINK_ETHERNET 1

struct built {
    uint8_t bytes[70000];
    uint32_t len;
};

static inline void frame_u8(struct built *b, unsigned n)
{
    b->bytes[b->len++] = (uint8_t)n;
}

static inline void frame_u16(struct built *b, unsigned n)
{
    frame_u8(b, n >> 8);
    frame_u8(b, n);
}

static inline void frame_u32(struct built *b, uint32_t n)
{
    frame_u16(b, n >> 16);
    frame_u16(b, n & 0xffff);
}

static inline void frame_fill(struct built *b, unsigned byte, uint32_t count)
{
    memset(b->bytes + b->len, (int)byte, count);
    b->len += count;
}

static inline void frame_set(struct built *b, uint32_t at, unsigned n)
{
    b->bytes[at] = (uint8_t)(n >> 8);
    b->bytes[at + 1] = (uint8_t)n;
}

/* From 02:..:01 to 02:..:02. */
static inline void frame_ethernet(struct built *b, unsigned type)
{
    frame_u16(b, 0x0200);
    frame_u32(b, 2);
    frame_u16(b, 0x0200);
    frame_u32(b, 1);
    frame_u16(b, type);
}

/* From 10.0.0.1 to 10.0.0.2, without options. */
static inline void frame_ipv4(struct built *b, unsigned proto, uint32_t payload,
                              unsigned cut)
{
    frame_u16(b, 0x4500);
    frame_u16(b, 20 + payload);
    frame_u16(b, 0x1234);
    frame_u16(b, cut);
    frame_u8(b, 64);
    frame_u8(b, proto);
    frame_u16(b, 0);
    frame_u32(b, 0x0a000001);
    frame_u32(b, 0x0a000002);
}

/* From 2001:db8::1 to 2001:db8::2. */
static inline void frame_ipv6(struct built *b, unsigned next, uint32_t payload)
{
    frame_u32(b, 0x60000000);
    frame_u16(b, payload);
    frame_u8(b, next);
    frame_u8(b, 64);
    for (uint32_t host = 1; host <= 2; host++) {
        frame_u32(b, 0x20010db8);
        frame_fill(b, 0, 8);
        frame_u32(b, host);
    }
}

static inline void frame_tcp(struct built *b, unsigned flags, uint32_t payload)
{
    frame_u16(b, 40000);
    frame_u16(b, 443);
    frame_u32(b, 1000);
    frame_u32(b, 2000);
    frame_u8(b, 5 << 4);
    frame_u8(b, flags);
    frame_u16(b, 512);
    frame_u32(b, 0);
    frame_fill(b, 'x', payload);
}

static inline void frame_udp(struct built *b, uint32_t payload)
{
    frame_u16(b, 40000);
    frame_u16(b, 53);
    frame_u16(b, 8 + payload);
    frame_u16(b, 0);
    frame_fill(b, 'x', payload);
}

static inline struct frame frame_of(const struct built *b, int link)
{
    return (struct frame){
        .time = 1000, .bytes = b->bytes, .len = b->len, .wire_len = b->len, .link = link};
}

#endif
