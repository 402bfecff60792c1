/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manual of a rule set: what each rule means, shows and does not show, for those who
 * act on its alerts. The same rules give the same page.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/page.h"
#include "cli/rules.h"
#include "json.h"
#include "mem.h"
#include "ruleset.h"

struct writing {
    struct page page;
    const struct ruleset *rules;
};

/* ---- conditions in words ---- */

static const char *const op_words[] = {
    [OP_EQ] = "is",
    [OP_NE] = "is there and is not",
    [OP_LT] = "is less than",
    [OP_LE] = "is at most",
    [OP_GT] = "is more than",
    [OP_GE] = "is at least",
    [OP_EXISTS] = "is there",
    [OP_IN] = "is one of",
    [OP_UNDER] = "is a name of, or below,",
    [OP_STARTSWITH] = "begins with",
    [OP_ENDSWITH] = "ends with",
    [OP_CONTAINS] = "contains",
    [OP_GLOB] = "looks like",
    [OP_MATCHES] = "fits the pattern",
    [OP_ANY_OF] = "has any of",
    [OP_ALL_OF] = "has all of",
};

static void put_predicate(const struct expr *e, struct buffer *out)
{
    enum field_id f = field_find(e->name.at, e->name.len);

    buffer_print(out, "%.*s", (int)e->name.len, e->name.at);
    if (f != FIELD_UNKNOWN)
        buffer_print(out, " (%s)", field_get(f)->meaning);
    buffer_print(out, " %s", op_words[e->op]);
    for (size_t i = 0; i < e->operand_count; i++) {
        const struct operand *o = &e->operands[i];

        buffer_print(out, "%s%s%.*s", i ? ", " : " ",
                     o->kind == OPERAND_LIST ? "the list " : "", (int)o->text.len,
                     o->text.at);
    }
}

/* "a and b and c" is one list of three. */
static void put_condition(struct writing *w, const struct expr *e, unsigned depth)
{
    auto_buffer struct buffer text = {0};

    switch (e->kind) {
    case EXPR_AND:
    case EXPR_OR:
        page_item(&w->page, depth, NULL,
                  e->kind == EXPR_AND ? "all of these:" : "at least one of these:");
        while (e->left->kind == e->kind && e->right->kind != e->kind) {
            put_condition(w, e->right, depth + 1);
            e = e->left;
        }
        put_condition(w, e->left, depth + 1);
        put_condition(w, e->right, depth + 1);
        return;
    case EXPR_NOT:
        page_item(&w->page, depth, NULL, "and not:");
        put_condition(w, e->left, depth + 1);
        return;
    case EXPR_MACRO:
        buffer_print(&text, "%.*s, which means:", (int)e->name.len, e->name.at);
        page_item(&w->page, depth, NULL, text.at);
        if (e->macro && e->macro->expr)
            put_condition(w, e->macro->expr, depth + 1);
        return;
    case EXPR_PREDICATE:
        put_predicate(e, &text);
        page_item(&w->page, depth, NULL, text.at);
    }
}

static void put_by(struct buffer *b, const enum field_id *by, size_t count, usec_t within)
{
    char span[CLOCK_TEXT];

    clock_print_duration(within, span);
    for (size_t i = 0; i < count; i++)
        buffer_print(b, "%s%s", i ? " and " : " for each ", field_get(by[i])->name);
    buffer_print(b, ", within %s", span);
}

