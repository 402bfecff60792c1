/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is different between two rule sets, by what rules mean and not by how their files
 * are laid out; and, over captures, which alerts that adds and takes away.
 */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/alerts_diff.h"
#include "cli/rules.h"
#include "cli/rules_side.h"
#include "json.h"
#include "mem.h"
#include "ruleset.h"

struct difference {
    const struct compiled_rule *before, *after; /* NULL: it is new, or gone */
    struct json *changes;                       /* list of {what, before, after} */
};

struct diffing {
    const struct ruleset *old, *new;
    struct difference *at;
    size_t count, capacity;
    size_t same;
};

/* ---- values as text ---- */

static void put_scalar(struct buffer *out, const char *text)
{
    bool gap = false;

    for (; *text; text++) {
        if (isspace((uint8_t)*text)) {
            gap = true;
            continue;
        }
        if (gap && out->len > 0)
            buffer_text(out, " ");
        gap = false;
        buffer_add(out, text, 1);
    }
}

static void put_node(struct buffer *out, const struct node *n)
{
    auto_buffer struct buffer one = {0};

    if (node_kind(n) == NODE_SCALAR) {
        put_scalar(&one, node_text(n));
        buffer_text(out, one.len ? one.at : "");
        return;
    }
    buffer_text(out, node_kind(n) == NODE_LIST ? "[" : "{");
    for (size_t i = 0; i < node_count(n); i++) {
        buffer_text(out, i ? ", " : "");
        if (node_kind(n) == NODE_MAP)
            buffer_print(out, "%s: ", node_text(node_key(n, i)));
        put_node(out, node_kind(n) == NODE_MAP ? node_value(n, i) : node_item(n, i));
    }
    buffer_text(out, node_kind(n) == NODE_LIST ? "]" : "}");
}

static void add_change(struct difference *d, const char *what, const char *before,
                       const char *after)
{
    struct json *o = json_new_object();

    json_put_text(o, "what", what);
    json_put(o, "before", before ? json_new_text(before) : json_new_null());
    json_put(o, "after", after ? json_new_text(after) : json_new_null());
    json_add(d->changes, o);
}

static void compare_nodes(struct difference *d, const char *what, const struct node *a,
                          const struct node *b)
{
    auto_buffer struct buffer before = {0}, after = {0};

    if (a)
        put_node(&before, a);
    if (b)
        put_node(&after, b);
    if (!a != !b || strcmp(before.len ? before.at : "", after.len ? after.at : "") != 0)
        add_change(d, what, a ? (before.len ? before.at : "") : NULL,
                   b ? (after.len ? after.at : "") : NULL);
}

/* ---- what a key holds ---- */

static void compare_severity(struct difference *d)
{
    const enum severity *a = d->before->rule.severity, *b = d->after->rule.severity;
    bool all = true;

    for (size_t i = BAND_NONE; i <= BAND_STAFF; i++)
        all = all && a[i] == a[0] && b[i] == b[0];
    for (size_t i = BAND_NONE; i <= BAND_STAFF; i++) {
        auto_free char *what =
            all ? xstrdup("severity")
                : xasprintf("severity (%s)", i == BAND_NONE
                                                 ? "no age band"
                                                 : names_get(&names_age_band, i));

        if (a[i] != b[i])
            add_change(d, what, names_get(&names_severity, a[i]),
                       names_get(&names_severity, b[i]));
        if (all)
            return;
    }
}

static void compare_tests(struct difference *d, const struct node *a,
                          const struct node *b)
{
    auto_free char *before = xasprintf("%zu tests", a ? node_count(a) : 0);
    auto_free char *after = xasprintf("%zu tests", b ? node_count(b) : 0);
    size_t count = json_count(d->changes);

    if (strcmp(before, after) != 0) {
        add_change(d, "tests", before, after);
        return;
    }
    compare_nodes(d, "tests", a, b);
    if (json_count(d->changes) > count) /* what they are is not told */
        json_put_text(json_item(d->changes, count), "before", before);
    if (json_count(d->changes) > count)
        json_put_text(json_item(d->changes, count), "after", "as many, others");
}

