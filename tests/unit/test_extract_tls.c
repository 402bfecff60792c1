/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "agent/tls_hello.h"
#include "certificates.h"
#include "heard.h"

#define TLS (&extract_tls)

/* A phone asks dns.google over port 853. */
static const char client_hello[] =
    "1603010095 01000091 0303 b0e9e5f718fb940ac79ec31f0a2502aaeb9b9965d0d8b91622d0c5828d3fa30b"
    "00 001e c02bc02fc02cc030cca9cca8c009c013c00ac014009c009d002f0035000a 0100"
    "004a 0000000f000d00000a646e732e676f6f676c65 00170000 ff01000100 000a00080006001d00170018"
    "000b00020100 00230000 000d00140012040308040401050308050501080606010201";

/* What it answers; the certificate follows in the capture. */
static const char server_hello[] =
    "160303003f 0200003b 0303 5eec6d799e1ae29a48bd6dfaec6251a5f1b951c30fcbeb4d444f574e47524401"
    "00 c02f 00 0013 00170000 ff01000100 000b00020100 00230000";

/* Asks for another key share; a change of cipher follows. */
static const char retry[] =
    "1603030058 02000054 0303 cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
    "20 292fb14fb1f6ad6d20b10b2167bdbb8575f33e2bb01dd54ae18f944da03a9171 1302 00"
    "000c 002b00020304 003300020017";

/* Malware that still begins as SSL 2 did. */
static const char ssl2_hello[] =
    "8080010301005700000020"
    "00003900003800003500001600001300000a0700c000003300003200002f00009a000099000096030080000005"
    "0000040100800000150000120000090600400000140000110000080000060400800000030200800000ff"
    "f2b458f22ebe9d236438685ae34adfe4cec58faba3d0c4a1b1a1c18047274b3c";

struct fixture {
    struct heard heard;
    uint8_t bytes[12288];
    size_t len;
};

static int set_up(void **state)
{
    static struct fixture f;

    heard_init(&f.heard);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    heard_done(&f->heard);
    return 0;
}

static enum extract_result read_hex(struct fixture *f, const char *hex)
{
    f->len = unhex(hex, f->bytes, sizeof(f->bytes));
    return heard_read(&f->heard, TLS, f->bytes, f->len);
}

/* A ClientHello with these extensions, in one record. */
static enum extract_result read_extensions(struct fixture *f, const char *hex)
{
    uint8_t extensions[1024], *at = f->bytes;
    size_t len = unhex(hex, extensions, sizeof(extensions));
    size_t body = 2 + 32 + 1 + 2 + 2 + 2 + 2 + len, message = body + 4;

    memset(f->bytes, 0, sizeof(f->bytes));
    memcpy(at, (const uint8_t[]){22, 3, 1, (uint8_t)(message >> 8), (uint8_t)message}, 5);
    memcpy(at + 5, (const uint8_t[]){1, 0, (uint8_t)(body >> 8), (uint8_t)body, 3, 3}, 6);
    at += 5 + 4 + 2 + 32 + 1;
    memcpy(at, (const uint8_t[]){0, 2, 0x13, 1, 1, 0}, 6);
    at += 6;
    memcpy(at, (const uint8_t[]){(uint8_t)(len >> 8), (uint8_t)len}, 2);
    memcpy(at + 2, extensions, len);
    f->len = 5 + message;
    return heard_read(&f->heard, TLS, f->bytes, f->len);
}

static void a_client_hello_says_who_is_called_and_how(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, client_hello), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_TLS_SIDE, "\"client\"");
    assert_says(&f->heard, FIELD_TLS_VERSION, "\"1.2\"");
    assert_says(&f->heard, FIELD_TLS_SNI, "\"dns.google\"");
    assert_says(&f->heard, FIELD_HOST, "\"dns.google\"");
    assert_says(&f->heard, FIELD_TLS_ECH, "\"none\"");
    assert_says(&f->heard, FIELD_TLS_JA3, "\"2c776785ee603cc85d37df996bb90cc8\"");
    assert_says(&f->heard, FIELD_TLS_JA4, "\"t12d150700_0707305c9f76_0f3b2bcde21d\"");
    assert_says(&f->heard, FIELD_TLS_ALPN, "");
    assert_says(&f->heard, FIELD_TLS_CIPHER, "");
}

