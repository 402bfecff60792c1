/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope.h - where a rule holds: sites, kinds of school, segments, audiences, groups of
 * devices, and `not_` of each.
 */
#ifndef SCOPE_H
#define SCOPE_H

#include "arena.h"
#include "district.h"
#include "event.h"
#include "yaml.h"

enum scope_part {
    SCOPE_SITES,
    SCOPE_SITE_TYPES,
    SCOPE_SEGMENTS,
    SCOPE_GROUPS,
    SCOPE_PARTS
};

struct scope {
    struct {
        const struct text *names;
        size_t count;
    } only[SCOPE_PARTS], not [SCOPE_PARTS];
    uint32_t audiences; /* bit 1 << enum audience; 0: all */
    uint32_t not_audiences;
};

/* district NULL: names of sites, segments and groups are not checked. False after telling
 * d. */
bool scope_read(struct scope *s, struct arena *a, const struct node *body,
                const struct district *district, struct diags *d);

/* It asks for groups, which an event must then tell. */
bool scope_asks_groups(const struct scope *s);

bool scope_equal(const struct scope *a, const struct scope *b);

/* A place that the event does not tell is in no scope, but for a scope of `not_` only. */
bool scope_holds(const struct scope *s, const struct event *e);

#endif
