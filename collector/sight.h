/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sight.h - what a role may see of an alert. The one place that decides it, for the
 * terminal, the API and messages alike.
 *
 * The class of an alert is who acts first on it. A true name is in no sight: it is
 * sealed, and opened by an unmask only.
 */
#ifndef SIGHT_H
#define SIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "json.h"
#include "names.h"

/* Bits. */
enum sight {
    SIGHT_COUNT = 1,   /* how many there are, from SIGHT_LEAST on */
    SIGHT_WHAT = 2,    /* that it is there: rule, severity, time, site, segment */
    SIGHT_DEVICE = 4,  /* which one, as far as the rule's identity goes */
    SIGHT_HOST = 8,    /* what was visited */
    SIGHT_PACKET = 16, /* addresses, ports, protocol, flow */
    SIGHT_ALL = 31,
};

#define SIGHT_LEAST 10 /* fewer could point at somebody */

/* Of an alert or incident whose owner is given. */
unsigned sight_of(enum role reader, enum role owner);

/* Owners of whose alerts the reader has all of these bits: bit 1 << role, as filters
 * take it. */
uint32_t sight_owners(enum role reader, unsigned sight);

bool sight_of_audit(enum role reader);

/* A number as the reader may see it: under SIGHT_LEAST it is 0 to who sees counts only.
 */
uint64_t sight_count(unsigned sight, uint64_t count);

/* The document with what may be seen of it; yours to free. */
struct json *sight_document(const struct json *document, unsigned sight);

#endif
