/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_agent.h - sensor boxes: who may speak, how far we have read them, how they are.
 */
#ifndef STORE_AGENT_H
#define STORE_AGENT_H

#include "store.h"

struct store_agent {
    int64_t id;
    const char *name, *site;
    const char *public_key; /* CURVE, Z85 */
    usec_t added;
    usec_t revoked; /* 0: it may speak */
    usec_t heard;
    const char *boot; /* of its machine's last start, hexadecimal */
    const char *version;
    uint64_t bundle;    /* serial of the bundle in use */
    const char *health; /* its last report, JSON */
    usec_t health_at;
    uint64_t rejected, lost; /* records */
};

/* -EEXIST: that name or key is there. */
int store_agent_add(struct store *s, const char *name, const char *site,
                    const char *public_key);
int store_agent_revoke(struct store *s, const char *name);

typedef void store_agent_fn(const struct store_agent *a, void *arg);
int store_agent_each(struct store *s, store_agent_fn *fn, void *arg); /* by name */
int store_agent_get(struct store *s, const char *name, struct store_agent *ret);

/* By key, revoked or not. -ENOENT. */
int store_agent_by_key(struct store *s, const char *public_key, struct store_agent *ret);
void store_agent_done(struct store_agent *a);
struct json *store_agent_json(const struct store_agent *a);

int store_agent_heard(struct store *s, const char *name, const char *boot,
                      const char *version, uint64_t bundle);
int store_agent_health(struct store *s, const char *name, const char *document);

/* How far a stream was stored; -ENOENT: never heard of that epoch. */
int store_cursor_get(struct store *s, const char *agent, uint64_t epoch, unsigned stream,
                     uint64_t *ret_seq);
int store_cursor_put(struct store *s, const char *agent, uint64_t epoch, unsigned stream,
                     uint64_t seq);

/* Another epoch of this agent is known. */
int store_cursor_known(struct store *s, const char *agent, uint64_t not_epoch,
                       bool *ret_known);

struct store_place { /* a record's place in what an agent sends */
    const char *agent;
    uint64_t epoch;
    unsigned stream;
    uint64_t seq;
};

/* Kept aside because it could not be read, at most 64 KiB of it. */
int store_rejected_put(struct store *s, const struct store_place *at, const char *why,
                       const void *bytes, size_t len);

/* Records from at->seq to last that will never come. */
int store_loss_put(struct store *s, const struct store_place *at, uint64_t last,
                   const char *reason);

struct store_loss {
    int64_t id;
    const char *agent;
    uint64_t epoch, stream, first, last, count;
    const char *reason;
    usec_t told;
};
typedef void store_loss_fn(const struct store_loss *l, void *arg);
struct json *store_loss_json(const struct store_loss *l);
int store_loss_each(struct store *s, size_t limit, store_loss_fn *fn, void *arg);

#endif
