/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet.h - one frame's bytes and where its layers start. Lives for one call: whoever
 * wants to keep something copies it.
 */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "cur.h"
#include "names.h"
#include "net.h"

/* As capture hands it over. */
struct frame {
    usec_t time;
    const uint8_t *bytes;
    uint32_t len;      /* bytes that were captured */
    uint32_t wire_len; /* bytes that were on the wire, at least len */
    int link;          /* link type: a LINKTYPE_ number, as capture files have it */
};

enum tcp_flag {
    TCP_FLAG_FIN = 0x01,
    TCP_FLAG_SYN = 0x02,
    TCP_FLAG_RST = 0x04,
    TCP_FLAG_PSH = 0x08,
    TCP_FLAG_ACK = 0x10,
};

enum packet_layer {
    PACKET_LINK, /* no IP: ARP, LLDP, ... payload starts behind the Ethernet type */
    PACKET_IP,   /* IP, but nothing known above it */
    PACKET_L4,   /* TCP, UDP, SCTP: ports; ICMP, ICMPv6: type and code */
};

struct packet {
    usec_t time;
    uint32_t wire_len; /* of all its frames together */
    uint32_t frames;   /* 1; of a reassembled packet: its fragments */
    enum packet_layer layer;

    bool has_mac;
    struct mac src_mac, dst_mac; /* Linux cooked capture tells no dst: zeros */
    uint16_t vlan;               /* outermost VLAN id; 0: none */
    uint16_t ethertype;          /* behind all tags */

    struct addr src, dst;
    uint8_t ip_version; /* 4, 6; 0: no IP */
    uint8_t ip_proto;   /* behind IPv6 extension headers */
    uint8_t ttl;
    uint8_t tunnels;         /* packets around this one */
    enum tunnel tunnel : 8;  /* what the next of them is */
    enum tunnel carries : 8; /* what this one is to the packet in it */
    const struct packet
        *outer;        /* the next one around it, its payload this one; or NULL */
    bool reassembled;  /* put together from fragments; bytes are the decoder's */
    const uint8_t *ip; /* the IP header, for dpi */
    uint32_t ip_len;   /* as far as it was captured */

    uint16_t src_port, dst_port; /* ICMP: type, code */
    uint32_t tcp_seq, tcp_ack;
    uint8_t tcp_flags;
    enum syn_order syn_order : 8; /* of a SYN without ACK */

    /* Of the highest layer found, as far as it was captured; behind the options of TCP,
     * the checksum of ICMP (RFC 792: its first four bytes), the common header of SCTP. */
    struct cur payload;
    uint32_t payload_len; /* as its headers say, at least what payload holds */
};

#endif
