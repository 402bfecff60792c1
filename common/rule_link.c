/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that name other rules: their ids become numbers when all rules of all files are
 * read. What joins events of two rules needs a field that both can have.
 */
#include "items.h"
#include "mem.h"
#include "ruleset.h"

enum { NEW, BUSY, DONE };

struct linking {
    struct rule_reader *r;
    uint8_t *state; /* by rule: whether its combination was followed */
};

/* ---- names ---- */

static bool find_rule(struct rule_reader *r, const struct node *n, size_t *ret_rule)
{
    struct ruleset *s = r->set;
    const char *id, **ids;
    size_t count = 0;
    int found;

    if (!node_read_text(n, &id, r->diags))
        return false;
    found = ruleset_find(s, id);
    if (found >= 0) {
        *ret_rule = (size_t)found;
        return true;
    }
    ids = arena_array(&s->arena, s->rule_count, sizeof(*ids));
    for (size_t i = 0; i < s->rule_count; i++)
        if (s->rules[i].rule.id)
            ids[count++] = s->rules[i].rule.id;
    diags_error(r->diags, node_place(n), "E0209", "unknown rule \"%s\"", id);
    diags_suggest(r->diags, id, ids, count);
    return false;
}

static bool has(const size_t *rules, size_t count, size_t rule)
{
    for (size_t i = 0; i < count; i++)
        if (rules[i] == rule)
            return true;
    return false;
}

/* The rules that a list names, each once; whose: of the rule that names them. */
static bool find_rules(struct rule_reader *r, const struct node *n,
                       const struct compiled_rule *whose, const size_t **ret_rules,
                       size_t *ret_count)
{
    size_t *rules = arena_array(&r->set->arena, items_count(n), sizeof(*rules));
    size_t count = 0, rule;
    bool good = true;

    for (size_t i = 0; i < items_count(n); i++) {
        if (!find_rule(r, items_at(n, i), &rule)) {
            good = false;
        } else if (has(rules, count, rule) || &r->set->rules[rule] == whose) {
            diags_error(r->diags, node_place(items_at(n, i)), "E0114",
                        has(rules, count, rule) ? "\"%s\" stands here already"
                                                : "\"%s\" is the rule itself",
                        node_text(items_at(n, i)));
            good = false;
        } else {
            rules[count++] = rule;
        }
    }
    *ret_rules = rules;
    *ret_count = count;
    return good;
}

/* What is never an alert is never heard of. */
static void warn_if_silent(struct rule_reader *r, const struct node *n, size_t rule,
                           const struct rule *listener)
{
    const struct rule *other = &r->set->rules[rule].rule;
    const char *why = other->mode == MODE_DISABLED ? "is disabled"
                      : other->at_collector        ? "runs at the collector"
                      : other->mode == MODE_SHADOW && listener->mode == MODE_ALERT
                          ? "is in shadow mode, and this one is not"
                          : NULL;

    if (why)
        diags_warn(r->diags, node_place(n), "W0522", "nothing is heard of \"%s\": it %s",
                   other->id, why);
}

/* ---- fields ---- */

static uint32_t kinds_of(const struct ruleset *s, size_t rule)
{
    const struct rule *c = &s->rules[rule].rule;
    uint32_t kinds = c->watch;

    for (size_t i = 0; i < c->combine.count; i++)
        kinds |= kinds_of(s, c->combine.of[i]);
    return kinds;
}

static bool check_fields(struct rule_reader *r, const struct node *n,
                         const enum field_id *fields, size_t count, const size_t *rules,
                         size_t rule_count)
{
    bool good = true;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < rule_count; k++) {
            const struct field *f = field_get(fields[i]);

            if (f->kinds & kinds_of(r->set, rules[k]))
                continue;
            diags_error(r->diags, node_place(n), "E0213",
                        "no event that rule \"%s\" watches has \"%s\"",
                        r->set->rules[rules[k]].rule.id, f->name);
            good = false;
        }
    return good;
}

/* ---- combinations ---- */

static const struct node *combine_key(const struct compiled_rule *c, const char *key)
{
    const struct node *n = node_get(c->node, "combine");

    return n ? node_get(n, key) : NULL;
}

static bool find_members(struct linking *l, struct compiled_rule *c)
{
    struct rule_combine *m = &c->rule.combine;
    const struct node *of = combine_key(c, "of");

    if (!find_rules(l->r, of, c, &m->of, &m->count)) {
        m->count = 0;
        return false;
    }
    for (size_t i = 0; i < m->count; i++)
        warn_if_silent(l->r, items_at(of, i), m->of[i], &c->rule);
    return true;
}

