/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequence numbers are not followed: a sensor misses packets, and what it makes of a
 * forged RST is no worse than what a rule makes of a scan. The states are those of
 * names.h, from the point of view of who watches and not of either end.
 */
#include "agent/flow_state.h"

#define IP_ICMP  1
#define IP_TCP   6
#define IP_ICMP6 58

#define FIN_CLIENT 1u
#define FIN_SERVER 2u

static const struct {
    uint8_t proto, question, answer;
} icmp_pairs[] = {
    {IP_ICMP, 8, 0},      /* echo */
    {IP_ICMP, 10, 9},     /* router solicitation, RFC 1256 */
    {IP_ICMP, 13, 14},    /* time stamp */
    {IP_ICMP, 15, 16},    /* information */
    {IP_ICMP, 17, 18},    /* address mask */
    {IP_ICMP6, 128, 129}, /* echo */
    {IP_ICMP6, 133, 134}, /* router solicitation */
    {IP_ICMP6, 135, 136}, /* neighbour solicitation */
};

bool flow_state_is_icmp(uint8_t proto)
{
    return proto == IP_ICMP || proto == IP_ICMP6;
}

/* The row of the pair that a type is one of, or -1. */
static int icmp_pair(uint8_t proto, uint16_t type)
{
    for (int i = 0; i < (int)(sizeof(icmp_pairs) / sizeof(icmp_pairs[0])); i++) {
        if (icmp_pairs[i].proto == proto &&
            (icmp_pairs[i].question == type || icmp_pairs[i].answer == type))
            return i;
    }
    return -1;
}

uint16_t flow_state_icmp_number(uint8_t proto, uint16_t type, uint16_t code)
{
    int pair = icmp_pair(proto, type);

    if (pair >= 0)
        return (uint16_t)(icmp_pairs[pair].question << 8);
    return (uint16_t)(type << 8 | code);
}

static bool is_first_syn(const struct packet *p)
{
    return (p->tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_ACK)) == TCP_FLAG_SYN;
}

bool flow_state_first_is_client(const struct packet *p)
{
    if (flow_state_is_icmp(p->ip_proto)) {
        int pair = icmp_pair(p->ip_proto, p->src_port);

        return pair < 0 || icmp_pairs[pair].question == p->src_port;
    }
    if (p->ip_proto != IP_TCP)
        return true;
    if (p->tcp_flags & TCP_FLAG_SYN)
        return is_first_syn(p);
    return p->src_port >= p->dst_port;
}

void flow_state_begin(struct flow *f, const struct packet *p)
{
    if (p->ip_proto != IP_TCP)
        return;
    if (!(p->tcp_flags & TCP_FLAG_SYN))
        f->tcp_state = TCP_STATE_MIDSTREAM;
    if (is_first_syn(p)) {
        f->has_order = true;
        f->order = (uint8_t)p->syn_order & 3U;
    }
}

static enum tcp_state after_reset(const struct flow *f, bool from_client)
{
    switch (f->tcp_state) {
    case TCP_STATE_NO_ANSWER:
        return from_client ? TCP_STATE_NO_ANSWER : TCP_STATE_REFUSED;
    case TCP_STATE_ESTABLISHED:
    case TCP_STATE_MIDSTREAM: /* behind a FIN it is how browsers hang up */
        return f->fins ? TCP_STATE_CLOSED : TCP_STATE_RESET;
    default:
        return f->tcp_state;
    }
}

/*
 * That a client goes on with an ACK proves that it was answered, even where the sensor
 * sees one direction only.
 */
static bool proves_answer(uint8_t flags, bool from_client)
{
    return !from_client || (flags & (TCP_FLAG_SYN | TCP_FLAG_ACK)) == TCP_FLAG_ACK;
}

static enum tcp_state after_packet(struct flow *f, uint8_t flags, bool from_client)
{
    enum tcp_state state = f->tcp_state;

    if (flags & TCP_FLAG_RST)
        return after_reset(f, from_client);
    if (flags & TCP_FLAG_FIN)
        f->fins |= from_client ? FIN_CLIENT : FIN_SERVER;
    if (state == TCP_STATE_NO_ANSWER && proves_answer(flags, from_client))
        state = TCP_STATE_ESTABLISHED;
    if (f->fins != (FIN_CLIENT | FIN_SERVER))
        return state;
    return state == TCP_STATE_ESTABLISHED || state == TCP_STATE_MIDSTREAM
               ? TCP_STATE_CLOSED
               : state;
}

void flow_state_packet(struct flow *f, const struct packet *p, bool from_client)
{
    if (!from_client)
        f->answered = true;
    if (f->ip_proto == IP_TCP)
        f->tcp_state = after_packet(f, p->tcp_flags, from_client);
}

enum flow_class flow_state_class(const struct flow *f)
{
    if (f->ip_proto != IP_TCP)
        return f->answered ? FLOW_CLASS_OTHER : FLOW_CLASS_NEW;

    switch (f->tcp_state) {
    case TCP_STATE_ESTABLISHED:
        return FLOW_CLASS_TCP;
    case TCP_STATE_MIDSTREAM:
        return f->answered ? FLOW_CLASS_TCP : FLOW_CLASS_NEW;
    case TCP_STATE_NO_ANSWER:
        return FLOW_CLASS_NEW;
    default:
        return FLOW_CLASS_CLOSED;
    }
}

bool flow_state_begins_anew(const struct flow *f, const struct packet *p)
{
    return f->ip_proto == IP_TCP && is_first_syn(p) &&
           flow_state_class(f) == FLOW_CLASS_CLOSED;
}
