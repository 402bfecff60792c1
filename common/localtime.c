/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone is a list of instants, each with the offset that holds from then on, and a rule
 * for the time after the last of them. RFC 8536; only the second, 64-bit half of a file
 * is used.
 */
#include "localtime.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cur.h"
#include "file.h"
#include "mem.h"
#include "posix_tz.h"

#define FOLDER          "/usr/share/zoneinfo"
#define FILE_MAX        (1 << 20)
#define TRANSITIONS_MAX 10000
#define OFFSET_MIN      (-89999) /* RFC 8536 section 3.2, utoff */
#define OFFSET_MAX      93599
#define DAY             86400

struct transition {
    int64_t at;
    int32_t offset;
};

struct zone {
    struct transition *transitions;
    size_t count;
    int32_t first; /* before the first transition */
    bool has_rule; /* after the last one */
    struct posix_tz rule;
};

/* Counts of a header, in its order. */
struct counts {
    uint32_t isut, isstd, leap, time, type, name;
};

static int parse_header(struct cur *c, unsigned *ret_version, struct counts *ret_counts)
{
    const uint8_t *magic = cur_bytes(c, 4);

    *ret_version = cur_u8(c);
    cur_skip(c, 15);
    ret_counts->isut = cur_u32(c);
    ret_counts->isstd = cur_u32(c);
    ret_counts->leap = cur_u32(c);
    ret_counts->time = cur_u32(c);
    ret_counts->type = cur_u32(c);
    ret_counts->name = cur_u32(c);
    if (cur_broken(c) || memcmp(magic, "TZif", 4) != 0)
        return -EBADMSG;
    if (ret_counts->time > TRANSITIONS_MAX || ret_counts->type == 0 ||
        ret_counts->type > 256)
        return -EBADMSG;
    return 0;
}

/* The first half repeats the second in 32 bits, for readers of long ago. */
static void skip_first_half(struct cur *c, const struct counts *n)
{
    cur_skip(c, (size_t)n->time * 5);
    cur_skip(c, (size_t)n->type * 6);
    cur_skip(c, n->name);
    cur_skip(c, (size_t)n->leap * 8);
    cur_skip(c, n->isstd);
    cur_skip(c, n->isut);
}

static int parse_offsets(struct cur *c, const struct counts *n, int32_t offsets[256])
{
    for (uint32_t i = 0; i < n->type; i++) {
        offsets[i] = (int32_t)cur_u32(c);
        cur_skip(c, 2); /* is it summer time, and its name */
        if (offsets[i] < OFFSET_MIN || offsets[i] > OFFSET_MAX)
            return -EBADMSG;
    }
    return 0;
}

static int parse_transitions(struct cur *c, const struct counts *n, struct zone *z)
{
    int32_t offsets[256];
    struct cur types;

    if (cur_left(c) / 9 < n->time)
        return -EBADMSG;
    z->transitions = xcalloc(n->time + 1, sizeof(*z->transitions));
    for (uint32_t i = 0; i < n->time; i++) {
        z->transitions[i].at = (int64_t)cur_u64(c);
        if (i > 0 && z->transitions[i].at <= z->transitions[i - 1].at)
            return -EBADMSG;
    }
    types = cur_sub(c, n->time);
    if (parse_offsets(c, n, offsets) != 0)
        return -EBADMSG;
    for (uint32_t i = 0; i < n->time; i++) {
        unsigned type = cur_u8(&types);

        if (type >= n->type)
            return -EBADMSG;
        z->transitions[i].offset = offsets[type];
    }
    z->count = n->time;
    z->first = offsets[0];
    return cur_broken(c) ? -EBADMSG : 0;
}

/* A line of its own behind all else; an empty one means that nothing is known. */
static int parse_footer(struct cur *c, struct zone *z)
{
    const char *line, *end;
    size_t left;

    if (cur_u8(c) != '\n' || cur_broken(c))
        return -EBADMSG;
    left = cur_left(c);
    line = (const char *)cur_bytes(c, left);
    end = memchr(line, '\n', left);
    if (!end)
        return -EBADMSG;
    if (end == line)
        return 0;
    z->has_rule = true;
    return posix_tz_parse((struct text){.at = line, .len = (size_t)(end - line)},
                          &z->rule);
}

static int parse(struct cur *c, struct zone *z)
{
    struct counts n;
    unsigned version;

    if (parse_header(c, &version, &n) != 0 || version < '2')
        return -EBADMSG;
    skip_first_half(c, &n);
    if (parse_header(c, &version, &n) != 0 || parse_transitions(c, &n, z) != 0)
        return -EBADMSG;
    cur_skip(c, n.name);
    cur_skip(c, (size_t)n.leap * 12);
    cur_skip(c, n.isstd);
    cur_skip(c, n.isut);
    return parse_footer(c, z);
}

