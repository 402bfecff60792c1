/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Pratt parser: `or` binds less than `and`, `and` less than `not`. The first fault of
 * an expression ends its reading; the faults of meaning, all of them, are expr_check.c's.
 */
#include "expr_lex.h"

#include <string.h>

struct parser {
    struct lexer lexer;
    struct token token; /* the one to be read next */
    unsigned depth;
    size_t size;
    bool failed;
};

static struct expr *parse_expr(struct parser *p, int least);

struct place span_place(struct span s)
{
    return s.len ? node_place_at(s.node, s.offset, s.len) : node_place(s.node);
}

static void advance(struct parser *p)
{
    p->token = lexer_next(&p->lexer);
    if (p->token.kind == TOKEN_BAD)
        p->failed = true;
}

static struct expr *fail(struct parser *p, struct span at, const char *code,
                         const char *what, const char *hint)
{
    if (!p->failed) {
        diags_error(p->lexer.diags, span_place(at), code, "%s", what);
        if (hint)
            diags_hint(p->lexer.diags, "%s", hint);
    }
    p->failed = true;
    return NULL;
}

static struct expr *make(struct parser *p, enum expr_kind kind, struct span span)
{
    struct expr *e = arena_new(p->lexer.arena, sizeof(*e));

    e->kind = kind;
    e->span = span;
    return e;
}

static bool is_operand(const struct token *t)
{
    return t->kind == TOKEN_VALUE || t->kind == TOKEN_WORD;
}

static struct operand operand_of(const struct token *t)
{
    return (struct operand){
        .kind = t->kind == TOKEN_WORD ? OPERAND_WORD : t->operand,
        .text = t->text,
        .span = t->span,
    };
}

/* How many values there are up to the closing bracket at most: its commas, and one. */
static size_t count_values(const struct lexer *l)
{
    size_t count = 1;
    bool quoted = false;

    for (size_t i = l->pos; i < l->text.len; i++) {
        char c = l->text.at[i];

        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == ',')
            count++;
        else if (!quoted && c == ']')
            break;
    }
    return count;
}

static struct expr *parse_set(struct parser *p, struct expr *e)
{
    struct span open = p->token.span;

    e->bracketed = true;
    e->operands =
        arena_array(p->lexer.arena, count_values(&p->lexer), sizeof(*e->operands));
    do {
        advance(p);
        if (p->token.kind == TOKEN_FINISH && e->operand_count == 0)
            return fail(p, open, "E0111", "there is no value between [ and ]", NULL);
        if (!is_operand(&p->token))
            return fail(p, p->token.span, "E0111", "a value is missing here", NULL);
        e->operands[e->operand_count++] = operand_of(&p->token);
        advance(p);
    } while (p->token.kind == TOKEN_COMMA);
    if (p->token.kind != TOKEN_FINISH)
        return fail(p, p->token.span, "E0111", "expected , or ]",
                    "values in [ ] are separated by commas");
    e->span.len = p->token.span.offset + p->token.span.len - e->span.offset;
    advance(p);
    return e;
}

static struct expr *parse_predicate(struct parser *p, struct expr *e)
{
    e->kind = EXPR_PREDICATE;
    e->op = p->token.op;
    e->op_span = p->token.span;
    e->span.len = p->token.span.offset + p->token.span.len - e->span.offset;
    advance(p);
    if (e->op == OP_EXISTS)
        return e;
    if (p->token.kind == TOKEN_BEGIN)
        return parse_set(p, e);
    if (!is_operand(&p->token))
        return fail(p, p->token.span, "E0111", "a value is missing here", NULL);
    e->operands = arena_array(p->lexer.arena, 1, sizeof(*e->operands));
    e->operands[e->operand_count++] = operand_of(&p->token);
    e->span.len = p->token.span.offset + p->token.span.len - e->span.offset;
    advance(p);
    return e;
}

static struct expr *parse_named(struct parser *p)
{
    struct expr *e = make(p, EXPR_MACRO, p->token.span);

    e->name = p->token.text;
    if (++p->size > EXPR_SIZE_MAX)
        return fail(p, e->span, "E0501", "more than 2000 conditions in one expression",
                    "put the values into a list: host under $name");
    advance(p);
    return p->token.kind == TOKEN_OP ? parse_predicate(p, e) : e;
}

static struct expr *parse_group(struct parser *p)
{
    struct span open = p->token.span;
    struct expr *e;

