/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a rule that is met is told of: `dedup`, `burst`, `inhibits`.
 */
#include "items.h"
#include "mem.h"
#include "ruleset.h"

#define CLIENTS_MAX 10000

bool rule_read_dedup(struct rule_reader *r, const struct node *n, struct rule *rule)
{
    static const char *const keys[] = {"by", "every", "emit"};
    static const char *const emits[] = {"first", "first_and_summary"};
    struct rule_dedup *dedup = &rule->dedup;
    const struct node *by, *emit;
    size_t index;
    bool good;

    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    node_check_keys(n, "dedup", keys, 3, r->diags);
    by = node_need(n, "dedup", "by", r->diags);
    good = by && rule_read_by(r, by, rule->watch, dedup->by, &dedup->by_count);
    good = rule_read_within(r, node_need(n, "dedup", "every", r->diags), &dedup->every) &&
           good;
    emit = node_get(n, "emit");
    if (!emit)
        return good;
    if (!node_read_name(emit, "way to tell of repeats", emits, 2, &index, r->diags))
        return false;
    dedup->emit = (enum dedup_emit)index;
    return good;
}

static enum severity highest_severity(const struct rule *rule)
{
    enum severity highest = SEVERITY_INFO;

    for (unsigned band = 0; band <= BAND_STAFF; band++)
        if (highest < rule->severity[band])
            highest = rule->severity[band];
    return highest;
}

/* `instead` is a relief, so it must be lower than what the rule says. */
static bool read_instead(struct rule_reader *r, const struct node *n, struct rule *rule)
{
    size_t severity;

    if (!n || !node_read_name(n, names_severity.what, names_severity.at,
                              names_severity.count, &severity, r->diags))
        return false;
    rule->burst.instead = (enum severity)severity;
    if (rule->burst.instead < highest_severity(rule))
        return true;
    diags_error(r->diags, node_place(n), "E0502",
                "the severity of a burst is lower than the rule's, which is %s",
                names_get(&names_severity, highest_severity(rule)));
    return false;
}

bool rule_read_burst(struct rule_reader *r, const struct node *n, struct compiled_rule *c)
{
    static const char *const keys[] = {"clients", "by", "within", "instead"};
    static const char *const places[] = {"segment", "site"};
    struct rule_burst *burst = &c->rule.burst;
    const struct node *clients, *by;
    uint64_t number = 0;
    size_t place = 0;
    bool good;

    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    node_check_keys(n, "burst", keys, 4, r->diags);
    clients = node_need(n, "the burst", "clients", r->diags);
    good = clients && node_read_number(clients, 2, CLIENTS_MAX, &number, r->diags);
    by = node_need(n, "the burst", "by", r->diags);
    good =
        by && node_read_name(by, "place of a burst", places, 2, &place, r->diags) && good;
    good = rule_read_within(r, node_need(n, "the burst", "within", r->diags),
                            &burst->within) &&
           good;
    burst->clients = (uint32_t)number;
    burst->by = place ? FIELD_SITE_ID : FIELD_SEGMENT_NAME;
    return read_instead(r, node_need(n, "the burst", "instead", r->diags), &c->rule) &&
           good;
}

/* The rules are found when all are read (rule_link.c). */
bool rule_read_inhibits(struct rule_reader *r, const struct node *n,
                        struct compiled_rule *c)
{
    static const char *const keys[] = {"rules", "equal", "for"};
    struct rule_inhibits *i = &c->rule.inhibits;
    const struct node *equal;
    bool good;

    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    node_check_keys(n, "inhibits", keys, 3, r->diags);
    good = node_need(n, "inhibits", "rules", r->diags);
    equal = node_need(n, "inhibits", "equal", r->diags);
    good =
        equal && rule_read_by(r, equal, c->rule.watch, i->equal, &i->equal_count) && good;
    return rule_read_within(r, node_need(n, "inhibits", "for", r->diags), &i->within) &&
           good;
}
