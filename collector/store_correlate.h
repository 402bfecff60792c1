/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_correlate.h - the engine's first half: gives an alert its fate, and its incident.
 */
#ifndef STORE_CORRELATE_H
#define STORE_CORRELATE_H

#include "collector/correlate.h"
#include "collector/store.h"

struct settled {
    enum alert_fate fate;
    int64_t incident; /* opened or joined; 0: neither */
};

/*
 * Inside a transaction, for an alert of store_alert_each_new. ALERT_OPENED: the caller
 * starts a run of a->playbook for ret->incident in the same transaction. ALERT_JOINED:
 * runs of the incident have been told by an INPUT_ALERT. -ESTALE: another engine was
 * faster.
 */
int store_correlate(struct store *s, const struct correlate *c,
                    const struct store_alert *a, struct settled *ret);

/*
 * The oldest alerts without a fate, at most limit, each given to fn after it was settled.
 * fn returns 0 or -errno, which ends it. *ret_count: how many.
 */
typedef int settled_fn(const struct store_alert *a, const struct settled *done,
                       void *arg);
int store_correlate_new(struct store *s, const struct correlate *c, size_t limit,
                        settled_fn *fn, void *arg, size_t *ret_count);

#endif
