/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns_message.h - head, questions and records of a DNS message (RFC 1035 section 4.1), as
 * DNS itself, mDNS (RFC 6762) and LLMNR (RFC 4795) have them.
 */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/dns_name.h"
#include "cur.h"
#include "net.h"

#define DNS_HEAD_BYTES 12

enum dns_wire_type {
    WIRE_A = 1,
    WIRE_NS = 2,
    WIRE_CNAME = 5,
    WIRE_PTR = 12,
    WIRE_MX = 15,
    WIRE_AAAA = 28,
    WIRE_SRV = 33,
    WIRE_DNAME = 39,
    WIRE_OPT = 41,
    WIRE_SVCB = 64,
    WIRE_HTTPS = 65,
};

struct dns_head {
    uint16_t id, flags, questions, answers, authority, additional;
};

static inline bool dns_head_is_answer(const struct dns_head *h)
{
    return h->flags >> 15;
}

static inline unsigned dns_head_opcode(const struct dns_head *h)
{
    return h->flags >> 11 & 0xf;
}

/* False: cut. */
bool dns_head_read(struct cur *c, struct dns_head *ret_head);

/* Without its owner, which stands before it; data is in the message, for the pointers of
 * names in it. */
struct dns_record {
    uint16_t type, class;
    uint32_t ttl;
    struct cur data;
};

/* What stands behind the owner's name. False: cut. */
bool dns_record_read(struct cur *c, struct dns_record *ret_record);

/* The address of an A or AAAA record's data. */
bool dns_record_addr(struct cur data, struct addr *ret_addr);

#endif
