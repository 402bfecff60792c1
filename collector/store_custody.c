/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_custody.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/store_audit.h"
#include "collector/store_sql.h"

static const struct shape_column columns[] = {
    COLUMN(store_custody, ID, id),     COLUMN(store_custody, ID, evidence),
    COLUMN(store_custody, TIME, at),   COLUMN(store_custody, TEXT, who),
    COLUMN(store_custody, TEXT, what), COLUMN(store_custody, TEXT, why),
};
static const struct shape shape = SHAPE(store_custody, columns);

int store_custody_add(struct store *s, int64_t evidence, const char *who,
                      const char *what, const char *why)
{
    return sql_do(s,
                  "INSERT INTO evidence_custody (district, evidence, at, who, what, why)"
                  " VALUES ($1, $2, $3, $4, $5, $6)",
                  OUR, NUM(evidence), TIME(store_now(s)), STR(who), STR(what), STR(why));
}

int store_custody_tell(struct store *s, int64_t evidence, const char *who,
                       const char *what, const char *why)
{
    auto_json struct json *detail = json_new_object();
    auto_free char *text = NULL;
    char about[32], name[32];
    int rc = store_custody_add(s, evidence, who, what, why);

    snprintf(about, sizeof(about), "evidence/%" PRId64, evidence);
    snprintf(name, sizeof(name), "evidence.%s", what);
    json_put_text(detail, "why", why);
    text = json_write(detail);
    return rc ? rc : store_audit_add(s, who, name, about, text);
}

struct call {
    store_custody_fn *fn;
    void *arg;
};

static void give(const void *row, void *arg)
{
    const struct call *call = arg;

    call->fn(row, call->arg);
}

int store_custody_each(struct store *s, int64_t evidence, store_custody_fn *fn, void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};
    struct query q;

    query_begin(&q, "SELECT {*} FROM evidence_custody WHERE district = ", OUR);
    query_add(&q, " AND evidence = ", NUM(evidence));
    query_text(&q, " ORDER BY id");
    return query_each(s, &q, &each);
}

static void add_entry(const struct store_custody *c, void *arg)
{
    auto_json struct json *row = shape_json(&shape, c);
    struct json *entry = json_new_object();

    json_put(entry, "at", json_clone(json_get(row, "at")));
    json_put_text(entry, "who", c->who);
    json_put_text(entry, "what", c->what);
    json_put_text(entry, "why", c->why);
    json_add(arg, entry);
}

struct json *store_custody_list(struct store *s, int64_t evidence)
{
    struct json *list = json_new_list();

    if (store_custody_each(s, evidence, add_entry, list) == 0)
        return list;
    json_free(list);
    return NULL;
}
