/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "domain.h"
#include "json.h"
#include "mem.h"

struct lists_options {
    bool json;
    const char *out, *ut1, *lists;
};

static const char *const kind_words[] = {"black", "white", "protected"};

/* ---- build ---- */

static void print_lists(const struct listdb *db)
{
    printf("%-24s %-10s %10s  %s\n", "LIST", "KIND", "ENTRIES", "VERSION");
    for (unsigned i = 0; i < listdb_count(db); i++) {
        const struct list_info *info = listdb_info(db, i);

        printf("%-24s %-10s %10llu  %s\n", info->name, kind_words[info->kind],
               (unsigned long long)info->entries, info->version);
    }
}

static int build(const void *values, int argc, char **argv)
{
    const struct lists_options *o = values;
    auto_diags struct diags *d = diags_new();
    auto_listdb struct listdb *db = NULL;
    auto_free char *shipped = share_path("rules/lists/lists.yaml");
    size_t left_out;
    int status;

    if (!o->out) {
        fputs("hallwatch: lists build needs --out FILE: where the compiled lists go\n",
              stderr);
        return OPTIONS_USAGE;
    }
    list_build(argc ? argv[0] : shipped, o->ut1, o->out, &left_out, d);
    status = report(d, o->json ? REPORT_JSON : REPORT_TEXT);
    if (status == 0 && !o->json && listdb_open(o->out, &db) == 0)
        print_lists(db);
    if (left_out > 0)
        fprintf(stderr,
                "hallwatch: %zu sources are lists of Toulouse and were left out: give "
                "their folder with --ut1\n",
                left_out);
    return status;
}

/* ---- query ---- */

static int open_lists(const char *path, struct listdb **ret)
{
    int err;

    if (!path) {
        fputs("hallwatch: needs --lists FILE: the compiled lists\n", stderr);
        return OPTIONS_USAGE;
    }
    err = listdb_open(path, ret);
    if (!err)
        return 0;
    fprintf(stderr, "hallwatch: %s cannot be used: %s\n", path,
            err == -EBADMSG           ? "it is damaged"
            : err == -EPROTONOSUPPORT ? "it is of another version"
                                      : strerror(-err));
    return EXIT_FAULT;
}

static struct json *query_one(const struct listdb *db, const char *name,
                              struct text clean)
{
    struct list_set on = listdb_query(db, clean);
    struct json *o = json_new_object(), *lists = json_new_list();

    for (unsigned i = 0; i < listdb_count(db); i++) {
        const struct list_info *info = listdb_info(db, i);
        struct json *one;

        if (!list_set_has(&on, i))
            continue;
        one = json_new_object();
        json_put_text(one, "name", info->name);
        json_put_text(one, "kind", kind_words[info->kind]);
        json_put_text(one, "version", info->version);
        json_add(lists, one);
    }
    json_put_text(o, "name", name);
    json_put_bool(o, "protected", listdb_protected(db, clean));
    json_put(o, "lists", lists);
    return o;
}

static void print_one(const struct json *o)
{
    const struct json *lists = json_get(o, "lists");

    printf("%s:", json_get_text(o, "name", ""));
    if (json_count(lists) == 0)
        printf(" on no list");
    for (size_t i = 0; i < json_count(lists); i++)
        printf("%s %s (%s)", i ? "," : "", json_get_text(json_item(lists, i), "name", ""),
               json_get_text(json_item(lists, i), "kind", ""));
    if (json_get_bool(o, "protected", false))
        printf("; protected: no rule, alert or count ever sees it");
    putchar('\n');
}

static int query(const void *values, int argc, char **argv)
{
    const struct lists_options *o = values;
    auto_listdb struct listdb *db = NULL;
    auto_json struct json *all = json_new_list();
    int status = open_lists(o->lists, &db);

    for (int i = 0; status == 0 && i < argc; i++) {
        char clean[DOMAIN_MAX];
        size_t len;

        if (domain_clean(text_of(argv[i]), clean, &len) != 0) {
            fprintf(stderr, "hallwatch: \"%s\" is no host name\n", argv[i]);
            return EXIT_FAULT;
        }
        json_add(all, query_one(db, argv[i], (struct text){clean, len}));
    }
    for (size_t i = 0; !o->json && i < json_count(all); i++)
        print_one(json_item(all, i));
    if (o->json && status == 0) {
        auto_free char *text = json_write_pretty(all);

        puts(text);
    }
    return status;
}

static int show(const void *values, int argc, char **argv)
{
    const struct lists_options *o = values;
    auto_listdb struct listdb *db = NULL;
    int status = open_lists(o->lists, &db);

    (void)argc, (void)argv;
    if (status == 0)
        print_lists(db);
    return status;
}

/* ---- the table ---- */

#define OPTION(member) offsetof(struct lists_options, member)
#define JSON                                                       \
    {                                                              \
        "json", 'j', OPTION_FLAG, OPTION(json), NULL, "print JSON" \
    }
#define LISTS                                                                  \
    {                                                                          \
        "lists", 'l', OPTION_TEXT, OPTION(lists), "FILE", "the compiled lists" \
    }

static const struct option_row build_options[] = {
    {"out", 'o', OPTION_TEXT, OPTION(out), "FILE", "where the compiled lists go"},
    {"ut1", 'u', OPTION_TEXT, OPTION(ut1), "DIR",
     "the folder of the lists of Toulouse (UT1), for sources of form ut1"},
    JSON,
    {0},
};
static const struct option_row query_options[] = {LISTS, JSON, {0}};
static const struct option_row show_options[] = {LISTS, {0}};

const struct command lists_commands[] = {
    {"build", "[lists.yaml]", 0, 1, "compile the lists that rules ask",
     "Without lists.yaml, the shipped one. A list with fewer entries than its\n"
     "min_entries is an error, and the file that is there stays as it is.",
     NULL, build_options, sizeof(struct lists_options), build},
    {"query", "NAME...", 1, INT_MAX, "say which lists a host name is on", NULL, NULL,
     query_options, sizeof(struct lists_options), query},
    {"show", NULL, 0, 0, "name the lists of a compiled file", NULL, NULL, show_options,
     sizeof(struct lists_options), show},
    {0},
};
