/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An intake and an uplink with real sockets between them, strangers that knock, peers
 * that speak rubbish, and a libzmq that is sabotaged: the calls below stand in front of
 * the real ones.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>
#include <zmq.h>

#include "agent/uplink.h"
#include "collector/intake.h"
#include "memory_store.h"

#define PATIENCE 5000 /* turns of a millisecond: a guard against hanging */
#define ZAP      "inproc://zeromq.zap.01"

static enum {
    HONEST,
    NO_ZAP,       /* nobody is there to ask */
    SILENT_ZAP,   /* nobody answers */
    GENEROUS_ZAP, /* everybody is let in */
    NO_DOMAIN,    /* libzmq doesn't take the option that makes it ask */
} sabotage;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int zmq_bind(void *socket, const char *address)
{
    if (sabotage == NO_ZAP && strcmp(address, ZAP) == 0)
        return 0;
    return REAL(zmq_bind)(socket, address);
}

/* Only ZAP's answers, and the routing id of a peer, are sent by this call. */
int zmq_send(void *socket, const void *bytes, size_t len, int flags)
{
    bool status = len == 3 && memcmp(bytes, "400", 3) == 0;

    if (sabotage == SILENT_ZAP)
        return (int)len;
    return REAL(zmq_send)(socket, sabotage == GENEROUS_ZAP && status ? "200" : bytes, len,
                          flags);
}

int zmq_setsockopt(void *socket, int option, const void *value, size_t len)
{
    if (sabotage == NO_DOMAIN && option == 93)
        return 0;
    return REAL(zmq_setsockopt)(socket, option, value, len);
}

struct world {
    char folder[64];
    char path[96];
    struct loop *loop;
    struct memory_store store;
    struct wire_keys server, client;
    struct intake *intake;
    struct spool *spool;
    struct uplink *uplink;
    char address[WIRE_ADDRESS];
    const char *addresses[2];
    size_t address_count;
    usec_t patience;
};

static int open_intake(struct world *w, const char *address, char **ret_error)
{
    struct intake_settings set = {.loop = w->loop,
                                  .store = &w->store.calls,
                                  .address = address,
                                  .keys = w->server,
                                  .patience = w->patience};

    return intake_new(&set, &w->intake, ret_error);
}

static void start_intake(struct world *w, const char *address)
{
    auto_free char *error = NULL;

    assert_int_equal(open_intake(w, address, &error), 0);
    intake_address(w->intake, w->address);
}

static void start_uplink(struct world *w, const struct wire_keys *keys)
{
    struct uplink_settings set = {.loop = w->loop,
                                  .spool = w->spool,
                                  .addresses = w->addresses,
                                  .address_count = w->address_count,
                                  .server_key = w->server.public,
                                  .keys = *keys,
                                  .version = "0.1.0",
                                  .boot = {1}};

    assert_int_equal(uplink_new(&set, &w->uplink), 0);
}

static int set_up(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));
    struct spool_settings spool = {.path = w->path, .quota = 64 << 20};
    struct intake_agent agent = {.name = "one", .key = w->client.public};

    sabotage = HONEST;
    assert_int_equal(crypt_init(), 0);
    snprintf(w->folder, sizeof(w->folder), "%s/wire-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->path, sizeof(w->path), "%s/spool.db", w->folder);
    assert_int_equal(spool_open(&spool, &w->spool), 0);
    assert_int_equal(wire_keys_new(&w->server), 0);
    assert_int_equal(wire_keys_new(&w->client), 0);
    memory_store_init(&w->store);
    memory_agent_add(&w->store, &agent);
    w->loop = loop_new();
    w->addresses[0] = w->address;
    w->address_count = 1;
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    uplink_free(w->uplink);
    intake_free(w->intake);
    spool_close(w->spool);
    loop_free(w->loop);
    memory_store_done(&w->store);
    unlink(w->path);
    rmdir(w->folder);
    free(w);
    return 0;
}

static void turn(struct world *w)
{
    loop_turn(w->loop);
    usleep(1000);
}

#define AWAIT(w, condition)                                   \
    do {                                                      \
        for (int n_ = 0; n_ < PATIENCE && !(condition); n_++) \
            turn(w);                                          \
        assert_true(condition);                               \
    } while (0)

static void append(struct world *w, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(uplink_append(w->uplink, WIRE_ALERTS, "{\"alert\":1}", 11), 0);
}

