/* SPDX-License-Identifier: Apache-2.0 */
#include "scope.h"

#include <stdlib.h>

#include "items.h"
#include "mem.h"

static const struct part {
    const char *key, *not_key;
    enum field_id field;
    const char *what;
} parts[SCOPE_PARTS] = {
    [SCOPE_SITES] = {"sites", "not_sites", FIELD_SITE_ID, "site"},
    [SCOPE_SITE_TYPES] = {"site_types", "not_site_types", FIELD_SITE_TYPE,
                          "type of site"},
    [SCOPE_SEGMENTS] = {"segments", "not_segments", FIELD_SEGMENT_NAME, "segment"},
    [SCOPE_GROUPS] = {"groups", "not_groups", FIELD_DEVICE_GROUPS, "group"},
};

/* ---- reading ---- */

static size_t known_count(const struct district *di, enum scope_part part)
{
    switch (part) {
    case SCOPE_SEGMENTS:
        return di->segment_count;
    case SCOPE_GROUPS:
        return di->group_count;
    default:
        return di->site_count;
    }
}

static const char *known_name(const struct district *di, enum scope_part part, size_t i)
{
    switch (part) {
    case SCOPE_SITES:
        return di->sites[i].id;
    case SCOPE_SITE_TYPES:
        return di->sites[i].type;
    case SCOPE_GROUPS:
        return di->groups[i];
    default:
        return di->segments[i].name;
    }
}

static bool check_known(const struct node *n, const struct district *di,
                        enum scope_part part, const char *name, struct diags *d)
{
    size_t count = di ? known_count(di, part) : 0;
    auto_free const char **names = xcalloc(count + 1, sizeof(*names));

    for (size_t i = 0; i < count; i++) {
        names[i] = known_name(di, part, i);
        if (strcmp(names[i], name) == 0)
            return true;
    }
    if (!di)
        return true;
    diags_error(d, node_place(n), "E0218", "the district has no %s \"%s\"",
                parts[part].what, name);
    diags_suggest(d, name, names, count);
    return false;
}

static bool read_names(const struct node *n, struct arena *a, const struct district *di,
                       enum scope_part part, const struct text **ret_names,
                       size_t *ret_count, struct diags *d)
{
    struct text *names = arena_array(a, items_count(n), sizeof(*names));
    bool good = true;

    for (size_t i = 0; i < items_count(n); i++) {
        const char *name;

        if (!node_read_text(items_at(n, i), &name, d) ||
            !check_known(items_at(n, i), di, part, name, d))
            good = false;
        else
            names[(*ret_count)++] = text_of(name);
    }
    *ret_names = names;
    return good;
}

static bool read_audiences(const struct node *n, uint32_t *ret, struct diags *d)
{
    bool good = true;
    size_t index;

    for (size_t i = 0; i < items_count(n); i++)
        if (node_read_name(items_at(n, i), names_audience.what, names_audience.at,
                           names_audience.count, &index, d))
            *ret |= 1u << index;
        else
            good = false;
    return good;
}

bool scope_read(struct scope *s, struct arena *a, const struct node *body,
                const struct district *district, struct diags *d)
{
    static const char *const keys[] = {
        "sites",        "not_sites", "site_types",    "not_site_types", "segments",
        "not_segments", "audiences", "not_audiences", "groups",         "not_groups",
    };
    const struct node *n;
    bool good = true;

    if (!node_is(body, NODE_MAP, d))
        return false;
    node_check_keys(body, "scope", keys, sizeof(keys) / sizeof(keys[0]), d);
    for (enum scope_part p = 0; p < SCOPE_PARTS; p++) {
        if ((n = node_get(body, parts[p].key)))
            good =
                read_names(n, a, district, p, &s->only[p].names, &s->only[p].count, d) &&
                good;
        if ((n = node_get(body, parts[p].not_key)))
            good =
                read_names(n, a, district, p, &s->not [p].names, &s->not [p].count, d) &&
                good;
    }
    if ((n = node_get(body, "audiences")))
        good = read_audiences(n, &s->audiences, d) && good;
    if ((n = node_get(body, "not_audiences")))
        good = read_audiences(n, &s->not_audiences, d) && good;
    return good;
}

bool scope_asks_groups(const struct scope *s)
{
    return s->only[SCOPE_GROUPS].count > 0 || s->not [SCOPE_GROUPS].count > 0;
}

static bool names_equal(const struct text *a, size_t a_count, const struct text *b,
                        size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (!text_equal(a[i], b[i]))
            return false;
    return true;
}

bool scope_equal(const struct scope *a, const struct scope *b)
{
    for (enum scope_part p = 0; p < SCOPE_PARTS; p++)
        if (!names_equal(a->only[p].names, a->only[p].count, b->only[p].names,
                         b->only[p].count) ||
            !names_equal(a->not [p].names, a->not [p].count, b->not [p].names,
                         b->not [p].count))
            return false;
    return a->audiences == b->audiences && a->not_audiences == b->not_audiences;
}

/* ---- asking ---- */

static bool has_name(const struct text *names, size_t count, struct text name)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(names[i], name))
            return true;
    return false;
}

/* One of the texts of an event's field is. */
static bool is_among(const struct text *names, size_t count, enum field_id f,
                     const struct value *v)
{
    if (!v || count == 0)
        return false;
    if (field_get(f)->type != TYPE_TEXTS)
        return has_name(names, count, v->text);
    for (size_t i = 0; i < v->text_count; i++)
        if (has_name(names, count, v->texts[i]))
            return true;
    return false;
}

bool scope_holds(const struct scope *s, const struct event *e)
{
    const struct value *audience = event_get(e, FIELD_SEGMENT_AUDIENCE);

    for (enum scope_part p = 0; p < SCOPE_PARTS; p++) {
        enum field_id f = parts[p].field;
        const struct value *v = event_get(e, f);

        if (s->only[p].count > 0 && !is_among(s->only[p].names, s->only[p].count, f, v))
            return false;
        if (is_among(s->not [p].names, s->not [p].count, f, v))
            return false;
    }
    if (s->audiences && !(audience && s->audiences >> audience->number & 1))
        return false;
    return !(audience && s->not_audiences >> audience->number & 1);
}
