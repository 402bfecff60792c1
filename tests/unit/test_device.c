/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/device.h"
#include "agent/machine.h"
#include "mem.h"

struct fixture {
    struct device_table *table;
    struct event *event;
    bool moved; /* as the last learning said */
    struct device_move move;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->table = device_table_new(8);
    f->event = event_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    device_table_free(f->table);
    event_free(f->event);
    free(f);
    return 0;
}

static struct addr addr_of(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(text, &a), 0);
    return a;
}

static struct mac mac_of(uint8_t last)
{
    return (struct mac){{2, 0, 0, 0, 0, last}};
}

static void learn_arp(struct fixture *f, usec_t now, const char *ip, uint8_t mac)
{
    struct addr a = addr_of(ip);
    struct mac m = mac_of(mac);

    event_begin(f->event, EVENT_ARP, now);
    event_put_addr(f->event, FIELD_ARP_SENDER_IP, &a);
    event_put_mac(f->event, FIELD_ARP_SENDER_MAC, &m);
    f->moved = device_table_learn(f->table, f->event, &f->move);
}

static void learn_dhcp(struct fixture *f, usec_t now, enum dhcp_type type, const char *ip,
                       uint8_t mac, const char *name)
{
    struct addr a = addr_of(ip);
    struct mac m = mac_of(mac);

    event_begin(f->event, EVENT_DHCP, now);
    event_put_number(f->event, FIELD_DHCP_TYPE, type);
    event_put_addr(f->event, FIELD_DHCP_ADDRESS, &a);
    event_put_mac(f->event, FIELD_DHCP_CLIENT_MAC, &m);
    if (name)
        event_put_text(f->event, FIELD_DHCP_NAME, text_of(name));
    f->moved = device_table_learn(f->table, f->event, &f->move);
}

static const struct device *get(struct fixture *f, const char *ip)
{
    struct addr a = addr_of(ip);

    return device_table_get(f->table, &a);
}

static const char *name_of(struct fixture *f, const char *ip)
{
    return device_table_name(f->table, &get(f, ip)->mac);
}

static void arp_binds_an_address_to_its_sender(void **state)
{
    struct fixture *f = *state;
    struct mac m = mac_of(7);

    learn_arp(f, 10, "10.0.0.1", 7);
    learn_arp(f, 20, "10.0.0.1", 7);
    assert_true(mac_equal(&get(f, "10.0.0.1")->mac, &m));
    assert_int_equal(get(f, "10.0.0.1")->first, 10);
    assert_int_equal(get(f, "10.0.0.1")->last, 20);
    assert_null(get(f, "10.0.0.2"));
}

static void what_a_server_gave_outweighs_arp_for_an_hour(void **state)
{
    struct fixture *f = *state;
    struct mac leased = mac_of(1), other = mac_of(2);

    learn_dhcp(f, 1, DHCP_ACK, "10.0.0.1", 1, "laptop");
    learn_arp(f, USEC_PER_HOUR - 1, "10.0.0.1", 2);
    assert_true(mac_equal(&get(f, "10.0.0.1")->mac, &leased));
    assert_string_equal(name_of(f, "10.0.0.1"), "laptop");
    learn_arp(f, USEC_PER_HOUR + 1, "10.0.0.1", 2);
    assert_true(mac_equal(&get(f, "10.0.0.1")->mac, &other));
}

static void a_name_does_not_outlive_its_machine(void **state)
{
    struct fixture *f = *state;

    learn_dhcp(f, 1, DHCP_ACK, "10.0.0.1", 1, "laptop");
    learn_dhcp(f, 2, DHCP_ACK, "10.0.0.1", 2, NULL);
    assert_string_equal(name_of(f, "10.0.0.1"), "");
}

static void an_offer_binds_nothing(void **state)
{
    struct fixture *f = *state;

    learn_dhcp(f, 1, DHCP_OFFER, "10.0.0.1", 1, "laptop");
    assert_int_equal(device_table_count(f->table), 0);
}

static void addresses_that_are_nobodys_are_left_out(void **state)
{
    struct fixture *f = *state;

    learn_arp(f, 1, "0.0.0.0", 1);
    learn_arp(f, 1, "224.0.0.1", 1);
    assert_int_equal(device_table_count(f->table), 0);
}

static void a_long_name_is_cut(void **state)
{
    struct fixture *f = *state;
    char name[200];

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    learn_dhcp(f, 1, DHCP_ACK, "10.0.0.1", 1, name);
    assert_int_equal(strlen(name_of(f, "10.0.0.1")), MACHINE_NAME - 1);
}

