/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question of a selection, `field|modifiers: values`. Sigma compares without regard
 * to case: host names are lower-case here, other text is asked by a pattern with (?i).
 */
#include <ctype.h>
#include <strings.h>

#include "cli/sigma.h"
#include "items.h"
#include "mem.h"
#include "net.h"
#include "pattern.h"

enum { AT_ALL, AT_CONTAINS, AT_BEGIN, AT_END }; /* where in the text */
enum { CODED_NOT, CODED_BASE64, CODED_OFFSET };

struct asked {
    struct sigma_asking *a;
    const struct sigma_field *field;
    const struct node *key;
    unsigned where, coded;
    bool all, cased, regex, regex_any_case, cidr, exists, negated;
    const char *order; /* "<" and its like */
};

static bool refuse(struct sigma_asking *a, struct place at, const char *code,
                   const char *what, const char *word)
{
    diags_error(a->diags, at, code, "%s: \"%.100s\"", what, word);
    return false;
}

/* ---- modifiers ---- */

static const struct {
    const char *name;
    unsigned where;
} places[] = {{"contains", AT_CONTAINS}, {"startswith", AT_BEGIN}, {"endswith", AT_END}};

static const struct {
    const char *name, *sign;
} orders[] = {{"lt", "<"}, {"lte", "<="}, {"gt", ">"}, {"gte", ">="}};

static bool take_modifier(struct asked *q, const char *name)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {{"all", &q->all},         {"cased", &q->cased},   {"re", &q->regex},
                 {"cidr", &q->cidr},       {"exists", &q->exists}, {"neq", &q->negated},
                 {"i", &q->regex_any_case}};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (strcmp(name, places[i].name) == 0) {
            q->where = places[i].where;
            return true;
        }
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
        if (strcmp(name, orders[i].name) == 0) {
            q->order = orders[i].sign;
            return true;
        }
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (strcmp(name, flags[i].name) == 0)
            return *flags[i].flag = true;
    if (strcmp(name, "base64") == 0)
        q->coded = CODED_BASE64;
    else if (strcmp(name, "base64offset") == 0)
        q->coded = CODED_OFFSET;
    return q->coded != CODED_NOT;
}

/* "field|contains|all" into the field's name and flags. */
static bool read_key(struct asked *q)
{
    auto_free char *text = xstrdup(node_text(q->key));
    char *rest = text, *name = strsep(&rest, "|"), *word;

    q->field = sigma_field_find(q->a->source, name);
    if (!q->field)
        return refuse(q->a, node_place(q->key), "E0532",
                      "events here have nothing like the field", name);
    if (q->field->how == SIGMA_NEVER) {
        refuse(q->a, node_place(q->key), "E0532", "a sensor cannot answer for the field",
               name);
        diags_hint(q->a->diags, "%s", q->field->why);
        return false;
    }
    while ((word = strsep(&rest, "|")))
        if (!take_modifier(q, word))
            return refuse(q->a, node_place(q->key), "E0533",
                          "this modifier cannot be said here", word);
    if (q->regex_any_case && !q->regex)
        return refuse(q->a, node_place(q->key), "E0533", "\"i\" belongs to \"re\"", name);
    if (q->coded && q->where == AT_ALL && q->coded == CODED_OFFSET)
        q->where = AT_CONTAINS; /* what the offset is for */
    q->a->sides |= 1u << q->field->side;
    q->a->beyond_host |=
        q->field->field != FIELD_HOST && q->field->field != FIELD_SRC_IP &&
        q->field->field != FIELD_DST_IP && q->field->field != FIELD_SRC_PORT &&
        q->field->field != FIELD_DST_PORT;
    return true;
}

/* ---- patterns in texts ---- */

static void cut(const struct sigma_pattern *p, size_t from, size_t to,
                struct sigma_pattern *ret)
{
    *ret = (struct sigma_pattern){p->at + from, p->is_wild + from, to - from};
}

/* Stars at the ends say where: "*x*" is contains. */
static unsigned strip_stars(struct sigma_pattern *p, unsigned where)
{
    bool open_left = where == AT_CONTAINS || where == AT_END;
    bool open_right = where == AT_CONTAINS || where == AT_BEGIN;

    while (p->len > 0 && p->is_wild[0] && p->at[0] == '*') {
        cut(p, 1, p->len, p);
        open_left = true;
    }
    while (p->len > 0 && p->is_wild[p->len - 1] && p->at[p->len - 1] == '*') {
        p->len--;
        open_right = true;
    }
    return open_left ? (open_right ? AT_CONTAINS : AT_END)
                     : (open_right ? AT_BEGIN : AT_ALL);
}

