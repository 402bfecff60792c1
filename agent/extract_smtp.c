/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins of SMTP: AUTH (RFC 4954). STARTTLS (RFC 3207) ends it, and so does the first
 * mail: who sends without a login does not log in later.
 */
#include "agent/login.h"

#define SMTP_PORT       25
#define SUBMISSION_PORT 587

static enum extract_result smtp_command(struct text line, struct extract_out *out)
{
    if (login_verb(&line, "STARTTLS"))
        return login_ask_tls(out);
    if (login_verb(&line, "AUTH")) {
        login_send_sasl(out, line);
    } else if (login_verb(&line, "MAIL")) {
        out->talk->state = LOGIN_OVER;
        return EXTRACT_DONE;
    }
    return EXTRACT_NEXT;
}

static enum extract_result smtp_reply(struct text line, struct extract_out *out)
{
    unsigned code = login_code(line);

    if (code == 0 || out->talk->state == LOGIN_IDLE)
        return EXTRACT_NEXT;
    if (out->talk->state == LOGIN_TLS)
        return login_answer_tls(out, code == 220);
    if (code == 235)
        return login_end(out, LOGIN_SMTP, LOGIN_ACCEPTED);
    if (code >= 400)
        return login_end(out, LOGIN_SMTP, LOGIN_REFUSED);
    return EXTRACT_NEXT; /* 334: go on */
}

static const char *const commands[] = {"EHLO ", "HELO ", "STARTTLS\r", "AUTH "};
static const char *const greetings[] = {"220 ", "220-"};

static bool smtp_wants(const struct packet *p, struct cur bytes)
{
    if (login_begins(bytes, greetings, 2))
        return p->src_port == SMTP_PORT || p->src_port == SUBMISSION_PORT ||
               login_mentions(bytes, "SMTP");
    return login_begins(bytes, commands, 3) ||
           ((p->dst_port == SMTP_PORT || p->dst_port == SUBMISSION_PORT) &&
            login_begins(bytes, commands, sizeof(commands) / sizeof(*commands)));
}

static enum extract_result smtp_read(struct cur *bytes, struct extract_out *out)
{
    static const struct login_dialect smtp = {LOGIN_SMTP, smtp_command, smtp_reply};

    return login_read(&smtp, bytes, out);
}

const struct extractor extract_smtp = {
    .name = "smtp",
    .kind = EVENT_LOGIN,
    .from = EXTRACT_STREAM,
    .app = "smtp",
    .most = LOGIN_LINE_MAX,
    .first = 4,
    .secret = true,
    .wants = smtp_wants,
    .read = smtp_read,
};
