/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "warden.h"

/* What the processes of a warden leave behind, shared with the test. */
struct record {
    atomic_int starts[3];
    atomic_int order; /* of ending */
    atomic_int ended_as[3];
    int crashes_wanted;
    atomic_bool ran;
    char why[96];
};

static struct record *record_new(void)
{
    return mmap(NULL, sizeof(struct record), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static int crash_until_wanted(void *arg)
{
    struct record *r = arg;

    if (atomic_fetch_add(&r->starts[0], 1) < r->crashes_wanted)
        raise(SIGKILL);
    return WARDEN_DONE;
}

static int give_up(void *arg)
{
    struct record *r = arg;

    atomic_fetch_add(&r->starts[1], 1);
    return WARDEN_HOPELESS;
}

struct worker {
    struct record *record;
    int index;
    bool ends_the_warden;
};

/* Waits for SIGTERM, then notes as the how manieth it ended. */
static int work(void *arg)
{
    const struct worker *w = arg;
    sigset_t terms;
    int number;

    sigemptyset(&terms);
    sigaddset(&terms, SIGTERM);
    sigprocmask(SIG_BLOCK, &terms, NULL);
    atomic_fetch_add(&w->record->starts[w->index], 1);
    if (w->ends_the_warden) {
        while (atomic_load(&w->record->starts[0]) + atomic_load(&w->record->starts[2]) <
               2)
            sched_yield();
        kill(getppid(), SIGTERM);
    }
    sigwait(&terms, &number);
    atomic_store(&w->record->ended_as[w->index],
                 atomic_fetch_add(&w->record->order, 1) + 1);
    return 0;
}

/* Says what the one would who wants nobody started again; the third time it is true. */
static int lie(void *arg)
{
    static const int says[] = {WARDEN_HOPELESS, WARDEN_DONE};
    struct record *r = arg;
    int start = atomic_fetch_add(&r->starts[0], 1);

    atomic_store(&r->ran, start < 2);
    return start < 2 ? says[start] : WARDEN_DONE;
}

static void note_why(size_t process, enum warden_change change, const char *why,
                     void *arg)
{
    struct record *r = arg;

    (void)process;
    if (change == WARDEN_DIED && strncmp(why, "signal", 6) == 0)
        strncpy(r->why, why, sizeof(r->why) - 1);
}

/* warden_run in a process of its own, as it is in a program; its exit code. */
static int run_warden(const struct warden_settings *settings)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0)
        _exit(warden_run(settings));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void the_exit_code_of_who_may_have_been_taken_over_is_not_believed(void **state)
{
    struct record *r = record_new();
    struct warden_process processes[] = {{"liar", lie, r, 0, &r->ran}};
    struct warden_settings settings = {.processes = processes, .process_count = 1};

    (void)state;
    assert_int_equal(run_warden(&settings), 0);
    assert_int_equal(atomic_load(&r->starts[0]), 3);
    munmap(r, sizeof(*r));
}

static void a_process_that_crashes_is_started_again_and_the_reason_told(void **state)
{
    struct record *r = record_new();
    struct warden_process processes[] = {{"crasher", crash_until_wanted, r, 0, NULL}};
    struct warden_settings settings = {.processes = processes,
                                       .process_count = 1,
                                       .stop_within = USEC_PER_SEC,
                                       .on_change = note_why,
                                       .arg = r};

    (void)state;
    r->crashes_wanted = 1;
    assert_int_equal(run_warden(&settings), 0);
    assert_int_equal(r->starts[0], 2);
    assert_string_equal(r->why, "signal 9, Killed");
}

static void a_hopeless_process_ends_the_program_with_its_code(void **state)
{
    struct record *r = record_new();
    struct worker worker = {r, 0, false};
    struct warden_process processes[] = {{"worker", work, &worker, 0, NULL},
                                         {"hopeless", give_up, r, 0, NULL}};
    struct warden_settings settings = {
        .processes = processes, .process_count = 2, .stop_within = 5 * USEC_PER_SEC};

    (void)state;
    assert_int_equal(run_warden(&settings), WARDEN_HOPELESS);
    assert_int_equal(r->starts[1], 1);
}

static void processes_end_stage_by_stage(void **state)
{
    struct record *r = record_new();
    struct worker last = {r, 0, false}, first = {r, 1, true}, middle = {r, 2, false};
    struct warden_process processes[] = {{"last", work, &last, 7, NULL},
                                         {"middle", work, &middle, 3, NULL},
                                         {"first", work, &first, 1, NULL}};
    struct warden_settings settings = {
        .processes = processes, .process_count = 3, .stop_within = 5 * USEC_PER_SEC};

    (void)state;
    assert_int_equal(run_warden(&settings), 0);
    assert_int_equal(r->ended_as[1], 1);
    assert_int_equal(r->ended_as[2], 2);
    assert_int_equal(r->ended_as[0], 3);
}

/* Starts a warden whose processes are ours when it is gone. */
static pid_t start_warden(const struct warden_settings *settings,
                          void (*in_a_child)(void))
{
    pid_t pid;

    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid = fork();
    if (pid == 0) {
        pthread_atfork(NULL, NULL, in_a_child);
        _exit(warden_run(settings));
    }
    return pid;
}

static void assert_killed(pid_t warden)
{
    int status = 0;

    assert_int_equal(waitpid(warden, &status, 0), warden);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void assert_the_other_ended(void)
{
    int status = 0;

    assert_true(waitpid(-1, &status, 0) > 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

static void a_process_is_told_to_end_when_its_warden_is_killed(void **state)
{
    struct record *r = record_new();
    struct worker worker = {r, 0, false};
    struct warden_process processes[] = {{"worker", work, &worker, 0, NULL}};
    struct warden_settings settings = {.processes = processes, .process_count = 1};
    pid_t warden = start_warden(&settings, NULL);

    (void)state;
    while (!r->starts[0])
        sched_yield();
    kill(warden, SIGKILL);
    assert_killed(warden);
    assert_the_other_ended();
    assert_int_equal(r->ended_as[0], 1);
}

static void kill_the_parent(void)
{
    pid_t parent = getppid();

    kill(parent, SIGKILL);
    while (getppid() == parent)
        sched_yield();
}

static void a_process_does_not_begin_when_its_warden_is_gone_by_then(void **state)
{
    struct record *r = record_new();
    struct warden_process processes[] = {{"late", give_up, r, 0, NULL}};
    struct warden_settings settings = {.processes = processes, .process_count = 1};

    (void)state;
    assert_killed(start_warden(&settings, kill_the_parent));
    assert_the_other_ended();
    assert_int_equal(r->starts[1], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exit_code_of_who_may_have_been_taken_over_is_not_believed),
        cmocka_unit_test(a_process_that_crashes_is_started_again_and_the_reason_told),
        cmocka_unit_test(a_hopeless_process_ends_the_program_with_its_code),
        cmocka_unit_test(processes_end_stage_by_stage),
        cmocka_unit_test(a_process_is_told_to_end_when_its_warden_is_killed),
        cmocka_unit_test(a_process_does_not_begin_when_its_warden_is_gone_by_then),
    };

    return cmocka_run_group_tests_name("warden", tests, NULL, NULL);
}
