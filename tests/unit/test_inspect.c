/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "agent/extract.h"
#include "agent/flow.h"
#include "quic_seal.h"

#define CLIENT true
#define SERVER false
#define ISN    0xfffffff0U /* so that the numbers wrap inside the first message */

#define GET      "GET /one HTTP/1.1\r\nHost: a.example\r\n\r\n"
#define GET_TWO  "GET /two HTTP/1.1\r\nHost: b.example\r\n\r\n"
#define OK_FIVE  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define NOT_HERE "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

/* The shortest ClientHello there is. */
static const char hello[] = "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03"
                            "0123456789abcdef0123456789abcdef"
                            "\x00\x00\x02\x13\x01\x01\x00\x00\x00";
#define HELLO_LEN (sizeof(hello) - 1)

/* One or more flows, and what was said of them. */
struct fixture {
    struct inspector *inspector;
    struct flow flows[4];
    char said[1024];  /* "request /one\n" and so on */
    bool watched;     /* what inspector_packet said last */
    unsigned secrets; /* how often a packet was told to be secret */
    unsigned before;  /* of them, those before which others may be */
    struct packet packet;
};

static void note(struct fixture *f, const char *kind, const char *what, size_t len)
{
    size_t at = strlen(f->said);

    (void)snprintf(f->said + at, sizeof(f->said) - at, "%s %.*s\n", kind, (int)len, what);
}

static void on_event(struct event *e, const struct packet *p, struct flow *flow,
                     void *arg)
{
    struct fixture *f = arg;
    const struct value *path = event_get(e, FIELD_HTTP_PATH);
    const struct value *status = event_get(e, FIELD_HTTP_STATUS);
    char number[24];

    assert_ptr_equal(p, &f->packet);
    assert_true(!flow || (flow >= f->flows && flow < f->flows + 4));
    if (path) {
        note(f, "request", path->text.at, path->text.len);
    } else if (status) {
        (void)snprintf(number, sizeof(number), "%u", (unsigned)status->number);
        note(f, "response", number, strlen(number));
    } else {
        const char *kind = names_get(&names_event_kind, event_kind(e));

        note(f, kind, flow ? "flow" : "link", 4);
    }
}

static void on_secret(bool before_too, void *arg)
{
    struct fixture *f = arg;

    f->secrets++;
    f->before += before_too;
}

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){0};
    f.inspector = inspector_new(&(struct inspector_settings){.stream_capacity = 2,
                                                             .stream_bytes = 1 << 17,
                                                             .emit = on_event,
                                                             .secret = on_secret,
                                                             .arg = &f});
    for (size_t i = 0; i < 4; i++)
        f.flows[i].ip_proto = 6;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < 4; i++)
        inspector_end(f->inspector, &f->flows[i]);
    inspector_free(f->inspector);
    return 0;
}

/* Bytes at an offset of their direction, from a copy that is gone afterwards. */
static void send_bytes(struct fixture *f, unsigned flow, bool from_client, uint32_t at,
                       const void *bytes, size_t len)
{
    void *copy = malloc(len > 0 ? len : 1);

    memcpy(copy, bytes, len);
    f->packet = (struct packet){
        .layer = PACKET_L4,
        .ip_proto = f->flows[flow].ip_proto,
        .src_port = from_client ? 40000 : 80,
        .dst_port = from_client ? 80 : 40000,
        .tcp_flags = TCP_FLAG_ACK,
        .tcp_seq = ISN + 1 + at,
        .payload = cur_over(copy, len),
        .payload_len = (uint32_t)len,
    };
    f->watched = inspector_packet(f->inspector, &f->packet, &f->flows[flow], from_client);
    free(copy);
}

static void send_text(struct fixture *f, bool from_client, uint32_t at, const char *text)
{
    send_bytes(f, 0, from_client, at, text, strlen(text));
}

static void send_syn(struct fixture *f, unsigned flow, bool from_client)
{
    f->packet = (struct packet){
        .layer = PACKET_L4,
        .ip_proto = 6,
        .tcp_flags = from_client ? TCP_FLAG_SYN : TCP_FLAG_SYN | TCP_FLAG_ACK,
        .tcp_seq = ISN,
        .tcp_ack = ISN + 1,
    };
    f->watched = inspector_packet(f->inspector, &f->packet, &f->flows[flow], from_client);
}

