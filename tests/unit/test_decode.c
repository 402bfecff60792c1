/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>

#include "agent/decode.h"
#include "frames.h"
#include "mem.h"

struct fixture {
    struct decoder *decoder;
    struct built frame;
    struct packet packet;
    uint8_t *bytes; /* of the packet */
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->decoder = decoder_new(&(struct decoder_settings){
        .fragment_capacity = 4, .fragment_timeout = 30 * USEC_PER_SEC});
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    decoder_free(f->decoder);
    free(f->bytes);
    free(f);
    return 0;
}

/* A copy of exactly its length, so that a sanitizer sees every step beyond. */
static enum decode_verdict read_frame(struct fixture *f, const struct frame *frame)
{
    struct frame copy = *frame;
    enum decode_verdict verdict;

    free(f->bytes);
    f->bytes = xmalloc(frame->len ? frame->len : 1);
    memcpy(f->bytes, frame->bytes, frame->len);
    copy.bytes = f->bytes;
    verdict = decoder_read(f->decoder, &copy, &f->packet);
    if (verdict == DECODE_PACKET)
        assert_true(f->packet.payload_len >= cur_left(&f->packet.payload));
    return verdict;
}

static enum decode_verdict read_link(struct fixture *f, int link)
{
    struct frame frame = frame_of(&f->frame, link);

    return read_frame(f, &frame);
}

static enum decode_verdict read_built(struct fixture *f)
{
    return read_link(f, LINK_ETHERNET);
}

static void assert_verdict(enum decode_verdict got, enum decode_verdict expected)
{
    assert_string_equal(decode_reasons[got], decode_reasons[expected]);
}

/* An UDP packet from IP on, with 32 bytes of payload. */
static void put_udp4(struct built *b)
{
    frame_ipv4(b, 17, 40, 0);
    frame_udp(b, 32);
}

static void assert_is_udp4(const struct fixture *f)
{
    struct addr src = addr_v4((uint8_t[]){10, 0, 0, 1});

    assert_int_equal(f->packet.layer, PACKET_L4);
    assert_int_equal(f->packet.ip_version, 4);
    assert_int_equal(f->packet.ip_proto, 17);
    assert_true(addr_equal(&f->packet.src, &src));
    assert_int_equal(f->packet.src_port, 40000);
    assert_int_equal(f->packet.dst_port, 53);
    assert_int_equal(f->packet.payload_len, 32);
}

/* ---- links ---- */

static void ethernet_is_read(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0800);
    put_udp4(&f->frame);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_is_udp4(f);
    assert_true(f->packet.has_mac);
    assert_int_equal(f->packet.src_mac.bytes[5], 1);
    assert_int_equal(f->packet.dst_mac.bytes[5], 2);
    assert_int_equal(f->packet.ethertype, 0x0800);
    assert_int_equal(f->packet.time, 1000);
    assert_int_equal(f->packet.wire_len, 14 + 20 + 8 + 32);
    assert_int_equal(f->packet.frames, 1);
    assert_int_equal(f->packet.ttl, 64);
}

static void padding_behind_ip_is_no_payload(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 17, 10, 0);
    frame_udp(&f->frame, 2);
    frame_fill(&f->frame, 0, 16);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(cur_left(&f->packet.payload), 2);
    assert_int_equal(f->packet.payload_len, 2);
    assert_int_equal(f->packet.ip_len, 30);
}

static void stacked_vlan_tags_give_the_outer_id(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x88a8);
    frame_u16(&f->frame, 0xe064); /* priority 7, id 100 */
    frame_u16(&f->frame, 0x8100);
    frame_u16(&f->frame, 20);
    frame_u16(&f->frame, 0x0800);
    put_udp4(&f->frame);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_is_udp4(f);
    assert_int_equal(f->packet.vlan, 100);
    assert_int_equal(f->packet.ethertype, 0x0800);
}

static void a_priority_tag_is_no_vlan(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x8100);
    frame_u16(&f->frame, 0xe000);
    frame_u16(&f->frame, 0x0800);
    put_udp4(&f->frame);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.vlan, 0);
}

