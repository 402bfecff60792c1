/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records a second from an agent, through its durable spool and CURVE on loopback, to an
 * intake that acknowledges them: two processes, a store in memory that counts. What the
 * real store costs on top is in bench_store. Prints a table.
 *
 *   bench_wire [RECORDS [FOLDER]]    200,000; the spool lies in FOLDER (/tmp)
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/uplink.h"
#include "collector/intake.h"
#include "tests/unit/memory_store.h"

#define AT_ONCE 500
#define BACKLOG 50000 /* records that wait, at most */

struct speaker {
    struct loop *loop;
    struct spool *spool;
    struct uplink *uplink;
    char *document;
    size_t len;
    uint64_t said, count;
};

static double cpu_of(int who)
{
    struct rusage u;

    getrusage(who, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void stop(int number, void *arg)
{
    (void)number;
    loop_stop(arg, 0);
}

/* In a process of its own; tells its address by the pipe. */
static int be_intake(int to, const struct wire_keys *server,
                     const struct wire_keys *client)
{
    struct memory_store store;
    struct intake_agent agent = {.name = "box", .key = client->public};
    struct loop *loop = loop_new();
    struct intake_settings set = {.loop = loop,
                                  .store = &store.calls,
                                  .address = "tcp://127.0.0.1:*",
                                  .keys = *server};
    struct intake *intake;
    char address[WIRE_ADDRESS] = "", *error;

    memory_store_init(&store);
    store.keep_nothing = true;
    memory_agent_add(&store, &agent);
    if (intake_new(&set, &intake, &error) < 0)
        return 1;
    loop_watch_signal(loop, SIGTERM, stop, loop);
    intake_address(intake, address);
    if (write(to, address, sizeof(address)) < 0)
        return 1;
    loop_run(loop);
    fprintf(stderr, "intake: %" PRIu64 " records in %" PRIu64 " transactions\n",
            intake_counts(intake)->sessions->records[WIRE_ALERTS],
            intake_counts(intake)->sessions->commits);
    return 0;
}

static void speak(void *arg)
{
    struct speaker *s = arg;
    uint64_t acked = spool_oldest(s->spool, WIRE_ALERTS) - 1;

    for (unsigned n = 0; n < AT_ONCE && s->said < s->count && s->said - acked < BACKLOG;
         n++, s->said++)
        uplink_append(s->uplink, WIRE_ALERTS, s->document, s->len);
    if (acked == s->count)
        loop_stop(s->loop, 0);
}

static void measure(uint64_t count, size_t len, const char *folder)
{
    struct wire_keys server, client;
    struct speaker s = {.loop = NULL, .len = len, .count = count};
    auto_free char *path = xasprintf("%s/bench-wire-%d.db", folder, (int)getpid());
    struct spool_settings spool = {.path = path, .quota = UINT64_C(4) << 30};
    struct uplink_settings set = {.version = "bench"};
    char address[WIRE_ADDRESS];
    const char *addresses[] = {address};
    double cpu = cpu_of(RUSAGE_SELF), others = cpu_of(RUSAGE_CHILDREN);
    usec_t began;
    int pipes[2];
    pid_t child;

    wire_keys_new(&server);
    wire_keys_new(&client);
    if (pipe(pipes) < 0)
        exit(1);
    child = fork();
    if (child == 0)
        _exit(be_intake(pipes[1], &server, &client));
    if (read(pipes[0], address, sizeof(address)) <= 0)
        exit(1);

    s.loop = loop_new();
    s.document = xcalloc(1, len);
    memset(s.document, 'x', len);
    if (spool_open(&spool, &s.spool) < 0)
        exit(1);
    set.loop = s.loop;
    set.spool = s.spool;
    set.addresses = addresses;
    set.address_count = 1;
    set.server_key = server.public;
    set.keys = client;
    if (uplink_new(&set, &s.uplink) < 0)
        exit(1);
    loop_watch_timer(s.loop, 0, 1, speak, &s);
    began = clock_monotonic();
    loop_run(s.loop);
    began = clock_monotonic() - began;
    cpu = cpu_of(RUSAGE_SELF) - cpu;
    uplink_free(s.uplink);
    spool_close(s.spool);
    unlink(path);
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
    others = cpu_of(RUSAGE_CHILDREN) - others;
    printf("%8zu %12.0f %10.1f %14.2f %15.2f\n", len, (double)count * 1e6 / (double)began,
           (double)(count * len) / (double)began, cpu * 1e6 / (double)count,
           others * 1e6 / (double)count);
    free(s.document);
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
    const char *folder = argc > 2 ? argv[2] : "/tmp";

    if (crypt_init() < 0)
        return 1;
    printf("%8s %12s %10s %14s %15s\n", "bytes", "records/s", "MB/s", "agent us each",
           "intake us each");
    fflush(stdout);
    measure(count, 256, folder);
    measure(count, 800, folder);
    measure(count, 2000, folder);
    return 0;
}
