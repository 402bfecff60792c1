/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h - 64-bit hashes for tables. Keyed, because traffic chooses what is hashed: who
 * does not know the key cannot aim at one bucket. Not for secrets: that is crypt.h.
 */
#ifndef HASH_H
#define HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
    uint8_t secret[192];
};

/* A key nobody knows, from the system's random source. */
void hash_key_random(struct hash_key *ret_key);

/* The same key for the same seed, for files that several processes read. */
void hash_key_from_seed(uint64_t seed, struct hash_key *ret_key);

uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t len);

#endif
