/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct packet p = {.ip_proto = 58, .ttl = 255};

    if (len == 0)
        return 0;
    p.src_port = (uint16_t)(133 + bytes[0] % 5);
    extract_all(&extract_nd, &p, cur_over(bytes + 1, len - 1));
    return 0;
}
