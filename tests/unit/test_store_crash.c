/* SPDX-License-Identifier: Apache-2.0 */
/* What is left when a process is killed, the disk is full, or several write at once. */
#include "store_fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "collector/store_agent.h"
#include "collector/store_sql.h"
#include "collector/store_task.h"
#include "collector/store_wish.h"

#define EPOCH 7
#define BATCH 20

/* The child has its own connection: SQLite's must not be carried over a fork. */
static struct store *open_in_child(struct fixture *f)
{
    struct store *s = NULL;

    if (store_open(&f->settings, &s, NULL) != 0)
        _exit(9);
    return s;
}

/* A batch as the intake writes it: alerts and cursor, one transaction. */
static int put_batch(struct store *s, uint64_t from, const char *agent)
{
    int rc = store_begin(s);

    for (uint64_t seq = from + 1; rc == 0 && seq <= from + BATCH; seq++) {
        struct store_alert a = an_alert(seq);

        a.agent = agent;
        a.epoch = EPOCH;
        rc = store_alert_put(s, &a);
    }
    if (rc == 0)
        rc = store_cursor_move(s, agent, EPOCH, 1, from, from + BATCH);
    return rc;
}

static void count_alert(const struct store_alert *a, void *arg)
{
    (void)a;
    ++*(uint64_t *)arg;
}

static uint64_t alerts_in(struct store *s)
{
    uint64_t count = 0;

    assert_int_equal(store_alert_each(s, &(struct store_alert_filter){.limit = 10000},
                                      count_alert, &count),
                     0);
    return count;
}

static uint64_t cursor_of(struct store *s, const char *agent)
{
    uint64_t seq = 0;
    int rc = store_cursor_get(s, agent, EPOCH, 1, &seq);

    assert_true(rc == 0 || rc == -ENOENT);
    return seq;
}

static void tell(int fd)
{
    if (write(fd, "x", 1) != 1)
        _exit(8);
}

/* Batches without end; a byte to the parent after each commit and, when half, within. */
static void write_batches(struct fixture *f, int fd, bool half)
{
    struct store *s = open_in_child(f);

    for (uint64_t from = cursor_of(s, "a"); put_batch(s, from, "a") == 0; from += BATCH) {
        if (half)
            tell(fd);
        if (store_commit(s) != 0)
            _exit(7);
        if (!half)
            tell(fd);
    }
    _exit(6);
}

/* Kills a writing child after so many bytes from it. */
static void kill_writer_after(struct fixture *f, unsigned bytes, bool half)
{
    int fds[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        write_batches(f, fds[1], half);
    }
    close(fds[1]);
    for (unsigned i = 0; i < bytes; i++)
        assert_int_equal(read(fds[0], &byte, 1), 1);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(fds[0]);
}

static void nothing_is_half_after_a_kill(void **state)
{
    struct fixture *f = *state;
    uint64_t sure = 0;

    for (unsigned round = 1; round <= 12; round++) {
        bool half = round % 2;

        store_close(f->s);
        f->s = NULL;
        kill_writer_after(f, round, half);
        f->s = open_place(f);
        sure += half ? (round - 1) * BATCH : round * BATCH;
        assert_int_equal(alerts_in(f->s), cursor_of(f->s, "a"));
        assert_int_equal(cursor_of(f->s, "a") % BATCH, 0);
        assert_true(cursor_of(f->s, "a") >= sure);
        sure = cursor_of(f->s, "a");
    }
}

static void remember_fault(const char *sentence, void *arg)
{
    (void)arg;
    fail_msg("%s", sentence);
}

static void a_store_is_sound_after_a_kill(void **state)
{
    struct fixture *f = *state;

    store_close(f->s);
    f->s = NULL;
    kill_writer_after(f, 5, true);
    f->s = open_place(f);
    assert_int_equal(store_check(f->s, remember_fault, NULL), 0);
}

static void others_write_on_when_a_writer_is_killed(void **state)
{
    struct fixture *f = *state;

    kill_writer_after(f, 3, true);
    assert_int_equal(put_batch(f->s, 0, "b"), 0);
    commit(f);
    assert_int_equal(cursor_of(f->s, "b"), BATCH);
}

/* ---- the engine's round ---- */

/* Consumes the run's start and writes what comes of it, then waits to be killed. */
static void play_round(struct fixture *f, int fd, bool commit_it)
{
    struct store *s = open_in_child(f);
    struct store_task t = {.incident = 1, .step = "a", .key = "a", .title = "x"};
    struct store_wish w = {
        .incident = 1, .step = "a", .action = "mail", .key = "1/a", .payload = "{}"};
    struct store_run r;

    if (store_begin(s) || store_run_claim(s, "engine", USEC_PER_SEC, &r))
        _exit(7);
    t.run = w.run = r.id;
    if (store_input_consume(s, 1) || store_task_open(s, &t, NULL) ||
        store_wish_put(s, &w, NULL) ||
        store_run_save(s, r.id, "engine", "{\"n\":2}", RUN_ACTIVE))
        _exit(6);
    if (commit_it && store_commit(s))
        _exit(5);
    tell(fd);
    for (;;)
        pause();
}

