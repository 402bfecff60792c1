/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_event.h - what a hello says, as fields of an event: the same over TCP, QUIC and
 * DTLS.
 */
#ifndef TLS_EVENT_H
#define TLS_EVENT_H

#include "agent/tls_hello.h"
#include "event.h"

/* All of it. transport: as of JA4, 't' TCP, 'q' QUIC, 'd' DTLS. */
void tls_event_put(struct event *e, const struct tls_hello *h, char transport);

/* A version as on the wire; nothing where it is none. */
void tls_event_put_version(struct event *e, uint16_t wire);

#endif
