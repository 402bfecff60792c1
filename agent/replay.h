/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.h - captures through the same sensor and courier as the live wire, at full speed
 * and on packet time: alerts and events as EVE lines on standard output.
 *
 * Each file is judged by itself, with its own flows, windows and devices.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/content.h"
#include "crypt.h"

struct replay_settings {
    const char *const *files; /* "-" is standard input */
    size_t file_count;
    const char *filter; /* BPF expression, or NULL */
    const struct content *content;
    const char *agent; /* its name, in the alerts */
    uint32_t events;   /* kinds to print, bit 1 << event_kind */
    uint32_t flow_capacity;
    const char *evidence; /* folder for the frames that rules want; NULL: none */
    bool stats;           /* end each file with one line of counters */
    const struct crypt_hash_key *pseudonym_key;
    const struct crypt_hash_key *estimates; /* as in courier.h */
    const struct crypt_box_public *vault;   /* NULL: nothing is sealed */
};

/*
 * Opens every file first, then gives up everything but reading them. Returns the exit
 * code: 0, or 1 when a file could not be read whole (said on stderr; the others are
 * read).
 */
int replay_run(const struct replay_settings *settings);

#endif