static const char *app_of(const struct flow *f)
{
    return names_get(&names_app, f->stage.app);
}

static void a_whole_message_in_a_segment_keeps_nothing(void **state)
{
    struct fixture *f = *state;

    send_syn(f, 0, CLIENT);
    assert_true(f->watched);
    send_text(f, CLIENT, 0, GET);
    assert_string_equal(f->said, "request /one\n");
    assert_null(f->flows[0].stage.stream);
    assert_true(f->watched);
    assert_string_equal(app_of(&f->flows[0]), "http");
    assert_int_equal(f->flows[0].stage.confidence, CONFIDENCE_OWN_PARSER);
    assert_int_equal(inspector_counts(f->inspector).understood, 1);
}

static void a_message_is_read_from_any_pieces_in_order(void **state)
{
    struct fixture *f = *state;

    send_syn(f, 0, CLIENT);
    for (uint32_t i = 0; i < strlen(GET GET_TWO); i++)
        send_bytes(f, 0, CLIENT, i, &(GET GET_TWO)[i], 1);
    assert_string_equal(f->said, "request /one\nrequest /two\n");
    assert_null(f->flows[0].stage.stream);
}

static void segments_that_change_places_are_read_in_order(void **state)
{
    struct fixture *f = *state;

    send_syn(f, 0, CLIENT);
    send_text(f, CLIENT, 20, &(GET)[20]);
    assert_string_equal(f->said, "");
    send_bytes(f, 0, CLIENT, 10, &(GET)[10], 10);
    send_bytes(f, 0, CLIENT, 0, GET, 10);
    assert_string_equal(f->said, "request /one\n");
}

static void segments_sent_twice_are_read_once(void **state)
{
    struct fixture *f = *state;

    send_syn(f, 0, CLIENT);
    send_text(f, CLIENT, 0, GET);
    send_text(f, CLIENT, 0, GET);
    send_text(f, CLIENT, 0, GET GET_TWO);
    assert_string_equal(f->said, "request /one\nrequest /two\n");
}

/* The second copy of the path says something else; the first one counts. */
static void where_segments_overlap_the_first_bytes_count(void **state)
{
    struct fixture *f = *state;

    send_syn(f, 0, CLIENT);
    send_bytes(f, 0, CLIENT, 4, "/one HTTP", 9);
    send_text(f, CLIENT, 0, "GET /two HTTP/1.1\r\n\r\n");
    assert_string_equal(f->said, "request /one\n");
}

static void without_a_beginning_the_first_bytes_are_it(void **state)
{
    struct fixture *f = *state;

    send_text(f, CLIENT, 700, GET);
    send_text(f, CLIENT, 700 + (uint32_t)strlen(GET), GET_TWO);
    assert_string_equal(f->said, "request /one\nrequest /two\n");
}

static void an_answer_to_the_syn_tells_where_both_begin(void **state)
{
    struct fixture *f = *state;

    send_syn(f, 0, SERVER);
    send_text(f, CLIENT, 20, &(GET)[20]);
    assert_string_equal(f->said, "");
    send_bytes(f, 0, CLIENT, 0, GET, 20);
    assert_string_equal(f->said, "request /one\n");
}

static void bytes_that_come_with_the_syn_are_read(void **state)
{
    struct fixture *f = *state;

    f->packet = (struct packet){.layer = PACKET_L4,
                                .ip_proto = 6,
                                .tcp_flags = TCP_FLAG_SYN,
                                .tcp_seq = ISN,
                                .payload = cur_over(GET, strlen(GET))};
    inspector_packet(f->inspector, &f->packet, &f->flows[0], CLIENT);
    assert_string_equal(f->said, "request /one\n");
    send_text(f, CLIENT, (uint32_t)strlen(GET), GET_TWO);
    assert_string_equal(f->said, "request /one\nrequest /two\n");
}

