/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_driver.h - what a database must be able to do for the store. SQL is written once,
 * in what SQLite 3.40 and PostgreSQL 15 both understand; a driver prepares it, binds
 * values, steps through rows, and knows its own few words (the dialect).
 *
 * Parameters are $1, $2, ... in the order of their first use, results numbered from 0.
 */
#ifndef STORE_DRIVER_H
#define STORE_DRIVER_H

#include "store.h"
#include "text.h"

enum store_type { STORE_NULL, STORE_NUMBER, STORE_TEXT, STORE_BYTES };

struct store_value {
    enum store_type type;
    int64_t number;
    struct text text; /* ended by a zero byte when it comes from a row */
};

struct store_db;   /* a connection; the driver's own */
struct store_stmt; /* a prepared statement; the driver's own */

/* {word} in a statement stands for this text. */
struct store_word {
    const char *word, *text;
};

/* int: 0 or -errno as in store.h, with a sentence in error(). */
struct store_driver {
    const char *name;
    bool (*takes)(const char *place);
    int (*open)(const struct store_settings *settings, struct store_db **ret_db,
                char **ret_error);
    void (*close)(struct store_db *db);
    const char *(*error)(const struct store_db *db);
    usec_t (*now)(struct store_db *db);

    int (*begin)(struct store_db *db);
    int (*commit)(struct store_db *db);
    void (*rollback)(struct store_db *db); /* also when it is over already */
    uint64_t (*changes)(struct store_db *db);

    int (*prepare)(struct store_db *db, const char *sql, struct store_stmt **ret_stmt);
    void (*release)(struct store_stmt *st);
    /* Values are borrowed until reset; their types are the parameters' types. */
    int (*bind)(struct store_stmt *st, const struct store_value *values, size_t count);
    int (*step)(struct store_stmt *st); /* 1: a row, 0: no more */
    struct store_value (*column)(const struct store_stmt *st, unsigned i);
    void (*reset)(struct store_stmt *st);
    uint64_t (*changed)(const struct store_db *db); /* rows, by the last statement */

    int (*script)(struct store_db *db,
                  const char *sql); /* several statements, no values */
    int (*backup)(struct store_db *db, const char *path);
    int (*check)(struct store_db *db, store_fault_fn *fn, void *arg);

    /* serial: type of an id; key: constraint that ids are unique in their district;
     * row_key: the same for big tables; bytes: type; by_id: walk in order of id;
     * update_row: UPDATE of one row, of which half may be done when it fails (the
     * transaction is spoiled anyway); lock: of rows that are read to be written; claim:
     * of `taken`, leaving out those that others have locked */
    const struct store_word *dialect; /* up to {NULL, NULL} */
};

extern const struct store_driver store_sqlite;

#endif
