/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a lists.yaml. What it wants to write stays below its own folder. */
#include "tests/fuzz/scratch.h"

#include <string.h>

#include "cli/list_plan.h"
#include "mem.h"

static void check_download(const struct planned_download *w)
{
    demand(*w->to && *w->to != '/' && strcmp(w->to, "..") != 0 &&
           strncmp(w->to, "../", 3) != 0 && !strstr(w->to, "/../"));
    demand(w->kind != CHECKSUM_SHA256 || strlen(w->checksum) == 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_diags struct diags *d = diags_new();
    char path[SCRATCH_PATH];
    int fd = scratch_file(bytes, len, path);
    auto_list_plan struct list_plan *p = list_plan_load(path, d);

    free(diags_text(d));
    demand(!p == (diags_errors(d) > 0));
    for (size_t i = 0; p && i < p->download_count; i++)
        check_download(&p->downloads[i]);
    for (size_t i = 0; p && i < p->list_count; i++)
        for (size_t k = 0; k < p->lists[i].source_count; k++)
            free(list_plan_path(p, p->lists[i].sources[k].file));
    close(fd);
    return 0;
}
