/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/name_memory.h"
#include "agent/sensor_dress.h"
#include "mem.h"

static const char district_text[] =
    "schema: 1\ndistrict: d\nname: D\nterm: t\n"
    "sites: [{id: north, name: North, type: high, tz: UTC}]\n"
    "segments:\n"
    "  - {name: students, site: north, audience: students, band: senior,\n"
    "     networks: [10.20.0.0/20], gateway: 10.20.0.1,\n"
    "     gateway_mac: '02:00:00:00:20:01', dhcp_servers: [10.20.0.1],\n"
    "     vlans: [20], dhcp6_servers: ['fe80::53']}\n"
    "  - {name: servers, site: north, audience: servers, networks: [10.50.0.0/24],\n"
    "     vlans: [50, 51], routers: ['fe80::50']}\n"
    "  - {name: lab, site: north, audience: students, networks: ['2001:db8::/64'],\n"
    "     vlans: [51, 60]}\n";

struct fixture {
    struct district *district;
    struct event *event;
    struct flow flow;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    auto_diags struct diags *d = diags_new();

    f->district =
        district_parse("d.yaml", district_text, sizeof(district_text) - 1, NULL, d);
    assert_non_null(f->district);
    f->event = event_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    district_free(f->district);
    event_free(f->event);
    free(f->flow.stage.name);
    free(f);
    return 0;
}

static struct addr addr_of(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(text, &a), 0);
    return a;
}

static void dress(struct fixture *f, const struct district *district, const char *client,
                  const char *server)
{
    f->flow.client = addr_of(client);
    f->flow.server = addr_of(server);
    f->flow.client_port = 40000;
    f->flow.server_port = 443;
    f->flow.ip_proto = 6;
    f->flow.has_mac = true;
    f->flow.client_mac = (struct mac){{2, 0, 0, 0, 0, 1}};
    f->flow.server_mac = (struct mac){{2, 0, 0, 0, 0x20, 1}};
    event_begin(f->event, EVENT_TLS, 5);
    dress_ends(district, false, f->event, NULL, &f->flow);
}

static uint64_t number(const struct fixture *f, enum field_id id)
{
    const struct value *v = event_get(f->event, id);

    assert_non_null(v);
    return v->number;
}

static void assert_text(const struct fixture *f, enum field_id id, const char *text)
{
    const struct value *v = event_get(f->event, id);

    assert_non_null(v);
    assert_true(text_equal(v->text, text_of(text)));
}

static void the_segment_is_that_of_the_inside_end(void **state)
{
    struct fixture *f = *state;

    dress(f, f->district, "10.20.1.1", "203.0.113.1");
    assert_text(f, FIELD_SEGMENT_NAME, "students");
    assert_text(f, FIELD_SITE_ID, "north");
    assert_int_equal(number(f, FIELD_DIRECTION), DIRECTION_OUTBOUND);
    assert_int_equal(number(f, FIELD_SRC_PORT), 40000);
    dress(f, f->district, "203.0.113.1", "10.50.0.9");
    assert_text(f, FIELD_SEGMENT_NAME, "servers");
    assert_int_equal(number(f, FIELD_DIRECTION), DIRECTION_INBOUND);
}

static void between_segments_the_caller_counts_and_the_called_is_named(void **state)
{
    struct fixture *f = *state;

    dress(f, f->district, "10.20.1.1", "10.50.0.9");
    assert_text(f, FIELD_SEGMENT_NAME, "students");
    assert_text(f, FIELD_DST_SEGMENT, "servers");
    assert_int_equal(number(f, FIELD_DIRECTION), DIRECTION_INTERNAL);
}

static void a_stranger_to_a_stranger_is_external_and_no_device(void **state)
{
    struct fixture *f = *state;

    dress(f, f->district, "203.0.113.1", "203.0.113.2");
    assert_int_equal(number(f, FIELD_DIRECTION), DIRECTION_EXTERNAL);
    assert_false(event_has(f->event, FIELD_SEGMENT_NAME));
    assert_false(event_has(f->event, FIELD_DEVICE_IP));
}

