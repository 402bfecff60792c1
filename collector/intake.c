/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol is in session.c; here are its socket, its clock and its log.
 */
#include "intake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "mem.h"
#include "text.h"

#define BUDGET     (UINT64_C(64) << 20)
#define PATIENCE   (5 * USEC_PER_SEC)
#define TELL_EVERY USEC_PER_MIN

struct intake {
    struct intake_settings set;
    struct wire *wire;
    struct wire_port *port;
    struct roster *roster;
    struct sessions *sessions;
    struct watch *timer;
    struct intake_counts counts;
    usec_t told_refused;
    int told_store;
    uint64_t commits; /* when the store was looked at last */
};

static struct moment now(void)
{
    return (struct moment){.now = clock_monotonic(), .wall = clock_wall()};
}

/* ------------------------------------------------------------------ callbacks */

static bool allowed(const char *key, void *arg)
{
    struct intake *i = arg;

    roster_refresh(i->roster, clock_monotonic());
    return roster_find(i->roster, key) != NULL;
}

/* Anybody can knock as often as they like: the log hears of it once a minute. */
static void on_refused(enum wire_refusal why, const char *key, const char *from,
                       void *arg)
{
    struct intake *i = arg;
    usec_t time = clock_monotonic();

    if (why == WIRE_REFUSED_KEY)
        i->counts.refused_keys++;
    else
        i->counts.refused_handshakes++;
    if (why != WIRE_REFUSED_KEY || !i->timer)
        return;
    if (i->told_refused && time - i->told_refused < TELL_EVERY)
        return;
    i->told_refused = time;
    log_warn(
        "refused a key that is not on the list of agents key=%s from=%s refused=%llu",
        key, from, (unsigned long long)i->counts.refused_keys);
}

static int send_now(const struct wire_peer *to, const struct wire_head *head,
                    const void *payload, size_t len, void *arg)
{
    struct intake *i = arg;

    return wire_send(i->port, to, head, payload, len);
}

static void on_notice(const struct intake_notice *n, void *arg)
{
    static const char *const sentences[] = {
        [INTAKE_NOTICE_SILENT] = "agent has not been heard for 5 min",
        [INTAKE_NOTICE_BACK] = "agent speaks again",
        [INTAKE_NOTICE_EPOCH] = "agent begins a new spool",
        [INTAKE_NOTICE_COPY] =
            "two machines speak with the key of this agent: one is a copy",
    };

    (void)arg;
    if (n->kind == INTAKE_NOTICE_BACK || n->kind == INTAKE_NOTICE_EPOCH)
        log_info("%s agent=%s", sentences[n->kind], n->agent);
    else
        log_warn("%s agent=%s", sentences[n->kind], n->agent);
}

static void hear_config(const char *agent, const struct wire_peer *from,
                        const struct wire_head *head, struct cur payload, void *arg)
{
    struct intake *i = arg;

    if (i->set.on_config)
        i->set.on_config(agent, from, head, payload, i->set.arg);
}

static void hear_answer(const char *agent, const struct wire_answer *answer, void *arg)
{
    struct intake *i = arg;

    if (i->set.on_answer)
        i->set.on_answer(agent, answer, i->set.arg);
}

static void hear_welcome(const char *agent, void *arg)
{
    struct intake *i = arg;

    if (i->set.on_welcome)
        i->set.on_welcome(agent, i->set.arg);
}

static void on_message(const struct wire_message *m, void *arg)
{
    struct intake *i = arg;

    sessions_receive(i->sessions, m, now());
}

/* Once when it begins to fail, and once when something was stored again. */
static void tell_store(struct intake *i, int r)
{
    uint64_t commits = sessions_counts(i->sessions)->commits;

    if (r < 0 && i->told_store != r) {
        log_error("cannot store what agents say: %s; they keep it and are asked again",
                  strerror(-r));
        i->told_store = r;
    } else if (r == 0 && i->told_store < 0 && commits != i->commits) {
        log_info("what agents say can be stored again");
        i->told_store = 0;
    }
    i->commits = commits;
}

static void on_turn(void *arg)
{
    struct intake *i = arg;

    tell_store(i, sessions_turn(i->sessions, now()));
}

static void on_second(void *arg)
{
    struct intake *i = arg;

    sessions_tick(i->sessions, now());
}

/* ------------------------------------------------------------------ opening */

