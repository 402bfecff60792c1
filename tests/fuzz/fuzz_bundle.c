/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_bundle.c - bundles as they come from disk or a collector. The hash at the end is
 * put right, so that what is behind it is reached.
 */
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "crypt.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_bundle struct bundle *b = NULL;
    auto_free uint8_t *bytes = xmalloc(size + 32);
    size_t seen = 0;

    memcpy(bytes, data, size);
    crypt_sha256(bytes, size, bytes + size);
    if (bundle_parse(bytes, size + 32, &b) != 0)
        return 0;
    for (size_t i = 0; i < b->count; i++)
        for (size_t k = 0; k < b->entries[i].text.len; k++)
            seen += (size_t)b->entries[i].text.at[k] + strlen(b->entries[i].name);
    return seen == SIZE_MAX;
}