/* Depth first; a rule that is met again on the way is part of itself. */
static void follow(struct linking *l, size_t rule)
{
    struct compiled_rule *c = &l->r->set->rules[rule];
    const struct node *of = combine_key(c, "of");

    if (l->state[rule] == DONE)
        return;
    l->state[rule] = BUSY;
    for (size_t i = 0; i < c->rule.combine.count; i++) {
        size_t member = c->rule.combine.of[i];

        if (l->state[member] != BUSY) {
            follow(l, member);
            continue;
        }
        diags_error(l->r->diags, node_place(items_at(of, i)), "E0212",
                    "rule \"%s\" is made of itself", l->r->set->rules[member].rule.id);
        c->rule.combine.count = 0;
    }
    l->state[rule] = DONE;
}

static void check_members(struct linking *l, struct compiled_rule *c)
{
    const struct rule_combine *m = &c->rule.combine;
    const struct rule_dedup *d = &c->rule.dedup;

    check_fields(l->r, combine_key(c, "by"), m->keys.by, m->keys.by_count, m->of,
                 m->count);
    if (node_get(c->node, "dedup"))
        check_fields(l->r, node_get(node_get(c->node, "dedup"), "by"), d->by, d->by_count,
                     m->of, m->count);
}

static void add_listener(struct ruleset *s, size_t rule, struct rule_listener who)
{
    struct rule *heard = &s->rules[rule].rule;
    struct rule_listener *more =
        arena_array(&s->arena, heard->listener_count + 1, sizeof(*more));

    if (heard->listener_count > 0)
        memcpy(more, heard->listeners, heard->listener_count * sizeof(*more));
    more[heard->listener_count++] = who;
    heard->listeners = more;
}

static void listen_to_members(struct ruleset *s, size_t rule)
{
    const struct rule *c = &s->rules[rule].rule;

    if (c->mode == MODE_DISABLED || c->at_collector)
        return;
    for (size_t i = 0; i < c->combine.count; i++)
        add_listener(s, c->combine.of[i], (struct rule_listener){rule, i});
}

/* ---- inhibition ---- */

static void add_inhibitor(struct ruleset *s, size_t rule, size_t by)
{
    struct rule *target = &s->rules[rule].rule;
    size_t *more = arena_array(&s->arena, target->inhibitor_count + 1, sizeof(*more));

    if (target->inhibitor_count > 0)
        memcpy(more, target->inhibitors, target->inhibitor_count * sizeof(*more));
    more[target->inhibitor_count++] = by;
    target->inhibitors = more;
}

static void link_inhibits(struct rule_reader *r, size_t rule)
{
    struct compiled_rule *c = &r->set->rules[rule];
    struct rule_inhibits *i = &c->rule.inhibits;
    const struct node *n = node_get(c->node, "inhibits");

    if (!node_get(n, "rules") ||
        !find_rules(r, node_get(n, "rules"), c, &i->rules, &i->count))
        return;
    if (!check_fields(r, node_get(n, "equal"), i->equal, i->equal_count, i->rules,
                      i->count) ||
        c->rule.mode == MODE_DISABLED || c->rule.at_collector)
        return;
    if (c->rule.combine.count > 0)
        check_fields(r, node_get(n, "equal"), i->equal, i->equal_count, &rule, 1);
    for (size_t k = 0; k < i->count; k++)
        add_inhibitor(r->set, i->rules[k], rule);
}

void rule_link(struct rule_reader *r)
{
    struct ruleset *s = r->set;
    struct linking l = {.r = r, .state = xcalloc(s->rule_count + 1, 1)};

    for (size_t i = 0; i < s->rule_count; i++)
        if (s->rules[i].rule.combine.at_least)
            find_members(&l, &s->rules[i]);
    for (size_t i = 0; i < s->rule_count; i++)
        follow(&l, i);
    for (size_t i = 0; i < s->rule_count; i++) {
        if (!s->rules[i].rule.combine.count)
            continue;
        check_members(&l, &s->rules[i]);
        listen_to_members(s, i);
    }
    for (size_t i = 0; i < s->rule_count; i++)
        if (s->rules[i].rule.inhibits.within)
            link_inhibits(r, i);
    free(l.state);
}
