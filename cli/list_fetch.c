/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is got is written beside its place, under a name of its own, until all about it is
 * right. Then it is renamed; a folder changes places with the one before, which is taken
 * away afterwards. TO.fetched remembers what the server called it (etag, time), so that
 * it is asked only for something newer; it goes when the address changes.
 */
#include "cli/list_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/list_checksum.h"
#include "cli/unpack.h"
#include "crypt.h"
#include "file.h"
#include "json.h"
#include "mem.h"

#define CHECKSUMS_MOST (1 << 20)
#define MEMORY_MOST    (4 << 10)
#define UNPACKED_MOST  ((uint64_t)4 << 30) /* bytes of all files of an archive */
#define FILES_MOST     20000
#define OPEN_FOLDERS   16

struct fetching {
    const struct list_plan *plan;
    const struct planned_download *w;
    struct post *post;
    usec_t now;
    struct fetched *fetched;

    char *to, *memory, *part; /* paths; part is there while fd is not negative */
    int fd;
    struct json *before; /* what was remembered, or NULL */
    struct post_got got;
};

static bool fail(struct fetching *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct fetching *f, const char *format, ...)
{
    va_list args;

    f->fetched->result = FETCH_FAILED;
    va_start(args, format);
    vsnprintf(f->fetched->words, FETCH_WORDS, format, args);
    va_end(args);
    return false;
}

/* ---- places ---- */

