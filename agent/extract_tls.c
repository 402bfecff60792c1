/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first hello of either side of TLS over TCP. A hello may stand in several records
 * (RFC 8446 section 5.1), and is read as soon as its own bytes are here, even if its
 * record goes on. A HelloRetryRequest is passed over: what the server chose is in the
 * ServerHello after it.
 */
#include "agent/extract.h"
#include "agent/tls_event.h"
#include "agent/tls_hello.h"

#define RECORD_BYTES    5
#define RECORD_MAX      (16384 + 2048)
#define RECORDS_MAX     16 /* that one hello is split into */
#define SSL2_HEAD_BYTES 11

enum record_type { RECORD_CHANGE = 20, RECORD_HANDSHAKE = 22 };
enum message_type { CLIENT_HELLO = 1, SERVER_HELLO = 2 };

/* A handshake message, wherever its bytes stand. */
struct message {
    uint8_t type;
    struct cur body;
    bool aligned; /* the cursor stands behind its last record */
    uint8_t joined[TLS_MESSAGE_MAX];
};

static bool record_is_there(struct cur c, uint8_t type)
{
    uint8_t found = cur_u8(&c);
    uint16_t version = cur_u16(&c);
    uint16_t len = cur_u16(&c);

    return found == type && version >> 8 == 3 && len > 0 && len <= RECORD_MAX;
}

/* The bytes of the record at c, as many as are here. */
static struct cur record_read(struct cur *c, bool *ret_whole)
{
    size_t len;

    cur_skip(c, RECORD_BYTES - 2);
    len = cur_u16(c);
    *ret_whole = cur_left(c) >= len;
    return cur_sub(c, *ret_whole ? len : cur_left(c));
}

/* Header and length of the message whose first bytes are in c; 0: too few. */
static size_t message_len(struct cur c)
{
    size_t len;

    cur_skip(&c, 1);
    len = cur_u24(&c);
    return cur_broken(&c) ? 0 : 4 + len;
}

static enum extract_result message_found(struct message *m, struct cur c)
{
    m->type = cur_u8(&c);
    m->body = cur_sub(&c, cur_u24(&c));
    return EXTRACT_NEXT;
}

/* NEXT: the message at c is whole. */
static enum extract_result message_read(struct cur *c, struct message *m)
{
    size_t have = 0, need = 0;

    for (unsigned i = 0; i < RECORDS_MAX; i++) {
        struct cur part;
        size_t len;

        if (cur_left(c) < RECORD_BYTES)
            return EXTRACT_MORE;
        if (!record_is_there(*c, RECORD_HANDSHAKE))
            return EXTRACT_NOT;
        part = record_read(c, &m->aligned);
        need = message_len(part);
        if (i == 0 && need > 0 && cur_left(&part) >= need)
            return message_found(m, part);

        len = cur_left(&part) < sizeof(m->joined) - have ? cur_left(&part)
                                                         : sizeof(m->joined) - have;
        cur_copy(&part, m->joined + have, len);
        have += len;
        need = message_len(cur_over(m->joined, have));
        if (need > sizeof(m->joined))
            return EXTRACT_NOT;
        if (need > 0 && have >= need)
            return message_found(m, cur_over(m->joined, have));
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
           ciphers > 0 && ciphers % 3 == 0 && challenge >= 16 && challenge <= 32 &&
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

static enum extract_result tls_read(struct cur *bytes, struct extract_out *out)
{
    enum extract_result result;
    struct tls_hello hello;
    struct message m;
    bool whole;

    if (bytes->pos[0] & 0x80)
        return ssl2_read(*bytes, out);
    if (cur_left(bytes) >= RECORD_BYTES && record_is_there(*bytes, RECORD_CHANGE)) {
        (void)record_read(bytes, &whole);
        return whole ? EXTRACT_NEXT : EXTRACT_MORE;
    }
    result = message_read(bytes, &m);
    if (result != EXTRACT_NEXT)
        return result;
    if (m.type != CLIENT_HELLO && m.type != SERVER_HELLO)
        return EXTRACT_NOT;
    if (!tls_hello_parse(m.type == CLIENT_HELLO ? TLS_CLIENT : TLS_SERVER, m.body,
                         &hello))
        return EXTRACT_NOT;
    if (hello.retry)
        return m.aligned ? EXTRACT_NEXT : EXTRACT_MORE;
    emit_hello(out, &hello);
    return EXTRACT_DONE;
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
