/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>

#include "agent/flow.h"
#include "mem.h"

#define TCP 6
#define UDP 17
#define S   USEC_PER_SEC

#define SYN TCP_FLAG_SYN
#define ACK TCP_FLAG_ACK
#define FIN TCP_FLAG_FIN
#define RST TCP_FLAG_RST

struct told {
    uint16_t port; /* the client's */
    bool end, active;
    enum flow_end why;
    struct flow_part part; /* of active and end */
    usec_t now;
    bool answered;
    enum tcp_state state;
};

struct fixture {
    struct flow_table *table;
    struct told told[64];
    int count;
};

static void tell(struct fixture *f, const struct flow *flow, struct told told)
{
    told.port = flow->client_port;
    told.answered = flow->answered;
    told.state = flow->tcp_state;
    assert_in_range(f->count, 0, 63);
    f->told[f->count++] = told;
}

static void on_start(struct flow *flow, usec_t now, void *arg)
{
    tell(arg, flow, (struct told){.now = now});
}

static void on_active(struct flow *flow, const struct flow_part *part, usec_t now,
                      void *arg)
{
    tell(arg, flow, (struct told){.active = true, .part = *part, .now = now});
}

static void on_end(struct flow *flow, enum flow_end why, const struct flow_part *part,
                   usec_t now, void *arg)
{
    tell(arg, flow, (struct told){.end = true, .why = why, .part = *part, .now = now});
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    struct flow_settings settings = {.capacity = 4,
                                     .answer_within = 3 * S,
                                     .active_timeout = 20 * S,
                                     .idle_new = 30 * S,
                                     .idle_tcp = 600 * S,
                                     .idle_udp = 60 * S,
                                     .idle_closed = 5 * S,
                                     .on_start = on_start,
                                     .on_active = on_active,
                                     .on_end = on_end,
                                     .arg = f};

    hash_key_from_seed(1, &settings.secret);
    f->table = flow_table_new(&settings);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    flow_table_free(f->table);
    free(f);
    return 0;
}

static struct addr host(uint8_t n)
{
    return addr_v4((uint8_t[]){10, 0, 0, n});
}

/* Between 10.0.0.1 and 10.0.0.2; out: the first is the sender. */
static struct packet packet(uint8_t proto, bool out, uint16_t port, uint16_t called)
{
    return (struct packet){.wire_len = 100,
                           .frames = 1,
                           .layer = PACKET_L4,
                           .src = host(out ? 1 : 2),
                           .dst = host(out ? 2 : 1),
                           .ip_version = 4,
                           .ip_proto = proto,
                           .src_port = out ? port : called,
                           .dst_port = out ? called : port};
}

static struct flow *give(struct fixture *f, struct packet p, usec_t now,
                         bool *from_client)
{
    p.time = now;
    return flow_table_touch(f->table, &p, from_client);
}

static struct flow *udp(struct fixture *f, bool out, uint16_t port, usec_t now)
{
    bool from_client;
    struct flow *flow = give(f, packet(UDP, out, port, 53), now, &from_client);

    assert_int_equal(from_client, out);
    return flow;
}

static struct flow *tcp(struct fixture *f, bool out, uint8_t flags, usec_t now)
{
    struct packet p = packet(TCP, out, 40000, 443);
    bool from_client;
    struct flow *flow;

    p.tcp_flags = flags;
    flow = give(f, p, now, &from_client);
    assert_int_equal(from_client, out);
    return flow;
}

static void told_is(const struct told *t, bool end, usec_t now)
{
    assert_int_equal(t->end, end);
    assert_int_equal(t->now, now);
}

/* ---- the table ---- */

static void both_directions_are_one_flow(void **state)
{
    struct fixture *f = *state;
    struct flow *flow;

    udp(f, true, 100, 1 * S);
    flow = udp(f, false, 100, 2 * S);

    assert_int_equal(flow->out.packets, 1);
    assert_int_equal(flow->in.packets, 1);
    assert_int_equal(flow->in.bytes, 100);
    assert_int_equal(flow->client_port, 100);
    assert_int_equal(flow->server_port, 53);
    assert_int_equal(flow->first, 1 * S);
    assert_int_equal(flow->last, 2 * S);
    assert_int_equal(flow_table_counts(f->table).made, 1);
}

