/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hll.h - about how many different values there were within the last while, in a fixed
 * room of 80 KiB, however many there are: HyperLogLog (Flajolet et al. 2007) that slides.
 *
 * Each register remembers, beside its highest rank, the lower ones that were seen after
 * it, so that it knows what is left when the highest is too old (Chabchoub and Hebrail,
 * "Sliding HyperLogLog", 2010). It remembers HLL_SEEN of them; one more pushes out the
 * lowest but the newest. The estimate is Ertl's (2017), without tables and without a bias
 * in between. What is too old may still count for a 256th of the time.
 *
 * Standard error: 1.04 / sqrt(1024), 3.25 %; in 95 of 100 cases it is within hll_error.
 */
#ifndef HLL_H
#define HLL_H

#include <stddef.h>
#include <stdint.h>

#include "clock.h"

#define HLL_BITS      10
#define HLL_REGISTERS (1 << HLL_BITS)
#define HLL_SEEN      8

struct hll;

struct hll *hll_new(usec_t within);
void hll_free(struct hll *h); /* NULL is fine */

/* A value by a hash of 64 good bits. Times never go back. */
void hll_add(struct hll *h, usec_t time, uint64_t hash);

/* Different values up to now, those of `within` before it included. */
uint64_t hll_count(struct hll *h, usec_t now);

/* How far a count may be off, either way: two standard errors. */
uint64_t hll_error(uint64_t count);

size_t hll_bytes(const struct hll *h);

#endif
