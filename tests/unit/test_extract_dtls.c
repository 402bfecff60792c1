/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extractor through the inspector, which puts the pieces together: what a sensor sees
 * of datagrams.
 */
#include "unit.h"

#include <stdlib.h>

#include "agent/flow.h"
#include "heard.h"

#define CLIENT true
#define SERVER false

#define CLIENT_HELLO 1
#define SERVER_HELLO 2
#define VERIFY       3
#define CERTIFICATE  11
#define KEY_EXCHANGE 12

/* Bodies of messages, as OpenSSL sent them: hello, hello with the cookie, the server's.
 */
static const char hello[] =
    "fefd5f2a1766d47b80d0857e02530c29c0ddea94e69e10646a003be1f281b6ad35ef00000038c02cc030"
    "009fcca9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033009d009c"
    "003d003c0035002f00ff0100006f00000011000f00000c76706e2e6c61622e74657374000b0004030001"
    "02000a000c000a001700180019001d001e0023000000100020001e036c6162196f746865722d70726f74"
    "6f636f6c2d6f662d7468652d6c61620016000000170000000d000e000c040104030501050306010603";
static const char hello_cookie[] =
    "fefd5f2a1766d47b80d0857e02530c29c0ddea94e69e10646a003be1f281b6ad35ef00142c0658893861"
    "5ef5d5fb8c7bdaffbe4e7ae69b0f0038c02cc030009fcca9cca8ccaac02bc02f009ec024c028006bc023"
    "c0270067c00ac0140039c009c0130033009d009c003d003c0035002f00ff0100006f00000011000f0000"
    "0c76706e2e6c61622e74657374000b000403000102000a000c000a001700180019001d001e0023000000"
    "100020001e036c6162196f746865722d70726f746f636f6c2d6f662d7468652d6c616200160000001700"
    "00000d000e000c040104030501050306010603";
static const char verify[] = "feff142c06588938615ef5d5fb8c7bdaffbe4e7ae69b0f";
static const char server_hello[] =
    "fefdb8b710717badd5c84de64ef55a8c024704afb6e6b516da77728e5e9f8f1495fb00c03000001fff01"
    "000100000b00040300010200230000001000060004036c616200170000";
static const char certificate[] =
    "00034b000348308203443082022ca0030201020214499ae54e553bc90dea2f862a9bc6d1029a2242dc30"
    "0d06092a864886f70d01010b05003025310c300a060355040a0c034c61623115301306035504030c0c76"
    "706e2e6c61622e74657374301e170d3236313132393135333935305a170d323731313239313533393530"
    "5a3025310c300a060355040a0c034c61623115301306035504030c0c76706e2e6c61622e746573743082"
    "0122300d06092a864886f70d01010105000382010f003082010a0282010100a99b614c5f080eea634d72"
    "1582f409033424fe1767ef0adc7d1854a22a8ca0205fe491ae874ab615d4f3c44f08e2913c5b661c6980"
    "39fdc025eabf847dc8ebff7bd04532bfc330609e57dbf83d5f8f769a9f4ddac2eb78284cffb5dc5dd766"
    "44a9a4bcf2b2f47f78e6e630ae24761ffc107596cfac1fbacbfca54c08e735d7e9c85a803d1bd4152e42"
    "faaa14619fd83c0fbe61196e7be9d31d9f8cb5079cacd91fb929bcaaeed69fd86db277d6d56003d69e35"
    "8371c3fbad49b26211f5d8631884b773742816800eb5cc50d8599469532cc165cf1424b02251efc45c71"
    "add189e23bd48636d6c350e1435525f080525f68b72971b5ec13e65f22c9600d9e99310203010001a36c"
    "306a301d0603551d0e041604145dd9be0e4a645f028589eb86fff17751a1b8cb87301f0603551d230418"
    "301680145dd9be0e4a645f028589eb86fff17751a1b8cb87300f0603551d130101ff040530030101ff30"
    "170603551d110410300e820c76706e2e6c61622e74657374300d06092a864886f70d01010b0500038201"
    "010010339429b2c1bc41a5db94f73d8e51c79d44aca1672902978c583ff339a1b27a16c1c056e9775e16"
    "de4ae9b14af5f33038eeabefab9370ce3ba95e103a2d4e56c29f264e29fc8d283bfbd1185917878f036f"
    "a2583ad67f0d8008258305fedb2bd66df3a50a3e40993eb46516468b5132cb17ec5d2a15d192dd1fcd0f"
    "e416935e544c4209370bbf5c500d6f0bc5c4b5e0a41dc22cf43f7602c2a7f2b53ac05bbd5df2bb01c484"
    "bd00f253ee94bd5f7aa16ffdfe26ef57d124f8eae7333dc154240445659933b41e3c62d53ed3258ff82f"
    "1ca54123db860d688a5da95fa27ef6af80c3ebb2383b9dc7fe30c9e07f8d5252defda141825dd83e64c5"
    "52d1c2fca30b";

