/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "auto.h"
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
