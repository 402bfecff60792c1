/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte says whose: the agent's or the collector's settings. Then the file, and
 * behind a line "#set:" one assignment as on the command line.
 */
#include "tests/fuzz/scratch.h"

#include <string.h>

#include "agent/settings.h"
#include "collector/settings.h"
#include "mem.h"

union both {
    struct settings agent;
    struct collector_settings collector;
};

static void load(bool agent, const char *text, size_t len, const char *assignment)
{
    const struct conf_option *table = agent ? settings_table : collector_settings_table;
    auto_diags struct diags *d = diags_new();
    union both s = {0};
    bool fine = conf_parse("settings.yaml", text, len, table, &s, d);

    demand(fine == (diags_errors(d) == 0));
    if (assignment)
        (void)conf_set(assignment, table, &s, d);
    free(diags_text(d));
    conf_free(table, &s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const uint8_t *end = memmem(bytes, len, "\n#set:", 6);
    auto_free char *assignment = NULL;

    if (len == 0)
        return 0;
    if (end)
        assignment = xstrndup((const char *)end + 6, len - (size_t)(end - bytes) - 6);
    load(bytes[0] & 1, (const char *)bytes + 1,
         end && end > bytes ? (size_t)(end - bytes) : len - 1, assignment);
    return 0;
}