struct fixture {
    struct heard heard;
    struct inspector *inspector;
    struct flow flow;
    bool watched;
    uint8_t datagram[2048];
    size_t len;
};

static void on_event(struct event *e, const struct packet *p, struct flow *flow,
                     void *arg)
{
    struct fixture *f = arg;

    (void)p;
    (void)flow;
    heard_emit(e, &f->heard);
}

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.flow = {.ip_proto = 17}};
    heard_init(&f.heard);
    f.inspector = inspector_new(&(struct inspector_settings){
        .stream_capacity = 2, .stream_bytes = 1 << 17, .emit = on_event, .arg = &f});
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

static void add(struct fixture *f, uint64_t value, unsigned bytes)
{
    while (bytes-- > 0)
        f->datagram[f->len++] = (uint8_t)(value >> 8 * bytes);
}

/* Adds a record with one fragment of a message to the datagram. */
static void add_part(struct fixture *f, uint8_t type, uint16_t seq, const char *hex,
                     size_t from, size_t to)
{
    uint8_t body[1024];
    size_t len = unhex(hex, body, sizeof(body));

    to = to < len ? to : len;
    add(f, 22, 1);
    add(f, 0xfefd, 2);
    add(f, 0, 8); /* epoch, number */
    add(f, 12 + to - from, 2);
    add(f, type, 1);
    add(f, len, 3);
    add(f, seq, 2);
    add(f, from, 3);
    add(f, to - from, 3);
    memcpy(f->datagram + f->len, body + from, to - from);
    f->len += to - from;
}

static void flush(struct fixture *f, bool from_client)
{
    send_bytes(f, from_client, f->datagram, f->len);
    f->len = 0;
}

static void send_part(struct fixture *f, bool from_client, uint8_t type, uint16_t seq,
                      const char *hex, size_t from, size_t to)
{
    add_part(f, type, seq, hex, from, to);
    flush(f, from_client);
}

static void send_whole(struct fixture *f, bool from_client, uint8_t type, uint16_t seq,
                       const char *hex)
{
    send_part(f, from_client, type, seq, hex, 0, SIZE_MAX);
}

#define assert_heard(f, n) assert_int_equal((f)->heard.count, (n))

static void a_hello_says_who_is_called_and_how(void **state)
{
    struct fixture *f = *state;

    send_whole(f, CLIENT, CLIENT_HELLO, 0, hello);
    assert_heard(f, 1);
    assert_says(&f->heard, FIELD_TLS_SIDE, "\"client\"");
    assert_says(&f->heard, FIELD_TLS_VERSION, "\"1.2\"");
    assert_says(&f->heard, FIELD_TLS_SNI, "\"vpn.lab.test\"");
    assert_says(&f->heard, FIELD_HOST, "\"vpn.lab.test\"");
    assert_true(f->watched);
}

static void a_hello_is_read_from_fragments_in_any_order(void **state)
{
    struct fixture *f = *state;

    send_part(f, CLIENT, CLIENT_HELLO, 0, hello, 150, SIZE_MAX);
    send_part(f, CLIENT, CLIENT_HELLO, 0, hello, 0, 100);
    send_part(f, CLIENT, CLIENT_HELLO, 0, hello, 0, 100);
    assert_heard(f, 0);
    send_part(f, CLIENT, CLIENT_HELLO, 0, hello, 90, 170);
    assert_heard(f, 1);
    assert_says(&f->heard, FIELD_TLS_SNI, "\"vpn.lab.test\"");
}

