/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The week is walked in the roster's local minutes, first without the calendar; then
 * every quarter of an hour of a year, to find the days on which a holiday takes away
 * somebody whom the week promises.
 */
#include "collector/coverage.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define DAY_MINUTES  1440
#define WEEK_MINUTES (7 * DAY_MINUTES)
#define QUARTER      (15 * USEC_PER_MIN)
#define YEAR         (366 * USEC_PER_DAY)
#define SPANS_TOLD   8

static const char *const day_words[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* ---- the week ---- */

static bool is_reachable(const struct person *p)
{
    return p && p->contact_count > 0;
}

static void mark(bool *week, const struct duty *duty)
{
    uint32_t len = duty->from_minute < duty->to_minute
                       ? duty->to_minute - duty->from_minute
                       : DAY_MINUTES - duty->from_minute + duty->to_minute;

    for (uint32_t day = 0; day < 7; day++)
        for (uint32_t i = 0; duty->days >> day & 1 && i < len; i++)
            week[(day * DAY_MINUTES + duty->from_minute + i) % WEEK_MINUTES] = true;
}

static void mark_all(bool *week, const struct roster *r)
{
    for (size_t i = 0; i < r->duty_count; i++)
        if (is_reachable(r->duties[i].person))
            mark(week, &r->duties[i]);
}

/* "Sat 00:00-24:00", or "Fri 17:00 to Mon 07:00" over several days. */
static void print_span(struct buffer *out, uint32_t first, uint32_t end)
{
    uint32_t last = (end + WEEK_MINUTES - 1) % WEEK_MINUTES;
    uint32_t from = first % DAY_MINUTES, to = last % DAY_MINUTES + 1;
    const char *day = day_words[first / DAY_MINUTES % 7];

    if (first / DAY_MINUTES == (end - 1) / DAY_MINUTES)
        buffer_print(out, "%s %02u:%02u-%02u:%02u", day, from / 60, from % 60, to / 60,
                     to % 60);
    else
        buffer_print(out, "%s %02u:%02u to %s %02u:%02u", day, from / 60, from % 60,
                     day_words[last / DAY_MINUTES], to / 60, to % 60);
}

/* The spans without anybody; the one over midnight of Sunday is one. False: none. */
static bool print_week(struct buffer *out, const bool *week)
{
    uint32_t start = 0;
    size_t spans = 0;

    while (start < WEEK_MINUTES && !week[start])
        start++;
    if (start == WEEK_MINUTES) {
        buffer_text(out, "at any hour");
        return true;
    }
    for (uint32_t i = 0; i < WEEK_MINUTES;) {
        uint32_t first = start + i, end = first;

        while (end < start + WEEK_MINUTES && !week[end % WEEK_MINUTES])
            end++;
        if (end > first && spans++ < SPANS_TOLD) {
            buffer_text(out, spans > 1 ? ", " : "");
            print_span(out, first % WEEK_MINUTES, first % WEEK_MINUTES + end - first);
        }
        i = end - start + (end == first);
    }
    if (spans > SPANS_TOLD)
        buffer_print(out, " and %zu more", spans - SPANS_TOLD);
    return spans > 0;
}

/* ---- the calendar ---- */

static void print_date(struct buffer *out, day_t day)
{
    unsigned month, of_month;
    int year;

    date_of_day(day, &year, &month, &of_month);
    buffer_print(out, "%04d-%02u-%02u", year, month, of_month);
}

/* Days on which somebody is missing whom the week promises. */
static bool print_calendar(struct buffer *out, const struct district *di,
                           const struct roster *r, const bool *week, usec_t from)
{
    const struct person *people[1];
    day_t told = INT32_MIN;
    size_t days = 0;

    for (usec_t t = from - from % QUARTER; t < from + YEAR; t += QUARTER) {
        struct local_time local = zone_local(r->zone, t);

        if (!week[local.weekday * DAY_MINUTES + local.minute] || local.day == told ||
            district_on_duty(di, r->role, t, people, 1) > 0)
            continue;
        told = local.day;
        if (days++ >= SPANS_TOLD)
            continue;
        buffer_text(out, days > 1 ? ", " : "");
        print_date(out, told);
    }
    if (days > SPANS_TOLD)
        buffer_print(out, " and %zu more days", days - SPANS_TOLD);
    return days > 0;
}

/* ---- a role ---- */

static char *hole_of(const struct district *di, const struct roster *r, bool all_hours,
                     usec_t from)
{
    auto_free bool *week = xcalloc(WEEK_MINUTES, sizeof(bool));
    auto_buffer struct buffer when = {0};
    bool missing;

    mark_all(week, r);
    missing = print_week(&when, week);
    if (!all_hours && strcmp(when.at ? when.at : "", "at any hour") != 0)
        return NULL;
    if (!missing && from)
        missing = print_calendar(&when, di, r, week, from);
    if (!missing)
        return NULL;
    return xasprintf("%s: nobody on duty %s, and no last responder",
                     names_get(&names_role, r->role), when.at);
}

char *coverage_hole(const struct district *district, enum role role, bool all_hours,
                    usec_t from)
{
    const struct roster *r = district_roster(district, role);

    if (!r)
        return xasprintf("%s: has no roster", names_get(&names_role, role));
    if (is_reachable(r->last_responder))
        return NULL;
    return hole_of(district, r, all_hours, from);
}

/* ---- rules ---- */

struct need {
    bool any, all_hours;
    char *first; /* who needs it first */
    size_t others;
};

struct proof {
    const struct coverage_settings *set;
    struct coverage *out;
    bool *walked; /* by playbook: what the rule in hand led through */
    struct need needs[ROLE_AUDITOR + 1];
};

static void add_hole(struct coverage *c, char *words)
{
    c->holes = xrealloc(c->holes, c->count + 1, sizeof(char *));
    c->holes[c->count++] = words;
}

static void need_role(struct proof *p, enum role role, const struct rule *rule,
                      const struct playbook *plan, const struct playbook_step *s)
{
    struct need *n = &p->needs[role];

    n->any = true;
    n->all_hours = n->all_hours || s->urgent || rule->after_hours == AFTER_HOURS_PAGE;
    if (n->first)
        n->others++;
    else
        n->first = xasprintf("rule %s, playbook %s, step %s", rule->id, plan->id, s->id);
}

static void need_person(struct proof *p, const struct rule *rule,
                        const struct playbook *plan, const struct playbook_step *s)
{
    if (!is_reachable(district_person(p->set->district, s->to)))
        add_hole(p->out, xasprintf("%s: nobody of that name can be reached; needed by "
                                   "rule %s, playbook %s, step %s",
                                   s->to, rule->id, plan->id, s->id));
}

/* True once for each playbook: a rule may lead to it by many calls, and by calls that
 * lead back. */
static bool enters(struct proof *p, const struct playbook *plan)
{
    const struct playbooks *all = p->set->playbooks;
    size_t number = 0;

    while (all->at[number] != plan)
        number++;
    if (p->walked[number])
        return false;
    return p->walked[number] = true;
}

static void walk_plan(struct proof *p, const struct rule *rule,
                      const struct playbook *plan)
{
    if (!enters(p, plan))
        return;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct playbook_step *s = &plan->steps[i];
        const struct playbook *called =
            s->playbook ? playbooks_find(p->set->playbooks, s->playbook) : NULL;

        p->out->steps++;
        if (s->kind == STEP_NOTIFY && s->to)
            need_person(p, rule, plan, s);
        else if (s->kind == STEP_NOTIFY || step_is_human(s->kind))
            need_role(p, s->role, rule, plan, s);
        if (s->has_approve)
            need_role(p, s->approve, rule, plan, s);
        if (called)
            walk_plan(p, rule, called);
    }
}

