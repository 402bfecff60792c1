/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_intake.h - the store as the intake wants it (intake_store.h). Alerts go to their
 * table and health to its agent; what other streams bring is kept as it came.
 */
#ifndef STORE_INTAKE_H
#define STORE_INTAKE_H

#include "collector/intake_store.h"
#include "collector/store.h"

struct store_intake;

/* s is borrowed and must outlive it; so must the result the intake. */
struct store_intake *store_intake_new(struct store *s);
void store_intake_free(struct store_intake *i); /* NULL is fine */

const struct intake_store *store_intake_functions(const struct store_intake *i);

#endif
