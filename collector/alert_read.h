/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert_read.h - what the store files an alert under, out of its document
 * (docs/EVENTS.md). The document itself is stored as it came.
 */
#ifndef ALERT_READ_H
#define ALERT_READ_H

#include "auto.h"
#include "collector/store_alert.h"

#include "text.h"

struct alert_reader;

struct alert_reader *alert_reader_new(void);
void alert_reader_free(struct alert_reader *r); /* NULL is fine */
AUTO_DEFINE(alert_reader, alert_reader_free)
#define auto_alert_reader __attribute__((cleanup(auto_alert_reader_run)))

/*
 * Fills everything from `at` on, but `arrived`, fate and incident; the text lies in the
 * reader until the next call. -EBADMSG: it is no JSON object, no alert, or has no rule or
 * time; *ret_why is a sentence, good for ever.
 */
int alert_read(struct alert_reader *r, struct text document,
               struct store_alert *ret_alert, const char **ret_why);

/* The same the long way, for documents of an unusual spelling. */
int alert_read_parsed(struct alert_reader *r, struct text document,
                      struct store_alert *ret_alert, const char **ret_why);

#endif
