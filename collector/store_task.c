/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_task.h"

#include <errno.h>
#include <inttypes.h>

#include "collector/store_audit.h"
#include "collector/store_run.h"
#include "collector/store_sql.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WAITING      (1U << TASK_OPEN | 1U << TASK_TAKEN)

static const char *const kinds[] = {"ack",   "task",   "decide", "approve",
                                    "close", "review", "trouble"};
const struct names names_task_kind = {"kind of task", kinds, COUNT(kinds)};

static const char *const states[] = {"open", "taken", "done", "expired", "withdrawn"};
const struct names names_task_state = {"state of a task", states, COUNT(states)};

static const struct shape_column columns[] = {
    COLUMN(store_task, ID, id),
    COLUMN(store_task, ID, run),
    COLUMN(store_task, ID, incident),
    COLUMN(store_task, TEXT, step),
    COLUMN(store_task, TEXT, key),
    COLUMN_NAME(store_task, kind, names_task_kind),
    COLUMN_NAME(store_task, role, names_role),
    COLUMN(store_task, TEXT, title),
    COLUMN(store_task, JSON, detail),
    COLUMN(store_task, FLAG, drill),
    COLUMN_NAME(store_task, state, names_task_state),
    COLUMN(store_task, TIME, opened),
    COLUMN(store_task, TIME, due),
    COLUMN(store_task, TEXT, taken_by),
    COLUMN(store_task, TIME, taken),
    COLUMN(store_task, TEXT, answered_by),
    COLUMN(store_task, TIME, answered),
    COLUMN(store_task, JSON, answer),
};
static const struct shape shape = SHAPE(store_task, columns);

/* ---- the engine's side ---- */

int store_task_open(struct store *s, const struct store_task *t, int64_t *ret_id)
{
    int64_t id = 0;
    int rc = sql_new(
        s, &id,
        "INSERT INTO tasks (district, run, incident, step, key, kind, role, title,"
        " detail, drill, opened, due)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        " ON CONFLICT (district, run, key) DO NOTHING RETURNING id",
        OUR, NUM(t->run), NUM(t->incident), STR(t->step), STR(t->key), NUM(t->kind),
        NUM(t->role), STR(t->title), STR(t->detail), NUM(t->drill), TIME(store_now(s)),
        TIME(t->due));

    if (rc == -EEXIST)
        rc = sql_number(s, &id,
                        "SELECT id FROM tasks"
                        " WHERE district = $1 AND run = $2 AND key = $3",
                        OUR, NUM(t->run), STR(t->key));
    if (rc == 0 && ret_id)
        *ret_id = id;
    return rc;
}

int store_task_end(struct store *s, int64_t id, enum task_state state)
{
    int rc = sql_do(s,
                    "UPDATE tasks SET state = $1"
                    " WHERE district = $2 AND id = $3 AND state IN (0, 1)",
                    NUM(state), OUR, NUM(id));

    if (rc == 0 && sql_changed(s) == 0)
        return sql_answer(s, -ESTALE, "task %" PRId64 " is over already", id);
    return rc;
}

int store_task_end_step(struct store *s, int64_t run, const char *step,
                        enum task_state state)
{
    return sql_do(s,
                  "UPDATE tasks SET state = $1 WHERE district = $2 AND run = $3"
                  " AND ($4 = '' OR step = $4) AND state IN (0, 1)",
                  NUM(state), OUR, NUM(run), STR(step));
}

int store_task_end_trouble(struct store *s, int64_t incident)
{
    return sql_do(s,
                  "UPDATE tasks SET state = $1 WHERE district = $2 AND incident = $3"
                  " AND kind = $4 AND state IN (0, 1)",
                  NUM(TASK_WITHDRAWN), OUR, NUM(incident), NUM(TASK_TROUBLE));
}

/* ---- people's side ---- */

/* What a person is told who comes too late. 0: it is theirs to take or answer. */
static int refuse(struct store *s, const struct store_task *t, const char *who)
{
    switch (t->state) {
    case TASK_OPEN:
        return 0;
    case TASK_TAKEN:
        if (strcmp(t->taken_by, who) == 0)
            return 0;
        return sql_answer(s, -ESTALE,
                          "task %" PRId64 " is with %s: they can give it back", t->id,
                          t->taken_by);
    case TASK_DONE:
        return sql_answer(s, -ESTALE, "task %" PRId64 " was done by %s", t->id,
                          *t->answered_by ? t->answered_by : t->taken_by);
    case TASK_EXPIRED:
        return sql_answer(s, -ESTALE,
                          "task %" PRId64 " was not done in time and went on to somebody "
                          "else",
                          t->id);
    case TASK_WITHDRAWN:
        break;
    }
    return sql_answer(s, -ESTALE, "task %" PRId64 " is no longer needed", t->id);
}

static int tell_run(struct store *s, const struct store_task *t, enum input_kind kind,
                    const char *who, struct json *document)
{
    auto_free char *text = json_write(document);
    char about[32];
    int rc = store_input_put(
        s,
        &(struct store_input){
            .run = t->run, .kind = kind, .step = t->step, .who = who, .document = text});

    snprintf(about, sizeof(about), "task/%" PRId64, t->id);
    if (rc == 0)
        rc = store_audit_add(s, who, kind == INPUT_TAKEN ? "task.take" : "task.answer",
                             about, text);
    return rc;
}

static struct json *task_reference(const struct store_task *t)
{
    struct json *object = json_new_object();

    json_put_number(object, "task", t->id);
    json_put_text(object, "key", t->key);
    return object;
}

