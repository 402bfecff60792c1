/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of WAYS places; only a keyed hash of both addresses is kept, never the addresses,
 * so that the memory of the process does not hold who asked for help either.
 */
#include "agent/shield.h"

#include <stdlib.h>

#include "hash.h"
#include "mem.h"

/* Eight times what the longest answer holds, so that it finds room for all. Pages that
 * nothing was put on cost nothing. */
#define SETS 8192
#define WAYS 16

/* What is looked through for each conversation stands together. */
struct cover_set {
    uint64_t marks[WAYS]; /* 0: a free place */
    uint64_t clients[WAYS];
    usec_t until[WAYS];
};

/* For each mark a bit, which some share and nobody takes back: nearly all conversations
 * were led to by nothing protected, and these few bytes, which stay in the processor's
 * cache, tell so. */
#define HINTS 65536

struct shield {
    struct hash_key key;
    uint64_t hints[HINTS / 64];
    struct shield_counts counts;
    struct cover_set sets[SETS];
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

static size_t hint_word(uint64_t mark)
{
    return mark >> 32 & (HINTS / 64 - 1);
}

static uint64_t hint_bit(uint64_t mark)
{
    return UINT64_C(1) << (mark >> 58);
}

/* One address of an answer. */
struct cover {
    uint64_t mark, client;
    usec_t now, until;
};

/* Whether place a is to be given up rather than b. */
static bool goes_before(const struct cover_set *set, unsigned a, unsigned b,
                        const struct cover *c)
{
    bool a_over = set->until[a] < c->now, b_over = set->until[b] < c->now;
    bool a_own = set->clients[a] == c->client, b_own = set->clients[b] == c->client;

    if (a_over != b_over)
        return a_over;
    if (!a_over && a_own != b_own)
        return a_own;
    return set->until[a] < set->until[b];
}

static unsigned place_for(const struct cover_set *set, const struct cover *c)
{
    unsigned place = 0;

    for (unsigned i = 0; i < WAYS; i++) {
        if (set->marks[i] == c->mark)
            return i;
        if (goes_before(set, i, place, c))
            place = i;
    }
    return place;
}

static void cover(struct shield *s, const struct cover *c)
{
    struct cover_set *set = &s->sets[(c->mark >> 1) % SETS];
    unsigned i = place_for(set, c);

    if (set->marks[i] == c->mark) {
        if (set->until[i] < c->until)
            set->until[i] = c->until;
        return;
    }
    s->counts.covered++;
    s->hints[hint_word(c->mark)] |= hint_bit(c->mark);
    s->counts.evicted += set->marks[i] && set->until[i] >= c->now;
    set->marks[i] = c->mark;
    set->clients[i] = c->client;
    set->until[i] = c->until;
}

void shield_learn(struct shield *s, const struct event *answer,
                  const struct answer_rest *rest)
{
    const struct addr *client = answer_asker(answer), *server;
    const struct value *ttl = event_get(answer, FIELD_DNS_ANSWER_TTL);
    usec_t live = ttl ? ttl->number * USEC_PER_SEC : 0;
    struct cover c = {.now = event_time(answer)};

    if (!client)
        return;
    if (live > USEC_PER_DAY)
        live = USEC_PER_DAY;
    c.client = hash_bytes(&s->key, client, sizeof(*client));
    c.until = c.now + live + SHIELD_FOR;
    for (size_t i = 0; (server = answer_addr(answer, rest, i)); i++) {
        c.mark = mark_of(s, client, server);
        cover(s, &c);
    }
}

bool shield_covers(const struct shield *s, const struct addr *client,
                   const struct addr *server, usec_t now)
{
    uint64_t mark = mark_of(s, client, server);
    const struct cover_set *set = &s->sets[(mark >> 1) % SETS];

    if (!(s->hints[hint_word(mark)] & hint_bit(mark)))
        return false;
    for (unsigned i = 0; i < WAYS; i++)
        if (set->marks[i] == mark)
            return set->until[i] >= now;
    return false;
}

struct shield_counts shield_counts(const struct shield *s)
{
    return s->counts;
}
