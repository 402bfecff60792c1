/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/rules.h"

int rules_check(const void *values, int argc, char **argv)
{
    const struct rules_options *o = values;
    auto_diags struct diags *d = diags_new();
    struct world_settings settings = rules_world(o, argc, argv);
    enum report_format format;
    struct world w = {0};
    int status;

    if (!report_format(o->format, o->json, &format))
        return OPTIONS_USAGE;
    world_load(&w, &settings, d);
    status = report(d, format);
    if (w.rules && format == REPORT_TEXT)
        printf("%zu rules, version %s, no errors\n", ruleset_count(w.rules),
               ruleset_version(w.rules));
    world_done(&w);
    return status;
}
