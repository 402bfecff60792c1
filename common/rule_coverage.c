/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_coverage.h"

#include <stdlib.h>

#include "mem.h"

#define SEEN_YES 1
#define SEEN_NO  2

struct rule_coverage {
    const struct ruleset *set;
    struct list_memo *lists;
    uint8_t **seen;  /* for each rule, for each predicate: SEEN_YES, SEEN_NO */
    uint8_t *tested; /* for each rule: a test that raised it, one that did not */
};

struct rule_coverage *rule_coverage_new(const struct ruleset *set)
{
    struct rule_coverage *v = xcalloc(1, sizeof(*v));

    v->set = set;
    v->lists = list_memo_new(set->settings.lists);
    v->seen = xcalloc(set->rule_count + 1, sizeof(*v->seen));
    v->tested = xcalloc(set->rule_count + 1, 1);
    return v;
}

void rule_coverage_free(struct rule_coverage *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->set->rule_count; i++)
        free(v->seen[i]);
    free(v->seen);
    free(v->tested);
    list_memo_free(v->lists);
    free(v);
}

/* ---- what the tests show ---- */

/* A program on the event, noting the answers that were met on the way. */
static bool note_steps(struct rule_coverage *v, const struct program *p, uint8_t *seen,
                       const struct event *e)
{
    uint16_t at = p->count ? 0 : EXPR_TRUE;

    while (at < EXPR_FALSE) {
        const struct expr_step *s = &p->steps[at];
        bool yes = predicate_holds(&v->set->predicates.at[s->predicate], e, v->lists);

        seen[s->predicate] |= yes ? SEEN_YES : SEEN_NO;
        at = yes ? s->yes : s->no;
    }
    return at == EXPR_TRUE;
}

/* The rule's own program, which is met when one of its parts is; then each part's. */
void rule_coverage_event(struct rule_coverage *v, size_t rule, const struct event *e)
{
    const struct compiled_rule *c = &v->set->rules[rule];

    if (!(c->rule.watch >> event_kind(e) & 1))
        return;
    if (!v->seen[rule])
        v->seen[rule] = xcalloc(v->set->predicates.count + 1, 1);
    list_memo_begin(v->lists);
    if (!note_steps(v, &c->program, v->seen[rule], e))
        return;
    for (size_t i = 0; i < c->part_count; i++)
        (void)note_steps(v, &c->parts[i].program, v->seen[rule], e);
}

void rule_coverage_end(struct rule_coverage *v, size_t rule, bool raised)
{
    v->tested[rule] |= raised ? SEEN_YES : SEEN_NO;
}

/* ---- what they do not ---- */

static struct text written(const struct rule_coverage *v, size_t predicate)
{
    return v->set->predicates.at[predicate].written;
}

/* Whatever was never true is told by itself: it could be anything, and no test would
 * know. What was never false is told of a rule together: it could be left out. */
static void report_answers(const struct rule_coverage *v, const struct compiled_rule *c,
                           const uint8_t *wanted, const uint8_t *seen, struct diags *d)
{
    const struct node *when = node_get(c->node, "when");
    struct place place = when ? node_place(when) : c->rule.place;
    auto_buffer struct buffer never_false = {0};

    for (size_t i = 0; i < v->set->predicates.count; i++) {
        struct text t = written(v, i);
        uint8_t got = seen ? seen[i] : 0;

        if (!wanted[i] || got == (SEEN_YES | SEEN_NO))
            continue;
        if (got == SEEN_YES)
            buffer_print(&never_false, "%s\"%.*s\"", never_false.len ? ", " : "",
                         (int)t.len, t.at);
        else
            diags_warn(d, place, "W0603", "rule %s: in no test is \"%.*s\" %s",
                       c->rule.id, (int)t.len, t.at, got ? "true" : "asked");
    }
    if (never_false.len)
        diags_warn(d, place, "W0604", "rule %s: in no test is any of these false: %s",
                   c->rule.id, never_false.at);
}

static void want(uint8_t *wanted, const struct program *p)
{
    for (size_t i = 0; i < p->count; i++)
        wanted[p->steps[i].predicate] = 1;
}

static void report_rule(const struct rule_coverage *v, size_t rule, struct diags *d)
{
    const struct compiled_rule *c = &v->set->rules[rule];
    auto_free uint8_t *wanted = xcalloc(v->set->predicates.count + 1, 1);

    if (!(v->tested[rule] & SEEN_YES))
        diags_warn(d, c->rule.place, "W0602", "rule %s: no test raises it", c->rule.id);
    if (!(v->tested[rule] & SEEN_NO))
        diags_warn(d, c->rule.place, "W0602",
                   "rule %s: no test comes near and does not raise it", c->rule.id);
    want(wanted, &c->program);
    for (size_t i = 0; i < c->part_count; i++)
        want(wanted, &c->parts[i].program);
    report_answers(v, c, wanted, v->seen[rule], d);
}

void rule_coverage_report(const struct rule_coverage *v, struct diags *d)
{
    for (size_t i = 0; i < v->set->rule_count; i++)
        if (v->set->rules[i].rule.mode != MODE_DISABLED && !rule_is_changed(v->set, i))
            report_rule(v, i, d);
}
