/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - encrypted ports between agent and collector; the only home of libzmq.
 *
 * A process has one struct wire on its loop, made after it was forked, and ports on it:
 * an agent's connects, a collector's listens. Every port is made in one place with all
 * its options set before it is used and read back (docs/WIRE.md, section 1). A listening
 * port lets nobody in but keys for which allowed() says yes; ZAP is answered on the loop.
 *
 * Callbacks may close the port they are called for, but on_lost. What they are handed is
 * borrowed for the call. Keys are Z85 text.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "clock.h"
#include "crypt.h"
#include "loop.h"
#include "wire_frame.h"

struct wire;
struct wire_port;

struct wire_keys {
    char public[CRYPT_Z85];
    char secret[CRYPT_Z85];
};

/* A new pair. 0, or -ENOTSUP: this libzmq was built without CURVE. */
int wire_keys_new(struct wire_keys *ret_keys);

bool wire_key_is_valid(const char *key);

/* Whether this is a key of ZeroMQ's manual, whose secret half everybody knows. */
bool wire_key_is_known(const char *public_key);

/* ------------------------------------------------------------------ the process's part
 */

enum wire_refusal {
    WIRE_REFUSED_KEY, /* the key is not allowed; at a connecting port: ours is not */
    WIRE_REFUSED_HANDSHAKE, /* no handshake of ours: another server key, another protocol
                             */
};

struct wire_gate {
    /* NULL, where nobody listens: ZAP is not answered */
    bool (*allowed)(const char *key, void *arg);
    /* key and from (an address) are "" where they are not known; may be NULL */
    void (*on_refused)(enum wire_refusal why, const char *key, const char *from,
                       void *arg);
    void *arg;
};

/* 0; -EPROTONOSUPPORT: libzmq is older than 4.3.3, or has no CURVE; -errno. */
int wire_new(struct loop *loop, const struct wire_gate *gate, struct wire **ret_wire);
/* Closes its ports; what was said last gets a quarter of a second to leave. Not for their
 * callbacks. NULL is fine. */
void wire_free(struct wire *w);
AUTO_DEFINE(wire, wire_free)
#define auto_wire __attribute__((cleanup(auto_wire_run)))

/* ------------------------------------------------------------------ ports */

/* Where to answer to: an address within a listening port, not a name. */
struct wire_peer {
    uint8_t len;
    uint8_t id[UINT8_MAX];
};

struct wire_message {
    const uint8_t *bytes; /* as wire_message_parse takes them */
    size_t len;
    struct wire_peer peer; /* of a listening port */
    const char *key;       /* whose it is, proven by the handshake; "" when connecting */
    const char *from;      /* its network address */
};

struct wire_calls {
    void (*on_message)(const struct wire_message *message, void *arg);
    /* After the messages of one turn, and before the loop waits; may be NULL. */
    void (*on_turn)(void *arg);
    /* Connected, or there is room again after -EAGAIN; may be NULL. */
    void (*on_ready)(void *arg);
    /* A connecting port has lost its connection, or didn't get one: libzmq goes on
     * trying. This one may not close the port. May be NULL. */
    void (*on_lost)(void *arg);
    void *arg;
};

/*
 * address: "tcp://0.0.0.0:5570", "tcp://[::]:5570", "ipc:///run/...". 0; -EADDRINUSE and
 * other errors of bind; -EINVAL: no address or no keys; -EPROTO: an option didn't take.
 */
int wire_listen(struct wire *w, const char *address, const struct wire_keys *keys,
                const struct wire_calls *calls, struct wire_port **ret_port);

/* Returns at once; on_ready says when there is a connection. Names are looked up by
 * libzmq beside the loop. */
int wire_connect(struct wire *w, const char *address, const char *server_key,
                 const struct wire_keys *keys, const struct wire_calls *calls,
                 struct wire_port **ret_port);

void wire_close(struct wire_port *p); /* NULL is fine */

/* Where a port really listens, with the port number that the system chose; a wildcard is
 * replaced by this machine's loopback address. */
#define WIRE_ADDRESS 256
void wire_address(const struct wire_port *p, char ret_address[WIRE_ADDRESS]);

/*
 * Sends a message; to is NULL for a connecting port. -EAGAIN: no room or no connection,
 * nothing was sent; -EHOSTUNREACH: that peer is gone.
 */
int wire_send(struct wire_port *p, const struct wire_peer *to,
              const struct wire_head *head, const void *payload, size_t len);

/* Messages of a port that were dropped: of several frames, or of a peer whose routing id
 * is longer than 255 bytes. */
uint64_t wire_dropped(const struct wire_port *p);

/* ------------------------------------------------------------------ the test at start */

enum wire_probe {
    WIRE_PROBE_REFUSED, /* as it must be */
    WIRE_PROBE_LET_IN,  /* anybody is let in */
    WIRE_PROBE_SILENT,  /* nobody decided within patience: nobody will be let in */
};

/* Knocks with a random key; waits, and answers this wire's ZAP meanwhile. */
int wire_probe(struct wire *w, const char *address, const char *server_key,
               usec_t patience, enum wire_probe *ret_probe);

#endif
