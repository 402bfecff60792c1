/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins by Telnet (RFC 854). It has no login of its own; what is found is the prompt for
 * a password and what the server says next. Only conversations that begin with an option
 * (IAC WILL, WONT, DO, DONT) are read: all else at this port may be anything.
 *
 * A message is an option, a line, or a prompt: text that stops behind a mark as prompts
 * have it. What the client types is passed over unread.
 */
#include <string.h>

#include "agent/login.h"

#define IAC  0xff
#define DONT 0xfe
#define WILL 0xfb
#define SB   0xfa
#define SE   0xf0

#define OPTION_MAX 49 /* IANA: the registered ones, without 138 to 140 and 255 */
#define TEXT_MAX   1024

static bool mentions(struct text said, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (login_mentions(cur_over(said.at, said.len), words[i]))
            return true;
    return false;
}

/* ---- what the server says ---- */

static const char *const password_words[] = {"password:", "passcode:", "passwort:"};

static bool asks_for_password(struct text said)
{
    return mentions(said, password_words, 3);
}

static bool asks_for_name(struct text said)
{
    static const char *const words[] = {"login", "username", "user name"};

    return mentions(said, words, 3);
}

static bool refuses(struct text said)
{
    static const char *const words[] = {"incorrect", "fail", "denied", "invalid", "bad "};

    return mentions(said, words, sizeof(words) / sizeof(*words));
}

static bool gives_up(struct text said)
{
    static const char *const words[] = {"timed out", "timeout", "closed"};

    return mentions(said, words, 3);
}

/* Nothing, or the asterisks that some echo. */
static bool is_blank(struct text said)
{
    for (size_t i = 0; i < said.len; i++)
        if ((unsigned char)said.at[i] > ' ' && said.at[i] != '*')
            return false;
    return true;
}

static bool is_prompt(struct text said)
{
    while (said.len > 0 && (unsigned char)said.at[said.len - 1] <= ' ')
        said.len--;
    return said.len > 0 && strchr(":>$#%?", said.at[said.len - 1]);
}

static enum extract_result hear(struct text said, bool line, struct extract_out *out)
{
    bool asked = out->talk->state == LOGIN_SENT;
    bool asks = !line && asks_for_password(said) && !refuses(said);
    enum extract_result result = EXTRACT_NEXT;

    if (asked && gives_up(said))
        out->talk->state = LOGIN_IDLE;
    else if (asked && (asks || refuses(said) || (!line && asks_for_name(said))))
        result = login_end(out, LOGIN_TELNET, LOGIN_REFUSED);
    else if (asked && !is_blank(said))
        result = login_end(out, LOGIN_TELNET, LOGIN_ACCEPTED);
    if (asks)
        login_send(out, LOGIN_PASSWORD);
    return result;
}

/* ---- bytes ---- */

/* A server that does not wait goes on in the same line. */
static bool ends_in_question(struct text said)
{
    size_t len = strlen(password_words[0]);

    return said.len >= len && said.at[said.len - 1] == ':' &&
           asks_for_password((struct text){said.at + said.len - len, len});
}

/* RFC 854, RFC 855. False: it is not all there. */
static bool skip_option(struct cur *c)
{
    uint8_t command;

    cur_skip(c, 1);
    command = cur_u8(c);
    if (command >= WILL && command <= DONT)
        cur_skip(c, 1);
    if (command == SB) {
        while (!cur_broken(c) && (cur_u8(c) != IAC || cur_u8(c) != SE))
            ;
    }
    return !cur_broken(c);
}

static enum extract_result read_text(struct cur *c, struct extract_out *out)
{
    struct text said = {.at = (const char *)c->pos};
    size_t left = cur_left(c);
    bool line = false, question = false;

    while (said.len < left && !line && !question && c->pos[said.len] != IAC) {
        line = said.at[said.len++] == '\n';
        question = ends_in_question(said);
    }
    while (question && said.len < left && c->pos[said.len] == ' ')
        said.len++;
    if (!line && !question && said.len == left && left < TEXT_MAX && !is_prompt(said))
        return EXTRACT_MORE;
    cur_skip(c, said.len);
    return hear(said, line, out);
}

static bool telnet_wants(const struct packet *p, struct cur bytes)
{
    size_t left = cur_left(&bytes);
    uint8_t iac = cur_u8(&bytes), command = cur_u8(&bytes), option = cur_u8(&bytes);

    (void)p;
    return left > 0 && iac == IAC && (left < 2 || (command >= WILL && command <= DONT)) &&
           (left < 3 || option <= OPTION_MAX);
}

static enum extract_result telnet_read(struct cur *bytes, struct extract_out *out)
{
    struct cur ahead = *bytes;

    if (out->talk->state == LOGIN_OVER)
        return EXTRACT_DONE;
    if (cur_u8(&ahead) == IAC) {
        if (!skip_option(bytes))
            return EXTRACT_MORE;
        return EXTRACT_NEXT;
    }
    if (!out->from_client)
        return read_text(bytes, out);
    while (cur_left(bytes) > 0 && *bytes->pos != IAC)
        cur_skip(bytes, 1);
    return EXTRACT_NEXT;
}

const struct extractor extract_telnet = {
    .name = "telnet",
    .kind = EVENT_LOGIN,
    .from = EXTRACT_STREAM,
    .app = "telnet",
    .most = TEXT_MAX,
    .first = 3,
    .secret = true,
    .wants = telnet_wants,
    .read = telnet_read,
};
