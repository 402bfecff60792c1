/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_agent.h"

#include <assert.h>
#include <errno.h>

#include "collector/store_sql.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define REJECTED_MAX ((size_t)64 << 10)

static const char *const states[] = {"new", "up", "late", "silent"};
const struct names names_agent_state = {"state of an agent", states, COUNT(states)};

static const char *const notices[] = {"silent", "back", "epoch", "copy", "held"};
const struct names names_notice_kind = {"kind of notice", notices, COUNT(notices)};

static const struct shape_column columns[] = {
    COLUMN(store_agent, ID, id),
    COLUMN(store_agent, TEXT, name),
    COLUMN(store_agent, TEXT, site),
    COLUMN(store_agent, TEXT, public_key),
    COLUMN(store_agent, TIME, added),
    COLUMN(store_agent, TIME, revoked),
    COLUMN_NAME(store_agent, state, names_agent_state),
    COLUMN(store_agent, TIME, heard),
    COLUMN(store_agent, SIGNED, skew),
    COLUMN(store_agent, TEXT, address),
    COLUMN(store_agent, TEXT, boot),
    COLUMN(store_agent, TEXT, version),
    COLUMN(store_agent, COUNT, bundle),
    COLUMN(store_agent, JSON, health),
    COLUMN(store_agent, TIME, health_at),
    COLUMN(store_agent, COUNT, rejected),
    COLUMN(store_agent, COUNT, lost),
};
static const struct shape shape = SHAPE(store_agent, columns);

static const struct shape_column loss_columns[] = {
    COLUMN(store_loss, ID, id),       COLUMN(store_loss, TEXT, agent),
    COLUMN(store_loss, EPOCH, epoch), COLUMN(store_loss, COUNT, stream),
    COLUMN(store_loss, COUNT, first), COLUMN(store_loss, COUNT, last),
    COLUMN(store_loss, COUNT, count), COLUMN(store_loss, TEXT, reason),
    COLUMN(store_loss, TIME, told),
};
static const struct shape loss_shape = SHAPE(store_loss, loss_columns);

static const struct shape_column notice_columns[] = {
    COLUMN(store_notice, ID, id),
    COLUMN(store_notice, TEXT, agent),
    COLUMN_NAME(store_notice, kind, names_notice_kind),
    COLUMN(store_notice, EPOCH, epoch),
    COLUMN(store_notice, TIME, at),
};
static const struct shape notice_shape = SHAPE(store_notice, notice_columns);

/* ---- who may speak ---- */

/* A number in meta that rises with each change of the allow-list. */
static int count_change(struct store *s)
{
    return sql_do(s,
                  "INSERT INTO meta (district, name, value) VALUES ($1, $2, '1')"
                  " ON CONFLICT (district, name) DO UPDATE SET"
                  " value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)",
                  OUR, STR("agents"));
}

uint64_t store_agents_changes(struct store *s)
{
    auto_free char *text = NULL;
    uint64_t count = 0;

    if (store_meta_get(s, "agents", &text) == 0)
        (void)text_parse_number(text, &count);
    return count;
}

/* What stands in the way of an agent of this name and key. 0: nothing. */
static int refuse_known(struct store *s, const char *name, const char *public_key)
{
    struct store_agent a;
    int rc = store_agent_by_key(s, public_key, &a);

    if (rc == 0) {
        rc = sql_answer(s, -EEXIST,
                        a.revoked ? "this key was revoked with the agent %s: make a new "
                                    "one with `hallwatch keys new agent`"
                                  : "the agent %s has this key already",
                        a.name);
        store_agent_done(&a);
        return rc;
    }
    rc = store_agent_get(s, name, &a);
    if (rc == 0) {
        rc = a.revoked ? 0
                       : sql_answer(s, -EEXIST,
                                    "there is an agent named %s already: "
                                    "revoke it first, if its box was replaced",
                                    name);
        store_agent_done(&a);
        return rc;
    }
    return rc == -ENOENT ? 0 : rc;
}

int store_agent_add(struct store *s, const char *name, const char *site,
                    const char *public_key)
{
    int rc = refuse_known(s, name, public_key);

    if (rc)
        return rc;
    rc = sql_do(s,
                "INSERT INTO agents (district, name, site, public_key, added)"
                " VALUES ($1, $2, $3, $4, $5)"
                " ON CONFLICT (district, name) DO UPDATE SET site = excluded.site,"
                " public_key = excluded.public_key, added = excluded.added,"
                " revoked = 0",
                OUR, STR(name), STR(site), STR(public_key), TIME(store_now(s)));

    return rc ? rc : count_change(s);
}

static int touched(struct store *s, int rc, const char *name)
{
    if (rc == 0 && sql_changed(s) == 0)
        return sql_answer(s, -ENOENT, "there is no agent named %s", name);
    return rc;
}

