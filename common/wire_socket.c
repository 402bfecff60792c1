/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only file that knows libzmq. Most of what a socket is comes from the tables of
 * options below; docs/WIRE.md, section 1, says why each.
 */
#include "wire_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "mem.h"

/* Used since 4.3.0, but declared only with the draft interface. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

#define LEAST_VERSION ZMQ_MAKE_VERSION(4, 3, 3)
#define ZAP_ADDRESS   "inproc://zeromq.zap.01"
#define SECOND        1000

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ------------------------------------------------------------------ keys and context */

int wire_keys_new(struct wire_keys *ret_keys)
{
    return zmq_curve_keypair(ret_keys->public, ret_keys->secret) == 0 ? 0 : -ENOTSUP;
}

bool wire_key_is_valid(const char *key)
{
    uint8_t bytes[CRYPT_KEY_BYTES];

    return strlen(key) == CRYPT_Z85 - 1 && zmq_z85_decode(bytes, key) != NULL;
}

void socket_key_text(const uint8_t bytes[CRYPT_KEY_BYTES], char ret_key[CRYPT_Z85])
{
    zmq_z85_encode(ret_key, bytes, CRYPT_KEY_BYTES);
}

bool wire_key_is_known(const char *public_key)
{
    /* zmq_curve(7) */
    static const char *const known[] = {"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
                                        "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"};

    return strcmp(public_key, known[0]) == 0 || strcmp(public_key, known[1]) == 0;
}

static bool libzmq_will_do(void)
{
    int major, minor, patch;

    zmq_version(&major, &minor, &patch);
    return ZMQ_MAKE_VERSION(major, minor, patch) >= LEAST_VERSION && zmq_has("curve");
}

int socket_context_new(void **ret_context)
{
    void *context;

    if (!libzmq_will_do())
        return -EPROTONOSUPPORT;
    context = zmq_ctx_new();
    if (!context)
        return -errno;
    zmq_ctx_set(context, ZMQ_BLOCKY, 0);
    *ret_context = context;
    return 0;
}

void socket_context_free(void *context)
{
    if (context)
        zmq_ctx_term(context);
}

/* ------------------------------------------------------------------ the one factory */

struct option {
    int name;
    int value;
};

static const struct option of_all[] = {
    {ZMQ_LINGER, 0},
    {ZMQ_IPV6, 1},
    {ZMQ_HANDSHAKE_IVL, 5 * SECOND},
    {ZMQ_HEARTBEAT_IVL, 10 * SECOND},
    {ZMQ_HEARTBEAT_TIMEOUT, 30 * SECOND},
    {ZMQ_HEARTBEAT_TTL, 60 * SECOND},
    {ZMQ_RCVHWM, 64},
};

static const struct option of_listening[] = {
    {ZMQ_CURVE_SERVER, 1},
    {ZMQ_ZAP_ENFORCE_DOMAIN, 1},
    {ZMQ_SNDHWM, 64},
    {ZMQ_BACKLOG, 512},
};

static const struct option of_connecting[] = {
    {ZMQ_IMMEDIATE, 1},
    {ZMQ_SNDHWM, 16},
    {ZMQ_CONNECT_TIMEOUT, 10 * SECOND},
    {ZMQ_RECONNECT_IVL, 1 * SECOND},
    {ZMQ_RECONNECT_IVL_MAX, 60 * SECOND},
};

/* libzmq doesn't tell these two again; the tests show what they do. */
static const struct option of_routing[] = {
    {ZMQ_ROUTER_MANDATORY, 1},
    {ZMQ_ROUTER_HANDOVER, 0},
};

static int set_options(void *socket, const struct option *options, size_t count)
{
    for (const struct option *o = options; o < options + count; o++)
        if (zmq_setsockopt(socket, o->name, &o->value, sizeof(o->value)) != 0)
            return -EPROTO;
    return 0;
}

static int read_back(void *socket, const struct option *options, size_t count)
{
    for (const struct option *o = options; o < options + count; o++) {
        int value = -1;
        size_t len = sizeof(value);

        if (zmq_getsockopt(socket, o->name, &value, &len) != 0 || value != o->value)
            return -EPROTO;
    }
    return 0;
}

