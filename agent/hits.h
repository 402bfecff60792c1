/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hits.h - the way from a sensor to the courier: batches over a SOCK_SEQPACKET pair.
 *
 * A sensor never waits. When the pair is full, records wait in a queue of fixed size;
 * when that is full too, those of the lowest severity go first, and how many of which
 * severity is the next record that gets through. Each batch ends with the sensor's mark:
 * "everything before this packet time is sent". The courier merges its sensors and works
 * on a hit only when every sensor's mark has passed it. Hits are handed over by time, and
 * those of one time by their content (the ends first, then the other fields as they stand
 * in field.def) and their rule, never by their arrival: so one sensor or several give the
 * same alerts.
 *
 * A batch is a row of records, all in host byte order (both ends are one program): kind
 * u8, severity u8, generation u8, zero u8, length u32, then: HIT rule u32 + packed event;
 * DEVICE packed event (an ARP or DHCP fact for the device table); LOST five u32, by
 * severity; COUNTS the sensor's counters as JSON; MARK u64, the last of each batch.
 */
#ifndef HITS_H
#define HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "clock.h"
#include "event.h"
#include "names.h"

#define HITS_BATCH_MAX  (128 * 1024)
#define HITS_SEVERITIES 5

enum hits_kind { HITS_HIT, HITS_DEVICE, HITS_LOST, HITS_COUNTS, HITS_MARK };

struct hits_writer;

/* fd is non-blocking and stays the caller's. The queue has at least 128 KiB. */
struct hits_writer *hits_writer_new(int fd, size_t queue_bytes);
void hits_writer_free(struct hits_writer *w);

/* From here on rules are those of another bundle, whose number goes with each hit; 0 at
 * the beginning. */
void hits_use(struct hits_writer *w, uint8_t generation);

void hits_put(struct hits_writer *w, size_t rule, enum severity severity,
              const struct event *e);
void hits_put_device(struct hits_writer *w, const struct event *e); /* severity low */

/* Only the latest waits. Over 64 KiB of it are not sent and count as one lost. */
void hits_put_counts(struct hits_writer *w, const char *json);

/* Sends what is queued, the highest severity first, and the mark. True: something still
 * waits. */
bool hits_flush(struct hits_writer *w, usec_t mark);

/* A hit was put that the last mark sent has not passed: the courier cannot work on it. */
bool hits_waits_for_mark(const struct hits_writer *w);

/* Records given up since the beginning. */
uint64_t hits_lost(const struct hits_writer *w);

/*
 * The next message of a sensor, which stays where it is: its length, 0 for an empty one,
 * which no sensor in its right mind sends. -EAGAIN: there is none; -EPIPE: nor will there
 * be, as nobody has the other end any more.
 */
ssize_t hits_peek(int fd, uint8_t ret_bytes[HITS_BATCH_MAX]);

/* What the courier gets of one sensor. The rule is what the sensor said: check it. */
struct hits_reader_calls {
    void (*hit)(size_t rule, struct event *e, void *arg); /* e may be changed */
    void (*device)(const struct event *e, void *arg);
    void (*lost)(const uint32_t by_severity[HITS_SEVERITIES], void *arg);
    void (*counts)(const char *json, size_t len, void *arg);
    void *arg;
};

/* Merges several sensors by time; facts come before the hits of the same time. */
struct hits_merger;

/*
 * most_waiting, at least 1: how many records wait for slow sensors, of 64 MiB at most.
 * When that is full the earliest is handed over before its time; none is lost, but the
 * order may be.
 */
struct hits_merger *hits_merger_new(const struct hits_reader_calls *calls, size_t sensors,
                                    size_t most_waiting);
void hits_merger_free(struct hits_merger *m);

/* One batch as received from a sensor. -EBADMSG: it is damaged; the sensor is to be
 * ended. Records before the damage were taken. */
int hits_merger_batch(struct hits_merger *m, size_t sensor, const uint8_t *bytes,
                      size_t len);

/* The same for a sensor in this process: no batch and no pair in between. */
void hits_merger_put(struct hits_merger *m, size_t rule, const struct event *e);
void hits_merger_put_device(struct hits_merger *m, const struct event *e);
void hits_merger_mark(struct hits_merger *m, size_t sensor, usec_t mark);

/* In the callback of a hit: by which bundle's numbers the rule is meant. */
uint8_t hits_merger_generation(const struct hits_merger *m);

/* Of the hits that come by hits_merger_put; 0 at the beginning. */
void hits_merger_use(struct hits_merger *m, uint8_t generation);

/* The sensor died or ended: it holds nobody up any more. Its restart begins anew. */
void hits_merger_gone(struct hits_merger *m, size_t sensor);

/* All sensors have told everything before it; the greatest number when all are gone. */
usec_t hits_merger_horizon(const struct hits_merger *m);

/* The latest mark of any of them. */
usec_t hits_merger_latest(const struct hits_merger *m);

/* Every record that all sensors' marks have passed is handed over, all of them when all
 * sensors are gone. Returns the time before which everything has been. */
usec_t hits_merger_run(struct hits_merger *m);

/* Records that were handed over before their time. */
uint64_t hits_merger_early(const struct hits_merger *m);

#endif
