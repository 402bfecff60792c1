/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - what a start would trip over, tried without starting: `hallwatch-agent
 * --check`.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include "agent/settings.h"

#define TRIAL_CLAIM "agent" /* name of the claim on the state folder */

/*
 * Settings, keys, interfaces, content, user, state folder and captures, in the order and
 * with the rights of a start: when started as root, the process is the settings' user
 * afterwards. Everything is put back, and nothing of a running agent is touched. False:
 * d says all that is wrong. path: of the settings' file, or NULL.
 */
bool trial_run(const struct settings *s, const char *path, struct diags *d);

/* The filter, if it is one; NULL after telling d, or when there is none. */
const char *trial_filter(const struct settings *s, const char *path, struct diags *d);

#endif