static bool is_literal(const struct sigma_pattern *p)
{
    for (size_t i = 0; i < p->len; i++)
        if (p->is_wild[i])
            return false;
    return true;
}

static void put_regex(enum field_id f, const char *regex, bool any_case,
                      struct buffer *out)
{
    auto_buffer struct buffer whole = {0};

    buffer_print(&whole, "%s%s", any_case ? "(?i)" : "", regex);
    buffer_print(out, "%s matches ", field_get(f)->name);
    sigma_quote((struct text){whole.at, whole.len}, out);
}

/* A host name is in lower case, so that the quicker operators do. */
static void put_host(const struct sigma_pattern *p, unsigned where, enum field_id f,
                     struct buffer *out)
{
    static const char *const ops[] = {"==", "contains", "startswith", "endswith"};
    auto_buffer struct buffer lower = {0};

    for (size_t i = 0; i < p->len; i++) {
        char c = (char)tolower((uint8_t)p->at[i]);

        buffer_add(&lower, &c, 1);
    }
    buffer_print(out, "%s %s ", field_get(f)->name, ops[where]);
    sigma_quote((struct text){lower.at, lower.len}, out);
}

static bool is_clean_host(const struct sigma_pattern *p)
{
    for (size_t i = 0; i < p->len; i++)
        if (!isalnum((uint8_t)p->at[i]) && !strchr("-.", p->at[i]))
            return false;
    return p->len > 0;
}

/* before, after: of the regular expression around the pattern. */
static void put_around(const struct asked *q, enum field_id f,
                       const struct sigma_pattern *p, const char *before,
                       const char *after, struct buffer *out)
{
    auto_buffer struct buffer regex = {0};

    buffer_text(&regex, before);
    sigma_pattern_regex(p, &regex);
    buffer_text(&regex, after);
    put_regex(f, regex.at ? regex.at : "", !q->cased, out);
}

static void put_pattern(const struct asked *q, enum field_id f,
                        const struct sigma_pattern *p, unsigned where, struct buffer *out)
{
    bool left = where == AT_ALL || where == AT_BEGIN;
    bool right = where == AT_ALL || where == AT_END;

    if (p->len == 0 && where != AT_ALL)
        buffer_print(out, "%s exists", field_get(f)->name);
    else if (p->len == 0)
        buffer_print(out, "(not (%s exists) or %s == \"\")", field_get(f)->name,
                     field_get(f)->name);
    else if (field_get(f)->type == TYPE_DOMAIN && is_literal(p) && !q->cased &&
             (where != AT_ALL || is_clean_host(p)))
        put_host(p, where, f, out);
    else
        put_around(q, f, p, left ? "^" : "", right ? "$" : "", out);
}

/* ---- paths ---- */

static size_t find(const struct sigma_pattern *p, char c)
{
    size_t i = 0;

    while (i < p->len && (p->is_wild[i] || p->at[i] != c))
        i++;
    return i;
}

/* Takes "http://", "://" or "//" off. */
static bool strip_scheme(struct sigma_pattern *p, bool *ret_tls)
{
    size_t slash = find(p, '/'), before;

    if (slash + 1 >= p->len || p->is_wild[slash + 1] || p->at[slash + 1] != '/')
        return false;
    before = slash > 0 && p->at[slash - 1] == ':' ? slash - 1 : slash;
    *ret_tls = before > 0 && tolower((uint8_t)p->at[before - 1]) == 's';
    cut(p, slash + 2, p->len, p);
    return true;
}

/* The first part belongs to the host, from the first / on it is the path. */
static void put_split(const struct asked *q, const struct sigma_pattern *p, bool left,
                      bool right, struct buffer *out)
{
    size_t slash = find(p, '/');
    struct sigma_pattern host, path;

    cut(p, 0, slash, &host);
    cut(p, slash, p->len, &path);
    buffer_text(out, "(");
    put_pattern(q, FIELD_HOST, &host, left ? AT_ALL : AT_END, out);
    buffer_text(out, " and ");
    put_pattern(q, FIELD_HTTP_PATH, &path, right ? AT_ALL : AT_BEGIN, out);
    buffer_text(out, ")");
}

