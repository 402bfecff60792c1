/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MD5 and SHA-1 share their frame (both come from MD4): blocks of 64 bytes, the last
 * filled up with a 1 bit, zeroes and the length in bits. They differ in the order of
 * bytes and in how a block is mixed in.
 */
#include "digest.h"

#include <stdbool.h>
#include <string.h>

#define BLOCK 64

struct mixer {
    void (*mix)(uint32_t *state, const uint8_t *block);
    bool big_endian;
};

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static uint32_t load_le(const uint8_t *b)
{
    return (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

static uint32_t load_be(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void store(uint8_t *out, uint64_t number, size_t bytes, bool big_endian)
{
    for (size_t i = 0; i < bytes; i++)
        out[big_endian ? bytes - 1 - i : i] = (uint8_t)(number >> 8 * i);
}

/* RFC 1321 section 3.4: floor(2^32 * abs(sin(i + 1))). */
static const uint32_t md5_sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
    0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
    0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
    0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
    0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
    0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
    0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
    0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
    0xeb86d391};

static const uint8_t md5_turns[4][4] = {{7, 12, 17, 22},
                                        {5, 9, 14, 20},
                                        {4, 11, 16, 23},
                                        {6, 10, 15, 21}};

static void md5_mix(uint32_t *state, const uint8_t *block)
{
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

    for (unsigned i = 0; i < 64; i++) {
        uint32_t f, old_d = d;
        unsigned word;

        if (i < 16) {
            f = (b & c) | (~b & d);
            word = i;
        } else if (i < 32) {
            f = (d & b) | (~d & c);
            word = (5 * i + 1) % 16;
        } else if (i < 48) {
            f = b ^ c ^ d;
            word = (3 * i + 5) % 16;
        } else {
            f = c ^ (b | ~d);
            word = 7 * i % 16;
        }
        f += a + md5_sines[i] + load_le(block + (size_t)4 * word);
        d = c;
        c = b;
        b += rotate(f, md5_turns[i / 16][i % 4]);
        a = old_d;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

static void sha1_mix(uint32_t *state, const uint8_t *block)
{
    uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];

    for (size_t i = 0; i < 16; i++)
        w[i] = load_be(block + 4 * i);
    for (size_t i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);

    for (size_t i = 0; i < 80; i++) {
        uint32_t f;

        if (i < 20)
            f = ((b & c) | (~b & d)) + 0x5a827999;
        else if (i < 40)
            f = (b ^ c ^ d) + 0x6ed9eba1;
        else if (i < 60)
            f = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
        else
            f = (b ^ c ^ d) + 0xca62c1d6;
        f += rotate(a, 5) + e + w[i];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = f;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

static void run(const struct mixer *m, uint32_t *state, const uint8_t *bytes, size_t len)
{
    uint8_t last[2 * BLOCK] = {0};
    size_t whole = len / BLOCK * BLOCK, rest = len - whole;
    size_t end = rest + 1 + 8 <= BLOCK ? BLOCK : (size_t)2 * BLOCK;

    for (size_t i = 0; i < whole; i += BLOCK)
        m->mix(state, bytes + i);
    if (rest > 0)
        memcpy(last, bytes + whole, rest);
    last[rest] = 0x80;
    store(last + end - 8, (uint64_t)len * 8, 8, m->big_endian);
    for (size_t i = 0; i < end; i += BLOCK)
        m->mix(state, last + i);
}

void digest_md5(const void *bytes, size_t len, uint8_t ret_digest[16])
{
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};

    run(&(struct mixer){md5_mix, false}, state, bytes, len);
    for (size_t i = 0; i < 4; i++)
        store(ret_digest + 4 * i, state[i], 4, false);
}

void digest_sha1(const void *bytes, size_t len, uint8_t ret_digest[20])
{
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

    run(&(struct mixer){sha1_mix, true}, state, bytes, len);
    for (size_t i = 0; i < 5; i++)
        store(ret_digest + 4 * i, state[i], 4, true);
}

void digest_hex(const uint8_t *bytes, size_t len, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        ret_text[2 * i] = digits[bytes[i] >> 4];
        ret_text[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_text[2 * len] = '\0';
}
