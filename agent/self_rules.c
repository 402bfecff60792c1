/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/self_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"
#include "mem.h"

struct self_rules {
    self_rules_fn *fn;
    void *arg;
    struct json *before; /* the last counters; NULL: there were none */
    usec_t day;          /* that exceptions were looked at, in days since 1970 */
    char version[17];    /* of the rules that they were those of */
};

struct self_rules *self_rules_new(self_rules_fn *fn, void *arg)
{
    struct self_rules *s = xcalloc(1, sizeof(*s));

    s->fn = fn;
    s->arg = arg;
    return s;
}

void self_rules_free(struct self_rules *s)
{
    if (!s)
        return;
    json_free(s->before);
    free(s);
}

/* ---- counters ---- */

/* A counter that is smaller than before began anew. */
static uint64_t growth(const struct self_rules *s, const char *rule,
                       const struct json *now, const char *key)
{
    const struct json *before = json_get(s->before, rule);
    int64_t is = json_get_number(now, key, 0);
    int64_t was = before ? json_get_number(before, key, 0) : 0;

    return (uint64_t)(is >= was ? is - was : is);
}

static void say_growth(struct self_rules *s, const char *rule, const char *what,
                       uint64_t count)
{
    if (count > 0)
        s->fn(&(struct rule_word){.rule = rule, .what = what, .count = count}, s->arg);
}

static void count_rule(const char *rule, struct json *now, void *arg)
{
    struct self_rules *s = arg;

    say_growth(s, rule, "evicted", growth(s, rule, now, "evicted"));
    if (strcmp(json_get_text(now, "mode", ""), "shadow") == 0)
        say_growth(s, rule, "shadow_met", growth(s, rule, now, "hits"));
}

void self_rules_count(struct self_rules *s, const struct json *counters)
{
    if (!json_is_object(counters))
        return;
    json_each(counters, count_rule, s);
    json_free(s->before);
    s->before = json_clone(counters);
}

/* ---- exceptions ---- */

struct looking {
    struct self_rules *self;
    usec_t now;
};

static void look_at(const struct rule *rule, const char *name, usec_t until, void *arg)
{
    const struct looking *l = arg;
    bool ended = until <= l->now;
    usec_t away = ended ? l->now - until : until - l->now;

    if (away > SELF_RULES_AHEAD)
        return;
    l->self->fn(&(struct rule_word){.rule = rule->id,
                                    .what = ended ? "exception_ended" : "exception_ends",
                                    .exception = name,
                                    .count = away / USEC_PER_DAY},
                l->self->arg);
}

/* ---- lists ---- */

static void say_off(const struct rule *rule, void *arg)
{
    const struct looking *l = arg;

    if (rule->off_after == LIST_NEVER_USED) /* a list that this site does not have */
        return;
    l->self->fn(&(struct rule_word){.rule = rule->id,
                                    .what = "list_too_old",
                                    .list = rule->off_list,
                                    .count = (l->now - rule->off_after) / USEC_PER_DAY},
                l->self->arg);
}

void self_rules_look(struct self_rules *s, const struct ruleset *rules, usec_t now)
{
    struct looking l = {s, now};

    if (s->day == now / USEC_PER_DAY && strcmp(s->version, ruleset_version(rules)) == 0)
        return;
    s->day = now / USEC_PER_DAY;
    snprintf(s->version, sizeof(s->version), "%s", ruleset_version(rules));
    ruleset_exceptions(rules, look_at, &l);
    ruleset_off(rules, now, say_off, &l);
}
