/* SPDX-License-Identifier: Apache-2.0 */
/*
 * post.h - hands something to a server of the world outside, by SMTP or HTTP, or gets
 * something from one; the only home of libcurl. It blocks: handing over for half a minute
 * at most, so that only the runner does it, and getting as long as it is allowed to,
 * which only `hallwatch lists fetch` does.
 */
#ifndef POST_H
#define POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "clock.h"
#include "collector/settings.h"

#define POST_WORDS 320

enum post_verdict {
    POST_DONE,  /* the server has it */
    POST_LATER, /* nobody there, or it says: not now */
    POST_NEVER, /* the server says that it never will */
};

struct post;

struct post *post_new(void); /* NULL: libcurl cannot be started */
void post_free(struct post *p);
AUTO_DEFINE(post, post_free)
#define auto_post __attribute__((cleanup(auto_post_run)))

struct post_mail {
    const char *url;             /* of the mail server */
    const char *user, *password; /* NULL: no login */
    enum smtp_tls tls;
    const char *from, *to;
    const char *text; /* head and body, RFC 5322 */
    size_t len;
};

/* words: what the server or the network said. */
enum post_verdict post_mail(struct post *p, const struct post_mail *m,
                            char ret_words[POST_WORDS]);

struct post_http {
    const char *url;            /* http:// or https://; redirects are not followed */
    const char *const *headers; /* "Name: value" */
    size_t header_count;
    const char *body;
    size_t len;
};

enum post_verdict post_http(struct post *p, const struct post_http *h,
                            char ret_words[POST_WORDS]);

#define POST_ETAG 256

struct post_get {
    const char *url;  /* http:// or https://; a few redirects are followed */
    const char *etag; /* of what is there already, or NULL */
    usec_t modified;  /* likewise its time; 0: not known. Neither: it is got anyway */
    uint64_t max_size;
    usec_t timeout;
    int fd; /* it is written there */
};

struct post_got {
    bool same; /* what is there already is the newest: nothing was written */
    uint64_t size;
    usec_t modified; /* 0: the server does not say */
    char etag[POST_ETAG];
};

/* 0; -EFBIG: more than max_size; -EIO: words say why. What was written is then no use. */
int post_get(struct post *p, const struct post_get *g, struct post_got *ret_got,
             char ret_words[POST_WORDS]);

#endif