static void the_address_not_heard_of_for_longest_makes_room(void **state)
{
    struct fixture *f = *state;
    char ip[16];

    for (unsigned i = 1; i <= 8; i++) {
        snprintf(ip, sizeof(ip), "10.0.0.%u", i);
        learn_arp(f, i, ip, (uint8_t)i);
    }
    learn_arp(f, 9, "10.0.0.1", 1);
    learn_arp(f, 10, "10.0.0.99", 99);
    assert_int_equal(device_table_count(f->table), 8);
    assert_int_equal(device_table_evicted(f->table), 1);
    assert_null(get(f, "10.0.0.2"));
    assert_non_null(get(f, "10.0.0.1"));
    assert_non_null(get(f, "10.0.0.99"));
}

static void a_hit_is_dressed_with_its_device(void **state)
{
    struct fixture *f = *state;
    struct addr ip = addr_of("10.0.0.1");

    learn_dhcp(f, 1, DHCP_ACK, "10.0.0.1", 7, "laptop");
    event_begin(f->event, EVENT_DNS, 2);
    event_put_addr(f->event, FIELD_DEVICE_IP, &ip);
    device_table_dress(f->table, f->event);
    assert_true(
        text_equal(event_get(f->event, FIELD_DEVICE)->text, TEXT("02:00:00:00:00:07")));
    assert_true(text_equal(event_get(f->event, FIELD_DEVICE_NAME)->text, TEXT("laptop")));
}

static void an_unknown_device_is_called_by_its_address(void **state)
{
    struct fixture *f = *state;
    struct addr ip = addr_of("10.0.0.5");

    event_begin(f->event, EVENT_DNS, 2);
    event_put_addr(f->event, FIELD_DEVICE_IP, &ip);
    device_table_dress(f->table, f->event);
    assert_true(text_equal(event_get(f->event, FIELD_DEVICE)->text, TEXT("10.0.0.5")));
    assert_false(event_has(f->event, FIELD_DEVICE_MAC));
    event_begin(f->event, EVENT_DNS, 2);
    device_table_dress(f->table, f->event);
    assert_false(event_has(f->event, FIELD_DEVICE));
}

/* ---- IPv6, and names on the link ---- */

static void learn_nd(struct fixture *f, usec_t now, enum nd_type type, const char *ip,
                     uint8_t mac, unsigned hop_limit)
{
    bool asks = type == ND_NS;
    struct addr a = addr_of(ip);
    struct mac m = mac_of(mac);

    event_begin(f->event, EVENT_ND, now);
    event_put_number(f->event, FIELD_ND_TYPE, type);
    event_put_number(f->event, FIELD_ND_HOP_LIMIT, hop_limit);
    event_put_addr(f->event, asks ? FIELD_SRC_IP : FIELD_ND_TARGET, &a);
    event_put_mac(f->event, asks ? FIELD_ND_SOURCE_MAC : FIELD_ND_TARGET_MAC, &m);
    f->moved = device_table_learn(f->table, f->event, &f->move);
}

static void learn_name(struct fixture *f, enum name_proto proto, const char *ip,
                       uint8_t mac, const char *name)
{
    struct addr a = addr_of(ip);
    struct mac m = mac_of(mac);

    event_begin(f->event, EVENT_NAME, 5);
    event_put_number(f->event, FIELD_NAME_PROTO, proto);
    event_put_addr(f->event, FIELD_SRC_IP, &a);
    event_put_mac(f->event, FIELD_SRC_MAC, &m);
    event_put_text(f->event, FIELD_NAME_OWN, text_of(name));
    f->moved = device_table_learn(f->table, f->event, &f->move);
}

static void neighbours_bind_the_address_they_ask_from_or_tell(void **state)
{
    struct fixture *f = *state;
    struct mac seven = mac_of(7), eight = mac_of(8);

    learn_nd(f, 1, ND_NS, "2001:db8::7", 7, 255);
    learn_nd(f, 1, ND_NA, "2001:db8::8", 8, 255);
    assert_true(mac_equal(&get(f, "2001:db8::7")->mac, &seven));
    assert_true(mac_equal(&get(f, "2001:db8::8")->mac, &eight));
    assert_false(f->moved);
}

