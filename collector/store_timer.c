/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_run.h"
#include "collector/store_sql.h"

static const struct shape_column columns[] = {
    COLUMN(store_timer, ID, run),
    COLUMN(store_timer, TEXT, step),
    COLUMN(store_timer, TEXT, name),
    COLUMN(store_timer, TIME, due),
};
static const struct shape shape = SHAPE(store_timer, columns);

int store_timer_put(struct store *s, const struct store_timer *t)
{
    return sql_do(s,
                  "INSERT INTO timers (district, run, step, name, due)"
                  " VALUES ($1, $2, $3, $4, $5)"
                  " ON CONFLICT (district, run, step, name)"
                  " DO UPDATE SET due = excluded.due",
                  OUR, NUM(t->run), STR(t->step), STR(t->name), TIME(t->due));
}

int store_timer_drop(struct store *s, int64_t run, const char *step, const char *name)
{
    return sql_do(s,
                  "DELETE FROM timers"
                  " WHERE district = $1 AND run = $2 AND step = $3 AND name = $4",
                  OUR, NUM(run), STR(step), STR(name));
}

int store_timer_drop_all(struct store *s, int64_t run)
{
    return sql_do(s, "DELETE FROM timers WHERE district = $1 AND run = $2", OUR,
                  NUM(run));
}

struct call {
    store_timer_fn *fn;
    void *arg;
};

static void give(const void *row, void *arg)
{
    const struct call *call = arg;

    call->fn(row, call->arg);
}

int store_timer_each(struct store *s, int64_t run, usec_t by, store_timer_fn *fn,
                     void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};
    struct query q;

    query_begin(&q, "SELECT {*} FROM timers WHERE district = ", OUR);
    if (run)
        query_add(&q, " AND run = ", NUM(run));
    if (by)
        query_add(&q, " AND due <= ", TIME(by));
    query_text(&q, " ORDER BY due, run, step, name");
    return query_each(s, &q, &each);
}

/* Only active runs have timers: store_run_save sees to it. */
int store_timer_next(struct store *s, usec_t *ret_due)
{
    int64_t due = 0;
    int rc = sql_number(
        s, &due, "SELECT due FROM timers WHERE district = $1 ORDER BY due LIMIT 1", OUR);

    if (rc == 0)
        *ret_due = (usec_t)due;
    return rc;
}
