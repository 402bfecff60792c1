/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - an HTTP server (RFC 9112) on the process's loop; the only home of
 * libmicrohttpd.
 *
 * Each request is handed to one function, which answers at once. Requests with a body are
 * refused; connections, header sizes and idle times are bounded.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "loop.h"

struct http;

/* Borrowed for the call. */
struct http_request {
    const char *method;        /* "GET" */
    const char *path;          /* without the query, percent-decoded */
    const char *authorization; /* as it was sent; "" when it was not */
    void *inside;              /* http.c's */
};

/* A value of the query, percent-decoded; NULL when it is not there. */
const char *http_query(const struct http_request *r, const char *name);

/* Each name and value of the query; value is "" when there is none. */
typedef void http_query_fn(const char *name, const char *value, void *arg);
void http_each_query(const struct http_request *r, http_query_fn *fn, void *arg);

struct http_answer {
    unsigned status;
    const char *type; /* "application/json"; a literal */
    char *body;       /* given away */
    size_t len;
    const char *allow; /* with 405: the methods that are allowed; else NULL */
};

typedef void http_fn(const struct http_request *request, struct http_answer *ret_answer,
                     void *arg);

struct http_settings {
    struct loop *loop;
    const char *address; /* "127.0.0.1:5580"; port 0: any */
    http_fn *fn;
    void *arg;
};

/* On failure *ret_error is a sentence; yours. */
int http_new(const struct http_settings *settings, struct http **ret_http,
             char **ret_error);
void http_free(struct http *h); /* NULL is fine */
AUTO_DEFINE(http, http_free)
#define auto_http __attribute__((cleanup(auto_http_run)))

uint16_t http_port(const struct http *h); /* where it really listens */

#endif