/* "20 events", "50 different values of dst.ip", "70 per cent of ..." */
static void put_amount(struct buffer *b, const struct rule_window *win)
{
    const char *of = win->of == FIELD_UNKNOWN ? "" : field_get(win->of)->name;
    unsigned long long reach = win->reach;
    char shortest[CLOCK_TEXT], longest[CLOCK_TEXT];

    switch (win->kind) {
    case WINDOW_NONE:
        break;
    case WINDOW_COUNT:
        clock_print_duration(win->apart, shortest);
        if (win->apart)
            buffer_print(b, "%llu visits (events closer together than %s are one)", reach,
                         shortest);
        else
            buffer_print(b, "%llu events", reach);
        break;
    case WINDOW_DISTINCT:
        buffer_print(b, "%llu different values of %s", reach, of);
        break;
    case WINDOW_SUM:
        buffer_print(b, "%llu in the sum of %s", reach, of);
        break;
    case WINDOW_RATIO:
        buffer_print(b, "%llu per cent of the events of the one kind", reach);
        break;
    case WINDOW_SHARE:
        buffer_print(b, "%llu per cent of the sum of %s of one %s alone", reach, of,
                     field_get(win->value)->name);
        break;
    case WINDOW_REGULAR:
        clock_print_duration(win->shortest, shortest);
        clock_print_duration(win->longest, longest);
        buffer_print(
            b, "%u events in a row at even times (%s to %s apart, %u %% off at most)",
            (unsigned)win->times, shortest, longest, (unsigned)win->jitter);
        break;
    }
}

static void put_state(struct writing *w, const struct rule *rule)
{
    const struct rule_window *win = &rule->window;
    auto_buffer struct buffer b = {0};

    if (win->kind != WINDOW_NONE) {
        buffer_text(&b, win->above ? "more than " : "at least ");
        put_amount(&b, win);
        put_by(&b, win->by, win->by_count, win->within);
    } else if (rule->sequence.steps > 0) {
        buffer_text(&b, "the steps below, one after the other,");
        put_by(&b, rule->sequence.keys.by, rule->sequence.keys.by_count,
               rule->sequence.keys.within);
    } else if (rule->combine.count > 0) {
        buffer_print(&b, "at least %u of the rules", rule->combine.at_least);
        for (size_t i = 0; i < rule->combine.count; i++)
            buffer_print(&b, "%s %s", i ? "," : "",
                         ruleset_rule(w->rules, rule->combine.of[i])->id);
        put_by(&b, rule->combine.keys.by, rule->combine.keys.by_count,
               rule->combine.keys.within);
    }
    page_line(&w->page, "Only when there are", b.len ? b.at : NULL);
}

/* "segments lab and shop; not groups managed" */
static void put_places(struct buffer *b, const char *kind, const struct text *names,
                       size_t count, bool except)
{
    if (count == 0)
        return;
    buffer_print(b, "%s%s%s", b->len ? "; " : "", except ? "not " : "", kind);
    for (size_t i = 0; i < count; i++)
        buffer_print(b, "%s %.*s", i ? "," : "", (int)names[i].len, names[i].at);
}

static void put_audiences(struct buffer *b, uint32_t audiences, bool except)
{
    const char *between = except ? "not audiences" : "audiences";

    if (audiences == 0)
        return;
    buffer_text(b, b->len ? "; " : "");
    for (size_t i = 0; i < names_audience.count; i++)
        if (audiences >> i & 1) {
            buffer_print(b, "%s %s", between, names_get(&names_audience, i));
            between = ",";
        }
}

static void put_scope(struct writing *w, const struct scope *s)
{
    static const char *const kinds[SCOPE_PARTS] = {[SCOPE_SITES] = "sites",
                                                   [SCOPE_SITE_TYPES] = "kinds of school",
                                                   [SCOPE_SEGMENTS] = "segments",
                                                   [SCOPE_GROUPS] = "groups of devices"};
    auto_buffer struct buffer b = {0};

    for (size_t p = 0; p < SCOPE_PARTS; p++) {
        put_places(&b, kinds[p], s->only[p].names, s->only[p].count, false);
        put_places(&b, kinds[p], s->not [p].names, s->not [p].count, true);
    }
    put_audiences(&b, s->audiences, false);
    put_audiences(&b, s->not_audiences, true);
    page_line(&w->page, "Only in", b.len ? b.at : NULL);
}

/* "Step silence: for 10m no event for which holds"; one with fields of its own tells
 * whose it is: "attempt (of dst.ip)". */
