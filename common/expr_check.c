/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three questions to every condition, in this order, each only when the one before was
 * answered: is there such a field, macro or list; does an event that is watched have it;
 * do operator and values fit its type. A macro is checked once, for events of any kind;
 * whether its fields suit a rule's events is told where the rule uses it.
 */
#include "expr.h"

#include "mem.h"

#define BIT(op) (1u << (op))
#define EQUAL   (BIT(OP_EQ) | BIT(OP_NE) | BIT(OP_IN) | BIT(OP_EXISTS))
#define ORDER   (BIT(OP_LT) | BIT(OP_LE) | BIT(OP_GT) | BIT(OP_GE))
#define WITHIN                                                                 \
    (BIT(OP_STARTSWITH) | BIT(OP_ENDSWITH) | BIT(OP_CONTAINS) | BIT(OP_GLOB) | \
     BIT(OP_MATCHES))
#define SEVERAL (BIT(OP_ANY_OF) | BIT(OP_ALL_OF) | BIT(OP_EXISTS))

static const uint32_t fitting_ops[] = {
    [TYPE_NUMBER] = EQUAL | ORDER,
    [TYPE_BYTES] = EQUAL | ORDER,
    [TYPE_DURATION] = EQUAL | ORDER,
    [TYPE_TIME] = EQUAL | ORDER,
    [TYPE_BOOL] = BIT(OP_EQ) | BIT(OP_NE) | BIT(OP_EXISTS),
    [TYPE_TEXT] = EQUAL | WITHIN,
    [TYPE_DOMAIN] = EQUAL | WITHIN | BIT(OP_UNDER),
    [TYPE_ADDR] = EQUAL,
    [TYPE_MAC] = EQUAL,
    [TYPE_NAME] = EQUAL,
    [TYPE_NAMES] = SEVERAL,
    [TYPE_VERSION] = EQUAL | ORDER,
    [TYPE_TEXTS] = SEVERAL | BIT(OP_CONTAINS),
    [TYPE_DOMAINS] = SEVERAL | BIT(OP_CONTAINS) | BIT(OP_UNDER),
    [TYPE_ADDRS] = SEVERAL | BIT(OP_CONTAINS),
};

static bool has_op(const struct field *f, enum predicate_op op)
{
    if (f->words == &names_severity && (ORDER & BIT(op)))
        return true;
    return fitting_ops[f->type] & BIT(op);
}

static struct place place_of(struct span s)
{
    return span_place(s);
}

/* ---- fields ---- */

/* The names of the fields that events of these kinds have. */
static size_t field_names(uint32_t kinds, const char **ret_names)
{
    size_t count = 0;

    for (enum field_id f = 0; f < FIELD_COUNT; f++)
        if (field_get(f)->kinds & kinds)
            ret_names[count++] = field_get(f)->name;
    return count;
}

static void report_unknown_field(struct expr_world *w, struct span at, struct text name,
                                 uint32_t kinds)
{
    const char *names[FIELD_COUNT];

    diags_error(w->diags, place_of(at), "E0210", "unknown field \"%s\"", name.at);
    diags_suggest(w->diags, name.at, names, field_names(kinds, names));
}

/* "dns, tls and quic" */
static char *kind_list(uint32_t kinds)
{
    struct buffer b = {0};
    unsigned left = (unsigned)__builtin_popcount(kinds);

    for (unsigned k = 0; k < EVENT_KINDS; k++) {
        if (!(kinds & 1u << k))
            continue;
        left--;
        buffer_print(&b, "%s%s", names_get(&names_event_kind, k),
                     left > 1    ? ", "
                     : left == 1 ? " and "
                                 : "");
    }
    return buffer_take(&b);
}

static void report_absent_field(struct expr_world *w, struct span at, enum field_id f,
                                uint32_t kinds, const struct macro *macro)
{
    uint32_t all = (1u << EVENT_KINDS) - 1;
    auto_free char *watched = kind_list(kinds & all);
    auto_free char *having = kind_list(field_get(f)->kinds & all);

    if (macro)
        diags_error(w->diags, place_of(at), "E0213",
                    "macro \"%s\" asks for \"%s\", which no %s event has", macro->name,
                    field_get(f)->name, watched);
    else
        diags_error(w->diags, place_of(at), "E0213", "no %s event has \"%s\"", watched,
                    field_get(f)->name);
    diags_hint(w->diags, "it is a field of %s events: look at `watch`", having);
}

