/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    extract_all(&extract_dhcp6, &(struct packet){.dst_port = 547}, cur_over(bytes, len));
    return 0;
}
