/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins of POP3 (RFC 1939), with a SASL mechanism (RFC 5034) or not. STLS (RFC 2595)
 * ends it.
 *
 * All replies look alike, and commands may be sent without waiting (RFC 2449
 * section 6.6), so those that still want a reply are counted in talk.mark: the login's is
 * the last.
 */
#include "agent/login.h"

#define POP3_PORT 110

static bool starts_login(struct text line, struct extract_out *out)
{
    if (login_verb(&line, "PASS")) {
        login_send(out, LOGIN_PASSWORD);
    } else if (login_verb(&line, "APOP")) {
        login_send(out, LOGIN_CHALLENGE);
    } else if (login_verb(&line, "AUTH") && line.len > 0) {
        login_send_sasl(out, line);
    } else {
        return false;
    }
    return true;
}

static enum extract_result pop3_command(struct text line, struct extract_out *out)
{
    struct talk *t = out->talk;

    if (t->state == LOGIN_SENT)
        return EXTRACT_NEXT; /* an answer to a challenge, or sent too early */
    if (t->mark < UINT8_MAX)
        t->mark++;
    if (!starts_login(line, out) && login_verb(&line, "STLS"))
        return login_ask_tls(out);
    return EXTRACT_NEXT;
}

static enum extract_result pop3_reply(struct text line, struct extract_out *out)
{
    struct talk *t = out->talk;
    bool good = login_verb(&line, "+OK");

    if ((!good && !login_verb(&line, "-ERR")) || t->mark == 0)
        return EXTRACT_NEXT;
    if (--t->mark > 0 || t->state == LOGIN_IDLE)
        return EXTRACT_NEXT;
    if (t->state == LOGIN_TLS)
        return login_answer_tls(out, good);
    return login_end(out, LOGIN_POP3, good ? LOGIN_ACCEPTED : LOGIN_REFUSED);
}

static const char *const commands[] = {"CAPA", "USER ", "APOP ", "AUTH", "STLS"};
static const char *const greetings[] = {"+OK", "-ERR"};

static bool pop3_wants(const struct packet *p, struct cur bytes)
{
    (void)p;
    return login_begins(bytes, greetings, 2) ||
           login_begins(bytes, commands, sizeof(commands) / sizeof(*commands));
}

static enum extract_result pop3_read(struct cur *bytes, struct extract_out *out)
{
    static const struct login_dialect pop3 = {LOGIN_POP3, pop3_command, pop3_reply};

    return login_read(&pop3, bytes, out);
}

const struct extractor extract_pop3 = {
    .name = "pop3",
    .kind = EVENT_LOGIN,
    .from = EXTRACT_STREAM,
    .app = "pop3",
    .most = LOGIN_LINE_MAX,
    .first = 4,
    .secret = true,
    .wants = pop3_wants,
    .read = pop3_read,
};