static void a_router_s_hardware_address_is_not_the_device_s(void **state)
{
    struct fixture *f = *state;

    dress(f, f->district, "10.20.1.1", "203.0.113.1");
    assert_true(event_has(f->event, FIELD_DEVICE_MAC));
    dress(f, f->district, "203.0.113.1", "10.20.1.1");
    assert_true(event_has(f->event, FIELD_DEVICE_IP));
    assert_false(event_has(f->event, FIELD_DEVICE_MAC));
}

static void the_sender_s_hardware_address_tells_whether_software_gave_it(void **state)
{
    static const struct {
        uint8_t first;
        bool local;
    } cases[] = {{0x00, false}, {0x3c, false}, {0x02, true}, {0xda, true}, {0xfe, true}};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct packet p = {.has_mac = true, .src_mac = {{cases[i].first, 1, 2, 3, 4, 5}}};

        p.dst_mac = (struct mac){{(uint8_t)(cases[i].first ^ 2), 0, 0, 0, 0, 1}};
        event_begin(f->event, EVENT_ARP, 5);
        dress_ends(f->district, false, f->event, &p, NULL);
        assert_int_equal(number(f, FIELD_SRC_MAC_LOCAL), cases[i].local);
    }
}

static void without_a_frame_nothing_is_said_of_its_hardware_address(void **state)
{
    struct fixture *f = *state;
    struct packet p = {.ethertype = 0x0806};

    event_begin(f->event, EVENT_ARP, 5);
    dress_ends(f->district, false, f->event, &p, NULL);
    assert_false(event_has(f->event, FIELD_SRC_MAC_LOCAL));
}

static void without_a_district_private_addresses_are_inside(void **state)
{
    struct fixture *f = *state;

    dress(f, NULL, "192.168.1.1", "203.0.113.1");
    assert_int_equal(number(f, FIELD_DIRECTION), DIRECTION_OUTBOUND);
    assert_false(event_has(f->event, FIELD_SEGMENT_NAME));
}

static void an_arp_frame_belongs_where_its_sender_does(void **state)
{
    struct fixture *f = *state;
    struct packet p = {.has_mac = true, .ethertype = 0x0806};
    struct addr sender = addr_of("10.20.3.4");

    event_begin(f->event, EVENT_ARP, 5);
    event_put_addr(f->event, FIELD_ARP_SENDER_IP, &sender);
    dress_ends(f->district, false, f->event, &p, NULL);
    assert_text(f, FIELD_SEGMENT_NAME, "students");
    assert_int_equal(number(f, FIELD_PROTO), PROTO_ARP);
    assert_false(event_has(f->event, FIELD_SRC_IP));
}

static void a_dhcp_offer_belongs_where_its_address_does(void **state)
{
    struct fixture *f = *state;
    struct packet p = {.ip_version = 4, .ip_proto = 17, .layer = PACKET_L4};
    struct addr offered = addr_of("10.20.3.4");

    p.src = addr_of("10.50.0.1");
    p.dst = addr_of("255.255.255.255");
    event_begin(f->event, EVENT_DHCP, 5);
    event_put_addr(f->event, FIELD_DHCP_ADDRESS, &offered);
    dress_ends(f->district, false, f->event, &p, NULL);
    assert_text(f, FIELD_SEGMENT_NAME, "students");
}

static void the_flow_s_counters_go_into_its_events(void **state)
{
    struct fixture *f = *state;

    f->flow.out.packets = 3;
    f->flow.out.bytes = 300;
    f->flow.in.bytes = 50;
    f->flow.first = 10;
    f->flow.last = 25;
    dress(f, f->district, "10.20.1.1", "203.0.113.1");
    dress_flow(f->event, &f->flow);
    assert_int_equal(number(f, FIELD_FLOW_PACKETS_OUT), 3);
    assert_int_equal(number(f, FIELD_FLOW_BYTES), 350);
    assert_int_equal(number(f, FIELD_FLOW_DURATION), 15);
    assert_true(event_has(f->event, FIELD_TCP_STATE));
    assert_false(event_has(f->event, FIELD_ICMP_TYPE));
}

