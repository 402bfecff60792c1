/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store in one SQLite file, shared by all processes of a collector. WAL lets readers
 * read while one writes; who wants to write says so at once (BEGIN IMMEDIATE), so that
 * waiting happens there and nowhere else. A commit is on disk when it returns
 * (synchronous=FULL): that is what an acknowledgement to an agent stands for.
 */
#include <sqlite3.h>

#include "collector/store_driver.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"

#define APPLICATION_ID 0x48574c31 /* "HWL1": file(1) and we know whose it is */
#define BUSY_MS        10000
#define BUSY_PAUSE     500 /* us, before it is looked whether it is our turn */
#define BUSY_MOST      ((int)(BUSY_MS * USEC_PER_MSEC / BUSY_PAUSE))
#define WAL_PAUSE      10000 /* us, before it is tried again */

struct store_db {
    sqlite3 *sqlite;
    sqlite3_stmt *data_version;
    char *place;
    char *error;
};

struct store_stmt {
    struct store_db *db;
    sqlite3_stmt *sqlite;
};

/* ---- what went wrong ---- */

struct fault {
    int code, rc;
    const char *sentence;
};

/* Primary codes, but for a write that fails: a quota that is used up looks like that. */
static const struct fault faults[] = {
    {SQLITE_IOERR_WRITE, -ENOSPC,
     "the disk is full: make room or lift its quota (or it is failing); what was stored is "
     "safe"},
    {SQLITE_FULL, -ENOSPC, "the disk is full: make room; what was stored is safe"},
    {SQLITE_BUSY, -EAGAIN, "another process has held the store for 10 s: try again"},
    {SQLITE_LOCKED, -EAGAIN, "another process holds the store: try again"},
    {SQLITE_READONLY, -EROFS, "it cannot be written: check its owner and mode"},
    {SQLITE_PERM, -EACCES, "it may not be opened: check its owner and mode"},
    {SQLITE_CANTOPEN, -EACCES, "it cannot be opened: check its folder, owner and mode"},
    {SQLITE_CORRUPT, -EBADMSG, "it is damaged: put the newest backup in its place"},
    {SQLITE_NOTADB, -EBADMSG, "it is no store of Hallwatch: choose another file"},
    {SQLITE_CONSTRAINT, -EEXIST, "it would contradict what is stored"},
};

static int fail(struct store_db *db, int code)
{
    const struct fault io = {SQLITE_IOERR, -EIO, "the disk cannot be read or written"};
    const struct fault *f = &io;

    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        if (faults[i].code == code || faults[i].code == (code & 0xff))
            f = &faults[i];
    free(db->error);
    db->error = xasprintf("%s: %s (%s)", db->place, f->sentence,
                          db->sqlite ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(code));
    return f->rc;
}

static const char *sqlite_error(const struct store_db *db)
{
    return db->error ? db->error : "";
}

static int run(struct store_db *db, const char *sql)
{
    int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? 0 : fail(db, code);
}

/* ---- open and close ---- */

static bool sqlite_takes(const char *place)
{
    return !strstr(place, "://");
}

static void sqlite_close(struct store_db *db)
{
    sqlite3_finalize(db->data_version);
    sqlite3_close(db->sqlite);
    free(db->place);
    free(db->error);
    free(db);
}

