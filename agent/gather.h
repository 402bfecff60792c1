/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gather.h - the courier's side of recent.h: asks every sensor for the frames around an
 * alert, and makes one capture file of what they have.
 *
 * Of a rule that looks at one event they are those of its conversation; of one that looks
 * at several (a window, a sequence, a combination), and of ARP, DHCP and router
 * advertisements, those of the device. At most RECENT_PLACES gatherings are under way;
 * what is asked for beyond is refused, and counted.
 */
#ifndef GATHER_H
#define GATHER_H

#include "agent/recent.h"
#include "json.h"
#include "rule.h"
#include "tracker.h"

struct gather;

/* A finished gathering; borrowed for the length of the call. */
struct gathered {
    const char *id;
    const char *note; /* JSON: the rule, and what it asked for */
    usec_t from, until;
    const struct buffer *file;   /* pcap; empty: there was no frame */
    struct recent_counts counts; /* of all sensors; those of the file */
};

struct gather_settings {
    struct recent *const *recents; /* of each sensor */
    size_t count;
    void (*done)(const struct gathered *g, void *arg);
    void *arg;
};

struct gather *gather_new(const struct gather_settings *settings);
void gather_free(struct gather *g); /* NULL is fine */

/* Asks for what the alert's rule wants. False: all places are taken, or the event names
 * nobody whose frames they could be. */
bool gather_ask(struct gather *g, const struct rule *rule, const struct raised *r,
                char ret_id[RECENT_ID]);

/* Asks for what a person wants, under the id and with the note that it has. False: all
 * places that people may have are taken. */
#define GATHER_PEOPLE 2
bool gather_ask_for(struct gather *g, const struct recent_wanted *w);

/* Whether one of that id is under way. */
bool gather_has(const struct gather *g, const char *id);

/* Packet time has come to now: what is done is handed over. A sensor that does not answer
 * is waited for half a minute of it. */
void gather_tick(struct gather *g, usec_t now);

/* Whether anything is under way. */
bool gather_waits(const struct gather *g);

/* asked, refused, gathered, empty, interrupted; yours to free. */
struct json *gather_stats(const struct gather *g);

#endif
