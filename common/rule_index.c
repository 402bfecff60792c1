/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules an event can meet at all.
 *
 * Most rules have a condition that must hold and names values: a host, a port, a list.
 * The rule is filed under these values, and an event looks up its own: what is not found
 * needs no further look. Of several such conditions the rarest is taken, by the rough
 * guess of how often it is met. A rule without any is looked at for each event that it
 * watches. A wrong guess, or two values with one hash, costs time and nothing else.
 */
#include <stdlib.h>

#include "domain.h"
#include "hash.h"
#include "mem.h"
#include "ruleset.h"

enum key_tag { KEY_VALUE, KEY_PARENT, KEY_LIST, KEY_ALIKE, KEY_PREFIX };

/* A field that an event of some kind is asked for, and how. */
struct asked {
    enum field_id field;
    bool by[KEY_PREFIX + 1];
    uint64_t prefix_lens[3]; /* bit per length, 0..128 */
};

struct filed {
    uint64_t key;
    uint32_t rule;
};

struct bucket {
    uint64_t key; /* 0: free */
    uint32_t first, count;
};

struct index {
    struct hash_key secret;
    struct asked *asked[EVENT_KINDS];
    size_t asked_count[EVENT_KINDS];
    struct rule_set always[EVENT_KINDS];
    struct filed *filed; /* sorted by key, then rule */
    size_t filed_count, filed_capacity;
    struct bucket *buckets;
    size_t bucket_mask;
    uint64_t *present; /* a bit for each key, some shared: most keys of events are in none
                        * of the buckets, and this is small enough to stay in the cache */
    uint64_t present_mask;
};

/* ---- sets of rules ---- */

void rule_set_init(struct rule_set *s, size_t rule_count)
{
    s->some_count = rule_count / 4096 + 1;
    s->bits = xcalloc(s->some_count * 64, sizeof(*s->bits));
    s->some = xcalloc(s->some_count, sizeof(*s->some));
}

void rule_set_done(struct rule_set *s)
{
    free(s->bits);
    free(s->some);
}

void rule_set_add_all(struct rule_set *s, const struct rule_set *others)
{
    for (size_t i = 0; i < s->some_count; i++) {
        s->some[i] |= others->some[i];
        for (uint64_t left = others->some[i]; left; left &= left - 1) {
            size_t w = i * 64 + (size_t)__builtin_ctzll(left);

            s->bits[w] |= others->bits[w];
        }
    }
}

/* ---- keys ---- */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

static uint64_t key_of(enum event_kind kind, enum field_id f, unsigned tag,
                       uint64_t value)
{
    uint64_t key = mix(value + mix((uint64_t)kind << 32 | (uint64_t)f << 16 | tag));

    return key ? key : 1;
}

static uint64_t text_value(const struct index *ix, struct text text)
{
    return hash_bytes(&ix->secret, text.at, text.len);
}

static struct addr masked(const struct addr *a, unsigned len)
{
    struct addr m = {{0}};

    memcpy(m.bytes, a->bytes, len / 8);
    if (len % 8)
        m.bytes[len / 8] = (uint8_t)(a->bytes[len / 8] & 0xff << (8 - len % 8));
    return m;
}

static uint64_t addr_value(const struct index *ix, const struct addr *a, unsigned len)
{
    struct addr m = masked(a, len);

    return hash_bytes(&ix->secret, &m, sizeof(m)) + len;
}

static uint64_t mac_value(const struct mac *m)
{
    uint64_t number = 0;

    for (size_t i = 0; i < sizeof(m->bytes); i++)
        number = number << 8 | m->bytes[i];
    return number;
}

/* ---- filing ---- */

static bool is_text_type(enum field_type t)
{
    return t == TYPE_TEXT || t == TYPE_DOMAIN || t == TYPE_TEXTS || t == TYPE_DOMAINS;
}

static struct asked *ask(struct index *ix, enum event_kind kind, enum field_id f)
{
    struct asked *a = ix->asked[kind];

    for (size_t i = 0; i < ix->asked_count[kind]; i++)
        if (a[i].field == f)
            return &a[i];
    ix->asked[kind] = a = xrealloc(a, ix->asked_count[kind] + 1, sizeof(*a));
    a += ix->asked_count[kind]++;
    *a = (struct asked){.field = f};
    return a;
}

static void file_key(struct index *ix, uint64_t key, uint32_t rule)
{
    ix->filed =
        xgrow(ix->filed, ix->filed_count, &ix->filed_capacity, sizeof(*ix->filed));
    ix->filed[ix->filed_count++] = (struct filed){key, rule};
}

static void file_prefixes(struct index *ix, enum event_kind kind,
                          const struct predicate *p, uint32_t rule, struct asked *a)
{
    a->by[KEY_PREFIX] = true;
    for (size_t i = 0; i < p->set.count; i++) {
        const struct prefix *x = &p->set.prefixes[i];

        a->prefix_lens[x->len / 64] |= UINT64_C(1) << (x->len % 64);
        file_key(ix, key_of(kind, p->field, KEY_PREFIX, addr_value(ix, &x->addr, x->len)),
                 rule);
    }
}

