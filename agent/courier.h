/* SPDX-License-Identifier: Apache-2.0 */
/*
 * courier.h - from hits to alerts: who it was, windows, dedup, the document. Decides
 * only; courier_process.c does the reading, spooling and sending around it, replay.c
 * prints.
 *
 * Hits and facts must come in the order of hits.h's merger.
 */
#ifndef COURIER_H
#define COURIER_H

#include <stddef.h>

#include "alert.h"
#include "rule.h"

struct courier;

struct courier_evidence {
    const char *id;      /* NULL: none is gathered */
    const char *refused; /* then why, in a word */
};

struct courier_settings {
    struct alert_settings alert; /* rules, lists, district, names and keys */
    /* An alert's document in one line, to be kept or printed. */
    void (*on_alert)(enum severity severity, const char *document, size_t len, void *arg);
    /* The alert's rule wants frames, and it is told: their id, or why there will be none;
     * borrowed. NULL: nobody gathers, and no alert says anything of it. */
    struct courier_evidence (*on_evidence)(const struct rule *rule,
                                           const struct raised *r, void *arg);
    void *arg;
    /* What all couriers of the district share, for tracker_estimate_by; NULL: nothing. */
    const struct crypt_hash_key *estimates;
};

struct courier *courier_new(const struct courier_settings *settings);
void courier_free(struct courier *c);

/* Who it was is put into e as well. */
void courier_hit(struct courier *c, size_t rule, struct event *e);
/* A hit of the rules before these, which were still in use in a sensor; there it had the
 * number rule_before. */
void courier_hit_before(struct courier *c, size_t rule, size_t rule_before,
                        struct event *e);
void courier_device(struct courier *c, const struct event *e);

/* Packet time has come to now: summaries that are due are raised. */
void courier_tick(struct courier *c, usec_t now);

/* What the sensors saw of all that there was, so that "nothing came" can be told: as
 * tracker_seen and tracker_missed have it. */
void courier_seen(struct courier *c, usec_t until);
void courier_missed(struct courier *c, usec_t until);

/* The end of a capture: pending summaries are raised. */
void courier_finish(struct courier *c);

/* New rules; windows of rules that are unchanged go on. The rules and lists before them
 * must outlive the next courier_use, or courier_forget. */
void courier_use(struct courier *c, const struct ruleset *rules,
                 const struct district *district, const struct listdb *lists);

/* No hit of the rules before will come any more. */
void courier_forget(struct courier *c);

/* What was counted so far was reported by another courier: counts begin at zero. */
void courier_forget_counts(struct courier *c);

/* Matches, alerts and what became of them by rule, those in shadow mode too, and the
 * device table; yours to free. */
struct json *courier_stats(const struct courier *c);

#endif
