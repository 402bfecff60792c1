/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence.h - what the pages of the terminal say of evidence, and what its commands have
 * in common.
 */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "collector/store_evidence.h"
#include "viewer.h"

#define EVIDENCE_STATE 112

struct evidence_options {
    struct viewer_options viewer;
    uint64_t incident;
    usec_t length, before, wait;
    uint64_t snaplen, most;
    bool held;
    const char *vault, *out, *why, *device;
};

/* What the person may know of it: as of its alert (sight.h). Of one whose alert was lost,
 * nothing. */
unsigned evidence_sight(const struct viewer *v, const struct store_evidence *e);

/* "120 frames, kept sealed, held until 2026-12-31", "120 frames, expired". */
void evidence_state(const struct store_evidence *e, usec_t now,
                    char ret_text[EVIDENCE_STATE]);

/* Alerts that were written down, not frames of an agent; and how many of either. */
bool evidence_is_metadata(const struct store_evidence *e);
int64_t evidence_count(const struct store_evidence *e);

/* The one that the word means, put on the audit record as `what`. False after a
 * complaint: it is not there, or not for this person. */
bool evidence_find(struct viewer *v, const char *word, unsigned wanted, const char *what,
                   const char *detail, struct store_evidence *ret_evidence);

/* The commands of those names; values: struct evidence_options. */
int evidence_get(const void *values, int argc, char **argv);
int evidence_ask(const void *values, int argc, char **argv);

#endif
