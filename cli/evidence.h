/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence.h - what the pages of the terminal say of evidence.
 */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "collector/store_evidence.h"

#define EVIDENCE_STATE 64

/* "120 frames, held sealed", "120 frames, expired", "not here yet". */
void evidence_state(const struct store_evidence *e, char ret_text[EVIDENCE_STATE]);

#endif
