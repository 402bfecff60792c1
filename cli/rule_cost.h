/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_cost.h - what each rule costs: what its text says, and measured over events.
 *
 * Counts are exact and the same in each run. Time is that of a rule's own conditions,
 * asked again for each rule: in a sensor, what several rules ask is answered once, so the
 * sum is an upper bound there. It is taken RULE_COST_ROUNDS times; the median counts, and
 * the spread is how far the fastest and the slowest are apart.
 */
#ifndef CLI_RULE_COST_H
#define CLI_RULE_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rule.h"

#define RULE_COST_ROUNDS 7
#define RULE_COST_BYTES  ((size_t)256 << 20) /* of events, packed */

struct rule_cost {
    size_t rule;
    size_t predicates, lists,
        patterns;        /* in its conditions; the latter two are of them */
    uint64_t state_most; /* bytes of windows, sequences, combinations; an upper bound */

    uint64_t evaluated; /* events that the index did not rule out */
    uint64_t asked;     /* predicates, over all of them */
    uint64_t hits, excepted;
    uint64_t keys_peak, keys, evicted;
    uint64_t ns[RULE_COST_ROUNDS]; /* over all of them; sorted */
};

struct rule_costs;

struct rule_costs *rule_costs_new(const struct ruleset *set);
void rule_costs_free(struct rule_costs *c);

/* An event to measure over, in the order of time; false: there is no more room. */
bool rule_costs_add(struct rule_costs *c, const struct event *e);
size_t rule_costs_events(const struct rule_costs *c);

void rule_costs_measure(struct rule_costs *c);

const struct rule_cost *rule_costs_get(const struct rule_costs *c, size_t rule);

static inline uint64_t rule_cost_ns(const struct rule_cost *cost)
{
    return cost->ns[RULE_COST_ROUNDS / 2];
}

/* In per cent of the median. */
static inline double rule_cost_spread(const struct rule_cost *cost)
{
    uint64_t median = rule_cost_ns(cost);

    return median ? 100.0 * (double)(cost->ns[RULE_COST_ROUNDS - 1] - cost->ns[0]) /
                        (double)median
                  : 0;
}

#endif