static void ports_vlan_and_protocol_tell_flows_apart(void **state)
{
    struct fixture *f = *state;
    struct packet p = packet(UDP, true, 100, 53);
    bool from_client;

    give(f, p, 0, &from_client);
    p.vlan = 7;
    give(f, p, 0, &from_client);
    p.ip_proto = TCP;
    give(f, p, 0, &from_client);
    p.src_port = 101;
    give(f, p, 0, &from_client);
    assert_int_equal(flow_table_counts(f->table).now, 4);
}

static void a_host_that_talks_to_itself_has_two_ends(void **state)
{
    struct fixture *f = *state;
    struct packet p = packet(UDP, true, 100, 53);
    struct packet answer = packet(UDP, false, 100, 53);
    bool from_client;

    p.dst = p.src;
    answer.src = answer.dst;
    give(f, p, 0, &from_client);
    assert_true(from_client);
    give(f, answer, 0, &from_client);
    assert_false(from_client);
    assert_int_equal(flow_table_counts(f->table).made, 1);
}

static void a_reassembled_packet_counts_all_its_frames(void **state)
{
    struct fixture *f = *state;
    struct packet p = packet(UDP, true, 100, 53);
    bool from_client;

    p.frames = 3;
    assert_int_equal(give(f, p, 0, &from_client)->out.packets, 3);
}

static void each_end_has_the_mac_it_sent_with(void **state)
{
    struct fixture *f = *state;
    struct packet p = packet(UDP, true, 100, 53);
    bool from_client;
    struct flow *flow;

    p.has_mac = true;
    p.src_mac.bytes[5] = 1;
    p.dst_mac.bytes[5] = 2;
    flow = give(f, p, 0, &from_client);
    assert_int_equal(flow->client_mac.bytes[5], 1);
    assert_int_equal(flow->server_mac.bytes[5], 2);

    p = packet(UDP, false, 100, 53);
    p.has_mac = true;
    p.src_mac.bytes[5] = 3;
    flow = give(f, p, 0, &from_client);
    assert_int_equal(flow->client_mac.bytes[5], 1);
    assert_int_equal(flow->server_mac.bytes[5], 3);
}

static void a_flow_keeps_the_time_to_live_of_its_first_packet(void **state)
{
    struct fixture *f = *state;
    struct packet p = packet(UDP, true, 100, 53);
    bool from_client;

    p.ttl = 127;
    assert_int_equal(give(f, p, 0, &from_client)->ttl, 127);
    p.ttl = 63;
    assert_int_equal(give(f, p, 1, &from_client)->ttl, 127);
}

static void a_flow_keeps_whose_order_its_first_syn_has(void **state)
{
    struct fixture *f = *state;
    struct packet p = packet(TCP, true, 40000, 443);
    bool from_client;
    const struct flow *flow;

    p.tcp_flags = SYN;
    p.syn_order = SYN_ORDER_APPLE;
    flow = give(f, p, 0, &from_client);
    assert_true(flow->has_order);
    assert_int_equal(flow->order, SYN_ORDER_APPLE);
    p = packet(TCP, true, 40001, 443);
    p.tcp_flags = ACK;
    assert_false(give(f, p, 1, &from_client)->has_order);
    p = packet(TCP, false, 40002, 443);
    p.tcp_flags = SYN | ACK;
    assert_false(give(f, p, 2, &from_client)->has_order);
}

