/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dhcp_id.h - what tells one client from another: identifiers, which are bytes without a
 * meaning of their own (RFC 2132 section 9.14, RFC 8415 section 11), the hardware
 * address, and the options asked for, in their order.
 */
#ifndef DHCP_ID_H
#define DHCP_ID_H

#include "cur.h"
#include "event.h"

#define DHCP_ID_MAX    130 /* bytes of a DUID with its type; longer ones are cut */
#define DHCP_ASKED_MAX 255 /* options of a fingerprint; real ones have up to thirty */

/* As hexadecimal digits; nothing when it is empty. What is cut makes the event short. */
void dhcp_put_id(struct event *e, enum field_id f, struct cur data);

/* The numbers of the options asked for as "1,3,6", each of so many bytes, one or two.
 * More than DHCP_ASKED_MAX are cut, and the event is short then. A list that an option in
 * pieces makes has any length. */
void dhcp_put_fingerprint(struct event *e, struct cur data, unsigned bytes_each);

/* The client's hardware address, and whether software gave it. */
void dhcp_put_client_mac(struct event *e, const struct mac *mac);

/* The hardware address in a DUID (RFC 8415 sections 11.2 and 11.4: DUID-LLT, DUID-LL over
 * Ethernet). False: it holds none. */
bool dhcp_duid_mac(struct cur duid, struct mac *ret_mac);

#endif
