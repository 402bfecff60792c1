/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_print.h - fingerprints of hellos: JA3, JA3S and JA4 (not JA4S, whose licence does
 * not suit). GREASE values do not count in any of them.
 */
#ifndef TLS_PRINT_H
#define TLS_PRINT_H

#include <stdbool.h>

#include "agent/tls_hello.h"

#define TLS_JA3 33
#define TLS_JA4 37

/* False: the hello has more to say than is put together here; no client does. */
bool tls_ja3(const struct tls_hello *h, char ret_text[TLS_JA3]);

/* transport: 't' TCP, 'q' QUIC, 'd' DTLS. Of a ClientHello only. */
bool tls_ja4(const struct tls_hello *h, char transport, char ret_text[TLS_JA4]);

#endif
