/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hide`: what the alerts of a rule must not carry. Names, addresses, certificates: what
 * tells of a visit tells the same thing in many fields, so that one of them stands for
 * all.
 */
#include "items.h"
#include "ruleset.h"

static void hide_visit(struct rule *rule)
{
    for (enum field_id f = 0; f < FIELD_COUNT; f++)
        if (field_get(f)->privacy == PRIVACY_HOST)
            field_set_add(&rule->hide, f);
}

static const char *why_not(enum field_id f)
{
    if (f == FIELD_SITE_ID)
        return "an alert that does not tell its school reaches nobody there";
    switch (field_get(f)->privacy) {
    case PRIVACY_PERSON:
        return "how much of a person is shown, says \"identity\"";
    case PRIVACY_MEMORY:
        return "it is never written anywhere";
    default:
        return NULL;
    }
}

static bool read_one(struct rule_reader *r, const struct node *n, struct rule *rule)
{
    enum field_id f;

    if (!rule_read_field(r, n, rule->watch, &f))
        return false;
    if (why_not(f)) {
        diags_error(r->diags, node_place(n), "E0525", "\"%s\" cannot be hidden: %s",
                    node_text(n), why_not(f));
        return false;
    }
    field_set_add(&rule->hide, f);
    if (field_get(f)->privacy == PRIVACY_HOST)
        hide_visit(rule);
    return true;
}

bool rule_read_hide(struct rule_reader *r, const struct node *n, struct compiled_rule *c)
{
    bool good = true;

    for (size_t i = 0; i < items_count(n); i++)
        good = read_one(r, items_at(n, i), &c->rule) && good;
    return good;
}