static void a_hello_with_a_cookie_says_the_same(void **state)
{
    struct fixture *f = *state;
    char without[512], room[512];

    send_whole(f, CLIENT, CLIENT_HELLO, 0, hello);
    (void)snprintf(without, sizeof(without), "%s",
                   heard_says(&f->heard, FIELD_TLS_JA4, room));
    inspector_end(f->inspector, &f->flow);
    f->flow = (struct flow){.ip_proto = 17};
    f->heard.count = 0;
    send_whole(f, CLIENT, CLIENT_HELLO, 1, hello_cookie);
    assert_string_equal(heard_says(&f->heard, FIELD_TLS_JA4, room), without);
    assert_memory_equal(without, "\"dd2d", 5);
}

static void the_hello_is_told_once_where_a_cookie_is_asked_for(void **state)
{
    struct fixture *f = *state;

    send_whole(f, CLIENT, CLIENT_HELLO, 0, hello);
    send_whole(f, SERVER, VERIFY, 0, verify);
    send_whole(f, CLIENT, CLIENT_HELLO, 1, hello_cookie);
    assert_heard(f, 1);
    send_whole(f, SERVER, SERVER_HELLO, 1, server_hello);
    assert_heard(f, 2);
    assert_says(&f->heard, FIELD_TLS_SIDE, "\"server\"");
    assert_says(&f->heard, FIELD_TLS_VERSION, "\"1.2\"");
}

static void a_hello_that_lost_a_fragment_is_read_when_it_is_said_again(void **state)
{
    struct fixture *f = *state;

    send_part(f, CLIENT, CLIENT_HELLO, 0, hello, 0, 100);
    assert_heard(f, 0);
    send_whole(f, CLIENT, CLIENT_HELLO, 1, hello_cookie);
    assert_heard(f, 1);
    assert_says(&f->heard, FIELD_TLS_SNI, "\"vpn.lab.test\"");
}

static void the_servers_certificate_is_read_from_fragments(void **state)
{
    struct fixture *f = *state;

    send_whole(f, CLIENT, CLIENT_HELLO, 0, hello);
    add_part(f, SERVER_HELLO, 1, server_hello, 0, SIZE_MAX);
    add_part(f, CERTIFICATE, 2, certificate, 0, 107);
    flush(f, SERVER);
    assert_heard(f, 2);
    send_part(f, SERVER, CERTIFICATE, 2, certificate, 500, SIZE_MAX);
    send_part(f, SERVER, CERTIFICATE, 2, certificate, 107, 500);
    assert_heard(f, 3);
    assert_int_equal(event_kind(f->heard.events[2]), EVENT_DTLS);
    assert_says(&f->heard, FIELD_TLS_SIDE, "\"certificate\"");
    assert_says(&f->heard, FIELD_TLS_CERT_SUBJECT, "\"O=Lab, CN=vpn.lab.test\"");
    assert_true(f->flow.stage.inspected);
    assert_null(f->flow.stage.stream);
}

static void without_a_certificate_the_flow_is_read_no_further(void **state)
{
    struct fixture *f = *state;
    static const uint8_t change[] = {20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1};

    send_whole(f, CLIENT, CLIENT_HELLO, 0, hello);
    send_whole(f, SERVER, SERVER_HELLO, 0, server_hello);
    assert_false(f->flow.stage.inspected);
    send_bytes(f, SERVER, change, sizeof(change));
    assert_heard(f, 2);
    assert_true(f->flow.stage.inspected);
    assert_int_equal(inspector_counts(f->inspector).gaps, 0);
}

static void another_message_behind_the_hello_is_no_certificate(void **state)
{
    struct fixture *f = *state;

    send_whole(f, CLIENT, CLIENT_HELLO, 0, hello);
    send_whole(f, SERVER, SERVER_HELLO, 0, server_hello);
    send_whole(f, SERVER, KEY_EXCHANGE, 1, verify);
    assert_heard(f, 2);
    assert_true(f->flow.stage.inspected);
}

static void dtls_behind_stun_is_read_and_names_nothing(void **state)
{
    static const uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    struct fixture *f = *state;

    send_bytes(f, CLIENT, stun, sizeof(stun));
    send_bytes(f, SERVER, stun, sizeof(stun));
    assert_true(inspector_looks(&f->flow));
    assert_false(f->watched);
    send_whole(f, CLIENT, CLIENT_HELLO, 0, hello);
    assert_heard(f, 1);
    assert_int_equal(f->flow.stage.app, 0);
}