static void note_url(struct asked *q)
{
    if (q->a->told_url)
        return;
    q->a->told_url = true;
    diags_warn(
        q->a->diags, node_place(q->key), "W0531",
        "proxies write the whole address here, or the path alone: what begins with "
        "a / is asked of the path, what has a host before it of both");
}

/* A URL is scheme, host and path in one; what stands in a request is asked of both. */
static bool put_url(struct asked *q, const struct node *n, struct sigma_pattern *p,
                    unsigned where, struct buffer *out)
{
    bool tls = false, scheme = strip_scheme(p, &tls);
    bool right = where == AT_ALL || where == AT_END;
    size_t slash = find(p, '/');
    struct sigma_pattern host;

    cut(p, 0, slash, &host);
    note_url(q);
    if (tls)
        return refuse(q->a, node_place(n), "E0534",
                      "of https, the path cannot be read on the wire", node_text(n));
    if (!is_literal(&host) && slash < p->len)
        return refuse(q->a, node_place(n), "E0534",
                      "a wildcard before the first / may stand for host and path",
                      node_text(n));
    if (scheme && slash == p->len)
        put_pattern(q, FIELD_HOST, p, right ? AT_ALL : AT_BEGIN, out);
    else if (!scheme && (p->len == 0 ||
                         (slash == p->len && where != AT_CONTAINS && where != AT_END)))
        return refuse(q->a, node_place(n), "E0534",
                      "whether this log's addresses begin with a scheme is not known",
                      node_text(n));
    else if (!scheme && slash == 0)
        put_pattern(q, FIELD_HTTP_PATH, p, where, out);
    else if (scheme || where == AT_BEGIN || where == AT_ALL)
        put_split(q, p, true, right, out);
    else {
        buffer_text(out, "(");
        put_pattern(q, FIELD_HTTP_PATH, p, where, out);
        buffer_text(out, " or ");
        if (slash == p->len && where == AT_CONTAINS)
            put_pattern(q, FIELD_HOST, p, where, out);
        else if (slash < p->len)
            put_split(q, p, false, right, out);
        else
            out->len -= 4; /* it ends the path, and no host does */
        buffer_text(out, ")");
    }
    return true;
}

/* What is asked of a part of the path: before, after, for each place. */
static const char *const around_query[][2] = {{"^[^?]*\\?", "$"},
                                              {"^[^?]*\\?.*", ""},
                                              {"^[^?]*\\?", ""},
                                              {"^[^?]*\\?.*", "$"}};
static const char *const around_stem[][2] = {{"^", "(\\?|$)"},
                                             {"^[^?]*", ""},
                                             {"^", ""},
                                             {"^[^?]*", "(\\?|$)"}};

static bool put_extension(struct asked *q, const struct node *n,
                          const struct sigma_pattern *p, unsigned where,
                          struct buffer *out)
{
    if (where != AT_ALL || p->len == 0)
        return refuse(q->a, node_place(n), "E0534", "an extension is asked as a whole",
                      node_text(n));
    put_around(q, FIELD_HTTP_PATH, p, "^[^?]*\\.", "(\\?|$)", out);
    return true;
}

/* "8BB00EE" is written 08:BB:00:EE here. */
static bool put_serial(struct asked *q, const struct node *n,
                       const struct sigma_pattern *p, unsigned where, struct buffer *out)
{
    auto_buffer struct buffer b = {0};

    for (size_t i = 0; i < p->len; i++) {
        char c = (char)toupper((uint8_t)p->at[i]);

        if (where != AT_ALL || p->is_wild[i] || !isxdigit((uint8_t)c))
            return refuse(q->a, node_place(n), "E0534",
                          "a serial number is asked as a whole, in hexadecimal digits",
                          node_text(n));
        if (i == 0 && p->len % 2)
            buffer_text(&b, "0");
        else if (i > 0 && (p->len - i) % 2 == 0)
            buffer_text(&b, ":");
        buffer_add(&b, &c, 1);
    }
    buffer_text(out, "tls.cert.serial == ");
    sigma_quote((struct text){b.at, b.len}, out);
    return true;
}

