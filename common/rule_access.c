/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of the conditions that must hold for a rule, the one that is met most rarely. In `a and
 * b` either will do; of `a or b` both are needed; `not` exchanges the two.
 */
#include "ruleset.h"

#define KEYS_MAX 4096 /* values under which one rule is filed */

static bool can_file(const struct predicate *p)
{
    if (p->other != FIELD_UNKNOWN || p->pattern)
        return false;
    switch (p->op) {
    case OP_EQ:
    case OP_IN:
    case OP_UNDER:
    case OP_ANY_OF:
    case OP_ALL_OF:
        return p->set.count <= KEYS_MAX;
    default:
        return false;
    }
}

/* Roughly: of a hundred thousand events, how many have this value. */
static double rarity(const struct predicate *p)
{
    const struct field *f = field_get(p->field);
    double one;

    switch (f->type) {
    case TYPE_BOOL:
        return 50000;
    case TYPE_NAME:
    case TYPE_NAMES:
        one = 200000 / (double)(f->words->count + 1);
        break;
    case TYPE_VERSION:
        one = 30000;
        break;
    case TYPE_NUMBER:
        one = 2000;
        break;
    case TYPE_ADDR:
    case TYPE_ADDRS:
        one = 1000;
        break;
    default:
        one = 50;
    }
    if (p->listdb != LISTDB_NONE)
        return 500;
    return one * (double)(p->set.count ? p->set.count : 1);
}

static bool access_of(const struct ruleset *s, const struct expr *e, bool negated,
                      struct rule_access *ret);

static bool either(const struct ruleset *s, const struct expr *e, bool negated,
                   struct rule_access *ret)
{
    struct rule_access right;

    if (!access_of(s, e->left, negated, ret) ||
        !access_of(s, e->right, negated, &right) ||
        ret->count + right.count > RULE_ACCESS_MAX)
        return false;
    memcpy(&ret->at[ret->count], right.at, right.count * sizeof(struct predicate *));
    ret->count += right.count;
    ret->cost += right.cost;
    return true;
}

static bool both(const struct ruleset *s, const struct expr *e, bool negated,
                 struct rule_access *ret)
{
    struct rule_access right;
    bool have = access_of(s, e->left, negated, ret);

    if (!access_of(s, e->right, negated, &right))
        return have;
    if (!have || right.cost < ret->cost)
        *ret = right;
    return true;
}

static bool access_of(const struct ruleset *s, const struct expr *e, bool negated,
                      struct rule_access *ret)
{
    const struct predicate *p;

    switch (e->kind) {
    case EXPR_OR:
        return negated ? both(s, e, true, ret) : either(s, e, false, ret);
    case EXPR_AND:
        return negated ? either(s, e, true, ret) : both(s, e, false, ret);
    case EXPR_NOT:
        return access_of(s, e->left, !negated, ret);
    case EXPR_MACRO:
        return access_of(s, e->macro->expr, negated, ret);
    default:
        break;
    }
    p = &s->predicates.at[e->predicate];
    if (negated || !can_file(p))
        return false;
    ret->at[0] = p;
    ret->count = 1;
    ret->cost = rarity(p);
    return true;
}

bool rule_access(const struct ruleset *s, const struct expr *e, struct rule_access *ret)
{
    return access_of(s, e, false, ret);
}
