/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/tls_hello.h"

#include <string.h>

#define RANDOM_BYTES 32

enum extension {
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_GROUPS = 10,
    EXTENSION_POINTS = 11,
    EXTENSION_SIGNATURES = 13,
    EXTENSION_ALPN = 16,
    EXTENSION_VERSIONS = 43,
    EXTENSION_ECH = 0xfe0d,
};

/* What stands in place of the random number of a HelloRetryRequest. */
static const uint8_t retry_random[RANDOM_BYTES] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
    0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
    0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

static struct cur list_u8(struct cur *c)
{
    return cur_sub(c, cur_u8(c));
}

static struct cur list_u16(struct cur *c)
{
    return cur_sub(c, cur_u16(c));
}

/* RFC 6066 section 3; the first name counts, no other is ever sent. */
static void read_server_name(struct tls_hello *h, struct cur c)
{
    struct cur names = list_u16(&c);
    uint8_t type = cur_u8(&names);
    struct cur name = list_u16(&names);

    h->sni_sent = true;
    if (!cur_broken(&name) && type == 0)
        h->sni = (struct text){.at = (const char *)name.pos, .len = cur_left(&name)};
}

static void read_groups(struct tls_hello *h, struct cur c)
{
    h->groups = list_u16(&c);
}

static void read_points(struct tls_hello *h, struct cur c)
{
    h->points = list_u8(&c);
}

static void read_signatures(struct tls_hello *h, struct cur c)
{
    h->signatures = list_u16(&c);
}

static void read_alpn(struct tls_hello *h, struct cur c)
{
    h->alpn = list_u16(&c);
}

static void read_versions(struct tls_hello *h, struct cur c)
{
    h->versions = h->side == TLS_CLIENT ? list_u8(&c) : cur_sub(&c, 2);
}

static void read_ech(struct tls_hello *h, struct cur c)
{
    (void)c;
    h->ech = true;
}

static const struct {
    enum extension type;
    void (*read)(struct tls_hello *h, struct cur c);
} meanings[] = {
    {EXTENSION_SERVER_NAME, read_server_name},
    {EXTENSION_GROUPS, read_groups},
    {EXTENSION_POINTS, read_points},
    {EXTENSION_SIGNATURES, read_signatures},
    {EXTENSION_ALPN, read_alpn},
    {EXTENSION_VERSIONS, read_versions},
    {EXTENSION_ECH, read_ech},
};

static void read_extension(struct tls_hello *h, uint16_t type, struct cur c)
{
    if (h->extension_count < TLS_EXTENSIONS_MAX)
        h->extensions[h->extension_count++] = type;
    else
        h->extensions_more = true;
    for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
        if (meanings[i].type == type)
            meanings[i].read(h, c);
}

/* Hellos of SSL 3.0 and TLS 1.0 may end before them. */
static bool read_extensions(struct tls_hello *h, struct cur *c)
{
    struct cur all;

    if (cur_left(c) == 0)
        return true;
    all = list_u16(c);
    while (cur_left(&all) > 0) {
        uint16_t type = cur_u16(&all);
        struct cur data = list_u16(&all);

        if (cur_broken(&data))
            return false;
        read_extension(h, type, data);
    }
    return !cur_broken(&all);
}

/* Up to draft 21 of TLS 1.3 a ServerHello had neither session id nor compression. */
static bool is_early_draft(uint16_t legacy)
{
    return legacy >> 8 == 0x7f && (legacy & 0xff) < 22;
}

static bool parse(enum tls_side side, bool dtls, struct cur body,
                  struct tls_hello *ret_hello)
{
    struct tls_hello *h = ret_hello;
    const uint8_t *random;
    bool early;

    memset(h, 0, offsetof(struct tls_hello, extensions));
    h->extension_count = 0;
    h->extensions_more = false;
    h->side = side;
    h->legacy = cur_u16(&body);
    random = cur_bytes(&body, RANDOM_BYTES);
    early = side == TLS_SERVER && is_early_draft(h->legacy);
    if (!early)
        (void)list_u8(&body); /* session id */
    if (side == TLS_CLIENT) {
        if (dtls)
            (void)list_u8(&body); /* cookie */
        h->ciphers = list_u16(&body);
        (void)list_u8(&body); /* compression methods */
    } else {
        h->cipher = cur_u16(&body);
        if (!early)
            (void)cur_u8(&body);
    }
    if (cur_broken(&body) || tls_version_number(h->legacy) == 0 ||
        tls_is_dtls(h->legacy) != dtls)
        return false;
    h->retry = side == TLS_SERVER && memcmp(random, retry_random, RANDOM_BYTES) == 0;
    return read_extensions(h, &body);
}

bool tls_hello_parse(enum tls_side side, struct cur body, struct tls_hello *ret_hello)
{
    return parse(side, false, body, ret_hello);
}

bool tls_hello_parse_dtls(enum tls_side side, struct cur body,
                          struct tls_hello *ret_hello)
{
    return parse(side, true, body, ret_hello);
}

/* Of DTLS the newer version has the lower number. */
static bool is_newer(uint16_t version, uint16_t than)
{
    if (tls_is_dtls(version))
        return tls_version_number(version) > tls_version_number(than);
    return version > than;
}

uint16_t tls_hello_version(const struct tls_hello *h)
{
    struct cur versions = h->versions;
    uint16_t highest = 0;

    while (cur_left(&versions) >= 2) {
        uint16_t version = cur_u16(&versions);

        if (!tls_is_grease(version) && is_newer(version, highest))
            highest = version;
    }
    return highest ? highest : h->legacy;
}

unsigned tls_version_number(uint16_t wire)
{
    enum { SSL_2 = 0x0002, SSL_3 = 0x0300, TLS_1_3 = 0x0304 };

    if (wire == SSL_2)
        return 2;
    if (wire == SSL_3)
        return 3;
    if (wire > SSL_3 && wire <= TLS_1_3)
        return 0x0100U + (wire & 0xffU) - 1;
    switch (wire) {
    case 0x0100:
    case 0xfeff:
        return 0x0100;
    case 0xfefd:
        return 0x0102;
    case 0xfefc:
        return 0x0103;
    }
    if (wire >> 8 == 0x7f || wire >> 8 == 0xfb) /* drafts; Facebook's drafts */
        return 0x0103;
    return 0;
}

bool tls_alpn_next(struct cur *alpn, struct text *ret_text)
{
    struct cur text = list_u8(alpn);

    if (cur_broken(&text))
        return false;
    *ret_text = (struct text){.at = (const char *)text.pos, .len = cur_left(&text)};
    return true;
}
