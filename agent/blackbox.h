/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blackbox.h - the last frames of a sensor, in memory that outlives it, for a bug report
 * after a crash.
 *
 * Frames are cut. What belongs to a protected conversation is wiped as soon as that is
 * known. The warden makes it before it forks, and writes it to a file when the sensor has
 * crashed; it does not look into it.
 */
#ifndef BLACKBOX_H
#define BLACKBOX_H

#include <stdbool.h>

#include "agent/packet.h"

#define BLACKBOX_FRAMES 64
#define BLACKBOX_BYTES  2048 /* kept of each */
#define BLACKBOX_FILES  8    /* kept in a folder */

struct blackbox;

struct blackbox *blackbox_new(void); /* NULL: no memory (errno) */
void blackbox_free(struct blackbox *b);

void blackbox_keep(struct blackbox *b, const struct frame *f);
void blackbox_wipe(struct blackbox *b, bool all); /* else the last frame only */

/*
 * FOLDER/crash-TIME-NAME.pcap, for its owner only; the oldest such files make room. The
 * box is empty afterwards. 0 and the number of frames, or -errno; no file when there are
 * none.
 */
int blackbox_write(struct blackbox *b, const char *folder, const char *name, usec_t now,
                   unsigned *ret_frames);

#endif
