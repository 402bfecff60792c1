/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop.h"

#define A_WHILE (10 * USEC_PER_SEC) /* a test that waits so long has failed */

struct fixture {
    struct loop *loop;
    struct watch *watch, *other, *limit;
    int pipe[2];
    int calls, seen;
};

static void give_up(void *arg)
{
    struct fixture *f = arg;

    loop_stop(f->loop, -1);
}

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.loop = loop_new()};
    f.limit = loop_watch_timer(f.loop, A_WHILE, 0, give_up, &f);
    if (pipe2(f.pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    loop_unwatch(f->watch);
    loop_unwatch(f->other);
    loop_unwatch(f->limit);
    loop_free(f->loop);
    close(f->pipe[0]);
    close(f->pipe[1]);
    return 0;
}

static void fd_seen(int fd, int events, void *arg)
{
    struct fixture *f = arg;
    char byte;

    f->calls++;
    f->seen = events;
    if (events & LOOP_READ)
        assert_int_equal(read(fd, &byte, 1), 1);
    loop_stop(f->loop, 5);
}

static void a_descriptor_is_told_when_it_is_ready(void **state)
{
    struct fixture *f = *state;

    f->watch = loop_watch_fd(f->loop, f->pipe[0], LOOP_READ, fd_seen, f);
    loop_turn(f->loop);
    assert_int_equal(f->calls, 0);
    assert_int_equal(write(f->pipe[1], "x", 1), 1);
    assert_int_equal(loop_run(f->loop), 5);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen, LOOP_READ);
}

static void a_paused_descriptor_says_nothing_until_it_is_changed(void **state)
{
    struct fixture *f = *state;

    f->watch = loop_watch_fd(f->loop, f->pipe[1], 0, fd_seen, f);
    loop_turn(f->loop);
    assert_int_equal(f->calls, 0);
    loop_change_fd(f->watch, LOOP_WRITE);
    assert_int_equal(loop_run(f->loop), 5);
    assert_int_equal(f->seen, LOOP_WRITE);
    loop_change_fd(f->watch, 0);
    loop_turn(f->loop);
    assert_int_equal(f->calls, 1);
}

static void count_and_stop_at_three(void *arg)
{
    struct fixture *f = arg;

    if (++f->calls == 3)
        loop_stop(f->loop, 3);
}

static void a_timer_comes_again(void **state)
{
    struct fixture *f = *state;
    usec_t before = clock_monotonic();

    f->watch = loop_watch_timer(f->loop, 2 * USEC_PER_MSEC, 3 * USEC_PER_MSEC,
                                count_and_stop_at_three, f);
    assert_int_equal(loop_run(f->loop), 3);
    assert_true(clock_monotonic() - before >= 7 * USEC_PER_MSEC);
}

static void a_timer_that_waits_starts_when_it_is_changed(void **state)
{
    struct fixture *f = *state;

    f->watch = loop_watch_timer(f->loop, LOOP_NEVER, 0, count_and_stop_at_three, f);
    f->other = loop_watch_timer(f->loop, 0, 0, give_up, f);
    assert_int_equal(loop_run(f->loop), -1);
    assert_int_equal(f->calls, 0);
    loop_change_timer(f->watch, 0, USEC_PER_MSEC);
    assert_int_equal(loop_run(f->loop), 3);
    loop_change_timer(f->watch, LOOP_NEVER, 0);
    loop_change_timer(f->other, 2 * USEC_PER_MSEC, 0);
    assert_int_equal(loop_run(f->loop), -1);
    assert_int_equal(f->calls, 3);
}

static void unwatch_itself(void *arg)
{
    struct fixture *f = arg;

    f->calls++;
    loop_unwatch(f->watch);
    f->watch = NULL;
    loop_unwatch(f->other); /* it is due in the same turn */
    f->other = NULL;
    loop_stop(f->loop, 1);
}

static void a_watch_may_go_in_a_callback(void **state)
{
    struct fixture *f = *state;

    f->watch = loop_watch_timer(f->loop, 0, 0, unwatch_itself, f);
    f->other = loop_watch_timer(f->loop, 0, 0, unwatch_itself, f);
    assert_int_equal(loop_run(f->loop), 1);
    loop_turn(f->loop);
    assert_int_equal(f->calls, 1);
}

static void signal_seen(int number, void *arg)
{
    struct fixture *f = arg;

    f->seen = number;
    loop_stop(f->loop, 1);
}

static void a_signal_is_told(void **state)
{
    struct fixture *f = *state;

    f->watch = loop_watch_signal(f->loop, SIGUSR1, signal_seen, f);
    raise(SIGUSR1);
    assert_int_equal(loop_run(f->loop), 1);
    assert_int_equal(f->seen, SIGUSR1);
}

static void child_seen(pid_t pid, int status, void *arg)
{
    struct fixture *f = arg;

    (void)pid;
    f->calls++;
    f->seen = status;
    loop_stop(f->loop, 1);
}