static void bodies_are_passed_over_wherever_segments_end(void **state)
{
    struct fixture *f = *state;
    const char *text = OK_FIVE NOT_HERE;
    uint32_t len = (uint32_t)strlen(text);

    for (uint32_t cut = 1; cut < len; cut++) {
        f->flows[0] = (struct flow){.ip_proto = 6};
        f->said[0] = '\0';
        send_syn(f, 0, SERVER);
        send_bytes(f, 0, SERVER, 0, text, cut);
        send_bytes(f, 0, SERVER, cut, text + cut, len - cut);
        assert_string_equal(f->said, "response 200\nresponse 404\n");
        inspector_end(f->inspector, &f->flows[0]);
    }
}

/* The body itself is lost; the next head is not. */
static void a_body_need_not_be_there(void **state)
{
    struct fixture *f = *state;
    uint32_t head = (uint32_t)strlen(OK_FIVE) - 5;

    send_syn(f, 0, SERVER);
    send_bytes(f, 0, SERVER, 0, OK_FIVE, head);
    send_text(f, SERVER, head + 5, NOT_HERE);
    assert_string_equal(f->said, "response 200\nresponse 404\n");
}

static void a_head_that_is_kept_lets_its_body_be_passed_over(void **state)
{
    struct fixture *f = *state;
    uint32_t len = (uint32_t)strlen(OK_FIVE);

    send_syn(f, 0, SERVER);
    send_text(f, SERVER, len, NOT_HERE);
    send_bytes(f, 0, SERVER, 10, &(OK_FIVE)[10], len - 15);
    send_bytes(f, 0, SERVER, 0, OK_FIVE, 10);
    assert_string_equal(f->said, "response 200\nresponse 404\n");
    assert_null(f->flows[0].stage.stream);
}

static void a_flow_is_inspected_when_both_sides_said_all(void **state)
{
    struct fixture *f = *state;

    send_bytes(f, 0, CLIENT, 0, hello, HELLO_LEN);
    assert_string_equal(f->said, "tls flow\n");
    assert_false(f->flows[0].stage.inspected);
    assert_true(f->watched);
    send_bytes(f, 0, SERVER, 0, "\x15\x03\x01\x00\x02\x02\x28", 7); /* an alert */
    for (uint32_t i = 0; i < 40; i++)
        send_bytes(f, 0, SERVER, 7 + i * 10, "some bytes", 10);
    assert_true(f->flows[0].stage.inspected);
    assert_false(f->watched);
    assert_string_equal(app_of(&f->flows[0]), "tls");
}

static void flows_that_nobody_wants_are_left_to_dpi_at_once(void **state)
{
    struct fixture *f = *state;

    send_syn(f, 0, CLIENT);
    send_text(f, SERVER, 0, "RFB 003.008\n");
    assert_false(f->watched);
    send_text(f, CLIENT, 0, "RFB 003.008\n");
    assert_false(f->watched);
    assert_false(f->flows[0].stage.inspected);
    assert_int_equal(f->flows[0].stage.app, 0);
    assert_null(f->flows[0].stage.stream);
    assert_int_equal(inspector_counts(f->inspector).refused, 0);
}

static void looking_for_what_comes_later_ends(void **state)
{
    struct fixture *f = *state;

    for (uint32_t i = 0; inspector_looks(&f->flows[0]); i++) {
        assert_true(i < 100);
        send_text(f, i % 2 == 0, i / 2 * 10, "no request");
    }
    send_text(f, CLIENT, 5000, GET);
    assert_string_equal(f->said, "");
    assert_false(f->flows[0].stage.inspected);
}

/* The server's side is lost behind a gap that nobody saw; the client's is not. */
static void a_side_that_is_read_is_read_on_when_looking_ends(void **state)
{
    struct fixture *f = *state;

    send_text(f, CLIENT, 0, GET);
    for (uint32_t i = 0; i < 100; i++)
        send_text(f, SERVER, i * 10, "some bytes");
    send_text(f, CLIENT, (uint32_t)strlen(GET), GET_TWO);
    assert_string_equal(f->said, "request /one\nrequest /two\n");
}

static void bytes_kept_of_the_other_side_go_when_looking_ends(void **state)
{
    struct fixture *f = *state;

    send_text(f, CLIENT, 0, "GET"); /* perhaps a request, perhaps not */
    assert_non_null(f->flows[0].stage.stream);
    for (uint32_t i = 0; i < 100; i++)
        send_text(f, SERVER, i * 10, "some bytes");
    assert_null(f->flows[0].stage.stream);
    assert_false(inspector_looks(&f->flows[0]));
}

