/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is told: those on duty for a role; out of hours, as the rule says, either whoever
 * stands in (the last responder) or, when it can wait, the next on duty at the beginning
 * of their hours. Nobody ever falls between: when there is no one at all, the lead gets a
 * task that says so.
 *
 * What they are told: only facts that their role may read, by the table in fact.c.
 */
#include <string.h>

#include "collector/run_state.h"
#include "mem.h"

#define PEOPLE_MAX 16
#define LOOK_AHEAD (14 * USEC_PER_DAY)
#define HOP        (15 * USEC_PER_MIN)
#define REMINDERS  2 /* to the last responder, after which the task stands as overdue */

/* ---- what ---- */

static bool may_read(const struct running *r, const struct fact *f, uint32_t roles,
                     bool mailed)
{
    if (mailed && f->mailed_always)
        return true;
    if ((f->shown & roles) == 0)
        return false;
    return !mailed || (f->mailed && r->plan->privacy != PRIVACY_SAFEGUARDING);
}

struct json *run_facts_for(const struct running *r, uint32_t roles, bool mailed)
{
    struct json *known = json_new_object();

    for (size_t i = 0; i < fact_count; i++) {
        const struct json *value = json_get_path(r->s.facts, fact_table[i].name);

        if (value && may_read(r, &fact_table[i], roles, mailed))
            json_put_path(known, fact_table[i].name, json_clone(value));
    }
    if (!mailed && json_get(r->s.facts, "answer"))
        json_put(known, "answer", json_clone(json_get(r->s.facts, "answer")));
    return known;
}

static struct json *message_facts(const struct running *r, uint32_t roles)
{
    struct json *known = run_facts_for(r, roles, true);
    const struct playbook_step *s = running_step(r);
    const char *said = s && *s->title ? s->title : r->plan->title;
    auto_free char *title = fact_fill(said, known, running_zone(r));

    if (may_read(r, fact_find("task.title", 10), roles, true))
        json_put_path(known, "task.title", json_new_text(title));
    if (r->s.due)
        json_put_path(known, "task.due", json_new_number((int64_t)r->s.due));
    if (r->late) {
        char late[CLOCK_TEXT];

        clock_print_duration(r->late / USEC_PER_MIN * USEC_PER_MIN, late);
        json_put_path(known, "task.late", json_new_text(late));
    }
    return known;
}

/* ---- a person ---- */

static bool is_wished(const struct running *r, const char *key)
{
    for (size_t i = 0; i < r->out->wish_count; i++)
        if (r->out->wishes[i].kind == RUN_WISH_SEND &&
            strcmp(r->out->wishes[i].key, key) == 0)
            return true;
    return false;
}

static void send_to(struct running *r, const struct person *p, size_t contact,
                    const char *template, usec_t not_before)
{
    /* Who has no role at all reads what a principal may: never more than counts. */
    uint32_t roles = p->roles ? p->roles : UINT32_C(1) << ROLE_PRINCIPAL;
    const struct playbook_step *step = running_step(r);
    const char *key = running_text(r, "%s#%u.%u/%s/%zu", step->id, r->s.visit, r->s.rung,
                                   p->id, contact);
    struct run_wish *w;

    if (is_wished(r, key))
        return;
    w = running_wish(r, RUN_WISH_SEND);
    w->key = key;
    w->person = running_text(r, "%s", p->id);
    w->language = running_text(r, "%s", p->language);
    w->action = running_text(r, "%s", p->contacts[contact].kind);
    w->at = running_text(r, "%s", p->contacts[contact].at);
    w->template = running_text(r, "%s", template);
    w->facts = message_facts(r, roles);
    w->not_before = not_before > r->now ? not_before : 0;
    json_put_text(r->s.pending, key, step->id);
}

static bool tell(struct running *r, const struct person *p, const char *template,
                 usec_t not_before)
{
    if (!p || p->contact_count == 0)
        return false;
    for (size_t i = 0; i < p->contact_count; i++)
        send_to(r, p, i, template, not_before);
    running_note(r, "told", p->id, template);
    return true;
}

/* ---- a role ---- */

/* Without a roster, everybody who has the role. */
static size_t everybody(const struct district *di, enum role role,
                        const struct person **ret_people)
{
    size_t count = 0;

    for (size_t i = 0; i < di->person_count && count < PEOPLE_MAX; i++)
        if (di->people[i].roles >> role & 1)
            ret_people[count++] = &di->people[i];
    return count;
}