static void a_flow_that_the_server_s_packet_begins_has_no_time_to_live(void **state)
{
    struct fixture *f = *state;
    struct packet p = packet(TCP, false, 40000, 443);
    bool from_client;

    p.ttl = 57;
    p.tcp_flags = SYN | ACK;
    assert_int_equal(give(f, p, 0, &from_client)->ttl, 0);
    assert_false(from_client);
    p = packet(TCP, true, 40000, 443);
    p.ttl = 127;
    p.tcp_flags = ACK;
    assert_int_equal(give(f, p, 1, &from_client)->ttl, 0);
}

/* ---- on_start and on_end ---- */

static void a_flow_starts_at_its_first_answer(void **state)
{
    struct fixture *f = *state;

    udp(f, true, 100, 1 * S);
    udp(f, true, 100, 2 * S);
    assert_int_equal(f->count, 0);
    udp(f, false, 100, 2 * S + 1);
    udp(f, false, 100, 3 * S);

    assert_int_equal(f->count, 1);
    told_is(&f->told[0], false, 2 * S + 1);
    assert_true(f->told[0].answered);
}

static void without_an_answer_a_flow_starts_when_it_was_due(void **state)
{
    struct fixture *f = *state;

    tcp(f, true, SYN, 1 * S);
    flow_table_tick(f->table, 4 * S - 1);
    assert_int_equal(f->count, 0);
    flow_table_tick(f->table, 20 * S);

    assert_int_equal(f->count, 1);
    told_is(&f->told[0], false, 4 * S);
    assert_false(f->told[0].answered);
    assert_int_equal(f->told[0].state, TCP_STATE_NO_ANSWER);
}

static void a_late_answer_does_not_start_a_flow_again(void **state)
{
    struct fixture *f = *state;

    tcp(f, true, SYN, 0);
    flow_table_tick(f->table, 3 * S);
    tcp(f, false, SYN | ACK, 5 * S);
    assert_int_equal(f->count, 1);
}

static void silence_ends_a_flow_when_it_was_due(void **state)
{
    struct fixture *f = *state;

    udp(f, true, 100, 0);
    udp(f, false, 100, 1 * S);
    flow_table_tick(f->table, 61 * S - 1);
    assert_int_equal(f->count, 1);
    flow_table_tick(f->table, 900 * S);

    assert_int_equal(f->count, 2);
    told_is(&f->told[1], true, 61 * S);
    assert_int_equal(f->told[1].why, FLOW_IDLE);
    assert_int_equal(flow_table_counts(f->table).now, 0);
}

static void a_packet_that_is_late_begins_a_new_flow_whatever_the_beat_of_ticks(
    void **state)
{
    struct fixture *f = *state;

    udp(f, true, 100, 0);
    udp(f, false, 100, 0);
    udp(f, true, 100, 60 * S);
    assert_int_equal(flow_table_counts(f->table).made, 2);
    assert_int_equal(f->told[1].why, FLOW_IDLE);
}

static void what_is_due_is_told_in_order_of_time(void **state)
{
    struct fixture *f = *state;

    udp(f, true, 100, 0);      /* starts at 3, ends at 30 */
    udp(f, true, 200, 28 * S); /* starts at 31 */
    flow_table_tick(f->table, 40 * S);

    assert_int_equal(f->count, 3);
    told_is(&f->told[0], false, 3 * S);
    told_is(&f->told[1], true, 30 * S);
    told_is(&f->told[2], false, 31 * S);
}

/* ---- on_active and parts ---- */

static void a_flow_that_goes_on_is_told_with_a_packet_at_the_active_timeout(void **state)
{
    struct fixture *f = *state;

    udp(f, true, 100, 1 * S);
    udp(f, false, 100, 1 * S);
    udp(f, true, 100, 21 * S - 1);
    assert_int_equal(f->count, 1);
    udp(f, true, 100, 22 * S);
    assert_int_equal(f->count, 2);
    assert_true(f->told[1].active);
    assert_int_equal(f->told[1].now, 22 * S);

    udp(f, true, 100, 42 * S - 1);
    assert_int_equal(f->count, 2);
    udp(f, true, 100, 42 * S);
    assert_int_equal(f->count, 3);
    assert_true(f->told[2].active);
}

