/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "agent/spool.h"
#include "crypt.h"
#include "mem.h"

#define MIB (UINT64_C(1) << 20)

struct world {
    char folder[64];
    char path[96];
    struct spool *spool;
    usec_t now;
    struct buffer records; /* of the last read */
    struct spool_span span;
};

static int open_again(struct world *w, uint64_t quota)
{
    struct spool_settings set = {.path = w->path, .quota = quota};

    spool_close(w->spool);
    w->spool = NULL;
    return spool_open(&set, &w->spool);
}

static int set_up(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));

    assert_int_equal(crypt_init(), 0);
    snprintf(w->folder, sizeof(w->folder), "%s/spool-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->path, sizeof(w->path), "%s/spool.db", w->folder);
    w->now = USEC_PER_HOUR;
    assert_int_equal(open_again(w, 64 * MIB), 0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const parts[] = {"",         "-wal",         "-shm",
                                        ".damaged", ".damaged-wal", ".damaged-shm"};
    struct world *w = *state;

    spool_close(w->spool);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        auto_free char *file = xasprintf("%s%s", w->path, parts[i]);

        unlink(file);
    }
    rmdir(w->folder);
    buffer_done(&w->records);
    free(w);
    return 0;
}

static int append(struct world *w, enum wire_stream stream, const char *document)
{
    return spool_append(w->spool, stream, document, strlen(document), w->now);
}

static void append_many(struct world *w, enum wire_stream stream, unsigned count,
                        size_t len)
{
    auto_free char *document = xcalloc(1, len + 1);

    memset(document, 'x', len);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(spool_append(w->spool, stream, document, len, w->now), 0);
}

static int read_from(struct world *w, enum wire_stream stream, uint64_t from)
{
    w->records.len = 0;
    return spool_read(w->spool, stream, from, &w->records, &w->span);
}

/* The i-th record of the last read. */
static struct wire_record record(struct world *w, unsigned i)
{
    struct cur c = cur_over(w->records.at, w->records.len);
    struct wire_record r = {0};
    uint64_t seq = w->span.first;

    for (unsigned n = 0; n <= i; n++)
        assert_int_equal(wire_record_next(&c, &seq, &r), 0);
    return r;
}

static void assert_document(struct world *w, unsigned i, uint64_t seq, const char *text)
{
    struct wire_record r = record(w, i);

    assert_int_equal(r.kind, WIRE_DOCUMENT);
    assert_int_equal(r.first, seq);
    assert_int_equal(r.len, strlen(text));
    assert_memory_equal(r.bytes, text, r.len);
}

static void assert_loss(struct world *w, unsigned i, uint64_t first, uint64_t last,
                        enum wire_loss why)
{
    struct wire_record r = record(w, i);

    assert_int_equal(r.kind, WIRE_LOST);
    assert_int_equal(r.first, first);
    assert_int_equal(r.last, last);
    assert_int_equal(r.loss, why);
}

static void commit(struct world *w)
{
    assert_int_equal(spool_commit(w->spool, w->now), 0);
}

/* Reads a stream to its end: every number once, documents and lost ones counted. */
static void walk(struct world *w, enum wire_stream stream, uint64_t *ret_documents,
                 uint64_t *ret_lost)
{
    uint64_t seq = spool_oldest(w->spool, stream);

    *ret_documents = *ret_lost = 0;
    while (read_from(w, stream, seq) == 0) {
        assert_int_equal(w->span.first, seq);
        for (unsigned i = 0; i < w->span.count; i++) {
            struct wire_record r = record(w, i);

            assert_int_equal(r.first, seq);
            *(r.kind == WIRE_LOST ? ret_lost : ret_documents) += r.last - r.first + 1;
            seq = r.last + 1;
        }
        assert_int_equal(w->span.last, seq - 1);
    }
    assert_int_equal(seq, spool_newest(w->spool, stream) + 1);
}

/* ------------------------------------------------------------------ the usual way */