static int set_text(void *socket, int name, const char *text)
{
    char back[CRYPT_Z85 + 1] = "";
    size_t len = CRYPT_Z85;

    if (zmq_setsockopt(socket, name, text, strlen(text)) != 0)
        return -EINVAL;
    if (zmq_getsockopt(socket, name, back, &len) != 0 || strcmp(back, text) != 0)
        return -EPROTO;
    return 0;
}

static int limit_messages(void *socket)
{
    int64_t most = WIRE_MESSAGE_MAX, back = -1;
    size_t len = sizeof(back);

    if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof(most)) != 0 ||
        zmq_getsockopt(socket, ZMQ_MAXMSGSIZE, &back, &len) != 0 || back != most)
        return -EPROTO;
    return 0;
}

static int set_keys(void *socket, const struct wire_keys *keys)
{
    int r = set_text(socket, ZMQ_CURVE_SECRETKEY, keys->secret);

    return r < 0 ? r : set_text(socket, ZMQ_CURVE_PUBLICKEY, keys->public);
}

static int set_listening(void *socket)
{
    int r = set_options(socket, of_routing, COUNT(of_routing));

    if (r == 0)
        r = set_options(socket, of_listening, COUNT(of_listening));
    if (r == 0)
        r = read_back(socket, of_listening, COUNT(of_listening));
    return r < 0 ? r : set_text(socket, ZMQ_ZAP_DOMAIN, SOCKET_DOMAIN);
}

static int set_connecting(void *socket, const char *server_key)
{
    int r = set_options(socket, of_connecting, COUNT(of_connecting));

    if (r == 0)
        r = read_back(socket, of_connecting, COUNT(of_connecting));
    return r < 0 ? r : set_text(socket, ZMQ_CURVE_SERVERKEY, server_key);
}

int socket_new(void *context, const struct wire_keys *keys, const char *server_key,
               void **ret_socket)
{
    void *socket = zmq_socket(context, server_key ? ZMQ_DEALER : ZMQ_ROUTER);
    int r;

    if (!socket)
        return -errno;
    r = set_options(socket, of_all, COUNT(of_all));
    if (r == 0)
        r = read_back(socket, of_all, COUNT(of_all));
    if (r == 0)
        r = limit_messages(socket);
    if (r == 0)
        r = set_keys(socket, keys);
    if (r == 0)
        r = server_key ? set_connecting(socket, server_key) : set_listening(socket);
    if (r < 0) {
        zmq_close(socket);
        return r;
    }
    *ret_socket = socket;
    return 0;
}

int socket_new_zap(void *context, void **ret_socket)
{
    void *socket = zmq_socket(context, ZMQ_REP);
    int r = socket ? socket_bind(socket, ZAP_ADDRESS) : -errno;

    if (r == 0)
        *ret_socket = socket;
    else if (socket)
        zmq_close(socket);
    return r;
}

void socket_free(void *socket, void *monitor)
{
    if (!socket)
        return;
    if (monitor) {
        zmq_socket_monitor(socket, NULL, 0);
        zmq_close(monitor);
    }
    zmq_close(socket);
}

void socket_let_leave(void *socket, usec_t time)
{
    int linger = (int)(time / USEC_PER_MSEC);

    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
}

/* ------------------------------------------------------------------ monitors */

int socket_new_monitor(void *context, void *watched, unsigned number, void **ret_socket)
{
    int events = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                 ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                 ZMQ_EVENT_CONNECT_RETRIED;
    char address[64];
    void *socket;
    int r;

    snprintf(address, sizeof(address), "inproc://monitor-%u", number);
    if (zmq_socket_monitor(watched, address, events) != 0)
        return -errno;
    socket = zmq_socket(context, ZMQ_PAIR);
    r = socket ? socket_connect(socket, address) : -errno;
    if (r < 0) {
        zmq_socket_monitor(watched, NULL, 0);
        if (socket)
            zmq_close(socket);
        return r;
    }
    *ret_socket = socket;
    return 0;
}

/* Frames: number (16 bits) and value (32) in this machine's order; address. */
enum socket_event socket_next_event(void *monitor)
{
    auto_frames struct frames *f = frames_new(2);
    uint16_t event;

