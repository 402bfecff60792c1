/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file of checksums: what is found is a checksum. */
#include <stdlib.h>
#include <string.h>

#include "cli/list_checksum.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char digits[CHECKSUM_DIGITS];

    if (!checksum_find((struct text){(const char *)bytes, len}, "list.tar.gz", digits))
        return 0;
    if (strspn(digits, "0123456789abcdef") != strlen(digits) ||
        (strlen(digits) != 32 && strlen(digits) != 64))
        abort();
    (void)checksum_fits("", 0, digits);
    return 0;
}
