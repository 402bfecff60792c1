/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements are kept by the address of their literal: the store has about a hundred, and
 * comparing addresses is cheaper than anything that follows. A statement that is asked
 * again while its rows are being walked is prepared a second time for that one question.
 */
#include "collector/store_sql.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>

#include "mem.h"

int sql_answer(struct store *s, int rc, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    free(s->error);
    s->error = xvasprintf(format, args);
    va_end(args);
    return rc;
}

int sql_spoil(struct store *s, int rc)
{
    if (s->writing && !s->spoiled)
        s->spoiled = rc;
    return rc;
}

static int fail(struct store *s, int rc)
{
    sql_answer(s, rc, "%s", s->driver->error(s->db));
    sql_spoil(s, rc);
    return rc;
}

/* ---- statements ---- */

static const char *word_of(const struct store_driver *driver, const char *at, size_t len)
{
    for (const struct store_word *w = driver->dialect; w->word; w++)
        if (strlen(w->word) == len && memcmp(w->word, at, len) == 0)
            return w->text;
    assert(false); /* a word of ours that the driver does not know */
    return "";
}

static void add_columns(struct buffer *b, const struct shape *shape)
{
    for (size_t i = 0; i < shape->count; i++)
        buffer_print(b, "%s%s", i ? ", " : "", shape->columns[i].name);
}

char *sql_expand(const struct store_driver *driver, const char *sql,
                 const struct shape *shape)
{
    struct buffer b = {0};

    for (;;) {
        const char *open = strchr(sql, '{'), *end;

        if (!open)
            break;
        end = strchr(open, '}');
        assert(end);
        buffer_add(&b, sql, (size_t)(open - sql));
        if (open[1] == '*' && shape)
            add_columns(&b, shape);
        else
            buffer_text(&b, word_of(driver, open + 1, (size_t)(end - open - 1)));
        sql = end + 1;
    }
    buffer_text(&b, sql);
    return buffer_take(&b);
}

static int prepare(struct store *s, const char *sql, const struct shape *shape,
                   struct store_stmt **ret_stmt)
{
    auto_free char *text = sql_expand(s->driver, sql, shape);

    return s->driver->prepare(s->db, text, ret_stmt);
}

/* The kept statement's index, or -errno. */
static int find_statement(struct store *s, const char *sql, const struct shape *shape)
{
    struct sql_statement *at;
    int rc;

    for (size_t i = 0; i < s->statement_count; i++)
        if (s->statements[i].text == sql && s->statements[i].shape == shape)
            return (int)i;

    s->statements = xgrow(s->statements, s->statement_count, &s->statement_capacity,
                          sizeof(*s->statements));
    at = &s->statements[s->statement_count];
    *at = (struct sql_statement){.text = sql, .shape = shape};
    rc = prepare(s, sql, shape, &at->st);
    if (rc)
        return rc;
    return (int)s->statement_count++;
}

void sql_forget(struct store *s)
{
    for (size_t i = 0; i < s->statement_count; i++)
        s->driver->release(s->statements[i].st);
    free(s->statements);
    s->statements = NULL;
    s->statement_count = s->statement_capacity = 0;
}

/* One asking of a statement: from bind to reset. index < 0: it is this asking's own. */
struct asking {
    struct store_stmt *st;
    int index;
};

/* A statement for this one asking. */
static int ask_once(struct store *s, const char *sql, const struct shape *shape,
                    struct asking *ret)
{
    struct store_stmt *st = NULL;
    int rc = s->spoiled;

    if (rc)
        return rc;
    rc = prepare(s, sql, shape, &st);
    if (rc)
        return fail(s, rc);
    *ret = (struct asking){.st = st, .index = -1};
    return 0;
}

static int ask_kept(struct store *s, const char *sql, const struct shape *shape,
                    struct asking *ret)
{
    int index;

    if (s->spoiled)
        return s->spoiled;
    index = find_statement(s, sql, shape);
    if (index < 0)
        return fail(s, index);
    if (s->statements[index].busy)
        return ask_once(s, sql, shape, ret);
    s->statements[index].busy = true;
    *ret = (struct asking){.st = s->statements[index].st, .index = index};
    return 0;
}

static void ask_end(struct store *s, const struct asking *a)
{
    s->driver->reset(a->st);
    if (a->index < 0)
        s->driver->release(a->st);
    else
        s->statements[a->index].busy = false;
}

/* ---- writing ---- */

int sql_run(struct store *s, const char *sql, const struct store_value *values,
            size_t count)
{
    struct asking a;
    int rc;

    assert(s->writing);
    rc = ask_kept(s, sql, NULL, &a);
    if (rc)
        return rc;
    rc = s->driver->bind(a.st, values, count);
    while (rc == 0 && (rc = s->driver->step(a.st)) > 0)
        rc = 0;
    s->changed = s->driver->changed(s->db);
    if (rc < 0)
        rc = fail(s, rc);
    ask_end(s, &a);
    return rc;
}

uint64_t sql_changed(const struct store *s)
{
    return s->changed;
}

/* ---- reading ---- */

/* To the first row. That there is none is an answer: -ENOENT. */
static int first_row(struct store *s, const struct asking *a,
                     const struct store_value *values, size_t count)
{
    int rc = s->driver->bind(a->st, values, count);

    if (rc == 0)
        rc = s->driver->step(a->st);
    if (rc < 0)
        return fail(s, rc);
    if (rc == 0)
        return sql_answer(s, -ENOENT, "there is no such thing in the store");
    return 0;
}

