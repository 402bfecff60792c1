/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packet numbers are taken as they stand: a client has seen no acknowledgement when it
 * sends its hello, and so must send enough of their bytes (RFC 9000 section 17.1).
 */
#include "agent/quic_packet.h"

#include <string.h>

#define LONG_HEADER 0x80
#define TYPE_SHIFT  4
#define TYPES       4

enum frame_type {
    FRAME_PADDING = 0x00,
    FRAME_PING = 0x01,
    FRAME_ACK = 0x02,
    FRAME_ACK_ECN = 0x03,
    FRAME_CRYPTO = 0x06,
};

struct quic_version {
    uint32_t first, last; /* on the wire */
    enum quic_version_name name;
    uint8_t initial; /* the packet type; 0-RTT, Handshake and Retry follow it */
    const char *prefix;
    uint8_t salt[QUIC_SALT_BYTES];
};

#define SALT_V1                                                                       \
    {                                                                                 \
        0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, \
            0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a                                  \
    }
#define SALT_23                                                                       \
    {                                                                                 \
        0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, \
            0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02                                  \
    }
#define SALT_22                                                                       \
    {                                                                                 \
        0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, \
            0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a                                  \
    }

static const struct quic_version versions[] = {
    {1, 1, QUIC_V1, 0, "quic", SALT_V1}, /* RFC 9001 section 5.2 */
    {0x6b3343cf,
     0x6b3343cf,
     QUIC_V2,
     1,
     "quicv2", /* RFC 9369 section 3 */
     {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
      0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9}},
    /* draft-ietf-quic-tls-22 to -34, section 5.2 of each */
    {0xff000021, 0xff000022, QUIC_DRAFT, 0, "quic", SALT_V1},
    {0xff00001d, 0xff000020, QUIC_DRAFT, 0, "quic", {0xaf, 0xbf, 0xec, 0x28, 0x99,
                                                     0x93, 0xd2, 0x4c, 0x9e, 0x97,
                                                     0x86, 0xf1, 0x9c, 0x61, 0x11,
                                                     0xe0, 0x43, 0x90, 0xa8, 0x99}},
    {0xff000017, 0xff00001c, QUIC_DRAFT, 0, "quic", SALT_23},
    {0xff000016, 0xff000016, QUIC_DRAFT, 0, "quic", SALT_22},
    /* Facebook's numbers for drafts 22 and 27 */
    {0xfaceb001, 0xfaceb001, QUIC_DRAFT, 0, "quic", SALT_22},
    {0xfaceb002, 0xfaceb002, QUIC_DRAFT, 0, "quic", SALT_23},
};

/* RFC 9000 section 15: who sends it wants to be told which versions there are. */
static bool is_reserved(uint32_t wire)
{
    return (wire & 0x0f0f0f0f) == 0x0a0a0a0a;
}

const struct quic_version *quic_version_find(uint32_t wire)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
        if (wire >= versions[i].first && wire <= versions[i].last)
            return &versions[i];
    return NULL;
}

enum quic_version_name quic_version_name(const struct quic_version *v)
{
    return v->name;
}

/* RFC 9000 section 16. */
static uint64_t read_varint(struct cur *c)
{
    uint8_t first = cur_u8(c);
    uint64_t value = first & 0x3f;

    for (unsigned more = (1U << (first >> 6)) - 1; more > 0; more--)
        value = value << 8 | cur_u8(c);
    return value;
}

static struct cur read_counted(struct cur *c)
{
    uint64_t len = read_varint(c);

    return cur_sub(c, len < SIZE_MAX ? (size_t)len : SIZE_MAX);
}

/* ---- packets ---- */

/* What stands behind the connection ids: RFC 9000 sections 17.2.2 to 17.2.5. */
static bool read_behind_ids(struct cur *c, unsigned type, struct quic_packet *p)
{
    enum { INITIAL, ZERO_RTT, HANDSHAKE, RETRY };
    const uint8_t *start = p->whole.pos;

    type = (type + TYPES - p->version->initial) % TYPES;
    if (type == RETRY) {
        *c = cur_over(NULL, 0);
        return true;
    }
    p->initial = type == INITIAL;
    if (p->initial)
        (void)read_counted(c); /* token */
    p->whole = read_counted(c);
    if (cur_broken(&p->whole))
        return false;
    p->number_pos = (size_t)(p->whole.pos - start);
    p->whole.pos = start;
    return true;
}

