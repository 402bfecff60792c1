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

#include "json.h"
#include "mem.h"
#include "text.h"

#define SHOWN_MAX    100 /* faults in the text; the rest is a number */
#define MESSAGE_MAX  1000
#define WIDTH_MAX    160 /* characters of a source line that are shown */
#define WIDTH_BEFORE 60  /* of them, before the fault, when the line is longer */

struct diag {
    enum diag_level level;
    const char *file; /* one of diags.files */
    unsigned line, column, length;
    char code[8];
    char *message;
    char **hints;
    size_t hints_count, hints_capacity;
};

struct source {
    char *file;
    char *text; /* NULL: never given */
    size_t len;
};

struct diags {
    struct diag *list;
    size_t count, capacity;
    struct source *sources;
    size_t sources_count, sources_capacity;
    size_t of_level[2];
};

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

void diags_suggest(struct diags *d, const char *word, const char *const *names,
                   size_t count)
{
    const char *name = text_nearest(word, names, count);

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

/* An array of d->count diags in order; yours. */
static const struct diag **sorted(const struct diags *d)
{
    const struct diag **order = xcalloc(d->count, sizeof(*order));

    for (size_t i = 0; i < d->count; i++)
        order[i] = &d->list[i];
    qsort(order, d->count, sizeof(*order), compare);
    return order;
}

static const char *level_name(const struct diag *g)
{
    return g->level == DIAG_ERROR ? "error" : "warning";
}

/* The line without its end; false when the source is not known or not so long. */
static bool find_line(struct diags *d, const struct diag *g, struct text *ret_line)
{
    const struct source *s = source_touch(d, g->file);
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
static void add_source(struct buffer *b, struct diags *d, const struct diag *g)
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

static void add_diag(struct buffer *b, struct diags *d, const struct diag *g)
{
    buffer_text_visible(b, text_of(g->file));
    if (g->line > 0)
        buffer_print(b, ":%u", g->line);
    if (g->column > 0)
        buffer_print(b, ":%u", g->column);
    buffer_print(b, "%s%s[%s]: %s\n", *g->file ? ": " : "", level_name(g), g->code,
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
    auto_free const struct diag **order = sorted(d);
    struct buffer b = {0};

    for (size_t i = 0; i < d->count && i < SHOWN_MAX; i++)
        add_diag(&b, d, order[i]);
    if (d->count > SHOWN_MAX)
        buffer_print(&b, "and %zu more that are not shown\n", d->count - SHOWN_MAX);
    if (d->count > 0)
        add_summary(&b, d, order);
    return buffer_take(&b);
}

static struct json *diag_to_json(const struct diag *g)
{
    struct json *o = json_new_object(), *hints = json_new_list();

    json_put_text(o, "file", g->file);
    json_put_number(o, "line", g->line);
    json_put_number(o, "column", g->column);
    json_put_number(o, "end_column", g->column ? g->column + g->length : 0);
    json_put_text(o, "code", g->code);
    json_put_text(o, "level", level_name(g));
    json_put_text(o, "message", g->message);
    for (size_t i = 0; i < g->hints_count; i++)
        json_add(hints, json_new_text(g->hints[i]));
    json_put(o, "hints", hints);
    return o;
}

char *diags_json(struct diags *d)
{
    auto_free const struct diag **order = sorted(d);
    auto_json struct json *o = json_new_object();
    struct json *list = json_new_list();

    for (size_t i = 0; i < d->count; i++)
        json_add(list, diag_to_json(order[i]));
    json_put(o, "diagnostics", list);
    json_put_number(o, "errors", (int64_t)diags_errors(d));
    json_put_number(o, "warnings", (int64_t)diags_warnings(d));
    return json_write(o);
}

/* RFC 3986: a path as a URI reference. */
static struct json *path_to_uri(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~/";
    auto_buffer struct buffer b = {0};

    if (*path == '/')
        buffer_text(&b, "file://");
    for (; *path; path++)
        if (strchr(plain, *path))
            buffer_add(&b, path, 1);
        else
            buffer_print(&b, "%%%02X", (unsigned char)*path);
    return json_new_text(b.len ? b.at : "");
}

static struct json *diag_to_sarif(const struct diag *g)
{
    struct json *o = json_new_object(), *location = json_new_object();
    struct json *locations = json_new_list();
    auto_buffer struct buffer message = {0};

    buffer_text(&message, g->message);
    for (size_t i = 0; i < g->hints_count; i++)
        buffer_print(&message, "\n%s", g->hints[i]);
    json_put_text(o, "ruleId", g->code);
    json_put_text(o, "level", level_name(g));
    json_put_path(o, "message.text", json_new_text(message.at));
    json_put_path(location, "physicalLocation.artifactLocation.uri",
                  path_to_uri(g->file));
    if (g->line > 0)
        json_put_path(location, "physicalLocation.region.startLine",
                      json_new_number(g->line));
    if (g->column > 0) {
        json_put_path(location, "physicalLocation.region.startColumn",
                      json_new_number(g->column));
        json_put_path(location, "physicalLocation.region.endColumn",
                      json_new_number(g->column + g->length));
    }
    json_add(locations, location);
    json_put(o, "locations", locations);
    return o;
}

char *diags_sarif(struct diags *d)
{
    auto_free const struct diag **order = sorted(d);
    auto_json struct json *o = json_new_object();
    struct json *run = json_new_object(), *runs = json_new_list();
    struct json *results = json_new_list();

    for (size_t i = 0; i < d->count; i++)
        json_add(results, diag_to_sarif(order[i]));
    json_put_text(o, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json_put_text(o, "version", "2.1.0");
    json_put_path(run, "tool.driver.name", json_new_text("hallwatch"));
    json_put_path(run, "tool.driver.version", json_new_text(VERSION));
    json_put_text(run, "columnKind", "unicodeCodePoints");
    json_put(run, "results", results);
    json_add(runs, run);
    json_put(o, "runs", runs);
    return json_write(o);
}
