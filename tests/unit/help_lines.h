/* SPDX-License-Identifier: Apache-2.0 */
/* help_lines.h - lists in which help.example is protected. */
#ifndef HELP_LINES_H
#define HELP_LINES_H

#include <stdlib.h>
#include <unistd.h>

#include "listdb.h"

static inline struct listdb *help_lines(void)
{
    struct list_builder *b = list_builder_new();
    struct listdb *db = NULL;
    char path[] = "/tmp/help-lines-XXXXXX";
    int fd = mkstemp(path);
    int list =
        list_builder_list(b, &(struct list_info){.name = "help", .kind = LIST_PROTECTED});

    assert_true(fd >= 0 && list >= 0);
    close(fd);
    list_builder_add(b, (unsigned)list, TEXT("help.example"));
    assert_int_equal(list_builder_write(b, path), 0);
    assert_int_equal(listdb_open(path, &db), 0);
    unlink(path);
    list_builder_free(b);
    return db;
}

#endif
