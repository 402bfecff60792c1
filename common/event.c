/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place for each field's value, a bit for each that is there, and one room from which
 * texts and lists take their bytes in order. Beginning anew clears the bits and the
 * room's mark, nothing else. A list takes room for all its items when its first one
 * comes, so that the items lie together; the texts they point to lie behind.
 */
#include "event_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "mem.h"

#define IS(type) (1U << TYPE_##type)
#define NUMBERS                                                               \
    (IS(NUMBER) | IS(BYTES) | IS(DURATION) | IS(TIME) | IS(BOOL) | IS(NAME) | \
     IS(NAMES) | IS(VERSION))
#define TEXTUAL    (IS(TEXT) | IS(DOMAIN))
#define TEXT_LISTS (IS(TEXTS) | IS(DOMAINS))

static bool type_in(enum field_id f, unsigned types)
{
    return types >> field_type_of(f) & 1;
}

struct event *event_new(void)
{
    return xcalloc(1, sizeof(struct event));
}

void event_free(struct event *e)
{
    if (!e)
        return;
    domain_cache_free(e->domains);
    free(e);
}

void event_begin(struct event *e, enum event_kind kind, usec_t time)
{
    e->kind = kind;
    e->time = time;
    e->too_small = false;
    e->used = 0;
    memset(e->has, 0, sizeof(e->has));
}

void event_wipe(struct event *e)
{
    explicit_bzero(e->room, sizeof(e->room));
    event_begin(e, e->kind, e->time);
}

enum event_kind event_kind(const struct event *e)
{
    return e->kind;
}

usec_t event_time(const struct event *e)
{
    return e->time;
}

void event_set_time(struct event *e, usec_t time)
{
    e->time = time;
}

bool event_short(const struct event *e)
{
    return e->too_small;
}

void event_mark_short(struct event *e)
{
    e->too_small = true;
}

bool event_has(const struct event *e, enum field_id f)
{
    return e->has[f / 64] >> (f % 64) & 1;
}

const struct value *event_get(const struct event *e, enum field_id f)
{
    return event_has(e, f) ? &e->values[f] : NULL;
}

enum field_id event_next(const struct event *e, enum field_id f)
{
    while (f < FIELD_COUNT) {
        uint64_t rest = e->has[f / 64] >> (f % 64);

        if (rest != 0)
            return f + (unsigned)__builtin_ctzll(rest);
        f = (f / 64 + 1) * 64;
    }
    return FIELD_COUNT;
}

void event_drop(struct event *e, enum field_id f)
{
    e->has[f / 64] &= ~(UINT64_C(1) << (f % 64));
}

/* len bytes of the room, NULL when it is full. */
static void *claim(struct event *e, size_t len, size_t align)
{
    size_t start = (e->used + align - 1) / align * align;

    if (start > EVENT_ROOM || EVENT_ROOM - start < len) {
        e->too_small = true;
        return NULL;
    }
    e->used = start + len;
    return e->room + start;
}

static char *claim_text(struct event *e, struct text text)
{
    char *at = claim(e, text.len, 1);

    if (at && text.len > 0)
        memcpy(at, text.at, text.len);
    return at;
}

void event_put_number(struct event *e, enum field_id f, uint64_t number)
{
    assert(type_in(f, NUMBERS));
    if (type_in(f, IS(NAME)) && number >= field_get(f)->words->count) {
        event_drop(e, f);
        event_mark_short(e);
        return;
    }
    event_touch(e, f)->number = number;
}

void event_put_text(struct event *e, enum field_id f, struct text text)
{
    const struct value *old = event_get(e, f);
    char *at;

    assert(type_in(f, TEXTUAL));
    if (old && old->text.len >= text.len && text.len > 0) {
        at = e->room + (old->text.at - e->room);
        memmove(at, text.at, text.len);
    } else {
        at = claim_text(e, text);
    }
    if (!at) {
        event_drop(e, f);
        return;
    }
    event_touch(e, f)->text = (struct text){.at = at, .len = text.len};
}

void event_put_addr(struct event *e, enum field_id f, const struct addr *addr)
{
    assert(type_in(f, IS(ADDR)));
    event_touch(e, f)->addr = *addr;
}

void event_put_mac(struct event *e, enum field_id f, const struct mac *mac)
{
    assert(type_in(f, IS(MAC)));
    event_touch(e, f)->mac = *mac;
}