static void what_was_committed_can_be_read_and_nothing_else(void **state)
{
    struct world *w = *state;

    assert_int_equal(append(w, WIRE_ALERTS, "one"), 0);
    assert_int_equal(append(w, WIRE_ALERTS, "two"), 0);
    assert_int_equal(read_from(w, WIRE_ALERTS, 1), -ENOENT);
    assert_int_equal(spool_newest(w->spool, WIRE_ALERTS), 0);
    commit(w);
    assert_int_equal(append(w, WIRE_ALERTS, "three"), 0);
    assert_int_equal(read_from(w, WIRE_ALERTS, 1), 0);
    assert_int_equal(w->span.first, 1);
    assert_int_equal(w->span.last, 2);
    assert_int_equal(w->span.count, 2);
    assert_document(w, 0, 1, "one");
    assert_document(w, 1, 2, "two");
    assert_int_equal(read_from(w, WIRE_ALERTS, 3), -ENOENT);
    assert_int_equal(read_from(w, WIRE_HEALTH, 1), -ENOENT);
}

static void an_alert_is_committed_within_50_ms_and_others_within_500(void **state)
{
    struct world *w = *state;

    assert_true(spool_due(w->spool) == SPOOL_NEVER);
    append(w, WIRE_USAGE, "u");
    assert_true(spool_due(w->spool) == w->now + 500 * USEC_PER_MSEC);
    append(w, WIRE_ALERTS, "a");
    assert_true(spool_due(w->spool) == w->now + 10 * USEC_PER_MSEC);
    assert_int_equal(spool_tick(w->spool, w->now + 9 * USEC_PER_MSEC), 0);
    assert_int_equal(spool_newest(w->spool, WIRE_ALERTS), 0);
    assert_int_equal(spool_tick(w->spool, w->now + 10 * USEC_PER_MSEC), 0);
    assert_int_equal(spool_newest(w->spool, WIRE_ALERTS), 1);
    assert_int_equal(spool_newest(w->spool, WIRE_USAGE), 1);
    assert_true(spool_due(w->spool) == SPOOL_NEVER);
}

static void a_full_batch_is_committed_at_once(void **state)
{
    struct world *w = *state;

    append_many(w, WIRE_ALERTS, 64, 1024);
    assert_true(spool_due(w->spool) == w->now);
}

static void numbers_go_on_where_they_were(void **state)
{
    struct world *w = *state;
    uint64_t epoch = spool_epoch(w->spool);

    append(w, WIRE_ALERTS, "one");
    append(w, WIRE_ALERTS, "two"); /* committed by closing */
    assert_int_equal(open_again(w, 64 * MIB), 0);
    assert_true(spool_epoch(w->spool) == epoch);
    assert_int_equal(spool_newest(w->spool, WIRE_ALERTS), 2);
    spool_ack(w->spool, WIRE_ALERTS, 2, w->now);
    assert_int_equal(open_again(w, 64 * MIB), 0);
    assert_int_equal(spool_oldest(w->spool, WIRE_ALERTS), 3);
    append(w, WIRE_ALERTS, "three");
    commit(w);
    assert_int_equal(read_from(w, WIRE_ALERTS, 3), 0);
    assert_document(w, 0, 3, "three");
}

static void what_was_acknowledged_goes(void **state)
{
    struct world *w = *state;

    append(w, WIRE_ALERTS, "one");
    commit(w);
    append(w, WIRE_ALERTS, "two");
    append(w, WIRE_ALERTS, "three");
    commit(w);
    spool_ack(w->spool, WIRE_ALERTS, 2, w->now);
    assert_true(spool_due(w->spool) == w->now + USEC_PER_SEC);
    assert_int_equal(spool_oldest(w->spool, WIRE_ALERTS), 3);
    commit(w);
    assert_int_equal(read_from(w, WIRE_ALERTS, 1), 0);
    assert_loss(w, 0, 1, 1, WIRE_LOSS_DAMAGED); /* nobody asks for that any more */
    assert_int_equal(read_from(w, WIRE_ALERTS, 3), 0);
    assert_int_equal(w->span.first, 2); /* a block is not cut */
    assert_document(w, 1, 3, "three");
    spool_ack(w->spool, WIRE_ALERTS, 99, w->now);
    commit(w);
    assert_int_equal(spool_oldest(w->spool, WIRE_ALERTS), 4);
    assert_int_equal(spool_counts(w->spool)->streams[WIRE_ALERTS].bytes, 0);
}

