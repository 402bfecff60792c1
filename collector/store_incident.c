/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_incident.h"

#include <errno.h>

#include "collector/store_audit.h"
#include "collector/store_run.h"
#include "collector/store_sql.h"
#include "collector/store_task.h"

#define LIMIT     100
#define LIMIT_MAX 10000

static const struct shape_column columns[] = {
    COLUMN(store_incident, ID, id),
    COLUMN(store_incident, TEXT, key),
    COLUMN(store_incident, TEXT, playbook),
    COLUMN(store_incident, TEXT, rule),
    COLUMN(store_incident, TEXT, title),
    COLUMN(store_incident, TEXT, site),
    COLUMN(store_incident, TEXT, segment),
    COLUMN(store_incident, TEXT, device),
    COLUMN_NAME(store_incident, severity, names_severity),
    COLUMN_NAME(store_incident, owner, names_role),
    COLUMN_NAME(store_incident, state, names_incident_state),
    COLUMN_NAME(store_incident, disposition, names_disposition),
    COLUMN(store_incident, FLAG, drill),
    COLUMN(store_incident, COUNT, reopened),
    COLUMN(store_incident, COUNT, alerts),
    COLUMN(store_incident, TIME, first),
    COLUMN(store_incident, TIME, last),
    COLUMN(store_incident, TIME, opened),
    COLUMN(store_incident, TIME, heard),
    COLUMN(store_incident, TIME, closed),
};
static const struct shape shape = SHAPE(store_incident, columns);

static const struct shape_column entry_columns[] = {
    COLUMN(store_entry, ID, id),
    COLUMN(store_entry, ID, incident),
    COLUMN(store_entry, TIME, at),
    COLUMN(store_entry, TEXT, who),
    COLUMN_NAME(store_entry, was, names_incident_state),
    COLUMN_NAME(store_entry, became, names_incident_state),
    COLUMN_NAME(store_entry, disposition, names_disposition),
    COLUMN(store_entry, TEXT, text),
};
static const struct shape entry_shape = SHAPE(store_entry, entry_columns);

/* ---- alerts make them and add to them ---- */

int store_incident_open(struct store *s, const struct store_incident *i, int64_t *ret_id)
{
    usec_t now = store_now(s);

    return sql_new(
        s, ret_id,
        "INSERT INTO incidents (district, key, playbook, rule, title, site, segment,"
        " device, severity, owner, drill, alerts, first, last, opened, heard) VALUES"
        " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
        " RETURNING id",
        OUR, STR(i->key), STR(i->playbook), STR(i->rule), STR(i->title), STR(i->site),
        STR(i->segment), STR(i->device), NUM(i->severity), NUM(i->owner), NUM(i->drill),
        NUM(i->alerts), TIME(i->first), TIME(i->last), TIME(now), TIME(now));
}

int store_incident_join(struct store *s, int64_t id, usec_t at, enum severity severity,
                        uint64_t alerts)
{
    int rc =
        sql_do(s,
               "UPDATE incidents SET alerts = alerts + $1, heard = $2,"
               " first = CASE WHEN first < $3 THEN first ELSE $3 END,"
               " last = CASE WHEN last > $3 THEN last ELSE $3 END,"
               " severity = CASE WHEN severity > $4 THEN severity ELSE $4 END"
               " WHERE district = $5 AND id = $6",
               NUM(alerts), TIME(store_now(s)), TIME(at), NUM(severity), OUR, NUM(id));

    if (rc == 0 && sql_changed(s) == 0)
        return sql_answer(s, -ENOENT, "there is no incident %lld", (long long)id);
    return rc;
}

int store_incident_find(struct store *s, const char *key, struct store_incident *ret)
{
    return sql_row(s, &shape, ret,
                   "SELECT {*} FROM incidents WHERE district = $1 AND key = $2"
                   " AND state < $3 ORDER BY id DESC LIMIT 1",
                   OUR, STR(key), NUM(INCIDENT_CLOSED));
}

