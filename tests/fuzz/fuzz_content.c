/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles of rules, a district and time zones, as a sensor unpacks them. The hash at the
 * end is put right, so that what is behind it is reached.
 */
#include "tests/fuzz/scratch.h"

#include <string.h>

#include "agent/content.h"
#include "crypt.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_bundle struct bundle *b = NULL;
    auto_free uint8_t *bytes = xmalloc(len + 32);
    auto_diags struct diags *d = diags_new();
    auto_content struct content *c = NULL;

    memcpy(bytes, data, len);
    crypt_sha256(bytes, len, bytes + len);
    if (bundle_parse(bytes, len + 32, &b) != 0)
        return 0;
    c = content_unpack(b, "lincoln", -1, false, d);
    free(diags_text(d));
    demand(c || diags_errors(d) > 0);
    return 0;
}
