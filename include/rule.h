/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule.h - safety rules, loaded and compiled; RULES.md is the language,
 * hallwatch-rules(5) its manual.
 *
 * ruleset_load reads every *.yaml of the given files and folders in two passes (names may
 * be used before they are defined, across files), tells all faults at once, and compiles.
 * A rule set is immutable: it is shared between processes by fork and swapped whole.
 *
 * What needs one event only is decided by ruleset_match, in a sensor. What counts over
 * time is decided by tracker.h, in the courier.
 */
#ifndef RULE_H
#define RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "clock.h"
#include "diag.h"
#include "district.h"
#include "event.h"
#include "listdb.h"
#include "names.h"

#define RULE_BY_MAX 4

/* Conditions of a rule beside `when` that its state asks for: the steps of a sequence,
 * the two sides of a ratio. Which an event meets is a bit each. */
#define RULE_PARTS_MAX 8

enum { RATIO_OF, RATIO_TO }; /* their numbers */

enum window_kind {
    WINDOW_NONE,
    WINDOW_COUNT,
    WINDOW_DISTINCT,
    WINDOW_SUM,
    WINDOW_RATIO,   /* in per cent: events of one kind to those of another */
    WINDOW_SHARE,   /* in per cent: one value's part of a sum */
    WINDOW_REGULAR, /* events that come at even times */
};

struct rule_window {
    enum window_kind kind;
    enum field_id of;    /* DISTINCT, SUM, SHARE: the field that is counted or added */
    enum field_id value; /* SHARE: whose values have parts of the sum */
    enum field_id by[RULE_BY_MAX];
    size_t by_count;
    usec_t within;
    uint64_t reach;  /* met when the value is at least this */
    bool above;      /* RATIO, SHARE: ... is more than this */
    uint64_t least;  /* RATIO: events of the other kind there must be for it to say
                        anything: one of one is no 100 %. SHARE: the same of the sum */
    uint32_t times;  /* REGULAR: events in a row; SHARE: events of the value */
    uint32_t jitter; /* REGULAR: per cent of the middle interval that others differ by */
    usec_t shortest, longest; /* REGULAR: between these is the middle interval */
    usec_t apart; /* COUNT: events closer together than this are one visit; 0: none are */
    uint32_t exact_up_to; /* DISTINCT: values told apart */
    uint32_t max_keys;    /* keys remembered; the longest silent one goes */
};

#define RULE_KEYS_DEFAULT 10000
#define RULE_KEYS_MAX     1000000

/* State for each value of some fields. */
struct rule_keys {
    enum field_id by[RULE_BY_MAX];
    size_t by_count;
    usec_t within;
    uint32_t max_keys; /* values remembered; the longest silent one goes */
};

struct rule_sequence {
    size_t steps;                   /* 0: the rule has none; they are its parts */
    usec_t silence[RULE_PARTS_MAX]; /* of each: how long no event is to meet it after the
                                       step before it; 0: an event is to */
    uint32_t silences;              /* those that are silences, a bit each */
    struct rule_keys keys;          /* by: those of the step whose event is told */
    bool apart;                     /* not all steps have the same */
    enum field_id by[RULE_PARTS_MAX][RULE_BY_MAX]; /* of each step, by_count of them */
};

#define RULE_COMBINE_MAX 32

/* So many different ones of these rules are met. */
struct rule_combine {
    const size_t *of; /* numbers of rules */
    size_t count;     /* 0: the rule combines none, and watches events itself */
    uint32_t at_least;
    struct rule_keys keys;
};

/* Who hears of it when a rule is met: a combination, and as which of its rules. */
struct rule_listener {
    size_t rule, member;
};

enum dedup_emit { DEDUP_FIRST, DEDUP_FIRST_AND_SUMMARY };

struct rule_dedup {
    enum field_id by[RULE_BY_MAX];
    size_t by_count;
    usec_t every; /* 0: every match is an alert */
    enum dedup_emit emit;
};

/* So many devices of one place at once are probably a lesson: one alert of the place, of
 * lower severity, stands for those of the devices that come then. */
struct rule_burst {
    uint32_t clients; /* 0: the rule has none */
    enum field_id by; /* segment.name or site.id */
    usec_t within;
    enum severity instead;
};

/* Alerts of other rules, the same in these fields, that this one explains. */
struct rule_inhibits {
    const size_t *rules; /* numbers */
    size_t count;
    enum field_id equal[RULE_BY_MAX];
    size_t equal_count;
    usec_t within; /* after the last time that this one was met: `for` */
};

/* Frames around an alert that an agent keeps for it, sealed. Of a rule that looks at one
 * event: those of its conversation; else of its device. */
