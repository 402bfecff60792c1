/* SPDX-License-Identifier: Apache-2.0 */
/*
 * across.h - rules at the collector (`at: collector`): what the alerts of all agents mean
 * together. Decides only; engine_across.c reads the store and writes what comes of it.
 *
 * Alerts come in order of their time. All is counted by the tracker, as at an agent. What
 * this has in memory can be had again at any time from the same alerts in the same order;
 * that nothing is told twice then is for the recall function to see to.
 *
 * An alert that comes of several others shows of site, segment, device, host ... only
 * what all of them share, which is what the rule counts by; of a device never more than
 * the least of what its rule and the alert show. Which sites, alerts and rules it comes
 * of, is in hallwatch.parts: the sites of all, the numbers and rules of those alerts that
 * the same role acts on.
 */
#ifndef ACROSS_H
#define ACROSS_H

#include "collector/alert_event.h"
#include "tracker.h"

#define ACROSS_KEY   33   /* hexadecimal digits and a zero byte */
#define ACROSS_PARTS 4096 /* alerts remembered for each rule, to be named */
#define ACROSS_NAMED 50   /* of each: sites, rules, alerts */

struct across;

/* What the owner is asked about an alert, and what he remembers of it. */
struct across_told {
    const struct rule *rule;
    const char *key; /* digest of what the rule's dedup goes by */
    usec_t time;     /* of the event; of a summary: of the alert that it sums up */
    int64_t cause;   /* the alert of an agent that it is raised at */
    bool summary;
    bool by_cause; /* the key says nothing: of each cause there is one */
};

/* Before an alert is raised; a summary is told when its alert was and it was not. */
typedef enum tracker_known across_recall_fn(const struct across_told *q,
                                            usec_t *ret_first, void *arg);

/* The document of an alert, borrowed; NULL: the rule is in shadow mode, and it is to be
 * remembered only. */
typedef void across_raise_fn(const struct across_told *q, const char *document,
                             void *arg);

struct across_settings {
    const struct ruleset *rules;
    const struct listdb *lists;
    const struct district *district;
    across_recall_fn *recall; /* NULL: everything is news */
    across_raise_fn *raise;
    void *arg;
};

struct across *across_new(const struct across_settings *settings);
void across_free(struct across *a); /* NULL is fine */
AUTO_DEFINE(across, across_free)
#define auto_across __attribute__((cleanup(auto_across_run)))

/* Is there a rule that wants one? */
bool across_wanted(const struct ruleset *rules);

/* For how long an alert may matter to what comes after it. */
usec_t across_horizon(const struct ruleset *rules);

/* False: the alert is none of those that are counted: it is a drill, a summary, silenced,
 * explained by another, or came of a rule at the collector itself. */
bool across_counts(const struct store_alert *a);

/* Its time: that of its packets, but not later than it arrived. */
usec_t across_time(const struct store_alert *a);

void across_alert(struct across *a, const struct store_alert *alert);
void across_tick(struct across *a, usec_t now);

/* A summary may be due with time only. */
bool across_waits(const struct across *a);

/* What was counted since the last call, by rule; its alerts in shadow mode too. */
struct tracker_counts across_take_counts(struct across *a, size_t rule);

#define ACROSS_AGENT "collector" /* whom its alerts are from */
#define ACROSS_EPOCH 3           /* ... and the epoch that tells them from others */

#endif
