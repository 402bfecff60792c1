/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_agent.h - sensor boxes: who may speak, how far we have read them, how they are.
 */
#ifndef STORE_AGENT_H
#define STORE_AGENT_H

#include "names.h"
#include "store.h"

/* Told by the intake; how it is by the last report. */
enum agent_state {
    AGENT_NEW,    /* never heard */
    AGENT_UP,     /* heard less than 30 s ago */
    AGENT_LATE,   /* not heard for 30 s */
    AGENT_SILENT, /* not heard for 5 min */
};
extern const struct names names_agent_state;

struct store_agent {
    int64_t id;
    const char *name, *site;
    const char *public_key; /* CURVE, Z85 */
    usec_t added;
    usec_t revoked; /* 0: it may speak */
    enum agent_state state;
    usec_t heard;
    int64_t skew;        /* its clock less ours, microseconds */
    const char *address; /* where it speaks from */
    const char *boot;    /* of its machine's last start, hexadecimal */
    const char *version;
    uint64_t bundle;    /* serial of the bundle in use */
    const char *health; /* its last report, JSON */
    usec_t health_at;
    uint64_t rejected, lost; /* records */
};

/* Another value than at the last call: the allow-list has been changed, by anybody. */
uint64_t store_agents_changes(struct store *s);

/* A name whose agent was revoked may come back with another key. -EEXIST: that name or
 * key is there; store_error says which. */
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

/* state, heard (0: leave it), skew, address, boot, version and bundle of the agent of
 * that name. -ENOENT. */
int store_agent_report(struct store *s, const struct store_agent *a);
int store_agent_health(struct store *s, const char *name, const char *document);

/* How far a stream was stored; -ENOENT: never heard of that epoch. */
int store_cursor_get(struct store *s, const char *agent, uint64_t epoch, unsigned stream,
                     uint64_t *ret_seq);

/* From what it is believed to be; made when from is 0 and it is not there. -ESTALE: it is
 * not `from`. */
int store_cursor_move(struct store *s, const char *agent, uint64_t epoch, unsigned stream,
                      uint64_t from, uint64_t to);

struct store_place { /* a record's place in what an agent sends */
    const char *agent;
    uint64_t epoch;
    unsigned stream;
    uint64_t seq;
};

/* A document of a stream that has no table of its own, as it came. There already: fine.
 */
int store_record_put(struct store *s, const struct store_place *at, const void *bytes,
                     size_t len);

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
int store_loss_each(struct store *s, int64_t after, size_t limit, store_loss_fn *fn,
                    void *arg); /* ids above after; oldest first */

/* What somebody should know about an agent. */
enum notice_kind {
    NOTICE_SILENT, /* it has become silent */
    NOTICE_BACK,   /* and speaks again */
    NOTICE_EPOCH,  /* it begins an epoch: its first, or it lost its spool */
    NOTICE_COPY,   /* two machines speak with its key */
    NOTICE_HELD,   /* of the collector: evidence that is held takes much of its room */
};
extern const struct names names_notice_kind;

struct store_notice {
    int64_t id;
    const char *agent;
    enum notice_kind kind;
    uint64_t epoch;
    usec_t at;
};
int store_notice_put(struct store *s, const struct store_notice *n);

typedef void store_notice_fn(const struct store_notice *n, void *arg);
struct json *store_notice_json(const struct store_notice *n);
int store_notice_each(struct store *s, int64_t after, size_t limit, store_notice_fn *fn,
                      void *arg); /* ids above after; oldest first */

/* Whether its agent had begun another epoch before this notice of one. */
int store_notice_follows(struct store *s, const struct store_notice *n,
                         bool *ret_follows);

#endif