static bool put_text_of(struct asked *q, const struct node *n, const char *text,
                        struct buffer *out)
{
    struct sigma_pattern p;
    unsigned where;

    sigma_pattern_read(&p, text, q->a->arena);
    where = strip_stars(&p, q->where);
    switch (q->field->how) {
    case SIGMA_URL:
        return put_url(q, n, &p, where, out);
    case SIGMA_QUERY:
        put_around(q, q->field->field, &p, around_query[where][0], around_query[where][1],
                   out);
        return true;
    case SIGMA_STEM:
        if (find(&p, '?') < p.len)
            return refuse(q->a, node_place(n), "E0534", "no stem has a ?", text);
        put_around(q, q->field->field, &p, around_stem[where][0], around_stem[where][1],
                   out);
        return true;
    case SIGMA_EXTENSION:
        return put_extension(q, n, &p, where, out);
    case SIGMA_SERIAL:
        return put_serial(q, n, &p, where, out);
    case SIGMA_PLAIN:
    case SIGMA_NEVER:
        break;
    }
    put_pattern(q, q->field->field, &p, where, out);
    return true;
}

/* ---- base64 ---- */

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    "+/";

/* What the text looks like in base64 when `shift` bytes stand before it: only digits that
 * are its own. */
static char *encode(const char *text, size_t shift, bool whole, struct arena *a)
{
    size_t len = strlen(text), bits = 8 * (shift + len);
    size_t first = (8 * shift + 5) / 6, end = whole ? (bits + 5) / 6 : bits / 6, n = 0;
    char *out = arena_new(a, end + 8);

    for (size_t i = first; i < end; i++) {
        unsigned value = 0;

        for (size_t bit = 6 * i; bit < 6 * i + 6; bit++) {
            size_t at = bit / 8;
            uint8_t byte =
                at >= shift && at < shift + len ? (uint8_t)text[at - shift] : 0;

            value = value << 1 | (byte >> (7 - bit % 8) & 1);
        }
        out[n++] = digits[value];
    }
    while (whole && n % 4)
        out[n++] = '=';
    return out;
}

static bool put_coded(struct asked *q, const struct node *n, struct buffer *out)
{
    size_t shifts = q->coded == CODED_OFFSET ? 3 : 1;
    bool good = true;

    if (strlen(node_text(n)) < 3)
        return refuse(q->a, node_place(n), "E0534", "too short to be told in base64",
                      node_text(n));
    buffer_text(out, "(");
    for (size_t i = 0; i < shifts; i++) {
        if (i)
            buffer_text(out, " or ");
        good = put_text_of(q, n,
                           encode(node_text(n), i, q->coded == CODED_BASE64, q->a->arena),
                           out) &&
               good;
    }
    buffer_text(out, ")");
    return good;
}

/* ---- regular expressions ---- */

/* What means the same to their engine and to ours. */
static bool is_common(const char *regex)
{
    for (const char *c = regex; *c; c++) {
        if (*c == '{' || (uint8_t)*c >= 0x80 || strncmp(c, "(?", 2) == 0 ||
            strncmp(c, "[[", 2) == 0 || strncmp(c, "[]", 2) == 0 ||
            strncmp(c, "[^]", 3) == 0 || (*c && strchr("*+?", *c) && c[1] == '+'))
            return false;
        if (*c != '\\')
            continue;
        c++;
        if (!*c || (isalnum((uint8_t)*c) && !strchr("dwsDWS", *c)))
            return false;
    }
    return true;
}

static bool put_their_regex(struct asked *q, const struct node *n, struct buffer *out)
{
    const char *text = node_text(n), *error = NULL;
    /* Names have no case, and are kept in lower case. */
    bool any_case = q->regex_any_case || field_get(q->field->field)->type == TYPE_DOMAIN;
    struct pattern *p;
    size_t at;

    if (strncmp(text, "(?i)", 4) == 0) {
        any_case = true;
        text += 4;
    }
    if (q->field->how != SIGMA_PLAIN)
        return refuse(q->a, node_place(n), "E0533",
                      "a regular expression cannot be asked of this field",
                      node_text(q->key));
    if (!is_common(text) || !*text)
        return refuse(
            q->a, node_place(n), "E0534",
            "counts, groups with ?, letters behind \\ other than d w s, and names "
            "of classes are not said here",
            text);
    p = pattern_regex(text_of(text), &error, &at);
    pattern_free(p);
    if (!p)
        return refuse(q->a, node_place(n), "E0534", error, text);
    put_regex(q->field->field, text, any_case, out);
    return true;
}