static void kill_engine(struct fixture *f, bool commit_it)
{
    int fds[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    if (pid == 0)
        play_round(f, fds[1], commit_it);
    close(fds[1]);
    assert_int_equal(read(fds[0], &byte, 1), 1);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(fds[0]);
}

static void see_task(const struct store_task *t, void *arg)
{
    (void)t;
    ++*(size_t *)arg;
}

static void see_input(const struct store_input *i, void *arg)
{
    (void)i;
    ++*(size_t *)arg;
}

static void check_round(struct fixture *f, bool done)
{
    size_t tasks = 0, inputs = 0;
    usec_t time = 0;
    struct store_run r;

    assert_int_equal(
        store_task_each(f->s, &(struct store_task_filter){0}, see_task, &tasks), 0);
    assert_int_equal(store_input_each(f->s, 1, 9, see_input, &inputs), 0);
    assert_int_equal(store_run_get(f->s, 1, &r), 0);
    assert_int_equal(tasks, done);
    assert_int_equal(inputs, !done);
    assert_int_equal(store_wish_next(f->s, &time), done ? 0 : -ENOENT);
    assert_string_equal(r.state, done ? "{\"n\":2}" : "{\"step\":\"page\"}");
    assert_string_equal(r.holder, "");
    store_run_done(&r);
}

static void a_round_of_a_killed_engine_is_done_or_not_begun(void **state)
{
    struct fixture *f = *state;

    begin(f);
    a_run(f, an_incident(f));
    commit(f);
    kill_engine(f, false);
    check_round(f, false);
    kill_engine(f, true);
    check_round(f, true);
}

/* ---- several at once ---- */

static void write_some(struct fixture *f, const char *agent, unsigned batches)
{
    struct store *s = open_in_child(f);

    for (uint64_t i = 0; i < batches; i++)
        if (put_batch(s, i * BATCH, agent) != 0 || store_commit(s) != 0)
            _exit(1);
    store_close(s);
    _exit(0);
}

static void three_processes_write_and_none_loses_anything(void **state)
{
    static const char *const agents[] = {"a", "b", "c"};
    struct fixture *f = *state;
    pid_t pids[3];
    int status;

    store_close(f->s);
    f->s = NULL;
    for (size_t i = 0; i < 3; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            write_some(f, agents[i], 15);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    f->s = open_place(f);
    assert_int_equal(alerts_in(f->s), 3 * 15 * BATCH);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(cursor_of(f->s, agents[i]), 15 * BATCH);
}

/* ---- a full disk ---- */

/* No room for one more page: what SQLite says on a disk that is full. */
static void a_store_without_room_takes_no_more_and_keeps_what_it_has(void **state)
{
    struct fixture *f = *state;
    uint64_t from = 0;
    int rc = 0;

    assert_int_equal(f->s->driver->script(f->s->db, "PRAGMA max_page_count = 120"), 0);
    while (rc == 0 && from < 10000) {
        rc = put_batch(f->s, from, "a");
        if (rc == 0)
            rc = store_commit(f->s);
        if (rc == 0)
            from += BATCH;
    }
    assert_int_equal(rc, -ENOSPC);
    assert_non_null(strstr(store_error(f->s), "the disk is full: make room"));
    assert_int_equal(store_commit(f->s), -ENOSPC);
    assert_true(from > 0);
    assert_int_equal(cursor_of(f->s, "a"), from);
    assert_int_equal(alerts_in(f->s), from);
    assert_int_equal(f->s->driver->script(f->s->db, "PRAGMA max_page_count = 9999"), 0);
    assert_int_equal(put_batch(f->s, from, "a"), 0);
    commit(f);
}

/* With no room for a larger file: writes until it can't, and says how that was. */
static void fill_the_disk(struct fixture *f)
{
    const struct rlimit little = {.rlim_cur = 512 << 10, .rlim_max = RLIM_INFINITY};
    const struct rlimit much = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    struct store *s = open_in_child(f);
    uint64_t from = 0;
    int rc = 0;

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &little);
    while (rc == 0 && from < 100000) {
        rc = put_batch(s, from, "a");
        if (rc != 0)
            store_rollback(s);
        else
            rc = store_commit(s);
        if (rc == 0)
            from += BATCH;
    }
    if (rc != -ENOSPC || !strstr(store_error(s), "the disk is full: make room"))
        _exit(1);
    if (cursor_of(s, "a") != from || alerts_in(s) != (from < 10000 ? from : 10000))
        _exit(2);
    setrlimit(RLIMIT_FSIZE, &much);
    if (put_batch(s, from, "a") != 0 || store_commit(s) != 0)
        _exit(3);
    _exit(from > 0 ? 0 : 4);
}

static void a_full_disk_is_a_sentence_and_loses_nothing(void **state)
{
    struct fixture *f = *state;
    uint64_t cursor;
    int status;
    pid_t pid;

    store_close(f->s);
    f->s = NULL;
    pid = fork();
    if (pid == 0)
        fill_the_disk(f);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    f->s = open_place(f);
    cursor = cursor_of(f->s, "a");
    assert_int_equal(alerts_in(f->s), cursor < 10000 ? cursor : 10000);
    assert_int_equal(store_check(f->s, remember_fault, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(nothing_is_half_after_a_kill),
        WITH_FIXTURE(a_store_is_sound_after_a_kill),
        WITH_FIXTURE(others_write_on_when_a_writer_is_killed),
        WITH_FIXTURE(a_round_of_a_killed_engine_is_done_or_not_begun),
        WITH_FIXTURE(three_processes_write_and_none_loses_anything),
        WITH_FIXTURE(a_store_without_room_takes_no_more_and_keeps_what_it_has),
        WITH_FIXTURE(a_full_disk_is_a_sentence_and_loses_nothing),
    };

    return cmocka_run_group_tests_name("store_crash", tests, NULL, NULL);
}
