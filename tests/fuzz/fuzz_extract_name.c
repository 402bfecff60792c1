/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct extractor *const all[] = {&extract_mdns, &extract_llmnr,
                                                  &extract_nbns, &extract_llmnr_tcp};
    struct packet p = {.src_port = 5353};

    if (len == 0)
        return 0;
    (void)addr_parse("10.20.1.16", &p.src);
    extract_all(all[bytes[0] % 4], &p, cur_over(bytes + 1, len - 1));
    return 0;
}
