/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A default is written as in a file and read by the same code, so it cannot mean
 * something else than what the manual shows. One that is wrong is our own mistake.
 */
#include "conf.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conf_value.h"
#include "mem.h"
#include "yaml.h"

struct conf {
    const struct conf_option *table;
    struct conf_target target;
    bool *seen; /* by row */
};

static size_t row_count(const struct conf_option *table)
{
    size_t count = 0;

    while (table[count].key)
        count++;
    return count;
}

/* What of a key stands below a section: "heartbeat" of "uplink.heartbeat" below
 * "uplink."; NULL when it is elsewhere. */
static const char *below(const char *key, const char *section)
{
    size_t len = strlen(section);

    return strncmp(key, section, len) == 0 ? key + len : NULL;
}

/* The row of that key, or one that lies deeper below it; NULL: there is none. */
static const struct conf_option *find(const struct conf *c, const char *section,
                                      const char *name, bool *ret_deeper)
{
    size_t len = strlen(name);

    if (strchr(name, '.'))
        return NULL;
    for (const struct conf_option *o = c->table; o->key; o++) {
        const char *rest = below(o->key, section);

        if (!rest || strncmp(rest, name, len) != 0)
            continue;
        if (rest[len] != '\0' && rest[len] != '.')
            continue;
        *ret_deeper = rest[len] == '.';
        return o;
    }
    return NULL;
}

static void refuse_unknown(struct conf *c, const char *section, const struct node *key)
{
    auto_free char **names = xcalloc(row_count(c->table), sizeof(*names));
    size_t count = 0;

    for (const struct conf_option *o = c->table; o->key; o++) {
        const char *rest = below(o->key, section);

        if (rest)
            names[count++] = xstrndup(rest, strcspn(rest, "."));
    }
    if (*section)
        diags_error(c->target.diags, node_place(key), "E0901",
                    "unknown option \"%s\" in \"%.*s\"", node_text(key),
                    (int)strlen(section) - 1, section);
    else
        diags_error(c->target.diags, node_place(key), "E0901", "unknown option \"%s\"",
                    node_text(key));
    diags_suggest(c->target.diags, node_text(key), (const char *const *)names, count);
    if (strchr(node_text(key), '.'))
        diags_hint(c->target.diags, "what has a dot in the manual is a map inside a map "
                                    "here: uplink: {heartbeat: 5s}");
    while (count > 0)
        free(names[--count]);
}

static void read_map(struct conf *c, const char *section, const struct node *map)
{
    for (size_t i = 0; i < node_count(map); i++) {
        const struct node *key = node_key(map, i), *value = node_value(map, i);
        const struct conf_option *o;
        bool deeper;

        if (node_kind(key) != NODE_SCALAR)
            continue;
        o = find(c, section, node_text(key), &deeper);
        if (!o) {
            refuse_unknown(c, section, key);
        } else if (deeper) {
            auto_free char *inner = xasprintf("%s%s.", section, node_text(key));

            if (node_is(value, NODE_MAP, c->target.diags))
                read_map(c, inner, value);
        } else {
            c->seen[o - c->table] = true;
            conf_value_read(&c->target, o, value);
        }
    }
}

static void set_default(const struct conf *c, const struct conf_option *o)
{
    auto_diags struct diags *d = diags_new();
    struct conf_target target = c->target;
    auto_yaml struct yaml *y = NULL;

    if (!o->otherwise)
        return;
    target.diags = d;
    y = yaml_parse(o->key, o->otherwise, strlen(o->otherwise), d);
    if (y)
        conf_value_read(&target, o, yaml_root(y));
    assert(diags_errors(d) == 0);
}

static void check_required(struct conf *c, const char *name)
{
    for (const struct conf_option *o = c->table; o->key; o++) {
        if (!o->required || c->seen[o - c->table])
            continue;
        diags_error(c->target.diags, (struct place){.file = name}, "E0903",
                    "\"%s\" is required", o->key);
        diags_hint(c->target.diags, "%s", o->help);
    }
}

/* Defaults, then the file if there is one. */
static bool fill(const char *name, const struct yaml *y, const struct conf_option *table,
                 void *settings, struct diags *d)
{
    const char *slash = name ? strrchr(name, '/') : NULL;
    auto_free char *folder =
        slash ? xstrndup(name, (size_t)(slash - name) + 1) : xstrdup("");
    auto_free bool *seen = xcalloc(row_count(table), sizeof(*seen));
    struct conf c = {
        .table = table,
        .target = {.settings = settings, .folder = folder, .diags = d},
        .seen = seen,
    };
    size_t errors = diags_errors(d);

    for (const struct conf_option *o = table; o->key; o++)
        set_default(&c, o);
    if (y && node_is(yaml_root(y), NODE_MAP, d))
        read_map(&c, "", yaml_root(y));
    check_required(&c, name);
    return diags_errors(d) == errors;
}