static void what_echoes_carry_is_told_of_a_part_and_not_of_a_start(void **state)
{
    static const enum event_kind kinds[] = {EVENT_FLOW_START, EVENT_FLOW_ACTIVE,
                                            EVENT_FLOW};
    struct fixture *f = *state;

    f->flow.ip_proto = 1;
    f->flow.stage.reading.icmp.seen = 1;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        event_begin(f->event, kinds[i], 5);
        dress_flow(f->event, &f->flow);
        assert_true(event_has(f->event, FIELD_ICMP_TYPE));
        assert_int_equal(event_has(f->event, FIELD_ICMP_PAYLOAD_MAX), i > 0);
        assert_int_equal(event_has(f->event, FIELD_ICMP_PAYLOAD_VARIES), i > 0);
    }
}

static void a_part_is_told_with_its_packets_a_second(void **state)
{
    struct fixture *f = *state;
    struct flow_part part = {.since = 100 * USEC_PER_SEC,
                             .until = 160 * USEC_PER_SEC,
                             .out = {.packets = 120059, .bytes = 7000},
                             .in = {.packets = 59, .bytes = 90}};

    event_begin(f->event, EVENT_FLOW_ACTIVE, 5);
    dress_part(f->event, &part);
    assert_int_equal(number(f, FIELD_FLOW_DELTA_PACKETS_OUT), 120059);
    assert_int_equal(number(f, FIELD_FLOW_DELTA_PACKETS_IN), 59);
    assert_int_equal(number(f, FIELD_FLOW_DELTA_BYTES_OUT), 7000);
    assert_int_equal(number(f, FIELD_FLOW_DELTA_BYTES_IN), 90);
    assert_int_equal(number(f, FIELD_FLOW_DELTA_BYTES), 7090);
    assert_int_equal(number(f, FIELD_FLOW_RATE_OUT), 2000);
    assert_int_equal(number(f, FIELD_FLOW_RATE_IN), 0);
}

static void a_part_shorter_than_a_second_counts_as_a_second(void **state)
{
    struct fixture *f = *state;
    struct flow_part part = {.since = 100, .until = 101, .out = {.packets = 3}};

    event_begin(f->event, EVENT_FLOW, 5);
    dress_part(f->event, &part);
    assert_int_equal(number(f, FIELD_FLOW_RATE_OUT), 3);
}

static void a_part_that_ends_before_it_began_counts_as_a_second(void **state)
{
    struct fixture *f = *state;
    struct flow_part part = {.since = 101, .until = 100, .out = {.packets = 3}};

    event_begin(f->event, EVENT_FLOW, 5);
    dress_part(f->event, &part);
    assert_int_equal(number(f, FIELD_FLOW_RATE_OUT), 3);
}

static void a_conversation_s_start_tells_its_time_to_live_and_its_end_does_not(
    void **state)
{
    struct fixture *f = *state;

    f->flow.ttl = 127;
    event_begin(f->event, EVENT_FLOW_START, 5);
    dress_flow(f->event, &f->flow);
    assert_int_equal(number(f, FIELD_IP_TTL), 127);
    event_begin(f->event, EVENT_FLOW, 5);
    dress_flow(f->event, &f->flow);
    assert_false(event_has(f->event, FIELD_IP_TTL));
    f->flow.ttl = 0;
    event_begin(f->event, EVENT_FLOW_START, 5);
    dress_flow(f->event, &f->flow);
    assert_false(event_has(f->event, FIELD_IP_TTL));
}

static void a_conversation_s_start_tells_whose_order_its_syn_has(void **state)
{
    struct fixture *f = *state;

    event_begin(f->event, EVENT_FLOW_START, 5);
    dress_flow(f->event, &f->flow);
    assert_false(event_has(f->event, FIELD_TCP_SYN_ORDER));
    f->flow.has_order = true;
    f->flow.order = SYN_ORDER_WINDOWS;
    event_begin(f->event, EVENT_FLOW_START, 5);
    dress_flow(f->event, &f->flow);
    assert_int_equal(number(f, FIELD_TCP_SYN_ORDER), SYN_ORDER_WINDOWS);
}