static void tls_after_starttls_is_read_and_the_flow_stays_the_mails(void **state)
{
    struct fixture *f = *state;

    send_text(f, SERVER, 0, "220 mail.example ESMTP\r\n");
    send_text(f, CLIENT, 0, "STARTTLS\r\n");
    send_text(f, SERVER, 24, "220 Ready to start TLS\r\n");
    send_bytes(f, 0, CLIENT, 10, hello, 20);
    assert_true(f->watched);
    send_bytes(f, 0, CLIENT, 30, hello + 20, HELLO_LEN - 20);
    assert_string_equal(f->said, "tls flow\n");
    assert_string_equal(app_of(&f->flows[0]), "smtp");
}

static void tls_later_in_what_nobody_knows_names_nothing(void **state)
{
    struct fixture *f = *state;

    send_text(f, SERVER, 0, "hello there, who are you?\r\n");
    send_text(f, CLIENT, 0, "\x05\x01");
    send_bytes(f, 0, CLIENT, 2, hello, 20);
    assert_false(f->watched);
    send_bytes(f, 0, CLIENT, 22, hello + 20, HELLO_LEN - 20);
    assert_string_equal(f->said, "tls flow\n");
    assert_int_equal(f->flows[0].stage.app, 0);
    assert_false(f->watched); /* dpi knows the conversation from its start */
}

/* "USER" could be FTP's, too. */
static void who_reads_one_side_is_asked_first_about_the_other(void **state)
{
    struct fixture *f = *state;

    send_text(f, SERVER, 0, "+OK ready\r\n");
    send_text(f, CLIENT, 0, "USER a\r\n");
    assert_string_equal(app_of(&f->flows[0]), "pop3");
    assert_int_equal(f->flows[0].stage.reading.chosen[0],
                     f->flows[0].stage.reading.chosen[1]);
}

static void a_login_is_told_from_both_sides_together(void **state)
{
    struct fixture *f = *state;

    send_text(f, SERVER, 0, "220 FTP\r\n");
    send_text(f, CLIENT, 0, "USER a\r\n");
    send_text(f, SERVER, 9, "331 go on\r\n");
    send_text(f, CLIENT, 8, "PASS b\r\n");
    assert_string_equal(f->said, "");
    send_text(f, SERVER, 20, "230 welcome\r\n");
    assert_string_equal(f->said, "login flow\n");
}

static void a_packet_with_a_password_is_told_to_be_secret_before_it_is_read(void **state)
{
    struct fixture *f = *state;

    send_text(f, SERVER, 0, "220 FTP\r\n");
    send_text(f, CLIENT, 0, "USER a\r\n");
    f->secrets = 0;
    send_text(f, CLIENT, 8, "PASS half");
    assert_true(f->secrets > 0);
    f->secrets = 0;
    send_text(f, CLIENT, 17, " of it\r\n");
    assert_true(f->secrets > 0);
    f->secrets = 0;
    send_bytes(f, 1, CLIENT, 0, GET, sizeof(GET) - 1);
    assert_int_equal(f->secrets, 0);
}

static void tls_in_a_proxys_tunnel_is_read(void **state)
{
    struct fixture *f = *state;
    const char *ask = "CONNECT a.example:443 HTTP/1.1\r\n\r\n";

    send_syn(f, 0, CLIENT);
    send_text(f, CLIENT, 0, ask);
    send_text(f, SERVER, 0, "HTTP/1.1 200 OK\r\n\r\n");
    send_bytes(f, 0, CLIENT, (uint32_t)strlen(ask), hello, 20);
    send_bytes(f, 0, CLIENT, (uint32_t)strlen(ask) + 20, hello + 20, HELLO_LEN - 20);
    assert_non_null(strstr(f->said, "tls flow\n"));
    assert_string_equal(app_of(&f->flows[0]), "http");
}

