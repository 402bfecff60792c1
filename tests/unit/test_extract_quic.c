/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extractor through the inspector, which puts the pieces together: what a sensor sees
 * of datagrams.
 */
#include "unit.h"

#include <stdlib.h>

#include "agent/flow.h"
#include "heard.h"
#include "quic_seal.h"

#define CLIENT true
#define SERVER false

struct fixture {
    struct heard heard;
    struct inspector *inspector;
    struct flow flow;
    bool watched;
    uint8_t hello[512];
    size_t len; /* of the hello */
};

static void on_event(struct event *e, const struct packet *p, struct flow *flow,
                     void *arg)
{
    struct fixture *f = arg;

    assert_ptr_equal(flow, &f->flow);
    assert_non_null(p);
    heard_emit(e, &f->heard);
}

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.flow = {.ip_proto = 17}};
    heard_init(&f.heard);
    f.inspector = inspector_new(&(struct inspector_settings){
        .stream_capacity = 2, .stream_bytes = 1 << 17, .emit = on_event, .arg = &f});
    f.len = unhex(rfc_hello, f.hello, sizeof(f.hello));
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    inspector_end(f->inspector, &f->flow);
    inspector_free(f->inspector);
    heard_done(&f->heard);
    return 0;
}

/* From a copy that is gone afterwards. */
static void send_bytes(struct fixture *f, bool from_client, const void *bytes, size_t len)
{
    void *copy = malloc(len > 0 ? len : 1);
    struct packet p = {.layer = PACKET_L4,
                       .ip_proto = 17,
                       .src_port = 40000,
                       .dst_port = 443,
                       .payload = cur_over(memcpy(copy, bytes, len), len),
                       .payload_len = (uint32_t)len};

    (from_client ? &f->flow.out : &f->flow.in)->packets++;
    f->watched = inspector_packet(f->inspector, &p, &f->flow, from_client);
    free(copy);
}

static void send_hex(struct fixture *f, bool from_client, const char *hex)
{
    uint8_t bytes[2048];

    send_bytes(f, from_client, bytes, unhex(hex, bytes, sizeof(bytes)));
}

/* A part of the hello in a packet of its own. */
static void send_part(struct fixture *f, struct seal_head head, size_t from, size_t to)
{
    struct sealed frames = {0}, datagram = {0};

    head.wire = head.wire ? head.wire : QUIC_WIRE_V1;
    seal_crypto(&frames, (uint32_t)from, f->hello + from, to - from);
    seal_initial(&datagram, head, &frames);
    send_bytes(f, CLIENT, datagram.bytes, datagram.len);
}

static void again(struct fixture *f)
{
    inspector_end(f->inspector, &f->flow);
    f->flow = (struct flow){.ip_proto = 17};
    f->heard.count = 0;
}

#define assert_heard_nothing(f) assert_int_equal((f)->heard.count, 0)
#define assert_heard_the_hello(f)                                                        \
    do {                                                                                 \
        assert_int_equal((f)->heard.count, 1);                                           \
        assert_says(&(f)->heard, FIELD_TLS_SNI, "\"example.com\"");                      \
        assert_says(&(f)->heard, FIELD_TLS_JA3, "\"41bc9ae914d6cb3bd0bd0a5453ab7d7f\""); \
        assert_true((f)->flow.stage.inspected);                                          \
        assert_null((f)->flow.stage.stream);                                             \
    } while (0)

static void the_sample_packet_says_who_is_called_and_how(void **state)
{
    static const char *const samples[][2] = {{rfc_v1_packet, "\"v1\""},
                                             {rfc_v2_packet, "\"v2\""}};
    struct fixture *f = *state;

    for (size_t i = 0; i < 2; i++) {
        again(f);
        send_hex(f, CLIENT, samples[i][0]);
        assert_heard_the_hello(f);
        assert_int_equal(event_kind(f->heard.events[0]), EVENT_QUIC);
        assert_says(&f->heard, FIELD_QUIC_VERSION, samples[i][1]);
        assert_says(&f->heard, FIELD_TLS_SIDE, "\"client\"");
        assert_says(&f->heard, FIELD_TLS_VERSION, "\"1.3\"");
        assert_says(&f->heard, FIELD_HOST, "\"example.com\"");
        assert_says(&f->heard, FIELD_HOST_REGISTRABLE, "\"example.com\"");
        assert_says(&f->heard, FIELD_TLS_ALPN, "[\"alpn\"]");
        assert_says(&f->heard, FIELD_TLS_ECH, "\"none\"");
        assert_says(&f->heard, FIELD_TLS_JA4, "\"q13d0211an_62ed6f6ca7ad_4d634acda6c0\"");
        assert_string_equal(names_get(&names_app, f->flow.stage.app), "quic");
        assert_int_equal(f->flow.stage.confidence, CONFIDENCE_OWN_PARSER);
        assert_false(f->watched);
    }
}

