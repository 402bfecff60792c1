/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments of one text, in any order, overlapping and repeated, are put together to that
 * text. Input: pairs of a position and a length; every third one also reads what is
 * ready.
 */
#include <stdlib.h>

#include "agent/stream.h"

#define TEXT_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t text_at(uint32_t pos)
{
    return (uint8_t)(pos * 31 + (pos >> 8));
}

static void demand(bool truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stream_pool *pool = stream_pool_new(1, 2 * TEXT_BYTES);
    struct flow flow = {0};
    struct cur c = cur_over(data, size);
    bool seen[TEXT_BYTES] = {false};
    uint8_t text[TEXT_BYTES];
    uint32_t next = 0;

    for (uint32_t i = 0; i < TEXT_BYTES; i++)
        text[i] = text_at(i);
    for (unsigned round = 1; cur_left(&c) >= 4; round++) {
        uint32_t from = cur_u16(&c) % TEXT_BYTES, len = cur_u16(&c) % TEXT_BYTES;
        struct cur ready;

        if (from < next)
            from = next;
        if (from + len > TEXT_BYTES)
            len = TEXT_BYTES - from;
        if (stream_put(pool, &flow, 0, from - next, cur_over(text + from, len),
                       TEXT_BYTES) < 0)
            break;
        for (uint32_t i = 0; i < len; i++)
            seen[from + i] = true;

        ready = stream_ready(&flow, 0);
        for (uint32_t i = 0; i < cur_left(&ready); i++)
            demand(ready.pos[i] == text[next + i] && seen[next + i]);
        demand(next + cur_left(&ready) == TEXT_BYTES || !seen[next + cur_left(&ready)]);
        if (round % 3 == 0) {
            uint32_t n = (uint32_t)(cur_left(&ready) / 2);

            stream_take(pool, &flow, 0, n);
            next += n;
        }
    }
    stream_release(pool, &flow);
    demand(stream_used(pool) == 0);
    stream_pool_free(pool);
    return 0;
}