static void too_many_tags_are_no_ip(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x8100);
    for (int i = 0; i < 4; i++) {
        frame_u16(&f->frame, 5);
        frame_u16(&f->frame, 0x8100);
    }
    put_udp4(&f->frame);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.layer, PACKET_LINK);
}

static void mpls_labels_are_passed(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x8847);
    frame_u32(&f->frame, 0x00010040);
    frame_u32(&f->frame, 0x00020140); /* bottom of stack */
    put_udp4(&f->frame);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_is_udp4(f);
    assert_int_equal(f->packet.ethertype, 0x0800);
}

static void an_mpls_pseudowire_is_not_read(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x8847);
    frame_u32(&f->frame, 0x00010140);
    frame_u32(&f->frame, 0); /* control word, RFC 4385 */
    put_udp4(&f->frame);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.layer, PACKET_LINK);
}

static void labels_without_a_bottom_end(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x8847);
    frame_fill(&f->frame, 0x40, 200);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.layer, PACKET_LINK);

    f->frame.len = 14 + 6;
    assert_verdict(read_built(f), DECODE_CUT_LINK);
}

static void pppoe_is_read(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x8864);
    frame_u16(&f->frame, 0x1100);
    frame_u16(&f->frame, 1);
    frame_u16(&f->frame, 2 + 60);
    frame_u16(&f->frame, 0x0021);
    put_udp4(&f->frame);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_is_udp4(f);

    frame_set(&f->frame, 20, 0xc021); /* link control */
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.layer, PACKET_LINK);
}

static void snap_is_read_and_other_llc_is_not(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 8 + 60);
    frame_u32(&f->frame, 0xaaaa0300);
    frame_u32(&f->frame, 0x00000800);
    put_udp4(&f->frame);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_is_udp4(f);

    frame_set(&f->frame, 14, 0x4242); /* spanning tree */
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.layer, PACKET_LINK);
    assert_int_equal(f->packet.ethertype, 0);
    assert_int_equal(f->packet.payload_len, 68);
}

static void arp_is_a_packet_of_its_link(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0806);
    frame_fill(&f->frame, 1, 28);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.layer, PACKET_LINK);
    assert_int_equal(f->packet.ethertype, 0x0806);
    assert_int_equal(f->packet.ip_version, 0);
    assert_int_equal(f->packet.payload_len, 28);
}

static void cooked_capture_tells_the_sender(void **state)
{
    struct fixture *f = *state;

    frame_u16(&f->frame, 4);
    frame_u16(&f->frame, 1);
    frame_u16(&f->frame, 6);
    frame_u32(&f->frame, 0x02000000);
    frame_u32(&f->frame, 0x00070000);
    frame_u16(&f->frame, 0x0800);
    put_udp4(&f->frame);
    assert_verdict(read_link(f, 113), DECODE_PACKET);
    assert_is_udp4(f);
    assert_true(f->packet.has_mac);
    assert_int_equal(f->packet.src_mac.bytes[5], 7);

    frame_set(&f->frame, 4, 0); /* no address */
    assert_verdict(read_link(f, 113), DECODE_PACKET);
    assert_false(f->packet.has_mac);
    frame_set(&f->frame, 14, 4); /* 802.2 */
    assert_verdict(read_link(f, 113), DECODE_PACKET);
    assert_int_equal(f->packet.layer, PACKET_LINK);
}

static void cooked_capture_2_tells_the_sender(void **state)
{
    struct fixture *f = *state;

    frame_u16(&f->frame, 0x0800);
    frame_u16(&f->frame, 0);
    frame_u32(&f->frame, 3);
    frame_u16(&f->frame, 1);
    frame_u16(&f->frame, 0x0006);
    frame_u32(&f->frame, 0x02000000);
    frame_u32(&f->frame, 0x00070000);
    put_udp4(&f->frame);
    assert_verdict(read_link(f, 276), DECODE_PACKET);
    assert_is_udp4(f);
    assert_int_equal(f->packet.src_mac.bytes[5], 7);
}