static void a_server_hello_says_what_was_chosen(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, server_hello), EXTRACT_AGAIN);
    assert_says(&f->heard, FIELD_TLS_SIDE, "\"server\"");
    assert_says(&f->heard, FIELD_TLS_VERSION, "\"1.2\"");
    assert_says(&f->heard, FIELD_TLS_CIPHER, "49199");
    assert_says(&f->heard, FIELD_TLS_JA3, "\"b44baa8a20901c5663b3a9664ba8a767\"");
    assert_says(&f->heard, FIELD_TLS_JA4, "");
    assert_says(&f->heard, FIELD_TLS_ECH, "");
}

static void beginnings_of_a_hello_wait_for_more_and_say_nothing(void **state)
{
    struct fixture *f = *state;

    for (size_t which = 0; which < 3; which++) {
        const char *const hellos[] = {client_hello, server_hello, retry};

        f->len = unhex(hellos[which], f->bytes, sizeof(f->bytes));
        for (size_t i = 1; i < f->len; i++)
            assert_int_equal(heard_read(&f->heard, TLS, f->bytes, i), EXTRACT_MORE);
    }
    assert_int_equal(f->heard.count, 0);
}

static void a_hello_is_read_before_its_record_ends(void **state)
{
    struct fixture *f = *state;

    f->len = unhex(server_hello, f->bytes, sizeof(f->bytes));
    f->bytes[3] = 0x0a; /* the certificate is in the same record, but not here yet */
    assert_int_equal(heard_read(&f->heard, TLS, f->bytes, f->len), EXTRACT_AGAIN);
    assert_int_equal(f->heard.count, 1);
}

/* Cuts the message of client_hello into records of `size` bytes. */
static size_t cut_into_records(struct fixture *f, size_t size, uint8_t out[4096])
{
    size_t len = unhex(client_hello, f->bytes, sizeof(f->bytes)), to = 0;

    for (size_t at = 5; at < len; at += size) {
        size_t part = len - at < size ? len - at : size;

        memcpy(out + to, (const uint8_t[]){22, 3, 1, 0, (uint8_t)part}, 5);
        memcpy(out + to + 5, f->bytes + at, part);
        to += 5 + part;
    }
    return to;
}

static void a_hello_may_stand_in_several_records(void **state)
{
    struct fixture *f = *state;
    uint8_t records[4096];

    for (size_t size = 10; size < 150; size += 7) {
        size_t len = cut_into_records(f, size, records);

        f->heard.count = 0;
        for (size_t i = 1; i < len; i++)
            assert_int_equal(heard_read(&f->heard, TLS, records, i), EXTRACT_MORE);
        assert_int_equal(heard_read(&f->heard, TLS, records, len), EXTRACT_DONE);
        assert_says(&f->heard, FIELD_TLS_JA3, "\"2c776785ee603cc85d37df996bb90cc8\"");
    }
}

static void a_hello_in_too_many_records_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t records[4096];
    size_t len = cut_into_records(f, 2, records);

    assert_int_equal(heard_read(&f->heard, TLS, records, len), EXTRACT_NOT);
}

static void another_record_inside_a_hello_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t records[4096];
    size_t len = cut_into_records(f, 100, records);

    records[105] = 23;
    assert_int_equal(heard_read(&f->heard, TLS, records, len), EXTRACT_NOT);
}

static void a_retry_is_passed_over_to_the_hello_after_it(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, retry), EXTRACT_NEXT);
    assert_int_equal(f->heard.left, 0);
    assert_int_equal(read_hex(f, "140303000101"), EXTRACT_NEXT); /* change of cipher */
    assert_int_equal(f->heard.left, 0);
    assert_int_equal(read_hex(f, "1403030001"), EXTRACT_MORE);
    assert_int_equal(f->heard.count, 0);
    assert_int_equal(read_hex(f, server_hello), EXTRACT_AGAIN);
    assert_int_equal(f->heard.count, 1);
}

static void a_server_chooses_the_version_in_the_extension(void **state)
{
    struct fixture *f = *state;

    f->len = unhex(retry, f->bytes, sizeof(f->bytes));
    f->bytes[20] ^= 1; /* not the random number of a retry any more */
    assert_int_equal(heard_read(&f->heard, TLS, f->bytes, f->len), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_TLS_VERSION, "\"1.3\"");
    assert_says(&f->heard, FIELD_TLS_CIPHER, "4866");
}

