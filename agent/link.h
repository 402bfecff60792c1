/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - the agent's side of the protocol of docs/WIRE.md, without a socket: what comes
 * in is handed to it, what it has to say goes out through a callback, and time is an
 * argument (monotonic). uplink.c gives it sockets.
 *
 *     opened -> connected -> HELLO ... WELCOME -> batches and acknowledgements
 *
 * It reads the spool and acknowledges in it. When it wants another socket it says so from
 * link_tick, once.
 */
#ifndef LINK_H
#define LINK_H

#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "clock.h"
#include "cur.h"
#include "spool.h"
#include "wire_frame.h"

struct link;

struct link_settings {
    struct spool *spool; /* borrowed */
    const char *version; /* of the program; borrowed */
    uint8_t boot[WIRE_BOOT];
    /* head.sent is left to this; 0, or -EAGAIN: link_send will be called again */
    int (*send)(const struct wire_head *head, const void *payload, size_t len, void *arg);
    /* Messages about bundles (CONFIG_...); may be NULL */
    void (*on_config)(const struct wire_head *head, struct cur payload, void *arg);
    /* Evidence is asked for; may be NULL */
    void (*on_ask)(const struct wire_ask *ask, void *arg);
    void *arg;
};

enum link_state {
    LINK_CLOSED,
    LINK_CONNECTING,
    LINK_GREETING, /* HELLO is said */
    LINK_UP,
};

enum link_end {
    LINK_STAYS,
    LINK_NO_CONNECTION,
    LINK_LOST, /* the connection was closed */
    LINK_NO_WELCOME,
    LINK_SILENT,   /* nothing was heard */
    LINK_NO_ACK,   /* nothing was acknowledged */
    LINK_SENT_OFF, /* BYE: the collector stops */
    LINK_REVOKED,  /* BYE: this key is not wanted any more */
    LINK_VERSION,  /* BYE: it speaks another version */
    LINK_CONFUSED, /* it said what cannot be */
};

/* A sentence's second half: "the collector ..." */
const char *link_end_text(enum link_end end);

struct link *link_new(const struct link_settings *set);
void link_free(struct link *l); /* NULL is fine */
AUTO_DEFINE(link, link_free)
#define auto_link __attribute__((cleanup(auto_link_run)))

/* A new socket was opened; it can be written to for the first time. */
void link_opened(struct link *l, usec_t now);
void link_connected(struct link *l, usec_t now);
void link_lost(struct link *l); /* link_tick tells */

void link_receive(struct link *l, const void *message, size_t len, usec_t now);

/* Sends what the spool has and credit allows: after a commit, or when there is room. */
void link_send(struct link *l, usec_t now);

/*
 * Does what time demands. Not LINK_STAYS: close this socket, wait for *ret_wait and open
 * one to the next address.
 */
enum link_end link_tick(struct link *l, usec_t now, usec_t *ret_wait);
usec_t link_due(const struct link *l); /* when link_tick wants to be called */

/* Says BYE, if there is somebody to say it to. */
void link_bye(struct link *l);

/* The serial of the bundle in use, for the next HELLO. */
void link_set_bundle(struct link *l, uint64_t serial);

struct link_counts {
    enum link_state state;
    uint64_t welcomes;
    uint64_t batches, bytes; /* sent, repeats included */
    uint64_t rewinds;
    uint64_t refused; /* messages that could not be read */
};

const struct link_counts *link_counts(const struct link *l);

#endif
