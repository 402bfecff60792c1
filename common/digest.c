/* SPDX-License-Identifier: Apache-2.0 */
#include "digest.h"

#include <nettle/md5.h>
#include <nettle/sha1.h>

void digest_md5(const void *bytes, size_t len, uint8_t ret_digest[16])
{
    struct md5_ctx state;

    md5_init(&state);
    md5_update(&state, len, bytes);
    md5_digest(&state, MD5_DIGEST_SIZE, ret_digest);
}

void digest_sha1(const void *bytes, size_t len, uint8_t ret_digest[20])
{
    struct sha1_ctx state;

    sha1_init(&state);
    sha1_update(&state, len, bytes);
    sha1_digest(&state, SHA1_DIGEST_SIZE, ret_digest);
}
