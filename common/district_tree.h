/* SPDX-License-Identifier: Apache-2.0 */
/*
 * district_tree.h - a district while it is read; between district.c and its parts only.
 */
#ifndef DISTRICT_TREE_H
#define DISTRICT_TREE_H

#include "arena.h"
#include "district.h"
#include "yaml.h"

/* A network of a segment, in the order in which they are searched. */
struct network {
    struct prefix prefix;
    const struct segment *segment;
    uint32_t parent; /* the network it lies in, or UINT32_MAX */
};

struct district_tree {
    struct district district; /* first: the rest is ours */
    struct arena arena;
    struct network *networks;
    uint32_t network_count;
    struct zone_shelf *zones; /* NULL: the system's files */
    struct diags *diags;      /* while it is read */
    const struct node *root;
};

/* A copy of a scalar's text. NULL node, or no scalar: "" after telling diags. */
const char *district_text(struct district_tree *t, const struct node *n);

/* The list at a key of the root, or NULL when there is none (or it is no list). */
const struct node *district_list(struct district_tree *t, const char *key);

/* Tells diags when two of the items have the same text at key ("id"). */
void district_check_unique(struct district_tree *t, const struct node *list,
                           const char *what, const char *key);

void district_read_places(struct district_tree *t); /* district_place.c */
void district_index_networks(struct district_tree *t);
void district_read_people(struct district_tree *t); /* district_people.c */

#endif