static void compare_maps(struct difference *d, const char *key, const struct node *a,
                         const struct node *b)
{
    for (size_t i = 0; i < node_count(a) + node_count(b); i++) {
        bool of_b = i >= node_count(a);
        const char *name =
            node_text(of_b ? node_key(b, i - node_count(a)) : node_key(a, i));
        auto_free char *what = xasprintf("%s.%s", key, name);

        if (!of_b || !node_get(a, name))
            compare_nodes(d, what, node_get(a, name), node_get(b, name));
    }
}

static void compare_key(struct difference *d, const char *key)
{
    const struct node *a = node_get(d->before->node, key);
    const struct node *b = node_get(d->after->node, key);

    if (strcmp(key, "severity") == 0)
        compare_severity(d);
    else if (strcmp(key, "tests") == 0)
        compare_tests(d, a, b);
    else if (a && b && node_kind(a) == NODE_MAP && node_kind(b) == NODE_MAP)
        compare_maps(d, key, a, b);
    else
        compare_nodes(d, key, a, b);
}

/* ---- names that a rule uses ---- */

/* Without order: who uses what is a handful. */
struct uses {
    const void *seen[64];
    size_t count;
};

static bool use_once(struct uses *u, const void *what)
{
    for (size_t i = 0; i < u->count; i++)
        if (u->seen[i] == what)
            return false;
    if (u->count == sizeof(u->seen) / sizeof(u->seen[0]))
        return false;
    u->seen[u->count++] = what;
    return true;
}

static const struct macro *find_macro(const struct ruleset *s, const char *name)
{
    for (size_t i = 0; i < s->macro_count; i++)
        if (strcmp(s->macros[i].name, name) == 0)
            return &s->macros[i];
    return NULL;
}

static const struct list_def *find_list(const struct ruleset *s, const char *name)
{
    for (size_t i = 0; i < s->list_count; i++)
        if (strcmp(s->lists[i].name, name) == 0)
            return &s->lists[i];
    return NULL;
}

static uint64_t entries(const struct ruleset *s, const struct list_def *l)
{
    if (l->items)
        return node_count(l->items);
    return l->listdb >= 0 && s->settings.lists
               ? listdb_info(s->settings.lists, (unsigned)l->listdb)->entries
               : 0;
}

static const char *version(const struct ruleset *s, const struct list_def *l)
{
    return !l->items && l->listdb >= 0 && s->settings.lists
               ? listdb_info(s->settings.lists, (unsigned)l->listdb)->version
               : "";
}

static size_t missing(const struct node *from, const struct node *in)
{
    size_t count = 0;

    for (size_t i = 0; i < node_count(from); i++) {
        bool found = false;

        for (size_t k = 0; k < node_count(in) && !found; k++)
            found =
                strcmp(node_text(node_item(from, i)), node_text(node_item(in, k))) == 0;
        count += !found;
    }
    return count;
}

static void compare_list(const struct diffing *x, struct difference *d, const char *name)
{
    const struct list_def *a = find_list(x->old, name), *b = find_list(x->new, name);
    auto_free char *what = xasprintf("list $%s", name), *before = NULL, *after = NULL;

    if (!a || !b)
        return; /* the condition that names it is another */
    compare_nodes(d, what, node_get(a->body, "file"), node_get(b->body, "file"));
    if (a->items && b->items) {
        size_t added = missing(b->items, a->items), gone = missing(a->items, b->items);

        if (added + gone == 0)
            return;
        after = xasprintf("%zu entries: %zu added, %zu removed", node_count(b->items),
                          added, gone);
    } else if (entries(x->old, a) == entries(x->new, b) &&
               strcmp(version(x->old, a), version(x->new, b)) == 0) {
        return;
    } else {
        after = xasprintf("%llu entries%s", (unsigned long long)entries(x->new, b),
                          entries(x->old, a) == entries(x->new, b) ? ", others" : "");
    }
    before = xasprintf("%llu entries", (unsigned long long)entries(x->old, a));
    add_change(d, what, before, after);
}

