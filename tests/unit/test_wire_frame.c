/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "crc32c.h"
#include "wire_frame.h"

static const struct wire_head batch_head = {.type = WIRE_BATCH,
                                            .stream = WIRE_ALERTS,
                                            .count = 2,
                                            .epoch = UINT64_C(0x1122334455667788),
                                            .seq = 42,
                                            .sent = 1700000000 * USEC_PER_SEC};

/* A message of that header and payload, for the caller to free. */
static uint8_t *message(const struct wire_head *head, const struct buffer *payload,
                        size_t *ret_len)
{
    uint8_t *bytes = malloc(WIRE_HEAD + payload->len);

    assert_non_null(bytes);
    wire_head_write(head, payload->at, payload->len, bytes);
    if (payload->len > 0)
        memcpy(bytes + WIRE_HEAD, payload->at, payload->len);
    *ret_len = WIRE_HEAD + payload->len;
    return bytes;
}

static uint8_t *batch(size_t *ret_len)
{
    auto_buffer struct buffer payload = {0};

    wire_document_add(&payload, "{\"a\":1}", 7);
    wire_lost_add(&payload, 50, WIRE_LOSS_QUOTA);
    return message(&batch_head, &payload, ret_len);
}

static void a_header_is_as_the_document_says(void **state)
{
    static const uint8_t begin[40] = {
        'H', 'W', 'L',  '1',  1,    1,    3,    1,    0,    0,    0,    0,   0, 0,
        0,   2,   0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0,    0,   0, 0,
        0,   0,   0,    42,   0x00, 0x06, 0x0a, 0x24, 0x18, 0x1e, 0x40, 0x00};
    size_t len;
    auto_free uint8_t *bytes = batch(&len);

    (void)state;
    assert_memory_equal(bytes, begin, sizeof(begin));
    assert_int_equal(len, WIRE_HEAD + 5 + 7 + 5 + 9);
    assert_memory_equal(bytes + 40, ((uint8_t[]){0, 0, 0, 26}), 4);
}

static void a_message_is_read_as_it_was_written(void **state)
{
    struct wire_head head;
    struct wire_record r;
    struct cur payload;
    uint64_t seq;
    size_t len;
    auto_free uint8_t *bytes = batch(&len);

    (void)state;
    assert_int_equal(wire_message_parse(bytes, len, &head, &payload), 0);
    assert_int_equal(head.type, WIRE_BATCH);
    assert_int_equal(head.stream, WIRE_ALERTS);
    assert_int_equal(head.epoch, batch_head.epoch);
    assert_int_equal(head.sent, batch_head.sent);
    seq = head.seq;
    assert_int_equal(wire_record_next(&payload, &seq, &r), 0);
    assert_int_equal(r.kind, WIRE_DOCUMENT);
    assert_int_equal(r.first, 42);
    assert_int_equal(r.last, 42);
    assert_int_equal(r.len, 7);
    assert_int_equal(wire_record_next(&payload, &seq, &r), 0);
    assert_int_equal(r.kind, WIRE_LOST);
    assert_int_equal(r.first, 43);
    assert_int_equal(r.last, 50);
    assert_int_equal(r.loss, WIRE_LOSS_QUOTA);
    assert_int_equal(seq, 51);
    assert_int_equal(cur_left(&payload), 0);
}

