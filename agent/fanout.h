/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fanout.h - which sensor of an interface a packet belongs to, as a program for the
 * kernel (classic BPF, packet(7) PACKET_FANOUT_CBPF).
 *
 * All traffic of one inside address goes to one sensor: the sender's when it is inside
 * the district, else the receiver's. Between two of the same standing the one that asks
 * the other for a name (port 53) counts, so that a device's conversations meet the
 * answers that led to them; else the lower one, so that both directions meet. IPv4 and
 * IPv6, behind up to two VLAN tags. What has no address yet, and what is not IP, goes to
 * the first sensor.
 */
#ifndef FANOUT_H
#define FANOUT_H

#include <linux/filter.h>
#include <stddef.h>

#include "district.h"
#include "net.h"

struct fanout {
    struct sock_filter *steps;
    size_t count;
};

/* inside: networks of the district; without any, private addresses are inside. 0, or
 * -E2BIG: there are too many networks for a program. */
int fanout_make(const struct prefix *inside, size_t count, struct fanout *ret_fanout);
int fanout_of_district(const struct district *district, struct fanout *ret_fanout);
void fanout_done(struct fanout *f);

#endif
