/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local changes of shipped rules, from overlay files.
 *
 * A change ends, in the time of the packets, so the shipped rule stays beside what it is
 * changed to. For each site that is named, and for all others, the time is cut at the
 * ends of the changes; what holds between two cuts is a form of the rule: its tree with
 * the changes in it, read and compiled like any rule, and told to hold then and there.
 */
#include "items.h"
#include "mem.h"
#include "ruleset.h"

#define CHANGES_MAX 64 /* of one rule */

enum change_kind { CHANGE_SET, CHANGE_EXCEPTION, CHANGE_DISABLE, CHANGE_KINDS };

static const struct section {
    const char *key, *what;
} sections[CHANGE_KINDS] = {
    [CHANGE_SET] = {"set", "a change"},
    [CHANGE_EXCEPTION] = {"add_exceptions", "an added exception"},
    [CHANGE_DISABLE] = {"disable", "a change"},
};

struct change {
    enum change_kind kind;
    const struct node *body;
    const struct node *sites; /* NULL: all */
    size_t base;
    struct rule_until until;
};

struct overlays {
    struct rule_reader *r;
    struct change *at;
    size_t count;
    struct compiled_rule *rules; /* those of the set, each with its forms behind it */
    size_t rule_count, rule_capacity;
    struct rule_turn *turns; /* of one rule */
    size_t turn_count, turn_capacity;
};

/* ---- what a change may say ---- */

static const char *const said_of_change[] = {"rule", "until", "owner", "why", "ticket"};
#define SAID (sizeof(said_of_change) / sizeof(said_of_change[0]))

static bool is_said_of_change(const char *key)
{
    for (size_t i = 0; i < SAID; i++)
        if (strcmp(key, said_of_change[i]) == 0)
            return true;
    return false;
}

/* Not `owner`, which is that of the change; not `combine`, whose rules must be known when
 * others are linked to it. */
static const char *const settable[] = {
    "rule",     "until",    "owner",    "why",      "ticket",     "title",
    "severity", "watch",    "scope",    "during",   "not_during", "when",
    "window",   "sequence", "dedup",    "identity", "aggregate",  "burst",
    "inhibits", "mode",     "evidence", "response",
};

static void check_keys(struct overlays *o, enum change_kind kind, const struct node *n)
{
    static const char *const exception[] = {"rule", "name", "fields", "ops", "values"};
    struct diags *d = o->r->diags;

    if (kind == CHANGE_EXCEPTION)
        node_check_keys(n, "an added exception", exception, 5, d);
    else if (kind == CHANGE_DISABLE)
        node_check_keys(n, "a disabled rule", said_of_change, SAID, d);
    else
        node_check_keys(n, "a change", settable, sizeof(settable) / sizeof(settable[0]),
                        d);
    if (kind == CHANGE_SET && node_count(n) > 0) {
        for (size_t i = 0; i < node_count(n); i++)
            if (!is_said_of_change(node_text(node_key(n, i))))
                return;
        diags_error(d, node_place(n), "E0553", "the change sets nothing");
    }
}

/* ---- which rule ---- */

static const char *id_of(const struct compiled_rule *c)
{
    const struct node *id = node_get(c->node, "id");

    return id ? node_text(id) : "";
}

static bool find_base(struct overlays *o, const struct ruleset_file *f,
                      const struct node *n, size_t *ret_base)
{
    struct ruleset *s = o->r->set;
    auto_free const char **ids = xcalloc(s->rule_count + 1, sizeof(*ids));
    const char *id;
    size_t count = 0;

    if (!n || !node_read_text(n, &id, o->r->diags))
        return false;
    for (size_t i = 0; i < s->rule_count; i++) {
        if (strcmp(s->rules[i].file->name, f->name) != 0)
            continue;
        ids[count++] = id_of(&s->rules[i]);
        if (strcmp(ids[count - 1], id) != 0)
            continue;
        *ret_base = i;
        return true;
    }
    diags_error(o->r->diags, node_place(n), "E0209",
                "unknown rule \"%s\" in rule set \"%s\"", id, f->name);
    diags_suggest(o->r->diags, id, ids, count);
    return false;
}

static bool find_ruleset(struct overlays *o, const struct ruleset_file *f)
{
    struct ruleset *s = o->r->set;
    auto_free const char **names = xcalloc(s->file_count + 1, sizeof(*names));
    const struct node *n = node_get(yaml_root(f->yaml), "overlay_of");
    size_t count = 0;

    for (size_t i = 0; i < s->file_count; i++) {
        if (s->files[i].overlay)
            continue;
        names[count++] = s->files[i].name;
        if (strcmp(s->files[i].name, f->name) == 0)
            return true;
    }
    diags_error(o->r->diags, node_place(n), "E0550", "there is no rule set \"%s\"",
                f->name);
    diags_suggest(o->r->diags, f->name, names, count);
    diags_hint(o->r->diags,
               "an overlay is loaded together with the rules that it changes");
    return false;
}

