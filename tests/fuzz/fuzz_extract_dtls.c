/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams of DTLS, each behind a byte that says who sent it and two with its length. */
#include "tests/fuzz/extracting.h"

#include "agent/flow.h"

static void on_extracted(struct event *e, const struct packet *p, struct flow *f,
                         void *arg)
{
    unsigned *count = arg;

    demand(p && f);
    on_event(e, count);
}

static void take_datagram(struct inspector *i, struct flow *f, struct cur *c)
{
    bool from_client = !(cur_u8(c) & 1);
    size_t len = cur_u16(c);
    struct packet p = {.layer = PACKET_L4, .ip_proto = 17, .dst_port = 443};

    p.payload = cur_sub(c, len < cur_left(c) ? len : cur_left(c));
    (from_client ? &f->out : &f->in)->packets++;
    if (!f->stage.inspected)
        (void)inspector_packet(i, &p, f, from_client);
    demand(inspector_looks(f) || !f->stage.stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct flow f = {.ip_proto = 17};
    struct cur c = cur_over(bytes, len);
    unsigned count = 0;
    struct inspector *i =
        inspector_new(&(struct inspector_settings){.stream_capacity = 1,
                                                   .stream_bytes = 65536,
                                                   .guards = is_guarded,
                                                   .emit = on_extracted,
                                                   .arg = &count});

    extract_all(&extract_dtls, &(struct packet){.dst_port = 443}, c);
    while (cur_left(&c) > 0)
        take_datagram(i, &f, &c);
    inspector_end(i, &f);
    demand(!f.stage.stream);
    inspector_free(i);
    return 0;
}
