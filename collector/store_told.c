/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_told.h"

#include <errno.h>

#include "collector/store_sql.h"

static const struct shape_column columns[] = {
    COLUMN(store_told, ID, id),    COLUMN(store_told, TEXT, rule),
    COLUMN(store_told, TEXT, key), COLUMN(store_told, TIME, first),
    COLUMN(store_told, ID, cause), COLUMN(store_told, FLAG, summary),
};
static const struct shape shape = SHAPE(store_told, columns);

int store_told_put(struct store *s, const struct store_told *t, int64_t *ret_id)
{
    return sql_new(s, ret_id,
                   "INSERT INTO told (district, rule, key, first, cause, summary)"
                   " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
                   OUR, STR(t->rule), STR(t->key), TIME(t->first), NUM(t->cause),
                   NUM(t->summary));
}

int store_told_find(struct store *s, const struct store_told *like, usec_t after,
                    usec_t before, struct store_told *ret_told)
{
    return sql_row(s, &shape, ret_told,
                   "SELECT {*} FROM told WHERE district = $1 AND rule = $2 AND key = $3"
                   " AND summary = 0 AND first > $4 AND first < $5"
                   " ORDER BY first, id LIMIT 1",
                   OUR, STR(like->rule), STR(like->key), TIME(after), TIME(before));
}

int store_told_has(struct store *s, const struct store_told *t, bool *ret_has)
{
    int64_t id;
    int rc = sql_number(s, &id,
                        "SELECT id FROM told WHERE district = $1 AND rule = $2"
                        " AND key = $3 AND first = $4 AND summary = $5"
                        " AND (cause = $6 OR $6 = 0) LIMIT 1",
                        OUR, STR(t->rule), STR(t->key), TIME(t->first), NUM(t->summary),
                        NUM(t->cause));

    if (rc == 0 || rc == -ENOENT)
        *ret_has = rc == 0;
    return rc == -ENOENT ? 0 : rc;
}

void store_told_done(struct store_told *t)
{
    shape_done(&shape, t);
}

int store_told_forget(struct store *s, usec_t before)
{
    return sql_do(s,
                  "DELETE FROM told WHERE district = $1 AND first < $2"
                  " AND id < (SELECT MAX(id) FROM told WHERE district = $1)",
                  OUR, TIME(before));
}