/* ---- where ---- */

static bool is_site_of(const struct node *sites, const char *site)
{
    for (size_t i = 0; sites && i < items_count(sites); i++)
        if (strcmp(node_text(items_at(sites, i)), site) == 0)
            return true;
    return !sites;
}

static bool sites_meet(const struct node *a, const struct node *b)
{
    for (size_t i = 0; a && i < items_count(a); i++)
        if (is_site_of(b, node_text(items_at(a, i))))
            return true;
    return !a || !b;
}

static bool check_sites(struct overlays *o, const struct node *sites)
{
    const struct district *di = o->r->set->settings.district;
    size_t count = di ? di->site_count : 0;
    auto_free const char **names = xcalloc(count + 1, sizeof(*names));
    bool good = true;

    for (size_t i = 0; i < count; i++)
        names[i] = di->sites[i].id;
    for (size_t i = 0; sites && i < items_count(sites); i++) {
        const struct node *n = items_at(sites, i);
        const char *name;

        if (!node_read_text(n, &name, o->r->diags)) {
            good = false;
        } else if (di && !district_site(di, name)) {
            diags_error(o->r->diags, node_place(n), "E0218",
                        "the district has no site \"%s\"", name);
            diags_suggest(o->r->diags, name, names, count);
            good = false;
        }
    }
    return good;
}

/* ---- until when ---- */

/* An added exception holds until its last value ends: each ends by itself. */
static bool read_values_until(struct overlays *o, struct change *c)
{
    const struct node *values =
        node_need(c->body, "the exception", "values", o->r->diags);
    bool good = true;

    if (!values || !node_is(values, NODE_LIST, o->r->diags))
        return false;
    if (node_count(values) == 0) {
        diags_error(o->r->diags, node_place(values), "E0553", "the change adds nothing");
        return false;
    }
    for (size_t i = 0; i < node_count(values); i++) {
        struct rule_until until = {0};

        if (!node_is(node_item(values, i), NODE_MAP, o->r->diags) ||
            !rule_until_read(o->r, node_item(values, i), "the value", &until)) {
            good = false;
            continue;
        }
        rule_until_tell(o->r, &until, "exception", node_text(node_get(c->body, "name")),
                        id_of(&o->r->set->rules[c->base]));
        if (until.end > c->until.end)
            c->until = until;
    }
    return good;
}

/* ---- reading ---- */

/* "severity, mode", for people. */
static const char *what_changes(struct overlays *o, const struct change *c)
{
    auto_buffer struct buffer b = {0};

    if (c->kind == CHANGE_DISABLE)
        return "disabled";
    if (c->kind == CHANGE_EXCEPTION)
        buffer_print(&b, "exception %s", node_text(node_get(c->body, "name")));
    for (size_t i = 0; c->kind == CHANGE_SET && i < node_count(c->body); i++)
        if (!is_said_of_change(node_text(node_key(c->body, i))))
            buffer_print(&b, "%s%s", b.len ? ", " : "", node_text(node_key(c->body, i)));
    return arena_text(&o->r->set->arena, (struct text){b.at, b.len}).at;
}

static const char *site_names(struct overlays *o, const struct node *sites)
{
    auto_buffer struct buffer b = {0};

    for (size_t i = 0; sites && i < items_count(sites); i++)
        buffer_print(&b, "%s%s", i ? ", " : "", node_text(items_at(sites, i)));
    return b.len ? arena_text(&o->r->set->arena, (struct text){b.at, b.len}).at : NULL;
}

static void note_change(struct overlays *o, const struct change *c)
{
    struct ruleset *s = o->r->set;

    s->changes[s->change_count++] =
        (struct rule_change){.rule = id_of(&s->rules[c->base]),
                             .what = what_changes(o, c),
                             .sites = site_names(o, c->sites),
                             .owner = c->until.owner,
                             .why = c->until.why,
                             .until = c->until.end,
                             .place = node_place(c->body)};
}

static void read_change(struct overlays *o, const struct ruleset_file *f,
                        enum change_kind kind, const struct node *n)
{
    struct change c = {.kind = kind, .body = n};
    struct diags *d = o->r->diags;
    bool good;

