/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_inside.h - what session.c, which speaks with agents, and session_store.c, which
 * stores what they say, have in common.
 */
#ifndef SESSION_INSIDE_H
#define SESSION_INSIDE_H

#include "hash.h"
#include "session.h"
#include "text.h"

#define SESSION_BUCKETS 4096

struct progress {
    uint64_t cursor;
    uint64_t committed; /* the cursor, as far as it is safe */
    uint64_t received;  /* bytes in this session */
    bool rewinding;     /* asked for cursor + 1, and waits for it */
    bool answer;        /* ACK or REWIND is due at the end of the turn */
};

struct session {
    struct session *next, **link; /* in its bucket */
    struct session *sister;       /* of the same agent */
    struct session *next_touched; /* in this turn's transaction */
    struct agent *agent;
    struct wire_peer peer;
    uint64_t epoch;
    uint8_t boot[WIRE_BOOT];
    uint8_t minor; /* that the agent speaks */
    struct progress streams[WIRE_STREAMS];
    usec_t heard, said;
    usec_t rival;     /* since when another boot has this key; 0: none has */
    usec_t rewind_at; /* after a failed transaction; 0: none */
    bool touched;
};

struct sessions {
    struct sessions_settings set;
    struct sessions_counts counts;
    struct hash_key key;
    struct session *buckets[SESSION_BUCKETS];
    struct session *touched;
    bool open;  /* a transaction */
    int failed; /* why this turn's cannot be committed */
    uint64_t waiting_bytes;
    uint64_t bundle;
    struct buffer payload; /* of the answer being made */
};

/* Says ACK or REWIND, whichever is due. session.c. */
void session_answer(struct sessions *s, struct session *to, unsigned stream,
                    struct moment at);

/* The rest is session_store.c. A transaction is opened by whoever writes first in a turn,
 * and sessions_turn ends it. */

/* For a new session: each stream's cursor, from the store and the HELLO. */
int session_settle(struct sessions *s, struct session *at, const struct wire_hello *hello,
                   struct moment now);

void session_take_batch(struct sessions *s, struct session *at,
                        const struct wire_head *head, struct cur records,
                        struct moment now);

void session_notice(struct sessions *s, const struct agent *agent,
                    enum intake_notice_kind kind, uint64_t epoch, struct moment at);

void session_report(struct sessions *s, const struct agent *agent, struct moment at);

#endif
