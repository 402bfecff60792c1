/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_silence.h"

#include <errno.h>
#include <inttypes.h>

#include "collector/store_audit.h"
#include "collector/store_sql.h"

static const struct shape_column columns[] = {
    COLUMN(store_silence, ID, id),       COLUMN(store_silence, TEXT, rule),
    COLUMN(store_silence, TEXT, site),   COLUMN(store_silence, TEXT, segment),
    COLUMN(store_silence, TEXT, device), COLUMN(store_silence, TEXT, owner),
    COLUMN(store_silence, TEXT, why),    COLUMN(store_silence, TIME, begins),
    COLUMN(store_silence, TIME, until),  COLUMN(store_silence, TIME, ended),
    COLUMN(store_silence, COUNT, hits),
};
static const struct shape shape = SHAPE(store_silence, columns);

static bool is_given(const char *text)
{
    return text && text[0] != '\0';
}

static const char *missing(const struct store_silence *q)
{
    if (!is_given(q->owner))
        return "a silence needs an owner";
    if (!is_given(q->why))
        return "a silence needs a reason";
    if (q->until <= q->begins)
        return "a silence needs an end, after its beginning";
    if (!is_given(q->rule) && !is_given(q->site) && !is_given(q->segment) &&
        !is_given(q->device))
        return "a silence says what it is about: a rule, site, segment or device";
    return NULL;
}

static int record(struct store *s, int64_t id, const char *who, const char *what,
                  const char *detail)
{
    char about[32];

    snprintf(about, sizeof(about), "silence/%" PRId64, id);
    return store_audit_add(s, who, what, about, detail);
}

int store_silence_add(struct store *s, const struct store_silence *q, int64_t *ret_id)
{
    const char *fault = missing(q);
    auto_json struct json *detail = NULL;
    auto_free char *text = NULL;
    int64_t id = 0;
    int rc;

    if (fault)
        return sql_answer(s, -EINVAL, "%s", fault);
    rc =
        sql_new(s, &id,
                "INSERT INTO silences (district, rule, site, segment, device, owner, why,"
                " begins, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
                " RETURNING id",
                OUR, STR(q->rule), STR(q->site), STR(q->segment), STR(q->device),
                STR(q->owner), STR(q->why), TIME(q->begins), TIME(q->until));
    detail = json_new_object();
    json_put_text(detail, "why", q->why);
    text = json_write(detail);
    if (rc == 0)
        rc = record(s, id, q->owner, "silence.add", text);
    if (rc == 0 && ret_id)
        *ret_id = id;
    return rc;
}

int store_silence_end(struct store *s, int64_t id, const char *who)
{
    int rc = sql_do(s,
                    "UPDATE silences SET ended = $1"
                    " WHERE district = $2 AND id = $3 AND ended = 0 AND until > $1",
                    TIME(store_now(s)), OUR, NUM(id));

    if (rc == 0 && sql_changed(s) == 0)
        return sql_answer(s, -ESTALE, "there is no silence %" PRId64 " in force", id);
    return rc ? rc : record(s, id, who, "silence.end", "");
}

int store_silence_hit(struct store *s, int64_t id)
{
    return sql_do(s,
                  "UPDATE silences SET hits = hits + 1 WHERE district = $1 AND id = $2",
                  OUR, NUM(id));
}

struct call {
    store_silence_fn *fn;
    void *arg;
};

static void give(const void *row, void *arg)
{
    const struct call *call = arg;

    call->fn(row, call->arg);
}

int store_silence_each(struct store *s, usec_t at, store_silence_fn *fn, void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};
    struct query q;

    query_begin(&q, "SELECT {*} FROM silences WHERE district = ", OUR);
    if (at) {
        query_add(&q, " AND ended = 0 AND begins <= ", TIME(at));
        query_add(&q, " AND until > ", TIME(at));
    }
    query_text(&q, " ORDER BY id DESC");
    return query_each(s, &q, &each);
}

struct json *store_silence_json(const struct store_silence *q)
{
    return shape_json(&shape, q);
}
