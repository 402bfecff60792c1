/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `sequence`: what must happen one after the other, and to whom. `combine`: which rules
 * must be met, in any order, and by whom.
 */
#include "items.h"
#include "mem.h"
#include "ruleset.h"

static bool is_taken(const struct compiled_rule *c, const char *id)
{
    for (size_t i = 0; i < c->part_count; i++)
        if (strcmp(c->parts[i].name, id) == 0)
            return true;
    return false;
}

static bool read_id(struct rule_reader *r, const struct node *n,
                    const struct compiled_rule *c, const char **ret_id)
{
    if (!n || !node_read_text(n, ret_id, r->diags))
        return false;
    if (!is_taken(c, *ret_id))
        return true;
    diags_error(r->diags, node_place(n), "E0114", "there is a step \"%s\" already",
                *ret_id);
    return false;
}

/* `none_for: 10m`: the step is that no event meets its `when` for so long. */
static bool read_silence(struct rule_reader *r, const struct node *n, size_t step,
                         struct rule *rule)
{
    struct rule_sequence *q = &rule->sequence;
    const char *why = NULL;

    if (!n)
        return true;
    if (!rule_read_within(r, n, &q->silence[step]))
        return false;
    q->silences |= 1U << step;
    if (step == 0)
        why = "a sequence begins with an event: what should nothing follow upon?";
    else if (q->silences >> (step - 1) & 1)
        why = "two silences after one another: an event must come in between";
    else if (rule->at_collector)
        why = "at the collector nobody knows that nothing came: an agent may be cut off";
    if (why)
        diags_error(r->diags, node_place(n), "E0543", "%s", why);
    return !why;
}

/* Are equal values of them equal keys? */
static bool are_alike(enum field_id a, enum field_id b)
{
    const struct field *x = field_get(a), *y = field_get(b);
    bool text = x->type == TYPE_TEXT || x->type == TYPE_DOMAIN;

    if (text)
        return y->type == TYPE_TEXT || y->type == TYPE_DOMAIN;
    return x->type == y->type && x->words == y->words;
}

/* Which fields of this step's events stand for those of the sequence's `by`. */
static bool read_step_by(struct rule_reader *r, const struct node *n, size_t step,
                         struct compiled_rule *c)
{
    struct rule_sequence *q = &c->rule.sequence;
    enum field_id by[RULE_BY_MAX];
    size_t count;

    if (!rule_read_by(r, n, c->rule.watch, by, &count))
        return false;
    if (count != q->keys.by_count) {
        diags_error(r->diags, node_place(n), "E0223",
                    "the step names %zu fields, the sequence's \"by\" %zu", count,
                    q->keys.by_count);
        diags_hint(r->diags, "each stands for the one at the same place there");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (are_alike(by[i], q->keys.by[i]))
            continue;
        diags_error(r->diags, node_place(items_at(n, i)), "E0223",
                    "%s (%s) cannot stand for %s (%s)", field_get(by[i])->name,
                    field_type_name(field_get(by[i])->type),
                    field_get(q->keys.by[i])->name,
                    field_type_name(field_get(q->keys.by[i])->type));
        return false;
    }
    memcpy(q->by[step], by, sizeof(by));
    q->apart = true;
    return true;
}

static bool read_step(struct rule_reader *r, const struct node *n, size_t step,
                      struct compiled_rule *c)
{
    static const char *const keys[] = {"id", "when", "none_for", "by"};
    struct rule_sequence *q = &c->rule.sequence;
    const struct node *when, *by;
    struct expr *e = NULL;
    const char *id;
    bool good;

    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    node_check_keys(n, "a step", keys, 4, r->diags);
    good = read_id(r, node_need(n, "the step", "id", r->diags), c, &id);
    good = read_silence(r, node_get(n, "none_for"), step, &c->rule) && good;
    by = node_get(n, "by");
    memcpy(q->by[step], q->keys.by, sizeof(q->keys.by));
    if (by && q->keys.by_count > 0)
        good = read_step_by(r, by, step, c) && good;
    when = node_need(n, "the step", "when", r->diags);
    if (when)
        e = rule_read_expr(r, when, &c->rule);
    if (good && e)
        rule_add_part(r, c, id, e);
    return good && e;
}

