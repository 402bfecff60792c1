/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people mean when libyaml stumbles. Most of it is about quotes, and what should
 * stand in them is shown as it would be written, where it can be told.
 */
#include <string.h>

#include "text.h"
#include "yaml_tree.h"

/* What it says, and over which character; NULL: any. */
static const struct stumble {
    const char *problem, *chars, *hint;
} stumbles[] = {
    {"cannot start any token", "@`",
     "text cannot begin with @ or ` unless it is quoted; a list is written $name"},
    {"cannot start any token", "\t", "indent with blanks, not with tabs"},
    {"cannot start any token", "%", "text that begins with % must be quoted"},
    {"mapping values are not allowed", NULL,
     "text that holds \": \" must be quoted as a whole, in '...'; or look at the "
     "indentation"},
    {"alphabetic or numeric character", NULL,
     "text that begins with * or & must be quoted: \"*.example\""},
    {"did not find expected key", NULL,
     "look at the indentation here and in the lines above"},
    {"did not find expected '-' indicator", NULL,
     "look at the indentation here and in the lines above"},
    {"could not find expected ':'", NULL,
     "a key needs a colon and a blank behind it; or a quote is not closed; or text goes "
     "on over several lines, which begins with | behind its key"},
    {"unexpected end of stream", NULL, "a quote is not closed"},
};

static bool is_stumble(const struct stumble *s, const char *problem, char at)
{
    return strstr(problem, s->problem) &&
           (!s->chars || (at != '\0' && strchr(s->chars, at)));
}

/* ---- text that should be quoted ---- */

/* Where the value that holds the byte at begins in its line: behind its key, or behind
 * what is before it in { } or [ ]. */
static size_t value_start(const struct yaml *y, size_t at)
{
    const char *text = y->text;

    while (at > 0 && text[at - 1] != '\n' && !strchr("[{,", text[at - 1]) &&
           !(text[at - 1] == ':' && text[at] == ' '))
        at--;
    return at + strspn(text + at, " ");
}

/* Where it ends, reading on from the bracket at; 0: not in this line. */
static size_t value_end(const struct yaml *y, size_t at)
{
    int depth = 0;
    bool quoted = false;

    for (; y->text[at] && y->text[at] != '\n'; at++) {
        char c = y->text[at];

        quoted ^= c == '"';
        if (quoted)
            continue;
        if (depth == 0 && strchr(",}]", c))
            return at;
        depth += (c == '[' || c == '{') - (c == ']' || c == '}');
    }
    return 0;
}

static size_t count_of(struct text t, char c)
{
    size_t count = 0;

    for (size_t i = 0; i < t.len; i++)
        count += t.at[i] == c;
    return count;
}

/* The value that holds a bracket, if it can be told and quoted by '...'. */
static bool find_value(const struct yaml *y, size_t bracket, struct text *ret)
{
    size_t start = value_start(y, bracket), end = value_end(y, bracket);

    if (end <= start || start > bracket)
        return false;
    while (end > start && y->text[end - 1] == ' ')
        end--;
    *ret = (struct text){.at = y->text + start, .len = end - start};
    return count_of(*ret, '\'') == 0 && count_of(*ret, '"') % 2 == 0;
}

/* `when: "x" == host`: YAML takes the quoted part for the whole. */
static bool is_after_quote(const struct yaml *y, size_t at)
{
    while (at > 0 && y->text[at - 1] == ' ')
        at--;
    return at > 0 && (y->text[at - 1] == '"' || y->text[at - 1] == '\'') &&
           !strchr("\n,}]:", y->text[at]);
}

static void hint_brackets(const struct yaml *y, size_t offset, struct diags *d)
{
    struct text value;

    if (find_value(y, offset, &value))
        diags_hint(d,
                   "an expression with [ or { inside { } or [ ] must be quoted: '%.*s'",
                   (int)value.len, value.at);
    else
        diags_hint(d, "an expression with [ or { inside { } or [ ] must be quoted: "
                      "{when: 'dns.type in [\"TXT\"]'}");
}

void yaml_hint(const struct yaml *y, const char *problem, const char *context,
               size_t offset, struct diags *d)
{
    char at = y->text[offset];

    if (at && strchr("[{", at) && context && strstr(context, "while parsing a flow ")) {
        hint_brackets(y, offset, d);
        return;
    }
    if (strstr(problem, "did not find expected") && is_after_quote(y, offset)) {
        diags_hint(d, "text that begins with a quote ends with it: put all of it into "
                      "quotes of the other kind, '...'");
        return;
    }
    for (size_t i = 0; i < sizeof(stumbles) / sizeof(stumbles[0]); i++)
        if (is_stumble(&stumbles[i], problem, at)) {
            diags_hint(d, "%s", stumbles[i].hint);
            return;
        }
}
