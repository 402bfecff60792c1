/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each process is in one of four states, and only its own events change it:
 *
 *     waiting --timer--> running --death--> waiting        (or over, when it is done,
 *                           |                               hopeless or all is ending)
 *                           '--- stop: SIGTERM ---> over
 */
#include "warden.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auto.h"
#include "mem.h"

#define FIRST_DELAY USEC_PER_SEC
#define MOST_DELAY  USEC_PER_MIN
#define WELL_AFTER  USEC_PER_MIN

enum state { STATE_WAITING, STATE_RUNNING, STATE_OVER };

struct ward {
    struct warden *warden;
    const struct warden_process *process;
    enum state state;
    pid_t pid;
    usec_t started, delay;
    struct watch *child, *timer;
};

struct warden {
    const struct warden_settings *set;
    struct loop *loop;
    struct ward *wards;
    struct watch *signals[3];
    struct watch *patience; /* after it what is left is killed */
    pid_t pid;
    bool ending;
    int code;
};

static void start(struct ward *w);

static void tell(const struct ward *w, enum warden_change change, const char *why)
{
    const struct warden *d = w->warden;

    if (d->set->on_change)
        d->set->on_change((size_t)(w - d->wards), change, why, d->set->arg);
}

/* ---- ending ---- */

static bool stage_is_over(const struct warden *d, unsigned stage)
{
    for (size_t i = 0; i < d->set->process_count; i++)
        if (d->wards[i].process->stage == stage && d->wards[i].state == STATE_RUNNING)
            return false;
    return true;
}

/* The lowest stage in which something still runs; UINT32_MAX: nothing does. */
static unsigned lowest_stage(const struct warden *d)
{
    unsigned lowest = UINT32_MAX;

    for (size_t i = 0; i < d->set->process_count; i++)
        if (d->wards[i].state == STATE_RUNNING && d->wards[i].process->stage < lowest)
            lowest = d->wards[i].process->stage;
    return lowest;
}

static void signal_stage(struct warden *d, unsigned stage, int number)
{
    for (size_t i = 0; i < d->set->process_count; i++)
        if (d->wards[i].process->stage == stage && d->wards[i].state == STATE_RUNNING)
            kill(d->wards[i].pid, number);
}

static void end_next_stage(struct warden *d)
{
    unsigned stage = lowest_stage(d);

    if (stage == UINT32_MAX)
        loop_stop(d->loop, d->code);
    else
        signal_stage(d, stage, SIGTERM);
}

static void end_all(struct warden *d, int code)
{
    if (d->ending)
        return;
    d->ending = true;
    d->code = code;
    for (size_t i = 0; i < d->set->process_count; i++) {
        loop_unwatch(take(d->wards[i].timer));
        if (d->wards[i].state == STATE_WAITING)
            d->wards[i].state = STATE_OVER;
    }
    loop_change_timer(d->patience, d->set->stop_within, 0);
    warden_notify("STOPPING=1");
    end_next_stage(d);
}

static void on_impatience(void *arg)
{
    struct warden *d = arg;

    for (size_t i = 0; i < d->set->process_count; i++)
        if (d->wards[i].state == STATE_RUNNING)
            kill(d->wards[i].pid, SIGKILL);
}

/* ---- life and death ---- */

static void on_timer(void *arg)
{
    struct ward *w = arg;

    loop_unwatch(take(w->timer));
    start(w);
}

static void start_again(struct ward *w)
{
    bool ran_well = clock_monotonic() - w->started >= WELL_AFTER;

    w->delay = ran_well || !w->delay ? FIRST_DELAY : w->delay * 2;
    if (w->delay > MOST_DELAY)
        w->delay = MOST_DELAY;
    w->state = STATE_WAITING;
    w->timer = loop_watch_timer(w->warden->loop, w->delay, 0, on_timer, w);
}