static void small_commits_travel_together_up_to_64_kib(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < 100; i++) {
        append_many(w, WIRE_ALERTS, 1, 995);
        commit(w);
    }
    assert_int_equal(read_from(w, WIRE_ALERTS, 1), 0);
    assert_int_equal(w->span.count, 65);
    assert_int_equal(w->records.len, 65 * 1000);
    assert_int_equal(read_from(w, WIRE_ALERTS, 66), 0);
    assert_int_equal(w->span.count, 35);
}

static void a_long_record_goes_alone(void **state)
{
    struct world *w = *state;

    append(w, WIRE_EVIDENCE, "short");
    append_many(w, WIRE_EVIDENCE, 1, WIRE_RECORD_MAX);
    append(w, WIRE_EVIDENCE, "short");
    commit(w);
    assert_int_equal(read_from(w, WIRE_EVIDENCE, 1), 0);
    assert_int_equal(w->span.last, 1);
    assert_int_equal(read_from(w, WIRE_EVIDENCE, 2), 0);
    assert_int_equal(w->span.count, 1);
    assert_int_equal(w->records.len, WIRE_RECORD_MAX + WIRE_RECORD_HEAD);
    assert_int_equal(read_from(w, WIRE_EVIDENCE, 3), 0);
    assert_document(w, 0, 3, "short");
}

static void a_clock_that_jumps_back_changes_no_order(void **state)
{
    struct world *w = *state;

    append(w, WIRE_ALERTS, "one");
    w->now -= USEC_PER_HOUR / 2;
    append(w, WIRE_ALERTS, "two");
    assert_int_equal(spool_tick(w->spool, w->now + 10 * USEC_PER_MSEC), 0);
    assert_int_equal(read_from(w, WIRE_ALERTS, 1), 0);
    assert_document(w, 0, 1, "one");
    assert_document(w, 1, 2, "two");
}

static void a_new_epoch_keeps_the_records(void **state)
{
    struct world *w = *state;
    uint64_t epoch = spool_epoch(w->spool);

    append(w, WIRE_ALERTS, "one");
    commit(w);
    assert_int_equal(spool_renew(w->spool), 0);
    assert_true(spool_epoch(w->spool) != epoch);
    epoch = spool_epoch(w->spool);
    assert_int_equal(open_again(w, 64 * MIB), 0);
    assert_true(spool_epoch(w->spool) == epoch);
    assert_int_equal(read_from(w, WIRE_ALERTS, 1), 0);
    assert_document(w, 0, 1, "one");
}

static void one_process_has_the_spool_for_itself_alone(void **state)
{
    struct world *w = *state;
    struct spool_settings set = {.path = w->path, .quota = MIB};
    struct spool *second;

    assert_int_equal(spool_open(&set, &second), -EBUSY);
}

