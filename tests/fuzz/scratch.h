/* SPDX-License-Identifier: Apache-2.0 */
/* scratch.h - files for loaders that want a path. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define SCRATCH_PATH 96

static inline void demand(bool truth)
{
    if (!truth)
        abort();
}

/* A file in memory with these bytes, and its path while the descriptor is open. */
static inline int scratch_file(const uint8_t *bytes, size_t len,
                               char ret_path[SCRATCH_PATH])
{
    int fd = memfd_create("scratch", MFD_CLOEXEC);

    demand(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    snprintf(ret_path, SCRATCH_PATH, "/proc/self/fd/%d", fd);
    return fd;
}

static char scratch_folder_path[SCRATCH_PATH];

static inline void scratch_remove(void)
{
    rmdir(scratch_folder_path);
}

/* A folder of this process alone, made at the first call; in memory where there is such
 * a place. Whoever puts something there takes it away. */
static inline const char *scratch_folder(void)
{
    if (!scratch_folder_path[0]) {
        snprintf(scratch_folder_path, SCRATCH_PATH, "%s/hallwatch-fuzz-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        demand(mkdtemp(scratch_folder_path));
        atexit(scratch_remove);
    }
    return scratch_folder_path;
}

static inline void scratch_write(const char *path, const uint8_t *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    demand(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    close(fd);
}

#endif