/* Draft 18, as browsers and servers of 2017 spoke it. */
static void a_server_hello_of_an_early_draft_of_tls_1_3_is_shorter(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        read_hex(f, "1603010032 0200002e 7f12"
                    "5eec6d799e1ae29a48bd6dfaec6251a5f1b951c30fcbeb4d444f574e47524401"
                    "1301 0008 0028 0004 001d 0000"),
        EXTRACT_DONE);
    assert_says(&f->heard, FIELD_TLS_VERSION, "\"1.3\"");
    assert_says(&f->heard, FIELD_TLS_CIPHER, "4865");
}

static void the_highest_version_offered_counts_without_grease(void **state)
{
    struct fixture *f = *state;

    read_extensions(f, "002b 0007 06 fafa 0303 0304");
    assert_says(&f->heard, FIELD_TLS_VERSION, "\"1.3\"");
    read_extensions(f, "002b 0005 04 0a0a 0301");
    assert_says(&f->heard, FIELD_TLS_VERSION, "\"1.0\"");
    read_extensions(f, "002b 0003 02 fafa");
    assert_says(&f->heard, FIELD_TLS_VERSION, "\"1.2\"");
}

static void versions_have_numbers_that_can_be_compared(void **state)
{
    (void)state;
    assert_int_equal(tls_version_number(0x0002), 0x0002);
    assert_int_equal(tls_version_number(0x0300), 0x0003);
    assert_int_equal(tls_version_number(0x0301), 0x0100);
    assert_int_equal(tls_version_number(0x0304), 0x0103);
    assert_int_equal(tls_version_number(0x7f1c), 0x0103);
    assert_int_equal(tls_version_number(0x0305), 0);
    assert_int_equal(tls_version_number(0x4745), 0);
}

static void all_protocols_offered_are_said(void **state)
{
    struct fixture *f = *state;

    read_extensions(f, "0010 000e 000c 02 6832 08 687474702f312e31");
    assert_says(&f->heard, FIELD_TLS_ALPN, "[\"h2\", \"http/1.1\"]");
}

/* cloudflare-ech.com outside, or the true name with a made-up extension. */
static void ech_is_real_only_behind_a_known_outer_name(void **state)
{
    struct fixture *f = *state;

    read_extensions(f, "0000 0017 0015 00 0012 636c6f7564666c6172652d6563682e636f6d"
                       "fe0d 0002 0000");
    assert_says(&f->heard, FIELD_TLS_ECH, "\"real\"");
    read_extensions(f, "0000 000a 0008 00 0005 612e6f7267 fe0d 0002 0000");
    assert_says(&f->heard, FIELD_TLS_ECH, "\"offered\"");
    read_extensions(f, "0000 0017 0015 00 0012 636c6f7564666c6172652d6563682e636f6d");
    assert_says(&f->heard, FIELD_TLS_ECH, "\"none\"");
}

/* GREASE does not count among them, and as many as fit are told. */
static void a_hello_with_more_ciphers_than_are_put_together_is_short(void **state)
{
    enum { MOST = 512, BEFORE = 5 + 4 + 2 + 32 + 1 };
    struct fixture *f = *state;

    for (unsigned n = MOST; n <= MOST + 1; n++) {
        const struct event *e = f->heard.events[n - MOST];
        uint8_t *at = f->bytes;
        size_t body = 2 + 32 + 1 + 2 + 2 * n + 2, message = body + 4;

        memset(at, 0, sizeof(f->bytes));
        memcpy(at,
               (const uint8_t[]){22, 3, 1, (uint8_t)(message >> 8), (uint8_t)message, 1,
                                 0, (uint8_t)(body >> 8), (uint8_t)body, 3, 3},
               11);
        memcpy(at + BEFORE, (const uint8_t[]){(uint8_t)(2 * n >> 8), (uint8_t)(2 * n)},
               2);
        at[BEFORE + 2 + 2 * n] = 1; /* compression: none */
        assert_int_equal(heard_read(&f->heard, TLS, f->bytes, 5 + message), EXTRACT_DONE);
        assert_int_equal(event_has(e, FIELD_TLS_JA4), n == MOST);
        assert_int_equal(event_has(e, FIELD_TLS_JA3), n == MOST);
        assert_int_equal(event_short(e), n > MOST);
    }
}

static void an_extension_that_reaches_too_far_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_extensions(f, "0010 000f 000c 02 6832 08 687474702f312e31"),
                     EXTRACT_NOT);
    assert_int_equal(f->heard.count, 0);
}

static void a_list_that_reaches_too_far_is_empty(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_extensions(f, "0000 0005 00ff 00 0001 0010 0003 0006 02"),
                     EXTRACT_DONE);
    assert_says(&f->heard, FIELD_TLS_SNI, "");
    assert_says(&f->heard, FIELD_TLS_ALPN, "");
}

