/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.h - batches that a courier took from its sensors, in memory that outlives it.
 *
 * The courier that is started after a crash reads them again, and so has the windows, the
 * devices and the hits that its predecessor had in hand. What was told by then is not
 * told again: everything before `done`, in packet time, is safe.
 *
 * A ring of fixed size: the oldest batch makes room. The warden makes it before it forks;
 * one process at a time uses it.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"

struct journal;

/* bytes: at least four times the largest batch. NULL: no memory (errno). */
struct journal *journal_new(size_t bytes, size_t largest);
void journal_free(struct journal *j); /* NULL is fine */

/* Where the next batch may be written, room for the largest. */
uint8_t *journal_room(struct journal *j);

/* It was written. A batch that is not added by then was never here. */
void journal_add(struct journal *j, size_t sensor, size_t len);

/* The bytes are those of the sensor's last batch: it was read twice. */
bool journal_is_repeat(const struct journal *j, size_t sensor, const uint8_t *bytes,
                       size_t len);

/* Oldest first. */
typedef void journal_fn(size_t sensor, const uint8_t *bytes, size_t len, void *arg);
void journal_each(struct journal *j, journal_fn *fn, void *arg);

void journal_set_done(struct journal *j, usec_t before);
usec_t journal_done(const struct journal *j); /* 0: nothing is */

/*
 * Around a reading of it. False: the last JOURNAL_READINGS did not come to their end; the
 * journal is empty now, and *ret_batches were given up, because one of them is what
 * crashes who reads it. Once or twice may be somebody who kills couriers.
 */
#define JOURNAL_READINGS 3
bool journal_begin(struct journal *j, size_t *ret_batches);
void journal_end(struct journal *j);

#endif
