/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/http_head.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

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
    for (; *characters && t.len > 0; characters++) {
        const char *at = memchr(t.at, *characters, t.len);

        t.len = at ? (size_t)(at - t.at) : t.len;
    }
    return t.len;
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

static void read_host(struct http_head *h, struct text value)
{
    if (h->host.len == 0)
        h->host = host_of(value);
}

static void read_agent(struct http_head *h, struct text value)
{
    h->agent = value;
}

/* scheme://host/..., else nothing. */
static struct text host_of_url(struct text url)
{
    static const struct text mark = TEXT("//");
    size_t at = find_any(url, "/");

    if (!starts(text_behind(url, at), mark))
        return (struct text){0};
    url = text_behind(url, at + mark.len);
    return host_of(text_before(url, find_any(url, "/?#")));
}

static void read_referer(struct http_head *h, struct text value)
{
    h->from = host_of_url(value);
}

static void read_origin(struct http_head *h, struct text value)
{
    h->origin = host_of_url(value);
}

static void read_location(struct http_head *h, struct text value)
{
    h->to = host_of_url(value);
}

static void read_type(struct http_head *h, struct text value)
{
    h->type = trimmed(text_before(value, find_any(value, ";")));
}

static void read_length(struct http_head *h, struct text value)
{
    h->length_known = read_decimal(value, &h->length);
}

/* The last coding decides (RFC 9112 section 6.3), and chunked can only be the last. */
static void read_coding(struct http_head *h, struct text value)
{
    static const struct text chunked = TEXT("chunked");

    h->chunked = value.len >= chunked.len &&
                 starts(text_behind(value, value.len - chunked.len), chunked);
}

static void read_login(struct http_head *h, struct text value)
{
    h->basic |= starts(value, TEXT("Basic "));
}

static const struct {
    struct text name;
    void (*read)(struct http_head *h, struct text value);
} meanings[] = {
    {TEXT("Host"), read_host},
    {TEXT("User-Agent"), read_agent},
    {TEXT("Referer"), read_referer},
    {TEXT("Origin"), read_origin},
    {TEXT("Location"), read_location},
    {TEXT("Content-Type"), read_type},
    {TEXT("Content-Length"), read_length},
    {TEXT("Transfer-Encoding"), read_coding},
    {TEXT("Authorization"), read_login},
    {TEXT("Proxy-Authorization"), read_login},
};

static void read_field(struct http_head *h, struct text line)
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
static bool read_status_line(struct http_head *h, struct text line)
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
static void split_target(struct http_head *h)
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
static bool read_request_line(struct http_head *h, struct text line)
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

int http_head_read(struct cur *c, struct http_head *ret_head)
{
    struct http_head h = {0};
    struct text line;
    bool good;

    if (!http_line_read(c, &line))
        return -EAGAIN;
    good = starts(line, response_start) ? read_status_line(&h, line)
                                        : read_request_line(&h, line);
    if (!good)
        return -EBADMSG;
    if (!http_lines_end(c))
        return -EAGAIN;
    do {
        if (!http_line_read(c, &line))
            return -EAGAIN;
        read_field(&h, line);
    } while (line.len > 0);
    *ret_head = h;
    return 0;
}

bool http_line_read(struct cur *c, struct text *ret_line)
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

/* Most often nothing is behind the empty line. */
bool http_lines_end(const struct cur *c)
{
    const uint8_t *from = c->pos - 1; /* the line end before it */
    size_t len = (size_t)(c->end - from);

    if (len >= 3 && memcmp(c->end - 3, "\n\r\n", 3) == 0)
        return true;
    return memmem(from, len, "\n\r\n", 3) || memmem(from, len, "\n\n", 2);
}

static bool begins_like(struct text bytes, struct text with)
{
    size_t known = bytes.len < with.len ? bytes.len : with.len;

    return known == 0 ||
           (bytes.at[0] == with.at[0] && memcmp(bytes.at, with.at, known) == 0);
}

bool http_head_begins(struct cur bytes)
{
    struct text text = {.at = (const char *)bytes.pos, .len = cur_left(&bytes)};

    if (begins_like(text, response_start))
        return true;
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
        if (begins_like(text, methods[i]))
            return true;
    return false;
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

bool http_chunk_size(struct text line, uint64_t *ret_size)
{
    return read_hexadecimal(trimmed(text_before(line, find_any(line, ";"))), ret_size);
}
