/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/blackbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/pcap_file.h"
#include "auto.h"
#include "mem.h"
#include "text.h"

#define PATTERN "crash-*.pcap"

struct kept {
    usec_t time;
    uint32_t len, wire_len;
    int link;
    uint8_t bytes[BLACKBOX_BYTES];
};

struct blackbox {
    uint32_t next; /* where the next frame goes */
    struct kept frames[BLACKBOX_FRAMES];
};

struct blackbox *blackbox_new(void)
{
    struct blackbox *b =
        mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return b == MAP_FAILED ? NULL : b;
}

void blackbox_free(struct blackbox *b)
{
    if (b)
        munmap(b, sizeof(*b));
}

void blackbox_keep(struct blackbox *b, const struct frame *f)
{
    struct kept *k = &b->frames[b->next % BLACKBOX_FRAMES];
    uint32_t len = f->len < BLACKBOX_BYTES ? f->len : BLACKBOX_BYTES;

    k->len = 0; /* in case we die in between */
    memcpy(k->bytes, f->bytes, len);
    k->time = f->time;
    k->wire_len = f->wire_len;
    k->link = f->link;
    k->len = len;
    b->next++;
}

void blackbox_wipe(struct blackbox *b, bool all)
{
    if (all)
        memset(b->frames, 0, sizeof(b->frames));
    else
        memset(&b->frames[(b->next - 1) % BLACKBOX_FRAMES], 0, sizeof(b->frames[0]));
}

/* ---- the file ---- */

static unsigned put_frames(struct buffer *to, const struct blackbox *b)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < BLACKBOX_FRAMES; i++) {
        const struct kept *k = &b->frames[(b->next + i) % BLACKBOX_FRAMES];
        uint32_t len = k->len;

        if (len == 0 || len > BLACKBOX_BYTES)
            continue;
        if (count++ == 0) /* all frames of a box have the link of one interface */
            pcap_file_begin(to, k->link, BLACKBOX_BYTES);
        pcap_file_add(to, &(struct frame){.time = k->time,
                                          .bytes = k->bytes,
                                          .len = len,
                                          .wire_len = k->wire_len});
    }
    return count;
}

static int is_crash(const struct dirent *entry)
{
    return fnmatch(PATTERN, entry->d_name, 0) == 0;
}

/* Names sort by time. */
static void drop_oldest(const char *folder)
{
    struct dirent **found;
    int count = scandir(folder, &found, is_crash, alphasort);

    for (int i = 0; i < count; i++) {
        auto_free char *path = xasprintf("%s/%s", folder, found[i]->d_name);

        if (i <= count - BLACKBOX_FILES)
            unlink(path);
        free(found[i]);
    }
    if (count >= 0)
        free(found);
}

static int write_file(const char *path, const struct buffer *bytes)
{
    auto_close int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    ssize_t n = fd < 0 ? -1 : write(fd, bytes->at, bytes->len);

    if (n < 0)
        return -errno;
    return (size_t)n == bytes->len ? 0 : -ENOSPC;
}

int blackbox_write(struct blackbox *b, const char *folder, const char *name, usec_t now,
                   unsigned *ret_frames)
{
    auto_buffer struct buffer bytes = {0};
    auto_free char *path = xasprintf("%s/crash-%llu-%s.pcap", folder,
                                     (unsigned long long)(now / USEC_PER_SEC), name);
    unsigned count = put_frames(&bytes, b);
    int r = 0;

    blackbox_wipe(b, true);
    if (count > 0) {
        drop_oldest(folder);
        r = write_file(path, &bytes);
    }
    if (r == 0)
        *ret_frames = count;
    return r;
}