static void a_flow_that_is_over_sooner_is_not_told_as_active(void **state)
{
    struct fixture *f = *state;

    udp(f, true, 100, 1 * S);
    udp(f, false, 100, 20 * S);
    flow_table_stop(f->table, 25 * S);
    assert_int_equal(f->count, 2);
    assert_true(f->told[1].end);
    assert_int_equal(f->told[1].part.since, 1 * S);
    assert_int_equal(f->told[1].part.until, 20 * S);
    assert_int_equal(f->told[1].part.out.packets, 1);
    assert_int_equal(f->told[1].part.in.bytes, 100);
}

static void silence_is_not_told_as_active(void **state)
{
    struct fixture *f = *state;

    tcp(f, true, SYN, 0);
    tcp(f, false, SYN | ACK, 0);
    flow_table_tick(f->table, 500 * S);
    assert_int_equal(f->count, 1);
}

static void the_parts_of_a_flow_add_up_to_it(void **state)
{
    struct fixture *f = *state;
    struct flow_half out = {0}, in = {0};
    usec_t from = 1 * S;

    udp(f, true, 100, from);
    for (unsigned i = 1; i <= 33; i++)
        udp(f, i % 3 != 0, 100, from + i * 2 * S);
    flow_table_stop(f->table, 70 * S);

    assert_int_equal(f->count, 5); /* start, three parts of 20 s, end */
    for (int i = 1; i < f->count; i++) {
        const struct flow_part *part = &f->told[i].part;

        assert_int_equal(part->since, from);
        from = part->until;
        out.packets += part->out.packets;
        out.bytes += part->out.bytes;
        in.packets += part->in.packets;
        in.bytes += part->in.bytes;
    }
    assert_int_equal(from, 67 * S);
    assert_int_equal(out.packets, 23);
    assert_int_equal(out.bytes, 2300);
    assert_int_equal(in.packets, 11);
    assert_int_equal(in.bytes, 1100);
}

static void a_flow_that_nobody_answers_is_told_as_active_after_its_start(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i <= 25; i++)
        udp(f, true, 100, i * S);
    assert_int_equal(f->count, 2);
    told_is(&f->told[0], false, 3 * S);
    assert_true(f->told[1].active);
    assert_false(f->told[1].answered);
    assert_int_equal(f->told[1].part.out.packets, 21);
}

static void a_place_that_is_used_again_forgets_what_it_told(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i <= 25; i++)
        udp(f, i % 2 == 0, 100, i * S);
    flow_table_tick(f->table, 200 * S);
    f->count = 0;
    udp(f, true, 200, 201 * S);
    flow_table_stop(f->table, 202 * S);
    assert_int_equal(f->count, 2);
    assert_int_equal(f->told[1].part.since, 201 * S);
    assert_int_equal(f->told[1].part.out.packets, 1);
}

static void a_flow_that_is_crowded_out_tells_its_last_part(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i <= 25; i++)
        udp(f, i % 2 == 0, 100, i * S);
    f->count = 0;
    for (uint16_t port = 200; port < 204; port++)
        udp(f, true, port, 26 * S);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->told[0].why, FLOW_CROWDED);
    assert_int_equal(f->told[0].part.since, 20 * S);
    assert_int_equal(f->told[0].part.out.packets, 2);
    assert_int_equal(f->told[0].part.in.packets, 3);
}

static void time_that_goes_back_tells_nothing_as_active(void **state)
{
    struct fixture *f = *state;

    udp(f, true, 100, 100 * S);
    udp(f, false, 100, 100 * S);
    udp(f, true, 100, 50 * S);
    assert_int_equal(f->count, 1);
}

