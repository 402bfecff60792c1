/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lists.yaml to a compiled file, and what is refused on the way.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "mem.h"

struct fixture {
    char folder[64], yaml[96], out[96], plain[96];
    struct diags *diags;
    size_t left_out;
};

static void write_file(const char *path, const char *text)
{
    auto_fclose FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
}

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.folder = "/tmp/hallwatch-test-XXXXXX", .diags = diags_new()};
    assert_non_null(mkdtemp(f.folder));
    snprintf(f.yaml, sizeof(f.yaml), "%s/lists.yaml", f.folder);
    snprintf(f.out, sizeof(f.out), "%s/out", f.folder);
    snprintf(f.plain, sizeof(f.plain), "%s/plain.txt", f.folder);
    write_file(f.plain, "bad.test\nworse.test\n");
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    diags_free(f->diags);
    unlink(f->yaml);
    unlink(f->out);
    unlink(f->plain);
    rmdir(f->folder);
    return 0;
}

static bool build(struct fixture *f, const char *yaml)
{
    write_file(f->yaml, yaml);
    return list_build(f->yaml, NULL, f->out, &f->left_out, f->diags);
}

static void lists_are_compiled_with_their_kind(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *db = NULL;

    assert_true(build(f, "schema: 1\n"
                         "lists:\n"
                         "  bad: {kind: black, licence: CC0, max_age: 7d, fetched: "
                         "2026-11-01, sources: [{file: plain.txt}]}\n"
                         "  kept: {kind: protected, sources: [{file: plain.txt}, {form: "
                         "ut1, file: adult}]}\n"));
    assert_int_equal(f->left_out, 1);
    assert_int_equal(listdb_open(f->out, &db), 0);
    assert_int_equal(listdb_count(db), 2);
    assert_string_equal(listdb_info(db, 0)->name, "bad");
    assert_int_equal(listdb_info(db, 0)->entries, 2);
    assert_int_equal(listdb_info(db, 0)->max_age, 7 * USEC_PER_DAY);
    assert_int_equal(listdb_info(db, 1)->kind, LIST_PROTECTED);
    assert_true(listdb_protected(db, TEXT("www.bad.test")));
}

static void a_list_that_is_too_short_replaces_nothing(void **state)
{
    struct fixture *f = *state;

    write_file(f->out, "as it was");
    assert_false(build(f, "schema: 1\nlists: {bad: {min_entries: 3, sources: [{file: "
                          "plain.txt}]}}\n"));
    assert_int_equal(diags_errors(f->diags), 1);
    {
        auto_fclose FILE *file = fopen(f->out, "r");
        char text[16] = "";

        assert_non_null(fgets(text, sizeof(text), file));
        assert_string_equal(text, "as it was");
    }
}

static void what_is_no_list_is_refused(void **state)
{
    static const char *const bad[] = {
        "lists: {}",
        "schema: 2\nlists: {}",
        "schema: 1\nlists: [a]",
        "schema: 1\nlists: {a: {}}",
        "schema: 1\nlists: {a: {sources: [{file: missing.txt}]}}",
        "schema: 1\nlists: {a: {kind: grey, sources: [{file: plain.txt}]}}",
        "schema: 1\nlists: {a: {sources: [{form: xml, file: plain.txt}]}}",
        "schema: 1\nlists: {a: {source: [{file: plain.txt}]}}",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct fixture *f = *state;
        size_t errors = diags_errors(f->diags);

        if (build(f, bad[i]) || diags_errors(f->diags) == errors)
            fail_msg("%s is taken", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(lists_are_compiled_with_their_kind),
        WITH_FIXTURE(a_list_that_is_too_short_replaces_nothing),
        WITH_FIXTURE(what_is_no_list_is_refused),
    };

    return cmocka_run_group_tests_name("list_build", tests, NULL, NULL);
}
