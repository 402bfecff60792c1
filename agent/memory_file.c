/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/memory_file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "file.h"
#include "hash.h"
#include "mem.h"

#define HEADER       40
#define CHECKED_FROM 24

static size_t bytes_of(size_t words)
{
    return HEADER + words * sizeof(uint64_t);
}

static uint64_t checksum(uint64_t magic, const uint8_t *file, size_t len)
{
    struct hash_key key;

    hash_key_from_seed(magic, &key);
    return hash_bytes(&key, file + CHECKED_FROM, len - CHECKED_FROM);
}

int memory_file_parse(struct memory_file *f, const void *bytes, size_t len,
                      struct cur *ret_words)
{
    struct cur c = cur_over(bytes, len);
    uint64_t magic = cur_u64_le(&c);
    uint32_t format = cur_u32_le(&c), sets = cur_u32_le(&c);
    uint64_t sum = cur_u64_le(&c), seed = cur_u64_le(&c), days = cur_u64_le(&c);

    if (cur_broken(&c) || magic != f->magic)
        return -EBADMSG;
    if (format != f->format || sets != f->sets)
        return -EPROTONOSUPPORT;
    if (len != bytes_of(f->words) || sum != checksum(magic, bytes, len))
        return -EBADMSG;
    f->seed = seed;
    f->days = days;
    *ret_words = c;
    return 0;
}

int memory_file_read(const char *path, size_t words, char **ret_bytes, size_t *ret_len)
{
    int r = file_read(path, bytes_of(words), ret_bytes, ret_len);

    return r == -EFBIG || r == -EISDIR ? -EBADMSG : r;
}

static uint8_t *put(uint8_t *at, uint64_t number, size_t len)
{
    number = htole64(number);
    memcpy(at, &number, len);
    return at + len;
}

static uint8_t *write_down(const struct memory_file *f, const _Atomic uint64_t *words)
{
    size_t len = bytes_of(f->words);
    uint8_t *file = xmalloc(len), *at = file;

    at = put(at, f->magic, 8);
    at = put(at, f->format, 4);
    at = put(at, f->sets, 4);
    at = put(at + 8, f->seed, 8);
    at = put(at, f->days, 8);
    for (size_t i = 0; i < f->words; i++)
        at = put(at, atomic_load_explicit(&words[i], memory_order_relaxed), 8);
    put(file + CHECKED_FROM - 8, checksum(f->magic, file, len), 8);
    return file;
}

static int write_to_disk(const char *path, const uint8_t *bytes, size_t len)
{
    auto_close int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return -errno;
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, bytes + done, len - done);

        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0 ? 0 : -errno;
}

/* There is one writer, so the name beside it may be a fixed one: after a kill there is
 * no more than one such file, and it is written over. */
int memory_file_write(const char *path, const struct memory_file *f,
                      const _Atomic uint64_t *words)
{
    auto_free char *beside = xasprintf("%s.new", path);
    auto_free uint8_t *file = write_down(f, words);
    int r = write_to_disk(beside, file, bytes_of(f->words));

    if (r == 0 && rename(beside, path) < 0)
        r = -errno;
    if (r < 0)
        unlink(beside);
    return r;
}
