/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim.h - who uses a folder: one program of a name at a time.
 *
 * The claim is a lock on FOLDER/NAME.lock, which ends with the process that took it,
 * however that ends, and is not its children's; the file says with which settings that
 * one was started, and stays. Asking takes nothing, so it never stands in the way of a
 * start.
 */
#ifndef CLAIM_H
#define CLAIM_H

#include <stdbool.h>

struct claim_holder {
    long pid;
    char settings[4096]; /* absolute path of the file that it was started with, or "" */
};

/*
 * A descriptor that holds the claim until the process closes it or ends. -EBUSY: another
 * process has it, and ret_holder says which; -errno of the file system.
 */
int claim_take(const char *folder, const char *name, const char *settings,
               struct claim_holder *ret_holder);

/* Whether another process has it now; then ret_holder says which. */
bool claim_is_held(const char *folder, const char *name, struct claim_holder *ret_holder);

/* Whether the holder was started with that file of settings. */
bool claim_is_of(const struct claim_holder *holder, const char *settings);

#endif
