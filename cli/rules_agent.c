/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hallwatch-agent as a child: what it says of a capture is what it would say on the wire.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/rules.h"
#include "mem.h"

struct args {
    const char **at;
    size_t count, capacity;
};

static void add(struct args *a, const char *option, const char *value)
{
    for (int i = 0; i < 2; i++) {
        a->at = xgrow(a->at, a->count, &a->capacity, sizeof(*a->at));
        a->at[a->count++] = i == 0 ? option : value;
    }
}

static struct args agent_args(const char *program, const char *pcap,
                              const struct world_settings *s, const char *lists,
                              const char *shipped, const char *events)
{
    struct args a = {0};

    a.at = xgrow(a.at, 0, &a.capacity, sizeof(*a.at));
    a.at[a.count++] = program;
    add(&a, "-r", pcap);
    for (int i = 0; i < s->path_count; i++)
        add(&a, "--rules", s->paths[i]);
    if (s->path_count == 0)
        add(&a, "--rules", shipped);
    if (s->district)
        add(&a, "--district", s->district);
    if (lists)
        add(&a, "--lists", lists);
    if (s->site)
        add(&a, "--site", s->site);
    if (events)
        add(&a, "--events", events);
    add(&a, NULL, NULL);
    return a;
}

static int start(const struct args *a, int out, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    int err;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    /* posix_spawn takes char *const *, and changes nothing. */
    err = posix_spawnp(ret_pid, a->at[0], &actions, NULL, (char *const *)(uintptr_t)a->at,
                       environ);
    posix_spawn_file_actions_destroy(&actions);
    return -err;
}

static void read_lines(int fd, agent_line_fn *fn, void *arg)
{
    auto_fclose FILE *file = fdopen(fd, "r");
    auto_free char *line = NULL;
    size_t room = 0;

    while (file && getline(&line, &room, file) > 0)
        fn(line, arg);
}

static int wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

/* argv ends with NULL. */
static int run(const struct args *a, agent_line_fn *fn, void *arg)
{
    pid_t pid = -1;
    int fds[2], err;

    if (pipe2(fds, O_CLOEXEC) != 0)
        return -errno;
    err = start(a, fds[1], &pid);
    close(fds[1]);
    if (err) {
        close(fds[0]);
        return err;
    }
    read_lines(fds[0], fn, arg);
    return wait_for(pid);
}

static int run_agent(const char *pcap, const struct world_settings *s, const char *lists,
                     const char *events, agent_line_fn *fn, void *arg)
{
    auto_free char *program = program_path("hallwatch-agent");
    auto_free char *shipped = share_path("rules/detect");
    struct args a = agent_args(program, pcap, s, lists, shipped, events);
    int err = run(&a, fn, arg);

    free(a.at);
    return err;
}

int rules_run_agent(const char *pcap, const struct world_settings *s, const char *lists,
                    agent_line_fn *fn, void *arg)
{
    return run_agent(pcap, s, lists, NULL, fn, arg);
}

int rules_run_agent_events(const char *pcap, const struct world_settings *s,
                           const char *lists, agent_line_fn *fn, void *arg)
{
    return run_agent(pcap, s, lists, "all", fn, arg);
}

/* "hallwatch-agent 0.1.0 (nDPI 4.2.0)" */
static void take_version(const char *line, void *arg)
{
    char **version = arg;
    const char *at = strstr(line, "(nDPI ");

    if (at && !*version)
        *version = xstrndup(at + 6, strcspn(at + 6, ")\n"));
}

char *agent_ndpi_version(void)
{
    auto_free char *program = program_path("hallwatch-agent");
    const char *argv[] = {program, "--version", NULL};
    char *version = NULL;

    (void)run(&(struct args){.at = argv, .count = 3}, take_version, &version);
    return version;
}
