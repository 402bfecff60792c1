/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock of fcntl(2): it can be asked about without being taken, who asks is told the
 * process that has it, and a forked child does not inherit it.
 */
#include "claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "mem.h"

static char *path_of(const char *folder, const char *name)
{
    return xasprintf("%s/%s.lock", folder, name);
}

static struct flock whole_file(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static void read_holder(int fd, pid_t pid, struct claim_holder *ret)
{
    ssize_t n = pread(fd, ret->settings, sizeof(ret->settings) - 1, 0);

    ret->pid = pid;
    ret->settings[n > 0 ? n : 0] = 0;
    ret->settings[strcspn(ret->settings, "\n")] = 0;
}

static int write_holder(int fd, const char *settings)
{
    auto_free char *whole = settings ? realpath(settings, NULL) : NULL;
    auto_free char *text = xasprintf("%s\n", whole ? whole : "");
    size_t len = strlen(text);

    if (ftruncate(fd, 0) < 0)
        return -errno;
    return pwrite(fd, text, len, 0) == (ssize_t)len ? 0 : -EIO;
}

int claim_take(const char *folder, const char *name, const char *settings,
               struct claim_holder *ret_holder)
{
    auto_free char *path = path_of(folder, name);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    struct flock lock = whole_file();
    int r;

    if (fd < 0)
        return -errno;
    if (fcntl(fd, F_SETLK, &lock) < 0) {
        r = errno == EACCES || errno == EAGAIN ? -EBUSY : -errno;
        fcntl(fd, F_GETLK, &lock);
        read_holder(fd, lock.l_pid, ret_holder);
        close(fd);
        return r;
    }
    /* A full disk keeps nobody from starting: then the file says nothing. */
    (void)write_holder(fd, settings);
    return fd;
}

bool claim_is_held(const char *folder, const char *name, struct claim_holder *ret_holder)
{
    auto_free char *path = path_of(folder, name);
    auto_close int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct flock lock = whole_file();

    if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
        return false;
    read_holder(fd, lock.l_pid, ret_holder);
    return true;
}

bool claim_is_of(const struct claim_holder *holder, const char *settings)
{
    auto_free char *whole = settings ? realpath(settings, NULL) : NULL;

    return whole && strcmp(whole, holder->settings) == 0;
}
