/* SPDX-License-Identifier: Apache-2.0 */
/* A Sigma file of any bytes: what is translated is a good rule file, what is not is told,
 * and the same bytes give the same rules. */
#include <stdlib.h>
#include <string.h>

#include "cli/sigma.h"
#include "mem.h"
#include "rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static char *translate(const uint8_t *bytes, size_t len)
{
    auto_diags struct diags *d = diags_new();
    struct sigma *s = sigma_new(&(struct sigma_settings){0});
    bool refused = false;
    char *text;

    sigma_add(s, "s.yml", (const char *)bytes, len, d);
    text = sigma_write(s, d);
    for (size_t i = 0; i < sigma_count(s); i++) {
        struct sigma_result r = sigma_result(s, i);

        refused = refused || (!r.id && !r.counted);
    }
    if (refused && diags_errors(d) == 0)
        abort();
    sigma_free(s);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_free char *text = translate(bytes, len), *again = translate(bytes, len);
    struct ruleset_source source = {.name = "r.yaml", .text = text, .len = strlen(text)};
    auto_diags struct diags *d = diags_new();

    if (strcmp(text, again) != 0)
        abort();
    if (*text) {
        auto_ruleset struct ruleset *set = ruleset_load(
            &(struct ruleset_settings){.sources = &source, .source_count = 1}, d);

        if (!set)
            abort();
    }
    return 0;
}
