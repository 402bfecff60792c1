/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page of alerts. Devices and incidents have an index each. Whatever else is asked for
 * is asked of the newest alerts first, which is the whole answer where it is usual. What
 * is rare among them is found by kinds: each kind's alerts lie in order of their ids, and
 * the newest of all kinds that the filter lets through is the next one of the page. So no
 * page costs more than one look a kind and one a row, however many alerts there are.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_alert_inside.h"
#include "collector/store_kind.h"
#include "mem.h"

#define LIMIT     100
#define LIMIT_MAX 10000
#define LOOK      2000 /* alerts that are looked through before kinds are asked */

struct page {
    struct store *s;
    const struct store_alert_filter *f;
    store_alert_fn *fn;
    void *arg;
    int64_t below, above; /* ids in between are asked for */
    size_t limit, count;  /* rows, and those that were given */
};

static size_t limit_of(size_t asked)
{
    if (asked == 0)
        return LIMIT;
    return asked < LIMIT_MAX ? asked : LIMIT_MAX;
}

static void give(const void *row, void *arg)
{
    struct page *p = arg;

    p->count++;
    p->fn(row, p->arg);
}

/* ---- what is asked for, in SQL ---- */

static void choose(struct query *q, const struct page *p)
{
    const struct store_alert_filter *f = p->f;

    query_add(q, " AND id < ", NUM(p->below));
    query_add(q, " AND id > ", NUM(p->above));
    if (f->device)
        query_add(q, " AND device = ", STR(f->device));
    if (f->rule)
        query_add(q, " AND rule = ", STR(f->rule));
    if (f->site)
        query_add(q, " AND site = ", STR(f->site));
    if (f->playbook)
        query_add(q, " AND playbook = ", STR(f->playbook));
    if (f->incident)
        query_add(q, " AND incident = ", NUM(f->incident));
    if (f->least)
        query_add(q, " AND severity >= ", NUM(f->least));
    if (f->since)
        query_add(q, " AND arrived >= ", TIME(f->since));
    if (f->until)
        query_add(q, " AND arrived < ", TIME(f->until));
    query_any_of(q, "owner", f->owners);
    if (f->leave_out_drills)
        query_text(q, " AND drill = 0");
}

static int give_rows(struct page *p, struct query *q)
{
    struct sql_each each = {&store_alert_shape, give, p};

    query_add(q, " ORDER BY id DESC LIMIT ", NUM(p->limit - p->count));
    return query_each(p->s, q, &each);
}

/* The index of devices knows settled alerts only; the new ones are few. */
static int by_device(struct page *p)
{
    struct store *s = p->s;
    struct query q;
    int64_t settled;
    int rc = store_alert_settled(s, &settled);

    if (rc)
        return rc;
    query_begin(&q, "SELECT {*} FROM alerts {by_id} WHERE fate = 0 AND district = ", OUR);
    query_add(&q, " AND id > ", NUM(settled));
    choose(&q, p);
    query_add(&q,
              " UNION ALL SELECT {*} FROM alerts WHERE fate > 0 AND district = ", OUR);
    choose(&q, p);
    return give_rows(p, &q);
}

static int by_incident(struct page *p)
{
    struct store *s = p->s;
    struct query q;

    query_begin(&q, "SELECT {*} FROM alerts WHERE district = ", OUR);
    choose(&q, p);
    return give_rows(p, &q);
}

static int by_id(struct page *p)
{
    struct store *s = p->s;
    struct query q;

    query_begin(&q, "SELECT {*} FROM alerts {by_id} WHERE district = ", OUR);
    choose(&q, p);
    return give_rows(p, &q);
}

/* ---- by kinds ---- */

/* The next alert of each kind, in a heap: the newest on top. */
struct next {
    int64_t id, kind;
};

struct heap {
    struct next *at;
    size_t count;
};

static void sink(struct heap *h, size_t at)
{
    for (;;) {
        size_t most = at;
        struct next old = h->at[at];

        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < h->count; child++)
            if (h->at[child].id > h->at[most].id)
                most = child;
        if (most == at)
            return;
        h->at[at] = h->at[most];
        h->at[most] = old;
        at = most;
    }
}