/* ---- other types ---- */

static bool put_number(struct asked *q, const struct node *n, struct buffer *out)
{
    uint64_t number;

    if (q->where != AT_ALL || text_parse_number(node_text(n), &number) != 0)
        return refuse(q->a, node_place(n), "E0534", "a whole number is needed here",
                      node_text(n));
    buffer_print(out, "%s %s %llu", field_get(q->field->field)->name,
                 q->order ? q->order : "==", (unsigned long long)number);
    return true;
}

static bool put_addr(struct asked *q, const struct node *n, struct buffer *out)
{
    const char *name = field_get(q->field->field)->name;
    struct prefix prefix;
    struct addr addr;

    if (q->where == AT_ALL && strchr(node_text(n), '/') &&
        prefix_parse(node_text(n), &prefix) == 0)
        buffer_print(out, "%s in cidr(\"%s\")", name, node_text(n));
    else if (q->where == AT_ALL && addr_parse(node_text(n), &addr) == 0)
        buffer_print(out, "%s == %s", name, node_text(n));
    else
        return refuse(q->a, node_place(n), "E0534",
                      "an address or network is needed here", node_text(n));
    return true;
}

static bool put_word(struct asked *q, const struct node *n, struct buffer *out)
{
    const struct field *f = field_get(q->field->field);

    for (size_t i = 0; q->where == AT_ALL && i < f->words->count; i++)
        if (strcasecmp(f->words->at[i], node_text(n)) == 0) {
            buffer_print(out, "%s == \"%s\"", f->name, f->words->at[i]);
            return true;
        }
    refuse(q->a, node_place(n), "E0534", "none of the words that the field can be",
           node_text(n));
    diags_suggest(q->a->diags, node_text(n), f->words->at, f->words->count);
    return false;
}

/* ---- a value ---- */

static bool is_null(const struct node *n)
{
    return node_style(n) == NODE_PLAIN &&
           (strcasecmp(node_text(n), "null") == 0 || strcmp(node_text(n), "~") == 0 ||
            !*node_text(n));
}

static bool put_exists(struct asked *q, const struct node *n, struct buffer *out)
{
    const char *name = field_get(q->field->field)->name;
    bool yes =
        strcasecmp(node_text(n), "true") == 0 || strcasecmp(node_text(n), "yes") == 0;

    if (q->field->how != SIGMA_PLAIN && q->field->how != SIGMA_URL)
        return refuse(q->a, node_place(n), "E0534",
                      "whether this part is there cannot be asked", node_text(q->key));
    buffer_print(out, q->exists && yes ? "%s exists" : "not (%s exists)", name);
    return true;
}

static bool fits_type(struct asked *q, const struct node *n)
{
    enum field_type type = field_get(q->field->field)->type;
    bool is_text = type == TYPE_TEXT || type == TYPE_DOMAIN;

    if (!is_text && (q->regex || q->coded || q->cased))
        return refuse(q->a, node_place(q->key), "E0533",
                      "this modifier is for text, and the field is none",
                      node_text(q->key));
    if ((q->cidr && type != TYPE_ADDR) || (q->order && type != TYPE_NUMBER))
        return refuse(q->a, node_place(q->key), "E0533",
                      "this modifier does not fit the field", node_text(q->key));
    for (const char *c = node_text(n); *c; c++)
        if ((uint8_t)*c < 0x20 || *c == 0x7f)
            return refuse(q->a, node_place(n), "E0534",
                          "control characters are in no text here", "");
    return true;
}

static bool put_value(struct asked *q, const struct node *n, struct buffer *out)
{
    if (node_kind(n) != NODE_SCALAR)
        return refuse(q->a, node_place(n), "E0534", "a value is no list or map",
                      node_text(q->key));
    if (q->exists || is_null(n))
        return put_exists(q, n, out);
    if (!fits_type(q, n))
        return false;
    if (q->regex)
        return put_their_regex(q, n, out);
    if (q->coded)
        return put_coded(q, n, out);
    switch (field_get(q->field->field)->type) {
    case TYPE_NUMBER:
        return put_number(q, n, out);
    case TYPE_ADDR:
        return put_addr(q, n, out);
    case TYPE_NAME:
        return put_word(q, n, out);
    default:
        return put_text_of(q, n, node_text(n), out);
    }
}