/* ---- people change them ---- */

static int put_entry(struct store *s, int64_t id, const struct incident_change *c,
                     const char *text)
{
    return sql_do(
        s,
        "INSERT INTO incident_entries (district, incident, at, who, was, became,"
        " disposition, text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        OUR, NUM(id), TIME(store_now(s)), STR(c->who), NUM(c->from), NUM(c->to),
        NUM(c->disposition), STR(text));
}

static char *change_json(const struct incident_change *c)
{
    auto_json struct json *object = json_new_object();

    json_put_text(object, "from", names_get(&names_incident_state, c->from));
    json_put_text(object, "to", names_get(&names_incident_state, c->to));
    if (c->to == INCIDENT_CLOSED)
        json_put_text(object, "disposition",
                      names_get(&names_disposition, c->disposition));
    json_put_text(object, "why", c->why ? c->why : "");
    return json_write(object);
}

static int set_state(struct store *s, int64_t id, const struct incident_change *c)
{
    bool reopened = c->from == INCIDENT_CLOSED;
    int rc = sql_do(s,
                    "UPDATE incidents SET state = $1, disposition = $2, closed = $3,"
                    " reopened = reopened + $4"
                    " WHERE district = $5 AND id = $6 AND state = $7",
                    NUM(c->to), NUM(c->disposition),
                    TIME(c->to == INCIDENT_CLOSED ? store_now(s) : 0), NUM(reopened), OUR,
                    NUM(id), NUM(c->from));

    if (rc == 0 && sql_changed(s) == 0)
        return sql_answer(s, -ESTALE, "somebody has changed incident %lld meanwhile",
                          (long long)id);
    return rc;
}

static int write_change(struct store *s, int64_t id, const struct incident_change *c)
{
    auto_free char *document = change_json(c);
    char about[32];
    int rc = set_state(s, id, c);

    snprintf(about, sizeof(about), "incident/%lld", (long long)id);
    if (rc == 0)
        rc = put_entry(s, id, c, c->why);
    if (rc == 0 && c->from == INCIDENT_CLOSED)
        rc = store_run_wake(s, id);
    if (rc == 0)
        rc = store_input_put_all(s, id, INPUT_INCIDENT, c->who, document);
    if (rc == 0)
        rc = store_audit_add(s, c->who, "incident.state", about, document);
    return rc;
}

int store_incident_change(struct store *s, int64_t id, const struct incident_change *c)
{
    struct incident_change real = *c;
    struct store_incident i;
    const char *refusal;
    int rc = store_incident_get(s, id, &i);

    if (rc)
        return rc;
    real.drill = i.drill;
    refusal = incident_refuse(&real);
    if (i.state != c->from)
        rc = sql_answer(s, -ESTALE, "incident %lld is %s by now", (long long)id,
                        names_get(&names_incident_state, i.state));
    else if (refusal)
        rc = sql_answer(s, -EPERM, "incident %lld: %s", (long long)id, refusal);
    else
        rc = write_change(s, id, &real);
    if (rc == 0 && real.to == INCIDENT_CLOSED)
        rc = store_task_end_trouble(s, id);
    store_incident_done(&i);
    return rc;
}

int store_incident_note(struct store *s, int64_t id, const char *who, const char *text)
{
    struct incident_change same = {.who = who};
    struct store_incident i;
    char about[32];
    int rc = store_incident_get(s, id, &i);

    if (rc)
        return rc;
    same.from = same.to = i.state;
    same.disposition = i.disposition;
    store_incident_done(&i);
    snprintf(about, sizeof(about), "incident/%lld", (long long)id);
    rc = put_entry(s, id, &same, text);
    if (rc == 0)
        rc = store_audit_add(s, who, "incident.note", about, "");
    return rc;
}

/* ---- reading ---- */

