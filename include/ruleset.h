/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ruleset.h - a rule set from the inside: what its reader fills and its matcher runs.
 */
#ifndef RULESET_H
#define RULESET_H

#include "expr.h"
#include "rule.h"
#include "schedule.h"
#include "scope.h"

#define NO_SCOPE UINT32_MAX

/* One value of an exception: the rule is silent while `when` holds, up to `until`. */
struct exception {
    const char *name;
    struct program when;
    usec_t until;
};

/* A condition beside `when`: a step of a sequence, a side of a ratio. */
struct rule_part {
    const char *name;
    struct expr *when;
    struct program program;
};

struct compiled_rule {
    struct rule rule;
    const struct node *node;
    const struct ruleset_file *file;
    struct expr *written; /* `when`; NULL: there is none */
    struct expr *when;    /* what an event must meet: `written`, and any of the parts */
    struct program program;
    struct rule_part *parts;
    size_t part_count;
    uint32_t kinds; /* of events that it hears of, by the rules that it combines too */
    uint32_t scope; /* number in ruleset.scopes, or NO_SCOPE */
    const struct schedule *during, *not_during;
    const struct exception *exceptions;
    size_t exception_count;
    size_t base; /* the number of the rule as shipped: its own, or of what it changes */
    const struct rule_turn *turns; /* as shipped: its changed forms, and when they hold */
    size_t turn_count;
    bool failed; /* it could not be read */
};

/* While a local change holds, its form of the rule stands in for the shipped one. */
struct rule_turn {
    const char *site; /* NULL: all that no other turn of the rule names */
    usec_t from, until;
    size_t rule;
};

struct ruleset_file {
    struct yaml *yaml;
    const char *path, *name, *version; /* name: ruleset, or the one that it changes */
    bool overlay;
    struct schedule_stand_in *time; /* test_time, rule_tests.h; NULL: the district's */
};

/* A site's clock. */
struct site_zone {
    const char *site;
    struct zone *zone;
};

struct ruleset;

/* The clock of the event's site; of one that names none, or another, the first's. */
const struct zone *ruleset_zone(const struct ruleset *s, const struct event *e);

struct index; /* rule_index.c */

struct ruleset {
    struct arena arena;
    struct ruleset_settings settings;
    struct ruleset_file *files;
    size_t file_count;

    struct list_def *lists;
    size_t list_count;
    struct macro *macros;
    size_t macro_count;
    struct schedule *schedules;
    size_t schedule_count;
    struct compiled_rule *rules;
    size_t rule_count;

    struct predicate_table predicates;
    struct scope *scopes;
    size_t scope_count, scope_capacity;
    bool asks_groups;        /* one of the scopes does */
    struct site_zone *zones; /* the first is for events that name no site */
    size_t zone_count;
    struct index *index;

    uint32_t kinds;
    struct field_set uses;
    char version[17];
    const struct ruleset_tests *tests; /* rule_tests.h */
    struct rule_change *changes;
    size_t change_count;
};

/* What reading a file needs at hand. */
struct rule_reader {
    struct ruleset *set;
    struct diags *diags;
    struct expr_world world;
    bool again; /* a changed form of a rule is read: what it shares was told already */
};

/* ---- rule_names.c: lists, macros and schedules ---- */

void rule_names_collect(struct rule_reader *r);
void rule_names_read(struct rule_reader *r);
void rule_names_report_unused(struct rule_reader *r);

/* Lists that are too old to be used, with the rules that are silent for it. */
void rule_names_report_disabled(struct rule_reader *r);

/* ---- rule_read.c: one rule; rule_read_window.c, rule_read_exceptions.c its parts ----
 */

bool rule_read(struct rule_reader *r, struct compiled_rule *c);
bool rule_read_by(struct rule_reader *r, const struct node *n, uint32_t kinds,
                  enum field_id ret_by[RULE_BY_MAX], size_t *ret_count);
bool rule_read_field(struct rule_reader *r, const struct node *n, uint32_t kinds,
                     enum field_id *ret_field);
bool rule_read_window(struct rule_reader *r, const struct node *n,
                      struct compiled_rule *c);
