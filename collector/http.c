/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd keeps all its sockets in an epoll of its own, whose descriptor is on our
 * loop. It has to be run when that is ready, and when its own next time-out is due.
 */
#include "collector/http.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "mem.h"

#define CONNECTIONS  64
#define IDLE_SECONDS 10
#define MEMORY       (32 * 1024) /* of a connection: its head has to fit */
#define BACKLOG      64

struct http {
    struct http_settings set;
    struct MHD_Daemon *daemon;
    struct watch *ready, *timer;
    uint16_t port;
};

/* ---- requests ---- */

const char *http_query(const struct http_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->inside, MHD_GET_ARGUMENT_KIND, name);
}

struct each {
    http_query_fn *fn;
    void *arg;
};

static enum MHD_Result give_value(void *arg, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    const struct each *each = arg;

    (void)kind;
    each->fn(name, value ? value : "", each->arg);
    return MHD_YES;
}

void http_each_query(const struct http_request *r, http_query_fn *fn, void *arg)
{
    struct each each = {fn, arg};

    MHD_get_connection_values(r->inside, MHD_GET_ARGUMENT_KIND, give_value, &each);
}

static enum MHD_Result answer(struct MHD_Connection *c, struct http_answer *a)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(a->len, a->body, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result queued;

    if (!r) {
        free(a->body);
        return MHD_NO;
    }
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, a->type);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    if (a->allow)
        MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, a->allow);
    if (a->status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(r, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    queued = MHD_queue_response(c, a->status, r);
    MHD_destroy_response(r);
    return queued;
}

/* The first call for a request comes when its head has been read. One that could have a
 * body, which nobody here wants, is answered then, and its connection closed. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version,
                                  const char *body, size_t *len, void **state)
{
    struct http *h = arg;
    const char *said =
        MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    struct http_request request = {
        .method = method, .path = url, .authorization = said ? said : "", .inside = c};
    struct http_answer a = {.status = MHD_HTTP_INTERNAL_SERVER_ERROR,
                            .type = "text/plain"};

    (void)version;
    (void)body;
    *len = 0;
    if (!*state && (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)) {
        *state = h;
        return MHD_YES;
    }
    h->set.fn(&request, &a, h->set.arg);
    return answer(c, &a);
}

/* ---- the loop ---- */

static void run(struct http *h)
{
    MHD_UNSIGNED_LONG_LONG wait = 0;

    MHD_run(h->daemon);
    if (MHD_get_timeout(h->daemon, &wait) == MHD_YES)
        loop_change_timer(h->timer, (usec_t)wait * USEC_PER_MSEC, 0);
    else
        loop_change_timer(h->timer, LOOP_NEVER, 0);
}

static void on_ready(int fd, int events, void *arg)
{
    (void)fd;
    (void)events;
    run(arg);
}

static void on_timer(void *arg)
{
    run(arg);
}

/* ---- opening ---- */

static int resolve(const char *address, struct addrinfo **ret_all)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    const char *colon = strrchr(address, ':');
    auto_free char *host = NULL;

    if (!colon)
        return -EINVAL;
    host = *address == '[' && colon > address + 1
               ? xstrndup(address + 1, (size_t)(colon - address) - 2)
               : xstrndup(address, (size_t)(colon - address));
    return getaddrinfo(host, colon + 1, &hints, ret_all) == 0 ? 0 : -EADDRNOTAVAIL;
}

static int bind_to(const struct addrinfo *where)
{
    int on = 1, error;
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, where->ai_addr, where->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    error = -errno;
    close(fd);
    return error;
}

static int listen_at(const char *address)
{
    struct addrinfo *all = NULL;
    int fd = resolve(address, &all);

    if (fd == 0)
        fd = bind_to(all);
    if (all)
        freeaddrinfo(all);
    return fd;
}

static uint16_t port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at;
    socklen_t len = sizeof(at);

    memset(&at, 0, sizeof(at));
    if (getsockname(fd, &at.any, &len) < 0)
        return 0;
    return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

static char *refusal(const char *address, int error)
{
    if (error == -EADDRINUSE)
        return xasprintf("%s is taken: stop who listens there, or choose another address "
                         "in api.listen",
                         address);
    return xasprintf("cannot listen at %s: %s: correct api.listen", address,
                     strerror(-error));
}

static int start(struct http *h, int fd)
{
    const union MHD_DaemonInfo *info;

    h->port = port_of(fd);
    h->daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, h, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
        MHD_OPTION_END);
    if (!h->daemon) {
        close(fd);
        return -ENOMEM;
    }
    info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info)
        return -ENOTSUP;
    h->timer = loop_watch_timer(h->set.loop, LOOP_NEVER, 0, on_timer, h);
    h->ready = loop_watch_fd(h->set.loop, info->epoll_fd, LOOP_READ, on_ready, h);
    return 0;
}

int http_new(const struct http_settings *settings, struct http **ret_http,
             char **ret_error)
{
    auto_http struct http *h = xcalloc(1, sizeof(*h));
    int fd = listen_at(settings->address);
    int r;

    h->set = *settings;
    r = fd < 0 ? fd : start(h, fd);
    if (r < 0) {
        *ret_error = refusal(settings->address, r);
        return r;
    }
    *ret_http = take(h);
    return 0;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    loop_unwatch(h->ready);
    loop_unwatch(h->timer);
    if (h->daemon)
        MHD_stop_daemon(h->daemon);
    free(h);
}

uint16_t http_port(const struct http *h)
{
    return h->port;
}
