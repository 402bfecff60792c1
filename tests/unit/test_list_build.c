/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lists.yaml to a compiled file, and what is refused on the way.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "mem.h"

struct fixture {
    char folder[64], yaml[96], out[96], plain[96], kept[96];
    struct diags *diags;
    struct list_built built;
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
    snprintf(f.kept, sizeof(f.kept), "%s/out.d", f.folder);
    write_file(f.plain, "bad.test\nworse.test\n");
    *state = &f;
    return 0;
}

static void unlink_in(const struct fixture *f, const char *name)
{
    auto_free char *path = xasprintf("%s/%s", f->folder, name);

    unlink(path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    diags_free(f->diags);
    unlink(f->yaml);
    unlink(f->out);
    unlink(f->plain);
    unlink_in(f, "out.d/bad");
    unlink_in(f, "out.d/good");
    unlink_in(f, "out.d/kept");
    unlink_in(f, "nets.txt");
    rmdir(f->kept);
    return rmdir(f->folder); /* fails when something else was left there */
}

static bool build(struct fixture *f, const char *yaml)
{
    write_file(f->yaml, yaml);
    return list_build(
        &(struct list_build){.yaml = f->yaml, .out = f->out, .kept = f->kept}, &f->built,
        f->diags);
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
    assert_int_equal(f->built.left_out, 1);
    assert_int_equal(listdb_open(f->out, &db), 0);
    assert_int_equal(listdb_count(db), 2);
    assert_string_equal(listdb_info(db, 0)->name, "bad");
    assert_int_equal(listdb_info(db, 0)->entries, 2);
    assert_int_equal(listdb_info(db, 0)->max_age, 7 * USEC_PER_DAY);
    assert_int_equal(listdb_info(db, 1)->kind, LIST_PROTECTED);
    assert_true(listdb_protected(db, TEXT("www.bad.test")));
}

static void every_type_is_compiled(void **state)
{
    struct fixture *f = *state;
    auto_free char *nets = xasprintf("%s/nets.txt", f->folder);
    auto_listdb struct listdb *db = NULL;
    struct addr a;

    write_file(nets, "# drop list\n192.0.2.0/24 ; SBL1\n2001:db8::/32\n192.0.2.1/24\n");
    assert_true(build(f, "schema: 1\n"
                         "lists:\n"
                         "  bad: {type: cidr, on_stale: disable, except: [good], "
                         "sources: [{file: nets.txt}]}\n"
                         "  good: {type: ip, sources: [{file: plain.txt}]}\n"));
    assert_int_equal(diags_warnings(f->diags), 3); /* one network, two names */
    assert_int_equal(listdb_open(f->out, &db), 0);
    assert_int_equal(listdb_info(db, 0)->entries, 2);
    assert_int_equal(listdb_info(db, 0)->type, LIST_CIDR);
    assert_int_equal(listdb_info(db, 0)->on_stale, LIST_STALE_DISABLE);
    assert_int_equal(listdb_info(db, 0)->except.bits[0], 2);
    addr_parse("192.0.2.77", &a);
    assert_int_equal(listdb_query_addr(db, &a).bits[0], 1);
}

static void names_to_look_like_come_in_every_form_and_have_exceptions(void **state)
{
    struct fixture *f = *state;
    auto_free char *names = xasprintf("%s/nets.txt", f->folder);
    auto_listdb struct listdb *db = NULL;

    write_file(names, "0.0.0.0 lincoln.example\n0.0.0.0 portal.lincoln.example\n");
    assert_true(build(f, "schema: 1\n"
                         "lists:\n"
                         "  bad: {type: lookalike, except: [good], "
                         "sources: [{form: hosts, file: nets.txt}]}\n"
                         "  good: {sources: [{file: plain.txt}]}\n"));
    assert_int_equal(listdb_open(f->out, &db), 0);
    assert_int_equal(listdb_info(db, 0)->entries, 2);
    assert_int_equal(listdb_info(db, 0)->type, LIST_LOOKALIKE);
    assert_int_equal(listdb_judge_alike(db, TEXT("linco1n.example")).bits[0], 1);
}

static void names_that_nobody_could_be_taken_for_are_told_with_their_line(void **state)
{
    struct fixture *f = *state;
    auto_free char *names = xasprintf("%s/nets.txt", f->folder), *faults = NULL;
    auto_listdb struct listdb *db = NULL;

    write_file(names, "lincoln.example\nlocalhost\n192.0.2.1\nco.uk\nprinter.local\n");
    assert_true(build(f,
                      "schema: 1\n"
                      "lists: {bad: {type: lookalike, sources: [{file: nets.txt}]}}\n"));
    assert_int_equal(diags_warnings(f->diags), 4);
    faults = diags_text(f->diags);
    assert_non_null(strstr(faults,
                           "nets.txt:4:1: warning[W0422]: \"co.uk\" is no host name "
                           "that can be registered; the line is left out"));
    assert_int_equal(listdb_open(f->out, &db), 0);
    assert_int_equal(listdb_info(db, 0)->entries, 1);
}

static void a_list_is_as_old_as_what_was_fetched_for_it(void **state)
{
    static const struct timespec old[2] = {{.tv_sec = 1700000000},
                                           {.tv_sec = 1700000000}};
    static const struct timespec older[2] = {{.tv_sec = 1600000000},
                                             {.tv_sec = 1600000000}};
    struct fixture *f = *state;
    auto_free char *nets = xasprintf("%s/nets.txt", f->folder);
    auto_listdb struct listdb *db = NULL;

    write_file(nets, "192.0.2.0/24\n");
    write_file(f->plain, "192.0.2.1\n");
    utimensat(AT_FDCWD, f->plain, old, 0);
    utimensat(AT_FDCWD, nets, older, 0);
    assert_true(
        build(f, "schema: 1\n"
                 "lists:\n"
                 "  bad: {type: cidr, max_age: 7d, sources: [{file: nets.txt}, {file: "
                 "plain.txt}]}\n"
                 "  good: {type: cidr, max_age: 7d, sources: [{file: nets.txt, kept: "
                 "2026-11-01}, {file: plain.txt}]}\n"
                 "  kept: {type: cidr, max_age: 7d, sources: [{file: nets.txt, kept: "
                 "2026-11-01}]}\n"));
    assert_int_equal(listdb_open(f->out, &db), 0);
    assert_int_equal(listdb_info(db, 0)->fetched, 1600000000 * USEC_PER_SEC);
    assert_int_equal(listdb_info(db, 1)->fetched, 1700000000 * USEC_PER_SEC);
    assert_int_equal(listdb_info(db, 1)->max_age, 7 * USEC_PER_DAY);
    assert_int_equal(listdb_info(db, 2)->fetched, 1793491200 * USEC_PER_SEC);
    assert_int_equal(listdb_info(db, 2)->max_age, 0); /* by hand: never stale */
}

/* ---- what happens to sources ---- */

static const char bad_list[] =
    "schema: 1\nlists: {bad: {min_entries: 2, sources: [{file: "
    "plain.txt}]}, good: {sources: [{form: %s, file: "
    "plain.txt%s}]}}\n";

static bool build_both(struct fixture *f, const char *form, const char *more)
{
    auto_free char *yaml = xasprintf(bad_list, form, more);

    return build(f, yaml);
}

static uint64_t lists_of(const struct fixture *f, const char *name)
{
    auto_listdb struct listdb *db = NULL;

    assert_int_equal(listdb_open(f->out, &db), 0);
    return listdb_query(db, text_of(name)).bits[0];
}

static void nothing_that_happens_to_a_source_empties_a_list(void **state)
{
    static const char *const contents[] = {
        "", "one.test\n", "<html>\n<p>\nno page\nhere is\nnot one\nyou want\n", NULL};
    struct fixture *f = *state;
    usec_t before = 1700000000 * USEC_PER_SEC;
    struct timespec times[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};

    utimensat(AT_FDCWD, f->plain, times, 0);
    assert_true(build_both(f, "plain", ""));
    assert_int_equal(f->built.kept, 0);
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        auto_listdb struct listdb *db = NULL;

        unlink(f->plain);
        if (contents[i])
            write_file(f->plain, contents[i]);
        if (!build_both(f, "plain", ""))
            fail_msg("the build fails with \"%s\"", contents[i] ? contents[i] : "");
        assert_int_equal(f->built.kept, i == 1 ? 1 : 2);
        assert_int_equal(lists_of(f, "www.bad.test") & 1, 1);
        assert_int_equal(lists_of(f, "www.worse.test") & 1, 1);
        assert_int_equal(lists_of(f, "one.test"), i == 0 ? 0 : 2);
        assert_int_equal(listdb_open(f->out, &db), 0);
        assert_int_equal(listdb_info(db, 0)->fetched, before); /* its age is true */
    }
    assert_int_equal(diags_errors(f->diags), 0);
}

