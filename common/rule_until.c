/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds for a while only: the values of exceptions, and local changes. Each says
 * until when, by whose word and why.
 */
#include "ruleset.h"

#define NOTICE_AHEAD (14 * USEC_PER_DAY)

/* A day is meant with all its hours. */
static bool read_end(struct rule_reader *r, const struct node *n, usec_t *ret)
{
    if (!n || !node_read_time(n, ret, r->diags))
        return false;
    if (strlen(node_text(n)) == 10)
        *ret += USEC_PER_DAY;
    return true;
}

bool rule_until_read(struct rule_reader *r, const struct node *body, const char *what,
                     struct rule_until *ret)
{
    const struct node *until = node_need(body, what, "until", r->diags);
    const struct node *owner = node_need(body, what, "owner", r->diags);
    const struct node *why = node_need(body, what, "why", r->diags);
    bool good = read_end(r, until, &ret->end);

    ret->place = until ? node_place(until) : node_place(body);
    good = owner && node_read_text(owner, &ret->owner, r->diags) && good;
    return why && node_read_text(why, &ret->why, r->diags) && good;
}

void rule_until_tell(struct rule_reader *r, const struct rule_until *u, const char *what,
                     const char *name, const char *rule)
{
    usec_t now = r->set->settings.now;
    unsigned long long days;

    if (now == 0 || u->end > now + NOTICE_AHEAD || r->again)
        return;
    if (u->end <= now) {
        diags_warn(r->diags, u->place, "W0302",
                   "%s \"%s\" of rule %s has ended and does nothing (owner %s)", what,
                   name, rule, u->owner);
        return;
    }
    days = (unsigned long long)((u->end - now) / USEC_PER_DAY);
    diags_warn(r->diags, u->place, "W0302",
               "%s \"%s\" of rule %s ends in %llu days (owner %s)", what, name, rule,
               days, u->owner);
}
