/* SPDX-License-Identifier: Apache-2.0 */
/* A rule file of any bytes with the tests that it carries; those run. */
#include <stdint.h>
#include <stdlib.h>

#include "mem.h"
#include "rule_test.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct ruleset_source source = {
        .name = "r.yaml", .text = (const char *)bytes, .len = len};
    auto_diags struct diags *d = diags_new();
    auto_ruleset struct ruleset *set = ruleset_load(
        &(struct ruleset_settings){
            .sources = &source, .source_count = 1, .now = RULE_TEST_START},
        d);
    struct rule_test_counts counts;

    if (!set)
        return 0;
    counts = ruleset_test(set, &(struct rule_test_settings){.coverage = true}, d);
    if (counts.failed > 0 && diags_errors(d) == 0)
        abort();
    free(diags_text(d));
    return 0;
}
