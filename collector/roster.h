/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster.h - who may speak with the intake: the store's allow-list in memory, and when
 * each agent was heard.
 *
 * An agent's place stays valid as long as the roster, whether or not it is still allowed.
 */
#ifndef ROSTER_H
#define ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypt.h"
#include "intake_store.h"

#define ROSTER_NAME    64
#define ROSTER_VERSION 32
#define ROSTER_FROM    64

struct session;

struct agent {
    char name[ROSTER_NAME];
    char key[CRYPT_Z85];
    bool allowed;

    usec_t heard;      /* monotonic */
    usec_t heard_wall; /* 0: never */
    int64_t skew;
    char version[ROSTER_VERSION];
    char from[ROSTER_FROM];
    uint8_t boot[WIRE_BOOT];
    uint64_t bundle;
    enum intake_state state;
    usec_t reported;
    usec_t copy_told; /* 0: never */

    struct session *sessions; /* session.c's */
};

struct roster;

/* now: from when on an agent that does not come counts as silent. */
struct roster *roster_new(const struct intake_store *store, usec_t now);
void roster_free(struct roster *r); /* NULL is fine */

/* Reads the list again when it has changed; true when it did. */
bool roster_refresh(struct roster *r, usec_t now);

/* NULL: not allowed, or no longer. */
struct agent *roster_find(const struct roster *r, const char *key);

typedef void roster_fn(struct agent *agent, void *arg);
void roster_each(struct roster *r, roster_fn *fn, void *arg); /* allowed ones */

#endif
