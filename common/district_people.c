/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "district_tree.h"
#include "items.h"
#include "week.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- people ---- */

/* How somebody is reached: by a message that we send, or by a call that people make. */
static void read_contact(struct district_tree *t, const struct node *n,
                         struct contact *contacts, const char **phones, struct person *p)
{
    static const char *const kinds[] = {"mail", "webhook", "phone"};
    struct contact c;

    if (!node_is(n, NODE_MAP, t->diags) || node_count(n) != 1) {
        diags_error(t->diags, node_place(n), "E0808",
                    "a contact is one way to reach somebody");
        diags_hint(t->diags, "like {mail: office@lincoln.example}");
        return;
    }
    node_check_keys(n, "contact", kinds, COUNT(kinds), t->diags);
    c.kind = district_text(t, node_key(n, 0));
    c.at = district_text(t, node_value(n, 0));
    if (strcmp(c.kind, "mail") == 0 && !text_is_mail_address(c.at)) {
        diags_error(t->diags, node_place(node_value(n, 0)), "E0808",
                    "this is no mail address");
        diags_hint(t->diags, "one address, without a name or <> around it, like "
                             "office@lincoln.example");
    }
    if (strcmp(c.kind, "phone") == 0)
        phones[p->phone_count++] = c.at;
    else
        contacts[p->contact_count++] = c;
}

static void read_contacts(struct district_tree *t, const struct node *list,
                          struct person *p)
{
    struct contact *contacts;
    const char **phones;

    if (!list || !node_is(list, NODE_LIST, t->diags))
        return;
    contacts = arena_array(&t->arena, node_count(list), sizeof(*contacts));
    phones = arena_array(&t->arena, node_count(list), sizeof(*phones));
    for (size_t i = 0; i < node_count(list); i++)
        read_contact(t, node_item(list, i), contacts, phones, p);
    p->contacts = contacts;
    p->phones = phones;
}

static void read_roles(struct district_tree *t, const struct node *n, struct person *p)
{
    size_t role;

    for (size_t i = 0; n && i < items_count(n); i++)
        if (node_read_name(items_at(n, i), "role", names_role.at, names_role.count, &role,
                           t->diags))
            p->roles |= UINT32_C(1) << role;
}

static void read_person(struct district_tree *t, const struct node *n, struct person *p)
{
    static const char *const keys[] = {"id", "name", "language", "roles", "contacts"};
    const struct node *language;

    *p = (struct person){.id = "", .name = "", .language = "en"};
    if (!node_is(n, NODE_MAP, t->diags))
        return;
    node_check_keys(n, "person", keys, COUNT(keys), t->diags);
    p->id = district_text(t, node_need(n, "person", "id", t->diags));
    p->name = district_text(t, node_need(n, "person", "name", t->diags));
    if ((language = node_get(n, "language")))
        p->language = district_text(t, language);
    read_roles(t, node_get(n, "roles"), p);
    read_contacts(t, node_need(n, "person", "contacts", t->diags), p);
}

static void read_all_people(struct district_tree *t)
{
    const struct node *list = district_list(t, "people");
    struct person *people;

    if (!list)
        return;
    district_check_unique(t, list, "people", "id");
    people = arena_array(&t->arena, node_count(list), sizeof(*people));
    for (size_t i = 0; i < node_count(list); i++)
        read_person(t, node_item(list, i), &people[i]);
    t->district.people = people;
    t->district.person_count = node_count(list);
}

static const struct person *find_person(struct district_tree *t, const struct node *n)
{
    const struct district *di = &t->district;
    const struct person *person = n ? district_person(di, node_text(n)) : NULL;
    const char **names;

    if (person || !n)
        return person;
    names = arena_array(&t->arena, di->person_count + 1, sizeof(*names));
    for (size_t i = 0; i < di->person_count; i++)
        names[i] = di->people[i].id;
    diags_error(t->diags, node_place(n), "E0809", "there is nobody \"%s\" under people",
                node_text(n));
    diags_suggest(t->diags, node_text(n), names, di->person_count);
    return NULL;
}

/* ---- rosters ---- */

