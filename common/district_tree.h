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

/* The same of groups: their bits, with those of the networks it lies in. */
struct group_network {
    struct prefix prefix;
    uint64_t groups;
    uint32_t parent;
};

struct group_mac {
    uint64_t mac, groups;
};

struct district_tree {
    struct district district; /* first: the rest is ours */
    struct arena arena;
    struct network *networks;
    uint32_t network_count;
    uint64_t *segment_groups; /* by place in district.segments */
    struct group_network *group_networks;
    size_t group_network_count, group_network_capacity;
    struct group_mac *group_macs;
    size_t group_mac_count, group_mac_capacity;
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

/* One or several, as written; what is none is told to diags. */
const struct prefix *district_networks(struct district_tree *t, const struct node *n,
                                       size_t *ret_count);
bool district_mac(struct district_tree *t, const struct node *n, struct mac *ret_mac);

void district_read_places(struct district_tree *t); /* district_place.c */
void district_read_groups(struct district_tree *t); /* district_group.c */
void district_groups_done(struct district_tree *t);
void district_index_networks(struct district_tree *t);
void district_read_people(struct district_tree *t); /* district_people.c */

#endif