static void a_table_without_its_column_empties_no_list(void **state)
{
    struct fixture *f = *state;

    assert_true(build_both(f, "csv", ""));
    assert_true(build_both(f, "csv", ", column: domain"));
    assert_int_equal(f->built.kept, 1);
    assert_int_equal(lists_of(f, "bad.test"), 3);
}

static void a_list_is_emptied_by_who_says_so(void **state)
{
    struct fixture *f = *state;

    assert_true(build_both(f, "plain", ""));
    write_file(f->plain, "");
    assert_true(build(f, "schema: 1\nlists: {bad: {min_entries: 0, sources: [{file: "
                         "plain.txt}]}}\n"));
    assert_int_equal(f->built.kept, 0);
    assert_int_equal(lists_of(f, "bad.test"), 0);
}

static void a_list_of_another_type_is_not_taken_for_the_one_before(void **state)
{
    struct fixture *f = *state;

    assert_true(build_both(f, "plain", ""));
    write_file(f->plain, "");
    assert_false(build(f, "schema: 1\nlists: {bad: {type: cidr, min_entries: 2, sources: "
                          "[{file: plain.txt}]}}\n"));
    assert_int_equal(lists_of(f, "bad.test"), 3); /* the file is as it was */
}

static void a_list_with_too_many_bad_lines_is_refused(void **state)
{
    struct fixture *f = *state;
    auto_free char *told = NULL;

    write_file(f->plain, "a.test\nb.test\nc d\nc d\nc d\nc d\nc d\nc d\nc d\n");
    assert_false(build_both(f, "plain", ""));
    told = diags_text(f->diags);
    assert_non_null(strstr(told, "error[E0423]: 7 of 9 lines cannot be used"));
    assert_non_null(strstr(told, "plain.txt:3:1: warning[W0422]"));
    assert_non_null(strstr(told, "2 more lines are left out"));
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
        "schema: 1\nlists: {a: {type: port, sources: [{file: plain.txt}]}}",
        "schema: 1\nlists: {a: {type: ip, sources: [{form: rpz, file: plain.txt}]}}",
        "schema: 1\nlists: {a: {on_stale: x, sources: [{file: plain.txt}]}}",
        "schema: 1\nlists: {a: {except: [b], sources: [{file: plain.txt}]}}",
        "schema: 1\nlists: {a: {except: [a], sources: [{file: plain.txt}]}}",
        "schema: 1\nlists: {a: {except: [b], sources: [{file: plain.txt}]}, b: {type: "
        "ip, min_entries: 0, sources: []}}",
        "schema: 1\nlists: {a: {type: lookalike, kind: white, sources: [{file: "
        "plain.txt}]}}",
        "schema: 1\nlists: {a: {type: lookalike, except: [b], sources: [{file: "
        "plain.txt}]}, b: {type: lookalike, sources: [{file: plain.txt}]}}",
        "schema: 1\nlists: {a: {except: [b], sources: [{file: plain.txt}]}, b: {type: "
        "lookalike, sources: [{file: plain.txt}]}}",
        "schema: 1\nlists: {../a: {sources: [{file: plain.txt}]}}",
        "schema: 1\nlists: {}\ndownloads: {a: {from: x}}",
        "schema: 1\nlists: {}\ndownloads: {a: {from: x, file: /etc/x}}",
        "schema: 1\nlists: {}\ndownloads: {a: {from: x, file: a/../../x}}",
        "schema: 1\nlists: {}\ndownloads: {a: {from: x, file: x, folder: y}}",
        "schema: 1\nlists: {}\ndownloads: {a: {from: x, file: x, sha256: 12}}",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct fixture *f = *state;
        size_t errors = diags_errors(f->diags);

        if (build(f, bad[i]) || diags_errors(f->diags) == errors)
            fail_msg("%s is taken", bad[i]);
    }
}

