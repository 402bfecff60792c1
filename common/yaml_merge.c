/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees made of parts of others. Each node keeps its own place, so that a fault in a
 * changed rule is told where its words stand.
 */
#include <string.h>

#include "yaml_tree.h"

static struct node *copy_with_room(struct arena *a, const struct node *n, size_t items)
{
    struct node *copy = arena_new(a, sizeof(*copy));

    *copy = *n;
    copy->capacity = items;
    copy->items = arena_array(a, items, sizeof(struct node *));
    if (n->count > 0)
        memcpy(copy->items, n->items, n->count * sizeof(struct node *));
    return copy;
}

static struct node *lent(const struct node *n)
{
    return (struct node *)(uintptr_t)n; /* a tree that is made is only read */
}

const struct node *node_with_pair(struct arena *a, const struct node *map,
                                  const struct node *key, const struct node *value)
{
    struct node *copy = copy_with_room(a, map, map->count + 2);

    for (size_t i = 0; i < copy->count; i += 2)
        if (strcmp(node_text(copy->items[i]), node_text(key)) == 0) {
            copy->items[i + 1] = lent(value);
            return copy;
        }
    copy->items[copy->count++] = lent(key);
    copy->items[copy->count++] = lent(value);
    return copy;
}

const struct node *node_with_item(struct arena *a, const struct node *list,
                                  const struct node *item)
{
    struct node *copy = copy_with_room(a, list, list->count + 1);

    copy->items[copy->count++] = lent(item);
    return copy;
}

const struct node *node_with_other(struct arena *a, const struct node *list, size_t i,
                                   const struct node *item)
{
    struct node *copy = copy_with_room(a, list, list->count);

    copy->items[i] = lent(item);
    return copy;
}

const struct node *node_made(struct arena *a, enum node_kind kind, const char *text,
                             const struct node *at)
{
    struct node *n = arena_new(a, sizeof(*n));

    *n = (struct node){.yaml = at->yaml,
                       .kind = kind,
                       .style = kind == NODE_SCALAR ? NODE_PLAIN : NODE_BLOCK,
                       .line = at->line,
                       .column = at->column,
                       .length = at->length};
    n->text_len = strlen(text);
    n->text = (char *)(uintptr_t)arena_text(a, (struct text){text, n->text_len}).at;
    return n;
}
