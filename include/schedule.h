/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.h - times of the week, days of a calendar: when a rule holds.
 *
 *     school_hours:
 *       tz: site.tz
 *       when: [{days: mon-fri, from: "07:30", to: "15:45"}]
 *       except: {calendar: holidays}
 *
 * Times are local, with both changes of the clock. A span whose `to` is before its `from`
 * goes on into the next morning and belongs to the day on which it began.
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "arena.h"
#include "district.h"
#include "localtime.h"
#include "yaml.h"

struct schedule_span {
    uint8_t days;                  /* bit 0 Monday; of all, where no days are given */
    const struct day_range *dates; /* or NULL */
    size_t date_count;
    const struct calendar *calendar; /* its days only, or NULL */
    uint32_t from, to;               /* minutes of the day; to is not included */
};

struct schedule {
    const char *name;
    const struct node *node; /* its name in the file */
    const struct node *body; /* what stands behind it */
    struct zone *zone;       /* NULL: the site's */
    const struct schedule_span *spans;
    size_t span_count;
    const struct calendar *const *except;
    size_t except_count;
    bool used;
};

/* Reads the body into s (name and node stay). district NULL: names of calendars are
 * not checked, and no day is in one. zones NULL: the system's. False after telling d. */
bool schedule_read(struct schedule *s, struct arena *a, const struct district *district,
                   struct zone_shelf *zones, struct diags *d);
void schedule_done(struct schedule *s);

/* What stands in for the clock of all sites (zone NULL: nothing does) and for the
 * district's calendars: one that is not among these has no day. */
struct schedule_stand_in {
    struct zone *zone;
    const struct calendar *calendars;
    size_t calendar_count;
};

/* site: the zone for a schedule without one of its own. instead: or NULL. */
bool schedule_holds(const struct schedule *s, const struct zone *site, usec_t time);
bool schedule_holds_with(const struct schedule *s, const struct zone *site, usec_t time,
                         const struct schedule_stand_in *instead);

/* The day of a schedule's answer. */
struct schedule_day {
    int32_t day;       /* days since 1970-01-01, local */
    const char *kind;  /* a calendar that it is in, else "school_day" or "weekend" */
    const char *label; /* as that calendar calls it; NULL: by no name */
};

/*
 * Which day it was that schedule_holds judged: the one on which the span began, where it
 * goes on over midnight. A calendar that the schedule names is told before others of the
 * district. district NULL: none.
 */
struct schedule_day schedule_day(const struct schedule *s, const struct zone *site,
                                 const struct district *district, usec_t time);

#endif
