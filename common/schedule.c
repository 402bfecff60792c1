/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "items.h"
#include "mem.h"

#define MINUTES_A_DAY 1440
#define EVERY_DAY     0x7f

static const char *const day_words[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* ---- reading ---- */

/* "07:30"; "24:00" is the end of the day. */
static bool read_minute(const struct node *n, uint32_t *ret, struct diags *d)
{
    const char *t;

    if (!node_read_text(n, &t, d))
        return false;
    if (strlen(t) == 5 && isdigit((uint8_t)t[0]) && isdigit((uint8_t)t[1]) &&
        t[2] == ':' && isdigit((uint8_t)t[3]) && isdigit((uint8_t)t[4])) {
        uint32_t hour = (uint32_t)((t[0] - '0') * 10 + t[1] - '0');
        uint32_t minute = (uint32_t)((t[3] - '0') * 10 + t[4] - '0');

        *ret = hour * 60 + minute;
        if (minute < 60 && *ret <= MINUTES_A_DAY)
            return true;
    }
    diags_error(d, node_place(n), "E0303", "\"%s\" is no time of day", t);
    diags_hint(d, "hours and minutes with two digits each, in quotes: \"07:30\"");
    return false;
}

static int find_day(const char *at, size_t len)
{
    for (int i = 0; i < 7; i++)
        if (len == 3 && strncasecmp(at, day_words[i], 3) == 0)
            return i;
    return -1;
}

/* "mon", "mon-fri", "sat-mon". */
static bool add_days(const struct node *n, uint8_t *days, struct diags *d)
{
    const char *t, *dash;
    int first, last;

    if (!node_read_text(n, &t, d))
        return false;
    dash = strchr(t, '-');
    first = find_day(t, dash ? (size_t)(dash - t) : strlen(t));
    last = dash ? find_day(dash + 1, strlen(dash + 1)) : first;
    if (first < 0 || last < 0) {
        diags_error(d, node_place(n), "E0304", "\"%s\" is no day of the week", t);
        diags_hint(d, "days are mon, tue, wed, thu, fri, sat, sun, or mon-fri");
        return false;
    }
    for (int i = first;; i = (i + 1) % 7) {
        *days |= (uint8_t)(1u << i);
        if (i == last)
            return true;
    }
}

/* clock_parse has seen that it is a day; its midnight in UTC has the same number. */
static bool read_date(const char *text, day_t *ret)
{
    usec_t time;

    if (strlen(text) != 10 || clock_parse(text, &time) != 0)
        return false;
    *ret = (day_t)(time / USEC_PER_DAY);
    return true;
}

/* "2027-05-10" or "2027-05-10..2027-05-14", both included. */
static bool read_dates(const struct node *n, struct day_range *ret, struct diags *d)
{
    char first[11] = "";
    const char *t, *dots;

    if (!node_read_text(n, &t, d))
        return false;
    dots = strstr(t, "..");
    snprintf(first, sizeof(first), "%.*s", dots ? (int)(dots - t) : 10, t);
    if ((!dots || dots - t == 10) && read_date(first, &ret->first) &&
        read_date(dots ? dots + 2 : t, &ret->last) && ret->first <= ret->last) {
        ret->label = "";
        return true;
    }
    diags_error(d, node_place(n), "E0304", "\"%s\" is no day or row of days", t);
    diags_hint(d, "like 2027-05-10, or 2027-05-10..2027-05-14 with the earlier first");
    return false;
}

static bool read_calendar(const struct node *n, const struct district *district,
                          const struct calendar **ret, struct diags *d)
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
    if (*ret || !district)
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
        for (size_t i = 0; i < items_count(days); i++)
            good = add_days(items_at(days, i), &s->days, d) && good;
    }
    if (dates) {
        struct day_range *ranges = arena_array(a, items_count(dates), sizeof(*ranges));

        for (size_t i = 0; i < items_count(dates); i++)
            good = read_dates(items_at(dates, i), &ranges[s->date_count++], d) && good;
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

    *s = (struct schedule_span){.days = EVERY_DAY, .to = MINUTES_A_DAY};
    if (!node_is(body, NODE_MAP, d))
        return false;
    node_check_keys(body, "schedule", keys, 5, d);
    good = read_span_days(s, a, body, d);
    if ((n = node_get(body, "calendar")))
        good = read_calendar(n, district, &s->calendar, d) && good;
    if ((n = node_get(body, "from")))
        good = read_minute(n, &s->from, d) && good;
    if ((n = node_get(body, "to")))
        good = read_minute(n, &s->to, d) && good;
    if (good && s->from == s->to) {
        diags_error(d, node_place(body), "E0303", "it ends when it begins");
        diags_hint(d, "leave out both for the whole day");
        good = false;
    }
    if (good && node_get(body, "calendar") && !s->calendar)
        s->days = 0; /* no district, no such day */
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
        good = read_calendar(items_at(n, i), district, &calendar, d) && good;
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

static bool has_day(const struct schedule *s, const struct schedule_span *span, day_t day,
                    unsigned weekday)
{
    if (!(span->days >> weekday & 1))
        return false;
    if (span->dates && !in_ranges(span->dates, span->date_count, day))
        return false;
    if (span->calendar &&
        !in_ranges(span->calendar->ranges, span->calendar->range_count, day))
        return false;
    for (size_t i = 0; i < s->except_count; i++)
        if (in_ranges(s->except[i]->ranges, s->except[i]->range_count, day))
            return false;
    return true;
}

static bool span_holds(const struct schedule *s, const struct schedule_span *span,
                       const struct local_time *t)
{
    bool today = has_day(s, span, t->day, t->weekday);

    if (span->from < span->to)
        return today && t->minute >= span->from && t->minute < span->to;
    return (today && t->minute >= span->from) ||
           (t->minute < span->to && has_day(s, span, t->day - 1, (t->weekday + 6u) % 7));
}

bool schedule_holds(const struct schedule *s, const struct zone *site, usec_t time)
{
    struct local_time t = zone_local(s->zone ? s->zone : site, time);

    for (size_t i = 0; i < s->span_count; i++)
        if (span_holds(s, &s->spans[i], &t))
            return true;
    return false;
}
