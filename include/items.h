/* SPDX-License-Identifier: Apache-2.0 */
/*
 * items.h - a YAML value that may be one scalar or a list of them: `by: src.ip` and
 * `by: [src.ip, dst.ip]`.
 */
#ifndef ITEMS_H
#define ITEMS_H

#include "yaml.h"

static inline size_t items_count(const struct node *n)
{
    return node_kind(n) == NODE_LIST ? node_count(n) : 1;
}

static inline const struct node *items_at(const struct node *n, size_t i)
{
    return node_kind(n) == NODE_LIST ? node_item(n, i) : n;
}

#endif
