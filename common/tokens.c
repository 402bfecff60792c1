/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crypt.h"
#include "file.h"
#include "mem.h"
#include "text.h"

#define FILE_MOST    (1 << 20)
#define RANDOM_BYTES 20
#define PREFIX       "hw_"

struct reading {
    struct tokens *tokens;
    size_t capacity;
    const char *name;
    unsigned line;
    struct diags *diags;
};

/* The next word of a line; empty at its end. */
static struct text next_word(struct text *rest)
{
    struct text word = {.at = rest->at};

    while (rest->len > 0 && (*rest->at == ' ' || *rest->at == '\t'))
        rest->at++, rest->len--;
    word.at = rest->at;
    while (rest->len > 0 && *rest->at != ' ' && *rest->at != '\t' && *rest->at != '\r')
        rest->at++, rest->len--, word.len++;
    return word;
}

static void refuse(const struct reading *r, struct text line, struct text at,
                   const char *words)
{
    struct place place = {.file = r->name,
                          .line = r->line,
                          .column = (unsigned)(at.at - line.at) + 1,
                          .length = at.len ? (unsigned)at.len : 1};

    diags_error(r->diags, place, "E0912", "%s", words);
}

static bool read_role(struct text word, enum role *ret_role)
{
    auto_free char *text = xstrndup(word.at, word.len);
    int role = names_find(&names_role, text);

    if (role >= 0)
        *ret_role = (enum role)role;
    return role >= 0;
}

static bool read_digest(struct text word, uint8_t ret_digest[32])
{
    auto_free char *text = xstrndup(word.at, word.len);

    return crypt_unhex(text, ret_digest, 32) == 0;
}

static void read_line(struct reading *r, struct text line)
{
    struct text rest = line;
    struct text name = next_word(&rest);
    struct text role = next_word(&rest);
    struct text digest = next_word(&rest);
    struct token token = {0};

    if (name.len == 0 || *name.at == '#')
        return;
    if (!read_role(role, &token.role)) {
        refuse(r, line, role,
               "a line is: a name, a role, and the SHA-256 of a token; "
               "this is no role");
        return;
    }
    if (!read_digest(digest, token.digest)) {
        refuse(r, line, digest,
               "the SHA-256 of a token is 64 hexadecimal digits: "
               "`hallwatch tokens add` writes such a line");
        return;
    }
    r->tokens->at = xgrow(r->tokens->at, r->tokens->count, &r->capacity, sizeof(token));
    token.name = xstrndup(name.at, name.len);
    r->tokens->at[r->tokens->count++] = token;
}

struct tokens *tokens_parse(const char *name, const char *text, size_t len,
                            struct diags *d)
{
    auto_tokens struct tokens *t = xcalloc(1, sizeof(*t));
    struct reading r = {.tokens = t, .name = name, .diags = d};
    size_t errors = diags_errors(d);
    const char *end = text + len;

    diags_source(d, name, text, len);
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t line = stop ? (size_t)(stop - text) : (size_t)(end - text);

        r.line++;
        read_line(&r, (struct text){text, line});
        text += stop ? line + 1 : line;
    }
    return diags_errors(d) == errors ? take(t) : NULL;
}

struct tokens *tokens_load(const char *path, struct diags *d)
{
    auto_free char *text = NULL;
    size_t len = 0;
    int r = file_read(path, FILE_MOST, &text, &len);

    if (r < 0) {
        diags_error(d, (struct place){.file = path}, "E0906",
                    "the tokens cannot be read: %s", strerror(-r));
        return NULL;
    }
    return tokens_parse(path, text, len, d);
}

void tokens_free(struct tokens *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        free(t->at[i].name);
    free(t->at);
    free(t);
}

/* All are compared, so that the time does not tell which one was near. */
const struct token *tokens_find(const struct tokens *t, const char *word, size_t len)
{
    const struct token *found = NULL;
    uint8_t digest[32];

    crypt_sha256(word, len, digest);
    for (size_t i = 0; i < t->count; i++)
        if (crypt_equal(t->at[i].digest, digest, sizeof(digest)))
            found = &t->at[i];
    return found;
}

void token_new(const char *name, enum role role, char ret_token[TOKEN_TEXT],
               char **ret_line)
{
    uint8_t secret[RANDOM_BYTES], digest[32];
    char hex[2 * sizeof(digest) + 1];

    static_assert(sizeof(PREFIX) + 2 * sizeof(secret) <= TOKEN_TEXT, "it fits");
    crypt_random(secret, sizeof(secret));
    memcpy(ret_token, PREFIX, sizeof(PREFIX));
    crypt_hex(secret, sizeof(secret), ret_token + sizeof(PREFIX) - 1);
    crypt_sha256(ret_token, strlen(ret_token), digest);
    crypt_hex(digest, sizeof(digest), hex);
    *ret_line = xasprintf("%s %s %s\n", name, names_get(&names_role, role), hex);
}
