/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alerts_diff.h - which alerts two rule sets give over the same captures: those of the
 * one, of the other, and of both. An alert is the same by rule, time and kind of event;
 * summaries are left out.
 */
#ifndef ALERTS_DIFF_H
#define ALERTS_DIFF_H

#include "cli/rules_side.h"
#include "json.h"
#include "options.h"

/* A list of {rule, only_old, only_new, both}, by rule; yours to free. NULL after a
 * complaint. */
struct json *alerts_diff(const struct option_texts *captures,
                         const struct rules_side *old, const struct rules_side *new);

#endif
