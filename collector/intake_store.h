/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake_store.h - what the intake, and `hallwatch agents`, need of the store.
 *
 * Functions return 0 or -errno, and anything but the errors named here means that the
 * transaction has to be rolled back. Texts and bytes are borrowed for the call. Agents
 * are called by their name; epochs and sequence numbers are those of docs/WIRE.md.
 */
#ifndef INTAKE_STORE_H
#define INTAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "wire_frame.h"

/* An agent that may speak. */
struct intake_agent {
    const char *name;
    const char *key; /* public, Z85 */
    const char *site;
    usec_t added;
    usec_t revoked; /* 0: it is not */
};

typedef void intake_agent_fn(const struct intake_agent *agent, void *arg);

/* One document, as it came. */
struct intake_record {
    const char *agent;
    uint64_t epoch;
    enum wire_stream stream;
    uint64_t seq;
    const uint8_t *bytes;
    size_t len;
    usec_t arrived;
};

/* Documents first to last will never come. */
struct intake_loss {
    const char *agent;
    uint64_t epoch;
    enum wire_stream stream;
    uint64_t first, last;
    enum wire_loss why;
    usec_t noticed;
};

/* How an agent does: put when it changes, and once a minute while it speaks. */
enum intake_state {
    INTAKE_UP,
    INTAKE_LATE,   /* not heard for 30 s */
    INTAKE_SILENT, /* not heard for 5 min, or never since the intake began 5 min ago */
};

struct intake_report {
    const char *agent;
    enum intake_state state;
    usec_t heard;        /* wall; 0: never by this intake */
    int64_t skew;        /* its clock less ours, microseconds; the way here included */
    const char *version; /* of its program; "" when it has not said */
    const char *from;    /* its network address */
    const uint8_t *boot; /* WIRE_BOOT bytes: of its machine's last start */
    uint64_t bundle;     /* serial of the bundle in use, 0 for none */
};

/* What somebody should know. */
enum intake_notice_kind {
    INTAKE_NOTICE_SILENT, /* an agent has become silent */
    INTAKE_NOTICE_BACK,   /* and speaks again */
    INTAKE_NOTICE_EPOCH,  /* it begins an epoch: its first, or it lost its spool */
    INTAKE_NOTICE_COPY,   /* two machines speak with its key */
};

struct intake_notice {
    const char *agent;
    enum intake_notice_kind kind;
    uint64_t epoch;
    usec_t time;
};

struct intake_store {
    void *arg;

    /* The allow-list. changed: by anybody, since agents_each was last called. It is asked
     * for every message, so it must be cheap. */
    bool (*agents_changed)(void *arg);
    int (*agents_each)(void *arg, intake_agent_fn *fn,
                       void *fn_arg); /* revoked ones too */
    int (*agent_add)(void *arg,
                     const struct intake_agent *agent); /* -EEXIST: name or key */
    int (*agent_revoke)(void *arg, const char *name, usec_t now); /* -ENOENT */

    int (*begin)(void *arg);
    int (*commit)(void *arg);
    void (*rollback)(void *arg);

    /* How far a stream is stored. -ENOENT: that epoch is not known. */
    int (*cursor_get)(void *arg, const char *agent, uint64_t epoch,
                      enum wire_stream stream, uint64_t *ret_seq);
    /* Moves it, from what it is believed to be; made when it is not there and from is 0.
     * -ESTALE: it is not `from` (another intake was faster). */
    int (*cursor_move)(void *arg, const char *agent, uint64_t epoch,
                       enum wire_stream stream, uint64_t from, uint64_t to);

    /* -EBADMSG: it cannot be read; nothing was written and the transaction goes on. */
    int (*put_record)(void *arg, const struct intake_record *record);
    /* Kept aside, for a person to look at. */
    int (*put_rejected)(void *arg, const struct intake_record *record, const char *why);
    int (*put_loss)(void *arg, const struct intake_loss *loss);
    int (*put_report)(void *arg, const struct intake_report *report);
    int (*put_notice)(void *arg, const struct intake_notice *notice);
};

#endif