static void a_full_table_ends_the_flow_silent_longest(void **state)
{
    struct fixture *f = *state;

    for (uint16_t i = 0; i < 4; i++)
        udp(f, true, (uint16_t)(100 + i), i);
    udp(f, true, 100, 10);
    udp(f, true, 104, 11);

    assert_int_equal(f->count, 2);
    assert_int_equal(f->told[0].port, 101);
    assert_false(f->told[0].end);
    assert_int_equal(f->told[1].port, 101);
    assert_int_equal(f->told[1].why, FLOW_CROWDED);
    assert_int_equal(f->told[1].now, 11);
    assert_int_equal(flow_table_counts(f->table).crowded, 1);
    assert_int_equal(flow_table_counts(f->table).most, 4);
}

static void a_full_table_ends_a_closed_flow_first(void **state)
{
    struct fixture *f = *state;

    for (uint16_t i = 0; i < 3; i++)
        udp(f, true, (uint16_t)(100 + i), i);
    tcp(f, true, SYN, 10);
    tcp(f, false, RST | ACK, 11);
    udp(f, true, 104, 12);

    assert_int_equal(f->told[1].port, 40000);
    assert_int_equal(f->told[1].why, FLOW_CLOSED);
    assert_int_equal(flow_table_counts(f->table).crowded, 0);
}

static void count_ports(struct flow *flow, void *arg)
{
    unsigned *sum = arg;

    *sum += flow->client_port;
}

static void every_flow_that_is_not_over_is_shown_once(void **state)
{
    struct fixture *f = *state;
    unsigned sum = 0;

    udp(f, true, 100, 0);
    udp(f, false, 100, 0);
    udp(f, true, 200, 0); /* not answered: over after half a minute */
    tcp(f, true, SYN, 1 * S);
    flow_table_each(f->table, count_ports, &sum);
    assert_int_equal(sum, 100 + 200 + 40000);
    sum = 0;
    flow_table_tick(f->table, 40 * S);
    flow_table_each(f->table, count_ports, &sum);
    assert_int_equal(sum, 100);
}

static void stopping_ends_every_flow_once_oldest_first(void **state)
{
    struct fixture *f = *state;

    udp(f, true, 100, 0);
    udp(f, false, 100, 0);
    tcp(f, true, SYN, 1 * S);
    udp(f, true, 100, 2 * S);
    flow_table_stop(f->table, 3 * S);
    flow_table_stop(f->table, 3 * S);

    assert_int_equal(f->count, 4);
    assert_int_equal(f->told[1].port, 40000);
    assert_false(f->told[1].end);
    told_is(&f->told[2], true, 3 * S);
    assert_int_equal(f->told[2].why, FLOW_STOPPED);
    assert_int_equal(f->told[3].port, 100);
}

static void freeing_the_table_ends_every_flow_once(void **state)
{
    struct fixture *f = *state;

    udp(f, true, 100, 1 * S);
    udp(f, true, 200, 2 * S);
    flow_table_free(f->table);
    f->table = NULL;

    assert_int_equal(f->count, 4);
    told_is(&f->told[3], true, 2 * S);
}

static void an_ended_flow_comes_back_as_new(void **state)
{
    struct fixture *f = *state;
    struct flow *flow = udp(f, true, 100, 0);

    flow->stage.app = 9;
    flow_table_tick(f->table, 100 * S);
    flow = udp(f, true, 100, 100 * S);
    assert_int_equal(flow->stage.app, 0);
    assert_int_equal(flow->out.packets, 1);
    assert_false(flow->started);
}

static void many_flows_come_and_go_in_few_places(void **state)
{
    struct fixture *f = *state;

    static const uint8_t protos[] = {1, TCP, UDP, 47, 58, 132};

    for (unsigned i = 0; i < 10000; i++) {
        struct packet p =
            packet(protos[i * 5 % 6], i % 3, (uint16_t)(i * 7 % 137), (uint16_t)(i % 31));
        bool from_client;

        p.tcp_flags = (uint8_t)(i % 29);
        give(f, p, i * S / 10, &from_client);
        f->count = 0;
    }
    assert_in_range(flow_table_counts(f->table).now, 1, 4);
}

