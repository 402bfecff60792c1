/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self.h - what the agent has to say of itself: events of kind `agent`, judged by rules
 * like any other and kept in the health stream, its sensors' counters, and events of kind
 * `rule` (self_rules.h), which are judged only.
 */
#ifndef SELF_H
#define SELF_H

#include <stddef.h>

#include "agent/hits.h"
#include "agent/outlet.h"
#include "agent/rulebook.h"

struct self;

struct self_settings {
    const struct settings *agent;
    struct outlet *outlet;
    struct hits_merger *merger; /* hits go here, to be merged with the others */
    size_t sensors;
};

struct self *self_new(const struct self_settings *settings, const struct rulebook *book);
void self_free(struct self *s); /* NULL is fine */
void self_use(struct self *s, const struct rulebook *book);

/* what: a word of field agent.what; count: how many. */
void self_say(struct self *s, const char *what, uint64_t count, usec_t now);

/* Lists that became too old are said, each once for as long as it is the same one. */
void self_look_at_lists(struct self *s, usec_t now);

/* A sensor that got no packet for so long says so, once until there are some again. */
#define SELF_NO_PACKETS (15 * USEC_PER_MIN)

/* What a sensor saw, as its counters say. */
struct self_sight {
    usec_t until; /* up to this packet time everything, but what was lost; 0: it got no
                     packet since the last ones, and nobody knows */
    bool lost;    /* since the last ones something was, or it got none for a minute */
};
#define SELF_BLIND USEC_PER_MIN

/* A sensor's counters; what got lost since the last ones is said. */
struct self_sight self_count(struct self *s, size_t sensor, const char *counters,
                             size_t len, usec_t now);

/* Alerts that had to be given up since it was asked last, and what there is to say of the
 * rules. */
void self_look_at_rules(struct self *s, const struct json *courier, usec_t now);

/* The counters go to the health stream, with the courier's own (taken over). */
void self_report(struct self *s, struct json *courier, usec_t now);

#endif
