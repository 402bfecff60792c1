/* SPDX-License-Identifier: Apache-2.0 */
/*
 * courier_process.h - the courier as a process: reads what the sensors send, lets
 * courier.h decide, and takes the alerts to the spool, or to standard output. On SIGHUP
 * it makes a new bundle of the rules and hands it to everybody.
 */
#ifndef COURIER_PROCESS_H
#define COURIER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/board.h"
#include "agent/host_memory.h"
#include "agent/journal.h"
#include "agent/outlet.h"
#include "agent/recent.h"
#include "agent/settings.h"
#include "agent/usual.h"

struct courier_process {
    const struct settings *settings;
    bool print; /* EVE lines to standard output; nothing is spooled */
    size_t sensors;
    const int *hits, *rules; /* its ends of the pairs, by sensor */
    int notes;               /* its end of the warden's */
    struct board *board;
    struct journal *journal;
    struct recent *const *recents; /* of each sensor; NULL: no evidence is kept */
    struct host_memory *hosts;     /* of all sensors; NULL: none is kept */
    struct usual *usual;           /* likewise */
    const struct outlet_keys *keys;
};

/* In the child; returns the exit code, as warden.h has them. */
int courier_process_run(const struct courier_process *p);

#endif
