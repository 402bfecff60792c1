/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - digests that formats of others demand: MD5 (JA3) and SHA-1 (community id).
 * Nothing here is for security; SHA-256 and BLAKE2b are in crypt.h.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "net.h"

void digest_md5(const void *bytes, size_t len, uint8_t ret_digest[16]);  /* RFC 1321 */
void digest_sha1(const void *bytes, size_t len, uint8_t ret_digest[20]); /* RFC 3174 */

#define COMMUNITY_ID_TEXT 32

/* Community ID 1 with seed 0: the same for both directions. ICMP: type and code as ports;
 * protocols without ports leave them out. (community_id.c) */
void community_id(const struct addr *src, const struct addr *dst, uint16_t src_port,
                  uint16_t dst_port, uint8_t ip_proto, char ret_text[COMMUNITY_ID_TEXT]);

#endif
