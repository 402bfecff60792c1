/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A DNS event has the same name as host and as dns.qname, and fifty rules ask for it: the
 * first asks the list file, the others this memo. It has few places, because an event has
 * few names; when they are used up, the list file is asked again.
 */
#include "predicate.h"

#include <stdlib.h>

#include "mem.h"

#define PLACES 8

struct list_memo {
    const struct listdb *db;
    struct list_set white, black, protected;
    struct text name[PLACES];
    struct list_set on[PLACES];
    size_t count;
};

struct list_memo *list_memo_new(const struct listdb *db)
{
    struct list_memo *m = xcalloc(1, sizeof(*m));

    m->db = db;
    for (unsigned i = 0; db && i < listdb_count(db); i++) {
        switch (listdb_info(db, i)->kind) {
        case LIST_WHITE:
            list_set_add(&m->white, i);
            break;
        case LIST_PROTECTED:
            list_set_add(&m->protected, i);
            break;
        default:
            list_set_add(&m->black, i);
        }
    }
    return m;
}

void list_memo_free(struct list_memo *m)
{
    free(m);
}

void list_memo_begin(struct list_memo *m)
{
    m->count = 0;
}

static bool list_set_meets(const struct list_set *a, const struct list_set *b)
{
    uint64_t both = 0;

    for (size_t i = 0; i < sizeof(a->bits) / sizeof(a->bits[0]); i++)
        both |= a->bits[i] & b->bits[i];
    return both != 0;
}

static void list_set_keep(struct list_set *s, const struct list_set *these)
{
    for (size_t i = 0; i < sizeof(s->bits) / sizeof(s->bits[0]); i++)
        s->bits[i] &= these->bits[i];
}

static struct list_set ask(const struct list_memo *m, struct text name)
{
    struct list_set on = listdb_query(m->db, name);

    if (list_set_meets(&on, &m->protected))
        list_set_keep(&on, &m->protected);
    else if (list_set_meets(&on, &m->white))
        list_set_keep(&on, &m->white);
    return on;
}

struct list_set list_memo_query(struct list_memo *m, struct text name)
{
    if (!m->db)
        return (struct list_set){0};
    for (size_t i = 0; i < m->count; i++)
        if (text_equal(m->name[i], name))
            return m->on[i];
    if (m->count == PLACES)
        return ask(m, name);
    m->name[m->count] = name;
    m->on[m->count] = ask(m, name);
    return m->on[m->count++];
}

bool list_memo_protected(struct list_memo *m, const struct event *e)
{
    static const enum field_id names[] = {FIELD_HOST, FIELD_DNS_QNAME, FIELD_TLS_SNI};

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