static void describe(int status, char *ret_why, size_t capacity)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        snprintf(ret_why, capacity, "it tried what its sandbox forbids");
    else if (WIFSIGNALED(status))
        snprintf(ret_why, capacity, "signal %d, %s", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(ret_why, capacity, "exit code %d", WEXITSTATUS(status));
}

static bool all_over(const struct warden *d)
{
    for (size_t i = 0; i < d->set->process_count; i++)
        if (d->wards[i].state != STATE_OVER)
            return false;
    return true;
}

static void on_death(pid_t pid, int status, void *arg)
{
    struct ward *w = arg;
    struct warden *d = w->warden;
    bool says = WIFEXITED(status) && !(w->process->ran && atomic_load(w->process->ran));
    bool done = says && WEXITSTATUS(status) == WARDEN_DONE;
    bool hopeless = says && WEXITSTATUS(status) == WARDEN_HOPELESS &&
                    clock_monotonic() - w->started < WELL_AFTER;
    char why[96];

    (void)pid;
    loop_unwatch(take(w->child));
    w->state = STATE_OVER;
    describe(status, why, sizeof(why));
    tell(w, WARDEN_DIED, why);
    if (d->ending) {
        if (stage_is_over(d, w->process->stage))
            end_next_stage(d);
    } else if (hopeless) {
        end_all(d, WARDEN_HOPELESS);
    } else if (!done) {
        start_again(w);
    } else if (all_over(d)) {
        end_all(d, 0);
    }
}

/* In the child: it ends when its warden does. A warden that was gone before is known by
 * its id alone: whoever adopted the child (init, a service manager) may have any. */
static bool follow(const struct warden *d)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    return getppid() == d->pid;
}

/* In the child: nothing of the warden's loop may go on living in it. */
static int become(const struct ward *w)
{
    struct warden *d = w->warden;

    if (!follow(d))
        return WARDEN_DONE;
    loop_free_after_fork(d->loop);
    return w->process->run(w->process->arg);
}

static void start(struct ward *w)
{
    fflush(NULL);
    w->started = clock_monotonic();
    w->pid = fork();
    if (w->pid == 0)
        exit(become(w));
    if (w->pid < 0) {
        tell(w, WARDEN_DIED, strerror(errno));
        start_again(w);
        return;
    }
    w->state = STATE_RUNNING;
    w->child = loop_watch_child(w->warden->loop, w->pid, on_death, w);
    tell(w, WARDEN_STARTED, "");
}

/* ---- the warden itself ---- */

static void on_stop(int number, void *arg)
{
    (void)number;
    end_all(arg, 0);
}

static void on_reload(int number, void *arg)
{
    struct warden *d = arg;

    for (size_t i = 0; i < d->set->process_count; i++)
        if (d->wards[i].state == STATE_RUNNING)
            kill(d->wards[i].pid, number);
}

int warden_run(const struct warden_settings *settings)
{
    struct warden d = {.set = settings, .loop = loop_new(), .pid = getpid()};
    int code;

    d.wards = xcalloc(settings->process_count, sizeof(*d.wards));
    d.signals[0] = loop_watch_signal(d.loop, SIGTERM, on_stop, &d);
    d.signals[1] = loop_watch_signal(d.loop, SIGINT, on_stop, &d);
    d.signals[2] = loop_watch_signal(d.loop, SIGHUP, on_reload, &d);
    d.patience = loop_watch_timer(d.loop, LOOP_NEVER, 0, on_impatience, &d);
    for (size_t i = 0; i < settings->process_count; i++) {
        d.wards[i] = (struct ward){.warden = &d, .process = &settings->processes[i]};
        start(&d.wards[i]);
    }
    warden_notify("READY=1");
    code = loop_run(d.loop);
    for (size_t i = 0; i < 3; i++)
        loop_unwatch(d.signals[i]);
    loop_unwatch(d.patience);
    loop_free(d.loop);
    free(d.wards);
    return code;
}

void warden_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;
    auto_close int fd = -1;

    if (len == 0 || len >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = 0;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL,
                      (const struct sockaddr *)&address,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}
