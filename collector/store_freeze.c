/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_freeze.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "collector/store_alert.h"
#include "collector/store_custody.h"
#include "collector/store_evidence.h"
#include "collector/store_sql.h"
#include "crypt.h"
#include "mem.h"

#define NAME_BYTES 16

/* ---- what is there already ---- */

struct found {
    int64_t *at;
    size_t count, capacity;
};

static void find_evidence(const struct store_evidence *e, void *arg)
{
    struct found *f = arg;

    if (e->expired)
        return;
    f->at = xgrow(f->at, f->count, &f->capacity, sizeof(*f->at));
    f->at[f->count++] = e->id;
}

/* A longer hold of a person stays as it is. */
static int hold(struct store *s, const struct store_freeze *f, int64_t id)
{
    int rc = sql_do(s,
                    "UPDATE evidence SET held = $1"
                    " WHERE district = $2 AND id = $3 AND held < $1",
                    TIME(f->until), OUR, NUM(id));

    return rc ? rc : store_custody_tell(s, id, f->who, "frozen", f->why);
}

static int hold_all(struct store *s, const struct store_freeze *f)
{
    struct found found = {0};
    int rc = store_evidence_each(
        s, &(struct store_evidence_filter){.incident = f->incident, .limit = INT32_MAX},
        find_evidence, &found);

    for (size_t i = 0; rc == 0 && i < found.count; i++)
        rc = hold(s, f, found.at[i]);
    free(found.at);
    return rc;
}

/* ---- the alerts ---- */

struct alerts {
    struct json *newest; /* a list, newest first */
    int64_t oldest;      /* its id */
};

