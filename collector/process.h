/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h - what every process of the collector has, and how it lives: it opens what
 * its role needs, enters its sandbox, and runs its loop until SIGTERM.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include "collector/board.h"
#include "collector/settings.h"
#include "collector/store.h"
#include "diag.h"
#include "district.h"
#include "loop.h"

/* Its own for each process; all of it is there when the role opens. */
struct process {
    const struct collector_settings *settings;
    struct board *board;
    struct loop *loop;
    struct store *store;
    struct district *district;
    char holder[96]; /* whom its leases belong to, also after a restart: "engine@host" */
};

/* Opens what the role needs; in *ret_self what its other functions are given. 0, or
 * -errno after logging a sentence that says what to do. */
typedef int process_open_fn(struct process *p, void **ret_self);

int intake_process_open(struct process *p, void **ret_self);
void intake_process_close(void *self);
int engine_process_open(struct process *p, void **ret_self);
void engine_process_close(void *self);
int runner_process_open(struct process *p, void **ret_self);
void runner_process_close(void *self);
int api_process_open(struct process *p, void **ret_self);
void api_process_close(void *self);

/* What a warden runs. */
struct process_ward {
    const struct collector_settings *settings;
    struct board *board;
    enum collector_role role;
};

/* What is wrong with a file, as lines of the log: "what: FILE:1:3: error[E0912]: ..." */
void process_log_faults(const char *what, struct diags *d);

/* In the child: the whole life of a process; arg is its struct process_ward. Returns the
 * exit code. A fault that was there at the very first start is WARDEN_HOPELESS; but not
 * one of the api where others run beside it: alerts are taken in and playbooks run
 * without it, so it is tried again by and by. */
int process_run(void *arg);

#endif
