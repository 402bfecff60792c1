/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracker_state.h - the tracker from the inside.
 */
#ifndef TRACKER_STATE_H
#define TRACKER_STATE_H

#include "hash.h"
#include "sequence.h"
#include "tracker.h"
#include "window.h"

struct rule_state {
    struct tracker *tracker;
    size_t rule;
    struct agemap *windows;    /* struct window; made when it is needed, as the others */
    struct agemap *sequences;  /* struct sequence */
    struct agemap *waiting;    /* struct waiting, tracker_silence.c */
    struct agemap *combined;   /* struct combined */
    struct agemap *inhibiting; /* usec_t: when it was met last */
    struct agemap *bursts;     /* struct burst, tracker_burst.c */
    struct agemap *told;       /* struct told, tracker_tell.c */
    size_t bytes;              /* of the windows */
    size_t waiting_bytes;      /* of the events of those that wait */
    size_t told_bytes;         /* of the repeats' events, for their summaries */
    uint64_t peak;
    usec_t peak_at;
    struct tracker_counts counts;
};

struct tracker {
    const struct ruleset *set;
    tracker_fn *fn;
    tracker_recall_fn *recall; /* NULL: nobody remembers more */
    void *arg;
    struct hash_key secrets[2];
    struct hash_key shared[2];  /* for estimates: the same wherever the rules are */
    struct rule_state **states; /* NULL: the rule was not hit yet */
    size_t count;
    usec_t step_times[RULE_PARTS_MAX];
    usec_t seen, missed;  /* tracker_seen, tracker_missed */
    size_t *silent_rules; /* whose last step is a silence */
    size_t silent_count;
    struct event *event;            /* room for a summary's */
    struct event *quiet;            /* ... for that of a silence */
    uint8_t packed[EVENT_PACK_MAX]; /* room to pack one */
    bool silent;                    /* going away: no summaries */
    bool shipped;                   /* without local changes */
    const struct schedule_stand_in *instead;
};

static inline const struct rule *rule_of(const struct rule_state *s)
{
    return ruleset_rule(s->tracker->set, s->rule);
}

/* Of a window, sequence or combination: the highest value so far, for a test that
 * failed. */
static inline void note_peak(struct rule_state *s, uint64_t value, usec_t time)
{
    if (s->peak >= value)
        return;
    s->peak = value;
    s->peak_at = time;
}

/* As many keys as the rule says, but not more than fit into TRACKER_BYTES. */
uint32_t tracker_keys_most(const struct rule_keys *keys, size_t place);

/* ---- tracker_keys.c ---- */

void tracker_make_keys(struct tracker *t);

/* The values of these fields; one that e does not have is a value like any other. */
struct agemap_key tracker_key(const struct tracker *t, const enum field_id *by,
                              size_t count, const struct event *e);

/* False when e lacks one of them: then it is not the same as anything. */
bool tracker_whole_key(const struct tracker *t, const enum field_id *by, size_t count,
                       const struct event *e, struct agemap_key *ret_key);

void tracker_tell_apart(const struct tracker *t, const struct value *v,
                        enum field_type type, struct window_item *item);

/* ---- tracker_silence.c ---- */

static inline struct sequence_plan tracker_plan(const struct rule *rule)
{
    return (struct sequence_plan){rule->sequence.steps, rule->sequence.keys.within,
                                  rule->sequence.silence};
}

/* Before an event of the key: silences within its sequence that are over by now. */
void tracker_silences(struct rule_state *s, struct sequence *q,
                      const struct sequence_plan *plan, const struct event *e);

/* After it: whether it is waited for the end of the last one from now on, or no more. */
void tracker_silence_note(struct rule_state *s, const struct agemap_key *key,
                          const struct sequence *q, const struct sequence_plan *plan,
                          const struct event *e);

/* Those that are over by now are told. */
void tracker_silence_due(struct rule_state *s, usec_t now);
size_t tracker_silence_place(void); /* bytes of one that waits, without its event */

/* ---- tracker.c ---- */

void tracker_met(struct rule_state *s, const struct raised *r);

/* ---- tracker_combine.c ---- */

/* A rule is met that it names as number `member`: r becomes the combination's, and true,
 * when enough are. ret_rules has room for RULE_COMBINE_MAX. */
bool tracker_combine(struct rule_state *s, size_t member, struct raised *r,
                     size_t *ret_rules);
void tracker_combine_drop(struct rule_state *s, usec_t now); /* what is too old */

/* ---- tracker_inhibit.c ---- */

/* One of the rules that inhibit this one explains e. */
bool tracker_inhibited(struct rule_state *s, const struct event *e);

/* The rule is met: what it inhibits is inhibited from now on. */
void tracker_inhibit(struct rule_state *s, const struct event *e);
void tracker_inhibit_drop(struct rule_state *s, usec_t now); /* what is too old */

/* ---- tracker_burst.c ---- */

enum burst_state { BURST_NONE, BURST_BEGINS, BURST_GOES_ON };

/* Of an alert that is to be told. When a burst begins, r becomes its alert. */
enum burst_state tracker_burst(struct rule_state *s, struct raised *r);

/* ---- tracker_tell.c: dedup and what follows from it ---- */

/* The rule is met: an alert, or a repeat of one. */
void tracker_tell(struct rule_state *s, const struct raised *r);

/* Time went on: summaries that are due are raised. */
void tracker_tell_due(struct rule_state *s, usec_t now);

/* All that are pending. */
void tracker_tell_all(struct rule_state *s);

#endif
