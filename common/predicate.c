/* SPDX-License-Identifier: Apache-2.0 */
#include "predicate.h"

#include <stdlib.h>

#include "domain.h"
#include "mem.h"

static const char *const op_words[] = {
    "==",    "!=",         "<",        "<=",       ">",    ">=",      "exists", "in",
    "under", "startswith", "endswith", "contains", "glob", "matches", "any_of", "all_of",
};
const struct names names_predicate_op = {"operator", op_words,
                                         sizeof(op_words) / sizeof(op_words[0])};

/* ---- sets ---- */

int value_compare_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

int value_compare_text(const void *a, const void *b)
{
    const struct text *x = a, *y = b;

    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return x->len ? memcmp(x->at, y->at, x->len) : 0;
}

static bool has_number(const struct value_set *s, uint64_t number)
{
    return bsearch(&number, s->numbers, s->count, sizeof(number), value_compare_number);
}

static bool has_text(const struct value_set *s, struct text text)
{
    return bsearch(&text, s->texts, s->count, sizeof(text), value_compare_text);
}

static bool has_addr(const struct value_set *s, const struct addr *a)
{
    for (size_t i = 0; i < s->count; i++)
        if (prefix_contains(&s->prefixes[i], a))
            return true;
    return false;
}

/* The name, or a parent of it, is in the set. */
static bool has_parent(const struct value_set *s, struct text name)
{
    for (;;) {
        const char *dot;

        if (has_text(s, name))
            return true;
        dot = name.len ? memchr(name.at, '.', name.len) : NULL;
        if (!dot)
            return false;
        name.len -= (size_t)(dot + 1 - name.at);
        name.at = dot + 1;
    }
}

/* ---- the question, by the field's type ---- */

static bool compare(enum predicate_op op, uint64_t a, uint64_t b)
{
    switch (op) {
    case OP_EQ:
        return a == b;
    case OP_NE:
        return a != b;
    case OP_LT:
        return a < b;
    case OP_LE:
        return a <= b;
    case OP_GT:
        return a > b;
    case OP_GE:
        return a >= b;
    default:
        return false;
    }
}

static bool holds_number(const struct predicate *p, uint64_t number,
                         const struct value *other)
{
    if (other)
        return compare(p->op, number, other->number);
    if (p->op == OP_IN || p->op == OP_EQ)
        return has_number(&p->set, number);
    if (p->op == OP_NE)
        return !has_number(&p->set, number);
    return compare(p->op, number, p->number);
}

static bool ends_with(struct text text, struct text end)
{
    return text.len >= end.len &&
           memcmp(text.at + text.len - end.len, end.at, end.len) == 0;
}

static bool is_under(const struct predicate *p, struct text name,
                     const struct value *other, struct list_memo *lists)
{
    struct list_set on;

    if (other)
        return domain_under(name, other->text);
    if (p->listdb == LISTDB_NONE)
        return has_parent(&p->set, name);
    on = list_memo_query(lists, name);
    return list_set_has(&on, (unsigned)p->listdb);
}

/* On the list that the predicate asks; of a host name: does it look like one on it. What
 * is listed itself is asked with `under`. */
static bool is_on_list(const struct predicate *p, const struct value *v,
                       struct list_memo *lists)
{
    struct list_set on = {0};

    switch (field_type_of(p->field)) {
    case TYPE_ADDR:
        on = list_memo_addr(lists, &v->addr);
        break;
    case TYPE_MAC:
        on = list_memo_mac(lists, &v->mac);
        break;
    case TYPE_TEXT:
        on = list_memo_print(lists, v->text);
        break;
    case TYPE_DOMAIN:
        on = list_memo_alike(lists, v->text);
        break;
    case TYPE_DOMAINS:
        for (size_t i = 0; i < v->text_count; i++) {
            on = list_memo_alike(lists, v->texts[i]);
            if (list_set_has(&on, (unsigned)p->listdb))
                return true;
        }
        return false;
    case TYPE_ADDRS:
        for (size_t i = 0; i < v->addr_count; i++) {
            on = list_memo_addr(lists, &v->addrs[i]);
            if (list_set_has(&on, (unsigned)p->listdb))
                return true;
        }
        return false;
    case TYPE_TEXTS:
        for (size_t i = 0; i < v->text_count; i++) {
            on = list_memo_print(lists, v->texts[i]);
            if (list_set_has(&on, (unsigned)p->listdb))
                return true;
        }
        return false;
    default:
        return false;
    }
    return list_set_has(&on, (unsigned)p->listdb);
}

static bool holds_text(const struct predicate *p, struct text text,
                       const struct value *other, struct list_memo *lists)
{
    switch (p->op) {
    case OP_EQ:
        return other ? text_equal(text, other->text) : has_text(&p->set, text);
    case OP_NE:
        return !(other ? text_equal(text, other->text) : has_text(&p->set, text));
    case OP_IN:
        if (!other)
            return has_text(&p->set, text);
        for (size_t i = 0; i < other->text_count; i++)
            if (text_equal(text, other->texts[i]))
                return true;
        return false;
    case OP_UNDER:
        return is_under(p, text, other, lists);
    case OP_STARTSWITH:
        return text.len >= p->set.texts[0].len &&
               memcmp(text.at, p->set.texts[0].at, p->set.texts[0].len) == 0;
    case OP_ENDSWITH:
        return ends_with(text, p->set.texts[0]);
    case OP_CONTAINS:
        return memmem(text.at, text.len, p->set.texts[0].at, p->set.texts[0].len);
    default:
        return pattern_matches(p->pattern, text);
    }
}

