/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "collector/store_run.h"
#include "collector/store_sql.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const kinds[] = {"start",  "alert",   "incident", "taken",
                                    "answer", "outcome", "return",   "stop"};
const struct names names_input_kind = {"kind of input", kinds, COUNT(kinds)};

static const struct shape_column columns[] = {
    COLUMN(store_input, ID, id),
    COLUMN(store_input, ID, run),
    COLUMN_NAME(store_input, kind, names_input_kind),
    COLUMN(store_input, TEXT, step),
    COLUMN(store_input, TEXT, who),
    COLUMN(store_input, JSON, document),
    COLUMN(store_input, TIME, at),
};
static const struct shape shape = SHAPE(store_input, columns);

/* What comes for a run that is over is kept, and waits for nobody. */
int store_input_put(struct store *s, const struct store_input *i)
{
    int rc = sql_do(s,
                    "INSERT INTO inputs (district, run, kind, step, who, document, at,"
                    " consumed) SELECT district, id, $1, $2, $3, $4, $5,"
                    " CASE WHEN status = $6 THEN 0 ELSE $5 END FROM runs"
                    " WHERE district = $7 AND id = $8",
                    NUM(i->kind), STR(i->step), STR(i->who), STR(i->document),
                    TIME(store_now(s)), NUM(RUN_ACTIVE), OUR, NUM(i->run));

    if (rc == 0 && sql_changed(s) == 0)
        return sql_answer(s, -ENOENT, "there is no run %lld", (long long)i->run);
    return rc;
}

int store_input_put_all(struct store *s, int64_t incident, enum input_kind kind,
                        const char *who, const char *document)
{
    return sql_do(s,
                  "INSERT INTO inputs (district, run, kind, step, who, document, at)"
                  " SELECT district, id, $1, '', $2, $3, $4 FROM runs"
                  " WHERE district = $5 AND incident = $6 AND status = $7",
                  NUM(kind), STR(who), STR(document), TIME(store_now(s)), OUR,
                  NUM(incident), NUM(RUN_ACTIVE));
}

struct call {
    store_input_fn *fn;
    void *arg;
};

static void give(const void *row, void *arg)
{
    const struct call *call = arg;

    call->fn(row, call->arg);
}

int store_input_each(struct store *s, int64_t run, size_t limit, store_input_fn *fn,
                     void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};

    return sql_rows(s, &each,
                    "SELECT {*} FROM inputs WHERE district = $1 AND run = $2"
                    " AND consumed = 0 ORDER BY id LIMIT $3",
                    OUR, NUM(run), NUM(limit));
}

int store_input_consume(struct store *s, int64_t id)
{
    int rc = sql_do(s,
                    "UPDATE inputs SET consumed = $1"
                    " WHERE district = $2 AND id = $3 AND consumed = 0",
                    TIME(store_now(s)), OUR, NUM(id));

    if (rc == 0 && sql_changed(s) == 0)
        return sql_answer(s, -ESTALE, "input %lld has been consumed", (long long)id);
    return rc;
}
