/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a key file, and as numbers in hexadecimal digits. */
#include "tests/fuzz/scratch.h"

#include <string.h>

#include "auto.h"
#include "crypt.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char path[SCRATCH_PATH], public[160], secret[160];
    int fd = scratch_file(bytes, len, path);
    auto_free char *text = xstrndup((const char *)bytes, len);
    uint8_t digest[32];

    if (crypt_key_read(path, "pseudonym", public, secret) == 0)
        demand(strlen(public) < sizeof(public) && strlen(secret) < sizeof(secret));
    (void)crypt_unhex(text, digest, sizeof(digest));
    close(fd);
    return 0;
}