static void a_hello_in_two_datagrams_is_read_wherever_it_is_cut(void **state)
{
    struct fixture *f = *state;

    for (size_t cut = 1; cut < f->len; cut++) {
        again(f);
        send_part(f, (struct seal_head){0}, 0, cut);
        assert_heard_nothing(f);
        assert_true(f->watched);
        assert_string_equal(names_get(&names_app, f->flow.stage.app), "quic");
        send_part(f, (struct seal_head){.number = 1}, cut, f->len);
        assert_heard_the_hello(f);
    }
}

static void datagrams_that_change_places_are_put_in_order(void **state)
{
    struct fixture *f = *state;

    send_part(f, (struct seal_head){.number = 2}, 180, f->len);
    send_part(f, (struct seal_head){.number = 1}, 90, 180);
    assert_heard_nothing(f);
    send_part(f, (struct seal_head){0}, 0, 90);
    assert_heard_the_hello(f);
}

static void frames_of_a_packet_may_stand_in_any_order(void **state)
{
    struct sealed frames = {0}, datagram = {0};
    struct fixture *f = *state;

    for (size_t i = 0; i < 10; i++) {
        size_t at = i * 7 % 10 * 25, end = at + 25 < f->len ? at + 25 : f->len;

        seal_crypto(&frames, (uint32_t)at, f->hello + at, end - at);
        seal_number(&frames, 1, 3); /* padding and a PING between them */
    }
    seal_initial(&datagram, (struct seal_head){.wire = QUIC_WIRE_V1}, &frames);
    send_bytes(f, CLIENT, datagram.bytes, datagram.len);
    assert_heard_the_hello(f);
}

static void where_frames_overlap_the_first_bytes_count(void **state)
{
    struct fixture *f = *state;
    size_t len = f->len;
    uint8_t other[512];

    memcpy(other, f->hello, len);
    send_part(f, (struct seal_head){0}, 0, 120);
    memset(f->hello + 60, 0xee, 60);
    send_part(f, (struct seal_head){.number = 1}, 60, 140);
    send_part(f, (struct seal_head){.number = 2}, 140, len);
    assert_int_equal(f->heard.count, 1);
    memcpy(f->hello, other, len);
    assert_heard_the_hello(f);
}

static void packets_that_share_a_datagram_are_all_read(void **state)
{
    struct sealed frames = {0}, datagram = {0};
    struct fixture *f = *state;

    seal_crypto(&frames, 0, f->hello, 100);
    seal_initial(&datagram, (struct seal_head){.wire = QUIC_WIRE_V1}, &frames);
    seal_bytes(&datagram, "\xd0\0\0\0\1\2to\0\4abcd", 14); /* 0-RTT */
    frames.len = 0;
    seal_crypto(&frames, 100, f->hello + 100, f->len - 100);
    seal_initial(&datagram, (struct seal_head){.wire = QUIC_WIRE_V1, .number = 1},
                 &frames);
    seal_number(&datagram, 0, 8); /* padding outside of packets */
    send_bytes(f, CLIENT, datagram.bytes, datagram.len);
    assert_heard_the_hello(f);
}

static void a_packet_that_goes_elsewhere_than_its_datagram_is_ignored(void **state)
{
    struct sealed frames = {0}, datagram = {0};
    struct fixture *f = *state;

    seal_crypto(&frames, 0, f->hello, 100);
    seal_initial(&datagram, (struct seal_head){.wire = QUIC_WIRE_V1}, &frames);
    frames.len = 0;
    seal_crypto(&frames, 100, f->hello + 100, f->len - 100);
    seal_initial(&datagram,
                 (struct seal_head){.wire = QUIC_WIRE_V1, .to = "xx", .by = "to"},
                 &frames);
    send_bytes(f, CLIENT, datagram.bytes, datagram.len);
    assert_heard_nothing(f);
    assert_true(f->watched);
}

static void the_keys_stay_when_the_server_has_chosen_its_id(void **state)
{
    struct fixture *f = *state;

    send_part(f, (struct seal_head){0}, 0, 100);
    send_hex(f, SERVER, "c0 00000001 00 0473727672 00 03 010203");
    assert_true(f->watched);
    send_part(f, (struct seal_head){.number = 1, .to = "srvr", .by = "to"}, 100, f->len);
    assert_heard_the_hello(f);
}