static void only_its_owner_can_read_the_file(void **state)
{
    struct world *w = *state;
    struct stat st;

    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_spool_of_a_later_version_is_left_alone(void **state)
{
    struct world *w = *state;
    sqlite3 *db;

    spool_close(w->spool);
    w->spool = NULL;
    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 2", NULL, NULL, NULL), 0);
    sqlite3_close(db);
    assert_int_equal(open_again(w, MIB), -EPROTONOSUPPORT);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    struct spool_settings set = {.path = "/nowhere/at/all/spool.db", .quota = MIB};
    struct spool *spool;

    (void)state;
    assert_int_equal(spool_open(&set, &spool), -ENOENT);
}

/* ------------------------------------------------------------------ too much */

static void the_lowest_class_goes_first_and_its_oldest(void **state)
{
    struct world *w = *state;
    uint64_t documents, lost;

    assert_int_equal(open_again(w, MIB), 0);
    for (unsigned i = 0; i < 10; i++) {
        append_many(w, WIRE_ALERTS, 32, 1000);
        append_many(w, WIRE_USAGE, 64, 1000);
        append_many(w, WIRE_EVIDENCE, 64, 1000);
        commit(w);
    }
    walk(w, WIRE_ALERTS, &documents, &lost);
    assert_int_equal(documents, 320);
    assert_int_equal(lost, 0);
    walk(w, WIRE_USAGE, &documents, &lost);
    assert_int_equal(documents, 640);
    walk(w, WIRE_EVIDENCE, &documents, &lost);
    assert_int_equal(documents + lost, 640);
    assert_true(lost > 500 && documents > 0);
    assert_int_equal(spool_counts(w->spool)->streams[WIRE_EVIDENCE].lost, lost);
    assert_int_equal(read_from(w, WIRE_EVIDENCE, 1), 0);
    assert_loss(w, 0, 1, lost, WIRE_LOSS_QUOTA); /* one, however often it happened */
}

static void open_with_evidence(struct world *w, uint64_t evidence_quota)
{
    struct spool_settings set = {
        .path = w->path, .quota = 8 * MIB, .evidence_quota = evidence_quota};

    spool_close(w->spool);
    w->spool = NULL;
    assert_int_equal(spool_open(&set, &w->spool), 0);
}

/* Its own share, however much room there is. */
static void evidence_pushes_out_evidence_and_nothing_else(void **state)
{
    struct world *w = *state;
    uint64_t documents, lost;

    open_with_evidence(w, MIB);
    append_many(w, WIRE_ALERTS, 100, 1000);
    append_many(w, WIRE_USAGE, 100, 1000);
    for (unsigned i = 0; i < 30; i++) {
        append_many(w, WIRE_EVIDENCE, 1, 128 << 10);
        commit(w);
        assert_true(spool_counts(w->spool)->streams[WIRE_EVIDENCE].bytes <=
                    MIB + (129 << 10));
    }
    walk(w, WIRE_ALERTS, &documents, &lost);
    assert_int_equal(documents, 100);
    assert_int_equal(lost, 0);
    walk(w, WIRE_USAGE, &documents, &lost);
    assert_int_equal(documents, 100);
    assert_int_equal(lost, 0);
    walk(w, WIRE_EVIDENCE, &documents, &lost);
    assert_int_equal(documents + lost, 30);
    assert_in_range(documents, 6, 8);
    assert_int_equal(spool_counts(w->spool)->streams[WIRE_EVIDENCE].lost, lost);
    assert_int_equal(read_from(w, WIRE_EVIDENCE, 1), 0);
    assert_loss(w, 0, 1, lost, WIRE_LOSS_QUOTA); /* that is what the collector is told */
}

static void alerts_go_only_when_nothing_else_is_left(void **state)
{
    struct world *w = *state;
    uint64_t documents, lost;

    assert_int_equal(open_again(w, MIB), 0);
    append_many(w, WIRE_HEALTH, 100, 1000);
    commit(w);
    append_many(w, WIRE_ALERTS, 1500, 1000);
    commit(w);
    walk(w, WIRE_HEALTH, &documents, &lost);
    assert_int_equal(lost, 100);
    walk(w, WIRE_ALERTS, &documents, &lost);
    assert_int_equal(documents + lost, 1500);
    assert_true(documents > 900 && documents <= 1048);
    append_many(w, WIRE_EVIDENCE, 100, 1000); /* no room for what matters less */
    commit(w);
    walk(w, WIRE_EVIDENCE, &documents, &lost);
    assert_true(lost > 0);
    assert_true(spool_counts(w->spool)->streams[WIRE_ALERTS].bytes < MIB);
}

static void what_was_acknowledged_is_not_counted_as_lost(void **state)
{
    struct world *w = *state;

    assert_int_equal(open_again(w, MIB), 0);
    append_many(w, WIRE_ALERTS, 60, 1000);
    commit(w);
    spool_ack(w->spool, WIRE_ALERTS, 20, w->now);
    append_many(w, WIRE_ALERTS, 1040, 1000);
    commit(w);
    assert_int_equal(spool_counts(w->spool)->streams[WIRE_ALERTS].lost, 40);
}

static void what_is_too_long_has_a_number_and_is_lost(void **state)
{
    struct world *w = *state;
    auto_free char *document = xcalloc(1, WIRE_RECORD_MAX + 1);

    append(w, WIRE_ALERTS, "one");
    assert_int_equal(
        spool_append(w->spool, WIRE_ALERTS, document, WIRE_RECORD_MAX + 1, w->now),
        -EMSGSIZE);
    append(w, WIRE_ALERTS, "three");
    commit(w);
    assert_int_equal(read_from(w, WIRE_ALERTS, 1), 0);
    assert_document(w, 0, 1, "one");
    assert_loss(w, 1, 2, 2, WIRE_LOSS_LONG);
    assert_document(w, 2, 3, "three");
    assert_int_equal(spool_counts(w->spool)->streams[WIRE_ALERTS].lost, 1);
}

/* ------------------------------------------------------------------ a full disk */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_loses_nothing_that_fits_into_memory(void **state)
{
    struct world *w = *state;
    uint64_t documents, lost, full_at;

    signal(SIGXFSZ, SIG_IGN);
    limit_files(MIB);
    for (full_at = 0; spool_commit(w->spool, w->now) == 0; full_at += 10)
        append_many(w, WIRE_ALERTS, 10, 1000);
    assert_true(full_at > 50 && full_at < 1000);
    assert_true(spool_counts(w->spool)->failing < 0);
    assert_true(spool_due(w->spool) == w->now + USEC_PER_SEC);
    append_many(w, WIRE_ALERTS, 500, 1000);
    assert_true(spool_tick(w->spool, w->now + USEC_PER_SEC) < 0);

    limit_files(RLIM_INFINITY);
    assert_int_equal(spool_tick(w->spool, w->now + 2 * USEC_PER_SEC), 0);
    walk(w, WIRE_ALERTS, &documents, &lost);
    assert_int_equal(documents, full_at + 500);
    assert_int_equal(lost, 0);
}

static void beyond_that_what_is_lost_is_counted_and_numbered(void **state)
{
    struct world *w = *state;
    auto_free char *document = xcalloc(1, 1000);
    uint64_t documents, lost, refused = 0, all = 0;

    signal(SIGXFSZ, SIG_IGN);
    limit_files(MIB);
    for (; all < 3000; all++) {
        int r = spool_append(w->spool, WIRE_ALERTS, document, 1000, w->now);

        if (r == -ENOSPC)
            refused++;
        else
            assert_int_equal(r, 0);
    }
    assert_true(refused > 1000);
    limit_files(RLIM_INFINITY);
    assert_int_equal(spool_commit(w->spool, w->now), 0);
    append_many(w, WIRE_ALERTS, 1, 1000);
    commit(w);
    walk(w, WIRE_ALERTS, &documents, &lost);
    assert_int_equal(documents, all + 1 - refused);
    assert_int_equal(lost, refused);
    assert_int_equal(spool_counts(w->spool)->streams[WIRE_ALERTS].lost, refused);
    assert_int_equal(spool_counts(w->spool)->failing, 0);
}

/* ------------------------------------------------------------------ damage */

static void overwrite(const char *path, off_t from, size_t len)
{
    auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);
    auto_free char *rubbish = xmalloc(len);

    memset(rubbish, 0x5a, len);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, rubbish, len, from), (ssize_t)len);
}