static bool make_folders_above(struct fetching *f)
{
    for (char *slash = strchr(f->to + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        int result;

        *slash = '\0';
        result = mkdir(f->to, 0755);
        *slash = '/';
        if (result != 0 && errno != EEXIST)
            return fail(f, "%s: %s", f->to, strerror(errno));
    }
    return true;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st, (void)kind, (void)walk;
    return remove(path);
}

static void remove_folder(const char *path)
{
    nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

/* What is as new as it can be is of today. */
static int touch_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st, (void)kind, (void)walk;
    utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
    return 0;
}

/* ---- memory ---- */

static void recall(struct fetching *f)
{
    auto_free char *text = NULL;
    struct stat st;
    size_t len;

    f->fetched->had_before = stat(f->to, &st) == 0;
    if (!f->fetched->had_before || file_read(f->memory, MEMORY_MOST, &text, &len) != 0)
        return;
    f->before = json_parse(text, len, NULL);
    if (f->before && strcmp(json_get_text(f->before, "from", ""), f->w->from) != 0) {
        json_free(f->before);
        f->before = NULL;
    }
}

static void remember(struct fetching *f, const char *sha256)
{
    auto_json struct json *o = json_new_object();
    auto_free char *text = NULL;

    json_put_text(o, "from", f->w->from);
    json_put_text(o, "etag", f->got.etag);
    json_put_number(o, "modified", (int64_t)f->got.modified);
    json_put_number(o, "size", (int64_t)f->got.size);
    json_put_text(o, "sha256", sha256);
    json_put_number(o, "fetched", (int64_t)f->now);
    text = json_write_pretty(o);
    file_replace(f->memory, text, strlen(text));
}

/* ---- getting ---- */

static bool is_remote(const char *from)
{
    return strncmp(from, "http://", 7) == 0 || strncmp(from, "https://", 8) == 0;
}

static const char *local_path(const char *from)
{
    return strncmp(from, "file://", 7) == 0 ? from + 7 : from;
}

static bool get_remote(struct fetching *f, const char *from, int fd, uint64_t most,
                       bool whatever, struct post_got *ret_got)
{
    char words[POST_WORDS];
    struct post_get get = {
        .url = from,
        .etag = whatever || !f->before ? NULL : json_get_text(f->before, "etag", NULL),
        .modified = whatever || !f->before
                        ? 0
                        : (usec_t)json_get_number(f->before, "modified", 0),
        .max_size = most,
        .timeout = f->w->timeout,
        .fd = fd,
    };
    int result = post_get(f->post, &get, ret_got, words);

    if (result == -EFBIG)
        return fail(f, "it is more than the %llu bytes of max_size",
                    (unsigned long long)most);
    return result == 0 || fail(f, "%s", words);
}

static bool copy(struct fetching *f, int from, int fd, uint64_t most, uint64_t *ret_size)
{
    char block[65536];
    ssize_t len;

    while ((len = read(from, block, sizeof(block))) > 0) {
        *ret_size += (uint64_t)len;
        if (*ret_size > most)
            return fail(f, "it is more than the %llu bytes of max_size",
                        (unsigned long long)most);
        if (write(fd, block, (size_t)len) != len)
            return fail(f, "it cannot be written: %s", strerror(errno));
    }
    return len == 0 || fail(f, "it cannot be read: %s", strerror(errno));
}

static bool get_local(struct fetching *f, const char *from, int fd, uint64_t most,
                      bool whatever, struct post_got *ret_got)
{
    auto_free char *path = list_plan_path(f->plan, local_path(from));
    auto_close int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    *ret_got = (struct post_got){0};
    if (file < 0 || fstat(file, &st) != 0)
        return fail(f, "%s: %s", path, strerror(errno));
    ret_got->modified = (usec_t)st.st_mtim.tv_sec * USEC_PER_SEC;
    ret_got->same =
        !whatever && f->before &&
        json_get_number(f->before, "modified", 0) == (int64_t)ret_got->modified &&
        json_get_number(f->before, "size", -1) == st.st_size;
    return ret_got->same || copy(f, file, fd, most, &ret_got->size);
}

static bool get(struct fetching *f, const char *from, int fd, uint64_t most,
                bool whatever, struct post_got *ret_got)
{
    return is_remote(from) ? get_remote(f, from, fd, most, whatever, ret_got)
                           : get_local(f, from, fd, most, whatever, ret_got);
}

/* ---- checking ---- */

static bool read_back(struct fetching *f, int fd, char **ret_bytes, size_t *ret_len)
{
    auto_free char *path = xasprintf("/proc/self/fd/%d", fd);
    int result = file_read(path, f->w->max_size, ret_bytes, ret_len);

    return result == 0 || fail(f, "it cannot be read back: %s", strerror(-result));
}

/* The last part of an address, without what is asked. */
static char *base_name(const char *from)
{
    size_t len = strcspn(from, "?#");
    auto_free char *path = xstrdup(from);
    const char *slash;

    path[len] = '\0';
    slash = strrchr(path, '/');
    return xstrdup(slash ? slash + 1 : path);
}

static bool find_digits(struct fetching *f, char ret_digits[CHECKSUM_DIGITS])
{
    auto_close int fd = memfd_create("checksum", MFD_CLOEXEC);
    auto_free char *name = base_name(f->w->from), *bytes = NULL;
    struct post_got got;
    size_t len;

    if (f->w->kind == CHECKSUM_SHA256) {
        memcpy(ret_digits, f->w->checksum, CHECKSUM_DIGITS);
        return true;
    }
    if (fd < 0 || !get(f, f->w->checksum, fd, CHECKSUMS_MOST, true, &got) ||
        !read_back(f, fd, &bytes, &len))
        return false;
    return checksum_find((struct text){bytes, len}, name, ret_digits) ||
           fail(f, "%s has no checksum for %s", f->w->checksum, name);
}

static bool check_sum(struct fetching *f, const char *bytes, size_t len)
{
    char digits[CHECKSUM_DIGITS];

    if (f->w->kind == CHECKSUM_NONE)
        return true;
    if (!find_digits(f, digits))
        return false;
    return checksum_fits(bytes, len, digits) ||
           fail(f, "its checksum is not %s: it was damaged or changed on the way",
                digits);
}

/* Less than half of what it was the last time is hardly the same list. */
static bool check_size(struct fetching *f)
{
    int64_t size = f->before ? json_get_number(f->before, "size", 0) : 0;

    if (f->got.size == 0)
        return fail(f, "it is empty");
    if (f->got.size >= (uint64_t)size / 2)
        return true;
    return fail(f,
                "it has %llu bytes, the one before had %lld; if that is right, remove %s",
                (unsigned long long)f->got.size, (long long)size, f->memory);
}

/* ---- putting into place ---- */

static bool put_file(struct fetching *f)
{
    if (fchmod(f->fd, 0644) == 0 && fsync(f->fd) == 0 && rename(f->part, f->to) == 0)
        return true;
    return fail(f, "%s: %s", f->to, strerror(errno));
}

static bool exchange(struct fetching *f, const char *folder)
{
    if (f->fetched->had_before
            ? renameat2(AT_FDCWD, folder, AT_FDCWD, f->to, RENAME_EXCHANGE) == 0
            : rename(folder, f->to) == 0)
        return true;
    return fail(f, "%s: %s", f->to, strerror(errno));
}

static bool unpack_into(struct fetching *f, const char *folder)
{
    struct unpack_limits limits = {.bytes = UNPACKED_MOST, .files = FILES_MOST};
    auto_close int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char words[UNPACK_WORDS] = "";
    struct unpacked done;

    if (fd < 0 || fchmod(fd, 0755) != 0)
        return fail(f, "%s: %s", folder, strerror(errno));
    return unpack(f->part, fd, &limits, &done, words) == 0 || fail(f, "%s", words);
}

/* Afterwards `folder` is what was there before, or what could not be unpacked. */
static bool put_folder(struct fetching *f)
{
    auto_free char *folder = xasprintf("%s.XXXXXX", f->to);
    bool good;

    if (!mkdtemp(folder))
        return fail(f, "%s: %s", folder, strerror(errno));
    good = unpack_into(f, folder) && exchange(f, folder);
    if (!good || f->fetched->had_before)
        remove_folder(folder);
    return good;
}

/* ---- one download ---- */

static bool keep_same(struct fetching *f)
{
    nftw(f->to, touch_one, OPEN_FOLDERS, FTW_PHYS);
    f->fetched->result = FETCH_SAME;
    snprintf(f->fetched->words, FETCH_WORDS, "is the newest already");
    return true;
}

static bool take_new(struct fetching *f)
{
    auto_free char *bytes = NULL;
    char sha256[CHECKSUM_DIGITS];
    uint8_t digest[32];
    size_t len;

    if (!check_size(f) || !read_back(f, f->fd, &bytes, &len) || !check_sum(f, bytes, len))
        return false;
    if (!(f->w->unpack ? put_folder(f) : put_file(f)))
        return false;
    crypt_sha256(bytes, len, digest);
    crypt_hex(digest, sizeof(digest), sha256);
    remember(f, sha256);
    f->fetched->result = FETCH_NEW;
    snprintf(f->fetched->words, FETCH_WORDS, "%llu bytes, SHA-256 %s",
             (unsigned long long)f->got.size, sha256);
    return true;
}

static bool fetch(struct fetching *f)
{
    if (!make_folders_above(f))
        return false;
    recall(f);
    f->fd = mkostemp(f->part, O_CLOEXEC);
    if (f->fd < 0)
        return fail(f, "%s: %s", f->part, strerror(errno));
    if (!get(f, f->w->from, f->fd, f->w->max_size, !f->fetched->had_before, &f->got))
        return false;
    return f->got.same ? keep_same(f) : take_new(f);
}

void list_fetch(const struct list_plan *plan, const struct planned_download *w,
                struct post *post, usec_t now, struct fetched *ret_fetched)
{
    struct fetching f = {.plan = plan,
                         .w = w,
                         .post = post,
                         .now = now,
                         .fetched = ret_fetched,
                         .to = list_plan_path(plan, w->to),
                         .fd = -1};

    *ret_fetched = (struct fetched){0};
    f.memory = xasprintf("%s.fetched", f.to);
    f.part = xasprintf("%s.part.XXXXXX", f.to);
    fetch(&f);
    if (f.fd >= 0) {
        close(f.fd);
        unlink(f.part); /* it is not there any more when it was put into place */
    }
    json_free(f.before);
    free(f.to);
    free(f.memory);
    free(f.part);
}