static void walk_rule(struct proof *p, const struct rule *rule)
{
    const struct playbook *plan;

    if (rule->mode != MODE_ALERT)
        return;
    p->out->rules++;
    if (!rule->playbook) {
        add_hole(p->out, xasprintf("rule %s leads to no playbook", rule->id));
        return;
    }
    plan = playbooks_find(p->set->playbooks, rule->playbook);
    memset(p->walked, 0, p->set->playbooks->count * sizeof(*p->walked));
    if (plan)
        walk_plan(p, rule, plan);
    else
        add_hole(p->out, xasprintf("rule %s leads to playbook %s, which is not there",
                                   rule->id, rule->playbook));
}

static void walk_role(struct proof *p, enum role role)
{
    struct need *n = &p->needs[role];
    auto_free char *words = NULL;

    if (!n->any)
        return;
    p->out->roles++;
    words = coverage_hole(p->set->district, role, n->all_hours, p->set->from);
    if (words && n->others)
        add_hole(p->out, xasprintf("%s; needed by %s and %zu other steps", words,
                                   n->first, n->others));
    else if (words)
        add_hole(p->out, xasprintf("%s; needed by %s", words, n->first));
    free(n->first);
}

void coverage_prove(const struct coverage_settings *s, struct coverage *ret)
{
    struct coverage out = {0};
    auto_free bool *walked = xcalloc(s->playbooks->count + 1, sizeof(*walked));
    struct proof p = {.set = s, .out = &out, .walked = walked};

    for (size_t i = 0; i < ruleset_count(s->rules); i++)
        walk_rule(&p, ruleset_rule(s->rules, i));
    for (size_t i = 0; i <= ROLE_AUDITOR; i++)
        walk_role(&p, (enum role)i);
    *ret = out;
}

void coverage_done(struct coverage *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->holes[i]);
    free(c->holes);
    *c = (struct coverage){0};
}
