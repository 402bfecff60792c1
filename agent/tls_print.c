/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/tls_print.h"

#include <stdio.h>
#include <string.h>

#include "crypt.h"
#include "digest.h"

#define ITEMS_MAX 512

enum { SERVER_NAME = 0, ALPN = 16 };

/* Numbers of a hello, without GREASE. */
struct items {
    uint16_t at[ITEMS_MAX];
    unsigned count;
    bool more; /* there were more than fit */
};

/* The text that is hashed: five digits and a separator an item, four lists. */
struct line {
    char at[4096];
    size_t len;
    bool full;
};

static void items_add(struct items *s, uint16_t value)
{
    if (tls_is_grease(value))
        return;
    if (s->count < ITEMS_MAX)
        s->at[s->count++] = value;
    else
        s->more = true;
}

static void items_of_list(struct items *s, struct cur list)
{
    s->count = 0;
    s->more = false;
    while (cur_left(&list) >= 2)
        items_add(s, cur_u16(&list));
}

static void items_of_extensions(struct items *s, const struct tls_hello *h)
{
    s->count = 0;
    s->more = h->extensions_more;
    for (unsigned i = 0; i < h->extension_count; i++)
        items_add(s, h->extensions[i]);
}

static void insert(struct items *s, unsigned i, unsigned gap)
{
    uint16_t value = s->at[i];

    for (; i >= gap && s->at[i - gap] > value; i -= gap)
        s->at[i] = s->at[i - gap];
    s->at[i] = value;
}

/* Shell's: they are few, but who sends them may have many. The gaps are Ciura's. */
static void items_sort(struct items *s)
{
    static const unsigned gaps[] = {132, 57, 23, 10, 4, 1};

    for (size_t g = 0; g < sizeof(gaps) / sizeof(*gaps); g++)
        for (unsigned i = gaps[g]; i < s->count; i++)
            insert(s, i, gaps[g]);
}

static void line_char(struct line *l, char c)
{
    if (l->len < sizeof(l->at))
        l->at[l->len++] = c;
    else
        l->full = true;
}

static void line_decimal(struct line *l, unsigned value)
{
    char digits[5];
    unsigned n = 0;

    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    while (n > 0)
        line_char(l, digits[--n]);
}

static void line_hex(struct line *l, unsigned value)
{
    for (int shift = 12; shift >= 0; shift -= 4)
        line_char(l, "0123456789abcdef"[value >> shift & 0xf]);
}

static void line_items(struct line *l, const struct items *s, char between,
                       void (*print)(struct line *l, unsigned value))
{
    for (unsigned i = 0; i < s->count; i++) {
        if (i > 0)
            line_char(l, between);
        print(l, s->at[i]);
    }
    l->full |= s->more;
}

static void line_points(struct line *l, struct cur points)
{
    for (unsigned i = 0; cur_left(&points) > 0; i++) {
        if (i > 0)
            line_char(l, '-');
        line_decimal(l, cur_u8(&points));
    }
}

/* SSLVersion,Cipher,SSLExtension,EllipticCurve,EllipticCurvePointFormat; of a server only
 * the first three. */
bool tls_ja3(const struct tls_hello *h, char ret_text[TLS_JA3])
{
    struct line l = {.len = 0};
    struct items s;
    uint8_t digest[16];

    line_decimal(&l, h->legacy);
    line_char(&l, ',');
    if (h->side == TLS_CLIENT) {
        items_of_list(&s, h->ciphers);
        line_items(&l, &s, '-', line_decimal);
    } else {
        line_decimal(&l, h->cipher);
    }
    line_char(&l, ',');
    items_of_extensions(&s, h);
    line_items(&l, &s, '-', line_decimal);
    if (h->side == TLS_CLIENT) {
        line_char(&l, ',');
        items_of_list(&s, h->groups);
        line_items(&l, &s, '-', line_decimal);
        line_char(&l, ',');
        line_points(&l, h->points);
    }
    if (l.full)
        return false;
    digest_md5(l.at, l.len, digest);
    crypt_hex(digest, sizeof(digest), ret_text);
    return true;
}

static const char *ja4_version(uint16_t wire)
{
    switch (wire) {
    case 0x0304:
        return "13";
    case 0x0303:
        return "12";
    case 0x0302:
        return "11";
    case 0x0301:
        return "10";
    case 0x0300:
        return "s3";
    case 0x0002:
        return "s2";
    case 0xfeff:
        return "d1";
    case 0xfefd:
        return "d2";
    case 0xfefc:
        return "d3";
    default:
        return "00";
    }
}

static bool is_alphanumeric(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z');
}

/* First and last character of the first protocol, or of it in hexadecimal when one of the
 * two is neither letter nor digit. */
static void ja4_alpn(const struct tls_hello *h, char ret_text[3])
{
    struct cur list = h->alpn;
    struct text text;
    uint8_t first, last;

    memcpy(ret_text, "00", 3);
    if (!tls_alpn_next(&list, &text) || text.len == 0)
        return;
    first = (uint8_t)text.at[0];
    last = (uint8_t)text.at[text.len - 1];
    if (is_alphanumeric(first) && is_alphanumeric(last)) {
        ret_text[0] = (char)first;
        ret_text[1] = (char)last;
    } else {
        ret_text[0] = "0123456789abcdef"[first >> 4];
        ret_text[1] = "0123456789abcdef"[last & 0xf];
    }
}

/* The first twelve digits of the hash of a line, zeroes for an empty one. */
static void ja4_hash(const struct line *l, char ret_text[13])
{
    uint8_t hash[32];

    memcpy(ret_text, "000000000000", 13);
    if (l->len == 0)
        return;
    crypt_sha256(l->at, l->len, hash);
    crypt_hex(hash, 6, ret_text);
}

static void items_without_names(struct items *s)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < s->count; i++)
        if (s->at[i] != SERVER_NAME && s->at[i] != ALPN)
            s->at[kept++] = s->at[i];
    s->count = kept;
}

bool tls_ja4(const struct tls_hello *h, char transport, char ret_text[TLS_JA4])
{
    struct line ciphers = {.len = 0}, extensions = {.len = 0};
    unsigned cipher_count, extension_count;
    char alpn[3], hash_b[13], hash_c[13];
    struct items s;

    items_of_list(&s, h->ciphers);
    cipher_count = s.count;
    items_sort(&s);
    line_items(&ciphers, &s, ',', line_hex);

    items_of_extensions(&s, h);
    extension_count = s.count;
    items_without_names(&s);
    items_sort(&s);
    line_items(&extensions, &s, ',', line_hex);
    items_of_list(&s, h->signatures);
    if (extensions.len > 0 && s.count > 0)
        line_char(&extensions, '_');
    if (extensions.len > 0)
        line_items(&extensions, &s, ',', line_hex);
    if (ciphers.full || extensions.full)
        return false;

    ja4_alpn(h, alpn);
    ja4_hash(&ciphers, hash_b);
    ja4_hash(&extensions, hash_c);
    (void)snprintf(ret_text, TLS_JA4, "%c%s%c%02u%02u%s_%s_%s", transport,
                   ja4_version(tls_hello_version(h)), h->sni_sent ? 'd' : 'i',
                   cipher_count > 99 ? 99 : cipher_count,
                   extension_count > 99 ? 99 : extension_count, alpn, hash_b, hash_c);
    return true;
}
