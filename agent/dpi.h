/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dpi.h - what nDPI thinks of a flow, in our own words; the only home of libndpi.
 *
 * A flow that our own parsers named for certain is not given to it. nDPI's state of a
 * flow is made with its first packet here and released as soon as the flow is named or
 * given up.
 */
#ifndef DPI_H
#define DPI_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/flow.h"
#include "agent/packet.h"

struct dpi;

struct dpi_settings {
    uint32_t capacity;   /* flows under inspection at a time */
    uint8_t tcp_packets; /* looked at before giving up; nDPI's own reader: 80 */
    uint8_t udp_packets; /* nDPI's own reader: 24 */
};

struct dpi_counts {
    uint64_t calls; /* packets given to nDPI */
    uint64_t named, guessed,
        unknown;      /* flows: by inspection; by port or address; not at all */
    uint64_t evicted; /* flows whose inspection gave up its place */
};

/* Once in a process, before it gives up opening files: the libraries behind nDPI look at
 * the system when they are first used. */
void dpi_prepare(void);

/* NULL: this nDPI cannot be used (then dpi_version says which it is). */
struct dpi *dpi_new(const struct dpi_settings *settings);
void dpi_free(struct dpi *d);
const char *dpi_version(void); /* "4.2.0" */

/* Fills f->stage.app, category, risks, confidence as soon as they are known. True when
 * the flow needs no more packets here. */
bool dpi_packet(struct dpi *d, const struct packet *p, struct flow *f);

/*
 * A flow that our own parsers named ("tls") and whose host is known: the application that
 * nDPI knows by that host ("youtube"), if any. No packet is looked at.
 */
void dpi_name_host(struct dpi *d, struct flow *f);

/* The last guess for a flow that is over or given up; releases stage.dpi. */
void dpi_end(struct dpi *d, struct flow *f);

struct dpi_counts dpi_counts(const struct dpi *d);

#endif
