/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heads of HTTP/1 requests and responses (RFC 9110, 9112), as many as a connection has.
 * Bodies are passed over, not read: by their length, or chunk by chunk. Between the heads
 * of a direction only the line before a chunk can stand, and it looks like neither kind
 * of head, so no state is needed to tell where in a message the bytes are.
 *
 * Not followed: a response to HEAD announces a body that does not come, so what is behind
 * it on that connection is missed.
 */
#include <errno.h>
#include <string.h>

#include "agent/extract.h"
#include "agent/http_head.h"
#include "domain.h"

#define HEAD_MAX       16384
#define PATH_MAX_KEPT  2048
#define AGENT_MAX_KEPT 512
#define TYPE_MAX       128
#define CHUNK_LINE_MAX 256

/* ---- the event ---- */

static void put_type(struct event *e, struct text type)
{
    char lower[TYPE_MAX];

    if (type.len > sizeof(lower))
        event_mark_short(e);
    if (type.len == 0 || type.len > sizeof(lower))
        return;
    for (size_t i = 0; i < type.len; i++) {
        char c = type.at[i];

        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    event_put_text(e, FIELD_HTTP_CONTENT_TYPE, (struct text){lower, type.len});
}

static void put_some(struct event *e, enum field_id f, struct text text, size_t most)
{
    if (text.len > most)
        event_mark_short(e);
    if (text.len > 0)
        event_put_text(e, f, (struct text){text.at, text.len < most ? text.len : most});
}

/* Where somebody comes from or is sent to is nothing to tell, but may be protected. */
static void ask_about(struct extract_out *out, struct text host)
{
    char room[DOMAIN_MAX];
    struct text clean = {.at = room};

    if (out->guards && host.len > 0 && domain_clean(host, room, &clean.len) == 0)
        (void)out->guards(clean, out->arg);
    explicit_bzero(room, sizeof(room));
}

static void emit_head(struct extract_out *out, const struct http_head *h)
{
    struct event *e = out->event;

    ask_about(out, h->from);
    ask_about(out, h->origin);
    ask_about(out, h->to);
    event_begin(e, EVENT_HTTP, out->packet->time);
    event_put_number(e, FIELD_HTTP_SIDE, h->side);
    if (h->side == HTTP_REQUEST) {
        event_put_text(e, FIELD_HTTP_METHOD, h->method);
        put_some(e, FIELD_HTTP_PATH, h->target, PATH_MAX_KEPT);
        put_some(e, FIELD_HTTP_USER_AGENT, h->agent, AGENT_MAX_KEPT);
        event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE, h->host);
        event_put_number(e, FIELD_HTTP_BASIC_AUTH, h->basic);
    } else {
        event_put_number(e, FIELD_HTTP_STATUS, h->status);
    }
    put_type(e, h->type);
    if (h->length_known)
        event_put_number(e, FIELD_HTTP_LENGTH, h->length);
    out->emit(e, out->arg);
}

/* ---- what is behind a head ---- */

static enum extract_result pass_over(struct extract_out *out, uint64_t bytes)
{
    out->unread = bytes > EXTRACT_SKIP_MAX;
    if (out->unread)
        return EXTRACT_DONE;
    out->skip = (uint32_t)bytes;
    return EXTRACT_NEXT;
}

/* RFC 9112 section 6.3. A body without a length ends with the connection - or is no body,
 * but what goes through the tunnel that CONNECT made. */
static enum extract_result pass_body(struct extract_out *out, const struct http_head *h)
{
    bool request = h->side == HTTP_REQUEST;

    if (h->status == 101 || (request && text_equal(h->method, TEXT("CONNECT"))))
        return EXTRACT_OTHER;
    if ((!request && h->status < 200) || h->status == 204 || h->status == 304)
        return EXTRACT_NEXT;
    if (h->chunked)
        return EXTRACT_NEXT;
    if (h->length_known)
        return pass_over(out, h->length);
    return request ? EXTRACT_NEXT : EXTRACT_OTHER;
}

/* RFC 9112 section 7.1: a chunk with the line end behind it, or the last one with what
 * fields there are behind it. */
static enum extract_result chunk_read(struct cur *c, struct extract_out *out)
{
    size_t left = cur_left(c);
    struct text line;
    uint64_t size;

    if (!http_line_read(c, &line))
        return left < CHUNK_LINE_MAX ? EXTRACT_MORE : EXTRACT_NOT;
    if (!http_chunk_size(line, &size))
        return EXTRACT_NOT;
    if (size > 0)
        return pass_over(out, size + 2);
    if (!http_lines_end(c))
        return EXTRACT_MORE;
    do {
        if (!http_line_read(c, &line))
            return EXTRACT_MORE;
    } while (line.len > 0);
    return EXTRACT_NEXT;
}

/* ---- the extractor ---- */

static bool http_wants(const struct packet *p, struct cur bytes)
{
    (void)p;
    return http_head_begins(bytes);
}

/* Some clients end a body with an empty line too many (RFC 9112 section 2.2). */
static void skip_empty_line(struct cur *c)
{
    if (cur_left(c) >= 2 && c->pos[0] == '\r' && c->pos[1] == '\n')
        cur_skip(c, 2);
}

static enum extract_result http_read(struct cur *bytes, struct extract_out *out)
{
    struct http_head head;
    int result;

    skip_empty_line(bytes);
    if (cur_left(bytes) == 0)
        return EXTRACT_NEXT;
    if (!http_head_begins(*bytes))
        return chunk_read(bytes, out);
    result = http_head_read(bytes, &head);
    if (result < 0)
        return result == -EAGAIN ? EXTRACT_MORE : EXTRACT_NOT;
    emit_head(out, &head);
    return pass_body(out, &head);
}

const struct extractor extract_http = {
    .name = "http",
    .kind = EVENT_HTTP,
    .from = EXTRACT_STREAM,
    .app = "http",
    .most = HEAD_MAX,
    .later = true,
    .wants = http_wants,
    .read = http_read,
};
