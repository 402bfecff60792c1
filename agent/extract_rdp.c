/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RDP: the protection that the client offers and the server chooses, [MS-RDPBCGR] 2.2.1.1
 * and 2.2.1.2, in the connection request and confirm of X.224 (section 13) in TPKT
 * (RFC 1006). The cookie in the request is a person's name: it is passed over.
 *
 * Where neither end speaks of protection, it is RDP's own - or no RDP at all, so then the
 * port must be its own.
 */
#include <string.h>

#include "agent/extract.h"
#include "names.h"

#define RDP_PORT     3389
#define TPKT_MOST    1024
#define FIXED        11 /* bytes before the variable part */
#define X224_REQUEST 0xe0
#define X224_CONFIRM 0xd0

#define NEG_REQUEST  1
#define NEG_RESPONSE 2
#define NEG_FAILURE  3
#define NEG_LEN      8

/* Bits of requestedProtocols and selectedProtocol. */
static const enum rdp_security by_bit[] = {RDP_TLS, RDP_NLA, RDP_RDSTLS, RDP_NLA_EARLY,
                                           RDP_AAD};

static uint64_t offered_of(uint32_t bits)
{
    uint64_t mask = 0;

    for (unsigned i = 0; i < sizeof(by_bit) / sizeof(*by_bit); i++)
        if (bits >> i & 1)
            mask |= UINT64_C(1) << by_bit[i];
    return mask ? mask : UINT64_C(1) << RDP_STANDARD;
}

static enum rdp_security chosen_of(uint32_t bits)
{
    for (unsigned i = 0; i < sizeof(by_bit) / sizeof(*by_bit); i++)
        if (bits == 1U << i)
            return by_bit[i];
    return bits == 0 ? RDP_STANDARD : RDP_FAILED;
}

/* What is said of protection. False: nothing is. */
static bool read_negotiation(struct cur *c, uint8_t *ret_type, uint32_t *ret_bits)
{
    struct cur at = *c;
    uint16_t len;

    *ret_type = cur_u8(&at);
    cur_skip(&at, 1); /* flags */
    len = cur_u16_le(&at);
    *ret_bits = cur_u32_le(&at);
    return !cur_broken(&at) && len == NEG_LEN && *ret_type >= NEG_REQUEST &&
           *ret_type <= NEG_FAILURE;
}

/* A line before it: the cookie, or a token for whoever shares out the load. */
static void skip_line(struct cur *c)
{
    size_t left = cur_left(c);
    const uint8_t *end =
        left > 0 && *c->pos > NEG_FAILURE ? memchr(c->pos, '\n', left) : NULL;

    if (end)
        cur_skip(c, (size_t)(end - c->pos) + 1);
}

static enum extract_result emit(struct extract_out *out, bool request, bool said,
                                uint8_t type, uint32_t bits)
{
    struct event *e = out->event;

    event_begin(e, EVENT_RDP, out->packet->time);
    event_put_number(e, FIELD_RDP_SIDE, request ? SIDE_CLIENT : SIDE_SERVER);
    if (request)
        event_put_number(e, FIELD_RDP_OFFERED, offered_of(said ? bits : 0));
    else
        event_put_number(e, FIELD_RDP_SECURITY,
                         type == NEG_FAILURE ? RDP_FAILED : chosen_of(said ? bits : 0));
    out->emit(e, out->arg);
    return EXTRACT_OTHER;
}

static bool is_rdp(const struct packet *p, bool request, bool said, uint8_t type)
{
    if (said)
        return (type == NEG_REQUEST) == request;
    return (request ? p->dst_port : p->src_port) == RDP_PORT;
}

static enum extract_result rdp_read(struct cur *bytes, struct extract_out *out)
{
    size_t left = cur_left(bytes);
    struct cur message;
    uint32_t head = cur_u32(bytes), bits;
    uint16_t len = (uint16_t)head;
    uint8_t code, type;
    bool request, said;

    if (left >= 4 && (head >> 16 != 0x0300 || len < FIXED || len > TPKT_MOST))
        return EXTRACT_NOT;
    if (left < 4 || left < len)
        return EXTRACT_MORE;
    message = cur_sub(bytes, len - 4U);
    cur_skip(&message, 1); /* length of the header */
    code = cur_u8(&message) & 0xf0;
    cur_skip(&message, 5); /* references, class */
    request = code == X224_REQUEST;
    if (cur_broken(&message) || (!request && code != X224_CONFIRM))
        return EXTRACT_NOT;
    skip_line(&message);
    said = read_negotiation(&message, &type, &bits);
    if (!is_rdp(out->packet, request, said, type))
        return EXTRACT_NOT;
    return emit(out, request, said, type, bits);
}

static bool rdp_wants(const struct packet *p, struct cur bytes)
{
    size_t left = cur_left(&bytes);
    uint16_t version = cur_u16(&bytes);
    uint8_t code;

    if (left < 2)
        return p->dst_port == RDP_PORT || p->src_port == RDP_PORT;
    cur_skip(&bytes, 3);
    code = cur_u8(&bytes) & 0xf0;
    return version == 0x0300 &&
           (left < 6 || code == X224_REQUEST || code == X224_CONFIRM);
}

const struct extractor extract_rdp = {
    .name = "rdp",
    .kind = EVENT_RDP,
    .from = EXTRACT_STREAM,
    .app = "rdp",
    .most = TPKT_MOST,
    .secret = true,
    .wants = rdp_wants,
    .read = rdp_read,
};
