/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim.h - who uses a folder: one program of a name at a time.
 *
 * The claim is a lock on FOLDER/NAME.lock, which ends with the process that took it,
 * however that ends; the file says who that was and stays. Asking takes nothing, so it
 * never stands in the way of a start.
 */
#ifndef CLAIM_H
#define CLAIM_H

#include <stdbool.h>

struct claim_holder {
    long pid;            /* 0: it did not say */
    char settings[4096]; /* absolute path of the file that it was started with, or "" */
};

/*
 * A descriptor that holds the claim until it is closed (a forked child's copy holds it
 * too). -EBUSY: somebody has it, and ret_holder says who; -errno of the file system.
 */
int claim_take(const char *folder, const char *name, const char *settings,
               struct claim_holder *ret_holder);

/* Whether claim_take would fail with -EBUSY now; then ret_holder says because of whom. */
bool claim_is_held(const char *folder, const char *name, struct claim_holder *ret_holder);

/* Whether the holder was started with that file of settings. */
bool claim_is_of(const struct claim_holder *holder, const char *settings);

#endif
