/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running the extractors on flows. The usual case costs nothing but the parser: a segment
 * that is next in its direction is read where it lies in the frame. Only what is left
 * over - a message that goes on in a later segment, a segment that came too early - is
 * kept (stream.h) and read again when more has come.
 *
 * Where nobody wants a direction's first bytes, the beginnings of its next segments are
 * looked at for what often comes later in a conversation: TLS after STARTTLS, in SOCKS,
 * in a proxy's tunnel. What the flow is, is not told by that.
 *
 * What a client's datagrams carry in pieces is always kept, and read from its beginning
 * each time a datagram brought some of it: mostly once, or twice.
 *
 * Bodies are not looked at: an extractor says how long one is, the place to read on is
 * moved behind it, and its segments are then simply old.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/extract.h"
#include "agent/flow.h"
#include "agent/stream.h"
#include "mem.h"

static_assert(EXTRACT_NOTE == STREAM_NOTE, "a note has one size");

#define IP_TCP   6
#define IP_UDP   17
#define IP_ICMP6 58

#define STUN_COOKIE 0x2112a442

#define LOOKING  UINT8_MAX /* chosen: nobody wanted the first bytes */
#define LOOK_MAX 24        /* segments in vain before a flow is given up */

/* Packets of a client in which a message in pieces must be whole, or some are missing. */
#define PIECES_WITHIN 24

/* How far ahead of the first byte a segment may come before its protocol is known. */
#define FIRST_WINDOW 16384

struct inspector {
    struct inspector_settings set;
    struct inspector_counts counts;
    struct stream_pool *pool;
    struct event *event;
    struct flow *flow; /* of the packet that is being looked at; NULL: none */
    unsigned side;     /* of the pieces that are being opened */
    struct extract_out out;
    uint16_t *apps;  /* for each extractor, index in names_app */
    uint16_t *thens; /* likewise, of a flow that goes on as another protocol */
    struct field_set asked;
};

static void pass_on(struct event *e, void *arg)
{
    struct inspector *i = arg;

    i->set.emit(e, i->out.packet, i->flow, i->set.arg);
}

static bool guards(struct text host, void *arg)
{
    struct inspector *i = arg;

    return i->set.guards && i->set.guards(host, i->set.arg);
}

static uint16_t app_called(const char *word)
{
    int app = word ? names_find(&names_app, word) : 0;

    assert(app >= 0);
    return (uint16_t)app;
}

struct inspector *inspector_new(const struct inspector_settings *settings)
{
    struct inspector *i = xcalloc(1, sizeof(*i));

    i->set = *settings;
    i->pool = stream_pool_new(settings->stream_capacity, settings->stream_bytes);
    i->event = event_new();
    i->out = (struct extract_out){.event = i->event,
                                  .emit = pass_on,
                                  .guards = guards,
                                  .rest = settings->rest,
                                  .key = settings->key,
                                  .arg = i};
    i->apps = xcalloc(extractor_count, sizeof(*i->apps));
    i->thens = xcalloc(extractor_count, sizeof(*i->thens));
    for (size_t x = 0; x < extractor_count; x++) {
        i->apps[x] = app_called(extractors[x]->app);
        i->thens[x] = app_called(extractors[x]->then);
    }
    return i;
}

void inspector_free(struct inspector *i)
{
    if (!i)
        return;
    stream_pool_free(i->pool);
    event_free(i->event);
    free(i->apps);
    free(i->thens);
    free(i);
}

void inspector_ask(struct inspector *i, const struct field_set *asked)
{
    if (asked)
        i->asked = *asked;
    i->out.asked = asked ? &i->asked : NULL;
}

static void name_flow(struct inspector *i, struct flow *f, size_t extractor)
{
    struct flow_reading *r = &f->stage.reading;

    if (r->named || r->looked > 0 || i->apps[extractor] == 0)
        return;
    r->named = true;
    f->stage.app = i->apps[extractor];
    f->stage.confidence = CONFIDENCE_OWN_PARSER;
    i->counts.understood++;
}

/* The first of those that read from there and may want the bytes; extractor_count: none.
 */
static size_t find_extractor(enum extract_from from, const struct packet *p,
                             struct cur bytes)
{
    size_t x = 0;

    while (x < extractor_count &&
           (extractors[x]->from != from || !extractors[x]->wants(p, bytes)))
        x++;
    return x;
}

