/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "agent/extract.h"
#include "hash.h"
#include "heard.h"

/* Requests and a refusal as clients and a domain controller sent them, the names changed
 * to others of the same length: no proof and six ciphers; a proof (2). */
static const char as_req[] =
    "6a81bc3081b9a103020105a20302010aa30e300c300aa10402020095a2020400a4819c308199a0070305"
    "0040810000a1133011a003020101a10a30081b066e6f626f6479a20d1b0b41442e4e4f574f2e434f4da3"
    "20301ea003020102a11730151b066b72627467741b0b41442e4e4f574f2e434f4da511180f3230313930"
    "3231323231353633335aa611180f32303139303231383231353633335aa70602047256d0d3a81a301802"
    "011202011102011402011302011002011702011902011a";
static const char as_req_proof[] =
    "6a82011b30820117a103020105a20302010aa35830563048a103020102a241043f303da003020117a236"
    "0434b60e0b505f98104206f62503b8e0e7c82d842e6f01e5c7f0e1540d1ea4c7e89181e69691e0c41d77"
    "5649bd7fa5ac4b1874a91915300aa10402020095a2020400a481b03081ada00703050000810000a11f30"
    "1da003020101a11630141b04686f73741b0c6e6f6d2d6e2d636a30373039a2111b0f4c494e55582e4e4f"
    "5445442e434f4da3243022a003020102a11b30191b066b72627467741b0f4c494e55582e4e4f5445442e"
    "434f4da511180f32303232303232333037343630335aa611180f32303232303330343037343630335aa7"
    "06020447a1fa99a81a301802011702011202011102011402011302011002011902011a";
static const char too_big[] =
    "7e643062a003020105a10302011ea411180f32303232303232323037343630345aa50502030ec26da603"
    "020134a9111b0f4c494e55582e4e4f5445442e434f4daa243022a003020102a11b30191b066b72627467"
    "741b0f4c494e55582e4e4f5445442e434f4d";

/* As small as an answer can be. */
static const char as_rep[] =
    "6b693067a003020105a10302010ba3071b054e2e434f4da4133011a003020101a10a30081b066e6f626f"
    "6479a530612e302ca003020105a1031b014ea2133011a003020102a10a30081b066b7262746774a30b30"
    "09a003020112a2020400a60b3009a003020117a2020400";

struct fixture {
    struct heard heard;
    uint8_t bytes[2048];
    size_t len;
};

static int set_up(void **state)
{
    static struct fixture f;
    static struct hash_key key;

    hash_key_from_seed(1, &key);
    heard_init(&f.heard);
    f.heard.key = &key;
    f.heard.packet.dst_port = 88;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    heard_done(&f->heard);
    return 0;
}

static enum extract_result read_bytes(struct fixture *f, const struct extractor *x,
                                      size_t len)
{
    f->heard.count = 0;
    return heard_read(&f->heard, x, f->bytes, len);
}

static enum extract_result read_hex(struct fixture *f, const char *text)
{
    f->len = unhex(text, f->bytes, sizeof(f->bytes));
    return read_bytes(f, &extract_kerberos_udp, f->len);
}

static int64_t code(const struct fixture *f, enum field_id field)
{
    assert_true(event_has(f->heard.events[0], field));
    return (int64_t)event_get(f->heard.events[0], field)->number;
}

/* Behind a length. */
static void put_tcp(struct fixture *f, const char *text)
{
    f->len = 4 + unhex(text, f->bytes + 4, sizeof(f->bytes) - 4);
    f->bytes[0] = f->bytes[1] = 0;
    f->bytes[2] = (uint8_t)((f->len - 4) >> 8);
    f->bytes[3] = (uint8_t)(f->len - 4);
}

static void a_request_tells_realm_ciphers_and_that_it_comes_without_a_proof(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, as_req), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_KERBEROS_MESSAGE, "\"as_req\"");
    assert_says(&f->heard, FIELD_KERBEROS_REALM, "\"AD.NOWO.COM\"");
    assert_says(&f->heard, FIELD_KERBEROS_PREAUTH, "false");
    assert_says(&f->heard, FIELD_KERBEROS_TGT, "true");
    assert_says(
        &f->heard, FIELD_KERBEROS_OFFERED,
        "[\"des3\", \"rc4\", \"aes128\", \"aes256\", \"aes128_sha2\", \"aes256_sha2\", "
        "\"camellia\"]");
}

