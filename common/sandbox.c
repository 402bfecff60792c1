/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensor's filter is a list of what it may do, everything else ends it. The others'
 * is a list of what they may not do: they use libraries (SQLite, ZeroMQ, curl) whose
 * needs change between releases, and what must never happen is what has to be shut out.
 */
#include "sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define CAPABILITIES_MAX 64 /* of the kernel's 64-bit sets */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FILTERED false
#else
#define FILTERED true
#endif

const int sandbox_no_capability[] = {-1};
const int sandbox_may_capture[] = {CAP_NET_RAW, -1};

static const char *const sensor_may[] = {
    /* its capture, its courier, its clock */
    "read",
    "readv",
    "write",
    "writev",
    "recvfrom",
    "recvmsg",
    "sendto",
    "sendmsg",
    "poll",
    "ppoll",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_ctl",
    "timerfd_settime",
    "getsockopt",
    "clock_gettime",
    "gettimeofday",
    "time",
    "restart_syscall",
    "lseek",
    "fstat",
    "newfstatat",
    "close",
    "fcntl",
    /* memory */
    "brk",
    "mmap",
    "munmap",
    "mremap",
    "madvise",
    "futex",
    "getrandom",
    /* its end */
    "rt_sigreturn",
    "rt_sigprocmask",
    "rt_sigaction",
    "sigaltstack",
    "getpid",
    "gettid",
    "getppid",
    "tgkill",
    "exit",
    "exit_group",
};

/* Nobody here has any business with these. */
static const char *const nobody_may[] = {
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "kexec_load",
    "init_module",
    "finit_module",
    "delete_module",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "add_key",
    "keyctl",
    "request_key",
    "reboot",
    "swapon",
    "swapoff",
    "settimeofday",
    "clock_settime",
    "setns",
    "unshare",
    "open_by_handle_at",
    "iopl",
    "ioperm",
    "acct",
};

struct limits {
    bool may_exec, may_fork, may_network, may_capture;
};

static const struct limits limits_of[] = {
    [SANDBOX_COURIER] = {.may_network = true},
    /* Whatever it may not do, the processes that it forks may not do either. */
    [SANDBOX_WARDEN] = {.may_fork = true, .may_network = true, .may_capture = true},
    [SANDBOX_STORE] = {0},
    [SANDBOX_SERVER] = {.may_network = true},
    [SANDBOX_RUNNER] = {.may_network = true, .may_fork = true, .may_exec = true},
};

/* ---- capabilities and user ---- */

/* Of those that there are: who was never given one goes on without it. */
static void keep_only(const int *capabilities)
{
    bool there[CAPABILITIES_MAX] = {false};

    for (size_t i = 0; capabilities && capabilities[i] >= 0; i++)
        there[i] = capng_have_capability(CAPNG_PERMITTED, (unsigned)capabilities[i]);
    capng_clear(CAPNG_SELECT_ALL);
    for (size_t i = 0; capabilities && capabilities[i] >= 0; i++)
        if (there[i])
            capng_update(CAPNG_ADD,
                         CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
                         (unsigned)capabilities[i]);
}

static int no_new_privileges(char ret_error[SANDBOX_ERROR])
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        return 0;
    snprintf(ret_error, SANDBOX_ERROR, "the kernel refused PR_SET_NO_NEW_PRIVS: %s",
             strerror(errno));
    return -errno;
}

int sandbox_keep_capabilities(const int *capabilities, char ret_error[SANDBOX_ERROR])
{
    capng_select_t sets = CAPNG_SELECT_CAPS;

    capng_get_caps_process();
    if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
        sets = CAPNG_SELECT_BOTH;
    keep_only(capabilities);
    if (capng_apply(sets) != 0) {
        snprintf(ret_error, SANDBOX_ERROR, "capabilities cannot be given up: %s",
                 strerror(errno));
        return -EPERM;
    }
    return no_new_privileges(ret_error);
}

