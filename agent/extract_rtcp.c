/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTCP (RFC 3550 section 6): what one end of a call tells the other of how its packets
 * arrive. Nothing names it, so what is taken for it has to be a whole compound packet
 * (section 6.1, appendix A.2): reports first, each packet of the same version and of a
 * type that there is, and their lengths together the datagram's. What begins with
 * feedback or with what an application made up (RFC 5506 section 3.4.2; libre opens its
 * way through NAT so) says nothing here, but reports may follow it. In SRTCP (RFC 3711)
 * the reports are encrypted and a tag stands behind them, so the lengths do not add up.
 *
 * Who sends and who speaks, which are numbers and names in it, is passed over. The time
 * there and back is not worked out: somebody on the way sees a part of it only.
 */
#include "agent/extract.h"
#include "names.h"

#define VERSION_2   2
#define PACKETS_MAX 32 /* in one datagram */
#define LEAST_PORT  1024
#define BLOCK       24 /* bytes of a report block, section 6.4.1 */
#define SENDER_INFO 20

/* Section 12.1, RFC 4585 section 6.1, RFC 3611 section 2. */
enum packet_type {
    TYPE_SENDER = 200,
    TYPE_RECEIVER = 201,
    TYPE_APPLICATION = 204,
    TYPE_LAST = 207,
};

struct rtcp {
    uint8_t count, type; /* of report blocks, where it is a report */
    bool padded;
    struct cur body;
};

static bool packet_next(struct cur *c, struct rtcp *ret_packet)
{
    uint8_t first = cur_u8(c);

    ret_packet->padded = first >> 5 & 1;
    ret_packet->count = first & 0x1f;
    ret_packet->type = cur_u8(c);
    ret_packet->body = cur_sub(c, (size_t)cur_u16(c) * 4);
    return !cur_broken(&ret_packet->body) && first >> 6 == VERSION_2 &&
           ret_packet->type >= TYPE_SENDER && ret_packet->type <= TYPE_LAST;
}

static bool is_report(const struct rtcp *r)
{
    size_t head = 4 + (r->type == TYPE_SENDER ? SENDER_INFO : 0U);

    return (r->type == TYPE_SENDER || r->type == TYPE_RECEIVER) &&
           cur_left(&r->body) >= head + (size_t)r->count * BLOCK;
}

static bool may_begin(const struct rtcp *r)
{
    return is_report(r) || r->type >= TYPE_APPLICATION;
}

/* Appendix A.2; besides, only the last may be padded (section 6.4.1). */
static bool is_compound(struct cur bytes)
{
    struct rtcp r;

    if (!packet_next(&bytes, &r) || !may_begin(&r) || (r.padded && cur_left(&bytes) > 0))
        return false;
    for (unsigned i = 1; i < PACKETS_MAX && cur_left(&bytes) > 0; i++)
        if (!packet_next(&bytes, &r) || (r.padded && cur_left(&bytes) > 0))
            return false;
    return cur_left(&bytes) == 0;
}

/* What is said of the stream that lost the most. */
struct worst {
    uint8_t fraction; /* of 256 */
    uint32_t lost;    /* since the beginning; 0 where some came twice */
    uint32_t jitter;
};

/* Section 6.4.1. */
static void read_block(struct cur *c, struct worst *w, bool first)
{
    uint8_t fraction;
    uint32_t lost, jitter;

    cur_skip(c, 4); /* whose stream */
    fraction = cur_u8(c);
    lost = cur_u24(c);
    cur_skip(c, 4); /* highest number that came */
    jitter = cur_u32(c);
    cur_skip(c, 8); /* last sender report, and how long ago */
    if (!first && fraction <= w->fraction)
        return;
    w->fraction = fraction;
    w->lost = lost & 0x800000 ? 0 : lost; /* it has a sign */
    w->jitter = jitter;
}

static void emit(struct extract_out *out, struct rtcp *r)
{
    struct event *e = out->event;
    struct worst w = {0};

    cur_skip(&r->body, 4 + (r->type == TYPE_SENDER ? SENDER_INFO : 0U));
    for (unsigned i = 0; i < r->count; i++)
        read_block(&r->body, &w, i == 0);
    event_begin(e, EVENT_RTCP, out->packet->time);
    event_put_number(e, FIELD_RTCP_REPORT,
                     r->type == TYPE_SENDER ? RTCP_SENDER : RTCP_RECEIVER);
    event_put_number(e, FIELD_RTCP_SOURCES, r->count);
    event_put_number(e, FIELD_RTCP_LOST_SHARE, w.fraction * 100U / 256);
    event_put_number(e, FIELD_RTCP_LOST, w.lost);
    event_put_number(e, FIELD_RTCP_JITTER, w.jitter);
    out->emit(e, out->arg);
}

/* A report that reports on nothing says nothing. */
static enum extract_result rtcp_read(struct cur *bytes, struct extract_out *out)
{
    struct rtcp r;

    if (!is_compound(*bytes) || !packet_next(bytes, &r))
        return EXTRACT_NOT;
    if (is_report(&r) && r.count > 0)
        emit(out, &r);
    return EXTRACT_DONE;
}

static bool rtcp_wants(const struct packet *p, struct cur bytes)
{
    return p->src_port >= LEAST_PORT && p->dst_port >= LEAST_PORT && is_compound(bytes);
}

const struct extractor extract_rtcp = {
    .name = "rtcp",
    .kind = EVENT_RTCP,
    .from = EXTRACT_DATAGRAM,
    .app = "rtcp",
    .wants = rtcp_wants,
    .read = rtcp_read,
};
