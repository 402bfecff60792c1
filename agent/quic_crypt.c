/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/quic_crypt.h"

#include <assert.h>
#include <string.h>

#include <nettle/aes.h>
#include <nettle/gcm.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>

#define SECRET_BYTES SHA256_DIGEST_SIZE
#define LABEL_MAX    32

/* HKDF-Expand-Label with an empty context (RFC 8446 section 7.1). */
static void expand(struct hmac_sha256_ctx *secret, const char *prefix, const char *label,
                   uint8_t *ret_bytes, size_t len)
{
    uint8_t info[4 + LABEL_MAX] = {0, (uint8_t)len};
    size_t at = 3;

    for (const char *const *part = (const char *const[]){"tls13 ", prefix, label, NULL};
         *part; part++) {
        size_t part_len = strlen(*part);

        assert(at + part_len <= 3 + LABEL_MAX);
        memcpy(info + at, *part, part_len);
        at += part_len;
    }
    info[2] = (uint8_t)(at - 3);
    hkdf_expand(secret, (nettle_hash_update_func *)hmac_sha256_update,
                (nettle_hash_digest_func *)hmac_sha256_digest, SECRET_BYTES, at + 1, info,
                len, ret_bytes);
}

struct quic_keys quic_crypt_keys(const uint8_t salt[QUIC_SALT_BYTES], const char *prefix,
                                 const uint8_t *cid, size_t cid_len)
{
    uint8_t initial[SECRET_BYTES], client[SECRET_BYTES];
    struct hmac_sha256_ctx hmac;
    struct quic_keys keys = {0};

    hmac_sha256_set_key(&hmac, QUIC_SALT_BYTES, salt);
    hkdf_extract(&hmac, (nettle_hash_update_func *)hmac_sha256_update,
                 (nettle_hash_digest_func *)hmac_sha256_digest, SECRET_BYTES, cid_len,
                 cid, initial);
    hmac_sha256_set_key(&hmac, SECRET_BYTES, initial);
    expand(&hmac, "", "client in", client, SECRET_BYTES);
    hmac_sha256_set_key(&hmac, SECRET_BYTES, client);
    expand(&hmac, prefix, " key", keys.key, sizeof(keys.key));
    expand(&hmac, prefix, " iv", keys.iv, sizeof(keys.iv));
    expand(&hmac, prefix, " hp", keys.hp, sizeof(keys.hp));
    return keys;
}

void quic_crypt_mask(const struct quic_keys *k, const uint8_t sample[QUIC_SAMPLE_BYTES],
                     uint8_t ret_mask[QUIC_MASK_BYTES])
{
    uint8_t block[AES_BLOCK_SIZE];
    struct aes128_ctx aes;

    aes128_set_encrypt_key(&aes, k->hp);
    aes128_encrypt(&aes, sizeof(block), block, sample);
    memcpy(ret_mask, block, QUIC_MASK_BYTES);
}

bool quic_crypt_open(const struct quic_keys *k, uint64_t number, uint8_t *bytes,
                     size_t header_len, size_t len)
{
    uint8_t nonce[sizeof(k->iv)], tag[QUIC_TAG_BYTES];
    struct gcm_aes128_ctx gcm;
    size_t sealed;

    if (len < header_len + QUIC_TAG_BYTES)
        return false;
    sealed = len - header_len - QUIC_TAG_BYTES;
    memcpy(nonce, k->iv, sizeof(nonce));
    for (unsigned i = 0; i < sizeof(number); i++)
        nonce[sizeof(nonce) - 1 - i] ^= (uint8_t)(number >> 8 * i);

    gcm_aes128_set_key(&gcm, k->key);
    gcm_aes128_set_iv(&gcm, sizeof(nonce), nonce);
    gcm_aes128_update(&gcm, header_len, bytes);
    gcm_aes128_decrypt(&gcm, sealed, bytes + header_len, bytes + header_len);
    gcm_aes128_digest(&gcm, sizeof(tag), tag);
    return memcmp(tag, bytes + header_len + sealed, sizeof(tag)) == 0;
}
