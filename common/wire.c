/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports on our loop. A ZeroMQ socket's descriptor tells of changes, not of states: it
 * becomes readable once, and any call may swallow that. So after every turn and every
 * send the state is asked for, and while there is something to do the loop is told by a
 * timer that is due at once. That is struct source; a port, its monitor and the ZAP
 * socket each are one.
 *
 * ZAP (RFC 27) is a request of libzmq's own thread to a socket at a fixed address within
 * the process, bound before any port is made. Without anybody there, libzmq 4.3 lets
 * everybody in unless it is told not to: wire_probe finds out.
 */
#include "wire.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "net.h"
#include "wire_socket.h"

#define TURN       256 /* messages before somebody else has a turn */
#define ZAP_FRAMES 7
#define LAST_WORDS (250 * USEC_PER_MSEC)

struct source {
    void *socket;
    struct watch *on_change, *again;
    bool (*turn)(void *arg); /* false: the source is gone */
    void *arg;
};

struct wire {
    struct loop *loop;
    struct wire_gate gate;
    void *context;
    struct source zap;
    struct frames *request;
    struct wire_port *ports;
    unsigned monitors; /* made so far */
};

struct wire_port {
    struct wire_port *next, **link;
    struct wire *wire;
    struct wire_calls calls;
    struct source messages, monitor;
    struct frames *message;
    bool listens;
    bool wants_room;
    bool in_turn, closed;
    uint64_t dropped;
};

/* ------------------------------------------------------------------ sources */

/* Before the loop waits: what libzmq will not tell of again is taken up at once. */
static void source_arm(struct source *s, int wanted)
{
    if (socket_state(s->socket) & wanted)
        loop_change_timer(s->again, 0, 0);
}

static void source_run(struct source *s)
{
    if (s->turn(s->arg))
        source_arm(s, LOOP_READ);
}

static void source_changed(int fd, int events, void *arg)
{
    (void)fd;
    (void)events;
    source_run(arg);
}

static void source_again(void *arg)
{
    source_run(arg);
}

static void source_open(struct source *s, struct loop *loop)
{
    s->on_change =
        loop_watch_fd(loop, socket_fd(s->socket), LOOP_READ, source_changed, s);
    s->again = loop_watch_timer(loop, 0, 0, source_again, s);
}

static void source_close(struct source *s)
{
    loop_unwatch(s->on_change);
    loop_unwatch(s->again);
    s->on_change = s->again = NULL;
}

/* ------------------------------------------------------------------ ZAP */

static void report(struct wire *w, enum wire_refusal why, const char *key,
                   const char *from)
{
    if (w->gate.on_refused)
        w->gate.on_refused(why, key, from, w->gate.arg);
}

static void zap_reply(struct wire *w, struct text id, const char *user)
{
    bool in = *user != '\0';
    const struct text reply[] = {
        TEXT("1.0"),
        id,
        in ? TEXT("200") : TEXT("400"),
        in ? TEXT("welcome") : TEXT("this key is not on the allow-list"),
        text_of(user),
        TEXT(""),
    };

    socket_send_texts(w->zap.socket, reply, sizeof(reply) / sizeof(reply[0]));
}

/* IPv4 without the prefix that it has on a socket for both. */
static void readable_address(struct text address, char ret_text[ADDR_TEXT])
{
    struct addr a;

    snprintf(ret_text, ADDR_TEXT, "%.*s", (int)address.len, address.at);
    if (addr_parse(ret_text, &a) == 0)
        addr_print(&a, ret_text);
}

/* Frames: version, id, domain, address, routing id, mechanism, key (RFC 27). */
static void zap_decide(struct wire *w, size_t count)
{
    struct frames *f = w->request;
    char key[CRYPT_Z85] = "", from[ADDR_TEXT] = "";

    if (count == ZAP_FRAMES && text_equal(frames_get(f, 0), TEXT("1.0")) &&
        text_equal(frames_get(f, 2), TEXT(SOCKET_DOMAIN)) &&
        text_equal(frames_get(f, 5), TEXT("CURVE")) &&
        frames_get(f, 6).len == CRYPT_KEY_BYTES)
        socket_key_text((const uint8_t *)frames_get(f, 6).at, key);

    if (*key && w->gate.allowed(key, w->gate.arg)) {
        zap_reply(w, frames_get(f, 1), key);
        return;
    }
    if (count > 3)
        readable_address(frames_get(f, 3), from);
    zap_reply(w, frames_get(f, count > 1 ? 1 : 0), "");
    report(w, WIRE_REFUSED_KEY, key, from);
}

static bool zap_turn(void *arg)
{
    struct wire *w = arg;
    size_t count;

    for (int n = 0; n < TURN; n++) {
        count = frames_receive(w->request, w->zap.socket);
        if (count == 0)
            break;
        zap_decide(w, count);
    }
    return true;
}