int store_incident_get(struct store *s, int64_t id, struct store_incident *ret)
{
    int rc = sql_row(s, &shape, ret,
                     "SELECT {*} FROM incidents WHERE district = $1 AND id = $2", OUR,
                     NUM(id));

    if (rc == -ENOENT)
        return sql_answer(s, rc, "there is no incident %lld", (long long)id);
    return rc;
}

void store_incident_done(struct store_incident *i)
{
    shape_done(&shape, i);
}

struct json *store_incident_json(const struct store_incident *i)
{
    return shape_json(&shape, i);
}

struct call {
    store_incident_fn *fn;
    void *arg;
};

static void give(const void *row, void *arg)
{
    const struct call *call = arg;

    call->fn(row, call->arg);
}

static size_t limit_of(size_t asked)
{
    if (asked == 0)
        return LIMIT;
    return asked < LIMIT_MAX ? asked : LIMIT_MAX;
}

int store_incident_each(struct store *s, const struct store_incident_filter *f,
                        store_incident_fn *fn, void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};
    struct query q;

    query_begin(&q, "SELECT {*} FROM incidents WHERE district = ", OUR);
    if (f->before)
        query_add(&q, " AND id < ", NUM(f->before));
    if (f->site)
        query_add(&q, " AND site = ", STR(f->site));
    if (f->playbook)
        query_add(&q, " AND playbook = ", STR(f->playbook));
    if (f->device)
        query_add(&q, " AND device = ", STR(f->device));
    if (f->least)
        query_add(&q, " AND severity >= ", NUM(f->least));
    query_any_of(&q, "state", f->states);
    query_any_of(&q, "owner", f->owners);
    if (f->leave_out_drills)
        query_text(&q, " AND drill = 0");
    query_add(&q, " ORDER BY id DESC LIMIT ", NUM(limit_of(f->limit)));
    return query_each(s, &q, &each);
}

struct entry_call {
    store_entry_fn *fn;
    void *arg;
};

static void give_entry(const void *row, void *arg)
{
    const struct entry_call *call = arg;

    call->fn(row, call->arg);
}

int store_incident_each_entry(struct store *s, int64_t id, store_entry_fn *fn, void *arg)
{
    struct entry_call call = {fn, arg};
    struct sql_each each = {&entry_shape, give_entry, &call};

    return sql_rows(s, &each,
                    "SELECT {*} FROM incident_entries WHERE district = $1"
                    " AND incident = $2 ORDER BY id",
                    OUR, NUM(id));
}

struct json *store_entry_json(const struct store_entry *e)
{
    return shape_json(&entry_shape, e);
}

static const struct shape_column record_columns[] = {
    COLUMN(store_record, COUNT, alerts),  COLUMN(store_record, COUNT, incidents),
    COLUMN(store_record, COUNT, closed),  COLUMN(store_record, COUNT, confirmed),
    COLUMN(store_record, COUNT, benign),  COLUMN(store_record, COUNT, false_positive),
    COLUMN(store_record, COUNT, unknown),
};
static const struct shape record_shape = SHAPE(store_record, record_columns);

int store_rule_record(struct store *s, const char *rule, struct store_record *ret)
{
    return sql_row(s, &record_shape, ret,
                   "SELECT CAST(coalesce(sum(alerts), 0) AS BIGINT), count(*),"
                   " coalesce(sum(CASE WHEN state = 4 THEN 1 ELSE 0 END), 0),"
                   " coalesce(sum(CASE WHEN disposition = 1 THEN 1 ELSE 0 END), 0),"
                   " coalesce(sum(CASE WHEN disposition = 2 THEN 1 ELSE 0 END), 0),"
                   " coalesce(sum(CASE WHEN disposition = 3 THEN 1 ELSE 0 END), 0),"
                   " coalesce(sum(CASE WHEN disposition = 4 THEN 1 ELSE 0 END), 0)"
                   " FROM incidents WHERE district = $1 AND rule = $2 AND drill = 0",
                   OUR, STR(rule));
}