static void after_a_retry_the_hello_begins_anew(void **state)
{
    struct fixture *f = *state;

    send_part(f, (struct seal_head){0}, 50,
              100); /* of a hello that never becomes whole */
    send_part(f, (struct seal_head){.to = "again", .token = "sesame"}, 0, 100);
    assert_heard_nothing(f);
    send_part(f, (struct seal_head){.number = 1, .to = "again", .token = "sesame"}, 100,
              f->len);
    assert_heard_the_hello(f);
}

static void what_was_sent_before_a_retry_is_not_mixed_in(void **state)
{
    struct fixture *f = *state;
    uint8_t first = f->hello[60];

    f->hello[60] = 0xee;
    send_part(f, (struct seal_head){0}, 0, 100);
    f->hello[60] = first;
    send_part(f, (struct seal_head){.to = "again"}, 100, f->len);
    assert_heard_nothing(f);
    send_part(f, (struct seal_head){.to = "again", .number = 1}, 0, 100);
    assert_heard_the_hello(f);
}

static void another_version_may_follow_with_the_same_id(void **state)
{
    struct fixture *f = *state;

    send_part(f, (struct seal_head){0}, 0, 100);
    send_part(f, (struct seal_head){.wire = QUIC_WIRE_V2, .to = "srvr", .by = "to"}, 100,
              f->len);
    assert_heard_the_hello(f);
    assert_says(&f->heard, FIELD_QUIC_VERSION, "\"v1\""); /* as it began */
}

static void early_data_that_comes_first_is_waited_behind(void **state)
{
    struct fixture *f = *state;

    send_hex(f, CLIENT, "d0 00000001 02746f 00 04 01020304");
    assert_true(f->watched);
    assert_int_equal(f->flow.stage.app, 0); /* that is no proof */
    send_part(f, (struct seal_head){0}, 0, f->len);
    assert_heard_the_hello(f);
}

static void who_asks_for_versions_first_is_waited_for(void **state)
{
    struct fixture *f = *state;

    send_hex(f, CLIENT, "c0 1a2a3a4a 02746f 00 00 04 01020304");
    assert_true(f->watched);
    send_hex(f, SERVER, "80 00000000 00 02746f 00000001");
    assert_true(f->watched);
    send_part(f, (struct seal_head){0}, 0, f->len);
    assert_heard_the_hello(f);
}

static void what_cannot_be_opened_is_counted_and_left_to_dpi(void **state)
{
    struct fixture *f = *state;

    send_part(f, (struct seal_head){.by = "else"}, 0, f->len);
    assert_heard_nothing(f);
    assert_false(f->watched);
    assert_int_equal(f->flow.stage.app, 0);
    assert_int_equal(inspector_counts(f->inspector).unopened, 1);
    assert_null(f->flow.stage.stream);
    send_part(f, (struct seal_head){0}, 0, f->len); /* but a later one may be */
    assert_heard_the_hello(f);
}

static void a_damaged_datagram_does_not_harm_what_is_kept(void **state)
{
    struct fixture *f = *state;

    send_part(f, (struct seal_head){0}, 0, 100);
    send_part(f, (struct seal_head){.number = 1, .by = "else"}, 100, f->len);
    assert_true(f->watched);
    send_part(f, (struct seal_head){.number = 1}, 100, f->len);
    assert_heard_the_hello(f);
    assert_int_equal(inspector_counts(f->inspector).unopened, 1);
}

static void the_beginning_of_a_datagram_says_nothing(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[1200];
    size_t len = unhex(rfc_v1_packet, bytes, sizeof(bytes));

    for (size_t i = 1; i < len; i += 7) {
        again(f);
        send_bytes(f, CLIENT, bytes, i);
        assert_heard_nothing(f);
        assert_false(f->watched);
    }
}

static void a_server_is_not_listened_to(void **state)
{
    struct fixture *f = *state;

    send_hex(f, SERVER, rfc_v1_packet);
    assert_heard_nothing(f);
    assert_false(f->watched);
    assert_int_equal(inspector_counts(f->inspector).unopened, 0);
}

static void a_hello_that_does_not_become_whole_is_given_up(void **state)
{
    struct fixture *f = *state;

    send_part(f, (struct seal_head){0}, 0, 100);
    for (unsigned i = 0; inspector_looks(&f->flow); i++) {
        assert_true(i < 100);
        send_hex(f, CLIENT, "40 0102030405060708");
    }
    assert_heard_nothing(f);
    assert_null(f->flow.stage.stream);
    assert_true(f->flow.stage.inspected); /* it is QUIC all the same */
    assert_int_equal(inspector_counts(f->inspector).gaps, 1);
}