static void put_part(struct writing *w, const struct compiled_rule *c, size_t i)
{
    const struct rule_sequence *q = &c->rule.sequence;
    auto_buffer struct buffer b = {0};
    char silence[CLOCK_TEXT];

    buffer_text(&b, c->parts[i].name);
    for (size_t k = 0; q->apart && k < q->keys.by_count; k++)
        buffer_print(&b, "%s%s", k ? " and " : " (of ", field_get(q->by[i][k])->name);
    buffer_text(&b, q->apart ? ")" : "");
    if (q->silences >> i & 1) {
        clock_print_duration(q->silence[i], silence);
        buffer_print(&b, ", a silence: for %s after it comes no event for which holds",
                     silence);
    }
    page_line(&w->page, c->rule.window.kind == WINDOW_RATIO ? "Side" : "Step", b.at);
}

static void put_when(struct writing *w, const struct compiled_rule *c)
{
    if (c->scope != NO_SCOPE)
        put_scope(w, &w->rules->scopes[c->scope]);
    if (c->during)
        page_line(&w->page, "Only during", c->during->name);
    if (c->not_during)
        page_line(&w->page, "Never during", c->not_during->name);
    if (c->written) {
        page_label(&w->page, "It is met by an event for which holds");
        page_items_begin(&w->page);
        put_condition(w, c->written, 0);
        page_items_end(&w->page);
    }
    put_state(w, &c->rule);
    for (size_t i = 0; i < c->part_count; i++) {
        if (c->parts[i].when == c->written)
            continue;
        put_part(w, c, i);
        page_items_begin(&w->page);
        put_condition(w, c->parts[i].when, 0);
        page_items_end(&w->page);
    }
}

/* ---- the rest of a rule ---- */

static void put_severity(struct writing *w, const struct rule *rule)
{
    auto_buffer struct buffer b = {0};
    bool all = true;

    for (size_t i = BAND_NONE; i <= BAND_STAFF; i++)
        all = all && rule->severity[i] == rule->severity[0];
    for (size_t i = BAND_NONE; i <= BAND_STAFF; i++)
        if (all && i == BAND_NONE)
            buffer_text(&b, names_get(&names_severity, rule->severity[0]));
        else if (!all)
            buffer_print(&b, "%s%s: %s", b.len ? ", " : "",
                         i == BAND_NONE ? "no age band" : names_get(&names_age_band, i),
                         names_get(&names_severity, rule->severity[i]));
    page_line(&w->page, "Severity", b.at);
}

static void put_texts(struct writing *w, const char *label, const char *const *texts,
                      size_t count)
{
    if (count == 0)
        return;
    page_label(&w->page, label);
    page_items_begin(&w->page);
    for (size_t i = 0; i < count; i++)
        page_item(&w->page, 0, NULL, texts[i]);
    page_items_end(&w->page);
}

static void put_labels(struct writing *w, const struct node *n)
{
    auto_buffer struct buffer b = {0};

    for (size_t i = 0; n && node_kind(n) == NODE_MAP && i < node_count(n); i++)
        buffer_print(&b, "%s%s: %s", i ? ", " : "", node_text(node_key(n, i)),
                     node_text(node_value(n, i)));
    for (size_t i = 0; n && node_kind(n) == NODE_LIST && i < node_count(n); i++)
        buffer_print(&b, "%s%s", i ? ", " : "", node_text(node_item(n, i)));
    page_line(&w->page, "Labels", n && node_kind(n) == NODE_SCALAR ? node_text(n) : b.at);
}

static void put_tests(struct writing *w, const struct node *n)
{
    if (!n || node_kind(n) != NODE_LIST || node_count(n) == 0)
        return;
    page_label(&w->page, "Tested that");
    page_items_begin(&w->page);
    for (size_t i = 0; i < node_count(n); i++) {
        const struct node *name = node_kind(node_item(n, i)) == NODE_MAP
                                      ? node_get(node_item(n, i), "name")
                                      : NULL;

        page_item(&w->page, 0, NULL, name ? node_text(name) : "a test without a name");
    }
    page_items_end(&w->page);
}

