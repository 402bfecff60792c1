/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h - what machines call themselves, and which IPv6 addresses they have, by their
 * hardware address.
 *
 * A machine tells its name in several ways; the better way's name stays. It may have many
 * IPv6 addresses (RFC 8981 makes new ones daily): the latest MACHINE_ADDRS are its own.
 * The table has a fixed size; the machine not heard of for longest gives up its place,
 * and is counted.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net.h"
#include "text.h"

#define MACHINE_NAME  64 /* its zero byte included; longer names are cut */
#define MACHINE_ADDRS 16

/* How a name was told; a later one is the better. */
enum name_rank { RANK_NONE, RANK_LLMNR, RANK_NBNS, RANK_MDNS, RANK_DHCP };

struct machine_table;

struct machine_table *machine_table_new(size_t capacity);
void machine_table_free(struct machine_table *t);

/* A name no better than the one that is known replaces it only if it is of its rank. */
void machine_name(struct machine_table *t, const struct mac *mac, struct text name,
                  enum name_rank rank);

/* The machine has an address. True: it has one too many, and ret_gone is no longer its.
 */
bool machine_address(struct machine_table *t, const struct mac *mac,
                     const struct addr *ip, struct addr *ret_gone);

/* Borrowed until the table changes; "" when it never told one. */
const char *machine_name_of(struct machine_table *t, const struct mac *mac);

/* Machines that gave up their place to another one. */
uint64_t machine_table_evicted(const struct machine_table *t);

#endif
