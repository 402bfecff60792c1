/* SPDX-License-Identifier: Apache-2.0 */
/*
 * warden.h - forks the processes of a program, starts again what dies, ends them in
 * order.
 *
 * A process that dies is started again after a second, then after twice as long each time
 * up to a minute; one that lived for a minute begins anew at a second. Why it died is
 * told in words. When the warden is killed its processes get SIGTERM, as long as they
 * don't become another user.
 *
 * SIGTERM or SIGINT: every process of the lowest stage gets SIGTERM; when they are gone,
 * the next stage does; what is not gone after stop_within is killed. SIGHUP goes on to
 * all.
 */
#ifndef WARDEN_H
#define WARDEN_H

#include <stdatomic.h>
#include <stddef.h>

#include "clock.h"
#include "loop.h"

/* Exit code of a process that says: starting me again is no use (wrong settings, no such
 * interface). The whole program ends with it, unless the process ran well before. */
#define WARDEN_HOPELESS 3

/* Exit code of a process that is done: it is not started again, and when all are done the
 * program ends with 0. */
#define WARDEN_DONE 0

struct warden_process {
    const char *name;      /* "sensor-0" */
    int (*run)(void *arg); /* in the child; what it returns is the exit code */
    void *arg;
    unsigned stage;
    /* In shared memory: it has begun to read what others send it, and may be in somebody
     * else's hand: whatever it says by its exit code, it is started again. NULL: it never
     * does. */
    const atomic_bool *ran;
};

enum warden_change {
    WARDEN_STARTED,
    WARDEN_DIED, /* why says how */
};

struct warden_settings {
    const struct warden_process *processes;
    size_t process_count;
    usec_t stop_within;

    /* In the warden: a process was started or died; may be NULL. */
    void (*on_change)(size_t process, enum warden_change change, const char *why,
                      void *arg);
    void *arg;
};

/* Runs until all is over; returns the program's exit code. */
int warden_run(const struct warden_settings *settings);

/* Tells systemd (sd_notify(3)); nothing without NOTIFY_SOCKET. "READY=1" */
void warden_notify(const char *state);

#endif