static bool is_up(struct world *w)
{
    return uplink_counts(w->uplink)->link->state == LINK_UP;
}

/* ------------------------------------------------------------------ the usual way */

static void an_alert_comes_from_the_spool_into_the_store(void **state)
{
    struct world *w = *state;

    start_intake(w, "tcp://127.0.0.1:*");
    start_uplink(w, &w->client);
    append(w, 1000);
    AWAIT(w,
          w->store.now.row_count == 1000 && spool_oldest(w->spool, WIRE_ALERTS) == 1001);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(w->store.rows[i].seq, i + 1);
    assert_int_equal(intake_counts(w->intake)->sessions->repeats, 0);
}

static void what_was_said_before_there_is_an_intake_comes_later(void **state)
{
    struct world *w = *state;

    start_intake(w, "tcp://127.0.0.1:*");
    intake_free(take(w->intake));
    start_uplink(w, &w->client);
    append(w, 100);
    for (unsigned i = 0; i < 100; i++)
        turn(w);
    assert_int_equal(spool_newest(w->spool, WIRE_ALERTS), 100);
    start_intake(w, w->address);
    AWAIT(w, w->store.now.row_count == 100);
}

static void an_intake_that_was_started_again_misses_nothing(void **state)
{
    struct world *w = *state;

    start_intake(w, "tcp://127.0.0.1:*");
    start_uplink(w, &w->client);
    append(w, 100);
    AWAIT(w, w->store.now.row_count == 100);
    intake_free(take(w->intake));
    append(w, 100);
    start_intake(w, w->address);
    AWAIT(w, w->store.now.row_count == 200);
    for (unsigned i = 0; i < 200; i++)
        assert_int_equal(w->store.rows[i].seq, i + 1);
}

static void a_store_that_fails_for_a_while_gets_everything_once(void **state)
{
    struct world *w = *state;

    start_intake(w, "tcp://127.0.0.1:*");
    start_uplink(w, &w->client);
    AWAIT(w, is_up(w));
    w->store.fail_commit = -ENOSPC;
    append(w, 100);
    AWAIT(w, intake_counts(w->intake)->sessions->failed > 0);
    append(w, 100);
    assert_int_equal(w->store.now.row_count, 0);
    w->store.fail_commit = 0;
    AWAIT(w, w->store.now.row_count == 200);
    for (unsigned i = 0; i < 200; i++)
        assert_int_equal(w->store.rows[i].seq, i + 1);
}

static void an_agent_that_stops_says_so(void **state)
{
    struct world *w = *state;

    start_intake(w, "tcp://127.0.0.1:*");
    start_uplink(w, &w->client);
    AWAIT(w, is_up(w));
    assert_int_equal(intake_counts(w->intake)->sessions->open, 1);
    uplink_free(take(w->uplink));
    AWAIT(w, intake_counts(w->intake)->sessions->open == 0);
}

static void an_intake_that_goes_is_noticed_at_once(void **state)
{
    struct world *w = *state;

    start_intake(w, "tcp://127.0.0.1:*");
    start_uplink(w, &w->client);
    AWAIT(w, is_up(w));
    intake_free(take(w->intake));
    AWAIT(w, uplink_counts(w->uplink)->link->state == LINK_CLOSED);
}

static void the_next_address_is_tried_when_nobody_is_at_the_first(void **state)
{
    struct world *w = *state;
    static const char nobody[] = "tcp://127.0.0.1:1";

    start_intake(w, "tcp://127.0.0.1:*");
    w->addresses[0] = nobody;
    w->addresses[1] = w->address;
    w->address_count = 2;
    start_uplink(w, &w->client);
    append(w, 1);
    AWAIT(w, w->store.now.row_count == 1);
    assert_string_equal(uplink_counts(w->uplink)->address, w->address);
}

/* ------------------------------------------------------------------ who may come in */

static void an_unknown_key_is_refused_and_counted(void **state)
{
    struct world *w = *state;
    struct wire_keys stranger;

    assert_int_equal(wire_keys_new(&stranger), 0);
    start_intake(w, "tcp://127.0.0.1:*");
    assert_int_equal(intake_counts(w->intake)->refused_keys, 1); /* its own knock */
    start_uplink(w, &stranger);
    append(w, 1);
    AWAIT(w, intake_counts(w->intake)->refused_keys >= 2);
    AWAIT(w, uplink_counts(w->uplink)->refused_keys > 0);
    assert_int_equal(intake_counts(w->intake)->sessions->messages, 0);
}

