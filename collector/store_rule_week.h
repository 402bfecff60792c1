/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_rule_week.h - how often each rule was met, week by week: for who tunes rules, and
 * of those in shadow mode the only trace.
 *
 * An agent sends its counters since its courier began. What is new since the last ones is
 * added to the week of their time; when the courier began anew, all of them are. Counts
 * are of the district, not of an agent or device. Weeks begin on Monday, 00:00 UTC, and
 * are kept for STORE_RULE_WEEKS.
 */
#ifndef STORE_RULE_WEEK_H
#define STORE_RULE_WEEK_H

#include "collector/store.h"
#include "json.h"
#include "names.h"

#define STORE_RULE_WEEKS 26

struct store_rule_week {
    const char *rule;
    enum rule_mode mode; /* the latest */
    usec_t week;         /* its beginning */
    uint64_t matches, alerts, repeats, in_burst, inhibited;
};

/* A document of the health stream; what is not an agent's counters is left alone, as is
 * anything in them that makes no sense. Inside a transaction. */
int store_rule_week_add(struct store *s, const char *agent, const struct json *document);

/* The beginning of the week that a time is in. */
usec_t store_rule_week_of(usec_t time);

/* From the week of `since` on, by rule, the latest week first; rows are borrowed. */
typedef void store_rule_week_fn(const struct store_rule_week *w, void *arg);
int store_rule_week_each(struct store *s, usec_t since, bool shadow_only,
                         store_rule_week_fn *fn, void *arg);

struct json *store_rule_week_json(const struct store_rule_week *w);

#endif
