/* SPDX-License-Identifier: Apache-2.0 */
/* The line or head that a load balancer puts before a conversation. */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct packet p = {.ip_proto = 6, .dst_port = 80};

    extract_all(&extract_proxy, &p, cur_over(bytes, len));
    return 0;
}
