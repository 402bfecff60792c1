/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_custody.h - what happened to evidence since it came: who had it, what they did
 * and why. What was before that, the agent's record tells (docs/WIRE.md, section 4.1).
 *
 * Entries are only ever added. What a person did stands on the audit record as well,
 * whose chain of hashes shows if somebody changes what was written.
 */
#ifndef STORE_CUSTODY_H
#define STORE_CUSTODY_H

#include "store.h"

struct store_custody {
    int64_t id, evidence;
    usec_t at;
    const char *who;  /* a person's id, an agent, or a process */
    const char *what; /* "stored", "held", "released", "opened", "expired", "frozen" */
    const char *why;  /* a sentence, or "" */
};

int store_custody_add(struct store *s, int64_t evidence, const char *who,
                      const char *what, const char *why);

/* The same, on the audit record too, as "evidence.WHAT". */
int store_custody_tell(struct store *s, int64_t evidence, const char *who,
                       const char *what, const char *why);

/* Oldest first. */
typedef void store_custody_fn(const struct store_custody *c, void *arg);
int store_custody_each(struct store *s, int64_t evidence, store_custody_fn *fn,
                       void *arg);

/* A list of them, without the evidence's number; yours to free. NULL: store_error. */
struct json *store_custody_list(struct store *s, int64_t evidence);

#endif