static void a_key_that_is_added_comes_in_without_a_restart(void **state)
{
    struct world *w = *state;
    struct wire_keys late;
    struct intake_agent agent = {.name = "late", .key = late.public};

    assert_int_equal(wire_keys_new(&late), 0);
    start_intake(w, "tcp://127.0.0.1:*");
    memory_agent_add(&w->store, &agent);
    start_uplink(w, &late);
    append(w, 1);
    AWAIT(w, w->store.now.row_count == 1);
    assert_string_equal(w->store.rows[0].agent, "late");
}

static void the_next_message_of_a_revoked_key_is_refused(void **state)
{
    struct world *w = *state;

    start_intake(w, "tcp://127.0.0.1:*");
    start_uplink(w, &w->client);
    append(w, 1);
    AWAIT(w, w->store.now.row_count == 1);
    memory_agent_revoke(&w->store, "one", 1);
    append(w, 1);
    AWAIT(w, uplink_counts(w->uplink)->link->state == LINK_CLOSED);
    assert_int_equal(w->store.now.row_count, 1);
    assert_int_equal(spool_oldest(w->spool, WIRE_ALERTS), 2); /* it is not lost either */
}

/* ------------------------------------------------------------------ a door that is open
 */

static void assert_stays_closed(struct world *w, const char *because)
{
    auto_free char *error = NULL;

    w->patience = USEC_PER_SEC / 2;
    assert_true(open_intake(w, "tcp://127.0.0.1:*", &error) < 0);
    assert_non_null(error);
    assert_non_null(strstr(error, because));
    assert_null(w->intake);
}

static void an_intake_that_nobody_can_ask_does_not_open(void **state)
{
    sabotage = NO_ZAP;
    assert_stays_closed(*state, "stays closed");
}

static void an_intake_whose_zap_does_not_answer_does_not_open(void **state)
{
    sabotage = SILENT_ZAP;
    assert_stays_closed(*state, "neither refused nor let in");
}

static void an_intake_that_lets_a_random_key_in_does_not_open(void **state)
{
    sabotage = GENEROUS_ZAP;
    assert_stays_closed(*state, "a random key was let in");
}

static void an_option_that_does_not_take_is_noticed(void **state)
{
    sabotage = NO_DOMAIN;
    assert_stays_closed(*state, "cannot listen");
}

static void a_published_key_is_not_used(void **state)
{
    struct world *w = *state;

    strcpy(w->server.public, "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7");
    assert_stays_closed(w, "everybody knows");
}

static void a_taken_address_is_said(void **state)
{
    struct world *w = *state;
    auto_free char *error = NULL;
    struct intake *first;

    start_intake(w, "tcp://127.0.0.1:*");
    first = take(w->intake);
    assert_int_equal(open_intake(w, w->address, &error), -EADDRINUSE);
    assert_non_null(strstr(error, "is taken"));
    intake_free(first);
}

/* ------------------------------------------------------------------ rubbish */

/* A peer with a good key and bad manners. */
struct lout {
    void *context, *socket;
};

/* Under that address within the intake, or one that the intake chooses. */
static struct lout lout_new(struct world *w, const char *address)
{
    struct lout l = {.context = zmq_ctx_new()};
    int linger = 0;