static void a_flow_keeps_the_first_host_but_none_of_dns(void **state)
{
    struct fixture *f = *state;

    event_begin(f->event, EVENT_DNS, 5);
    event_put_host(f->event, FIELD_HOST, FIELD_UNKNOWN, TEXT("asked.example"));
    dress_keep(&f->flow, f->event);
    assert_null(flow_host(&f->flow));
    event_begin(f->event, EVENT_TLS, 5);
    event_put_host(f->event, FIELD_HOST, FIELD_UNKNOWN, TEXT("first.example"));
    dress_keep(&f->flow, f->event);
    event_begin(f->event, EVENT_TLS, 5);
    event_put_host(f->event, FIELD_HOST, FIELD_UNKNOWN, TEXT("second.example"));
    dress_keep(&f->flow, f->event);
    assert_string_equal(flow_host(&f->flow), "first.example");
}

static void what_led_to_a_flow_is_told_until_it_names_a_host(void **state)
{
    static const enum event_kind kinds[] = {EVENT_FLOW_START, EVENT_FLOW, EVENT_TLS,
                                            EVENT_QUIC};
    struct fixture *f = *state;

    f->flow.stage.looked = NAME_MEMORY_ASKED;
    f->flow.stage.name = xstrdup("www.led.example");
    f->flow.stage.led = true;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        event_begin(f->event, kinds[i], 5);
        dress_looked_up(f->event, &f->flow);
        assert_int_equal(event_get(f->event, FIELD_FLOW_LOOKED_UP)->number, true);
        assert_true(text_equal(event_get(f->event, FIELD_FLOW_LED_BY)->text,
                               TEXT("www.led.example")));
        assert_int_equal(event_has(f->event, FIELD_FLOW_LED_BY_REGISTRABLE),
                         kinds[i] == EVENT_FLOW);
    }
    event_begin(f->event, EVENT_FLOW_ACTIVE, 5);
    dress_looked_up(f->event, &f->flow);
    assert_true(text_equal(event_get(f->event, FIELD_FLOW_LED_BY_REGISTRABLE)->text,
                           TEXT("led.example")));
    event_put_host(f->event, FIELD_HOST, FIELD_UNKNOWN, TEXT("own.example"));
    dress_keep(&f->flow, f->event);
    event_begin(f->event, EVENT_FLOW, 5);
    dress_looked_up(f->event, &f->flow);
    assert_false(event_has(f->event, FIELD_FLOW_LED_BY));
    assert_false(event_has(f->event, FIELD_FLOW_LED_BY_REGISTRABLE));
    assert_true(event_has(f->event, FIELD_FLOW_LOOKED_UP));
    dress_application(f->event, &f->flow);
    assert_true(text_equal(event_get(f->event, FIELD_HOST)->text, TEXT("own.example")));
}

static void the_look_of_first_bytes_is_told_where_nothing_else_tells_the_application(
    void **state)
{
    struct fixture *f = *state;

    f->flow.stage.first = FLOW_FIRST_KNOWN;
    event_begin(f->event, EVENT_FLOW, 5);
    dress_application(f->event, &f->flow);
    assert_false(event_has(f->event, FIELD_FLOW_FIRST_BYTES));
    f->flow.stage.first = (FLOW_FIRST_LOOKS + FIRST_BYTES_EVEN) & 7u;
    dress_application(f->event, &f->flow);
    assert_int_equal(event_get(f->event, FIELD_FLOW_FIRST_BYTES)->number,
                     FIRST_BYTES_EVEN);
    f->flow.stage.app = 1;
    event_begin(f->event, EVENT_FLOW, 5);
    dress_application(f->event, &f->flow);
    assert_false(event_has(f->event, FIELD_FLOW_FIRST_BYTES));
    f->flow.stage.app = 0;
}