static void a_time_made_with_the_key_is_a_proof(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, as_req_proof), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_KERBEROS_PREAUTH, "true");
}

static void a_refusal_tells_why(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, too_big), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_KERBEROS_MESSAGE, "\"error\"");
    assert_says(&f->heard, FIELD_KERBEROS_ERROR, "\"too_big\"");
    assert_says(&f->heard, FIELD_KERBEROS_REALM, "\"LINUX.NOTED.COM\"");
    assert_false(event_has(f->heard.events[0], FIELD_KERBEROS_CLIENT));
    f->bytes[44] = 24;
    assert_int_equal(read_bytes(f, &extract_kerberos_udp, f->len), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_KERBEROS_ERROR, "\"preauth_failed\"");
    f->bytes[44] = 99;
    assert_int_equal(read_bytes(f, &extract_kerberos_udp, f->len), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_KERBEROS_ERROR, "\"other\"");
}

static void an_answer_tells_both_ciphers(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, as_rep), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_KERBEROS_MESSAGE, "\"as_rep\"");
    assert_says(&f->heard, FIELD_KERBEROS_CIPHER, "\"rc4\"");
    assert_says(&f->heard, FIELD_KERBEROS_TICKET_CIPHER, "\"aes256\"");
    assert_says(&f->heard, FIELD_KERBEROS_TGT, "true");
    assert_false(event_has(f->heard.events[0], FIELD_KERBEROS_PREAUTH));
}

static void an_answer_tells_whether_its_request_had_a_proof(void **state)
{
    struct fixture *f = *state;

    (void)read_hex(f, as_req);
    assert_int_equal(read_hex(f, as_rep), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_KERBEROS_PREAUTH, "false");
    (void)read_hex(f, as_req_proof);
    assert_int_equal(read_hex(f, as_rep), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_KERBEROS_PREAUTH, "true");
}

/* The message with another type, of 16 bits, behind what stands before it. */
static void read_typed(struct fixture *f, const char *hex, const char *before,
                       const char *type)
{
    char text[1024];
    char *at;

    assert_true(strlen(hex) < sizeof(text));
    strcpy(text, hex);
    at = strstr(text, before);
    assert_non_null(at);
    memcpy(at + strlen(before), type, 4);
    assert_int_equal(read_hex(f, text), EXTRACT_DONE);
}

