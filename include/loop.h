/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - the one event loop of a process: descriptors, timers, signals, children.
 *
 * A watch belongs to who asked for it: free it with loop_unwatch before the loop goes.
 * Callbacks may add and remove watches, their own included, and stop the loop.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <sys/types.h>

#include "clock.h"

struct loop;
struct watch;

enum loop_events {
    LOOP_READ = 1,
    LOOP_WRITE = 2,
};

typedef void loop_fd_fn(int fd, int events, void *arg);
typedef void loop_timer_fn(void *arg);
typedef void loop_signal_fn(int number, void *arg);
typedef void loop_child_fn(pid_t pid, int status, void *arg); /* status as of waitpid */

#define LOOP_NEVER UINT64_MAX /* a timer that waits until it is changed */

struct loop *loop_new(void);
void loop_free(struct loop *l); /* NULL is fine */

/* In the child of a fork, which may go on with a new loop of its own only. Frees the
 * watches as well; the parent's are untouched. */
void loop_free_after_fork(struct loop *l);

struct watch *loop_watch_fd(struct loop *l, int fd, int events, loop_fd_fn *fn,
                            void *arg);
void loop_change_fd(struct watch *w, int events); /* 0: pause */

/* First after `after` (LOOP_NEVER: wait), then every `every` (0: once). */
struct watch *loop_watch_timer(struct loop *l, usec_t after, usec_t every,
                               loop_timer_fn *fn, void *arg);
void loop_change_timer(struct watch *w, usec_t after, usec_t every); /* starts it anew */

struct watch *loop_watch_signal(struct loop *l, int number, loop_signal_fn *fn,
                                void *arg);

/* Calls fn once, when the child has ended, and has waited for it then. NULL: no
 * descriptor to be had, or no such child (errno). */
struct watch *loop_watch_child(struct loop *l, pid_t pid, loop_child_fn *fn, void *arg);
void loop_unwatch(struct watch *w); /* NULL is fine */

/* Runs until loop_stop; returns the code that was given to it. 0 when there is nothing
 * left to wait for. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l, int code);

/* One turn without waiting, for who polls something else. */
void loop_turn(struct loop *l);

#endif