    l.socket = zmq_socket(l.context, ZMQ_DEALER);
    zmq_setsockopt(l.socket, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(l.socket, ZMQ_CURVE_SERVERKEY, w->server.public, 40);
    zmq_setsockopt(l.socket, ZMQ_CURVE_PUBLICKEY, w->client.public, 40);
    zmq_setsockopt(l.socket, ZMQ_CURVE_SECRETKEY, w->client.secret, 40);
    if (address)
        zmq_setsockopt(l.socket, ZMQ_ROUTING_ID, address, strlen(address));
    assert_int_equal(zmq_connect(l.socket, w->address), 0);
    return l;
}

static void lout_free(struct lout *l)
{
    zmq_close(l->socket);
    zmq_ctx_term(l->context);
}

static const struct sessions_counts *counts(struct world *w)
{
    return intake_counts(w->intake)->sessions;
}

static void rubbish_is_counted_and_others_are_served(void **state)
{
    struct world *w = *state;
    uint8_t message[WIRE_HEAD + 6] = {[WIRE_HEAD] = 1, 0, 0, 0, 1, 'x'};
    struct wire_head head = {.type = WIRE_BATCH, .stream = 1, .seq = 1, .count = 1};
    struct lout l;

    start_intake(w, "tcp://127.0.0.1:*");
    l = lout_new(w, NULL);
    zmq_send(l.socket, "", 0, 0);
    zmq_send(l.socket, "GET / HTTP/1.1\r\n\r\n", 18, 0);
    wire_head_write(&head, message + WIRE_HEAD, 6, message);
    message[47] ^= 1;
    zmq_send(l.socket, message, sizeof(message), 0);
    AWAIT(w, counts(w)->malformed == 3);

    message[47] ^= 1; /* right, but without a greeting */
    zmq_send(l.socket, message, sizeof(message), 0);
    AWAIT(w, counts(w)->strangers == 1);
    zmq_send(l.socket, message, sizeof(message), ZMQ_SNDMORE);
    zmq_send(l.socket, message, sizeof(message), 0);
    AWAIT(w, intake_counts(w->intake)->dropped == 1);

    start_uplink(w, &w->client);
    append(w, 1);
    AWAIT(w, w->store.now.row_count == 1);
    assert_int_equal(counts(w)->malformed, 3);
    lout_free(&l);
}

/* Waits for an answer; how long it is, or -1. */
static int answer_to(struct world *w, struct lout *l)
{
    uint8_t bytes[256];
    int len = -1;

    for (int n = 0; n < 300 && len < 0; n++) {
        turn(w);
        len = zmq_recv(l->socket, bytes, sizeof(bytes), ZMQ_DONTWAIT);
    }
    return len;
}

static void nobody_takes_over_the_address_of_another(void **state)
{
    struct world *w = *state;
    uint8_t message[WIRE_HEAD];
    struct wire_head head = {.type = WIRE_PING};
    struct lout first, second;

    wire_head_write(&head, NULL, 0, message);
    start_intake(w, "tcp://127.0.0.1:*");
    first = lout_new(w, "same");
    zmq_send(first.socket, message, sizeof(message), 0);
    assert_true(answer_to(w, &first) > WIRE_HEAD); /* BYE: say HELLO first */
    second = lout_new(w, "same");
    zmq_send(second.socket, message, sizeof(message), 0);
    assert_int_equal(answer_to(w, &second), -1);
    zmq_send(first.socket, message, sizeof(message), 0);
    assert_true(answer_to(w, &first) > WIRE_HEAD);
    lout_free(&first);
    lout_free(&second);
}

/*
 * A peer with a good key and a library of its own (ZMTP 3.0, RFC 23; CurveZMQ, RFC 26),
 * for what libzmq refuses to send, but takes.
 */
struct forger {
    int fd;
    uint8_t key[32], public[32], server[32]; /* long-term ones */
    uint8_t own[32], own_public[32], their[32], cookie[96];
    uint64_t nonces;
};

static void forge_frame(struct forger *f, uint8_t flags, const struct buffer *body)
{
    uint8_t head[9] = {flags | 2, [7] = (uint8_t)(body->len >> 8), (uint8_t)body->len};

    assert_int_equal(write(f->fd, head, sizeof(head)), sizeof(head));
    assert_int_equal(write(f->fd, body->at, body->len), body->len);
}

/* A box with the next short nonce, which stands before it. */
static void put_box(struct forger *f, struct buffer *to, const char *prefix,
                    const uint8_t *theirs, const struct buffer *what)
{
    auto_free uint8_t *box = xmalloc(what->len + crypto_box_MACBYTES);
    uint8_t nonce[24] = {[23] = (uint8_t)++f->nonces};

    memcpy(nonce, prefix, 16);
    assert_int_equal(
        crypto_box_easy(box, (const uint8_t *)what->at, what->len, nonce, theirs, f->own),
        0);
    buffer_add(to, nonce + 16, 8);
    buffer_add(to, box, what->len + crypto_box_MACBYTES);
}

static void forge_hello(struct forger *f)
{
    static const uint8_t zeros[72],
        greeting[64] = {0xff, [9] = 0x7f, 3, 0, 'C', 'U', 'R', 'V', 'E'};
    auto_buffer struct buffer hello = {0}, nothing = {0};

    assert_int_equal(write(f->fd, greeting, sizeof(greeting)), sizeof(greeting));
    buffer_add(&hello, "\5HELLO\1\0", 8);
    buffer_add(&hello, zeros, 72);
    buffer_add(&hello, f->own_public, 32);
    buffer_add(&nothing, zeros, 64);
    put_box(f, &hello, "CurveZMQHELLO---", f->server, &nothing);
    forge_frame(f, 4, &hello);
}

/* Behind the greeting. */
static void hear_welcome(struct forger *f)
{
    uint8_t bytes[64 + 2 + 168], *welcome = bytes + 64 + 2, nonce[24], both[128];

    assert_int_equal(recv(f->fd, bytes, sizeof(bytes), MSG_WAITALL), sizeof(bytes));
    memcpy(nonce, "WELCOME-", 8);
    memcpy(nonce + 8, welcome + 8, 16);
    assert_int_equal(
        crypto_box_open_easy(both, welcome + 24, 144, nonce, f->server, f->own), 0);
    memcpy(f->their, both, 32);
    memcpy(f->cookie, both + 32, 96);
}

static void put_vouch(struct forger *f, struct buffer *to)
{
    uint8_t nonce[24] = "VOUCH---", keys[64], box[80];

    memcpy(keys, f->own_public, 32);
    memcpy(keys + 32, f->server, 32);
    assert_int_equal(crypto_box_easy(box, keys, sizeof(keys), nonce, f->their, f->key),
                     0);
    buffer_add(to, nonce + 8, 16);
    buffer_add(to, box, sizeof(box));
}

static void forge_initiate(struct forger *f, const char *address)
{
    auto_buffer struct buffer initiate = {0}, inside = {0};
    size_t len = strlen(address);
    uint8_t size[4] = {0, 0, (uint8_t)(len >> 8), (uint8_t)len};

    buffer_add(&inside, f->public, 32);
    put_vouch(f, &inside);
    buffer_add(&inside, "\13Socket-Type\0\0\0\6DEALER\10Identity", 12 + 10 + 9);
    buffer_add(&inside, size, sizeof(size));
    buffer_add(&inside, address, len);
    buffer_add(&initiate, "\10INITIATE", 9);
    buffer_add(&initiate, f->cookie, sizeof(f->cookie));
    put_box(f, &initiate, "CurveZMQINITIATE", f->their, &inside);
    forge_frame(f, 4, &initiate);
}

static void forge_message(struct forger *f, const void *bytes, size_t len)
{
    auto_buffer struct buffer message = {0}, inside = {0};

    buffer_add(&inside, "", 1); /* flags */
    buffer_add(&inside, bytes, len);
    buffer_add(&message, "\7MESSAGE", 8);
    put_box(f, &message, "CurveZMQMESSAGEC", f->their, &inside);
    forge_frame(f, 0, &message);
}

static struct forger forger_new(struct world *w, const char *address)
{
    struct forger f = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
    struct timeval patience = {.tv_sec = PATIENCE / 1000};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port =
                                 htons((uint16_t)atoi(strrchr(w->address, ':') + 1)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char ready;

    zmq_z85_decode(f.key, w->client.secret);
    zmq_z85_decode(f.public, w->client.public);
    zmq_z85_decode(f.server, w->server.public);
    crypto_box_keypair(f.own_public, f.own);
    setsockopt(f.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(f.fd, (struct sockaddr *)&to, sizeof(to)), 0);
    forge_hello(&f);
    hear_welcome(&f);
    forge_initiate(&f, address);
    AWAIT(w, recv(f.fd, &ready, 1, MSG_DONTWAIT | MSG_PEEK) == 1);
    return f;
}

/* 256 bytes more, and the number of bytes is the same byte. */
static void nobody_takes_an_address_by_one_that_is_too_long(void **state)
{
    struct world *w = *state;
    uint8_t message[WIRE_HEAD];
    struct wire_head head = {.type = WIRE_PING};
    char address[4 + 256 + 1];
    struct forger second;
    struct lout first;

    wire_head_write(&head, NULL, 0, message);
    start_intake(w, "tcp://127.0.0.1:*");
    first = lout_new(w, "same");
    zmq_send(first.socket, message, sizeof(message), 0);
    assert_true(answer_to(w, &first) > WIRE_HEAD);
    memset(address, 'x', sizeof(address));
    memcpy(address, "same", 4);
    address[sizeof(address) - 1] = '\0';
    second = forger_new(w, address);
    forge_message(&second, message, sizeof(message));
    assert_int_equal(answer_to(w, &first), -1);
    AWAIT(w, intake_counts(w->intake)->dropped == 1);
    close(second.fd);
    lout_free(&first);
}

/* The longest that there may be is one like others. */
static void an_address_may_be_as_long_as_libzmq_lets_it(void **state)
{
    struct world *w = *state;
    uint8_t message[WIRE_HEAD];
    struct wire_head head = {.type = WIRE_PING};
    char address[UINT8_MAX + 1];
    struct forger f;

    wire_head_write(&head, NULL, 0, message);
    start_intake(w, "tcp://127.0.0.1:*");
    memset(address, 'x', sizeof(address));
    address[sizeof(address) - 1] = '\0';
    f = forger_new(w, address);
    forge_message(&f, message, sizeof(message));
    AWAIT(w, counts(w)->strangers == 1);
    assert_int_equal(intake_counts(w->intake)->dropped, 0);
    close(f.fd);
}

static void a_message_that_is_too_long_ends_its_connection_only(void **state)
{
    struct world *w = *state;
    auto_free uint8_t *huge = xcalloc(1, WIRE_MESSAGE_MAX + 1);
    uint64_t before;
    struct lout l;

    start_intake(w, "tcp://127.0.0.1:*");
    start_uplink(w, &w->client);
    AWAIT(w, is_up(w));
    l = lout_new(w, NULL);
    zmq_send(l.socket, "", 0, 0);
    AWAIT(w, counts(w)->malformed == 1);
    before = counts(w)->bytes;
    zmq_send(l.socket, huge, WIRE_MESSAGE_MAX + 1, 0);
    append(w, 1);
    AWAIT(w, w->store.now.row_count == 1);
    for (unsigned i = 0; i < 100; i++)
        turn(w);
    assert_true(counts(w)->bytes - before < WIRE_MESSAGE_MAX);
    assert_true(is_up(w));
    lout_free(&l);
}

static void one_without_a_handshake_is_counted(void **state)
{
    struct world *w = *state;
    struct lout l = {.context = zmq_ctx_new()};
    int linger = 0;

    start_intake(w, "tcp://127.0.0.1:*");
    l.socket = zmq_socket(l.context, ZMQ_DEALER);
    zmq_setsockopt(l.socket, ZMQ_LINGER, &linger, sizeof(linger));
    assert_int_equal(zmq_connect(l.socket, w->address), 0);
    zmq_send(l.socket, "hello", 5, ZMQ_DONTWAIT);
    AWAIT(w, intake_counts(w->intake)->refused_handshakes > 0);
    assert_int_equal(counts(w)->messages, 0);
    lout_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(an_alert_comes_from_the_spool_into_the_store),
        WITH_FIXTURE(what_was_said_before_there_is_an_intake_comes_later),
        WITH_FIXTURE(an_intake_that_was_started_again_misses_nothing),
        WITH_FIXTURE(a_store_that_fails_for_a_while_gets_everything_once),
        WITH_FIXTURE(an_agent_that_stops_says_so),
        WITH_FIXTURE(an_intake_that_goes_is_noticed_at_once),
        WITH_FIXTURE(the_next_address_is_tried_when_nobody_is_at_the_first),
        WITH_FIXTURE(an_unknown_key_is_refused_and_counted),
        WITH_FIXTURE(a_key_that_is_added_comes_in_without_a_restart),
        WITH_FIXTURE(the_next_message_of_a_revoked_key_is_refused),
        WITH_FIXTURE(an_intake_that_nobody_can_ask_does_not_open),
        WITH_FIXTURE(an_intake_whose_zap_does_not_answer_does_not_open),
        WITH_FIXTURE(an_intake_that_lets_a_random_key_in_does_not_open),
        WITH_FIXTURE(an_option_that_does_not_take_is_noticed),
        WITH_FIXTURE(a_published_key_is_not_used),
        WITH_FIXTURE(a_taken_address_is_said),
        WITH_FIXTURE(rubbish_is_counted_and_others_are_served),
        WITH_FIXTURE(nobody_takes_over_the_address_of_another),
        WITH_FIXTURE(nobody_takes_an_address_by_one_that_is_too_long),
        WITH_FIXTURE(an_address_may_be_as_long_as_libzmq_lets_it),
        WITH_FIXTURE(a_message_that_is_too_long_ends_its_connection_only),
        WITH_FIXTURE(one_without_a_handshake_is_counted),
    };

    return cmocka_run_group_tests_name("wire_hostile", tests, NULL, NULL);
}
