/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DTLS (RFC 6347, RFC 9147): the client's hello, the server's, and its certificate where
 * it is visible. A message of the handshake stands in fragments, in any order, over
 * several records and datagrams (RFC 6347 section 4.2.3); here it is put together to what
 * TLS would send, which the same readers read.
 *
 * Where the server first wants a cookie back (section 4.2.1), the client says the same
 * hello again: the first one is enough. A server's HelloRetryRequest is passed over: what
 * it chose is in the hello after it. Of what the server sends behind its hello only the
 * next message counts: it is its certificate, or there is none.
 */
#include <assert.h>
#include <string.h>

#include "agent/extract.h"
#include "agent/tls_certificate.h"
#include "agent/tls_event.h"
#include "agent/tls_hello.h"

#define RECORDS_MAX   16 /* in one datagram; more say nothing more */
#define FRAGMENTS_MAX 16 /* in one record */
#define TLS_1_3       0x0103
#define HEAD          4 /* of a message as TLS has it: type, length */

enum record_type { RECORD_CHANGE = 20, RECORD_HANDSHAKE = 22 };
enum message_type { CLIENT_HELLO = 1, SERVER_HELLO = 2, CERTIFICATE = 11 };

/* What stays with the flow, of each end: its hello. */
struct begun {
    uint32_t len; /* of its body */
    uint16_t seq; /* message_seq */
    bool is;
};

static_assert(2 * sizeof(struct begun) <= EXTRACT_NOTE, "the note fits");

/* RFC 6347 section 4.1. The next record of epoch 0: what follows is encrypted. */
static bool record_next(struct cur *c, uint8_t *ret_type, struct cur *ret_body)
{
    uint16_t version, epoch;

    *ret_type = cur_u8(c);
    version = cur_u16(c);
    epoch = cur_u16(c);
    cur_skip(c, 6); /* sequence number */
    *ret_body = cur_sub(c, cur_u16(c));
    return !cur_broken(ret_body) && epoch == 0 && tls_version_number(version) > 0 &&
           tls_is_dtls(version);
}

/* Section 4.2.2. */
struct fragment {
    uint8_t type;
    uint16_t seq;
    uint32_t len, offset; /* of the message; of these bytes in it */
    struct cur bytes;
};

static bool fragment_next(struct cur *c, struct fragment *ret_fragment)
{
    struct fragment *f = ret_fragment;
    uint32_t here;

    f->type = cur_u8(c);
    f->len = cur_u24(c);
    f->seq = cur_u16(c);
    f->offset = cur_u24(c);
    here = cur_u24(c);
    f->bytes = cur_sub(c, here);
    return !cur_broken(&f->bytes) && f->len <= TLS_MESSAGE_MAX - HEAD &&
           f->offset <= f->len && here <= f->len - f->offset;
}

/* The message's bytes, `at` being where it begins among those of its end. */
static void put_fragment(const struct extract_pieces *out, uint64_t at,
                         const struct fragment *f)
{
    const uint8_t head[HEAD] = {f->type, (uint8_t)(f->len >> 16), (uint8_t)(f->len >> 8),
                                (uint8_t)f->len};

    out->piece(at, cur_over(head, sizeof(head)), out->arg);
    out->piece(at + HEAD + f->offset, f->bytes, out->arg);
}

/* A hello, or what is behind the server's; all else is left where it is. */
static bool take_fragment(const struct extract_pieces *out, struct begun *b,
                          const struct fragment *f)
{
    if (f->type == (out->from_client ? CLIENT_HELLO : SERVER_HELLO)) {
        if (!b->is || b->seq != f->seq || b->len != f->len) {
            out->begin(out->arg);
            *b = (struct begun){.is = true, .seq = f->seq, .len = f->len};
        }
        put_fragment(out, 0, f);
        return true;
    }
    if (out->from_client || !b->is || f->seq != (uint16_t)(b->seq + 1))
        return false;
    put_fragment(out, HEAD + b->len, f);
    return true;
}

/* Whether it had something for us. */
static bool take_handshake(const struct extract_pieces *out, struct begun *b,
                           struct cur body)
{
    struct fragment f;
    bool any = false;