int sandbox_user(const char *user, const int *capabilities, char ret_error[SANDBOX_ERROR])
{
    const struct passwd *pw;

    errno = 0;
    pw = getpwnam(user);
    if (!pw) {
        snprintf(
            ret_error, SANDBOX_ERROR,
            "there is no user \"%s\": create it (adduser --system --group %s) or name "
            "another one as \"user\"",
            user, user);
        return -ENOENT;
    }
    if (getuid() == pw->pw_uid && geteuid() == pw->pw_uid)
        return sandbox_keep_capabilities(capabilities, ret_error);
    if (initgroups(user, pw->pw_gid) != 0) {
        snprintf(ret_error, SANDBOX_ERROR, "cannot become user \"%s\": %s", user,
                 strerror(errno));
        return -EPERM;
    }
    capng_get_caps_process();
    keep_only(capabilities);
    if (capng_change_id((int)pw->pw_uid, (int)pw->pw_gid, CAPNG_NO_FLAG) != 0) {
        snprintf(ret_error, SANDBOX_ERROR, "cannot become user \"%s\": %s", user,
                 strerror(errno));
        return -EPERM;
    }
    return no_new_privileges(ret_error);
}

/* ---- system calls ---- */

static int add_rule(scmp_filter_ctx filter, uint32_t action, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);

    /* A kernel or processor that does not have the call needs no rule for it. */
    if (number == __NR_SCMP_ERROR || number < 0)
        return 0;
    return seccomp_rule_add(filter, action, number, 0);
}

static scmp_filter_ctx sensor_filter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

    for (size_t i = 0; filter && i < COUNT(sensor_may); i++)
        add_rule(filter, SCMP_ACT_ALLOW, sensor_may[i]);
    return filter;
}

/* Threads are libraries' business, processes are not. clone3 hides its flags from a
 * filter; told that it does not exist, the C library uses clone. */
static void shut_fork(scmp_filter_ctx filter)
{
    add_rule(filter, SCMP_ACT_KILL_PROCESS, "fork");
    add_rule(filter, SCMP_ACT_KILL_PROCESS, "vfork");
    add_rule(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3");
    seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
                     SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
}

/* A family is an int: the upper half of its register means nothing to the kernel. A ring
 * (io_uring) makes sockets of its own; programs do without it where it is not there. */
static void shut_network(scmp_filter_ctx filter, const struct limits *l)
{
    static const int never[] = {AF_PACKET, AF_BLUETOOTH, AF_VSOCK, AF_ALG};
    static const int network[] = {AF_INET, AF_INET6};

    add_rule(filter, SCMP_ACT_ERRNO(ENOSYS), "io_uring_setup");
    for (size_t i = l->may_capture ? 1 : 0; i < COUNT(never); i++)
        seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), 1,
                         SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)never[i]));
    for (size_t i = 0; !l->may_network && i < COUNT(network); i++)
        seccomp_rule_add(
            filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), 1,
            SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)network[i]));
}

static scmp_filter_ctx process_filter(const struct limits *l)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    if (!filter)
        return NULL;
    for (size_t i = 0; i < COUNT(nobody_may); i++)
        add_rule(filter, SCMP_ACT_KILL_PROCESS, nobody_may[i]);
    if (!l->may_exec) {
        add_rule(filter, SCMP_ACT_KILL_PROCESS, "execve");
        add_rule(filter, SCMP_ACT_KILL_PROCESS, "execveat");
    }
    if (!l->may_fork)
        shut_fork(filter);
    shut_network(filter, l);
    return filter;
}

int sandbox_enter(enum sandbox_role role, char ret_error[SANDBOX_ERROR])
{
    const struct rlimit no_core = {0, 0};
    scmp_filter_ctx filter;
    int error;

    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    setrlimit(RLIMIT_CORE, &no_core);
    error = no_new_privileges(ret_error);
    if (error || !FILTERED)
        return error;
    filter = role == SANDBOX_SENSOR ? sensor_filter() : process_filter(&limits_of[role]);
    error = filter ? seccomp_load(filter) : -ENOMEM;
    if (error)
        snprintf(
            ret_error, SANDBOX_ERROR,
            "the kernel refused the system call filter (%s): it needs CONFIG_SECCOMP_FILTER",
            strerror(-error));
    seccomp_release(filter);
    return error;
}