/* A host name is asked for with "under", what it looks like is not. */
static bool asks_alike(const struct predicate *p)
{
    enum field_type type = field_get(p->field)->type;

    return (type == TYPE_DOMAIN || type == TYPE_DOMAINS) && p->op != OP_UNDER;
}

static void file_predicate(struct index *ix, enum event_kind kind,
                           const struct predicate *p, uint32_t rule)
{
    enum field_type type = field_get(p->field)->type;
    struct asked *a = ask(ix, kind, p->field);
    enum key_tag tag = p->op == OP_UNDER ? KEY_PARENT : KEY_VALUE;

    if (p->listdb != LISTDB_NONE) {
        tag = asks_alike(p) ? KEY_ALIKE : KEY_LIST;
        a->by[tag] = true;
        file_key(ix, key_of(kind, p->field, tag, (uint64_t)p->listdb), rule);
        return;
    }
    if (type == TYPE_ADDR || type == TYPE_ADDRS) {
        file_prefixes(ix, kind, p, rule, a);
        return;
    }
    a->by[tag] = true;
    if (type == TYPE_NAMES) {
        for (unsigned bit = 0; bit < 64; bit++)
            if (p->number >> bit & 1)
                file_key(ix, key_of(kind, p->field, tag, bit), rule);
        return;
    }
    for (size_t i = 0; i < p->set.count; i++)
        file_key(ix,
                 key_of(kind, p->field, tag,
                        is_text_type(type) ? text_value(ix, p->set.texts[i])
                                           : p->set.numbers[i]),
                 rule);
}

static void file_rule(struct index *ix, const struct ruleset *s, uint32_t rule)
{
    const struct compiled_rule *c = &s->rules[rule];
    struct rule_access access;
    bool filed = c->when && rule_access(s, c->when, &access);

    for (enum event_kind k = 0; k < EVENT_KINDS; k++) {
        if (!(c->rule.watch >> k & 1))
            continue;
        if (!filed)
            rule_set_add(&ix->always[k], rule);
        for (size_t i = 0; filed && i < access.count; i++)
            if (field_get(access.at[i]->field)->kinds >> k & 1)
                file_predicate(ix, k, access.at[i], rule);
    }
}