/* As find_extractor, of a stream; but who reads the one side knows the other best. */
static size_t find_reader(const struct flow_reading *r, unsigned side,
                          const struct packet *p, struct cur bytes)
{
    uint8_t other = r->chosen[!side];

    if (other > 0 && other != LOOKING && extractors[other - 1]->wants(p, bytes))
        return other - 1U;
    return find_extractor(EXTRACT_STREAM, p, bytes);
}

static uint32_t first_bytes(size_t extractor)
{
    uint32_t first = extractors[extractor]->first;

    return first ? first : EXTRACT_FIRST;
}

/* ---- frames ---- */

void inspector_link(struct inspector *i, const struct packet *p)
{
    size_t x = find_extractor(EXTRACT_LINK, p, p->payload);
    struct cur bytes = p->payload;

    if (x == extractor_count)
        return;
    i->flow = NULL;
    i->out.packet = p;
    if (extractors[x]->read(&bytes, &i->out) == EXTRACT_NOT)
        i->counts.refused++;
}

/* ---- streams ---- */

/* Of the payload; a SYN counts as a byte before it. */
static uint32_t first_byte(const struct packet *p)
{
    return p->tcp_seq + ((p->tcp_flags & TCP_FLAG_SYN) ? 1 : 0);
}

static bool is_synced(const struct flow_reading *r, unsigned side)
{
    return r->synced >> side & 1;
}

static void set_synced(struct flow_reading *r, unsigned side)
{
    r->synced = (r->synced | 1U << side) & 3U;
}

/* What a SYN says about where the directions begin, or else the first bytes seen. */
static void synchronise(struct flow_reading *r, const struct packet *p, unsigned side)
{
    if ((p->tcp_flags & TCP_FLAG_SYN) && r->chosen[side] == 0) {
        r->next[side] = first_byte(p);
        set_synced(r, side);
        if (p->tcp_flags & TCP_FLAG_ACK && !is_synced(r, !side)) {
            r->next[!side] = p->tcp_ack;
            set_synced(r, !side);
        }
    } else if (!is_synced(r, side) && cur_left(&p->payload) > 0) {
        r->next[side] = first_byte(p);
        set_synced(r, side);
    }
}

static bool is_reading(const struct flow_reading *r, unsigned side)
{
    return !r->finished[side] && r->chosen[side] != LOOKING;
}

/* Whether an extractor is to read these bytes: not when there are too few to tell which
 * one, and not when nobody wants them. */
static bool choose(struct inspector *i, struct flow_reading *r, unsigned side,
                   struct cur bytes)
{
    size_t x;

    if (r->chosen[side] > 0)
        return true;
    x = find_reader(r, side, i->out.packet, bytes);
    if (x < extractor_count && cur_left(&bytes) < first_bytes(x))
        return false;
    if (x < extractor_count) {
        if (r->chosen[!side] != x + 1)
            r->talk = (struct talk){0};
        r->chosen[side] = (uint8_t)(x + 1);
        return true;
    }
    r->chosen[side] = LOOKING;
    return false;
}

/* Before it is read: reading it may be the end of us, and then frames are written. */
static void hush(struct inspector *i, const struct extractor *x)
{
    if (x->secret && i->set.secret)
        i->set.secret(i->out.packet->reassembled, i->set.arg);
}

static void hush_side(struct inspector *i, const struct flow_reading *r, unsigned side)
{
    uint8_t chosen = r->chosen[side];

    if (chosen > 0 && chosen != LOOKING)
        hush(i, extractors[chosen - 1]);
}

/* What the flow is called from where on another protocol may follow. */
static void rename_flow(struct inspector *i, struct flow *f, size_t extractor)
{
    if (i->thens[extractor] && f->stage.app == i->apps[extractor])
        f->stage.app = i->thens[extractor];
}

/* Nobody reads the direction any more, as it is no longer what it seemed to be. */
static void give_up(struct inspector *i, struct flow_reading *r, unsigned side)
{
    r->finished[side] = true;
    i->counts.refused += !r->named;
    i->counts.unread += r->named;
}

/* Reads one message and puts c behind it. False: nothing more can be read now. */
static bool read_message(struct inspector *i, struct flow *f, unsigned side,
                         struct cur *c)
{
    struct flow_reading *r = &f->stage.reading;
    struct cur behind = *c;
    const struct extractor *x;
    bool other = false;
    size_t index;