int sql_ask(struct store *s, const char *sql, const struct store_value *values,
            size_t count, int64_t *ret_number)
{
    struct asking a;
    int rc = ask_kept(s, sql, NULL, &a);

    if (rc)
        return rc;
    rc = first_row(s, &a, values, count);
    if (rc == 0)
        *ret_number = s->driver->column(a.st, 0).number;
    ask_end(s, &a);
    return rc;
}

int sql_insert(struct store *s, const char *sql, const struct store_value *values,
               size_t count, int64_t *ret_id)
{
    int64_t id = 0;
    int rc;

    assert(s->writing);
    rc = sql_ask(s, sql, values, count, &id);
    if (rc == -ENOENT)
        return sql_answer(s, -EEXIST, "it is in the store already");
    if (rc == 0 && ret_id)
        *ret_id = id;
    return rc;
}

int sql_ask_text(struct store *s, const char *sql, const struct store_value *values,
                 size_t count, char **ret_text)
{
    struct asking a;
    struct text text;
    int rc = ask_kept(s, sql, NULL, &a);

    if (rc)
        return rc;
    rc = first_row(s, &a, values, count);
    if (rc == 0) {
        text = s->driver->column(a.st, 0).text;
        *ret_text = xstrndup(text.at ? text.at : "", text.len);
    }
    ask_end(s, &a);
    return rc;
}

static void read_row(const struct store_driver *driver, const struct store_stmt *st,
                     const struct shape *shape, void *row)
{
    memset(row, 0, shape->size);
    for (unsigned i = 0; i < shape->count; i++) {
        const struct shape_column *c = &shape->columns[i];
        struct store_value v = driver->column(st, i);
        char *at = (char *)row + c->offset;

        switch (c->kind) {
        case SHAPE_ID:
        case SHAPE_COUNT:
        case SHAPE_SIGNED:
        case SHAPE_EPOCH:
        case SHAPE_TIME:
            memcpy(at, &v.number, sizeof(v.number));
            break;
        case SHAPE_FLAG:
            *(bool *)at = v.number != 0;
            break;
        case SHAPE_NAME:
            *(unsigned *)(void *)at = (unsigned)v.number;
            break;
        case SHAPE_TEXT:
        case SHAPE_JSON:
            *(const char **)(void *)at = v.text.at ? v.text.at : "";
            break;
        }
    }
}

static void keep_text(const struct shape *shape, void *row)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_column *c = &shape->columns[i];
        const char **text = (const char **)(void *)((char *)row + c->offset);

        if (c->kind == SHAPE_TEXT || c->kind == SHAPE_JSON)
            *text = xstrdup(*text);
    }
}

void shape_done(const struct shape *shape, void *row)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_column *c = &shape->columns[i];
        char **text = (char **)(void *)((char *)row + c->offset);

        if (c->kind == SHAPE_TEXT || c->kind == SHAPE_JSON)
            free(*text);
    }
    memset(row, 0, shape->size);
}

int sql_get(struct store *s, const struct shape *shape, void *ret_row, const char *sql,
            const struct store_value *values, size_t count)
{
    struct asking a;
    int rc = ask_kept(s, sql, shape, &a);

    if (rc)
        return rc;
    rc = first_row(s, &a, values, count);
    if (rc == 0) {
        read_row(s->driver, a.st, shape, ret_row);
        keep_text(shape, ret_row);
    }
    ask_end(s, &a);
    return rc;
}

static int walk(struct store *s, struct store_stmt *st, const struct sql_each *each)
{
    auto_free void *row = xmalloc(each->shape->size);
    int rc;

    while ((rc = s->driver->step(st)) > 0) {
        read_row(s->driver, st, each->shape, row);
        each->fn(row, each->arg);
    }
    return rc;
}

static int each_row(struct store *s, const struct sql_each *each, const char *sql,
                    const struct store_value *values, size_t count, bool keep)
{
    struct asking a;
    int rc = keep ? ask_kept(s, sql, each->shape, &a) : ask_once(s, sql, each->shape, &a);

    if (rc)
        return rc;
    rc = s->driver->bind(a.st, values, count);
    if (rc == 0)
        rc = walk(s, a.st, each);
    if (rc < 0)
        fail(s, rc);
    ask_end(s, &a);
    return rc;
}

int sql_each(struct store *s, const struct sql_each *each, const char *sql,
             const struct store_value *values, size_t count)
{
    return each_row(s, each, sql, values, count, true);
}

/* ---- questions put together at run time ---- */

void query_text(struct query *q, const char *sql)
{
    buffer_text(&q->sql, sql);
}

void query_add(struct query *q, const char *sql, struct store_value value)
{
    assert(q->count < QUERY_VALUES);
    q->values[q->count++] = value;
    buffer_print(&q->sql, "%s$%zu", sql, q->count);
}

void query_begin(struct query *q, const char *sql, struct store_value value)
{
    *q = (struct query){0};
    query_add(q, sql, value);
}

void query_any_of(struct query *q, const char *column, uint32_t bits)
{
    const char *before = "";

    if (bits == 0)
        return;
    buffer_print(&q->sql, " AND %s IN (", column);
    for (unsigned i = 0; i < 32; i++) {
        if (!(bits & UINT32_C(1) << i))
            continue;
        buffer_print(&q->sql, "%s%u", before, i);
        before = ", ";
    }
    buffer_text(&q->sql, ")");
}

int query_each(struct store *s, struct query *q, const struct sql_each *each)
{
    int rc = each_row(s, each, q->sql.at, q->values, q->count, false);

    buffer_done(&q->sql);
    return rc;
}