/* except: {calendar: holidays} */
static const struct calendar *read_except(struct district_tree *t, const struct node *n)
{
    static const char *const keys[] = {"calendar"};
    const struct district *di = &t->district;
    const struct calendar *found;
    const struct node *name;
    const char **names;

    if (!node_is(n, NODE_MAP, t->diags))
        return NULL;
    node_check_keys(n, "except", keys, COUNT(keys), t->diags);
    name = node_need(n, "except", "calendar", t->diags);
    found = name ? district_calendar(di, node_text(name)) : NULL;
    if (found || !name)
        return found;
    names = arena_array(&t->arena, di->calendar_count + 1, sizeof(*names));
    for (size_t i = 0; i < di->calendar_count; i++)
        names[i] = di->calendars[i].id;
    diags_error(t->diags, node_place(name), "E0305",
                "the district has no calendar \"%s\"", node_text(name));
    diags_suggest(t->diags, node_text(name), names, di->calendar_count);
    return NULL;
}

static void read_duty(struct district_tree *t, const struct node *n, struct duty *duty)
{
    static const char *const keys[] = {"person", "days", "from", "to", "except"};
    const struct node *days, *from, *to, *except;

    *duty = (struct duty){.days = WEEK_EVERY_DAY, .to_minute = WEEK_MINUTES_A_DAY};
    if (!node_is(n, NODE_MAP, t->diags))
        return;
    node_check_keys(n, "duty", keys, COUNT(keys), t->diags);
    duty->person = find_person(t, node_need(n, "duty", "person", t->diags));
    if ((days = node_get(n, "days")))
        week_read_days(days, &duty->days, t->diags);
    if ((from = node_get(n, "from")))
        week_read_minute(from, &duty->from_minute, t->diags);
    if ((to = node_get(n, "to")))
        week_read_minute(to, &duty->to_minute, t->diags);
    if ((except = node_get(n, "except")))
        duty->except = read_except(t, except);
}

static void read_duties(struct district_tree *t, const struct node *list,
                        struct roster *r)
{
    struct duty *duties;

    if (!list || !node_is(list, NODE_LIST, t->diags))
        return;
    duties = arena_array(&t->arena, node_count(list), sizeof(*duties));
    for (size_t i = 0; i < node_count(list); i++)
        read_duty(t, node_item(list, i), &duties[i]);
    r->duties = duties;
    r->duty_count = node_count(list);
}

static void read_escalation(struct district_tree *t, const struct node *n,
                            struct roster *r)
{
    const struct person **people;

    if (!n)
        return;
    people = arena_array(&t->arena, items_count(n), sizeof(*people));
    for (size_t i = 0; i < items_count(n); i++)
        people[i] = find_person(t, items_at(n, i));
    r->escalation = people;
    r->escalation_count = items_count(n);
}

static void read_zone(struct district_tree *t, const struct node *tz, struct roster *r)
{
    const struct district *di = &t->district;
    const char *name = tz ? node_text(tz) : di->site_count ? di->sites[0].tz : "UTC";

    r->tz = arena_text(&t->arena, text_of(name)).at;
    if (zone_shelf_open(t->zones, name, &r->zone) == 0 || !tz)
        return;
    diags_error(t->diags, node_place(tz), "E0803", "there is no time zone \"%s\"", name);
    diags_hint(t->diags, "like America/Chicago or Europe/London");
}

static void read_roster(struct district_tree *t, const struct node *n, struct roster *r)
{
    static const char *const keys[] = {"role", "tz", "duty", "escalation",
                                       "last_responder"};
    size_t role = 0;

    *r = (struct roster){.tz = "UTC"};
    if (!node_is(n, NODE_MAP, t->diags))
        return;
    node_check_keys(n, "roster", keys, COUNT(keys), t->diags);
    if (node_read_name(node_need(n, "roster", "role", t->diags), "role", names_role.at,
                       names_role.count, &role, t->diags))
        r->role = (enum role)role;
    read_zone(t, node_get(n, "tz"), r);
    read_duties(t, node_need(n, "roster", "duty", t->diags), r);
    read_escalation(t, node_get(n, "escalation"), r);
    r->last_responder = find_person(t, node_get(n, "last_responder"));
}

void district_read_people(struct district_tree *t)
{
    const struct node *list;
    struct roster *rosters;

    read_all_people(t);
    list = district_list(t, "rosters");
    if (!list)
        return;
    district_check_unique(t, list, "rosters", "role");
    rosters = arena_array(&t->arena, node_count(list), sizeof(*rosters));
    for (size_t i = 0; i < node_count(list); i++)
        read_roster(t, node_item(list, i), &rosters[i]);
    t->district.rosters = rosters;
    t->district.roster_count = node_count(list);
}
