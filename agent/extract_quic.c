/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's hello over QUIC. Its bytes stand in CRYPTO frames of Initial packets, in
 * any order, often over two datagrams and more; where frames overlap, the bytes that came
 * first stay.
 *
 * The keys of all Initial packets come from where the client's first one went. What goes
 * with those keys belongs to that conversation, even when it goes to the id that the
 * server chose since. What only opens with keys from its own id is another beginning: the
 * hello is sent again from its first byte after a Retry, or by another client that got
 * the same port.
 */
#include <assert.h>
#include <string.h>

#include "agent/extract.h"
#include "agent/quic_packet.h"
#include "agent/tls_event.h"
#include "agent/tls_hello.h"

#define CLIENT_HELLO 1

/* What stays with the flow: where its first Initial packet went. */
struct note {
    uint8_t version; /* its name + 1; 0: there was none yet */
    uint8_t cid_len;
    uint8_t cid[QUIC_CID_MAX];
};

static_assert(sizeof(struct note) <= EXTRACT_NOTE, "the note fits");

static struct note note_of(const struct quic_packet *p)
{
    struct note n = {.version = (uint8_t)(quic_version_name(p->version) + 1),
                     .cid_len = (uint8_t)cur_left(&p->dcid)};
    struct cur cid = p->dcid;

    cur_copy(&cid, n.cid, n.cid_len);
    return n;
}

/* A datagram on its way through open. */
struct opening {
    const struct extract_pieces *out;
    struct quic_packet first; /* its first Initial packet */
    struct quic_keys keys;    /* those that opened it */
    bool opened;
    uint8_t room[QUIC_PACKET_MAX];
};

/* The first Initial packet says which keys the datagram goes with. */
static bool open_first(struct opening *o, struct cur *ret_frames)
{
    struct note n;

    memcpy(&n, o->out->note, sizeof(n));
    if (n.version > 0) {
        o->keys = quic_packet_keys(o->first.version, cur_over(n.cid, n.cid_len));
        if (quic_packet_open(&o->first, &o->keys, o->room, ret_frames))
            return true;
    }
    o->keys = quic_packet_keys(o->first.version, o->first.dcid);
    if (!quic_packet_open(&o->first, &o->keys, o->room, ret_frames))
        return false;
    n = note_of(&o->first);
    memcpy(o->out->note, &n, sizeof(n));
    o->out->begin(o->out->arg);
    return true;
}

/* Of packets that share a datagram, those that go elsewhere are ignored (RFC 9000 section
 * 12.2). */
static bool goes_along(const struct opening *o, const struct quic_packet *p)
{
    size_t len = cur_left(&p->dcid);

    return p->version == o->first.version && len == cur_left(&o->first.dcid) &&
           memcmp(p->dcid.pos, o->first.dcid.pos, len) == 0;
}

static bool open_initial(struct opening *o, const struct quic_packet *p)
{
    struct cur frames, bytes;
    uint64_t at;

    if (!o->opened) {
        o->first = *p;
        if (!open_first(o, &frames))
            return false;
        o->opened = true;
    } else if (!goes_along(o, p) || !quic_packet_open(p, &o->keys, o->room, &frames)) {
        return false;
    }
    while (quic_crypto_next(&frames, &at, &bytes))
        o->out->piece(at, bytes, o->out->arg);
    return true;
}

static enum extract_result quic_open(struct cur datagram,
                                     const struct extract_pieces *out)
{
    struct quic_packet p;
    struct opening o;

    o.out = out;
    o.opened = false;
    while (quic_packet_next(&datagram, &p))
        if (p.initial && !open_initial(&o, &p))
            return o.opened ? EXTRACT_NEXT : EXTRACT_NOT;
    return o.opened ? EXTRACT_NEXT : EXTRACT_MORE;
}

static void emit_hello(struct extract_out *out, const struct tls_hello *h)
{
    struct note n;

    memcpy(&n, out->note, sizeof(n));
    event_begin(out->event, EVENT_QUIC, out->packet->time);
    event_put_number(out->event, FIELD_QUIC_VERSION, n.version - 1U);
    tls_event_put(out->event, h, 'q');
    out->emit(out->event, out->arg);
}

/* RFC 9001 section 4: messages of TLS follow each other without records. */
static enum extract_result quic_read(struct cur *bytes, struct extract_out *out)
{
    uint8_t type = cur_u8(bytes);
    size_t len = cur_u24(bytes);
    struct tls_hello hello;

    if (type != CLIENT_HELLO || len > TLS_MESSAGE_MAX - 4)
        return EXTRACT_NOT;
    if (cur_broken(bytes) || cur_left(bytes) < len)
        return EXTRACT_MORE;
    if (!tls_hello_parse(TLS_CLIENT, cur_sub(bytes, len), &hello))
        return EXTRACT_NOT;
    emit_hello(out, &hello);
    return EXTRACT_DONE;
}

/* The version is proof enough to look closer, and the tag of the first packet is proof.
 */
static bool quic_wants(const struct packet *p, struct cur bytes)
{
    struct quic_packet packet;

    (void)p;
    return quic_packet_next(&bytes, &packet) && (packet.version || packet.asks);
}

const struct extractor extract_quic = {
    .name = "quic",
    .kind = EVENT_QUIC,
    .from = EXTRACT_PIECES,
    .app = "quic",
    .most = TLS_MESSAGE_MAX,
    .wants = quic_wants,
    .open = quic_open,
    .read = quic_read,
};
