/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a character of a scalar back to where it stands in the file. The scalar's source
 * is walked beside its text, over whatever YAML has made of it: lines folded to a blank,
 * escapes, doubled quotes.
 */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "text.h"
#include "yaml_tree.h"

/* The line break at the start of at, as libyaml counts them (YAML 1.1, section 4.2). */
static size_t break_len(const char *at)
{
    if (at[0] == '\r' && at[1] == '\n')
        return 2;
    if (at[0] == '\r' || at[0] == '\n')
        return 1;
    if (at[0] == '\xc2' && at[1] == '\x85')
        return 2;
    if (at[0] == '\xe2' && at[1] == '\x80' && (at[2] == '\xa8' || at[2] == '\xa9'))
        return 3;
    return 0;
}

static size_t char_len(const char *at, size_t left)
{
    size_t size = text_utf8_len(at, left);

    return size ? size : 1;
}

static unsigned count_chars(const char *at, size_t len)
{
    unsigned count = 0;

    for (size_t i = 0; i < len; i += char_len(at + i, len - i))
        count++;
    return count;
}

static void add_line(struct yaml *y, size_t start)
{
    y->lines = xgrow(y->lines, y->lines_count, &y->lines_capacity, sizeof(*y->lines));
    y->lines[y->lines_count++] = start;
}

void yaml_index_lines(struct yaml *y)
{
    add_line(y, 0);
    for (size_t i = 0; i < y->len;) {
        size_t size = break_len(y->text + i);

        i += size ? size : 1;
        if (size)
            add_line(y, i);
    }
}

size_t yaml_offset(const struct yaml *y, unsigned line, unsigned column)
{
    size_t at;

    if (line == 0 || line > y->lines_count)
        return y->len;
    at = y->lines[line - 1];
    for (; column > 1 && at < y->len; column--)
        at += char_len(y->text + at, y->len - at);
    return at;
}

struct place yaml_place(const struct yaml *y, size_t offset)
{
    size_t low = 0, high = y->lines_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (y->lines[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return (struct place){
        .file = y->name,
        .line = (unsigned)low + 1,
        .column = 1 + count_chars(y->text + y->lines[low], offset - y->lines[low]),
        .length = 1,
    };
}

struct place node_place(const struct node *n)
{
    unsigned length = n->length;

    if (n->kind == NODE_MAP && n->style == NODE_BLOCK && n->count > 0)
        length = n->items[0]->length;
    return (struct place){
        .file = n->yaml->name,
        .line = n->line,
        .column = n->column,
        .length = length ? length : 1,
    };
}

/* How far the lines of a literal scalar are indented, by its first one with a text. */
static unsigned literal_indent(const struct node *n)
{
    const struct yaml *y = n->yaml;
    const char *at = n->text;
    size_t line = n->line; /* the one below the |, counted from 0 */
    size_t in_file, in_text;

    for (; *at == '\n'; at++)
        line++;
    if (line >= y->lines_count)
        return 0;
    in_file = strspn(y->text + y->lines[line], " ");
    in_text = strspn(at, " ");
    return in_file > in_text ? (unsigned)(in_file - in_text) : 0;
}

static struct place literal_place(const struct node *n, size_t offset, size_t length)
{
    struct place at = node_place(n);
    size_t start = 0;

    at.line++;
    for (size_t i = 0; i < offset; i++)
        if (n->text[i] == '\n') {
            at.line++;
            start = i + 1;
        }
    at.column = 1 + literal_indent(n) + count_chars(n->text + start, offset - start);
    at.length = count_chars(n->text + offset, length);
    return at;
}

/* The blanks and breaks at the start of at, and how many of them are breaks. */
static size_t gap_len(const char *at, unsigned *ret_breaks)
{
    size_t len = 0, size = 0;

    *ret_breaks = 0;
    while (at[len] == ' ' || at[len] == '\t' || (size = break_len(at + len)) > 0) {
        *ret_breaks += size > 0;
        len += size ? size : 1;
        size = 0;
    }
    return len;
}

/* An escape in double quotes (YAML 1.1, section 5.6), as long as it is in the file. */
static size_t escape_len(const char *at)
{
    size_t size = break_len(at + 1);

    if (size > 0)
        return 1 + size + strspn(at + 1 + size, " \t");
    return at[1] == 'x' ? 4 : at[1] == 'u' ? 6 : at[1] == 'U' ? 10 : 2;
}

/*
 * Steps over the next character of a flow scalar, in the file and in the text together.
 * One folded line is a blank; more are that many breaks less one.
 */
static void step(const struct node *n, size_t *in_file, size_t *in_text)
{
    const char *at = n->yaml->text + *in_file;
    size_t size = char_len(n->text + *in_text, n->text_len - *in_text);
    unsigned breaks;
    size_t gap = gap_len(at, &breaks);

    if (breaks > 0) {
        *in_file += gap;
        *in_text += breaks == 1 ? 1 : breaks - 1;
    } else if (n->doubled && *at == '\\') {
        *in_file += escape_len(at);
        *in_text += break_len(at + 1) ? 0 : size;
    } else {
        bool two = n->style == NODE_QUOTED && !n->doubled && strncmp(at, "''", 2) == 0;

        *in_file += two ? 2 : size;
        *in_text += size;
    }
}

/* A line that ends in \ in double quotes: it and the break are nothing in the text. */
static bool is_continued(const struct node *n, size_t in_file)
{
    const char *at = n->yaml->text + in_file;

    return n->doubled && in_file < n->yaml->len && *at == '\\' && break_len(at + 1) > 0;
}

static struct place flow_place(const struct node *n, size_t offset, size_t length)
{
    size_t in_file = yaml_offset(n->yaml, n->line, n->column), in_text = 0, start;
    struct place at;

    if (n->style == NODE_QUOTED)
        in_file++;
    while (in_text < offset && in_file < n->yaml->len)
        step(n, &in_file, &in_text);
    if (is_continued(n, in_file))
        step(n, &in_file, &in_text);
    start = in_file < n->yaml->len ? in_file : n->yaml->len;
    at = yaml_place(n->yaml, start);
    while (in_text < offset + length && in_file < n->yaml->len &&
           break_len(n->yaml->text + in_file) == 0)
        step(n, &in_file, &in_text);
    if (in_file > n->yaml->len)
        in_file = n->yaml->len;
    at.length = count_chars(n->yaml->text + start, in_file - start);
    return at;
}

struct place node_place_at(const struct node *n, size_t offset, size_t length)
{
    if (n->kind != NODE_SCALAR || n->style == NODE_FOLDED)
        return node_place(n);
    if (offset > n->text_len)
        offset = n->text_len;
    if (length > n->text_len - offset)
        length = n->text_len - offset;
    if (length == 0 && offset < n->text_len)
        length = 1;
    return n->style == NODE_LITERAL ? literal_place(n, offset, length)
                                    : flow_place(n, offset, length);
}
