/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alike.h"
#include "cli.h"
#include "cli/list_fetch.h"
#include "domain.h"
#include "json.h"
#include "mem.h"

struct lists_options {
    bool json;
    const char *out, *ut1, *lists, *config;
};

static const char *const kind_words[] = {"black", "white", "protected"};

/* ---- build ---- */

static void print_lists(const struct listdb *db)
{
    char date[CLOCK_TEXT];

    printf("%-24s %-9s %-10s %10s  %-10s  %s\n", "LIST", "TYPE", "KIND", "ENTRIES",
           "FETCHED", "VERSION");
    for (unsigned i = 0; i < listdb_count(db); i++) {
        const struct list_info *info = listdb_info(db, i);

        clock_print(info->fetched, date);
        printf("%-24s %-9s %-10s %10llu  %-10.10s  %s\n", info->name,
               names_get(&names_list_type, info->type), kind_words[info->kind],
               (unsigned long long)info->entries, info->fetched ? date : "-",
               info->version);
    }
}

static void tell(const struct list_built *built)
{
    if (built->left_out > 0)
        fprintf(
            stderr,
            built->left_out == 1
                ? "hallwatch: %zu source is a list of Toulouse and was left out: give "
                  "the folder with --ut1\n"
                : "hallwatch: %zu sources are lists of Toulouse and were left out: "
                  "give their folder with --ut1\n",
            built->left_out);
    if (built->kept > 0)
        fprintf(stderr,
                built->kept == 1
                    ? "hallwatch: %zu list stays as it was, because its sources are no "
                      "good or not given\n"
                    : "hallwatch: %zu lists stay as they were, because their sources are "
                      "no good or not given\n",
                built->kept);
}

static int build(const void *values, int argc, char **argv)
{
    const struct lists_options *o = values;
    auto_diags struct diags *d = diags_new();
    auto_listdb struct listdb *db = NULL;
    auto_free char *shipped = share_path("rules/lists/lists.yaml"), *kept = NULL;
    struct list_built built;
    int status;

    if (!o->out) {
        fputs("hallwatch: lists build needs --out FILE: where the compiled lists go\n",
              stderr);
        return OPTIONS_USAGE;
    }
    kept = xasprintf("%s.d", o->out);
    list_build(
        &(struct list_build){
            .yaml = argc ? argv[0] : shipped, .ut1 = o->ut1, .out = o->out, .kept = kept},
        &built, d);
    status = report(d, o->json ? REPORT_JSON : REPORT_TEXT);
    if (status == 0 && !o->json && listdb_open(o->out, &db) == 0)
        print_lists(db);
    tell(&built);
    return status == 0 && built.kept > 0 ? EXIT_KEPT : status;
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
    fprintf(stderr, "hallwatch: %s cannot be used: %s\n", path, listdb_error(err));
    return EXIT_FAULT;
}

/* What is asked for: as many classes of lists as a text can be taken for have one form.
 */
struct question {
    enum list_class class;
    char clean[LIST_VALUE_MAX];
    struct addr addr;
    struct mac mac;
};

static bool read_question(const char *text, struct question *q)
{
    static const enum list_type prints[] = {LIST_JA3, LIST_JA4, LIST_CERT,
                                            LIST_AUTHORITY};
    size_t len;

    *q = (struct question){.class = LIST_CLASS_NAME};
    if (addr_parse(text, &q->addr) == 0) {
        q->class = LIST_CLASS_ADDR;
        return true;
    }
    if (mac_parse(text, &q->mac) == 0) {
        q->class = LIST_CLASS_MAC;
        return true;
    }
    for (size_t i = 0; i < sizeof(prints) / sizeof(prints[0]); i++)
        if (list_value_clean(prints[i], text_of(text), q->clean, &len) == 0) {
            q->class = LIST_CLASS_PRINT;
            return true;
        }
    return domain_clean(text_of(text), q->clean, &len) == 0;
}

