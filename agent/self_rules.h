/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self_rules.h - what the agent has to say of its rules, as events of kind `rule`: that
 * one forgot what it counted because its memory was full, that one in shadow mode was
 * met, that an exception ends within two weeks or ended lately, that one is silent
 * because a list is too old.
 */
#ifndef SELF_RULES_H
#define SELF_RULES_H

#include "json.h"
#include "rule.h"

#define SELF_RULES_AHEAD (14 * USEC_PER_DAY) /* as the notices of `rules check` */

struct rule_word {
    const char *rule, *what;
    const char *exception; /* NULL: it is not about one */
    const char *list;      /* likewise */
    uint64_t count;
};
typedef void self_rules_fn(const struct rule_word *w, void *arg);

struct self_rules;

struct self_rules *self_rules_new(self_rules_fn *fn, void *arg);
void self_rules_free(struct self_rules *s); /* NULL is fine */

/* The courier's counters by rule: what grew since the last ones is said. */
void self_rules_count(struct self_rules *s, const struct json *counters);

/* Once a day, whenever it is called; and again when the rules are others. */
void self_rules_look(struct self_rules *s, const struct ruleset *rules, usec_t now);

#endif