/* Made by ourselves, so that nobody else can read it from its first byte on. */
static int make_file(const struct store_settings *set)
{
    auto_close int fd = -1;

    if (!set->create || set->read_only)
        return access(set->place, F_OK) ? -errno : 0;
    fd = open(set->place, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : 0;
}

/* SQLite does not wait here as it does elsewhere: processes that make a new store at the
 * same time get in each other's way. */
static int enter_wal(struct store_db *db)
{
    usec_t end = clock_monotonic() + BUSY_MS * USEC_PER_MSEC;
    int rc;

    while ((rc = run(db, "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;"
                         "PRAGMA journal_size_limit = 67108864;")) == -EAGAIN &&
           clock_monotonic() < end)
        usleep(WAL_PAUSE);
    return rc;
}

/* SQLite's own pauses grow to 100 ms, and another may write all the while: who has much
 * to write lets go between two transactions for a moment that this does not oversleep. */
static int wait_for_turn(void *arg, int before)
{
    (void)arg;
    usleep(BUSY_PAUSE);
    return before < BUSY_MOST;
}

/* The first statement that reads the file finds out whether it is one of ours. */
static int settle(struct store_db *db, const struct store_settings *set)
{
    char pragmas[400];
    int rc, code;

    sqlite3_busy_handler(db->sqlite, wait_for_turn, NULL);
    sqlite3_extended_result_codes(db->sqlite, 1);
    snprintf(pragmas, sizeof(pragmas),
             "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON;"
             "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
             "PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000;");
    rc = run(db, pragmas);
    if (rc == 0 && set->create && !set->read_only)
        rc = enter_wal(db);
    if (rc)
        return rc;
    code = sqlite3_prepare_v2(db->sqlite, "PRAGMA data_version", -1, &db->data_version,
                              NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db->sqlite, "SELECT count(*) FROM sqlite_schema", NULL, NULL,
                            NULL);
    return code == SQLITE_OK ? 0 : fail(db, code);
}

static int sqlite_open(const struct store_settings *set, struct store_db **ret_db,
                       char **ret_error)
{
    int flags = set->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int rc = make_file(set), code;
    struct store_db *db;

    if (rc) {
        if (ret_error)
            *ret_error = xasprintf("%s: the store cannot be %s: %s", set->place,
                                   set->create ? "made" : "opened", strerror(-rc));
        return rc;
    }
    db = xcalloc(1, sizeof(*db));
    db->place = xstrdup(set->place);
    /* A count of its memory, which nobody reads, would take a lock at each allocation.
     * From a process's second store on this is refused: it is so already. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    code = sqlite3_open_v2(set->place, &db->sqlite, flags | SQLITE_OPEN_NOMUTEX, NULL);
    rc = code == SQLITE_OK ? settle(db, set) : fail(db, code);
    if (rc) {
        if (ret_error)
            *ret_error = xstrdup(sqlite_error(db));
        sqlite_close(db);
        return rc;
    }
    *ret_db = db;
    return 0;
}

static usec_t sqlite_now(struct store_db *db)
{
    (void)db; /* the file's clock is this machine's */
    return clock_wall();
}

/* ---- transactions ---- */

static int sqlite_begin(struct store_db *db)
{
    return run(db, "BEGIN IMMEDIATE");
}

static int sqlite_commit(struct store_db *db)
{
    return run(db, "COMMIT");
}

static void sqlite_rollback(struct store_db *db)
{
    if (!sqlite3_get_autocommit(db->sqlite)) /* a full disk has undone it already */
        sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

/* data_version tells of the others' commits only, so our own are added. */
static uint64_t sqlite_changes(struct store_db *db)
{
    uint64_t others = 0;

    if (sqlite3_step(db->data_version) == SQLITE_ROW)
        others = (uint64_t)sqlite3_column_int64(db->data_version, 0);
    sqlite3_reset(db->data_version);
    return others << 32 ^ (uint64_t)sqlite3_total_changes64(db->sqlite);
}

/* ---- statements ---- */

/* $2 is the second parameter only if $1 was seen before it: a statement of ours that has
 * them in another order is our mistake. */
static void check_order(sqlite3_stmt *st)
{
    char name[16];

    for (int i = 1; i <= sqlite3_bind_parameter_count(st); i++) {
        snprintf(name, sizeof(name), "$%d", i);
        assert(strcmp(sqlite3_bind_parameter_name(st, i), name) == 0);
    }
}

static int sqlite_prepare(struct store_db *db, const char *sql,
                          struct store_stmt **ret_stmt)
{
    sqlite3_stmt *st = NULL;
    int code =
        sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);

    if (code != SQLITE_OK)
        return fail(db, code);
    check_order(st);
    *ret_stmt = xcalloc(1, sizeof(**ret_stmt));
    **ret_stmt = (struct store_stmt){.db = db, .sqlite = st};
    return 0;
}

static void sqlite_release(struct store_stmt *st)
{
    sqlite3_finalize(st->sqlite);
    free(st);
}

static int bind_one(sqlite3_stmt *st, int pos, const struct store_value *v)
{
    switch (v->type) {
    case STORE_NULL:
        return sqlite3_bind_null(st, pos);
    case STORE_NUMBER:
        return sqlite3_bind_int64(st, pos, v->number);
    case STORE_TEXT:
        return sqlite3_bind_text64(st, pos, v->text.at, v->text.len, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case STORE_BYTES:
        break;
    }
    return sqlite3_bind_blob64(st, pos, v->text.at ? v->text.at : "", v->text.len,
                               SQLITE_STATIC);
}

static int sqlite_bind(struct store_stmt *st, const struct store_value *values,
                       size_t count)
{
    assert((size_t)sqlite3_bind_parameter_count(st->sqlite) == count);
    for (size_t i = 0; i < count; i++) {
        int code = bind_one(st->sqlite, (int)i + 1, &values[i]);

        if (code != SQLITE_OK)
            return fail(st->db, code);
    }
    return 0;
}

static int sqlite_step(struct store_stmt *st)
{
    int code = sqlite3_step(st->sqlite);

    if (code == SQLITE_ROW)
        return 1;
    return code == SQLITE_DONE ? 0 : fail(st->db, code);
}

static struct store_value sqlite_column(const struct store_stmt *st, unsigned i)
{
    int column = (int)i;

    switch (sqlite3_column_type(st->sqlite, column)) {
    case SQLITE_NULL:
        return (struct store_value){.type = STORE_NULL};
    case SQLITE_INTEGER:
        return (struct store_value){.type = STORE_NUMBER,
                                    .number = sqlite3_column_int64(st->sqlite, column)};
    case SQLITE_BLOB:
        return (struct store_value){
            .type = STORE_BYTES,
            .text = {.at = sqlite3_column_blob(st->sqlite, column),
                     .len = (size_t)sqlite3_column_bytes(st->sqlite, column)}};
    default:
        return (struct store_value){
            .type = STORE_TEXT,
            .text = {.at = (const char *)sqlite3_column_text(st->sqlite, column),
                     .len = (size_t)sqlite3_column_bytes(st->sqlite, column)}};
    }
}

static void sqlite_reset(struct store_stmt *st)
{
    sqlite3_reset(st->sqlite);
    sqlite3_clear_bindings(st->sqlite);
}

static uint64_t sqlite_changed(const struct store_db *db)
{
    return (uint64_t)sqlite3_changes64(db->sqlite);
}

static int sqlite_script(struct store_db *db, const char *sql)
{
    return run(db, sql);
}

/* ---- care ---- */

static int sync_file(const char *path)
{
    auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int copy_into(struct store_db *db, const char *path)
{
    sqlite3_stmt *st = NULL;
    int code = sqlite3_prepare_v2(db->sqlite, "VACUUM INTO $1", -1, &st, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(st);
    sqlite3_finalize(st);
    return code == SQLITE_DONE || code == SQLITE_OK ? 0 : fail(db, code);
}

/* Who comes while another process makes the same copy waits for it, and has no work. */
static int claim_copy(int fd, const char *path)
{
    struct stat st;

    if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (access(path, F_OK) == 0)
        return -EEXIST;
    if (st.st_nlink == 0) /* the other one failed */
        return -EAGAIN;
    return ftruncate(fd, 0) < 0 ? -errno : 0;
}

/* Under another name until it is whole; link() never takes the place of a file. */
static int sqlite_backup(struct store_db *db, const char *path)
{
    auto_free char *part = xasprintf("%s.part", path);
    auto_close int fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int rc = claim_copy(fd, path);

    if (rc == 0) {
        rc = copy_into(db, part);
        if (rc)
            goto out; /* and db->error says it better */
        rc = sync_file(part);
    }
    if (rc == 0 && link(part, path) < 0)
        rc = -errno;
    if (rc) {
        free(db->error);
        db->error = xasprintf("%s: the copy cannot be made: %s", path, strerror(-rc));
    }
out:
    unlink(part);
    return rc;
}

/* A row of the check is a sentence, but for "ok". */
static int tell_faults(struct store_db *db, const char *sql, store_fault_fn *fn,
                       void *arg)
{
    sqlite3_stmt *st = NULL;
    int code = sqlite3_prepare_v2(db->sqlite, sql, -1, &st, NULL);

    if (code != SQLITE_OK)
        return fail(db, code);
    while ((code = sqlite3_step(st)) == SQLITE_ROW) {
        const char *words = (const char *)sqlite3_column_text(st, 0);

        if (words && strcmp(words, "ok") != 0)
            fn(words, arg);
    }
    sqlite3_finalize(st);
    return code == SQLITE_DONE ? 0 : fail(db, code);
}

static int sqlite_check(struct store_db *db, store_fault_fn *fn, void *arg)
{
    int rc = tell_faults(db, "PRAGMA integrity_check", fn, arg);

    if (rc)
        return rc;
    return tell_faults(
        db,
        "SELECT 'row ' || rowid || ' of ' || \"table\" || ' speaks of a row"
        " in ' || parent || ' that is not there'"
        " FROM pragma_foreign_key_check",
        fn, arg);
}

static const struct store_word dialect[] = {
    {"serial", "INTEGER PRIMARY KEY"},
    {"key", "UNIQUE (district, id)"},
    {"row_key", "CHECK (id > 0)"},
    {"bytes", "BLOB"},
    {"by_id", "NOT INDEXED"},
    {"update_row", "UPDATE OR FAIL"}, /* else it copies each page before it changes it */
    {"lock", ""},
    {"claim", ""},
    {NULL, NULL},
};

const struct store_driver store_sqlite = {
    .name = "SQLite",
    .takes = sqlite_takes,
    .open = sqlite_open,
    .close = sqlite_close,
    .error = sqlite_error,
    .now = sqlite_now,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .changes = sqlite_changes,
    .prepare = sqlite_prepare,
    .release = sqlite_release,
    .bind = sqlite_bind,
    .step = sqlite_step,
    .column = sqlite_column,
    .reset = sqlite_reset,
    .changed = sqlite_changed,
    .script = sqlite_script,
    .backup = sqlite_backup,
    .check = sqlite_check,
    .dialect = dialect,
};
