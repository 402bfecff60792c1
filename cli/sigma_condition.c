/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of a condition, as the Sigma specification has it: identifiers of
 * selections, not, and, or (in this order), parentheses, "1 of" and "all of" with a * in
 * the name or "them"; behind a |, the counting of older rules.
 */
#include <ctype.h>
#include <strings.h>

#include "cli/sigma.h"
#include "expr.h"
#include "items.h"

struct parsing {
    struct sigma_asking *asking;
    const struct node *detection, *node;
    const char *text;
    size_t pos, from; /* from: where the token begins */
    char token[128];  /* "" at the end */
    unsigned depth;
    bool failed; /* a selection cannot be said: the others are looked at all the same */
};

static struct place token_place(const struct parsing *p)
{
    return node_place_at(p->node, p->from, p->pos - p->from);
}

/* before: a sentence up to what, which is the rule's own word. */
static bool refuse(struct parsing *p, const char *code, const char *before,
                   const char *what)
{
    const char *quote = *what ? "\"" : "";

    diags_error(p->asking->diags, token_place(p), code, "%s%s%s%s", before, quote, what,
                quote);
    return false;
}

static bool is_word(char c)
{
    return isalnum((uint8_t)c) || strchr("_-*.", c);
}

static void next(struct parsing *p)
{
    size_t len = 0;

    while (isspace((uint8_t)p->text[p->pos]))
        p->pos++;
    p->from = p->pos;
    while (p->text[p->pos] && is_word(p->text[p->pos]) && len < sizeof(p->token) - 1)
        p->token[len++] = p->text[p->pos++];
    if (len == 0 && p->text[p->pos])
        p->token[len++] = p->text[p->pos++];
    p->token[len] = '\0';
}

static bool is(const struct parsing *p, const char *word)
{
    return strcasecmp(p->token, word) == 0;
}

/* ---- selections ---- */

static bool is_selection(const char *name)
{
    return strcmp(name, "condition") != 0 && strcmp(name, "timeframe") != 0;
}

/* "selection_*", or "them": all but those that begin with _. */
static bool name_fits(const char *pattern, const char *name)
{
    const char *star = strchr(pattern, '*');
    size_t before = star ? (size_t)(star - pattern) : 0;
    size_t after = star ? strlen(star + 1) : 0, len = strlen(name);

    if (strcasecmp(pattern, "them") == 0)
        return name[0] != '_';
    if (!star)
        return strcmp(pattern, name) == 0;
    return len >= before + after && memcmp(name, pattern, before) == 0 &&
           memcmp(name + len - after, star + 1, after) == 0;
}

static bool put_named(struct parsing *p, struct buffer *out)
{
    const struct node *n =
        is_selection(p->token) ? node_get(p->detection, p->token) : NULL;

    if (!n)
        return refuse(
            p, "E0535",
            "the condition names what is no selection of this rule: ", p->token);
    p->failed |= !sigma_selection(p->asking, n, out);
    next(p);
    return true;
}

static bool put_some(struct parsing *p, bool all, struct buffer *out)
{
    size_t found = 0;

    next(p);
    if (!is(p, "of"))
        return refuse(p, "E0535", "\"of\" must follow, not ", p->token);
    next(p);
    if (strchr(p->token, '*') != strrchr(p->token, '*'))
        return refuse(p, "E0535",
                      "at most one * can stand in a name of selections, not as in ",
                      p->token);
    buffer_text(out, "(");
    for (size_t i = 0; i < node_count(p->detection); i++) {
        const char *name = node_text(node_key(p->detection, i));

        if (!is_selection(name) || !name_fits(p->token, name))
            continue;
        if (found++ > 0)
            buffer_text(out, all ? " and " : " or ");
        p->failed |= !sigma_selection(p->asking, node_value(p->detection, i), out);
    }
    buffer_text(out, ")");
    if (found == 0)
        return refuse(p, "E0535", "no selection has such a name: ", p->token);
    next(p);
    return true;
}

/* ---- and, or, not ---- */

static bool put_or(struct parsing *p, struct buffer *out);

/* A selection may be named as often as the condition is long: what is too long for an
 * expression already does not grow any further. */
static bool put_atom(struct parsing *p, struct buffer *out)
{
    if (out->len > EXPR_TEXT_MAX)
        return refuse(p, "E0535",
                      "with its selections written out the condition is too "
                      "long",
                      "");
    if (is(p, "1") || is(p, "any"))
        return put_some(p, false, out);
    if (is(p, "all"))
        return put_some(p, true, out);
    if (isdigit((uint8_t)p->token[0]))
        return refuse(p, "E0535", "of several selections, one or all can be asked, not ",
                      p->token);
    if (!is(p, "("))
        return put_named(p, out);
    next(p);
    buffer_text(out, "(");
    if (!put_or(p, out))
        return false;
    if (!is(p, ")"))
        return refuse(p, "E0535", "a parenthesis is not closed", "");
    buffer_text(out, ")");
    next(p);
    return true;
}

