/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first hello of either side of TLS over TCP. A hello may stand in several records
 * (RFC 8446 section 5.1), and is read as soon as its own bytes are here, even if its
 * record goes on. A HelloRetryRequest is passed over: what the server chose is in the
 * ServerHello after it. Behind that the certificate is read up to TLS 1.2, from where on
 * it is encrypted (tls_certificate.c).
 */
#include "agent/extract.h"
#include "agent/tls_certificate.h"
#include "agent/tls_event.h"
#include "agent/tls_hello.h"

#define RECORD_BYTES    5
#define RECORD_MAX      (16384 + 2048)
#define RECORDS_MAX     16 /* that one hello is split into */
#define SSL2_HEAD_BYTES 11
#define TLS_1_3         0x0103

enum record_type { RECORD_CHANGE = 20, RECORD_HANDSHAKE = 22 };
enum message_type { CLIENT_HELLO = 1, SERVER_HELLO = 2, CERTIFICATE = 11 };

/* A handshake message, wherever its bytes stand. */
struct message {
    uint8_t type;
    struct cur body; /* of a certificate message: as far as it is needed */
    uint8_t joined[TLS_MESSAGE_MAX];
};

static bool record_is_there(struct cur c, uint8_t type)
{
    uint8_t found = cur_u8(&c);
    uint16_t version = cur_u16(&c);
    uint16_t len = cur_u16(&c);

    return found == type && version >> 8 == 3 && len > 0 && len <= RECORD_MAX;
}

/* The bytes of the record at c that are here, with *left bytes to come, or of the next
 * one when there are none. c then stands where they begin. */
static enum extract_result record_read(struct cur *c, size_t *left, struct cur *ret_part)
{
    if (*left == 0) {
        if (cur_left(c) < RECORD_BYTES)
            return EXTRACT_MORE;
        if (!record_is_there(*c, RECORD_HANDSHAKE))
            return EXTRACT_NOT;
        cur_skip(c, RECORD_BYTES - 2);
        *left = cur_u16(c);
    }
    *ret_part = cur_over(c->pos, *left < cur_left(c) ? *left : cur_left(c));
    return EXTRACT_NEXT;
}

/* How many bytes of the message that begins with c are needed; 0: too few to tell. Of
 * certificates (RFC 5246 section 7.4.2) the first is the server's own; those behind it
 * are read when somebody asks who vouches for it, unless there are more than fit. */
static size_t message_need(struct cur c, bool chain)
{
    uint8_t type = cur_u8(&c);
    size_t len = cur_u24(&c), first;

    if (cur_broken(&c))
        return 0;
    if (type != CERTIFICATE || len < 6 || (chain && len <= TLS_MESSAGE_MAX - 4))
        return 4 + len;
    cur_skip(&c, 3);
    first = cur_u24(&c);
    return cur_broken(&c) ? 0 : 4 + (first < len - 6 ? first + 6 : len);
}

static void message_found(struct message *m, struct cur c)
{
    m->type = cur_u8(&c);
    cur_skip(&c, 3);
    m->body = c;
}

/* NEXT: what is needed of the message is here, and c stands behind it, *left bytes before
 * the end of the record. */
static enum extract_result message_read(struct cur *c, size_t *left, bool chain,
                                        struct message *m)
{
    size_t have = 0;

    for (unsigned i = 0; i < RECORDS_MAX; i++) {
        struct cur part, begun;
        enum extract_result result = record_read(c, left, &part);
        size_t need, room = sizeof(m->joined) - have;

        if (result != EXTRACT_NEXT)
            return result;
        need = i == 0 ? message_need(part, chain) : 0;
        if (need > 0 && cur_left(&part) >= need) {
            message_found(m, cur_sub(c, need));
            *left -= need;
            return EXTRACT_NEXT;
        }

        if (room > cur_left(&part))
            room = cur_left(&part);
        begun = part;
        cur_copy(&begun, m->joined + have, room);
        need = message_need(cur_over(m->joined, have + room), chain);
        if (need > sizeof(m->joined))
            return EXTRACT_NOT;
        if (need > 0 && have + room >= need) {
            message_found(m, cur_over(m->joined, need));
            cur_skip(c, need - have);
            *left -= need - have;
            return EXTRACT_NEXT;
        }
        if (cur_left(&part) < *left)
            return EXTRACT_MORE;
        cur_skip(c, *left);
        *left = 0;
        have += room;
    }
    return EXTRACT_NOT;
}

static void emit_hello(struct extract_out *out, const struct tls_hello *h)
{
    event_begin(out->event, EVENT_TLS, out->packet->time);
    tls_event_put(out->event, h, 't');
    out->emit(out->event, out->arg);
}

/* ---- a hello in the form of SSL 2, that clients of old sent to newer servers ---- */

/* RFC 5246 appendix E.2: a length whose highest bit is set, 1, the version offered, then
 * the lengths of what follows, ciphers of three bytes each. */
