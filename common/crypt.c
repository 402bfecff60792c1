/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <nettle/sha2.h>
#include <sodium.h>

#include "mem.h"
#include "yaml.h"

#define KEY_FILE_MAX 4096
#define KEY_TEXT     160
#define BASE64       sodium_base64_VARIANT_ORIGINAL

_Static_assert(CRYPT_KEY_BYTES == crypto_box_PUBLICKEYBYTES, "a public key");
_Static_assert(CRYPT_KEY_BYTES == crypto_box_SECRETKEYBYTES, "a secret key");
_Static_assert(CRYPT_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "a public key to sign");
_Static_assert(CRYPT_SIGN_BYTES == crypto_sign_SECRETKEYBYTES, "a secret key to sign");
_Static_assert(crypto_sign_BYTES == 64, "a signature");
_Static_assert(crypto_pwhash_STRBYTES <= 128, "a stored password");

int crypt_init(void)
{
    return sodium_init() < 0 ? -EIO : 0;
}

void crypt_random(void *ret_bytes, size_t len)
{
    randombytes_buf(ret_bytes, len);
}

/* ---- digests ---- */

void crypt_hash(const struct crypt_hash_key *key, const void *bytes, size_t len,
                uint8_t *ret_hash, size_t out_len)
{
    int failed =
        crypto_generichash(ret_hash, out_len, bytes, len, key ? key->bytes : NULL,
                           key ? sizeof(key->bytes) : 0);

    assert(failed == 0);
    (void)failed;
}

/* nettle's, since it uses the processor's own instructions, and libsodium does not. */
void crypt_sha256(const void *bytes, size_t len, uint8_t ret_hash[32])
{
    struct sha256_ctx state;

    sha256_init(&state);
    sha256_update(&state, len, bytes);
    sha256_digest(&state, 32, ret_hash);
}

void crypt_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                       uint8_t ret_mac[32])
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, key, key_len);
    crypto_auth_hmacsha256_update(&state, bytes, len);
    crypto_auth_hmacsha256_final(&state, ret_mac);
    sodium_memzero(&state, sizeof(state));
}

int crypt_base64(struct text text, uint8_t *ret_bytes, size_t *ret_len)
{
    if (sodium_base642bin(ret_bytes, text.len, text.at, text.len, " \t\r\n", ret_len,
                          NULL, BASE64) != 0)
        return -EINVAL;
    return 0;
}

bool crypt_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

void crypt_wipe(void *bytes, size_t len)
{
    sodium_memzero(bytes, len);
}

/* ---- sealed boxes, signatures, passwords ---- */

void crypt_box_keys(struct crypt_box_public *ret_public,
                    struct crypt_box_secret *ret_secret)
{
    crypto_box_keypair(ret_public->bytes, ret_secret->bytes);
}

char *crypt_seal(const struct crypt_box_public *to, const void *bytes, size_t len)
{
    size_t sealed_len = len + crypto_box_SEALBYTES;
    size_t text_len = sodium_base64_encoded_len(sealed_len, BASE64);
    auto_free uint8_t *sealed = xmalloc(sealed_len);
    char *text = xmalloc(text_len);

    crypto_box_seal(sealed, bytes, len, to->bytes);
    return sodium_bin2base64(text, text_len, sealed, sealed_len, BASE64);
}

int crypt_unseal(const struct crypt_box_public *to, const struct crypt_box_secret *secret,
                 const char *text, uint8_t **ret_bytes, size_t *ret_len)
{
    size_t text_len = strlen(text), len;
    auto_free uint8_t *sealed = xmalloc(text_len + 1), *bytes = NULL;

    if (sodium_base642bin(sealed, text_len + 1, text, text_len, NULL, &len, NULL,
                          BASE64) != 0 ||
        len < crypto_box_SEALBYTES)
        return -EBADMSG;
    bytes = xmalloc(len - crypto_box_SEALBYTES + 1);
    if (crypto_box_seal_open(bytes, sealed, len, to->bytes, secret->bytes) != 0)
        return -EBADMSG;
    *ret_len = len - crypto_box_SEALBYTES;
    *ret_bytes = take(bytes);
    return 0;
}

void crypt_sign_keys(struct crypt_sign_public *ret_public,
                     struct crypt_sign_secret *ret_secret)
{
    crypto_sign_keypair(ret_public->bytes, ret_secret->bytes);
}

void crypt_sign(const struct crypt_sign_secret *secret, const void *bytes, size_t len,
                uint8_t ret_signature[64])
{
    crypto_sign_detached(ret_signature, NULL, bytes, len, secret->bytes);
}

bool crypt_signed(const struct crypt_sign_public *public, const void *bytes, size_t len,
                  const uint8_t signature[64])
{
    return crypto_sign_verify_detached(signature, bytes, len, public->bytes) == 0;
}

