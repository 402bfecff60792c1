/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/first_bytes.h"

#include <string.h>

#define TEXT_START 6  /* bytes from the first on that can be printed */
#define TEXT_RUN   20 /* more than so many in a row */

/* Set bits in ten bytes: 3.4 a byte or fewer, 4.6 or more, is not encrypted. */
#define BITS_FEW  34
#define BITS_MANY 46

struct shape {
    size_t start, printable, run; /* the longest */
    size_t bits;
};

static bool is_printable(uint8_t byte)
{
    return byte >= 0x20 && byte <= 0x7e;
}

static size_t bits_of(const uint8_t *bytes, size_t len)
{
    size_t bits = 0, i = 0;
    uint64_t word;

    for (; i + sizeof(word) <= len; i += sizeof(word)) {
        memcpy(&word, bytes + i, sizeof(word));
        bits += (size_t)__builtin_popcountll(word);
    }
    for (; i < len; i++)
        bits += (size_t)__builtin_popcount(bytes[i]);
    return bits;
}

static struct shape shape_of(const uint8_t *bytes, size_t len)
{
    struct shape s = {.bits = bits_of(bytes, len)};
    size_t run = 0;

    for (size_t i = 0; i < len; i++) {
        run = is_printable(bytes[i]) ? run + 1 : 0;
        s.printable += run > 0;
        if (run > s.run)
            s.run = run;
        if (run == i + 1)
            s.start = run;
    }
    return s;
}

enum first_bytes first_bytes_of(struct cur payload)
{
    size_t left = cur_left(&payload);
    size_t len = left < FIRST_BYTES_MOST ? left : FIRST_BYTES_MOST;
    const uint8_t *bytes = len < FIRST_BYTES_LEAST ? NULL : cur_bytes(&payload, len);
    struct shape s;

    if (!bytes)
        return FIRST_BYTES_SHORT;
    s = shape_of(bytes, len);
    if (s.start >= TEXT_START || 2 * s.printable > len || s.run > TEXT_RUN)
        return FIRST_BYTES_TEXT;
    if (10 * s.bits <= BITS_FEW * len || 10 * s.bits >= BITS_MANY * len)
        return FIRST_BYTES_UNEVEN;
    return FIRST_BYTES_EVEN;
}
