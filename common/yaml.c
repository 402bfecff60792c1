/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree is built from libyaml's events and not from its documents: a document shows no
 * anchors and tags any more, and is as deep as the file wanted before anybody can object.
 *
 * A wrong anchor, tag or key is reported and reading goes on, so that one run shows all
 * faults; only after a syntax error there is no telling what the rest means.
 */
#include "yaml.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "file.h"
#include "mem.h"
#include "text.h"
#include "yaml_tree.h"

#define DEPTH_MAX 32
#define NODES_MAX 1000000
#define LEN_MAX   ((size_t)16 << 20)

struct builder {
    struct yaml *yaml;
    struct diags *diags;
    struct node *open[DEPTH_MAX]; /* lists and maps that have not ended */
    size_t depth;
    bool ended; /* nothing of the file is left, or what is left is not read */
    bool failed;
};

static void node_free(struct node *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->count; i++)
        node_free(n->items[i]);
    free(n->items);
    free(n->text);
    free(n);
}

void yaml_release(struct yaml *y)
{
    if (!y)
        return;
    node_free(y->root);
    free(y->name);
    free(y->text);
    free(y->lines);
    free(y);
}

const struct node *yaml_root(const struct yaml *y)
{
    return y->root;
}

static struct node *node_new(struct yaml *y, enum node_kind kind, enum node_style style)
{
    struct node *n = xcalloc(1, sizeof(*n));

    n->yaml = y;
    n->kind = kind;
    n->style = style;
    n->line = n->column = n->length = 1;
    y->nodes++;
    return n;
}

static void node_add(struct node *n, struct node *item)
{
    assert(n);
    n->items = xgrow(n->items, n->count, &n->capacity, sizeof(struct node *));
    n->items[n->count++] = item;
}

/* Length is known only when it ends in the line where it starts. */
static void set_place(struct node *n, yaml_mark_t start, yaml_mark_t end)
{
    n->line = (unsigned)start.line + 1;
    n->column = (unsigned)start.column + 1;
    n->length = start.line == end.line ? (unsigned)(end.column - start.column) : 1;
}

static void stop_at(struct builder *b, const struct node *n, const char *what)
{
    diags_error(b->diags, node_place(n), "E0106", "%s", what);
    b->ended = b->failed = true;
}

/* Puts a node where it belongs; from now on the tree owns it. */
static void attach(struct builder *b, struct node *n)
{
    if (b->depth > 0)
        node_add(b->open[b->depth - 1], n);
    else
        b->yaml->root = n;
    if (b->yaml->nodes > NODES_MAX)
        stop_at(b, n, "the file has more than a million values");
}

static void open_node(struct builder *b, struct node *n)
{
    attach(b, n);
    if (b->depth == DEPTH_MAX) {
        stop_at(b, n, "nested more than 32 deep");
        return;
    }
    b->open[b->depth++] = n;
}

static void refuse_extras(struct builder *b, const struct node *n, const void *anchor,
                          const void *tag)
{
    if (anchor) {
        diags_error(b->diags, node_place(n), "E0108",
                    "anchors (&name) are not used here");
        diags_hint(b->diags, "text that begins with & must be quoted");
    }
    if (tag) {
        diags_error(b->diags, node_place(n), "E0108", "tags (!name) are not used here");
        diags_hint(b->diags, "text that begins with ! must be quoted");
    }
}

