/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sensor_keep.h"

#include "agent/extract.h"
#include "agent/stream.h"

#define ETHERTYPE_ARP 0x0806
#define ARP_BYTES     28 /* RFC 826, of Ethernet and IPv4 */
#define IP_ICMP       1
#define IP_TCP        6
#define IP_UDP        17
#define IP_ICMP6      58

void keep_use(struct sensor_keep *k, const struct sensor_settings *set)
{
    struct rule_evidence most = {0};
    uint32_t snaplen;

    k->recent = NULL;
    if (!set->recent)
        return;
    if (set->rules && set->lists)
        most = ruleset_evidence(set->rules);
    if (set->asked && set->lists) {
        most.pcap = true;
        most.snaplen = set->payload;
    }
    snaplen = most.snaplen < set->payload ? most.snaplen : set->payload;
    if (most.pcap)
        k->recent = set->recent;
    if (!most.pcap) {
        recent_begin(set->recent); /* from here on nobody wipes what is protected */
        recent_shape(set->recent, 0, true);
    } else
        recent_shape(set->recent, snaplen > RECENT_HEADERS ? snaplen : RECENT_HEADERS,
                     snaplen == 0);
}

/*
 * Its place in the table. A later conversation may have the same one: then frames of this
 * are wiped with its, which is the safe side; none is unsettled any more.
 */
static uint32_t mark_of(const struct flow *f)
{
    return (uint32_t)((uintptr_t)f / sizeof(*f)) << 1 | 1;
}

void keep_packet(struct sensor_keep *k, struct flow *f, const struct packet *p,
                 bool from_client)
{
    f->stage.spoke |= from_client && cur_left(&p->payload) > 0;
    k->of = f;
}

/* Its host may still be named. Datagrams stand for themselves, but those whose pieces are
 * being put together (QUIC). */
static bool is_unsettled(const struct flow *f)
{
    const struct flow_reading *r = &f->stage.reading;

    if (flow_host(f) || !inspector_looks(f))
        return false;
    if (f->ip_proto == IP_UDP)
        return r->chosen[0] > 0 && !r->finished[0];
    if (f->ip_proto != IP_TCP || !(f->answered || f->stage.spoke))
        return false;
    return !r->named || stream_holds(f, 0);
}

void keep_inspected(struct sensor_keep *k, struct flow *f)
{
    if (!f->stage.unsettled || is_unsettled(f))
        return;
    f->stage.unsettled = false;
    recent_settle(k->recent, mark_of(f));
}

static uint32_t header_len(const struct frame *frame, const struct packet *p)
{
    uint32_t len = (uint32_t)(p->payload.pos - frame->bytes);

    if (p->layer == PACKET_LINK)
        len += ARP_BYTES;
    return len < frame->len ? len : frame->len;
}

static struct recent_ends ends_of(const struct packet *p)
{
    bool ports =
        p->layer == PACKET_L4 && p->ip_proto != IP_ICMP && p->ip_proto != IP_ICMP6;

    return (struct recent_ends){
        .src = p->src,
        .dst = p->dst,
        .src_mac = p->src_mac,
        .dst_mac = p->dst_mac,
        .src_port = ports ? p->src_port : 0,
        .dst_port = ports ? p->dst_port : 0,
        .ip_proto = p->ip_proto,
        .has_mac = p->has_mac,
        .has_ip = p->layer != PACKET_LINK,
    };
}

/* An ICMP error, and a redirect, quotes a packet of another conversation, which may be
 * protected: RFC 792; RFC 4443, section 2.1; RFC 4861, section 4.5. */
static bool is_quote(const struct packet *p)
{
    uint16_t type = p->src_port;

    if (p->layer != PACKET_L4)
        return false;
    if (p->ip_proto == IP_ICMP)
        return (type >= 3 && type <= 5) || type == 11 || type == 12;
    return p->ip_proto == IP_ICMP6 && (type < 128 || type == 137);
}

static bool is_kept(const struct frame *frame, const struct packet *p)
{
    if (p->reassembled || p->payload.pos < frame->bytes ||
        p->payload.pos > frame->bytes + frame->len)
        return false;
    return p->layer != PACKET_LINK || p->ethertype == ETHERTYPE_ARP;
}

void keep_frame(struct sensor_keep *k, const struct frame *frame, const struct packet *p)
{
    struct recent_about about;

    if (k->hidden || !is_kept(frame, p))
        return;
    about = (struct recent_about){.ends = ends_of(p),
                                  .mark = k->of ? mark_of(k->of) : 0,
                                  .headers = header_len(frame, p),
                                  .bare = is_quote(p)};
    if (k->of && is_unsettled(k->of))
        about.unsettled = k->of->stage.unsettled = true;
    recent_keep(k->recent, frame, &about);
}

/* A host that was not named is not named any more; but what the client said may be the
 * half of a name. */
void keep_end(struct sensor_keep *k, struct flow *f)
{
    if (!f->stage.unsettled)
        return;
    f->stage.unsettled = false;
    if (f->stage.spoke)
        recent_wipe(k->recent, mark_of(f));
    else
        recent_settle(k->recent, mark_of(f));
}

void keep_wipe(struct sensor_keep *k, const struct flow *f)
{
    if (!k->recent || !f)
        return;
    if (f->carries)
        recent_wipe_all(k->recent);
    else
        recent_wipe(k->recent, mark_of(f));
}