static void that_nothing_led_to_a_flow_is_told_only_where_it_is_known(void **state)
{
    struct fixture *f = *state;

    event_begin(f->event, EVENT_FLOW, 5);
    dress_looked_up(f->event, &f->flow);
    assert_false(event_has(f->event, FIELD_FLOW_LOOKED_UP));
    f->flow.stage.looked = NAME_MEMORY_NOT;
    dress_looked_up(f->event, &f->flow);
    assert_int_equal(event_get(f->event, FIELD_FLOW_LOOKED_UP)->number, false);
    assert_false(event_has(f->event, FIELD_FLOW_LED_BY));
    event_begin(f->event, EVENT_HTTP, 5);
    dress_looked_up(f->event, &f->flow);
    assert_false(event_has(f->event, FIELD_FLOW_LOOKED_UP));
}

/* ---- what is said on one link ---- */

static struct packet on_link(const char *src, uint16_t vlan, uint8_t mac)
{
    return (struct packet){.ip_version = 6,
                           .ip_proto = 58,
                           .layer = PACKET_L4,
                           .src = addr_of(src),
                           .dst = addr_of("ff02::1"),
                           .vlan = vlan,
                           .has_mac = true,
                           .src_mac = {{2, 0, 0, 0, 0x20, mac}}};
}

static void advertise(struct fixture *f, const char *src, uint16_t vlan, uint8_t mac)
{
    struct packet p = on_link(src, vlan, mac);

    event_begin(f->event, EVENT_ND, 5);
    event_put_number(f->event, FIELD_ND_TYPE, ND_RA);
    dress_ends(f->district, false, f->event, &p, &f->flow);
}

static void an_address_of_every_link_belongs_where_its_vlan_does(void **state)
{
    struct fixture *f = *state;

    advertise(f, "fe80::1", 20, 9);
    assert_text(f, FIELD_SEGMENT_NAME, "students");
    assert_true(event_has(f->event, FIELD_DEVICE_IP));
    assert_true(event_has(f->event, FIELD_DEVICE_MAC));
    advertise(f, "fe80::1", 51, 9); /* two have it */
    assert_false(event_has(f->event, FIELD_SEGMENT_NAME));
    advertise(f, "fe80::1", 0, 9);
    assert_false(event_has(f->event, FIELD_SEGMENT_NAME));
}

static void a_neighbour_belongs_where_it_speaks_of(void **state)
{
    struct fixture *f = *state;
    struct packet p = on_link("fe80::1", 0, 9);
    struct addr target = addr_of("2001:db8::45");

    event_begin(f->event, EVENT_ND, 5);
    event_put_number(f->event, FIELD_ND_TYPE, ND_NS);
    event_put_addr(f->event, FIELD_ND_TARGET, &target);
    dress_ends(f->district, false, f->event, &p, NULL);
    assert_text(f, FIELD_SEGMENT_NAME, "lab");
    assert_false(event_has(f->event, FIELD_SRC_IS_ROUTER));
}

static void what_is_said_on_a_link_is_of_who_sent_it(void **state)
{
    struct fixture *f = *state;
    struct addr src = addr_of("fe80::1");

    f->flow.client = addr_of("fe80::99");
    advertise(f, "fe80::1", 20, 9);
    assert_true(addr_equal(&event_get(f->event, FIELD_SRC_IP)->addr, &src));
}

static void a_router_is_who_the_segment_names(void **state)
{
    struct fixture *f = *state;

    advertise(f, "fe80::1", 20, 1); /* its gateway's hardware address */
    assert_int_equal(number(f, FIELD_SRC_IS_ROUTER), true);
    advertise(f, "fe80::1", 20, 9);
    assert_int_equal(number(f, FIELD_SRC_IS_ROUTER), false);
    advertise(f, "fe80::50", 50, 9); /* its routers */
    assert_int_equal(number(f, FIELD_SRC_IS_ROUTER), true);
    advertise(f, "fe80::50", 20, 9); /* another segment's */
    assert_int_equal(number(f, FIELD_SRC_IS_ROUTER), false);
    advertise(f, "fe80::50", 60, 9); /* it names none */
    assert_false(event_has(f->event, FIELD_SRC_IS_ROUTER));
}

static void where_the_segment_is_not_told_any_segments_router_will_do(void **state)
{
    struct fixture *f = *state;

    advertise(f, "fe80::50", 0, 9);
    assert_int_equal(number(f, FIELD_SRC_IS_ROUTER), true);
    advertise(f, "fe80::51", 0, 9);
    assert_int_equal(number(f, FIELD_SRC_IS_ROUTER), false);
}