void event_add_text(struct event *e, enum field_id f, struct text text)
{
    struct value *v = &e->values[f];
    struct text *list;
    char *at;

    assert(type_in(f, TEXT_LISTS));
    if (!event_has(e, f)) {
        list = claim(e, EVENT_LIST_MAX * sizeof(*list), _Alignof(struct text));
        if (!list)
            return;
        v = event_touch(e, f);
        v->texts = list;
        v->text_count = 0;
    }
    if (v->text_count == EVENT_LIST_MAX || !(at = claim_text(e, text))) {
        e->too_small = true;
        return;
    }
    list = (struct text *)(void *)(e->room + ((const char *)v->texts - e->room));
    list[v->text_count++] = (struct text){.at = at, .len = text.len};
}

void event_add_addr(struct event *e, enum field_id f, const struct addr *addr)
{
    struct value *v = &e->values[f];
    struct addr *list;

    assert(type_in(f, IS(ADDRS)));
    if (!event_has(e, f)) {
        list = claim(e, EVENT_LIST_MAX * sizeof(*list), _Alignof(struct addr));
        if (!list)
            return;
        v = event_touch(e, f);
        v->addrs = list;
        v->addr_count = 0;
    }
    if (v->addr_count == EVENT_LIST_MAX) {
        e->too_small = true;
        return;
    }
    list = (struct addr *)(void *)(e->room + ((const char *)v->addrs - e->room));
    list[v->addr_count++] = *addr;
}

/* The same place of the room, in another event. */
static const void *moved(struct event *to, const struct event *from, const void *at)
{
    return to->room + ((const char *)at - from->room);
}

static void copy_texts(struct event *to, const struct event *from, struct value *v)
{
    struct text *list =
        (struct text *)(void *)(to->room + ((const char *)v->texts - from->room));

    for (size_t i = 0; i < v->text_count; i++)
        list[i].at = moved(to, from, list[i].at);
    v->texts = list;
}

static void copy_value(struct event *to, const struct event *from, enum field_id f)
{
    struct value *v = &to->values[f];

    *v = from->values[f];
    if (type_in(f, TEXTUAL))
        v->text.at = moved(to, from, v->text.at);
    else if (type_in(f, IS(ADDRS)))
        v->addrs = moved(to, from, v->addrs);
    else if (type_in(f, TEXT_LISTS))
        copy_texts(to, from, v);
}

void event_copy(struct event *to, const struct event *from)
{
    if (to == from)
        return;
    event_begin(to, from->kind, from->time);
    to->too_small = from->too_small;
    to->used = from->used;
    memcpy(to->has, from->has, sizeof(to->has));
    memcpy(to->room, from->room, from->used);

    for (unsigned w = 0; w < EVENT_WORDS; w++)
        for (uint64_t left = from->has[w]; left; left &= left - 1)
            copy_value(to, from, event_lowest(w, left));
}

/* ---- host names ---- */

/* One label in front of a public suffix, the longest of which have five. */
#define END_LABELS 6

/* The longest end of name, from a label's start, that is clean, but no more labels than
 * a registrable domain has; it is put in place. */
static struct text clean_end(struct text name, char room[DOMAIN_MAX])
{
    struct text found = {0};
    unsigned labels = 0;
    size_t len;

    for (size_t i = name.len; i-- > 0 && labels < END_LABELS;) {
        struct text end = {.at = name.at + i, .len = name.len - i};

        if (i > 0 && name.at[i - 1] != '.')
            continue;
        if (domain_clean(end, room, &len) != 0)
            break;
        found = (struct text){.at = room, .len = len};
        labels++;
    }
    return found;
}

static struct text printable(struct text name, char room[DOMAIN_MAX])
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        room[i] = c < ' ' || c > '~' ? '?' : c;
    }
    return (struct text){.at = room, .len = name.len};
}

static bool is_address(struct text clean)
{
    char last = clean.at[clean.len - 1];
    struct addr a;

    return last >= '0' && last <= '9' && addr_parse(clean.at, &a) == 0;
}

void event_put_host(struct event *e, enum field_id f, enum field_id registrable,
                    struct text name)
{
    char room[DOMAIN_MAX], odd[DOMAIN_MAX];
    struct text whole, clean = {.at = room};

    if (domain_clean(name, room, &clean.len) == 0) {
        whole = clean;
    } else {
        if (name.len > 0 && name.at[name.len - 1] == '.')
            name.len--;
        if (name.len >= DOMAIN_MAX)
            event_mark_short(e);
        if (name.len == 0 || name.len >= DOMAIN_MAX)
            return;
        clean = clean_end(name, room);
        whole = printable(name, odd);
    }
    event_put_text(e, f, whole);
    if (registrable == FIELD_UNKNOWN || clean.len == 0 || is_address(clean))
        return;
    if (!e->domains)
        e->domains = domain_cache_new();
    event_put_text(e, registrable, domain_cache_registrable(e->domains, clean));
}
