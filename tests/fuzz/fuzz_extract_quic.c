/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams of one client, each behind a byte that says what it is and two with its
 * length. No fuzzer guesses a tag, so most are given as the frames of an Initial packet,
 * which is sealed here, or with the length's upper bits of two, the second to the same
 * end or another; the others are taken as they are.
 */
#include "tests/fuzz/extracting.h"

#include "agent/flow.h"
#include "tests/unit/quic_seal.h"

#define FRAMES_MAX 2048

static void on_piece(uint64_t at, struct cur bytes, void *arg)
{
    const struct cur *all = arg;

    (void)at;
    demand(!cur_broken(&bytes) && cur_left(&bytes) <= cur_left(all));
    while (cur_left(&bytes) > 0)
        (void)cur_u8(&bytes);
}

static void on_begin(void *arg)
{
    (void)arg;
}

/* What holds for opening, whatever the datagram and the note. */
static void open_alone(struct cur datagram, const uint8_t *note_bytes)
{
    uint8_t note[EXTRACT_NOTE], before[EXTRACT_NOTE];
    struct extract_pieces out = {
        .note = note, .begin = on_begin, .piece = on_piece, .arg = &datagram};

    memcpy(note, note_bytes, sizeof(note));
    note[1] %= QUIC_CID_MAX + 1;
    memcpy(before, note, sizeof(note));
    if (extract_quic.open(datagram, &out) != EXTRACT_NEXT)
        demand(memcmp(note, before, sizeof(note)) == 0);
}

static void on_extracted(struct event *e, const struct packet *p, struct flow *f,
                         void *arg)
{
    unsigned *count = arg;

    demand(p && f);
    on_event(e, count);
}

/* The frames as a packet of this kind, behind those that the datagram has. */
static void seal(struct sealed *datagram, uint8_t kind, struct cur frames)
{
    static const uint32_t wires[] = {1, QUIC_WIRE_V2, 0xff00001d, 0xff00001b};
    static const char *const ids[] = {"to", "srvr", "again", ""};
    struct seal_head head = {.wire = wires[kind & 3],
                             .to = ids[kind >> 2 & 3],
                             .by = kind & 0x10 ? "to" : NULL,
                             .token = kind & 0x20 ? "sesame" : NULL,
                             .number = kind};
    struct sealed plain = {0};

    seal_bytes(&plain, frames.pos,
               cur_left(&frames) < FRAMES_MAX ? cur_left(&frames) : FRAMES_MAX);
    seal_initial(datagram, head, &plain);
}

static void take_datagram(struct inspector *i, struct flow *f, struct cur *c)
{
    static const uint8_t zeros[EXTRACT_NOTE];
    uint8_t kind = cur_u8(c);
    unsigned more = cur_u16(c), len = more & 0x3fff;
    struct cur bytes = cur_sub(c, len < cur_left(c) ? len : cur_left(c));
    struct sealed datagram = {0};
    struct packet p = {.layer = PACKET_L4, .ip_proto = 17, .dst_port = 443};

    if (!(kind & 0x80)) {
        struct cur half = cur_sub(&bytes, cur_left(&bytes) / (more >> 15 ? 2 : 1));

        seal(&datagram, kind, half);
        if (more >> 15)
            seal(&datagram, (uint8_t)(more & 0x4000 ? kind ^ 4 : kind), bytes);
        bytes = cur_over(datagram.bytes, datagram.len);
    }
    (void)extract_quic.wants(&p, bytes);
    open_alone(bytes, zeros);
    if (cur_left(c) >= EXTRACT_NOTE)
        open_alone(bytes, c->pos);
    p.payload = bytes;
    f->out.packets++;
    if (!f->stage.inspected)
        (void)inspector_packet(i, &p, f, !(kind & 0x40));
    demand(inspector_looks(f) || !f->stage.stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    unsigned count = 0;
    struct inspector *i =
        inspector_new(&(struct inspector_settings){.stream_capacity = 1,
                                                   .stream_bytes = 16384,
                                                   .guards = is_guarded,
                                                   .emit = on_extracted,
                                                   .arg = &count});
    struct flow f = {.ip_proto = 17};
    struct cur c = cur_over(bytes, len);

    extract_all(&extract_quic, &(struct packet){.dst_port = 443}, c);
    count = 0;
    while (cur_left(&c) > 0)
        take_datagram(i, &f, &c);
    demand(count <= 1);
    inspector_end(i, &f);
    inspector_free(i);
    return 0;
}
