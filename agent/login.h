/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.h - what FTP, POP3, IMAP and SMTP have in common: lines of commands one way,
 * lines of replies the other, and a login among them.
 *
 * What is told is that there was a login, how, and whether it was let in. Neither a name
 * nor a password is looked at any closer than to see that it is there; of an FTP user,
 * whether it is one of the two names that mean "anybody" (RFC 1635).
 */
#ifndef LOGIN_H
#define LOGIN_H

#include "agent/extract.h"
#include "names.h"
#include "text.h"

#define LOGIN_LINE_MAX 16384 /* RFC 4954 section 4: an AUTH line may have 12,288 */

/* talk.state */
enum login_state {
    LOGIN_IDLE,
    LOGIN_SENT, /* a password, or as good as one: the reply decides */
    LOGIN_TLS,  /* TLS was asked for */
    LOGIN_OVER, /* let in, or past where one logs in: nothing more to tell */
};

/* How one of them reads its lines; each returns NEXT, OTHER or DONE. */
struct login_dialect {
    enum login_proto proto;
    enum extract_result (*command)(struct text line, struct extract_out *out);
    enum extract_result (*reply)(struct text line, struct extract_out *out);
};

/* Reads one line of either end. */
enum extract_result login_read(const struct login_dialect *d, struct cur *bytes,
                               struct extract_out *out);

/* Does the line begin with this verb, in any case? Then *line is put behind it. */
bool login_verb(struct text *line, const char *verb);

/* The bytes begin with one of the words, or are a beginning of one. */
bool login_begins(struct cur bytes, const char *const *words, size_t count);

/* The word stands somewhere in the bytes, in any case. */
bool login_mentions(struct cur bytes, const char *word);

/* The reply code at the start of the last line of a reply (RFC 959 section 4.2, RFC 5321
 * section 4.2.1); 0 for all other lines. */
unsigned login_code(struct text line);

/* A password is on its way. */
void login_send(struct extract_out *out, enum login_method method);

/* By the name of a SASL mechanism. */
void login_send_sasl(struct extract_out *out, struct text mechanism);

/* The reply: emits the event. After a refusal there may be another try (NEXT). */
enum extract_result login_end(struct extract_out *out, enum login_proto proto,
                              enum login_result result);

/* TLS was asked for, and begins with the client's next byte. */
enum extract_result login_ask_tls(struct extract_out *out);

/* Was granted or not: TLS begins with the server's next byte, or all goes on as before.
 */
enum extract_result login_answer_tls(struct extract_out *out, bool granted);

#endif