/* ---- one source of several ---- */

static const char two_sources[] =
    "schema: 1\nlists: {bad: {%ssources: [{file: plain.txt, kept: 2026-11-01}, "
    "{form: ut1, file: gambling%s}]}}\n";

static char *path_in(const struct fixture *f, const char *name)
{
    return xasprintf("%s/%s", f->folder, name);
}

static void write_category(const struct fixture *f, unsigned names)
{
    auto_free char *folder = path_in(f, "ut1"), *category = path_in(f, "ut1/gambling");
    auto_free char *path = path_in(f, "ut1/gambling/domains");
    auto_fclose FILE *file = NULL;

    mkdir(folder, 0755);
    mkdir(category, 0755);
    file = fopen(path, "w");
    assert_non_null(file);
    for (unsigned i = 0; i < names; i++)
        fprintf(file, "casino%u.test\n", i);
}

static void drop_category(const struct fixture *f)
{
    auto_free char *folder = path_in(f, "ut1"), *category = path_in(f, "ut1/gambling");

    unlink_in(f, "ut1/gambling/domains");
    unlink_in(f, "ut1/gambling.txt");
    rmdir(category);
    rmdir(folder);
}

static bool build_ut1(struct fixture *f, const char *list, const char *source)
{
    auto_free char *yaml = xasprintf(two_sources, list, source);
    auto_free char *ut1 = path_in(f, "ut1");

    write_file(f->yaml, yaml);
    return list_build(
        &(struct list_build){.yaml = f->yaml, .out = f->out, .kept = f->kept, .ut1 = ut1},
        &f->built, f->diags);
}

