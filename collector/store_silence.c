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
    COLUMN(store_silence, COUNT, hits),  COLUMN(store_silence, COUNT, covers),
};
static const struct shape shape = SHAPE(store_silence, columns);

static bool is_given(const char *text)
{
    return text && text[0] != '\0';
}

usec_t store_silence_max(uint64_t covers)
{
    return covers >> ROLE_SAFETY_OFFICER & 1 ? SILENCE_MAX_CHILD : SILENCE_MAX;
}

static const char *missing(const struct store_silence *q)
{
    if (!is_given(q->owner))
        return "a silence needs an owner";
    if (!is_given(q->why))
        return "a silence needs a reason";
    if (q->until <= q->begins)
        return "a silence needs an end, after its beginning";
    if (q->covers == 0)
        return "a silence says whose alerts it covers";
    if (q->until - q->begins > store_silence_max(q->covers))
        return q->covers >> ROLE_SAFETY_OFFICER & 1
                   ? "a silence of the safety officer's alerts lasts 7 days at most, and "
                     "can be made anew"
                   : "a silence lasts 30 days at most, and can be made anew; what is "
                     "always harmless is an exception of the rule";
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

static struct json *covers_of(const struct store_silence *q)
{
    struct json *covers = json_new_list();

    for (size_t i = 0; i < names_role.count; i++)
        if (q->covers >> i & 1)
            json_add(covers, json_new_text(names_role.at[i]));
    return covers;
}

/* For the audit record, which tells of a device in no other place either. */
static struct json *detail_of(const struct store_silence *q)
{
    struct json *detail = json_new_object();
    char until[CLOCK_TEXT];

    clock_print(q->until, until);
    json_put_text(detail, "why", q->why);
    json_put(detail, "covers", covers_of(q));
    json_put_text(detail, "until", until);
    if (is_given(q->rule))
        json_put_text(detail, "rule", q->rule);
    if (is_given(q->site))
        json_put_text(detail, "site", q->site);
    if (is_given(q->segment))
        json_put_text(detail, "segment", q->segment);
    return detail;
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
    rc = sql_new(
        s, &id,
        "INSERT INTO silences (district, rule, site, segment, device, owner, why,"
        " begins, until, covers)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
        OUR, STR(q->rule), STR(q->site), STR(q->segment), STR(q->device), STR(q->owner),
        STR(q->why), TIME(q->begins), TIME(q->until), NUM((int64_t)q->covers));
    detail = detail_of(q);
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
    struct json *json = shape_json(&shape, q);

    json_put(json, "covers", covers_of(q));
    return json;
}
