/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dhcp_id.h - identifiers of clients and servers, which are bytes without a meaning of
 * their own (RFC 2132 section 9.14, RFC 8415 section 11).
 */
#ifndef DHCP_ID_H
#define DHCP_ID_H

#include "cur.h"
#include "event.h"

#define DHCP_ID_MAX 130 /* bytes of a DUID with its type; longer ones are cut */

/* As hexadecimal digits; nothing when it is empty. */
void dhcp_put_id(struct event *e, enum field_id f, struct cur data);

/* The client's hardware address, and whether software gave it. */
void dhcp_put_client_mac(struct event *e, const struct mac *mac);

/* The hardware address in a DUID (RFC 8415 sections 11.2 and 11.4: DUID-LLT, DUID-LL over
 * Ethernet). False: it holds none. */
bool dhcp_duid_mac(struct cur duid, struct mac *ret_mac);

#endif
