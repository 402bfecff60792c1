/* SPDX-License-Identifier: Apache-2.0 */
/* Names of any bytes: those that are of an address are still when something stands
 * before, and of none when their zone is gone. */
#include <stdint.h>
#include <stdlib.h>

#include "agent/reverse.h"
#include "auto.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text name = {.at = (const char *)bytes, .len = len};
    auto_buffer struct buffer below = {0};
    struct addr a, again;

    if (!reverse_addr(name, &a))
        return 0;
    buffer_text(&below, "x.");
    buffer_add(&below, name.at, name.len);
    if (!reverse_addr((struct text){below.at, below.len}, &again) ||
        !addr_equal(&a, &again))
        abort();
    name.len -= strlen(".arpa");
    if (reverse_addr(name, &again))
        abort();
    return 0;
}