static void a_damaged_file_is_moved_aside_and_a_new_one_begun(void **state)
{
    struct world *w = *state;
    uint64_t epoch = spool_epoch(w->spool);
    auto_free char *aside = xasprintf("%s.damaged", w->path);

    append_many(w, WIRE_ALERTS, 100, 1000);
    spool_close(w->spool);
    w->spool = NULL;
    overwrite(w->path, 100, 30000);
    assert_int_equal(open_again(w, MIB), 0);
    assert_int_equal(spool_counts(w->spool)->damaged, 1);
    assert_true(spool_epoch(w->spool) != epoch);
    assert_int_equal(spool_newest(w->spool, WIRE_ALERTS), 0);
    assert_int_equal(access(aside, F_OK), 0);
    append(w, WIRE_ALERTS, "one");
    commit(w);
    assert_int_equal(read_from(w, WIRE_ALERTS, 1), 0);
}

static void a_file_that_never_was_a_spool_is_moved_aside(void **state)
{
    struct world *w = *state;

    spool_close(w->spool);
    w->spool = NULL;
    overwrite(w->path, 0, 100);
    assert_int_equal(open_again(w, MIB), 0);
    assert_int_equal(spool_counts(w->spool)->damaged, 1);
}

static void a_block_that_is_not_what_was_written_becomes_a_loss(void **state)
{
    struct world *w = *state;
    sqlite3 *db;

    append(w, WIRE_ALERTS, "one");
    commit(w);
    append(w, WIRE_ALERTS, "two");
    append(w, WIRE_ALERTS, "three");
    commit(w);
    append(w, WIRE_ALERTS, "four");
    spool_close(w->spool);
    w->spool = NULL;
    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "UPDATE block SET bytes = zeroblob(length(bytes)) "
                                  "WHERE id & 255 = 2",
                                  NULL, NULL, NULL),
                     0);
    sqlite3_close(db);
    assert_int_equal(open_again(w, MIB), 0);
    assert_int_equal(read_from(w, WIRE_ALERTS, 1), 0);
    assert_document(w, 0, 1, "one");
    assert_loss(w, 1, 2, 3, WIRE_LOSS_DAMAGED);
    assert_document(w, 2, 4, "four");
}