static void add_alert(const struct store_alert *a, void *arg)
{
    struct alerts *all = arg;
    struct json *row = store_alert_json(a), *one = json_new_object();
    static const char *const keys[] = {"id", "agent",   "epoch", "seq",
                                       "at", "arrived", "owner", "document"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (json_get(row, keys[i]))
            json_put(one, keys[i], json_clone(json_get(row, keys[i])));
    json_free(row);
    json_add(all->newest, one);
    all->oldest = a->id;
}

static void put_time(struct json *o, const char *key, usec_t time)
{
    char text[CLOCK_TEXT];

    clock_print(time, text);
    json_put_text(o, key, text);
}

static char *document(struct store *s, const struct store_freeze *f,
                      const struct json *newest)
{
    auto_json struct json *o = json_new_object();
    struct json *alerts = json_new_list();

    json_put_number(o, "incident", f->incident);
    put_time(o, "frozen_at", store_now(s));
    for (size_t i = json_count(newest); i > 0; i--)
        json_add(alerts, json_clone(json_item(newest, i - 1)));
    json_put(o, "alerts", alerts);
    return json_write(o);
}

static char *custody(struct store *s, const struct store_freeze *f, const char *text,
                     size_t alerts, int64_t all)
{
    auto_json struct json *o = json_new_object();
    uint8_t hash[32];
    char hex[65];

    crypt_sha256(text, strlen(text), hash);
    crypt_hex(hash, sizeof(hash), hex);
    json_put_text(o, "kind", "metadata");
    json_put_number(o, "incident", f->incident);
    json_put_number(o, "alerts", (int64_t)alerts);
    json_put_number(o, "left_out", all - (int64_t)alerts);
    json_put_number(o, "bytes", (int64_t)strlen(text));
    json_put_text(o, "sha256", hex);
    put_time(o, "frozen_at", store_now(s));
    json_put_text(o, "frozen_by", f->who);
    json_put_text(o, "why", f->why);
    return json_write(o);
}

/* ---- as evidence ---- */

static int put(struct store *s, const struct store_freeze *f, const char *name,
               const char *text, const char *record, int64_t alert)
{
    int64_t id = 0;
    int rc = sql_new(s, &id,
                     "INSERT INTO evidence (district, agent, name, parts, have, bytes,"
                     " custody, arrived, alert, held)"
                     " VALUES ($1, $2, $3, 1, 1, $4, $5, $6, $7, $8) RETURNING id",
                     OUR, STR(STORE_FREEZE_AGENT), STR(name), NUM(strlen(text)),
                     STR(record), TIME(store_now(s)), NUM(alert), TIME(f->until));

    if (rc == 0)
        rc = sql_do(s,
                    "INSERT INTO evidence_parts (district, evidence, part, sealed)"
                    " VALUES ($1, $2, 1, $3)",
                    OUR, NUM(id), STR(text));
    return rc ? rc : store_custody_tell(s, id, f->who, "frozen", f->why);
}

static int write_down(struct store *s, const struct store_freeze *f, const char *name)
{
    const struct store_alert_filter of_it = {.incident = f->incident,
                                             .limit = STORE_FREEZE_ALERTS};
    auto_json struct json *newest = json_new_list();
    struct alerts alerts = {.newest = newest};
    auto_free char *text = NULL, *record = NULL;
    int64_t all = 0;
    int rc = store_alert_each(s, &of_it, add_alert, &alerts);

    if (rc == 0)
        rc = sql_number(s, &all,
                        "SELECT count(*) FROM alerts WHERE district = $1"
                        " AND incident = $2",
                        OUR, NUM(f->incident));
    if (rc || all == 0)
        return rc;
    text = document(s, f, newest);
    record = custody(s, f, text, json_count(newest), all);
    return put(s, f, name, text, record, alerts.oldest);
}

/* *ret_new: it was not done before. */
static int remember(struct store *s, const struct store_freeze *f, const char *name,
                    bool *ret_new)
{
    int64_t there = 0;
    int rc = sql_do(s,
                    "INSERT INTO freezes (district, name, incident, who, why, until)"
                    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                    OUR, STR(name), NUM(f->incident), STR(f->who), STR(f->why),
                    TIME(f->until));
    bool added = rc == 0 && sql_changed(s) > 0;

    if (rc == 0) /* by a version that did not remember */
        rc = sql_number(s, &there,
                        "SELECT count(*) FROM evidence"
                        " WHERE district = $1 AND agent = $2 AND name = $3",
                        OUR, STR(STORE_FREEZE_AGENT), STR(name));
    *ret_new = added && there == 0;
    return rc;
}

int store_freeze(struct store *s, const struct store_freeze *f)
{
    uint8_t hash[32];
    char name[2 * NAME_BYTES + 1];
    bool new = false;
    int rc;

    crypt_sha256(f->key, strlen(f->key), hash);
    crypt_hex(hash, NAME_BYTES, name);
    rc = remember(s, f, name, &new);
    if (rc || !new)
        return rc;
    rc = hold_all(s, f);
    return rc ? rc : write_down(s, f, name);
}

/* ---- what joins later ---- */

struct longest {
    const char *who, *why;
    usec_t until;
};

static const struct shape_column longest_columns[] = {
    COLUMN(longest, TEXT, who),
    COLUMN(longest, TEXT, why),
    COLUMN(longest, TIME, until),
};
static const struct shape longest_shape = SHAPE(longest, longest_columns);

static int hold_new(struct store *s, const struct longest *l, int64_t incident,
                    int64_t evidence)
{
    auto_free char *why = xasprintf("%s: it joined the incident later", l->why);
    struct store_freeze f = {
        .incident = incident, .who = l->who, .why = why, .until = l->until};

    return hold(s, &f, evidence);
}

int store_freeze_cover(struct store *s, int64_t incident, int64_t evidence)
{
    struct longest l;
    int rc = sql_row(s, &longest_shape, &l,
                     "SELECT {*} FROM freezes WHERE district = $1 AND incident = $2"
                     " AND until > $3 ORDER BY until DESC LIMIT 1",
                     OUR, NUM(incident), TIME(store_now(s)));

    if (rc)
        return rc == -ENOENT ? 0 : rc;
    rc = hold_new(s, &l, incident, evidence);
    shape_done(&longest_shape, &l);
    return rc;
}

int store_freeze_join(struct store *s, int64_t incident, int64_t alert)
{
    int64_t id = 0;
    int rc = sql_number(s, &id,
                        "SELECT id FROM evidence WHERE district = $1 AND alert = $2"
                        " AND expired = 0",
                        OUR, NUM(alert));

    if (rc)
        return rc == -ENOENT ? 0 : rc;
    return store_freeze_cover(s, incident, id);
}