static void a_hello_in_the_form_of_ssl_2_is_recognised(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, ssl2_hello), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_TLS_SIDE, "\"client\"");
    assert_says(&f->heard, FIELD_TLS_VERSION, "\"1.0\"");
    assert_says(&f->heard, FIELD_TLS_JA3, "");
    assert_int_equal(heard_read(&f->heard, TLS, f->bytes, 10), EXTRACT_MORE);
    f->bytes[6]++; /* ciphers are of three bytes each */
    f->bytes[10]--;
    assert_int_equal(heard_read(&f->heard, TLS, f->bytes, f->len), EXTRACT_NOT);
}

/* ---- certificates ---- */

#define OF_2026 (UINT64_C(1780000000) * USEC_PER_SEC)

/* Behind the server's hello: its certificate and others, ended by NULL, in one record.
 * The hello is the first of the handshake's bytes, behind the record's header. */
static void server_flight_of(struct fixture *f, const char *const *certs)
{
    size_t hello = unhex(server_hello, f->bytes, sizeof(f->bytes));
    uint8_t *at = f->bytes + hello, *cert = at + 7;
    size_t list;

    for (; *certs; certs++) {
        size_t room = sizeof(f->bytes) - (size_t)(cert - f->bytes) - 3;
        size_t len = unhex(*certs, cert + 3, room);

        memcpy(cert, (const uint8_t[]){0, (uint8_t)(len >> 8), (uint8_t)len}, 3);
        cert += len + 3;
    }
    list = (size_t)(cert - at) - 7;
    memcpy(at, (const uint8_t[]){11, 0, (uint8_t)((list + 3) >> 8), (uint8_t)(list + 3)},
           4);
    memcpy(at + 4, (const uint8_t[]){0, (uint8_t)(list >> 8), (uint8_t)list}, 3);
    f->len = (size_t)(cert - f->bytes);
    f->bytes[3] = (uint8_t)((f->len - 5) >> 8);
    f->bytes[4] = (uint8_t)(f->len - 5);
    f->heard.packet.time = OF_2026;
    f->heard.again = true;
    f->heard.count = 0;
}

static void server_flight(struct fixture *f, const char *hex)
{
    server_flight_of(f, (const char *const[]){hex, NULL});
}

static enum extract_result read_flight(struct fixture *f)
{
    return heard_read(&f->heard, TLS, f->bytes, f->len);
}

static void a_certificate_is_an_event_of_its_own(void **state)
{
    struct fixture *f = *state;

    server_flight(f, cert_leaf);
    f->heard.again = false;
    assert_int_equal(read_flight(f), EXTRACT_AGAIN);
    assert_says(&f->heard, FIELD_TLS_SIDE, "\"server\"");
    assert_says(&f->heard, FIELD_TLS_CERT_ISSUER, "");
    f->heard.again = true;
    assert_int_equal(read_flight(f), EXTRACT_DONE);
    assert_int_equal(f->heard.count, 2);
    assert_says(&f->heard, FIELD_TLS_SIDE, "\"certificate\"");
    assert_says(&f->heard, FIELD_TLS_VERSION, "");
    assert_says(&f->heard, FIELD_TLS_CERT_SUBJECT, "\"CN=WWW.school.example\"");
    assert_says(&f->heard, FIELD_TLS_CERT_ISSUER,
                "\"C=US, O=Example Trust, CN=Example CA\"");
    assert_says(&f->heard, FIELD_TLS_CERT_NAMES,
                "[\"www.school.example\", \"*.pupils.school.example\"]");
    assert_says(&f->heard, FIELD_TLS_CERT_SERIAL, "\"91:B4\"");
    assert_says(&f->heard, FIELD_TLS_CERT_SIGNATURE, "\"ecdsa_sha256\"");
    assert_says(&f->heard, FIELD_TLS_CERT_KEY, "\"ec\"");
    assert_says(&f->heard, FIELD_TLS_CERT_KEY_BITS, "384");
    assert_says(&f->heard, FIELD_TLS_CERT_SELF_SIGNED, "false");
    assert_says(&f->heard, FIELD_TLS_CERT_MATCHES_SNI, "");
    assert_says(&f->heard, FIELD_HOST, "");
}

