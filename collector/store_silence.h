/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_silence.h - silences: alerts that match are kept and counted, nobody is told.
 *
 * Whoever acts first on alerts may silence them, and nobody else: a silence says whose
 * alerts it covers, and takes no others along, however wide it is.
 */
#ifndef STORE_SILENCE_H
#define STORE_SILENCE_H

#include "store.h"

struct store_silence {
    int64_t id;
    const char *rule, *site, *segment, *device; /* "": any; at least one is set */
    const char *owner, *why;                    /* both needed */
    usec_t begins, until;
    uint64_t covers; /* alerts of these owners: bit 1 << role; not 0 */
    usec_t ended;    /* taken back before its time */
    uint64_t hits;
};

#define SILENCE_MAX       (30 * USEC_PER_DAY)
#define SILENCE_MAX_CHILD (7 * USEC_PER_DAY) /* covers alerts of the safety officer */

/* How long one may be that covers these owners. */
usec_t store_silence_max(uint64_t covers);

/* -EINVAL: without owner, why, end, anything to match or to cover, or too long;
 * store_error says which. */
int store_silence_add(struct store *s, const struct store_silence *silence,
                      int64_t *ret_id);
int store_silence_end(struct store *s, int64_t id, const char *who);
int store_silence_hit(struct store *s, int64_t id);

typedef void store_silence_fn(const struct store_silence *silence, void *arg);
struct json *store_silence_json(const struct store_silence *silence);

/* Those in force at a time; 0: all there ever were. Newest first. */
int store_silence_each(struct store *s, usec_t at, store_silence_fn *fn, void *arg);

#endif