int zone_parse(const void *bytes, size_t len, struct zone **ret_zone)
{
    auto_zone struct zone *z = xcalloc(1, sizeof(*z));
    struct cur c = cur_over(bytes, len);
    int result = parse(&c, z);

    if (result == 0)
        *ret_zone = take(z);
    return result;
}

/* Parts of letters, digits, '_', '+' and '-': so no way leads out of the folder. */
static bool is_zone_name(const char *name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";

    return name[0] != '\0' && name[0] != '/' && name[strspn(name, letters)] == '\0';
}

static int read_zone_file(const char *name, char **ret_bytes, size_t *ret_len)
{
    auto_free char *path = NULL;
    int result;

    if (!is_zone_name(name))
        return -EINVAL;
    path = xasprintf("%s/%s", FOLDER, name);
    result = file_read(path, FILE_MAX, ret_bytes, ret_len);
    return result == -EISDIR || result == -ENOTDIR ? -ENOENT : result; /* "Europe" */
}

int zone_open(const char *name, struct zone **ret_zone)
{
    auto_free char *bytes = NULL;
    size_t len;
    int result = read_zone_file(name, &bytes, &len);

    return result != 0 ? result : zone_parse(bytes, len, ret_zone);
}

/* ---- shelves ---- */

struct shelved {
    char *name, *bytes;
    size_t len;
};

struct zone_shelf {
    bool reads_files;
    struct shelved *items;
    size_t count, capacity;
};

struct zone_shelf *zone_shelf_new(bool reads_files)
{
    struct zone_shelf *s = xcalloc(1, sizeof(*s));

    s->reads_files = reads_files;
    return s;
}

void zone_shelf_free(struct zone_shelf *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++) {
        free(s->items[i].name);
        free(s->items[i].bytes);
    }
    free(s->items);
    free(s);
}

static void shelve(struct zone_shelf *s, const char *name, char *bytes, size_t len)
{
    s->items = xgrow(s->items, s->count, &s->capacity, sizeof(*s->items));
    s->items[s->count++] =
        (struct shelved){.name = xstrdup(name), .bytes = bytes, .len = len};
}

void zone_shelf_put(struct zone_shelf *s, const char *name, struct text file)
{
    shelve(s, name, xstrndup(file.at, file.len), file.len);
}

int zone_shelf_open(struct zone_shelf *s, const char *name, struct zone **ret_zone)
{
    char *bytes;
    size_t len;
    int result;

    for (size_t i = 0; s && i < s->count; i++)
        if (strcmp(s->items[i].name, name) == 0)
            return zone_parse(s->items[i].bytes, s->items[i].len, ret_zone);
    if (!s)
        return zone_open(name, ret_zone);
    if (!s->reads_files)
        return -ENOENT;
    result = read_zone_file(name, &bytes, &len);
    if (result == 0)
        shelve(s, name, bytes, len);
    return result != 0 ? result : zone_parse(bytes, len, ret_zone);
}

const char *zone_shelf_at(const struct zone_shelf *s, size_t i, struct text *ret_file)
{
    if (!s || i >= s->count)
        return NULL;
    *ret_file = (struct text){.at = s->items[i].bytes, .len = s->items[i].len};
    return s->items[i].name;
}

void zone_close(struct zone *z)
{
    if (!z)
        return;
    free(z->transitions);
    free(z);
}

static int32_t offset_at(const struct zone *z, int64_t seconds)
{
    size_t low = 0, high = z->count; /* the transition wanted is before high */

    if (z->count == 0 || seconds >= z->transitions[z->count - 1].at) {
        if (z->has_rule)
            return posix_tz_offset(&z->rule, seconds);
        return z->count > 0 ? z->transitions[z->count - 1].offset : z->first;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (z->transitions[middle].at <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? z->transitions[low - 1].offset : z->first;
}

struct local_time zone_local(const struct zone *z, usec_t time)
{
    int64_t seconds = (int64_t)(time / USEC_PER_SEC);
    int32_t offset = offset_at(z, seconds);
    int64_t local = seconds + offset;
    int64_t day = local / DAY - (local % DAY < 0);

    return (struct local_time){
        .day = (int32_t)day,
        .weekday = (uint8_t)(((day + 3) % 7 + 7) % 7), /* day 0 was a Thursday */
        .minute = (uint32_t)((local - day * DAY) / 60),
        .offset = offset,
    };
}
