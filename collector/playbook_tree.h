/* SPDX-License-Identifier: Apache-2.0 */
/*
 * playbook_tree.h - a playbook while it is read; between playbook_load.c and its parts.
 */
#ifndef PLAYBOOK_TREE_H
#define PLAYBOOK_TREE_H

#include "arena.h"
#include "collector/playbook.h"
#include "yaml.h"

struct playbook_tree {
    struct playbook playbook; /* first: the rest is ours */
    struct arena arena;
    struct diags *diags;         /* while it is read */
    const char **ids;            /* of all steps, to resolve and to suggest */
    struct playbook_step *steps; /* as many as the options of decide add */
    size_t step_capacity;
};

/* A copy of a scalar's text; "" after telling diags, or when n is NULL. */
const char *playbook_text(struct playbook_tree *t, const struct node *n);

/* One text or a list of them. */
const char *const *playbook_texts(struct playbook_tree *t, const struct node *n,
                                  size_t *ret_count);

/* A step's number by its id, PLAYBOOK_END for "end", PLAYBOOK_NONE after telling diags.
 */
int playbook_target(struct playbook_tree *t, const struct node *n);

/* One more step, made for an option that calls; ids have room for it. */
int playbook_add_call(struct playbook_tree *t, const struct playbook_step *from,
                      const char *option, const char *playbook, int then);

/* Reads the step that n describes into s. playbook_step.c */
void playbook_read_step(struct playbook_tree *t, const struct node *n,
                        struct playbook_step *s);

/* What the graph of steps shows: unreachable, endless, going round. playbook_graph.c */
void playbook_check_graph(const struct playbook *p, struct diags *d);

#endif
