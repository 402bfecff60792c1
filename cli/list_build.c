/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lists.yaml: which lists there are, and what each is made of.
 *
 *     schema: 1
 *     lists:
 *       malware:
 *         kind: black
 *         licence: CC0-1.0
 *         max_age: 7d
 *         min_entries: 100
 *         sources:
 *           - {form: hosts, file: urlhaus.txt}
 *           - {form: ut1, file: malware}
 *           - {form: csv, file: own.csv, column: domain}
 *
 * Files are relative to the lists.yaml; those of form ut1 are folders below --ut1.
 */
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "list_read.h"
#include "mem.h"
#include "yaml.h"

static const char *const kind_words[] = {"black", "white", "protected"};

struct building {
    struct list_builder *builder;
    const char *folder; /* of the lists.yaml */
    const char *ut1;    /* or NULL */
    struct diags *diags;
    unsigned list; /* the one that is being filled */
    uint64_t names;
    usec_t fetched;
    size_t left_out;
};

static void take_name(struct text name, void *arg)
{
    struct building *b = arg;

    b->names++;
    list_builder_add(b->builder, b->list, name);
}

/* ---- sources ---- */

/* When its content came: the newest file's time. */
static void note_time(struct building *b, const char *path)
{
    struct stat st;
    usec_t time;

    if (stat(path, &st) != 0)
        return;
    time = (usec_t)st.st_mtim.tv_sec * USEC_PER_SEC;
    if (b->fetched < time)
        b->fetched = time;
}

/* A category of Toulouse is a folder, or, where the lists were unpacked flat, NAME.txt.
 */
static char *source_path(const struct building *b, const char *file, size_t *form)
{
    const char *folder = *form == LIST_FORM_UT1 ? b->ut1 : b->folder;
    char *path = file[0] == '/' ? xstrdup(file) : xasprintf("%s/%s", folder, file);
    auto_free char *flat = xasprintf("%s.txt", path);

    if (*form != LIST_FORM_UT1 || access(path, R_OK) == 0 || access(flat, R_OK) != 0)
        return path;
    *form = LIST_FORM_PLAIN;
    free(path);
    return take(flat);
}

static bool read_source(struct building *b, const struct node *body)
{
    static const char *const keys[] = {"form", "file", "column"};
    const struct node *file = node_need(body, "the source", "file", b->diags);
    const struct node *form_node = node_get(body, "form"),
                      *column = node_get(body, "column");
    struct list_source source = {0};
    struct list_counts counts;
    auto_free char *path = NULL;
    const char *name;
    size_t form = LIST_FORM_PLAIN;

    node_check_keys(body, "a source", keys, 3, b->diags);
    if (!file || !node_read_text(file, &name, b->diags) ||
        (form_node && !node_read_name(form_node, names_list_form.what, names_list_form.at,
                                      names_list_form.count, &form, b->diags)))
        return false;
    if (form == LIST_FORM_UT1 && !b->ut1 && name[0] != '/') {
        b->left_out++;
        return true;
    }
    path = source_path(b, name, &form);
    if (node_get(body, "form") && form == LIST_FORM_UT1 && access(path, R_OK) != 0) {
        diags_warn(b->diags, node_place(file), "W0411",
                   "left out: the Toulouse lists have no category \"%s\"", name);
        return true;
    }
    source.form = (enum list_form)form;
    source.path = path;
    source.column = column ? node_text(column) : NULL;
    return list_read(&source, take_name, b, &counts, b->diags) == 0;
}

/* ---- a list ---- */

static bool read_info(struct building *b, const struct node *key, const struct node *body,
                      struct list_info *info, uint64_t *ret_min)
{
    static const char *const keys[] = {"kind",    "licence",     "source", "fetched",
                                       "max_age", "min_entries", "sources"};
    struct diags *d = b->diags;
    const struct node *n;
    const char *text = "";
    bool good = true;
    size_t kind = 0;