static void a_certificate_is_judged_by_the_packets_time(void **state)
{
    struct fixture *f = *state;

    server_flight(f, cert_leaf);
    (void)read_flight(f);
    assert_says(&f->heard, FIELD_TLS_CERT_EXPIRED, "false");
    assert_says(&f->heard, FIELD_TLS_CERT_EARLY, "false");
    f->heard.packet.time = 1798761599 * USEC_PER_SEC - USEC_PER_DAY;
    (void)read_flight(f);
    assert_says(&f->heard, FIELD_TLS_CERT_REMAINING, "1 d");
    assert_says(&f->heard, FIELD_TLS_CERT_LIFETIME, "31535999 s");
    f->heard.packet.time = 1798761600 * USEC_PER_SEC;
    (void)read_flight(f);
    assert_says(&f->heard, FIELD_TLS_CERT_EXPIRED, "true");
    assert_says(&f->heard, FIELD_TLS_CERT_REMAINING, "0 s");
    f->heard.packet.time = 1767225599 * USEC_PER_SEC;
    (void)read_flight(f);
    assert_says(&f->heard, FIELD_TLS_CERT_EXPIRED, "false");
    assert_says(&f->heard, FIELD_TLS_CERT_EARLY, "true");
}

static void a_certificate_fits_the_name_asked_for_or_not(void **state)
{
    struct fixture *f = *state;

    server_flight(f, cert_leaf);
    f->heard.host = TEXT("www.school.example");
    (void)read_flight(f);
    assert_says(&f->heard, FIELD_TLS_CERT_MATCHES_SNI, "true");
    assert_says(&f->heard, FIELD_HOST, "\"www.school.example\"");
    f->heard.host = TEXT("school.example");
    (void)read_flight(f);
    assert_says(&f->heard, FIELD_TLS_CERT_MATCHES_SNI, "false");
}

static void a_certificate_waits_until_it_is_whole(void **state)
{
    struct fixture *f = *state;
    size_t whole;

    server_flight(f, cert_leaf);
    whole = f->len;
    for (f->len = 68; f->len < whole; f->len++)
        assert_int_equal(read_flight(f), EXTRACT_MORE);
    assert_int_equal(f->heard.count, 0);
}

/* The record ends in the certificate, which goes on in others. */
static void a_certificate_may_stand_in_several_records(void **state)
{
    struct fixture *f = *state;
    uint8_t all[4096];

    server_flight(f, cert_leaf);
    for (size_t size = 40; size < 300; size += 37) {
        size_t from = 5, to = 0, whole = f->len;

        while (from < whole) {
            size_t part = whole - from < size ? whole - from : size;

            memcpy(all + to,
                   (const uint8_t[]){22, 3, 3, (uint8_t)(part >> 8), (uint8_t)part}, 5);
            memcpy(all + to + 5, f->bytes + from, part);
            from += part;
            to += part + 5;
        }
        f->heard.count = 0;
        assert_int_equal(heard_read(&f->heard, TLS, all, to), EXTRACT_DONE);
        assert_says(&f->heard, FIELD_TLS_CERT_SERIAL, "\"91:B4\"");
        assert_int_equal(heard_read(&f->heard, TLS, all, to - 1), EXTRACT_MORE);
    }
}

static void a_resumed_session_has_no_certificate(void **state)
{
    struct fixture *f = *state;

    f->heard.again = true;
    f->len = unhex(server_hello, f->bytes, sizeof(f->bytes));
    assert_int_equal(read_flight(f), EXTRACT_MORE);
    memcpy(f->bytes + f->len, "\x14\x03\x03\x00\x01\x01", 6); /* change of cipher */
    f->len += 6;
    assert_int_equal(read_flight(f), EXTRACT_DONE);
    f->bytes[f->len - 6] = 22; /* another message */
    assert_int_equal(read_flight(f), EXTRACT_MORE);
    assert_int_equal(f->heard.count, 0);
}

static void what_is_no_certificate_says_nothing(void **state)
{
    struct fixture *f = *state;

    server_flight(f, cert_leaf);
    f->bytes[68 + 10] ^= 1; /* its first tag */
    assert_int_equal(read_flight(f), EXTRACT_DONE);
    server_flight(f, cert_leaf);
    f->bytes[68] = 12; /* the key exchange follows at once, as without certificates */
    assert_int_equal(read_flight(f), EXTRACT_DONE);
    assert_int_equal(f->heard.count, 0);
}

static void a_certificate_that_nobody_asks_for_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    struct field_set asked = {0};

    f->heard.asked = &asked;
    assert_int_equal(read_hex(f, server_hello), EXTRACT_DONE);
    field_set_add(&asked, FIELD_TLS_CERT_EXPIRED);
    assert_int_equal(read_hex(f, server_hello), EXTRACT_AGAIN);
}

