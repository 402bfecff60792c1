/* SPDX-License-Identifier: Apache-2.0 */
/* Kerberos; the first byte chooses between UDP and TCP. */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct packet p = {.dst_port = 88};

    if (len > 0)
        extract_all(bytes[0] & 1 ? &extract_kerberos_tcp : &extract_kerberos_udp, &p,
                    cur_over(bytes + 1, len - 1));
    return 0;
}
