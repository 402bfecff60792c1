/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's home of SQLite. WAL with synchronous=FULL: a commit that returned is on the
 * disk. The file is locked for this process alone, so that no two agents feed one spool.
 *
 * The checksum of a block is that of its bytes, so only they say what is in it: the
 * columns last, count and lost are for who looks into the file. Where the bytes are
 * damaged, a block goes on to the next one.
 */
#include "spool_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "crc32c.h"
#include "crypt.h"
#include "mem.h"

#define SCHEMA        1
#define SEQ_BITS      56
#define CHECKED_PAGES 8192 /* 64 MiB */

enum sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_INSERT,
    SQL_READ,
    SQL_FORGET,
    SQL_EAT,
    SQL_OLDEST,
    SQL_STREAM,
    SQL_EPOCH,
    SQL_LOAD,
    SQL_COUNT
};

static const char *const statements[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_INSERT] = "INSERT INTO block (id, last, count, lost, crc, bytes) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    /* ?1 first key of the stream, ?2 the wanted one, ?3 the stream's last key */
    [SQL_READ] = "SELECT id, crc, bytes FROM block WHERE id BETWEEN "
                 "coalesce((SELECT max(id) FROM block WHERE id BETWEEN ?1 AND ?2), ?2) "
                 "AND ?3 ORDER BY id",
    /* ?1 first key of the stream, ?2 that of what stays at least, ?3 what goes at least
     */
    [SQL_FORGET] = "DELETE FROM block WHERE id >= ?1 AND id < max(?3, coalesce((SELECT "
                   "max(id) FROM block WHERE id BETWEEN ?1 AND ?2), ?1)) "
                   "RETURNING length(bytes)",
    [SQL_EAT] = "DELETE FROM block WHERE id = (SELECT min(id) FROM block "
                "WHERE id BETWEEN ?1 AND ?2) RETURNING id, crc, bytes",
    [SQL_OLDEST] = "SELECT min(id) FROM block WHERE id BETWEEN ?1 AND ?2",
    [SQL_STREAM] =
        "INSERT OR REPLACE INTO stream (stream, next, acked) VALUES (?1, ?2, ?3)",
    [SQL_EPOCH] = "UPDATE spool SET epoch = ?1",
    [SQL_LOAD] =
        "SELECT coalesce((SELECT next FROM stream WHERE stream = ?1), 1), "
        "coalesce((SELECT acked FROM stream WHERE stream = ?1), 0), "
        "total(length(bytes) + ?4), max(id) FROM block WHERE id BETWEEN ?2 AND ?3",
};

static const char schema[] =
    "BEGIN;"
    "CREATE TABLE spool (epoch INTEGER NOT NULL);"
    "CREATE TABLE stream (stream INTEGER PRIMARY KEY, next INTEGER NOT NULL,"
    "                     acked INTEGER NOT NULL);"
    "CREATE TABLE block (id INTEGER PRIMARY KEY, last INTEGER NOT NULL,"
    "                    count INTEGER NOT NULL, lost INTEGER NOT NULL,"
    "                    crc INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "INSERT INTO spool VALUES (0);"
    "PRAGMA user_version = 1;"
    "COMMIT;";

struct spool_file {
    sqlite3 *db;
    sqlite3_stmt *sql[SQL_COUNT];
};

static int error_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT: /* a block is there already that is to be written */
        return -EUCLEAN;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return -EACCES;
    default:
        return -EIO;
    }
}

static int exec(struct spool_file *f, const char *sql)
{
    return error_of(sqlite3_exec(f->db, sql, NULL, NULL, NULL));
}

static sqlite3_stmt *bind(struct spool_file *f, enum sql which, const uint64_t *values,
                          int count)
{
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(f->sql[which], i + 1, (sqlite3_int64)values[i]);
    return f->sql[which];
}

static uint64_t column(sqlite3_stmt *st, int i)
{
    return (uint64_t)sqlite3_column_int64(st, i);
}

/* Runs a statement that has no rows. */
static int run(struct spool_file *f, enum sql which)
{
    sqlite3_step(f->sql[which]);
    return error_of(sqlite3_reset(f->sql[which]));
}

