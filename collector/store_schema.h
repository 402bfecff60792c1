/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_schema.h - the tables, as numbered steps from one version to the next. A step
 * that was released is never changed: what is wrong with it, a later one puts right.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <stddef.h>

#include "collector/store.h"

struct store_migration {
    const char *what; /* for the log and the name of the backup */
    const char *sql;  /* statements, with words of the dialect */
};

/* The step to version i + 1 is store_migrations[i]. */
extern const struct store_migration store_migrations[];
extern const size_t store_migration_count;

/* Takes a store from its version to count, each step whole or not at all, after a copy.
 */
int store_migrate(struct store *s, const struct store_settings *set,
                  const struct store_migration *steps, size_t count);

#endif
