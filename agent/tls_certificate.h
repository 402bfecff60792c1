/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_certificate.h - a server's certificate as a TLS event of its own, of the side
 * "certificate". A client's is never read: it may name a person.
 */
#ifndef TLS_CERTIFICATE_H
#define TLS_CERTIFICATE_H

#include "agent/extract.h"

/* Somebody asks for what certificates say, or it is all that can name the flow's host. */
bool tls_certificate_wanted(const struct extract_out *out);

/*
 * kind: of the event. message: the body of a certificate message (RFC 5246 section
 * 7.4.2), at least as far as the end of its first certificate, which is the server's own.
 * Who vouches for it is told when all of the message is there. What can't be read says
 * nothing.
 */
void tls_certificate_emit(struct extract_out *out, enum event_kind kind,
                          struct cur message);

#endif
