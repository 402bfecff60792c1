/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of four flows in any order. Each begins with a byte that says whose it is and
 * where it goes, one for its TCP flags, two for how far it stands behind the last one of
 * its side, and one for its length. A datagram may be given as the frames of an Initial
 * packet of QUIC, which is sealed here. The number of bytes says whether anything is
 * asked for.
 */
#include "tests/fuzz/extracting.h"

#include "agent/flow.h"
#include "tests/unit/quic_seal.h"

#define FLOWS 4

struct table {
    struct inspector *inspector;
    struct flow flows[FLOWS];
    uint32_t seq[FLOWS][2];
};

static void on_extracted(struct event *e, const struct packet *p, struct flow *f,
                         void *arg)
{
    unsigned count = 0;

    (void)arg;
    demand(p && (f || p->layer == PACKET_LINK));
    on_event(e, &count);
}

static void on_secret(bool before_too, void *arg)
{
    (void)arg;
    demand(!before_too); /* none is put together from fragments here */
}

static struct cur sealed_initial(struct sealed *datagram, uint8_t to, struct cur frames)
{
    struct sealed plain = {0};

    seal_bytes(&plain, frames.pos, cur_left(&frames));
    seal_initial(datagram,
                 (struct seal_head){.wire = QUIC_WIRE_V1, .to = to & 1 ? "to" : "srvr"},
                 &plain);
    return cur_over(datagram->bytes, datagram->len);
}

/* The last one is of ICMPv6, whose type stands for the port it comes from. */
static const uint16_t ports[] = {80, 53, 25, 88, 445, 161, 3389, 135};

static void take_packet(struct table *t, struct cur *c)
{
    uint8_t where = cur_u8(c);
    bool icmp = (where & 0x3b) == 0x3b;
    unsigned flow = where & 3, side = where >> 2 & 1;
    struct packet p = {.layer = where & 0x80 ? PACKET_LINK : PACKET_L4,
                       .ip_proto = flow < 3 ? 6
                                   : icmp   ? 58
                                            : 17,
                       .ethertype = 0x0806,
                       .src_port = icmp ? 135 : 40000,
                       .dst_port = icmp ? 0 : ports[where >> 3 & 7],
                       .tcp_flags = cur_u8(c)};
    struct sealed datagram = {0};
    size_t len;

    t->seq[flow][side] += (uint32_t)(int16_t)cur_u16(c);
    p.tcp_seq = t->seq[flow][side];
    p.tcp_ack = t->seq[flow][!side];
    len = cur_u8(c);
    p.payload = cur_sub(c, len < cur_left(c) ? len : cur_left(c));
    if (p.ip_proto == 17 && where & 0x40)
        p.payload = sealed_initial(&datagram, p.tcp_flags, p.payload);
    p.payload_len = (uint32_t)cur_left(&p.payload);

    if (p.layer == PACKET_LINK) {
        inspector_link(t->inspector, &p);
        return;
    }
    t->flows[flow].ip_proto = p.ip_proto;
    (side == 0 ? &t->flows[flow].out : &t->flows[flow].in)->packets++;
    if (t->flows[flow].stage.inspected)
        return;
    (void)inspector_packet(t->inspector, &p, &t->flows[flow], side == 0);
    demand(!t->flows[flow].stage.inspected || t->flows[flow].stage.app > 0);
    demand(inspector_looks(&t->flows[flow]) || !t->flows[flow].stage.stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct field_set nothing;
    struct extract_out out = agent_out(&agents[1], NULL);
    struct table t = {
        .inspector = inspector_new(&(struct inspector_settings){.stream_capacity = 2,
                                                                .stream_bytes = 16384,
                                                                .emit = on_extracted,
                                                                .guards = is_guarded,
                                                                .rest = out.rest,
                                                                .secret = on_secret,
                                                                .key = out.key})};
    struct cur c = cur_over(bytes, len);

    inspector_ask(t.inspector, len & 1 ? &nothing : NULL);
    while (cur_left(&c) > 0)
        take_packet(&t, &c);
    for (unsigned i = 0; i < FLOWS; i++)
        inspector_end(t.inspector, &t.flows[i]);
    demand(inspector_counts(t.inspector).understood <= FLOWS);
    inspector_free(t.inspector);
    return 0;
}
