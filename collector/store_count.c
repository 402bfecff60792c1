/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_count.h"

#include <assert.h>

#include "collector/store_alert.h"
#include "collector/store_run.h"
#include "collector/store_sql.h"
#include "collector/store_task.h"
#include "collector/store_wish.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- by a column ---- */

struct group {
    uint64_t member, count;
    int64_t last;
};

static const struct shape_column columns[] = {
    COLUMN(group, COUNT, member),
    COLUMN(group, COUNT, count),
    COLUMN(group, ID, last),
};
static const struct shape shape = SHAPE(group, columns);

static void add_severity(const void *row, void *arg)
{
    const struct group *g = row;
    struct store_alert_count *count = arg;

    if (g->member < COUNT(count->of))
        count->of[g->member] += g->count;
    if (g->last > count->last)
        count->last = g->last;
}

int store_count_alerts(struct store *s, struct store_alert_count *count)
{
    struct sql_each each = {&shape, add_severity, count};

    return sql_rows(s, &each,
                    "SELECT {*} FROM (SELECT severity AS member, COUNT(*) AS count,"
                    " MAX(id) AS last FROM alerts WHERE district = $1 AND id > $2"
                    " GROUP BY severity) AS counted",
                    OUR, NUM(count->last));
}

static void add_state(const void *row, void *arg)
{
    const struct group *g = row;
    struct store_counts *counts = arg;

    if (g->member < COUNT(counts->incidents))
        counts->incidents[g->member] += g->count;
}

static int count_incidents(struct store *s, struct store_counts *counts)
{
    struct sql_each each = {&shape, add_state, counts};

    return sql_rows(s, &each,
                    "SELECT {*} FROM (SELECT state AS member, COUNT(*) AS count,"
                    " MAX(id) AS last FROM incidents WHERE district = $1"
                    " GROUP BY state) AS counted",
                    OUR);
}

/* ---- single figures ---- */

/* Runs and wishes stay for good, and only few of them are under way: those are counted in
 * indexes of their own (store_schema.c), which a parameter in their place would not use.
 */
static_assert(RUN_ACTIVE == 0 && WISH_WAITING == 0 && WISH_FAILED == 2, "as the indexes");

static int figure(struct store *s, uint64_t *ret, const char *sql, int64_t a, int64_t b)
{
    int64_t number = 0;
    int rc = sql_number(s, &number, sql, OUR, NUM(a), NUM(b));

    if (rc == 0)
        *ret = (uint64_t)number;
    return rc;
}

int store_count(struct store *s, struct store_counts *ret)
{
    struct store_counts c = {0};
    int64_t now = (int64_t)store_now(s), settled = 0;
    int rc = store_alert_settled(s, &settled);
    const struct {
        uint64_t *ret;
        const char *sql;
        int64_t a, b;
    } figures[] = {
        {&c.alerts_new,
         "SELECT COUNT(*) FROM alerts {by_id} WHERE district = $1 AND id > $2"
         " AND fate = $3",
         settled, ALERT_NEW},
        {&c.runs_active,
         "SELECT COUNT(*) FROM runs WHERE district = $1 AND status = 0"
         " AND started > $2 AND started <= $3",
         -1, INT64_MAX},
        {&c.timers_late,
         "SELECT COUNT(*) FROM timers WHERE district = $1 AND due <= $2 AND due > $3",
         now - (int64_t)USEC_PER_MIN, 0},
        {&c.tasks_waiting,
         "SELECT COUNT(*) FROM tasks WHERE district = $1 AND state IN ($2, $3)",
         TASK_OPEN, TASK_TAKEN},
        {&c.tasks_overdue,
         "SELECT COUNT(*) FROM tasks WHERE district = $1 AND state <= $2 AND due > 0"
         " AND due <= $3",
         TASK_TAKEN, now},
        {&c.wishes_waiting,
         "SELECT COUNT(*) FROM wishes WHERE district = $1 AND state = 0"
         " AND next_try > $2 AND next_try <= $3",
         -1, INT64_MAX},
        {&c.wishes_failed,
         "SELECT COUNT(*) FROM wishes WHERE district = $1 AND state = 2"
         " AND made > $2 AND made <= $3",
         -1, INT64_MAX},
        {&c.oldest_wish,
         "SELECT COALESCE(MIN(made), 0) FROM wishes WHERE district = $1 AND state = 0"
         " AND next_try > $2 AND next_try <= $3",
         -1, now},
    };

    if (rc == 0)
        rc = count_incidents(s, &c);
    for (size_t i = 0; rc == 0 && i < COUNT(figures); i++)
        rc = figure(s, figures[i].ret, figures[i].sql, figures[i].a, figures[i].b);
    if (rc == 0)
        *ret = c;
    return rc;
}