static bool read_steps(struct rule_reader *r, const struct node *n,
                       struct compiled_rule *c)
{
    bool good = true;

    if (!node_is(n, NODE_LIST, r->diags))
        return false;
    if (node_count(n) < 2 || node_count(n) > RULE_PARTS_MAX) {
        diags_error(r->diags, node_place(n), "E0502", "a sequence has 2 to %d steps",
                    RULE_PARTS_MAX);
        return false;
    }
    for (size_t i = 0; i < node_count(n); i++)
        good = read_step(r, node_item(n, i), i, c) && good;
    c->rule.sequence.steps = node_count(n);
    return good;
}

bool rule_read_keys(struct rule_reader *r, const struct node *n, const char *what,
                    uint32_t kinds, struct rule_keys *keys)
{
    const struct node *by = node_need(n, what, "by", r->diags);
    const struct node *within = node_need(n, what, "within", r->diags);
    const struct node *most = node_get(n, "max_keys");
    uint64_t number = RULE_KEYS_DEFAULT;
    bool good = by && rule_read_by(r, by, kinds, keys->by, &keys->by_count);

    good = rule_read_within(r, within, &keys->within) && good;
    if (most && !node_read_number(most, 1, RULE_KEYS_MAX, &number, r->diags))
        good = false;
    keys->max_keys = (uint32_t)number;
    return good;
}

/* All of them must find room. */
static bool has_time_enough(struct rule_reader *r, const struct node *n,
                            const struct rule_sequence *q)
{
    usec_t needed = 0;
    char least[CLOCK_TEXT];

    for (size_t i = 0; i < q->steps; i++)
        needed += q->silence[i];
    if (needed <= q->keys.within)
        return true;
    clock_print_duration(needed, least);
    diags_error(r->diags, node_place(n), "E0543",
                "its silences take %s: \"within\" is shorter", least);
    return false;
}

/* The step whose event is told: a silence has none. */
static size_t last_event(const struct rule_sequence *q)
{
    size_t last = q->steps - 1;

    return q->silences >> last & 1 ? last - 1 : last;
}

bool rule_read_sequence(struct rule_reader *r, const struct node *n,
                        struct compiled_rule *c)
{
    static const char *const keys[] = {"by", "within", "steps", "max_keys"};
    struct rule_sequence *q = &c->rule.sequence;
    const struct node *steps;
    bool good;

    if (c->part_count > 0) /* of a window, which is read before: one too many is told */
        return false;
    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    node_check_keys(n, "sequence", keys, 4, r->diags);
    good = rule_read_keys(r, n, "the sequence", c->rule.watch, &q->keys);
    steps = node_need(n, "the sequence", "steps", r->diags);
    if (!steps || !read_steps(r, steps, c) || !good)
        return false;
    memcpy(q->keys.by, q->by[last_event(q)], sizeof(q->keys.by));
    return has_time_enough(r, node_get(n, "within"), q);
}

bool rule_read_combine(struct rule_reader *r, const struct node *n,
                       struct compiled_rule *c)
{
    static const char *const keys[] = {"of", "at_least", "by", "within", "max_keys"};
    struct rule_combine *m = &c->rule.combine;
    const struct node *of, *least;
    uint64_t number = 0;
    bool good;

    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    node_check_keys(n, "combine", keys, 5, r->diags);
    good = rule_read_keys(r, n, "the combination", 0, &m->keys);
    of = node_need(n, "the combination", "of", r->diags);
    least = node_need(n, "the combination", "at_least", r->diags);
    if (!of || !node_is(of, NODE_LIST, r->diags))
        return false;
    if (node_count(of) < 2 || node_count(of) > RULE_COMBINE_MAX) {
        diags_error(r->diags, node_place(of), "E0502", "2 to %d rules can be combined",
                    RULE_COMBINE_MAX);
        return false;
    }
    if (!least || !node_read_number(least, 2, node_count(of), &number, r->diags))
        return false;
    m->at_least = (uint32_t)number;
    return good;
}