static void answer_dhcp6(struct fixture *f, enum dhcp_type type, const char *src,
                         uint16_t vlan, uint8_t mac)
{
    struct packet p = on_link(src, vlan, mac);

    event_begin(f->event, EVENT_DHCP, 5);
    event_put_number(f->event, FIELD_DHCP_TYPE, type);
    dress_ends(f->district, false, f->event, &p, NULL);
}

static void a_dhcpv6_server_is_who_is_named_or_a_router(void **state)
{
    struct fixture *f = *state;

    answer_dhcp6(f, DHCP_REPLY, "fe80::53", 20, 9);
    assert_int_equal(number(f, FIELD_SRC_IS_DHCP6_SERVER), true);
    answer_dhcp6(f, DHCP_ADVERTISE, "fe80::1", 20, 1); /* a router that relays */
    assert_int_equal(number(f, FIELD_SRC_IS_DHCP6_SERVER), true);
    answer_dhcp6(f, DHCP_ADVERTISE, "fe80::99", 20, 9);
    assert_int_equal(number(f, FIELD_SRC_IS_DHCP6_SERVER), false);
    answer_dhcp6(f, DHCP_SOLICIT, "fe80::99", 20, 9);
    assert_false(event_has(f->event, FIELD_SRC_IS_DHCP6_SERVER));
}

/* ---- groups ---- */

static struct district *with_groups(void)
{
    static const char more[] = "groups:\n"
                               "  servers: {segments: [servers], networks: [10.20.9.9]}\n"
                               "  lab: {networks: [10.20.9.0/24]}\n"
                               "  loan: {macs: ['02:00:00:00:00:01']}\n";
    auto_free char *text = xasprintf("%s%s", district_text, more);
    auto_diags struct diags *d = diags_new();
    struct district *di = district_parse("d.yaml", text, strlen(text), NULL, d);

    assert_non_null(di);
    return di;
}

static void assert_groups(const struct fixture *f, enum field_id id, const char *wanted)
{
    const struct value *v = event_get(f->event, id);
    auto_buffer struct buffer b = {0};

    buffer_text(&b, "");
    for (size_t i = 0; v && i < v->text_count; i++)
        buffer_print(&b, "%.*s ", (int)v->texts[i].len, v->texts[i].at);
    assert_string_equal(b.at, wanted);
}

static void the_ends_are_in_the_groups_of_segment_address_and_hardware(void **state)
{
    auto_district struct district *di = with_groups();
    struct fixture *f = *state;

    dress(f, di, "10.20.9.4", "10.50.0.9");
    assert_groups(f, FIELD_DEVICE_GROUPS, "");
    dress_groups(di, f->event);
    assert_groups(f, FIELD_DEVICE_GROUPS, "lab loan ");
    assert_groups(f, FIELD_DST_GROUPS, "servers ");
    dress(f, di, "203.0.113.1", "10.20.9.9");
    dress_groups(di, f->event);
    assert_groups(f, FIELD_DEVICE_GROUPS, "servers lab ");
    assert_groups(f, FIELD_DST_GROUPS, "servers lab ");
}

static void an_arp_is_in_the_groups_of_the_machine_that_it_speaks_of(void **state)
{
    auto_district struct district *di = with_groups();
    struct fixture *f = *state;
    struct packet p = {.has_mac = true, .src_mac = {{2, 0, 0, 0, 0, 1}}};
    struct addr server = addr_of("10.20.9.9");

    event_begin(f->event, EVENT_ARP, 5);
    event_put_addr(f->event, FIELD_ARP_SENDER_IP, &server);
    event_put_mac(f->event, FIELD_ARP_SENDER_MAC, &(struct mac){{2, 0, 0, 0, 0, 9}});
    dress_ends(di, true, f->event, &p, NULL);
    assert_groups(f, FIELD_DEVICE_GROUPS, "servers lab ");
}

