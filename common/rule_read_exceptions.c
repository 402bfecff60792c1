/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions: who is left out, until when, by whose word and why.
 *
 *     exceptions:
 *       - name: scanner
 *         fields: [src.ip]
 *         values:
 *           - {tuple: [10.20.1.5], until: 2027-12-31, owner: security, why: our scanner}
 *
 * A tuple becomes conditions like those of `when`, all of which must hold.
 */
#include "items.h"
#include "mem.h"
#include "ruleset.h"

#define FIELDS_MAX 8

struct reading {
    struct rule_reader *r;
    const struct compiled_rule *c;
    const char *name;
    enum field_id fields[FIELDS_MAX];
    enum predicate_op ops[FIELDS_MAX];
    size_t count;
};

/* What suits the field when nothing is said: under a domain, any of several, or in. */
static enum predicate_op default_op(enum field_id f)
{
    switch (field_get(f)->type) {
    case TYPE_DOMAIN:
    case TYPE_DOMAINS:
        return OP_UNDER;
    case TYPE_NAMES:
    case TYPE_TEXTS:
    case TYPE_ADDRS:
        return OP_ANY_OF;
    case TYPE_BOOL:
        return OP_EQ;
    default:
        return OP_IN;
    }
}

static bool read_fields(struct reading *x, const struct node *body)
{
    struct diags *d = x->r->diags;
    const struct node *fields = node_need(body, "the exception", "fields", d);
    const struct node *ops = node_get(body, "ops");
    bool good = true;
    size_t op;

    if (!fields || !node_is(fields, NODE_LIST, d))
        return false;
    x->count = node_count(fields);
    if (x->count == 0 || x->count > FIELDS_MAX) {
        diags_error(d, node_place(fields), "E0502", "an exception has 1 to %d fields",
                    FIELDS_MAX);
        return false;
    }
    if (ops && (!node_is(ops, NODE_LIST, d) || node_count(ops) != x->count)) {
        diags_error(d, node_place(ops), "E0105", "there must be as many ops as fields");
        return false;
    }
    for (size_t i = 0; i < x->count; i++) {
        if (!rule_read_field(x->r, node_item(fields, i), x->c->rule.watch,
                             &x->fields[i])) {
            good = false;
            continue;
        }
        x->ops[i] = default_op(x->fields[i]);
        if (!ops)
            continue;
        if (node_read_name(node_item(ops, i), names_predicate_op.what,
                           names_predicate_op.at, names_predicate_op.count, &op, d))
            x->ops[i] = (enum predicate_op)op;
        else
            good = false;
    }
    return good;
}

static struct operand operand_of(const struct node *n)
{
    const char *text = node_text(n);
    struct operand o = {.kind = OPERAND_BARE, .text = text_of(text), .span = {.node = n}};

    if (text[0] == '$') {
        o.kind = OPERAND_LIST;
        o.text = text_of(text + 1);
    }
    return o;
}

/* One field of a tuple as a condition; NULL after telling. */
static struct expr *part_of(struct reading *x, size_t i, const struct node *value)
{
    struct expr *e = arena_new(&x->r->set->arena, sizeof(*e));
    bool single = x->ops[i] != OP_IN && x->ops[i] != OP_UNDER && x->ops[i] != OP_ANY_OF &&
                  x->ops[i] != OP_ALL_OF;

    if (items_count(value) == 0 || node_kind(value) == NODE_MAP) {
        diags_error(x->r->diags, node_place(value), "E0105", "expected a value");
        return NULL;
    }
    e->kind = EXPR_PREDICATE;
    e->span = e->op_span = (struct span){.node = value};
    e->name = text_of(field_get(x->fields[i])->name);
    e->op = x->ops[i];
    e->operand_count = items_count(value);
    e->operands = arena_array(&x->r->set->arena, e->operand_count, sizeof(*e->operands));
    for (size_t k = 0; k < e->operand_count; k++) {
        if (!node_is(items_at(value, k), NODE_SCALAR, x->r->diags))
            return NULL;
        e->operands[k] = operand_of(items_at(value, k));
    }
    e->bracketed = !single && e->operands[0].kind != OPERAND_LIST;
    return expr_check(&x->r->world, e, UINT32_MAX) ? e : NULL;
}

static struct expr *read_tuple(struct reading *x, const struct node *n)
{
    struct expr *all = NULL;

    if (!n || !node_is(n, NODE_LIST, x->r->diags))
        return NULL;
    if (node_count(n) != x->count) {
        diags_error(x->r->diags, node_place(n), "E0105",
                    "the tuple has %zu values for %zu fields", node_count(n), x->count);
        return NULL;
    }
    for (size_t i = 0; i < x->count; i++) {
        struct expr *part = part_of(x, i, node_item(n, i)), *both;

        if (!part)
            return NULL;
        both = arena_new(&x->r->set->arena, sizeof(*both));
        *both = (struct expr){.kind = EXPR_AND, .left = all, .right = part};
        all = all ? both : part;
    }
    return all;
}

static bool read_value(struct reading *x, const struct node *body, struct exception *ret)
{
    static const char *const keys[] = {"tuple", "until", "owner", "why", "ticket"};
    struct diags *d = x->r->diags;
    struct rule_until until;
    struct expr *e;

    if (!node_is(body, NODE_MAP, d))
        return false;
    node_check_keys(body, "a value of an exception", keys, 5, d);
    e = read_tuple(x, node_need(body, "the value", "tuple", d));
    if (!rule_until_read(x->r, body, "the value", &until) || !e)
        return false;
    ret->name = x->name;
    ret->until = until.end;
    ret->when = expr_compile(&x->r->set->arena, e);
    rule_until_tell(x->r, &until, "exception", x->name, x->c->rule.id);
    return true;
}

static bool read_exception(struct reading *x, const struct node *body,
                           struct exception *ret, size_t *ret_count)
{
    static const char *const keys[] = {"name", "fields", "ops", "values"};
    struct diags *d = x->r->diags;
    const struct node *name, *values;
    bool good;

    if (!node_is(body, NODE_MAP, d))
        return false;
    node_check_keys(body, "an exception", keys, 4, d);
    name = node_need(body, "the exception", "name", d);
    values = node_need(body, "the exception", "values", d);
    good = name && node_read_text(name, &x->name, d);
    if (!read_fields(x, body) || !good || !values || !node_is(values, NODE_LIST, d))
        return false;
    for (size_t i = 0; i < node_count(values); i++)
        if (read_value(x, node_item(values, i), &ret[*ret_count]))
            ++*ret_count;
        else
            good = false;
    return good;
}

static size_t count_values(const struct node *n)
{
    size_t count = 0;

    for (size_t i = 0; i < node_count(n); i++) {
        const struct node *values = node_get(node_item(n, i), "values");

        if (values && node_kind(values) == NODE_LIST)
            count += node_count(values);
    }
    return count;
}

bool rule_read_exceptions(struct rule_reader *r, const struct node *n,
                          struct compiled_rule *c)
{
    struct exception *all;
    bool good = true;

    if (!node_is(n, NODE_LIST, r->diags))
        return false;
    all = arena_array(&r->set->arena, count_values(n), sizeof(*all));
    for (size_t i = 0; i < node_count(n); i++) {
        struct reading x = {.r = r, .c = c, .name = ""};

        good = read_exception(&x, node_item(n, i), all, &c->exception_count) && good;
    }
    c->exceptions = all;
    return good;
}
