/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of BLOCK_SIZE are cut from the front; what does not fit the newest block gets a
 * new one, large enough. The tail of a block that is left is lost, which is little,
 * because the pieces are small.
 */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#include "mem.h"

#define BLOCK_SIZE 16384

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    alignas(max_align_t) uint8_t bytes[];
};

static struct arena_block *block_with_room(struct arena *a, size_t size)
{
    struct arena_block *b = a->blocks;

    if (b && b->size - b->used >= size)
        return b;
    if (size < BLOCK_SIZE)
        size = BLOCK_SIZE;
    b = xcalloc(1, sizeof(*b) + size);
    b->size = size;
    b->next = a->blocks;
    a->blocks = b;
    return b;
}

void *arena_new(struct arena *a, size_t size)
{
    size_t whole = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct arena_block *b;
    void *at;

    if (whole < size)
        abort();
    b = block_with_room(a, whole);
    at = b->bytes + b->used;
    b->used += whole;
    return at;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t whole;

    if (__builtin_mul_overflow(count, size, &whole))
        abort();
    return arena_new(a, whole);
}

struct text arena_text(struct arena *a, struct text text)
{
    char *at = arena_new(a, text.len + 1);

    if (text.len > 0)
        memcpy(at, text.at, text.len);
    return (struct text){.at = at, .len = text.len};
}

void arena_done(struct arena *a)
{
    while (a->blocks) {
        struct arena_block *b = a->blocks;

        a->blocks = b->next;
        free(b);
    }
}