static int by_key(const void *a, const void *b)
{
    const struct filed *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static struct bucket *bucket_of(const struct index *ix, uint64_t key)
{
    size_t i = key & ix->bucket_mask;

    while (ix->buckets[i].key && ix->buckets[i].key != key)
        i = (i + 1) & ix->bucket_mask;
    return &ix->buckets[i];
}

static uint64_t present_bit(const struct index *ix, uint64_t key)
{
    return key >> 32 & ix->present_mask;
}

static void build_buckets(struct index *ix)
{
    size_t size = 16;

    while (size < 2 * ix->filed_count)
        size *= 2;
    ix->present_mask = 8 * size - 1;
    ix->present = xcalloc(8 * size / 64, sizeof(*ix->present));
    ix->buckets = xcalloc(size, sizeof(*ix->buckets));
    ix->bucket_mask = size - 1;
    if (ix->filed_count > 0)
        qsort(ix->filed, ix->filed_count, sizeof(*ix->filed), by_key);
    for (size_t i = 0; i < ix->filed_count; i++) {
        struct bucket *b = bucket_of(ix, ix->filed[i].key);

        ix->present[present_bit(ix, ix->filed[i].key) / 64] |=
            UINT64_C(1) << (present_bit(ix, ix->filed[i].key) % 64);
        if (!b->key)
            *b = (struct bucket){.key = ix->filed[i].key, .first = (uint32_t)i};
        b->count++;
    }
}

struct index *index_new(const struct ruleset *s)
{
    struct index *ix = xcalloc(1, sizeof(*ix));

    hash_key_random(&ix->secret);
    for (enum event_kind k = 0; k < EVENT_KINDS; k++)
        rule_set_init(&ix->always[k], s->rule_count);
    for (size_t i = 0; i < s->rule_count; i++)
        if (s->rules[i].rule.mode != MODE_DISABLED)
            file_rule(ix, s, (uint32_t)i);
    build_buckets(ix);
    return ix;
}

void index_free(struct index *ix)
{
    if (!ix)
        return;
    for (enum event_kind k = 0; k < EVENT_KINDS; k++) {
        free(ix->asked[k]);
        rule_set_done(&ix->always[k]);
    }
    free(ix->present);
    free(ix->filed);
    free(ix->buckets);
    free(ix);
}

/* ---- looking up ---- */

struct look {
    const struct index *ix;
    enum event_kind kind;
    enum field_id field;
    struct rule_set *found;
};

static void look_up(const struct look *l, enum key_tag tag, uint64_t value)
{
    uint64_t key = key_of(l->kind, l->field, tag, value), bit = present_bit(l->ix, key);
    const struct bucket *b;

    if (!(l->ix->present[bit / 64] >> (bit % 64) & 1))
        return;
    b = bucket_of(l->ix, key);
    for (uint32_t i = 0; i < b->count; i++)
        rule_set_add(l->found, l->ix->filed[b->first + i].rule);
}

/* What is asked for is a host name: of a name that is longer than these are (a
 * certificate's) only its last labels can be one. All of them, each hashed with what is
 * behind it, would cost the square of its length. */
static struct text last_labels(struct text name)
{
    const char *dot;

    if (name.len < DOMAIN_MAX)
        return name;
    dot = memchr(name.at + name.len - DOMAIN_MAX, '.', DOMAIN_MAX);
    if (!dot)
        return (struct text){0};
    return (struct text){dot + 1, (size_t)(name.at + name.len - dot - 1)};
}

static void look_up_parents(const struct look *l, struct text name)
{
    name = last_labels(name);
    for (;;) {
        const char *dot;

        look_up(l, KEY_PARENT, text_value(l->ix, name));
        dot = name.len ? memchr(name.at, '.', name.len) : NULL;
        if (!dot)
            return;
        name.len -= (size_t)(dot + 1 - name.at);
        name.at = dot + 1;
    }
}

static void look_up_lists(const struct look *l, enum key_tag tag, struct list_set on)
{
    for (unsigned w = 0; w < sizeof(on.bits) / sizeof(on.bits[0]); w++)
        for (uint64_t left = on.bits[w]; left; left &= left - 1)
            look_up(l, tag, w * 64 + (unsigned)__builtin_ctzll(left));
}

/* Texts that are no host names are asked of lists of ja3, ja4 and cert. */
static bool takes_prints(enum field_id f)
{
    enum field_type type = field_type_of(f);

    return type == TYPE_TEXT || type == TYPE_TEXTS;
}

static void look_up_text(const struct look *l, const struct asked *a,
                         struct list_memo *lists, struct text text)
{
    if (a->by[KEY_VALUE])
        look_up(l, KEY_VALUE, text_value(l->ix, text));
    if (a->by[KEY_PARENT])
        look_up_parents(l, text);
    if (a->by[KEY_LIST])
        look_up_lists(l, KEY_LIST,
                      takes_prints(a->field) ? list_memo_print(lists, text)
                                             : list_memo_query(lists, text));
    if (a->by[KEY_ALIKE])
        look_up_lists(l, KEY_ALIKE, list_memo_alike(lists, text));
}

static void look_up_addr(const struct look *l, const struct asked *a,
                         struct list_memo *lists, const struct addr *addr)
{
    if (a->by[KEY_LIST])
        look_up_lists(l, KEY_LIST, list_memo_addr(lists, addr));
    for (unsigned w = 0; w < 3; w++)
        for (uint64_t left = a->prefix_lens[w]; left; left &= left - 1)
            look_up(l, KEY_PREFIX,
                    addr_value(l->ix, addr, w * 64 + (unsigned)__builtin_ctzll(left)));
}

static void look_up_field(const struct look *l, const struct asked *a,
                          const struct value *v, struct list_memo *lists)
{
    switch (field_type_of(a->field)) {
    case TYPE_TEXT:
    case TYPE_DOMAIN:
        look_up_text(l, a, lists, v->text);
        return;
    case TYPE_TEXTS:
    case TYPE_DOMAINS:
        for (size_t i = 0; i < v->text_count; i++)
            look_up_text(l, a, lists, v->texts[i]);
        return;
    case TYPE_ADDR:
        look_up_addr(l, a, lists, &v->addr);
        return;
    case TYPE_ADDRS:
        for (size_t i = 0; i < v->addr_count; i++)
            look_up_addr(l, a, lists, &v->addrs[i]);
        return;
    case TYPE_MAC:
        look_up(l, KEY_VALUE, mac_value(&v->mac));
        if (a->by[KEY_LIST])
            look_up_lists(l, KEY_LIST, list_memo_mac(lists, &v->mac));
        return;
    case TYPE_NAMES:
        for (uint64_t left = v->number; left; left &= left - 1)
            look_up(l, KEY_VALUE, (unsigned)__builtin_ctzll(left));
        return;
    default:
        look_up(l, KEY_VALUE, v->number);
    }
}

void index_candidates(const struct index *ix, const struct event *e,
                      struct list_memo *lists, struct rule_set *found)
{
    struct look l = {.ix = ix, .kind = event_kind(e), .found = found};

    rule_set_add_all(found, &ix->always[l.kind]);
    for (size_t i = 0; i < ix->asked_count[l.kind]; i++) {
        const struct asked *a = &ix->asked[l.kind][i];
        const struct value *v = event_get(e, a->field);

        l.field = a->field;
        if (v)
            look_up_field(&l, a, v, lists);
    }
}
