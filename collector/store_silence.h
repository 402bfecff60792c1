/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_silence.h - silences: alerts that match are kept and counted, nobody is told.
 */
#ifndef STORE_SILENCE_H
#define STORE_SILENCE_H

#include "store.h"

struct store_silence {
    int64_t id;
    const char *rule, *site, *segment, *device; /* "": any; at least one is set */
    const char *owner, *why;                    /* both needed */
    usec_t begins, until;
    usec_t ended; /* taken back before its time */
    uint64_t hits;
};

/* -EINVAL: without owner, why, end or anything to match; store_error says which. */
int store_silence_add(struct store *s, const struct store_silence *silence,
                      int64_t *ret_id);
int store_silence_end(struct store *s, int64_t id, const char *who);
int store_silence_hit(struct store *s, int64_t id);

typedef void store_silence_fn(const struct store_silence *silence, void *arg);
struct json *store_silence_json(const struct store_silence *silence);

/* Those in force at a time; 0: all there ever were. Newest first. */
int store_silence_each(struct store *s, usec_t at, store_silence_fn *fn, void *arg);

#endif