    for (unsigned i = 0; i < FRAGMENTS_MAX && cur_left(&body) > 0; i++) {
        if (!fragment_next(&body, &f))
            break;
        any |= take_fragment(out, b, &f);
    }
    return any;
}

/* A session that is resumed has no certificate: from here on it is encrypted. */
static bool take_change(const struct extract_pieces *out, const struct begun *b)
{
    static const uint8_t nothing[HEAD];

    if (out->from_client || !b->is)
        return false;
    out->piece(HEAD + b->len, cur_over(nothing, sizeof(nothing)), out->arg);
    return true;
}

static enum extract_result dtls_open(struct cur datagram,
                                     const struct extract_pieces *out)
{
    struct begun both[2], *mine = &both[out->from_client ? 0 : 1];
    struct cur body;
    uint8_t type;
    bool any = false;

    memcpy(both, out->note, sizeof(both));
    for (unsigned i = 0; i < RECORDS_MAX && cur_left(&datagram) > 0; i++) {
        if (!record_next(&datagram, &type, &body))
            break;
        if (type == RECORD_HANDSHAKE)
            any |= take_handshake(out, mine, body);
        else if (type == RECORD_CHANGE)
            any |= take_change(out, mine);
    }
    if (!any)
        return both[0].is || both[1].is ? EXTRACT_MORE : EXTRACT_NOT;
    memcpy(out->note, both, sizeof(both));
    return EXTRACT_NEXT;
}

/* The next message, as TLS has it; of a certificate (RFC 5246 section 7.4.2) as far as
 * the first one's end. False: it is not here yet. */
static bool message_next(struct cur *c, uint8_t *ret_type, struct cur *ret_body)
{
    struct cur ahead;
    size_t len, first;

    *ret_type = cur_u8(c);
    len = cur_u24(c);
    ahead = *c;
    cur_skip(&ahead, 3);
    first = cur_u24(&ahead);
    if (*ret_type == CERTIFICATE && len >= 6 && !cur_broken(&ahead) && first < len - 6)
        len = first + 6;
    *ret_body = cur_sub(c, len);
    return !cur_broken(ret_body);
}

static enum extract_result read_hello(struct cur body, struct extract_out *out)
{
    enum tls_side side = out->from_client ? TLS_CLIENT : TLS_SERVER;
    struct tls_hello hello;

    if (!tls_hello_parse_dtls(side, body, &hello))
        return EXTRACT_NOT;
    if (hello.retry)
        return EXTRACT_MORE;
    event_begin(out->event, EVENT_DTLS, out->packet->time);
    tls_event_put(out->event, &hello, 'd');
    out->emit(out->event, out->arg);
    if (side == TLS_CLIENT || !tls_certificate_wanted(out) ||
        tls_version_number(tls_hello_version(&hello)) >= TLS_1_3)
        return EXTRACT_DONE;
    return EXTRACT_AGAIN;
}

static enum extract_result dtls_read(struct cur *bytes, struct extract_out *out)
{
    struct cur body;
    uint8_t type;

    if (!message_next(bytes, &type, &body))
        return EXTRACT_MORE;
    if (type != (out->from_client ? CLIENT_HELLO : SERVER_HELLO))
        return EXTRACT_NOT;
    if (!out->again)
        return read_hello(body, out);
    if (!message_next(bytes, &type, &body))
        return EXTRACT_MORE;
    if (type == CERTIFICATE)
        tls_certificate_emit(out, EVENT_DTLS, body);
    return EXTRACT_DONE;
}

/* A record of the handshake, in clear, with a fragment that is whole. */
static bool dtls_wants(const struct packet *p, struct cur bytes)
{
    struct fragment f;
    struct cur body;
    uint8_t type;

    (void)p;
    if (!record_next(&bytes, &type, &body))
        return false;
    return type == RECORD_CHANGE ? cur_left(&body) == 1
                                 : type == RECORD_HANDSHAKE && fragment_next(&body, &f);
}

const struct extractor extract_dtls = {
    .name = "dtls",
    .kind = EVENT_DTLS,
    .from = EXTRACT_PIECES,
    .app = "dtls",
    .both_sides = true,
    .most = 2 * TLS_MESSAGE_MAX,
    .wants = dtls_wants,
    .open = dtls_open,
    .read = dtls_read,
};