static void looking_behind_stun_ends(void **state)
{
    static const uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    static const uint8_t rtp[20] = {0x80, 0};
    struct fixture *f = *state;

    for (unsigned i = 0; i < 25; i++)
        send_bytes(f, CLIENT, stun, sizeof(stun));
    assert_false(inspector_looks(&f->flow));
    f->flow = (struct flow){.ip_proto = 17};
    send_bytes(f, CLIENT, stun, sizeof(stun));
    send_bytes(f, CLIENT, rtp, sizeof(rtp));
    assert_false(inspector_looks(&f->flow));
}

static void what_is_encrypted_or_no_dtls_is_left_to_dpi(void **state)
{
    struct fixture *f = *state;

    add_part(f, CLIENT_HELLO, 0, hello, 0, SIZE_MAX);
    f->datagram[4] = 1; /* epoch */
    flush(f, CLIENT);
    assert_false(f->watched);
    f->flow = (struct flow){.ip_proto = 17};
    add_part(f, CLIENT_HELLO, 0, hello, 0, SIZE_MAX);
    f->datagram[1] = 3; /* version of TLS */
    flush(f, CLIENT);
    assert_false(f->watched);
    f->flow = (struct flow){.ip_proto = 17};
    add_part(f, CLIENT_HELLO, 0, hello, 0, SIZE_MAX);
    f->datagram[14] = 0x40; /* the message is longer than is read */
    flush(f, CLIENT);
    assert_false(f->watched);
    f->flow = (struct flow){.ip_proto = 17};
    send_whole(f, SERVER, KEY_EXCHANGE, 3, verify);
    assert_false(f->watched);
    assert_heard(f, 0);
}

static void a_datagram_that_is_cut_says_nothing(void **state)
{
    struct fixture *f = *state;

    add_part(f, CLIENT_HELLO, 0, hello, 0, SIZE_MAX);
    for (size_t len = 1; len < f->len; len++) {
        inspector_end(f->inspector, &f->flow);
        f->flow = (struct flow){.ip_proto = 17};
        send_bytes(f, CLIENT, f->datagram, len);
        assert_heard(f, 0);
    }
    f->len = 0;
}

/* Adds an alert, which says nothing here. */
static void add_alert(struct fixture *f)
{
    add(f, 21, 1);
    add(f, 0xfefd, 2);
    add(f, 0, 8);
    add(f, 2, 2);
    add(f, 0x0100, 2);
}

static void of_a_datagram_16_records_are_looked_at(void **state)
{
    struct fixture *f = *state;

    for (unsigned alerts = 14; alerts <= 15; alerts++) {
        inspector_end(f->inspector, &f->flow);
        f->flow = (struct flow){.ip_proto = 17};
        f->heard.count = 0;
        add_part(f, CLIENT_HELLO, 0, hello, 0, 100);
        for (unsigned i = 0; i < alerts; i++)
            add_alert(f);
        add_part(f, CLIENT_HELLO, 0, hello, 100, SIZE_MAX);
        flush(f, CLIENT);
        assert_heard(f, alerts == 14 ? 1 : 0);
    }
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_hello_says_who_is_called_and_how),
        T(a_hello_is_read_from_fragments_in_any_order),
        T(a_hello_with_a_cookie_says_the_same),
        T(the_hello_is_told_once_where_a_cookie_is_asked_for),
        T(a_hello_that_lost_a_fragment_is_read_when_it_is_said_again),
        T(the_servers_certificate_is_read_from_fragments),
        T(without_a_certificate_the_flow_is_read_no_further),
        T(another_message_behind_the_hello_is_no_certificate),
        T(dtls_behind_stun_is_read_and_names_nothing),
        T(looking_behind_stun_ends),
        T(what_is_encrypted_or_no_dtls_is_left_to_dpi),
        T(of_a_datagram_16_records_are_looked_at),
        T(a_datagram_that_is_cut_says_nothing),
    };

    return cmocka_run_group_tests_name("extract_dtls", tests, NULL, NULL);
}
