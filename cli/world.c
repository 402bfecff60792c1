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
                "the list file cannot be used: %s", listdb_error(err));
    if (err != -EMEDIUMTYPE)
        diags_hint(d, "build it anew: hallwatch lists build");
}

/* Compiled for this run only, in a folder of its own. */
static bool build(struct world *w, const char *yaml, struct diags *d)
{
    char folder[] = "/tmp/hallwatch-lists-XXXXXX";
    struct list_built built;

    if (!mkdtemp(folder)) {
        report_listdb(d, folder, -errno);
        return false;
    }
    w->lists_folder = xstrdup(folder);
    w->lists_path = xasprintf("%s/lists", folder);
    return list_build(&(struct list_build){.yaml = yaml, .out = w->lists_path}, &built,
                      d);
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

    if (!path && access(shipped, R_OK) != 0)
        return true;
    if (!path || is_yaml(path)) {
        if (!build(w, path ? path : shipped, d))
            return false;
    } else {
        w->lists_path = xstrdup(path);
    }
    err = listdb_open(w->lists_path, &w->lists);
    if (err)
        report_listdb(d, w->lists_path, err);
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
    auto_free char *example = share_path("deploy/examples/district.yaml");
    const char *district =
        !s->district && s->example && s->path_count == 0 ? example : s->district;
    auto_free char *ndpi = agent_ndpi_version();
    bool good = load_lists(w, s->lists, d);

    if (district) {
        w->district = district_load(district, d);
        good = w->district && good;
        if (w->district && s->site)
            good = district_check_site(w->district, district, s->site, d) && good;
    }
    if (!good)
        return false;
    rules.district = w->district;
    rules.lists = w->lists;
    rules.ndpi = ndpi;
    w->rules = ruleset_load(&rules, d);
    return w->rules;
}

void world_done(struct world *w)
{
    ruleset_free(w->rules);
    listdb_close(w->lists);
    district_free(w->district);
    if (w->lists_folder) {
        unlink(w->lists_path);
        rmdir(w->lists_folder);
    }
    free(w->lists_path);
    free(w->lists_folder);
    *w = (struct world){0};
}
