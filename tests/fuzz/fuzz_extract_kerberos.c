/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kerberos; the first byte chooses between UDP and TCP. Then messages of one end, which
 * are read as a conversation as well.
 */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct packet p = {.dst_port = 88};
    const struct extractor *x;
    struct cur c;

    if (len == 0)
        return 0;
    x = bytes[0] & 1 ? &extract_kerberos_tcp : &extract_kerberos_udp;
    c = cur_over(bytes + 1, len - 1);
    extract_all(x, &p, c);
    converse(x, &p, c, on_event);
    return 0;
}
