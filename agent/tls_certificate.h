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

/* kind: of the event. der: as much of the certificate as its message holds. What can't be
 * read says nothing. */
void tls_certificate_emit(struct extract_out *out, enum event_kind kind, struct cur der);

#endif
