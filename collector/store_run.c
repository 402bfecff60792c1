/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A playbook's text is kept once for each version of it that ever ran, by its hash.
 */
#include "collector/store_run.h"

#include <errno.h>
#include <string.h>

#include "collector/store_sql.h"
#include "crypt.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DIGEST_LEN   16

static const char *const statuses[] = {"active", "ended", "abandoned"};
const struct names names_run_status = {"status of a run", statuses, COUNT(statuses)};

static const struct shape_column columns[] = {
    COLUMN(store_run, ID, id),
    COLUMN(store_run, ID, incident),
    COLUMN(store_run, ID, caller),
    COLUMN(store_run, TEXT, caller_step),
    COLUMN(store_run, TEXT, playbook),
    COLUMN(store_run, COUNT, version),
    COLUMN(store_run, TEXT, text),
    COLUMN(store_run, JSON, state),
    COLUMN_NAME(store_run, status, names_run_status),
    COLUMN(store_run, FLAG, drill),
    COLUMN(store_run, TEXT, holder),
    COLUMN(store_run, TIME, held_until),
    COLUMN(store_run, TIME, started),
    COLUMN(store_run, TIME, ended),
};
static const struct shape shape = SHAPE(store_run, columns);

#define FROM_RUNS                                                               \
    "SELECT {*} FROM runs JOIN (SELECT district AS plan_district, digest, text" \
    " FROM plans) AS plan_text ON plan_district = district AND digest = plan"

/* ---- begin ---- */

static int keep_text(struct store *s, const char *text,
                     char ret_digest[2 * DIGEST_LEN + 1])
{
    uint8_t digest[DIGEST_LEN];

    crypt_hash(NULL, text, strlen(text), digest, sizeof(digest));
    crypt_hex(digest, sizeof(digest), ret_digest);
    return sql_do(s,
                  "INSERT INTO plans (district, digest, text) VALUES ($1, $2, $3)"
                  " ON CONFLICT (district, digest) DO NOTHING",
                  OUR, STR(ret_digest), STR(text));
}

int store_run_start(struct store *s, const struct store_run *r, int64_t *ret_id)
{
    struct store_input start = {.kind = INPUT_START, .who = "engine", .document = "{}"};
    char digest[2 * DIGEST_LEN + 1];
    int rc = keep_text(s, r->text, digest);

    if (rc == 0)
        rc = sql_new(s, &start.run,
                     "INSERT INTO runs (district, incident, caller, caller_step,"
                     " playbook, version, plan, state, drill, started)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
                     OUR, NUM(r->incident), ID(r->caller), STR(r->caller_step),
                     STR(r->playbook), NUM(r->version), STR(digest), STR(r->state),
                     NUM(r->drill), TIME(store_now(s)));
    if (rc == 0)
        rc = store_input_put(s, &start);
    if (rc == 0)
        *ret_id = start.run;
    return rc;
}

/* ---- the engine's round ---- */

int store_run_claim(struct store *s, const char *holder, usec_t lease,
                    struct store_run *ret)
{
    usec_t now = store_now(s);
    int64_t id = 0;
    int rc = sql_number(
        s, &id,
        "SELECT taken.id FROM (SELECT run, at FROM inputs WHERE district = $1"
        " AND consumed = 0 UNION ALL SELECT run, due AS at FROM timers"
        " WHERE district = $1 AND due <= $2) AS waiting"
        " JOIN runs AS taken ON taken.district = $1 AND taken.id = waiting.run"
        " WHERE taken.status = $3 AND (taken.held_until <= $2 OR taken.holder = $4)"
        " ORDER BY waiting.at, taken.id LIMIT 1 {claim}",
        OUR, TIME(now), NUM(RUN_ACTIVE), STR(holder));

    if (rc)
        return rc;
    rc = sql_do(s,
                "UPDATE runs SET holder = $1, held_until = $2"
                " WHERE district = $3 AND id = $4",
                STR(holder), TIME(now + lease), OUR, NUM(id));
    return rc ? rc : store_run_get(s, id, ret);
}

/* Nobody will look at what still waits for a run that is over. */
static int clear_up(struct store *s, int64_t id)
{
    int rc = sql_do(s,
                    "UPDATE inputs SET consumed = $1"
                    " WHERE district = $2 AND run = $3 AND consumed = 0",
                    TIME(store_now(s)), OUR, NUM(id));

    return rc ? rc : store_timer_drop_all(s, id);
}

int store_run_save(struct store *s, int64_t id, const char *holder, const char *state,
                   enum run_status status)
{
    bool over = status != RUN_ACTIVE;
    int rc = sql_do(s,
                    "UPDATE runs SET state = $1, status = $2, ended = $3, holder = '',"
                    " held_until = 0 WHERE district = $4 AND id = $5 AND holder = $6"
                    " AND status = $7",
                    STR(state), NUM(status), TIME(over ? store_now(s) : 0), OUR, NUM(id),
                    STR(holder), NUM(RUN_ACTIVE));

    if (rc == 0 && sql_changed(s) == 0)
        return sql_answer(s, -ESTALE, "run %lld is no longer held by %s", (long long)id,
                          holder);
    return rc == 0 && over ? clear_up(s, id) : rc;
}

/* ---- reading ---- */

int store_run_wake(struct store *s, int64_t incident)
{
    return sql_do(s,
                  "UPDATE runs SET status = $1, ended = 0 WHERE district = $2"
                  " AND incident = $3 AND caller IS NULL AND status <> $1",
                  NUM(RUN_ACTIVE), OUR, NUM(incident));
}

int store_run_get(struct store *s, int64_t id, struct store_run *ret)
{
    int rc = sql_row(s, &shape, ret, FROM_RUNS " WHERE district = $1 AND id = $2", OUR,
                     NUM(id));

    if (rc == -ENOENT)
        return sql_answer(s, rc, "there is no run %lld", (long long)id);
    return rc;
}

void store_run_done(struct store_run *r)
{
    shape_done(&shape, r);
}

struct json *store_run_json(const struct store_run *r)
{
    return shape_json(&shape, r);
}

struct call {
    store_run_fn *fn;
    void *arg;
};

static void give(const void *row, void *arg)
{
    const struct call *call = arg;

    call->fn(row, call->arg);
}

int store_run_each(struct store *s, const struct store_run_filter *f, store_run_fn *fn,
                   void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};
    struct query q;

    query_begin(&q, FROM_RUNS " WHERE district = ", OUR);
    if (f->before)
        query_add(&q, " AND id < ", NUM(f->before));
    if (f->incident)
        query_add(&q, " AND incident = ", NUM(f->incident));
    if (f->owners) {
        query_text(&q, " AND EXISTS (SELECT 1 FROM incidents i"
                       " WHERE i.district = runs.district AND i.id = runs.incident");
        query_any_of(&q, "i.owner", f->owners);
        query_text(&q, ")");
    }
    if (f->active_only)
        query_add(&q, " AND status = ", NUM(RUN_ACTIVE));
    query_add(&q, " ORDER BY id DESC LIMIT ", NUM(f->limit ? f->limit : 100));
    return query_each(s, &q, &each);
}