static void raw_ip_tells_its_version_itself(void **state)
{
    struct fixture *f = *state;

    put_udp4(&f->frame);
    assert_verdict(read_link(f, 101), DECODE_PACKET);
    assert_is_udp4(f);
    assert_verdict(read_link(f, 228), DECODE_PACKET);

    f->frame.bytes[0] = 0x55;
    assert_verdict(read_link(f, 101), DECODE_BAD_IP);
    f->frame.len = 0;
    frame_ipv6(&f->frame, 17, 12);
    frame_udp(&f->frame, 4);
    assert_verdict(read_link(f, 229), DECODE_PACKET);
    assert_int_equal(f->packet.ip_version, 6);
    assert_int_equal(f->packet.ethertype, 0x86dd);
    assert_false(f->packet.has_mac);
}

static void loopback_is_read_in_either_byte_order(void **state)
{
    struct fixture *f = *state;

    frame_u32(&f->frame, 0x02000000);
    put_udp4(&f->frame);
    assert_verdict(read_link(f, 0), DECODE_PACKET);
    assert_is_udp4(f);

    frame_set(&f->frame, 0, 0);
    frame_set(&f->frame, 2, 2);
    assert_verdict(read_link(f, 108), DECODE_PACKET);
    assert_is_udp4(f);

    frame_set(&f->frame, 2, 7); /* some other family */
    assert_verdict(read_link(f, 108), DECODE_PACKET);
    assert_int_equal(f->packet.layer, PACKET_LINK);
}

static void ppp_is_read_with_and_without_its_hdlc_bytes(void **state)
{
    struct fixture *f = *state;

    frame_u32(&f->frame, 0xff030021);
    put_udp4(&f->frame);
    assert_verdict(read_link(f, 9), DECODE_PACKET);
    assert_is_udp4(f);

    f->frame.len = 0;
    frame_u8(&f->frame, 0x21); /* compressed protocol field */
    put_udp4(&f->frame);
    assert_verdict(read_link(f, 50), DECODE_PACKET);
    assert_is_udp4(f);
}

static void cisco_hdlc_is_read(void **state)
{
    struct fixture *f = *state;

    frame_u32(&f->frame, 0x0f000800);
    put_udp4(&f->frame);
    assert_verdict(read_link(f, 104), DECODE_PACKET);
    assert_is_udp4(f);
    assert_verdict(read_link(f, 50), DECODE_PACKET); /* as files call it, too */
    assert_is_udp4(f);
}

static void an_unknown_link_is_said_to_be_so(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0800);
    put_udp4(&f->frame);
    assert_verdict(read_link(f, 105), DECODE_LINK_UNKNOWN);
    assert_int_equal(decoder_counts(f->decoder)->by_verdict[DECODE_LINK_UNKNOWN], 1);
}

/* ---- IPv4 ---- */

static void ipv4_options_are_passed(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 17, 4 + 8, 0);
    f->frame.bytes[14] = 0x46;
    frame_u32(&f->frame, 0x94040000); /* router alert */
    frame_udp(&f->frame, 0);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.dst_port, 53);
    assert_int_equal(f->packet.payload_len, 0);
}

static void a_wrong_ipv4_header_is_refused(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0800);
    put_udp4(&f->frame);
    f->frame.bytes[14] = 0x55; /* version */
    assert_verdict(read_built(f), DECODE_BAD_IP);
    f->frame.bytes[14] = 0x44; /* header of 16 bytes */
    assert_verdict(read_built(f), DECODE_BAD_IP);
    f->frame.bytes[14] = 0x45;
    frame_set(&f->frame, 16, 19); /* total length */
    assert_verdict(read_built(f), DECODE_BAD_IP);
    frame_set(&f->frame, 16, 24);
    f->frame.bytes[14] = 0x4f; /* header longer than the datagram */
    assert_verdict(read_built(f), DECODE_BAD_IP);
}

static void a_total_length_of_zero_means_all(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 6, 0, 0);
    frame_tcp(&f->frame, TCP_FLAG_ACK, 2000);
    frame_set(&f->frame, 16, 0);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.payload_len, 2000);
    assert_int_equal(f->packet.ip_len, 2040);
}