struct rule_evidence {
    bool pcap; /* false: none, and the rest is 0 */
    usec_t before, after;
    uint64_t max;     /* bytes of the capture file */
    uint32_t snaplen; /* bytes of a frame; 0: its headers */
};

#define RULE_EVIDENCE_BEFORE  (60 * USEC_PER_SEC) /* the most of each */
#define RULE_EVIDENCE_AFTER   (5 * USEC_PER_MIN)
#define RULE_EVIDENCE_MAX     (UINT64_C(4) << 20)
#define RULE_EVIDENCE_SNAPLEN 2048

enum after_hours { AFTER_HOURS_PAGE, AFTER_HOURS_HOLD, AFTER_HOURS_DIGEST };
extern const struct names names_after_hours;

struct rule {
    const char *id, *title, *why;
    const char *shows_not;
    const char *const *traps;
    size_t trap_count;
    const char *category; /* the family: the part of id before the first dot */
    uint32_t signature;   /* EVE signature_id: stable, from the id's hash, 1e9..2e9 */
    uint32_t revision;    /* from the rule's text, for EVE rev */
    enum severity severity[BAND_STAFF + 1]; /* by enum age_band */
    enum role owner;
    enum identity identity;
    enum rule_mode mode;
    uint32_t watch;            /* bit 1 << event_kind */
    bool at_collector;         /* its events are the alerts of all agents */
    uint32_t aggregate;        /* with a window: devices that must be in it; 0: any */
    struct rule_window window; /* at most one of these */
    struct rule_sequence sequence;
    struct rule_combine combine;
    const struct rule_listener *listeners;
    size_t listener_count;
    const struct rule_listener *afar; /* combinations at the collector that hear of the
                                         alerts of this agent's rule */
    size_t afar_count;
    struct rule_dedup dedup;
    struct rule_burst burst;
    struct rule_inhibits inhibits;
    struct rule_evidence evidence;
    struct field_set
        hide; /* what its alerts must not carry; with `host` all that tells what
                 was visited. Of a combination, also what its rules hide */
    const size_t *inhibitors; /* who inhibits this one */
    size_t inhibitor_count;
    const char *playbook; /* NULL: none */
    struct place playbook_place;
    const char *off_list; /* a list that it asks with `on_stale: disable`, the first that
                             gets too old; NULL: none */
    usec_t off_after;     /* then, in the time of the packets, the rule is silent: what is
                             on the list it cannot know, and what is not neither */
    enum after_hours after_hours;
    const char *const *references;
    size_t reference_count;
    const char *const *labels; /* a map's as "name:value" */
    size_t label_count;
    const char *ruleset, *version; /* of the file it stands in */
    const char *changed_by; /* places of the local changes in it; NULL: as shipped */
    const char *when_text;  /* its condition as written, for `explain` and alert pages */
    struct place place;
};

struct ruleset;

/* A rule file that is in memory, as it comes with a bundle. */
struct ruleset_source {
    const char *name; /* for faults */
    const char *text;
    size_t len;
    bool named; /* it was asked for: a fault when it holds no rules */
};

struct ruleset_sources {
    struct ruleset_source *at;
    size_t count;
};

/* The rule files of files and folders, for ruleset_load later or elsewhere. */
struct ruleset_sources ruleset_sources_read(const char *const *paths, size_t count,
                                            struct diags *d);
void ruleset_sources_done(struct ruleset_sources *all);

struct ruleset_settings {
    const char *const *paths; /* files and folders */
    size_t path_count;
    const struct ruleset_source *sources;
    size_t source_count;
    usec_t now; /* for notices about what has ended or is old; 0: none are given */
    const struct district *district; /* NULL: scopes that name segments are not checked */
    const struct listdb *lists; /* NULL: lists with `file:` are empty, with a warning */
    struct zone_shelf *zones;   /* NULL: time zones are the system's files */
    const char *site;           /* whose overlays and local time apply; NULL: first */
    const char *ndpi; /* version that `requires` is held against; NULL: not known here */
    bool untested; /* its tests are passed over: there is nothing for ruleset_test to run
                    */
};

/* NULL when there is an error. district and lists must outlive the set. */
struct ruleset *ruleset_load(const struct ruleset_settings *settings, struct diags *d);
void ruleset_free(struct ruleset *set);
AUTO_DEFINE(ruleset, ruleset_free)
#define auto_ruleset __attribute__((cleanup(auto_ruleset_run)))

