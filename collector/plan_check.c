/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/plan_check.h"

#include <errno.h>
#include <string.h>

#include "collector/correlate.h"
#include "collector/coverage.h"
#include "collector/notice.h"
#include "collector/playbook.h"
#include "collector/playbook_check.h"
#include "mem.h"
#include "rule.h"

static struct listdb *open_lists(const char *path, struct diags *d)
{
    struct listdb *lists = NULL;
    int r = path ? listdb_open(path, &lists) : 0;

    if (r < 0)
        diags_error(d, (struct place){.file = path}, "E0410",
                    "the list file cannot be used: %s", strerror(-r));
    return lists;
}

void plan_check_playbook(const struct rule *rule, const struct playbooks *playbooks,
                         struct diags *d)
{
    auto_free const char **names = xcalloc(playbooks->count + 1, sizeof(*names));

    if (rule->mode != MODE_ALERT || !rule->playbook ||
        playbooks_find(playbooks, rule->playbook))
        return;
    for (size_t i = 0; i < playbooks->count; i++)
        names[i] = playbooks->at[i]->id;
    diags_error(d, rule->playbook_place, "E0716",
                "rule %s leads to the playbook \"%s\", which is not there", rule->id,
                rule->playbook);
    diags_suggest(d, rule->playbook, names, playbooks->count);
}

void plan_check_leads(const struct rule *rule, struct diags *d)
{
    if (rule->mode != MODE_ALERT || rule->playbook)
        return;
    diags_warn(d, rule->place, "W0732",
               "rule %s leads to no playbook: the collector will not start with it, and "
               "nobody is told what to do",
               rule->id);
    diags_hint(
        d, "response: {playbook: NAME}, one of those that `hallwatch playbooks check` "
           "counts; or mode: shadow until there is one");
}

static void check_coverage(const struct collector_settings *set,
                           const struct coverage_settings *c, struct diags *d)
{
    const struct place at = {.file = set->district};
    struct coverage proof = {0};

    coverage_prove(c, &proof);
    for (size_t i = 0; i < proof.count; i++) {
        if (set->accept_gaps)
            diags_warn(d, at, "W0913", "%s", proof.holes[i]);
        else
            diags_error(d, at, "E0913", "%s", proof.holes[i]);
    }
    if (proof.count && !set->accept_gaps)
        diags_hint(d,
                   "name somebody in the rosters; give a rule that leads to no playbook "
                   "its response: {playbook: ...}; or start with --accept-gaps, which "
                   "says so openly");
    coverage_done(&proof);
}

/* What was read; each of it NULL when it could not be. */
struct plan {
    struct district *district;
    struct listdb *lists;
    struct ruleset *rules;
    struct playbooks *playbooks;
    struct notices *notices;
    struct correlate *correlate;
};

static void plan_load(struct plan *p, const struct collector_settings *s, struct diags *d)
{
    const char *const correlate[] = {s->correlate};

    p->district = district_load(s->district, d);
    p->lists = open_lists(s->lists, d);
    if (p->district)
        p->rules = ruleset_load(
            &(struct ruleset_settings){.paths = (const char *const *)s->rules.items,
                                       .path_count = s->rules.count,
                                       .district = p->district,
                                       .lists = p->lists},
            d);
    p->playbooks = playbooks_load(s->playbooks, d);
    p->notices = notices_load(s->notices, d);
    p->correlate = correlate_load(correlate, s->correlate ? 1 : 0, d);
}

static void plan_done(struct plan *p)
{
    correlate_free(p->correlate);
    notices_free(p->notices);
    playbooks_free(p->playbooks);
    ruleset_free(p->rules);
    listdb_close(p->lists);
    district_free(p->district);
}

/* What is asked of several files together, once each of them can be read. */
static void check_together(const struct plan *p, const struct collector_settings *s,
                           usec_t now, struct diags *d)
{
    playbooks_check(&(struct playbook_check){.playbooks = p->playbooks,
                                             .notices = p->notices,
                                             .district = p->district},
                    d);
    for (size_t i = 0; i < ruleset_count(p->rules); i++)
        plan_check_playbook(ruleset_rule(p->rules, i), p->playbooks, d);
    check_coverage(s,
                   &(struct coverage_settings){.rules = p->rules,
                                               .playbooks = p->playbooks,
                                               .district = p->district,
                                               .from = now},
                   d);
}

bool plan_check(const struct collector_settings *s, usec_t now, struct diags *d)
{
    size_t errors = diags_errors(d);
    struct plan p = {0};

    plan_load(&p, s, d);
    if (p.district && p.rules && p.playbooks && p.notices)
        check_together(&p, s, now, d);
    plan_done(&p);
    return diags_errors(d) == errors;
}
