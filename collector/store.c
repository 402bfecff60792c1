/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/store_kind.h"
#include "collector/store_schema.h"
#include "collector/store_sql.h"
#include "mem.h"

static const struct store_driver *const drivers[] = {&store_sqlite};

/* ---- migrations ---- */

/* The version stands under no district: the tables are everybody's. */
static int read_version(struct store *s, unsigned *ret_version)
{
    auto_free char *text = NULL;
    uint64_t version = 0;
    int rc =
        sql_text(s, &text, "SELECT value FROM meta WHERE district = $1 AND name = $2",
                 STR(""), STR("version"));

    if (rc)
        return rc;
    rc = text_parse_number(text, &version);
    *ret_version = (unsigned)version;
    return rc;
}

static int write_version(struct store *s, unsigned version)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", version);
    return sql_do(s,
                  "INSERT INTO meta (district, name, value) VALUES ($1, $2, $3)"
                  " ON CONFLICT (district, name) DO UPDATE SET value = excluded.value",
                  STR(""), STR("version"), STR(text));
}

static int backup_before(struct store *s, const struct store_settings *set,
                         unsigned version)
{
    const char *base = strrchr(set->place, '/');
    auto_free char *path = NULL;
    int rc;

    if (set->backups)
        path =
            xasprintf("%s/%s.v%u", set->backups, base ? base + 1 : set->place, version);
    else
        path = xasprintf("%s.v%u", set->place, version);
    rc = s->driver->backup(s->db, path);
    if (rc == -EEXIST) /* an earlier try got this far, or another process did */
        return 0;
    return rc ? sql_answer(s, rc, "%s", s->driver->error(s->db)) : 0;
}

/* Whether anything of ours is there at all; asked before there is a table to ask. */
static bool is_empty(struct store *s)
{
    struct store_stmt *st = NULL;

    if (s->driver->prepare(s->db, "SELECT value FROM meta", &st) != 0)
        return true;
    s->driver->release(st);
    return false;
}

static int take_step(struct store *s, const struct store_migration *m, unsigned version)
{
    auto_free char *sql = sql_expand(s->driver, m->sql, NULL);
    int rc = s->driver->script(s->db, sql);

    if (rc)
        sql_answer(s, rc, "step %u (%s) failed, the store is as it was: %s", version,
                   m->what, s->driver->error(s->db));
    return rc;
}

/* All in one transaction: another process that opens the store meanwhile waits, and never
 * sees it half made. */
static int take_steps(struct store *s, const struct store_migration *steps, size_t count)
{
    unsigned version = 0;
    int rc = store_begin(s);

    if (rc)
        return rc;
    if (!is_empty(s))
        rc = read_version(s, &version);
    if (rc == 0 && version >= count) { /* another process was faster */
        store_rollback(s);
        return 0;
    }
    for (unsigned v = version; rc == 0 && v < count; v++)
        rc = take_step(s, &steps[v], v + 1);
    if (rc == 0)
        rc = write_version(s, (unsigned)count);
    if (rc == 0)
        return store_commit(s);
    store_rollback(s);
    return rc;
}

static int refuse_old(struct store *s, const struct store_settings *set, unsigned version)
{
    if (version == 0)
        return sql_answer(s, -ESTALE, "%s: there is nothing of Hallwatch in it",
                          set->place);
    return sql_answer(s, -ESTALE,
                      "%s: it is of an older version (%u): start the collector once to "
                      "bring it up to date",
                      set->place, version);
}

int store_migrate(struct store *s, const struct store_settings *set,
                  const struct store_migration *steps, size_t count)
{
    unsigned version = 0;
    int rc = is_empty(s) ? 0 : read_version(s, &version);

    if (rc)
        return rc;
    if (version > count)
        return sql_answer(s, -ESTALE,
                          "%s: it was written by a newer Hallwatch (version %u, this one "
                          "knows %zu): install that one",
                          set->place, version, count);
    if (version < count && (!set->create || set->read_only))
        return refuse_old(s, set, version);
    if (version > 0 && version < count)
        rc = backup_before(s, set, version);
    if (rc == 0 && version < count)
        rc = take_steps(s, steps, count);
    s->version = (unsigned)count;
    return rc;
}

