/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

#define PATIENCE 5000 /* turns of a millisecond: a guard against hanging */

struct end {
    struct wire_port *port;
    unsigned messages, turns, ready;
    uint64_t last_seq;
    struct wire_peer peer;
    char key[CRYPT_Z85];
    bool close_at_message;
};

struct world {
    struct loop *loop;
    struct wire *wire;
    struct wire_keys server, client;
    struct end intake, agent;
    bool nobody_allowed;
    unsigned asked, refused_keys, refused_handshakes;
    char refused_key[CRYPT_Z85];
    char refused_from[64];
};

static bool allowed(const char *key, void *arg)
{
    struct world *w = arg;

    w->asked++;
    return !w->nobody_allowed && strcmp(key, w->client.public) == 0;
}

static void on_refused(enum wire_refusal why, const char *key, const char *from,
                       void *arg)
{
    struct world *w = arg;

    if (why == WIRE_REFUSED_HANDSHAKE)
        w->refused_handshakes++;
    if (why != WIRE_REFUSED_KEY || !*key)
        return;
    w->refused_keys++;
    snprintf(w->refused_key, sizeof(w->refused_key), "%s", key);
    snprintf(w->refused_from, sizeof(w->refused_from), "%s", from);
}

static void on_message(const struct wire_message *m, void *arg)
{
    struct end *e = arg;
    struct wire_head head;
    struct cur payload;

    assert_int_equal(wire_message_parse(m->bytes, m->len, &head, &payload), 0);
    e->messages++;
    e->last_seq = head.seq;
    e->peer = m->peer;
    snprintf(e->key, sizeof(e->key), "%s", m->key);
    if (e->close_at_message) {
        wire_close(e->port);
        e->port = NULL;
    }
}

static void on_turn(void *arg)
{
    struct end *e = arg;

    e->turns++;
}

static void on_ready(void *arg)
{
    struct end *e = arg;

    e->ready++;
}

static struct wire_calls calls(struct end *e)
{
    return (struct wire_calls){
        .on_message = on_message, .on_turn = on_turn, .on_ready = on_ready, .arg = e};
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct wire_gate gate = {.allowed = allowed, .on_refused = on_refused, .arg = w};
    struct wire_calls c;

