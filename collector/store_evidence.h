/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_evidence.h - frames that agents gathered for alerts, sealed: docs/WIRE.md,
 * section 4.1. Nothing here can open them.
 *
 * A row is there from the moment that an alert names it, or a part comes, whichever is
 * first. Parts are dropped when they are older than STORE_EVIDENCE_DAYS, and the oldest
 * beyond STORE_EVIDENCE_BYTES; those of an incident that is not closed stay. The row and
 * its custody record stay in both cases.
 */
#ifndef STORE_EVIDENCE_H
#define STORE_EVIDENCE_H

#include "store.h"

#define STORE_EVIDENCE_DAYS  30
#define STORE_EVIDENCE_BYTES (INT64_C(1) << 30)
#define STORE_EVIDENCE_PARTS 64

struct store_evidence {
    int64_t id;
    const char *agent;
    const char *name;     /* the alert's hallwatch.evidence.id */
    uint64_t parts, have; /* 0 of 0: none has come yet */
    uint64_t bytes;       /* of the seal, as it is kept */
    const char *custody;  /* JSON; "": the first part has not come */
    usec_t arrived;       /* of the row */
    int64_t alert;        /* 0: not known */
    usec_t expired;       /* its parts were dropped; 0: not */
};

/* A part; -EBADMSG: it is none. A part that is there already changes nothing, nor does
 * any when all are; the first part of another seal begins anew. */
int store_evidence_put(struct store *s, const char *agent, const char *document,
                       size_t len);

/* The alert that came as this one names it, if it names any. */
int store_evidence_expect(struct store *s, const char *agent, uint64_t epoch,
                          uint64_t seq, const char *document);

/* Drops what is to go. */
int store_evidence_expire(struct store *s);

typedef void store_evidence_fn(const struct store_evidence *e, void *arg);

/* Of an incident (0: all), newest first. */
int store_evidence_each(struct store *s, int64_t incident, size_t limit,
                        store_evidence_fn *fn, void *arg);
int store_evidence_get(struct store *s, int64_t id, struct store_evidence *ret_evidence);
void store_evidence_done(struct store_evidence *e);
struct json *store_evidence_json(const struct store_evidence *e);

/* Its parts in one, yours. -ENOENT: not all of them are here. */
int store_evidence_sealed(struct store *s, const struct store_evidence *e,
                          char **ret_sealed);

#endif