static void a_short_capture_keeps_what_the_headers_promise(void **state)
{
    struct fixture *f = *state;
    struct frame frame;

    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 6, 20 + 1000, 0);
    frame_tcp(&f->frame, TCP_FLAG_ACK, 1000);
    frame = frame_of(&f->frame, LINK_ETHERNET);
    frame.len = 64;
    assert_verdict(read_frame(f, &frame), DECODE_PACKET);
    assert_int_equal(cur_left(&f->packet.payload), 10);
    assert_int_equal(f->packet.payload_len, 1000);
    assert_int_equal(f->packet.ip_len, 50);
    assert_int_equal(f->packet.wire_len, 1054);
}

static void ip_without_known_ports_is_a_packet_all_the_same(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 47, 8, 0);
    frame_fill(&f->frame, 0, 8);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.layer, PACKET_IP);
    assert_int_equal(f->packet.ip_proto, 47);
    assert_int_equal(f->packet.payload_len, 8);
}

static void a_packet_in_a_packet_is_read_by_the_inner_one(void **state)
{
    struct fixture *f = *state;
    struct addr dst;

    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 41, 40 + 16, 0);
    frame_ipv6(&f->frame, 17, 16);
    frame_udp(&f->frame, 8);
    frame_fill(&f->frame, 0, 8);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.tunnels, 1);
    assert_int_equal(f->packet.ip_version, 6);
    assert_int_equal(addr_parse("2001:db8::2", &dst), 0);
    assert_true(addr_equal(&f->packet.dst, &dst));
    assert_int_equal(f->packet.dst_port, 53);
}

static void packets_in_packets_end_somewhere(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0800);
    for (uint32_t left = 5; left-- > 0;)
        frame_ipv4(&f->frame, 4, 20 * left, 0);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.tunnels, DECODE_TUNNELS);
    assert_int_equal(f->packet.ip_proto, 4);
    assert_int_equal(f->packet.layer, PACKET_IP);
}

static void the_packet_around_hangs_on_the_inner_one(void **state)
{
    struct fixture *f = *state;
    const struct packet *outer;

    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 41, 40 + 8, 0);
    frame_ipv6(&f->frame, 17, 8);
    frame_udp(&f->frame, 0);
    assert_verdict(read_built(f), DECODE_PACKET);
    outer = f->packet.outer;
    assert_non_null(outer);
    assert_int_equal(f->packet.tunnel, TUNNEL_6IN4);
    assert_int_equal(outer->carries, TUNNEL_6IN4);
    assert_int_equal(outer->tunnel, TUNNEL_NONE);
    assert_int_equal(outer->ip_version, 4);
    assert_int_equal(outer->ip_proto, 41);
    assert_int_equal(outer->layer, PACKET_IP);
    assert_int_equal(outer->wire_len, f->frame.len);
    assert_null(outer->outer);
    assert_int_equal(decoder_counts(f->decoder)->tunnels[TUNNEL_6IN4], 1);
}

/* Behind 14 bytes of Ethernet and 20 of IP. */
static void gre_is_opened_with_all_its_options(void **state)
{
    struct fixture *f = *state;

    for (unsigned n = 0; n < 8; n++) {
        unsigned flags =
            (n & 1 ? 0x8000u : 0) | (n & 2 ? 0x2000u : 0) | (n & 4 ? 0x1000u : 0);
        uint32_t options = 4 * (uint32_t)__builtin_popcount(n);

        f->frame.len = 0;
        frame_ethernet(&f->frame, 0x0800);
        frame_ipv4(&f->frame, 47, 4 + options + 20 + 8, 0);
        frame_u16(&f->frame, flags);
        frame_u16(&f->frame, 0x0800);
        frame_fill(&f->frame, 0, options);
        frame_ipv4(&f->frame, 17, 8, 0);
        frame_udp(&f->frame, 0);
        assert_verdict(read_built(f), DECODE_PACKET);
        assert_int_equal(f->packet.tunnel, TUNNEL_GRE);
        assert_int_equal(f->packet.dst_port, 53);
        assert_int_equal(f->packet.outer->ip_proto, 47);
    }
}

/* A datagram to a port, whose bytes are to come. */
static void frame_udp_to(struct built *b, unsigned port, uint32_t payload)
{
    frame_ethernet(b, 0x0800);
    frame_ipv4(b, 17, 8 + payload, 0);
    frame_udp(b, 0);
    frame_set(b, 14 + 20 + 2, port);
    frame_set(b, 14 + 20 + 4, 8 + payload);
}