static uint64_t entries(const struct fixture *f)
{
    auto_listdb struct listdb *db = NULL;

    assert_int_equal(listdb_open(f->out, &db), 0);
    return listdb_info(db, 0)->entries;
}

static void one_source_that_is_empty_or_cut_off_leaves_the_list_as_it_was(void **state)
{
    static const unsigned names[] = {0, 1, 149};
    struct fixture *f = *state;
    auto_free char *told = NULL;

    write_category(f, 300);
    assert_true(build_ut1(f, "", ""));
    assert_int_equal(entries(f), 302);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        write_category(f, names[i]);
        assert_true(build_ut1(f, "", ""));
        assert_int_equal(f->built.kept, 1);
        assert_int_equal(entries(f), 302);
    }
    drop_category(f);
    assert_true(build_ut1(f, "", ""));
    assert_int_equal(f->built.kept, 1);
    assert_int_equal(entries(f), 302);
    told = diags_text(f->diags);
    assert_non_null(strstr(
        told,
        "warning[W0405]: source \"gambling\" has 1 entries, it had 300 the last time"));
    assert_non_null(strstr(told, "warning[W0424]: list \"bad\" stays as it was"));
}

static bool build_without_ut1(struct fixture *f, const char *source)
{
    auto_free char *yaml = xasprintf(two_sources, "", source);

    write_file(f->yaml, yaml);
    return list_build(
        &(struct list_build){.yaml = f->yaml, .out = f->out, .kept = f->kept}, &f->built,
        f->diags);
}

static void a_list_stays_as_it_was_when_the_folder_of_toulouse_is_not_given(void **state)
{
    struct fixture *f = *state;
    auto_free char *told = NULL;

    assert_true(build_without_ut1(f, ""));
    assert_int_equal(f->built.left_out, 1);
    assert_int_equal(entries(f), 2);
    write_category(f, 300);
    assert_true(build_ut1(f, "", ""));
    for (unsigned i = 0; i < 2; i++) {
        assert_true(build_without_ut1(f, ""));
        assert_int_equal(f->built.kept, 1);
        assert_int_equal(f->built.left_out, 0);
        assert_int_equal(entries(f), 302);
    }
    told = diags_text(f->diags);
    assert_non_null(strstr(told, "warning[W0405]: source \"gambling\" is of the Toulouse "
                                 "lists, and their folder is not given"));
    assert_true(build_without_ut1(f, ", min_entries: 0"));
    assert_int_equal(f->built.left_out, 1);
    assert_int_equal(entries(f), 2);
    drop_category(f);
}

static void a_source_that_shrinks_a_little_or_by_hand_is_believed(void **state)
{
    struct fixture *f = *state;

    write_category(f, 300);
    assert_true(build_ut1(f, "", ""));
    write_category(f, 150);
    assert_true(build_ut1(f, "", ""));
    assert_int_equal(entries(f), 152);
    write_file(f->plain, "");
    assert_true(build_ut1(f, "", ""));
    assert_int_equal(f->built.kept, 0);
    assert_int_equal(entries(f), 150);
    drop_category(f);
}

static void who_says_so_has_a_source_emptied(void **state)
{
    static const char *const rows[][2] = {{"", ", min_entries: 0"},
                                          {"min_entries: 0, ", ""}};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_category(f, 300);
        assert_true(build_ut1(f, "", ""));
        write_category(f, 0);
        assert_true(build_ut1(f, rows[i][0], rows[i][1]));
        assert_int_equal(f->built.kept, 0);
        assert_int_equal(entries(f), 2);
    }
    drop_category(f);
}

static void a_source_has_a_least_of_its_own(void **state)
{
    struct fixture *f = *state;
    auto_free char *told = NULL;

    write_category(f, 9);
    assert_false(build_ut1(f, "", ", min_entries: 10"));
    told = diags_text(f->diags);
    assert_non_null(strstr(told, "error[E0405]: source \"gambling\" has 9 entries, it "
                                 "should have at least 10"));
    write_category(f, 10);
    assert_true(build_ut1(f, "", ", min_entries: 10"));
    write_category(f, 9);
    assert_true(build_ut1(f, "", ", min_entries: 10"));
    assert_int_equal(f->built.kept, 1);
    assert_int_equal(entries(f), 12);
    drop_category(f);
}