/* Its body, in the same segment, is nothing that anybody wants. */
static void tls_behind_the_line_of_a_load_balancer_is_read(void **state)
{
    static const char line[] = "PROXY TCP4 192.0.2.1 198.51.100.1 48502 443\r\n";
    static const uint8_t head[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a,
                                   0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x11,
                                   0,    12,   192,  0,    2,    1,    198,
                                   51,   100,  1,    0xbd, 0x76, 1,    0xbb};
    struct fixture *f = *state;
    uint8_t both[256];

    memcpy(both, line, sizeof(line) - 1);
    memcpy(both + sizeof(line) - 1, hello, HELLO_LEN);
    send_bytes(f, 0, CLIENT, 0, both, sizeof(line) - 1 + HELLO_LEN);
    assert_string_equal(f->said, "tls flow\n");
    assert_string_equal(app_of(&f->flows[0]), "tls");

    memcpy(both, head, sizeof(head));
    memcpy(both + sizeof(head), hello, HELLO_LEN);
    for (uint32_t i = 0; i < sizeof(head) + HELLO_LEN; i++)
        send_bytes(f, 1, CLIENT, i, both + i, 1);
    assert_string_equal(f->said, "tls flow\ntls flow\n");
}

static void a_line_of_a_load_balancer_that_never_ends_is_given_up(void **state)
{
    struct fixture *f = *state;

    send_text(f, CLIENT, 0, "PROXY TCP4 ");
    for (uint32_t i = 0; i < 20; i++)
        send_text(f, CLIENT, 11 + i * 8, "12345678");
    assert_int_equal(inspector_counts(f->inspector).refused, 1);
    assert_null(f->flows[0].stage.stream);
}

static void a_head_before_a_body_without_a_length_is_read_once(void **state)
{
    struct fixture *f = *state;

    send_syn(f, 0, SERVER);
    send_text(f, SERVER, 0, "HTTP/1.1 200 OK\r\n\r\nsome text");
    assert_string_equal(f->said, "response 200\n");
    send_text(f, SERVER, 28, "more text");
    assert_string_equal(f->said, "response 200\n");
}

/* One byte is the answer to the question whether TLS may begin. */
static void tls_in_the_segment_after_a_single_byte_is_read(void **state)
{
    struct fixture *f = *state;

    send_syn(f, 0, SERVER);
    send_text(f, SERVER, 0, "S");
    send_bytes(f, 0, SERVER, 1, hello, HELLO_LEN);
    assert_string_equal(f->said, "tls flow\n");
}

static void too_long_a_head_is_given_up(void **state)
{
    struct fixture *f = *state;
    static char line[1024];
    uint32_t at = (uint32_t)strlen("GET / HTTP/1.1\r\n");

    memset(line, 'x', sizeof(line));
    send_text(f, CLIENT, 0, "GET / HTTP/1.1\r\n");
    assert_true(f->watched);
    for (unsigned i = 0; i < 17; i++, at += sizeof(line))
        send_bytes(f, 0, CLIENT, at, line, sizeof(line));
    assert_null(f->flows[0].stage.stream);
    assert_true(f->flows[0].stage.reading.finished[0]);
    assert_int_equal(inspector_counts(f->inspector).refused, 1);
    send_text(f, CLIENT, at, "\r\n\r\n");
    assert_string_equal(f->said, "");
}

static void a_body_that_is_too_long_to_be_passed_over_is_counted(void **state)
{
    static const char most[] = "HTTP/1.1 200 OK\r\nContent-Length: 16777216\r\n\r\n";
    static const char more[] = "HTTP/1.1 200 OK\r\nContent-Length: 16777217\r\n\r\n";
    static const char chunked[] =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000001\r\n";
    struct fixture *f = *state;

    send_bytes(f, 0, SERVER, 0, most, sizeof(most) - 1);
    assert_false(f->flows[0].stage.reading.finished[1]);
    assert_int_equal(inspector_counts(f->inspector).unread, 0);
    send_bytes(f, 1, SERVER, 0, more, sizeof(more) - 1);
    assert_true(f->flows[1].stage.reading.finished[1]);
    assert_int_equal(inspector_counts(f->inspector).unread, 1);
    send_bytes(f, 2, SERVER, 0, chunked, sizeof(chunked) - 1);
    assert_true(f->flows[2].stage.reading.finished[1]);
    assert_int_equal(inspector_counts(f->inspector).unread, 2);
}

