/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words, numbers and addresses are all runs of the same characters; what a run is follows
 * from the whole of it: 10.1.2.3 is an address, 10.1 a number, dns.qname a word.
 */
#include "expr_lex.h"

#include <ctype.h>

#include "net.h"

static const struct sign {
    const char *text;
    enum token_kind kind;
    enum predicate_op op;
} signs[] = {
    {"==", TOKEN_OP, OP_EQ},    {"!=", TOKEN_OP, OP_NE},   {"<=", TOKEN_OP, OP_LE},
    {">=", TOKEN_OP, OP_GE},    {"<", TOKEN_OP, OP_LT},    {">", TOKEN_OP, OP_GT},
    {"(", TOKEN_OPEN, OP_EQ},   {")", TOKEN_CLOSE, OP_EQ}, {"[", TOKEN_BEGIN, OP_EQ},
    {"]", TOKEN_FINISH, OP_EQ}, {",", TOKEN_COMMA, OP_EQ},
};

/* What people write who come from elsewhere. */
static const struct {
    const char *text, *hint;
} foreign[] = {
    {"&&", "write: and"},
    {"||", "write: or"},
    {"!", "write: not ( ... ), or !="},
    {"=~", "write: matches"},
    {"=", "to compare, write: =="},
    {"'", "text stands in double quotes: \"text\""},
    {"@", "a list is written $name"},
};

static struct span span_at(const struct lexer *l, size_t from)
{
    return (struct span){l->node, from, l->pos - from};
}

static struct token bad(struct lexer *l, size_t from, const char *what, const char *hint)
{
    diags_error(l->diags, span_place(span_at(l, from)), "E0111", "%s", what);
    if (hint)
        diags_hint(l->diags, "%s", hint);
    return (struct token){.kind = TOKEN_BAD, .span = span_at(l, from)};
}

static bool starts_with(const struct lexer *l, const char *text)
{
    size_t len = strlen(text);

    return l->text.len - l->pos >= len && memcmp(l->text.at + l->pos, text, len) == 0;
}

static struct token lex_sign(struct lexer *l)
{
    size_t from = l->pos;

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (starts_with(l, signs[i].text)) {
            l->pos += strlen(signs[i].text);
            return (struct token){
                .kind = signs[i].kind, .op = signs[i].op, .span = span_at(l, from)};
        }
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        if (starts_with(l, foreign[i].text)) {
            l->pos += strlen(foreign[i].text);
            return bad(l, from, "this sign is not used in expressions", foreign[i].hint);
        }
    l->pos += text_utf8_len(l->text.at + from, l->text.len - from);
    if (l->pos == from)
        l->pos++;
    return bad(l, from, "this character is not used in expressions", NULL);
}

static size_t closing_quote(const struct lexer *l)
{
    size_t end = l->pos + 1;

    while (end < l->text.len && l->text.at[end] != '"')
        end += l->text.at[end] == '\\' ? 2 : 1;
    return end;
}

/* "text", with \" and \\ in it; another \ is itself, as patterns need it. */
static struct token lex_text(struct lexer *l)
{
    size_t from = l->pos, end = closing_quote(l), len = 0;
    char *copy;

    if (end >= l->text.len) {
        l->pos++;
        return bad(l, from, "the text that begins here has no closing quote", NULL);
    }
    copy = arena_new(l->arena, end - from);
    for (size_t i = from + 1; i < end; i++) {
        if (l->text.at[i] == '\\' && strchr("\"\\", l->text.at[i + 1]))
            i++;
        copy[len++] = l->text.at[i];
    }
    l->pos = end + 1;
    return (struct token){.kind = TOKEN_VALUE,
                          .operand = OPERAND_TEXT,
                          .text = {copy, len},
                          .span = span_at(l, from)};
}

static bool is_run(char c)
{
    return isalnum((uint8_t)c) || c == '_' || c == '.' || c == ':' || c == '/';
}

static struct text take_run(struct lexer *l)
{
    size_t from = l->pos;

    while (l->pos < l->text.len && is_run(l->text.at[l->pos]))
        l->pos++;
    return arena_text(l->arena, (struct text){l->text.at + from, l->pos - from});
}

static bool is_unit(struct text t)
{
    static const char *const units[] = {"B",  "kB", "MB", "GB",  "KiB", "MiB", "GiB",
                                        "ms", "s",  "m",  "min", "h",   "d"};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (text_equal(t, text_of(units[i])))
            return true;
    return false;
}

/* "2 GiB": the unit may stand apart. */
static struct text with_unit(struct lexer *l, size_t from, struct text number)
{
    size_t end = l->pos;
    struct text unit;

