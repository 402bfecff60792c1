/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_alert.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "collector/store_alert_inside.h"
#include "collector/store_kind.h"
#include "collector/store_sql.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const fates[] = {"new",      "opened",    "joined",
                                    "silenced", "inhibited", "alone"};
const struct names names_alert_fate = {"fate of an alert", fates, COUNT(fates)};

static const struct shape_column columns[] = {
    COLUMN(store_alert, ID, id),
    COLUMN(store_alert, TEXT, agent),
    COLUMN(store_alert, EPOCH, epoch),
    COLUMN(store_alert, COUNT, seq),
    COLUMN(store_alert, TIME, at),
    COLUMN(store_alert, TIME, arrived),
    COLUMN(store_alert, TEXT, rule),
    COLUMN(store_alert, TEXT, title),
    COLUMN_NAME(store_alert, severity, names_severity),
    COLUMN(store_alert, TEXT, site),
    COLUMN(store_alert, TEXT, segment),
    COLUMN(store_alert, TEXT, device),
    COLUMN(store_alert, TEXT, playbook),
    COLUMN_NAME(store_alert, owner, names_role),
    COLUMN(store_alert, FLAG, drill),
    COLUMN(store_alert, FLAG, summary),
    COLUMN(store_alert, COUNT, repeats),
    COLUMN_NAME(store_alert, fate, names_alert_fate),
    COLUMN(store_alert, ID, incident),
    COLUMN(store_alert, JSON, document),
};
const struct shape store_alert_shape = SHAPE(store_alert, columns);

int store_alert_put(struct store *s, const struct store_alert *a)
{
    int64_t kind;
    int rc = store_kind_of(s, a, &kind);

    if (rc)
        return rc;
    rc = sql_do(
        s,
        "INSERT INTO alerts (district, agent, epoch, seq, at, arrived, rule, title,"
        " severity, site, segment, device, playbook, owner, drill, summary, repeats,"
        " kind, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
        " $14, $15, $16, $17, $18, $19)"
        " ON CONFLICT (district, agent, epoch, seq) DO NOTHING",
        OUR, STR(a->agent), NUM(a->epoch), NUM(a->seq), TIME(a->at), TIME(a->arrived),
        STR(a->rule), STR(a->title), NUM(a->severity), STR(a->site), STR(a->segment),
        STR(a->device), STR(a->playbook), NUM(a->owner), NUM(a->drill), NUM(a->summary),
        NUM(a->repeats), NUM(kind), STR(a->document));
    if (rc == 0 && sql_changed(s) == 0)
        return sql_answer(s, -EEXIST, "this alert of %s is stored already", a->agent);
    return rc;
}

struct call {
    store_alert_fn *fn;
    void *arg;
};

static void give(const void *row, void *arg)
{
    const struct call *call = arg;

    call->fn(row, call->arg);
}

/* Beside the alerts, because an index of those that are not settled would be written to
 * twice for each of them. */
int store_alert_settled(struct store *s, int64_t *ret_id)
{
    int rc = sql_number(s, ret_id,
                        "SELECT CAST(value AS BIGINT) FROM meta WHERE district = $1"
                        " AND name = $2",
                        OUR, STR("settled"));

    if (rc == -ENOENT)
        *ret_id = 0;
    return rc == -ENOENT ? 0 : rc;
}

int store_alert_settled_to(struct store *s, int64_t id)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, id);
    return store_meta_put(s, "settled", text);
}

int store_alert_each_new(struct store *s, size_t limit, store_alert_fn *fn, void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&store_alert_shape, give, &call};
    int64_t settled;
    int rc = store_alert_settled(s, &settled);

    return rc ? rc
              : sql_rows(s, &each,
                         "SELECT {*} FROM alerts {by_id} WHERE district = $1 AND id > $2"
                         " AND fate = 0 ORDER BY id LIMIT $3",
                         OUR, NUM(settled), NUM(limit));
}

int store_alert_each_after(struct store *s, int64_t after, size_t limit,
                           store_alert_fn *fn, void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&store_alert_shape, give, &call};

    return sql_rows(s, &each,
                    "SELECT {*} FROM alerts {by_id} WHERE district = $1 AND id > $2"
                    " ORDER BY id LIMIT $3",
                    OUR, NUM(after), NUM(limit));
}

int store_alert_last(struct store *s, int64_t *ret_id)
{
    int rc = sql_number(s, ret_id,
                        "SELECT id FROM alerts {by_id} WHERE district = $1"
                        " ORDER BY id DESC LIMIT 1",
                        OUR);

    if (rc == -ENOENT)
        *ret_id = 0;
    return rc == -ENOENT ? 0 : rc;
}

/* No index knows arrivals; ids are in their order, so that a few dozen looks find it. */
int store_alert_before(struct store *s, usec_t arrived, int64_t *ret_id)
{
    int64_t low = 0, high = 0, at; /* low is before it; what is above high is not */
    int rc = store_alert_last(s, &high);

    while (rc == 0 && low < high) {
        int64_t middle = low + (high - low + 1) / 2;

        rc = sql_number(s, &at,
                        "SELECT arrived FROM alerts {by_id} WHERE district = $1"
                        " AND id >= $2 ORDER BY id LIMIT 1",
                        OUR, NUM(middle));
        if (rc == 0 && (usec_t)at < arrived)
            low = middle;
        else
            high = middle - 1;
    }
    if (rc == 0)
        *ret_id = low;
    return rc;
}

int store_alert_settle(struct store *s, int64_t id, enum alert_fate fate,
                       int64_t incident)
{
    int rc = sql_do(s,
                    "{update_row} alerts SET fate = $1, incident = $2"
                    " WHERE district = $3 AND id = $4 AND fate = 0",
                    NUM(fate), ID(incident), OUR, NUM(id));

    if (rc == 0 && sql_changed(s) == 0)
        return sql_answer(s, -ESTALE, "alert %lld has been settled", (long long)id);
    return rc;
}

int store_alert_get(struct store *s, int64_t id, struct store_alert *ret_alert)
{
    return sql_row(s, &store_alert_shape, ret_alert,
                   "SELECT {*} FROM alerts WHERE district = $1 AND id = $2", OUR,
                   NUM(id));
}

void store_alert_done(struct store_alert *a)
{
    shape_done(&store_alert_shape, a);
}

struct json *store_alert_json(const struct store_alert *a)
{
    return shape_json(&store_alert_shape, a);
}