    if (!node_is(n, NODE_MAP, d))
        return;
    check_keys(o, kind, n);
    c.sites = node_get(yaml_root(f->yaml), "site");
    good = find_base(o, f, node_need(n, sections[kind].what, "rule", d), &c.base);
    if (kind == CHANGE_EXCEPTION)
        good = node_need(n, sections[kind].what, "name", d) && good &&
               read_values_until(o, &c);
    else
        good = rule_until_read(o->r, n, sections[kind].what, &c.until) && good;
    if (!good)
        return;
    if (kind != CHANGE_EXCEPTION)
        rule_until_tell(o->r, &c.until, "local change", what_changes(o, &c),
                        id_of(&o->r->set->rules[c.base]));
    o->at[o->count++] = c;
    note_change(o, &c);
}

static size_t section_count(const struct ruleset_file *f, enum change_kind kind)
{
    const struct node *n = node_get(yaml_root(f->yaml), sections[kind].key);

    return n && node_kind(n) == NODE_LIST ? node_count(n) : 0;
}

static void read_overlay(struct overlays *o, const struct ruleset_file *f)
{
    const struct node *root = yaml_root(f->yaml);

    if (!find_ruleset(o, f) || !check_sites(o, node_get(root, "site")))
        return;
    for (enum change_kind k = 0; k < CHANGE_KINDS; k++) {
        const struct node *n = node_get(root, sections[k].key);

        if (n)
            node_is(n, NODE_LIST, o->r->diags);
        for (size_t i = 0; i < section_count(f, k); i++)
            read_change(o, f, k, node_item(n, i));
    }
}

/* ---- changes that contradict each other ---- */

/* The key of `mode` for a rule that is disabled. */
static const struct node *key_in(const struct change *c, const char *key)
{
    if (c->kind == CHANGE_DISABLE && strcmp(key, "mode") == 0)
        return node_key(c->body, 0);
    for (size_t i = 0; c->kind == CHANGE_SET && i < node_count(c->body); i++)
        if (strcmp(node_text(node_key(c->body, i)), key) == 0)
            return node_key(c->body, i);
    return NULL;
}

static void tell_clash(struct overlays *o, const struct node *second,
                       const struct node *first, const char *key, size_t base)
{
    struct place at = node_place(first);

    diags_error(o->r->diags, node_place(second), "E0551",
                "two changes set \"%s\" of rule %s", key, id_of(&o->r->set->rules[base]));
    diags_hint(o->r->diags, "the other one is at %s:%u; take one of them out", at.file,
               at.line);
}

static void check_clash(struct overlays *o, const struct change *a,
                        const struct change *b)
{
    if (a->base != b->base || !sites_meet(a->sites, b->sites))
        return;
    if (b->kind == CHANGE_DISABLE && key_in(a, "mode"))
        tell_clash(o, key_in(b, "mode"), key_in(a, "mode"), "mode", b->base);
    for (size_t i = 0; b->kind == CHANGE_SET && i < node_count(b->body); i++) {
        const struct node *key = node_key(b->body, i);

        if (!is_said_of_change(node_text(key)) && key_in(a, node_text(key)))
            tell_clash(o, key, key_in(a, node_text(key)), node_text(key), b->base);
    }
}

static void check_clashes(struct overlays *o)
{
    auto_free size_t *each = xcalloc(o->r->set->rule_count + 1, sizeof(*each));

    for (size_t i = 0; i < o->count; i++) {
        if (++each[o->at[i].base] == CHANGES_MAX + 1)
            diags_error(o->r->diags, node_place(o->at[i].body), "E0554",
                        "more than %d changes of one rule", CHANGES_MAX);
        for (size_t k = 0; k < i && each[o->at[i].base] <= CHANGES_MAX; k++)
            check_clash(o, &o->at[k], &o->at[i]);
    }
}

/* ---- a form of a rule ---- */

static const struct node *with_exception(struct overlays *o, const struct node *list,
                                         const struct node *body)
{
    struct arena *a = &o->r->set->arena;
    const char *name = node_text(node_get(body, "name"));
    const struct node *values = node_get(body, "values"), *made;

    for (size_t i = 0; i < node_count(list); i++) {
        const struct node *old = node_item(list, i), *all;

        if (node_kind(old) != NODE_MAP || !node_get(old, "name") ||
            !node_get(old, "values") ||
            strcmp(node_text(node_get(old, "name")), name) != 0)
            continue;
        all = node_get(old, "values");
        for (size_t k = 0; k < node_count(values); k++)
            all = node_with_item(a, all, node_item(values, k));
        made = node_made(a, NODE_SCALAR, "values", values);
        return node_with_other(a, list, i, node_with_pair(a, old, made, all));
    }
    made = node_made(a, NODE_MAP, "", body);
    for (size_t i = 0; i < node_count(body); i++)
        if (strcmp(node_text(node_key(body, i)), "rule") != 0)
            made = node_with_pair(a, made, node_key(body, i), node_value(body, i));
    return node_with_item(a, list, made);
}

