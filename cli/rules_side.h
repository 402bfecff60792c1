/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules_side.h - one of the two rule sets that are compared: a file, a folder, or a
 * bundle as agents have it, whose files are unpacked for as long as they are needed.
 */
#ifndef CLI_RULES_SIDE_H
#define CLI_RULES_SIDE_H

#include "cli.h"

struct rules_side {
    struct world_settings settings; /* all but the paths: whose the caller's are */
    struct world world;
    char *path;   /* the only one of the settings' paths */
    char *folder; /* of what was unpacked, or NULL */
    size_t files; /* in it */
};

/* False after telling d. */
bool rules_side_load(struct rules_side *s, const char *path, struct diags *d);
void rules_side_done(struct rules_side *s);

#endif
