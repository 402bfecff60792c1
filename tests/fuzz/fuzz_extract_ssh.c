/* SPDX-License-Identifier: Apache-2.0 */
/* Once as the client's bytes, once as the server's, and once as a conversation. */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct packet p = {.src_port = 22, .dst_port = 22};
    struct cur c = cur_over(bytes, len);

    extract_side(&extract_ssh, &p, c, true);
    extract_side(&extract_ssh, &p, c, false);
    converse(&extract_ssh, &p, c, on_event);
    return 0;
}
