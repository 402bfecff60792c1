/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agemap.h - a table of fixed capacity that remembers the order of use: when it is full,
 * what was not touched longest gives up its place.
 *
 * Keys are 128-bit hashes, keyed and so large that two things with one hash do not occur.
 * A place carries `size` bytes of the user's, zeroed when it is new. The table begins
 * small and grows up to its capacity.
 */
#ifndef AGEMAP_H
#define AGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agemap_key {
    uint64_t a, b;
};

struct agemap;

/* Before a place is given up or the map is freed; may be NULL. */
typedef void agemap_drop_fn(void *place, void *arg);

struct agemap *agemap_new(size_t size, uint32_t capacity, agemap_drop_fn *drop,
                          void *arg);
void agemap_free(struct agemap *m); /* NULL is fine */

/* The place of key, as it is; NULL when there is none. Good until the next touch. */
void *agemap_find(struct agemap *m, const struct agemap_key *key);

/* The place of key, made if needed, now the newest. ret_evicted: another gave up its. */
void *agemap_touch(struct agemap *m, const struct agemap_key *key, bool *ret_new,
                   bool *ret_evicted);

/* The place that was not touched longest, or NULL. */
void *agemap_oldest(struct agemap *m);

/* All of them, from the one that was not touched longest. */
typedef void agemap_each_fn(void *place, void *arg);
void agemap_each(struct agemap *m, agemap_each_fn *fn, void *arg);

void agemap_drop_oldest(struct agemap *m);

uint32_t agemap_count(const struct agemap *m);
size_t agemap_bytes(const struct agemap *m); /* its own, without what places point to */

#endif
