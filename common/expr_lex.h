/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr_lex.h - an expression's text as words, values and signs.
 */
#ifndef EXPR_LEX_H
#define EXPR_LEX_H

#include "expr.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_VALUE,
    TOKEN_OP,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_NOT,
    TOKEN_OPEN,   /* ( */
    TOKEN_CLOSE,  /* ) */
    TOKEN_BEGIN,  /* [ */
    TOKEN_FINISH, /* ] */
    TOKEN_COMMA,
    TOKEN_BAD, /* told already */
};

struct token {
    enum token_kind kind;
    struct span span;
    enum predicate_op op;      /* OP */
    enum operand_kind operand; /* VALUE */
    struct text text;          /* WORD, VALUE */
};

struct lexer {
    struct arena *arena;
    const struct node *node;
    struct text text;
    size_t pos;
    struct diags *diags;
};

struct token lexer_next(struct lexer *l);

#endif