    i->out.skip = 0;
    i->out.unread = false;
    i->out.from_client = side == 0;
    i->out.talk = &r->talk;
    if (!choose(i, r, side, *c))
        return false;
    index = r->chosen[side] - 1U;
    x = extractors[index];
    i->out.again = f->stage.again >> side & 1;
    hush(i, x);

    switch (x->read(&behind, &i->out)) {
    case EXTRACT_MORE:
        if (cur_left(c) >= x->most)
            give_up(i, r, side);
        return false;
    case EXTRACT_NOT:
        give_up(i, r, side);
        return false;
    case EXTRACT_DONE:
        r->finished[side] = true;
        break;
    case EXTRACT_OTHER:
        r->chosen[side] = 0;
        other = true;
        break;
    case EXTRACT_NEXT:
        break;
    case EXTRACT_AGAIN:
        assert(!i->out.again);
        f->stage.again = (f->stage.again | 1U << side) & 3;
        name_flow(i, f, index);
        return true;
    }
    f->stage.again = f->stage.again & ~(1U << side) & 3;
    i->counts.unread += i->out.unread;
    name_flow(i, f, index);
    if (other)
        rename_flow(i, f, index);
    assert(r->finished[side] || behind.pos > c->pos);
    *c = behind;
    return !r->finished[side];
}

/*
 * Reads messages from c, whose first byte is the next one of its side, as long as there
 * are any. Returns how many bytes are done with: perhaps more than are here.
 */
static uint32_t read_messages(struct inspector *i, struct flow *f, unsigned side,
                              struct cur c)
{
    const uint8_t *first = c.pos;

    while (cur_left(&c) > 0 && read_message(i, f, side, &c)) {
        size_t left = cur_left(&c);

        if (i->out.skip > left)
            return (uint32_t)(c.end - first) + i->out.skip - (uint32_t)left;
        cur_skip(&c, i->out.skip);
    }
    return (uint32_t)(c.pos - first);
}

/* Bytes that stand `at` behind the next one of their side, to be read with others. */
static void keep_segment(struct inspector *i, struct flow *f, unsigned side, uint32_t at,
                         struct cur bytes)
{
    struct flow_reading *r = &f->stage.reading;
    uint8_t chosen = r->chosen[side];
    uint32_t window = chosen ? extractors[chosen - 1]->most : FIRST_WINDOW;

    if (stream_put(i->pool, f, side, at, bytes, window) < 0) {
        r->finished[side] = true;
        i->counts.gaps++;
    }
}

static void read_kept(struct inspector *i, struct flow *f, unsigned side)
{
    struct flow_reading *r = &f->stage.reading;
    uint32_t done = 1;

    while (done > 0 && is_reading(r, side) && stream_holds(f, side)) {
        done = read_messages(i, f, side, stream_ready(f, side));
        r->next[side] += done;
        stream_take(i->pool, f, side, done);
    }
}

static void read_segment(struct inspector *i, struct flow *f, unsigned side, uint32_t at,
                         struct cur bytes)
{
    struct flow_reading *r = &f->stage.reading;

    if (at > 0 || stream_holds(f, side)) {
        keep_segment(i, f, side, at, bytes);
        read_kept(i, f, side);
    } else {
        uint32_t done = read_messages(i, f, side, bytes);

        r->next[side] += done;
        cur_skip(&bytes, done);
        if (is_reading(r, side) && cur_left(&bytes) > 0)
            keep_segment(i, f, side, 0, bytes);
    }
    if (!is_reading(r, side))
        stream_drop(i->pool, f, side);
}

/* Whether one of those that may begin later begins with this segment. */
static bool found_later(struct flow_reading *r, const struct packet *p, unsigned side)
{
    for (size_t x = 0; cur_left(&p->payload) >= EXTRACT_FIRST && x < extractor_count; x++)
        if (extractors[x]->later && extractors[x]->wants(p, p->payload)) {
            r->chosen[side] = (uint8_t)(x + 1);
            r->next[side] = first_byte(p);
            return true;
        }
    return false;
}

/* In vain once more: at last the sides that nobody reads are finished. */
static void looked_in_vain(struct inspector *i, struct flow *f)
{
    struct flow_reading *r = &f->stage.reading;

    r->looked++;
    for (unsigned side = 0; r->looked >= LOOK_MAX && side < 2; side++)
        if (r->chosen[side] == 0 || r->chosen[side] == LOOKING) {
            r->finished[side] = true;
            stream_drop(i->pool, f, side);
        }
}

