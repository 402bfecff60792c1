/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/post.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <curl/curl.h>

#include "mem.h"

#define CONNECT_SECONDS 10L
#define TOTAL_SECONDS   30L
#define ANSWER_MOST     (64 * 1024)
#define REDIRECTS_MOST  5L
#define STALL_SECONDS   30L /* without a byte */

struct post {
    CURL *curl;
    char error[CURL_ERROR_SIZE];
};

struct upload {
    const char *at;
    size_t left;
};

struct post *post_new(void)
{
    struct post *p = xcalloc(1, sizeof(*p));

    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        p->curl = curl_easy_init();
    if (p->curl)
        return p;
    free(p);
    return NULL;
}

void post_free(struct post *p)
{
    if (!p)
        return;
    curl_easy_cleanup(p->curl);
    curl_global_cleanup();
    free(p);
}

/* ---- what both have in common ---- */

static size_t give(char *to, size_t size, size_t count, void *arg)
{
    struct upload *u = arg;
    size_t len = size * count < u->left ? size * count : u->left;

    memcpy(to, u->at, len);
    u->at += len;
    u->left -= len;
    return len;
}

/* Answers are not looked at; one without an end breaks the connection. */
static size_t swallow(char *bytes, size_t size, size_t count, void *arg)
{
    size_t *seen = arg;

    (void)bytes;
    *seen += size * count;
    return *seen > ANSWER_MOST ? 0 : size * count;
}