static int zap_open(struct wire *w)
{
    int r = socket_new_zap(w->context, &w->zap.socket);

    if (r < 0)
        return r;
    w->request = frames_new(ZAP_FRAMES);
    w->zap.turn = zap_turn;
    w->zap.arg = w;
    source_open(&w->zap, w->loop);
    return 0;
}

/* ------------------------------------------------------------------ the process's part
 */

int wire_new(struct loop *loop, const struct wire_gate *gate, struct wire **ret_wire)
{
    auto_wire struct wire *w = xcalloc(1, sizeof(*w));
    int r = socket_context_new(&w->context);

    w->loop = loop;
    w->gate = *gate;
    if (r == 0 && gate->allowed)
        r = zap_open(w);
    if (r < 0)
        return r;
    *ret_wire = take(w);
    return 0;
}

static void port_free(struct wire_port *p)
{
    source_close(&p->monitor);
    source_close(&p->messages);
    frames_free(p->message);
    socket_free(p->messages.socket, p->monitor.socket);
    *p->link = p->next;
    if (p->next)
        p->next->link = p->link;
    free(p);
}

void wire_free(struct wire *w)
{
    if (!w)
        return;
    for (struct wire_port *p = w->ports, *next; p; p = next) {
        next = p->next;
        assert(!p->in_turn);
        socket_let_leave(p->messages.socket, LAST_WORDS);
        port_free(p);
    }
    source_close(&w->zap);
    frames_free(w->request);
    socket_free(w->zap.socket, NULL);
    socket_context_free(w->context);
    free(w);
}

/* ------------------------------------------------------------------ ports */

/* At a listening port ZAP has reported who was refused, and knew more. */
static void monitor_hear(struct wire_port *p, enum socket_event event)
{
    if (event == SOCKET_HANDSHAKE_FAILED)
        report(p->wire, WIRE_REFUSED_HANDSHAKE, "", "");
    if (p->listens)
        return;
    if (event == SOCKET_HANDSHAKE_REFUSED)
        report(p->wire, WIRE_REFUSED_KEY, "", "");
    if (event == SOCKET_LOST && p->calls.on_lost)
        p->calls.on_lost(p->calls.arg);
}

static bool monitor_turn(void *arg)
{
    struct wire_port *p = arg;
    enum socket_event event = SOCKET_HANDSHAKE_DONE;

    for (int n = 0; n < TURN && event != SOCKET_NO_EVENT; n++) {
        event = socket_next_event(p->monitor.socket);
        monitor_hear(p, event);
    }
    return true;
}

void wire_close(struct wire_port *p)
{
    if (!p)
        return;
    p->closed = true;
    if (!p->in_turn)
        port_free(p);
}

/* False: it is longer than an address may be (RFC 28). A peer says itself which one it
 * wants, and libzmq takes any from it. */
static bool read_peer(struct text frame, struct wire_peer *ret_peer)
{
    if (frame.len > sizeof(ret_peer->id))
        return false;
    ret_peer->len = (uint8_t)frame.len;
    memcpy(ret_peer->id, frame.at, frame.len);
    return true;
}

/* Takes one message. False: there was none. */
static bool port_receive(struct wire_port *p)
{
    size_t expected = p->listens ? 2 : 1; /* the routing id, and the one frame */
    size_t count = frames_receive(p->message, p->messages.socket);
    struct wire_message m = {0};
    struct text frame;

    if (count == 0)
        return false;
    if (count != expected ||
        (p->listens && !read_peer(frames_get(p->message, 0), &m.peer))) {
        p->dropped++;
        return true;
    }
    frame = frames_get(p->message, expected - 1);
    m.bytes = (const uint8_t *)frame.at;
    m.len = frame.len;
    m.key = frames_property(p->message, "User-Id");
    m.from = frames_property(p->message, "Peer-Address");
    p->calls.on_message(&m, p->calls.arg);
    return true;
}

static bool port_turn(void *arg)
{
    struct wire_port *p = arg;
    int n = 0;

    p->in_turn = true;
    if (p->wants_room && socket_state(p->messages.socket) & LOOP_WRITE) {
        p->wants_room = false;
        if (p->calls.on_ready)
            p->calls.on_ready(p->calls.arg);
    }
    while (n < TURN && !p->closed && port_receive(p))
        n++;
    frames_clear(p->message);
    if (n > 0 && !p->closed && p->calls.on_turn)
        p->calls.on_turn(p->calls.arg);
    p->in_turn = false;

    if (p->closed) {
        port_free(p);
        return false;
    }
    if (p->wants_room)
        source_arm(&p->messages, LOOP_WRITE);
    return true;
}

static void port_discard(struct wire_port *p)
{
    frames_free(p->message);
    socket_free(p->messages.socket, p->monitor.socket);
    free(p);
}