static bool find_field(struct expr_world *w, struct span at, struct text name,
                       uint32_t kinds, enum field_id *ret_field)
{
    enum field_id f = field_find(name.at, name.len);

    if (f == FIELD_UNKNOWN) {
        report_unknown_field(w, at, name, kinds);
        return false;
    }
    if (!(field_get(f)->kinds & kinds)) {
        report_absent_field(w, at, f, kinds, NULL);
        return false;
    }
    *ret_field = f;
    return true;
}

/* ---- operators and the shape of what follows ---- */

static bool check_op(struct expr_world *w, const struct expr *e, const struct field *f)
{
    struct buffer fits = {0};

    if (has_op(f, e->op))
        return true;
    diags_error(w->diags, place_of(e->op_span), "E0215", "\"%s\" does not fit %s (%s)",
                names_get(&names_predicate_op, e->op), f->name, field_type_name(f->type));
    for (size_t op = 0; op < names_predicate_op.count; op++)
        if (has_op(f, (enum predicate_op)op))
            buffer_print(&fits, " %s", names_get(&names_predicate_op, op));
    diags_hint(w->diags, "what fits:%s", fits.at);
    buffer_done(&fits);
    return false;
}

static bool takes_set(enum predicate_op op)
{
    return op == OP_IN || op == OP_UNDER || op == OP_ANY_OF || op == OP_ALL_OF;
}

static bool check_shape(struct expr_world *w, const struct expr *e)
{
    const struct operand *o = e->operands;
    const char *op = names_get(&names_predicate_op, e->op);

    if (e->op == OP_EXISTS)
        return true;
    if (takes_set(e->op)) {
        if (e->bracketed || e->op == OP_UNDER || o->kind == OPERAND_LIST ||
            o->kind == OPERAND_CIDR || o->kind == OPERAND_WORD || o->kind == OPERAND_BARE)
            return true;
        diags_error(w->diags, place_of(o->span), "E0216",
                    "\"%s\" needs several values in [ ], or a list", op);
        diags_hint(w->diags, "like this: %s [%s%.*s%s]", op,
                   o->kind == OPERAND_TEXT ? "\"" : "", (int)o->text.len, o->text.at,
                   o->kind == OPERAND_TEXT ? "\"" : "");
        return false;
    }
    if (!e->bracketed && o->kind != OPERAND_LIST && o->kind != OPERAND_CIDR)
        return true;
    diags_error(w->diags, place_of(o->span), "E0216", "\"%s\" needs a single value", op);
    diags_hint(w->diags, "to compare with several, write: %s",
               e->op == OP_NE ? "not (... in ...)" : "in");
    return false;
}

/* ---- comparing with another field ---- */

static bool same_class(const struct field *f, const struct field *other,
                       enum predicate_op op)
{
    if (op == OP_IN)
        return (f->type == TYPE_ADDR && other->type == TYPE_ADDRS) ||
               (f->type == TYPE_TEXT && other->type == TYPE_TEXTS) ||
               (f->type == TYPE_DOMAIN && other->type == TYPE_DOMAINS);
    if (f->type == TYPE_NAMES || op == OP_STARTSWITH || op == OP_ENDSWITH ||
        op == OP_CONTAINS || op == OP_GLOB || op == OP_MATCHES)
        return false;
    if (op == OP_UNDER)
        return f->type == TYPE_DOMAIN && other->type == TYPE_DOMAIN;
    return f->type == other->type && f->words == other->words;
}

static bool names_field(const struct expr *e, const struct field *f)
{
    const struct operand *o = e->operands;

    if (e->bracketed || e->operand_count != 1 || o->kind != OPERAND_WORD)
        return false;
    if (f->type == TYPE_BOOL &&
        (text_equal(o->text, TEXT("true")) || text_equal(o->text, TEXT("false"))))
        return false;
    return !f->words || names_find(f->words, o->text.at) < 0;
}

/* What may be meant by a word that is no field. */
static void hint_word(struct expr_world *w, const struct operand *o)
{
    for (size_t i = 0; i < w->list_count; i++)
        if (text_equal(text_of(w->lists[i].name), o->text)) {
            diags_hint(w->diags, "a list is written with a $: $%s", o->text.at);
            return;
        }
    diags_hint(w->diags, "if it is text, put it into double quotes");
}