static void begin(struct post *p, const char *url, const char *protocols, size_t *seen)
{
    curl_easy_reset(p->curl);
    p->error[0] = '\0';
    *seen = 0;
    curl_easy_setopt(p->curl, CURLOPT_URL, url);
    curl_easy_setopt(p->curl, CURLOPT_PROTOCOLS_STR, protocols);
    curl_easy_setopt(p->curl, CURLOPT_ERRORBUFFER, p->error);
    curl_easy_setopt(p->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(p->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(p->curl, CURLOPT_TIMEOUT, TOTAL_SECONDS);
    curl_easy_setopt(p->curl, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(p->curl, CURLOPT_WRITEDATA, seen);
}

static long perform(struct post *p, char words[POST_WORDS], CURLcode *ret_code)
{
    long status = 0;

    *ret_code = curl_easy_perform(p->curl);
    curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
    if (*ret_code == CURLE_OK)
        snprintf(words, POST_WORDS, "accepted (%ld)", status);
    else
        snprintf(words, POST_WORDS, "%s",
                 p->error[0] ? p->error : curl_easy_strerror(*ret_code));
    return status;
}

static struct curl_slist *append(struct curl_slist *list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(list, text);

    if (!longer)
        abort(); /* as xmalloc does */
    return longer;
}

/* ---- mail ---- */

static long use_ssl(enum smtp_tls tls)
{
    static const long ways[] = {[SMTP_TLS_REQUIRED] = CURLUSESSL_ALL,
                                [SMTP_TLS_TRY] = CURLUSESSL_TRY,
                                [SMTP_TLS_NEVER] = CURLUSESSL_NONE};

    return ways[tls];
}

enum post_verdict post_mail(struct post *p, const struct post_mail *m,
                            char ret_words[POST_WORDS])
{
    struct upload upload = {m->text, m->len};
    struct curl_slist *to = append(NULL, m->to);
    CURLcode code;
    size_t seen;
    long status;

    begin(p, m->url, "smtp,smtps", &seen);
    curl_easy_setopt(p->curl, CURLOPT_USE_SSL, use_ssl(m->tls));
    curl_easy_setopt(p->curl, CURLOPT_MAIL_FROM, m->from);
    curl_easy_setopt(p->curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(p->curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(p->curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(p->curl, CURLOPT_READDATA, &upload);
    if (m->user) {
        curl_easy_setopt(p->curl, CURLOPT_USERNAME, m->user);
        curl_easy_setopt(p->curl, CURLOPT_PASSWORD, m->password);
    }
    status = perform(p, ret_words, &code);
    curl_slist_free_all(to);
    if (code == CURLE_OK)
        return POST_DONE;
    /* A refused login is the collector's fault, not the mail's: it may be put right. */
    return status >= 550 && code != CURLE_LOGIN_DENIED ? POST_NEVER : POST_LATER;
}

/* ---- HTTP ---- */

/* Whatever happens to the rest of an answer, its status is the server's word. */
static enum post_verdict judge(long status)
{
    if (status >= 200 && status < 300)
        return POST_DONE;
    if (status == 408 || status == 425 || status == 429 || status >= 500)
        return POST_LATER;
    return POST_NEVER;
}

enum post_verdict post_http(struct post *p, const struct post_http *h,
                            char ret_words[POST_WORDS])
{
    struct curl_slist *headers = NULL;
    CURLcode code;
    size_t seen;
    long status;

    for (size_t i = 0; i < h->header_count; i++)
        headers = append(headers, h->headers[i]);
    begin(p, h->url, "http,https", &seen);
    curl_easy_setopt(p->curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(p->curl, CURLOPT_POSTFIELDS, h->body);
    curl_easy_setopt(p->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)h->len);
    status = perform(p, ret_words, &code);
    curl_slist_free_all(headers);
    if (code != CURLE_OK && status < 200)
        return code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT
                   ? POST_NEVER
                   : POST_LATER;
    if (judge(status) == POST_DONE)
        snprintf(ret_words, POST_WORDS, "accepted (%ld)", status);
    else
        snprintf(ret_words, POST_WORDS, "the server answered %ld", status);
    return judge(status);
}

/* ---- getting ---- */

struct getting {
    const struct post_get *set;
    struct post_got *got;
    bool too_much;
};

static size_t keep(char *bytes, size_t size, size_t count, void *arg)
{
    struct getting *g = arg;
    size_t len = size * count, done = 0;

    g->too_much = g->too_much || len > g->set->max_size - g->got->size;
    while (!g->too_much && done < len) {
        ssize_t written = write(g->set->fd, bytes + done, len - done);

        if (written < 0 && errno != EINTR)
            return 0;
        done += written > 0 ? (size_t)written : 0;
    }
    g->got->size += done;
    return done;
}

/* A redirect has a head of its own: the last one's etag counts. */
static size_t on_head(char *line, size_t size, size_t count, void *arg)
{
    struct getting *g = arg;
    size_t len = size * count, from = 5, to = len;

    if (len > 5 && strncasecmp(line, "HTTP/", 5) == 0)
        g->got->etag[0] = '\0';
    if (len < 6 || strncasecmp(line, "etag:", 5) != 0)
        return len;
    while (from < to && line[from] == ' ')
        from++;
    while (to > from && (line[to - 1] == '\r' || line[to - 1] == '\n'))
        to--;
    if (to - from < sizeof(g->got->etag)) {
        memcpy(g->got->etag, line + from, to - from);
        g->got->etag[to - from] = '\0';
    }
    return len;
}

/* RFC 9110 section 13.1: an etag says more than a time. */
static struct curl_slist *ask_for_newer(struct post *p, const struct post_get *g)
{
    char line[POST_ETAG + 32];

    if (g->etag && g->etag[0]) {
        snprintf(line, sizeof(line), "If-None-Match: %s", g->etag);
        return append(NULL, line);
    }
    if (g->modified) {
        curl_easy_setopt(p->curl, CURLOPT_TIMECONDITION, (long)CURL_TIMECOND_IFMODSINCE);
        curl_easy_setopt(p->curl, CURLOPT_TIMEVALUE_LARGE,
                         (curl_off_t)(g->modified / USEC_PER_SEC));
    }
    return NULL;
}

static void prepare(struct post *p, struct getting *g)
{
    size_t unused;

    begin(p, g->set->url, "http,https", &unused);
    curl_easy_setopt(p->curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(p->curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(p->curl, CURLOPT_MAXREDIRS, REDIRECTS_MOST);
    curl_easy_setopt(p->curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(p->curl, CURLOPT_FILETIME, 1L);
    curl_easy_setopt(p->curl, CURLOPT_TIMEOUT_MS,
                     (long)(g->set->timeout / USEC_PER_MSEC));
    curl_easy_setopt(p->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(p->curl, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
    curl_easy_setopt(p->curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(p->curl, CURLOPT_WRITEDATA, g);
    curl_easy_setopt(p->curl, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(p->curl, CURLOPT_HEADERDATA, g);
}

int post_get(struct post *p, const struct post_get *g, struct post_got *ret_got,
             char ret_words[POST_WORDS])
{
    struct getting getting = {.set = g, .got = ret_got};
    struct curl_slist *headers;
    curl_off_t modified = -1;
    long unmet = 0, status;
    CURLcode code;

    *ret_got = (struct post_got){0};
    prepare(p, &getting);
    headers = ask_for_newer(p, g);
    curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, headers);
    status = perform(p, ret_words, &code);
    curl_slist_free_all(headers);
    if (code != CURLE_OK)
        return getting.too_much ? -EFBIG : -EIO;
    curl_easy_getinfo(p->curl, CURLINFO_CONDITION_UNMET, &unmet);
    curl_easy_getinfo(p->curl, CURLINFO_FILETIME_T, &modified);
    ret_got->same = status == 304 || unmet;
    ret_got->modified = modified > 0 ? (usec_t)modified * USEC_PER_SEC : 0;
    return 0;
}