static void time_that_goes_back_ends_nothing(void **state)
{
    struct fixture *f = *state;

    udp(f, true, 100, 7200 * S);
    udp(f, false, 100, 7200 * S);
    udp(f, true, 200, 3600 * S);
    flow_table_tick(f->table, 3601 * S);
    assert_int_equal(f->count, 1);
    assert_int_equal(flow_table_counts(f->table).now, 2);
}

/* ---- TCP ---- */

static void a_handshake_establishes(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(tcp(f, true, SYN, 0)->tcp_state, TCP_STATE_NO_ANSWER);
    assert_int_equal(tcp(f, false, SYN | ACK, 1)->tcp_state, TCP_STATE_ESTABLISHED);
    assert_int_equal(tcp(f, true, ACK, 2)->tcp_state, TCP_STATE_ESTABLISHED);
    flow_table_tick(f->table, 599 * S);
    assert_int_equal(flow_table_counts(f->table).now, 1);
    flow_table_tick(f->table, 601 * S);
    assert_int_equal(f->told[1].why, FLOW_IDLE);
}

static void a_reset_for_an_answer_is_a_refusal(void **state)
{
    struct fixture *f = *state;

    tcp(f, true, SYN, 0);
    assert_int_equal(tcp(f, false, RST | ACK, 1)->tcp_state, TCP_STATE_REFUSED);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->told[0].state, TCP_STATE_REFUSED);
    flow_table_tick(f->table, 5 * S + 1);
    assert_int_equal(f->told[1].why, FLOW_CLOSED);
}

static void a_client_that_resets_its_own_syn_was_not_answered(void **state)
{
    struct fixture *f = *state;

    tcp(f, true, SYN, 0);
    assert_int_equal(tcp(f, true, RST, 1)->tcp_state, TCP_STATE_NO_ANSWER);
}

static void both_fins_close(void **state)
{
    struct fixture *f = *state;

    tcp(f, true, SYN, 0);
    tcp(f, false, SYN | ACK, 1);
    assert_int_equal(tcp(f, false, FIN | ACK, 2)->tcp_state, TCP_STATE_ESTABLISHED);
    assert_int_equal(tcp(f, false, FIN | ACK, 3)->tcp_state, TCP_STATE_ESTABLISHED);
    assert_int_equal(tcp(f, true, FIN | ACK, 4)->tcp_state, TCP_STATE_CLOSED);
    assert_int_equal(tcp(f, false, RST, 5)->tcp_state, TCP_STATE_CLOSED);
    flow_table_tick(f->table, 6 * S);
    assert_int_equal(f->told[1].why, FLOW_CLOSED);
}

static void a_reset_cuts_off_unless_a_fin_came_before(void **state)
{
    struct fixture *f = *state;

    tcp(f, true, SYN, 0);
    tcp(f, false, SYN | ACK, 1);
    assert_int_equal(tcp(f, false, RST, 2)->tcp_state, TCP_STATE_RESET);

    tcp(f, true, SYN, 10 * S);
    tcp(f, false, SYN | ACK, 10 * S);
    tcp(f, true, FIN | ACK, 10 * S);
    assert_int_equal(tcp(f, true, RST, 10 * S)->tcp_state, TCP_STATE_CLOSED);
}

static void a_new_syn_on_a_closed_conversation_begins_a_new_flow(void **state)
{
    struct fixture *f = *state;

    tcp(f, true, SYN, 0);
    tcp(f, false, RST | ACK, 1);
    assert_int_equal(tcp(f, true, SYN, 2)->tcp_state, TCP_STATE_NO_ANSWER);

    assert_int_equal(flow_table_counts(f->table).made, 2);
    assert_int_equal(f->count, 2);
    told_is(&f->told[1], true, 2);
    assert_int_equal(f->told[1].why, FLOW_CLOSED);
}

static void a_repeated_syn_is_the_same_flow(void **state)
{
    struct fixture *f = *state;

    tcp(f, true, SYN, 0);
    tcp(f, true, SYN, 1 * S);
    tcp(f, false, SYN | ACK, 1 * S);
    tcp(f, true, SYN, 2 * S);
    assert_int_equal(flow_table_counts(f->table).made, 1);
}

