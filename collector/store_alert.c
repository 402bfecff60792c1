/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_alert.h"

#include <errno.h>

#include "collector/store_sql.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LIMIT        100
#define LIMIT_MAX    10000

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
static const struct shape shape = SHAPE(store_alert, columns);

int store_alert_put(struct store *s, const struct store_alert *a)
{
    int rc = sql_do(
        s,
        "INSERT INTO alerts (district, agent, epoch, seq, at, arrived, rule, title,"
        " severity, site, segment, device, playbook, owner, drill, summary, repeats,"
        " document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
        " $15, $16, $17, $18) ON CONFLICT (district, agent, epoch, seq) DO NOTHING",
        OUR, STR(a->agent), NUM(a->epoch), NUM(a->seq), TIME(a->at), TIME(a->arrived),
        STR(a->rule), STR(a->title), NUM(a->severity), STR(a->site), STR(a->segment),
        STR(a->device), STR(a->playbook), NUM(a->owner), NUM(a->drill), NUM(a->summary),
        NUM(a->repeats), STR(a->document));

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

int store_alert_each_new(struct store *s, size_t limit, store_alert_fn *fn, void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};

    return sql_rows(s, &each,
                    "SELECT {*} FROM alerts WHERE district = $1 AND fate = 0"
                    " ORDER BY id LIMIT $2",
                    OUR, NUM(limit));
}

int store_alert_each_after(struct store *s, int64_t after, size_t limit,
                           store_alert_fn *fn, void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};

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
                    "UPDATE alerts SET fate = $1, incident = $2"
                    " WHERE district = $3 AND id = $4 AND fate = 0",
                    NUM(fate), ID(incident), OUR, NUM(id));

    if (rc == 0 && sql_changed(s) == 0)
        return sql_answer(s, -ESTALE, "alert %lld has been settled", (long long)id);
    return rc;
}

int store_alert_get(struct store *s, int64_t id, struct store_alert *ret_alert)
{
    return sql_row(s, &shape, ret_alert,
                   "SELECT {*} FROM alerts WHERE district = $1 AND id = $2", OUR,
                   NUM(id));
}

void store_alert_done(struct store_alert *a)
{
    shape_done(&shape, a);
}

struct json *store_alert_json(const struct store_alert *a)
{
    return shape_json(&shape, a);
}

static size_t limit_of(size_t asked)
{
    if (asked == 0)
        return LIMIT;
    return asked < LIMIT_MAX ? asked : LIMIT_MAX;
}

static void choose(struct query *q, const struct store_alert_filter *f)
{
    if (f->before)
        query_add(q, " AND id < ", NUM(f->before));
    if (f->device)
        query_add(q, " AND device = ", STR(f->device));
    if (f->rule) /* the longer form keeps its index out of it: a device's is better */
        query_add(q, f->device ? " AND rule || '' = " : " AND rule = ", STR(f->rule));
    if (f->site)
        query_add(q, f->device ? " AND site || '' = " : " AND site = ", STR(f->site));
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

/* The index of devices knows settled alerts only; the new ones are few. */
static void by_device(struct store *s, struct query *q,
                      const struct store_alert_filter *f)
{
    query_begin(q, "SELECT {*} FROM alerts WHERE fate = 0 AND district = ", OUR);
    choose(q, f);
    query_add(q, " UNION ALL SELECT {*} FROM alerts WHERE fate > 0 AND district = ", OUR);
    choose(q, f);
}

/* Without an index the newest are looked through: right for what is not rare. */
static void by_others(struct store *s, struct query *q,
                      const struct store_alert_filter *f)
{
    query_begin(q,
                f->rule || f->site || f->incident
                    ? "SELECT {*} FROM alerts WHERE district = "
                    : "SELECT {*} FROM alerts {by_id} WHERE district = ",
                OUR);
    choose(q, f);
}

int store_alert_each(struct store *s, const struct store_alert_filter *f,
                     store_alert_fn *fn, void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};
    struct query q;

    if (f->device)
        by_device(s, &q, f);
    else
        by_others(s, &q, f);
    query_add(&q, " ORDER BY id DESC LIMIT ", NUM(limit_of(f->limit)));
    return query_each(s, &q, &each);
}