static size_t people_at(const struct district *di, enum role role, usec_t when,
                        const struct person **ret_people)
{
    if (!district_roster(di, role))
        return everybody(di, role, ret_people);
    return district_on_duty(di, role, when, ret_people, PEOPLE_MAX);
}

usec_t run_next_duty(const struct district *di, enum role role, usec_t from)
{
    const struct person *people[PEOPLE_MAX];
    usec_t when = from, step = from % HOP ? HOP - from % HOP : HOP;

    if (people_at(di, role, from, people) > 0)
        return from;
    for (when += step; when < from + LOOK_AHEAD; when += HOP) {
        if (people_at(di, role, when, people) == 0)
            continue;
        while (when - USEC_PER_MIN > from &&
               people_at(di, role, when - USEC_PER_MIN, people) > 0)
            when -= USEC_PER_MIN;
        return when;
    }
    return 0;
}

bool run_may_wait(const struct running *r)
{
    const char *words = running_fact(r, "incident.after_hours");
    const struct playbook_step *s = running_step(r);

    if (s && s->urgent)
        return false;
    return strcmp(words, "hold") == 0 || strcmp(words, "digest") == 0;
}

/* Those who stand in for a role when nobody is on duty: the last responder answers at
 * any hour; without one, the whole escalation at once. */
static bool tell_stand_in(struct running *r, enum role role, const char *template)
{
    const struct roster *roster = district_roster(r->district, role);
    bool told = false;

    if (!roster)
        return false;
    if (tell(r, roster->last_responder, template, 0))
        return true;
    for (size_t i = 0; i < roster->escalation_count; i++)
        told = tell(r, roster->escalation[i], template, 0) || told;
    return told;
}

static bool tell_at(struct running *r, enum role role, const char *template, usec_t when)
{
    const struct person *people[PEOPLE_MAX];
    size_t count = people_at(r->district, role, when, people);
    bool told = false;

    for (size_t i = 0; i < count; i++)
        told = tell(r, people[i], template, when) || told;
    return told;
}

usec_t run_tell_role(struct running *r, enum role role, const char *template)
{
    usec_t when = run_may_wait(r) ? run_next_duty(r->district, role, r->now) : r->now;

    if (when && tell_at(r, role, template, when))
        return when;
    if (tell_stand_in(r, role, template))
        return r->now;
    running_note(r, "nobody", names_get(&names_role, role), template);
    run_open_trouble(r, running_text(r, "nobody#%u", r->s.visit),
                     running_text(r,
                                  "Nobody could be told: %s has nobody on duty and no "
                                  "last responder",
                                  names_get(&names_role, role)));
    return r->now;
}

void run_tell_person(struct running *r, const char *person, const char *template)
{
    if (tell(r, district_person(r->district, person), template, 0))
        return;
    running_note(r, "nobody", person, template);
    run_open_trouble(
        r, running_text(r, "nobody#%u", r->s.visit),
        running_text(r, "%s could not be told: no way to reach them is known", person));
}

/* ---- nobody answered ---- */

/* Rungs count from 1: the escalation in its order, then the last responder, some times.
 */
static const struct person *on_rung(const struct roster *roster, uint32_t rung,
                                    bool straight_to_last)
{
    size_t before = straight_to_last ? 0 : roster->escalation_count;

    if (rung <= before)
        return roster->escalation[rung - 1];
    if (rung > before + 1 + REMINDERS)
        return NULL;
    if (roster->last_responder)
        return roster->last_responder;
    return roster->escalation_count ? roster->escalation[roster->escalation_count - 1]
                                    : NULL;
}

bool run_tell_next(struct running *r, enum role role, bool straight_to_last)
{
    const struct roster *roster = district_roster(r->district, role);
    bool quiet = r->plan->privacy == PRIVACY_SAFEGUARDING;
    const struct person *p = roster ? on_rung(roster, r->s.rung, straight_to_last) : NULL;

    return p && tell(r, p, quiet ? "safeguarding-task" : "task-overdue", 0);
}

void run_tell_not_done(struct running *r, enum role role, bool straight_to_last,
                       const char *who)
{
    const struct roster *roster = district_roster(r->district, role);
    bool quiet = r->plan->privacy == PRIVACY_SAFEGUARDING;
    const char *template = quiet ? "safeguarding-task" : "task-not-done";
    const struct person *p = roster ? on_rung(roster, r->s.rung, straight_to_last) : NULL;

    if (!p || strcmp(p->id, who) == 0 || !tell(r, p, template, 0))
        run_tell_role(r, role, template);
}

