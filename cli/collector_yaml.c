/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <string.h>

#include "mem.h"

#define COLLECTOR_USER "hallwatch" /* where collector.yaml names nobody */

char *path_beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');

    return slash ? xasprintf("%.*s/%s", (int)(slash - path), path, name) : xstrdup(name);
}

void collector_yaml_load(struct collector_settings *s, const char *path)
{
    auto_diags struct diags *d = diags_new();
    auto_free char *beside = path_beside(path, "collector.yaml");

    collector_settings_load(s, beside, NULL, 0, d);
    if (!s->user)
        s->user = xstrdup(COLLECTOR_USER);
}