/* What a severity as written says for a band; NULL: it is faulty, which is told there. */
static const struct node *severity_for(const struct node *written, const char *band)
{
    const struct node *highest = NULL;
    int most = -1;

    if (node_kind(written) != NODE_MAP)
        return written;
    if (node_get(written, band))
        return node_get(written, band);
    for (size_t i = 0; i < node_count(written); i++) {
        int one = names_find(&names_severity, node_text(node_value(written, i)));

        if (one <= most)
            continue;
        most = one;
        highest = node_value(written, i);
    }
    return highest;
}

/* A change of some age bands leaves the others as they are, so that a relief for one is
 * none for all: they are written out. */
static const struct node *with_severity(struct overlays *o, const struct node *before,
                                        const struct node *set)
{
    struct arena *a = &o->r->set->arena;
    const struct node *made = node_made(a, NODE_MAP, "", set);

    if (!before || node_kind(set) != NODE_MAP)
        return set;
    for (size_t i = 0; i < names_age_band.count; i++) {
        const char *band = names_get(&names_age_band, i);
        const struct node *value = severity_for(before, band);

        if (value)
            made = node_with_pair(a, made, node_made(a, NODE_SCALAR, band, set), value);
    }
    for (size_t i = 0; i < node_count(set); i++)
        made = node_with_pair(a, made, node_key(set, i), node_value(set, i));
    return made;
}

static const struct node *with_key(struct overlays *o, const struct node *rule,
                                   const struct node *key, const struct node *value)
{
    if (strcmp(node_text(key), "severity") == 0)
        value = with_severity(o, node_get(rule, "severity"), value);
    return node_with_pair(&o->r->set->arena, rule, key, value);
}

static const struct node *with_change(struct overlays *o, const struct node *rule,
                                      const struct change *c)
{
    struct arena *a = &o->r->set->arena;
    const struct node *list = node_get(rule, "exceptions");

    if (c->kind == CHANGE_DISABLE)
        return node_with_pair(a, rule, node_made(a, NODE_SCALAR, "mode", c->body),
                              node_made(a, NODE_SCALAR, "disabled", c->body));
    if (c->kind == CHANGE_EXCEPTION) {
        if (!list || node_kind(list) != NODE_LIST)
            list = node_made(a, NODE_LIST, "", c->body);
        return node_with_pair(a, rule, node_made(a, NODE_SCALAR, "exceptions", c->body),
                              with_exception(o, list, c->body));
    }
    for (size_t i = 0; i < node_count(c->body); i++)
        if (!is_said_of_change(node_text(node_key(c->body, i))))
            rule = with_key(o, rule, node_key(c->body, i), node_value(c->body, i));
    return rule;
}

static struct compiled_rule *add_rule(struct overlays *o)
{
    o->rules = xgrow(o->rules, o->rule_count, &o->rule_capacity, sizeof(*o->rules));
    return &o->rules[o->rule_count++];
}

static bool holds_there(const struct change *c, size_t base, const char *site)
{
    return c->base == base && (site ? is_site_of(c->sites, site) : !c->sites);
}

/* The form that holds at the site until the next of its changes ends after `from`;
 * 0 when none is left. */
static usec_t add_form(struct overlays *o, const struct compiled_rule *shipped,
                       size_t base, const char *site, usec_t from)
{
    struct compiled_rule form = {.node = shipped->node, .file = shipped->file};
    auto_buffer struct buffer by = {0};
    usec_t end = 0;

    for (size_t i = 0; i < o->count; i++) {
        const struct change *c = &o->at[i];
        struct place at = node_place(c->body);

        if (!holds_there(c, base, site) || c->until.end <= from)
            continue;
        end = end == 0 || c->until.end < end ? c->until.end : end;
        form.node = with_change(o, form.node, c);
        buffer_print(&by, "%s%s:%u", by.len ? ", " : "", at.file, at.line);
    }
    if (end == 0)
        return 0;
    form.rule.changed_by = arena_text(&o->r->set->arena, (struct text){by.at, by.len}).at;
    o->turns = xgrow(o->turns, o->turn_count, &o->turn_capacity, sizeof(*o->turns));
    o->turns[o->turn_count++] = (struct rule_turn){site, from, end, o->rule_count};
    *add_rule(o) = form;
    return end;
}

