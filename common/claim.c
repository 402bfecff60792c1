/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock of the open file (fcntl(2), F_OFD_SETLK): it can be asked about without being
 * taken, and goes when the last descriptor of it is closed.
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

/* "PID PATH\n"; whatever else stands there says nothing. */
static void read_holder(int fd, struct claim_holder *ret)
{
    char text[sizeof(ret->settings) + 32] = "";
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    char *rest;

    *ret = (struct claim_holder){0};
    if (n <= 0)
        return;
    ret->pid = strtol(text, &rest, 10);
    rest += *rest == ' ';
    rest[strcspn(rest, "\n")] = 0;
    snprintf(ret->settings, sizeof(ret->settings), "%s", rest);
}

static int write_holder(int fd, const char *settings)
{
    auto_free char *whole = settings ? realpath(settings, NULL) : NULL;
    auto_free char *text = xasprintf("%ld %s\n", (long)getpid(), whole ? whole : "");
    size_t len = strlen(text);

    if (ftruncate(fd, 0) < 0)
        return -errno;
    return pwrite(fd, text, len, 0) == (ssize_t)len ? 0 : -EIO;
}

int claim_take(const char *folder, const char *name, const char *settings,
               struct claim_holder *ret_holder)
{
    auto_free char *path = path_of(folder, name);
    auto_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    struct flock lock = whole_file();
    int r;

    if (fd < 0)
        return -errno;
    if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
        r = errno == EACCES || errno == EAGAIN ? -EBUSY : -errno;
        read_holder(fd, ret_holder);
        return r;
    }
    /* A full disk keeps nobody from starting: then the file says nothing. */
    (void)write_holder(fd, settings);
    r = fd;
    fd = -1;
    return r;
}

bool claim_is_held(const char *folder, const char *name, struct claim_holder *ret_holder)
{
    auto_free char *path = path_of(folder, name);
    auto_close int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct flock lock = whole_file();

    if (fd < 0 || fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
        return false;
    read_holder(fd, ret_holder);
    return true;
}

bool claim_is_of(const struct claim_holder *holder, const char *settings)
{
    auto_free char *whole = settings ? realpath(settings, NULL) : NULL;

    return whole && strcmp(whole, holder->settings) == 0;
}