static void fingerprints_are_taken_when_asked_for(void **state)
{
    struct fixture *f = *state;
    struct field_set asked = {0};

    server_flight(f, cert_leaf);
    (void)read_flight(f);
    assert_says(&f->heard, FIELD_TLS_CERT_SHA1,
                "\"43ec4308b93c0219cc11c620b8c81bcbc2334e43\"");
    assert_says(&f->heard, FIELD_TLS_CERT_SHA256,
                "\"72500f8f24852c66d96ad7073b0c3abb"
                "7b1a29c1fdbb0be0ba6e16facb809b98\"");
    f->heard.asked = &asked;
    (void)read_flight(f);
    assert_says(&f->heard, FIELD_TLS_CERT_SHA1, "");
    assert_says(&f->heard, FIELD_TLS_CERT_SHA256, "");
    assert_says(&f->heard, FIELD_TLS_CERT_SERIAL, "\"91:B4\"");
}

static bool guards_help(struct text host, void *arg)
{
    (void)arg;
    return text_equal(host, TEXT("*.help.example"));
}

static void a_guarded_name_is_told_even_if_it_comes_late(void **state)
{
    struct fixture *f = *state;

    server_flight(f, cert_many);
    (void)read_flight(f);
    assert_true(event_short(f->heard.events[0]));
    assert_int_equal(event_get(f->heard.events[0], FIELD_TLS_CERT_NAMES)->text_count,
                     EVENT_LIST_MAX);
    f->heard.guards = guards_help;
    (void)read_flight(f);
    assert_says(&f->heard, FIELD_TLS_CERT_NAMES, "[\"*.help.example\"]");
}

/* DER is written from its end: a header before what stands from at to end. */
static uint8_t *wrap(uint8_t *at, const uint8_t *end, uint8_t tag)
{
    size_t len = (size_t)(end - at);

    at -= 4;
    memcpy(at, (const uint8_t[]){tag, 0x82, (uint8_t)(len >> 8), (uint8_t)len}, 4);
    return at;
}

static uint8_t *put_before(uint8_t *at, const void *bytes, size_t len)
{
    return memcpy(at - len, bytes, len);
}

/* The leaf's certificate for as many names of that length, and a help line's behind them.
 */
static void flight_of_long_names(struct fixture *f, size_t count, size_t name_len)
{
    static uint8_t leaf[440], der[10240];
    static char hex[2 * sizeof(der) + 1];
    const uint8_t *end = der + sizeof(der), *signed_end = end - (440 - 353);
    uint8_t *at = der + sizeof(der);
    char name[1024];

    assert_int_equal(unhex(cert_leaf, leaf, sizeof(leaf)), sizeof(leaf));
    at = put_before(at, leaf + 353, 440 - 353); /* the signature */
    at = put_before(at, "\x82\x0e*.help.example", 16);
    memset(name, 'a', sizeof(name));
    memcpy(name + name_len - 8, ".example", 8);
    for (size_t i = 0; i < count; i++) {
        name[0] = (char)('a' + i);
        at = put_before(at, name, name_len);
        at = wrap(at, at + name_len, 0x82);
    }
    at = wrap(wrap(at, signed_end, 0x30), signed_end, 0x04);
    at = put_before(at, "\x06\x03\x55\x1d\x11", 5);
    at = wrap(wrap(wrap(at, signed_end, 0x30), signed_end, 0x30), signed_end, 0xa3);
    at = put_before(at, leaf + 8, 273 - 8); /* all before the extensions */
    at = wrap(wrap(at, signed_end, 0x30), end, 0x30);
    for (size_t i = 0; i < (size_t)(end - at); i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", at[i]);
    server_flight(f, hex);
}

static void a_guarded_name_is_told_even_if_long_ones_took_all_the_room(void **state)
{
    struct fixture *f = *state;

    f->heard.guards = guards_help;
    f->heard.host = TEXT("www.school.example");
    for (size_t count = 10; count <= 16; count++) {
        flight_of_long_names(f, count, 500);
        (void)read_flight(f);
        assert_int_equal(f->heard.count, 1);
        assert_true(event_has(f->heard.events[0], FIELD_TLS_CERT_NAMES));
        assert_says(&f->heard, FIELD_TLS_SIDE, "\"certificate\"");
        assert_says(&f->heard, FIELD_HOST, "\"www.school.example\"");
        if (event_short(f->heard.events[0]))
            assert_says(&f->heard, FIELD_TLS_CERT_NAMES, "[\"*.help.example\"]");
    }
}

static void without_a_name_even_unasked_certificates_are_read_for_guarded_ones(
    void **state)
{
    struct fixture *f = *state;
    struct field_set asked = {0};

    f->heard.asked = &asked;
    f->heard.guards = guards_help;
    assert_int_equal(read_hex(f, server_hello), EXTRACT_AGAIN);
    f->heard.host = TEXT("www.school.example");
    assert_int_equal(read_hex(f, server_hello), EXTRACT_DONE);
}

static void other_handshake_messages_and_records_are_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, "1603030004 0b000000"), EXTRACT_NOT); /* certificate */
    assert_int_equal(read_hex(f, "1703030004 01000000"), EXTRACT_NOT);
    assert_int_equal(read_hex(f, "1603030004 0100ffff"), EXTRACT_NOT); /* 64 KiB */
    assert_int_equal(read_hex(f, "1603010030 0100002c 4745 0000"), EXTRACT_MORE);
    assert_int_equal(f->heard.count, 0);
}