static pid_t child_that_ends_with(int code)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(code);
    return pid;
}

static void a_child_is_told_once_with_its_end(void **state)
{
    struct fixture *f = *state;
    pid_t pid = child_that_ends_with(42);

    f->watch = loop_watch_child(f->loop, pid, child_seen, f);
    assert_non_null(f->watch);
    assert_int_equal(loop_run(f->loop), 1);
    assert_true(WIFEXITED(f->seen) && WEXITSTATUS(f->seen) == 42);
    loop_turn(f->loop);
    assert_int_equal(f->calls, 1);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
}

static void a_killed_child_is_told_with_its_signal(void **state)
{
    struct fixture *f = *state;
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            pause();
    f->watch = loop_watch_child(f->loop, pid, child_seen, f);
    loop_turn(f->loop);
    assert_int_equal(f->calls, 0);
    kill(pid, SIGKILL);
    assert_int_equal(loop_run(f->loop), 1);
    assert_true(WIFSIGNALED(f->seen) && WTERMSIG(f->seen) == SIGKILL);
}

static void a_child_that_is_not_there_cannot_be_watched(void **state)
{
    struct fixture *f = *state;
    pid_t pid = child_that_ends_with(0);

    waitpid(pid, NULL, 0);
    assert_null(loop_watch_child(f->loop, pid, child_seen, f));
    assert_int_equal(errno, ESRCH);
}

/* What the child of a fork does: a loop of its own for the same signal and descriptor. */
static int run_as_child(struct fixture *f)
{
    struct fixture mine = {.loop = NULL};
    int code;

    loop_free_after_fork(f->loop);
    mine.loop = loop_new();
    mine.watch = loop_watch_signal(mine.loop, SIGUSR1, signal_seen, &mine);
    mine.limit = loop_watch_timer(mine.loop, A_WHILE, 0, give_up, &mine);
    raise(SIGUSR1);
    code = loop_run(mine.loop);
    loop_unwatch(mine.watch);
    loop_unwatch(mine.limit);
    loop_free(mine.loop);
    return code;
}

static void after_a_fork_the_child_has_its_own_loop_and_the_parent_keeps_its(void **state)
{
    struct fixture *f = *state;
    struct watch *child;
    pid_t pid;

    f->watch = loop_watch_fd(f->loop, f->pipe[0], LOOP_READ, fd_seen, f);
    f->other = loop_watch_signal(f->loop, SIGUSR1, signal_seen, f);
    loop_turn(f->loop);
    pid = fork();
    if (pid == 0)
        _exit(run_as_child(f));
    child = loop_watch_child(f->loop, pid, child_seen, f);
    assert_int_equal(loop_run(f->loop), 1);
    assert_true(WIFEXITED(f->seen) && WEXITSTATUS(f->seen) == 1);
    loop_unwatch(child);

    assert_int_equal(write(f->pipe[1], "x", 1), 1);
    assert_int_equal(loop_run(f->loop), 5);
    raise(SIGUSR1);
    assert_int_equal(loop_run(f->loop), 1);
}

static void a_loop_that_was_stopped_does_not_run_and_then_runs_again(void **state)
{
    struct fixture *f = *state;

    f->watch = loop_watch_timer(f->loop, 0, USEC_PER_MSEC, count_and_stop_at_three, f);
    loop_stop(f->loop, 9);
    assert_int_equal(loop_run(f->loop), 9);
    assert_int_equal(f->calls, 0);
    assert_int_equal(loop_run(f->loop), 3);
}

static void a_loop_with_nothing_to_wait_for_ends_with_zero(void **state)
{
    struct fixture *f = *state;

    loop_change_timer(f->limit, LOOP_NEVER, 0);
    f->other = loop_watch_fd(f->loop, f->pipe[1], 0, fd_seen, f);
    assert_int_equal(loop_run(f->loop), 0);
    f->watch = loop_watch_child(f->loop, child_that_ends_with(0), child_seen, f);
    assert_int_equal(loop_run(f->loop), 1);
    assert_int_equal(loop_run(f->loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_descriptor_is_told_when_it_is_ready),
        WITH_FIXTURE(a_paused_descriptor_says_nothing_until_it_is_changed),
        WITH_FIXTURE(a_timer_comes_again),
        WITH_FIXTURE(a_timer_that_waits_starts_when_it_is_changed),
        WITH_FIXTURE(a_watch_may_go_in_a_callback),
        WITH_FIXTURE(a_signal_is_told),
        WITH_FIXTURE(a_child_is_told_once_with_its_end),
        WITH_FIXTURE(a_killed_child_is_told_with_its_signal),
        WITH_FIXTURE(a_child_that_is_not_there_cannot_be_watched),
        WITH_FIXTURE(after_a_fork_the_child_has_its_own_loop_and_the_parent_keeps_its),
        WITH_FIXTURE(a_loop_that_was_stopped_does_not_run_and_then_runs_again),
        WITH_FIXTURE(a_loop_with_nothing_to_wait_for_ends_with_zero),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