bool conf_load(const char *path, const struct conf_option *table, void *settings,
               struct diags *d)
{
    size_t errors = diags_errors(d);
    auto_yaml struct yaml *y = path ? yaml_load(path, d) : NULL;

    if (path && !y)
        return false;
    return fill(path, y, table, settings, d) && diags_errors(d) == errors;
}

bool conf_parse(const char *name, const char *text, size_t len,
                const struct conf_option *table, void *settings, struct diags *d)
{
    size_t errors = diags_errors(d);
    auto_yaml struct yaml *y = yaml_parse(name, text, len, d);

    if (!y)
        return false;
    return fill(name, y, table, settings, d) && diags_errors(d) == errors;
}

static const struct conf_option *find_exactly(const struct conf_option *table,
                                              const char *key)
{
    for (const struct conf_option *o = table; o->key; o++)
        if (strcmp(o->key, key) == 0)
            return o;
    return NULL;
}

char *conf_set_place(const char *assignment)
{
    return xasprintf("--set %s", assignment);
}

static void refuse_key(const char *where, const struct conf_option *table,
                       const char *key, struct diags *d)
{
    auto_free const char **names = xcalloc(row_count(table), sizeof(*names));
    size_t count = 0;

    for (const struct conf_option *o = table; o->key; o++)
        names[count++] = o->key;
    diags_error(d, (struct place){.file = where}, "E0901", "unknown option \"%s\"", key);
    diags_suggest(d, key, names, count);
}

bool conf_set(const char *assignment, const struct conf_option *table, void *settings,
              struct diags *d)
{
    const char *value = strchr(assignment, '=');
    auto_free char *key =
        xstrndup(assignment, value ? (size_t)(value - assignment) : strlen(assignment));
    const struct conf_option *o = find_exactly(table, key);
    struct conf_target target = {.settings = settings, .folder = "", .diags = d};
    size_t errors = diags_errors(d);
    /* Of each its own: what is wrong with it is shown with its own text. */
    auto_free char *where = conf_set_place(assignment);
    auto_yaml struct yaml *y = NULL;

    if (!value || !value[1]) {
        diags_error(d, (struct place){.file = where}, "E0901",
                    "expected option=value, found \"%s\"", assignment);
        return false;
    }
    if (!o) {
        refuse_key(where, table, key, d);
        return false;
    }
    y = yaml_parse(where, value + 1, strlen(value + 1), d);
    if (y)
        conf_value_read(&target, o, yaml_root(y));
    return diags_errors(d) == errors;
}

bool conf_sets_fit(const char *const *assignments, size_t count,
                   const struct conf_option *table, void *scratch)
{
    auto_diags struct diags *unsaid = diags_new();
    bool fit = true;

    for (size_t i = 0; i < count; i++)
        fit = conf_set(assignments[i], table, scratch, unsaid) && fit;
    conf_free(table, scratch);
    return fit;
}

void conf_free(const struct conf_option *table, void *settings)
{
    for (const struct conf_option *o = table; o->key; o++)
        conf_value_release(o, settings);
}

static void print_names(const struct conf_option *o, const char *head, struct buffer *b)
{
    if (o->type != CONF_NAME)
        return;
    buffer_text(b, head);
    for (size_t i = 0; o->names[i]; i++)
        buffer_print(b, "%s%s", i ? ", " : "", o->names[i]);
}

void conf_print_help(const struct conf_option *table, struct buffer *b)
{
    for (const struct conf_option *o = table; o->key; o++) {
        buffer_print(b, "  %s: %s\n        %s", o->key, conf_value_kind(o), o->help);
        print_names(o, ": ", b);
        if (o->required)
            buffer_text(b, " (required)");
        else if (o->otherwise)
            buffer_print(b, " (%s)", o->otherwise);
        buffer_text(b, "\n");
    }
}

void conf_print_mdoc(const struct conf_option *table, struct buffer *b)
{
    for (const struct conf_option *o = table; o->key; o++) {
        buffer_print(b, ".It Cm %s : Ar %s\n%c%s", o->key, conf_value_kind(o),
                     toupper((unsigned char)o->help[0]), o->help + 1);
        print_names(o, ": ", b);
        buffer_text(b, ".\n");
        if (o->required)
            buffer_text(b, "Required.\n");
        else if (o->otherwise)
            buffer_print(b, "Default: %s.\n", o->otherwise);
    }
}
