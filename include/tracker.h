/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracker.h - what counts over time: windows, sequences and dedup, on packet time.
 *
 * Hits come in order of their event's time. A window slides: its value at a hit is what
 * was met within `within` before it, that hit included. All state is bounded by the
 * rule's max_keys and by TRACKER_BYTES; what is pushed out is counted. A field of `by`
 * that an event does not have is a value like any other to a window and to dedup; what
 * joins different events (a sequence, a combination) does not hear of such an event.
 *
 * A combination hears of its rules each time that they are met, told or as a repeat:
 * dedup is about telling. Of a rule in shadow mode only those in shadow mode hear. Its
 * alert comes after that of the rule that completes it, and carries the event of that
 * one.
 *
 * A window with `aggregate` is met only when events of so many devices are in it.
 *
 * A silence (a step of a sequence) is told only when it is known that nothing came: when
 * its time was seen to the end (tracker_seen), nothing of it was missed (tracker_missed),
 * and the rule was in force all the while. It is over with the first event, or tick, of
 * after its end; what is still waited for at the end of a capture is not told.
 *
 * An alert of a rule with `burst` counts its device for the place. When so many are there
 * within the time, one alert is raised for the place, and of further devices none is
 * until there are fewer again. What was told of the first ones stays told: nothing is
 * held back, for an alert in time is worth more. Repeats of what was told are repeats. A
 * device without a place is told of by itself.
 *
 * A rule that `inhibits` others is remembered by the values of `equal`; what those raise
 * with the same values up to `for` after it is counted and not told. A missing value is
 * not equal to anything, what was told before stays told, what is inhibited itself (or in
 * shadow mode) inhibits nothing. Of one event, rules are met in the order of the files.
 *
 * The tracker belongs to one process (the courier, `rules test`, -r, the collector's
 * engine) and takes its time from the events and from tracker_tick. Its owner may
 * remember for longer than it does what was told, and is then asked before each alert.
 */
#ifndef TRACKER_H
#define TRACKER_H

#include "crypt.h"
#include "rule.h"

/* Of windows or sequences, for one rule; as many again of what was told and came again.
 */
#define TRACKER_BYTES ((size_t)32 << 20)
#define TRACKER_PLACE 64 /* bytes that a key takes beside what it counts */

struct tracker;

/* What an alert is made of; borrowed for the length of the call. */
struct raised {
    size_t rule;
    const struct event *event; /* the one that met the window, or the last of a summary */
    usec_t first, last;        /* events counted in: the window's, or the summary's */
    uint64_t value;            /* of a window; steps; rules combined; else 1 */
    uint64_t count;            /* of a ratio: events that the value is a share of */
    uint64_t error;            /* approximate: how far off the value may be, either way */
    bool approximate;
    const usec_t *step_times; /* of a sequence: when each step was met; else NULL */
    const size_t *combined;   /* of a combination: the rules that were met; else NULL */
    size_t combined_count;
    uint64_t devices; /* in the window, of a rule with `aggregate`; else 0 */
    uint64_t burst;   /* devices of the place, when it stands for them; else 0 */
    bool summary;     /* a repeat count after the first alert, not a new matter */
    uint64_t repeats; /* summary: how many more since the first alert */
};

typedef void tracker_fn(const struct raised *r, void *arg);

struct tracker_counts {
    uint64_t hits, alerts, repeats, summaries;
    uint64_t in_burst;  /* alerts that a burst's stood for */
    uint64_t inhibited; /* alerts, and repeats, that another rule's explains */
    uint64_t evicted;   /* window and dedup keys that gave up their place */
    uint64_t unsure;    /* silences that were not told, as not all of them was seen */
};

struct tracker *tracker_new(const struct ruleset *set, tracker_fn *fn, void *arg);
void tracker_as_shipped(struct tracker *t, bool shipped); /* as matcher_as_shipped */
void tracker_stand_in(struct tracker *t, const struct schedule_stand_in *instead);

/* Estimates follow from this key: all who have it estimate alike, whatever their rules,
 * and nobody else can choose values that are taken for one. Before the first hit. Without
 * a key they follow from a number that everybody can read: for captures and trials. */
void tracker_estimate_by(struct tracker *t, const struct crypt_hash_key *key);

void tracker_free(struct tracker *t); /* without last words: call tracker_finish before */

/* parts: those of the rule that the event met (matcher_parts), before its device was
 * known to be another. */
void tracker_hit(struct tracker *t, size_t rule, uint32_t parts, const struct event *e);

/* At the collector: a rule of an agent raised an alert, which combinations there hear of.
 * e: of kind alert, with alert.rule. */
void tracker_alert(struct tracker *t, const struct event *e);

/* What the owner knows of an alert that is about to be raised. */
enum tracker_known {
    TRACKER_NEW,    /* it is to be raised */
    TRACKER_TOLD,   /* of this very event it was, at *ret_first */
    TRACKER_REPEAT, /* it repeats one of the same dedup, told at *ret_first */
    TRACKER_PASSED, /* it is past, and was not told: it is not raised now either */
};
typedef enum tracker_known tracker_recall_fn(const struct raised *r, usec_t *ret_first,
                                             void *arg);

/* arg is the tracker's. */
void tracker_ask(struct tracker *t, tracker_recall_fn *fn);

/* Time went on to now: summaries that are due are raised. */
void tracker_tick(struct tracker *t, usec_t now);

/* Everything before this time was seen, or is known to be missing; without a word of it,
 * all is, as in a capture. */
void tracker_seen(struct tracker *t, usec_t until);

/* Something up to this time may have been missed. */
void tracker_missed(struct tracker *t, usec_t until);

/* The end of a capture: raises every summary that is pending. */
void tracker_finish(struct tracker *t);

/* All counts are zero again; what is being counted goes on. */
void tracker_forget_counts(struct tracker *t);

struct tracker_counts tracker_counts(const struct tracker *t, size_t rule);

/* Bytes that its windows, sequences or combinations can take: an upper bound. */
uint64_t tracker_bytes_most(const struct rule *rule);

/* Keys that the rule holds at present, of whatever it remembers. */
uint64_t tracker_keys(const struct tracker *t, size_t rule);

/* The highest value that any window of the rule came to, and when; 0 without one. */
uint64_t tracker_peak(const struct tracker *t, size_t rule, usec_t *ret_at);

/* Takes over the state of rules whose text is unchanged; old is freed. t must be new. */
void tracker_inherit(struct tracker *t, struct tracker *old);

#endif
