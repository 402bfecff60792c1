/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coverage.h - the proof that somebody is there: every enabled rule leads to a playbook,
 * whose every step has a role, which has somebody who can be reached at every hour of the
 * week and on every day of the calendar; or the holes, in plain words.
 *
 * A rule whose alerts may wait (after_hours: hold, digest) needs somebody on duty at some
 * hours; one that pages needs somebody at all of them, and that may be a last responder.
 */
#ifndef COVERAGE_H
#define COVERAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "collector/playbook.h"
#include "district.h"
#include "rule.h"

struct coverage_settings {
    const struct ruleset *rules;
    const struct playbooks *playbooks;
    const struct district *district;
    usec_t from; /* the calendar is walked for a year from here */
};

struct coverage {
    char **holes; /* sentences; each names who needs it */
    size_t count;
    size_t rules, steps, roles; /* what was walked */
};

void coverage_prove(const struct coverage_settings *s, struct coverage *ret);
void coverage_done(struct coverage *c);

/*
 * "safety-officer: nobody on duty Sat 00:00-24:00, and no last responder", or NULL when
 * somebody is there at every hour (all_hours), or at one at least. from 0: the week only,
 * no calendar. Yours to free.
 */
char *coverage_hole(const struct district *district, enum role role, bool all_hours,
                    usec_t from);

#endif
