/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake.h - where agents come in: listens, lets in whom the allow-list names, stores
 * what they say and acknowledges it (docs/WIRE.md).
 *
 * Before it opens it knocks at its own door with a random key. Unless that is refused it
 * does not open.
 */
#ifndef INTAKE_H
#define INTAKE_H

#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "cur.h"
#include "intake_store.h"
#include "loop.h"
#include "session.h"
#include "wire.h"

struct intake;

struct intake_settings {
    struct loop *loop;
    const struct intake_store *store; /* borrowed; this process's own */
    const char *address;              /* to listen at, "tcp://0.0.0.0:5570" */
    struct wire_keys keys;            /* the collector's */
    uint64_t budget; /* bytes that all agents may have on their way; 0: 64 MiB */
    usec_t patience; /* with its own door when it opens; 0: 5 s */
    /* Messages about bundles; may be NULL */
    void (*on_config)(const char *agent, const struct wire_peer *from,
                      const struct wire_head *head, struct cur payload, void *arg);
    /* As in session.h; may be NULL */
    void (*on_answer)(const char *agent, const struct wire_answer *answer, void *arg);
    void (*on_welcome)(const char *agent, void *arg);
    void *arg;
};

/* On failure *ret_error is a sentence that says what to do; yours. */
int intake_new(const struct intake_settings *set, struct intake **ret_intake,
               char **ret_error);
void intake_free(struct intake *i); /* says BYE; NULL is fine */
AUTO_DEFINE(intake, intake_free)
#define auto_intake __attribute__((cleanup(auto_intake_run)))

/* Where it really listens, as agents of this machine would reach it. */
void intake_address(const struct intake *i, char ret_address[WIRE_ADDRESS]);

/* To an agent, for bundles: 0, -EAGAIN or -EHOSTUNREACH. */
int intake_say(struct intake *i, const struct wire_peer *to, const struct wire_head *head,
               const void *payload, size_t len);
int intake_ask(struct intake *i, const char *agent, const struct wire_ask *ask);
void intake_set_bundle(struct intake *i, uint64_t serial);

struct intake_counts {
    const struct sessions_counts *sessions;
    uint64_t refused_keys;       /* connections of keys that are not on the list */
    uint64_t refused_handshakes; /* and of what doesn't speak our protocol */
    uint64_t dropped;            /* messages as wire_dropped counts them */
};

/* Borrowed until the next call. */
const struct intake_counts *intake_counts(struct intake *i);

#endif