static void a_proof_that_the_answer_knows_nothing_of_was_none(void **state)
{
    static const char padata[] = "a30e300c300aa1040202",
                      answered[] = "a20e300c300aa1040202";
    static const char with_padata[] =
        "6b793077a003020105a10302010ba20e300c300aa10402020000a2020400a3071b054e2e434f4da4133"
        "011a003020101a10a30081b066e6f626f6479a530612e302ca003020105a1031b014ea2133011a00302"
        "0102a10a30081b066b7262746774a30b3009a003020112a2020400a60b3009a003020117a2020400";
    static const struct {
        const char *asked, *answered, *proof;
    } cases[] = {
        {"0088", "0088", "true"},  {"0088", "0013", "false"}, {"0010", "0011", "true"},
        {"0010", "0088", "false"}, {"008a", "008a", "false"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        read_typed(f, as_req, padata, cases[i].asked);
        read_typed(f, with_padata, answered, cases[i].answered);
        assert_says(&f->heard, FIELD_KERBEROS_PREAUTH, cases[i].proof);
        read_typed(f, as_req, padata, cases[i].asked);
        (void)read_hex(f, as_rep);
        assert_says(&f->heard, FIELD_KERBEROS_PREAUTH, "false");
    }
}

static void who_asks_is_a_code_that_says_only_whether_it_is_the_same(void **state)
{
    struct fixture *f = *state;
    int64_t first, refused;

    (void)read_hex(f, as_req);
    first = code(f, FIELD_KERBEROS_CLIENT);
    assert_true(first >= 0 && first <= UINT16_MAX);
    (void)read_hex(f, too_big);
    refused = code(f, FIELD_KERBEROS_CLIENT);
    assert_int_equal(refused, first);
    (void)read_hex(f, as_rep);
    assert_int_equal(code(f, FIELD_KERBEROS_CLIENT), first);
    (void)read_hex(f, as_req_proof);
    assert_int_not_equal(code(f, FIELD_KERBEROS_CLIENT), first);
}

static void no_name_is_told_or_remembered(void **state)
{
    struct fixture *f = *state;

    (void)read_hex(f, as_req);
    for (enum field_id i = event_next(f->heard.events[0], 0); i < FIELD_COUNT;
         i = event_next(f->heard.events[0], i + 1))
        assert_true(i >= FIELD_KERBEROS_MESSAGE && i <= FIELD_KERBEROS_SERVICE);
    assert_int_equal(field_get(FIELD_KERBEROS_CLIENT)->privacy, PRIVACY_MEMORY);
    assert_int_equal(field_get(FIELD_KERBEROS_SERVICE)->privacy, PRIVACY_MEMORY);
    assert_true(extract_kerberos_udp.secret && extract_kerberos_tcp.secret);
    f->heard.key = NULL;
    f->heard.talk = (struct talk){0};
    assert_int_equal(read_hex(f, as_req), EXTRACT_DONE);
    assert_false(event_has(f->heard.events[0], FIELD_KERBEROS_CLIENT));
    assert_false(event_has(f->heard.events[0], FIELD_KERBEROS_SERVICE));
}

static void over_tcp_it_stands_behind_its_length(void **state)
{
    struct fixture *f = *state;

    put_tcp(f, as_req_proof);
    for (size_t len = 1; len < f->len; len++) {
        assert_int_equal(read_bytes(f, &extract_kerberos_tcp, len), EXTRACT_MORE);
        assert_int_equal(f->heard.count, 0);
    }
    assert_int_equal(read_bytes(f, &extract_kerberos_tcp, f->len), EXTRACT_NEXT);
    assert_says(&f->heard, FIELD_KERBEROS_PREAUTH, "true");
}

static void a_message_too_long_to_keep_is_passed_over(void **state)
{
    struct fixture *f = *state;

    memcpy(f->bytes, "\x00\x01\x00\x00\x6d", 5);
    assert_int_equal(read_bytes(f, &extract_kerberos_tcp, 5), EXTRACT_NEXT);
    assert_int_equal(f->heard.skip, 0x10000);
    assert_true(f->heard.unread);
    assert_int_equal(f->heard.count, 0);
    memcpy(f->bytes, "\x80\x00\x00\x05\x6d", 5); /* the bit that is kept for later */
    assert_int_equal(read_bytes(f, &extract_kerberos_tcp, 5), EXTRACT_NOT);
}

/* Puts what was added since `from` into an element. */
static void wrap(struct fixture *f, size_t from, uint8_t tag)
{
    size_t len = f->len - from;

    assert_true(f->len + 4 <= sizeof(f->bytes));
    memmove(f->bytes + from + 4, f->bytes + from, len);
    memcpy(f->bytes + from, (uint8_t[]){tag, 0x82, (uint8_t)(len >> 8), (uint8_t)len}, 4);
    f->len += 4;
}

static void add(struct fixture *f, const char *hex, size_t times)
{
    while (times-- > 0)
        f->len += unhex(hex, f->bytes + f->len, sizeof(f->bytes) - f->len);
}

/* A request with so many padata, the last of which is a proof, so many ciphers, the last
 * of which is RC4, and a realm of so many letters. */
static void hear_request(struct fixture *f, size_t padata, size_t ciphers, size_t realm)
{
    size_t at, body;

    f->len = 0;
    add(f, "a103020105 a20302010a", 1);
    at = f->len;
    add(f, "300a a10402020095 a2020400", padata - 1);
    add(f, "3009 a103020102 a2020400", 1);
    wrap(f, at, 0x30);
    wrap(f, at, 0xa3);
    body = f->len;
    add(f, "a007 03050040810000", 1);
    at = f->len;
    add(f, "41", realm);
    wrap(f, at, 0x1b);
    wrap(f, at, 0xa2);
    add(f, "a511 180f32303139303231383231353633335a a703020101", 1);
    at = f->len;
    add(f, "020112", ciphers - 1);
    add(f, "020117", 1);
    wrap(f, at, 0x30);
    wrap(f, at, 0xa8);
    wrap(f, body, 0x30);
    wrap(f, body, 0xa4);
    wrap(f, 0, 0x30);
    wrap(f, 0, 0x6a);
    assert_int_equal(read_bytes(f, &extract_kerberos_udp, f->len), EXTRACT_DONE);
}

static void what_is_left_out_of_a_request_is_said_to_be_there(void **state)
{
    struct fixture *f = *state;

    hear_request(f, 32, 64, 255);
    assert_says(&f->heard, FIELD_KERBEROS_PREAUTH, "true");
    assert_says(&f->heard, FIELD_KERBEROS_OFFERED, "[\"rc4\", \"aes256\"]");
    assert_true(event_has(f->heard.events[0], FIELD_KERBEROS_REALM));
    assert_false(event_short(f->heard.events[0]));

    hear_request(f, 33, 1, 1);
    assert_says(&f->heard, FIELD_KERBEROS_PREAUTH, "false");
    assert_true(event_short(f->heard.events[0]));
    hear_request(f, 1, 65, 1);
    assert_says(&f->heard, FIELD_KERBEROS_OFFERED, "[\"aes256\"]");
    assert_true(event_short(f->heard.events[0]));
    hear_request(f, 1, 1, 256);
    assert_says(&f->heard, FIELD_KERBEROS_REALM, "");
    assert_true(event_short(f->heard.events[0]));
}

static void what_is_no_message_is_refused_and_leaves_nothing_behind(void **state)
{
    static const struct {
        size_t at;
        uint8_t byte;
    } broken[] = {
        {0, 0x6e},  /* another message */
        {1, 0x80},  /* of indefinite length */
        {3, 0x31},  /* no sequence */
        {10, 4},    /* version 4 */
        {15, 12},   /* a message type that is not the tag's */
        {38, 0xa9}, /* a member that is not there */
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        (void)unhex(as_req, f->bytes, sizeof(f->bytes));
        f->len = sizeof(as_req) / 2;
        f->bytes[broken[i].at] = broken[i].byte;
        f->heard.talk = (struct talk){0};
        assert_int_equal(read_bytes(f, &extract_kerberos_udp, f->len), EXTRACT_NOT);
        assert_int_equal(f->heard.count, 0);
        assert_int_equal(f->heard.talk.state, 0);
    }
}

static void a_message_that_is_cut_says_nothing(void **state)
{
    static const char *const messages[] = {as_req, as_req_proof, too_big, as_rep};
    struct fixture *f = *state;

    for (size_t m = 0; m < 4; m++) {
        (void)read_hex(f, messages[m]);
        for (size_t len = 0; len < f->len; len++) {
            assert_int_equal(read_bytes(f, &extract_kerberos_udp, len), EXTRACT_NOT);
            assert_int_equal(f->heard.count, 0);
        }
    }
}

static void only_its_port_is_looked_at(void **state)
{
    struct packet p = {.src_port = 40000, .dst_port = 88};
    struct cur message = cur_over("\x6a\x81\xbc", 3);
    struct cur stream = cur_over("\x00\x00\x00\xbf\x6a\x81\xbc\x30", 8);
    struct cur http = cur_over("GET / HTTP", 10);

    (void)state;
    assert_true(extract_kerberos_udp.wants(&p, message));
    assert_true(extract_kerberos_tcp.wants(&p, stream));
    assert_true(extract_kerberos_tcp.wants(&p, cur_over("\x00\x00", 2)));
    assert_false(extract_kerberos_udp.wants(&p, http));
    assert_false(extract_kerberos_tcp.wants(&p, http));
    p = (struct packet){.src_port = 88, .dst_port = 40000};
    assert_true(extract_kerberos_udp.wants(&p, message));
    p.src_port = 89;
    assert_false(extract_kerberos_udp.wants(&p, message));
    assert_false(extract_kerberos_tcp.wants(&p, stream));
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_request_tells_realm_ciphers_and_that_it_comes_without_a_proof),
        T(a_time_made_with_the_key_is_a_proof),
        T(a_refusal_tells_why),
        T(an_answer_tells_both_ciphers),
        T(an_answer_tells_whether_its_request_had_a_proof),
        T(a_proof_that_the_answer_knows_nothing_of_was_none),
        T(who_asks_is_a_code_that_says_only_whether_it_is_the_same),
        T(no_name_is_told_or_remembered),
        T(over_tcp_it_stands_behind_its_length),
        T(a_message_too_long_to_keep_is_passed_over),
        T(what_is_left_out_of_a_request_is_said_to_be_there),
        T(what_is_no_message_is_refused_and_leaves_nothing_behind),
        T(a_message_that_is_cut_says_nothing),
        T(only_its_port_is_looked_at),
    };

    return cmocka_run_group_tests_name("extract_kerberos", tests, NULL, NULL);
}
