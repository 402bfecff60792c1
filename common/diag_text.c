/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults for people: each with the line of the file it is in. What is shown came from the
 * file, so it is made safe for a terminal here, and what is underlined is counted then.
 */
#include <string.h>

#include "diag_list.h"
#include "mem.h"
#include "text.h"

#define SHOWN_MAX    100 /* faults in the text; the rest is a number */
#define WIDTH_MAX    160 /* characters of a source line that are shown */
#define WIDTH_BEFORE 60  /* of them, before the fault, when the line is longer */

static const struct source *find_source(const struct diags *d, const char *file)
{
    size_t i = 0;

    while (d->sources[i].file != file)
        i++;
    return &d->sources[i];
}

/* The line without its end; false when the source is not known or not so long. */
static bool find_line(const struct diags *d, const struct diag *g, struct text *ret_line)
{
    const struct source *s = find_source(d, g->file);
    const char *at = s->text, *end, *stop;

    if (!at || g->line == 0)
        return false;
    end = at + s->len;
    for (unsigned line = 1; line < g->line; line++) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (!at)
            return false;
        at++;
    }
    stop = memchr(at, '\n', (size_t)(end - at));
    if (!stop)
        stop = end;
    if (stop > at && stop[-1] == '\r')
        stop--;
    *ret_line = (struct text){.at = at, .len = (size_t)(stop - at)};
    return true;
}

/* Takes up to count characters off the front of line and adds them, a tab as a blank;
 * returns how many columns that made. */
static size_t add_chars(struct buffer *b, struct text *line, size_t count)
{
    size_t columns = 0;

    for (; count > 0 && line->len > 0; count--) {
        size_t size = text_utf8_len(line->at, line->len);
        struct text one = {.at = line->at, .len = size ? size : 1};
        size_t before = b->len;

        buffer_text_visible(b, *one.at == '\t' ? TEXT(" ") : one);
        for (size_t i = before; i < b->len; i++)
            columns += (b->at[i] & 0xc0) != 0x80;
        line->at += one.len;
        line->len -= one.len;
    }
    return columns;
}

static void add_repeated(struct buffer *b, char c, size_t count)
{
    while (count-- > 0)
        buffer_add(b, &c, 1);
}

/* The source line and the underline below it. A long line is shown around the fault. */
static void add_source(struct buffer *b, const struct diags *d, const struct diag *g)
{
    auto_buffer struct buffer skipped = {0};
    size_t before = g->column ? g->column - 1 : 0;
    size_t length = g->length < WIDTH_MAX ? g->length : WIDTH_MAX;
    size_t pad, under;
    struct text line;

    if (!find_line(d, g, &line) || line.len == 0)
        return;
    buffer_print(b, "%5u | ", g->line);
    pad = 0;
    if (before + length > WIDTH_MAX && before > WIDTH_BEFORE) {
        add_chars(&skipped, &line, before - WIDTH_BEFORE);
        buffer_text(b, "…");
        before = WIDTH_BEFORE;
        pad = 1;
    }
    pad += add_chars(b, &line, before);
    under = add_chars(b, &line, length);
    if (before + length < WIDTH_MAX)
        add_chars(b, &line, WIDTH_MAX - before - length);
    buffer_text(b, line.len > 0 ? "…\n" : "\n");
    if (g->column == 0)
        return;
    buffer_text(b, "      | ");
    add_repeated(b, ' ', pad);
    add_repeated(b, '^', under ? under : 1);
    buffer_text(b, "\n");
}

static void add_diag(struct buffer *b, const struct diags *d, const struct diag *g)
{
    buffer_text_visible(b, text_of(g->file));
    if (g->line > 0)
        buffer_print(b, ":%u", g->line);
    if (g->column > 0)
        buffer_print(b, ":%u", g->column);
    buffer_print(b, "%s%s[%s]: %s\n", *g->file ? ": " : "", diag_level_name(g), g->code,
                 g->message);
    add_source(b, d, g);
    for (size_t i = 0; i < g->hints_count; i++)
        buffer_print(b, "      = %s\n", g->hints[i]);
}

static void add_number(struct buffer *b, size_t number, const char *noun)
{
    buffer_print(b, "%zu %s%s", number, noun, number == 1 ? "" : "s");
}

static void add_summary(struct buffer *b, const struct diags *d,
                        const struct diag *const *order)
{
    size_t errors = diags_errors(d), warnings = diags_warnings(d), files = 0;

    for (size_t i = 0; i < d->count; i++)
        files += i == 0 || order[i]->file != order[i - 1]->file;
    if (errors > 0)
        add_number(b, errors, "error");
    if (errors > 0 && warnings > 0)
        buffer_text(b, ", ");
    if (warnings > 0)
        add_number(b, warnings, "warning");
    buffer_text(b, " in ");
    add_number(b, files, "file");
    buffer_text(b, "\n");
}

char *diags_text(struct diags *d)
{
    auto_free const struct diag **order = diags_sorted(d);
    struct buffer b = {0};

    for (size_t i = 0; i < d->count && i < SHOWN_MAX; i++)
        add_diag(&b, d, order[i]);
    if (d->count > SHOWN_MAX)
        buffer_print(&b, "and %zu more that are not shown\n", d->count - SHOWN_MAX);
    if (d->count > 0)
        add_summary(&b, d, order);
    return buffer_take(&b);
}
