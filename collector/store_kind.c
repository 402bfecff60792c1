/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An intake asks for the kind of every alert, so the numbers are kept in memory, by a
 * hash of their values: kinds are never changed and never deleted.
 */
#include "collector/store_kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_sql.h"
#include "hash.h"
#include "mem.h"

#define PLACES 16384 /* a power of two; half of them are used at most */

/* Two hashes, keyed and so long that two kinds with the same do not occur. */
struct place {
    uint64_t a, b;
    int64_t id; /* 0: free */
};

struct store_kinds {
    struct place places[PLACES];
    size_t used;
    struct hash_key keys[2];
    struct buffer values;
    bool full;
};

static struct store_kinds *kinds_of(struct store *s)
{
    struct store_kinds *k = s->kinds;

    if (k)
        return k;
    k = s->kinds = xcalloc(1, sizeof(*k));
    hash_key_random(&k->keys[0]);
    hash_key_random(&k->keys[1]);
    return k;
}

void store_kind_forget(struct store *s)
{
    if (!s->kinds)
        return;
    buffer_done(&s->kinds->values);
    free(take(s->kinds));
}

/* Where the kind is, or would be. Each text with its end, so that none runs into the
 * next. */
static struct place *place_of(struct store_kinds *k, const struct store_alert *a)
{
    const char *const texts[] = {a->rule, a->site, a->playbook};
    const uint8_t numbers[] = {(uint8_t)a->severity, (uint8_t)a->owner, a->drill};
    struct place p = {0};
    size_t at;

    k->values.len = 0;
    buffer_add(&k->values, numbers, sizeof(numbers));
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        buffer_add(&k->values, texts[i] ? texts[i] : "",
                   texts[i] ? strlen(texts[i]) + 1 : 1);
    p.a = hash_bytes(&k->keys[0], k->values.at, k->values.len);
    p.b = hash_bytes(&k->keys[1], k->values.at, k->values.len);
    for (at = p.a % PLACES; k->places[at].id; at = (at + 1) % PLACES)
        if (k->places[at].a == p.a && k->places[at].b == p.b)
            return &k->places[at];
    k->places[at] = p;
    return &k->places[at];
}

static void keep(struct store_kinds *k, struct place *free_place, int64_t id)
{
    if (k->used == PLACES / 2) { /* begun anew, without this one */
        memset(k->places, 0, sizeof(k->places));
        k->used = 0;
        return;
    }
    free_place->id = id;
    k->used++;
}

static int find(struct store *s, const struct store_alert *a, int64_t *ret_kind)
{
    return sql_number(s, ret_kind,
                      "SELECT id FROM alert_kinds WHERE district = $1 AND rule = $2"
                      " AND severity = $3 AND site = $4 AND owner = $5 AND playbook = $6"
                      " AND drill = $7",
                      OUR, STR(a->rule), NUM(a->severity), STR(a->site), NUM(a->owner),
                      STR(a->playbook), NUM(a->drill));
}

static int make(struct store *s, const struct store_alert *a, int64_t *ret_kind)
{
    int64_t count = 0;
    int rc = sql_number(s, &count, "SELECT COUNT(*) FROM alert_kinds WHERE district = $1",
                        OUR);

    if (rc)
        return rc;
    s->kinds->full = count >= STORE_KINDS_MOST;
    *ret_kind = 0;
    if (s->kinds->full)
        return 0;
    rc = sql_new(s, ret_kind,
                 "INSERT INTO alert_kinds (district, rule, severity, site, owner,"
                 " playbook, drill) VALUES ($1, $2, $3, $4, $5, $6, $7)"
                 " ON CONFLICT DO NOTHING RETURNING id",
                 OUR, STR(a->rule), NUM(a->severity), STR(a->site), NUM(a->owner),
                 STR(a->playbook), NUM(a->drill));
    return rc == -EEXIST ? find(s, a, ret_kind) : rc;
}

int store_kind_of(struct store *s, const struct store_alert *a, int64_t *ret_kind)
{
    struct store_kinds *k = kinds_of(s);
    struct place *place = place_of(k, a);
    int64_t kind = place->id;
    int rc = 0;

    if (!kind) {
        rc = find(s, a, &kind);
        if (rc == -ENOENT)
            rc = k->full ? 0 : make(s, a, &kind);
        if (rc == 0 && kind)
            keep(k, place, kind);
    }
    if (rc == 0)
        *ret_kind = kind;
    return rc;
}

/* ---- what a filter lets through ---- */

bool store_kind_matters(const struct store_alert_filter *f)
{
    const uint32_t all = (UINT32_C(1) << names_role.count) - 1;

    return f->rule || f->site || f->playbook || f->least > SEVERITY_INFO ||
           f->leave_out_drills || (f->owners && (f->owners & all) != all);
}

struct chosen {
    int64_t id;
};

static const struct shape_column columns[] = {COLUMN(chosen, ID, id)};
static const struct shape shape = SHAPE(chosen, columns);

struct list {
    int64_t *at;
    size_t count, capacity;
};

static void add(const void *row, void *arg)
{
    struct list *l = arg;

    l->at = xgrow(l->at, l->count, &l->capacity, sizeof(*l->at));
    l->at[l->count++] = ((const struct chosen *)row)->id;
}

int store_kind_choose(struct store *s, const struct store_alert_filter *f,
                      int64_t **ret_kinds, size_t *ret_count)
{
    struct list l = {0};
    struct sql_each each = {&shape, add, &l};
    struct query q;
    int rc;

    add(&(struct chosen){0}, &l);
    query_begin(&q, "SELECT {*} FROM alert_kinds WHERE district = ", OUR);
    if (f->rule)
        query_add(&q, " AND rule = ", STR(f->rule));
    if (f->site)
        query_add(&q, " AND site = ", STR(f->site));
    if (f->playbook)
        query_add(&q, " AND playbook = ", STR(f->playbook));
    if (f->least)
        query_add(&q, " AND severity >= ", NUM(f->least));
    query_any_of(&q, "owner", f->owners);
    if (f->leave_out_drills)
        query_text(&q, " AND drill = 0");
    rc = query_each(s, &q, &each);
    if (rc) {
        free(l.at);
        return rc;
    }
    *ret_kinds = l.at;
    *ret_count = l.count;
    return 0;
}