static void vxlan_and_geneve_have_a_frame_in_them(void **state)
{
    struct fixture *f = *state;

    frame_udp_to(&f->frame, 4789, 8 + 14 + 20 + 20);
    frame_u32(&f->frame, 0x08000000);
    frame_u32(&f->frame, 0x00002a00);
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 6, 20, 0);
    frame_tcp(&f->frame, TCP_FLAG_SYN, 0);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.tunnel, TUNNEL_VXLAN);
    assert_int_equal(f->packet.dst_port, 443);
    assert_int_equal(f->packet.outer->dst_port, 4789);
    assert_int_equal(f->packet.outer->layer, PACKET_L4);

    f->frame.len = 0;
    frame_udp_to(&f->frame, 6081, 8 + 4 + 14 + 20 + 20);
    frame_u32(&f->frame, 0x01006558);
    frame_u32(&f->frame, 0x00002a00);
    frame_u32(&f->frame, 0); /* an option */
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 6, 20, 0);
    frame_tcp(&f->frame, TCP_FLAG_SYN, 0);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.tunnel, TUNNEL_GENEVE);
    assert_int_equal(f->packet.dst_port, 443);
}

static void teredo_is_opened_behind_what_may_stand_before_it(void **state)
{
    struct fixture *f = *state;

    for (unsigned n = 0; n < 4; n++) {
        uint32_t before = (n & 1 ? 13U : 0) + (n & 2 ? 8U : 0);

        f->frame.len = 0;
        frame_udp_to(&f->frame, 3544, before + 40 + 8);
        if (n & 1) {
            frame_u32(&f->frame, 0x00010000);
            frame_fill(&f->frame, 7, 9);
        }
        if (n & 2) {
            frame_u16(&f->frame, 0);
            frame_fill(&f->frame, 9, 6);
        }
        frame_ipv6(&f->frame, 17, 8);
        frame_udp(&f->frame, 0);
        assert_verdict(read_built(f), DECODE_PACKET);
        assert_int_equal(f->packet.tunnel, TUNNEL_TEREDO);
        assert_int_equal(f->packet.ip_version, 6);
        assert_int_equal(f->packet.dst_port, 53);
    }
}

/* Something else at the port, or nothing that can be read. */
static void what_only_looks_like_a_tunnel_is_the_packet_itself(void **state)
{
    static const unsigned ports[] = {4789, 6081, 3544};
    struct fixture *f = *state;

    for (size_t i = 0; i < 3; i++) {
        f->frame.len = 0;
        frame_udp_to(&f->frame, ports[i], 30);
        frame_fill(&f->frame, 0x47, 30);
        assert_verdict(read_built(f), DECODE_PACKET);
        assert_null(f->packet.outer);
        assert_int_equal(f->packet.tunnel, TUNNEL_NONE);
        assert_int_equal(f->packet.carries, TUNNEL_NONE);
        assert_int_equal(f->packet.dst_port, ports[i]);
        assert_int_equal(f->packet.payload_len, 30);
        assert_int_equal(cur_left(&f->packet.payload), 30);
    }
    assert_int_equal(decoder_counts(f->decoder)->tunnels_refused, 3);
}

/* ---- IPv6 ---- */

static void ipv6_is_read(void **state)
{
    struct fixture *f = *state;
    struct addr dst;

    frame_ethernet(&f->frame, 0x86dd);
    frame_ipv6(&f->frame, 17, 40);
    frame_udp(&f->frame, 32);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(addr_parse("2001:db8::2", &dst), 0);
    assert_true(addr_equal(&f->packet.dst, &dst));
    assert_int_equal(f->packet.ip_version, 6);
    assert_int_equal(f->packet.dst_port, 53);
    assert_int_equal(f->packet.payload_len, 32);
}

/* next and length of an extension header of 8 * (1 + more) bytes */
static void put_extension(struct built *b, unsigned next, unsigned more)
{
    frame_u8(b, next);
    frame_u8(b, more);
    frame_fill(b, 0, 6 + 8 * more);
}

