/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.h - which machine has which address: hardware addresses and names, from ARP and
 * DHCP, over time.
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

#define DEVICE_NAME 64 /* its zero byte included; longer names are cut */

struct device {
    struct addr ip;
    struct mac mac;
    char name[DEVICE_NAME]; /* "" when it never told one */
    usec_t first, last;
};

struct device_table;

struct device_table *device_table_new(size_t capacity);
void device_table_free(struct device_table *t);

/* What an ARP or DHCP event says of a binding. DHCP decides over ARP: an address that a
 * server gave belongs to whom it was given, and ARP may lie. */
void device_table_learn(struct device_table *t, const struct event *e);

/* Borrowed until the next learn; NULL: nothing is known of the address. */
const struct device *device_table_get(struct device_table *t, const struct addr *ip);

/*
 * Puts device, device.mac and device.name into an event with a device.ip: the key is the
 * hardware address when it is known, else the address as text.
 */
void device_table_dress(struct device_table *t, struct event *e);

size_t device_table_count(const struct device_table *t);
uint64_t device_table_evicted(const struct device_table *t);

#endif
