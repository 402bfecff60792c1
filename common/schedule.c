/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include <errno.h>
#include <string.h>

#include "items.h"
#include "mem.h"
#include "week.h"

/* ---- reading ---- */

/* Without a district one that has no day, so that tests can give it some. */
static const struct calendar *empty_calendar(struct arena *a, const char *name)
{
    struct calendar *c = arena_new(a, sizeof(*c));

    c->id = name;
    return c;
}

static bool read_calendar(const struct node *n, struct arena *a,
                          const struct district *district, const struct calendar **ret,
                          struct diags *d)
{
    size_t count = district ? district->calendar_count : 0;
    auto_free const char **names = xcalloc(count + 1, sizeof(*names));
    const char *name;

    *ret = NULL;
    if (!node_read_text(n, &name, d))
        return false;
    for (size_t i = 0; i < count; i++) {
        names[i] = district->calendars[i].id;
        if (strcmp(names[i], name) == 0)
            *ret = &district->calendars[i];
    }
    if (!district)
        *ret = empty_calendar(a, name);
    if (*ret)
        return true;
    diags_error(d, node_place(n), "E0305", "the district has no calendar \"%s\"", name);
    diags_suggest(d, name, names, count);
    return false;
}

static bool read_span_days(struct schedule_span *s, struct arena *a,
                           const struct node *body, struct diags *d)
{
    const struct node *days = node_get(body, "days"), *dates = node_get(body, "dates");
    bool good = true;

    if (days) {
        s->days = 0;
        good = week_read_days(days, &s->days, d);
    }
    if (dates) {
        struct day_range *ranges = arena_array(a, items_count(dates), sizeof(*ranges));

        for (size_t i = 0; i < items_count(dates); i++)
            good =
                week_read_dates(items_at(dates, i), &ranges[s->date_count++], d) && good;
        s->dates = ranges;
    }
    return good;
}

static bool read_span(struct schedule_span *s, struct arena *a, const struct node *body,
                      const struct district *district, struct diags *d)
{
    static const char *const keys[] = {"days", "dates", "calendar", "from", "to"};
    const struct node *n;
    bool good;

    *s = (struct schedule_span){.days = WEEK_EVERY_DAY, .to = WEEK_MINUTES_A_DAY};
    if (!node_is(body, NODE_MAP, d))
        return false;
    node_check_keys(body, "schedule", keys, 5, d);
    good = read_span_days(s, a, body, d);
    if ((n = node_get(body, "calendar")))
        good = read_calendar(n, a, district, &s->calendar, d) && good;
    if ((n = node_get(body, "from")))
        good = week_read_minute(n, &s->from, d) && good;
    if ((n = node_get(body, "to")))
        good = week_read_minute(n, &s->to, d) && good;
    if (good && s->from == s->to) {
        diags_error(d, node_place(body), "E0303", "it ends when it begins");
        diags_hint(d, "leave out both for the whole day");
        good = false;
    }
    return good;
}

static bool read_except(struct schedule *s, struct arena *a, const struct node *body,
                        const struct district *district, struct diags *d)
{
    static const char *const keys[] = {"calendar"};
    const struct calendar **calendars, *calendar;
    const struct node *n;
    bool good = true;

    if (!node_is(body, NODE_MAP, d))
        return false;
    node_check_keys(body, "except", keys, 1, d);
    n = node_need(body, "except", "calendar", d);
    if (!n)
        return false;
    calendars = arena_array(a, items_count(n), sizeof(*calendars));
    for (size_t i = 0; i < items_count(n); i++) {
        good = read_calendar(items_at(n, i), a, district, &calendar, d) && good;
        if (good && calendar)
            calendars[s->except_count++] = calendar;
    }
    s->except = calendars;
    return good;
}

static bool read_zone(struct schedule *s, const struct node *n, struct zone_shelf *zones,
                      struct diags *d)
{
    const char *name;
    int err;

    if (!node_read_text(n, &name, d))
        return false;
    if (strcmp(name, "site.tz") == 0)
        return true;
    err = zone_shelf_open(zones, name, &s->zone);
    if (err == 0)
        return true;
    diags_error(d, node_place(n), "E0306",
                err == -ENOENT ? "there is no time zone \"%s\""
                               : "the file of time zone \"%s\" cannot be read",
                name);
    diags_hint(d, "site.tz, or a name like Europe/London or America/Chicago");
    return false;
}

bool schedule_read(struct schedule *s, struct arena *a, const struct district *district,
                   struct zone_shelf *zones, struct diags *d)
{
    static const char *const keys[] = {"tz", "when", "except"};
    const struct node *body = s->body;
    const struct node *n;
    struct schedule_span *spans;
    bool good = true;

