/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of one conversation of pings: a byte for the kind, one for the length. */
#include <stdlib.h>

#include "agent/icmp_shape.h"
#include "agent/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const uint8_t types[] = {8, 0, 128, 129, 3};
    struct cur c = cur_over(bytes, len);
    struct icmp_shape shape = {0};

    while (cur_left(&c) > 2) {
        uint8_t kind = cur_u8(&c);
        size_t size = cur_u8(&c);
        struct packet p = {.layer = PACKET_L4, .ip_proto = kind & 0x80 ? 58 : 1};
        uint8_t before = shape.varies;

        p.src_port = types[(kind & 0x7f) % sizeof(types)];
        p.payload = cur_sub(&c, size < cur_left(&c) ? size : cur_left(&c));
        p.payload_len = (uint32_t)size * 4;
        icmp_shape_add(&shape, &p);
        if (shape.varies < before)
            abort();
    }
    return 0;
}
