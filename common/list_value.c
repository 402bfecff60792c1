/* SPDX-License-Identifier: Apache-2.0 */
#include "list_value.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "alike.h"
#include "domain.h"
#include "mem.h"

#define V4_BITS_FROM   96 /* of an address: what is before says that it is IPv4 */
#define MAC_BITS       48
#define MAC_BITS_LEAST 24 /* a maker's number (OUI) */

static const char *const type_words[] = {"domain", "cidr",      "ip",       "mac",
                                         "port",   "string",    "ja3",      "ja4",
                                         "cert",   "lookalike", "authority"};
const struct names names_list_type = {"type of list", type_words,
                                      sizeof(type_words) / sizeof(type_words[0])};

enum list_class list_class_of(enum list_type type)
{
    static const enum list_class classes[] = {
        [LIST_DOMAIN] = LIST_CLASS_NAME,     [LIST_CIDR] = LIST_CLASS_ADDR,
        [LIST_IP] = LIST_CLASS_ADDR,         [LIST_MAC] = LIST_CLASS_MAC,
        [LIST_PORT] = LIST_CLASS_NONE,       [LIST_STRING] = LIST_CLASS_NONE,
        [LIST_JA3] = LIST_CLASS_PRINT,       [LIST_JA4] = LIST_CLASS_PRINT,
        [LIST_CERT] = LIST_CLASS_PRINT,      [LIST_LOOKALIKE] = LIST_CLASS_ALIKE,
        [LIST_AUTHORITY] = LIST_CLASS_PRINT,
    };

    return classes[type];
}

const char *list_value_what(enum list_type type)
{
    static const char *const whats[] = {
        [LIST_DOMAIN] = "host name",
        [LIST_CIDR] = "address or network",
        [LIST_IP] = "address",
        [LIST_MAC] = "hardware address",
        [LIST_PORT] = "port",
        [LIST_STRING] = "text",
        [LIST_JA3] = "JA3",
        [LIST_JA4] = "JA4",
        [LIST_CERT] = "SHA-256 or SHA-1 of a certificate",
        [LIST_LOOKALIKE] = "host name that can be registered",
        [LIST_AUTHORITY] =
            "name of an authority, like \"C=US, O=Example, CN=Example Root\"",
    };

    return whats[type];
}

/* ---- one type each ---- */

/* The text with a zero behind it; false when there is no room, or a zero inside. */
static bool copy(struct text from, char *to, size_t room)
{
    if (from.len == 0 || from.len >= room || memchr(from.at, '\0', from.len))
        return false;
    memcpy(to, from.at, from.len);
    to[from.len] = '\0';
    return true;
}

static int clean_domain(struct text written, char *ret_value)
{
    size_t len;

    if (domain_clean(written, ret_value, &len) != 0 || memchr(ret_value, '*', len))
        return -EINVAL;
    return 0;
}

static int clean_alike(struct text written, char *ret_value)
{
    if (clean_domain(written, ret_value) != 0 || !alike_fits(text_of(ret_value)))
        return -EINVAL;
    return 0;
}

/* Every IPv4 address is in it; so is ::/80, as they are kept (net.h). */
static bool holds_all_v4(const struct prefix *p)
{
    struct addr first = addr_v4((const uint8_t[4]){0});

    return p->len <= V4_BITS_FROM && prefix_contains(p, &first);
}

static int clean_network(struct text written, char *ret_value)
{
    char text[PREFIX_TEXT];
    struct prefix p;

    if (!copy(written, text, sizeof(text)) || prefix_parse(text, &p) != 0 ||
        holds_all_v4(&p))
        return -EINVAL;
    if (p.len == 128)
        addr_print(&p.addr, ret_value);
    else
        prefix_print(&p, ret_value);
    return 0;
}

static int clean_addr(struct text written, char *ret_value)
{
    char text[ADDR_TEXT];
    struct addr a;

    if (!copy(written, text, sizeof(text)) || addr_parse(text, &a) != 0)
        return -EINVAL;
    addr_print(&a, ret_value);
    return 0;
}

static bool is_one_of(char c, const char *characters)
{
    return c != '\0' && strchr(characters, c);
}