int crypt_password(const char *word, char ret_text[128])
{
    memset(ret_text, 0, 128);
    return crypto_pwhash_str(ret_text, word, strlen(word),
                             crypto_pwhash_OPSLIMIT_INTERACTIVE,
                             crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0
               ? 0
               : -ENOMEM;
}

bool crypt_password_fits(const char *word, const char *stored)
{
    return crypto_pwhash_str_verify(stored, word, strlen(word)) == 0;
}

/* ---- key files ---- */

/* It stands in the file between double quotes. */
static bool can_be_quoted(const char *text)
{
    if (strlen(text) >= KEY_TEXT)
        return false;
    for (; *text; text++)
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
            return false;
    return true;
}

static int write_key(int fd, const char *kind, const char *public_text,
                     const char *secret_text)
{
    char text[KEY_FILE_MAX];
    int len =
        snprintf(text, sizeof(text), "kind: \"%s\"\npublic: \"%s\"\n", kind, public_text);
    int result = 0;

    if (secret_text)
        len += snprintf(text + len, sizeof(text) - (size_t)len, "secret: \"%s\"\n",
                        secret_text);
    if (write(fd, text, (size_t)len) != len || fsync(fd) != 0)
        result = errno ? -errno : -EIO;
    sodium_memzero(text, sizeof(text));
    return result;
}

int crypt_key_write(const char *path, const char *kind, const char *public_text,
                    const char *secret_text)
{
    auto_close int fd = -1;
    int result;

    if (!can_be_quoted(kind) || !can_be_quoted(public_text) ||
        (secret_text && !can_be_quoted(secret_text)))
        return -EINVAL;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    errno = 0;
    result = write_key(fd, kind, public_text, secret_text);
    if (result != 0)
        unlink(path);
    return result;
}

/* A scalar short enough; one that is not there is empty. */
static bool copy_scalar(const struct node *map, const char *key, char ret_text[KEY_TEXT])
{
    const struct node *n = node_get(map, key);

    ret_text[0] = '\0';
    if (!n)
        return true;
    if (node_kind(n) != NODE_SCALAR || strlen(node_text(n)) >= KEY_TEXT)
        return false;
    snprintf(ret_text, KEY_TEXT, "%s", node_text(n));
    return true;
}

static int parse_key(const char *path, const char *text, size_t len, const char *kind,
                     char ret_public[KEY_TEXT], char ret_secret[KEY_TEXT])
{
    auto_diags struct diags *d = diags_new();
    auto_yaml struct yaml *y = yaml_parse(path, text, len, d);
    const struct node *root = y ? yaml_root(y) : NULL;
    char found[KEY_TEXT];

    if (!root || node_kind(root) != NODE_MAP || !copy_scalar(root, "kind", found) ||
        !copy_scalar(root, "public", ret_public) ||
        !copy_scalar(root, "secret", ret_secret))
        return -EBADMSG;
    if (strcmp(found, kind) != 0 || ret_public[0] == '\0')
        return -EBADMSG;
    return 0;
}

int crypt_key_read(const char *path, const char *kind, char ret_public[160],
                   char ret_secret[160])
{
    auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[KEY_FILE_MAX], public_text[KEY_TEXT] = "", secret_text[KEY_TEXT] = "";
    struct stat st;
    ssize_t len;
    int result;

    if (fd < 0 || fstat(fd, &st) != 0)
        return -errno;
    len = read(fd, text, sizeof(text));
    if (len < 0)
        return -errno;
    result = (size_t)len == sizeof(text)
                 ? -EBADMSG
                 : parse_key(path, text, (size_t)len, kind, public_text, secret_text);
    if (result == 0 && secret_text[0] != '\0' && (st.st_mode & 077) != 0)
        result = -EPERM;
    if (result == 0) {
        memcpy(ret_public, public_text, KEY_TEXT);
        memcpy(ret_secret, secret_text, KEY_TEXT);
    }
    sodium_memzero(text, sizeof(text));
    sodium_memzero(secret_text, sizeof(secret_text));
    return result;
}

void crypt_hex(const uint8_t *bytes, size_t len, char *ret_text)
{
    sodium_bin2hex(ret_text, 2 * len + 1, bytes, len);
}

int crypt_unhex(const char *text, uint8_t *ret_bytes, size_t len)
{
    size_t text_len = strlen(text), got;
    auto_free uint8_t *bytes = xmalloc(len + 1);

    if (text_len != 2 * len ||
        sodium_hex2bin(bytes, len + 1, text, text_len, NULL, &got, NULL) != 0 ||
        got != len)
        return -EINVAL;
    memcpy(ret_bytes, bytes, len);
    return 0;
}
