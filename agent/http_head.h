/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_head.h - the head of an HTTP/1 message (RFC 9112): first line and fields, as far
 * as rules ask for them.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "cur.h"
#include "names.h"
#include "text.h"

/* Borrows from the bytes of the head; what is not said is empty. */
struct http_head {
    enum http_side side;
    struct text method; /* request; so are the next three */
    struct text target; /* path and query; empty for CONNECT */
    struct text host;   /* without port */
    struct text agent;
    struct text from, origin, to; /* hosts of Referer, Origin and Location */
    unsigned status;              /* response */
    struct text type;             /* media type, without parameters */
    bool basic;                   /* a Basic login is there */
    bool chunked, length_known;
    uint64_t length;
};

/*
 * Reads the head at c and puts c behind the empty line after it. -EAGAIN: well so far,
 * but the bytes end too early; -EBADMSG: no head of HTTP/1.
 */
int http_head_read(struct cur *c, struct http_head *ret_head);

/* Bytes that a head may begin with, or - fewer than 8 - may go on to one. */
bool http_head_begins(struct cur bytes);

/* The next line, without its end (a bare LF is accepted, RFC 9112 section 2.2). False: it
 * is not all there. */
bool http_line_read(struct cur *c, struct text *ret_line);

/* Whether an empty line is among those at c, which stands behind the end of one. Quicker
 * than reading them: lines that come in many small segments are shown again with each. */
bool http_lines_end(const struct cur *c);

/* The size of the chunk that a line announces (RFC 9112 section 7.1). */
bool http_chunk_size(struct text line, uint64_t *ret_size);

#endif