int store_agent_revoke(struct store *s, const char *name)
{
    int rc = sql_do(s,
                    "UPDATE agents SET revoked = CASE WHEN revoked = 0 THEN $1"
                    " ELSE revoked END WHERE district = $2 AND name = $3",
                    TIME(store_now(s)), OUR, STR(name));

    rc = touched(s, rc, name);
    return rc ? rc : count_change(s);
}

struct call {
    store_agent_fn *fn;
    void *arg;
};

static void give(const void *row, void *arg)
{
    const struct call *call = arg;

    call->fn(row, call->arg);
}

int store_agent_each(struct store *s, store_agent_fn *fn, void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};

    return sql_rows(s, &each, "SELECT {*} FROM agents WHERE district = $1 ORDER BY name",
                    OUR);
}

int store_agent_get(struct store *s, const char *name, struct store_agent *ret)
{
    int rc = sql_row(s, &shape, ret,
                     "SELECT {*} FROM agents WHERE district = $1 AND name = $2", OUR,
                     STR(name));

    if (rc == -ENOENT)
        return sql_answer(s, rc, "there is no agent named %s", name);
    return rc;
}

int store_agent_by_key(struct store *s, const char *public_key, struct store_agent *ret)
{
    return sql_row(s, &shape, ret,
                   "SELECT {*} FROM agents WHERE district = $1 AND public_key = $2", OUR,
                   STR(public_key));
}

void store_agent_done(struct store_agent *a)
{
    shape_done(&shape, a);
}

struct json *store_agent_json(const struct store_agent *a)
{
    return shape_json(&shape, a);
}

/* ---- how it is ---- */

int store_agent_report(struct store *s, const struct store_agent *a)
{
    int rc = sql_do(s,
                    "UPDATE agents SET state = $1, heard = CASE WHEN $2 = 0 THEN heard"
                    " ELSE $2 END, skew = $3, address = $4, boot = $5, version = $6,"
                    " bundle = $7 WHERE district = $8 AND name = $9",
                    NUM(a->state), TIME(a->heard), NUM(a->skew), STR(a->address),
                    STR(a->boot), STR(a->version), NUM(a->bundle), OUR, STR(a->name));

    return touched(s, rc, a->name);
}

int store_agent_health(struct store *s, const char *name, const char *document)
{
    int rc = sql_do(s,
                    "UPDATE agents SET heard = $1, health = $2, health_at = $1"
                    " WHERE district = $3 AND name = $4",
                    TIME(store_now(s)), STR(document), OUR, STR(name));

    return touched(s, rc, name);
}

/* ---- how far we have read ---- */

int store_cursor_get(struct store *s, const char *agent, uint64_t epoch, unsigned stream,
                     uint64_t *ret_seq)
{
    int64_t seq = 0;
    int rc = sql_number(s, &seq,
                        "SELECT seq FROM cursors WHERE district = $1 AND agent = $2"
                        " AND epoch = $3 AND stream = $4",
                        OUR, STR(agent), NUM(epoch), NUM(stream));

    if (rc == 0)
        *ret_seq = (uint64_t)seq;
    return rc;
}

int store_cursor_move(struct store *s, const char *agent, uint64_t epoch, unsigned stream,
                      uint64_t from, uint64_t to)
{
    int rc = sql_do(s,
                    "UPDATE cursors SET seq = $1, changed = $2 WHERE district = $3"
                    " AND agent = $4 AND epoch = $5 AND stream = $6 AND seq = $7",
                    NUM(to), TIME(store_now(s)), OUR, STR(agent), NUM(epoch), NUM(stream),
                    NUM(from));

    if (rc || sql_changed(s) > 0)
        return rc;
    if (from == 0)
        rc =
            sql_do(s,
                   "INSERT INTO cursors (district, agent, epoch, stream, seq, changed)"
                   " VALUES ($1, $2, $3, $4, $5, $6)"
                   " ON CONFLICT (district, agent, epoch, stream) DO NOTHING",
                   OUR, STR(agent), NUM(epoch), NUM(stream), NUM(to), TIME(store_now(s)));
    if (rc == 0 && (from != 0 || sql_changed(s) == 0))
        return sql_answer(s, -ESTALE, "the cursor of %s is no longer there", agent);
    return rc;
}

/* ---- what came, and what is missing ---- */

static struct store_value bytes_value(const void *bytes, size_t len)
{
    return (struct store_value){.type = STORE_BYTES, .text = {.at = bytes, .len = len}};
}

