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
#include <strings.h>

#include "agent/extract.h"

#define HEAD_MAX       16384
#define PATH_MAX_KEPT  2048
#define AGENT_MAX_KEPT 512
#define TYPE_MAX       128
#define CHUNK_LINE_MAX 256

/* The registered ones that are seen, and those of common clients beside them. */
static const struct text methods[] = {
    TEXT("GET "),
    TEXT("POST "),
    TEXT("HEAD "),
    TEXT("CONNECT "),
    TEXT("OPTIONS "),
    TEXT("PUT "),
    TEXT("DELETE "),
    TEXT("PATCH "),
    TEXT("TRACE "),
    TEXT("PROPFIND "),
    TEXT("PROPPATCH "),
    TEXT("MKCOL "),
    TEXT("COPY "),
    TEXT("MOVE "),
    TEXT("LOCK "),
    TEXT("UNLOCK "),
    TEXT("SEARCH "),
    TEXT("REPORT "),
    TEXT("MERGE "),
    TEXT("CHECKOUT "),
    TEXT("NOTIFY "),
    TEXT("SUBSCRIBE "),
    TEXT("UNSUBSCRIBE "),
    TEXT("M-SEARCH "),
    TEXT("PURGE "),
    TEXT("RPC_CONNECT "),
    TEXT("RPC_IN_DATA "),
    TEXT("RPC_OUT_DATA "),
    TEXT("BITS_POST "),
    TEXT("CCM_POST "),
    TEXT("SSTP_DUPLEX_POST "),
};

static const struct text response_start = TEXT("HTTP/1.");

/* Borrows from the bytes of the head. */
struct head {
    enum http_side side;
    struct text method, target, host, agent, type;
    unsigned status;
    bool basic, chunked, length_known;
    uint64_t length;
};

/* ---- words ---- */

static bool starts(struct text t, struct text with)
{
    return t.len >= with.len && strncasecmp(t.at, with.at, with.len) == 0;
}

static struct text text_behind(struct text t, size_t n)
{
    return (struct text){.at = t.at + n, .len = t.len - n};
}

static struct text text_before(struct text t, size_t n)
{
    t.len = n < t.len ? n : t.len;
    return t;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct text trimmed(struct text t)
{
    while (t.len > 0 && is_blank(t.at[0]))
        t = text_behind(t, 1);
    while (t.len > 0 && is_blank(t.at[t.len - 1]))
        t.len--;
    return t;
}

/* Where the first of these characters is; the length when there is none. */
static size_t find_any(struct text t, const char *characters)
{
    size_t i = 0;

    while (i < t.len && (t.at[i] == '\0' || !strchr(characters, t.at[i])))
        i++;
    return i;
}

static bool read_decimal(struct text t, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (t.len == 0 || t.len > 18)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] < '0' || t.at[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(t.at[i] - '0');
    }
    *ret_value = value;
    return true;
}

/* The next line, without its end (a bare LF is accepted, RFC 9112 section 2.2). */
static bool line_read(struct cur *c, struct text *ret_line)
{
    size_t left = cur_left(c);
    const uint8_t *end = left > 0 ? memchr(c->pos, '\n', left) : NULL;
    struct text line = {.at = (const char *)c->pos};

    if (!end)
        return false;
    line.len = (size_t)(end - c->pos);
    cur_skip(c, line.len + 1);
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    *ret_line = line;
    return true;
}

/* ---- what a head says ---- */

/* user@host:port, [2001:db8::1]:port (RFC 3986 section 3.2): the host. */
static struct text host_of(struct text authority)
{
    size_t user = find_any(authority, "@");

    if (user < authority.len)
        authority = text_behind(authority, user + 1);
    if (authority.len > 0 && authority.at[0] == '[')
        return text_before(text_behind(authority, 1),
                           find_any(text_behind(authority, 1), "]"));
    return text_before(authority, find_any(authority, ":"));
}

static void read_host(struct head *h, struct text value)
{
    if (h->host.len == 0)
        h->host = host_of(value);
}

static void read_agent(struct head *h, struct text value)
{
    h->agent = value;
}

static void read_type(struct head *h, struct text value)
{
    h->type = trimmed(text_before(value, find_any(value, ";")));
}

static void read_length(struct head *h, struct text value)
{
    h->length_known = read_decimal(value, &h->length);
}

/* The last coding decides (RFC 9112 section 6.3), and chunked can only be the last. */
static void read_coding(struct head *h, struct text value)
{
    static const struct text chunked = TEXT("chunked");

    h->chunked = value.len >= chunked.len &&
                 starts(text_behind(value, value.len - chunked.len), chunked);
}

static void read_login(struct head *h, struct text value)
{
    h->basic |= starts(value, TEXT("Basic "));
}

static const struct {
    struct text name;
    void (*read)(struct head *h, struct text value);
} meanings[] = {
    {TEXT("Host"), read_host},
    {TEXT("User-Agent"), read_agent},
    {TEXT("Content-Type"), read_type},
    {TEXT("Content-Length"), read_length},
    {TEXT("Transfer-Encoding"), read_coding},
    {TEXT("Authorization"), read_login},
    {TEXT("Proxy-Authorization"), read_login},
};

static void read_field(struct head *h, struct text line)
{
    size_t colon = find_any(line, ":");
    struct text name = text_before(line, colon);

    if (colon == line.len)
        return;
    for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
        if (name.len == meanings[i].name.len && starts(name, meanings[i].name))
            meanings[i].read(h, trimmed(text_behind(line, colon + 1)));
}

