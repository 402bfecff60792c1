/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - text with a length, borrowed from somebody, and a text that grows.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Not ended by a zero byte; not necessarily UTF-8. */
struct text {
    const char *at;
    size_t len;
};

#define TEXT(literal) ((struct text){.at = (literal), .len = sizeof(literal) - 1})

static inline struct text text_of(const char *string)
{
    return (struct text){.at = string, .len = strlen(string)};
}

static inline bool text_equal(struct text a, struct text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* A text under construction; {0} is an empty one. done() frees; take() hands it over. */
struct buffer {
    char *at; /* ended by a zero byte whenever len > 0 */
    size_t len;
    size_t capacity;
};

void buffer_add(struct buffer *b, const void *bytes, size_t len);
void buffer_text(struct buffer *b, const char *text);
void buffer_print(struct buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_vprint(struct buffer *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
char *buffer_take(struct buffer *b); /* never NULL; yours to free */
void buffer_done(struct buffer *b);

#define auto_buffer __attribute__((cleanup(buffer_done)))

/*
 * The one of count names nearest to word (Damerau-Levenshtein distance at most 2, at most
 * 1 for words of under five letters), or NULL when none is near. Ties go to the earlier
 * name.
 */
const char *text_nearest(const char *word, const char *const *names, size_t count);

/* Bytes as text that is safe on a terminal and in a log: controls, marks that turn the
 * direction of writing and bytes that are not UTF-8 are escaped (\n, \x1b). */
void buffer_text_visible(struct buffer *b, struct text text);

/* Bytes as text of an HTML page, between marks or in an attribute's double quotes. */
void buffer_text_html(struct buffer *b, struct text text);

/* How many bytes the UTF-8 character at the start has; 0 when there is none (RFC 3629).
 */
size_t text_utf8_len(const char *at, size_t len);

/* One mail address as it goes to a mail server (RFC 5321, section 4.1.2), without a name
 * or quotes around it. */
bool text_is_mail_address(const char *text);

/* Decimal digits only. -EINVAL for anything else, -ERANGE when it doesn't fit. */
int text_parse_number(const char *text, uint64_t *ret_number);

/* "64 MiB", "500kB", "1024": units B kB MB GB KiB MiB GiB. Errors as above. */
int text_parse_size(const char *text, uint64_t *ret_bytes);

#endif