static void what_breaks_later_is_counted(void **state)
{
    static const char then[] =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    static char line[1024];
    struct fixture *f = *state;
    uint32_t at = (uint32_t)strlen(GET "GET / HTTP/1.1\r\n");

    send_bytes(f, 0, SERVER, 0, then, sizeof(then) - 1);
    assert_true(f->flows[0].stage.reading.finished[1]);
    assert_int_equal(inspector_counts(f->inspector).unread, 1);
    memset(line, 'x', sizeof(line));
    send_text(f, CLIENT, 0, GET "GET / HTTP/1.1\r\n");
    for (unsigned i = 0; i < 16; i++, at += sizeof(line))
        send_bytes(f, 0, CLIENT, at, line, sizeof(line));
    assert_true(f->flows[0].stage.reading.finished[0]);
    assert_int_equal(inspector_counts(f->inspector).unread, 2);
    assert_int_equal(inspector_counts(f->inspector).refused, 0);
}

static void a_hole_that_stays_gives_a_side_up_and_counts(void **state)
{
    struct fixture *f = *state;
    static char bytes[4096];

    send_syn(f, 0, CLIENT);
    for (uint32_t i = 0; i < 6; i++)
        send_bytes(f, 0, CLIENT, 100 + i * 4096, bytes, sizeof(bytes));
    assert_int_equal(inspector_counts(f->inspector).gaps, 1);
    assert_true(f->flows[0].stage.reading.finished[0]);
    assert_null(f->flows[0].stage.stream);
    send_text(f, SERVER, 0, NOT_HERE);
    assert_string_equal(f->said, "response 404\n");
}

static void a_flow_that_gave_up_its_place_is_not_read_on(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 3; i++)
        send_bytes(f, i, CLIENT, 0, GET, 20);
    assert_int_equal(inspector_counts(f->inspector).streams_evicted, 1);
    for (unsigned i = 0; i < 3; i++)
        send_bytes(f, i, CLIENT, 20, &(GET)[20], strlen(GET) - 20);
    assert_string_equal(f->said, "request /one\nrequest /one\n");
    assert_false(f->flows[0].stage.inspected);
}

static void what_only_began_like_a_protocol_is_counted(void **state)
{
    struct fixture *f = *state;

    send_text(f, CLIENT, 0, "OPTIONS sip:a SIP/2.0\r\n\r\n");
    assert_int_equal(inspector_counts(f->inspector).refused, 1);
    assert_false(f->watched);
    assert_int_equal(f->flows[0].stage.app, 0);
}

static void every_datagram_is_read_by_itself(void **state)
{
    struct fixture *f = *state;
    static const char query[] = "\0\1\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1";

    f->flows[0].ip_proto = 17;
    for (unsigned i = 0; i < 3; i++) {
        f->packet = (struct packet){.layer = PACKET_L4,
                                    .ip_proto = 17,
                                    .dst_port = 53,
                                    .payload = cur_over(query, i == 1 ? 5 : 19)};
        f->watched = inspector_packet(f->inspector, &f->packet, &f->flows[0], CLIENT);
        assert_true(f->watched);
    }
    assert_string_equal(f->said, "dns flow\ndns flow\n");
    assert_string_equal(app_of(&f->flows[0]), "dns");
    assert_false(f->flows[0].stage.inspected);
    assert_int_equal(inspector_counts(f->inspector).refused, 1);
}

/* A community of SNMP; put together from fragments, the first of which held it. */
static void a_datagram_with_a_password_is_secret_and_so_are_its_fragments(void **state)
{
    struct fixture *f = *state;
    static const char get[] = "0%\2\1\1\4\5other\xa0\x19\2\4\0\0\0\1\2\1\0\2\1\0"
                              "0\v0\t\6\5+\6\1\2\1\5";

    f->flows[0].ip_proto = 17;
    for (unsigned i = 0; i < 2; i++) {
        f->packet = (struct packet){.layer = PACKET_L4,
                                    .ip_proto = 17,
                                    .dst_port = 161,
                                    .reassembled = i == 1,
                                    .payload = cur_over(get, sizeof(get))};
        (void)inspector_packet(f->inspector, &f->packet, &f->flows[0], CLIENT);
        assert_int_equal(f->secrets, i + 1);
        assert_int_equal(f->before, i);
    }
    assert_string_equal(f->said, "snmp flow\nsnmp flow\n");
}