static int nibble_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* How many bits follow a slash; -EINVAL unless that is all there is. */
static int read_bits(struct text t)
{
    int bits = 0;

    if (t.len == 0 || t.len > 2)
        return -EINVAL;
    for (size_t i = 0; i < t.len; i++) {
        if (!isdigit((unsigned char)t.at[i]))
            return -EINVAL;
        bits = 10 * bits + t.at[i] - '0';
    }
    return bits;
}

static bool zero_behind(const struct mac *m, int bits)
{
    for (int i = bits; i < MAC_BITS; i++)
        if (m->bytes[i / 8] >> (7 - i % 8) & 1)
            return false;
    return true;
}

/* With colons, hyphens, dots or nothing between the digits, as makers' tables have it. */
static int parse_mac(struct text t, struct mac *ret_mac)
{
    const char *slash = memchr(t.at, '/', t.len);
    struct text digits = {t.at, slash ? (size_t)(slash - t.at) : t.len};
    int nibbles = 0, bits;

    *ret_mac = (struct mac){{0}};
    for (size_t i = 0; i < digits.len; i++) {
        int nibble = nibble_of(digits.at[i]);

        if (nibble < 0 && nibbles > 0 && is_one_of(digits.at[i], ":-."))
            continue;
        if (nibble < 0 || nibbles == MAC_BITS / 4)
            return -EINVAL;
        ret_mac->bytes[nibbles / 2] |= (uint8_t)(nibbles % 2 ? nibble : nibble << 4);
        nibbles++;
    }
    bits =
        slash ? read_bits((struct text){slash + 1, t.len - digits.len - 1}) : 4 * nibbles;
    if (bits < MAC_BITS_LEAST || bits > MAC_BITS || nibbles < MAC_BITS_LEAST / 4 ||
        !zero_behind(ret_mac, bits))
        return -EINVAL;
    return bits;
}

static int clean_mac(struct text written, char *ret_value)
{
    struct mac m;
    int bits = parse_mac(written, &m);

    if (bits < 0)
        return bits;
    mac_print(&m, ret_value);
    if (bits < MAC_BITS)
        snprintf(ret_value + MAC_TEXT - 1, LIST_VALUE_MAX - MAC_TEXT, "/%d", bits);
    return 0;
}

static bool all_hex(const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (nibble_of(at[i]) < 0)
            return false;
    return true;
}

static void lower(char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (char)tolower((unsigned char)at[i]);
}

/* Digits only, in lower case; colons between them are taken off. Returns how many. */
static size_t digest_of(struct text written, char *ret_digits, size_t room)
{
    size_t len = 0;

    for (size_t i = 0; i < written.len; i++) {
        if (written.at[i] == ':')
            continue;
        if (nibble_of(written.at[i]) < 0 || len + 1 == room)
            return 0;
        ret_digits[len++] = (char)tolower((unsigned char)written.at[i]);
    }
    ret_digits[len] = '\0';
    return len;
}

static int clean_ja3(struct text written, char *ret_value)
{
    return digest_of(written, ret_value, LIST_VALUE_MAX) == 32 ? 0 : -EINVAL;
}

static int clean_cert(struct text written, char *ret_value)
{
    size_t len = digest_of(written, ret_value, LIST_VALUE_MAX);

    return len == 40 || len == 64 ? 0 : -EINVAL;
}

/* Protocol, version, SNI, counts and ALPN; ciphers; extensions. ALPN keeps its case. */
static int clean_ja4(struct text written, char *ret_value)
{
    char *v = ret_value;

    if (!copy(written, v, LIST_VALUE_MAX) || written.len != 36 || v[10] != '_' ||
        v[23] != '_')
        return -EINVAL;
    lower(v, 8);
    lower(v + 11, 25);
    if (!is_one_of(v[0], "tqd") || !is_one_of(v[3], "di") || !all_hex(v + 11, 12) ||
        !all_hex(v + 24, 12))
        return -EINVAL;
    for (size_t i = 4; i < 8; i++)
        if (!isdigit((unsigned char)v[i]))
            return -EINVAL;
    return isalnum((unsigned char)v[1]) && isalnum((unsigned char)v[2]) &&
                   isalnum((unsigned char)v[8]) && isalnum((unsigned char)v[9])
               ? 0
               : -EINVAL;
}

