/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_tree.h - the tree that yaml.c builds, and that yaml_place.c and node.c read. Only
 * these three include it.
 */
#ifndef YAML_TREE_H
#define YAML_TREE_H

#include "yaml.h"

struct node {
    const struct yaml *yaml;
    enum node_kind kind;
    enum node_style style;
    bool doubled; /* in double quotes, and so perhaps with escapes */
    unsigned line, column, length;
    char *text;
    size_t text_len;
    struct node **items; /* of a map: key, value, key, value */
    size_t count, capacity;
};

struct yaml {
    char *name;
    char *text; /* the file, ended by a zero byte */
    size_t len;
    size_t *lines; /* where each line starts */
    size_t lines_count, lines_capacity;
    size_t nodes;
    struct node *root;
};

/* What stands behind "key:" when nothing does. */
static inline bool node_is_nothing(const struct node *n)
{
    return n->kind == NODE_SCALAR && n->style == NODE_PLAIN && n->text_len == 0;
}

/* Fills lines. */
void yaml_index_lines(struct yaml *y);

/* Where the character at a line and column (both from 1) starts; at most y->len. */
size_t yaml_offset(const struct yaml *y, unsigned line, unsigned column);

/* The place of the character at a byte of the file, one character long. */
struct place yaml_place(const struct yaml *y, size_t offset);

/* Under the fault that was told last: what was meant, by what libyaml says of the byte at
 * an offset. Says nothing when it does not know. */
void yaml_hint(const struct yaml *y, const char *problem, const char *context,
               size_t offset, struct diags *d);

#endif
