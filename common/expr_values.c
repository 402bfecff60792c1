/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The right-hand side of a condition: constants written there, or those of a list.
 */
#include "expr.h"

#include <stdlib.h>

#include "constant.h"
#include "mem.h"

struct collected {
    struct constant *at;
    size_t count, capacity;
};

/* A field with such a word behind one of its dots holds what such a list lists. */
static bool holds_prints(const struct field *f, enum list_type type)
{
    static const char *const words[][2] = {
        [LIST_JA3] = {".ja3", ".ja3s"},
        [LIST_JA4] = {".ja4", ".ja4"},
        [LIST_CERT] = {".sha256", ".sha1"},
        [LIST_AUTHORITY] = {".authorities", ".issuer"},
    };

    if (f->type != TYPE_TEXT && f->type != TYPE_TEXTS)
        return false;
    for (size_t i = 0; i < 2; i++) {
        struct text name = text_of(f->name), word = text_of(words[type][i]);

        if (name.len > word.len &&
            memcmp(name.at + name.len - word.len, word.at, word.len) == 0)
            return true;
    }
    return false;
}

static bool list_fits(const struct list_def *l, const struct field *f)
{
    switch (l->type) {
    case LIST_DOMAIN:
    case LIST_LOOKALIKE:
        return f->type == TYPE_DOMAIN || f->type == TYPE_DOMAINS;
    case LIST_CIDR:
    case LIST_IP:
        return f->type == TYPE_ADDR || f->type == TYPE_ADDRS;
    case LIST_MAC:
        return f->type == TYPE_MAC;
    case LIST_PORT:
        return f->type == TYPE_NUMBER;
    case LIST_STRING:
        return f->type == TYPE_TEXT || f->type == TYPE_TEXTS || f->type == TYPE_NAME ||
               f->type == TYPE_NAMES || f->type == TYPE_BOOL;
    default:
        return holds_prints(f, l->type);
    }
}

/* Host names stand for all below them, one of several values is enough, else: is it on.
 */
static enum predicate_op file_op(const struct list_def *l, const struct field *f)
{
    switch (f->type) {
    case TYPE_DOMAIN:
        return l->type == LIST_LOOKALIKE ? OP_IN : OP_UNDER;
    case TYPE_DOMAINS:
        return l->type == LIST_LOOKALIKE ? OP_ANY_OF : OP_UNDER;
    case TYPE_ADDRS:
    case TYPE_TEXTS:
        return OP_ANY_OF;
    default:
        return OP_IN;
    }
}

static struct list_def *find_list(struct expr_world *w, const struct operand *o)
{
    const char **names = arena_array(w->arena, w->list_count + 1, sizeof(*names));

    for (size_t i = 0; i < w->list_count; i++) {
        names[i] = w->lists[i].name;
        if (text_equal(text_of(names[i]), o->text)) {
            w->lists[i].used = true;
            return &w->lists[i];
        }
    }
    diags_error(w->diags, span_place(o->span), "E0401", "unknown list \"$%s\"",
                o->text.at);
    diags_suggest(w->diags, o->text.at, names, w->list_count);
    return NULL;
}

static bool add(struct expr_world *w, const struct operand *o, const struct field *f,
                struct collected *c)
{
    struct constant value = {0};

    if (!constant_convert(w->arena, o, f->type, f->words, w->diags, &value))
        return false;
    c->at = xgrow(c->at, c->count, &c->capacity, sizeof(*c->at));
    c->at[c->count++] = value;
    return true;
}

static bool add_list(struct expr_world *w, const struct operand *o, struct predicate *p,
                     struct collected *c)
{
    const struct field *f = field_get(p->field);
    struct list_def *l = find_list(w, o);
    bool good = true;

    if (!l || l->broken)
        return false;
    if (!list_fits(l, f)) {
        diags_error(w->diags, span_place(o->span), "E0402",
                    "list $%s (%s) does not fit %s (%s)", l->name,
                    names_get(&names_list_type, l->type), f->name,
                    field_type_name(f->type));
        return false;
    }
    if (l->from_file && p->op != file_op(l, f)) {
        diags_error(w->diags, span_place(o->span), "E0402",
                    "list $%s comes from a file: it can be asked with \"%s\" only",
                    l->name, names_get(&names_predicate_op, file_op(l, f)));
        return false;
    }
    p->list = l->name;
    if (l->from_file)
        p->listdb = l->listdb;
    if (l->from_file && l->on_stale == LIST_STALE_DISABLE)
        p->listdb_until = l->stale_from;
    for (size_t i = 0; l->items && i < node_count(l->items); i++) {
        struct operand item = constant_operand(node_item(l->items, i));

        good = add(w, &item, f, c) && good;
    }
    return good;
}

static bool collect(struct expr_world *w, const struct expr *e, struct predicate *p,
                    struct collected *c)
{
    bool good = true;

