/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence.h - a gathered capture file as the documents that travel on the stream of that
 * name: sealed for the vault key as a whole, then cut. docs/WIRE.md, section 4, has them.
 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include <stddef.h>

#include "agent/gather.h"
#include "crypt.h"

#define EVIDENCE_PART (128u << 10) /* characters of the seal in a document, at most */

struct evidence_settings {
    const char *agent; /* its name */
    const struct crypt_box_public *vault;
    usec_t now; /* wall clock: when it was sealed */
    void (*put)(const char *document, size_t len, void *arg);
    void *arg;
};

/* Puts the first document, which tells everything about it, and as many as it takes. */
void evidence_put(const struct evidence_settings *set, const struct gathered *g);

/* The custody record, of which the first document holds this and when, by whom and for
 * which key it was sealed; yours to free. */
struct json *evidence_custody(const struct gathered *g);

#endif
