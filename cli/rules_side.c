/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rules_side.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle.h"
#include "file.h"
#include "mem.h"

/* Names in a bundle are not believed: files have numbers, in the same order. */
static char *file_name(const struct rules_side *s, size_t i)
{
    return xasprintf("%s/%06zu.yaml", s->folder, i);
}

static int unpack(struct rules_side *s, const struct bundle *b)
{
    char folder[] = "/tmp/hallwatch-rules-XXXXXX";
    int err = 0;

    if (!mkdtemp(folder))
        return -errno;
    s->folder = xstrdup(folder);
    for (size_t i = 0; err == 0 && i < b->count; i++) {
        auto_free char *path = file_name(s, s->files);

        if (b->entries[i].kind != BUNDLE_RULES)
            continue;
        err = file_replace(path, b->entries[i].text.at, b->entries[i].text.len);
        s->files += err == 0;
    }
    return err;
}

static bool is_bundle(const char *path, struct bundle **ret)
{
    return bundle_load(path, ret) == 0;
}

bool rules_side_load(struct rules_side *s, const char *path, struct diags *d)
{
    auto_bundle struct bundle *b = NULL;
    int err = is_bundle(path, &b) ? unpack(s, b) : 0;

    if (err) {
        diags_error(d, (struct place){.file = path}, "E0102",
                    "the bundle cannot be unpacked: %s", strerror(-err));
        return false;
    }
    s->path = xstrdup(s->folder ? s->folder : path);
    s->settings.paths = &s->path;
    s->settings.path_count = 1;
    return world_load(&s->world, &s->settings, d);
}

void rules_side_done(struct rules_side *s)
{
    world_done(&s->world);
    for (size_t i = 0; s->folder && i < s->files; i++) {
        auto_free char *path = file_name(s, i);

        unlink(path);
    }
    if (s->folder)
        rmdir(s->folder);
    free(s->folder);
    free(s->path);
}