/* What an overlay changes, for people. */
struct rule_change {
    const char *rule;  /* id */
    const char *what;  /* "severity, mode", "exception known_device", "disabled" */
    const char *sites; /* "lincoln, roosevelt"; NULL: all */
    const char *owner, *why;
    usec_t until;
    struct place place;
};

size_t ruleset_changes(const struct ruleset *set, const struct rule_change **ret_changes);

/*
 * The forms that local changes give a rule are rules beside it, with its id: at the time
 * and site of an event just one of them holds, and ruleset_match tells no other.
 */
size_t ruleset_count(const struct ruleset *set);
const struct rule *ruleset_rule(const struct ruleset *set, size_t i);
int ruleset_find(const struct ruleset *set, const char *id); /* index or -ENOENT */

/* The form of a rule that holds at the event's time and site. */
size_t ruleset_form(const struct ruleset *set, size_t rule, const struct event *e);

/* Whether it is this form of the rule that holds at the event's time and site. */
bool ruleset_holds(const struct ruleset *set, size_t rule, const struct event *e);

struct schedule_stand_in; /* schedule.h; NULL: nothing stands in */

/* Whether the rule hears of what happens at the event's place all the time from `from` to
 * `until`: its hours and the age of its lists. */
bool ruleset_in_force(const struct ruleset *set, size_t rule, const struct event *e,
                      usec_t from, usec_t until, const struct schedule_stand_in *instead);

/* The form of a rule of another set that is the same here; else the rule as shipped. */
int ruleset_find_like(const struct ruleset *set, const struct rule *rule);

/* The kinds of event, and the fields, that any rule asks for: who fills events may leave
 * out the rest. */
uint32_t ruleset_kinds(const struct ruleset *set);
bool ruleset_uses(const struct ruleset *set, enum field_id f);

/* The most that the evidence of any rule asks for; pcap is false when none wants any. Of
 * rules that nobody is told of, nothing. */
struct rule_evidence ruleset_evidence(const struct ruleset *set);

/* First digits of the SHA-256 of everything that was loaded. */
const char *ruleset_version(const struct ruleset *set);

/* Room for what one event's evaluation remembers; one per process. */
struct matcher;
struct matcher *matcher_new(const struct ruleset *set);
void matcher_free(struct matcher *m);

/* For the tests of shipped rules: as though there were no local changes. */
void matcher_as_shipped(struct matcher *m, bool shipped);

/* For tests: schedules are asked with this (schedule.h), which is borrowed. NULL, as at
 * first: with the sites' clocks and the district's calendars. */
void matcher_stand_in(struct matcher *m, const struct schedule_stand_in *instead);

enum match_verdict {
    MATCH_HIT,
    MATCH_EXCEPTED, /* it would have been, but an exception covers it */
};

typedef void match_fn(size_t rule, enum match_verdict verdict, void *arg);

/*
 * Calls back for every enabled rule whose watch, scope, schedule and condition the event
 * meets, in order of rule index. Disabled rules are never called; shadow ones are. Rules
 * at the collector watch alerts only, and an agent has no such events.
 */
void ruleset_match(struct matcher *m, const struct event *e, match_fn *fn, void *arg);

/* Which parts of a rule the event meets, a bit each; 0 for a rule without any. Ask for
 * the event as the sensor judged it. An event that an exception covers is a part only of
 * what it breaks: a silence is none because of an exception. */
uint32_t matcher_parts(struct matcher *m, size_t rule, const struct event *e);

/*
 * Tells each list of the list file that rules ask, is older than it may be at `now`, and
 * whose rule file does not say on_stale: keep. days: since it was fetched.
 */
typedef void ruleset_stale_fn(const struct list_info *info, uint64_t days, void *arg);
void ruleset_stale_lists(const struct ruleset *set, usec_t now, ruleset_stale_fn *fn,
                         void *arg);

/* Calls back for each enabled rule that is silent at `now` because a list is too old. */
typedef void ruleset_off_fn(const struct rule *rule, void *arg);
void ruleset_off(const struct ruleset *set, usec_t now, ruleset_off_fn *fn, void *arg);

/* Calls back for each value of each exception of an enabled rule: until when it holds. */
typedef void ruleset_exception_fn(const struct rule *rule, const char *name, usec_t until,
                                  void *arg);
void ruleset_exceptions(const struct ruleset *set, ruleset_exception_fn *fn, void *arg);

/* The lists the event's host is on, as the matcher found them; for the alert. */
struct list_set matcher_lists(struct matcher *m, const struct event *e);

/* Every predicate of a rule with its value on this event and its verdict, as lines of
 * text for a person. */
void ruleset_explain(struct matcher *m, size_t rule, const struct event *e,
                     struct buffer *out);

#endif
