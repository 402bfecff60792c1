/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two tables of sets of WAYS places: what was answered, by a keyed hash of both
 * addresses, and who asks, by one of its own. Addresses themselves are not kept.
 */
#include "agent/name_memory.h"

#include <stdlib.h>

#include "hash.h"
#include "mem.h"

#define WAYS        8
#define PER_ASKER   8 /* places for answers, for each for a device */
#define SETS_AT_MIN PER_ASKER

struct answered {
    uint64_t mark; /* 0: a free place */
    uint64_t asker;
    usec_t until;
    char *name; /* NULL: not to be told; empty: one that is protected by now */
};

struct asker {
    uint64_t mark; /* 0: a free place */
    usec_t last;
    usec_t sure; /* from then on all that counts is here */
};

struct name_memory {
    struct hash_key key;
    size_t sets; /* of answered; a power of two */
    struct answered *answered;
    struct asker *askers; /* sets / PER_ASKER */
    size_t swept;         /* the set that was swept last */
    bool hides;           /* a name that was answered became protected later on */
    struct name_memory_counts counts;
};

struct name_memory *name_memory_new(size_t capacity)
{
    struct name_memory *m = xcalloc(1, sizeof(*m));

    hash_key_random(&m->key);
    m->sets = SETS_AT_MIN;
    while (m->sets * WAYS < capacity)
        m->sets *= 2;
    m->answered = xcalloc(m->sets * WAYS, sizeof(*m->answered));
    m->askers = xcalloc(m->sets / PER_ASKER * WAYS, sizeof(*m->askers));
    return m;
}

void name_memory_free(struct name_memory *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->sets * WAYS; i++)
        free_wiped(m->answered[i].name);
    free(m->answered);
    free(m->askers);
    free(m);
}

/* ---- who asks ---- */

static uint64_t mark_of_asker(const struct name_memory *m, const struct addr *client)
{
    return hash_bytes(&m->key, client, sizeof(*client)) | 1;
}

static struct asker *askers_of(const struct name_memory *m, uint64_t mark)
{
    return &m->askers[(mark >> 1) % (m->sets / PER_ASKER) * WAYS];
}

static struct asker *find_asker(const struct name_memory *m, uint64_t mark)
{
    struct asker *set = askers_of(m, mark);

    for (unsigned i = 0; i < WAYS; i++)
        if (set[i].mark == mark)
            return &set[i];
    return NULL;
}

static bool is_over(const struct asker *a, usec_t now)
{
    return a->last + NAME_MEMORY_GRACE < now;
}

static void doubt(struct asker *a, usec_t until)
{
    if (a && a->sure < until)
        a->sure = until;
}

/* A device that was silent for long may have asked elsewhere: it begins anew. */
static struct asker *hear(struct name_memory *m, uint64_t mark, usec_t now)
{
    struct asker *place = find_asker(m, mark);

    if (!place) {
        place = askers_of(m, mark);
        for (unsigned i = 1; i < WAYS; i++)
            if (askers_of(m, mark)[i].last < place->last)
                place = &askers_of(m, mark)[i];
        m->counts.evicted += place->mark && !is_over(place, now);
        *place = (struct asker){.mark = mark};
    }
    if (place->last == 0 || is_over(place, now))
        doubt(place, now + NAME_MEMORY_WATCH);
    place->last = now;
    return place;
}

/* ---- what was answered ---- */

static uint64_t mark_of(const struct name_memory *m, const struct addr *client,
                        const struct addr *server)
{
    struct addr both[2] = {*client, *server};

    return hash_bytes(&m->key, both, sizeof(both)) | 1;
}

static struct answered *answers_of(const struct name_memory *m, uint64_t mark)
{
    return &m->answered[(mark >> 1) % m->sets * WAYS];
}

/* Hushed or hidden, for as long as it counts. */
static bool is_quiet(const struct answered *a, usec_t now)
{
    return a->mark && a->until >= now && !(a->name && *a->name);
}

/* Whether a is to give up its place rather than b. */
static bool goes_before(const struct answered *a, const struct answered *b,
                        uint64_t asker, usec_t now)
{
    bool a_quiet = is_quiet(a, now), b_quiet = is_quiet(b, now);

    if (a_quiet != b_quiet)
        return b_quiet;
    if (a_quiet && (a->asker == asker) != (b->asker == asker))
        return a->asker == asker;
    return a->until < b->until;
}

/* Its own place, or else one that is given up. */
static struct answered *place_for(struct answered *set, const struct answered *said,
                                  usec_t now)
{
    struct answered *place = &set[0];

    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].mark == said->mark)
            return &set[i];
        if (goes_before(&set[i], place, said->asker, now))
            place = &set[i];
    }
    return place;
}

static void rename_to(struct answered *a, const struct text *name)
{
    if (a->name && name && text_equal(text_of(a->name), *name))
        return;
    free_wiped(a->name);
    a->name = name ? xstrndup(name->at, name->len) : NULL;
}