    if (frames_receive(f, monitor) == 0 || frames_get(f, 0).len < sizeof(event))
        return SOCKET_NO_EVENT;
    memcpy(&event, frames_get(f, 0).at, sizeof(event));
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        return SOCKET_HANDSHAKE_DONE;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        return SOCKET_HANDSHAKE_REFUSED;
    case ZMQ_EVENT_DISCONNECTED:
    case ZMQ_EVENT_CONNECT_RETRIED:
        return SOCKET_LOST;
    default:
        return SOCKET_HANDSHAKE_FAILED;
    }
}

/* ------------------------------------------------------------------ addresses, states */

int socket_bind(void *socket, const char *address)
{
    return zmq_bind(socket, address) == 0 ? 0 : -errno;
}

int socket_connect(void *socket, const char *address)
{
    return zmq_connect(socket, address) == 0 ? 0 : -errno;
}

void socket_address(void *socket, char *ret_address, size_t size)
{
    if (zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, ret_address, &size) != 0)
        ret_address[0] = '\0';
}

int socket_fd(void *socket)
{
    int fd = -1;
    size_t len = sizeof(fd);

    zmq_getsockopt(socket, ZMQ_FD, &fd, &len);
    return fd;
}

int socket_state(void *socket)
{
    int events = 0;
    size_t len = sizeof(events);

    if (zmq_getsockopt(socket, ZMQ_EVENTS, &events, &len) != 0)
        return 0;
    return (events & ZMQ_POLLIN ? LOOP_READ : 0) |
           (events & ZMQ_POLLOUT ? LOOP_WRITE : 0);
}

void socket_await(void *a, void *b, usec_t patience)
{
    zmq_pollitem_t items[] = {{.socket = a, .events = ZMQ_POLLIN},
                              {.socket = b, .events = ZMQ_POLLIN}};

    zmq_poll(items, b ? 2 : 1, (long)(patience / USEC_PER_MSEC) + 1);
}

/* ------------------------------------------------------------------ messages */

struct frames {
    size_t most, count;
    zmq_msg_t at[];
};

struct frames *frames_new(size_t most)
{
    struct frames *f = xcalloc(1, sizeof(*f) + most * sizeof(f->at[0]));

    f->most = most;
    return f;
}

void frames_clear(struct frames *f)
{
    for (size_t i = 0; i < f->count; i++)
        zmq_msg_close(&f->at[i]);
    f->count = 0;
}

void frames_free(struct frames *f)
{
    if (!f)
        return;
    frames_clear(f);
    free(f);
}

size_t frames_receive(struct frames *f, void *socket)
{
    size_t count = 0;
    zmq_msg_t frame;
    bool more = true;

    frames_clear(f);
    for (; more; count++) {
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0)
            break;
        more = zmq_msg_more(&frame);
        if (count < f->most) {
            zmq_msg_init(&f->at[f->count]);
            zmq_msg_move(&f->at[f->count++], &frame);
        }
        zmq_msg_close(&frame);
    }
    return count;
}

struct text frames_get(struct frames *f, size_t i)
{
    return (struct text){.at = zmq_msg_data(&f->at[i]), .len = zmq_msg_size(&f->at[i])};
}

const char *frames_property(struct frames *f, const char *name)
{
    const char *value = f->count ? zmq_msg_gets(&f->at[f->count - 1], name) : NULL;

    return value ? value : "";
}

int socket_send_texts(void *socket, const struct text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int more = i + 1 < count ? ZMQ_SNDMORE : 0;

        if (zmq_send(socket, texts[i].at, texts[i].len, ZMQ_DONTWAIT | more) < 0)
            return -errno;
    }
    return 0;
}

int socket_send(void *socket, const struct wire_peer *to, const struct wire_head *head,
                const void *payload, size_t len)
{
    zmq_msg_t message;
    uint8_t *bytes;
    int r = 0;

    if (zmq_msg_init_size(&message, WIRE_HEAD + len) != 0)
        return -ENOMEM;
    bytes = zmq_msg_data(&message);
    wire_head_write(head, payload, len, bytes);
    if (len > 0)
        memcpy(bytes + WIRE_HEAD, payload, len);

    if ((to && zmq_send(socket, to->id, to->len, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) ||
        zmq_msg_send(&message, socket, ZMQ_DONTWAIT) < 0) {
        r = -errno;
        zmq_msg_close(&message);
    }
    return r;
}
