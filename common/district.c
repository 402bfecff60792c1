/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading is in three parts: places (district_place.c), groups (district_group.c) and
 * people (district_people.c); everything that was read lives in one arena beside the
 * district.
 */
#include "district.h"

#include <stdlib.h>
#include <string.h>

#include "district_tree.h"
#include "mem.h"
#include "text.h"

#define SCHEMA 1

static const char *const root_keys[] = {"schema",    "district",    "name",     "term",
                                        "calendars", "sites",       "segments", "people",
                                        "rosters",   "never_block", "groups"};

const char *district_text(struct district_tree *t, const struct node *n)
{
    const char *text;

    if (!n || !node_read_text(n, &text, t->diags))
        return "";
    return arena_text(&t->arena, text_of(text)).at;
}

const struct node *district_list(struct district_tree *t, const char *key)
{
    const struct node *n = node_get(t->root, key);

    return n && node_is(n, NODE_LIST, t->diags) ? n : NULL;
}

void district_check_unique(struct district_tree *t, const struct node *list,
                           const char *what, const char *key)
{
    for (size_t i = 0; i < node_count(list); i++) {
        const struct node *mine = node_get(node_item(list, i), key);

        for (size_t j = 0; mine && j < i; j++) {
            const struct node *other = node_get(node_item(list, j), key);

            if (!other || strcmp(node_text(mine), node_text(other)) != 0)
                continue;
            diags_error(t->diags, node_place(mine), "E0801",
                        "there are two %s called \"%s\" (the other is in line %u)", what,
                        node_text(mine), node_place(other).line);
            break;
        }
    }
}

static void check_schema(struct district_tree *t)
{
    const struct node *n = node_need(t->root, "district.yaml", "schema", t->diags);
    uint64_t schema;

    if (n && node_read_number(n, 0, UINT64_MAX, &schema, t->diags) && schema != SCHEMA)
        diags_error(t->diags, node_place(n), "E0802",
                    "this program reads schema %d, not %s", SCHEMA, node_text(n));
}

static void read_root(struct district_tree *t)
{
    struct district *di = &t->district;

    node_check_keys(t->root, "district.yaml", root_keys,
                    sizeof(root_keys) / sizeof(root_keys[0]), t->diags);
    check_schema(t);
    di->id = district_text(t, node_need(t->root, "district.yaml", "district", t->diags));
    di->name = district_text(t, node_need(t->root, "district.yaml", "name", t->diags));
    di->term = district_text(t, node_need(t->root, "district.yaml", "term", t->diags));
    district_read_places(t);
    district_index_networks(t);
    district_read_groups(t);
    district_read_people(t);
}

static struct district *read_tree(struct yaml *yaml, size_t before,
                                  struct zone_shelf *zones, struct diags *d)
{
    struct district_tree *t;

    if (!yaml || !node_is(yaml_root(yaml), NODE_MAP, d))
        return NULL;
    t = xcalloc(1, sizeof(*t));
    t->diags = d;
    t->zones = zones;
    t->root = yaml_root(yaml);
    read_root(t);
    t->zones = NULL;
    t->root = NULL;
    t->diags = NULL;
    if (diags_errors(d) == before)
        return &t->district;
    district_free(&t->district);
    return NULL;
}

struct district *district_load(const char *path, struct diags *d)
{
    size_t before = diags_errors(d);
    auto_yaml struct yaml *yaml = yaml_load(path, d);

    return read_tree(yaml, before, NULL, d);
}

struct district *district_parse(const char *name, const char *text, size_t len,
                                struct zone_shelf *zones, struct diags *d)
{
    size_t before = diags_errors(d);
    auto_yaml struct yaml *yaml = yaml_parse(name, text, len, d);

    return read_tree(yaml, before, zones, d);
}

void district_free(struct district *di)
{
    struct district_tree *t = (struct district_tree *)(void *)di;

    if (!t)
        return;
    for (size_t i = 0; i < di->roster_count; i++)
        zone_close(di->rosters[i].zone);
    for (size_t i = 0; i < di->site_count; i++)
        zone_close(di->sites[i].zone);
    district_groups_done(t);
    arena_done(&t->arena);
    free(t);
}

/* ---- asking ---- */

const struct calendar *district_calendar(const struct district *di, const char *id)
{
    for (size_t i = 0; i < di->calendar_count; i++)
        if (strcmp(di->calendars[i].id, id) == 0)
            return &di->calendars[i];
    return NULL;
}

const struct site *district_site(const struct district *di, const char *id)
{
    for (size_t i = 0; i < di->site_count; i++)
        if (strcmp(di->sites[i].id, id) == 0)
            return &di->sites[i];
    return NULL;
}

bool district_check_site(const struct district *di, const char *file, const char *id,
                         struct diags *d)
{
    auto_free const char **ids = NULL;
    auto_buffer struct buffer all = {0};

    if (district_site(di, id))
        return true;
    ids = xcalloc(di->site_count + 1, sizeof(*ids));
    for (size_t i = 0; i < di->site_count; i++) {
        ids[i] = di->sites[i].id;
        buffer_print(&all, " %s", ids[i]);
    }
    diags_error(d, (struct place){.file = file}, "E0907",
                "there is no site \"%s\" in the district", id);
    diags_suggest(d, id, ids, di->site_count);
    diags_hint(d, "there are:%s", all.len ? all.at : " none");
    return false;
}

const struct roster *district_roster(const struct district *di, enum role role)
{
    for (size_t i = 0; i < di->roster_count; i++)
        if (di->rosters[i].role == role)
            return &di->rosters[i];
    return NULL;
}

const struct person *district_person(const struct district *di, const char *id)
{
    for (size_t i = 0; i < di->person_count; i++)
        if (strcmp(di->people[i].id, id) == 0)
            return &di->people[i];
    return NULL;
}

static bool is_off(const struct duty *duty, day_t day)
{
    for (size_t i = 0; duty->except && i < duty->except->range_count; i++)
        if (day >= duty->except->ranges[i].first && day <= duty->except->ranges[i].last)
            return true;
    return false;
}

/* A span that ends before it begins goes on into the next morning, and belongs to the day
 * on which it began. */
static bool covers(const struct duty *duty, const struct local_time *t)
{
    bool today = (duty->days >> t->weekday & 1) && !is_off(duty, t->day);
    bool since_yesterday =
        (duty->days >> ((t->weekday + 6) % 7) & 1) && !is_off(duty, t->day - 1);

    if (duty->from_minute < duty->to_minute)
        return today && t->minute >= duty->from_minute && t->minute < duty->to_minute;
    return (today && t->minute >= duty->from_minute) ||
           (since_yesterday && t->minute < duty->to_minute);
}

size_t district_on_duty(const struct district *di, enum role role, usec_t when,
                        const struct person **ret_people, size_t max)
{
    const struct roster *r = district_roster(di, role);
    struct local_time t;
    size_t count = 0;

    if (!r)
        return 0;
    t = zone_local(r->zone, when);
    for (size_t i = 0; i < r->duty_count && count < max; i++)
        if (covers(&r->duties[i], &t))
            ret_people[count++] = r->duties[i].person;
    return count;
}
