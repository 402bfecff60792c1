/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nbns_name.h - NetBIOS names, as they stand in the first label of a DNS name (RFC 1001
 * section 14.1, RFC 1002 section 4.1): each of 16 bytes as two letters from A to P.
 */
#ifndef NBNS_NAME_H
#define NBNS_NAME_H

#include "agent/dns_name.h"

#define NBNS_NAME_BYTES 16 /* 15 of the name, then what it names */

/*
 * Puts the name in the place of its letters, without blanks at its end; a scope (further
 * labels) stays behind it. False: the first label is no such name.
 */
bool nbns_name_decode(struct dns_name *name, uint8_t *ret_suffix);

/* Without the blanks, or zeros, that fill it up. */
struct text nbns_name_trim(struct text name);

#endif