static void compare_uses(const struct diffing *x, struct difference *d,
                         const struct expr *e, struct uses *u);

static void compare_macro(const struct diffing *x, struct difference *d,
                          const struct macro *m, struct uses *u)
{
    const struct macro *old = find_macro(x->old, m->name);
    auto_free char *what = xasprintf("macro %s, which it uses", m->name);

    if (!use_once(u, m))
        return;
    if (old)
        compare_nodes(d, what, old->body, m->body);
    compare_uses(x, d, m->expr, u);
}

static void compare_uses(const struct diffing *x, struct difference *d,
                         const struct expr *e, struct uses *u)
{
    if (!e)
        return;
    if (e->kind == EXPR_MACRO && e->macro)
        compare_macro(x, d, e->macro, u);
    for (size_t i = 0; i < e->operand_count; i++) {
        const struct operand *o = &e->operands[i];
        auto_free char *name = xstrndup(o->text.at, o->text.len);
        const struct list_def *list =
            o->kind == OPERAND_LIST ? find_list(x->new, name) : NULL;

        if (list && use_once(u, list))
            compare_list(x, d, name);
    }
    compare_uses(x, d, e->left, u);
    compare_uses(x, d, e->right, u);
}

static void compare_schedule(struct difference *d, const struct schedule *a,
                             const struct schedule *b)
{
    auto_free char *what = b ? xasprintf("schedule %s", b->name) : NULL;

    if (a && b && strcmp(a->name, b->name) == 0)
        compare_nodes(d, what, a->body, b->body);
}

/* ---- rules ---- */

static void compare_rule(const struct diffing *x, struct difference *d)
{
    const struct node *a = d->before->node, *b = d->after->node;
    struct uses uses = {0};

    for (size_t i = 0; i < node_count(b); i++)
        compare_key(d, node_text(node_key(b, i)));
    for (size_t i = 0; i < node_count(a); i++)
        if (!node_get(b, node_text(node_key(a, i))))
            compare_key(d, node_text(node_key(a, i)));
    compare_uses(x, d, d->after->when, &uses);
    compare_schedule(d, d->before->during, d->after->during);
    compare_schedule(d, d->before->not_during, d->after->not_during);
}

/* ---- local changes ---- */

/* "at lincoln until 2027-01-31"; a turn ends with its day. */
static char *when_and_where(const struct rule_turn *t)
{
    char from[CLOCK_TEXT] = "", until[CLOCK_TEXT];

    clock_print(t->until - 1, until);
    if (t->from > 0)
        clock_print(t->from, from);
    return xasprintf("%s%s%s%.10s until %.10s", t->site ? "at " : "at all ",
                     t->site ? t->site : "sites", t->from > 0 ? " from " : "", from,
                     until);
}

/* What a form has otherwise than its rule as shipped. */
static struct json *form_changes(const struct ruleset *s,
                                 const struct compiled_rule *base, size_t form)
{
    struct diffing within = {.old = s, .new = s};
    struct difference d = {base, &s->rules[form], json_new_list()};

    compare_rule(&within, &d);
    return d.changes;
}

/* "severity=high\n": what a form sets, whatever the rule was before. */
static char *settings_of(const struct ruleset *s, const struct compiled_rule *base,
                         size_t form)
{
    auto_json struct json *changes = form_changes(s, base, form);
    struct buffer b = {0};

    for (size_t i = 0; i < json_count(changes); i++) {
        const struct json *o = json_item(changes, i);

        buffer_print(&b, "%s=%s\n", json_get_text(o, "what", ""),
                     json_text(json_get(o, "after"), ""));
    }
    return buffer_take(&b);
}