    if (!w)
        return -1;
    w->loop = loop_new();
    c = calls(&w->intake);
    assert_int_equal(wire_keys_new(&w->server), 0);
    assert_int_equal(wire_keys_new(&w->client), 0);
    assert_int_equal(wire_new(w->loop, &gate, &w->wire), 0);
    assert_int_equal(
        wire_listen(w->wire, "tcp://127.0.0.1:*", &w->server, &c, &w->intake.port), 0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    wire_free(w->wire);
    loop_free(w->loop);
    free(w);
    return 0;
}

static void connect_with(struct world *w, const struct wire_keys *keys, struct end *e)
{
    struct wire_calls c = calls(e);
    char address[WIRE_ADDRESS];

    wire_address(w->intake.port, address);
    assert_int_equal(wire_connect(w->wire, address, w->server.public, keys, &c, &e->port),
                     0);
}

static void turn(struct world *w)
{
    loop_turn(w->loop);
    usleep(1000);
}

/* Turns the loop until *counter has reached that many. */
static void await(struct world *w, const unsigned *counter, unsigned many)
{
    for (int n = 0; n < PATIENCE && *counter < many; n++)
        turn(w);
    assert_true(*counter >= many);
}

static int send_seq(struct end *e, const struct wire_peer *to, uint64_t seq)
{
    struct wire_head head = {.type = WIRE_BATCH, .stream = WIRE_ALERTS, .seq = seq};

    return wire_send(e->port, to, &head, "payload", 7);
}

static void a_message_comes_with_the_key_of_who_sent_it(void **state)
{
    struct world *w = *state;

    connect_with(w, &w->client, &w->agent);
    await(w, &w->agent.ready, 1);
    assert_int_equal(send_seq(&w->agent, NULL, 7), 0);
    await(w, &w->intake.messages, 1);
    assert_int_equal(w->intake.last_seq, 7);
    assert_string_equal(w->intake.key, w->client.public);
    assert_int_equal(w->intake.turns, 1);
}

static void an_answer_reaches_who_asked(void **state)
{
    struct world *w = *state;

    connect_with(w, &w->client, &w->agent);
    await(w, &w->agent.ready, 1);
    assert_int_equal(send_seq(&w->agent, NULL, 1), 0);
    await(w, &w->intake.messages, 1);
    assert_int_equal(send_seq(&w->intake, &w->intake.peer, 99), 0);
    await(w, &w->agent.messages, 1);
    assert_int_equal(w->agent.last_seq, 99);
    assert_string_equal(w->agent.key, "");
}

static void a_key_that_is_not_allowed_is_refused_and_named(void **state)
{
    struct world *w = *state;
    struct wire_keys stranger;

    assert_int_equal(wire_keys_new(&stranger), 0);
    connect_with(w, &stranger, &w->agent);
    await(w, &w->refused_keys, 1);
    assert_string_equal(w->refused_key, stranger.public);
    assert_string_equal(w->refused_from, "127.0.0.1");
    assert_int_equal(send_seq(&w->agent, NULL, 1), -EAGAIN);
    assert_int_equal(w->agent.ready, 0);
    assert_int_equal(w->intake.messages, 0);
}

static void who_has_another_servers_key_is_counted(void **state)
{
    struct world *w = *state;
    struct wire_keys other;

    assert_int_equal(wire_keys_new(&other), 0);
    w->server = other; /* what the agent believes, no longer what the intake has */
    connect_with(w, &w->client, &w->agent);
    await(w, &w->refused_handshakes, 1);
    assert_int_equal(w->asked, 0);
    assert_int_equal(w->agent.ready, 0);
}

static void nothing_is_taken_for_an_address_where_nobody_is(void **state)
{
    struct world *w = *state;
    struct wire_calls c = calls(&w->agent);

    assert_int_equal(wire_connect(w->wire, "tcp://127.0.0.1:1", w->server.public,
                                  &w->client, &c, &w->agent.port),
                     0);
    for (int n = 0; n < 20; n++)
        turn(w);
    assert_int_equal(send_seq(&w->agent, NULL, 1), -EAGAIN);
}

static void a_peer_that_was_never_there_is_unreachable(void **state)
{
    struct world *w = *state;
    struct wire_peer nobody = {.len = 5, .id = {0, 1, 2, 3, 4}};

    assert_int_equal(send_seq(&w->intake, &nobody, 1), -EHOSTUNREACH);
}

static void a_full_peer_is_told_and_nothing_vanishes(void **state)
{
    struct world *w = *state;
    unsigned sent = 0;
    uint8_t *big = calloc(1, 1 << 16);
    struct wire_head head = {.type = WIRE_BATCH};

    assert_non_null(big);
    connect_with(w, &w->client, &w->agent);
    await(w, &w->agent.ready, 1);
    while (wire_send(w->agent.port, NULL, &head, big, 1 << 16) == 0)
        sent++;
    assert_true(sent >= 10 && sent < 2000); /* what libzmq and TCP hold at most */
    await(w, &w->intake.messages, sent);
    await(w, &w->agent.ready, 2);
    assert_int_equal(w->intake.messages, sent);
    free(big);
}

static void more_messages_than_a_turn_takes_all_come(void **state)
{
    struct world *w = *state;
    unsigned sent = 0;

    connect_with(w, &w->client, &w->agent);
    await(w, &w->agent.ready, 1);
    while (sent < 3000) {
        if (send_seq(&w->agent, NULL, sent) == 0)
            sent++;
        else
            turn(w);
    }
    await(w, &w->intake.messages, sent);
    assert_int_equal(w->intake.last_seq, 2999);
}

/* What one turn leaves behind is told by no descriptor. */
static void more_than_a_turn_that_waits_already_all_comes(void **state)
{
    struct world *w = *state;
    struct end agents[8] = {0};

    for (unsigned i = 0; i < 8; i++) {
        connect_with(w, &w->client, &agents[i]);
        await(w, &agents[i].ready, 1);
    }
    for (unsigned i = 0; i < 8; i++)
        for (unsigned n = 0; n < 60;) {
            if (send_seq(&agents[i], NULL, n) == 0)
                n++;
            else
                usleep(1000); /* libzmq's thread carries it away; the loop doesn't turn */
        }
    usleep(200000); /* until all of it waits to be read */
    await(w, &w->intake.messages, 8 * 60);
    assert_true(w->intake.turns >= 2);
}

/* Sending takes up what libzmq had to tell, and would keep it for itself. */
static void a_message_that_came_before_we_sent_is_read_all_the_same(void **state)
{
    struct world *w = *state;

    connect_with(w, &w->client, &w->agent);
    await(w, &w->agent.ready, 1);
    assert_int_equal(send_seq(&w->agent, NULL, 1), 0);
    await(w, &w->intake.messages, 1);
    for (unsigned i = 1; i <= 20; i++) {
        assert_int_equal(send_seq(&w->intake, &w->intake.peer, i), 0);
        usleep(5000); /* until it has come */
        assert_int_equal(send_seq(&w->agent, NULL, i), 0);
        await(w, &w->agent.messages, i);
    }
}

static void a_port_may_be_closed_by_its_own_message(void **state)
{
    struct world *w = *state;

    connect_with(w, &w->client, &w->agent);
    await(w, &w->agent.ready, 1);
    w->agent.close_at_message = true;
    assert_int_equal(send_seq(&w->agent, NULL, 1), 0);
    await(w, &w->intake.messages, 1);
    assert_int_equal(send_seq(&w->intake, &w->intake.peer, 2), 0);
    assert_int_equal(send_seq(&w->intake, &w->intake.peer, 3), 0);
    await(w, &w->agent.messages, 1);
    for (int n = 0; n < 50; n++)
        turn(w);
    assert_int_equal(w->agent.messages, 1);
    assert_null(w->agent.port);
}

static void a_listening_port_needs_somebody_who_decides(void **state)
{
    struct world *w = *state;
    struct wire_gate open = {0};
    struct wire_calls c = calls(&w->agent);
    struct wire *other;

    assert_int_equal(wire_new(w->loop, &open, &other), 0);
    assert_int_equal(
        wire_listen(other, "tcp://127.0.0.1:*", &w->server, &c, &w->agent.port), -EINVAL);
    wire_free(other);
}

static void a_taken_address_and_a_wrong_one_are_told(void **state)
{
    struct world *w = *state;
    struct wire_calls c = calls(&w->agent);
    char address[WIRE_ADDRESS];

    wire_address(w->intake.port, address);
    assert_int_equal(wire_listen(w->wire, address, &w->server, &c, &w->agent.port),
                     -EADDRINUSE);
    assert_int_equal(wire_listen(w->wire, "nonsense", &w->server, &c, &w->agent.port),
                     -EINVAL);
    assert_int_equal(
        wire_connect(w->wire, address, "no key", &w->client, &c, &w->agent.port),
        -EINVAL);
}

static void a_wildcard_is_probed_by_loopback(void **state)
{
    struct world *w = *state;
    struct wire_calls c = calls(&w->agent);
    char address[WIRE_ADDRESS];

    assert_int_equal(
        wire_listen(w->wire, "tcp://0.0.0.0:*", &w->server, &c, &w->agent.port), 0);
    wire_address(w->agent.port, address);
    assert_memory_equal(address, "tcp://127.0.0.1:", 16);
}

static enum wire_probe probe(struct world *w, struct wire *from, usec_t patience)
{
    enum wire_probe verdict;
    char address[WIRE_ADDRESS];

