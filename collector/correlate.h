/* SPDX-License-Identifier: Apache-2.0 */
/*
 * correlate.h - which alerts belong together: rules/correlate/ *.yaml, and the decision,
 * which is pure. What it needs to know is looked up by store_correlate.h.
 *
 *     schema: 1
 *     correlate:
 *       - id: one-lesson
 *         playbooks: [filter-bypass]   # or rules: [...]; neither: all that have a
 * playbook same: [playbook, site, segment] within: 1h                   # since the
 * incident's last alert inhibit:
 *       - id: rogue-dhcp-explains-dns
 *         when: [net.rogue-dhcp]
 *         hides: [net.unknown-resolver]
 *         same: [site, segment]        # missing on either side is not the same
 *         within: 30m
 *
 * The first entry that fits an alert counts. Without any: the same playbook, site and
 * device within 12 h. An alert without a device (`identity: none`) is put together by
 * its segment in the device's place. Drills never meet the real thing.
 *
 * Codes: E0751 an id stands twice, E0752 a time out of range, E0753 nothing to compare,
 * E0754 a rule would hide itself, E0755 neither correlate nor inhibit.
 */
#ifndef CORRELATE_H
#define CORRELATE_H

#include <stddef.h>

#include "auto.h"
#include "collector/store_alert.h"
#include "collector/store_incident.h"
#include "collector/store_silence.h"
#include "diag.h"

#define CORRELATE_ID 64

struct correlate;

/* Files and folders (every *.yaml in them); count 0: what holds without any. NULL when
 * there is an error; every fault is told to d. */
struct correlate *correlate_load(const char *const *paths, size_t count, struct diags *d);
void correlate_free(struct correlate *c); /* NULL is fine */
AUTO_DEFINE(correlate, correlate_free)
#define auto_correlate __attribute__((cleanup(auto_correlate_run)))

/* What an alert's incident is found by; yours to free. *ret_within: how long after its
 * last alert. */
char *correlate_key(const struct correlate *c, const struct store_alert *a,
                    usec_t *ret_within);

/* Calls back for every rule whose alerts, not older than `within` before a, may explain
 * a away. */
typedef void correlate_source_fn(const char *rule, usec_t within, void *arg);
void correlate_each_source(const struct correlate *c, const struct store_alert *a,
                           correlate_source_fn *fn, void *arg);

/* Whether `other`, an alert of such a rule, does explain it. */
bool correlate_inhibits(const struct correlate *c, const struct store_alert *other,
                        const struct store_alert *a);

bool correlate_silences(const struct store_silence *silence, const struct store_alert *a,
                        usec_t now);

/* What is known about an alert when it is decided. */
struct correlate_facts {
    const struct store_incident *incident; /* the newest open one with its key, or NULL */
    usec_t within;
    bool silenced, inhibited;
};

/*
 * ALERT_OPENED: a new incident, and a run of its playbook. ALERT_JOINED: facts.incident.
 * ALERT_ALONE: no playbook, or a summary whose incident is over.
 */
enum alert_fate correlate_decide(const struct store_alert *a,
                                 const struct correlate_facts *facts);

#endif