static bool put_not(struct parsing *p, struct buffer *out)
{
    bool good;

    if (p->depth++ >= SIGMA_DEPTH_MAX)
        return refuse(p, "E0535", "the condition is nested too deeply", "");
    if (is(p, "not")) {
        next(p);
        buffer_text(out, "not (");
        good = put_not(p, out);
        buffer_text(out, ")");
    } else {
        good = put_atom(p, out);
    }
    p->depth--;
    return good;
}

static bool put_and(struct parsing *p, struct buffer *out)
{
    bool good = put_not(p, out);

    while (good && is(p, "and")) {
        next(p);
        buffer_text(out, " and ");
        good = put_not(p, out);
    }
    return good;
}

static bool put_or(struct parsing *p, struct buffer *out)
{
    bool good = put_and(p, out);

    while (good && is(p, "or")) {
        next(p);
        buffer_text(out, " or ");
        good = put_and(p, out);
    }
    return good;
}

/* ---- counting ---- */

static bool read_field(struct parsing *p, enum field_id *ret)
{
    const struct sigma_field *f = sigma_field_find(p->asking->source, p->token);

    if (!f)
        return refuse(p, "E0532", "events here have nothing like the field ", p->token);
    if (f->how != SIGMA_PLAIN)
        return refuse(p, "E0536",
                      "values of this field cannot be told apart here: ", p->token);
    p->asking->sides |= 1u << f->side;
    *ret = f->field;
    return true;
}

static bool read_count(struct parsing *p, struct sigma_window *w)
{
    if (!is(p, "count"))
        return refuse(p, "E0536", "only count() can be said here, not ", p->token);
    next(p);
    if (!is(p, "("))
        return refuse(p, "E0536", "( must follow count", "");
    next(p);
    if (is(p, ")"))
        return true;
    if (!read_field(p, &w->distinct))
        return false;
    next(p);
    return is(p, ")") || refuse(p, "E0536", ") must follow, not ", p->token);
}

static bool read_limit(struct parsing *p, struct sigma_window *w)
{
    if (!is(p, ">"))
        return refuse(p, "E0536", "only > and >= can be said of a count here, not ",
                      p->token);
    next(p);
    w->at_least = is(p, "=");
    if (w->at_least)
        next(p);
    if (text_parse_number(p->token, &w->limit) != 0)
        return refuse(p, "E0536", "a number must follow, not ", p->token);
    next(p);
    return true;
}

static bool read_window(struct parsing *p, struct sigma_window *w)
{
    next(p);
    *w = (struct sigma_window){
        .given = true, .place = token_place(p), .distinct = FIELD_UNKNOWN};
    if (!read_count(p, w))
        return false;
    next(p);
    if (is(p, "by")) {
        next(p);
        if (!read_field(p, &w->by[0]))
            return false;
        w->by_count = 1;
        next(p);
    }
    return read_limit(p, w);
}

static bool put_condition(struct sigma_asking *a, const struct node *detection,
                          const struct node *n, struct buffer *out,
                          struct sigma_window *w)
{
    struct parsing p = {.asking = a, .detection = detection, .node = n};

    if (!node_read_text(n, &p.text, a->diags))
        return false;
    next(&p);
    if (!put_or(&p, out))
        return false;
    if (is(&p, "|") && !read_window(&p, w))
        return false;
    return (!p.token[0] || refuse(&p, "E0535", "nothing can follow here: ", p.token)) &&
           !p.failed;
}

bool sigma_condition(struct sigma_asking *a, const struct node *detection,
                     struct buffer *out, struct sigma_window *window)
{
    const struct node *n = node_need(detection, "the detection", "condition", a->diags);
    bool good = n != NULL;

    buffer_text(out, "(");
    for (size_t i = 0; n && i < items_count(n); i++) {
        buffer_text(out, i ? " or (" : "(");
        good = put_condition(a, detection, items_at(n, i), out, window) && good;
        buffer_text(out, ")");
    }
    buffer_text(out, ")");
    if (good && window->given && items_count(n) > 1) {
        diags_error(a->diags, window->place, "E0536",
                    "of several conditions, none can count");
        good = false;
    }
    if (good && items_count(n) == 0) {
        diags_error(a->diags, node_place(n), "E0535", "the condition is empty");
        good = false;
    }
    return good;
}
