/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "collector/store_schema.h"
#include "collector/store_sql.h"

/* ---- open ---- */

static void a_new_store_is_of_the_newest_version(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(store_version(f->s), store_migration_count);
}

static void a_store_is_for_its_owner_only(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    assert_int_equal(stat(f->place, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void what_is_committed_is_there_after_opening_again(void **state)
{
    struct fixture *f = *state;
    auto_free char *value = NULL;

    begin(f);
    assert_int_equal(store_meta_put(f->s, "colour", "green"), 0);
    commit(f);
    store_close(f->s);
    f->s = open_place(f);

    assert_int_equal(store_meta_get(f->s, "colour", &value), 0);
    assert_string_equal(value, "green");
}

static void closing_undoes_what_was_not_committed(void **state)
{
    struct fixture *f = *state;
    char *value = NULL;

    begin(f);
    assert_int_equal(store_meta_put(f->s, "colour", "green"), 0);
    store_close(f->s);
    f->s = open_place(f);

    assert_int_equal(store_meta_get(f->s, "colour", &value), -ENOENT);
}

#define OPENERS 4

/* In a process of its own: opens the store, and does more with it, at the time of all the
 * others. They wait for one another: the pipe ends when the last of them closes it. */
static int at_once(struct fixture *f, const int start[2], int (*then)(struct fixture *f))
{
    char nothing;

    if (then && store_open(&f->settings, &f->s, NULL) != 0)
        return 1;
    close(start[1]);
    if (read(start[0], &nothing, 1) != 0)
        return 1;
    return then ? then(f) : store_open(&f->settings, &f->s, NULL) != 0;
}

/* How many of several processes fail. */
static int open_by_several(struct fixture *f, int (*then)(struct fixture *f))
{
    int failed = 0, status, start[2];

    assert_int_equal(pipe(start), 0);
    for (int i = 0; i < OPENERS; i++)
        if (fork() == 0)
            _exit(at_once(f, start, then));
    close(start[0]);
    close(start[1]);
    for (int i = 0; i < OPENERS; i++)
        failed += wait(&status) < 0 || status != 0;
    return failed;
}

static void several_processes_may_make_it_at_once(void **state)
{
    struct fixture *f = *state;

    store_close(f->s);
    for (int round = 0; round < 25; round++) {
        remove_all(f->folder);
        assert_int_equal(mkdir(f->folder, 0700), 0);
        assert_int_equal(open_by_several(f, NULL), 0);
    }
    f->s = open_place(f);
}

static void refused(struct fixture *f, int expected, const char *words)
{
    auto_free char *error = NULL;
    struct store *s = NULL;

    assert_int_equal(store_open(&f->settings, &s, &error), expected);
    assert_null(s);
    if (!strstr(error, words))
        fail_msg("'%s' is not in: %s", words, error);
}

static void opening_what_is_not_there_says_so(void **state)
{
    struct fixture *f = *state;

    f->settings.place = "/nowhere/store";
    refused(f, -ENOENT, "/nowhere/store: the store cannot be made");
    f->settings.create = false;
    refused(f, -ENOENT, "/nowhere/store: the store cannot be opened");
    f->settings.place = "postgresql://collector@db/hallwatch";
    refused(f, -EPROTONOSUPPORT, "no driver");
}

static void some_other_file_is_no_store(void **state)
{
    struct fixture *f = *state;
    auto_fclose FILE *file = NULL;

    store_close(f->s);
    f->s = NULL;
    file = fopen(f->place, "w");
    assert_non_null(file);
    for (int i = 0; i < 200; i++)
        fputs("Dear parents, the swimming lesson is moved to Tuesday.\n", file);
    fflush(file);

    refused(f, -EBADMSG, "no store of Hallwatch");
}

static void only_who_may_create_it_makes_tables(void **state)
{
    struct fixture *f = *state;
    char path[128];
    auto_close int fd = -1;

    snprintf(path, sizeof(path), "%s/copy", f->folder);
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    f->settings.place = path;
    f->settings.create = false;

    refused(f, -ESTALE, "nothing of Hallwatch in it");
}

/* ---- migrations ---- */

/* One step more than those that the store has behind it. */
static int migrate_by(struct fixture *f, const char *name, const char *sql)
{
    auto_free struct store_migration *steps =
        xcalloc(store_migration_count + 1, sizeof(*steps));

    memcpy(steps, store_migrations, store_migration_count * sizeof(*steps));
    steps[store_migration_count] = (struct store_migration){name, sql};
    return store_migrate(f->s, &f->settings, steps, store_migration_count + 1);
}

static void a_migration_keeps_a_copy_of_the_store_before_it(void **state)
{
    struct fixture *f = *state;
    char copy[128];
    int64_t count = -1;

    assert_int_equal(
        migrate_by(f, "shoes", "CREATE TABLE shoes (id {serial}, size BIGINT);"), 0);
    assert_int_equal(store_version(f->s), store_migration_count + 1);
    assert_int_equal(
        sql_number(f->s, &count, "SELECT count(*) FROM shoes WHERE size > $1", NUM(0)),
        0);
    snprintf(copy, sizeof(copy), "%s.v%zu", f->place, store_migration_count);
    assert_int_equal(access(copy, F_OK), 0);
}

static int migrate(struct fixture *f)
{
    return migrate_by(f, "shoes", "CREATE TABLE shoes (id {serial}, size BIGINT);") != 0;
}

static void several_processes_may_bring_it_up_at_once(void **state)
{
    struct fixture *f = *state;

    store_close(f->s);
    for (int round = 0; round < 25; round++) {
        remove_all(f->folder);
        assert_int_equal(mkdir(f->folder, 0700), 0);
        store_close(open_place(f));
        assert_int_equal(open_by_several(f, migrate), 0);
    }
    remove_all(f->folder);
    assert_int_equal(mkdir(f->folder, 0700), 0);
    f->s = open_place(f);
}

static void a_failed_migration_leaves_the_store_as_it_was(void **state)
{
    struct fixture *f = *state;
    int64_t count = -1;

    assert_int_not_equal(
        migrate_by(f, "hats",
                   "CREATE TABLE hats (id {serial}); CREATE TABLE hats (id {serial});"),
        0);
    assert_non_null(strstr(store_error(f->s), "(hats) failed, the store is as it"));
    assert_int_equal(sql_number(f->s, &count,
                                "SELECT count(*) FROM sqlite_schema WHERE name = $1",
                                STR("hats")),
                     0);
    assert_int_equal(count, 0);

    store_close(f->s);
    f->s = open_place(f);
    assert_int_equal(store_version(f->s), store_migration_count);
}

static void a_newer_store_is_refused(void **state)
{
    struct fixture *f = *state;

    begin(f);
    assert_int_equal(
        sql_do(f->s, "UPDATE meta SET value = $1 WHERE district = ''", STR("99")), 0);
    commit(f);
    refused(f, -ESTALE, "written by a newer Hallwatch (version 99");
}

static void an_old_store_is_only_brought_up_by_who_may(void **state)
{
    struct fixture *f = *state;

    f->settings.create = false;
    assert_int_equal(migrate_by(f, "shoes", "SELECT 1;"), -ESTALE);
    assert_non_null(strstr(store_error(f->s), "start the collector once"));
}

/* ---- transactions ---- */

static void a_failed_write_spoils_the_transaction(void **state)
{
    struct fixture *f = *state;
    char *value = NULL;

    begin(f);
    assert_int_equal(store_meta_put(f->s, "colour", "green"), 0);
    assert_int_equal(store_alert_settle(f->s, 7, ALERT_ALONE, 0), -ESTALE);
    assert_int_equal(
        sql_do(f->s, "INSERT INTO runs (district) VALUES ($1)", STR("lakeside")),
        -EEXIST);
    assert_int_equal(store_meta_put(f->s, "shape", "round"), -EEXIST);
    assert_int_equal(store_commit(f->s), -EEXIST);

    assert_int_equal(store_meta_get(f->s, "colour", &value), -ENOENT);
    begin(f);
    assert_int_equal(store_meta_put(f->s, "colour", "blue"), 0);
    commit(f);
}

static void an_answer_spoils_nothing(void **state)
{
    struct fixture *f = *state;
    struct store_alert a = an_alert(1);
    struct store_incident i;

    begin(f);
    assert_int_equal(store_alert_put(f->s, &a), 0);
    assert_int_equal(store_alert_put(f->s, &a), -EEXIST);
    assert_int_equal(store_incident_get(f->s, 7, &i), -ENOENT);
    assert_string_equal(store_error(f->s), "there is no incident 7");
    commit(f);
}

static void a_commit_of_another_process_is_seen(void **state)
{
    struct fixture *f = *state;
    struct store *other = open_place(f);
    uint64_t before = store_changes(f->s);

    assert_int_equal(store_changes(f->s), before);
    assert_int_equal(store_begin(other), 0);
    assert_int_equal(store_meta_put(other, "colour", "green"), 0);
    assert_int_equal(store_changes(f->s), before);
    assert_int_equal(store_commit(other), 0);
    assert_int_not_equal(store_changes(f->s), before);
    store_close(other);
}

static void ones_own_commit_is_seen_as_well(void **state)
{
    struct fixture *f = *state;
    uint64_t before = store_changes(f->s);

    begin(f);
    assert_int_equal(store_meta_put(f->s, "colour", "green"), 0);
    commit(f);
    assert_int_not_equal(store_changes(f->s), before);
}

static void count_alerts(const struct store_alert *a, void *arg)
{
    (void)a;
    ++*(size_t *)arg;
}

static void districts_do_not_see_each_other(void **state)
{
    struct fixture *f = *state;
    struct store *other;
    struct store_alert a = an_alert(1);
    size_t count = 0;

    begin(f);
    assert_int_equal(store_alert_put(f->s, &a), 0);
    commit(f);
    f->settings.district = "hillside";
    other = open_place(f);

    assert_int_equal(
        store_alert_each(other, &(struct store_alert_filter){0}, count_alerts, &count),
        0);
    assert_int_equal(count, 0);
    assert_int_equal(store_begin(other), 0);
    assert_int_equal(store_alert_put(other, &a), 0);
    assert_int_equal(store_commit(other), 0);
    store_close(other);
}

struct walk {
    struct store *s;
    size_t count;
};

static void walk_again(const struct store_alert *a, void *arg)
{
    struct walk *w = arg;
    int64_t id = a->id;

    assert_int_equal(store_alert_each_new(w->s, 10, count_alerts, &w->count), 0);
    assert_int_equal(a->id, id);
    assert_string_equal(a->agent, "lincoln-1");
}

static void a_statement_may_be_asked_inside_of_itself(void **state)
{
    struct fixture *f = *state;
    struct walk w = {.s = f->s};

    begin(f);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        struct store_alert a = an_alert(seq);

        assert_int_equal(store_alert_put(f->s, &a), 0);
    }
    commit(f);
    assert_int_equal(store_alert_each_new(f->s, 10, walk_again, &w), 0);
    assert_int_equal(w.count, 9);
}

/* ---- care ---- */

static void a_backup_is_a_store_of_its_own(void **state)
{
    struct fixture *f = *state;
    auto_free char *value = NULL;
    char copy[128];
    struct stat st;

    snprintf(copy, sizeof(copy), "%s/copy", f->folder);
    begin(f);
    assert_int_equal(store_meta_put(f->s, "colour", "green"), 0);
    commit(f);
    assert_int_equal(store_backup(f->s, copy), 0);
    assert_int_equal(stat(copy, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    store_close(f->s);
    f->settings.place = copy;
    f->s = open_place(f);
    assert_int_equal(store_meta_get(f->s, "colour", &value), 0);
}

static void a_backup_never_replaces_a_file(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(store_backup(f->s, f->place), -EEXIST);
    assert_int_equal(store_backup(f->s, "/nowhere/copy"), -ENOENT);
    assert_non_null(strstr(store_error(f->s), "/nowhere/copy: the copy cannot be made"));
}

static void remember_fault(const char *sentence, void *arg)
{
    snprintf(arg, 200, "%s", sentence);
}

static void a_sound_store_has_no_faults(void **state)
{
    struct fixture *f = *state;
    char fault[200] = "";

    begin(f);
    a_run(f, an_incident(f));
    commit(f);
    assert_int_equal(store_check(f->s, remember_fault, fault), 0);
    assert_string_equal(fault, "");
}

static void a_row_without_its_parent_is_found(void **state)
{
    struct fixture *f = *state;
    char fault[200] = "";

    begin(f);
    a_run(f, an_incident(f));
    commit(f);
    assert_int_equal(f->s->driver->script(f->s->db, "PRAGMA foreign_keys = OFF;"
                                                    "DELETE FROM incidents;"),
                     0);
    assert_int_equal(store_check(f->s, remember_fault, fault), 0);
    assert_string_equal(fault,
                        "row 1 of runs speaks of a row in incidents that is not there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_new_store_is_of_the_newest_version),
        WITH_FIXTURE(a_store_is_for_its_owner_only),
        WITH_FIXTURE(what_is_committed_is_there_after_opening_again),
        WITH_FIXTURE(several_processes_may_make_it_at_once),
        WITH_FIXTURE(closing_undoes_what_was_not_committed),
        WITH_FIXTURE(opening_what_is_not_there_says_so),
        WITH_FIXTURE(some_other_file_is_no_store),
        WITH_FIXTURE(only_who_may_create_it_makes_tables),
        WITH_FIXTURE(a_migration_keeps_a_copy_of_the_store_before_it),
        WITH_FIXTURE(several_processes_may_bring_it_up_at_once),
        WITH_FIXTURE(a_failed_migration_leaves_the_store_as_it_was),
        WITH_FIXTURE(a_newer_store_is_refused),
        WITH_FIXTURE(an_old_store_is_only_brought_up_by_who_may),
        WITH_FIXTURE(a_failed_write_spoils_the_transaction),
        WITH_FIXTURE(an_answer_spoils_nothing),
        WITH_FIXTURE(a_commit_of_another_process_is_seen),
        WITH_FIXTURE(ones_own_commit_is_seen_as_well),
        WITH_FIXTURE(districts_do_not_see_each_other),
        WITH_FIXTURE(a_statement_may_be_asked_inside_of_itself),
        WITH_FIXTURE(a_backup_is_a_store_of_its_own),
        WITH_FIXTURE(a_backup_never_replaces_a_file),
        WITH_FIXTURE(a_sound_store_has_no_faults),
        WITH_FIXTURE(a_row_without_its_parent_is_found),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
