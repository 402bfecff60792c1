/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runner.h - carries out the outbox: claims what runs wish for, does it, and writes down
 * what came of it, which is the run's next input.
 *
 * A wish is held by a lease while it is carried out. Whoever dies in between loses the
 * lease, not the wish: it is done again, under the same key. What fails is tried again
 * with pauses that double; what fails for good becomes a task for a person.
 */
#ifndef RUNNER_H
#define RUNNER_H

#include "collector/action.h"
#include "collector/store.h"

struct runner;

struct runner_settings {
    struct store *store;              /* borrowed; this process's own */
    const struct action_world *world; /* borrowed */
    const char *holder;
    usec_t first_pause; /* after the first failure */
    uint64_t attempts;  /* so many, then it has failed for good */
};

struct runner *runner_new(const struct runner_settings *settings);
void runner_free(struct runner *r); /* NULL is fine */

/* At the start: what this holder was at when it died is to be done again, under its key,
 * without waiting for the end of the lease. */
int runner_resume(struct runner *r);

/* Carries out one wish. 0; -ENOENT: none is to be done now; -errno as in store.h. */
int runner_turn(struct runner *r);

/* When the next one is to be tried; 0: none waits. */
usec_t runner_next(struct runner *r);

#endif
