/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "auto.h"
#include "mem.h"

#define BLOCK 65536
#define DEPTH 16 /* folders in each other */

struct unpacking {
    struct archive *archive;
    int folder_fd;
    const struct unpack_limits *limits;
    struct unpacked *done;
    char *words;
};

static int fail(struct unpacking *u, int error, const char *what, const char *name)
{
    snprintf(u->words, UNPACK_WORDS, "%s%s%.120s", what, name ? ": " : "",
             name ? name : "");
    return error;
}

/* Its parts are names, none of them "..", and none is hidden behind a control sign. */
static bool stays_inside(const char *name)
{
    const char *part = name;
    unsigned depth = 0;

    if (!*name || *name == '/')
        return false;
    for (const char *at = name; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return false;
    while (*part) {
        size_t len = strcspn(part, "/");

        if ((len == 2 && part[0] == '.' && part[1] == '.') || ++depth > DEPTH)
            return false;
        part += len + (part[len] == '/');
    }
    return true;
}

/* All folders above the last part. */
static int make_folders(int fd, const char *name)
{
    auto_free char *path = xstrdup(name);

    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (*path && mkdirat(fd, path, 0755) != 0 && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return 0;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, bytes, len);

        if (done < 0 && errno != EINTR)
            return -errno;
        bytes += done > 0 ? done : 0;
        len -= done > 0 ? (size_t)done : 0;
    }
    return 0;
}

static int copy_content(struct unpacking *u, int fd, const char *name)
{
    char block[BLOCK];
    la_ssize_t len;
    int result;

    while ((len = archive_read_data(u->archive, block, sizeof(block))) > 0) {
        u->done->bytes += (uint64_t)len;
        if (u->done->bytes > u->limits->bytes)
            return fail(u, -EFBIG, "it unpacks to more than is allowed", NULL);
        result = write_all(fd, block, (size_t)len);
        if (result != 0)
            return fail(u, result, strerror(-result), name);
    }
    return len == 0 ? 0 : fail(u, -EBADMSG, "the archive is damaged", name);
}

/* A file that comes twice is a fault: the second could stand for the first. */
static int put_file(struct unpacking *u, const char *name)
{
    auto_close int fd = -1;
    int result = make_folders(u->folder_fd, name);

    if (result != 0)
        return fail(u, result, strerror(-result), name);
    if (++u->done->files > u->limits->files)
        return fail(u, -EFBIG, "it has more files than are allowed", NULL);
    fd = openat(u->folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                0644);
    if (fd < 0)
        return fail(u, errno == EEXIST ? -EBADMSG : -errno,
                    errno == EEXIST ? "it holds a file twice" : strerror(errno), name);
    return copy_content(u, fd, name);
}

static int put_entry(struct unpacking *u, struct archive_entry *entry)
{
    const char *name = archive_entry_pathname(entry);
    bool is_file = archive_entry_filetype(entry) == AE_IFREG;

    if (!name || !stays_inside(name))
        return fail(u, -EBADMSG, "a name in it leads outside", name);
    if (is_file && !archive_entry_hardlink(entry))
        return put_file(u, name);
    if (archive_entry_filetype(entry) != AE_IFDIR)
        u->done->left_out++;
    return 0;
}

static int unpack_all(struct unpacking *u)
{
    struct archive_entry *entry;
    int status, result;

    while ((status = archive_read_next_header(u->archive, &entry)) == ARCHIVE_OK ||
           status == ARCHIVE_WARN) {
        result = put_entry(u, entry);
        if (result != 0)
            return result;
    }
    if (status != ARCHIVE_EOF)
        return fail(u, -EBADMSG, "it is damaged, or no archive", NULL);
    return u->done->files ? 0 : fail(u, -EBADMSG, "it holds no file", NULL);
}

int unpack(const char *path, int folder_fd, const struct unpack_limits *limits,
           struct unpacked *ret_unpacked, char ret_words[UNPACK_WORDS])
{
    struct unpacking u = {.archive = archive_read_new(),
                          .folder_fd = folder_fd,
                          .limits = limits,
                          .done = ret_unpacked,
                          .words = ret_words};
    int result;

    *ret_unpacked = (struct unpacked){0};
    archive_read_support_filter_gzip(u.archive);
    archive_read_support_filter_bzip2(u.archive);
    archive_read_support_filter_xz(u.archive);
    archive_read_support_format_tar(u.archive);
    if (archive_read_open_filename(u.archive, path, BLOCK) != ARCHIVE_OK)
        result = fail(&u, -EBADMSG, "it is damaged, or no archive", NULL);
    else
        result = unpack_all(&u);
    archive_read_free(u.archive);
    return result;
}