static bool check_other(struct expr_world *w, const struct expr *e, uint32_t kinds,
                        struct predicate *p)
{
    const struct field *f = field_get(p->field);
    const struct operand *o = e->operands;
    enum field_id other = field_find(o->text.at, o->text.len);

    if (other == FIELD_UNKNOWN) {
        report_unknown_field(w, o->span, o->text, kinds);
        hint_word(w, o);
        return false;
    }
    if (!find_field(w, o->span, o->text, kinds, &other))
        return false;
    if (!same_class(f, field_get(other), e->op)) {
        diags_error(w->diags, place_of(o->span), "E0216",
                    "%s (%s) and %s (%s) cannot be compared with \"%s\"", f->name,
                    field_type_name(f->type), field_get(other)->name,
                    field_type_name(field_get(other)->type),
                    names_get(&names_predicate_op, e->op));
        return false;
    }
    p->other = other;
    return true;
}

/* ---- the whole of it ---- */

/* One form for one meaning, so that equal conditions of different rules are one. */
static struct text written(struct arena *a, const struct expr *e, const struct field *f)
{
    bool text_like = f->type == TYPE_TEXT || f->type == TYPE_DOMAIN || f->words ||
                     f->type == TYPE_TEXTS || f->type == TYPE_DOMAINS;
    auto_buffer struct buffer b = {0};

    buffer_print(&b, "%s %s", f->name, names_get(&names_predicate_op, e->op));
    for (size_t i = 0; i < e->operand_count; i++) {
        const struct operand *o = &e->operands[i];
        bool quote = o->kind == OPERAND_TEXT || (o->kind == OPERAND_BARE && text_like);

        buffer_text(&b, i ? ", " : e->bracketed ? " [" : " ");
        buffer_text(&b, o->kind == OPERAND_LIST ? "$" : quote ? "\"" : "");
        buffer_add(&b, o->text.at, o->text.len);
        buffer_text(&b, quote ? "\"" : "");
    }
    if (e->bracketed)
        buffer_text(&b, "]");
    return arena_text(a, (struct text){b.at, b.len});
}

static bool check_predicate(struct expr_world *w, struct expr *e, uint32_t kinds)
{
    struct predicate p = {.op = e->op,
                          .other = FIELD_UNKNOWN,
                          .listdb = LISTDB_NONE,
                          .listdb_until = UINT64_MAX};
    const struct field *f;

    if (!find_field(w, (struct span){e->span.node, e->span.offset, e->name.len}, e->name,
                    kinds, &p.field))
        return false;
    f = field_get(p.field);
    if (!check_op(w, e, f) || !check_shape(w, e))
        return false;
    p.written = written(w->arena, e, f);
    e->predicate = predicate_table_find(w->predicates, p.written);
    if (e->predicate != UINT32_MAX)
        return true;
    if (e->op != OP_EXISTS && names_field(e, f)) {
        if (!check_other(w, e, kinds, &p))
            return false;
    } else if (!expr_values(w, e, &p)) {
        return false;
    }
    e->predicate = predicate_table_add(w->predicates, &p);
    return true;
}

/* ---- macros ---- */

static struct macro *find_macro(struct expr_world *w, struct text name)
{
    for (size_t i = 0; i < w->macro_count; i++)
        if (text_equal(text_of(w->macros[i].name), name))
            return &w->macros[i];
    return NULL;
}

static bool report_unknown_macro(struct expr_world *w, const struct expr *e,
                                 uint32_t kinds)
{
    enum field_id f = field_find(e->name.at, e->name.len);
    const char **names;
    size_t count;

    if (f != FIELD_UNKNOWN) {
        diags_error(w->diags, place_of(e->span), "E0211",
                    "\"%s\" is a field: an operator and a value must follow", e->name.at);
        diags_hint(w->diags,
                   field_get(f)->type == TYPE_BOOL ? "write: %s == true"
                                                   : "write: %s exists",
                   e->name.at);
        return false;
    }
    names = arena_array(w->arena, FIELD_COUNT + w->macro_count, sizeof(*names));
    count = field_names(kinds, names);
    for (size_t i = 0; i < w->macro_count; i++)
        names[count++] = w->macros[i].name;
    diags_error(w->diags, place_of(e->span), "E0211", "unknown macro \"%s\"", e->name.at);
    diags_suggest(w->diags, e->name.at, names, count);
    return false;
}

