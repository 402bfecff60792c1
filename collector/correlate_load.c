/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/correlate_table.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "items.h"
#include "mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SCHEMA       1
#define WITHIN_MIN   USEC_PER_SEC
#define WITHIN_MAX   (30 * USEC_PER_DAY)

static const char *const part_words[SAME_PARTS] = {"playbook", "rule", "site", "segment",
                                                   "device"};
static const char *const root_keys[] = {"schema", "correlate", "inhibit"};
static const char *const entry_keys[] = {"id", "playbooks", "rules", "same", "within"};
static const char *const inhibit_keys[] = {"id", "when", "hides", "same", "within"};

struct loading {
    struct correlate *c;
    struct diags *d;
};

/* ---- values ---- */

static struct words read_words(const struct node *n, struct diags *d)
{
    struct words words = {0};

    if (!n)
        return words;
    if (node_kind(n) == NODE_MAP) {
        node_is(n, NODE_LIST, d);
        return words;
    }
    words.at = xcalloc(items_count(n), sizeof(*words.at));
    for (size_t i = 0; i < items_count(n); i++)
        if (node_read_text(items_at(n, i), &words.at[words.count], d))
            words.count++;
    return words;
}

static uint32_t read_same(const struct node *map, const char *what, struct diags *d)
{
    const struct node *n = node_need(map, what, "same", d);
    uint32_t same = 0;
    size_t index;

    if (!n)
        return 0;
    if (node_kind(n) == NODE_MAP) {
        node_is(n, NODE_LIST, d);
        return 0;
    }
    for (size_t i = 0; i < items_count(n); i++)
        if (node_read_name(items_at(n, i), "part of an alert", part_words, SAME_PARTS,
                           &index, d))
            same |= 1U << index;
    if (items_count(n) == 0)
        diags_error(d, node_place(n), "E0753",
                    "nothing to compare: all alerts would belong together");
    return same;
}

static usec_t read_within(const struct node *map, const char *what, struct diags *d)
{
    const struct node *n = node_need(map, what, "within", d);
    usec_t within = 0;

    if (!n || !node_read_duration(n, &within, d))
        return 0;
    if (within < WITHIN_MIN || within > WITHIN_MAX)
        diags_error(d, node_place(n), "E0752", "\"within\" must be from 1 s to 30 d");
    return within;
}

static bool id_is_used(const struct correlate *c, const char *id)
{
    for (size_t i = 0; i < c->entry_count; i++)
        if (strcmp(c->entries[i].id, id) == 0)
            return true;
    for (size_t i = 0; i < c->inhibit_count; i++)
        if (strcmp(c->inhibits[i].id, id) == 0)
            return true;
    return strcmp(id, "otherwise") == 0;
}

static const char *read_id(const struct node *map, const char *what, struct loading *l)
{
    const struct node *n = node_need(map, what, "id", l->d);
    const char *id = "";

    if (!n || !node_read_text(n, &id, l->d))
        return "";
    if (id_is_used(l->c, id))
        diags_error(l->d, node_place(n), "E0751", "there is another entry named \"%s\"",
                    id);
    return id;
}

/* ---- entries ---- */

static void read_entry(struct loading *l, const struct node *n)
{
    struct correlate *c = l->c;
    struct correlate_entry e = {0};

    if (!node_is(n, NODE_MAP, l->d))
        return;
    node_check_keys(n, "correlate", entry_keys, COUNT(entry_keys), l->d);
    e.id = read_id(n, "this entry", l);
    e.playbooks = read_words(node_get(n, "playbooks"), l->d);
    e.rules = read_words(node_get(n, "rules"), l->d);
    e.same = read_same(n, "this entry", l->d);
    e.within = read_within(n, "this entry", l->d);
    c->entries =
        xgrow(c->entries, c->entry_count, &c->entry_capacity, sizeof(*c->entries));
    c->entries[c->entry_count++] = e;
}

static void check_sources(const struct node *n, const struct inhibit_entry *e,
                          struct diags *d)
{
    for (size_t i = 0; i < e->when.count; i++)
        for (size_t k = 0; k < e->hides.count; k++)
            if (strcmp(e->when.at[i], e->hides.at[k]) == 0)
                diags_error(d, node_place(n), "E0754", "\"%s\" would hide itself",
                            e->when.at[i]);
}

