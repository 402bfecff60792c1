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
struct dpi_module; /* what dpi_prepare makes */

struct dpi_settings {
    uint32_t capacity;           /* flows under inspection at a time */
    uint8_t tcp_packets;         /* looked at before giving up; nDPI's own reader: 80 */
    uint8_t udp_packets;         /* nDPI's own reader: 24 */
    uint8_t unnamed_packets;     /* of them, while there is no name at all */
    struct dpi_module *prepared; /* taken over; NULL: one is made */
};

struct dpi_counts {
    uint64_t calls; /* packets given to nDPI */
    uint64_t named, guessed,
        unknown;      /* flows: by inspection; by port or address; not at all */
    uint64_t evicted; /* flows whose inspection gave up its place */
};

/* Before a process gives up opening files: the libraries behind nDPI look at the system
 * when they are first used. For dpi_new; NULL: this nDPI cannot be used. */
struct dpi_module *dpi_prepare(void);

/* NULL: this nDPI cannot be used (then dpi_version says which it is). */
struct dpi *dpi_new(const struct dpi_settings *settings);
void dpi_free(struct dpi *d);
const char *dpi_version(void); /* "4.2.0" */

/* Our own parsers named it, but nDPI may know more: TLS that names no host can be told by
 * its certificate. */
bool dpi_wants(const struct dpi *d, const struct flow *f);

/* Fills f->stage.app, category, risks, confidence as soon as they are known. True when
 * the flow needs no more packets here. */
bool dpi_packet(struct dpi *d, const struct packet *p, struct flow *f);

/*
 * The flow is over: the last word on what it was; releases stage.dpi. A flow that our own
 * parsers named ("tls") is named by its host, or by whose address it is, where nDPI knows
 * them ("youtube"); one that nobody named is guessed by its port. No packet is looked at.
 */
void dpi_end(struct dpi *d, struct flow *f);

/* The same naming for a flow that goes on, as far as it can be said by now; it stays
 * under inspection. A copy of the flow will do. */
void dpi_narrow(const struct dpi *d, struct flow *f);

/* Nobody is to know what it was: nDPI forgets what it has of it, and is not asked again.
 */
void dpi_forget(struct dpi *d, struct flow *f);

struct dpi_counts dpi_counts(const struct dpi *d);

#endif
