/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live.h - the agent on the wire: a warden, its sensors and their courier (DESIGN.md
 * section 2).
 *
 * The warden holds one socket pair for each sensor, so that nothing that was sent is lost
 * when either end dies, and CAP_NET_RAW, which the sensors need to open their captures.
 * It reads neither rules nor packets.
 */
#ifndef LIVE_H
#define LIVE_H

#include <stdbool.h>

#include "agent/settings.h"

struct live_settings {
    const struct settings *agent; /* loaded and checked */
    const char *path;             /* of the file that they are from, or NULL */
    bool print;                   /* alerts to standard output */
};

/*
 * Runs until SIGTERM or SIGINT. Returns the exit code: 0; 1 when it could not begin (said
 * in the log); WARDEN_HOPELESS when a process says that it never will.
 */
int live_run(const struct live_settings *settings);

#endif
