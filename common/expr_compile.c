/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program is a row of questions, each with two ways on. `a and b` is: a, no: false,
 * yes: on to b. The tree is written from its end, so that a question's ways are known
 * when it is written; `not` exchanges them and costs nothing.
 */
#include "expr.h"

#include <assert.h>

struct compiler {
    struct expr_step *steps;
    size_t first; /* of the steps written yet; they grow downwards */
};

static size_t size_of(const struct expr *e)
{
    switch (e->kind) {
    case EXPR_OR:
    case EXPR_AND:
        return size_of(e->left) + size_of(e->right);
    case EXPR_NOT:
        return size_of(e->left);
    case EXPR_MACRO:
        return size_of(e->macro->expr);
    case EXPR_PREDICATE:
        break;
    }
    return 1;
}

/* Puts e with its two ways on; returns where it begins. */
static uint16_t put(struct compiler *c, const struct expr *e, uint16_t yes, uint16_t no)
{
    switch (e->kind) {
    case EXPR_AND:
        return put(c, e->left, put(c, e->right, yes, no), no);
    case EXPR_OR:
        return put(c, e->left, yes, put(c, e->right, yes, no));
    case EXPR_NOT:
        return put(c, e->left, no, yes);
    case EXPR_MACRO:
        return put(c, e->macro->expr, yes, no);
    case EXPR_PREDICATE:
        break;
    }
    c->steps[--c->first] = (struct expr_step){e->predicate, yes, no};
    return (uint16_t)c->first;
}

struct program expr_compile(struct arena *a, const struct expr *e)
{
    size_t count = size_of(e);
    struct compiler c = {arena_array(a, count, sizeof(*c.steps)), count};
    uint16_t start;

    static_assert(EXPR_SIZE_MAX < EXPR_FALSE, "a step's number fits");
    start = put(&c, e, EXPR_TRUE, EXPR_FALSE);
    assert(start == 0 && c.first == 0);
    (void)start;
    return (struct program){c.steps, count};
}