/* The file closed, changed and opened again. */
static void change(struct world *w, const char *sql)
{
    sqlite3 *db;

    spool_close(w->spool);
    w->spool = NULL;
    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), 0);
    sqlite3_close(db);
    assert_int_equal(open_again(w, MIB), 0);
}

static void append_four(struct world *w)
{
    append(w, WIRE_ALERTS, "one");
    commit(w);
    append(w, WIRE_ALERTS, "two");
    append(w, WIRE_ALERTS, "three");
    commit(w);
    append(w, WIRE_ALERTS, "four");
    commit(w);
}

static void a_block_is_what_its_bytes_say(void **state)
{
    static const char *const changes[] = {
        "UPDATE block SET last = last + 64 WHERE id & 255 = 2",
        "UPDATE block SET last = last - 1 WHERE id & 255 = 2",
        "UPDATE block SET last = -last",
        "UPDATE block SET count = count + 128 WHERE id & 255 = 2",
        "UPDATE block SET count = 0",
        "UPDATE block SET lost = 1",
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        uint64_t documents, lost;

        append_four(w);
        change(w, changes[i]);
        walk(w, WIRE_ALERTS, &documents, &lost);
        assert_int_equal(documents, 4);
        assert_int_equal(lost, 0);
        assert_int_equal(read_from(w, WIRE_ALERTS, 1), 0);
        assert_document(w, 2, 3, "three");
        spool_ack(w->spool, WIRE_ALERTS, 2, w->now);
        commit(w);
        assert_int_equal(read_from(w, WIRE_ALERTS, 3), 0);
        assert_document(w, 1, 3, "three");
        spool_ack(w->spool, WIRE_ALERTS, 4, w->now);
        commit(w);
        assert_int_equal(spool_counts(w->spool)->streams[WIRE_ALERTS].bytes, 0);
        change(w, "DELETE FROM block; DELETE FROM stream");
    }
}

