/* SPDX-License-Identifier: Apache-2.0 */
/* ARP for IPv4 over Ethernet: RFC 826; probes and announcements: RFC 5227. */
#include "agent/extract.h"

#define ETHERTYPE_ARP     0x0806
#define ETHERTYPE_IPV4    0x0800
#define HARDWARE_ETHERNET 1

struct arp {
    uint16_t op;
    struct mac sender_mac, target_mac;
    uint8_t sender_ip[4], target_ip[4];
};

static bool arp_parse(struct cur *c, struct arp *ret_arp)
{
    uint16_t hardware = cur_u16(c);
    uint16_t protocol = cur_u16(c);
    uint8_t mac_len = cur_u8(c);
    uint8_t ip_len = cur_u8(c);

    ret_arp->op = cur_u16(c);
    cur_copy(c, ret_arp->sender_mac.bytes, 6);
    cur_copy(c, ret_arp->sender_ip, 4);
    cur_copy(c, ret_arp->target_mac.bytes, 6);
    cur_copy(c, ret_arp->target_ip, 4);
    return !cur_broken(c) && hardware == HARDWARE_ETHERNET &&
           protocol == ETHERTYPE_IPV4 && mac_len == 6 && ip_len == 4;
}

static enum arp_op op_of(uint16_t wire)
{
    return wire == 1 ? ARP_REQUEST : wire == 2 ? ARP_REPLY : ARP_OTHER;
}

/* All zero stands for "none": the sender of a probe, the hardware address asked for. */
static void put_ip(struct event *e, enum field_id f, const uint8_t bytes[4])
{
    static const uint8_t none[4];
    struct addr addr = addr_v4(bytes);

    if (memcmp(bytes, none, sizeof(none)) != 0)
        event_put_addr(e, f, &addr);
}

static void put_mac(struct event *e, enum field_id f, const struct mac *mac)
{
    static const struct mac none;

    if (!mac_equal(mac, &none))
        event_put_mac(e, f, mac);
}

static bool arp_wants(const struct packet *p, struct cur bytes)
{
    (void)bytes;
    return p->ethertype == ETHERTYPE_ARP;
}

static enum extract_result arp_read(struct cur *bytes, struct extract_out *out)
{
    struct event *e = out->event;
    struct arp arp;

    if (!arp_parse(bytes, &arp))
        return EXTRACT_NOT;
    event_begin(e, EVENT_ARP, out->packet->time);
    event_put_number(e, FIELD_ARP_OP, op_of(arp.op));
    put_ip(e, FIELD_ARP_SENDER_IP, arp.sender_ip);
    put_mac(e, FIELD_ARP_SENDER_MAC, &arp.sender_mac);
    put_ip(e, FIELD_ARP_TARGET_IP, arp.target_ip);
    put_mac(e, FIELD_ARP_TARGET_MAC, &arp.target_mac);
    event_put_number(e, FIELD_ARP_GRATUITOUS,
                     memcmp(arp.sender_ip, arp.target_ip, sizeof(arp.sender_ip)) == 0);
    out->emit(e, out->arg);
    return EXTRACT_DONE;
}

const struct extractor extract_arp = {
    .name = "arp",
    .kind = EVENT_ARP,
    .from = EXTRACT_LINK,
    .wants = arp_wants,
    .read = arp_read,
};
