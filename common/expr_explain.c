/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expression as a tree, each part with its verdict; a condition with its field's
 * value, and a word when the event does not have the field.
 */
#include "expr.h"

#define TEXT_COLUMN 46

static void add_line(struct buffer *out, bool verdict, unsigned depth, const char *text)
{
    buffer_print(out, "  %-5s%*s%s\n", verdict ? "yes" : "no", (int)(2 * depth), "",
                 text);
}

static void add_value(const struct event *event, enum field_id f, struct buffer *out)
{
    buffer_print(out, "%s", field_get(f)->name);
    if (event_has(event, f)) {
        buffer_text(out, " is ");
        event_print_value(event, f, out);
    } else {
        buffer_text(out, " is missing");
    }
}

static bool explain_predicate(const struct predicate *p, const struct event *event,
                              struct list_memo *lists, unsigned depth, struct buffer *out)
{
    bool verdict = predicate_holds(p, event, lists);
    size_t start = out->len, width;

    buffer_print(out, "  %-5s%*s", verdict ? "yes" : "no", (int)(2 * depth), "");
    buffer_text_visible(out, p->written);
    width = out->len - start;
    buffer_print(out, "%*s   ", width < TEXT_COLUMN ? (int)(TEXT_COLUMN - width) : 0, "");
    add_value(event, p->field, out);
    if (p->other != FIELD_UNKNOWN) {
        buffer_text(out, ", ");
        add_value(event, p->other, out);
    }
    buffer_text(out, "\n");
    return verdict;
}

/* Both sides, whatever the first says: a person wants to see all of it. */
static bool explain_pair(const struct expr *e, const struct predicate_table *t,
                         const struct event *event, struct list_memo *lists,
                         unsigned depth, struct buffer *out)
{
    auto_buffer struct buffer left = {0}, right = {0};
    bool flat = e->left->kind == e->kind; /* a and b and c: one level */
    bool a = expr_explain(e->left, t, event, lists, flat ? depth : depth + 1, &left);
    bool b = expr_explain(e->right, t, event, lists, depth + 1, &right);
    bool verdict = e->kind == EXPR_AND ? a && b : a || b;
    const char *rest = left.at;

    add_line(out, verdict, depth, e->kind == EXPR_AND ? "all of:" : "one of:");
    if (flat) /* without the line of the inner pair */
        rest = strchr(rest, '\n') + 1;
    buffer_text(out, rest);
    buffer_add(out, right.at, right.len);
    return verdict;
}

bool expr_explain(const struct expr *e, const struct predicate_table *t,
                  const struct event *event, struct list_memo *lists, unsigned depth,
                  struct buffer *out)
{
    auto_buffer struct buffer inner = {0}, title = {0};
    bool verdict;

    switch (e->kind) {
    case EXPR_OR:
    case EXPR_AND:
        return explain_pair(e, t, event, lists, depth, out);
    case EXPR_NOT:
        verdict = !expr_explain(e->left, t, event, lists, depth + 1, &inner);
        add_line(out, verdict, depth, "not:");
        break;
    case EXPR_MACRO:
        verdict = expr_explain(e->macro->expr, t, event, lists, depth + 1, &inner);
        buffer_print(&title, "%s:", e->macro->name);
        add_line(out, verdict, depth, title.at);
        break;
    default:
        return explain_predicate(&t->at[e->predicate], event, lists, depth, out);
    }
    buffer_add(out, inner.at, inner.len);
    return verdict;
}
