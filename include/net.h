/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net.h - addresses as this house keeps them: 16 bytes, IPv4 in its mapped form
 * (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2), so that one comparison serves both.
 */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct addr {
    uint8_t bytes[16];
};

struct mac {
    uint8_t bytes[6];
};

/* A network: the first len bits of addr count. An IPv4 /24 has len 120. */
struct prefix {
    struct addr addr;
    uint8_t len;
};

#define ADDR_TEXT   46
#define MAC_TEXT    18
#define PREFIX_TEXT 50

struct addr addr_v4(const uint8_t bytes[4]);
struct addr addr_v6(const uint8_t bytes[16]);

static inline bool addr_equal(const struct addr *a, const struct addr *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

bool addr_is_v4(const struct addr *a);
bool addr_is_multicast(const struct addr *a);  /* IPv4 broadcast included */
bool addr_is_link_local(const struct addr *a); /* IPv6: fe80::/10 */
bool addr_is_private(const struct addr *a); /* RFC 1918, RFC 4193, link-local, loopback */

/* 0 or -EINVAL; IPv4 and IPv6 text. */
int addr_parse(const char *text, struct addr *ret_addr);
void addr_print(const struct addr *a, char ret_text[ADDR_TEXT]);

/* "10.20.0.0/20", "2001:db8::/32", or a bare address for one host. Bits beyond len:
 * -EINVAL. */
int prefix_parse(const char *text, struct prefix *ret_prefix);
void prefix_print(const struct prefix *p, char ret_text[PREFIX_TEXT]);
struct prefix prefix_of(const struct addr *a, uint8_t len); /* the network it is in */
bool prefix_contains(const struct prefix *p, const struct addr *a);

static inline bool mac_equal(const struct mac *a, const struct mac *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* Given by software, not by a maker: random, of a virtual machine, set by hand (RFC
 * 9542 section 2.1: the second lowest bit of the first byte). */
static inline bool mac_is_local(const struct mac *m)
{
    return m->bytes[0] & 0x02;
}

int mac_parse(const char *text, struct mac *ret_mac);
void mac_print(const struct mac *m, char ret_text[MAC_TEXT]);

#endif
