/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    extract_all(&extract_snmp, &(struct packet){.dst_port = 161}, cur_over(bytes, len));
    return 0;
}
