/* SPDX-License-Identifier: Apache-2.0 */
/*
 * constant.h - a value as a rule or a rule's test writes it, converted to what a field
 * holds.
 */
#ifndef CONSTANT_H
#define CONSTANT_H

#include "expr.h"

struct constant {
    uint64_t number;      /* number-like types; MAC as 48 bits */
    struct text text;     /* TEXT, DOMAIN: clean, in the arena */
    struct prefix prefix; /* ADDR */
};

/*
 * o as a value of type (with words, for NAME and NAMES); list types take one item. False
 * after telling d what was expected and found.
 */
bool constant_convert(struct arena *a, const struct operand *o, enum field_type type,
                      const struct names *words, struct diags *d,
                      struct constant *ret_value);

/* A YAML scalar as an operand: whatever its field needs. */
struct operand constant_operand(const struct node *scalar);

#endif
