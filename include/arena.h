/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that is made piece by piece and goes away at once, for what is read
 * from files and then never changes.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

#include "text.h"

struct arena_block;

/* {0} is an empty one. */
struct arena {
    struct arena_block *blocks;
};

/* Zeroed, aligned for anything; good until arena_done. */
void *arena_new(struct arena *a, size_t size) __attribute__((malloc, returns_nonnull));
void *arena_array(struct arena *a, size_t count, size_t size)
    __attribute__((malloc, returns_nonnull));

/* A copy, ended by a zero byte that its len does not count. */
struct text arena_text(struct arena *a, struct text text);

void arena_done(struct arena *a);

#endif
