/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture.h - frames from a live interface or a capture file; the only home of libpcap.
 *
 * Live: a TPACKET_V3 ring, promiscuous, a BPF filter in the kernel, and - when several
 * sensors share an interface - one packet fan-out group by the program of fanout.h.
 * A file with nanoseconds is read in microseconds.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "agent/fanout.h"
#include "agent/packet.h"

struct capture;

struct capture_settings {
    const char *interface;       /* one of the two */
    const char *file;            /* pcap or pcapng; "-" is standard input */
    const char *filter;          /* BPF expression; NULL: everything */
    uint32_t snaplen;            /* live only; 0: frames whole */
    uint32_t ring_bytes;         /* live only; 0: 16 MiB */
    uint16_t fanout_group;       /* live only; 0: alone */
    const struct fanout *fanout; /* who of the group gets what; copied by the kernel */
};

#define CAPTURE_ERROR 320

/*
 * 0 or -errno, and then ret_error is a sentence that says what to do: -ENODEV no such
 * interface, -ENETDOWN it is down, -EPERM not allowed, -EINVAL the filter does not parse
 * or the link cannot be captured from, -EBADMSG no capture file, or what opening it says.
 */
int capture_open(const struct capture_settings *settings, struct capture **ret_capture,
                 char ret_error[CAPTURE_ERROR]);
void capture_close(struct capture *c);

/* Whether a filter compiles for Ethernet, without opening anything: 0, or -EINVAL with
 * the sentence. */
int capture_check_filter(const char *filter, char ret_error[CAPTURE_ERROR]);

/* To wait on; -1 for a file, which is always ready. */
int capture_fd(const struct capture *c);

typedef void frame_fn(const struct frame *f, void *arg);

/*
 * Hands over what is there, at most `most` frames. Returns how many; 0 live: nothing now;
 * -ENODATA: the file is at its end; -EBADMSG: the file is damaged or cut here (all before
 * was handed over); -ENETDOWN: the interface went away. Times are never negative.
 */
int capture_read(struct capture *c, int most, frame_fn *fn, void *arg);

/* After -EBADMSG and -ENETDOWN: the sentence about it. */
const char *capture_error(const struct capture *c);

struct capture_counts {
    uint64_t received;          /* frames the kernel saw for us, lost ones included */
    uint64_t dropped_ring;      /* the ring was full: the sensor is too slow */
    uint64_t dropped_interface; /* lost before the kernel */
};

struct capture_counts capture_counts(struct capture *c);

#endif
