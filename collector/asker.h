/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asker.h - carries what people ask agents for (store_ask.h) to them, and their answers
 * back; within the intake. An ask goes out when its agent is there, again each ten
 * seconds until it is answered, and once after each welcome until its evidence is here:
 * an agent that was restarted says then that it knows nothing of it any more.
 */
#ifndef ASKER_H
#define ASKER_H

#include "clock.h"
#include "collector/store.h"
#include "wire_frame.h"

struct asker;

/* As sessions_ask. */
typedef int asker_send_fn(const char *agent, const struct wire_ask *ask, void *arg);

struct asker *asker_new(struct store *s, asker_send_fn *send, void *arg);
void asker_free(struct asker *a); /* NULL is fine */

/* Once a second; now: monotonic. Never inside a transaction. */
void asker_tick(struct asker *a, usec_t now);

/* Perhaps inside of the transaction that the intake has open. */
void asker_answer(struct asker *a, const char *agent, const struct wire_answer *answer);

void asker_welcome(struct asker *a, const char *agent);

#endif
