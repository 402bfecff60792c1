/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_wish.h"

#include <errno.h>
#include <inttypes.h>

#include "collector/store_run.h"
#include "collector/store_sql.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const states[] = {"waiting", "done", "failed", "withdrawn"};
const struct names names_wish_state = {"state of a wish", states, COUNT(states)};

static const struct shape_column columns[] = {
    COLUMN(store_wish, ID, id),
    COLUMN(store_wish, ID, run),
    COLUMN(store_wish, ID, incident),
    COLUMN(store_wish, TEXT, step),
    COLUMN(store_wish, TEXT, action),
    COLUMN(store_wish, TEXT, key),
    COLUMN(store_wish, JSON, payload),
    COLUMN(store_wish, FLAG, drill),
    COLUMN_NAME(store_wish, state, names_wish_state),
    COLUMN(store_wish, COUNT, attempts),
    COLUMN(store_wish, TIME, made),
    COLUMN(store_wish, TIME, next_try),
    COLUMN(store_wish, TEXT, holder),
    COLUMN(store_wish, TIME, held_until),
    COLUMN(store_wish, JSON, outcome),
};
static const struct shape shape = SHAPE(store_wish, columns);

int store_wish_put(struct store *s, const struct store_wish *w, int64_t *ret_id)
{
    usec_t now = store_now(s);
    int64_t id = 0;
    int rc = sql_new(
        s, &id,
        "INSERT INTO wishes (district, run, incident, step, action, key, payload, drill,"
        " made, next_try) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        " ON CONFLICT (district, key) DO NOTHING RETURNING id",
        OUR, NUM(w->run), NUM(w->incident), STR(w->step), STR(w->action), STR(w->key),
        STR(w->payload), NUM(w->drill), TIME(now), TIME(w->next_try ? w->next_try : now));

    if (rc == -EEXIST)
        rc = sql_number(s, &id, "SELECT id FROM wishes WHERE district = $1 AND key = $2",
                        OUR, STR(w->key));
    if (rc == 0 && ret_id)
        *ret_id = id;
    return rc;
}

/* What was withdrawn while a runner had it, and came to no end there. */
static int end_withdrawn(struct store *s, usec_t now)
{
    return sql_do(s,
                  "UPDATE wishes SET state = $1 WHERE district = $2 AND state = 0"
                  " AND next_try = 0 AND held_until <= $3",
                  NUM(WISH_WITHDRAWN), OUR, TIME(now));
}

int store_wish_claim(struct store *s, const char *holder, usec_t lease,
                     struct store_wish *ret)
{
    usec_t now = store_now(s);
    int64_t id = 0;
    int rc = end_withdrawn(s, now);

    if (rc == 0)
        rc = sql_number(s, &id,
                        "SELECT taken.id FROM wishes AS taken WHERE taken.district = $1"
                        " AND taken.state = 0 AND taken.next_try <= $2"
                        " AND taken.held_until <= $2"
                        " ORDER BY taken.next_try, taken.id LIMIT 1 {claim}",
                        OUR, TIME(now));

    if (rc)
        return rc;
    rc = sql_do(s,
                "UPDATE wishes SET holder = $1, held_until = $2, attempts = attempts + 1"
                " WHERE district = $3 AND id = $4",
                STR(holder), TIME(now + lease), OUR, NUM(id));
    return rc ? rc : store_wish_get(s, id, ret);
}

/* ---- what came of it ---- */

static int settle(struct store *s, int64_t id, const char *holder, enum wish_state state,
                  usec_t next_try, const char *outcome)
{
    int rc = sql_do(s,
                    "UPDATE wishes SET state = $1, next_try = $2, outcome = $3,"
                    " holder = '', held_until = 0"
                    " WHERE district = $4 AND id = $5 AND state = 0 AND holder = $6",
                    NUM(state), TIME(next_try), STR(outcome), OUR, NUM(id), STR(holder));

    if (rc == 0 && sql_changed(s) == 0)
        return sql_answer(s, -ESTALE, "wish %" PRId64 " is no longer held by %s", id,
                          holder);
    return rc;
}

