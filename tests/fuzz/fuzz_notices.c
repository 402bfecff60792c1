/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the notices of a language; what loads is written out with facts. */
#include "tests/fuzz/scratch.h"

#include "collector/notice.h"
#include "mem.h"

static void write_all(const struct notices *n, const struct json *facts)
{
    for (size_t i = 0; i < n->count; i++)
        for (size_t k = 0; k < n->languages[i].count; k++) {
            auto_free char *subject = NULL, *text = NULL;

            notice_write(&n->languages[i].notices[k], facts, NULL, &subject, &text);
            demand(subject && text);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_free char *path = xasprintf("%s/en.yaml", scratch_folder());
    auto_diags struct diags *d = diags_new();
    static const char known[] =
        "{\"incident\": {\"id\": 7, \"title\": \"t\", \"severity\": \"high\"}}";
    auto_json struct json *facts = json_parse(known, sizeof(known) - 1, NULL);
    auto_notices struct notices *n = NULL;

    scratch_write(path, bytes, len);
    n = notices_load(scratch_folder(), d);
    free(diags_text(d));
    demand(!n == (diags_errors(d) > 0));
    if (n)
        write_all(n, facts);
    unlink(path);
    return 0;
}
