/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diag_list.h - the faults that diag.c gathers, for diag_text.c and diag_json.c, which
 * print them. Only these three include it.
 */
#ifndef DIAG_LIST_H
#define DIAG_LIST_H

#include "diag.h"

struct diag {
    enum diag_level level;
    const char *file; /* of a source: the same file is the same pointer */
    unsigned line, column, length;
    char code[8];
    char *message;
    char **hints;
    size_t hints_count, hints_capacity;
};

struct source {
    char *file;
    char *text; /* NULL: never given */
    size_t len;
};

struct diags {
    struct diag *list;
    size_t count, capacity;
    struct source *sources;
    size_t sources_count, sources_capacity;
    size_t of_level[2];
};

/* The faults by file, line and column; yours to free. */
const struct diag **diags_sorted(const struct diags *d);

const char *diag_level_name(const struct diag *g);

#endif
