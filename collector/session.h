/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - the collector's side of the protocol of docs/WIRE.md, without a socket:
 * each message is handed in with the key that was proven for it, answers go out through a
 * callback, and time is an argument. intake.c gives it sockets.
 *
 * Records of all messages of a turn are stored in one transaction; sessions_turn commits
 * it and acknowledges. Nothing is acknowledged before it is committed.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "clock.h"
#include "cur.h"
#include "intake_store.h"
#include "roster.h"
#include "wire.h"

struct sessions;

struct sessions_settings {
    const struct intake_store *store; /* borrowed */
    struct roster *roster;            /* borrowed */
    uint64_t budget; /* bytes that all sessions together may have on their way */
    /* 0; -EAGAIN, -EHOSTUNREACH: it is lost, which the protocol survives */
    int (*send)(const struct wire_peer *to, const struct wire_head *head,
                const void *payload, size_t len, void *arg);
    /* Messages about bundles (CONFIG_...); may be NULL */
    void (*on_config)(const char *agent, const struct wire_peer *from,
                      const struct wire_head *head, struct cur payload, void *arg);
    /* What an agent says to evidence that it was asked for; may be NULL */
    void (*on_answer)(const char *agent, const struct wire_answer *answer, void *arg);
    /* An agent is welcomed: what it was told in other sessions may be lost; may be NULL
     */
    void (*on_welcome)(const char *agent, void *arg);
    /* For the log; may be NULL */
    void (*on_notice)(const struct intake_notice *notice, void *arg);
    void *arg;
};

struct moment {
    usec_t now;  /* monotonic */
    usec_t wall; /* for what is stored */
};

struct sessions *sessions_new(const struct sessions_settings *set);
void sessions_free(struct sessions *s); /* NULL is fine; what isn't committed is undone */
AUTO_DEFINE(sessions, sessions_free)
#define auto_sessions __attribute__((cleanup(auto_sessions_run)))

void sessions_receive(struct sessions *s, const struct wire_message *m, struct moment at);

/* After each turn's messages: commits and acknowledges. -errno: nothing was stored, and
 * a second later the agents are asked to send again. */
int sessions_turn(struct sessions *s, struct moment at);

/* Once a second: heartbeats, who is late or silent, who was revoked. */
void sessions_tick(struct sessions *s, struct moment at);

/* To all: the collector stops. */
void sessions_bye(struct sessions *s);

/* Asks an agent for evidence. -EHOSTUNREACH: it has no session; -EAGAIN: it is lost;
 * -EPROTONOSUPPORT: it is of a version that cannot be asked. */
int sessions_ask(struct sessions *s, const char *agent, const struct wire_ask *ask,
                 struct moment at);

/* The serial of the bundle that agents should have, for each WELCOME from now on. */
void sessions_set_bundle(struct sessions *s, uint64_t serial);

struct sessions_counts {
    size_t open;
    uint64_t messages, bytes;
    uint64_t records[WIRE_STREAMS]; /* stored */
    uint64_t lost[WIRE_STREAMS];    /* documents that agents had to give up */
    uint64_t repeats;               /* records that were stored before */
    uint64_t gaps;                  /* batches that came too early */
    uint64_t rejected;              /* records kept aside */
    uint64_t malformed;             /* messages that could not be read */
    uint64_t unknown;               /* of a type or stream we don't know */
    uint64_t revoked;               /* messages of keys that are not allowed any more */
    uint64_t strangers;             /* messages without a session */
    uint64_t copies;                /* agents of which there are two */
    uint64_t commits, failed;       /* transactions */
};

const struct sessions_counts *sessions_counts(const struct sessions *s);

#endif
