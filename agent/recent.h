/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recent.h - the frames of the last moments of one sensor, and those that are being
 * gathered for an alert: memory that sensor and courier share.
 *
 * The sensor keeps frames, cut, in a ring of fixed size; newer ones take the place of the
 * oldest. The courier asks for those of one conversation or device; the sensor copies
 * what the ring still has of them, adds what comes, and says when it is done. Only then
 * does the courier look, and gives the place back. So whatever turns out to be protected
 * is wiped by the sensor where it lies, and never was anywhere else.
 *
 * A conversation that has begun to speak and whose host may still be named is unsettled:
 * its frames are kept, but nobody gets them before it is settled; if it ends so, or the
 * gathering does, they are wiped.
 *
 * The memory is shared by fork and nobody else's, and is left out of core files. All is
 * of one sensor's process but the functions of the courier below, which hold whatever a
 * sensor that was taken over writes there.
 */
#ifndef RECENT_H
#define RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/packet.h"

#define RECENT_PLACES 4 /* gatherings at a time */
#define RECENT_NOTE   1024
#define RECENT_ID     33
#define RECENT_SETTLE \
    (5 * USEC_PER_SEC)     /* that a gathering waits for what is unsettled */
#define RECENT_HEADERS 160 /* longest row of headers that is kept without a payload */

struct recent;

/* ring_bytes: of the ring; each gathering has half as much. NULL: no memory (errno). */
struct recent *recent_new(size_t ring_bytes);
void recent_free(struct recent *r); /* NULL is fine */

/* ---- the sensor ---- */

/* A sensor begins, or no rule wants frames any more: what there is is wiped; gatherings
 * that are open are done, and interrupted. */
void recent_begin(struct recent *r);

/* Bytes of a frame that are kept from here on, and of them perhaps only its headers; 0:
 * no frame is. The ring is empty then, unless nothing changes. */
void recent_shape(struct recent *r, uint32_t snaplen, bool headers_only);

/* Whose frame it is. */
struct recent_ends {
    struct addr src, dst;
    struct mac src_mac, dst_mac;
    uint16_t src_port, dst_port; /* of ICMP none */
    uint8_t ip_proto;
    bool has_mac, has_ip;
};

struct recent_about {
    struct recent_ends ends;
    uint32_t mark;    /* of its conversation: what is wiped and settled together */
    uint32_t headers; /* bytes before its payload */
    bool unsettled;
    bool bare; /* what follows the headers is of somebody else: never kept */
};

void recent_keep(struct recent *r, const struct frame *f, const struct recent_about *a);

/* Every frame of that mark is zeros, in the ring and in what is gathered. */
void recent_wipe(struct recent *r, uint32_t mark);
void recent_wipe_all(struct recent *r);

/* The host of that conversation is known, or it has none. */
void recent_settle(struct recent *r, uint32_t mark);

/* Packet time has come to now: begins what was asked for, ends what is over. Cheap. */
void recent_tick(struct recent *r, usec_t now);

/* No frame will come any more: all gatherings end. */
void recent_finish(struct recent *r);

/* ---- the courier ---- */

struct recent_wanted {
    char id[RECENT_ID];
    char note[RECENT_NOTE]; /* the courier's own, in case it is another one's to end */
    bool device;            /* of src alone; else between src and dst */
    bool by_person;         /* asked for by the collector, by no rule */
    struct recent_ends ends;
    usec_t from, until; /* packet time, both counted in */
    uint32_t snaplen;   /* 0: headers */
    uint32_t max;       /* bytes of a capture file; what comes later has no room */
};

enum recent_state { RECENT_FREE, RECENT_ASKED, RECENT_OPEN, RECENT_DONE };

struct recent_counts {
    uint64_t frames;
    uint64_t cut;     /* of them, shorter than they were captured */
    uint64_t no_room; /* that were left out */
    bool late;        /* the ring had not all from `from` on, or not yet */
    bool early;       /* no frame came any more before `until`: the agent ended */
    bool interrupted; /* the sensor ended meanwhile: nothing is left */
};

enum recent_state recent_state(const struct recent *r, size_t place);

/* The place must be free. */
void recent_ask(struct recent *r, size_t place, const struct recent_wanted *w);

/* Nobody took it up: a place that is asked is free again. False: a sensor was quicker. */
bool recent_withdraw(struct recent *r, size_t place);

/* What was asked for there, unless it is free; borrowed until it is asked again of r. */
const struct recent_wanted *recent_wanted(const struct recent *r, size_t place);

/* Of a place that is done: its frames, oldest first; borrowed until it is released. */
typedef void recent_fn(const struct frame *f, void *arg);
struct recent_counts recent_each(const struct recent *r, size_t place, recent_fn *fn,
                                 void *arg);

/* Wipes a place that is done; it is free. */
void recent_release(struct recent *r, size_t place);

#endif