static char *outcome_json(const struct store_wish *w, bool ok, const char *outcome)
{
    auto_json struct json *object = json_new_object();
    struct json *said = json_parse(outcome, strlen(outcome), NULL);

    json_put_text(object, "wish", w->key);
    json_put_text(object, "action", w->action);
    json_put_bool(object, "ok", ok);
    json_put(object, "outcome", said ? said : json_new_text(outcome));
    return json_write(object);
}

int store_wish_finish(struct store *s, int64_t id, const char *holder, bool ok,
                      const char *outcome)
{
    auto_free char *document = NULL;
    struct store_wish w;
    int rc = store_wish_get(s, id, &w);

    if (rc)
        return rc;
    rc = settle(s, id, holder,
                ok           ? WISH_DONE
                : w.next_try ? WISH_FAILED
                             : WISH_WITHDRAWN,
                w.next_try, outcome);
    document = outcome_json(&w, ok, outcome);
    if (rc == 0)
        rc = store_input_put(s, &(struct store_input){.run = w.run,
                                                      .kind = INPUT_OUTCOME,
                                                      .step = w.step,
                                                      .who = holder,
                                                      .document = document});
    store_wish_done(&w);
    return rc;
}

int store_wish_retry(struct store *s, int64_t id, const char *holder, usec_t next_try,
                     const char *outcome)
{
    struct store_wish w;
    int rc = store_wish_get(s, id, &w);
    bool withdrawn = rc == 0 && w.next_try == 0;

    if (rc)
        return rc;
    store_wish_done(&w);
    return settle(s, id, holder, withdrawn ? WISH_WITHDRAWN : WISH_WAITING, next_try,
                  outcome);
}

int store_wish_let_go(struct store *s, const char *holder)
{
    int rc = sql_do(s,
                    "UPDATE wishes SET holder = '', held_until = 0"
                    " WHERE district = $1 AND state = 0 AND holder = $2",
                    OUR, STR(holder));

    return rc ? rc : end_withdrawn(s, store_now(s));
}

int store_wish_withdraw(struct store *s, int64_t run, const char *step)
{
    usec_t now = store_now(s);
    int rc = sql_do(s,
                    "UPDATE wishes SET state = $1 WHERE district = $2 AND run = $3"
                    " AND ($4 = '' OR step = $4) AND state = 0 AND held_until <= $5",
                    NUM(WISH_WITHDRAWN), OUR, NUM(run), STR(step), TIME(now));

    if (rc)
        return rc;
    return sql_do(s,
                  "UPDATE wishes SET next_try = 0 WHERE district = $1 AND run = $2"
                  " AND ($3 = '' OR step = $3) AND state = 0",
                  OUR, NUM(run), STR(step));
}

/* ---- reading ---- */

int store_wish_get(struct store *s, int64_t id, struct store_wish *ret)
{
    int rc =
        sql_row(s, &shape, ret, "SELECT {*} FROM wishes WHERE district = $1 AND id = $2",
                OUR, NUM(id));

    if (rc == -ENOENT)
        return sql_answer(s, rc, "there is no wish %" PRId64, id);
    return rc;
}

void store_wish_done(struct store_wish *w)
{
    shape_done(&shape, w);
}

struct json *store_wish_json(const struct store_wish *w)
{
    return shape_json(&shape, w);
}

/* One that is held is due again at the end of its lease. */
int store_wish_next(struct store *s, usec_t *ret_time)
{
    int64_t time = 0;
    int rc = sql_number(s, &time,
                        "SELECT CASE WHEN held_until > next_try THEN held_until"
                        " ELSE next_try END AS due FROM wishes"
                        " WHERE district = $1 AND state = 0 AND next_try > 0"
                        " ORDER BY due LIMIT 1",
                        OUR);

    if (rc == 0)
        *ret_time = (usec_t)time;
    return rc;
}

struct call {
    store_wish_fn *fn;
    void *arg;
};

static void give(const void *row, void *arg)
{
    const struct call *call = arg;

    call->fn(row, call->arg);
}

int store_wish_each(struct store *s, int64_t incident, store_wish_fn *fn, void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};

    return sql_rows(s, &each,
                    "SELECT {*} FROM wishes WHERE district = $1 AND incident = $2"
                    " ORDER BY id",
                    OUR, NUM(incident));
}
