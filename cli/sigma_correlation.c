/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/sigma_inside.h"
#include "items.h"
#include "rule.h"

#define RULES_MAX 8

struct correlating {
    struct sigma *s;
    struct sigma_document *doc;
    struct diags *diags;
    const struct node *rules;
    struct sigma_document *of[RULES_MAX];
    struct sigma_asked asked[RULES_MAX];
    size_t count;
    const char *within;
    struct sigma_window window;
};

static bool ask_rules(struct correlating *c)
{
    c->rules = node_need(c->doc->correlation, "the correlation", "rules", c->diags);
    if (!c->rules)
        return false;
    if (node_kind(c->rules) == NODE_MAP || items_count(c->rules) > RULES_MAX) {
        diags_error(c->diags, node_place(c->rules), "E0536",
                    "a correlation names at most %d rules here", RULES_MAX);
        return false;
    }
    for (size_t i = 0; i < items_count(c->rules); i++) {
        const struct node *n = items_at(c->rules, i);
        struct sigma_document *doc = sigma_find_document(c->s, node_text(n));

        if (!doc || !doc->detection) {
            diags_error(c->diags, node_place(n), "E0536", "%s: \"%.100s\"",
                        doc ? "correlations of correlations cannot be said here"
                            : "no rule of this name was given",
                        node_text(n));
            return false;
        }
        c->of[c->count] = doc;
        if (!sigma_ask_detection(c->s, doc, &c->asked[c->count++], c->diags))
            return false;
    }
    return c->count > 0;
}

/* A field of a correlation must mean the same in all of its rules. */
static bool read_field(struct correlating *c, const struct node *n, enum field_id *ret)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct sigma_field *f = sigma_field_find(c->asked[i].source, node_text(n));

        if (!f || f->how != SIGMA_PLAIN || (i > 0 && f->field != *ret)) {
            diags_error(c->diags, node_place(n), "E0532",
                        "events here have nothing like the field \"%.100s\"",
                        node_text(n));
            return false;
        }
        *ret = f->field;
    }
    return true;
}

static bool read_by(struct correlating *c)
{
    const struct node *n = node_get(c->doc->correlation, "group-by");

    if (!n)
        return true;
    if (node_kind(n) == NODE_MAP || items_count(n) > RULE_BY_MAX) {
        diags_error(c->diags, node_place(n), "E0536", "at most %d fields group here",
                    RULE_BY_MAX);
        return false;
    }
    for (size_t i = 0; i < items_count(n); i++)
        if (!read_field(c, items_at(n, i), &c->window.by[c->window.by_count++]))
            return false;
    return true;
}

static bool read_limit(struct correlating *c, bool distinct)
{
    const struct node *n =
        node_need(c->doc->correlation, "the correlation", "condition", c->diags);
    const struct node *gt, *gte, *field;

    if (!n || !node_is(n, NODE_MAP, c->diags))
        return false;
    gt = node_get(n, "gt");
    gte = node_get(n, "gte");
    field = node_get(n, "field");
    if (!gt == !gte || node_count(n) != 1u + (field != NULL) || !field == distinct) {
        diags_error(c->diags, node_place(n), "E0536",
                    "one of gt and gte can be said here%s",
                    distinct ? ", and the field that is counted" : ", and nothing else");
        return false;
    }
    c->window.at_least = gte;
    return (!distinct || read_field(c, field, &c->window.distinct)) &&
           node_read_number(gte ? gte : gt, 0, UINT32_MAX, &c->window.limit, c->diags);
}