int store_record_put(struct store *s, const struct store_place *at, const void *bytes,
                     size_t len)
{
    return sql_do(s,
                  "INSERT INTO records (district, agent, epoch, stream, seq, arrived,"
                  " bytes) VALUES ($1, $2, $3, $4, $5, $6, $7)"
                  " ON CONFLICT (district, agent, epoch, stream, seq) DO NOTHING",
                  OUR, STR(at->agent), NUM(at->epoch), NUM(at->stream), NUM(at->seq),
                  TIME(store_now(s)), bytes_value(bytes, len));
}

int store_rejected_put(struct store *s, const struct store_place *at, const char *why,
                       const void *bytes, size_t len)
{
    int rc = sql_do(
        s,
        "INSERT INTO rejected (district, agent, epoch, stream, seq, arrived, why, bytes)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT (district, agent, epoch, stream, seq) DO NOTHING",
        OUR, STR(at->agent), NUM(at->epoch), NUM(at->stream), NUM(at->seq),
        TIME(store_now(s)), STR(why),
        bytes_value(bytes, len < REJECTED_MAX ? len : REJECTED_MAX));

    if (rc || sql_changed(s) == 0)
        return rc;
    return sql_do(s,
                  "UPDATE agents SET rejected = rejected + 1"
                  " WHERE district = $1 AND name = $2",
                  OUR, STR(at->agent));
}

int store_loss_put(struct store *s, const struct store_place *at, uint64_t last,
                   const char *reason)
{
    uint64_t all = last - at->seq + 1, count = all < INT64_MAX ? all : INT64_MAX;
    int rc = sql_do(
        s,
        "INSERT INTO losses (district, agent, epoch, stream, first, last, count, reason,"
        " told) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " ON CONFLICT (district, agent, epoch, stream, first) DO NOTHING",
        OUR, STR(at->agent), NUM(at->epoch), NUM(at->stream), NUM(at->seq), NUM(last),
        NUM(count), STR(reason), TIME(store_now(s)));

    if (rc || sql_changed(s) == 0)
        return rc;
    return sql_do(s,
                  "UPDATE agents SET lost = CASE WHEN lost <= $1 THEN lost + $2"
                  " ELSE $3 END WHERE district = $4 AND name = $5",
                  NUM(INT64_MAX - (int64_t)count), NUM(count), NUM(INT64_MAX), OUR,
                  STR(at->agent));
}

struct loss_call {
    store_loss_fn *fn;
    void *arg;
};

static void give_loss(const void *row, void *arg)
{
    const struct loss_call *call = arg;

    call->fn(row, call->arg);
}

int store_loss_each(struct store *s, int64_t after, size_t limit, store_loss_fn *fn,
                    void *arg)
{
    struct loss_call call = {fn, arg};
    struct sql_each each = {&loss_shape, give_loss, &call};

    return sql_rows(s, &each,
                    "SELECT {*} FROM losses WHERE district = $1 AND id > $2 ORDER BY id"
                    " LIMIT $3",
                    OUR, NUM(after), NUM(limit));
}

struct json *store_loss_json(const struct store_loss *l)
{
    return shape_json(&loss_shape, l);
}

int store_notice_put(struct store *s, const struct store_notice *n)
{
    return sql_do(s,
                  "INSERT INTO notices (district, agent, kind, epoch, at)"
                  " VALUES ($1, $2, $3, $4, $5)",
                  OUR, STR(n->agent), NUM(n->kind), NUM(n->epoch), TIME(n->at));
}

struct notice_call {
    store_notice_fn *fn;
    void *arg;
};

static void give_notice(const void *row, void *arg)
{
    const struct notice_call *call = arg;

    call->fn(row, call->arg);
}

int store_notice_each(struct store *s, int64_t after, size_t limit, store_notice_fn *fn,
                      void *arg)
{
    struct notice_call call = {fn, arg};
    struct sql_each each = {&notice_shape, give_notice, &call};

    return sql_rows(s, &each,
                    "SELECT {*} FROM notices WHERE district = $1 AND id > $2 ORDER BY id"
                    " LIMIT $3",
                    OUR, NUM(after), NUM(limit));
}

/* Those of epochs are in an index of their own: an agent can begin very many. */
static_assert(NOTICE_EPOCH == 2, "as the index");

int store_notice_follows(struct store *s, const struct store_notice *n, bool *ret_follows)
{
    int64_t id;
    int rc = sql_number(s, &id,
                        "SELECT id FROM notices WHERE kind = 2 AND district = $1"
                        " AND agent = $2 AND id < $3 AND epoch <> $4 ORDER BY id LIMIT 1",
                        OUR, STR(n->agent), NUM(n->id), NUM(n->epoch));

    if (rc == 0 || rc == -ENOENT)
        *ret_follows = rc == 0;
    return rc == -ENOENT ? 0 : rc;
}

struct json *store_notice_json(const struct store_notice *n)
{
    return shape_json(&notice_shape, n);
}
