/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quic_crypt.h - the protection of QUIC's Initial packets (RFC 9001 section 5): their
 * keys come from what is on the wire, so that anybody on the path can open them. The only
 * home of nettle, which makes no system calls.
 */
#ifndef QUIC_CRYPT_H
#define QUIC_CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUIC_SALT_BYTES   20
#define QUIC_SAMPLE_BYTES 16
#define QUIC_MASK_BYTES   5
#define QUIC_TAG_BYTES    16

/* Of what a client sends. */
struct quic_keys {
    uint8_t key[16];
    uint8_t iv[12];
    uint8_t hp[16];
};

/* From the Destination Connection ID of the client's first Initial packet (section 5.2).
 * prefix: of the labels, "quic" or "quicv2" (RFC 9369 section 3.3.2). */
struct quic_keys quic_crypt_keys(const uint8_t salt[QUIC_SALT_BYTES], const char *prefix,
                                 const uint8_t *cid, size_t cid_len);

/* What covers the first byte and the packet number (section 5.4.3). */
void quic_crypt_mask(const struct quic_keys *k, const uint8_t sample[QUIC_SAMPLE_BYTES],
                     uint8_t ret_mask[QUIC_MASK_BYTES]);

/*
 * Opens bytes in place: the first header_len are the header, no longer covered; behind
 * them stand what is sealed and its tag. False: the tag does not fit, and what stands
 * there now means nothing.
 */
bool quic_crypt_open(const struct quic_keys *k, uint64_t number, uint8_t *bytes,
                     size_t header_len, size_t len);

#endif
