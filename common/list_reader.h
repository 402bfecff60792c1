/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_reader.h - what the forms of lists share while one is being read.
 */
#ifndef LIST_READER_H
#define LIST_READER_H

#include "list_read.h"

struct list_reader {
    const struct list_source *source;
    list_name_fn *fn;
    void *arg;
    struct diags *diags;
    struct list_counts counts;
    unsigned line; /* being read, from 1 */

    struct text origin; /* RPZ: what relative names are relative to */
    unsigned open;      /* RPZ: parentheses */
    uint64_t triggers;  /* RPZ: lines about addresses and name servers */
    size_t column;      /* CSV: from 0 */
    bool has_column;
};

/* Hands a name on, or refuses it. */
void list_reader_name(struct list_reader *r, struct text name);

/* Counts a line that cannot be used; the first few are told. */
void list_reader_refuse(struct list_reader *r, struct text what, const char *why);

/* The next word of a line, empty at its end; the line then begins behind it. */
struct text list_reader_word(struct text *line);

/* All certificates of a file. */
void list_read_pem(struct list_reader *r, struct text bytes);

/* One line, without its end and not empty. -EINVAL: there is no point in going on. */
int list_line_rpz(struct list_reader *r, struct text line);
int list_line_csv(struct list_reader *r, struct text line);

#endif
