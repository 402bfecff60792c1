/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sensor.h - the packet's whole way through a sensor: decode, flow, inspect, event,
 * match.
 *
 * It touches no file and no socket: frames go in, and what comes out goes to the sink.
 * Its clock is packet time and never goes back: a frame that is older than the one before
 * it is taken at that one's time, and counted. When the wire's clock is set back by more
 * than SENSOR_STEP, the sensor's goes on from where it was, until the other has caught
 * up. Flows are started and ended on a grid of SENSOR_TICK, so that the traffic of one
 * conversation gives the same events at the same times whichever other traffic the sensor
 * sees.
 */
#ifndef SENSOR_H
#define SENSOR_H

#include <stddef.h>

#include "agent/decode.h"
#include "agent/dpi.h"
#include "agent/extract.h"
#include "agent/flow.h"
#include "agent/host_memory.h"
#include "agent/recent.h"
#include "agent/usual.h"
#include "rule.h"

#define SENSOR_TICK (100 * USEC_PER_MSEC)
#define SENSOR_STEP (5 * USEC_PER_SEC)

/* Where a sensor's words go. Events are borrowed for the length of the call. */
struct sensor_sink {
    void (*hit)(size_t rule, const struct event *e, void *arg);
    void (*device)(const struct event *e, void *arg); /* a fact for the device table */
    void (*event)(const struct event *e, void *arg);  /* every event; NULL: nobody asks */
    /* The frame under way belongs to a protected conversation, and perhaps those before
     * it: no trace of them may be kept. NULL: nobody keeps any. */
    void (*hide)(bool before_too, void *arg);
    void *arg;
};

struct sensor_settings {
    const struct ruleset *rules;     /* NULL: none are matched */
    const struct district *district; /* NULL: private addresses are inside */
    const struct listdb *lists;      /* NULL: none, and nothing is protected */
    const char *site;                /* the sensor's own; NULL: the district's first */
    const char *interface;           /* where its frames come from; NULL: a file */
    uint32_t flow_capacity;
    usec_t active_timeout;        /* of flows; 0: FLOW_ACTIVE_TIMEOUT */
    struct recent *recent;        /* where frames are kept for evidence; NULL: none are */
    uint32_t payload;             /* bytes of a frame that a rule may have; 0: headers */
    bool asked;                   /* people may ask for frames, though no rule does */
    struct host_memory *hosts;    /* NULL: none; without lists it is not used, as nobody
                                   * knows then what is protected */
    struct usual *usual;          /* likewise */
    const struct hash_key *codes; /* for codes of what may be counted but not told, the
                                   * same for all sensors; NULL: it draws its own */
    struct dpi_module *prepared;  /* by dpi_prepare; taken over; NULL: one is made */
    struct sensor_sink sink;
};

struct sensor_counts {
    uint64_t packets, bytes; /* frames as on the wire */
    uint64_t late;           /* frames older than the one before them */
    uint64_t steps;          /* times the clock was set back */
    uint64_t events[EVENT_KINDS];
    uint64_t excepted; /* hits that an exception covers */
};

struct sensor;

struct sensor *sensor_new(const struct sensor_settings *settings);

/* Ends what is under way without a word: call sensor_finish before. NULL is fine. */
void sensor_free(struct sensor *s);

void sensor_frame(struct sensor *s, const struct frame *f);

/* Time goes on though no frame came: now is the wall clock of a live interface. */
void sensor_tick(struct sensor *s, usec_t now);

/* The end of a capture: every flow ends. What is gathered (recent.h) is the caller's to
 * finish, when nobody asks for more. */
void sensor_finish(struct sensor *s);

/* Everything before this packet time has been told to the sink. */
usec_t sensor_mark(const struct sensor *s);

/* The same to the microsecond: sensor_mark goes on by SENSOR_TICK. */
usec_t sensor_now(const struct sensor *s);

/* New rules between two packets; they, the district and the lists must outlive their use
 * here. */
void sensor_use(struct sensor *s, const struct ruleset *rules,
                const struct district *district, const struct listdb *lists);

struct sensor_counts sensor_counts(const struct sensor *s);

/* All counters of the sensor and its parts as one object; yours to free. */
struct json *sensor_stats(const struct sensor *s);

#endif
