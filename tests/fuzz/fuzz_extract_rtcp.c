/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    extract_all(&extract_rtcp, &(struct packet){.src_port = 5005, .dst_port = 5005},
                cur_over(bytes, len));
    return 0;
}
