/* SPDX-License-Identifier: Apache-2.0 */
/*
 * post.h - hands something to a server of the world outside, by SMTP or HTTP; the only
 * home of libcurl. It blocks, for half a minute at most: only the runner calls it.
 */
#ifndef POST_H
#define POST_H

#include <stddef.h>

#include "auto.h"
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

#endif
