/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sensor_process.h - one sensor as a process: opens its capture, gives up everything else
 * and judges packets until SIGTERM. It never waits for its courier.
 */
#ifndef SENSOR_PROCESS_H
#define SENSOR_PROCESS_H

#include <stdint.h>

#include "agent/blackbox.h"
#include "agent/board.h"
#include "agent/host_memory.h"
#include "agent/recent.h"
#include "agent/settings.h"
#include "agent/usual.h"

struct sensor_process {
    const struct settings *settings;
    const char *name;      /* "sensor-0" */
    const char *interface; /* one of the settings' */
    uint16_t fanout_group; /* 0: alone on its interface */
    int hits, rules;       /* its ends of the pairs to the courier */
    struct blackbox *blackbox;
    struct recent *recent;        /* NULL: no evidence is kept */
    struct host_memory *hosts;    /* of all sensors; NULL: none is kept */
    struct usual *usual;          /* likewise */
    const struct hash_key *codes; /* of all sensors, as in sensor_settings */
    struct board *board;
    size_t number; /* its own among the board's */
};

/* In the child; returns the exit code, as warden.h has them. */
int sensor_process_run(const struct sensor_process *p);

#endif
