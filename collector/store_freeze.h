/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_freeze.h - what there is about an incident, as it is now: kept from being deleted
 * and written down.
 *
 * Its evidence is held; and its alerts, as they came, are put into one document, which is
 * evidence of its own: agent "collector", its custody record (`kind` metadata) with the
 * document's SHA-256. It is not sealed for the vault: names of people stand sealed in the
 * alerts anyway, and the rest is shown to each by sight.h, as the alerts themselves are.
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

/* Inside a transaction. An incident without alerts has nothing to be frozen. */
int store_freeze(struct store *s, const struct store_freeze *f);

/* The document: {"incident", "frozen_at", "alerts": [{"id", "agent", "epoch", "seq",
 * "at", "arrived", "owner", "document"}, ...]}, oldest first. */

#endif
