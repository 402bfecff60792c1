/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board.h - what the processes of one collector tell each other without the store: memory
 * that they share from before they are forked.
 */
#ifndef COLLECTOR_BOARD_H
#define COLLECTOR_BOARD_H

#include <stdatomic.h>

#include "collector/settings.h"

struct board {
    atomic_ullong starts[COLLECTOR_ROLES]; /* how often each was started */
    atomic_bool ran[COLLECTOR_ROLES];      /* it had opened all it needs, once */
};

#endif
