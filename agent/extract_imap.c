/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins of IMAP (RFC 9051): LOGIN and AUTHENTICATE. STARTTLS ends it, and so does
 * PREAUTH, where nobody has to log in.
 *
 * A reply belongs to the command with its tag; of that, eight bits of a sum are
 * remembered. Lines between a login and its reply are its continuation (literals,
 * answers to a challenge) and are passed over.
 */
#include "agent/login.h"

#include <ctype.h>
#include <string.h>

#define TAG_MAX 32

/* RFC 9051 section 9: tag */
static bool is_tag(unsigned char c)
{
    return isgraph(c) && !strchr("*+(){%\"\\", c);
}

/* The tag in front, with *line behind it. False: there is none. */
static bool take_tag(struct text *line, uint8_t *ret_sum)
{
    unsigned sum = 0;
    size_t len = 0;

    while (len < line->len && len <= TAG_MAX && is_tag((unsigned char)line->at[len]))
        sum = sum * 31 + (unsigned char)line->at[len++];
    if (len == 0 || len > TAG_MAX || len == line->len || line->at[len] != ' ')
        return false;
    *ret_sum = (uint8_t)(sum ^ sum >> 8);
    line->at += len + 1;
    line->len -= len + 1;
    return true;
}

static enum extract_result imap_command(struct text line, struct extract_out *out)
{
    struct talk *t = out->talk;
    uint8_t sum;

    if (t->state == LOGIN_SENT || !take_tag(&line, &sum))
        return EXTRACT_NEXT;
    t->mark = sum;
    if (login_verb(&line, "STARTTLS"))
        return login_ask_tls(out);
    if (login_verb(&line, "LOGIN"))
        login_send(out, LOGIN_PASSWORD);
    else if (login_verb(&line, "AUTHENTICATE"))
        login_send_sasl(out, line);
    return EXTRACT_NEXT;
}

static enum extract_result imap_reply(struct text line, struct extract_out *out)
{
    struct text greeting = line;
    struct talk *t = out->talk;
    uint8_t sum;
    bool good;

    if (login_verb(&greeting, "* PREAUTH")) {
        t->state = LOGIN_OVER;
        return EXTRACT_DONE;
    }
    if (t->state == LOGIN_IDLE || !take_tag(&line, &sum) || sum != t->mark)
        return EXTRACT_NEXT;
    good = login_verb(&line, "OK");
    if (!good && !login_verb(&line, "NO") && !login_verb(&line, "BAD"))
        return EXTRACT_NEXT;
    if (t->state == LOGIN_TLS)
        return login_answer_tls(out, good);
    return login_end(out, LOGIN_IMAP, good ? LOGIN_ACCEPTED : LOGIN_REFUSED);
}

static const char *const commands[] = {"CAPABILITY", "LOGIN ", "AUTHENTICATE ",
                                       "STARTTLS", "ID "};
static const char *const greetings[] = {"* OK", "* PREAUTH", "* BYE"};

static bool imap_wants(const struct packet *p, struct cur bytes)
{
    struct text line = {(const char *)bytes.pos, cur_left(&bytes)};
    uint8_t sum;

    (void)p;
    if (login_begins(bytes, greetings, 3))
        return true;
    return take_tag(&line, &sum) && line.len > 0 &&
           login_begins(cur_over(line.at, line.len), commands,
                        sizeof(commands) / sizeof(*commands));
}

static enum extract_result imap_read(struct cur *bytes, struct extract_out *out)
{
    static const struct login_dialect imap = {LOGIN_IMAP, imap_command, imap_reply};

    return login_read(&imap, bytes, out);
}

const struct extractor extract_imap = {
    .name = "imap",
    .kind = EVENT_LOGIN,
    .from = EXTRACT_STREAM,
    .app = "imap",
    .then = "imaps",
    .most = LOGIN_LINE_MAX,
    .first = 6,
    .secret = true,
    .wants = imap_wants,
    .read = imap_read,
};
