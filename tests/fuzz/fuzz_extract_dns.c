/* SPDX-License-Identifier: Apache-2.0 */
/* DNS messages; the first byte chooses between UDP and TCP. */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct packet p = {.dst_port = 53};

    if (len > 0)
        extract_all(bytes[0] & 1 ? &extract_dns_tcp : &extract_dns_udp, &p,
                    cur_over(bytes + 1, len - 1));
    return 0;
}