static void read_in_order(struct inspector *i, const struct packet *p, struct flow *f,
                          unsigned side)
{
    int32_t at = (int32_t)(first_byte(p) - f->stage.reading.next[side]);
    struct cur bytes = p->payload;

    if (at < 0) {
        cur_skip(&bytes, (size_t) - (int64_t)at);
        at = 0;
    }
    if (cur_left(&bytes) > 0)
        read_segment(i, f, side, (uint32_t)at, bytes);
}

static void read_stream(struct inspector *i, const struct packet *p, struct flow *f,
                        unsigned side)
{
    struct flow_reading *r = &f->stage.reading;

    synchronise(r, p, side);
    hush_side(i, r, side);
    if (r->finished[side] || cur_left(&p->payload) == 0)
        return;
    if (r->chosen[side] != LOOKING) {
        read_in_order(i, p, f, side);
        if ((int32_t)(r->next[side] - first_byte(p)) > 0)
            return; /* the segment's beginning was read */
    }
    if (r->chosen[side] != LOOKING)
        return;
    if (found_later(r, p, side))
        read_in_order(i, p, f, side);
    else
        looked_in_vain(i, f);
}

/* ---- datagrams ---- */

static void on_begin(void *arg)
{
    struct inspector *i = arg;

    stream_drop(i->pool, i->flow, i->side);
}

static void on_piece(uint64_t at, struct cur bytes, void *arg)
{
    struct inspector *i = arg;

    if (!i->flow->stage.reading.finished[i->side])
        keep_segment(i, i->flow, i->side, at < UINT32_MAX ? (uint32_t)at : UINT32_MAX,
                     bytes);
}

static void finish_pieces(struct inspector *i, struct flow *f)
{
    f->stage.reading.finished[0] = f->stage.reading.finished[1] = true;
    stream_release(i->pool, f);
}

/* What the datagram carries goes to what is kept of the flow. */
static enum extract_result open_datagram(struct inspector *i, const struct packet *p,
                                         struct flow *f, size_t x)
{
    const uint8_t *kept = stream_note(f);
    uint8_t note[EXTRACT_NOTE] = {0};
    struct extract_pieces out = {.note = note,
                                 .from_client = i->side == 0,
                                 .begin = on_begin,
                                 .piece = on_piece,
                                 .arg = i};
    enum extract_result result;

    if (kept)
        memcpy(note, kept, sizeof(note));
    result = extractors[x]->open(p->payload, &out);
    if (result == EXTRACT_NEXT)
        stream_put_note(i->pool, f, note);
    return result;
}

/* As much of what is kept of a side as can be read; once more where AGAIN is said. */
static void read_ready(struct inspector *i, struct flow *f)
{
    struct cur ready = stream_ready(f, i->side);

    i->out.note = stream_note(f);
    while (!f->stage.reading.finished[i->side] && cur_left(&ready) > 0 &&
           read_message(i, f, i->side, &ready))
        ;
}

static void read_pieces(struct inspector *i, const struct packet *p, struct flow *f,
                        unsigned side, size_t x)
{
    struct flow_reading *r = &f->stage.reading;
    uint8_t chosen = r->chosen[side];

    i->side = side;
    r->chosen[side] = (uint8_t)(x + 1);
    if (r->chosen[!side] != x + 1)
        r->chosen[!side] = 0; /* another's, who kept nothing */
    switch (open_datagram(i, p, f, x)) {
    case EXTRACT_NEXT:
        name_flow(i, f, x);
        break;
    case EXTRACT_NOT:
        i->counts.unopened++;
        r->chosen[side] = chosen;
        return;
    default:
        return;
    }
    read_ready(i, f);
    if (r->finished[side] && (r->finished[!side] || !extractors[x]->both_sides))
        finish_pieces(i, f);
}

/* RFC 8489 section 5. */
static bool is_stun(struct cur bytes)
{
    uint16_t type = cur_u16(&bytes);

    cur_skip(&bytes, 2); /* length */
    return type >> 14 == 0 && cur_u32(&bytes) == STUN_COOKIE;
}

/* Behind STUN comes what it opened the way for (RFC 7983): DTLS, for one. What the flow
 * is, is not told by that. */
static void nobody_wants(const struct packet *p, struct flow_reading *r)
{
    if (r->named)
        return;
    if (p->ip_proto == IP_UDP && r->looked < LOOK_MAX && is_stun(p->payload))
        r->looked++;
    else
        r->finished[0] = r->finished[1] = true;
}