static void who_answers_a_syn_first_seen_is_the_server(void **state)
{
    struct fixture *f = *state;
    const struct flow *flow = tcp(f, false, SYN | ACK, 0);

    assert_int_equal(flow->client_port, 40000);
    assert_true(flow->answered);
    assert_int_equal(flow->tcp_state, TCP_STATE_ESTABLISHED);
    assert_int_equal(f->count, 1);
}

static void seen_from_the_middle_the_higher_port_is_the_client(void **state)
{
    struct fixture *f = *state;
    const struct flow *flow = tcp(f, false, ACK, 0);

    assert_int_equal(flow->client_port, 40000);
    assert_int_equal(flow->tcp_state, TCP_STATE_MIDSTREAM);
    assert_int_equal(tcp(f, true, ACK, 1)->tcp_state, TCP_STATE_MIDSTREAM);
    assert_int_equal(tcp(f, true, RST, 2)->tcp_state, TCP_STATE_RESET);
}

static void an_ack_of_the_client_proves_an_answer_that_was_not_seen(void **state)
{
    struct fixture *f = *state;
    const struct flow *flow;

    tcp(f, true, SYN, 0);
    flow = tcp(f, true, ACK, 1);
    assert_int_equal(flow->tcp_state, TCP_STATE_ESTABLISHED);
    assert_false(flow->answered);
}

static void a_flow_that_closes_is_due_sooner(void **state)
{
    struct fixture *f = *state;

    tcp(f, true, SYN, 0);
    tcp(f, false, SYN | ACK, 1);
    flow_table_tick(f->table, 4 * S); /* from here on nothing is due for long */
    tcp(f, true, FIN | ACK, 5 * S);
    tcp(f, false, FIN | ACK, 5 * S);
    flow_table_tick(f->table, 11 * S);
    assert_int_equal(f->count, 2);
    told_is(&f->told[1], true, 10 * S);
}

/* ---- ICMP and others ---- */

static void an_echo_and_its_reply_are_one_flow(void **state)
{
    struct fixture *f = *state;
    struct packet ask = packet(1, true, 8, 0), answer = packet(1, false, 0, 0);
    bool from_client;
    struct flow *flow;

    answer.src_port = 0; /* type */
    answer.dst_port = 0; /* code */
    give(f, ask, 0, &from_client);
    flow = give(f, answer, 1, &from_client);
    assert_false(from_client);
    assert_int_equal(flow->client_port, 8);
    assert_int_equal(flow_table_counts(f->table).made, 1);
}

static void a_reply_without_its_echo_comes_from_the_server(void **state)
{
    struct fixture *f = *state;
    struct packet answer = packet(58, false, 0, 0);
    bool from_client;
    struct flow *flow;

    answer.src_port = 129;
    answer.dst_port = 0;
    flow = give(f, answer, 0, &from_client);
    assert_false(from_client);
    assert_true(addr_equal(&flow->client, &answer.dst));
    assert_int_equal(flow->client_port, 129);
}

static void other_icmp_messages_are_told_apart_by_type_and_code(void **state)
{
    struct fixture *f = *state;
    struct packet there = packet(1, true, 3, 1), back = packet(1, false, 1, 3);
    bool from_client;

    give(f, there, 0, &from_client);
    give(f, back, 0, &from_client);
    assert_false(from_client);
    there.dst_port = 3;
    give(f, there, 0, &from_client);
    assert_true(from_client);
    assert_int_equal(flow_table_counts(f->table).made, 2);
}

