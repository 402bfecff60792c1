/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - what a start would trip over that no file says: the user, the state folder,
 * addresses; tried without starting (`hallwatch-collector --check`).
 */
#ifndef COLLECTOR_TRIAL_H
#define COLLECTOR_TRIAL_H

#include "collector/settings.h"

/*
 * Started as root, the process is the settings' user afterwards, so that what is read
 * next is read with the rights of a start. Everything is put back, and nothing of a
 * running collector is touched. False: d says all that is wrong. path: of the settings.
 */
bool collector_trial(const struct collector_settings *s, const char *path,
                     struct diags *d);

/* At a start: each role that runs claims the state folder, until the process ends. 0;
 * -EBUSY and -errno, said in the log. */
int collector_claim(const struct collector_settings *s, const char *path);

#endif
