/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file of tokens; nobody's word is among them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_diags struct diags *d = diags_new();
    auto_tokens struct tokens *t =
        tokens_parse("tokens.yaml", (const char *)bytes, len, d);

    free(diags_text(d));
    if (!t != (diags_errors(d) > 0))
        abort();
    for (size_t i = 0; t && i < t->count; i++)
        if (!t->at[i].name)
            abort();
    if (t && tokens_find(t, "a word", 6))
        abort();
    return 0;
}
