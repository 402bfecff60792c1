/* SPDX-License-Identifier: Apache-2.0 */
#include "net.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#define V4_LEN 96 /* bits in front of an IPv4 address in its mapped form */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

/* RFC 1918, RFC 3927 (link-local), RFC 1122 section 3.2.1.3 (loopback); RFC 4193,
 * RFC 4291 sections 2.5.6 and 2.5.3. */
static const struct prefix private_networks[] = {
    {.addr = {{[10] = 0xff, 0xff, 10}}, .len = V4_LEN + 8},
    {.addr = {{[10] = 0xff, 0xff, 172, 16}}, .len = V4_LEN + 12},
    {.addr = {{[10] = 0xff, 0xff, 192, 168}}, .len = V4_LEN + 16},
    {.addr = {{[10] = 0xff, 0xff, 169, 254}}, .len = V4_LEN + 16},
    {.addr = {{[10] = 0xff, 0xff, 127}}, .len = V4_LEN + 8},
    {.addr = {{0xfc}}, .len = 7},
    {.addr = {{0xfe, 0x80}}, .len = 10},
    {.addr = {{[15] = 1}}, .len = 128},
};

struct addr addr_v4(const uint8_t bytes[4])
{
    struct addr a;

    memcpy(a.bytes, mapped, sizeof(mapped));
    memcpy(a.bytes + sizeof(mapped), bytes, 4);
    return a;
}

struct addr addr_v6(const uint8_t bytes[16])
{
    struct addr a;

    memcpy(a.bytes, bytes, sizeof(a.bytes));
    return a;
}

bool addr_is_v4(const struct addr *a)
{
    return memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
}

bool addr_is_multicast(const struct addr *a)
{
    static const uint8_t broadcast[4] = {255, 255, 255, 255};

    if (!addr_is_v4(a))
        return a->bytes[0] == 0xff;
    return a->bytes[12] >> 4 == 0xe || memcmp(a->bytes + 12, broadcast, 4) == 0;
}

bool addr_is_link_local(const struct addr *a)
{
    return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

bool addr_is_private(const struct addr *a)
{
    for (size_t i = 0; i < sizeof(private_networks) / sizeof(private_networks[0]); i++)
        if (prefix_contains(&private_networks[i], a))
            return true;
    return false;
}

int addr_parse(const char *text, struct addr *ret_addr)
{
    uint8_t bytes[16];

    if (inet_pton(AF_INET, text, bytes) == 1) {
        *ret_addr = addr_v4(bytes);
        return 0;
    }
    if (inet_pton(AF_INET6, text, bytes) == 1) {
        *ret_addr = addr_v6(bytes);
        return 0;
    }
    return -EINVAL;
}

/* Every hit of a rule is grouped by such a text: the library's way costs ten times this.
 */
static void print_v4(const uint8_t bytes[4], char *to)
{
    for (size_t i = 0; i < 4; i++) {
        if (bytes[i] >= 100)
            *to++ = (char)('0' + bytes[i] / 100);
        if (bytes[i] >= 10)
            *to++ = (char)('0' + bytes[i] / 10 % 10);
        *to++ = (char)('0' + bytes[i] % 10);
        *to++ = i < 3 ? '.' : '\0';
    }
}

void addr_print(const struct addr *a, char ret_text[ADDR_TEXT])
{
    if (addr_is_v4(a))
        print_v4(a->bytes + sizeof(mapped), ret_text);
    else
        inet_ntop(AF_INET6, a->bytes, ret_text, ADDR_TEXT);
}

/* Is any bit behind the first len set? */
static bool bits_behind(const struct addr *a, uint8_t len)
{
    if (len % 8 != 0 && (a->bytes[len / 8] & 0xff >> len % 8) != 0)
        return true;
    for (size_t i = (len + 7U) / 8; i < sizeof(a->bytes); i++)
        if (a->bytes[i] != 0)
            return true;
    return false;
}

/* A whole number of at most three digits, without a leading zero. */
static int parse_len(const char *text, unsigned most, unsigned *ret_len)
{
    unsigned len = 0;
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 3 || text[digits] != '\0')
        return -EINVAL;
    if (digits > 1 && text[0] == '0')
        return -EINVAL;
    for (; *text; text++)
        len = len * 10 + (unsigned)(*text - '0');
    if (len > most)
        return -EINVAL;
    *ret_len = len;
    return 0;
}

int prefix_parse(const char *text, struct prefix *ret_prefix)
{
    const char *slash = strchr(text, '/');
    size_t addr_len = slash ? (size_t)(slash - text) : strlen(text);
    char addr_text[ADDR_TEXT];
    struct prefix p = {.len = 128};
    bool is_v4;
    unsigned len;

    if (addr_len >= sizeof(addr_text))
        return -EINVAL;
    memcpy(addr_text, text, addr_len);
    addr_text[addr_len] = '\0';
    if (addr_parse(addr_text, &p.addr) != 0)
        return -EINVAL;
    if (slash) {
        is_v4 = !strchr(addr_text, ':');
        if (parse_len(slash + 1, is_v4 ? 32 : 128, &len) != 0)
            return -EINVAL;
        p.len = (uint8_t)(is_v4 ? V4_LEN + len : len);
    }
    if (bits_behind(&p.addr, p.len))
        return -EINVAL;
    *ret_prefix = p;
    return 0;
}

void prefix_print(const struct prefix *p, char ret_text[PREFIX_TEXT])
{
    bool is_v4 = addr_is_v4(&p->addr) && p->len >= V4_LEN;
    char addr[ADDR_TEXT];

    addr_print(&p->addr, addr);
    snprintf(ret_text, PREFIX_TEXT, "%s/%u", addr, is_v4 ? p->len - V4_LEN : p->len);
}

struct prefix prefix_of(const struct addr *a, uint8_t len)
{
    struct prefix p = {.len = len};

    assert(len <= 128);
    memcpy(p.addr.bytes, a->bytes, len / 8);
    if (len % 8)
        p.addr.bytes[len / 8] = (uint8_t)(a->bytes[len / 8] & 0xff << (8 - len % 8));
    return p;
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
    size_t whole = p->len / 8;
    unsigned rest = p->len % 8;

    assert(p->len <= 128);
    if (memcmp(p->addr.bytes, a->bytes, whole) != 0)
        return false;
    return rest == 0 || (p->addr.bytes[whole] ^ a->bytes[whole]) >> (8 - rest) == 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int mac_parse(const char *text, struct mac *ret_mac)
{
    char between = text[0] && text[1] ? text[2] : '\0';
    struct mac m;

    if (between != ':' && between != '-')
        return -EINVAL;
    for (size_t i = 0; i < sizeof(m.bytes); i++) {
        int high = hex_digit(text[0]);
        int low = high < 0 ? -1 : hex_digit(text[1]);

        if (low < 0 || text[2] != (i + 1 < sizeof(m.bytes) ? between : '\0'))
            return -EINVAL;
        m.bytes[i] = (uint8_t)(high << 4 | low);
        text += 3;
    }
    *ret_mac = m;
    return 0;
}

void mac_print(const struct mac *m, char ret_text[MAC_TEXT])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof(m->bytes); i++) {
        *ret_text++ = digits[m->bytes[i] >> 4];
        *ret_text++ = digits[m->bytes[i] & 15];
        *ret_text++ = i < sizeof(m->bytes) - 1 ? ':' : '\0';
    }
}