/* Keys for each of very many datagrams would be a burden. */
static void what_never_opens_is_not_tried_for_ever(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 100; i++)
        send_part(f, (struct seal_head){.by = "else"}, 0, f->len);
    assert_true(inspector_counts(f->inspector).unopened < 50);
    assert_false(inspector_looks(&f->flow));
    assert_int_equal(f->flow.stage.app, 0);
}

static void bytes_far_off_the_hello_are_not_kept(void **state)
{
    struct sealed frames = {0}, datagram = {0};
    struct fixture *f = *state;

    seal_crypto(&frames, 20000, f->hello, 10);
    seal_initial(&datagram, (struct seal_head){.wire = QUIC_WIRE_V1}, &frames);
    send_bytes(f, CLIENT, datagram.bytes, datagram.len);
    assert_null(f->flow.stage.stream);
    assert_false(inspector_looks(&f->flow));
    assert_int_equal(inspector_counts(f->inspector).gaps, 1);
}

static void another_message_than_a_hello_says_nothing(void **state)
{
    struct fixture *f = *state;

    f->hello[0] = 2; /* a ServerHello */
    send_part(f, (struct seal_head){0}, 0, f->len);
    f->hello[0] = 1;
    again(f);
    f->hello[1] = 1; /* longer than any hello */
    send_part(f, (struct seal_head){0}, 0, f->len);
    assert_heard_nothing(f);
    assert_null(f->flow.stage.stream);
    assert_true(f->flow.stage.inspected);
}

static void a_packet_longer_than_a_frame_is_not_opened(void **state)
{
    struct fixture *f = *state;
    static uint8_t bytes[12000];

    memcpy(bytes, "\xc3\0\0\0\1\2to\0\0\x6e\x00", 12); /* 11,776 bytes */
    send_bytes(f, CLIENT, bytes, sizeof(bytes));
    assert_int_equal(inspector_counts(f->inspector).unopened, 1);
    assert_false(f->watched);
}

static void other_protocols_are_left_to_others(void **state)
{
    struct fixture *f = *state;

    send_hex(f, CLIENT, "c0 51303530 02746f 00 04 01020304"); /* Q050 */
    assert_false(f->watched);
    assert_false(inspector_looks(&f->flow));
    again(f);
    send_hex(f, CLIENT, "40 0102030405060708");
    assert_false(f->watched);
    assert_int_equal(inspector_counts(f->inspector).unopened, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(the_sample_packet_says_who_is_called_and_how),
        WITH_FIXTURE(a_hello_in_two_datagrams_is_read_wherever_it_is_cut),
        WITH_FIXTURE(datagrams_that_change_places_are_put_in_order),
        WITH_FIXTURE(frames_of_a_packet_may_stand_in_any_order),
        WITH_FIXTURE(where_frames_overlap_the_first_bytes_count),
        WITH_FIXTURE(packets_that_share_a_datagram_are_all_read),
        WITH_FIXTURE(a_packet_that_goes_elsewhere_than_its_datagram_is_ignored),
        WITH_FIXTURE(the_keys_stay_when_the_server_has_chosen_its_id),
        WITH_FIXTURE(after_a_retry_the_hello_begins_anew),
        WITH_FIXTURE(what_was_sent_before_a_retry_is_not_mixed_in),
        WITH_FIXTURE(another_version_may_follow_with_the_same_id),
        WITH_FIXTURE(early_data_that_comes_first_is_waited_behind),
        WITH_FIXTURE(who_asks_for_versions_first_is_waited_for),
        WITH_FIXTURE(what_cannot_be_opened_is_counted_and_left_to_dpi),
        WITH_FIXTURE(a_damaged_datagram_does_not_harm_what_is_kept),
        WITH_FIXTURE(the_beginning_of_a_datagram_says_nothing),
        WITH_FIXTURE(a_server_is_not_listened_to),
        WITH_FIXTURE(a_hello_that_does_not_become_whole_is_given_up),
        WITH_FIXTURE(what_never_opens_is_not_tried_for_ever),
        WITH_FIXTURE(bytes_far_off_the_hello_are_not_kept),
        WITH_FIXTURE(another_message_than_a_hello_says_nothing),
        WITH_FIXTURE(a_packet_longer_than_a_frame_is_not_opened),
        WITH_FIXTURE(other_protocols_are_left_to_others),
    };

    return cmocka_run_group_tests_name("extract_quic", tests, NULL, NULL);
}