static int take_it(struct store *s, const struct store_task *t, const char *who)
{
    auto_json struct json *document = NULL;
    int rc;

    if (t->state == TASK_TAKEN) /* theirs already */
        return 0;
    rc = sql_do(s,
                "UPDATE tasks SET state = $1, taken_by = $2, taken = $3"
                " WHERE district = $4 AND id = $5 AND state = $6",
                NUM(TASK_TAKEN), STR(who), TIME(store_now(s)), OUR, NUM(t->id),
                NUM(TASK_OPEN));
    if (rc)
        return rc;
    if (sql_changed(s) == 0)
        return sql_answer(s, -ESTALE, "somebody else has taken task %" PRId64 " just now",
                          t->id);
    document = task_reference(t);
    return tell_run(s, t, INPUT_TAKEN, who, document);
}

int store_task_take(struct store *s, int64_t id, const char *who)
{
    struct store_task t;
    int rc = store_task_get(s, id, &t);

    if (rc)
        return rc;
    rc = refuse(s, &t, who);
    if (rc == 0)
        rc = take_it(s, &t, who);
    store_task_done(&t);
    return rc;
}

/* What the engine was not told yet, it is not told any more: an incident must not go on
 * as taken by whoever gave it back. */
static int untake(struct store *s, int64_t id, const char *who)
{
    auto_json struct json *document = NULL;
    auto_free char *text = NULL;
    struct store_task t;
    int rc = store_task_get(s, id, &t);

    if (rc)
        return rc;
    document = task_reference(&t);
    text = json_write(document);
    rc = sql_do(s,
                "UPDATE inputs SET consumed = $1 WHERE district = $2 AND run = $3"
                " AND kind = $4 AND who = $5 AND document = $6 AND consumed = 0",
                TIME(store_now(s)), OUR, NUM(t.run), NUM(INPUT_TAKEN), STR(who),
                STR(text));
    store_task_done(&t);
    return rc;
}

int store_task_give_back(struct store *s, int64_t id, const char *who)
{
    char about[32];
    int rc = sql_do(s,
                    "UPDATE tasks SET state = $1, taken_by = '', taken = 0"
                    " WHERE district = $2 AND id = $3 AND state = $4 AND taken_by = $5",
                    NUM(TASK_OPEN), OUR, NUM(id), NUM(TASK_TAKEN), STR(who));

    if (rc == 0 && sql_changed(s) == 0)
        return sql_answer(s, -ESTALE, "task %" PRId64 " is not with %s", id, who);
    if (rc == 0)
        rc = untake(s, id, who);
    snprintf(about, sizeof(about), "task/%" PRId64, id);
    return rc ? rc : store_audit_add(s, who, "task.give-back", about, "");
}

static int answer_it(struct store *s, const struct store_task *t, const char *who,
                     const char *answer)
{
    auto_json struct json *document = task_reference(t);
    struct json *given = json_parse(answer, strlen(answer), NULL);
    int rc;

    if (!given)
        return sql_answer(s, -EINVAL, "the answer to task %" PRId64 " is no JSON", t->id);
    json_put(document, "answer", given);
    rc = sql_do(s,
                "UPDATE tasks SET state = $1, answered_by = $2, answered = $3,"
                " answer = $4 WHERE district = $5 AND id = $6"
                " AND (state = 0 OR (state = 1 AND taken_by = $2))",
                NUM(TASK_DONE), STR(who), TIME(store_now(s)), STR(answer), OUR,
                NUM(t->id));
    if (rc)
        return rc;
    if (sql_changed(s) == 0)
        return sql_answer(s, -ESTALE, "somebody else has taken task %" PRId64 " just now",
                          t->id);
    return tell_run(s, t, INPUT_ANSWER, who, document);
}

int store_task_answer(struct store *s, int64_t id, const char *who, const char *answer)
{
    struct store_task t;
    int rc = store_task_get(s, id, &t);

    if (rc)
        return rc;
    rc = refuse(s, &t, who);
    if (rc == 0)
        rc = answer_it(s, &t, who, answer);
    store_task_done(&t);
    return rc;
}

/* ---- reading ---- */

int store_task_get(struct store *s, int64_t id, struct store_task *ret)
{
    int rc =
        sql_row(s, &shape, ret, "SELECT {*} FROM tasks WHERE district = $1 AND id = $2",
                OUR, NUM(id));

    if (rc == -ENOENT)
        return sql_answer(s, rc, "there is no task %" PRId64, id);
    return rc;
}

void store_task_done(struct store_task *t)
{
    shape_done(&shape, t);
}

struct json *store_task_json(const struct store_task *t)
{
    return shape_json(&shape, t);
}

struct call {
    store_task_fn *fn;
    void *arg;
};

static void give(const void *row, void *arg)
{
    const struct call *call = arg;

    call->fn(row, call->arg);
}

int store_task_each(struct store *s, const struct store_task_filter *f, store_task_fn *fn,
                    void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};
    struct query q;

    query_begin(&q, "SELECT {*} FROM tasks WHERE district = ", OUR);
    query_any_of(&q, "state", f->states ? f->states : WAITING);
    query_any_of(&q, "role", f->roles);
    if (f->owners) {
        query_add(&q, " AND (role = ", NUM(f->reader));
        query_text(&q, " OR EXISTS (SELECT 1 FROM incidents i"
                       " WHERE i.district = tasks.district AND i.id = tasks.incident");
        query_any_of(&q, "i.owner", f->owners);
        query_text(&q, "))");
    }
    if (f->incident)
        query_add(&q, " AND incident = ", NUM(f->incident));
    if (f->run)
        query_add(&q, " AND run = ", NUM(f->run));
    if (f->taken_by)
        query_add(&q, " AND taken_by = ", STR(f->taken_by));
    query_add(&q, " ORDER BY CASE WHEN due = 0 THEN 1 ELSE 0 END, due, id LIMIT ",
              NUM(f->limit ? f->limit : 100));
    return query_each(s, &q, &each);
}
