/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pcap_file.h"

#define MAGIC 0xa1b2c3d4u /* microseconds, in this machine's byte order */

static void put_u32(struct buffer *to, uint32_t number)
{
    buffer_add(to, &number, sizeof(number));
}

void pcap_file_begin(struct buffer *to, int link, uint32_t snaplen)
{
    put_u32(to, MAGIC);
    put_u32(to, 2 | 4u << 16); /* version 2.4 */
    put_u32(to, 0);
    put_u32(to, 0);
    put_u32(to, snaplen);
    put_u32(to, (uint32_t)link);
}

void pcap_file_add(struct buffer *to, const struct frame *f)
{
    put_u32(to, (uint32_t)(f->time / USEC_PER_SEC));
    put_u32(to, (uint32_t)(f->time % USEC_PER_SEC));
    put_u32(to, f->len);
    put_u32(to, f->wire_len);
    buffer_add(to, f->bytes, f->len);
}