static void an_address_that_moves_is_told(void **state)
{
    struct fixture *f = *state;
    struct mac seven = mac_of(7), eight = mac_of(8);

    learn_nd(f, 1, ND_NA, "2001:db8::7", 7, 255);
    learn_nd(f, 2, ND_NA, "2001:db8::7", 7, 255);
    assert_false(f->moved);
    learn_nd(f, 3, ND_NA, "2001:db8::7", 8, 255);
    assert_true(f->moved);
    assert_true(mac_equal(&f->move.before, &seven));
    assert_true(mac_equal(&f->move.now, &eight));
}

static void neighbours_from_beyond_the_link_are_not_believed(void **state)
{
    struct fixture *f = *state;

    learn_nd(f, 1, ND_NA, "2001:db8::7", 7, 64);
    assert_null(get(f, "2001:db8::7"));
}

static void addresses_of_every_link_are_left_out(void **state)
{
    struct fixture *f = *state;

    learn_nd(f, 1, ND_NA, "fe80::1", 7, 255);
    learn_nd(f, 1, ND_NS, "::", 7, 255);
    assert_int_equal(device_table_count(f->table), 0);
}

static void a_machine_has_several_addresses_but_not_any_number(void **state)
{
    struct device_table *big = device_table_new(64);
    struct fixture *f = *state;
    struct device_table *small = f->table;
    char ip[32];

    f->table = big;
    for (unsigned i = 1; i <= MACHINE_ADDRS + 3; i++) {
        snprintf(ip, sizeof(ip), "2001:db8::%x", i);
        learn_nd(f, i, ND_NA, ip, 7, 255);
    }
    assert_int_equal(device_table_count(big), MACHINE_ADDRS);
    assert_int_equal(device_table_dropped(big), 3);
    assert_null(get(f, "2001:db8::3"));
    assert_non_null(get(f, "2001:db8::4"));
    learn_nd(f, 99, ND_NA, "2001:db8::8:8", 8, 255); /* a place that was given up */
    assert_non_null(get(f, "2001:db8::8:8"));
    assert_non_null(get(f, "2001:db8::13"));
    device_table_free(big);
    f->table = small;
}

static void an_address_that_moved_away_is_not_dropped_with_its_machine(void **state)
{
    struct device_table *big = device_table_new(64);
    struct fixture *f = *state;
    struct device_table *small = f->table;
    char ip[32];

    f->table = big;
    learn_nd(f, 1, ND_NA, "2001:db8::1", 7, 255);
    learn_nd(f, 2, ND_NA, "2001:db8::1", 8, 255);
    for (unsigned i = 2; i <= MACHINE_ADDRS + 1; i++) {
        snprintf(ip, sizeof(ip), "2001:db8::%x", i);
        learn_nd(f, 2 + i, ND_NA, ip, 7, 255);
    }
    assert_non_null(get(f, "2001:db8::1"));
    device_table_free(big);
    f->table = small;
}

static void a_better_name_stays(void **state)
{
    struct fixture *f = *state;

    learn_arp(f, 1, "10.0.0.1", 7);
    learn_name(f, NAME_LLMNR, "10.0.0.1", 7, "by-llmnr");
    assert_string_equal(name_of(f, "10.0.0.1"), "by-llmnr");
    learn_name(f, NAME_NBNS, "10.0.0.1", 7, "by-netbios");
    learn_name(f, NAME_MDNS, "10.0.0.1", 7, "by-mdns");
    learn_name(f, NAME_NBNS, "10.0.0.1", 7, "by-netbios");
    assert_string_equal(name_of(f, "10.0.0.1"), "by-mdns");
    learn_dhcp(f, 2, DHCP_ACK, "10.0.0.1", 7, "by-dhcp");
    learn_name(f, NAME_MDNS, "10.0.0.1", 7, "by-mdns");
    assert_string_equal(name_of(f, "10.0.0.1"), "by-dhcp");
}

static void a_name_is_that_of_all_addresses_of_a_machine(void **state)
{
    struct fixture *f = *state;

    learn_dhcp(f, 1, DHCP_ACK, "10.0.0.1", 7, "laptop");
    learn_nd(f, 2, ND_NS, "2001:db8::7", 7, 255);
    assert_string_equal(name_of(f, "2001:db8::7"), "laptop");
}

static void a_name_that_came_over_a_router_is_not_the_routers(void **state)
{
    struct fixture *f = *state;
    struct mac router = mac_of(1);

    learn_name(f, NAME_NBNS, "10.9.0.1", 1, "far-away");
    assert_string_equal(device_table_name(f->table, &router), "");
    learn_arp(f, 1, "10.0.0.1", 7);
    learn_name(f, NAME_MDNS, "10.0.0.1", 1, "not-mine");
    assert_string_equal(device_table_name(f->table, &router), "");
}

