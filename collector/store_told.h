/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_told.h - what rules at the collector told, for as long as they must not tell it
 * again. It is written together with the alert, whose sequence number its id is.
 */
#ifndef STORE_TOLD_H
#define STORE_TOLD_H

#include "collector/store.h"

struct store_told {
    int64_t id;
    const char *rule;
    const char *key; /* digest of what the rule's dedup goes by */
    usec_t first;    /* packet time; of a summary that of the alert it sums up */
    int64_t cause;   /* the alert of an agent that it was raised at */
    bool summary;
};

/* Inside a transaction; id is the store's. */
int store_told_put(struct store *s, const struct store_told *t, int64_t *ret_id);

/* The first one of the rule and key, no summary, after `after` and before `before`; yours
 * to store_told_done. -ENOENT. */
int store_told_find(struct store *s, const struct store_told *like, usec_t after,
                    usec_t before, struct store_told *ret_told);

/* Whether there is one of the same rule, key, first, cause (0: any) and summary. */
int store_told_has(struct store *s, const struct store_told *t, bool *ret_has);

void store_told_done(struct store_told *t);

/* Forgets those before, but for the newest, whose number must not be given again. */
int store_told_forget(struct store *s, usec_t before);

#endif