static void ipv6_extension_headers_are_passed(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x86dd);
    frame_ipv6(&f->frame, 0, 8 + 16 + 8 + 12 + 8);
    put_extension(&f->frame, 43, 0);
    put_extension(&f->frame, 60, 1);
    put_extension(&f->frame, 51, 0);
    frame_u16(&f->frame, 0x1101); /* authentication: UDP next, 12 bytes */
    frame_fill(&f->frame, 0, 10);
    frame_udp(&f->frame, 0);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.ip_proto, 17);
    assert_int_equal(f->packet.dst_port, 53);
    assert_int_equal(f->packet.payload_len, 0);
}

static void a_long_chain_of_extension_headers_is_refused(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x86dd);
    frame_ipv6(&f->frame, 60, 8 * 100 + 8);
    for (int i = 0; i < 100; i++)
        put_extension(&f->frame, i < 99 ? 60 : 17, 0);
    frame_udp(&f->frame, 0);
    assert_verdict(read_built(f), DECODE_BAD_IP);
}

static void an_extension_header_beyond_the_packet_is_refused(void **state)
{
    struct fixture *f = *state;
    struct frame frame;

    frame_ethernet(&f->frame, 0x86dd);
    frame_ipv6(&f->frame, 0, 8 + 8);
    put_extension(&f->frame, 17, 0);
    f->frame.bytes[14 + 40 + 1] = 200;
    frame_udp(&f->frame, 0);
    assert_verdict(read_built(f), DECODE_BAD_IP);

    frame = frame_of(&f->frame, LINK_ETHERNET);
    frame.len = 14 + 40 + 4;
    assert_verdict(read_frame(f, &frame), DECODE_CUT_IP);
}

static void no_next_header_is_the_end(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x86dd);
    frame_ipv6(&f->frame, 59, 0);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.layer, PACKET_IP);
    assert_int_equal(f->packet.ip_proto, 59);
}

static void a_wrong_ipv6_version_is_refused(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x86dd);
    frame_ipv6(&f->frame, 17, 8);
    frame_udp(&f->frame, 0);
    f->frame.bytes[14] = 0x40;
    assert_verdict(read_built(f), DECODE_BAD_IP);
}

/* ---- over IP ---- */

static void tcp_options_are_passed(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 6, 20 + 12 + 5, 0);
    frame_tcp(&f->frame, TCP_FLAG_SYN | TCP_FLAG_ACK, 12 + 5);
    f->frame.bytes[14 + 20 + 12] = 8 << 4;
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.payload_len, 5);
    assert_int_equal(f->packet.tcp_flags, TCP_FLAG_SYN | TCP_FLAG_ACK);
    assert_int_equal(f->packet.tcp_seq, 1000);
    assert_int_equal(f->packet.tcp_ack, 2000);
}

static void a_wrong_tcp_header_is_refused(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 6, 20 + 4, 0);
    frame_tcp(&f->frame, TCP_FLAG_SYN, 4);
    f->frame.bytes[14 + 20 + 12] = 4 << 4;
    assert_verdict(read_built(f), DECODE_BAD_L4);
    f->frame.bytes[14 + 20 + 12] = 7 << 4; /* options beyond the packet */
    assert_verdict(read_built(f), DECODE_BAD_L4);
    frame_set(&f->frame, 16, 20 + 19);
    assert_verdict(read_built(f), DECODE_BAD_L4);
}

static void tcp_options_that_were_cut_leave_ports_and_flags(void **state)
{
    struct fixture *f = *state;
    struct frame frame;

    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 6, 20 + 12 + 5, 0);
    frame_tcp(&f->frame, TCP_FLAG_SYN, 12 + 5);
    f->frame.bytes[14 + 20 + 12] = 8 << 4;
    frame = frame_of(&f->frame, LINK_ETHERNET);
    frame.len = 14 + 20 + 20 + 2;
    assert_verdict(read_frame(f, &frame), DECODE_PACKET);
    assert_int_equal(f->packet.tcp_flags, TCP_FLAG_SYN);
    assert_int_equal(cur_left(&f->packet.payload), 0);
    assert_int_equal(f->packet.payload_len, 5);
}