bool rule_read_within(struct rule_reader *r, const struct node *n, usec_t *ret);

/* `by`, `within` and `max_keys` of a sequence or combination. */
bool rule_read_keys(struct rule_reader *r, const struct node *n, const char *what,
                    uint32_t kinds, struct rule_keys *keys);
bool rule_read_sequence(struct rule_reader *r, const struct node *n,
                        struct compiled_rule *c);

bool rule_read_combine(struct rule_reader *r, const struct node *n,
                       struct compiled_rule *c);

/* An expression of the rule on the events that it watches; NULL after telling. */
struct expr *rule_read_expr(struct rule_reader *r, const struct node *n,
                            const struct rule *rule);
void rule_add_part(struct rule_reader *r, struct compiled_rule *c, const char *name,
                   struct expr *when);
bool rule_read_dedup(struct rule_reader *r, const struct node *n, struct rule *rule);
bool rule_read_aggregate(struct rule_reader *r, const struct node *n,
                         struct compiled_rule *c);
bool rule_read_hide(struct rule_reader *r, const struct node *n, struct compiled_rule *c);

/* Frames would show what the alert hides. */
bool rule_may_have_evidence(struct rule_reader *r, const struct node *n,
                            const struct rule *rule);
bool rule_read_evidence(struct rule_reader *r, const struct node *n,
                        struct compiled_rule *c);
bool rule_read_burst(struct rule_reader *r, const struct node *n,
                     struct compiled_rule *c);
bool rule_read_inhibits(struct rule_reader *r, const struct node *n,
                        struct compiled_rule *c);
bool rule_read_exceptions(struct rule_reader *r, const struct node *n,
                          struct compiled_rule *c);

/* ---- rule_until.c: what ends ---- */

struct rule_until {
    usec_t end;
    const char *owner, *why;
    struct place place;
};

/* `until`, `owner` and `why` of body, which `what` is: all three are needed. */
bool rule_until_read(struct rule_reader *r, const struct node *body, const char *what,
                     struct rule_until *ret);

/* W0302 from 14 days before the end. */
void rule_until_tell(struct rule_reader *r, const struct rule_until *u, const char *what,
                     const char *name, const char *rule);

/* ---- rule_overlay.c: local changes ---- */

/* Puts the changed forms of each rule behind it; before rules are read. */
void rule_overlays_read(struct rule_reader *r);

/* A changed form could not be read: tells which change it is that breaks the rule. */
void rule_overlay_blame(struct rule_reader *r, size_t form);

static inline bool rule_is_changed(const struct ruleset *s, size_t rule)
{
    return s->rules[rule].base != rule;
}

/* ---- rule_link.c: when all rules are read, those that name others ---- */

void rule_link(struct rule_reader *r);

/* ---- rule_access.c ---- */

#define RULE_ACCESS_MAX 64

/* Conditions on the event's own values, one of which holds whenever the rule is met. */
struct rule_access {
    const struct predicate *at[RULE_ACCESS_MAX];
    size_t count;
    double cost; /* roughly: how many of a hundred thousand events meet one */
};

/* False when there are none: then the rule may be met by any event that it watches. */
bool rule_access(const struct ruleset *s, const struct expr *e, struct rule_access *ret);

/* ---- rule_index.c ---- */

/* Some of the rules. `some` has a bit for each word of `bits` that is not zero, so that
 * a set of few rules among thousands is emptied and gone through in a few steps. */
struct rule_set {
    uint64_t *bits, *some;
    size_t some_count;
};

static inline void rule_set_add(struct rule_set *s, size_t rule)
{
    s->bits[rule / 64] |= UINT64_C(1) << (rule % 64);
    s->some[rule / 4096] |= UINT64_C(1) << (rule / 64 % 64);
}

void rule_set_init(struct rule_set *s, size_t rule_count);
void rule_set_done(struct rule_set *s);
void rule_set_add_all(struct rule_set *s, const struct rule_set *others);

struct index *index_new(const struct ruleset *set);
void index_free(struct index *ix);

/* Adds each rule that the event may meet; the others it cannot. */
void index_candidates(const struct index *ix, const struct event *e,
                      struct list_memo *lists, struct rule_set *found);

#endif
