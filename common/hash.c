/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XXH3 with a secret of its own. The secret of a seed is made here, by SplitMix64
 * (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014), and not by
 * the library: files on disk depend on it, whichever release of the library reads them.
 */
#include "hash.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(sizeof(struct hash_key) >= XXH3_SECRET_SIZE_MIN, "XXH3 wants more secret");

void hash_key_random(struct hash_key *ret_key)
{
    if (getentropy(ret_key->secret, sizeof(ret_key->secret)) != 0)
        abort(); /* a kernel without a random source: nothing here would be safe */
}

static uint64_t mix(uint64_t seed)
{
    seed = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    seed = (seed ^ seed >> 27) * UINT64_C(0x94d049bb133111eb);
    return seed ^ seed >> 31;
}

void hash_key_from_seed(uint64_t seed, struct hash_key *ret_key)
{
    uint64_t mixed = 0;

    for (size_t i = 0; i < sizeof(ret_key->secret); i++) {
        if (i % 8 == 0)
            mixed = mix(seed += UINT64_C(0x9e3779b97f4a7c15));
        ret_key->secret[i] = (uint8_t)(mixed >> 8 * (i % 8));
    }
}

uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t len)
{
    return XXH3_64bits_withSecret(bytes, len, key->secret, sizeof(key->secret));
}
