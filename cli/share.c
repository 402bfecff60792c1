/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs lie in bin/ or sbin/, what comes with them in share/hallwatch beside it: the
 * same in the build folder as where it is installed.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "mem.h"

/* The folder above the one that this program is in. */
static char *prefix(void)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (len < 0)
        return xstrdup(INSTALL_PREFIX);
    path[len] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(path, '/');

        if (slash)
            *slash = '\0';
    }
    return xstrdup(path);
}

char *share_path(const char *below)
{
    auto_free char *top = prefix();

    return xasprintf("%s/share/hallwatch/%s", top, below);
}

char *program_path(const char *name)
{
    static const char *const folders[] = {"bin", "sbin"};
    auto_free char *top = prefix();

    for (size_t i = 0; i < 2; i++) {
        char *path = xasprintf("%s/%s/%s", top, folders[i], name);

        if (access(path, X_OK) == 0)
            return path;
        free(path);
    }
    return xstrdup(name);
}
