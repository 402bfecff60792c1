/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libev, with a loop of its own for each struct loop. libev watches children on its
 * default loop only, which a process has once and cannot give up after a fork; so a child
 * is watched by its descriptor (pidfd_open), which becomes readable when it ends.
 */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ev.h>

#include "mem.h"

enum watch_kind {
    WATCH_FD,
    WATCH_TIMER,
    WATCH_SIGNAL,
    WATCH_CHILD,
};

struct watch {
    struct watch *next, **link;
    struct loop *loop;
    enum watch_kind kind;
    union {
        ev_io io;
        ev_timer timer;
        ev_signal signal;
    };
    union {
        loop_fd_fn *on_fd;
        loop_timer_fn *on_timer;
        loop_signal_fn *on_signal;
        loop_child_fn *on_child;
    };
    void *arg;
    pid_t pid; /* of a child */
};

struct loop {
    struct ev_loop *ev;
    struct watch *watches;
    bool stopped;
    int code;
};

struct loop *loop_new(void)
{
    struct loop *l = xcalloc(1, sizeof(*l));

    l->ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
    if (!l->ev)
        abort(); /* no epoll, poll or select: no process of ours can do anything */
    return l;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    assert(!l->watches);
    ev_loop_destroy(l->ev);
    free(l);
}

void loop_free_after_fork(struct loop *l)
{
    struct watch *next;

    /*
     * Stopping a descriptor's watch would change the parent's epoll, which is the same;
     * that of a signal must be stopped, or no other loop could ever watch the signal.
     */
    for (struct watch *w = l->watches; w; w = next) {
        next = w->next;
        if (w->kind == WATCH_SIGNAL)
            ev_signal_stop(l->ev, &w->signal);
        if (w->kind == WATCH_CHILD)
            close(w->io.fd);
        free(w);
    }
    ev_loop_destroy(l->ev);
    free(l);
}

static struct watch *watch_new(struct loop *l, enum watch_kind kind, void *arg)
{
    struct watch *w = xcalloc(1, sizeof(*w));

    w->loop = l;
    w->kind = kind;
    w->arg = arg;
    w->next = l->watches;
    w->link = &l->watches;
    if (w->next)
        w->next->link = &w->next;
    l->watches = w;
    return w;
}

static int to_ev(int events)
{
    return (events & LOOP_READ ? EV_READ : 0) | (events & LOOP_WRITE ? EV_WRITE : 0);
}

static void fd_ready(struct ev_loop *ev, ev_io *io, int revents)
{
    struct watch *w = io->data;
    int events =
        (revents & EV_READ ? LOOP_READ : 0) | (revents & EV_WRITE ? LOOP_WRITE : 0);

    (void)ev;
    w->on_fd(io->fd, events, w->arg);
}

struct watch *loop_watch_fd(struct loop *l, int fd, int events, loop_fd_fn *fn, void *arg)
{
    struct watch *w = watch_new(l, WATCH_FD, arg);

    w->on_fd = fn;
    ev_io_init(&w->io, fd_ready, fd, to_ev(events));
    w->io.data = w;
    if (events)
        ev_io_start(l->ev, &w->io);
    return w;
}

void loop_change_fd(struct watch *w, int events)
{
    assert(w->kind == WATCH_FD);
    if (ev_is_active(&w->io) && (w->io.events & (EV_READ | EV_WRITE)) == to_ev(events))
        return;
    ev_io_stop(w->loop->ev, &w->io);
    ev_io_set(&w->io, w->io.fd, to_ev(events));
    if (events)
        ev_io_start(w->loop->ev, &w->io);
}

static void timer_due(struct ev_loop *ev, ev_timer *timer, int revents)
{
    struct watch *w = timer->data;

    (void)ev;
    (void)revents;
    w->on_timer(w->arg);
}

static double to_seconds(usec_t time)
{
    return (double)time / (double)USEC_PER_SEC;
}

/* libev counts from its own notion of now, which is old after long work. */
static void start_timer(struct watch *w, usec_t after, usec_t every)
{
    ev_timer_set(&w->timer, to_seconds(after), to_seconds(every));
    if (after == LOOP_NEVER)
        return;
    ev_now_update(w->loop->ev);
    ev_timer_start(w->loop->ev, &w->timer);
}

struct watch *loop_watch_timer(struct loop *l, usec_t after, usec_t every,
                               loop_timer_fn *fn, void *arg)
{
    struct watch *w = watch_new(l, WATCH_TIMER, arg);

    w->on_timer = fn;
    ev_init(&w->timer, timer_due);
    w->timer.data = w;
    start_timer(w, after, every);
    return w;
}

void loop_change_timer(struct watch *w, usec_t after, usec_t every)
{
    assert(w->kind == WATCH_TIMER);
    ev_timer_stop(w->loop->ev, &w->timer);
    start_timer(w, after, every);
}

static void signal_came(struct ev_loop *ev, ev_signal *signal, int revents)
{
    struct watch *w = signal->data;

    (void)ev;
    (void)revents;
    w->on_signal(signal->signum, w->arg);
}

struct watch *loop_watch_signal(struct loop *l, int number, loop_signal_fn *fn, void *arg)
{
    struct watch *w = watch_new(l, WATCH_SIGNAL, arg);

    w->on_signal = fn;
    ev_signal_init(&w->signal, signal_came, number);
    w->signal.data = w;
    ev_signal_start(l->ev, &w->signal);
    return w;
}

static void child_ended(struct ev_loop *ev, ev_io *io, int revents)
{
    struct watch *w = io->data;
    int status;

    (void)revents;
    if (waitpid(w->pid, &status, WNOHANG) != w->pid)
        return;
    ev_io_stop(ev, io);
    w->on_child(w->pid, status, w->arg);
}

struct watch *loop_watch_child(struct loop *l, pid_t pid, loop_child_fn *fn, void *arg)
{
    int fd = pidfd_open(pid, 0);
    struct watch *w;

    if (fd < 0)
        return NULL;
    w = watch_new(l, WATCH_CHILD, arg);
    w->on_child = fn;
    w->pid = pid;
    ev_io_init(&w->io, child_ended, fd, EV_READ);
    w->io.data = w;
    ev_io_start(l->ev, &w->io);
    return w;
}

void loop_unwatch(struct watch *w)
{
    if (!w)
        return;
    if (w->kind == WATCH_TIMER)
        ev_timer_stop(w->loop->ev, &w->timer);
    else if (w->kind == WATCH_SIGNAL)
        ev_signal_stop(w->loop->ev, &w->signal);
    else
        ev_io_stop(w->loop->ev, &w->io);
    if (w->kind == WATCH_CHILD)
        close(w->io.fd);
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    free(w);
}

int loop_run(struct loop *l)
{
    int code;

    if (!l->stopped)
        ev_run(l->ev, 0);
    code = l->code;
    l->stopped = false;
    l->code = 0;
    return code;
}

void loop_stop(struct loop *l, int code)
{
    l->stopped = true;
    l->code = code;
    ev_break(l->ev, EVBREAK_ALL);
}

void loop_turn(struct loop *l)
{
    ev_run(l->ev, EVRUN_NOWAIT);
}