static void what_goes_to_the_port_of_snmp_is_secret_whatever_comes_first(void **state)
{
    struct fixture *f = *state;
    static const char get[] = "0%\2\1\1\4\5other\xa0\x19\2\4\0\0\0\1\2\1\0\2\1\0"
                              "0\v0\t\6\5+\6\1\2\1\5";
    /* The second looks like the Initial of a QUIC that is not read yet. */
    static const char *const first[] = {"\2\1\1\4\5other",
                                        "\xc0\x1a\x2a\x3a\x4a\0\0other password"};
    const size_t lens[] = {10, 21};

    for (unsigned i = 0; i < 2; i++) {
        f->flows[i].ip_proto = 17;
        f->flows[i].out.packets = 1;
        f->secrets = 0;
        f->packet = (struct packet){.layer = PACKET_L4,
                                    .ip_proto = 17,
                                    .dst_port = 161,
                                    .payload = cur_over(first[i], lens[i])};
        (void)inspector_packet(f->inspector, &f->packet, &f->flows[i], CLIENT);
        assert_int_equal(f->secrets, 1);
        f->packet.payload = cur_over(get, sizeof(get));
        (void)inspector_packet(f->inspector, &f->packet, &f->flows[i], CLIENT);
        assert_int_equal(f->secrets, 2);
    }
}

static void datagrams_that_nobody_wants_are_left_to_dpi_at_once(void **state)
{
    struct fixture *f = *state;

    f->flows[0].ip_proto = 17;
    send_text(f, CLIENT, 0, "something");
    assert_false(f->watched);
    assert_false(inspector_looks(&f->flows[0]));
}

/* A fragment of a hello of 0x3905 bytes, as DTLS has it; what stays of it with the flow
 * would be an id of 57 bytes to QUIC. */
#define DTLS_PART                        \
    "\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x0d" \
    "\x01\x00\x39\x05\0\0\0\0\0\0\0\x01\x03"
#define DTLS_PART_LEN (sizeof(DTLS_PART) - 1)

/* The whole of the hello, or its first bytes, in one datagram. */
static void seal_hello(struct sealed *datagram, size_t len)
{
    struct sealed frames = {0};

    *datagram = (struct sealed){0};
    seal_crypto(&frames, 0, hello + 5, len);
    seal_initial(datagram, (struct seal_head){.wire = QUIC_WIRE_V1}, &frames);
}

static void what_one_reader_keeps_of_a_flow_no_other_reads(void **state)
{
    struct fixture *f = *state;
    struct sealed quic;

    f->flows[0].ip_proto = f->flows[1].ip_proto = 17;
    send_bytes(f, 0, CLIENT, 0, DTLS_PART, DTLS_PART_LEN);
    seal_hello(&quic, HELLO_LEN - 5);
    send_bytes(f, 0, CLIENT, 0, quic.bytes, quic.len);
    assert_string_equal(app_of(&f->flows[0]), "dtls");
    assert_string_equal(f->said, "");

    seal_hello(&quic, 10);
    send_bytes(f, 1, CLIENT, 0, quic.bytes, quic.len);
    send_bytes(f, 1, CLIENT, 0, DTLS_PART, DTLS_PART_LEN);
    send_bytes(f, 1, SERVER, 0, DTLS_PART, DTLS_PART_LEN);
    assert_string_equal(app_of(&f->flows[1]), "quic");
    seal_hello(&quic, HELLO_LEN - 5);
    send_bytes(f, 1, CLIENT, 0, quic.bytes, quic.len);
    assert_string_equal(f->said, "quic flow\n");
}

static void who_has_kept_nothing_makes_way_for_another(void **state)
{
    struct fixture *f = *state;
    static const char unknown[] = "\xc0\x1a\x2a\x3a\x4a\0\0what follows";
    char servers[] = DTLS_PART;
    struct sealed quic;

    servers[13] = 2; /* ServerHello */
    f->flows[0].ip_proto = 17;
    send_bytes(f, 0, CLIENT, 0, unknown, sizeof(unknown));
    send_bytes(f, 0, SERVER, 0, servers, DTLS_PART_LEN);
    assert_string_equal(app_of(&f->flows[0]), "dtls");
    seal_hello(&quic, HELLO_LEN - 5);
    send_bytes(f, 0, CLIENT, 0, quic.bytes, quic.len);
    assert_string_equal(f->said, "");
}

