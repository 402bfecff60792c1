/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "mem.h"

static void report_listdb(struct diags *d, const char *path, int err)
{
    diags_error(d, (struct place){.file = path}, "E0410",
                "the list file cannot be used: %s",
                err == -EBADMSG           ? "it is damaged"
                : err == -EPROTONOSUPPORT ? "it is of another version"
                                          : strerror(-err));
    diags_hint(d, "build it anew: hallwatch lists build");
}

/* Compiled for this run only; the file is gone as soon as it is mapped. */
static bool open_built(struct listdb **ret, const char *yaml, struct diags *d)
{
    char folder[] = "/tmp/hallwatch-lists-XXXXXX";
    auto_free char *path = NULL;
    bool good;
    int err = 0;

    if (!mkdtemp(folder)) {
        report_listdb(d, folder, -errno);
        return false;
    }
    path = xasprintf("%s/lists", folder);
    good = list_build(yaml, NULL, path, d);
    if (good && (err = listdb_open(path, ret)))
        report_listdb(d, path, err);
    unlink(path);
    rmdir(folder);
    return good && err == 0;
}

static bool is_yaml(const char *path)
{
    size_t len = strlen(path);

    return len > 5 && strcmp(path + len - 5, ".yaml") == 0;
}

static bool load_lists(struct world *w, const char *path, struct diags *d)
{
    auto_free char *shipped = share_path("rules/lists/lists.yaml");
    int err;

    if (!path)
        return access(shipped, R_OK) != 0 || open_built(&w->lists, shipped, d);
    if (is_yaml(path))
        return open_built(&w->lists, path, d);
    err = listdb_open(path, &w->lists);
    if (err)
        report_listdb(d, path, err);
    return err == 0;
}

bool world_load(struct world *w, const struct world_settings *s, struct diags *d)
{
    auto_free char *shipped = share_path("rules/detect");
    const char *const fallback[] = {shipped};
    struct ruleset_settings rules = {
        .paths = s->path_count ? (const char *const *)s->paths : fallback,
        .path_count = s->path_count ? (size_t)s->path_count : 1,
        .site = s->site,
        .now = clock_wall(),
    };
    bool good = load_lists(w, s->lists, d);

    if (s->district) {
        w->district = district_load(s->district, d);
        good = w->district && good;
    }
    if (!good)
        return false;
    rules.district = w->district;
    rules.lists = w->lists;
    w->rules = ruleset_load(&rules, d);
    return w->rules;
}

void world_done(struct world *w)
{
    ruleset_free(w->rules);
    listdb_close(w->lists);
    district_free(w->district);
    *w = (struct world){0};
}
