/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode.h - frames to packets: Ethernet (IEEE 802.3), VLAN and QinQ (802.1Q, 802.1ad),
 * Linux cooked capture v1 and v2, raw IP, BSD loopback, PPP (RFC 1661), PPPoE (RFC 2516),
 * MPLS (RFC 3032); IPv4 (RFC 791), IPv6 with its extension headers (RFC 8200); TCP
 * (RFC 9293), UDP (RFC 768), ICMP (RFC 792, 4443), SCTP (RFC 9260).
 *
 * A packet in a packet is opened: IP in IP (RFC 2003), 6in4 (RFC 4213), GRE (RFC 2784,
 * 2890; PPTP's, RFC 2637), VXLAN (RFC 7348), GENEVE (RFC 8926), Teredo (RFC 4380), up to
 * DECODE_TUNNELS of them. The inner one is what is returned, the others hang on it as
 * packet.outer. What looks like a tunnel but has no packet in it that can be read is
 * itself the packet, and so is one whose inner packet is a fragment that waits.
 *
 * Checksums are not looked at: a sensor sees frames before the network card fills them
 * in. A length of 0 in an IP header means the same (segmentation offload): all that is
 * there.
 *
 * Fragments are put together in a table of fixed capacity. Overlaps: the bytes that came
 * first stay (RFC 5722 forbids them in IPv6: such a datagram is dropped and counted).
 */
#ifndef DECODE_H
#define DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "agent/packet.h"

/* Why a frame did not become a packet, or that it did. The words are in decode_reasons.
 */
enum decode_verdict {
    DECODE_PACKET,
    DECODE_FRAGMENT_WAITS, /* kept; the packet comes with its last fragment */
    DECODE_CUT_LINK,       /* shorter than its link header says */
    DECODE_LINK_UNKNOWN,   /* a link type this sensor does not read */
    DECODE_CUT_IP,
    DECODE_BAD_IP, /* version, header length or total length cannot be */
    DECODE_CUT_L4,
    DECODE_BAD_L4,
    DECODE_BAD_FRAGMENT, /* its datagram is dropped: overlap in IPv6, over 65,535 bytes,
                          * length no multiple of 8, two different ends */
    DECODE_VERDICTS,
};
extern const char *const decode_reasons[DECODE_VERDICTS]; /* "cut_link", for counters */

struct decoder;

struct decoder_settings {
    uint32_t fragment_capacity; /* datagrams under construction, at least 1;
                                 * 9 KiB of memory for each */
    usec_t fragment_timeout;    /* RFC 791: 15 s; RFC 8200: 60 s */
};

#define DECODE_TUNNELS 3

struct decoder_counts {
    uint64_t tunnels[TUNNEL_TEREDO + 1]; /* opened, by enum tunnel */
    uint64_t tunnels_refused;            /* nothing that can be read was in them */
    uint64_t by_verdict[DECODE_VERDICTS];
    uint64_t fragments_expired; /* datagrams that never became whole */
    uint64_t fragments_evicted; /* gave up their place to a new one */
};

struct decoder *decoder_new(const struct decoder_settings *settings);
void decoder_free(struct decoder *d);

/* ret_packet is good until the next call, and only for DECODE_PACKET. */
enum decode_verdict decoder_read(struct decoder *d, const struct frame *f,
                                 struct packet *ret_packet);

const struct decoder_counts *decoder_counts(const struct decoder *d);

#endif
