/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A DNS event has the same name as host and as dns.qname, and fifty rules ask for it: the
 * first asks the list file, the others this memo. It has few places, because an event has
 * few names and addresses; when they are used up, the list file is asked again.
 *
 * Whether a name looks like another one takes some twenty hashes and a walk over the
 * public suffixes, and nearly always it does not: names that do not are remembered from
 * event to event, by a keyed hash: some two thousand, a later one in the place of an
 * earlier one.
 */
#include "predicate.h"

#include <stdlib.h>

#include "hash.h"
#include "mem.h"

#define PLACES        8
#define UNLIKE_PLACES 4 /* of a set: one of them is taken in turn */
#define UNLIKE_SETS   512

struct asked {
    struct text bytes; /* of the name, the address ... in the event */
    struct list_set on;
};

struct list_memo {
    const struct listdb *db;
    struct list_set protected;
    struct asked asked[LIST_CLASSES][PLACES];
    size_t count[LIST_CLASSES];
    struct hash_key key;
    uint64_t like_none[UNLIKE_SETS][UNLIKE_PLACES]; /* hashes of names like no other */
    unsigned turn;
};

struct list_memo *list_memo_new(const struct listdb *db)
{
    struct list_memo *m = xcalloc(1, sizeof(*m));

    m->db = db;
    hash_key_random(&m->key);
    for (unsigned i = 0; db && i < listdb_count(db); i++)
        if (listdb_info(db, i)->kind == LIST_PROTECTED)
            list_set_add(&m->protected, i);
    return m;
}

void list_memo_free(struct list_memo *m)
{
    free(m);
}

void list_memo_begin(struct list_memo *m)
{
    memset(m->count, 0, sizeof(m->count));
}

static struct list_set ask_alike(struct list_memo *m, struct text name)
{
    uint64_t hash = hash_bytes(&m->key, name.at, name.len);
    uint64_t *places = m->like_none[hash % UNLIKE_SETS];
    struct list_set on;

    for (size_t i = 0; i < UNLIKE_PLACES; i++)
        if (places[i] == hash)
            return (struct list_set){0};
    on = listdb_judge_alike(m->db, name);
    if (!list_set_meets(&on, &on))
        places[m->turn++ % UNLIKE_PLACES] = hash;
    return on;
}

static struct list_set ask(struct list_memo *m, enum list_class class, struct text bytes)
{
    const struct listdb *db = m->db;
    struct addr addr;
    struct mac mac;

    switch (class) {
    case LIST_CLASS_ADDR:
        memcpy(&addr, bytes.at, sizeof(addr));
        return listdb_judge(db, listdb_query_addr(db, &addr));
    case LIST_CLASS_MAC:
        memcpy(&mac, bytes.at, sizeof(mac));
        return listdb_judge(db, listdb_query_mac(db, &mac));
    case LIST_CLASS_PRINT:
        return listdb_judge(db, listdb_query_print(db, bytes));
    case LIST_CLASS_ALIKE:
        return ask_alike(m, bytes);
    default:
        return listdb_judge(db, listdb_query(db, bytes));
    }
}

static struct list_set query(struct list_memo *m, enum list_class class,
                             struct text bytes)
{
    struct asked *asked = m->asked[class];
    size_t count = m->count[class];

    if (!m->db)
        return (struct list_set){0};
    for (size_t i = 0; i < count; i++)
        if (text_equal(asked[i].bytes, bytes))
            return asked[i].on;
    if (count == PLACES)
        return ask(m, class, bytes);
    asked[count] = (struct asked){bytes, ask(m, class, bytes)};
    m->count[class]++;
    return asked[count].on;
}

struct list_set list_memo_query(struct list_memo *m, struct text name)
{
    return query(m, LIST_CLASS_NAME, name);
}

struct list_set list_memo_addr(struct list_memo *m, const struct addr *addr)
{
    return query(m, LIST_CLASS_ADDR,
                 (struct text){(const char *)addr->bytes, sizeof(addr->bytes)});
}

struct list_set list_memo_mac(struct list_memo *m, const struct mac *mac)
{
    return query(m, LIST_CLASS_MAC,
                 (struct text){(const char *)mac->bytes, sizeof(mac->bytes)});
}

struct list_set list_memo_print(struct list_memo *m, struct text print)
{
    return query(m, LIST_CLASS_PRINT, print);
}

struct list_set list_memo_alike(struct list_memo *m, struct text name)
{
    return query(m, LIST_CLASS_ALIKE, name);
}

bool list_memo_protected(struct list_memo *m, const struct event *e)
{
    static const enum field_id names[] = {FIELD_HOST, FIELD_DNS_QNAME, FIELD_TLS_SNI,
                                          FIELD_FLOW_LED_BY};

    if (!m->db)
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct value *v = event_get(e, names[i]);
        struct list_set on;

        if (!v)
            continue;
        on = list_memo_query(m, v->text);
        if (list_set_meets(&on, &m->protected))
            return true;
    }
    return false;
}