/* Name: NULL where it is not to be told. */
static void keep(struct name_memory *m, struct answered said, const struct text *name,
                 usec_t now)
{
    struct answered *place = place_for(answers_of(m, said.mark), &said, now);

    if (name && is_quiet(place, now)) {
        if (place->mark != said.mark) {
            m->counts.evicted++;
            doubt(find_asker(m, said.asker), said.until);
        }
        return;
    }
    if (place->mark && place->mark != said.mark && place->until >= now) {
        m->counts.evicted++;
        doubt(find_asker(m, place->asker), place->until);
    }
    m->counts.learned += name && place->mark != said.mark;
    said.name = place->name;
    *place = said;
    rename_to(place, name);
}

/* ---- learning and finding ---- */

/* The time to live is missing where the answer was cut. */
static usec_t counts_until(const struct event *answer)
{
    const struct value *ttl = event_get(answer, FIELD_DNS_ANSWER_TTL);
    usec_t most = NAME_MEMORY_MOST - NAME_MEMORY_GRACE;
    usec_t live = ttl ? ttl->number * USEC_PER_SEC : 0;

    return event_time(answer) + (live < most ? live : most) + NAME_MEMORY_GRACE;
}

void name_memory_learn(struct name_memory *m, const struct event *answer)
{
    const struct addr *client = answer_asker(answer),
                      *server = answer_addr(answer, NULL, 0);
    const struct value *name = event_get(answer, FIELD_DNS_QNAME);
    usec_t now = event_time(answer);
    struct answered said = {0};
    struct asker *asker;

    if (!client || !server || !name || !answer_is_for_inside(answer))
        return;
    said.asker = mark_of_asker(m, client);
    said.until = counts_until(answer);
    asker = hear(m, said.asker, now);
    if (event_short(answer) || !event_has(answer, FIELD_DNS_ANSWER_TTL))
        doubt(asker, said.until);
    for (size_t i = 0; (server = answer_addr(answer, NULL, i)); i++) {
        said.mark = mark_of(m, client, server);
        keep(m, said, &name->text, now);
    }
}

void name_memory_hush(struct name_memory *m, const struct event *answer,
                      const struct answer_rest *rest)
{
    const struct addr *client = answer_asker(answer), *server;
    usec_t now = event_time(answer);

    for (size_t i = 0; client && (server = answer_addr(answer, rest, i)); i++)
        keep(m,
             (struct answered){.mark = mark_of(m, client, server),
                               .asker = mark_of_asker(m, client),
                               .until = now + NAME_MEMORY_MOST},
             NULL, now);
}

void name_memory_sift(struct name_memory *m, bool (*guards)(struct text name, void *arg),
                      void *arg)
{
    for (size_t i = 0; i < m->sets * WAYS; i++) {
        const char *name = m->answered[i].name;

        if (name && *name && guards(text_of(name), arg)) {
            rename_to(&m->answered[i], &TEXT(""));
            m->hides = true;
        }
    }
}

bool name_memory_hides(const struct name_memory *m, const struct addr *client,
                       const struct addr *server, usec_t now)
{
    struct text name;

    return m->hides &&
           name_memory_find(m, client, server, now, &name) == NAME_MEMORY_HIDDEN;
}

enum name_memory_verdict name_memory_find(const struct name_memory *m,
                                          const struct addr *client,
                                          const struct addr *server, usec_t now,
                                          struct text *ret_name)
{
    const struct asker *asker = find_asker(m, mark_of_asker(m, client));
    const struct answered *set;
    uint64_t mark;

    *ret_name = (struct text){0};
    if (!asker)
        return NAME_MEMORY_UNKNOWN;
    mark = mark_of(m, client, server);
    set = answers_of(m, mark);
    for (unsigned i = 0; i < WAYS; i++)
        if (set[i].mark == mark && set[i].until >= now) {
            if (!set[i].name || !*set[i].name)
                return set[i].name ? NAME_MEMORY_HIDDEN : NAME_MEMORY_UNKNOWN;
            *ret_name = text_of(set[i].name);
            return NAME_MEMORY_ASKED;
        }
    return is_over(asker, now) || now < asker->sure ? NAME_MEMORY_UNKNOWN
                                                    : NAME_MEMORY_NOT;
}

void name_memory_sweep(struct name_memory *m, usec_t now)
{
    struct answered *set = &m->answered[m->swept * WAYS];

    for (unsigned i = 0; i < WAYS; i++)
        if (set[i].mark && set[i].until < now) {
            free_wiped(set[i].name);
            set[i] = (struct answered){0};
        }
    m->swept = (m->swept + 1) % m->sets;
}

struct name_memory_counts name_memory_counts(const struct name_memory *m)
{
    return m->counts;
}
