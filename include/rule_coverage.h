/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_coverage.h - what of a rule set its tests exercise: which rules they raise and
 * which they come near without, and of which conditions they saw either answer.
 */
#ifndef RULE_COVERAGE_H
#define RULE_COVERAGE_H

#include "diag.h"
#include "event.h"
#include "ruleset.h"

struct rule_coverage;

/* The set outlives it. */
struct rule_coverage *rule_coverage_new(const struct ruleset *set);
void rule_coverage_free(struct rule_coverage *v); /* NULL is fine */

/* A test of the rule has this event. */
void rule_coverage_event(struct rule_coverage *v, size_t rule, const struct event *e);

/* A test of the rule is over. */
void rule_coverage_end(struct rule_coverage *v, size_t rule, bool raised);

/* Warns of what no test exercises, but of disabled rules: W0602, W0603, W0604. */
void rule_coverage_report(const struct rule_coverage *v, struct diags *d);

#endif
