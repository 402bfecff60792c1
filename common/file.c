/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "mem.h"
#include "text.h"

int file_read(const char *path, size_t most, char **ret_text, size_t *ret_len)
{
    auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    auto_buffer struct buffer b = {0};
    char chunk[16384];
    ssize_t len;

    if (fd < 0)
        return -errno;
    while ((len = read(fd, chunk, sizeof(chunk))) != 0) {
        if (len < 0 && errno != EINTR)
            return -errno;
        if (len > 0)
            buffer_add(&b, chunk, (size_t)len);
        if (b.len > most)
            return -EFBIG;
    }
    *ret_len = b.len;
    *ret_text = buffer_take(&b);
    return 0;
}

static int write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t done = write(fd, at, len);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -errno;
        at += done;
        len -= (size_t)done;
    }
    return 0;
}

static int write_beside(int fd, const char *beside, const char *path, const void *bytes,
                        size_t len)
{
    int result = write_all(fd, bytes, len);

    if (result != 0)
        return result;
    if (fchmod(fd, 0644) != 0 || fsync(fd) != 0 || rename(beside, path) != 0)
        return -errno;
    return 0;
}

int file_replace(const char *path, const void *bytes, size_t len)
{
    auto_free char *beside = xasprintf("%s.XXXXXX", path);
    auto_close int fd = mkostemp(beside, O_CLOEXEC);
    int result;

    if (fd < 0)
        return -errno;
    result = write_beside(fd, beside, path, bytes, len);
    if (result != 0)
        unlink(beside);
    return result;
}
