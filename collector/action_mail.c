/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mail (RFC 5322) is the same, byte for byte, each time it is tried: its date is when
 * it was wished for, and its Message-ID is made from the key, so that a mail server or a
 * reader's program shows it once. All mails of one incident are one thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/action.h"
#include "crypt.h"
#include "mem.h"
#include "text.h"

#define LINE_MOST 76  /* RFC 2045, section 6.7 */
#define HEAD_MOST 998 /* bytes of a line of the head: RFC 5322, section 2.1.1 */
#define WORD_MOST 42  /* bytes of an encoded word: 75 characters at most (RFC 2047) */
#define ID_BYTES  16

/* ---- encoding ---- */

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
            return false;
    return true;
}

static void add_base64(struct buffer *b, const char *bytes, size_t len)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        uint32_t group = (uint32_t)(unsigned char)bytes[i] << 16;

        if (i + 1 < len)
            group |= (uint32_t)(unsigned char)bytes[i + 1] << 8;
        if (i + 2 < len)
            group |= (uint32_t)(unsigned char)bytes[i + 2];
        buffer_print(b, "%c%c%c%c", digits[group >> 18], digits[group >> 12 & 63],
                     i + 1 < len ? digits[group >> 6 & 63] : '=',
                     i + 2 < len ? digits[group & 63] : '=');
    }
}

/* Whole characters, as many as fit into one encoded word. */
static size_t word_len(const char *text)
{
    size_t len = 0;

    while (text[len]) {
        size_t next = text_utf8_len(text + len, strlen(text + len));

        if (next == 0)
            next = 1;
        if (len + next > WORD_MOST)
            break;
        len += next;
    }
    return len;
}

static void add_subject(struct buffer *b, const char *subject)
{
    static const char name[] = "Subject: ";

    buffer_text(b, name);
    if (is_plain(subject) && sizeof(name) - 1 + strlen(subject) <= HEAD_MOST) {
        buffer_text(b, subject);
    } else {
        for (const char *at = subject; *at;) {
            size_t len = word_len(at);

            buffer_text(b, at == subject ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
            add_base64(b, at, len);
            buffer_text(b, "?=");
            at += len;
        }
    }
    buffer_text(b, "\r\n");
}

/* Quoted-printable (RFC 2045, section 6.7). */
static void add_body(struct buffer *b, const char *text)
{
    size_t column = 0;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool at_end = text[1] == '\n' || text[1] == '\0';
        bool plain = (c > 0x20 && c < 0x7f && c != '=' && !(c == '.' && column == 0)) ||
                     (c == ' ' && !at_end);

        if (c == '\n') {
            buffer_text(b, "\r\n");
            column = 0;
            continue;
        }
        if (column + (plain ? 1 : 3) > LINE_MOST - 1) {
            buffer_text(b, "=\r\n");
            column = 0;
        }
        buffer_print(b, plain ? "%c" : "=%02X", c);
        column += plain ? 1 : 3;
    }
    buffer_text(b, "\r\n");
}

/* ---- the head ---- */

/* Days and months are English in a mail, whatever the machine speaks. */
static void add_date(struct buffer *b, usec_t when)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(when / USEC_PER_SEC);
    struct tm t;

    gmtime_r(&seconds, &t);
    buffer_print(b, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n",
                 days + 3 * t.tm_wday, t.tm_mday, months + 3 * t.tm_mon, t.tm_year + 1900,
                 t.tm_hour, t.tm_min, t.tm_sec);
}

static void make_id(const char *text, char ret_id[2 * ID_BYTES + 1])
{
    uint8_t hash[ID_BYTES];

    crypt_hash(NULL, text, strlen(text), hash, sizeof(hash));
    crypt_hex(hash, sizeof(hash), ret_id);
}

static void add_ids(struct buffer *b, const struct action_call *c, const char *from)
{
    const char *at = strrchr(from, '@');
    const char *host = at ? at + 1 : "hallwatch";
    auto_free char *own = xasprintf("%s/%s", c->world->district->id, c->key);
    auto_free char *thread =
        xasprintf("%s/incident/%" PRId64, c->world->district->id, c->incident);
    char id[2 * ID_BYTES + 1];

    make_id(own, id);
    buffer_print(b, "Message-ID: <%s@%s>\r\n", id, host);
    make_id(thread, id);
    buffer_print(b, "References: <%s@%s>\r\n", id, host);
}

static void add_head(struct buffer *b, const struct action_call *c, const char *to,
                     const char *subject)
{
    const char *from = c->world->settings->smtp.from;

    buffer_print(b, "From: Hallwatch <%s>\r\nTo: <%s>\r\n", from, to);
    add_subject(b, subject);
    add_date(b, c->made);
    add_ids(b, c, from);
    buffer_text(b, "Auto-Submitted: auto-generated\r\n" /* RFC 3834 */
                   "MIME-Version: 1.0\r\n"
                   "Content-Type: text/plain; charset=utf-8\r\n"
                   "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
}

/* ---- sending ---- */

static enum post_verdict send_it(const struct action_call *c, struct post_mail *m,
                                 char words[POST_WORDS])
{
    const struct collector_settings *s = c->world->settings;
    auto_free char *password = NULL;
    enum post_verdict verdict;

    if (s->smtp.user && action_secret(s->smtp.password_file, &password) < 0) {
        snprintf(words, POST_WORDS, "the password in %s cannot be read",
                 s->smtp.password_file);
        return POST_LATER;
    }
    m->user = s->smtp.user;
    m->password = password;
    verdict = post_mail(c->world->post, m, words);
    if (password)
        crypt_wipe(password, strlen(password));
    return verdict;
}

enum post_verdict action_mail(const struct action_call *c, char ret_words[POST_WORDS])
{
    const struct collector_settings *s = c->world->settings;
    const char *to = json_get_text(c->payload, "at", "");
    auto_free char *subject = NULL, *text = NULL;
    auto_buffer struct buffer mail = {0};

    if (!s->smtp.url) {
        snprintf(ret_words, POST_WORDS,
                 "no mail server is named: set smtp.url in the collector's settings");
        return POST_NEVER;
    }
    /* It goes into the head and to the server as it is, and these words into the log. */
    if (!text_is_mail_address(to)) {
        snprintf(ret_words, POST_WORDS,
                 "what it should go to is no mail address: see the contacts in "
                 "district.yaml");
        return POST_NEVER;
    }
    action_notice(c, &subject, &text);
    add_head(&mail, c, to, subject);
    add_body(&mail, text);
    return send_it(c,
                   &(struct post_mail){.url = s->smtp.url,
                                       .tls = (enum smtp_tls)s->smtp.tls,
                                       .from = s->smtp.from,
                                       .to = to,
                                       .text = mail.at,
                                       .len = mail.len},
                   ret_words);
}
