/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/extracting.h"

/* Once as the client's bytes, once as the server's. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    for (unsigned side = 0; side < 2; side++)
        extract_side(&extract_ssh, &(struct packet){.src_port = 22, .dst_port = 22},
                     cur_over(bytes, len), side == 0);
    return 0;
}
