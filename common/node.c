/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading nodes, with one complaint for each that is wrong. A node that is not there has
 * been complained of by node_need already: reading it is false and adds nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "mem.h"
#include "text.h"
#include "yaml_tree.h"

#define NAMES_SHOWN 12

enum node_kind node_kind(const struct node *n)
{
    return n->kind;
}

enum node_style node_style(const struct node *n)
{
    return n->style;
}

const char *node_text(const struct node *n)
{
    return n->text ? n->text : "";
}

size_t node_count(const struct node *n)
{
    return n->kind == NODE_MAP ? n->count / 2 : n->count;
}

const struct node *node_item(const struct node *list, size_t i)
{
    return list->kind == NODE_LIST && i < list->count ? list->items[i] : NULL;
}

const struct node *node_key(const struct node *map, size_t i)
{
    return map->kind == NODE_MAP && i < map->count / 2 ? map->items[2 * i] : NULL;
}

const struct node *node_value(const struct node *map, size_t i)
{
    return map->kind == NODE_MAP && i < map->count / 2 ? map->items[2 * i + 1] : NULL;
}

const struct node *node_get(const struct node *map, const char *key)
{
    for (size_t i = 0; i < node_count(map) && map->kind == NODE_MAP; i++)
        if (strcmp(node_text(node_key(map, i)), key) == 0)
            return node_value(map, i);
    return NULL;
}

static const char *kind_name(enum node_kind kind)
{
    static const char *const names[] = {
        [NODE_SCALAR] = "text",
        [NODE_LIST] = "a list",
        [NODE_MAP] = "a map",
    };

    return names[kind];
}

bool node_is(const struct node *n, enum node_kind kind, struct diags *d)
{
    if (!n)
        return false;
    if (n->kind == kind)
        return true;
    diags_error(d, node_place(n), "E0105", "expected %s, found %s", kind_name(kind),
                node_is_nothing(n) ? "nothing" : kind_name(n->kind));
    if (kind == NODE_SCALAR && n->style == NODE_FLOW)
        diags_hint(d, "text that begins with [ or { must be quoted, in '...'");
    return false;
}

bool node_read_text(const struct node *n, const char **ret_text, struct diags *d)
{
    if (!node_is(n, NODE_SCALAR, d))
        return false;
    if (node_is_nothing(n)) {
        diags_error(d, node_place(n), "E0105", "expected text, found nothing");
        return false;
    }
    *ret_text = n->text;
    return true;
}

bool node_read_number(const struct node *n, uint64_t min, uint64_t max,
                      uint64_t *ret_number, struct diags *d)
{
    const char *text;
    uint64_t number;
    int err;

    if (!node_read_text(n, &text, d))
        return false;
    err = text_parse_number(text, &number);
    if (err == -EINVAL) {
        diags_error(d, node_place(n), "E0203", "expected a whole number, found \"%s\"",
                    text);
        return false;
    }
    if (err || number < min || number > max) {
        diags_error(d, node_place(n), "E0204",
                    "%s is out of range: from %" PRIu64 " to %" PRIu64, text, min, max);
        return false;
    }
    *ret_number = number;
    return true;
}

bool node_read_bool(const struct node *n, bool *ret_bool, struct diags *d)
{
    const char *text;

    if (!node_read_text(n, &text, d))
        return false;
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        diags_error(d, node_place(n), "E0205", "expected true or false, found \"%s\"",
                    text);
        return false;
    }
    *ret_bool = strcmp(text, "true") == 0;
    return true;
}

/* One complaint for what a parser of text refused. */
static bool refuse(const struct node *n, int err, const char *code, const char *what,
                   const char *hint, struct diags *d)
{
    if (!err)
        return true;
    if (err == -ERANGE) {
        diags_error(d, node_place(n), "E0204", "%s is too large", node_text(n));
        return false;
    }
    diags_error(d, node_place(n), code, "expected a %s, found \"%s\"", what,
                node_text(n));
    diags_hint(d, "%s", hint);
    return false;
}

bool node_read_duration(const struct node *n, usec_t *ret_duration, struct diags *d)
{
    const char *text;

    return node_read_text(n, &text, d) &&
           refuse(n, clock_parse_duration(text, ret_duration), "E0206", "duration",
                  "write a whole number and its unit: 500ms, 30s, 15m, 4h, 14d", d);
}

bool node_read_time(const struct node *n, usec_t *ret_time, struct diags *d)
{
    const char *text;

    return node_read_text(n, &text, d) &&
           refuse(n, clock_parse(text, ret_time), "E0207", "time",
                  "write a day, 2026-01-31, or a moment, 2026-01-31T09:00:00+01:00", d);
}

bool node_read_size(const struct node *n, uint64_t *ret_bytes, struct diags *d)
{
    const char *text;

    return node_read_text(n, &text, d) &&
           refuse(n, text_parse_size(text, ret_bytes), "E0208", "size",
                  "write a whole number and its unit: B, kB, MB, GB, KiB, MiB, GiB", d);
}

static void list_names(const char *const *names, size_t count, struct diags *d)
{
    auto_buffer struct buffer b = {0};

    if (count == 0 || count > NAMES_SHOWN)
        return;
    for (size_t i = 0; i < count; i++)
        buffer_print(&b, "%s%s", i ? ", " : "", names[i]);
    diags_hint(d, "known: %s", b.at);
}

bool node_read_name(const struct node *n, const char *what, const char *const *names,
                    size_t count, size_t *ret_index, struct diags *d)
{
    const char *text;

    if (!node_read_text(n, &text, d))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, names[i]) == 0) {
            *ret_index = i;
            return true;
        }
    diags_error(d, node_place(n), "E0202", "unknown %s \"%s\"", what, text);
    diags_suggest(d, text, names, count);
    list_names(names, count, d);
    return false;
}

static bool is_known(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

void node_check_keys(const struct node *map, const char *what, const char *const *names,
                     size_t count, struct diags *d)
{
    for (size_t i = 0; map && map->kind == NODE_MAP && i < node_count(map); i++) {
        const struct node *key = node_key(map, i);

        if (key->kind != NODE_SCALAR || is_known(key->text, names, count))
            continue;
        diags_error(d, node_place(key), "E0103", "unknown key \"%s\" in %s", key->text,
                    what);
        diags_suggest(d, key->text, names, count);
    }
}

const struct node *node_need(const struct node *map, const char *what, const char *key,
                             struct diags *d)
{
    const struct node *value = node_get(map, key);

    if (!value)
        diags_error(d, node_place(map), "E0104", "%s has no \"%s\"", what, key);
    return value;
}
