/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stand_in.h - as which roles a person sees. A role of one's own always counts. One that
 * a roster names somebody for counts while they are on duty for it. Who only stands in
 * for a role (escalation, last responder) may take its tasks, and sees as it what belongs
 * to an incident when they have taken one of its tasks, until the incident is closed.
 */
#ifndef STAND_IN_H
#define STAND_IN_H

#include "collector/store.h"
#include "district.h"

/* Their own, and those they are on duty for at that time: bit 1 << role. */
uint32_t stand_in_roles(const struct district *district, const struct person *person,
                        usec_t now);

/* Those whose tasks of this incident they have taken; 0 once it is closed, or when the
 * store cannot say. */
uint32_t stand_in_taken(struct store *s, const struct person *person, int64_t incident);

#endif