static void add_scalar(struct builder *b, const yaml_event_t *e)
{
    static const enum node_style styles[] = {
        [YAML_ANY_SCALAR_STYLE] = NODE_PLAIN,
        [YAML_PLAIN_SCALAR_STYLE] = NODE_PLAIN,
        [YAML_SINGLE_QUOTED_SCALAR_STYLE] = NODE_QUOTED,
        [YAML_DOUBLE_QUOTED_SCALAR_STYLE] = NODE_QUOTED,
        [YAML_LITERAL_SCALAR_STYLE] = NODE_LITERAL,
        [YAML_FOLDED_SCALAR_STYLE] = NODE_FOLDED,
    };
    struct node *n = node_new(b->yaml, NODE_SCALAR, styles[e->data.scalar.style]);

    set_place(n, e->start_mark, e->end_mark);
    n->text_len = e->data.scalar.length;
    n->text = xstrndup((const char *)e->data.scalar.value, n->text_len);
    n->doubled = e->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    refuse_extras(b, n, e->data.scalar.anchor, e->data.scalar.tag);
    if (strlen(n->text) != n->text_len)
        diags_error(b->diags, node_place(n), "E0110", "text with a zero byte");
    attach(b, n);
}

static void add_alias(struct builder *b, const yaml_event_t *e)
{
    struct node *n = node_new(b->yaml, NODE_SCALAR, NODE_PLAIN);

    set_place(n, e->start_mark, e->end_mark);
    n->text = xstrdup("");
    diags_error(b->diags, node_place(n), "E0108", "aliases (*name) are not used here");
    diags_hint(b->diags, "text that begins with * must be quoted");
    attach(b, n);
}

static void open_list(struct builder *b, const yaml_event_t *e)
{
    bool flow = e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    struct node *n = node_new(b->yaml, NODE_LIST, flow ? NODE_FLOW : NODE_BLOCK);

    set_place(n, e->start_mark, e->end_mark);
    refuse_extras(b, n, e->data.sequence_start.anchor, e->data.sequence_start.tag);
    open_node(b, n);
}

static void open_map(struct builder *b, const yaml_event_t *e)
{
    bool flow = e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
    struct node *n = node_new(b->yaml, NODE_MAP, flow ? NODE_FLOW : NODE_BLOCK);

    set_place(n, e->start_mark, e->end_mark);
    refuse_extras(b, n, e->data.mapping_start.anchor, e->data.mapping_start.tag);
    open_node(b, n);
}

static int compare_keys(const void *left, const void *right)
{
    const struct node *a = *(const struct node *const *)left;
    const struct node *b = *(const struct node *const *)right;
    int order = strcmp(a->text, b->text);

    if (order != 0)
        return order;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->column < b->column ? -1 : a->column > b->column;
}

/* Sorted, so that a map of a hundred thousand keys is no way to keep us busy. */
static void check_keys(struct builder *b, const struct node *map)
{
    auto_free const struct node **keys = xcalloc(map->count / 2, sizeof(*keys));
    const struct node *first;
    size_t count = 0;

    for (size_t i = 0; i < map->count; i += 2)
        if (map->items[i]->kind == NODE_SCALAR)
            keys[count++] = map->items[i];
        else
            diags_error(b->diags, node_place(map->items[i]), "E0110",
                        "a key must be text, not a list or map");
    qsort(keys, count, sizeof(*keys), compare_keys);
    first = count > 0 ? keys[0] : NULL;
    for (size_t i = 1; i < count; i++) {
        if (strcmp(first->text, keys[i]->text) == 0)
            diags_error(b->diags, node_place(keys[i]), "E0107",
                        "duplicate key \"%s\" (first at %u:%u)", first->text, first->line,
                        first->column);
        else
            first = keys[i];
    }
}

static void close_node(struct builder *b, const yaml_event_t *e)
{
    struct node *n = b->open[--b->depth];

    assert(n);
    if (n->line == e->end_mark.line + 1)
        n->length = (unsigned)e->end_mark.column + 1 - n->column;
    if (n->kind == NODE_MAP)
        check_keys(b, n);
}

static struct place mark_place(const struct yaml *y, yaml_mark_t mark)
{
    return (struct place){.file = y->name,
                          .line = (unsigned)mark.line + 1,
                          .column = (unsigned)mark.column + 1,
                          .length = 1};
}