static bool ssl2_is_there(struct cur c)
{
    unsigned len = cur_u16(&c);
    uint8_t type = cur_u8(&c);
    uint16_t version = cur_u16(&c);
    unsigned ciphers = cur_u16(&c), session = cur_u16(&c), challenge = cur_u16(&c);

    return len >> 15 && type == CLIENT_HELLO && tls_version_number(version) > 0 &&
           !tls_is_dtls(version) && ciphers > 0 && ciphers % 3 == 0 && challenge >= 16 &&
           challenge <= 32 &&
           (len & 0x7fff) == SSL2_HEAD_BYTES - 2 + ciphers + session + challenge;
}

static enum extract_result ssl2_read(struct cur c, struct extract_out *out)
{
    struct event *e = out->event;

    if (cur_left(&c) < SSL2_HEAD_BYTES)
        return EXTRACT_MORE;
    if (!ssl2_is_there(c))
        return EXTRACT_NOT;
    cur_skip(&c, 3);
    event_begin(e, EVENT_TLS, out->packet->time);
    event_put_number(e, FIELD_TLS_SIDE, TLS_CLIENT);
    tls_event_put_version(e, cur_u16(&c));
    event_put_number(e, FIELD_TLS_ECH, ECH_NONE);
    out->emit(e, out->arg);
    return EXTRACT_DONE;
}

/* ---- the extractor ---- */

/* Of a record with a hello: the most that its first eight bytes may be. */
static bool hello_begins(struct cur c)
{
    static const uint8_t first[] = {RECORD_HANDSHAKE, 3, 0, 0, 0, 1, 0, 0};
    static const uint8_t last[] = {
        RECORD_HANDSHAKE, 3, 4, RECORD_MAX >> 8, 255, 2, 0, 64};

    for (size_t i = 0; i < sizeof(first) && cur_left(&c) > 0; i++) {
        uint8_t byte = cur_u8(&c);

        if (byte < first[i] || byte > last[i])
            return false;
    }
    return true;
}

static bool tls_wants(const struct packet *p, struct cur bytes)
{
    (void)p;
    if (hello_begins(bytes))
        return true;
    if (cur_left(&bytes) >= SSL2_HEAD_BYTES)
        return ssl2_is_there(bytes);
    return cur_left(&bytes) > 0 && bytes.pos[0] & 0x80 &&
           (cur_left(&bytes) < 3 || bytes.pos[2] == CLIENT_HELLO);
}

/* Changes of cipher come between a HelloRetryRequest and the hello after it. */
static enum extract_result change_read(struct cur *bytes)
{
    cur_skip(bytes, RECORD_BYTES - 2);
    cur_skip(bytes, cur_u16(bytes));
    return cur_broken(bytes) ? EXTRACT_MORE : EXTRACT_NEXT;
}

static enum extract_result hello_found(const struct tls_hello *hello,
                                       struct extract_out *out)
{
    unsigned version = tls_version_number(tls_hello_version(hello));

    emit_hello(out, hello);
    if (hello->side == TLS_CLIENT || version >= TLS_1_3 || !tls_certificate_wanted(out))
        return EXTRACT_DONE;
    return EXTRACT_AGAIN;
}

/* What comes behind the ServerHello, if it is one: a resumed session has none. */
static enum extract_result certificate_read(struct cur *c, size_t left,
                                            struct extract_out *out)
{
    struct message m;
    enum extract_result result =
        message_read(c, &left, extract_asked(out, FIELD_TLS_CERT_AUTHORITIES), &m);

    if (result == EXTRACT_MORE)
        return EXTRACT_MORE;
    if (result == EXTRACT_NEXT && m.type == CERTIFICATE)
        tls_certificate_emit(out, EVENT_TLS, m.body);
    return EXTRACT_DONE;
}

static enum extract_result tls_read(struct cur *bytes, struct extract_out *out)
{
    enum extract_result result;
    struct cur c = *bytes;
    struct tls_hello hello;
    struct message m;
    size_t left = 0;

    if (bytes->pos[0] & 0x80)
        return ssl2_read(*bytes, out);
    if (cur_left(bytes) >= RECORD_BYTES && record_is_there(*bytes, RECORD_CHANGE))
        return change_read(bytes);
    result = message_read(&c, &left, false, &m);
    if (result != EXTRACT_NEXT)
        return result;
    if (out->again)
        return certificate_read(&c, left, out);
    if (m.type != CLIENT_HELLO && m.type != SERVER_HELLO)
        return EXTRACT_NOT;
    if (!tls_hello_parse(m.type == CLIENT_HELLO ? TLS_CLIENT : TLS_SERVER, m.body,
                         &hello))
        return EXTRACT_NOT;
    if (!hello.retry)
        return hello_found(&hello, out);
    if (left > 0)
        return EXTRACT_MORE;
    *bytes = c;
    return EXTRACT_NEXT;
}

const struct extractor extract_tls = {
    .name = "tls",
    .kind = EVENT_TLS,
    .from = EXTRACT_STREAM,
    .app = "tls",
    .most = TLS_MESSAGE_MAX + RECORDS_MAX * RECORD_BYTES,
    .later = true,
    .wants = tls_wants,
    .read = tls_read,
};
