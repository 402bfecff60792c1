/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_plan.h - a lists.yaml: which lists there are, what each is made of, and where that
 * is fetched from. hallwatch-lists(5) describes it.
 */
#ifndef LIST_PLAN_H
#define LIST_PLAN_H

#include <stddef.h>

#include "list_read.h"
#include "listdb.h"
#include "yaml.h"

struct planned_source {
    const struct node *node; /* where its file is named */
    enum list_form form;
    const char *file, *column; /* column: NULL unless it says one */
    usec_t kept; /* kept by hand: when somebody last went through it; else 0 */
    uint64_t min_entries;
    bool says_min_entries;
};

struct planned_list {
    const struct node *node; /* its name */
    struct list_info info;   /* fetched 0: as new as its newest source */
    uint64_t min_entries;
    bool says_min_entries;
    struct planned_source *sources;
    size_t source_count;
    const struct node *except; /* names of other lists, or NULL */
};

enum checksum_kind {
    CHECKSUM_NONE,
    CHECKSUM_SHA256, /* the digits */
    CHECKSUM_FILE,   /* an address: a file with lines "digits  name", SHA-256 or MD5 */
};

struct planned_download {
    const struct node *node; /* its name */
    const char *name;
    const char *from; /* http://, https://, file:// or a path */
    const char *to;   /* file or folder, relative to the lists.yaml */
    bool unpack;      /* a .tar.gz into the folder */
    enum checksum_kind kind;
    const char *checksum;
    uint64_t max_size; /* bytes as they come */
    usec_t timeout;
};

struct list_plan {
    struct yaml *yaml;
    char *folder; /* of the file; what is relative is relative to it */
    struct planned_list *lists;
    size_t list_count;
    struct planned_download *downloads;
    size_t download_count;
};

/* NULL after telling d all that is wrong with it. */
struct list_plan *list_plan_load(const char *path, struct diags *d);
void list_plan_free(struct list_plan *p);
AUTO_DEFINE(list_plan, list_plan_free)
#define auto_list_plan __attribute__((cleanup(auto_list_plan_run)))

/* A path of the plan from where the caller stands. Yours to free. */
char *list_plan_path(const struct list_plan *p, const char *path);

#endif
