/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/syn_order.h"

#include <string.h>

#define KINDS 12 /* that are looked at */

enum { END, NOTHING, MSS, SCALE, SACK_PERMITTED, TIMES = 8 };

/* Kinds of options, one behind the other. */
static const struct {
    uint8_t kinds[8];
    uint8_t count;
    enum syn_order order;
} orders[] = {
    {{MSS, SACK_PERMITTED, TIMES, NOTHING, SCALE}, 5, SYN_ORDER_LINUX},
    {{MSS, NOTHING, NOTHING, SACK_PERMITTED, NOTHING, SCALE}, 6, SYN_ORDER_LINUX},
    {{MSS, NOTHING, SCALE, NOTHING, NOTHING, TIMES, SACK_PERMITTED}, 7, SYN_ORDER_APPLE},
    {{MSS, NOTHING, SCALE, NOTHING, NOTHING, SACK_PERMITTED}, 6, SYN_ORDER_WINDOWS},
};

/* The kinds in their order; an option that is cut off or broken ends them. */
static size_t read_kinds(struct cur options, uint8_t kinds[KINDS])
{
    size_t count = 0;

    while (count < KINDS && cur_left(&options) > 0) {
        uint8_t kind = cur_u8(&options), len;

        if (kind == END)
            break;
        if (kind != NOTHING) {
            len = cur_u8(&options);
            cur_skip(&options, len < 2 ? SIZE_MAX : len - 2U);
        }
        if (cur_broken(&options))
            break;
        kinds[count++] = kind;
    }
    return count;
}

enum syn_order syn_order_of(struct cur options)
{
    uint8_t kinds[KINDS];
    size_t count = read_kinds(options, kinds);

    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
        if (count >= orders[i].count &&
            memcmp(kinds, orders[i].kinds, orders[i].count) == 0)
            return orders[i].order;
    return SYN_ORDER_OTHER;
}
