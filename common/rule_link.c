/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that name other rules: their ids become numbers when all rules of all files are
 * read. What joins events of two rules needs a field that both can have.
 */
#include "items.h"
#include "mem.h"
#include "ruleset.h"

#define DEPTH_MAX 100 /* combinations inside each other */

enum { NEW, BUSY, DONE };

struct linking {
    struct rule_reader *r;
    uint8_t *state; /* by rule: whether its combination was followed */
    uint8_t *depth; /* by rule: how many combinations lie inside each other there */
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
        } else if (has(rules, count, rule) || rule == whose->base) {
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

/* It is heard of over the wire: by its alerts. */
static bool is_afar(const struct rule *rule, const struct rule *listener)
{
    return listener->at_collector && !rule->at_collector;
}

/* What is never an alert is never heard of. */
static void warn_if_silent(struct rule_reader *r, const struct node *n, size_t rule,
                           const struct rule *listener)
{
    const struct rule *other = &r->set->rules[rule].rule;
    const char *why = other->mode == MODE_DISABLED ? "is disabled"
                      : other->at_collector && !listener->at_collector
                          ? "runs at the collector"
                      : other->mode == MODE_SHADOW && is_afar(other, listener)
                          ? "is in shadow mode, and sends no alerts"
                      : other->mode == MODE_SHADOW && listener->mode == MODE_ALERT
                          ? "is in shadow mode, and this one is not"
                          : NULL;

    if (why)
        diags_warn(r->diags, node_place(n), "W0522", "nothing is heard of \"%s\": it %s",
                   other->id, why);
}

/* ---- fields ---- */

/* rules: those whose events must have the fields; whose: of the rule that joins them. */
static bool check_fields(struct rule_reader *r, const struct node *n,
                         const enum field_id *fields, size_t count, const size_t *rules,
                         size_t rule_count, const struct rule *whose)
{
    bool good = true;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < rule_count; k++) {
            const struct field *f = field_get(fields[i]);
            bool afar = whose->at_collector;

            if (f->kinds & (afar ? 1U << EVENT_ALERT : r->set->rules[rules[k]].kinds))
                continue;
            diags_error(r->diags, node_place(n), "E0213",
                        afar ? "no alert of rule \"%s\" has \"%s\""
                             : "no event that rule \"%s\" watches has \"%s\"",
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
    for (size_t i = 0; i < m->count && c == &l->r->set->rules[c->base]; i++)
        warn_if_silent(l->r, items_at(of, i), m->of[i], &c->rule);
    return true;
}

static bool hides_visit(const struct rule *rule)
{
    return field_set_has(&rule->hide, FIELD_HOST);
}

/* Its alert carries the event of one of them. */
static void hide_as_members(struct linking *l, struct compiled_rule *c)
{
    const struct ruleset *s = l->r->set;
    bool before = hides_visit(&c->rule);

    for (size_t i = 0; i < c->rule.combine.count; i++)
        for (size_t form = c->rule.combine.of[i];
             form < s->rule_count && s->rules[form].base == c->rule.combine.of[i]; form++)
            for (enum field_id f = 0; f < FIELD_COUNT; f++)
                if (field_set_has(&s->rules[form].rule.hide, f))
                    field_set_add(&c->rule.hide, f);
    if (c->rule.evidence.pcap && hides_visit(&c->rule) && !before)
        rule_may_have_evidence(l->r, node_get(c->node, "evidence"), &c->rule);
}

static void note_kinds(struct ruleset *s, struct compiled_rule *c)
{
    c->kinds = c->rule.at_collector ? 1U << EVENT_ALERT : c->rule.watch;
    for (size_t i = 0; i < c->rule.combine.count && !c->rule.at_collector; i++)
        c->kinds |= s->rules[c->rule.combine.of[i]].kinds;
}

static void follow(struct linking *l, size_t rule, unsigned depth);

/* A rule that is met again on the way is part of itself. */
static bool follow_member(struct linking *l, size_t rule, size_t i, unsigned depth)
{
    struct compiled_rule *c = &l->r->set->rules[rule];
    const struct node *n = items_at(combine_key(c, "of"), i);
    size_t member = c->rule.combine.of[i];

    if (l->state[member] == BUSY) {
        diags_error(l->r->diags, node_place(n), "E0212", "rule \"%s\" is made of itself",
                    l->r->set->rules[member].rule.id);
        return false;
    }
    if (depth < DEPTH_MAX)
        follow(l, member, depth + 1);
    if (depth == DEPTH_MAX || l->depth[member] == DEPTH_MAX) {
        diags_error(l->r->diags, node_place(n), "E0501",
                    "more than %d combinations inside each other", DEPTH_MAX);
        return false;
    }
    if (l->depth[rule] <= l->depth[member])
        l->depth[rule] = (uint8_t)(l->depth[member] + 1);
    return true;
}

/* Depth first: what a rule has of its members they have by then. */
static void follow(struct linking *l, size_t rule, unsigned depth)
{
    struct compiled_rule *c = &l->r->set->rules[rule];

    if (l->state[rule] == DONE)
        return;
    l->state[rule] = BUSY;
    for (size_t i = 0; i < c->rule.combine.count; i++)
        if (!follow_member(l, rule, i, depth))
            c->rule.combine.count = 0;
    note_kinds(l->r->set, c);
    hide_as_members(l, c);
    l->state[rule] = DONE;
}

static void check_members(struct linking *l, struct compiled_rule *c)
{
    const struct rule_combine *m = &c->rule.combine;
    const struct rule_dedup *d = &c->rule.dedup;

    check_fields(l->r, combine_key(c, "by"), m->keys.by, m->keys.by_count, m->of,
                 m->count, &c->rule);
    if (node_get(c->node, "dedup"))
        check_fields(l->r, node_get(node_get(c->node, "dedup"), "by"), d->by, d->by_count,
                     m->of, m->count, &c->rule);
}

/* Room for one more behind `count` members, which stay where they are or are copied: it
 * doubles, since thousands of rules may listen to one and the arena gives nothing back.
 */
static void *one_more(struct ruleset *s, const void *list, size_t count, size_t size)
{
    void *more;

    if (count > 0 && (count & (count - 1)) != 0)
        return (void *)(uintptr_t)list; /* the set is being made */
    more = arena_array(&s->arena, count > 0 ? 2 * count : 1, size);
    if (count > 0)
        memcpy(more, list, count * size);
    return more;
}

static void append(struct ruleset *s, const struct rule_listener **list, size_t *count,
                   struct rule_listener who)
{
    struct rule_listener *more = one_more(s, *list, *count, sizeof(*more));

    more[(*count)++] = who;
    *list = more;
}

static void add_listener(struct ruleset *s, size_t rule, struct rule_listener who)
{
    struct rule *heard = &s->rules[rule].rule;

    if (is_afar(heard, &s->rules[who.rule].rule))
        append(s, &heard->afar, &heard->afar_count, who);
    else
        append(s, &heard->listeners, &heard->listener_count, who);
}

static void listen_to_members(struct ruleset *s, size_t rule)
{
    const struct rule *c = &s->rules[rule].rule;

    if (c->mode == MODE_DISABLED)
        return;
    for (size_t i = 0; i < c->combine.count; i++)
        for (size_t form = c->combine.of[i];
             form < s->rule_count && s->rules[form].base == c->combine.of[i]; form++)
            if (c->at_collector || !s->rules[form].rule.at_collector)
                add_listener(s, form, (struct rule_listener){rule, i});
}

/* ---- inhibition ---- */

static void add_inhibitor(struct ruleset *s, size_t rule, size_t by)
{
    struct rule *target = &s->rules[rule].rule;
    size_t *more =
        one_more(s, target->inhibitors, target->inhibitor_count, sizeof(*more));

    more[target->inhibitor_count++] = by;
    target->inhibitors = more;
}

/* What an agent told stays told: the collector cannot take it back, and an agent knows
 * nothing of the collector. */
static bool check_reach(struct rule_reader *r, const struct node *n,
                        const struct rule *rule, const struct rule_inhibits *i)
{
    bool good = true;

    for (size_t k = 0; k < i->count; k++) {
        const struct rule *other = &r->set->rules[i->rules[k]].rule;

        if (other->at_collector == rule->at_collector)
            continue;
        diags_error(r->diags, node_place(items_at(n, k)), "E0542",
                    "\"%s\" runs at the %s, and this rule does not", other->id,
                    other->at_collector ? "collector" : "agents");
        if (rule->at_collector)
            diags_hint(r->diags,
                       "alerts of agents are explained away by `inhibit:` in the "
                       "collector's files (hallwatch-correlate(5))");
        good = false;
    }
    return good;
}

static void link_inhibits(struct rule_reader *r, size_t rule)
{
    struct compiled_rule *c = &r->set->rules[rule];
    struct rule_inhibits *i = &c->rule.inhibits;
    const struct node *n = node_get(c->node, "inhibits"), *names = node_get(n, "rules");

    if (!names || !find_rules(r, names, c, &i->rules, &i->count) ||
        !check_reach(r, names, &c->rule, i))
        return;
    if (!check_fields(r, node_get(n, "equal"), i->equal, i->equal_count, i->rules,
                      i->count, &c->rule) ||
        c->rule.mode == MODE_DISABLED)
        return;
    if (c->rule.combine.count > 0)
        check_fields(r, node_get(n, "equal"), i->equal, i->equal_count, &rule, 1,
                     &c->rule);
    for (size_t k = 0; k < i->count; k++)
        for (size_t form = i->rules[k];
             form < r->set->rule_count && r->set->rules[form].base == i->rules[k]; form++)
            add_inhibitor(r->set, form, rule);
}

void rule_link(struct rule_reader *r)
{
    struct ruleset *s = r->set;
    struct linking l = {.r = r,
                        .state = xcalloc(s->rule_count + 1, 1),
                        .depth = xcalloc(s->rule_count + 1, 1)};

    for (size_t i = 0; i < s->rule_count; i++)
        if (s->rules[i].rule.combine.at_least)
            find_members(&l, &s->rules[i]);
    for (size_t i = 0; i < s->rule_count; i++)
        follow(&l, i, 0);
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
    free(l.depth);
}