static void read_whole(struct inspector *i, const struct packet *p, struct flow *f)
{
    enum extract_from from = p->ip_proto == IP_UDP ? EXTRACT_DATAGRAM : EXTRACT_ICMP6;
    size_t x = find_extractor(from, p, p->payload);
    struct flow_reading *r = &f->stage.reading;
    struct cur bytes = p->payload;

    i->out.talk = &r->talk;
    if (x < extractor_count)
        hush(i, extractors[x]);
    if (x == extractor_count)
        nobody_wants(p, r);
    else if (extractors[x]->read(&bytes, &i->out) == EXTRACT_NOT)
        i->counts.refused++;
    else
        name_flow(i, f, x);
}

/* Datagrams with passwords are known by their port, whatever the first one looks like. */
static bool may_be_secret(const struct packet *p)
{
    size_t x = find_extractor(EXTRACT_DATAGRAM, p, p->payload);

    return x < extractor_count && extractors[x]->secret;
}

/* What is kept of a flow, and the note that goes with it, only its reader understands. */
static bool may_open(const struct flow *f, size_t x)
{
    const uint8_t *chosen = f->stage.reading.chosen;

    return !stream_note(f) || chosen[0] == x + 1 || chosen[1] == x + 1;
}

/* Who reads pieces that this end may send. */
static size_t find_opener(const struct packet *p, const struct flow *f, bool from_client)
{
    size_t x = 0;

    while (x < extractor_count &&
           (extractors[x]->from != EXTRACT_PIECES ||
            !(from_client || extractors[x]->both_sides) || !may_open(f, x) ||
            !extractors[x]->wants(p, p->payload)))
        x++;
    return x;
}

/* A flow whose pieces are being put together is read for nothing else. */
static void read_datagram(struct inspector *i, const struct packet *p, struct flow *f,
                          bool from_client)
{
    const struct flow_reading *r = &f->stage.reading;
    bool begun = r->chosen[0] > 0 || r->chosen[1] > 0;
    bool early = (from_client ? f->out : f->in).packets <= PIECES_WITHIN;
    size_t x = extractor_count;

    if (p->ip_proto == IP_UDP && early && (begun || !r->named))
        x = find_opener(p, f, from_client);
    if (x < extractor_count && !begun && may_be_secret(p))
        x = extractor_count;
    if (begun && !early) {
        i->counts.gaps++;
        finish_pieces(i, f);
    } else if (x < extractor_count) {
        read_pieces(i, p, f, from_client ? 0 : 1, x);
    } else if (!begun) {
        read_whole(i, p, f);
    }
}

/* ---- packets ---- */

/* What began later is read beside dpi, which knows the conversation from its start. */
static bool side_is_read(const struct flow *f, unsigned side)
{
    const struct flow_reading *r = &f->stage.reading;

    return r->looked == 0 && is_reading(r, side) &&
           (r->chosen[side] > 0 || stream_holds(f, side));
}

bool inspector_looks(const struct flow *f)
{
    return !f->stage.reading.finished[0] || !f->stage.reading.finished[1];
}

bool inspector_packet(struct inspector *i, const struct packet *p, struct flow *f,
                      bool from_client)
{
    struct flow_reading *r = &f->stage.reading;
    bool empty = cur_left(&p->payload) == 0;

    i->flow = f;
    i->out.packet = p;
    i->out.host = flow_host(f) ? text_of(flow_host(f)) : (struct text){0};
    if (p->layer != PACKET_L4 ||
        (p->ip_proto != IP_TCP && p->ip_proto != IP_UDP && p->ip_proto != IP_ICMP6))
        r->finished[0] = r->finished[1] = true;
    else if (p->ip_proto == IP_TCP)
        read_stream(i, p, f, from_client ? 0 : 1);
    else if (!empty && !(r->finished[0] && r->finished[1]))
        read_datagram(i, p, f, from_client);

    if (!inspector_looks(f)) {
        f->stage.inspected = r->named;
        return false;
    }
    if (r->named || side_is_read(f, 0) || side_is_read(f, 1))
        return true;
    return empty && r->looked == 0 && !r->finished[0] && !r->finished[1];
}

void inspector_end(struct inspector *i, struct flow *f)
{
    stream_release(i->pool, f);
}

struct inspector_counts inspector_counts(const struct inspector *i)
{
    struct inspector_counts counts = i->counts;

    counts.streams_evicted = stream_evicted(i->pool);
    return counts;
}