static void read_inhibit(struct loading *l, const struct node *n)
{
    struct correlate *c = l->c;
    struct inhibit_entry e = {0};

    if (!node_is(n, NODE_MAP, l->d))
        return;
    node_check_keys(n, "inhibit", inhibit_keys, COUNT(inhibit_keys), l->d);
    e.id = read_id(n, "this entry", l);
    e.when = read_words(node_need(n, "this entry", "when", l->d), l->d);
    e.hides = read_words(node_need(n, "this entry", "hides", l->d), l->d);
    e.same = read_same(n, "this entry", l->d);
    e.within = read_within(n, "this entry", l->d);
    check_sources(n, &e, l->d);
    c->inhibits =
        xgrow(c->inhibits, c->inhibit_count, &c->inhibit_capacity, sizeof(*c->inhibits));
    c->inhibits[c->inhibit_count++] = e;
}

typedef void entry_fn(struct loading *l, const struct node *n);

static void read_list(struct loading *l, const struct node *root, const char *key,
                      entry_fn *fn)
{
    const struct node *list = node_get(root, key);

    if (!list || !node_is(list, NODE_LIST, l->d))
        return;
    for (size_t i = 0; i < node_count(list); i++)
        fn(l, node_item(list, i));
}

/* ---- files ---- */

static void read_root(struct loading *l, const struct node *root)
{
    const struct node *schema;
    uint64_t number;

    if (!node_is(root, NODE_MAP, l->d))
        return;
    node_check_keys(root, "a correlate file", root_keys, COUNT(root_keys), l->d);
    schema = node_need(root, "this file", "schema", l->d);
    if (schema)
        node_read_number(schema, SCHEMA, SCHEMA, &number, l->d);
    if (!node_get(root, "correlate") && !node_get(root, "inhibit"))
        diags_error(l->d, node_place(root), "E0755",
                    "there is neither \"correlate\" nor \"inhibit\" in it");
    read_list(l, root, "correlate", read_entry);
    read_list(l, root, "inhibit", read_inhibit);
}

static void read_file(struct loading *l, const char *path)
{
    struct correlate *c = l->c;
    struct yaml *y = yaml_load(path, l->d);

    if (!y)
        return;
    c->files = xgrow(c->files, c->file_count, &c->file_capacity, sizeof(struct yaml *));
    c->files[c->file_count++] = y;
    read_root(l, yaml_root(y));
}

static int is_yaml(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return entry->d_name[0] != '.' && dot && strcmp(dot, ".yaml") == 0;
}

static void read_folder(struct loading *l, const char *path)
{
    struct dirent **names;
    int count = scandir(path, &names, is_yaml, alphasort);

    if (count < 0) {
        diags_error(l->d, (struct place){.file = path}, "E0102", "cannot be read: %s",
                    strerror(errno));
        return;
    }
    for (int i = 0; i < count; i++) {
        auto_free char *file = xasprintf("%s/%s", path, names[i]->d_name);

        read_file(l, file);
        free(names[i]);
    }
    free(names);
}

struct correlate *correlate_load(const char *const *paths, size_t count, struct diags *d)
{
    auto_correlate struct correlate *c = xcalloc(1, sizeof(*c));
    struct loading l = {.c = c, .d = d};
    size_t before = diags_errors(d);
    struct stat st;

    for (size_t i = 0; i < count; i++) {
        if (stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode))
            read_folder(&l, paths[i]);
        else
            read_file(&l, paths[i]);
    }
    return diags_errors(d) > before ? NULL : take(c);
}

void correlate_free(struct correlate *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->entry_count; i++) {
        free(c->entries[i].playbooks.at);
        free(c->entries[i].rules.at);
    }
    for (size_t i = 0; i < c->inhibit_count; i++) {
        free(c->inhibits[i].when.at);
        free(c->inhibits[i].hides.at);
    }
    for (size_t i = 0; i < c->file_count; i++)
        yaml_release(c->files[i]);
    free(c->entries);
    free(c->inhibits);
    free(c->files);
    free(c);
}
