/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_value.h - what a list is a list of, and one value of it as people write it.
 *
 * A clean value is printed in one way only, so that two that mean the same are equal:
 *
 *   domain   a host name (domain.h); it stands for all names below it
 *   cidr     an address or a network: 192.0.2.0/24, 2001:db8::1
 *   ip       an address
 *   mac      a hardware address, or the first 24 to 47 bits of one: 02:00:5e:00:00:00/24
 *   ja3      32 hexadecimal digits
 *   ja4      as JA4 prints it: t13d1516h2_8daaf6152771_e5627efa2ab1
 *   cert     SHA-256 or SHA-1 of a certificate: 64 or 40 hexadecimal digits
 *   authority  the name of a certification authority, as x509_print_name has it:
 *              C=US, O=Example Trust, CN=Example Root
 *   lookalike  a host name; what is asked is whether another one looks like it (alike.h)
 *
 * Lists of ports and strings stand in rule files only.
 */
#ifndef LIST_VALUE_H
#define LIST_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"
#include "net.h"
#include "text.h"

enum list_type {
    LIST_DOMAIN,
    LIST_CIDR,
    LIST_IP,
    LIST_MAC,
    LIST_PORT,
    LIST_STRING,
    LIST_JA3,
    LIST_JA4,
    LIST_CERT,
    LIST_LOOKALIKE,
    LIST_AUTHORITY,
};
extern const struct names names_list_type;

/* What is asked of a list. Lists of one class are asked together. */
enum list_class {
    LIST_CLASS_NAME,
    LIST_CLASS_ADDR,
    LIST_CLASS_MAC,
    LIST_CLASS_PRINT, /* ja3, ja4, cert, authority: none looks like the other */
    LIST_CLASS_ALIKE, /* kept as names, not as hashes */
    LIST_CLASSES,
    LIST_CLASS_NONE = LIST_CLASSES, /* ports, strings: not in a file */
};

enum list_class list_class_of(enum list_type type);

/* "host name", "address or network": for sentences. */
const char *list_value_what(enum list_type type);

#define LIST_VALUE_MAX 256 /* bytes of a clean value, with the zero behind it */

/* 0 or -EINVAL: it is no such value. A network that holds every address is none. */
int list_value_clean(enum list_type type, struct text written,
                     char ret_value[LIST_VALUE_MAX], size_t *ret_len);

/* Why that is none, behind it: "is no host name". Yours to free. */
char *list_value_why(enum list_type type, struct text written);

/*
 * The bytes that stand for a clean value. Those of a network are its 4 or 16 bytes, those
 * of a hardware address 6, and behind them how many bits of them count.
 */
#define LIST_V4_BYTES 4
#define LIST_KEY_V4   (LIST_V4_BYTES + 1)
#define LIST_KEY_V6   (sizeof(struct addr) + 1)
#define LIST_KEY_MAC  (sizeof(struct mac) + 1)
size_t list_value_key(enum list_class class, struct text clean,
                      uint8_t ret_key[LIST_VALUE_MAX]);

#endif