/* "HTTP/1.1 404 Not Found" */
static bool read_status_line(struct head *h, struct text line)
{
    struct text rest = text_behind(line, response_start.len);
    uint64_t status;

    h->side = HTTP_RESPONSE;
    if (rest.len < 5 || rest.at[1] != ' ' ||
        !read_decimal(text_before(text_behind(rest, 2), 3), &status))
        return false;
    h->status = (unsigned)status;
    return true;
}

/* http://host/path, as proxies are asked (RFC 9112 section 3.2.2): host, then path. */
static void split_target(struct head *h)
{
    static const struct text scheme = TEXT("http://");
    struct text rest;
    size_t end;

    if (text_equal(h->method, TEXT("CONNECT"))) {
        h->host = host_of(h->target);
        h->target.len = 0;
    } else if (starts(h->target, scheme)) {
        rest = text_behind(h->target, scheme.len);
        end = find_any(rest, "/?#");
        h->host = host_of(text_before(rest, end));
        h->target = text_behind(rest, end);
    }
}

/* "GET /path HTTP/1.1": the target may have blanks in it, from clients that don't care.
 */
static bool read_request_line(struct head *h, struct text line)
{
    size_t method = find_any(line, " "), last = line.len;
    struct text version;

    h->side = HTTP_REQUEST;
    while (last > 0 && line.at[last - 1] != ' ')
        last--;
    version = text_behind(line, last);
    if (last <= method + 1 || version.len != 8 || !starts(version, response_start))
        return false;
    h->method = text_before(line, method);
    h->target =
        trimmed((struct text){.at = line.at + method + 1, .len = last - method - 2});
    split_target(h);
    return true;
}

/* NEXT: the whole head was there. */
static enum extract_result head_read(struct cur *c, struct head *ret_head)
{
    struct head h = {0};
    struct text line;
    bool good;

    if (!line_read(c, &line))
        return EXTRACT_MORE;
    good = starts(line, response_start) ? read_status_line(&h, line)
                                        : read_request_line(&h, line);
    if (!good)
        return EXTRACT_NOT;
    do {
        if (!line_read(c, &line))
            return EXTRACT_MORE;
        read_field(&h, line);
    } while (line.len > 0);
    *ret_head = h;
    return EXTRACT_NEXT;
}

/* ---- the event ---- */

static void put_type(struct event *e, struct text type)
{
    char lower[TYPE_MAX];

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
        event_put_text(e, f, text_before(text, most));
}

static void emit_head(struct extract_out *out, const struct head *h)
{
    struct event *e = out->event;

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
    if (bytes > EXTRACT_SKIP_MAX)
        return EXTRACT_DONE;
    out->skip = (uint32_t)bytes;
    return EXTRACT_NEXT;
}

/* RFC 9112 section 6.3. A body without a length ends with the connection - or is no body,
 * but what goes through the tunnel that CONNECT made. */
static enum extract_result pass_body(struct extract_out *out, const struct head *h)
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

static bool read_hexadecimal(struct text t, uint64_t *ret_value)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t value = 0;

    if (t.len == 0 || t.len > 15)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        const char *at = t.at[i] ? strchr(digits, t.at[i] | 0x20) : NULL;

        if (!at)
            return false;
        value = value << 4 | (uint64_t)(at - digits);
    }
    *ret_value = value;
    return true;
}

/* RFC 9112 section 7.1: a chunk with the line end behind it, or the last one with what
 * fields there are behind it. */
static enum extract_result chunk_read(struct cur *c, struct extract_out *out)
{
    size_t left = cur_left(c);
    struct text line;
    uint64_t size;

    if (!line_read(c, &line))
        return left < CHUNK_LINE_MAX ? EXTRACT_MORE : EXTRACT_NOT;
    if (!read_hexadecimal(trimmed(text_before(line, find_any(line, ";"))), &size))
        return EXTRACT_NOT;
    if (size > 0)
        return pass_over(out, size + 2);
    do {
        if (!line_read(c, &line))
            return EXTRACT_MORE;
    } while (line.len > 0);
    return EXTRACT_NEXT;
}

/* ---- the extractor ---- */

static bool begins_like(struct text bytes, struct text with)
{
    size_t known = bytes.len < with.len ? bytes.len : with.len;

    return memcmp(bytes.at, with.at, known) == 0;
}

static bool begins_head(struct cur bytes)
{
    struct text text = {.at = (const char *)bytes.pos, .len = cur_left(&bytes)};

    if (begins_like(text, response_start))
        return true;
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
        if (begins_like(text, methods[i]))
            return true;
    return false;
}

static bool http_wants(const struct packet *p, struct cur bytes)
{
    (void)p;
    return begins_head(bytes);
}

/* Some clients end a body with an empty line too many (RFC 9112 section 2.2). */
static void skip_empty_line(struct cur *c)
{
    if (cur_left(c) >= 2 && c->pos[0] == '\r' && c->pos[1] == '\n')
        cur_skip(c, 2);
}

static enum extract_result http_read(struct cur *bytes, struct extract_out *out)
{
    enum extract_result result;
    struct head head;

    skip_empty_line(bytes);
    if (cur_left(bytes) == 0)
        return EXTRACT_NEXT;
    if (!begins_head(*bytes))
        return chunk_read(bytes, out);
    result = head_read(bytes, &head);
    if (result != EXTRACT_NEXT)
        return result;
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