/* Bound or connected before it is watched: until then it can fail. */
static int port_open(struct wire *w, const char *address, const struct wire_keys *keys,
                     const char *server_key, const struct wire_calls *calls,
                     struct wire_port **ret_port)
{
    struct wire_port *p = xcalloc(1, sizeof(*p));
    int r = socket_new(w->context, keys, server_key, &p->messages.socket);

    p->message = frames_new(2);
    if (r == 0)
        r = socket_new_monitor(w->context, p->messages.socket, w->monitors++,
                               &p->monitor.socket);
    if (r == 0)
        r = server_key ? socket_connect(p->messages.socket, address)
                       : socket_bind(p->messages.socket, address);
    if (r < 0) {
        port_discard(p);
        return r;
    }
    p->wire = w;
    p->calls = *calls;
    p->listens = !server_key;
    p->wants_room = server_key;
    p->messages.turn = port_turn;
    p->monitor.turn = monitor_turn;
    p->messages.arg = p->monitor.arg = p;
    source_open(&p->messages, w->loop);
    source_open(&p->monitor, w->loop);
    p->next = w->ports;
    p->link = &w->ports;
    if (p->next)
        p->next->link = &p->next;
    w->ports = p;
    *ret_port = p;
    return 0;
}

int wire_listen(struct wire *w, const char *address, const struct wire_keys *keys,
                const struct wire_calls *calls, struct wire_port **ret_port)
{
    if (!w->gate.allowed)
        return -EINVAL;
    return port_open(w, address, keys, NULL, calls, ret_port);
}

int wire_connect(struct wire *w, const char *address, const char *server_key,
                 const struct wire_keys *keys, const struct wire_calls *calls,
                 struct wire_port **ret_port)
{
    return port_open(w, address, keys, server_key, calls, ret_port);
}

void wire_address(const struct wire_port *p, char ret_address[WIRE_ADDRESS])
{
    static const char *const wildcards[][2] = {
        {"tcp://0.0.0.0:", "tcp://127.0.0.1:"},
        {"tcp://[::ffff:0.0.0.0]:", "tcp://127.0.0.1:"},
        {"tcp://[::]:", "tcp://[::1]:"},
    };
    char address[WIRE_ADDRESS - 8] = ""; /* what replaces a wildcard may be longer */

    socket_address(p->messages.socket, address, sizeof(address));
    snprintf(ret_address, WIRE_ADDRESS, "%s", address);
    for (size_t i = 0; i < sizeof(wildcards) / sizeof(wildcards[0]); i++) {
        size_t head = strlen(wildcards[i][0]);

        if (strncmp(address, wildcards[i][0], head) == 0)
            snprintf(ret_address, WIRE_ADDRESS, "%s%s", wildcards[i][1], address + head);
    }
}

uint64_t wire_dropped(const struct wire_port *p)
{
    return p->dropped;
}

int wire_send(struct wire_port *p, const struct wire_peer *to,
              const struct wire_head *head, const void *payload, size_t len)
{
    int r;

    assert(p->listens == (to != NULL));
    r = socket_send(p->messages.socket, to, head, payload, len);
    if (r == -EAGAIN)
        p->wants_room = true;
    source_arm(&p->messages, LOOP_READ | (p->wants_room ? LOOP_WRITE : 0));
    return r;
}

/* ------------------------------------------------------------------ the test at start */

static enum wire_probe await_verdict(struct wire *w, void *monitor, usec_t patience)
{
    enum socket_event event;

    for (usec_t now = clock_monotonic(), end = now + patience; now < end;
         now = clock_monotonic()) {
        socket_await(monitor, w->zap.socket, end - now);
        if (w->zap.socket)
            zap_turn(w);
        event = socket_next_event(monitor);
        if (event == SOCKET_HANDSHAKE_REFUSED)
            return WIRE_PROBE_REFUSED;
        if (event == SOCKET_HANDSHAKE_DONE)
            return WIRE_PROBE_LET_IN;
    }
    return WIRE_PROBE_SILENT;
}

int wire_probe(struct wire *w, const char *address, const char *server_key,
               usec_t patience, enum wire_probe *ret_probe)
{
    void *socket = NULL, *monitor = NULL;
    struct wire_keys keys;
    int r = wire_keys_new(&keys);

    if (r == 0)
        r = socket_new(w->context, &keys, server_key, &socket);
    if (r == 0)
        r = socket_new_monitor(w->context, socket, w->monitors++, &monitor);
    if (r == 0)
        r = socket_connect(socket, address);
    if (r == 0)
        *ret_probe = await_verdict(w, monitor, patience);
    socket_free(socket, monitor);
    if (w->zap.socket)
        source_arm(&w->zap, LOOP_READ);
    return r;
}