static void protocols_without_ports_are_told_apart_by_their_ends(void **state)
{
    struct fixture *f = *state;
    struct packet gre = packet(47, true, 0, 0), back = packet(47, false, 0, 0);
    bool from_client;

    gre.layer = back.layer = PACKET_IP;
    give(f, gre, 0, &from_client);
    give(f, back, 0, &from_client);
    assert_false(from_client);
    assert_int_equal(flow_table_counts(f->table).made, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(both_directions_are_one_flow),
        WITH_FIXTURE(ports_vlan_and_protocol_tell_flows_apart),
        WITH_FIXTURE(a_host_that_talks_to_itself_has_two_ends),
        WITH_FIXTURE(a_reassembled_packet_counts_all_its_frames),
        WITH_FIXTURE(each_end_has_the_mac_it_sent_with),
        WITH_FIXTURE(a_flow_keeps_the_time_to_live_of_its_first_packet),
        WITH_FIXTURE(a_flow_keeps_whose_order_its_first_syn_has),
        WITH_FIXTURE(a_flow_that_the_server_s_packet_begins_has_no_time_to_live),
        WITH_FIXTURE(a_flow_starts_at_its_first_answer),
        WITH_FIXTURE(without_an_answer_a_flow_starts_when_it_was_due),
        WITH_FIXTURE(a_late_answer_does_not_start_a_flow_again),
        WITH_FIXTURE(silence_ends_a_flow_when_it_was_due),
        WITH_FIXTURE(a_packet_that_is_late_begins_a_new_flow_whatever_the_beat_of_ticks),
        WITH_FIXTURE(what_is_due_is_told_in_order_of_time),
        WITH_FIXTURE(a_flow_that_goes_on_is_told_with_a_packet_at_the_active_timeout),
        WITH_FIXTURE(a_flow_that_is_over_sooner_is_not_told_as_active),
        WITH_FIXTURE(silence_is_not_told_as_active),
        WITH_FIXTURE(the_parts_of_a_flow_add_up_to_it),
        WITH_FIXTURE(a_flow_that_nobody_answers_is_told_as_active_after_its_start),
        WITH_FIXTURE(a_place_that_is_used_again_forgets_what_it_told),
        WITH_FIXTURE(a_flow_that_is_crowded_out_tells_its_last_part),
        WITH_FIXTURE(time_that_goes_back_tells_nothing_as_active),
        WITH_FIXTURE(a_full_table_ends_the_flow_silent_longest),
        WITH_FIXTURE(a_full_table_ends_a_closed_flow_first),
        WITH_FIXTURE(stopping_ends_every_flow_once_oldest_first),
        WITH_FIXTURE(every_flow_that_is_not_over_is_shown_once),
        WITH_FIXTURE(freeing_the_table_ends_every_flow_once),
        WITH_FIXTURE(an_ended_flow_comes_back_as_new),
        WITH_FIXTURE(many_flows_come_and_go_in_few_places),
        WITH_FIXTURE(time_that_goes_back_ends_nothing),
        WITH_FIXTURE(a_handshake_establishes),
        WITH_FIXTURE(a_reset_for_an_answer_is_a_refusal),
        WITH_FIXTURE(a_client_that_resets_its_own_syn_was_not_answered),
        WITH_FIXTURE(both_fins_close),
        WITH_FIXTURE(a_reset_cuts_off_unless_a_fin_came_before),
        WITH_FIXTURE(a_new_syn_on_a_closed_conversation_begins_a_new_flow),
        WITH_FIXTURE(a_repeated_syn_is_the_same_flow),
        WITH_FIXTURE(who_answers_a_syn_first_seen_is_the_server),
        WITH_FIXTURE(seen_from_the_middle_the_higher_port_is_the_client),
        WITH_FIXTURE(an_ack_of_the_client_proves_an_answer_that_was_not_seen),
        WITH_FIXTURE(a_flow_that_closes_is_due_sooner),
        WITH_FIXTURE(an_echo_and_its_reply_are_one_flow),
        WITH_FIXTURE(a_reply_without_its_echo_comes_from_the_server),
        WITH_FIXTURE(other_icmp_messages_are_told_apart_by_type_and_code),
        WITH_FIXTURE(protocols_without_ports_are_told_apart_by_their_ends),
    };

    return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
