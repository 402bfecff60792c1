/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults are kept in the order in which they were found and sorted when they are printed.
 * All that they quote came from a file, so messages are made safe for a terminal when
 * they are added.
 */
#include "diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "diag_list.h"
#include "mem.h"
#include "text.h"

#define MESSAGE_MAX 1000

struct diags *diags_new(void)
{
    return xcalloc(1, sizeof(struct diags));
}

void diags_free(struct diags *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->count; i++) {
        for (size_t k = 0; k < d->list[i].hints_count; k++)
            free(d->list[i].hints[k]);
        free(d->list[i].hints);
        free(d->list[i].message);
    }
    for (size_t i = 0; i < d->sources_count; i++) {
        free(d->sources[i].file);
        free(d->sources[i].text);
    }
    free(d->list);
    free(d->sources);
    free(d);
}

static struct source *source_touch(struct diags *d, const char *file)
{
    struct source *s;

    for (size_t i = d->sources_count; i-- > 0;)
        if (strcmp(d->sources[i].file, file) == 0)
            return &d->sources[i];
    d->sources = xgrow(d->sources, d->sources_count, &d->sources_capacity, sizeof(*s));
    s = &d->sources[d->sources_count++];
    *s = (struct source){.file = xstrdup(file)};
    return s;
}

void diags_source(struct diags *d, const char *file, const char *text, size_t len)
{
    struct source *s = source_touch(d, file);

    free(s->text);
    s->text = xstrndup(text, len);
    s->len = len;
}

static char *format_visible(const char *format, va_list args)
    __attribute__((format(printf, 1, 0)));

static char *format_visible(const char *format, va_list args)
{
    auto_buffer struct buffer plain = {0};
    struct buffer visible = {0};
    bool cut;

    buffer_vprint(&plain, format, args);
    cut = plain.len > MESSAGE_MAX;
    if (cut)
        for (plain.len = MESSAGE_MAX; (plain.at[plain.len] & 0xc0) == 0x80;)
            plain.len--;
    buffer_text_visible(&visible, (struct text){.at = plain.at, .len = plain.len});
    if (cut)
        buffer_text(&visible, "…");
    return buffer_take(&visible);
}

static void add(struct diags *d, enum diag_level level, struct place at, const char *code,
                char *message)
{
    struct diag *new;

    d->list = xgrow(d->list, d->count, &d->capacity, sizeof(*d->list));
    new = &d->list[d->count++];
    *new = (struct diag){
        .level = level,
        .file = source_touch(d, at.file ? at.file : "")->file,
        .line = at.line,
        .column = at.line ? at.column : 0,
        .length = at.length ? at.length : 1,
        .message = message,
    };
    strncpy(new->code, code, sizeof(new->code) - 1);
    d->of_level[level]++;
}

void diags_error(struct diags *d, struct place at, const char *code, const char *format,
                 ...)
{
    va_list args;

    va_start(args, format);
    add(d, DIAG_ERROR, at, code, format_visible(format, args));
    va_end(args);
}

void diags_warn(struct diags *d, struct place at, const char *code, const char *format,
                ...)
{
    va_list args;

    va_start(args, format);
    add(d, DIAG_WARNING, at, code, format_visible(format, args));
    va_end(args);
}

void diags_hint(struct diags *d, const char *format, ...)
{
    struct diag *last;
    va_list args;

    if (d->count == 0)
        return;
    last = &d->list[d->count - 1];
    last->hints =
        xgrow(last->hints, last->hints_count, &last->hints_capacity, sizeof(char *));
    va_start(args, format);
    last->hints[last->hints_count++] = format_visible(format, args);
    va_end(args);
}

/* The shortest name that word is the beginning of, or NULL; too little says nothing. */
static const char *completed(const char *word, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t len = strlen(word);

    for (size_t i = 0; len >= 4 && i < count; i++)
        if (strncmp(names[i], word, len) == 0 &&
            (!best || strlen(names[i]) < strlen(best)))
            best = names[i];
    return best;
}

void diags_suggest(struct diags *d, const char *word, const char *const *names,
                   size_t count)
{
    const char *name = text_nearest(word, names, count);

    if (!name)
        name = completed(word, names, count);
    if (name)
        diags_hint(d, "did you mean \"%s\"?", name);
}

size_t diags_errors(const struct diags *d)
{
    return d->of_level[DIAG_ERROR];
}

size_t diags_warnings(const struct diags *d)
{
    return d->of_level[DIAG_WARNING];
}

/* Of two at the same place, the one that was found first comes first. */
static int compare(const void *left, const void *right)
{
    const struct diag *a = *(const struct diag *const *)left;
    const struct diag *b = *(const struct diag *const *)right;
    int order = strcmp(a->file, b->file);

    if (order != 0)
        return order;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return a < b ? -1 : a > b;
}

const struct diag **diags_sorted(const struct diags *d)
{
    const struct diag **order = xcalloc(d->count, sizeof(*order));

    for (size_t i = 0; i < d->count; i++)
        order[i] = &d->list[i];
    qsort(order, d->count, sizeof(*order), compare);
    return order;
}

const char *diag_level_name(const struct diag *g)
{
    return g->level == DIAG_ERROR ? "error" : "warning";
}