/* Every field of a macro, with those of its own macros, against a rule's events. */
static bool macro_suits(struct expr_world *w, const struct macro *m, const struct expr *e,
                        struct span use, uint32_t kinds)
{
    const struct predicate *p;
    bool left;

    switch (e->kind) {
    case EXPR_OR:
    case EXPR_AND:
        left = macro_suits(w, m, e->left, use, kinds);
        return macro_suits(w, m, e->right, use, kinds) && left;
    case EXPR_NOT:
        return macro_suits(w, m, e->left, use, kinds);
    case EXPR_MACRO:
        return macro_suits(w, m, e->macro->expr, use, kinds);
    case EXPR_PREDICATE:
        p = &w->predicates->at[e->predicate];
        if (!(field_get(p->field)->kinds & kinds)) {
            report_absent_field(w, use, p->field, kinds, m);
            return false;
        }
        if (p->other != FIELD_UNKNOWN && !(field_get(p->other)->kinds & kinds)) {
            report_absent_field(w, use, p->other, kinds, m);
            return false;
        }
    }
    return true;
}

static bool check_use(struct expr_world *w, struct expr *e, uint32_t kinds)
{
    struct macro *m = find_macro(w, e->name);

    if (!m)
        return report_unknown_macro(w, e, kinds);
    m->used = true;
    if (m->state == MACRO_BUSY) {
        diags_error(w->diags, place_of(e->span), "E0212",
                    "macro \"%s\" is made of itself", m->name);
        return false;
    }
    if (!expr_check_macro(w, m))
        return false;
    e->macro = m;
    return macro_suits(w, m, m->expr, e->span, kinds);
}

static bool check(struct expr_world *w, struct expr *e, uint32_t kinds)
{
    bool left;

    switch (e->kind) {
    case EXPR_OR:
    case EXPR_AND:
        left = check(w, e->left, kinds);
        return check(w, e->right, kinds) && left;
    case EXPR_NOT:
        return check(w, e->left, kinds);
    case EXPR_MACRO:
        return check_use(w, e, kinds);
    case EXPR_PREDICATE:
        return check_predicate(w, e, kinds);
    }
    return false;
}

/* How many conditions there are, and how deep, macros unfolded. */
static void measure(const struct expr *e, size_t depth, size_t *size, size_t *deepest)
{
    if (*deepest < depth)
        *deepest = depth;
    switch (e->kind) {
    case EXPR_OR:
    case EXPR_AND:
        measure(e->left, depth, size, deepest);
        measure(e->right, depth + 1, size, deepest);
        return;
    case EXPR_NOT:
        measure(e->left, depth + 1, size, deepest);
        return;
    case EXPR_MACRO:
        *size += e->macro->size;
        if (*deepest < depth + e->macro->depth)
            *deepest = depth + e->macro->depth;
        return;
    case EXPR_PREDICATE:
        ++*size;
    }
}

static bool check_size(struct expr_world *w, const struct expr *e, size_t *ret_size,
                       size_t *ret_depth)
{
    size_t size = 0, depth = 0;

    measure(e, 1, &size, &depth);
    if (size > EXPR_SIZE_MAX || depth > EXPR_DEPTH_MAX) {
        diags_error(w->diags, place_of(e->span), "E0501",
                    "with its macros this has %zu conditions, %zu deep: %d and %d are "
                    "allowed",
                    size, depth, EXPR_SIZE_MAX, EXPR_DEPTH_MAX);
        return false;
    }
    *ret_size = size;
    *ret_depth = depth;
    return true;
}

bool expr_check_macro(struct expr_world *w, struct macro *m)
{
    if (m->state == MACRO_DONE || !m->expr)
        return m->expr != NULL;
    if (w->nested == EXPR_DEPTH_MAX) {
        diags_error(w->diags, node_place(m->node), "E0501",
                    "more than %d macros inside each other", EXPR_DEPTH_MAX);
        m->expr = NULL;
        return false;
    }
    w->nested++;
    m->state = MACRO_BUSY;
    if (!check(w, m->expr, UINT32_MAX) || !check_size(w, m->expr, &m->size, &m->depth))
        m->expr = NULL;
    m->state = MACRO_DONE;
    w->nested--;
    return m->expr != NULL;
}

bool expr_check(struct expr_world *w, struct expr *e, uint32_t kinds)
{
    size_t size, depth;

    return check(w, e, kinds) && check_size(w, e, &size, &depth);
}