    for (size_t i = 0; i < e->operand_count; i++) {
        const struct operand *o = &e->operands[i];

        if (o->kind == OPERAND_LIST && e->operand_count > 1) {
            diags_error(w->diags, span_place(o->span), "E0402",
                        "a list cannot stand among other values");
            diags_hint(w->diags, "write two conditions with \"or\" between them");
            good = false;
        } else if (o->kind == OPERAND_LIST) {
            good = add_list(w, o, p, c) && good;
        } else {
            good = add(w, o, field_get(p->field), c) && good;
        }
    }
    return good;
}

static void set_numbers(struct arena *a, const struct collected *c, struct predicate *p)
{
    uint64_t *numbers = arena_array(a, c->count, sizeof(*numbers));

    for (size_t i = 0; i < c->count; i++)
        numbers[i] = c->at[i].number;
    qsort(numbers, c->count, sizeof(*numbers), value_compare_number);
    p->set.numbers = numbers;
    p->number = c->count ? c->at[0].number : 0;
}

static void set_texts(struct arena *a, const struct collected *c, struct predicate *p)
{
    struct text *texts = arena_array(a, c->count, sizeof(*texts));

    for (size_t i = 0; i < c->count; i++)
        texts[i] = c->at[i].text;
    qsort(texts, c->count, sizeof(*texts), value_compare_text);
    p->set.texts = texts;
}

static void set_prefixes(struct arena *a, const struct collected *c, struct predicate *p)
{
    struct prefix *prefixes = arena_array(a, c->count, sizeof(*prefixes));

    for (size_t i = 0; i < c->count; i++)
        prefixes[i] = c->at[i].prefix;
    p->set.prefixes = prefixes;
}

static void set_values(struct arena *a, const struct collected *c, struct predicate *p)
{
    p->set.count = c->count;
    switch (field_get(p->field)->type) {
    case TYPE_TEXT:
    case TYPE_DOMAIN:
    case TYPE_TEXTS:
    case TYPE_DOMAINS:
        set_texts(a, c, p);
        return;
    case TYPE_ADDR:
    case TYPE_ADDRS:
        set_prefixes(a, c, p);
        return;
    case TYPE_NAMES:
        for (size_t i = 0; i < c->count; i++)
            p->number |= UINT64_C(1) << c->at[i].number;
        return;
    default:
        set_numbers(a, c, p);
    }
}

/* What glob, startswith and their like are given is a part of a name: no host name. */
static bool read_part(struct expr_world *w, const struct expr *e, struct predicate *p)
{
    const struct operand *o = e->operands;
    struct text *part = arena_new(w->arena, sizeof(*part));
    struct constant value;

    if (!constant_convert(w->arena, o, TYPE_TEXT, NULL, w->diags, &value))
        return false;
    *part = arena_text(w->arena, value.text);
    if (field_get(p->field)->type == TYPE_DOMAIN && e->op != OP_MATCHES)
        for (size_t i = 0; i < part->len; i++)
            if (part->at[i] >= 'A' && part->at[i] <= 'Z') {
                diags_error(w->diags, span_place(o->span), "E0216",
                            "host names are in lower case here: this never matches");
                return false;
            }
    p->set = (struct value_set){.count = 1, .texts = part};
    return true;
}

static bool read_pattern(struct expr_world *w, const struct expr *e, struct predicate *p)
{
    const struct operand *o = e->operands;
    const char *error;
    struct span at = o->span;
    size_t offset;

    p->pattern = e->op == OP_GLOB ? pattern_glob(o->text, &error, &offset)
                                  : pattern_regex(o->text, &error, &offset);
    if (p->pattern)
        return true;
    if (o->kind == OPERAND_TEXT && offset + 2 < at.len) {
        at.offset += 1 + offset; /* behind the quote */
        at.len = 1;
    }
    diags_error(w->diags, span_place(at), "E0219", "this pattern cannot be used: %s",
                error);
    return false;
}

static bool takes_part(const struct predicate *p)
{
    enum field_type type = field_get(p->field)->type;

    return (type == TYPE_TEXT || type == TYPE_DOMAIN) &&
           (p->op == OP_STARTSWITH || p->op == OP_ENDSWITH || p->op == OP_CONTAINS ||
            p->op == OP_GLOB || p->op == OP_MATCHES);
}

bool expr_values(struct expr_world *w, const struct expr *e, struct predicate *p)
{
    struct collected c = {0};
    bool good;

    if (e->op == OP_EXISTS)
        return true;
    if (takes_part(p)) {
        if (!read_part(w, e, p))
            return false;
        return (e->op != OP_GLOB && e->op != OP_MATCHES) || read_pattern(w, e, p);
    }
    good = collect(w, e, p, &c);
    if (good)
        set_values(w->arena, &c, p);
    free(c.at);
    return good;
}