/* Lists that have the name, and those with a name that it looks like. */
static struct list_set ask_name(const struct listdb *db, struct text name)
{
    struct list_set on = listdb_query(db, name), alike = listdb_query_alike(db, name);

    for (unsigned i = 0; i < listdb_count(db); i++)
        if (list_set_has(&alike, i))
            list_set_add(&on, i);
    return on;
}

static struct list_set ask(const struct listdb *db, const struct question *q)
{
    switch (q->class) {
    case LIST_CLASS_ADDR:
        return listdb_query_addr(db, &q->addr);
    case LIST_CLASS_MAC:
        return listdb_query_mac(db, &q->mac);
    case LIST_CLASS_PRINT:
        return listdb_query_print(db, text_of(q->clean));
    default:
        return ask_name(db, text_of(q->clean));
    }
}

/* Which name on the list it looks like, and how. */
static void put_alike(struct json *o, const struct listdb *db, const struct question *q,
                      unsigned list)
{
    struct alike_match match;

    if (q->class != LIST_CLASS_NAME || listdb_info(db, list)->type != LIST_LOOKALIKE ||
        !listdb_alike(db, text_of(q->clean), list, &match))
        return;
    json_put_bytes(o, "alike", match.name);
    json_put_text(o, "alike_how", names_get(&names_alike_how, match.how));
}

/* Which entry of the list it was that has the address. */
static void put_entry(struct json *o, const struct listdb *db, const struct question *q,
                      unsigned list)
{
    char text[PREFIX_TEXT];
    struct prefix p;
    int bits;

    if (q->class == LIST_CLASS_MAC && (bits = listdb_longest_mac(db, &q->mac, list)) >= 0)
        json_put_number(o, "bits", bits);
    if (q->class != LIST_CLASS_ADDR ||
        (bits = listdb_longest_addr(db, &q->addr, list)) < 0)
        return;
    p = prefix_of(&q->addr, (uint8_t)bits);
    prefix_print(&p, text);
    json_put_text(o, "entry", text);
}

static struct json *query_one(const struct listdb *db, const char *name,
                              const struct question *q)
{
    struct list_set on = ask(db, q), left = listdb_judge(db, on);
    struct json *o = json_new_object(), *lists = json_new_list();
    bool protected = false;

    for (unsigned i = 0; i < listdb_count(db); i++) {
        const struct list_info *info = listdb_info(db, i);
        struct json *one;

        if (!list_set_has(&on, i))
            continue;
        one = json_new_object();
        json_put_text(one, "name", info->name);
        json_put_text(one, "kind", kind_words[info->kind]);
        json_put_text(one, "version", info->version);
        json_put_bool(one, "counts", list_set_has(&left, i));
        put_entry(one, db, q, i);
        put_alike(one, db, q, i);
        json_add(lists, one);
        protected = protected || info->kind == LIST_PROTECTED;
    }
    json_put_text(o, "name", name);
    json_put_bool(o, "protected", protected);
    json_put(o, "lists", lists);
    return o;
}

static void print_list(const struct json *list, bool is_first)
{
    const char *entry = json_get_text(list, "entry", NULL);
    const char *alike = json_get_text(list, "alike", NULL);
    int how = names_find(&names_alike_how, json_get_text(list, "alike_how", ""));

    printf("%s %s (%s", is_first ? "" : ",", json_get_text(list, "name", ""),
           json_get_text(list, "kind", ""));
    if (entry)
        printf(", %s", entry);
    if (alike && how >= 0)
        printf(", looks like %s: %s", alike, alike_how_words((enum alike_how)how));
    printf(json_get_bool(list, "counts", true) ? ")" : ", set aside)");
}

