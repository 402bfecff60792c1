/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

#if defined(__SANITIZE_ADDRESS__)
#define FILTERED 0
#else
#define FILTERED 1
#endif

typedef void try_fn(void);

/* What becomes of a child that enters a role's sandbox and tries something: the signal
 * that ended it, or 0. */
static int ended_by(enum sandbox_role role, try_fn *attempt)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        char error[SANDBOX_ERROR];

        if (sandbox_enter(role, error) != 0)
            _exit(3);
        attempt();
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void open_a_file(void)
{
    (void)open("/etc/hostname", O_RDONLY | O_CLOEXEC);
}

static void make_a_tcp_socket(void)
{
    (void)socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* The kernel looks at the lower half of its argument only. */
static void make_a_tcp_socket_in_disguise(void)
{
    (void)syscall(SYS_socket, UINT64_C(1) << 32 | AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* Which opens sockets without a system call for it. */
static void find_no_io_ring(void)
{
    if (syscall(SYS_io_uring_setup, 1, NULL) != -1 || errno != ENOSYS)
        abort();
}

static void make_a_packet_socket(void)
{
    (void)socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static void run_a_program(void)
{
    char *const arguments[] = {NULL};

    execve("/bin/true", arguments, arguments);
}

static void fork_a_child(void)
{
    if (fork() == 0)
        _exit(0);
}

static void *do_nothing(void *arg)
{
    return arg;
}

static void start_a_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, do_nothing, NULL) != 0)
        abort();
    pthread_join(thread, NULL);
}

static void read_and_write(void)
{
    int ends[2] = {0, 1};
    char byte = 0;

    (void)!write(ends[1], &byte, 0);
    (void)!read(ends[0], &byte, 0);
}

static void a_sensor_can_only_read_and_write(void **state)
{
    (void)state;
    assert_int_equal(ended_by(SANDBOX_SENSOR, read_and_write), 0);
    if (!FILTERED)
        skip();
    assert_int_equal(ended_by(SANDBOX_SENSOR, open_a_file), SIGSYS);
    assert_int_equal(ended_by(SANDBOX_SENSOR, make_a_tcp_socket), SIGSYS);
    assert_int_equal(ended_by(SANDBOX_SENSOR, run_a_program), SIGSYS);
    assert_int_equal(ended_by(SANDBOX_SENSOR, fork_a_child), SIGSYS);
}

static void a_courier_has_files_and_tcp_but_no_capture_and_no_programs(void **state)
{
    (void)state;
    if (!FILTERED)
        skip();
    assert_int_equal(ended_by(SANDBOX_COURIER, open_a_file), 0);
    assert_int_equal(ended_by(SANDBOX_COURIER, make_a_tcp_socket), 0);
    assert_int_equal(ended_by(SANDBOX_COURIER, make_a_packet_socket), SIGSYS);
    assert_int_equal(ended_by(SANDBOX_COURIER, run_a_program), SIGSYS);
}

static void the_engine_has_files_but_no_network(void **state)
{
    (void)state;
    if (!FILTERED)
        skip();
    assert_int_equal(ended_by(SANDBOX_STORE, open_a_file), 0);
    assert_int_equal(ended_by(SANDBOX_STORE, make_a_tcp_socket), SIGSYS);
    assert_int_equal(ended_by(SANDBOX_STORE, make_a_tcp_socket_in_disguise), SIGSYS);
    assert_int_equal(ended_by(SANDBOX_STORE, find_no_io_ring), 0);
    assert_int_equal(ended_by(SANDBOX_STORE, fork_a_child), SIGSYS);
    assert_int_equal(ended_by(SANDBOX_STORE, start_a_thread), 0);
}

static void only_the_runner_may_run_programs(void **state)
{
    (void)state;
    if (!FILTERED)
        skip();
    assert_int_equal(ended_by(SANDBOX_RUNNER, run_a_program), 0);
    assert_int_equal(ended_by(SANDBOX_SERVER, run_a_program), SIGSYS);
    assert_int_equal(ended_by(SANDBOX_WARDEN, run_a_program), SIGSYS);
    assert_int_equal(ended_by(SANDBOX_WARDEN, fork_a_child), 0);
}

static void a_user_that_is_not_there_is_named_in_the_sentence(void **state)
{
    char error[SANDBOX_ERROR] = "";
    const int none[] = {-1};

    (void)state;
    assert_int_equal(sandbox_user("no-such-user-here", none, error), -ENOENT);
    assert_non_null(strstr(error, "no-such-user-here"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sensor_can_only_read_and_write),
        cmocka_unit_test(a_courier_has_files_and_tcp_but_no_capture_and_no_programs),
        cmocka_unit_test(the_engine_has_files_but_no_network),
        cmocka_unit_test(only_the_runner_may_run_programs),
        cmocka_unit_test(a_user_that_is_not_there_is_named_in_the_sentence),
    };

    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
