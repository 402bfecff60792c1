/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an archive of a list's maker: nothing is written beside the folder, and
 * no more than is allowed. */
#include "tests/fuzz/scratch.h"

#include <fts.h>
#include <string.h>

#include "auto.h"
#include "cli/unpack.h"
#include "mem.h"

#define BYTES_MOST 65536
#define FILES_MOST 16

struct found {
    uint64_t bytes;
    size_t files;
};

/* Takes all away below the folder, and counts it. */
static struct found clear(const char *folder)
{
    auto_free char *root = xstrdup(folder);
    char *roots[] = {root, NULL};
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    struct found found = {0};
    FTSENT *e;

    while (fts && (e = fts_read(fts))) {
        if (e->fts_info == FTS_DP && e->fts_level > 0)
            rmdir(e->fts_path);
        if (e->fts_info != FTS_F && e->fts_info != FTS_SL && e->fts_info != FTS_SLNONE)
            continue;
        demand(e->fts_info == FTS_F);
        found.bytes += (uint64_t)e->fts_statp->st_size;
        found.files++;
        unlink(e->fts_path);
    }
    fts_close(fts);
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct unpack_limits limits = {.bytes = BYTES_MOST, .files = FILES_MOST};
    char path[SCRATCH_PATH], words[UNPACK_WORDS];
    int fd = scratch_file(bytes, len, path);
    auto_close int folder = open(scratch_folder(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct unpacked done;
    struct found found;
    int result = unpack(path, folder, &limits, &done, words);

    found = clear(scratch_folder());
    demand(found.files <= FILES_MOST && found.bytes <= BYTES_MOST);
    demand(result != 0 || (done.files == found.files && done.bytes == found.bytes));
    close(fd);
    return 0;
}
