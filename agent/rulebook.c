/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/rulebook.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"

#define CURRENT  "bundle.current"
#define PREVIOUS "bundle.previous"
#define FDS_MAX  2

void rulebook_free(struct rulebook *b)
{
    if (!b)
        return;
    content_free(b->content);
    bundle_free(b->bundle);
    free(b->from_before);
    free(b);
}

/* Takes the bundle over, also when it fails. */
static struct rulebook *book_of(struct bundle *bundle, const char *site, int lists_fd,
                                bool untested, struct diags *d)
{
    auto_rulebook struct rulebook *b = xcalloc(1, sizeof(*b));

    assert(bundle);
    b->bundle = bundle;
    b->generation = (uint8_t)bundle->serial;
    b->before = b->generation;
    b->content = content_unpack(bundle, site, lists_fd, untested, d);
    return b->content ? take(b) : NULL;
}

/* ---- the one before ---- */

static void map_rules(struct rulebook *b, const struct rulebook *old)
{
    const struct ruleset *from = old->content->rules, *to = b->content->rules;

    b->before = old->generation;
    b->before_count = ruleset_count(from);
    b->from_before = xcalloc(b->before_count + 1, sizeof(*b->from_before));
    for (size_t i = 0; i < b->before_count; i++)
        b->from_before[i] = ruleset_find_like(to, ruleset_rule(from, i));
}

int rulebook_rule(const struct rulebook *b, uint8_t generation, size_t rule)
{
    if (generation == b->generation)
        return rule < ruleset_count(b->content->rules) ? (int)rule : -ENOENT;
    if (generation == b->before && rule < b->before_count)
        return b->from_before[rule];
    return -ENOENT;
}

/* ---- in the state folder ---- */

static struct rulebook *load(const char *state, const char *name, const char *site,
                             int *ret_error)
{
    auto_free char *path = xasprintf("%s/%s", state, name);
    auto_diags struct diags *d = diags_new();
    auto_free char *faults = NULL;
    struct bundle *bundle = NULL;
    struct rulebook *b;

    *ret_error = bundle_load(path, &bundle);
    if (*ret_error < 0)
        return NULL;
    b = book_of(bundle, site, -1, true, d);
    faults = diags_text(d);
    if (!b) {
        *ret_error = -EINVAL;
        log_error("%s cannot be used: %s", path, faults);
    }
    return b;
}

int rulebook_open(const char *state, const char *site, struct rulebook **ret_book)
{
    int r, ignored;
    struct rulebook *b = load(state, CURRENT, site, &r);
    auto_rulebook struct rulebook *old = NULL;

    if (!b) {
        if (r != -EINVAL)
            log_error("%s/%s cannot be read: %s", state, CURRENT,
                      r == -EBADMSG ? "it is damaged" : strerror(-r));
        return r;
    }
    old = load(state, PREVIOUS, site, &ignored);
    if (old)
        map_rules(b, old);
    *ret_book = b;
    return 0;
}

/* A crash in between leaves the old one in both places, which is as good. */
static int write_current(const char *state, const struct rulebook *b)
{
    auto_free char *current = xasprintf("%s/%s", state, CURRENT);
    auto_free char *previous = xasprintf("%s/%s", state, PREVIOUS);

    unlink(previous);
    if (b->before_count && link(current, previous) < 0 && errno != ENOENT)
        return -errno;
    return bundle_write(b->bundle, current);
}

/* What was well in the files should be so in the bundle: then they are not told twice. */
static void tell_unreadable(struct diags *faults, struct diags *d)
{
    auto_free char *text = diags_text(faults);

    diags_error(d, (struct place){0}, "E0521",
                "the bundle of the rules lacks something:\n%s", text);
}

int rulebook_make(const struct rulebook_making *m, struct rulebook **ret_book,
                  struct diags *d)
{
    const struct rulebook *old = m->old;
    struct bundle *bundle =
        content_pack(m->settings, old ? old->bundle->serial + 1 : 1, d);
    auto_rulebook struct rulebook *b = NULL;
    auto_diags struct diags *same = diags_new();
    int r;