/* A folder's time is when a file was put into it or taken out. */
static void a_category_is_as_old_as_its_file(void **state)
{
    static const struct timespec old[2] = {{.tv_sec = 1700000000},
                                           {.tv_sec = 1700000000}};
    struct fixture *f = *state;
    auto_free char *domains = path_in(f, "ut1/gambling/domains");
    auto_free char *flat = path_in(f, "ut1/gambling.txt"), *ut1 = path_in(f, "ut1");
    auto_listdb struct listdb *db = NULL, *of_flat = NULL;

    write_category(f, 3);
    utimensat(AT_FDCWD, domains, old, 0);
    assert_true(build_ut1(f, "", ""));
    assert_int_equal(listdb_open(f->out, &db), 0);
    assert_int_equal(listdb_info(db, 0)->fetched, 1700000000 * USEC_PER_SEC);
    drop_category(f);
    mkdir(ut1, 0755);
    write_file(flat, "a.test\nb.test\nc.test\n");
    utimensat(AT_FDCWD, flat, old, 0);
    assert_true(build_ut1(f, "", ""));
    assert_int_equal(listdb_open(f->out, &of_flat), 0);
    assert_int_equal(listdb_info(of_flat, 0)->fetched, 1700000000 * USEC_PER_SEC);
    drop_category(f);
}

static void a_bundle_of_certificates_that_is_not_there_is_left_out(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *db = NULL;
    auto_free char *told = NULL;

    assert_true(build(f,
                      "schema: 1\nlists: {bad: {type: authority, sources: [{form: pem, "
                      "file: nowhere.crt}]}}"));
    told = diags_text(f->diags);
    assert_non_null(strstr(told, "warning[W0411]: left out: there are no certificates at "
                                 "\"nowhere.crt\""));
    assert_int_equal(listdb_open(f->out, &db), 0);
    assert_int_equal(listdb_info(db, 0)->entries, 0);
}

/* What is kept of a list of authorities is read again: their names have blanks. */
static void authorities_stay_when_their_bundle_is_gone(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *db = NULL;
    static const char name[] = "O=Somebody; and others, CN=Root #1";

    write_file(f->plain, "O=Somebody; and others, CN=Root #1\n");
    assert_true(build(f, "schema: 1\nlists: {bad: {type: authority, sources: [{file: "
                         "plain.txt}]}}"));
    write_file(f->plain, "");
    assert_true(build(f, "schema: 1\nlists: {bad: {type: authority, sources: [{file: "
                         "plain.txt}]}}"));
    assert_int_equal(f->built.kept, 1);
    assert_int_equal(listdb_open(f->out, &db), 0);
    assert_int_equal(listdb_query_print(db, text_of(name)).bits[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(lists_are_compiled_with_their_kind),
        WITH_FIXTURE(every_type_is_compiled),
        WITH_FIXTURE(a_bundle_of_certificates_that_is_not_there_is_left_out),
        WITH_FIXTURE(authorities_stay_when_their_bundle_is_gone),
        WITH_FIXTURE(names_to_look_like_come_in_every_form_and_have_exceptions),
        WITH_FIXTURE(names_that_nobody_could_be_taken_for_are_told_with_their_line),
        WITH_FIXTURE(a_list_is_as_old_as_what_was_fetched_for_it),
        WITH_FIXTURE(nothing_that_happens_to_a_source_empties_a_list),
        WITH_FIXTURE(a_table_without_its_column_empties_no_list),
        WITH_FIXTURE(a_list_is_emptied_by_who_says_so),
        WITH_FIXTURE(a_list_of_another_type_is_not_taken_for_the_one_before),
        WITH_FIXTURE(a_list_with_too_many_bad_lines_is_refused),
        WITH_FIXTURE(a_list_that_is_too_short_replaces_nothing),
        WITH_FIXTURE(one_source_that_is_empty_or_cut_off_leaves_the_list_as_it_was),
        WITH_FIXTURE(a_list_stays_as_it_was_when_the_folder_of_toulouse_is_not_given),
        WITH_FIXTURE(a_source_that_shrinks_a_little_or_by_hand_is_believed),
        WITH_FIXTURE(who_says_so_has_a_source_emptied),
        WITH_FIXTURE(a_source_has_a_least_of_its_own),
        WITH_FIXTURE(a_category_is_as_old_as_its_file),
        WITH_FIXTURE(what_is_no_list_is_refused),
    };

    return cmocka_run_group_tests_name("list_build", tests, NULL, NULL);
}
