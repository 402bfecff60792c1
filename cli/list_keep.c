/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first line says which type and version it is; a line "# NUMBER SOURCE" for each
 * source how many values it gave; the file's time is when the list was
 * fetched. Files are named after lists, whose names have no slash or dot.
 */
#include "cli/list_keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "list_read.h"
#include "mem.h"

#define HEAD_MAX 128

static char *path_of(const char *folder, const struct list_info *info)
{
    return xasprintf("%s/%s", folder, info->name);
}

static void head_of(const struct list_info *info, char ret_head[HEAD_MAX])
{
    snprintf(ret_head, HEAD_MAX, "# %s %s\n", names_get(&names_list_type, info->type),
             info->version);
}

/* The first line of what is kept; false when nothing is. */
static bool read_head(const char *path, char ret_head[HEAD_MAX])
{
    auto_fclose FILE *file = fopen(path, "re");

    return file && fgets(ret_head, HEAD_MAX, file);
}

bool list_keep_has(const char *folder, const struct list_info *info, usec_t *ret_fetched)
{
    auto_free char *path = folder ? path_of(folder, info) : NULL;
    char head[HEAD_MAX], wanted[HEAD_MAX];
    struct stat st;

    if (!path || !read_head(path, head) || stat(path, &st) != 0)
        return false;
    snprintf(wanted, sizeof(wanted), "# %s ", names_get(&names_list_type, info->type));
    if (strncmp(head, wanted, strlen(wanted)) != 0)
        return false;
    *ret_fetched = (usec_t)st.st_mtim.tv_sec * USEC_PER_SEC;
    return true;
}

uint64_t list_keep_gave(const char *folder, const struct list_info *info,
                        const char *source)
{
    auto_free char *path = folder ? path_of(folder, info) : NULL;
    auto_fclose FILE *file = path ? fopen(path, "re") : NULL;
    auto_free char *line = NULL;
    uint64_t gave = 0;
    size_t room = 0;

    while (file && getline(&line, &room, file) > 0 && line[0] == '#') {
        unsigned long long values;
        char *end = line;

        line[strcspn(line, "\n")] = '\0';
        errno = 0;
        values = strtoull(line + 1, &end, 10);
        if (errno == 0 && end > line + 1 && *end == ' ' && strcmp(end + 1, source) == 0)
            gave = values;
    }
    return gave;
}

/* ---- restoring ---- */

struct restoring {
    struct list_builder *builder;
    unsigned list;
};

static void take_value(struct text value, void *arg)
{
    struct restoring *r = arg;

    list_builder_add(r->builder, r->list, value);
}

bool list_keep_restore(const char *folder, struct list_builder *b, unsigned list)
{
    const struct list_info *info = list_builder_info(b, list);
    auto_free char *path = path_of(folder, info);
    auto_diags struct diags *quiet = diags_new();
    struct list_source source = {.path = path, .type = info->type};
    struct restoring r = {b, list};
    struct list_counts counts;
    usec_t fetched;

    if (!list_keep_has(folder, info, &fetched))
        return false;
    list_builder_empty(b, list, fetched);
    return list_read(&source, take_value, &r, &counts, quiet) == 0 && counts.refused == 0;
}

/* ---- storing ---- */

static void add_line(struct text value, void *arg)
{
    struct buffer *lines = arg;

    buffer_add(lines, value.at, value.len);
    buffer_add(lines, "\n", 1);
}

static int set_time(const char *path, usec_t fetched)
{
    struct timespec t = {.tv_sec = (time_t)(fetched / USEC_PER_SEC)};
    struct timespec both[2] = {t, t};

    return utimensat(AT_FDCWD, path, both, 0) == 0 ? 0 : -errno;
}

/* All before the values. */
static void head_all(const struct list_info *info, const struct list_gave *gave,
                     size_t count, struct buffer *ret_head)
{
    char head[HEAD_MAX];

    head_of(info, head);
    buffer_text(ret_head, head);
    for (size_t i = 0; i < count; i++)
        if (!strchr(gave[i].source, '\n'))
            buffer_print(ret_head, "# %llu %s\n", (unsigned long long)gave[i].values,
                         gave[i].source);
}

/* It begins like that, and then come values. */
static bool begins_with(const char *path, const struct buffer *head)
{
    auto_fclose FILE *file = fopen(path, "re");
    auto_free char *begin = xmalloc(head->len + 1);

    return file && fread(begin, 1, head->len, file) == head->len &&
           memcmp(begin, head->at, head->len) == 0 && fgetc(file) != '#';
}

int list_keep_store(const char *folder, const struct list_builder *b, unsigned list,
                    const struct list_gave *gave, size_t count)
{
    const struct list_info *info = list_builder_info(b, list);
    auto_free char *path = path_of(folder, info);
    auto_buffer struct buffer lines = {0};
    int result = 0;

    head_all(info, gave, count, &lines);
    if (!begins_with(path, &lines)) {
        if (mkdir(folder, 0755) != 0 && errno != EEXIST)
            return -errno;
        list_builder_each(b, list, add_line, &lines);
        result = file_replace(path, lines.at, lines.len);
    }
    return result == 0 ? set_time(path, info->fetched) : result;
}