static void any_damaged_bit_is_found(void **state)
{
    struct wire_head head;
    struct cur payload;
    size_t len;
    auto_free uint8_t *bytes = batch(&len);

    (void)state;
    for (size_t bit = 0; bit < len * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(wire_message_parse(bytes, len, &head, &payload), -EBADMSG);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void a_message_that_is_cut_or_has_more_is_refused(void **state)
{
    struct wire_head head;
    struct cur payload;
    size_t len;
    auto_free uint8_t *bytes = batch(&len);
    uint8_t more[256] = {0};

    (void)state;
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(wire_message_parse(bytes, cut, &head, &payload), -EBADMSG);
    memcpy(more, bytes, len);
    assert_int_equal(wire_message_parse(more, len + 1, &head, &payload), -EBADMSG);
}

static void another_major_version_is_told_from_damage(void **state)
{
    uint8_t bytes[WIRE_HEAD] = {'H', 'W', 'L', '1', 2, 9};
    struct wire_head head;
    struct cur payload;
    uint32_t crc = crc32c(0, bytes, 44);

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        bytes[44 + i] = (uint8_t)(crc >> (24 - 8 * i));
    assert_int_equal(wire_message_parse(bytes, sizeof(bytes), &head, &payload),
                     -EPROTONOSUPPORT);
    assert_int_equal(head.major, 2);
}

static int first_record(const void *bytes, size_t len, uint64_t seq)
{
    struct cur c = cur_over(bytes, len);
    struct wire_record r;

    return wire_record_next(&c, &seq, &r);
}

static void a_record_that_cannot_be_is_refused(void **state)
{
    static const uint8_t longer[] = {1, 0, 0, 0, 9, 'x'}, half[] = {1, 0, 0},
                         short_loss[] = {2, 0, 0, 0, 2, 1, 1};
    auto_buffer struct buffer backwards = {0}, endless = {0};

    (void)state;
    wire_lost_add(&backwards, 9, WIRE_LOSS_FULL);
    wire_lost_add(&endless, UINT64_MAX, WIRE_LOSS_FULL);
    assert_int_equal(first_record(longer, sizeof(longer), 1), -EBADMSG);
    assert_int_equal(first_record(half, sizeof(half), 1), -EBADMSG);
    assert_int_equal(first_record(short_loss, sizeof(short_loss), 1), -EBADMSG);
    assert_int_equal(first_record(backwards.at, backwards.len, 9), 0);
    assert_int_equal(first_record(backwards.at, backwards.len, 10), -EBADMSG);
    assert_int_equal(first_record(endless.at, endless.len, 10), -EBADMSG);
    assert_int_equal(first_record(backwards.at, backwards.len, 0), -EBADMSG);
}

static void a_document_longer_than_the_limit_is_refused(void **state)
{
    auto_free uint8_t *bytes = calloc(1, WIRE_RECORD_MAX + 6);

    (void)state;
    assert_non_null(bytes);
    memcpy(bytes, ((uint8_t[]){1, 0, 0x10, 0, 0}), 5);
    assert_int_equal(first_record(bytes, WIRE_RECORD_MAX + 5, 1), 0);
    memcpy(bytes, ((uint8_t[]){1, 0, 0x10, 0, 1}), 5);
    assert_int_equal(first_record(bytes, WIRE_RECORD_MAX + 6, 1), -EBADMSG);
}

static void a_hello_is_read_as_it_was_written(void **state)
{
    struct wire_hello hello = {.version = TEXT("0.1.0"), .boot = {1, 2}, .bundle = 7},
                      got;
    auto_buffer struct buffer b = {0};

    (void)state;
    for (unsigned s = 1; s < WIRE_STREAMS; s++) {
        hello.streams[s].oldest = s;
        hello.streams[s].newest = s + 10;
    }
    wire_hello_add(&b, &hello);
    assert_int_equal(wire_hello_parse(cur_over(b.at, b.len), &got), 0);
    assert_true(text_equal(got.version, hello.version));
    assert_memory_equal(got.boot, hello.boot, WIRE_BOOT);
    assert_int_equal(got.bundle, 7);
    assert_int_equal(got.streams[WIRE_EVIDENCE].newest, WIRE_EVIDENCE + 10);
    for (size_t cut = 0; cut < b.len; cut++)
        assert_int_equal(wire_hello_parse(cur_over(b.at, cut), &got), -EBADMSG);
}

static void a_hello_with_a_stream_that_cannot_be_is_refused(void **state)
{
    static const uint64_t wrong[][2] = {{0, 5}, {7, 5}, {1, UINT64_MAX}};
    struct wire_hello got;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct wire_hello hello = {.version = TEXT("x")};
        auto_buffer struct buffer b = {0};

        for (unsigned s = 1; s < WIRE_STREAMS; s++)
            hello.streams[s].oldest = 1;
        hello.streams[WIRE_USAGE].oldest = wrong[i][0];
        hello.streams[WIRE_USAGE].newest = wrong[i][1];
        wire_hello_add(&b, &hello);
        assert_int_equal(wire_hello_parse(cur_over(b.at, b.len), &got), -EBADMSG);
    }
}

static void what_a_later_version_adds_is_passed_over(void **state)
{
    struct wire_welcome welcome = {.bundle = 3, .streams[WIRE_ALERTS] = {9, 1000}}, got;
    struct wire_bye_text bye;
    auto_buffer struct buffer b = {0}, c = {0};

    (void)state;
    wire_welcome_add(&b, &welcome);
    b.at[8] = (char)(b.at[8] + 1); /* one more stream, which we do not know */
    buffer_add(&b, "\x63 eight...and eight", 17);
    buffer_add(&b, "more", 4);
    assert_int_equal(wire_welcome_parse(cur_over(b.at, b.len), &got), 0);
    assert_int_equal(got.streams[WIRE_ALERTS].committed, 9);
    assert_int_equal(got.streams[WIRE_ALERTS].limit, 1000);

    wire_bye_add(&c, WIRE_BYE_REVOKED, "this key was revoked");
    buffer_add(&c, "more", 4);
    assert_int_equal(wire_bye_parse(cur_over(c.at, c.len), &bye), 0);
    assert_int_equal(bye.code, WIRE_BYE_REVOKED);
    assert_true(text_equal(bye.why, TEXT("this key was revoked")));
}

static void messages_about_bundles_are_read_as_they_were_written(void **state)
{
    struct wire_offer offer = {.size = 99, .sha256 = {5}}, got_offer;
    struct wire_get get = {.offset = 1 << 18, .most = WIRE_CHUNK}, got_get;
    struct wire_data data = {.offset = 4, .bytes = TEXT("rules")}, got_data;
    struct wire_result got_result;
    auto_buffer struct buffer a = {0}, b = {0}, c = {0}, d = {0};

    (void)state;
    wire_offer_add(&a, &offer);
    assert_int_equal(wire_offer_parse(cur_over(a.at, a.len), &got_offer), 0);
    assert_memory_equal(&got_offer, &offer, sizeof(offer));
    wire_get_add(&b, &get);
    assert_int_equal(wire_get_parse(cur_over(b.at, b.len), &got_get), 0);
    assert_int_equal(got_get.offset, get.offset);
    assert_int_equal(got_get.most, get.most);
    wire_data_add(&c, &data);
    assert_int_equal(wire_data_parse(cur_over(c.at, c.len), &got_data), 0);
    assert_true(text_equal(got_data.bytes, data.bytes));
    wire_result_add(&d, false, "rule 7 fails its test");
    assert_int_equal(wire_result_parse(cur_over(d.at, d.len), &got_result), 0);
    assert_int_equal(got_result.taken, 0);
    assert_true(text_equal(got_result.why, TEXT("rule 7 fails its test")));
    assert_int_equal(wire_offer_parse(cur_over(a.at, a.len - 1), &got_offer), -EBADMSG);
}

static void asking_for_evidence_is_read_as_it_was_written(void **state)
{
    struct wire_ask ask = {.id = {1, 2},
                           .again = true,
                           .address = {[15] = 7},
                           .incident = 12,
                           .before = USEC_PER_SEC,
                           .length = USEC_PER_MIN,
                           .snaplen = 96,
                           .max = 1 << 20},
                    got;
    struct wire_answer answer = {.id = {3},
                                 .code = WIRE_ANSWER_REFUSED,
                                 .why = TEXT("no room")},
                       said;
    auto_buffer struct buffer a = {0}, b = {0};

    (void)state;
    wire_ask_add(&a, &ask);
    assert_int_equal(wire_ask_parse(cur_over(a.at, a.len), &got), 0);
    assert_memory_equal(&got, &ask, sizeof(ask));
    assert_int_equal(wire_ask_parse(cur_over(a.at, a.len - 1), &got), -EBADMSG);
    wire_answer_add(&b, &answer);
    assert_int_equal(wire_answer_parse(cur_over(b.at, b.len), &said), 0);
    assert_memory_equal(said.id, answer.id, sizeof(said.id));
    assert_int_equal(said.code, WIRE_ANSWER_REFUSED);
    assert_true(text_equal(said.why, TEXT("no room")));
}

static int ask_for(struct wire_ask ask)
{
    auto_buffer struct buffer a = {0};

    wire_ask_add(&a, &ask);
    return wire_ask_parse(cur_over(a.at, a.len), &ask);
}

static void asking_for_more_than_may_be_is_refused(void **state)
{
    const usec_t most = WIRE_EVIDENCE_LENGTH;

    (void)state;
    assert_int_equal(ask_for((struct wire_ask){.length = most}), 0);
    assert_int_equal(ask_for((struct wire_ask){.length = most + 1}), -EBADMSG);
    assert_int_equal(ask_for((struct wire_ask){.length = 0}), -EBADMSG);
    assert_int_equal(
        ask_for((struct wire_ask){.length = 1, .before = WIRE_EVIDENCE_BEFORE + 1}),
        -EBADMSG);
    assert_int_equal(
        ask_for((struct wire_ask){.length = 1, .max = WIRE_EVIDENCE_MAX + 1}), -EBADMSG);
}

static void streams_and_losses_have_names(void **state)
{
    (void)state;
    assert_string_equal(wire_stream_name(WIRE_EVIDENCE), "evidence");
    assert_string_equal(wire_stream_name(WIRE_STREAMS), "unknown");
    assert_string_equal(wire_loss_name(WIRE_LOSS_FORGOTTEN), "forgotten");
    assert_string_equal(wire_loss_name(77), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_as_the_document_says),
        cmocka_unit_test(a_message_is_read_as_it_was_written),
        cmocka_unit_test(any_damaged_bit_is_found),
        cmocka_unit_test(a_message_that_is_cut_or_has_more_is_refused),
        cmocka_unit_test(another_major_version_is_told_from_damage),
        cmocka_unit_test(a_record_that_cannot_be_is_refused),
        cmocka_unit_test(a_document_longer_than_the_limit_is_refused),
        cmocka_unit_test(a_hello_is_read_as_it_was_written),
        cmocka_unit_test(a_hello_with_a_stream_that_cannot_be_is_refused),
        cmocka_unit_test(what_a_later_version_adds_is_passed_over),
        cmocka_unit_test(messages_about_bundles_are_read_as_they_were_written),
        cmocka_unit_test(asking_for_evidence_is_read_as_it_was_written),
        cmocka_unit_test(asking_for_more_than_may_be_is_refused),
        cmocka_unit_test(streams_and_losses_have_names),
    };

    return cmocka_run_group_tests_name("wire_frame", tests, NULL, NULL);
}
