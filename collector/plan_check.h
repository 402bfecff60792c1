/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_check.h - whether what the district has written fits together: its places and
 * people, its rules, and a playbook for each of them.
 */
#ifndef PLAN_CHECK_H
#define PLAN_CHECK_H

#include "collector/playbook.h"
#include "collector/settings.h"
#include "rule.h"

/* False after telling d everything that is wrong. now: from when on the calendar is
 * looked at. Hours in which nobody can be reached
 * are errors, and warnings when the settings accept them. */
bool plan_check(const struct collector_settings *s, usec_t now, struct diags *d);

/* That the playbook of a rule that alerts is one of these; else it is told, with the
 * nearest name. */
void plan_check_playbook(const struct rule *rule, const struct playbooks *playbooks,
                         struct diags *d);

/* Warns of a rule that alerts and leads to no playbook: the collector asks for one. */
void plan_check_leads(const struct rule *rule, struct diags *d);

#endif