/* What overlays change in it, by whose word and until when. */
static void put_local(struct writing *w, const char *rule)
{
    const struct rule_change *changes;
    size_t count = ruleset_changes(w->rules, &changes);
    char until[CLOCK_TEXT];
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        const struct rule_change *c = &changes[i];
        auto_buffer struct buffer b = {0};

        if (strcmp(c->rule, rule) != 0)
            continue;
        if (!any)
            page_label(&w->page, "Changed here");
        if (!any)
            page_items_begin(&w->page);
        any = true;
        clock_print(c->until - 1, until);
        buffer_print(&b, "%s, at %s, up to %.10s (%s: %s)", c->what,
                     c->sites ? c->sites : "all sites", until, c->owner, c->why);
        page_item(&w->page, 0, NULL, b.at);
    }
    if (any)
        page_items_end(&w->page);
}

static void put_hidden(struct writing *w, const struct rule *rule)
{
    auto_buffer struct buffer b = {0};

    for (enum field_id f = 0; f < FIELD_COUNT; f++)
        if (field_set_has(&rule->hide, f) && field_get(f)->privacy != PRIVACY_HOST)
            buffer_print(&b, "%s%s", b.len ? ", " : "", field_get(f)->name);
    if (field_set_has(&rule->hide, FIELD_HOST))
        buffer_print(&b, "%swhat was visited", b.len ? ", " : "");
    page_line(&w->page, "Left out of its alerts", b.len ? b.at : NULL);
}

static void put_rule(struct writing *w, const struct compiled_rule *c)
{
    const struct rule *rule = &c->rule;
    auto_free char *playbook =
        rule->playbook ? xasprintf("%s (after hours: %s)", rule->playbook,
                                   names_get(&names_after_hours, rule->after_hours))
                       : NULL;
    auto_buffer struct buffer heading = {0};

    buffer_print(&heading, "%s (%s)", rule->title, rule->id);
    page_heading(&w->page, 3, rule->id, heading.at);
    if (rule->why)
        page_paragraph(&w->page, rule->why);
    page_line(&w->page, "What it does not show", rule->shows_not);
    put_texts(w, "Known harmless causes", rule->traps, rule->trap_count);
    put_severity(w, rule);
    page_line(&w->page, "Who acts first", names_get(&names_role, rule->owner));
    page_line(&w->page, "Playbook", playbook);
    page_line(&w->page, "Shows of a person at most",
              names_get(&names_identity, rule->identity));
    put_hidden(w, rule);
    if (rule->mode != MODE_ALERT)
        page_line(&w->page, "Mode", names_get(&names_rule_mode, rule->mode));
    put_when(w, c);
    put_texts(w, "References", rule->references, rule->reference_count);
    put_labels(w, node_get(c->node, "labels"));
    put_tests(w, node_get(c->node, "tests"));
    put_local(w, rule->id);
}

/* ---- lists ---- */

static void put_list(struct writing *w, const struct list_def *l)
{
    const struct listdb *db = w->rules->settings.lists;
    const struct list_info *info =
        l->listdb >= 0 && db ? listdb_info(db, (unsigned)l->listdb) : NULL;
    auto_buffer struct buffer b = {0};
    char fetched[CLOCK_TEXT] = "";

    buffer_print(&b, "%s: ", l->name);
    if (info) {
        clock_print(info->fetched, fetched);
        buffer_print(&b, "%llu entries, from %s, of %.10s%s%s",
                     (unsigned long long)info->entries,
                     *info->source ? info->source : "an unnamed source", fetched,
                     *info->licence ? ", licence " : "", info->licence);
    } else if (l->items) {
        buffer_print(&b, "%zu entries, in the rule file", node_count(l->items));
    } else {
        buffer_text(&b, "not there");
    }
    page_item(&w->page, 0, NULL, b.at);
}

