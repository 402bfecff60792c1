/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store.h"
#include "collector/store_audit.h"
#include "json.h"
#include "mem.h"
#include "viewer.h"

struct db_options {
    struct viewer_options viewer; /* without a person */
    const char *head;
    uint64_t from, limit;
};

static int fault(const struct store *s)
{
    fprintf(stderr, "hallwatch: %s\n", store_error(s));
    return EXIT_FAULT;
}

static bool open_it(const struct db_options *o, struct store **ret_store)
{
    auto_district struct district *district = NULL;

    return store_choose(&o->viewer.choice, false, ret_store, &district);
}

/* ---- check, backup ---- */

static void add_fault(const char *sentence, void *arg)
{
    json_add(arg, json_new_text(sentence));
}

static int check(const void *values, int argc, char **argv)
{
    const struct db_options *o = values;
    auto_store struct store *store = NULL;
    auto_json struct json *faults = json_new_list();

    (void)argc;
    (void)argv;
    if (!open_it(o, &store))
        return EXIT_FAULT;
    if (store_check(store, add_fault, faults) < 0)
        return fault(store);
    if (o->viewer.json)
        viewer_json(faults);
    for (size_t i = 0; !o->viewer.json && i < json_count(faults); i++)
        puts(json_text(json_item(faults, i), ""));
    if (!o->viewer.json && json_count(faults) == 0)
        printf("The store is sound (version %u).\n", store_version(store));
    return json_count(faults) ? EXIT_FAULT : 0;
}

static int backup(const void *values, int argc, char **argv)
{
    const struct db_options *o = values;
    auto_store struct store *store = NULL;

    (void)argc;
    if (!open_it(o, &store))
        return EXIT_FAULT;
    if (store_backup(store, argv[0]) < 0)
        return fault(store);
    printf("The store as of now is in %s. Keep it where only its owner can read it.\n",
           argv[0]);
    return 0;
}

/* ---- the audit record ---- */

static struct json *verdict_json(const struct store_audit_verdict *v)
{
    struct json *json = json_new_object();

    json_put_number(json, "rows", (int64_t)v->rows);
    json_put(json, "broken", v->broken ? json_new_number(v->broken) : json_new_null());
    json_put_text(json, "how", v->how);
    json_put_text(json, "head", v->head);
    return json;
}

static int tell(const struct db_options *o, const struct store_audit_verdict *v,
                bool other_head)
{
    auto_json struct json *json = verdict_json(v);

    if (o->viewer.json)
        viewer_json(json);
    else if (v->broken)
        printf("Row %" PRId64 ": %s.\n", v->broken, v->how);
    else if (other_head)
        puts("The record is whole in itself, but it does not hold the hash that you "
             "gave: it is another one.");
    else
        printf("%" PRIu64 " rows, all as they were written. The newest hash, to be kept "
               "elsewhere:\n%s\n",
               v->rows, v->head);
    return v->broken || other_head ? EXIT_FAULT : 0;
}

struct search {
    const char *hash;
    bool found;
};

static void look_for(const struct store_audit *a, void *arg)
{
    struct search *s = arg;

    if (strcmp(a->hash, s->hash) == 0)
        s->found = true;
}

static int verify(const void *values, int argc, char **argv)
{
    const struct db_options *o = values;
    auto_store struct store *store = NULL;
    struct store_audit_verdict v;
    struct search search = {.hash = o->head, .found = true};

    (void)argc;
    (void)argv;
    if (!open_it(o, &store))
        return EXIT_FAULT;
    if (store_audit_verify(store, &v) < 0)
        return fault(store);
    if (o->head) {
        search.found = false;
        if (store_audit_each(store, 1, INT64_MAX, look_for, &search) < 0)
            return fault(store);
    }
    return tell(o, &v, !search.found);
}

static void add_row(const struct store_audit *a, void *arg)
{
    json_add(arg, store_audit_json(a));
}

static void print_row(const struct store_audit *a, void *arg)
{
    auto_buffer struct buffer b = {0};
    char at[CLOCK_TEXT];

    (void)arg;
    clock_print(a->at, at);
    at[19] = '\0';
    buffer_print(&b, "%8" PRId64 "  %s  %-20s %-18s %-14s ", a->id, at, a->who, a->what,
                 a->about);
    buffer_text_visible(&b, text_of(a->detail));
    puts(b.at);
}

static int show(const void *values, int argc, char **argv)
{
    const struct db_options *o = values;
    auto_store struct store *store = NULL;
    auto_json struct json *rows = o->viewer.json ? json_new_list() : NULL;
    int64_t from = o->from ? (int64_t)o->from : 1;
    size_t limit = o->limit ? o->limit : 1000;
    int rc;

    (void)argc;
    (void)argv;
    if (!open_it(o, &store))
        return EXIT_FAULT;
    rc = store_audit_each(store, from, limit, rows ? add_row : print_row, rows);
    if (rc < 0)
        return fault(store);
    if (rows)
        viewer_json(rows);
    return 0;
}

/* ---- the tables ---- */

#define OPTION(member) offsetof(struct db_options, member)

static const struct option_row plain_options[] = {
    VIEWER_JSON,
    VIEWER_STORE,
    {0},
};
static const struct option_row verify_options[] = {
    {"head", 0, OPTION_TEXT, OPTION(head), "HASH",
     "a hash that was kept elsewhere, which the record must hold"},
    VIEWER_JSON,
    VIEWER_STORE,
    {0},
};
static const struct option_row show_options[] = {
    {"from", 0, OPTION_COUNT, OPTION(from), "N", "from row N on (1)"},
    {"limit", 'n', OPTION_COUNT, OPTION(limit), "N", "at most so many (1000)"},
    VIEWER_JSON,
    VIEWER_STORE,
    {0},
};

#define SIZE sizeof(struct db_options)

const struct command db_commands[] = {
    {"check", NULL, 0, 0, "look for faults in the store", NULL, NULL, plain_options, SIZE,
     check},
    {"backup", "FILE", 1, 1, "copy the store to FILE while it is in use", NULL, NULL,
     plain_options, SIZE, backup},
    {0},
};

const struct command audit_commands[] = {
    {"verify", NULL, 0, 0, "go through the chain of hashes of the audit record",
     "Whoever can write the store can also write a whole new chain: keep the newest\n"
     "hash elsewhere now and then, and give it with --head.",
     NULL, verify_options, SIZE, verify},
    {"show", NULL, 0, 0, "show the audit record, the oldest first", NULL, NULL,
     show_options, SIZE, show},
    {0},
};
