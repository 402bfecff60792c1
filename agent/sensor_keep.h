/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sensor_keep.h - which frames a sensor keeps for evidence (recent.h), and of whom.
 * Within sensor.c only.
 *
 * Kept are frames of TCP, UDP, ICMP and others over IP, and ARP. Fragments are not: what
 * they hold is known only when all are there. Nor is anything while neither a rule nor
 * a person may ask for frames, or while there is no list that says which hosts are
 * protected.
 */
#ifndef SENSOR_KEEP_H
#define SENSOR_KEEP_H

#include "agent/flow.h"
#include "agent/recent.h"
#include "agent/sensor.h"

struct sensor_keep {
    struct recent *recent; /* NULL: nothing is kept */
    struct flow *of;       /* its innermost one */
    bool hidden;           /* the frame under way is not to be kept */
};

/* The rules, or the lists, are others from here on. */
void keep_use(struct sensor_keep *k, const struct sensor_settings *set);

/* A packet of this flow; of the frame's, the innermost comes last. */
void keep_packet(struct sensor_keep *k, struct flow *f, const struct packet *p,
                 bool from_client);

/* The same, after it was inspected. */
void keep_inspected(struct sensor_keep *k, struct flow *f);

/* At the end of a frame; p: its innermost packet. */
void keep_frame(struct sensor_keep *k, const struct frame *frame, const struct packet *p);

/* The conversation ended. */
void keep_end(struct sensor_keep *k, struct flow *f);

/* No trace of this conversation, or of anything when it is one around others; f may be
 * NULL. */
void keep_wipe(struct sensor_keep *k, const struct flow *f);

#endif
