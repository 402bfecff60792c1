/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_sql.h - how the store's own modules ask their questions. Nobody else includes it.
 *
 *     sql_do(s, "UPDATE agents SET heard = $2 WHERE district = $1 AND name = $3",
 *            OUR, TIME(store_now(s)), STR(name));
 *
 * A statement's text is a literal; it is prepared at its first use and kept. A shape says
 * which column is which member of a row's struct: {*} in a SELECT stands for its columns,
 * and it reads, copies, frees and prints the row.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <stddef.h>

#include "collector/store_driver.h"
#include "json.h"
#include "names.h"

/* Values to bind; OUR needs the store to be called s. */
#define NUM(n)  ((struct store_value){.type = STORE_NUMBER, .number = (int64_t)(n)})
#define TIME(t) NUM(t)
#define OUR     STR(store_district(s))
#define STR(t)  sql_str(t)
#define ID(i)   sql_id(i)

static inline struct store_value sql_str(const char *text)
{
    return (struct store_value){.type = STORE_TEXT, .text = text_of(text ? text : "")};
}

/* No id is NULL in the database, so that foreign keys hold. */
static inline struct store_value sql_id(int64_t id)
{
    return (struct store_value){.type = id ? STORE_NUMBER : STORE_NULL, .number = id};
}

/* A statement that was prepared; text is the literal it was made from. */
struct sql_statement {
    const char *text;
    const struct shape *shape;
    struct store_stmt *st;
    bool busy;
};

struct store_kinds;

struct store {
    const struct store_driver *driver;
    struct store_db *db;
    char *district;
    store_clock_fn *clock;
    void *clock_arg;
    unsigned version;
    bool writing; /* inside a transaction */
    int spoiled;  /* what the first failed write gave */
    char *error;
    uint64_t changed;
    struct store_kinds *kinds; /* store_kind.c; NULL: none is known */
    struct sql_statement *statements;
    size_t statement_count, statement_capacity;
};

enum shape_kind {
    SHAPE_ID,     /* int64_t */
    SHAPE_COUNT,  /* uint64_t */
    SHAPE_SIGNED, /* int64_t of which 0 is a value */
    SHAPE_EPOCH,  /* uint64_t of which all bits are used; hexadecimal as JSON */
    SHAPE_TIME,   /* usec_t; RFC 3339 or null as JSON */
    SHAPE_FLAG,   /* bool */
    SHAPE_NAME,   /* an enum, with its names */
    SHAPE_TEXT,   /* const char * */
    SHAPE_JSON,   /* const char *, a document of its own */
};

struct shape_column {
    const char *name;
    enum shape_kind kind;
    size_t offset;
    const struct names *names;
};

struct shape {
    const struct shape_column *columns;
    size_t count;
    size_t size; /* of the struct */
};

#define COLUMN(row, kind_, member)                                                     \
    {                                                                                  \
        .name = #member, .kind = SHAPE_##kind_, .offset = offsetof(struct row, member) \
    }
#define COLUMN_NAME(row, member, names_)                                             \
    {                                                                                \
        .name = #member, .kind = SHAPE_NAME, .offset = offsetof(struct row, member), \
        .names = &(names_)                                                           \
    }
#define SHAPE(row, list)                                              \
    {                                                                 \
        .columns = (list), .count = sizeof(list) / sizeof((list)[0]), \
        .size = sizeof(struct row)                                    \
    }

void shape_done(const struct shape *shape, void *row); /* frees its text */
struct json *shape_json(const struct shape *shape, const void *row);

typedef void sql_row_fn(const void *row, void *arg);

#define SQL_VALUES(...)                        \
    (const struct store_value[]){__VA_ARGS__}, \
        sizeof((const struct store_value[]){__VA_ARGS__}) / sizeof(struct store_value)

/* Writes; how many rows it touched is in sql_changed. Only inside a transaction. */
int sql_run(struct store *s, const char *sql, const struct store_value *values,
            size_t count);
#define sql_do(s, sql, ...) sql_run(s, sql, SQL_VALUES(__VA_ARGS__))
uint64_t sql_changed(const struct store *s);

/* INSERT ... RETURNING id. -EEXIST: ON CONFLICT DO NOTHING did so. */
int sql_insert(struct store *s, const char *sql, const struct store_value *values,
               size_t count, int64_t *ret_id);
#define sql_new(s, ret, sql, ...) sql_insert(s, sql, SQL_VALUES(__VA_ARGS__), ret)

/* The first column of the first row. -ENOENT: no row. */
int sql_ask(struct store *s, const char *sql, const struct store_value *values,
            size_t count, int64_t *ret_number);
#define sql_number(s, ret, sql, ...) sql_ask(s, sql, SQL_VALUES(__VA_ARGS__), ret)
int sql_ask_text(struct store *s, const char *sql, const struct store_value *values,
                 size_t count, char **ret_text);
#define sql_text(s, ret, sql, ...) sql_ask_text(s, sql, SQL_VALUES(__VA_ARGS__), ret)

/* The first row, yours to shape_done. -ENOENT. */
int sql_get(struct store *s, const struct shape *shape, void *ret_row, const char *sql,
            const struct store_value *values, size_t count);
#define sql_row(s, shape, ret, sql, ...) \
    sql_get(s, shape, ret, sql, SQL_VALUES(__VA_ARGS__))

/* Each row, borrowed by fn. */
struct sql_each {
    const struct shape *shape;
    sql_row_fn *fn;
    void *arg;
};
int sql_each(struct store *s, const struct sql_each *each, const char *sql,
             const struct store_value *values, size_t count);
#define sql_rows(s, each, sql, ...) sql_each(s, each, sql, SQL_VALUES(__VA_ARGS__))

/*
 * A SELECT whose conditions are chosen at run time, out of literals:
 *     struct query q = {0};
 *     query_begin(&q, "SELECT {*} FROM alerts WHERE district = ", OUR);
 *     if (f->rule) query_add(&q, " AND rule = ", STR(f->rule));
 */
#define QUERY_VALUES 32
struct query {
    struct buffer sql;
    struct store_value values[QUERY_VALUES];
    size_t count;
};
void query_begin(struct query *q, const char *sql, struct store_value value);
void query_add(struct query *q, const char *sql, struct store_value value);
void query_text(struct query *q, const char *sql);
void query_any_of(struct query *q, const char *column, uint32_t bits); /* 0: nothing */
int query_each(struct store *s, struct query *q, const struct sql_each *each);

/* The statement with the driver's words and the shape's columns in it; yours. */
char *sql_expand(const struct store_driver *driver, const char *sql,
                 const struct shape *shape);

void sql_forget(struct store *s); /* releases every statement */

/* Says why, and gives rc. For answers that spoil nothing. */
int sql_answer(struct store *s, int rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What is no answer spoils the transaction; gives rc. */
int sql_spoil(struct store *s, int rc);

#endif
