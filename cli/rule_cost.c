/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rule_cost.h"

#include <stdlib.h>

#include "mem.h"
#include "ruleset.h"
#include "tracker.h"

#define REPEATS 8 /* of one evaluation, between two looks at the clock */

struct packed {
    uint8_t *bytes;
    size_t len;
};

struct rule_costs {
    const struct ruleset *set;
    struct rule_cost *at;
    struct packed *events;
    size_t count, capacity, bytes;

    struct list_memo *lists;
    struct rule_set candidates;
    struct matcher *matcher;
    struct tracker *tracker;
    struct event *event;
};

/* ---- what the text says ---- */

static void count_expr(const struct ruleset *s, const struct expr *e,
                       struct rule_cost *cost)
{
    const struct predicate *p;

    if (!e)
        return;
    if (e->kind == EXPR_MACRO && e->macro)
        count_expr(s, e->macro->expr, cost);
    count_expr(s, e->left, cost);
    count_expr(s, e->right, cost);
    if (e->kind != EXPR_PREDICATE)
        return;
    p = &s->predicates.at[e->predicate];
    cost->predicates++;
    cost->lists += p->listdb != LISTDB_NONE;
    cost->patterns += p->pattern != NULL;
}

struct rule_costs *rule_costs_new(const struct ruleset *set)
{
    struct rule_costs *c = xcalloc(1, sizeof(*c));

    c->set = set;
    c->at = xcalloc(set->rule_count + 1, sizeof(*c->at));
    for (size_t i = 0; i < set->rule_count; i++) {
        c->at[i].rule = i;
        count_expr(set, set->rules[i].when, &c->at[i]);
        c->at[i].state_most = tracker_bytes_most(&set->rules[i].rule);
    }
    c->event = event_new();
    return c;
}

void rule_costs_free(struct rule_costs *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        free(c->events[i].bytes);
    free(c->events);
    free(c->at);
    event_free(c->event);
    free(c);
}

bool rule_costs_add(struct rule_costs *c, const struct event *e)
{
    uint8_t room[EVENT_PACK_MAX];
    int len = event_pack(e, room, sizeof(room));

    if (len < 0 || c->bytes + (size_t)len > RULE_COST_BYTES)
        return false;
    c->events = xgrow(c->events, c->count, &c->capacity, sizeof(*c->events));
    c->events[c->count] = (struct packed){xcalloc((size_t)len + 1, 1), (size_t)len};
    memcpy(c->events[c->count++].bytes, room, (size_t)len);
    c->bytes += (size_t)len;
    return true;
}

size_t rule_costs_events(const struct rule_costs *c)
{
    return c->count;
}

/* ---- measured ---- */

static bool run(struct rule_costs *c, const struct program *p, uint64_t *asked)
{
    uint16_t at = 0;

    do {
        const struct expr_step *s = &p->steps[at];

        ++*asked;
        at = predicate_holds(&c->set->predicates.at[s->predicate], c->event, c->lists)
                 ? s->yes
                 : s->no;
    } while (at < EXPR_FALSE);
    return at == EXPR_TRUE;
}

static const struct zone *zone_of(const struct ruleset *s, const struct event *e)
{
    const struct value *site = event_get(e, FIELD_SITE_ID);

    for (size_t i = 0; site && i < s->zone_count; i++)
        if (s->zones[i].site && text_equal(text_of(s->zones[i].site), site->text))
            return s->zones[i].zone;
    return s->zones[0].zone;
}

/* As rule_match.c does, but with nothing remembered from other rules. */
static bool meets(struct rule_costs *c, const struct compiled_rule *r, uint64_t *asked)
{
    const struct ruleset *s = c->set;
    const struct event *e = c->event;

    list_memo_begin(c->lists);
    return (r->rule.watch >> event_kind(e) & 1) &&
           (r->scope == NO_SCOPE || scope_holds(&s->scopes[r->scope], e)) &&
           (!r->during || schedule_holds(r->during, zone_of(s, e), event_time(e))) &&
           (!r->not_during ||
            !schedule_holds(r->not_during, zone_of(s, e), event_time(e))) &&
           run(c, &r->program, asked);
}

static void time_rule(struct rule_costs *c, size_t rule, unsigned round)
{
    uint64_t asked = 0, begin = clock_nanoseconds();

    for (unsigned i = 0; i < REPEATS; i++)
        (void)meets(c, &c->set->rules[rule], &asked);
    c->at[rule].ns[round] += (clock_nanoseconds() - begin) / REPEATS;
}

static void note_keys(struct rule_costs *c, size_t rule)
{
    struct rule_cost *cost = &c->at[rule];

    cost->keys = tracker_keys(c->tracker, rule);
    if (cost->keys_peak < cost->keys)
        cost->keys_peak = cost->keys;
}

static void on_match(size_t rule, enum match_verdict verdict, void *arg)
{
    struct rule_costs *c = arg;
    const struct rule *r = &c->set->rules[rule].rule;

    c->at[rule].hits += verdict == MATCH_HIT;
    c->at[rule].excepted += verdict == MATCH_EXCEPTED;
    if (verdict != MATCH_HIT)
        return;
    tracker_hit(c->tracker, rule, matcher_parts(c->matcher, rule, c->event), c->event);
    note_keys(c, rule);
    for (size_t i = 0; i < r->listener_count; i++)
        note_keys(c, r->listeners[i].rule);
}

/* Every rule that the index lets through; round 0 counts as well. */
static void measure_event(struct rule_costs *c, unsigned round)
{
    list_memo_begin(c->lists);
    if (!(c->set->kinds >> event_kind(c->event) & 1) ||
        list_memo_protected(c->lists, c->event))
        return;
    index_candidates(c->set->index, c->event, c->lists, &c->candidates);
    for (size_t i = 0; i < c->set->rule_count; i++) {
        if (!(c->candidates.bits[i / 64] >> (i % 64) & 1))
            continue;
        if (round == 0) {
            c->at[i].evaluated++;
            (void)meets(c, &c->set->rules[i], &c->at[i].asked);
        }
        time_rule(c, i, round);
    }
    rule_set_done(&c->candidates);
    rule_set_init(&c->candidates, c->set->rule_count);
    if (round == 0)
        ruleset_match(c->matcher, c->event, on_match, c);
}

static void on_alert(const struct raised *r, void *arg)
{
    (void)r;
    (void)arg;
}

static int by_ns(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

void rule_costs_measure(struct rule_costs *c)
{
    c->lists = list_memo_new(c->set->settings.lists);
    c->matcher = matcher_new(c->set);
    c->tracker = tracker_new(c->set, on_alert, NULL);
    rule_set_init(&c->candidates, c->set->rule_count);
    for (unsigned round = 0; round < RULE_COST_ROUNDS; round++)
        for (size_t i = 0; i < c->count; i++)
            if (event_unpack(c->event, c->events[i].bytes, c->events[i].len) == 0)
                measure_event(c, round);
    for (size_t i = 0; i < c->set->rule_count; i++) {
        note_keys(c, i);
        c->at[i].evicted = tracker_counts(c->tracker, i).evicted;
        qsort(c->at[i].ns, RULE_COST_ROUNDS, sizeof(c->at[i].ns[0]), by_ns);
    }
    rule_set_done(&c->candidates);
    tracker_free(c->tracker);
    matcher_free(c->matcher);
    list_memo_free(c->lists);
}

const struct rule_cost *rule_costs_get(const struct rule_costs *c, size_t rule)
{
    return &c->at[rule];
}
