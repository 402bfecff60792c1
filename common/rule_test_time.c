/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_time: the clock and the days that the tests of a file were written with. A test
 * about an exam, or a lesson, tries the rule and not the district's calendar.
 */
#include <errno.h>
#include <string.h>

#include "items.h"
#include "rule_tests.h"
#include "week.h"

static bool read_clock(struct rule_reader *r, const struct node *n,
                       struct schedule_stand_in *time)
{
    const char *name;

    if (!n)
        return true;
    if (!node_read_text(n, &name, r->diags))
        return false;
    if (zone_shelf_open(r->set->settings.zones, name, &time->zone) == 0)
        return true;
    diags_error(r->diags, node_place(n), "E0306", "there is no time zone \"%s\"", name);
    diags_hint(r->diags, "a name like Europe/London or America/Chicago");
    return false;
}

static bool read_days(struct rule_reader *r, const struct node *n,
                      struct calendar *calendar)
{
    struct day_range *ranges =
        arena_array(&r->set->arena, items_count(n), sizeof(*ranges));
    bool good = true;

    for (size_t i = 0; i < items_count(n); i++)
        good = week_read_dates(items_at(n, i), &ranges[i], r->diags) && good;
    calendar->ranges = ranges;
    calendar->range_count = items_count(n);
    return good;
}

static bool read_calendars(struct rule_reader *r, const struct node *n,
                           struct schedule_stand_in *time)
{
    struct calendar *calendars;
    bool good = true;

    if (!n)
        return true;
    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    calendars = arena_array(&r->set->arena, node_count(n), sizeof(*calendars));
    for (size_t i = 0; i < node_count(n); i++) {
        calendars[i] = (struct calendar){.id = node_text(node_key(n, i))};
        good = read_days(r, node_value(n, i), &calendars[i]) && good;
    }
    time->calendars = calendars;
    time->calendar_count = node_count(n);
    return good;
}

void rule_test_time_read(struct rule_reader *r, struct ruleset_file *file)
{
    static const char *const keys[] = {"tz", "calendars"};
    const struct node *n = node_get(yaml_root(file->yaml), "test_time");

    if (!n || !node_is(n, NODE_MAP, r->diags))
        return;
    node_check_keys(n, "test_time", keys, 2, r->diags);
    file->time = arena_new(&r->set->arena, sizeof(*file->time));
    (void)read_clock(r, node_get(n, "tz"), file->time);
    (void)read_calendars(r, node_get(n, "calendars"), file->time);
}

void rule_test_time_done(struct ruleset_file *file)
{
    if (file->time)
        zone_close(file->time->zone);
}
