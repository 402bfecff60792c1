/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_state.h - who called whom, and how far a conversation came. Part of the flow
 * table; pure, so that it can be tested packet by packet.
 */
#ifndef FLOW_STATE_H
#define FLOW_STATE_H

#include "agent/flow.h"

/* How patient the table is with a flow. */
enum flow_class {
    FLOW_CLASS_NEW,    /* nobody answered yet */
    FLOW_CLASS_TCP,    /* answered */
    FLOW_CLASS_OTHER,  /* answered, not TCP */
    FLOW_CLASS_CLOSED, /* TCP that is over */
    FLOW_CLASSES,
};

/* Did the client send the first packet that was seen of a conversation? */
bool flow_state_first_is_client(const struct packet *p);

/* What a packet does to its conversation; the first one included. */
void flow_state_begin(struct flow *f, const struct packet *p);
void flow_state_packet(struct flow *f, const struct packet *p, bool from_client);

enum flow_class flow_state_class(const struct flow *f);

/* Does this packet begin a new conversation, though an old one has the same ends? */
bool flow_state_begins_anew(const struct flow *f, const struct packet *p);

bool flow_state_is_icmp(uint8_t proto); /* of either version */

/* What stands for the ports when ICMP messages are told apart: a question and its answer
 * have the same number. Types of ICMP (RFC 792, 950) and ICMPv6 (RFC 4443, 4861). */
uint16_t flow_state_icmp_number(uint8_t proto, uint16_t type, uint16_t code);

#endif
