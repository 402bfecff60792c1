/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of the wire as a process of its own, to be killed: wire_kill.py does that.
 *
 *   wire_end keys                                  two pairs, public and secret, a line
 * each wire_end allow STORE NAME KEY                  puts an agent on the list wire_end
 * revoke STORE NAME wire_end intake STORE ADDRESS PUBLIC SECRET wire_end agent SPOOL
 * QUOTA COUNT SERVERKEY PUBLIC SECRET ADDRESS...
 *
 * An agent says documents that hold their own sequence number, until it has said COUNT,
 * and ends when all are acknowledged.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/uplink.h"
#include "collector/intake.h"
#include "collector/store_agent.h"
#include "collector/store_intake.h"
#include "log.h"

#define ALERT                                                                      \
    "{\"timestamp\":\"2026-11-23T09:00:00.000000+0000\",\"event_type\":\"alert\"," \
    "\"hallwatch\":{\"rule\":\"net.x\"},\"number\":%llu}"
#define AT_ONCE 200 /* documents a millisecond, at most */

static void fail(const char *what, int r)
{
    fprintf(stderr, "wire_end: %s: %s\n", what, strerror(-r));
    exit(1);
}

static void on_signal(int number, void *arg)
{
    (void)number;
    loop_stop(arg, 0);
}

/* ------------------------------------------------------------------ the store */

static struct store *open_store(const char *path)
{
    struct store_settings set = {.place = path, .district = "test", .create = true};
    struct store *store;
    auto_free char *error = NULL;
    int r = store_open(&set, &store, &error);

    if (r < 0)
        fail(error ? error : path, r);
    return store;
}

static int change_list(const char *path, const char *name, const char *key)
{
    auto_store struct store *store = open_store(path);
    int r = store_begin(store);

    if (r == 0)
        r = key ? store_agent_add(store, name, "site", key)
                : store_agent_revoke(store, name);
    if (r == 0)
        r = store_commit(store);
    if (r < 0)
        fail(store_error(store), r);
    return 0;
}

static int run_intake(char **argv)
{
    struct loop *loop = loop_new();
    auto_store struct store *store = open_store(argv[0]);
    struct store_intake *functions = store_intake_new(store);
    struct intake_settings set = {
        .loop = loop, .store = store_intake_functions(functions), .address = argv[1]};
    auto_free char *error = NULL;
    auto_intake struct intake *intake = NULL;

    log_open("intake", LOG_LEVEL_INFO);
    snprintf(set.keys.public, sizeof(set.keys.public), "%s", argv[2]);
    snprintf(set.keys.secret, sizeof(set.keys.secret), "%s", argv[3]);
    loop_watch_signal(loop, SIGTERM, on_signal, loop);
    if (intake_new(&set, &intake, &error) < 0) {
        fprintf(stderr, "wire_end: %s\n", error);
        return 1;
    }
    return loop_run(loop);
}

/* ------------------------------------------------------------------ the agent */

struct speaker {
    struct loop *loop;
    struct spool *spool;
    struct uplink *uplink;
    uint64_t next, count;
    bool all_said;
};

static void speak(void *arg)
{
    struct speaker *s = arg;
    char text[256];

    for (unsigned n = 0; n < AT_ONCE && s->next <= s->count; n++, s->next++) {
        int len = snprintf(text, sizeof(text), ALERT, (unsigned long long)s->next);

        uplink_append(s->uplink, WIRE_ALERTS, text, (size_t)len);
    }
    if (s->next > s->count && !s->all_said) {
        s->all_said = true;
        puts("all said");
        fflush(stdout);
    }
    if (s->next > s->count && spool_oldest(s->spool, WIRE_ALERTS) > s->count)
        loop_stop(s->loop, 0);
}

static int run_agent(int argc, char **argv)
{
    struct speaker s = {.loop = loop_new(), .count = strtoull(argv[2], NULL, 10)};
    struct spool_settings set = {.path = argv[0], .quota = strtoull(argv[1], NULL, 10)};
    struct uplink_settings uplink = {.loop = s.loop,
                                     .addresses = (const char *const *)argv + 6,
                                     .address_count = (size_t)argc - 6,
                                     .server_key = argv[3],
                                     .version = "0.1.0"};
    int r;

    log_open("agent", LOG_LEVEL_INFO);
    r = spool_open(&set, &s.spool);
    if (r < 0)
        fail(argv[0], r);
    uplink.spool = s.spool;
    snprintf(uplink.keys.public, sizeof(uplink.keys.public), "%s", argv[4]);
    snprintf(uplink.keys.secret, sizeof(uplink.keys.secret), "%s", argv[5]);
    r = uplink_boot_id(uplink.boot);
    if (r == 0)
        r = uplink_new(&uplink, &s.uplink);
    if (r < 0)
        fail("the uplink", r);
    s.next = spool_newest(s.spool, WIRE_ALERTS) + 1;
    loop_watch_timer(s.loop, 0, USEC_PER_MSEC, speak, &s);
    loop_watch_signal(s.loop, SIGTERM, on_signal, s.loop);
    r = loop_run(s.loop);
    printf("said %llu acknowledged %llu lost %llu\n",
           (unsigned long long)spool_newest(s.spool, WIRE_ALERTS),
           (unsigned long long)spool_oldest(s.spool, WIRE_ALERTS) - 1,
           (unsigned long long)spool_counts(s.spool)->streams[WIRE_ALERTS].lost);
    uplink_free(s.uplink);
    spool_close(s.spool);
    return r;
}

static int print_keys(void)
{
    struct wire_keys keys;

    for (unsigned i = 0; i < 2; i++) {
        if (wire_keys_new(&keys) < 0)
            return 1;
        printf("%s %s\n", keys.public, keys.secret);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (crypt_init() < 0)
        return 1;
    if (argc == 2 && strcmp(argv[1], "keys") == 0)
        return print_keys();
    if (argc == 5 && strcmp(argv[1], "allow") == 0)
        return change_list(argv[2], argv[3], argv[4]);
    if (argc == 4 && strcmp(argv[1], "revoke") == 0)
        return change_list(argv[2], argv[3], NULL);
    if (argc == 6 && strcmp(argv[1], "intake") == 0)
        return run_intake(argv + 2);
    if (argc >= 9 && strcmp(argv[1], "agent") == 0)
        return run_agent(argc - 2, argv + 2);
    fprintf(stderr, "wire_end: see the top of wire_end.c\n");
    return 2;
}