static int by_name(const void *a, const void *b)
{
    const struct list_def *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static void put_lists(struct writing *w)
{
    size_t count = w->rules->list_count;
    auto_free const struct list_def **all = xcalloc(count + 1, sizeof(*all));

    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        all[i] = &w->rules->lists[i];
    qsort(all, count, sizeof(struct list_def *), by_name);
    page_heading(&w->page, 2, "lists", "Lists that the rules ask");
    page_items_begin(&w->page);
    for (size_t i = 0; i < count; i++)
        put_list(w, all[i]);
    page_items_end(&w->page);
}

/* ---- the page ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void put_link(struct writing *w, const struct rule *rule)
{
    auto_free char *text = xasprintf("%s: %s", rule->id, rule->title);

    page_item(&w->page, 1, rule->id, text);
}

/* The rule after this one; the forms that overlays give it are told with it. */
static size_t next_rule(const struct ruleset *s, size_t i)
{
    do
        i++;
    while (i < s->rule_count && rule_is_changed(s, i));
    return i;
}

static void put_contents(struct writing *w)
{
    const struct ruleset *s = w->rules;
    const struct ruleset_file *file = NULL;

    page_heading(&w->page, 2, NULL, "By file");
    page_items_begin(&w->page);
    for (size_t i = 0; i < s->rule_count; i = next_rule(s, i)) {
        if (s->rules[i].file != file)
            page_item(&w->page, 0, NULL, base_name(s->rules[i].file->path));
        file = s->rules[i].file;
        put_link(w, &s->rules[i].rule);
    }
    page_items_end(&w->page);
    page_heading(&w->page, 2, NULL, "By who acts first");
    page_items_begin(&w->page);
    for (size_t role = 0; role < names_role.count; role++) {
        bool first = true;

        for (size_t i = 0; i < s->rule_count; i = next_rule(s, i)) {
            if (s->rules[i].rule.owner != role)
                continue;
            if (first)
                page_item(&w->page, 0, NULL, names_get(&names_role, role));
            first = false;
            put_link(w, &s->rules[i].rule);
        }
    }
    page_items_end(&w->page);
}

static void put_page(struct writing *w)
{
    const struct ruleset *s = w->rules;
    const struct ruleset_file *file = NULL;
    size_t count = 0;
    auto_free char *about = NULL;

    for (size_t i = 0; i < s->rule_count; i = next_rule(s, i))
        count++;
    about =
        xasprintf("%zu rule%s, version %s.", count, count == 1 ? "" : "s", s->version);

    page_begin(&w->page, "Rules");
    page_heading(&w->page, 1, NULL, "Rules");
    page_paragraph(&w->page, about);
    put_contents(w);
    for (size_t i = 0; i < s->rule_count; i = next_rule(s, i)) {
        if (s->rules[i].file != file)
            page_heading(&w->page, 2, NULL, base_name(s->rules[i].file->path));
        file = s->rules[i].file;
        put_rule(w, &s->rules[i]);
    }
    put_lists(w);
    page_end(&w->page);
}

int rules_doc(const void *values, int argc, char **argv)
{
    const struct rules_options *o = values;
    const char *format = o->json ? "json" : o->format ? o->format : "markdown";
    auto_diags struct diags *d = diags_new();
    struct world_settings settings = rules_world(o, argc, argv);
    struct writing w = {0};
    struct world world = {0};

    if (strcmp(format, "markdown") != 0 && strcmp(format, "html") != 0 && !o->json) {
        fprintf(stderr, "hallwatch: a format is markdown or html, not \"%s\"\n", format);
        return OPTIONS_USAGE;
    }
    w.page.html = strcmp(format, "html") == 0;
    if (!world_load(&world, &settings, d)) {
        world_done(&world);
        return report_aside(d);
    }
    w.rules = world.rules;
    put_page(&w);
    if (o->json) {
        auto_json struct json *doc = json_new_object();
        auto_free char *text = NULL;

        json_put_text(doc, "version", world.rules->version);
        json_put_bytes(doc, "markdown", (struct text){w.page.out.at, w.page.out.len});
        text = json_write_pretty(doc);
        puts(text);
    } else {
        fwrite(w.page.out.at, 1, w.page.out.len, stdout);
    }
    buffer_done(&w.page.out);
    world_done(&world);
    return 0;
}
