/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens.h - who may ask the collector over HTTP, as a file: one line a program with its
 * name, its role and the SHA-256 of its token, so that who reads the file cannot ask.
 *
 *     # name     role           SHA-256 of the token
 *     grafana    network-admin  4c0a...
 */
#ifndef TOKENS_H
#define TOKENS_H

#include <stddef.h>

#include "auto.h"
#include "diag.h"
#include "names.h"

#define TOKEN_TEXT 44 /* of one that was made here, its zero byte included */

struct token {
    char *name;
    enum role role;
    unsigned char digest[32];
};

struct tokens {
    struct token *at;
    size_t count;
};

/* NULL after telling d every line that is wrong. */
struct tokens *tokens_load(const char *path, struct diags *d);
struct tokens *tokens_parse(const char *name, const char *text, size_t len,
                            struct diags *d);
void tokens_free(struct tokens *t); /* NULL is fine */
AUTO_DEFINE(tokens, tokens_free)
#define auto_tokens __attribute__((cleanup(auto_tokens_run)))

/* Whose it is, in a time that does not depend on it; NULL: nobody's. */
const struct token *tokens_find(const struct tokens *t, const char *word, size_t len);

/* A new token and its line for the file. */
void token_new(const char *name, enum role role, char ret_token[TOKEN_TEXT],
               char **ret_line);

#endif
