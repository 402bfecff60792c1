/* SPDX-License-Identifier: Apache-2.0 */
/*
 * icmp_shape.h - what the data of a conversation's echo messages look like (RFC 792,
 * RFC 4443 section 4.1): a ping sends the same again and again, a tunnel does not.
 *
 * A ping's data are a time stamp of up to 16 bytes and then a pattern: bytes that count
 * up (Linux, macOS, BSD), the alphabet up to w (Windows), or something that repeats every
 * 1, 2, 4, 8 or 16 bytes (ping -p). What fits is usual, however long it is. Of the others
 * it is counted how often one differs from the one before; an answer has the data of its
 * question, so somebody's own test pattern does not count.
 */
#ifndef ICMP_SHAPE_H
#define ICMP_SHAPE_H

#include <stdint.h>

struct packet;

struct icmp_shape {
    uint32_t last;  /* a sum of the last unusual data; 0: none yet */
    uint16_t max;   /* most bytes of data in one message */
    uint8_t varies; /* stops at 255 */
    uint8_t seen;   /* an echo message was there */
};

/* Looks at a packet of ICMP; all but echo messages are passed over. */
void icmp_shape_add(struct icmp_shape *s, const struct packet *p);

#endif
