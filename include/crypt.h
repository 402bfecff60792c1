/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypt.h - the few things this house does with secrets; the only home of libsodium.
 */
#ifndef CRYPT_H
#define CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define CRYPT_KEY_BYTES  32
#define CRYPT_SIGN_BYTES 64
#define CRYPT_Z85        41 /* a CURVE key as Z85 text (ZeroMQ RFC 32), zero byte included */

struct crypt_hash_key {
    uint8_t bytes[CRYPT_KEY_BYTES];
};

struct crypt_box_public {
    uint8_t bytes[CRYPT_KEY_BYTES];
};

struct crypt_box_secret {
    uint8_t bytes[CRYPT_KEY_BYTES];
};

struct crypt_sign_public {
    uint8_t bytes[CRYPT_KEY_BYTES];
};

struct crypt_sign_secret {
    uint8_t bytes[CRYPT_SIGN_BYTES];
};

/* Once in each process that uses secrets, before it gives up the random device. */
int crypt_init(void);

void crypt_random(void *ret_bytes, size_t len);

/* BLAKE2b (RFC 7693), keyed or not (NULL); out_len 16..64. */
void crypt_hash(const struct crypt_hash_key *key, const void *bytes, size_t len,
                uint8_t *ret_hash, size_t out_len);
void crypt_sha256(const void *bytes, size_t len, uint8_t ret_hash[32]);
void crypt_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                       uint8_t ret_mac[32]);

/* Base64, blanks and ends of lines anywhere; ret_bytes has room for as many as the text
 * has. -EINVAL: it is none. */
int crypt_base64(struct text text, uint8_t *ret_bytes, size_t *ret_len);

bool crypt_equal(const void *a, const void *b, size_t len); /* in constant time */
void crypt_wipe(void *bytes, size_t len);

/* Sealed: anybody can seal for a public key, only the secret one opens. Text is base64.
 */
void crypt_box_keys(struct crypt_box_public *ret_public,
                    struct crypt_box_secret *ret_secret);
char *crypt_seal(const struct crypt_box_public *to, const void *bytes, size_t len);
int crypt_unseal(const struct crypt_box_public *to, const struct crypt_box_secret *secret,
                 const char *text, uint8_t **ret_bytes, size_t *ret_len); /* -EBADMSG */

void crypt_sign_keys(struct crypt_sign_public *ret_public,
                     struct crypt_sign_secret *ret_secret);
void crypt_sign(const struct crypt_sign_secret *secret, const void *bytes, size_t len,
                uint8_t ret_signature[64]);
bool crypt_signed(const struct crypt_sign_public *public, const void *bytes, size_t len,
                  const uint8_t signature[64]);

/* Passwords and tokens: a text to store, and whether a word fits it (slow on purpose). */
int crypt_password(const char *word, char ret_text[128]);
bool crypt_password_fits(const char *word, const char *stored);

/*
 * Key files are YAML with a kind, public and perhaps secret part (hex; CURVE keys Z85),
 * written with mode 0600 and never over an existing file (-EEXIST); secret_text may be
 * NULL. Reading a secret that others may read is refused: -EPERM; -EBADMSG: not a key
 * file of that kind; else -errno. ret_secret is empty when the file has none.
 */
int crypt_key_write(const char *path, const char *kind, const char *public_text,
                    const char *secret_text);
int crypt_key_read(const char *path, const char *kind, char ret_public[160],
                   char ret_secret[160]);

void crypt_hex(const uint8_t *bytes, size_t len, char *ret_text);  /* 2 * len + 1 */
int crypt_unhex(const char *text, uint8_t *ret_bytes, size_t len); /* -EINVAL */

#endif