static bool wants(const void *bytes, size_t len)
{
    return TLS->wants(&(struct packet){0}, cur_over(bytes, len));
}

static void its_first_bytes_are_known_one_by_one(void **state)
{
    static const uint8_t hello[] = {22, 3, 1, 0, 0x95, 1, 0, 0};

    (void)state;
    for (size_t i = 1; i <= sizeof(hello); i++)
        assert_true(wants(hello, i));
    assert_false(wants("GET / HT", 8));
    assert_false(wants("\x16\x03\x01\x00\x95\x0b\x00\x00", 8));
    assert_false(wants("\x16\x03\x01\xff\xff\x01\x00\x00", 8));
    assert_true(wants("\x80\x80\x01\x03\x01\x00\x57\x00", 8));
    assert_false(wants("\x80\x80\x02\x03\x01\x00\x57\x00", 8));
}

/* ---- who vouches for it ---- */

#define MIDDLE "\"C=US, O=Example Trust, CN=Example CA\""
#define ROOT   "\"O=Example Trust, CN=Example Root\""
#define GONE   "\"O=Gone Trust, CN=Gone Root\""

static void authorities_of(struct fixture *f, const char *const *certs,
                           const char *expected)
{
    server_flight_of(f, certs);
    assert_int_equal(read_flight(f), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_TLS_CERT_AUTHORITIES, expected);
}

static void all_who_vouch_for_a_certificate_are_told_from_it_upwards(void **state)
{
    struct fixture *f = *state;

    authorities_of(f, (const char *const[]){cert_leaf, NULL}, "[" MIDDLE "]");
    authorities_of(f, (const char *const[]){cert_leaf, cert_middle, NULL},
                   "[" MIDDLE ", " ROOT "]");
    authorities_of(f, (const char *const[]){cert_leaf, cert_middle, cert_cross, NULL},
                   "[" MIDDLE ", " ROOT ", " GONE "]");
    authorities_of(f, (const char *const[]){cert_camera, NULL}, "[\"CN=camera\"]");
}

static void they_need_not_stand_in_order_and_strangers_do_not_count(void **state)
{
    struct fixture *f = *state;

    authorities_of(f,
                   (const char *const[]){cert_leaf, cert_cross, cert_camera, cert_middle,
                                         cert_printer, NULL},
                   "[" MIDDLE ", " ROOT ", " GONE "]");
    authorities_of(f, (const char *const[]){cert_leaf, cert_cross, cert_camera, NULL},
                   "[" MIDDLE "]");
}

static void certificates_in_a_circle_end(void **state)
{
    struct fixture *f = *state;

    authorities_of(f, (const char *const[]){cert_camera, cert_camera, cert_camera, NULL},
                   "[\"CN=camera\"]");
    authorities_of(f, (const char *const[]){cert_leaf, cert_middle, cert_middle, NULL},
                   "[" MIDDLE ", " ROOT "]");
}

static void those_behind_the_first_are_waited_for_when_somebody_asks(void **state)
{
    struct fixture *f = *state;
    size_t whole, first;

    server_flight(f, cert_leaf);
    first = f->len;
    server_flight_of(f, (const char *const[]){cert_leaf, cert_middle, NULL});
    whole = f->len;
    for (f->len = first; f->len < whole; f->len++)
        assert_int_equal(read_flight(f), EXTRACT_MORE);
    assert_int_equal(f->heard.count, 0);
}

