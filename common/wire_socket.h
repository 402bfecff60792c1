/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire_socket.h - libzmq's sockets, as wire.c needs them: made with all their options,
 * read and written in whole messages, without waiting.
 *
 * The context and the sockets are libzmq's own (void). Within common/ only.
 */
#ifndef WIRE_SOCKET_H
#define WIRE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/* -EPROTONOSUPPORT: older than 4.3.3 or without CURVE; -errno. */
int socket_context_new(void **ret_context);
void socket_context_free(void *context); /* NULL is fine */

#define SOCKET_DOMAIN "hallwatch" /* of ZAP */

void socket_key_text(const uint8_t bytes[CRYPT_KEY_BYTES], char ret_key[CRYPT_Z85]);

/* A socket with every option that it will ever have; server_key is NULL for one that
 * listens. -EINVAL: what is given is no key; -EPROTO: an option didn't take. */
int socket_new(void *context, const struct wire_keys *keys, const char *server_key,
               void **ret_socket);

/* The one that libzmq asks whether a key may come in (RFC 27). */
int socket_new_zap(void *context, void **ret_socket);

/* One that tells what becomes of connections; number is another one for each. */
enum socket_event {
    SOCKET_NO_EVENT,
    SOCKET_HANDSHAKE_DONE,
    SOCKET_HANDSHAKE_REFUSED, /* by ZAP */
    SOCKET_HANDSHAKE_FAILED,
    SOCKET_LOST, /* the connection, or what should have become one */
};
int socket_new_monitor(void *context, void *watched, unsigned number, void **ret_socket);
enum socket_event socket_next_event(void *monitor);

/* monitor is the socket that watches it, or NULL. */
void socket_free(void *socket, void *monitor);

/* When it is freed, what was sent may take so long to leave. */
void socket_let_leave(void *socket, usec_t time);

int socket_bind(void *socket, const char *address);
int socket_connect(void *socket, const char *address);
void socket_address(void *socket, char *ret_address, size_t size);

int socket_fd(void *socket);
int socket_state(void *socket); /* enum loop_events; asking takes the descriptor's word */

/* Waits until one of them can be read (b may be NULL) or patience is over. */
void socket_await(void *a, void *b, usec_t patience);

/* ------------------------------------------------------------------ messages */

struct frames; /* of one message */

struct frames *frames_new(size_t most);
void frames_free(struct frames *f); /* NULL is fine */
AUTO_DEFINE(frames, frames_free)
#define auto_frames __attribute__((cleanup(auto_frames_run)))

/* How many frames the next message has, 0 for no message. It replaces the one before;
 * of one with more than `most` the rest is thrown away. */
size_t frames_receive(struct frames *f, void *socket);
void frames_clear(struct frames *f);
struct text frames_get(struct frames *f, size_t i);

/* What the handshake said about who sent it ("User-Id"); "" when it didn't. */
const char *frames_property(struct frames *f, const char *name);

/* Frames from texts. */
int socket_send_texts(void *socket, const struct text *texts, size_t count);

/* One message of one frame; to is NULL but for a listening socket. */
int socket_send(void *socket, const struct wire_peer *to, const struct wire_head *head,
                const void *payload, size_t len);

#endif
