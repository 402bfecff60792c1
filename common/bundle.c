/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypt.h"
#include "cur.h"
#include "file.h"
#include "mem.h"

#define MAGIC        "HWB1"
#define MAGIC_BYTES  4
#define AHEAD_BYTES  (MAGIC_BYTES + 8) /* of the entries */
#define DIGEST_BYTES 32
#define END          0

/* ---- building ---- */

static void put_number(struct buffer *b, uint64_t number, unsigned bytes)
{
    uint8_t out[8];

    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(number >> 8 * (bytes - 1 - i));
    buffer_add(b, out, bytes);
}

void bundle_begin(struct buffer *b, uint64_t serial)
{
    buffer_add(b, MAGIC, MAGIC_BYTES);
    put_number(b, serial, 8);
}

void bundle_add(struct buffer *b, enum bundle_kind kind, const char *name,
                struct text text)
{
    size_t name_len = strlen(name);

    if (name_len > UINT16_MAX)
        name_len = UINT16_MAX;
    put_number(b, kind, 1);
    put_number(b, name_len, 2);
    put_number(b, text.len, 4);
    buffer_add(b, name, name_len);
    buffer_add(b, text.at, text.len);
}

void bundle_end(struct buffer *b)
{
    uint8_t digest[DIGEST_BYTES];

    put_number(b, END, 1);
    crypt_sha256(b->at, b->len, digest);
    buffer_add(b, digest, sizeof(digest));
}

/* ---- reading ---- */

static int read_entry(struct bundle *b, struct cur *c, unsigned kind)
{
    size_t name_len = cur_u16(c), text_len = cur_u32(c);
    const char *name = (const char *)cur_bytes(c, name_len);
    const char *text = (const char *)cur_bytes(c, text_len);

    if (cur_broken(c) || memchr(name, 0, name_len))
        return -EBADMSG;
    b->entries = xrealloc(b->entries, b->count + 1, sizeof(*b->entries));
    b->entries[b->count++] = (struct bundle_entry){.kind = (enum bundle_kind)kind,
                                                   .name = xstrndup(name, name_len),
                                                   .text = {.at = text, .len = text_len}};
    return 0;
}

static int read_all(struct bundle *b)
{
    struct cur c = cur_over(b->bytes, b->len - DIGEST_BYTES);
    const uint8_t *magic = cur_bytes(&c, MAGIC_BYTES);
    unsigned kind;
    int r = 0;

    b->serial = cur_u64(&c);
    if (cur_broken(&c) || memcmp(magic, MAGIC, MAGIC_BYTES) != 0)
        return -EBADMSG;
    while (r == 0 && (kind = cur_u8(&c)) != END)
        r = kind <= BUNDLE_LISTS ? read_entry(b, &c, kind) : -EBADMSG;
    if (r == 0 && (cur_broken(&c) || cur_left(&c) != 0))
        r = -EBADMSG;
    return r;
}

int bundle_parse(const void *bytes, size_t len, struct bundle **ret_bundle)
{
    auto_bundle struct bundle *b = NULL;
    uint8_t digest[DIGEST_BYTES];
    const uint8_t *at = bytes;
    int r;

    if (len > BUNDLE_MAX)
        return -EFBIG;
    if (len < AHEAD_BYTES + DIGEST_BYTES)
        return -EBADMSG;
    crypt_sha256(at, len - DIGEST_BYTES, digest);
    if (!crypt_equal(digest, at + len - DIGEST_BYTES, DIGEST_BYTES))
        return -EBADMSG;
    b = xcalloc(1, sizeof(*b));
    b->bytes = xmalloc(len);
    b->len = len;
    memcpy(b->bytes, at, len);
    crypt_sha256(at + AHEAD_BYTES, len - AHEAD_BYTES - DIGEST_BYTES, digest);
    crypt_hex(digest, (BUNDLE_VERSION - 1) / 2, b->version);
    r = read_all(b);
    if (r == 0)
        *ret_bundle = take(b);
    return r;
}

void bundle_free(struct bundle *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->count; i++)
        free((void *)(uintptr_t)b->entries[i].name);
    free(b->entries);
    free(b->bytes);
    free(b);
}

const struct bundle_entry *bundle_find(const struct bundle *b, enum bundle_kind kind)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->entries[i].kind == kind)
            return &b->entries[i];
    return NULL;
}

/* ---- files ---- */

int bundle_load(const char *path, struct bundle **ret_bundle)
{
    auto_free char *bytes = NULL;
    size_t len;
    int r = file_read(path, BUNDLE_MAX, &bytes, &len);

    return r < 0 ? r : bundle_parse(bytes, len, ret_bundle);
}

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0)
            return -errno;
        bytes += n;
        len -= (size_t)n;
    }
    return fsync(fd) < 0 ? -errno : 0;
}

int bundle_write(const struct bundle *b, const char *path)
{
    auto_free char *beside = xasprintf("%s.new", path);
    auto_close int fd =
        open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int r;

    if (fd < 0)
        return -errno;
    r = write_all(fd, b->bytes, b->len);
    if (r == 0 && rename(beside, path) < 0)
        r = -errno;
    if (r < 0)
        unlink(beside);
    return r;
}