    while (l->pos < l->text.len && l->text.at[l->pos] == ' ')
        l->pos++;
    unit = take_run(l);
    if (is_unit(unit))
        return arena_text(l->arena, (struct text){l->text.at + from, l->pos - from});
    l->pos = end;
    return number;
}

static struct token lex_list(struct lexer *l)
{
    size_t from = l->pos++, end;
    struct text name;

    for (end = l->pos; end < l->text.len; end++)
        if (!isalnum((uint8_t)l->text.at[end]) && l->text.at[end] != '_' &&
            l->text.at[end] != '-')
            break;
    name = arena_text(l->arena, (struct text){l->text.at + l->pos, end - l->pos});
    l->pos = end;
    if (name.len == 0)
        return bad(l, from, "the name of a list must follow the $", NULL);
    return (struct token){.kind = TOKEN_VALUE,
                          .operand = OPERAND_LIST,
                          .text = name,
                          .span = span_at(l, from)};
}

/* cidr("10.0.0.0/8"); the word cidr has been read. */
static struct token lex_cidr(struct lexer *l, size_t from)
{
    struct token t;

    while (l->pos < l->text.len && isspace((uint8_t)l->text.at[l->pos]))
        l->pos++;
    if (!starts_with(l, "("))
        return bad(l, from, "cidr needs a network in parentheses and quotes",
                   "like this: cidr(\"10.0.0.0/8\")");
    l->pos++;
    t = lexer_next(l);
    if (t.kind == TOKEN_BAD)
        return t;
    if (t.kind != TOKEN_VALUE || !starts_with(l, ")"))
        return bad(l, from, "cidr needs a network in parentheses and quotes",
                   "like this: cidr(\"10.0.0.0/8\")");
    l->pos++;
    t.operand = OPERAND_CIDR;
    t.span.offset = from;
    t.span.len = l->pos - from;
    return t;
}

static bool find_word_op(struct text word, enum predicate_op *ret_op)
{
    for (size_t i = OP_EXISTS; i < names_predicate_op.count; i++)
        if (text_equal(word, text_of(names_predicate_op.at[i]))) {
            *ret_op = (enum predicate_op)i;
            return true;
        }
    return false;
}

static struct token lex_word(struct lexer *l, size_t from, struct text word)
{
    struct token t = {.kind = TOKEN_WORD, .text = word, .span = span_at(l, from)};

    if (text_equal(word, TEXT("and")))
        t.kind = TOKEN_AND;
    else if (text_equal(word, TEXT("or")))
        t.kind = TOKEN_OR;
    else if (text_equal(word, TEXT("not")))
        t.kind = TOKEN_NOT;
    else if (text_equal(word, TEXT("cidr")))
        return lex_cidr(l, from);
    else if (find_word_op(word, &t.op))
        t.kind = TOKEN_OP;
    return t;
}

static struct token lex_run(struct lexer *l)
{
    size_t from = l->pos;
    struct text run = take_run(l);
    struct token t = {.kind = TOKEN_VALUE, .text = run};
    struct prefix prefix;
    struct addr addr;
    struct mac mac;

    if (addr_parse(run.at, &addr) == 0) {
        t.operand = OPERAND_ADDR;
    } else if (memchr(run.at, '/', run.len) && prefix_parse(run.at, &prefix) == 0) {
        t.operand = OPERAND_CIDR;
    } else if (mac_parse(run.at, &mac) == 0) {
        t.operand = OPERAND_MAC;
    } else if (memchr(run.at, ':', run.len) || memchr(run.at, '/', run.len)) {
        return bad(l, from, "this is no address, network, number or name",
                   "text stands in double quotes: \"text\"");
    } else if (isdigit((uint8_t)run.at[0])) {
        t.operand = OPERAND_NUMBER;
        t.text = with_unit(l, from, run);
    } else {
        return lex_word(l, from, run);
    }
    t.span = span_at(l, from);
    return t;
}

struct token lexer_next(struct lexer *l)
{
    while (l->pos < l->text.len && isspace((uint8_t)l->text.at[l->pos]))
        l->pos++;
    if (l->pos >= l->text.len)
        return (struct token){.kind = TOKEN_END, .span = {l->node, l->text.len, 1}};
    if (l->text.at[l->pos] == '"')
        return lex_text(l);
    if (l->text.at[l->pos] == '$')
        return lex_list(l);
    if (is_run(l->text.at[l->pos]))
        return lex_run(l);
    return lex_sign(l);
}