/* ---- several values ---- */

/* One of many texts as few patterns: `f matches "(?i)^(a|b)$"` costs less room than as
 * many predicates. Only where values are asked as they are. */
static bool can_join(const struct asked *q)
{
    return !q->all && !q->regex && !q->coded && !q->exists && !q->cased &&
           q->field->how == SIGMA_PLAIN && field_get(q->field->field)->type == TYPE_TEXT;
}

#define JOIN_MAX (PATTERN_MAX - 16)

static bool regex_of(struct asked *q, const struct node *n, struct buffer *one)
{
    struct sigma_pattern p;
    unsigned where;

    if (node_kind(n) != NODE_SCALAR || is_null(n) || !*node_text(n))
        return false;
    sigma_pattern_read(&p, node_text(n), q->a->arena);
    where = strip_stars(&p, q->where);
    buffer_text(one, where == AT_ALL || where == AT_BEGIN ? "^" : "");
    sigma_pattern_regex(&p, one);
    buffer_text(one, where == AT_ALL || where == AT_END ? "$" : "");
    return p.len > 0;
}

static void flush(struct asked *q, struct buffer *joined, bool *first, struct buffer *out)
{
    if (joined->len == 0)
        return;
    buffer_text(out, *first ? "" : " or ");
    put_regex(q->field->field, joined->at, true, out);
    *first = false;
    joined->len = 0;
}

static bool put_values(struct asked *q, const struct node *value, struct buffer *out)
{
    auto_buffer struct buffer joined = {0}, one = {0};
    bool good = true, first = true, join = can_join(q);

    for (size_t i = 0; i < items_count(value); i++) {
        const struct node *n = items_at(value, i);

        one.len = 0;
        if (join && regex_of(q, n, &one) && one.len < JOIN_MAX && fits_type(q, n)) {
            if (joined.len + one.len > JOIN_MAX)
                flush(q, &joined, &first, out);
            buffer_print(&joined, "%s%s", joined.len ? "|" : "", one.at);
            continue;
        }
        buffer_text(out, first ? "" : q->all ? " and " : " or ");
        first = false;
        good = put_value(q, n, out) && good;
    }
    flush(q, &joined, &first, out);
    return good;
}

bool sigma_ask(struct sigma_asking *a, const struct node *key, const struct node *value,
               struct buffer *out)
{
    struct asked q = {.a = a, .key = key};
    bool good;

    if (!read_key(&q))
        return false;
    if (node_kind(value) == NODE_MAP || items_count(value) == 0)
        return refuse(a, node_place(value), "E0534", "a value or a list is needed here",
                      node_text(key));
    buffer_text(out, q.negated ? "not (" : "(");
    good = put_values(&q, value, out);
    buffer_text(out, ")");
    return good;
}

static bool ask_all(struct sigma_asking *a, const struct node *map, struct buffer *out)
{
    bool good = true;

    buffer_text(out, "(");
    for (size_t i = 0; i < node_count(map); i++) {
        buffer_text(out, i ? " and " : "");
        good = sigma_ask(a, node_key(map, i), node_value(map, i), out) && good;
    }
    buffer_text(out, ")");
    return good;
}

bool sigma_selection(struct sigma_asking *a, const struct node *n, struct buffer *out)
{
    bool good = true;

    if (node_kind(n) == NODE_SCALAR || node_count(n) == 0) {
        diags_error(a->diags, node_place(n), "E0534",
                    "words without a field are looked for in a whole line of a log, and "
                    "there is none here");
        return false;
    }
    if (node_kind(n) == NODE_MAP)
        return ask_all(a, n, out);
    buffer_text(out, "(");
    for (size_t i = 0; i < node_count(n); i++) {
        const struct node *item = node_item(n, i);

        buffer_text(out, i ? " or " : "");
        if (node_kind(item) == NODE_LIST)
            good =
                refuse(a, node_place(item), "E0534", "a list in a list says nothing", "");
        else
            good = sigma_selection(a, item, out) && good;
    }
    buffer_text(out, ")");
    return good;
}