/* ---- open and close ---- */

static const struct store_driver *driver_of(const char *place)
{
    for (size_t i = 0; i < sizeof(drivers) / sizeof(*drivers); i++)
        if (drivers[i]->takes(place))
            return drivers[i];
    return NULL;
}

int store_open(const struct store_settings *set, struct store **ret_store,
               char **ret_error)
{
    auto_store struct store *s = xcalloc(1, sizeof(*s));
    int rc;

    s->district = xstrdup(set->district);
    s->clock = set->clock;
    s->clock_arg = set->clock_arg;
    s->driver = driver_of(set->place);
    if (!s->driver) {
        if (ret_error)
            *ret_error = xasprintf("%s: this program has no driver for such a store: "
                                   "name a file",
                                   set->place);
        return -EPROTONOSUPPORT;
    }
    rc = s->driver->open(set, &s->db, ret_error);
    if (rc)
        return rc;
    rc = store_migrate(s, set, store_migrations, store_migration_count);
    if (rc) {
        if (ret_error)
            *ret_error = xstrdup(store_error(s));
        return rc;
    }
    *ret_store = take(s);
    return 0;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    if (s->db) {
        store_rollback(s);
        sql_forget(s);
        s->driver->close(s->db);
    }
    store_kind_forget(s);
    free(s->district);
    free(s->error);
    free(s);
}

const char *store_error(const struct store *s)
{
    return s->error ? s->error : "";
}

const char *store_district(const struct store *s)
{
    return s->district;
}

unsigned store_version(const struct store *s)
{
    return s->version;
}

usec_t store_now(struct store *s)
{
    return s->clock ? s->clock(s->clock_arg) : s->driver->now(s->db);
}

/* ---- transactions ---- */

static int from_driver(struct store *s, int rc)
{
    return rc ? sql_answer(s, rc, "%s", s->driver->error(s->db)) : 0;
}

int store_begin(struct store *s)
{
    int rc;

    assert(!s->writing);
    rc = from_driver(s, s->driver->begin(s->db));
    s->writing = rc == 0;
    s->spoiled = 0;
    return rc;
}

int store_commit(struct store *s)
{
    int rc = s->spoiled;

    assert(s->writing);
    if (rc == 0)
        rc = from_driver(s, s->driver->commit(s->db));
    if (rc) {
        s->driver->rollback(s->db);
        store_kind_forget(s);
    }
    s->writing = false;
    s->spoiled = 0;
    return rc;
}

void store_rollback(struct store *s)
{
    if (s->writing) {
        s->driver->rollback(s->db);
        store_kind_forget(s);
    }
    s->writing = false;
    s->spoiled = 0;
}

bool store_in_transaction(const struct store *s)
{
    return s->writing;
}

uint64_t store_changes(struct store *s)
{
    return s->driver->changes(s->db);
}

/* ---- care ---- */

int store_backup(struct store *s, const char *path)
{
    assert(!s->writing);
    if (access(path, F_OK) == 0)
        return sql_answer(s, -EEXIST, "%s: it is there already: choose another name",
                          path);
    return from_driver(s, s->driver->backup(s->db, path));
}

int store_check(struct store *s, store_fault_fn *fn, void *arg)
{
    return from_driver(s, s->driver->check(s->db, fn, arg));
}

int store_meta_get(struct store *s, const char *name, char **ret_value)
{
    return sql_text(s, ret_value,
                    "SELECT value FROM meta WHERE district = $1 AND name = $2", OUR,
                    STR(name));
}

int store_meta_put(struct store *s, const char *name, const char *value)
{
    return sql_do(s,
                  "INSERT INTO meta (district, name, value) VALUES ($1, $2, $3)"
                  " ON CONFLICT (district, name) DO UPDATE SET value = excluded.value",
                  OUR, STR(name), STR(value));
}
