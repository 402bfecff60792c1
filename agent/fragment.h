/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fragment.h - IP datagrams under construction (RFC 791 section 3.2, RFC 8200 section
 * 4.5). Part of the decoder: nobody else puts fragments together.
 *
 * The table has a fixed number of places and of bytes (8 KiB for each place, all places
 * together). A datagram has `timeout` from its first fragment on; when places or bytes
 * run out, the oldest datagram gives up its own.
 */
#ifndef FRAGMENT_H
#define FRAGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/packet.h"

struct fragment {
    struct addr src, dst;
    uint32_t id;
    uint16_t vlan;
    uint8_t version; /* of IP */
    uint8_t proto;   /* of what was cut in pieces */
    uint16_t offset; /* in bytes */
    bool more;
    struct cur header; /* the IP header without extensions, at most 60 bytes */
    struct cur bytes;
    usec_t time;
    uint32_t wire_len;
};

/* A whole datagram as if it had never been cut; good until the next call. */
struct datagram {
    const uint8_t *bytes;
    uint32_t len;
    uint32_t header_len;
    uint8_t proto; /* as the first fragment says */
    uint32_t frames;
    uint32_t wire_len;
};

enum fragment_result { FRAGMENT_WAITS, FRAGMENT_WHOLE, FRAGMENT_BAD };

struct fragment_counts {
    uint64_t expired, evicted;
};

struct fragment_table;

struct fragment_table *fragment_table_new(uint32_t capacity, usec_t timeout);
void fragment_table_free(struct fragment_table *t);

/*
 * Lays a fragment in its place. FRAGMENT_BAD: it contradicts the others or itself; its
 * datagram is given up, and what still comes of it is bad as well.
 */
enum fragment_result fragment_table_put(struct fragment_table *t,
                                        const struct fragment *f,
                                        struct datagram *ret_whole);

const struct fragment_counts *fragment_table_counts(const struct fragment_table *t);

#endif
