/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.h - which machine has which address: hardware addresses and names over time,
 * from ARP, DHCP, neighbour discovery and what machines call themselves on the link.
 *
 * One table a sensor box, in the courier, filled in the order of packet time. It has a
 * fixed number of places; the address not heard of for longest gives up its place.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "event.h"
#include "net.h"

struct device {
    struct addr ip;
    struct mac mac;
    usec_t first, last;
};

/* An address that another machine has now. */
struct device_move {
    struct addr ip;
    struct mac before, now;
};

struct device_table;

struct device_table *device_table_new(size_t capacity);
void device_table_free(struct device_table *t);

/* The event may have something to say of devices. Most names on the link are asked for,
 * and say nothing of who asks. */
bool device_table_cares(const struct event *e);

/*
 * What an event says of bindings and names. For IPv4, DHCP decides over ARP: an address
 * that a server gave belongs to whom it was given, and ARP may lie. For IPv6, neighbour
 * discovery decides, as DHCPv6 is not asked for most addresses. Addresses that hold on
 * every link are not learnt. True: an address moved.
 */
bool device_table_learn(struct device_table *t, const struct event *e,
                        struct device_move *ret_move);

/* Borrowed until the next learn; NULL: nothing is known of the address. */
const struct device *device_table_get(struct device_table *t, const struct addr *ip);

/* What the machine calls itself, borrowed likewise; "" when it never told. */
const char *device_table_name(struct device_table *t, const struct mac *mac);

/*
 * Puts device, device.mac and device.name into an event with a device.ip: the key is the
 * hardware address when it is known, else the address as text. Of an address that holds
 * on every link, the frame's hardware address is the machine's.
 */
void device_table_dress(struct device_table *t, struct event *e);

size_t device_table_count(const struct device_table *t);
uint64_t device_table_evicted(const struct device_table *t);

/* Addresses of machines that have more of them than are kept. */
uint64_t device_table_dropped(const struct device_table *t);

/* Machines whose name and addresses were forgotten for others. */
uint64_t device_table_machines_evicted(const struct device_table *t);

#endif