/* The condition of any of its rules; they must watch the same. */
static bool write_counting(struct correlating *c, bool distinct, struct buffer *out)
{
    struct sigma_asked any = c->asked[0];
    auto_buffer struct buffer when = {0};

    if (!read_limit(c, distinct))
        return false;
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->asked[i].watch, any.watch) != 0) {
            diags_error(c->diags, node_place(c->rules), "E0536",
                        "events of different logs cannot be counted together here");
            return false;
        }
        buffer_print(&when, "%s(%s)", i ? " or " : "", c->asked[i].when.at);
    }
    any.when = when;
    sigma_put_head(c->s, c->doc, any.watch, any.source->note, out, c->diags);
    sigma_put_when(&any, out);
    sigma_note_whole(&c->window, c->diags);
    sigma_put_window(&c->window, c->within, out);
    return true;
}

static bool write_together(struct correlating *c, struct buffer *out)
{
    sigma_put_head(c->s, c->doc, NULL, NULL, out, c->diags);
    buffer_text(out, "    combine: {of: [");
    for (size_t i = 0; i < c->count; i++) {
        buffer_print(out, "%s%s", i ? ", " : "", c->of[i]->id);
        c->of[i]->is_needed = true;
    }
    buffer_print(out, "], at_least: %zu, ", c->count);
    sigma_put_by(c->window.by, c->window.by_count, out);
    buffer_print(out, ", within: %s}\n", c->within);
    return true;
}

static bool write_sequence(struct correlating *c, struct buffer *out)
{
    auto_buffer struct buffer watch = {0};

    for (size_t i = 0; i < c->count; i++) {
        bool again = false;

        for (size_t k = 0; k < i; k++)
            again = again || strcmp(c->asked[k].watch, c->asked[i].watch) == 0;
        if (!again)
            buffer_print(&watch, "%s%s", watch.len ? ", " : "", c->asked[i].watch);
    }
    sigma_put_head(c->s, c->doc, watch.at, NULL, out, c->diags);
    buffer_text(out, "    sequence:\n      ");
    sigma_put_by(c->window.by, c->window.by_count, out);
    buffer_print(out, "\n      within: %s\n      steps:\n", c->within);
    for (size_t i = 0; i < c->count; i++)
        buffer_print(out, "        - id: step-%zu\n          when: |\n            %s\n",
                     i + 1, c->asked[i].when.at);
    return true;
}

static bool write_kind(struct correlating *c, const struct node *type, struct buffer *out)
{
    const char *word = node_text(type);
    const struct node *condition = node_get(c->doc->correlation, "condition");
    bool together = strcmp(word, "temporal") == 0;

    if (strcmp(word, "event_count") == 0 || strcmp(word, "value_count") == 0)
        return write_counting(c, word[0] == 'v', out);
    if (!together && strcmp(word, "temporal_ordered") != 0) {
        diags_error(c->diags, node_place(type), "E0536",
                    "this kind of correlation cannot be said here: \"%.100s\"", word);
        return false;
    }
    if (condition || c->window.by_count == 0 || c->count < 2) {
        diags_error(c->diags, node_place(condition ? condition : c->doc->correlation),
                    "E0536",
                    "what follows one another needs two rules and group-by here, and has "
                    "no condition");
        return false;
    }
    return together ? write_together(c, out) : write_sequence(c, out);
}

bool sigma_write_correlation(struct sigma *s, struct sigma_document *doc,
                             struct buffer *out, struct diags *d)
{
    struct correlating c = {.s = s, .doc = doc, .diags = d};
    const struct node *type = node_need(doc->correlation, "the correlation", "type", d);
    const struct node *span =
        node_need(doc->correlation, "the correlation", "timespan", d);
    const struct node *aliases = node_get(doc->correlation, "aliases");
    bool good = type && span && sigma_read_span(span, &c.within, d);

    c.window = (struct sigma_window){
        .given = true, .place = node_place(doc->correlation), .distinct = FIELD_UNKNOWN};
    if (aliases) {
        diags_error(d, node_place(aliases), "E0536", "aliases cannot be said here");
        good = false;
    }
    good = good && ask_rules(&c) && read_by(&c) && write_kind(&c, type, out);
    for (size_t i = 0; i < c.count; i++)
        buffer_done(&c.asked[i].when);
    return good;
}
