/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_freeze.h - what there is about an incident, as it is now: kept from being deleted
 * and written down.
 *
 * Its evidence is held, that of alerts that join it later too; and its alerts, as they
 * came, are put into one document, which is evidence of its own: agent "collector", its
 * custody record (`kind` metadata) with the document's SHA-256. It is not sealed for the
 * vault: names of people stand sealed in the alerts anyway, and the rest is shown to each
 * by sight.h, as the alerts themselves are.
 */
#ifndef STORE_FREEZE_H
#define STORE_FREEZE_H

#include "store.h"

#define STORE_FREEZE_AGENT  "collector"
#define STORE_FREEZE_ALERTS 1000 /* the newest; how many were left out, custody says */

struct store_freeze {
    int64_t incident;
    const char *key; /* once only: a second time with the same one changes nothing */
    const char *who, *why;
    usec_t until;
};

/* Inside a transaction. An incident without alerts has nothing to be written down. */
int store_freeze(struct store *s, const struct store_freeze *f);

/* An alert has joined the incident: what it has of evidence, or will have, is held as
 * long as the longest freeze of that incident lasts. */
int store_freeze_join(struct store *s, int64_t incident, int64_t alert);

/* The same for one evidence of the incident that is new. */
int store_freeze_cover(struct store *s, int64_t incident, int64_t evidence);

/* The document: {"incident", "frozen_at", "alerts": [{"id", "agent", "epoch", "seq",
 * "at", "arrived", "owner", "document"}, ...]}, oldest first. */

#endif