/* -ENOENT: the kind has none any more. */
static int look(struct page *p, int64_t kind, int64_t below, int64_t *ret_id)
{
    return sql_number(p->s, ret_id,
                      "SELECT id FROM alerts WHERE kind = $1 AND id < $2 AND id > $3"
                      " ORDER BY id DESC LIMIT 1",
                      NUM(kind), NUM(below), NUM(p->above));
}

static int fill(struct page *p, struct heap *h, const int64_t *kinds, size_t count)
{
    h->at = xcalloc(count, sizeof(*h->at));
    for (size_t i = 0; i < count; i++) {
        int64_t id;
        int rc = look(p, kinds[i], p->below, &id);

        if (rc == 0)
            h->at[h->count++] = (struct next){id, kinds[i]};
        else if (rc != -ENOENT)
            return rc;
    }
    for (size_t i = h->count / 2; i-- > 0;)
        sink(h, i);
    return 0;
}

static bool is(const char *asked, const char *value)
{
    return !asked || strcmp(asked, value) == 0;
}

/* Of kind 0 anything can be. */
static bool is_asked_for(const struct store_alert *a, const struct store_alert_filter *f)
{
    return is(f->rule, a->rule) && is(f->site, a->site) && is(f->playbook, a->playbook) &&
           a->severity >= f->least && (!f->owners || f->owners >> a->owner & 1) &&
           !(f->leave_out_drills && a->drill) && a->arrived >= f->since &&
           (!f->until || a->arrived < f->until);
}

static void give_if_asked_for(const void *row, void *arg)
{
    const struct page *p = arg;

    if (is_asked_for(row, p->f))
        give(row, arg);
}

static int give_one(struct page *p, int64_t id)
{
    struct store *s = p->s;
    struct sql_each each = {&store_alert_shape, give_if_asked_for, p};

    return sql_rows(s, &each, "SELECT {*} FROM alerts WHERE district = $1 AND id = $2",
                    OUR, NUM(id));
}

static int merge(struct page *p, struct heap *h)
{
    int rc = 0;

    while (rc == 0 && h->count > 0 && p->count < p->limit) {
        struct next *top = &h->at[0];

        rc = give_one(p, top->id);
        if (rc == 0)
            rc = look(p, top->kind, top->id, &top->id);
        if (rc == -ENOENT) {
            *top = h->at[--h->count];
            rc = 0;
        }
        sink(h, 0);
    }
    return rc;
}

static int by_kinds(struct page *p)
{
    struct heap h = {0};
    int64_t *kinds = NULL;
    size_t count;
    int rc = store_kind_choose(p->s, p->f, &kinds, &count);

    if (rc == 0)
        rc = fill(p, &h, kinds, count);
    if (rc == 0)
        rc = merge(p, &h);
    free(h.at);
    free(kinds);
    return rc;
}

/* ---- which way ---- */

/* Arrivals become ids. */
static int set_bounds(struct page *p)
{
    const struct store_alert_filter *f = p->f;
    int64_t id;
    int rc = store_alert_last(p->s, &id);

    p->below = f->before && f->before <= id ? f->before : id + 1;
    if (rc == 0 && f->since)
        rc = store_alert_before(p->s, f->since, &p->above);
    if (rc == 0 && f->until) {
        rc = store_alert_before(p->s, f->until, &id);
        if (rc == 0 && id + 1 < p->below)
            p->below = id + 1;
    }
    return rc;
}

static int newest_then_kinds(struct page *p)
{
    struct page newest = *p;
    int rc;

    if (p->below - p->above > LOOK)
        newest.above = p->below - LOOK;
    rc = by_id(&newest);
    p->count = newest.count;
    p->below = newest.above + 1;
    if (rc || p->count == p->limit || p->below <= p->above + 1)
        return rc;
    return by_kinds(p);
}

int store_alert_each(struct store *s, const struct store_alert_filter *f,
                     store_alert_fn *fn, void *arg)
{
    struct page p = {.s = s, .f = f, .fn = fn, .arg = arg, .limit = limit_of(f->limit)};
    int rc = set_bounds(&p);

    if (rc)
        return rc;
    if (f->device)
        return by_device(&p);
    if (f->incident)
        return by_incident(&p);
    return store_kind_matters(f) ? newest_then_kinds(&p) : by_id(&p);
}
