/* SPDX-License-Identifier: Apache-2.0 */
/*
 * incidents.h - what the `hallwatch incidents` commands share.
 */
#ifndef CLI_INCIDENTS_H
#define CLI_INCIDENTS_H

#include "collector/store_incident.h"
#include "viewer.h"

struct incidents_options {
    struct viewer_options viewer;
    const char *site, *severity, *why, *was;
    uint64_t before, limit;
    bool all, drills;
};

/* incident_show.c: the page of one, as JSON or for people. An exit code. */
int incident_show(struct viewer *r, const struct store_incident *i);

#endif
