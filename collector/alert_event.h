/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert_event.h - an alert that was stored, as an event for rules at the collector. What
 * it says of a device is what the alert itself shows, never more.
 */
#ifndef ALERT_EVENT_H
#define ALERT_EVENT_H

#include "collector/store_alert.h"
#include "event.h"
#include "json.h"
#include "rule.h"

/* Its document, parsed; NULL when it is none. */
struct alert_told {
    const struct store_alert *alert;
    const struct json *document;
};

/* rules: for the labels of its rule. district: for the type of its site. */
void alert_event_fill(struct event *e, const struct alert_told *a, usec_t time,
                      const struct ruleset *rules, const struct district *district);

#endif