    advance(p);
    e = parse_expr(p, 0);
    if (!p->failed && p->token.kind != TOKEN_CLOSE)
        return p->token.kind == TOKEN_END
                   ? fail(p, open, "E0111", "no ) closes the ( that begins here", NULL)
                   : fail(p, p->token.span, "E0111", "expected and, or, or )", NULL);
    advance(p);
    return e;
}

static struct expr *parse_unary(struct parser *p)
{
    struct expr *e;

    switch (p->token.kind) {
    case TOKEN_WORD:
        return parse_named(p);
    case TOKEN_OPEN:
        return parse_group(p);
    case TOKEN_NOT:
        e = make(p, EXPR_NOT, p->token.span);
        advance(p);
        e->left = parse_expr(p, 3);
        return e;
    case TOKEN_VALUE:
        return fail(p, p->token.span, "E0111", "a condition begins with a field",
                    "field first, then the value: dst.port == 22");
    case TOKEN_END:
        return fail(p, p->token.span, "E0111", "a condition is missing at the end", NULL);
    default:
        return fail(p, p->token.span, "E0111", "a condition must begin here",
                    "a condition is: field operator value, as in: dst.port == 22");
    }
}

static struct expr *parse_expr(struct parser *p, int least)
{
    struct expr *left;

    if (++p->depth > EXPR_DEPTH_MAX)
        return fail(p, p->token.span, "E0501", "too many parentheses inside each other",
                    "give a part of it a name under macros:");
    left = parse_unary(p);
    while (!p->failed && (p->token.kind == TOKEN_AND || p->token.kind == TOKEN_OR)) {
        int binding = p->token.kind == TOKEN_AND ? 2 : 1;
        struct expr *e;

        if (binding < least)
            break;
        e = make(p, binding == 2 ? EXPR_AND : EXPR_OR, p->token.span);
        advance(p);
        e->left = left;
        e->right = parse_expr(p, binding + 1);
        left = e;
    }
    p->depth--;
    return p->failed ? NULL : left;
}

/* What stands where `and`, `or` or the end should. */
static void report_rest(struct parser *p, const struct expr *e)
{
    bool after_name = e->kind == EXPR_MACRO;

    if (p->token.kind == TOKEN_CLOSE)
        fail(p, p->token.span, "E0111", ") without a (", NULL);
    else if (p->token.kind == TOKEN_WORD && after_name)
        fail(p, p->token.span, "E0111", "expected an operator here",
             "operators are == != < <= > >= in under startswith endswith contains glob "
             "matches any_of all_of exists");
    else
        fail(p, p->token.span, "E0111", "expected and, or, or the end of the expression",
             NULL);
}

/* What was understood so far may have the real fault: a field that there is not. */
static void report_fields(struct parser *p, const struct expr *e)
{
    const char *names[FIELD_COUNT];

    if (!e)
        return;
    report_fields(p, e->left);
    report_fields(p, e->right);
    if (e->kind != EXPR_PREDICATE || field_find(e->name.at, e->name.len) != FIELD_UNKNOWN)
        return;
    for (enum field_id f = 0; f < FIELD_COUNT; f++)
        names[f] = field_get(f)->name;
    diags_error(p->lexer.diags,
                span_place((struct span){.node = e->span.node,
                                         .offset = e->span.offset,
                                         .len = (unsigned)e->name.len}),
                "E0210", "unknown field \"%s\"", e->name.at);
    diags_suggest(p->lexer.diags, e->name.at, names, FIELD_COUNT);
}

struct expr *expr_parse(struct arena *a, const struct node *n, struct diags *d)
{
    struct parser p = {.lexer = {.arena = a, .node = n, .diags = d}};
    const char *text;
    struct expr *e;

    if (!node_read_text(n, &text, d))
        return NULL;
    p.lexer.text = text_of(text);
    if (node_style(n) == NODE_FOLDED) {
        diags_error(d, node_place(n), "E0112", "an expression cannot be folded with >");
        diags_hint(d, "use | instead, or one line: faults in it can then be shown where "
                      "they are");
        return NULL;
    }
    if (p.lexer.text.len > EXPR_TEXT_MAX) {
        diags_error(d, node_place(n), "E0501",
                    "the expression is longer than %d characters", EXPR_TEXT_MAX);
        return NULL;
    }
    advance(&p);
    e = parse_expr(&p, 0);
    if (!p.failed && p.token.kind != TOKEN_END) {
        report_rest(&p, e);
        report_fields(&p, e);
    }
    return p.failed ? NULL : e;
}