/* Attributes with a type each, RFC 4514 the other way round; one line of text. */
static int clean_authority(struct text written, char *ret_value)
{
    size_t type = 0;

    if (!copy(written, ret_value, LIST_VALUE_MAX))
        return -EINVAL;
    while (isalnum((unsigned char)ret_value[type]) || ret_value[type] == '.')
        type++;
    if (type == 0 || ret_value[type] != '=' || ret_value[written.len - 1] == ' ')
        return -EINVAL;
    for (size_t i = 0; i < written.len; i++)
        if (iscntrl((unsigned char)ret_value[i]))
            return -EINVAL;
    return 0;
}

/* What an address with /N behind it stands for in the network of that size; false when it
 * is no such thing. */
static bool read_network(struct text written, char ret_network[PREFIX_TEXT])
{
    const char *slash = memchr(written.at, '/', written.len);
    char text[PREFIX_TEXT], behind[4];
    struct addr a;
    struct prefix p;
    uint64_t bits;

    if (!slash ||
        !copy((struct text){written.at, (size_t)(slash - written.at)}, text,
              sizeof(text)) ||
        addr_parse(text, &a) != 0 ||
        !copy((struct text){slash + 1, (size_t)(written.at + written.len - slash - 1)},
              behind, sizeof(behind)) ||
        text_parse_number(behind, &bits) != 0 || bits > (addr_is_v4(&a) ? 32 : 128))
        return false;
    p = prefix_of(&a, (uint8_t)(addr_is_v4(&a) ? V4_BITS_FROM + bits : bits));
    prefix_print(&p, ret_network);
    return true;
}

char *list_value_why(enum list_type type, struct text written)
{
    char text[PREFIX_TEXT], network[PREFIX_TEXT];
    struct prefix p;

    if (type == LIST_CIDR && copy(written, text, sizeof(text)) &&
        prefix_parse(text, &p) == 0 && holds_all_v4(&p))
        return xstrdup("holds every address there is");
    if (type == LIST_CIDR && read_network(written, network))
        return xasprintf("names an address inside a network: the network is %s", network);
    return xasprintf("is no %s", list_value_what(type));
}

int list_value_clean(enum list_type type, struct text written,
                     char ret_value[LIST_VALUE_MAX], size_t *ret_len)
{
    static int (*const cleaners[])(struct text written, char *ret_value) = {
        [LIST_DOMAIN] = clean_domain,
        [LIST_CIDR] = clean_network,
        [LIST_IP] = clean_addr,
        [LIST_MAC] = clean_mac,
        [LIST_JA3] = clean_ja3,
        [LIST_JA4] = clean_ja4,
        [LIST_CERT] = clean_cert,
        [LIST_LOOKALIKE] = clean_alike,
        [LIST_AUTHORITY] = clean_authority,
    };

    if (list_class_of(type) == LIST_CLASS_NONE || written.len == 0 ||
        cleaners[type](written, ret_value) != 0)
        return -EINVAL;
    *ret_len = strlen(ret_value);
    return 0;
}

/* ---- keys ---- */

static size_t addr_key(const struct prefix *p, uint8_t *ret_key)
{
    if (!addr_is_v4(&p->addr)) {
        memcpy(ret_key, &p->addr, sizeof(p->addr));
        ret_key[sizeof(p->addr)] = p->len;
        return LIST_KEY_V6;
    }
    memcpy(ret_key, p->addr.bytes + V4_BITS_FROM / 8, LIST_V4_BYTES);
    ret_key[LIST_V4_BYTES] = (uint8_t)(p->len - V4_BITS_FROM);
    return LIST_KEY_V4;
}

size_t list_value_key(enum list_class class, struct text clean,
                      uint8_t ret_key[LIST_VALUE_MAX])
{
    char text[PREFIX_TEXT];
    struct prefix p;
    struct mac mac;
    int bits;

    if (clean.len >= LIST_VALUE_MAX)
        return 0;
    switch (class) {
    case LIST_CLASS_ADDR:
        if (!copy(clean, text, sizeof(text)) || prefix_parse(text, &p) != 0)
            return 0;
        return addr_key(&p, ret_key);
    case LIST_CLASS_MAC:
        bits = parse_mac(clean, &mac);
        if (bits < 0)
            return 0;
        memcpy(ret_key, &mac, sizeof(mac));
        ret_key[sizeof(mac)] = (uint8_t)bits;
        return LIST_KEY_MAC;
    default:
        memcpy(ret_key, clean.at, clean.len);
        return clean.len;
    }
}