static void the_last_block_is_lost_like_any_other(void **state)
{
    struct world *w = *state;

    append_four(w);
    change(w, "UPDATE block SET bytes = zeroblob(20), last = 77 WHERE id & 255 = 4");
    assert_int_equal(read_from(w, WIRE_ALERTS, 1), 0);
    assert_int_equal(w->span.last, 3);
    assert_int_equal(read_from(w, WIRE_ALERTS, 4), 0);
    assert_loss(w, 0, 4, 4, WIRE_LOSS_DAMAGED);
    assert_int_equal(w->span.last, 4);
    assert_int_equal(read_from(w, WIRE_ALERTS, 5), -ENOENT);
}

static void a_damaged_block_that_makes_room_is_counted_for_what_it_was(void **state)
{
    static const char *const changes[] = {
        "UPDATE block SET last = last + 1000000 WHERE id & 255 = 1",
        "UPDATE block SET last = 0 WHERE id & 255 = 1",
        "UPDATE block SET lost = 3 WHERE id & 255 = 1",
        "UPDATE block SET bytes = zeroblob(60005), last = 5000 WHERE id & 255 = 1",
    };

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct world *w = *state;
        uint64_t documents, lost;

        append_many(w, WIRE_ALERTS, 17, 60000);
        change(w, changes[i]);
        append_many(w, WIRE_ALERTS, 4, 60000);
        commit(w);
        assert_int_equal(spool_newest(w->spool, WIRE_ALERTS), 21);
        walk(w, WIRE_ALERTS, &documents, &lost);
        assert_int_equal(documents + lost, 21);
        assert_int_equal(spool_counts(w->spool)->streams[WIRE_ALERTS].lost, lost);
        spool_ack(w->spool, WIRE_ALERTS, 21, w->now);
        change(w, "DELETE FROM block; DELETE FROM stream");
    }
}

static void numbers_that_cannot_be_are_damage(void **state)
{
    static const char *const changes[] = {
        "UPDATE stream SET next = 2", "UPDATE stream SET next = -1",
        "UPDATE stream SET acked = 100", "UPDATE stream SET acked = -1"};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        append_four(w);
        change(w, changes[i]);
        assert_int_equal(spool_counts(w->spool)->damaged, 1);
        assert_int_equal(append(w, WIRE_ALERTS, "after"), 0);
        commit(w);
        assert_int_equal(read_from(w, WIRE_ALERTS, 1), 0);
        assert_document(w, 0, 1, "after");
        change(w, "DELETE FROM block; DELETE FROM stream");
    }
}

static void rows_that_vanished_become_a_loss(void **state)
{
    struct world *w = *state;
    sqlite3 *db;

    append(w, WIRE_ALERTS, "one");
    commit(w);
    append(w, WIRE_ALERTS, "two");
    spool_close(w->spool);
    w->spool = NULL;
    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "DELETE FROM block WHERE id & 255 = 2", NULL, NULL, NULL), 0);
    sqlite3_close(db);
    assert_int_equal(open_again(w, MIB), 0);
    assert_int_equal(read_from(w, WIRE_ALERTS, 2), 0);
    assert_loss(w, 0, 2, 2, WIRE_LOSS_DAMAGED);
}

static void damage_while_it_runs_begins_a_new_spool_with_the_loss(void **state)
{
    struct world *w = *state;
    uint64_t epoch, documents, lost;

    append_many(w, WIRE_ALERTS, 20000, 1000); /* more than SQLite keeps in memory */
    assert_int_equal(open_again(w, 64 * MIB), 0);
    epoch = spool_epoch(w->spool);
    overwrite(w->path, 8192, 19 * MIB);
    append(w, WIRE_ALERTS, "after");
    for (uint64_t seq = 1; spool_epoch(w->spool) == epoch && seq < 20000; seq += 60)
        read_from(w, WIRE_ALERTS, seq);
    assert_true(spool_epoch(w->spool) != epoch);
    assert_in_range(spool_waiting(w->spool, WIRE_ALERTS), 1, 20001);
    commit(w);
    assert_int_equal(spool_waiting(w->spool, WIRE_ALERTS), 0);
    walk(w, WIRE_ALERTS, &documents, &lost);
    assert_int_equal(documents, 1);
    assert_int_equal(lost, 20000);
    assert_int_equal(spool_counts(w->spool)->damaged, 1);
}