/* The rule is changed alike at the same site and time. */
static bool has_turn(const struct ruleset *s, const struct compiled_rule *base,
                     const struct rule_turn *asked, const char *settings)
{
    for (size_t i = 0; base && i < base->turn_count; i++) {
        const struct rule_turn *t = &base->turns[i];
        auto_free char *theirs = settings_of(s, base, t->rule);

        if (t->from == asked->from && t->until == asked->until &&
            strcmp(t->site ? t->site : "", asked->site ? asked->site : "") == 0 &&
            strcmp(theirs, settings) == 0)
            return true;
    }
    return false;
}

static void add_turn(struct difference *d, const struct json *changes,
                     const struct rule_turn *t, bool gone)
{
    auto_free char *where = when_and_where(t);

    for (size_t i = 0; i < json_count(changes); i++) {
        const struct json *o = json_item(changes, i);
        auto_free char *what = xasprintf("%s%s, %s", gone ? "no longer " : "",
                                         json_get_text(o, "what", ""), where);
        const char *before = json_text(json_get(o, "before"), NULL);
        const char *after = json_text(json_get(o, "after"), NULL);

        add_change(d, what, gone ? after : before, gone ? before : after);
    }
}

/* The turns of one side that the other does not have. */
static void add_turns(struct difference *d, const struct ruleset *s,
                      const struct compiled_rule *rule, const struct ruleset *others,
                      const struct compiled_rule *other, bool gone)
{
    for (size_t i = 0; rule && i < rule->turn_count; i++) {
        const struct rule_turn *t = &rule->turns[i];
        auto_free char *settings = settings_of(s, rule, t->rule);
        auto_json struct json *changes = form_changes(s, rule, t->rule);

        if (!has_turn(others, other, t, settings))
            add_turn(d, changes, t, gone);
    }
}

static void compare_local(const struct diffing *x, struct difference *d)
{
    if (d->after)
        add_turns(d, x->old, d->before, x->new, d->after, true);
    add_turns(d, x->new, d->after, x->old, d->before, false);
}

static void note(struct diffing *x, const struct compiled_rule *a,
                 const struct compiled_rule *b)
{
    struct difference d = {a, b, json_new_list()};

    if (a && b)
        compare_rule(x, &d);
    compare_local(x, &d);
    if (a && b && json_count(d.changes) == 0) {
        json_free(d.changes);
        x->same++;
        return;
    }
    x->at = xgrow(x->at, x->count, &x->capacity, sizeof(*x->at));
    x->at[x->count++] = d;
}

static const struct compiled_rule *rule_named(const struct ruleset *s, const char *id)
{
    int found = ruleset_find(s, id);

    return found < 0 ? NULL : &s->rules[found];
}

static int by_id(const void *a, const void *b)
{
    const struct difference *x = a, *y = b;
    const struct compiled_rule *p = x->after ? x->after : x->before;
    const struct compiled_rule *q = y->after ? y->after : y->before;

    return strcmp(p->rule.id, q->rule.id);
}

static void compare(struct diffing *x)
{
    for (size_t i = 0; i < x->new->rule_count; i++)
        if (!rule_is_changed(x->new, i))
            note(x, rule_named(x->old, x->new->rules[i].rule.id), &x->new->rules[i]);
    for (size_t i = 0; i < x->old->rule_count; i++)
        if (!rule_is_changed(x->old, i) && !rule_named(x->new, x->old->rules[i].rule.id))
            note(x, &x->old->rules[i], NULL);
    if (x->count > 0)
        qsort(x->at, x->count, sizeof(*x->at), by_id);
}

/* ---- telling ---- */

static const char *kind_of(const struct difference *d)
{
    return !d->before ? "added" : !d->after ? "removed" : "changed";
}