static void start_document(struct builder *b, const yaml_event_t *e)
{
    struct place at = mark_place(b->yaml, e->start_mark);

    if (!b->yaml->root)
        return;
    at.length = 3;
    diags_error(b->diags, at, "E0109", "a second document begins here");
    diags_hint(b->diags, "one file holds one document: remove the --- or split the file");
    b->ended = true;
}

static void take_event(struct builder *b, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        start_document(b, e);
        break;
    case YAML_SCALAR_EVENT:
        add_scalar(b, e);
        break;
    case YAML_ALIAS_EVENT:
        add_alias(b, e);
        break;
    case YAML_SEQUENCE_START_EVENT:
        open_list(b, e);
        break;
    case YAML_MAPPING_START_EVENT:
        open_map(b, e);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_node(b, e);
        break;
    case YAML_STREAM_END_EVENT:
        b->ended = true;
        break;
    default:
        break;
    }
}

/* A quote that is never closed is a fault where it opens, not at the end of the file. */
static void report_syntax(struct builder *b, const yaml_parser_t *p)
{
    struct place at = mark_place(b->yaml, p->problem_mark);
    size_t offset = yaml_offset(b->yaml, at.line, at.column);

    if (p->context && strstr(p->problem, "unexpected end of stream"))
        diags_error(b->diags, mark_place(b->yaml, p->context_mark), "E0101",
                    "not valid YAML: the file ends %s", p->context);
    else if (p->context && p->context_mark.index != p->problem_mark.index)
        diags_error(b->diags, at, "E0101", "not valid YAML: %s %s that begins at %zu:%zu",
                    p->problem, p->context, p->context_mark.line + 1,
                    p->context_mark.column + 1);
    else
        diags_error(b->diags, at, "E0101", "not valid YAML: %s", p->problem);
    yaml_hint(b->yaml, p->problem, p->context, offset, b->diags);
}

static void report_failure(struct builder *b, const yaml_parser_t *p)
{
    size_t offset = p->problem_offset < b->yaml->len ? p->problem_offset : b->yaml->len;

    b->failed = b->ended = true;
    if (p->error == YAML_MEMORY_ERROR)
        abort();
    if (p->error == YAML_READER_ERROR)
        diags_error(b->diags, yaml_place(b->yaml, offset), "E0101",
                    "not valid UTF-8 text: %s", p->problem);
    else
        report_syntax(b, p);
}

static void build(struct builder *b)
{
    yaml_parser_t parser;
    yaml_event_t event;

    if (!yaml_parser_initialize(&parser))
        abort();
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)b->yaml->text,
                                 b->yaml->len);
    while (!b->ended) {
        if (!yaml_parser_parse(&parser, &event)) {
            report_failure(b, &parser);
            break;
        }
        take_event(b, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
}

struct yaml *yaml_parse(const char *name, const char *text, size_t len, struct diags *d)
{
    auto_yaml struct yaml *y = xcalloc(1, sizeof(*y));
    struct builder b = {.yaml = y, .diags = d};

    if (len > LEN_MAX) {
        diags_error(d, (struct place){.file = name}, "E0106",
                    "the file is larger than 16 MiB");
        return NULL;
    }
    y->name = xstrdup(name);
    y->text = xstrndup(text, len);
    y->len = len;
    yaml_index_lines(y);
    diags_source(d, name, text, len);
    build(&b);
    if (b.failed)
        return NULL;
    if (!y->root || node_is_nothing(y->root)) {
        node_free(y->root);
        y->root = node_new(y, NODE_MAP, NODE_BLOCK);
    }
    return take(y);
}

struct yaml *yaml_load(const char *path, struct diags *d)
{
    auto_free char *text = NULL;
    size_t len;
    int err = file_read(path, LEN_MAX, &text, &len);

    if (err == -EFBIG)
        diags_error(d, (struct place){.file = path}, "E0106",
                    "the file is larger than 16 MiB");
    else if (err)
        diags_error(d, (struct place){.file = path}, "E0102", "cannot be read: %s",
                    strerror(-err));
    return err ? NULL : yaml_parse(path, text, len, d);
}
