/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/login.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "agent/http_head.h"

enum extract_result login_read(const struct login_dialect *d, struct cur *bytes,
                               struct extract_out *out)
{
    size_t left = cur_left(bytes);
    struct text line;

    if (out->talk->state == LOGIN_OVER)
        return EXTRACT_DONE;
    if (!http_line_read(bytes, &line))
        return left < LOGIN_LINE_MAX ? EXTRACT_MORE : EXTRACT_NOT;
    if (line.len > 0 && memchr(line.at, '\0', line.len))
        return EXTRACT_NOT;
    return out->from_client ? d->command(line, out) : d->reply(line, out);
}

/* ---- words ---- */

static bool begins_with(struct text line, const char *word, size_t len)
{
    return line.len >= len && strncasecmp(line.at, word, len) == 0;
}

bool login_verb(struct text *line, const char *verb)
{
    size_t len = strlen(verb);

    if (!begins_with(*line, verb, len) || (line->len > len && line->at[len] != ' '))
        return false;
    line->at += len;
    line->len -= len;
    while (line->len > 0 && *line->at == ' ') {
        line->at++;
        line->len--;
    }
    return true;
}

bool login_begins(struct cur bytes, const char *const *words, size_t count)
{
    size_t left = cur_left(&bytes);

    for (size_t i = 0; i < count && left > 0; i++) {
        size_t len = strlen(words[i]);

        if (strncasecmp((const char *)bytes.pos, words[i], len < left ? len : left) == 0)
            return true;
    }
    return false;
}

bool login_mentions(struct cur bytes, const char *word)
{
    struct text rest = {(const char *)bytes.pos, cur_left(&bytes)};
    size_t len = strlen(word);

    for (; rest.len >= len; rest.at++, rest.len--)
        if (begins_with(rest, word, len))
            return true;
    return false;
}

unsigned login_code(struct text line)
{
    unsigned code = 0;

    if (line.len < 3 || (line.len > 3 && line.at[3] != ' '))
        return 0;
    for (size_t i = 0; i < 3; i++) {
        if (!isdigit((unsigned char)line.at[i]))
            return 0;
        code = code * 10 + (unsigned)(line.at[i] - '0');
    }
    return code;
}

/* ---- logins ---- */

void login_send(struct extract_out *out, enum login_method method)
{
    out->talk->state = LOGIN_SENT;
    out->talk->method = (uint8_t)method;
}

void login_send_sasl(struct extract_out *out, struct text mechanism)
{
    static const char *const plain[] = {"PLAIN", "XOAUTH2", "OAUTHBEARER"};

    for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
        struct text word = mechanism;

        if (login_verb(&word, plain[i])) {
            login_send(out, LOGIN_PLAIN);
            return;
        }
    }
    login_send(out, login_verb(&mechanism, "LOGIN")       ? LOGIN_LOGIN
                    : login_verb(&mechanism, "ANONYMOUS") ? LOGIN_ANONYMOUS
                                                          : LOGIN_CHALLENGE);
}

enum extract_result login_end(struct extract_out *out, enum login_proto proto,
                              enum login_result result)
{
    enum login_method method = out->talk->method;
    struct event *e = out->event;

    out->talk->state = result == LOGIN_ACCEPTED ? LOGIN_OVER : LOGIN_IDLE;
    event_begin(e, EVENT_LOGIN, out->packet->time);
    event_put_number(e, FIELD_LOGIN_PROTO, proto);
    event_put_number(e, FIELD_LOGIN_RESULT, result);
    event_put_number(e, FIELD_LOGIN_METHOD, method);
    event_put_number(e, FIELD_LOGIN_CLEAR,
                     method != LOGIN_CHALLENGE && method != LOGIN_ANONYMOUS);
    out->emit(e, out->arg);
    return result == LOGIN_ACCEPTED ? EXTRACT_DONE : EXTRACT_NEXT;
}

enum extract_result login_ask_tls(struct extract_out *out)
{
    out->talk->state = LOGIN_TLS;
    return EXTRACT_OTHER;
}

enum extract_result login_answer_tls(struct extract_out *out, bool granted)
{
    if (granted)
        return EXTRACT_OTHER;
    out->talk->state = LOGIN_IDLE;
    return EXTRACT_NEXT;
}
