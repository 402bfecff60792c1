/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h - giving up what a process does not need, for good; the only home of
 * libseccomp and libcap-ng.
 *
 * Each role of DESIGN.md section 2 has its own limits. A process enters its sandbox when
 * it has opened what it needs and before it reads the first byte from outside; a system
 * call that its role may not make ends it (SIGSYS), and its warden says so.
 *
 * Under the address sanitizer, whose run time needs more, the system calls are not
 * filtered; everything else is given up all the same.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>

enum sandbox_role {
    SANDBOX_SENSOR,  /* reads hostile packets: no open, no socket, no fork, no exec */
    SANDBOX_COURIER, /* files, TCP; no exec, no capture */
    SANDBOX_WARDEN,  /* of an agent: forks its own, and they inherit; no exec */
    SANDBOX_STORE,   /* files only: the engine; no network, no exec */
    SANDBOX_SERVER,  /* files, TCP: intake, api; no exec */
    SANDBOX_RUNNER,  /* files, TCP, exec of plug-ins */
};

#define SANDBOX_ERROR 160

extern const int sandbox_no_capability[];
extern const int sandbox_may_capture[]; /* open captures, and nothing else */

/* Keeps the given capabilities (CAP_..., ended by -1) and no other, in every set; allows
 * no new ones by exec. 0, or -errno with a sentence. */
int sandbox_keep_capabilities(const int *capabilities, char ret_error[SANDBOX_ERROR]);

/* Becomes that user and its groups, keeping the capabilities given as above. Nothing
 * happens when the process already is that user. -ENOENT: there is no such user. */
int sandbox_user(const char *user, const int *capabilities,
                 char ret_error[SANDBOX_ERROR]);

/* The limits of the role; also no core dump of what others must not read. */
int sandbox_enter(enum sandbox_role role, char ret_error[SANDBOX_ERROR]);

#endif
