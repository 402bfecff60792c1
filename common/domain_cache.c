/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One place for each hash; a name that comes later takes the place of an earlier one.
 * Only the hash of a name is kept: it is keyed, so nobody can make two names that share
 * it.
 */
#include <stdlib.h>

#include "domain.h"
#include "hash.h"
#include "mem.h"

#define PLACES 2048

struct domain_cache {
    struct hash_key key;
    struct {
        uint64_t hash;
        size_t len; /* of the registrable part, which ends with the name; 0: empty */
    } places[PLACES];
};

struct domain_cache *domain_cache_new(void)
{
    struct domain_cache *c = xcalloc(1, sizeof(*c));

    hash_key_random(&c->key);
    return c;
}

void domain_cache_free(struct domain_cache *c)
{
    free(c);
}

struct text domain_cache_registrable(struct domain_cache *c, struct text name)
{
    uint64_t hash = hash_bytes(&c->key, name.at, name.len);
    size_t place = hash % PLACES, len = c->places[place].len;

    if (len == 0 || len > name.len || c->places[place].hash != hash) {
        len = domain_registrable(name).len;
        c->places[place].hash = hash;
        c->places[place].len = len;
    }
    return (struct text){.at = name.at + name.len - len, .len = len};
}
