/* SPDX-License-Identifier: Apache-2.0 */
/*
 * correlate_table.h - what correlate_load.c reads and correlate.c decides by.
 */
#ifndef CORRELATE_TABLE_H
#define CORRELATE_TABLE_H

#include <stdint.h>

#include "collector/correlate.h"
#include "yaml.h"

/* What of two alerts can be the same; the order of their words in the files. */
enum same_part {
    SAME_PLAYBOOK,
    SAME_RULE,
    SAME_SITE,
    SAME_SEGMENT,
    SAME_DEVICE,
    SAME_PARTS,
};

struct words {
    const char **at;
    size_t count;
};

struct correlate_entry {
    const char *id;
    struct words playbooks, rules; /* none: all */
    uint32_t same;                 /* bit 1 << same_part */
    usec_t within;
};

struct inhibit_entry {
    const char *id;
    struct words when, hides;
    uint32_t same;
    usec_t within;
};

struct correlate {
    struct yaml **files; /* text is borrowed from them */
    size_t file_count, file_capacity;
    struct correlate_entry *entries;
    size_t entry_count, entry_capacity;
    struct inhibit_entry *inhibits;
    size_t inhibit_count, inhibit_capacity;
};

/* The value of a part in an alert; "" when it has none. */
const char *correlate_part(const struct store_alert *a, enum same_part part);

#endif
