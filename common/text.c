/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "mem.h"

/* Makes room for len more bytes and the zero byte behind them. */
static void make_room(struct buffer *b, size_t len)
{
    size_t needed = b->len + len + 1;
    size_t capacity = b->capacity ? b->capacity : 64;

    assert(needed > len);
    if (needed <= b->capacity)
        return;
    while (capacity < needed)
        capacity *= 2;
    b->at = xrealloc(b->at, capacity, 1);
    b->capacity = capacity;
}

void buffer_add(struct buffer *b, const void *bytes, size_t len)
{
    make_room(b, len);
    if (len > 0)
        memcpy(b->at + b->len, bytes, len);
    b->len += len;
    b->at[b->len] = '\0';
}

void buffer_text(struct buffer *b, const char *text)
{
    buffer_add(b, text, strlen(text));
}

void buffer_print(struct buffer *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buffer_vprint(b, format, args);
    va_end(args);
}

void buffer_vprint(struct buffer *b, const char *format, va_list args)
{
    va_list again;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    assert(len >= 0);
    make_room(b, (size_t)len);
    vsnprintf(b->at + b->len, (size_t)len + 1, format, again);
    va_end(again);
    b->len += (size_t)len;
}

char *buffer_take(struct buffer *b)
{
    char *text;

    make_room(b, 0);
    b->at[b->len] = '\0';
    text = b->at;
    *b = (struct buffer){0};
    return text;
}

void buffer_done(struct buffer *b)
{
    free(b->at);
    *b = (struct buffer){0};
}

/*
 * RFC 3629 section 4: no overlong forms, no surrogates, nothing above U+10FFFF. The
 * second byte's range depends on the first.
 */
size_t text_utf8_len(const char *at, size_t len)
{
    const unsigned char *b = (const unsigned char *)at;
    unsigned char least = 0x80, most = 0xbf;
    size_t size;

    if (len == 0)
        return 0;
    if (b[0] < 0x80)
        return 1;
    if (b[0] < 0xc2 || b[0] > 0xf4)
        return 0;
    size = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    if (b[0] == 0xe0)
        least = 0xa0;
    if (b[0] == 0xed)
        most = 0x9f;
    if (b[0] == 0xf0)
        least = 0x90;
    if (b[0] == 0xf4)
        most = 0x8f;
    if (len < size || b[1] < least || b[1] > most)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((b[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

/* Characters that move the cursor or turn the direction of what follows: C0, DEL, C1,
 * and Unicode's bidirectional marks (U+200E, U+200F, U+202A-E, U+2066-9). */
static bool is_treacherous(const char *at, size_t size)
{
    const unsigned char *b = (const unsigned char *)at;

    if (size == 1)
        return b[0] < 0x20 || b[0] == 0x7f;
    if (size == 2)
        return b[0] == 0xc2 && b[1] < 0xa0;
    if (size == 3 && b[0] == 0xe2 && b[1] == 0x80)
        return b[2] == 0x8e || b[2] == 0x8f || (b[2] >= 0xa8 && b[2] <= 0xae);
    return size == 3 && b[0] == 0xe2 && b[1] == 0x81 && b[2] >= 0xa6 && b[2] <= 0xa9;
}

static void add_escaped(struct buffer *b, unsigned char byte)
{
    if (byte == '\n')
        buffer_text(b, "\\n");
    else if (byte == '\t')
        buffer_text(b, "\\t");
    else if (byte == '\r')
        buffer_text(b, "\\r");
    else
        buffer_print(b, "\\x%02x", byte);
}

void buffer_text_visible(struct buffer *b, struct text text)
{
    size_t at = 0;

    while (at < text.len) {
        size_t size = text_utf8_len(text.at + at, text.len - at);
        bool escape = size == 0 || is_treacherous(text.at + at, size);

        if (size == 0)
            size = 1;
        for (size_t i = 0; escape && i < size; i++)
            add_escaped(b, (unsigned char)text.at[at + i]);
        if (!escape)
            buffer_add(b, text.at + at, size);
        at += size;
    }
}

void buffer_text_html(struct buffer *b, struct text text)
{
    for (size_t i = 0; i < text.len; i++)
        switch (text.at[i]) {
        case '&':
            buffer_text(b, "&amp;");
            break;
        case '<':
            buffer_text(b, "&lt;");
            break;
        case '>':
            buffer_text(b, "&gt;");
            break;
        case '"':
            buffer_text(b, "&quot;");
            break;
        default:
            buffer_add(b, text.at + i, 1);
        }
}

int text_parse_number(const char *text, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
        return -EINVAL;
    for (; *text; text++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*text - '0'), &number))
            return -ERANGE;
    *ret_number = number;
    return 0;
}

int text_parse_size(const char *text, uint64_t *ret_bytes)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } units[] = {
        {"", 1},
        {"B", 1},
        {"kB", 1000},
        {"MB", 1000 * 1000},
        {"GB", 1000 * 1000 * 1000},
        {"KiB", 1 << 10},
        {"MiB", 1 << 20},
        {"GiB", 1 << 30},
    };
    size_t digits = strspn(text, "0123456789");
    char number_text[24];
    const char *unit = text + digits;
    uint64_t number;
    int err;

    if (digits >= sizeof(number_text))
        return -ERANGE;
    memcpy(number_text, text, digits);
    number_text[digits] = '\0';
    err = text_parse_number(number_text, &number);
    if (err)
        return err;
    unit += strspn(unit, " ");
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(unit, units[i].name) != 0)
            continue;
        if (__builtin_mul_overflow(number, units[i].bytes, &number))
            return -ERANGE;
        *ret_bytes = number;
        return 0;
    }
    return -EINVAL;
}

/* ---- mail addresses ---- */

#define LOCAL_PART_MAX 64  /* RFC 5321, section 4.5.3.1.1 */
#define ADDRESS_MAX    254 /* section 4.5.3.1.3: 256 with < and > */

bool text_is_mail_address(const char *text)
{
    const char *at = strchr(text, '@');
    size_t len = strlen(text), local = at ? (size_t)(at - text) : 0;

    if (local == 0 || local > LOCAL_PART_MAX || at[1] == '\0' || len > ADDRESS_MAX ||
        strchr(at + 1, '@'))
        return false;
    for (; *text; text++)
        if (*text <= ' ' || *text > '~' || strchr("<>()\"\\,;", *text))
            return false;
    return true;
}
