/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_count.h - how much of everything there is, for who watches over the collector.
 */
#ifndef STORE_COUNT_H
#define STORE_COUNT_H

#include "collector/incident.h"
#include "collector/store.h"
#include "names.h"

#define STORE_SEVERITIES (SEVERITY_CRITICAL + 1)

/* Of alerts, which are too many to be counted again each time. {0} to begin with. */
struct store_alert_count {
    int64_t last; /* id of the newest that was counted */
    uint64_t of[STORE_SEVERITIES];
};

/* Adds those that came since. */
int store_count_alerts(struct store *s, struct store_alert_count *count);

struct store_counts {
    uint64_t incidents[INCIDENT_CLOSED + 1]; /* by state */
    uint64_t alerts_new;                     /* not looked at by the engine yet */
    uint64_t runs_active, timers_late;
    uint64_t tasks_waiting, tasks_overdue;
    uint64_t wishes_waiting, wishes_failed;
    usec_t oldest_wish; /* since when the longest one has been due; 0: none is */
};

int store_count(struct store *s, struct store_counts *ret_counts);

#endif
