/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_evidence.h - frames that agents gathered for alerts, sealed: docs/WIRE.md,
 * section 4.1. Nothing here can open them.
 *
 * A row is there from the moment that an alert names it, or a part comes, whichever is
 * first. Parts are dropped when they are older than the district keeps them, and the
 * oldest beyond the room that they may take; those of an incident that is not closed, and
 * those that somebody holds, stay. The row and its custody record stay in any case, and
 * say when and why the parts went.
 */
#ifndef STORE_EVIDENCE_H
#define STORE_EVIDENCE_H

#include "names.h"
#include "store.h"

#define STORE_EVIDENCE_PARTS    64
#define STORE_EVIDENCE_HOLD_MAX (400 * USEC_PER_DAY)

/* How far it is with what somebody asked an agent for (store_ask.h). */
enum evidence_asked {
    ASKED_NOT, /* a rule did */
    ASKED_WAITING,
    ASKED_TAKEN,
    ASKED_REFUSED,
    ASKED_UNANSWERED,
    ASKED_LOST,
    ASKED_DONE,
};
extern const struct names names_evidence_asked;

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
    usec_t held;          /* until then they are not; 0: nobody holds it */
    enum evidence_asked asked;
};

/* A part; -EBADMSG: it is none. A part that is there already changes nothing, nor does
 * any when all are; the first part of another seal begins anew. */
int store_evidence_put(struct store *s, const char *agent, const char *document,
                       size_t len);

/* The alert that came as this one names it, if it names any. */
int store_evidence_expect(struct store *s, const char *agent, uint64_t epoch,
                          uint64_t seq, const char *document);

/*
 * Drops what is to go, at most `most` of them; *ret_count is how many went. keep: for how
 * long after it came, 0 for ever; room: bytes of seals that may go.
 */
struct store_evidence_keep {
    usec_t keep;
    uint64_t room;
};
int store_evidence_expire(struct store *s, const struct store_evidence_keep *k,
                          size_t most, size_t *ret_count);

/*
 * A hold by a person, with a reason and an end. -EINVAL: there is no reason, or the end
 * is not within STORE_EVIDENCE_HOLD_MAX; -ESTALE: it has expired; to release: nobody
 * holds it. store_error says it. Holding what is held moves the end.
 */
int store_evidence_hold(struct store *s, int64_t id, const char *who, const char *why,
                        usec_t until);
int store_evidence_release(struct store *s, int64_t id, const char *who, const char *why);

/* What holds keep, beside what may go: nothing is deleted for it, so somebody must look.
 */
#define STORE_EVIDENCE_ROOM "engine.evidence.room" /* in store_meta: bytes, as set */
struct store_evidence_held {
    uint64_t count, bytes;
};
int store_evidence_held(struct store *s, struct store_evidence_held *ret_held);

struct store_evidence_filter {
    int64_t incident; /* 0: any */
    int64_t before;   /* id; 0: from the newest on */
    uint32_t owners;  /* of its alert, bit 1 << role; 0: any, and those without alert */
    size_t limit;
};
typedef void store_evidence_fn(const struct store_evidence *e, void *arg);

/* Newest first. */
int store_evidence_each(struct store *s, const struct store_evidence_filter *f,
                        store_evidence_fn *fn, void *arg);
int store_evidence_get(struct store *s, int64_t id, struct store_evidence *ret_evidence);
void store_evidence_done(struct store_evidence *e);
struct json *store_evidence_json(const struct store_evidence *e);

/* Its parts in one, yours. -ENOENT: not all of them are here. */
int store_evidence_sealed(struct store *s, const struct store_evidence *e,
                          char **ret_sealed);

#endif