static void an_udp_length_that_cannot_be_is_refused(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0800);
    put_udp4(&f->frame);
    frame_set(&f->frame, 38, 7);
    assert_verdict(read_built(f), DECODE_BAD_L4);
    frame_set(&f->frame, 38, 41);
    assert_verdict(read_built(f), DECODE_BAD_L4);
    frame_set(&f->frame, 38, 0); /* a jumbogram, or segmentation offload */
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.payload_len, 32);
    frame_set(&f->frame, 38, 20); /* shorter than IP: the rest is nobody's */
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.payload_len, 12);
}

static void icmp_has_type_and_code_for_ports(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 1, 8, 0);
    frame_u32(&f->frame, 0x03010000);
    frame_u32(&f->frame, 77);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.layer, PACKET_L4);
    assert_int_equal(f->packet.src_port, 3);
    assert_int_equal(f->packet.dst_port, 1);
    assert_int_equal(cur_u32(&f->packet.payload), 77);
    assert_int_equal(f->packet.payload_len, 4);
}

static void sctp_has_ports(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 132, 16, 0);
    frame_u16(&f->frame, 5000);
    frame_u16(&f->frame, 38412);
    frame_fill(&f->frame, 0, 12);
    assert_verdict(read_built(f), DECODE_PACKET);
    assert_int_equal(f->packet.dst_port, 38412);
    assert_int_equal(f->packet.payload_len, 4);
}

/* ---- every way to be cut ---- */

/* Every shorter capture of the frame, with its length on the wire as it was. */
static void assert_cut(struct fixture *f, uint32_t from, uint32_t to,
                       enum decode_verdict expected)
{
    struct frame frame = frame_of(&f->frame, LINK_ETHERNET);

    for (frame.len = from; frame.len < to; frame.len++)
        assert_verdict(read_frame(f, &frame), expected);
}

static void a_frame_cut_anywhere_is_told_by_its_layer(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x8100);
    frame_u32(&f->frame, 0x00050800);
    frame_ipv4(&f->frame, 6, 20 + 100, 0);
    frame_tcp(&f->frame, TCP_FLAG_ACK, 100);
    assert_cut(f, 0, 18, DECODE_CUT_LINK);
    assert_cut(f, 18, 38, DECODE_CUT_IP);
    assert_cut(f, 38, 58, DECODE_CUT_L4);
    assert_cut(f, 58, 158, DECODE_PACKET);
}

static void an_ipv6_frame_cut_anywhere_is_told_by_its_layer(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x86dd);
    frame_ipv6(&f->frame, 0, 8 + 8 + 10);
    put_extension(&f->frame, 17, 0);
    frame_udp(&f->frame, 10);
    assert_cut(f, 0, 14, DECODE_CUT_LINK);
    assert_cut(f, 14, 62, DECODE_CUT_IP);
    assert_cut(f, 62, 70, DECODE_CUT_L4);
    assert_cut(f, 70, 80, DECODE_PACKET);
}

static void a_frame_that_lies_about_its_length_never_leads_beyond_it(void **state)
{
    struct fixture *f = *state;
    struct frame frame;

    frame_ethernet(&f->frame, 0x0800);
    put_udp4(&f->frame);
    frame_set(&f->frame, 16, 65535);
    frame_set(&f->frame, 38, 65515);
    frame = frame_of(&f->frame, LINK_ETHERNET);
    assert_verdict(read_frame(f, &frame), DECODE_PACKET);
    assert_int_equal(cur_left(&f->packet.payload), 32);
    frame.wire_len = 0; /* less than was captured */
    assert_verdict(read_frame(f, &frame), DECODE_PACKET);
    assert_int_equal(cur_left(&f->packet.payload), 32);
}

static void every_link_survives_any_short_frame(void **state)
{
    struct fixture *f = *state;
    static const int links[] = {0, 1, 9, 50, 51, 101, 104, 108, 113, 228, 229, 276};

    for (unsigned byte = 0; byte < 256; byte++) {
        f->frame.len = 0;
        frame_fill(&f->frame, byte, 80);
        for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
            struct frame frame = frame_of(&f->frame, links[i]);

            for (frame.len = 0; frame.len <= 80; frame.len++)
                assert_true(read_frame(f, &frame) < DECODE_VERDICTS);
        }
    }
}

