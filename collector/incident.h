/* SPDX-License-Identifier: Apache-2.0 */
/*
 * incident.h - the states of an incident, and who may move it from which to which.
 */
#ifndef INCIDENT_H
#define INCIDENT_H

#include <stdbool.h>

#include "names.h"

enum incident_state {
    INCIDENT_OPEN,
    INCIDENT_ACKNOWLEDGED,
    INCIDENT_CONTAINED,
    INCIDENT_RECOVERED,
    INCIDENT_CLOSED,
};
extern const struct names names_incident_state;

/* What it was, said when it is closed. */
enum disposition {
    DISPOSITION_NONE, /* not closed yet */
    DISPOSITION_CONFIRMED,
    DISPOSITION_BENIGN,
    DISPOSITION_FALSE_POSITIVE,
    DISPOSITION_UNKNOWN,
    DISPOSITION_DRILL,
};
extern const struct names names_disposition;

struct incident_change {
    enum incident_state from, to;
    enum disposition disposition; /* when to is closed */
    const char *who, *why;        /* NULL or "": none */
    bool drill;                   /* the incident is one: it can only be closed as such */
};

/* NULL when the change is allowed; else a sentence that says why it is not. */
const char *incident_refuse(const struct incident_change *change);

/* Whether the change needs a reason: closing, reopening, and every step back. */
bool incident_needs_why(enum incident_state from, enum incident_state to);

#endif