static void add_forms(struct overlays *o, const struct compiled_rule *shipped,
                      size_t base, const char *site)
{
    usec_t from = 0;

    for (size_t i = 0; site && i < o->turn_count; i++)
        if (o->turns[i].site && strcmp(o->turns[i].site, site) == 0)
            return;
    do
        from = add_form(o, shipped, base, site, from);
    while (from > 0);
}

/* The rule as shipped, then its forms. */
static void add_all_forms(struct overlays *o, size_t base)
{
    const struct compiled_rule *shipped = &o->r->set->rules[base];
    size_t number = o->rule_count;
    struct rule_turn *turns;

    *add_rule(o) = *shipped;
    o->turn_count = 0;
    for (size_t i = 0; i < o->count; i++)
        for (size_t k = 0;
             o->at[i].base == base && o->at[i].sites && k < items_count(o->at[i].sites);
             k++)
            add_forms(o, shipped, base, node_text(items_at(o->at[i].sites, k)));
    add_forms(o, shipped, base, NULL);
    for (size_t i = number; i < o->rule_count; i++)
        o->rules[i].base = number;
    turns = arena_array(&o->r->set->arena, o->turn_count, sizeof(*turns));
    if (o->turn_count > 0)
        memcpy(turns, o->turns, o->turn_count * sizeof(*turns));
    o->rules[number].turns = turns;
    o->rules[number].turn_count = o->turn_count;
}

static void add_rules(struct overlays *o)
{
    struct ruleset *s = o->r->set;

    for (size_t i = 0; i < s->rule_count; i++)
        add_all_forms(o, i);
    s->rules = arena_array(&s->arena, o->rule_count, sizeof(*s->rules));
    memcpy(s->rules, o->rules, o->rule_count * sizeof(*s->rules));
    s->rule_count = o->rule_count;
    free(o->rules);
    free(o->turns);
}

/* ---- all of them ---- */

void rule_overlays_read(struct rule_reader *r)
{
    struct ruleset *s = r->set;
    auto_free struct overlays *o = xcalloc(1, sizeof(*o));
    size_t most = 0, errors = diags_errors(r->diags);

    o->r = r;
    for (size_t i = 0; i < s->file_count; i++)
        for (enum change_kind k = 0; s->files[i].overlay && k < CHANGE_KINDS; k++)
            most += section_count(&s->files[i], k);
    o->at = arena_array(&s->arena, most, sizeof(*o->at));
    s->changes = arena_array(&s->arena, most, sizeof(*s->changes));
    for (size_t i = 0; i < s->file_count; i++)
        if (s->files[i].overlay)
            read_overlay(o, &s->files[i]);
    check_clashes(o);
    if (o->count > 0 && diags_errors(r->diags) == errors)
        add_rules(o);
}

void rule_overlay_blame(struct rule_reader *r, size_t form)
{
    const struct ruleset *s = r->set;
    const char *by = s->rules[form].rule.changed_by;

    for (size_t i = 0; i < s->change_count; i++) {
        const struct rule_change *c = &s->changes[i];
        auto_free char *at = xasprintf("%s:%u", c->place.file, c->place.line);

        if (strcmp(c->rule, id_of(&s->rules[form])) == 0 && strstr(by, at)) {
            diags_error(r->diags, c->place, "E0552",
                        "rule %s cannot be read with this change", c->rule);
            return;
        }
    }
}

/* ---- asking ---- */

static struct text site_of(const struct ruleset *s, const struct event *e)
{
    const struct value *site = event_get(e, FIELD_SITE_ID);

    if (site)
        return site->text;
    return text_of(s->settings.site ? s->settings.site : s->zones[0].site);
}

size_t ruleset_form(const struct ruleset *s, size_t rule, const struct event *e)
{
    const struct compiled_rule *base = &s->rules[s->rules[rule].base];
    size_t here = s->rules[rule].base, elsewhere = here;
    bool named = false;

    for (size_t i = 0; i < base->turn_count; i++) {
        const struct rule_turn *t = &base->turns[i];
        bool now = event_time(e) >= t->from && event_time(e) < t->until;

        if (!t->site) {
            elsewhere = now ? t->rule : elsewhere;
        } else if (text_equal(text_of(t->site), site_of(s, e))) {
            named = true;
            here = now ? t->rule : here;
        }
    }
    return named ? here : elsewhere;
}

bool ruleset_holds(const struct ruleset *s, size_t rule, const struct event *e)
{
    return ruleset_form(s, rule, e) == rule;
}