bool quic_packet_next(struct cur *c, struct quic_packet *ret_packet)
{
    struct quic_packet p = {.whole = *c};
    uint8_t first = cur_u8(c);
    uint32_t wire = cur_u32(c);
    struct cur scid;

    p.dcid = cur_sub(c, cur_u8(c));
    scid = cur_sub(c, cur_u8(c));
    if (cur_broken(&scid) || !(first & LONG_HEADER) || cur_left(&p.dcid) > QUIC_CID_MAX)
        return false;
    p.version = quic_version_find(wire);
    p.asks = is_reserved(wire);
    if (!p.version)
        *c = cur_over(NULL, 0);
    else if (!read_behind_ids(c, first >> TYPE_SHIFT, &p))
        return false;
    *ret_packet = p;
    return true;
}

struct quic_keys quic_packet_keys(const struct quic_version *v, struct cur cid)
{
    return quic_crypt_keys(v->salt, v->prefix, cid.pos, cur_left(&cid));
}

/* RFC 9001 section 5.4: uncovers the first byte and the packet number. Returns where what
 * is sealed begins. */
static size_t uncover(const struct quic_keys *keys, uint8_t *bytes, size_t pos,
                      uint64_t *ret_number)
{
    uint8_t mask[QUIC_MASK_BYTES];
    unsigned len;

    quic_crypt_mask(keys, bytes + pos + 4, mask);
    bytes[0] ^= mask[0] & 0x0f;
    len = (bytes[0] & 3) + 1;
    *ret_number = 0;
    for (unsigned i = 0; i < len; i++) {
        bytes[pos + i] ^= mask[1 + i];
        *ret_number = *ret_number << 8 | bytes[pos + i];
    }
    return pos + len;
}

bool quic_packet_open(const struct quic_packet *p, const struct quic_keys *keys,
                      uint8_t room[QUIC_PACKET_MAX], struct cur *ret_frames)
{
    struct cur whole = p->whole;
    size_t len = cur_left(&whole), sealed;
    uint64_t number;

    if (!p->initial || len > QUIC_PACKET_MAX ||
        len < p->number_pos + 4 + QUIC_SAMPLE_BYTES)
        return false;
    cur_copy(&whole, room, len);
    sealed = uncover(keys, room, p->number_pos, &number);
    if (!quic_crypt_open(keys, number, room, sealed, len))
        return false;
    *ret_frames = cur_over(room + sealed, len - sealed - QUIC_TAG_BYTES);
    return true;
}

/* ---- frames ---- */

/* RFC 9000 section 19.3. */
static void skip_ack(struct cur *c, uint64_t type)
{
    uint64_t ranges;

    (void)read_varint(c); /* largest acknowledged */
    (void)read_varint(c); /* delay */
    ranges = read_varint(c);
    (void)read_varint(c); /* first range */
    for (; ranges > 0 && !cur_broken(c); ranges--) {
        (void)read_varint(c);
        (void)read_varint(c);
    }
    for (unsigned i = 0; type == FRAME_ACK_ECN && i < 3; i++)
        (void)read_varint(c);
}

/* A byte each, and most of what a client's packet holds. */
static void skip_padding(struct cur *c)
{
    while (cur_left(c) > 0 && *c->pos == FRAME_PADDING)
        cur_skip(c, 1);
}

bool quic_crypto_next(struct cur *frames, uint64_t *ret_at, struct cur *ret_bytes)
{
    while (cur_left(frames) > 0) {
        uint64_t type = read_varint(frames);

        switch (type) {
        case FRAME_PADDING:
            skip_padding(frames);
            break;
        case FRAME_PING:
            break;
        case FRAME_ACK:
        case FRAME_ACK_ECN:
            skip_ack(frames, type);
            break;
        case FRAME_CRYPTO:
            *ret_at = read_varint(frames);
            *ret_bytes = read_counted(frames);
            return !cur_broken(ret_bytes);
        default: /* CONNECTION_CLOSE ends the conversation, others break it */
            return false;
        }
    }
    return false;
}