static bool addr_among(const struct value *list, const struct addr *a)
{
    for (size_t i = 0; i < list->addr_count; i++)
        if (addr_equal(&list->addrs[i], a))
            return true;
    return false;
}

static bool holds_addr(const struct predicate *p, const struct addr *a,
                       const struct value *other)
{
    bool in;

    if (!other)
        in = has_addr(&p->set, a);
    else if (p->op == OP_IN)
        in = addr_among(other, a);
    else
        in = addr_equal(a, &other->addr);
    return in == (p->op != OP_NE);
}

static uint64_t mac_number(const struct mac *m)
{
    uint64_t number = 0;

    for (size_t i = 0; i < sizeof(m->bytes); i++)
        number = number << 8 | m->bytes[i];
    return number;
}

static bool text_among(const struct value *list, struct text text)
{
    for (size_t i = 0; i < list->text_count; i++)
        if (text_equal(list->texts[i], text))
            return true;
    return false;
}

static bool holds_texts(const struct predicate *p, const struct value *v,
                        const struct value *other, struct list_memo *lists)
{
    const struct text *asked = other ? other->texts : p->set.texts;
    size_t count = other ? other->text_count : p->set.count, met = 0;

    if (p->op == OP_UNDER) {
        for (size_t i = 0; i < v->text_count; i++)
            if (is_under(p, v->texts[i], NULL, lists))
                return true;
        return false;
    }
    for (size_t i = 0; i < count; i++)
        met += text_among(v, asked[i]);
    return p->op == OP_ALL_OF ? count > 0 && met == count : met > 0;
}

static bool any_within(const struct value *v, const struct prefix *prefix)
{
    for (size_t i = 0; i < v->addr_count; i++)
        if (prefix_contains(prefix, &v->addrs[i]))
            return true;
    return false;
}

static bool holds_addrs(const struct predicate *p, const struct value *v,
                        const struct value *other)
{
    size_t count = other ? other->addr_count : p->set.count, met = 0;

    for (size_t i = 0; i < count; i++)
        met +=
            other ? addr_among(v, &other->addrs[i]) : any_within(v, &p->set.prefixes[i]);
    return p->op == OP_ALL_OF ? count > 0 && met == count : met > 0;
}

bool predicate_holds(const struct predicate *p, const struct event *e,
                     struct list_memo *lists)
{
    const struct value *v = event_get(e, p->field), *other = NULL;

    if (!v)
        return false;
    if (p->op == OP_EXISTS)
        return true;
    if (p->other != FIELD_UNKNOWN) {
        other = event_get(e, p->other);
        if (!other)
            return false;
    }
    if (p->listdb != LISTDB_NONE && p->op != OP_UNDER)
        return is_on_list(p, v, lists);
    switch (field_type_of(p->field)) {
    case TYPE_NAMES:
        return p->op == OP_ALL_OF ? (v->number & p->number) == p->number
                                  : (v->number & p->number) != 0;
    case TYPE_TEXT:
    case TYPE_DOMAIN:
        return holds_text(p, v->text, other, lists);
    case TYPE_ADDR:
        return holds_addr(p, &v->addr, other);
    case TYPE_MAC:
        if (other)
            return mac_equal(&v->mac, &other->mac) == (p->op != OP_NE);
        return holds_number(p, mac_number(&v->mac), NULL);
    case TYPE_TEXTS:
    case TYPE_DOMAINS:
        return holds_texts(p, v, other, lists);
    case TYPE_ADDRS:
        return holds_addrs(p, v, other);
    default:
        return holds_number(p, v->number, other);
    }
}

/* ---- the table ---- */

/* FNV-1a: what is hashed here comes from rule files, not from traffic. */
static size_t hash_written(struct text written)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < written.len; i++)
        hash = (hash ^ (uint8_t)written.at[i]) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32);
}

/* The slot of the predicate written so, or the free one where it belongs. */
static uint32_t *slot_of(const struct predicate_table *t, struct text written)
{
    size_t i = hash_written(written) & (t->slot_count - 1);

    while (t->slots[i] && !text_equal(t->at[t->slots[i] - 1].written, written))
        i = (i + 1) & (t->slot_count - 1);
    return &t->slots[i];
}

static void grow_slots(struct predicate_table *t)
{
    t->slot_count = t->slot_count ? 2 * t->slot_count : 64;
    free(t->slots);
    t->slots = xcalloc(t->slot_count, sizeof(*t->slots));
    for (size_t i = 0; i < t->count; i++)
        *slot_of(t, t->at[i].written) = (uint32_t)i + 1;
}

uint32_t predicate_table_find(const struct predicate_table *t, struct text written)
{
    return t->slot_count ? *slot_of(t, written) - 1 : UINT32_MAX;
}

uint32_t predicate_table_add(struct predicate_table *t, const struct predicate *p)
{
    uint32_t found = predicate_table_find(t, p->written);

    if (found != UINT32_MAX)
        return found;
    if (2 * (t->count + 1) > t->slot_count)
        grow_slots(t);
    t->at = xgrow(t->at, t->count, &t->capacity, sizeof(*t->at));
    t->at[t->count++] = *p;
    *slot_of(t, p->written) = (uint32_t)t->count;
    return (uint32_t)t->count - 1;
}

void predicate_table_done(struct predicate_table *t)
{
    for (size_t i = 0; i < t->count; i++)
        pattern_free(t->at[i].pattern);
    free(t->at);
    free(t->slots);
    *t = (struct predicate_table){0};
}