static void unasked_the_first_is_enough(void **state)
{
    struct fixture *f = *state;
    struct field_set asked = {0};

    server_flight(f, cert_leaf);
    field_set_add(&asked, FIELD_TLS_CERT_ISSUER);
    f->heard.asked = &asked;
    server_flight_of(f, (const char *const[]){cert_leaf, cert_middle, NULL});
    f->len -= 100;
    assert_int_equal(read_flight(f), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_TLS_CERT_ISSUER, MIDDLE);
    assert_says(&f->heard, FIELD_TLS_CERT_AUTHORITIES, "");
}

/* A message of 16 MiB would fill what is kept of all flows. */
static void of_more_than_fits_only_the_first_is_told(void **state)
{
    struct fixture *f = *state;
    uint8_t *message;

    server_flight_of(f, (const char *const[]){cert_leaf, cert_middle, NULL});
    message = f->bytes + unhex(server_hello, (uint8_t[256]){0}, 256);
    message[1] = message[4] = 1;
    assert_int_equal(read_flight(f), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_TLS_CERT_SERIAL, "\"91:B4\"");
    assert_says(&f->heard, FIELD_TLS_CERT_AUTHORITIES, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_client_hello_says_who_is_called_and_how),
        WITH_FIXTURE(a_server_hello_says_what_was_chosen),
        WITH_FIXTURE(beginnings_of_a_hello_wait_for_more_and_say_nothing),
        WITH_FIXTURE(a_hello_is_read_before_its_record_ends),
        WITH_FIXTURE(a_hello_may_stand_in_several_records),
        WITH_FIXTURE(a_hello_in_too_many_records_is_refused),
        WITH_FIXTURE(another_record_inside_a_hello_is_refused),
        WITH_FIXTURE(a_retry_is_passed_over_to_the_hello_after_it),
        WITH_FIXTURE(a_server_chooses_the_version_in_the_extension),
        WITH_FIXTURE(a_server_hello_of_an_early_draft_of_tls_1_3_is_shorter),
        WITH_FIXTURE(the_highest_version_offered_counts_without_grease),
        WITH_FIXTURE(versions_have_numbers_that_can_be_compared),
        WITH_FIXTURE(all_protocols_offered_are_said),
        WITH_FIXTURE(ech_is_real_only_behind_a_known_outer_name),
        WITH_FIXTURE(a_hello_with_more_ciphers_than_are_put_together_is_short),
        WITH_FIXTURE(an_extension_that_reaches_too_far_is_refused),
        WITH_FIXTURE(a_list_that_reaches_too_far_is_empty),
        WITH_FIXTURE(a_hello_in_the_form_of_ssl_2_is_recognised),
        WITH_FIXTURE(a_certificate_is_an_event_of_its_own),
        WITH_FIXTURE(a_certificate_is_judged_by_the_packets_time),
        WITH_FIXTURE(a_certificate_fits_the_name_asked_for_or_not),
        WITH_FIXTURE(a_certificate_waits_until_it_is_whole),
        WITH_FIXTURE(a_certificate_may_stand_in_several_records),
        WITH_FIXTURE(a_resumed_session_has_no_certificate),
        WITH_FIXTURE(what_is_no_certificate_says_nothing),
        WITH_FIXTURE(all_who_vouch_for_a_certificate_are_told_from_it_upwards),
        WITH_FIXTURE(they_need_not_stand_in_order_and_strangers_do_not_count),
        WITH_FIXTURE(certificates_in_a_circle_end),
        WITH_FIXTURE(those_behind_the_first_are_waited_for_when_somebody_asks),
        WITH_FIXTURE(unasked_the_first_is_enough),
        WITH_FIXTURE(of_more_than_fits_only_the_first_is_told),
        WITH_FIXTURE(a_certificate_that_nobody_asks_for_is_not_waited_for),
        WITH_FIXTURE(fingerprints_are_taken_when_asked_for),
        WITH_FIXTURE(a_guarded_name_is_told_even_if_it_comes_late),
        WITH_FIXTURE(a_guarded_name_is_told_even_if_long_ones_took_all_the_room),
        WITH_FIXTURE(without_a_name_even_unasked_certificates_are_read_for_guarded_ones),
        WITH_FIXTURE(other_handshake_messages_and_records_are_refused),
        WITH_FIXTURE(its_first_bytes_are_known_one_by_one),
    };

    return cmocka_run_group_tests_name("extract_tls", tests, NULL, NULL);
}