    if (!node_is(body, NODE_MAP, d))
        return false;
    node_check_keys(body, "a list", keys, 7, d);
    if (strlen(node_text(key)) >= sizeof(info->name)) {
        diags_error(d, node_place(key), "E0115",
                    "the name of a list has at most %zu "
                    "characters",
                    sizeof(info->name) - 1);
        return false;
    }
    strncpy(info->name, node_text(key), sizeof(info->name) - 1);
    if ((n = node_get(body, "kind")))
        good = node_read_name(n, "kind of list", kind_words, 3, &kind, d);
    info->kind = (enum list_kind)kind;
    if ((n = node_get(body, "licence")) && (good = node_read_text(n, &text, d) && good))
        strncpy(info->licence, text, sizeof(info->licence) - 1);
    if ((n = node_get(body, "source")) && (good = node_read_text(n, &text, d) && good))
        strncpy(info->source, text, sizeof(info->source) - 1);
    if ((n = node_get(body, "fetched")))
        good = node_read_time(n, &info->fetched, d) && good;
    if ((n = node_get(body, "max_age")))
        good = node_read_duration(n, &info->max_age, d) && good;
    if ((n = node_get(body, "min_entries")))
        good = node_read_number(n, 0, UINT32_MAX, ret_min, d) && good;
    return good;
}

/* The newest file of all sources is as old as the list is. */
static void find_age(struct building *b, const struct node *sources)
{
    b->fetched = 0;
    for (size_t i = 0; i < node_count(sources); i++) {
        const struct node *file = node_get(node_item(sources, i), "file");
        const struct node *form = node_get(node_item(sources, i), "form");
        bool ut1 = form && strcmp(node_text(form), "ut1") == 0;
        size_t kind = ut1 ? LIST_FORM_UT1 : LIST_FORM_PLAIN;
        auto_free char *path = NULL;

        if (!file || (ut1 && !b->ut1))
            continue;
        path = source_path(b, node_text(file), &kind);
        note_time(b, path);
    }
}

static bool build_one(struct building *b, const struct node *key, const struct node *body)
{
    struct list_info info = {0};
    const struct node *sources;
    uint64_t least = 0;
    bool good = true;
    int list;

    if (!read_info(b, key, body, &info, &least))
        return false;
    sources = node_need(body, "the list", "sources", b->diags);
    if (!sources || !node_is(sources, NODE_LIST, b->diags))
        return false;
    find_age(b, sources);
    info.fetched = info.fetched ? info.fetched : b->fetched;
    list = list_builder_list(b->builder, &info);
    if (list < 0) {
        diags_error(b->diags, node_place(key), "E0412", "more than %d lists", LISTDB_MAX);
        return false;
    }
    b->list = (unsigned)list;
    b->names = 0;
    for (size_t i = 0; i < node_count(sources); i++)
        good = node_is(node_item(sources, i), NODE_MAP, b->diags) &&
               read_source(b, node_item(sources, i)) && good;
    if (good && b->names < least) {
        diags_error(b->diags, node_place(key), "E0405",
                    "list \"%s\" has %llu entries, it should have at least %llu",
                    info.name, (unsigned long long)b->names, (unsigned long long)least);
        diags_hint(b->diags, "its source may have been empty when it was fetched; the "
                             "file that is there stays as it is");
        good = false;
    }
    return good;
}

/* ---- all of them ---- */

static bool build_all(struct building *b, const struct node *root)
{
    static const char *const keys[] = {"schema", "lists"};
    const struct node *schema, *lists;
    bool good = true;
    uint64_t number;

    if (!node_is(root, NODE_MAP, b->diags))
        return false;
    node_check_keys(root, "lists.yaml", keys, 2, b->diags);
    schema = node_need(root, "lists.yaml", "schema", b->diags);
    if (schema && (!node_read_number(schema, 1, 1, &number, b->diags)))
        good = false;
    lists = node_need(root, "lists.yaml", "lists", b->diags);
    if (!lists || !node_is(lists, NODE_MAP, b->diags))
        return false;
    for (size_t i = 0; i < node_count(lists); i++)
        good = build_one(b, node_key(lists, i), node_value(lists, i)) && good;
    return good;
}

bool list_build(const char *path, const char *ut1, const char *out, size_t *ret_left_out,
                struct diags *d)
{
    auto_yaml struct yaml *yaml = yaml_load(path, d);
    auto_free char *copy = xstrdup(path);
    struct building b = {.folder = dirname(copy), .ut1 = ut1, .diags = d};
    size_t errors = diags_errors(d);
    bool good;
    int err = 0;

    *ret_left_out = 0;
    if (!yaml)
        return false;
    b.builder = list_builder_new();
    good = build_all(&b, yaml_root(yaml)) && diags_errors(d) == errors;
    if (good && (err = list_builder_write(b.builder, out)))
        diags_error(d, (struct place){.file = out}, "E0410",
                    "the list file cannot be written: %s", strerror(-err));
    list_builder_free(b.builder);
    *ret_left_out = b.left_out;
    return good && err == 0;
}
