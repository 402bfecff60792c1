/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence.h - what the pages of the terminal say of evidence.
 */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "collector/store_evidence.h"
#include "viewer.h"

#define EVIDENCE_STATE 80

/* What the person may know of it: as of its alert (sight.h). Of one whose alert was lost,
 * nothing. */
unsigned evidence_sight(const struct viewer *v, const struct store_evidence *e);

/* "120 frames, kept sealed, held until 2026-12-31", "120 frames, expired". */
void evidence_state(const struct store_evidence *e, usec_t now,
                    char ret_text[EVIDENCE_STATE]);

#endif
