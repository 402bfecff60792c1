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

/* A sensor has it until it reads its first packet: after that its word is worth nothing.
 */
struct board_sensor {
    atomic_bool running; /* the warden's word */
    atomic_bool ran;     /* it has captured before: what fails now may come back */
    atomic_uint crashes; /* ends that were not of its own will, by the warden */
    atomic_uint told;    /* of them; the courier's word, when it is safe that they are */
};

struct board {
    atomic_bool courier_ran;
    atomic_bool unprinted; /* the courier: what is printed cannot be written any more */
    struct board_sensor sensors[SETTINGS_SENSORS_MAX];
};

enum note_what { NOTE_STARTED, NOTE_DIED };

/* One datagram on the courier's end of a socket pair. */
struct note {
    uint8_t sensor;
    uint8_t what;
};

#endif