static void damage_on_a_full_disk_is_got_over_when_there_is_room(void **state)
{
    struct world *w = *state;
    auto_free char *aside = xasprintf("%s.damaged", w->path);
    uint64_t documents, lost;
    struct stat st;

    append_many(w, WIRE_ALERTS, 20000, 1000);
    assert_int_equal(open_again(w, 64 * MIB), 0);
    overwrite(w->path, 8192, 19 * MIB);
    signal(SIGXFSZ, SIG_IGN);
    limit_files(1000); /* no new file either */
    for (uint64_t seq = 1; spool_counts(w->spool)->damaged == 0 && seq < 20000; seq += 60)
        read_from(w, WIRE_ALERTS, seq);
    assert_int_equal(append(w, WIRE_ALERTS, "meanwhile"), 0);
    for (unsigned i = 0; i < 3; i++)
        assert_true(spool_commit(w->spool, w->now) < 0);
    assert_int_equal(spool_waiting(w->spool, WIRE_ALERTS), 1);
    limit_files(RLIM_INFINITY);
    commit(w);
    assert_int_equal(spool_waiting(w->spool, WIRE_ALERTS), 0);
    walk(w, WIRE_ALERTS, &documents, &lost);
    assert_int_equal(documents, 1);
    assert_int_equal(lost, 20000);
    assert_int_equal(stat(aside, &st), 0);
    assert_true((uint64_t)st.st_size >
                19 * MIB); /* the one to look into, not what followed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(what_was_committed_can_be_read_and_nothing_else),
        WITH_FIXTURE(an_alert_is_committed_within_50_ms_and_others_within_500),
        WITH_FIXTURE(a_full_batch_is_committed_at_once),
        WITH_FIXTURE(numbers_go_on_where_they_were),
        WITH_FIXTURE(what_was_acknowledged_goes),
        WITH_FIXTURE(small_commits_travel_together_up_to_64_kib),
        WITH_FIXTURE(a_long_record_goes_alone),
        WITH_FIXTURE(a_clock_that_jumps_back_changes_no_order),
        WITH_FIXTURE(a_new_epoch_keeps_the_records),
        WITH_FIXTURE(one_process_has_the_spool_for_itself_alone),
        WITH_FIXTURE(only_its_owner_can_read_the_file),
        WITH_FIXTURE(a_spool_of_a_later_version_is_left_alone),
        WITH_FIXTURE(a_folder_that_is_not_there_is_told),
        WITH_FIXTURE(the_lowest_class_goes_first_and_its_oldest),
        WITH_FIXTURE(evidence_pushes_out_evidence_and_nothing_else),
        WITH_FIXTURE(alerts_go_only_when_nothing_else_is_left),
        WITH_FIXTURE(what_was_acknowledged_is_not_counted_as_lost),
        WITH_FIXTURE(what_is_too_long_has_a_number_and_is_lost),
        WITH_FIXTURE(a_full_disk_loses_nothing_that_fits_into_memory),
        WITH_FIXTURE(beyond_that_what_is_lost_is_counted_and_numbered),
        WITH_FIXTURE(a_damaged_file_is_moved_aside_and_a_new_one_begun),
        WITH_FIXTURE(a_file_that_never_was_a_spool_is_moved_aside),
        WITH_FIXTURE(a_block_that_is_not_what_was_written_becomes_a_loss),
        WITH_FIXTURE(a_block_is_what_its_bytes_say),
        WITH_FIXTURE(the_last_block_is_lost_like_any_other),
        WITH_FIXTURE(a_damaged_block_that_makes_room_is_counted_for_what_it_was),
        WITH_FIXTURE(numbers_that_cannot_be_are_damage),
        WITH_FIXTURE(rows_that_vanished_become_a_loss),
        WITH_FIXTURE(damage_while_it_runs_begins_a_new_spool_with_the_loss),
        WITH_FIXTURE(damage_on_a_full_disk_is_got_over_when_there_is_room),
    };

    return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