    if (!bundle)
        return -EINVAL;
    if (old && strcmp(bundle->version, old->bundle->version) == 0) {
        bundle_free(bundle);
        return -EALREADY;
    }
    b = book_of(bundle, m->settings->site, -1, false, same);
    if (!b)
        tell_unreadable(same, d);
    if (!b || !content_test(b->content, m->between, m->arg, d))
        return -EINVAL;
    if (old)
        map_rules(b, old);
    r = write_current(m->state, b);
    if (r == 0)
        *ret_book = take(b);
    return r;
}

/* ---- between processes ---- */

/* A copy of the bytes that nobody can change. */
static int sealed_copy(const struct bundle *b)
{
    int fd = memfd_create("bundle", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    size_t at = 0;

    while (fd >= 0 && at < b->len) {
        ssize_t n = write(fd, b->bytes + at, b->len - at);

        if (n < 0) {
            close(fd);
            return -errno;
        }
        at += (size_t)n;
    }
    if (fd >= 0)
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    return fd < 0 ? -errno : fd;
}

int rulebook_send(const struct rulebook *b, int fd)
{
    const struct bundle_entry *lists = bundle_find(b->bundle, BUNDLE_LISTS);
    auto_close int bytes = sealed_copy(b->bundle);
    auto_close int lists_fd = lists ? open(lists->name, O_RDONLY | O_CLOEXEC) : -1;
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
    } control = {0};
    int fds[FDS_MAX] = {bytes, lists_fd};
    size_t fds_len = (lists_fd >= 0 ? 2 : 1) * sizeof(int);
    uint64_t serial = b->bundle->serial;
    struct iovec part = {.iov_base = &serial, .iov_len = sizeof(serial)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = CMSG_SPACE(fds_len)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);

    if (bytes < 0)
        return bytes;
    *head = (struct cmsghdr){
        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(fds_len)};
    memcpy(CMSG_DATA(head), fds, fds_len);
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Descriptors that come are in ret_fds, -1 for those that don't. */
static int receive(int fd, uint64_t *ret_serial, int ret_fds[FDS_MAX])
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
    } control;
    struct iovec part = {.iov_base = ret_serial, .iov_len = sizeof(*ret_serial)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof(control.room)};
    ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *head = n < 0 ? NULL : CMSG_FIRSTHDR(&message);

    if (n < 0)
        return -errno;
    if (head && head->cmsg_type == SCM_RIGHTS) {
        size_t len = head->cmsg_len - CMSG_LEN(0);

        memcpy(ret_fds, CMSG_DATA(head),
               len < FDS_MAX * sizeof(int) ? len : FDS_MAX * sizeof(int));
    }
    return n == sizeof(*ret_serial) ? 0 : n == 0 ? -ENOTCONN : -EBADMSG;
}

static int parse_mapped(int fd, struct bundle **ret_bundle)
{
    struct stat st;
    void *bytes;
    int r;

    if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0)
        return -EBADMSG;
    bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return -errno;
    r = bundle_parse(bytes, (size_t)st.st_size, ret_bundle);
    munmap(bytes, (size_t)st.st_size);
    return r;
}

int rulebook_receive(int fd, const char *site, uint64_t serial,
                     struct rulebook **ret_book)
{
    auto_diags struct diags *d = diags_new();
    struct bundle *bundle = NULL;
    uint64_t offered = 0;
    int fds[FDS_MAX] = {-1, -1};
    int r = receive(fd, &offered, fds);

    if (r == 0 && offered <= serial)
        r = -EALREADY;
    if (r == 0)
        r = parse_mapped(fds[0], &bundle);
    if (r == 0) {
        struct rulebook *b = book_of(bundle, site, fds[1], true, d);

        if (b)
            *ret_book = b;
        else
            r = -EINVAL;
    }
    for (size_t i = 0; i < FDS_MAX; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return r;
}
