/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 4180, but a field does not go over the end of a line: no domain does.
 */
#include <errno.h>

#include "list_reader.h"

#define FIELDS_MAX 256

/* A field, its quotes taken off. A doubled quote inside stays so: it is in no name. */
static struct text next_field(struct text *line, bool *ret_last)
{
    struct text field;
    size_t end = 0, quoted = line->len > 0 && line->at[0] == '"';

    if (quoted) {
        for (end = 1; end < line->len; end++) {
            if (line->at[end] != '"')
                continue;
            if (end + 1 < line->len && line->at[end + 1] == '"')
                end++;
            else
                break;
        }
    }
    field =
        (struct text){.at = line->at + quoted, .len = end > quoted ? end - quoted : 0};
    while (end < line->len && line->at[end] != ',')
        end++;
    if (!quoted)
        field.len = end;
    *ret_last = end == line->len;
    line->at += *ret_last ? end : end + 1;
    line->len -= *ret_last ? end : end + 1;
    return field;
}

static int find_heading(struct list_reader *r, struct text line)
{
    struct place at = {
        .file = r->source->path, .line = r->line, .column = 1, .length = 1};
    struct text wanted = text_of(r->source->column);
    bool last = false;

    for (size_t i = 0; !last && i < FIELDS_MAX; i++) {
        struct text field = next_field(&line, &last);

        while (field.len > 0 && field.at[0] == ' ')
            field = (struct text){.at = field.at + 1, .len = field.len - 1};
        while (field.len > 0 && field.at[field.len - 1] == ' ')
            field.len--;
        if (text_equal(field, wanted)) {
            r->column = i;
            r->has_column = true;
            return 0;
        }
    }
    if (r->source->forgiving)
        diags_warn(r->diags, at, "W0421", "the table has no column \"%s\"",
                   r->source->column);
    else
        diags_error(r->diags, at, "E0421", "the table has no column \"%s\"",
                    r->source->column);
    diags_hint(r->diags,
               "name one of the headings in this line, or give a number from 1");
    return -EINVAL;
}

/* ret_heading: the line is the one with the headings. */
static int find_column(struct list_reader *r, struct text line, bool *ret_heading)
{
    uint64_t number = 1;

    *ret_heading = false;
    if (!r->source->column || text_parse_number(r->source->column, &number) == 0) {
        r->column = number > 0 && number <= FIELDS_MAX ? (size_t)number - 1 : FIELDS_MAX;
        r->has_column = true;
        return 0;
    }
    *ret_heading = true;
    return find_heading(r, line);
}

int list_line_csv(struct list_reader *r, struct text line)
{
    struct text whole = line, field = {0}, word;
    bool heading, last = false;

    if (!r->has_column) {
        int result = find_column(r, line, &heading);

        if (result != 0)
            return result;
        if (heading) {
            r->counts.skipped++;
            return 0;
        }
    }
    for (size_t i = 0; i <= r->column; i++) {
        if (last) {
            list_reader_refuse(r, whole, "has too few columns");
            return 0;
        }
        field = next_field(&line, &last);
    }
    word = list_reader_word(&field);
    if (word.len == 0)
        r->counts.skipped++;
    else if (list_reader_word(&field).len > 0)
        list_reader_refuse(r, whole, "has more than one word in its column");
    else
        list_reader_name(r, word);
    return 0;
}
