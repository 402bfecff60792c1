/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/device.h"
#include "mem.h"

struct fixture {
    struct device_table *table;
    struct event *event;
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
    device_table_learn(f->table, f->event);
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
    device_table_learn(f->table, f->event);
}

static const struct device *get(struct fixture *f, const char *ip)
{
    struct addr a = addr_of(ip);

    return device_table_get(f->table, &a);
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
    assert_string_equal(get(f, "10.0.0.1")->name, "laptop");
    learn_arp(f, USEC_PER_HOUR + 1, "10.0.0.1", 2);
    assert_true(mac_equal(&get(f, "10.0.0.1")->mac, &other));
}

static void a_name_does_not_outlive_its_machine(void **state)
{
    struct fixture *f = *state;

    learn_dhcp(f, 1, DHCP_ACK, "10.0.0.1", 1, "laptop");
    learn_dhcp(f, 2, DHCP_ACK, "10.0.0.1", 2, NULL);
    assert_string_equal(get(f, "10.0.0.1")->name, "");
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
    assert_int_equal(strlen(get(f, "10.0.0.1")->name), DEVICE_NAME - 1);
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
    };

    return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
