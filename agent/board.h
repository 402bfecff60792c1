/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board.h - what the processes of one agent know of each other: a page of shared memory,
 * and the warden's notes to the courier.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/settings.h"

struct board_sensor {
    atomic_bool running; /* the warden's word */
    atomic_bool ran;     /* it has captured before: what fails now may come back */
};

struct board {
    atomic_bool courier_ran;
    struct board_sensor sensors[SETTINGS_SENSORS_MAX];
};

enum note_what { NOTE_STARTED, NOTE_DIED };

/* One datagram on the courier's end of a socket pair. */
struct note {
    uint8_t sensor;
    uint8_t what;
    bool crashed; /* it did not end of its own will */
};

#endif
