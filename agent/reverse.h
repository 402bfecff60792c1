/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reverse.h - names under which the name of an address is asked
 * for: 9.2.0.192.in-addr.arpa (RFC 1035 section 3.5), and its like for IPv6 (RFC 3596
 * section 2.5).
 */
#ifndef REVERSE_H
#define REVERSE_H

#include <stdbool.h>

#include "net.h"
#include "text.h"

/* Whether the clean name (domain.h) is of one address, or stands below that (RFC 2317,
 * RFC 6763 section 11). A whole network's is of none. */
bool reverse_addr(struct text name, struct addr *ret_addr);

#endif