static void print_change(const struct json *o)
{
    const struct json *a = json_get(o, "before"), *b = json_get(o, "after");
    const char *before = json_text(a, "not set"), *after = json_text(b, "not set");
    bool is_long = strlen(before) + strlen(after) > 60;

    printf(is_long ? "    %s:\n      before: %s\n      after:  %s\n"
                   : "    %s: %s -> %s\n",
           json_get_text(o, "what", ""), before, after);
}

static void print_text(const struct diffing *x, const struct json *alerts)
{
    size_t kinds[3] = {0};

    for (size_t i = 0; i < x->count; i++) {
        const struct difference *d = &x->at[i];
        const struct rule *rule;

        assert(d->before || d->after);
        rule = d->after ? &d->after->rule : &d->before->rule;
        kinds[!d->before ? 0 : !d->after ? 1 : 2]++;
        printf("%s %s: %s\n", kind_of(d), rule->id, rule->title);
        for (size_t k = 0; k < json_count(d->changes); k++)
            print_change(json_item(d->changes, k));
    }
    printf("%zu added, %zu removed, %zu changed, %zu the same\n", kinds[0], kinds[1],
           kinds[2], x->same);
    for (size_t i = 0; alerts && i < json_count(alerts); i++) {
        const struct json *row = json_item(alerts, i);

        if (i == 0)
            printf("\n%-40s %9s %9s %9s\n", "ALERTS OF", "ONLY OLD", "ONLY NEW", "BOTH");
        printf("%-40s %9lld %9lld %9lld\n", json_get_text(row, "rule", ""),
               (long long)json_get_number(row, "only_old", 0),
               (long long)json_get_number(row, "only_new", 0),
               (long long)json_get_number(row, "both", 0));
    }
    if (alerts && json_count(alerts) == 0)
        puts("\nNo alerts, neither with the old rules nor with the new.");
}

static void print_json(const struct diffing *x, struct json *alerts)
{
    auto_json struct json *doc = json_new_object();
    struct json *rules = json_new_list();
    auto_free char *text = NULL;

    for (size_t i = 0; i < x->count; i++) {
        const struct difference *d = &x->at[i];
        const struct rule *rule = &(d->after ? d->after : d->before)->rule;
        struct json *o = json_new_object();

        json_put_text(o, "rule", rule->id);
        json_put_text(o, "title", rule->title);
        json_put_text(o, "what", kind_of(d));
        json_put(o, "changes", json_clone(d->changes));
        json_add(rules, o);
    }
    json_put(doc, "rules", rules);
    json_put_number(doc, "same", (int64_t)x->same);
    if (alerts)
        json_put(doc, "alerts", json_clone(alerts));
    text = json_write_pretty(doc);
    puts(text);
}

static int tell(const struct diff_options *o, const struct rules_side *old,
                const struct rules_side *new)
{
    struct diffing x = {.old = old->world.rules, .new = new->world.rules};
    auto_json struct json *alerts =
        o->pcaps.count ? alerts_diff(&o->pcaps, old, new) : NULL;

    compare(&x);
    if (o->json)
        print_json(&x, alerts);
    else
        print_text(&x, alerts);
    for (size_t i = 0; i < x.count; i++)
        json_free(x.at[i].changes);
    free(x.at);
    return o->pcaps.count && !alerts ? EXIT_FAULT : 0;
}

int rules_diff(const void *values, int argc, char **argv)
{
    const struct diff_options *o = values;
    auto_diags struct diags *d = diags_new();
    struct rules_side old = {0}, new = {0};
    int status = EXIT_FAULT;

    (void)argc;
    old.settings =
        (struct world_settings){.district = o->district,
                                .lists = o->old_lists ? o->old_lists : o->lists,
                                .site = o->site};
    new.settings = old.settings;
    new.settings.lists = o->lists;
    if (rules_side_load(&old, argv[0], d) && rules_side_load(&new, argv[1], d))
        status = tell(o, &old, &new);
    else
        report_aside(d);
    rules_side_done(&old);
    rules_side_done(&new);
    return status;
}