#define BIND(f, which, ...)                         \
    bind(f, which, (const uint64_t[]){__VA_ARGS__}, \
         sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static uint64_t key_of(unsigned stream, uint64_t seq)
{
    return (uint64_t)stream << SEQ_BITS | seq;
}

static uint64_t seq_of(uint64_t key)
{
    return key & ((UINT64_C(1) << SEQ_BITS) - 1);
}

static uint64_t last_key_of(unsigned stream)
{
    return key_of(stream + 1, 0) - 1;
}

/* ------------------------------------------------------------------ opening */

/* The answer of a query that has one row; -EUCLEAN when it hasn't. */
static int ask(struct spool_file *f, const char *sql, uint64_t *ret_number, bool *ret_ok)
{
    sqlite3_stmt *st = NULL;
    int r = error_of(sqlite3_prepare_v2(f->db, sql, -1, &st, NULL));
    const char *text;

    if (r == 0)
        r = sqlite3_step(st) == SQLITE_ROW ? 0 : error_of(sqlite3_reset(st)) ?: -EUCLEAN;
    if (r == 0) {
        text = (const char *)sqlite3_column_text(st, 0);
        *ret_ok = text && strcmp(text, "ok") == 0;
        *ret_number = column(st, 0);
    }
    sqlite3_finalize(st);
    return r;
}

/* A large file is not read through before anything can be said: what is damaged in it is
 * found when it is read, by SQLite or by a block's checksum. */
static int check(struct spool_file *f)
{
    uint64_t pages = 0, number;
    bool ok;
    int r = ask(f, "PRAGMA page_count", &pages, &ok);

    if (r == 0 && pages < CHECKED_PAGES)
        r = ask(f, "PRAGMA quick_check(1)", &number, &ok);
    else
        ok = true;
    return r == 0 && !ok ? -EUCLEAN : r;
}

static int prepare(struct spool_file *f)
{
    int r = 0;

    for (unsigned i = 0; i < SQL_COUNT && r == 0; i++)
        r = error_of(sqlite3_prepare_v3(f->db, statements[i], -1,
                                        SQLITE_PREPARE_PERSISTENT, &f->sql[i], NULL));
    return r;
}

int spool_file_renew(struct spool_file *f, uint64_t *ret_epoch)
{
    uint64_t epoch = 0;
    int r;

    while (epoch == 0)
        crypt_random(&epoch, sizeof(epoch));
    (void)BIND(f, SQL_EPOCH, epoch);
    r = run(f, SQL_EPOCH);
    if (r == 0)
        *ret_epoch = epoch;
    return r;
}

static int load_stream(struct spool_file *f, unsigned stream, struct spool_stream *at)
{
    sqlite3_stmt *st = BIND(f, SQL_LOAD, stream, key_of(stream, 0), last_key_of(stream),
                            SPOOL_BLOCK_COST);
    uint64_t newest = 0;
    int r;

    if (sqlite3_step(st) == SQLITE_ROW) {
        *at = (struct spool_stream){
            .next = column(st, 0), .acked = column(st, 1), .bytes = column(st, 2)};
        newest = seq_of(column(st, 3));
    }
    r = error_of(sqlite3_reset(st));
    if (r == 0 && (at->next >> SEQ_BITS || at->acked >= at->next || newest >= at->next))
        return -EUCLEAN;
    return r;
}

static int load(struct spool_file *f, uint64_t *ret_epoch,
                struct spool_stream ret_streams[WIRE_STREAMS])
{
    bool ok;
    int r = ask(f, "SELECT epoch FROM spool", ret_epoch, &ok);

    if (r == 0 && *ret_epoch == 0)
        r = spool_file_renew(f, ret_epoch);
    for (unsigned stream = 1; stream < WIRE_STREAMS && r == 0; stream++)
        r = load_stream(f, stream, &ret_streams[stream]);
    return r;
}

/* Made by us and not by SQLite, for its mode. */
static int make_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

static int set_up(struct spool_file *f)
{
    uint64_t version = 0;
    bool ok;
    int r = exec(f, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = 8192;"
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                    "PRAGMA journal_size_limit = 16777216; PRAGMA cell_size_check = ON;"
                    "BEGIN EXCLUSIVE; COMMIT");

    if (r == 0)
        r = check(f);
    if (r == 0)
        r = ask(f, "PRAGMA user_version", &version, &ok);
    if (r == 0 && version > SCHEMA)
        return -EPROTONOSUPPORT;
    if (r == 0 && version == 0)
        r = exec(f, schema);
    return r < 0 ? r : prepare(f);
}

int spool_file_open(const char *path, uint64_t *ret_epoch,
                    struct spool_stream ret_streams[WIRE_STREAMS],
                    struct spool_file **ret_file)
{
    struct spool_file *f;
    int r = make_file(path);

    if (r < 0)
        return r;
    f = xcalloc(1, sizeof(*f));
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS,
                   0); /* a count that nobody reads, and its lock */
    r = error_of(
        sqlite3_open_v2(path, &f->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
    if (r == 0)
        r = set_up(f);
    if (r == 0)
        r = load(f, ret_epoch, ret_streams);
    if (r < 0) {
        spool_file_close(f);
        return r;
    }
    *ret_file = f;
    return 0;
}

void spool_file_close(struct spool_file *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(f->sql[i]);
    sqlite3_close(f->db);
    free(f);
}

/* ------------------------------------------------------------------ writing */

int spool_file_begin(struct spool_file *f)
{
    return run(f, SQL_BEGIN);
}

int spool_file_commit(struct spool_file *f)
{
    return run(f, SQL_COMMIT);
}

void spool_file_rollback(struct spool_file *f)
{
    if (!sqlite3_get_autocommit(f->db))
        run(f, SQL_ROLLBACK);
}

int spool_file_insert(struct spool_file *f, unsigned stream, const struct block *b)
{
    sqlite3_stmt *st = BIND(f, SQL_INSERT, key_of(stream, b->first), b->last, b->count,
                            b->lost, crc32c(0, b->bytes.at, b->bytes.len));
    int r;

    sqlite3_bind_blob64(st, 6, b->bytes.at, b->bytes.len, SQLITE_STATIC);
    r = run(f, SQL_INSERT);
    sqlite3_clear_bindings(st);
    return r;
}

int spool_file_put_stream(struct spool_file *f, unsigned stream,
                          const struct spool_stream *at)
{
    (void)BIND(f, SQL_STREAM, stream, at->next, at->acked);
    return run(f, SQL_STREAM);
}

int spool_file_forget(struct spool_file *f, unsigned stream, uint64_t acked,
                      uint64_t newest, uint64_t *ret_freed)
{
    uint64_t all = acked < newest ? 0 : key_of(stream, acked + 1);
    sqlite3_stmt *st =
        BIND(f, SQL_FORGET, key_of(stream, 0), key_of(stream, acked + 1), all);
    uint64_t freed = 0;
    int r;

    while (sqlite3_step(st) == SQLITE_ROW)
        freed += column(st, 0) + SPOOL_BLOCK_COST;
    r = error_of(sqlite3_reset(st));
    if (r == 0)
        *ret_freed = freed;
    return r;
}

/* ------------------------------------------------------------------ rows */

/* Counts what is in it. False: there is nothing, or what no block holds. */
static bool look_into(struct spool_row *row)
{
    struct cur c = cur_over(row->bytes, row->len);
    struct wire_record record = {0};
    uint64_t seq = row->first;

    for (; cur_left(&c) > 0; row->count++)
        if (wire_record_next(&c, &seq, &record) < 0)
            return false;
    row->last = seq - 1;
    row->lost = record.kind == WIRE_LOST ? record.loss : 0;
    return row->count > 0;
}

/* The columns are id, crc and bytes. */
static struct spool_row row_of(sqlite3_stmt *st)
{
    struct spool_row row = {.first = seq_of(column(st, 0)),
                            .bytes = sqlite3_column_blob(st, 2),
                            .len = (size_t)sqlite3_column_bytes(st, 2)};

    row.damaged = crc32c(0, row.bytes, row.len) != column(st, 1) || !look_into(&row);
    return row;
}

/* The number before the oldest block's first. */
static int before_oldest(struct spool_file *f, unsigned stream, uint64_t newest,
                         uint64_t *ret_seq)
{
    sqlite3_stmt *st = BIND(f, SQL_OLDEST, key_of(stream, 0), last_key_of(stream));
    bool some =
        sqlite3_step(st) == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL;

    *ret_seq = some ? seq_of(column(st, 0)) - 1 : newest;
    return error_of(sqlite3_reset(st));
}

int spool_file_eat(struct spool_file *f, unsigned stream, uint64_t newest,
                   struct block *ret_block, uint64_t *ret_freed)
{
    sqlite3_stmt *st = BIND(f, SQL_EAT, key_of(stream, 0), last_key_of(stream));
    struct spool_row row;
    int r;

    if (sqlite3_step(st) != SQLITE_ROW) {
        r = error_of(sqlite3_reset(st));
        return r < 0 ? r : -ENOENT;
    }
    row = row_of(st);
    r = error_of(sqlite3_reset(st));
    if (r == 0 && row.damaged)
        r = before_oldest(f, stream, newest, &row.last);
    if (r < 0)
        return r;
    *ret_block = (struct block){
        .first = row.first, .last = row.last, .lost = row.damaged ? 0 : row.lost};
    *ret_freed = row.len + SPOOL_BLOCK_COST;
    return 0;
}

/* ------------------------------------------------------------------ reading */

int spool_file_read(struct spool_file *f, unsigned stream, uint64_t from,
                    spool_row_fn *fn, void *arg)
{
    sqlite3_stmt *st =
        BIND(f, SQL_READ, key_of(stream, 0), key_of(stream, from), last_key_of(stream));

    while (sqlite3_step(st) == SQLITE_ROW) {
        struct spool_row row = row_of(st);

        if (!fn(&row, arg))
            break;
    }
    return error_of(sqlite3_reset(st));
}