/* detail is given away. */
static void open_trouble(struct running *r, enum role role, const char *key,
                         const char *title, struct json *detail)
{
    struct run_wish *w = running_wish(r, RUN_WISH_TASK_OPEN);

    json_put_text(detail, "kind", "trouble");
    w->step = ""; /* it stays when the step is left */
    w->task = TASK_TROUBLE;
    w->role = role;
    w->key = key;
    w->title = title;
    w->detail = detail;
}

void run_open_trouble(struct running *r, const char *key, const char *title)
{
    open_trouble(r, r->plan->lead, key, title, json_new_object());
}

/* ---- what did not arrive ---- */

/* Who a message was for: its key is STEP/PERSON/CONTACT. NULL: who is no longer there. */
static const struct person *reader_of(const struct running *r, const char *key)
{
    const char *first = strchr(key, '/'), *last = strrchr(key, '/');
    auto_free char *id = NULL;

    if (!first || last == first)
        return NULL;
    id = xstrndup(first + 1, (size_t)(last - first - 1));
    return district_person(r->district, id);
}

/* By what it went, and why it did not arrive, in the words of whoever refused it. */
static char *why_undelivered(const struct json *outcome, const char *to)
{
    const char *said = json_text(json_get_path(outcome, "outcome.said"), "");
    int64_t tries = json_number(json_get_path(outcome, "outcome.attempts"), 0);
    auto_buffer struct buffer b = {0};

    buffer_print(&b, "A message to %s went by %s", to,
                 json_get_text(outcome, "action", "mail or webhook"));
    if (tries > 0)
        buffer_print(&b, ", and was tried %lld time%s", (long long)tries,
                     tries == 1 ? "" : "s");
    buffer_print(&b, ". %s%s", *said ? "What came back: " : "Nothing came back.", said);
    return xstrdup(b.at);
}

static void add_call(struct json *todo, const struct person *p)
{
    auto_buffer struct buffer b = {0};

    buffer_print(&b, "Call %s", p->name);
    for (size_t i = 0; i < p->phone_count; i++)
        buffer_print(&b, "%s%s", i ? " or " : ": ", p->phones[i]);
    buffer_text(&b, p->phone_count ? "."
                                   : ": no telephone number is known here, so reach "
                                     "them in another way.");
    buffer_text(&b, " They don't know yet that a task or message waits for them.");
    json_add(todo, json_new_text(b.at));
}

static void add_mend(struct json *todo, const char *to, const struct json *outcome)
{
    const char *action = json_get_text(outcome, "action", "mail");
    auto_free char *why = why_undelivered(outcome, to);
    auto_free char *look = xasprintf(
        "See that the %s of %s in district.yaml is right; `hallwatch actions test %s "
        "ADDRESS` sends a message that says it is a test.",
        action, to, action);

    json_add(todo, json_new_text(why));
    json_add(todo, json_new_text(look));
}

/* Settings are for whoever keeps the network, and for nobody who has an incident on
 * their hands. */
static void open_mend(struct running *r, const char *key, const char *to,
                      const struct json *outcome)
{
    const char *action = json_get_text(outcome, "action", "mail");
    struct json *detail = json_new_object(), *todo = json_new_list();

    add_mend(todo, to, outcome);
    json_add(todo, json_new_text("While this waits for you, no other task is made of "
                                 "further messages that fail in this way."));
    json_put_text(detail, "mend", action);
    json_put(detail, "do", todo);
    open_trouble(
        r, ROLE_NETWORK_ADMIN, running_text(r, "mend/%s", key),
        running_text(r, "A message by %s could not be delivered: see why", action),
        detail);
}

static void open_call(struct running *r, const char *key, const struct person *p,
                      const struct json *outcome)
{
    bool mends = r->plan->lead == ROLE_NETWORK_ADMIN;
    struct json *detail = json_new_object(), *todo = json_new_list();

    json_put_text(detail, "person", p->id);
    add_call(todo, p);
    if (mends)
        add_mend(todo, p->id, outcome);
    else
        json_add(todo, json_new_text("Why it did not arrive is for the network "
                                     "administrator, who has a task about it."));
    json_put(detail, "do", todo);
    open_trouble(r, r->plan->lead, running_text(r, "undelivered/%s", key),
                 running_text(r, "A message could not be delivered: call %s", p->name),
                 detail);
}

void run_tell_undelivered(struct running *r, const char *key, const struct json *outcome)
{
    const struct person *p = reader_of(r, key);

    if (p)
        open_call(r, key, p, outcome);
    if (!p || r->plan->lead != ROLE_NETWORK_ADMIN)
        open_mend(r, key, p ? p->id : "somebody who is no longer there", outcome);
}
