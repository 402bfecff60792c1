/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "collector/playbook_show.h"

#define WEEK_DAYS 7

static uint32_t roles_of(const struct playbook *p)
{
    uint32_t roles = UINT32_C(1) << p->lead;

    for (size_t i = 0; i < p->step_count; i++) {
        const struct playbook_step *s = &p->steps[i];

        if (step_is_human(s->kind) || (s->kind == STEP_NOTIFY && !s->to))
            roles |= UINT32_C(1) << s->role;
        if (s->has_approve)
            roles |= UINT32_C(1) << s->approve;
    }
    return roles;
}

/* "mon-fri", "mon, wed-thu" */
static void print_days(uint8_t days, struct buffer *out)
{
    static const char *const names[WEEK_DAYS] = {"mon", "tue", "wed", "thu",
                                                 "fri", "sat", "sun"};

    for (unsigned day = 0; day < WEEK_DAYS; day++) {
        unsigned last = day;

        if (!(days >> day & 1))
            continue;
        while (last + 1 < WEEK_DAYS && days >> (last + 1) & 1)
            last++;
        buffer_print(out, "%s%s", out->len ? ", " : "", names[day]);
        if (last > day)
            buffer_print(out, "-%s", names[last]);
        day = last;
    }
}

static void print_duty(const struct duty *d, struct buffer *out)
{
    print_days(d->days, out);
    buffer_print(out, " %02u:%02u to %02u:%02u", d->from_minute / 60, d->from_minute % 60,
                 d->to_minute / 60, d->to_minute % 60);
    if (d->except)
        buffer_print(out, ", not on %s", d->except->id);
}

static void each_of_roster(const struct roster *r, playbook_reach_fn *fn, void *arg)
{
    for (size_t i = 0; i < r->duty_count; i++) {
        auto_buffer struct buffer when = {0};

        print_duty(&r->duties[i], &when);
        fn(r->role, when.at, r->duties[i].person, arg);
    }
    for (size_t i = 0; i < r->escalation_count; i++)
        fn(r->role, "when nobody answers", r->escalation[i], arg);
    if (r->last_responder)
        fn(r->role, "last of all, at any hour", r->last_responder, arg);
}

static void each_with_role(const struct district *di, enum role role,
                           playbook_reach_fn *fn, void *arg)
{
    for (size_t i = 0; i < di->person_count; i++)
        if (di->people[i].roles >> role & 1)
            fn(role, "", &di->people[i], arg);
}

void playbook_each_reach(const struct playbook *p, const struct district *district,
                         playbook_reach_fn *fn, void *arg)
{
    uint32_t roles = roles_of(p);

    for (unsigned role = 0; role < names_role.count; role++) {
        const struct roster *r = district_roster(district, role);

        if (!(roles >> role & 1))
            continue;
        if (r)
            each_of_roster(r, fn, arg);
        else
            each_with_role(district, role, fn, arg);
    }
    for (size_t i = 0; i < p->step_count; i++) {
        const struct playbook_step *s = &p->steps[i];
        const struct person *named = s->to ? district_person(district, s->to) : NULL;

        if (named)
            fn(s->role, "told by this playbook", named, arg);
    }
}
