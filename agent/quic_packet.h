/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quic_packet.h - QUIC's Initial packets: found in a datagram, opened, and taken apart
 * (RFC 9000 sections 12, 17.2 and 19; version 2: RFC 9369).
 */
#ifndef QUIC_PACKET_H
#define QUIC_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/quic_crypt.h"
#include "cur.h"
#include "names.h"

#define QUIC_CID_MAX 20 /* bytes of a connection id, RFC 9000 section 17.2 */
#define QUIC_PACKET_MAX                                            \
    9216 /* longest Initial packet that is opened: a jumbo frame's \
          */

struct quic_version; /* one whose Initial packets can be opened; lives for ever */

/* By its number on the wire; NULL: none of them. */
const struct quic_version *quic_version_find(uint32_t wire);

enum quic_version_name quic_version_name(const struct quic_version *v);

/* A packet with a long header. Borrows from the datagram. */
struct quic_packet {
    const struct quic_version *version; /* NULL: none that is known */
    bool asks;                          /* a version to be refused (section 15) */
    bool initial;
    struct cur dcid;   /* Destination Connection ID */
    struct cur whole;  /* from the first byte on */
    size_t number_pos; /* Initial: where the packet number stands in it */
};

/*
 * The packet at c, which then stands behind it. False: there is none with a long header,
 * or it is broken. What follows a packet of unknown length is not looked at: of an
 * unknown version, or a Retry.
 */
bool quic_packet_next(struct cur *c, struct quic_packet *ret_packet);

/* The client's keys of a conversation whose first Initial packet went to cid. */
struct quic_keys quic_packet_keys(const struct quic_version *v, struct cur cid);

/* Opens an Initial packet into room, where *ret_frames then points. False: it is none
 * that was sealed with these keys. */
bool quic_packet_open(const struct quic_packet *p, const struct quic_keys *keys,
                      uint8_t room[QUIC_PACKET_MAX], struct cur *ret_frames);

/* The bytes of the next CRYPTO frame, and where they stand in the handshake. False: no
 * more, or a frame that no Initial packet may have (section 17.2.2). */
bool quic_crypto_next(struct cur *frames, uint64_t *ret_at, struct cur *ret_bytes);

#endif
