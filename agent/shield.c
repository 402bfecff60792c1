/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of WAYS places; only a keyed hash of both addresses is kept, never the addresses,
 * so that the memory of the process does not hold who asked for help either.
 */
#include "agent/shield.h"

#include <stdlib.h>

#include "agent/answer.h"
#include "hash.h"
#include "mem.h"

#define SETS 1024
#define WAYS 4

struct cover {
    uint64_t mark; /* 0: a free place */
    usec_t until;
};

struct shield {
    struct hash_key key;
    struct cover covers[SETS][WAYS];
};

struct shield *shield_new(void)
{
    struct shield *s = xcalloc(1, sizeof(*s));

    hash_key_random(&s->key);
    return s;
}

void shield_free(struct shield *s)
{
    free(s);
}

static uint64_t mark_of(const struct shield *s, const struct addr *client,
                        const struct addr *server)
{
    struct addr both[2] = {*client, *server};

    return hash_bytes(&s->key, both, sizeof(both)) | 1;
}

static void cover(struct shield *s, uint64_t mark, usec_t until)
{
    struct cover *set = s->covers[(mark >> 1) % SETS];
    struct cover *place = &set[0];

    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].mark == mark) {
            place = &set[i];
            break;
        }
        if (set[i].until < place->until)
            place = &set[i];
    }
    if (place->mark == mark && place->until > until)
        return;
    *place = (struct cover){.mark = mark, .until = until};
}

void shield_learn(struct shield *s, const struct event *answer)
{
    const struct addr *client = answer_asker(answer), *server;
    const struct value *ttl = event_get(answer, FIELD_DNS_ANSWER_TTL);
    usec_t live = ttl ? ttl->number * USEC_PER_SEC : 0;

    if (live > USEC_PER_DAY)
        live = USEC_PER_DAY;
    for (size_t i = 0; client && (server = answer_addr(answer, i)); i++)
        cover(s, mark_of(s, client, server), event_time(answer) + live + SHIELD_FOR);
}

bool shield_covers(const struct shield *s, const struct addr *client,
                   const struct addr *server, usec_t now)
{
    uint64_t mark = mark_of(s, client, server);
    const struct cover *set = s->covers[(mark >> 1) % SETS];

    for (unsigned i = 0; i < WAYS; i++)
        if (set[i].mark == mark)
            return set[i].until >= now;
    return false;
}