static void a_packet_without_a_flow_is_read(void **state)
{
    struct fixture *f = *state;
    static const uint8_t arp[28] = {0, 1, 8, 0, 6, 4, 0, 1};

    f->packet = (struct packet){
        .layer = PACKET_LINK, .ethertype = 0x0806, .payload = cur_over(arp, sizeof(arp))};
    inspector_link(f->inspector, &f->packet);
    assert_string_equal(f->said, "arp link\n");
    f->packet.payload = cur_over(arp, 27);
    inspector_link(f->inspector, &f->packet);
    f->packet.ethertype = 0x88cc;
    inspector_link(f->inspector, &f->packet);
    assert_string_equal(f->said, "arp link\n");
    assert_int_equal(inspector_counts(f->inspector).refused, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_whole_message_in_a_segment_keeps_nothing),
        WITH_FIXTURE(a_message_is_read_from_any_pieces_in_order),
        WITH_FIXTURE(segments_that_change_places_are_read_in_order),
        WITH_FIXTURE(segments_sent_twice_are_read_once),
        WITH_FIXTURE(where_segments_overlap_the_first_bytes_count),
        WITH_FIXTURE(without_a_beginning_the_first_bytes_are_it),
        WITH_FIXTURE(an_answer_to_the_syn_tells_where_both_begin),
        WITH_FIXTURE(bytes_that_come_with_the_syn_are_read),
        WITH_FIXTURE(bodies_are_passed_over_wherever_segments_end),
        WITH_FIXTURE(a_body_need_not_be_there),
        WITH_FIXTURE(a_head_that_is_kept_lets_its_body_be_passed_over),
        WITH_FIXTURE(a_flow_is_inspected_when_both_sides_said_all),
        WITH_FIXTURE(flows_that_nobody_wants_are_left_to_dpi_at_once),
        WITH_FIXTURE(looking_for_what_comes_later_ends),
        WITH_FIXTURE(a_side_that_is_read_is_read_on_when_looking_ends),
        WITH_FIXTURE(bytes_kept_of_the_other_side_go_when_looking_ends),
        WITH_FIXTURE(tls_after_starttls_is_read_and_the_flow_stays_the_mails),
        WITH_FIXTURE(tls_later_in_what_nobody_knows_names_nothing),
        WITH_FIXTURE(who_reads_one_side_is_asked_first_about_the_other),
        WITH_FIXTURE(a_login_is_told_from_both_sides_together),
        WITH_FIXTURE(a_packet_with_a_password_is_told_to_be_secret_before_it_is_read),
        WITH_FIXTURE(tls_in_a_proxys_tunnel_is_read),
        WITH_FIXTURE(tls_behind_the_line_of_a_load_balancer_is_read),
        WITH_FIXTURE(a_line_of_a_load_balancer_that_never_ends_is_given_up),
        WITH_FIXTURE(a_head_before_a_body_without_a_length_is_read_once),
        WITH_FIXTURE(tls_in_the_segment_after_a_single_byte_is_read),
        WITH_FIXTURE(too_long_a_head_is_given_up),
        WITH_FIXTURE(a_body_that_is_too_long_to_be_passed_over_is_counted),
        WITH_FIXTURE(what_breaks_later_is_counted),
        WITH_FIXTURE(a_hole_that_stays_gives_a_side_up_and_counts),
        WITH_FIXTURE(a_flow_that_gave_up_its_place_is_not_read_on),
        WITH_FIXTURE(what_only_began_like_a_protocol_is_counted),
        WITH_FIXTURE(every_datagram_is_read_by_itself),
        WITH_FIXTURE(a_datagram_with_a_password_is_secret_and_so_are_its_fragments),
        WITH_FIXTURE(what_goes_to_the_port_of_snmp_is_secret_whatever_comes_first),
        WITH_FIXTURE(datagrams_that_nobody_wants_are_left_to_dpi_at_once),
        WITH_FIXTURE(what_one_reader_keeps_of_a_flow_no_other_reads),
        WITH_FIXTURE(who_has_kept_nothing_makes_way_for_another),
        WITH_FIXTURE(a_packet_without_a_flow_is_read),
    };

    return cmocka_run_group_tests_name("inspect", tests, NULL, NULL);
}