static void learn_dhcp6(struct fixture *f, enum dhcp_type type, const char *ip,
                        uint8_t identifier, uint8_t frame, const char *name)
{
    struct mac m = mac_of(identifier), from = mac_of(frame);
    struct addr a;

    event_begin(f->event, EVENT_DHCP, 9);
    event_put_number(f->event, FIELD_DHCP_VERSION, 6);
    event_put_number(f->event, FIELD_DHCP_TYPE, type);
    event_put_mac(f->event, FIELD_DHCP_CLIENT_MAC, &m);
    event_put_mac(f->event, FIELD_SRC_MAC, &from);
    if (ip) {
        a = addr_of(ip);
        event_add_addr(f->event, FIELD_DHCP_ADDRESSES, &a);
    }
    if (name)
        event_put_text(f->event, FIELD_DHCP_NAME, text_of(name));
    f->moved = device_table_learn(f->table, f->event, &f->move);
}

static void dhcpv6_names_the_frame_s_sender_and_binds_what_nobody_told(void **state)
{
    struct fixture *f = *state;
    struct mac card = mac_of(7), other = mac_of(8);

    learn_dhcp6(f, DHCP_REQUEST, NULL, 8, 7, "laptop");
    assert_string_equal(device_table_name(f->table, &card), "laptop");
    assert_string_equal(device_table_name(f->table, &other), "");
    learn_dhcp6(f, DHCP_REPLY, "2001:db8::7", 8, 1, NULL);
    assert_true(mac_equal(&get(f, "2001:db8::7")->mac, &other));
    learn_nd(f, 10, ND_NS, "2001:db8::7", 7, 255);
    learn_dhcp6(f, DHCP_REPLY, "2001:db8::7", 8, 1, NULL);
    assert_true(mac_equal(&get(f, "2001:db8::7")->mac, &card));
}

static void on_one_link_the_frame_tells_the_machine(void **state)
{
    struct fixture *f = *state;
    struct addr ip = addr_of("fe80::7");
    struct mac m = mac_of(7);

    learn_name(f, NAME_MDNS, "fe80::7", 7, "laptop");
    event_begin(f->event, EVENT_ND, 2);
    event_put_addr(f->event, FIELD_DEVICE_IP, &ip);
    event_put_mac(f->event, FIELD_DEVICE_MAC, &m);
    device_table_dress(f->table, f->event);
    assert_true(
        text_equal(event_get(f->event, FIELD_DEVICE)->text, TEXT("02:00:00:00:00:07")));
    assert_true(text_equal(event_get(f->event, FIELD_DEVICE_NAME)->text, TEXT("laptop")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(arp_binds_an_address_to_its_sender),
        WITH_FIXTURE(what_a_server_gave_outweighs_arp_for_an_hour),
        WITH_FIXTURE(a_name_does_not_outlive_its_machine),
        WITH_FIXTURE(an_offer_binds_nothing),
        WITH_FIXTURE(addresses_that_are_nobodys_are_left_out),
        WITH_FIXTURE(a_long_name_is_cut),
        WITH_FIXTURE(the_address_not_heard_of_for_longest_makes_room),
        WITH_FIXTURE(a_hit_is_dressed_with_its_device),
        WITH_FIXTURE(an_unknown_device_is_called_by_its_address),
        WITH_FIXTURE(neighbours_bind_the_address_they_ask_from_or_tell),
        WITH_FIXTURE(an_address_that_moves_is_told),
        WITH_FIXTURE(neighbours_from_beyond_the_link_are_not_believed),
        WITH_FIXTURE(addresses_of_every_link_are_left_out),
        WITH_FIXTURE(a_machine_has_several_addresses_but_not_any_number),
        WITH_FIXTURE(an_address_that_moved_away_is_not_dropped_with_its_machine),
        WITH_FIXTURE(a_better_name_stays),
        WITH_FIXTURE(a_name_is_that_of_all_addresses_of_a_machine),
        WITH_FIXTURE(a_name_that_came_over_a_router_is_not_the_routers),
        WITH_FIXTURE(dhcpv6_names_the_frame_s_sender_and_binds_what_nobody_told),
        WITH_FIXTURE(on_one_link_the_frame_tells_the_machine),
    };

    return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
