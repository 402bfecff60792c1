/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hits.h - the way from a sensor to the courier: batches over a SOCK_SEQPACKET pair.
 *
 * A sensor never waits. When the pair is full, records wait in a queue of fixed size;
 * when that is full too, those of the lowest severity go first, and how many of which
 * severity is the next record that gets through. Each batch ends with the sensor's mark:
 * "everything up to this packet time is sent". The courier merges its sensors by time and
 * works on a hit only when every sensor's mark has passed it, so that one sensor or
 * several give the same alerts.
 *
 * Record: kind u8, severity u8, length u16, then: HIT rule u16 + packed event; DEVICE
 * packed event (an ARP or DHCP fact for the device table); LOST five u32, by severity;
 * COUNTS the sensor's counters as JSON. Host byte order: both ends are one program.
 */
#ifndef HITS_H
#define HITS_H

#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "event.h"
#include "names.h"

#define HITS_BATCH_MAX (128 * 1024)

enum hits_kind { HITS_HIT, HITS_DEVICE, HITS_LOST, HITS_COUNTS };

struct hits_writer;

/* fd is non-blocking and stays the caller's. */
struct hits_writer *hits_writer_new(int fd, size_t queue_bytes);
void hits_writer_free(struct hits_writer *w);

void hits_put(struct hits_writer *w, size_t rule, enum severity severity,
              const struct event *e);
void hits_put_device(struct hits_writer *w, const struct event *e);
void hits_put_counts(struct hits_writer *w, const char *json);

/* Sends what is queued and the mark. True: something still waits. */
bool hits_flush(struct hits_writer *w, usec_t mark);

uint64_t hits_lost(const struct hits_writer *w);

/* What the courier gets of one sensor. */
struct hits_reader_calls {
    void (*hit)(size_t rule, const struct event *e, void *arg);
    void (*device)(const struct event *e, void *arg);
    void (*lost)(const uint32_t by_severity[5], void *arg);
    void (*counts)(const char *json, size_t len, void *arg);
    void *arg;
};

/* Merges several sensors by time. */
struct hits_merger;

struct hits_merger *hits_merger_new(const struct hits_reader_calls *calls, size_t sensors,
                                    size_t most_waiting);
void hits_merger_free(struct hits_merger *m);

/* One batch as received from a sensor. -EBADMSG: it is damaged; the sensor is to be
 * ended. */
int hits_merger_batch(struct hits_merger *m, size_t sensor, const uint8_t *bytes,
                      size_t len);

/* The sensor died or ended: it holds nobody up any more. Its restart begins anew. */
void hits_merger_gone(struct hits_merger *m, size_t sensor);

/* Every record whose time all sensors have passed is handed over. Returns that time. */
usec_t hits_merger_run(struct hits_merger *m);

#endif
