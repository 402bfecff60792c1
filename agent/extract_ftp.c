/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins of FTP (RFC 959). AUTH (RFC 4217) ends it: what follows is TLS.
 *
 * Whether the user is "anonymous" is remembered from USER until the reply to PASS.
 */
#include "agent/login.h"

#include <string.h>
#include <strings.h>

#define FTP_PORT  21
#define POP3_PORT 110 /* it begins with the same words */

static bool is_anybody(struct text user)
{
    static const char *const names[] = {"anonymous", "ftp"};

    for (size_t i = 0; i < 2; i++)
        if (user.len == strlen(names[i]) && strncasecmp(user.at, names[i], user.len) == 0)
            return true;
    return false;
}

static enum extract_result ftp_command(struct text line, struct extract_out *out)
{
    if (login_verb(&line, "USER"))
        out->talk->mark = is_anybody(line);
    else if (login_verb(&line, "PASS"))
        login_send(out, out->talk->mark ? LOGIN_ANONYMOUS : LOGIN_PASSWORD);
    else if (login_verb(&line, "AUTH"))
        return login_ask_tls(out);
    return EXTRACT_NEXT;
}

static enum extract_result ftp_reply(struct text line, struct extract_out *out)
{
    unsigned code = login_code(line);

    if (code == 0 || out->talk->state == LOGIN_IDLE)
        return EXTRACT_NEXT;
    if (out->talk->state == LOGIN_TLS)
        return login_answer_tls(out, code == 234 || code == 334);
    if (code == 230 || code == 202)
        return login_end(out, LOGIN_FTP, LOGIN_ACCEPTED);
    if (code >= 400)
        return login_end(out, LOGIN_FTP, LOGIN_REFUSED);
    return EXTRACT_NEXT;
}

static const char *const commands[] = {"USER ", "AUTH ", "FEAT",
                                       "SYST",  "OPTS ", "PASS "};
static const char *const greetings[] = {"220 ", "220-"};

static bool ftp_wants(const struct packet *p, struct cur bytes)
{
    if (login_begins(bytes, greetings, 2))
        return p->src_port == FTP_PORT || login_mentions(bytes, "FTP");
    return p->dst_port != POP3_PORT &&
           login_begins(bytes, commands, sizeof(commands) / sizeof(*commands));
}

static enum extract_result ftp_read(struct cur *bytes, struct extract_out *out)
{
    static const struct login_dialect ftp = {LOGIN_FTP, ftp_command, ftp_reply};

    return login_read(&ftp, bytes, out);
}

const struct extractor extract_ftp = {
    .name = "ftp",
    .kind = EVENT_LOGIN,
    .from = EXTRACT_STREAM,
    .app = "ftp",
    .most = LOGIN_LINE_MAX,
    .first = 4,
    .secret = true,
    .wants = ftp_wants,
    .read = ftp_read,
};