static void a_device_whose_address_another_has_is_still_in_its_group(void **state)
{
    auto_district struct district *di = with_groups();
    struct fixture *f = *state;
    struct addr ip = addr_of("10.20.1.9");

    event_begin(f->event, EVENT_DEVICE, 5);
    event_put_addr(f->event, FIELD_DEVICE_IP, &ip);
    event_put_mac(f->event, FIELD_DEVICE_MAC, &(struct mac){{2, 0, 0, 0, 0, 9}});
    event_put_mac(f->event, FIELD_DEVICE_PREVIOUS_MAC, &(struct mac){{2, 0, 0, 0, 0, 1}});
    dress_groups(di, f->event);
    assert_groups(f, FIELD_DEVICE_GROUPS, "loan ");
}

static void a_dhcp_answer_is_in_the_groups_of_its_client(void **state)
{
    auto_district struct district *di = with_groups();
    struct fixture *f = *state;
    struct addr ip = addr_of("10.20.9.4"), server = addr_of("10.20.9.9");

    event_begin(f->event, EVENT_DHCP, 5);
    event_put_addr(f->event, FIELD_DHCP_ADDRESS, &ip);
    event_put_addr(f->event, FIELD_DEVICE_IP, &server);
    dress_groups(di, f->event);
    assert_groups(f, FIELD_DEVICE_GROUPS, "lab ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(the_segment_is_that_of_the_inside_end),
        WITH_FIXTURE(between_segments_the_caller_counts_and_the_called_is_named),
        WITH_FIXTURE(a_stranger_to_a_stranger_is_external_and_no_device),
        WITH_FIXTURE(a_router_s_hardware_address_is_not_the_device_s),
        WITH_FIXTURE(the_sender_s_hardware_address_tells_whether_software_gave_it),
        WITH_FIXTURE(without_a_frame_nothing_is_said_of_its_hardware_address),
        WITH_FIXTURE(without_a_district_private_addresses_are_inside),
        WITH_FIXTURE(an_arp_frame_belongs_where_its_sender_does),
        WITH_FIXTURE(a_dhcp_offer_belongs_where_its_address_does),
        WITH_FIXTURE(an_address_of_every_link_belongs_where_its_vlan_does),
        WITH_FIXTURE(a_neighbour_belongs_where_it_speaks_of),
        WITH_FIXTURE(what_is_said_on_a_link_is_of_who_sent_it),
        WITH_FIXTURE(a_router_is_who_the_segment_names),
        WITH_FIXTURE(where_the_segment_is_not_told_any_segments_router_will_do),
        WITH_FIXTURE(a_dhcpv6_server_is_who_is_named_or_a_router),
        WITH_FIXTURE(the_flow_s_counters_go_into_its_events),
        WITH_FIXTURE(what_echoes_carry_is_told_of_a_part_and_not_of_a_start),
        WITH_FIXTURE(a_part_is_told_with_its_packets_a_second),
        WITH_FIXTURE(a_part_shorter_than_a_second_counts_as_a_second),
        WITH_FIXTURE(a_part_that_ends_before_it_began_counts_as_a_second),
        WITH_FIXTURE(a_conversation_s_start_tells_its_time_to_live_and_its_end_does_not),
        WITH_FIXTURE(a_conversation_s_start_tells_whose_order_its_syn_has),
        WITH_FIXTURE(a_flow_keeps_the_first_host_but_none_of_dns),
        WITH_FIXTURE(what_led_to_a_flow_is_told_until_it_names_a_host),
        WITH_FIXTURE(that_nothing_led_to_a_flow_is_told_only_where_it_is_known),
        WITH_FIXTURE(the_ends_are_in_the_groups_of_segment_address_and_hardware),
        WITH_FIXTURE(an_arp_is_in_the_groups_of_the_machine_that_it_speaks_of),
        WITH_FIXTURE(a_device_whose_address_another_has_is_still_in_its_group),
        WITH_FIXTURE(a_dhcp_answer_is_in_the_groups_of_its_client),
        WITH_FIXTURE(
            the_look_of_first_bytes_is_told_where_nothing_else_tells_the_application),
    };

    return cmocka_run_group_tests_name("sensor_dress", tests, NULL, NULL);
}