static void verdicts_are_counted(void **state)
{
    struct fixture *f = *state;

    frame_ethernet(&f->frame, 0x0800);
    put_udp4(&f->frame);
    read_built(f);
    read_built(f);
    f->frame.len = 20;
    read_built(f);
    assert_int_equal(decoder_counts(f->decoder)->by_verdict[DECODE_PACKET], 2);
    assert_int_equal(decoder_counts(f->decoder)->by_verdict[DECODE_CUT_IP], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(ethernet_is_read),
        WITH_FIXTURE(padding_behind_ip_is_no_payload),
        WITH_FIXTURE(stacked_vlan_tags_give_the_outer_id),
        WITH_FIXTURE(a_priority_tag_is_no_vlan),
        WITH_FIXTURE(too_many_tags_are_no_ip),
        WITH_FIXTURE(mpls_labels_are_passed),
        WITH_FIXTURE(an_mpls_pseudowire_is_not_read),
        WITH_FIXTURE(labels_without_a_bottom_end),
        WITH_FIXTURE(pppoe_is_read),
        WITH_FIXTURE(snap_is_read_and_other_llc_is_not),
        WITH_FIXTURE(arp_is_a_packet_of_its_link),
        WITH_FIXTURE(cooked_capture_tells_the_sender),
        WITH_FIXTURE(cooked_capture_2_tells_the_sender),
        WITH_FIXTURE(raw_ip_tells_its_version_itself),
        WITH_FIXTURE(loopback_is_read_in_either_byte_order),
        WITH_FIXTURE(ppp_is_read_with_and_without_its_hdlc_bytes),
        WITH_FIXTURE(cisco_hdlc_is_read),
        WITH_FIXTURE(an_unknown_link_is_said_to_be_so),
        WITH_FIXTURE(ipv4_options_are_passed),
        WITH_FIXTURE(a_wrong_ipv4_header_is_refused),
        WITH_FIXTURE(a_total_length_of_zero_means_all),
        WITH_FIXTURE(a_short_capture_keeps_what_the_headers_promise),
        WITH_FIXTURE(ip_without_known_ports_is_a_packet_all_the_same),
        WITH_FIXTURE(a_packet_in_a_packet_is_read_by_the_inner_one),
        WITH_FIXTURE(packets_in_packets_end_somewhere),
        WITH_FIXTURE(the_packet_around_hangs_on_the_inner_one),
        WITH_FIXTURE(gre_is_opened_with_all_its_options),
        WITH_FIXTURE(vxlan_and_geneve_have_a_frame_in_them),
        WITH_FIXTURE(teredo_is_opened_behind_what_may_stand_before_it),
        WITH_FIXTURE(what_only_looks_like_a_tunnel_is_the_packet_itself),
        WITH_FIXTURE(ipv6_is_read),
        WITH_FIXTURE(ipv6_extension_headers_are_passed),
        WITH_FIXTURE(a_long_chain_of_extension_headers_is_refused),
        WITH_FIXTURE(an_extension_header_beyond_the_packet_is_refused),
        WITH_FIXTURE(no_next_header_is_the_end),
        WITH_FIXTURE(a_wrong_ipv6_version_is_refused),
        WITH_FIXTURE(tcp_options_are_passed),
        WITH_FIXTURE(a_wrong_tcp_header_is_refused),
        WITH_FIXTURE(tcp_options_that_were_cut_leave_ports_and_flags),
        WITH_FIXTURE(an_udp_length_that_cannot_be_is_refused),
        WITH_FIXTURE(icmp_has_type_and_code_for_ports),
        WITH_FIXTURE(sctp_has_ports),
        WITH_FIXTURE(a_frame_cut_anywhere_is_told_by_its_layer),
        WITH_FIXTURE(an_ipv6_frame_cut_anywhere_is_told_by_its_layer),
        WITH_FIXTURE(a_frame_that_lies_about_its_length_never_leads_beyond_it),
        WITH_FIXTURE(every_link_survives_any_short_frame),
        WITH_FIXTURE(verdicts_are_counted),
    };

    return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