    if (!node_is(body, NODE_MAP, d))
        return false;
    node_check_keys(body, "schedule", keys, 3, d);
    if ((n = node_get(body, "tz")))
        good = read_zone(s, n, zones, d);
    if ((n = node_get(body, "except")))
        good = read_except(s, a, n, district, d) && good;
    n = node_need(body, "schedule", "when", d);
    if (!n || !node_is(n, NODE_LIST, d))
        return false;
    spans = arena_array(a, node_count(n), sizeof(*spans));
    for (; s->span_count < node_count(n); s->span_count++)
        good = read_span(&spans[s->span_count], a, node_item(n, s->span_count), district,
                         d) &&
               good;
    s->spans = spans;
    return good;
}

void schedule_done(struct schedule *s)
{
    if (s->zone)
        zone_close(s->zone);
    s->zone = NULL;
}

/* ---- asking ---- */

static bool in_ranges(const struct day_range *ranges, size_t count, day_t day)
{
    for (size_t i = 0; i < count; i++)
        if (day >= ranges[i].first && day <= ranges[i].last)
            return true;
    return false;
}

static bool has_range(const struct calendar *c, const struct schedule_stand_in *instead,
                      day_t day)
{
    for (size_t i = 0; instead && i < instead->calendar_count; i++)
        if (strcmp(instead->calendars[i].id, c->id) == 0)
            return in_ranges(instead->calendars[i].ranges,
                             instead->calendars[i].range_count, day);
    return !instead && in_ranges(c->ranges, c->range_count, day);
}

static bool has_day(const struct schedule *s, const struct schedule_span *span,
                    const struct schedule_stand_in *instead, day_t day, unsigned weekday)
{
    if (!(span->days >> weekday & 1))
        return false;
    if (span->dates && !in_ranges(span->dates, span->date_count, day))
        return false;
    if (span->calendar && !has_range(span->calendar, instead, day))
        return false;
    for (size_t i = 0; i < s->except_count; i++)
        if (has_range(s->except[i], instead, day))
            return false;
    return true;
}

static bool span_holds(const struct schedule *s, const struct schedule_span *span,
                       const struct schedule_stand_in *instead,
                       const struct local_time *t)
{
    bool today = has_day(s, span, instead, t->day, t->weekday);

    if (span->from < span->to)
        return today && t->minute >= span->from && t->minute < span->to;
    return (today && t->minute >= span->from) ||
           (t->minute < span->to &&
            has_day(s, span, instead, t->day - 1, (t->weekday + 6u) % 7));
}

bool schedule_holds_with(const struct schedule *s, const struct zone *site, usec_t time,
                         const struct schedule_stand_in *instead)
{
    const struct zone *theirs = instead && instead->zone ? instead->zone : site;
    struct local_time t = zone_local(s->zone ? s->zone : theirs, time);

    for (size_t i = 0; i < s->span_count; i++)
        if (span_holds(s, &s->spans[i], instead, &t))
            return true;
    return false;
}

bool schedule_holds(const struct schedule *s, const struct zone *site, usec_t time)
{
    return schedule_holds_with(s, site, time, NULL);
}

/* ---- the day of the answer ---- */

/* In the evening before, it went on over midnight. */
static bool goes_on(const struct schedule *s, const struct local_time *t)
{
    for (size_t i = 0; i < s->span_count; i++) {
        const struct schedule_span *span = &s->spans[i];
        bool today = has_day(s, span, NULL, t->day, t->weekday);

        if (!span_holds(s, span, NULL, t))
            continue;
        return span->from > span->to && !(today && t->minute >= span->from);
    }
    return false;
}

static bool tell_calendar(const struct calendar *c, struct schedule_day *ret)
{
    for (size_t i = 0; c && i < c->range_count; i++) {
        if (ret->day < c->ranges[i].first || ret->day > c->ranges[i].last)
            continue;
        ret->kind = c->id;
        ret->label =
            c->ranges[i].label && *c->ranges[i].label ? c->ranges[i].label : NULL;
        return true;
    }
    return false;
}

static bool tell_own(const struct schedule *s, struct schedule_day *ret)
{
    for (size_t i = 0; i < s->span_count; i++)
        if (tell_calendar(s->spans[i].calendar, ret))
            return true;
    for (size_t i = 0; i < s->except_count; i++)
        if (tell_calendar(s->except[i], ret))
            return true;
    return false;
}

struct schedule_day schedule_day(const struct schedule *s, const struct zone *site,
                                 const struct district *district, usec_t time)
{
    struct local_time t = zone_local(s->zone ? s->zone : site, time);
    bool before = goes_on(s, &t);
    unsigned weekday = before ? (t.weekday + 6u) % 7 : t.weekday;
    struct schedule_day day = {.day = t.day - before,
                               .kind = weekday < 5 ? "school_day" : "weekend"};

    if (tell_own(s, &day))
        return day;
    for (size_t i = 0; district && i < district->calendar_count; i++)
        if (tell_calendar(&district->calendars[i], &day))
            break;
    return day;
}