static int listen_at(struct intake *i, char **ret_error)
{
    struct wire_calls calls = {.on_message = on_message, .on_turn = on_turn, .arg = i};
    int r = wire_listen(i->wire, i->set.address, &i->set.keys, &calls, &i->port);

    if (r == -EADDRINUSE)
        *ret_error = xasprintf("%s is taken: stop who listens there, or choose another "
                               "address in intake.listen",
                               i->set.address);
    else if (r == -EINVAL || r == -EPROTONOSUPPORT)
        *ret_error =
            xasprintf("cannot listen at \"%s\" with this key: an address looks like "
                      "tcp://0.0.0.0:5570, and `hallwatch keys new collector` "
                      "makes a key",
                      i->set.address);
    else if (r < 0)
        *ret_error = xasprintf("cannot listen at %s: %s", i->set.address, strerror(-r));
    return r;
}

static int test_the_door(struct intake *i, char **ret_error)
{
    enum wire_probe verdict = WIRE_PROBE_SILENT;
    char address[WIRE_ADDRESS];
    int r;

    wire_address(i->port, address);
    r = wire_probe(i->wire, address, i->set.keys.public,
                   i->set.patience ? i->set.patience : PATIENCE, &verdict);
    if (r == 0 && verdict == WIRE_PROBE_REFUSED)
        return 0;
    if (r < 0)
        *ret_error = xasprintf("cannot test the door at %s: %s", address, strerror(-r));
    else if (verdict == WIRE_PROBE_LET_IN)
        *ret_error =
            xasprintf("a random key was let in at %s: the intake stays closed; this "
                      "libzmq does not ask us who may come in",
                      address);
    else
        *ret_error =
            xasprintf("a random key was neither refused nor let in at %s in time: "
                      "the intake stays closed; can this machine connect to itself?",
                      address);
    return r < 0 ? r : -EACCES;
}

static int open_door(struct intake *i, char **ret_error)
{
    struct wire_gate gate = {.allowed = allowed, .on_refused = on_refused, .arg = i};
    int r;

    if (wire_key_is_known(i->set.keys.public)) {
        *ret_error = xasprintf("the collector's key is the one of ZeroMQ's manual, which "
                               "everybody knows: make one with `hallwatch keys new "
                               "collector`");
        return -EKEYREJECTED;
    }
    r = wire_new(i->set.loop, &gate, &i->wire);
    if (r < 0) {
        *ret_error = xasprintf(r == -EPROTONOSUPPORT
                                   ? "libzmq is older than 4.3.3 or has no CURVE: "
                                     "install a newer one"
                                   : "libzmq cannot be started");
        return r;
    }
    r = listen_at(i, ret_error);
    return r < 0 ? r : test_the_door(i, ret_error);
}

int intake_new(const struct intake_settings *set, struct intake **ret_intake,
               char **ret_error)
{
    auto_intake struct intake *i = xcalloc(1, sizeof(*i));
    struct sessions_settings sessions = {.store = set->store,
                                         .budget = set->budget ? set->budget : BUDGET,
                                         .send = send_now,
                                         .on_config = hear_config,
                                         .on_answer = hear_answer,
                                         .on_welcome = hear_welcome,
                                         .on_notice = on_notice,
                                         .arg = i};
    int r;

    i->set = *set;
    i->roster = sessions.roster = roster_new(set->store, clock_monotonic());
    i->sessions = sessions_new(&sessions);
    r = open_door(i, ret_error);
    if (r < 0)
        return r;
    i->timer = loop_watch_timer(set->loop, USEC_PER_SEC, USEC_PER_SEC, on_second, i);
    *ret_intake = take(i);
    return 0;
}

void intake_free(struct intake *i)
{
    if (!i)
        return;
    if (i->timer)
        sessions_bye(i->sessions);
    loop_unwatch(i->timer);
    wire_free(i->wire);
    sessions_free(i->sessions);
    roster_free(i->roster);
    crypt_wipe(&i->set.keys, sizeof(i->set.keys));
    free(i);
}

void intake_address(const struct intake *i, char ret_address[WIRE_ADDRESS])
{
    wire_address(i->port, ret_address);
}

int intake_say(struct intake *i, const struct wire_peer *to, const struct wire_head *head,
               const void *payload, size_t len)
{
    return wire_send(i->port, to, head, payload, len);
}

int intake_ask(struct intake *i, const char *agent, const struct wire_ask *ask)
{
    return sessions_ask(i->sessions, agent, ask, now());
}

void intake_set_bundle(struct intake *i, uint64_t serial)
{
    sessions_set_bundle(i->sessions, serial);
}

const struct intake_counts *intake_counts(struct intake *i)
{
    i->counts.sessions = sessions_counts(i->sessions);
    i->counts.dropped = wire_dropped(i->port);
    return &i->counts;
}