static void print_one(const struct json *o)
{
    const struct json *lists = json_get(o, "lists");

    printf("%s:", json_get_text(o, "name", ""));
    if (json_count(lists) == 0)
        printf(" on no list");
    for (size_t i = 0; i < json_count(lists); i++)
        print_list(json_item(lists, i), i == 0);
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

    for (int i = 0; db && i < argc; i++) {
        struct question q;

        if (read_question(argv[i], &q)) {
            json_add(all, query_one(db, argv[i], &q));
            continue;
        }
        fprintf(stderr, "hallwatch: \"%s\" is no host name, address or fingerprint\n",
                argv[i]);
        status = EXIT_FAULT;
    }
    for (size_t i = 0; !o->json && i < json_count(all); i++)
        print_one(json_item(all, i));
    if (o->json && db) {
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

/* ---- fetch ---- */

static bool is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc == 0;
}

static bool know_all(const struct list_plan *p, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        size_t at = 0;

        while (at < p->download_count && strcmp(p->downloads[at].name, argv[i]) != 0)
            at++;
        if (at < p->download_count)
            continue;
        fprintf(stderr, "hallwatch: there is no download \"%s\"\n", argv[i]);
        return false;
    }
    return true;
}

/* 0, EXIT_KEPT when what was there before stays, EXIT_FAULT when nothing is there. */
static int fetch_one(const struct list_plan *p, const struct planned_download *w,
                     struct post *post)
{
    struct fetched f;

    list_fetch(p, w, post, clock_wall(), &f);
    if (f.result != FETCH_FAILED) {
        printf("%s: %s%s\n", w->name, f.result == FETCH_NEW ? "new, " : "", f.words);
        return 0;
    }
    fprintf(stderr, "hallwatch: %s: %s%s\n", w->name, f.words,
            f.had_before ? "; what was fetched before stays" : "");
    return f.had_before ? EXIT_KEPT : EXIT_FAULT;
}

static int fetch(const void *values, int argc, char **argv)
{
    const struct lists_options *o = values;
    const char *path = o->config ? o->config : "/etc/hallwatch/lists.yaml";
    auto_diags struct diags *d = diags_new();
    auto_list_plan struct list_plan *p = list_plan_load(path, d);
    auto_post struct post *post = post_new();
    int status = report_aside(d);

    if (!p || status != 0)
        return status;
    if (!post || !know_all(p, argc, argv))
        return EXIT_FAULT;
    if (p->download_count == 0)
        fprintf(stderr, "hallwatch: %s names no downloads\n", path);
    for (size_t i = 0; i < p->download_count; i++) {
        int one;

        if (!is_wanted(p->downloads[i].name, argc, argv))
            continue;
        one = fetch_one(p, &p->downloads[i], post);
        status = one == EXIT_FAULT || status == 0 ? one : status;
    }
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

static const struct option_row fetch_options[] = {
    {"config", 'c', OPTION_TEXT, OPTION(config), "FILE",
     "the lists.yaml (/etc/hallwatch/lists.yaml)"},
    {0},
};

const struct command lists_commands[] = {
    {"fetch", "[NAME...]", 0, INT_MAX, "get what lists are made of",
     "All downloads of lists.yaml, or those that are named. What is missing, damaged,\n"
     "empty or much smaller than before changes nothing; the exit code is then 3, or 1\n"
     "when there is nothing from before.",
     NULL, fetch_options, sizeof(struct lists_options), fetch},
    {"build", "[lists.yaml]", 0, 1, "compile the lists that rules ask",
     "Without lists.yaml, the shipped one. A list whose sources are missing, broken\n"
     "or too short stays as it was when it was compiled last; the exit code is then 3.",
     NULL, build_options, sizeof(struct lists_options), build},
    {"query", "VALUE...", 1, INT_MAX,
     "say which lists a host name, address or fingerprint is on", NULL, NULL,
     query_options, sizeof(struct lists_options), query},
    {"show", NULL, 0, 0, "name the lists of a compiled file", NULL, NULL, show_options,
     sizeof(struct lists_options), show},
    {0},
};
