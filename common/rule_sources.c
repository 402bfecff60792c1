/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files a path means: itself, or all that end in .yaml in the folder and those
 * below it, in the order of their names.
 */
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "mem.h"
#include "rule.h"

#define FILE_MAX ((size_t)16 << 20)

struct paths {
    char **at;
    size_t count, capacity;
};

static void paths_add(struct paths *p, const char *path)
{
    p->at = xgrow(p->at, p->count, &p->capacity, sizeof(*p->at));
    p->at[p->count++] = xstrdup(path);
}

static void paths_done(struct paths *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->at[i]);
    free(p->at);
}

/* Folders beside the rules that hold something else. */
static bool is_other_folder(const char *name)
{
    static const char *const others[] = {"playbooks", "correlate", "notices", "lists"};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strcmp(name, others[i]) == 0)
            return true;
    return name[0] == '.';
}

static bool is_yaml(const char *name)
{
    const char *dot = strrchr(name, '.');

    return name[0] != '.' && dot && strcmp(dot, ".yaml") == 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void add_folder(struct paths *p, const char *folder)
{
    char *root = xstrdup(folder);
    char *roots[] = {root, NULL};
    FTS *fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    FTSENT *entry;

    while (fts && (entry = fts_read(fts))) {
        if (entry->fts_info == FTS_D && entry->fts_level > 0 &&
            is_other_folder(entry->fts_name))
            fts_set(fts, entry, FTS_SKIP);
        else if (entry->fts_info == FTS_F && is_yaml(entry->fts_name))
            paths_add(p, entry->fts_path);
    }
    if (fts)
        fts_close(fts);
    free(root);
}

static void add_source(struct ruleset_sources *all, const char *path, bool named,
                       struct diags *d)
{
    char *text;
    size_t len;
    int err = file_read(path, FILE_MAX, &text, &len);

    if (err) {
        diags_error(d, (struct place){.file = path}, "E0102", "cannot be read: %s",
                    strerror(-err));
        return;
    }
    all->at = xrealloc(all->at, all->count + 1, sizeof(*all->at));
    all->at[all->count++] = (struct ruleset_source){
        .name = xstrdup(path), .text = text, .len = len, .named = named};
}

static void add_path(struct ruleset_sources *all, const char *path, struct diags *d)
{
    struct paths found = {0};
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        add_source(all, path, true, d);
        return;
    }
    add_folder(&found, path);
    if (found.count == 0)
        diags_error(d, (struct place){.file = path}, "E0102",
                    "no file in this folder ends in .yaml");
    for (size_t i = 0; i < found.count; i++)
        add_source(all, found.at[i], false, d);
    paths_done(&found);
}

struct ruleset_sources ruleset_sources_read(const char *const *paths, size_t count,
                                            struct diags *d)
{
    struct ruleset_sources all = {0};

    for (size_t i = 0; i < count; i++)
        add_path(&all, paths[i], d);
    return all;
}

void ruleset_sources_done(struct ruleset_sources *all)
{
    for (size_t i = 0; i < all->count; i++) {
        free((void *)(uintptr_t)all->at[i].name);
        free((void *)(uintptr_t)all->at[i].text);
    }
    free(all->at);
}