    wire_address(w->intake.port, address);
    assert_int_equal(wire_probe(from, address, w->server.public, patience, &verdict), 0);
    return verdict;
}

static void a_random_key_is_refused_at_the_door(void **state)
{
    struct world *w = *state;

    assert_int_equal(probe(w, w->wire, 5 * USEC_PER_SEC), WIRE_PROBE_REFUSED);
    assert_int_equal(w->refused_keys, 1);
    connect_with(w, &w->client, &w->agent);
    await(w, &w->agent.ready, 1); /* and the gate still works afterwards */
}

/* From another wire: the one whose door it is has no loop turning then. */
static void a_door_where_nobody_answers_is_not_taken_for_a_closed_one(void **state)
{
    struct world *w = *state;
    struct wire_gate none = {0};
    struct wire *other;

    assert_int_equal(wire_new(w->loop, &none, &other), 0);
    assert_int_equal(probe(w, other, USEC_PER_SEC / 4), WIRE_PROBE_SILENT);
    wire_free(other);
}

static void the_keys_of_the_manual_are_known(void **state)
{
    struct world *w = *state;

    assert_true(wire_key_is_known("Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"));
    assert_false(wire_key_is_known(w->client.public));
    assert_true(wire_key_is_valid(w->client.public));
    assert_false(wire_key_is_valid("too short"));
    assert_false(wire_key_is_valid("\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""
                                   "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_message_comes_with_the_key_of_who_sent_it),
        WITH_FIXTURE(an_answer_reaches_who_asked),
        WITH_FIXTURE(a_key_that_is_not_allowed_is_refused_and_named),
        WITH_FIXTURE(who_has_another_servers_key_is_counted),
        WITH_FIXTURE(nothing_is_taken_for_an_address_where_nobody_is),
        WITH_FIXTURE(a_peer_that_was_never_there_is_unreachable),
        WITH_FIXTURE(a_full_peer_is_told_and_nothing_vanishes),
        WITH_FIXTURE(more_messages_than_a_turn_takes_all_come),
        WITH_FIXTURE(more_than_a_turn_that_waits_already_all_comes),
        WITH_FIXTURE(a_message_that_came_before_we_sent_is_read_all_the_same),
        WITH_FIXTURE(a_port_may_be_closed_by_its_own_message),
        WITH_FIXTURE(a_listening_port_needs_somebody_who_decides),
        WITH_FIXTURE(a_taken_address_and_a_wrong_one_are_told),
        WITH_FIXTURE(a_wildcard_is_probed_by_loopback),
        WITH_FIXTURE(a_random_key_is_refused_at_the_door),
        WITH_FIXTURE(a_door_where_nobody_answers_is_not_taken_for_a_closed_one),
        WITH_FIXTURE(the_keys_of_the_manual_are_known),
    };

    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
