/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_check.h - whether what the district has written fits together: its places and
 * people, its rules, and a playbook for each of them.
 */
#ifndef PLAN_CHECK_H
#define PLAN_CHECK_H

#include "collector/settings.h"

/* False after telling d everything that is wrong. now: from when on the calendar is
 * looked at. Hours in which nobody can be reached
 * are errors, and warnings when the settings accept them. */
bool plan_check(const struct collector_settings *s, usec_t now, struct diags *d);

#endif
