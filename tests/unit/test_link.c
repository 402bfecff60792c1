/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/link.h"
#include "crypt.h"
#include "mem.h"

#define MIB    (UINT64_C(1) << 20)
#define PLENTY MIB

/* What the link said, in order. */
struct said {
    struct wire_head head;
    size_t len;
    struct wire_hello hello;
};

struct world {
    char folder[64];
    char path[96];
    struct spool *spool;
    struct link *link;
    usec_t now, wait;
    struct said said[256];
    unsigned count;
    bool no_room;
    struct wire_ask asked;
};

static int on_send(const struct wire_head *head, const void *payload, size_t len,
                   void *arg)
{
    struct world *w = arg;
    struct said *s = &w->said[w->count];

    if (w->no_room)
        return -EAGAIN;
    assert_true(w->count < 256);
    s->head = *head;
    s->len = len;
    if (head->type == WIRE_HELLO)
        assert_int_equal(wire_hello_parse(cur_over(payload, len), &s->hello), 0);
    w->count++;
    return 0;
}

static void on_ask(const struct wire_ask *ask, void *arg)
{
    ((struct world *)arg)->asked = *ask;
}

static int set_up(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));
    struct spool_settings set = {.path = w->path, .quota = 64 * MIB};
    struct link_settings link = {
        .version = "0.1.0", .boot = {7}, .send = on_send, .on_ask = on_ask, .arg = w};

    assert_int_equal(crypt_init(), 0);
    snprintf(w->folder, sizeof(w->folder), "%s/link-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->path, sizeof(w->path), "%s/spool.db", w->folder);
    assert_int_equal(spool_open(&set, &w->spool), 0);
    link.spool = w->spool;
    w->link = link_new(&link);
    w->now = USEC_PER_HOUR;
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    link_free(w->link);
    spool_close(w->spool);
    unlink(w->path);
    rmdir(w->folder);
    free(w);
    return 0;
}

static void append_bytes(struct world *w, enum wire_stream stream, unsigned count,
                         size_t len)
{
    auto_free char *document = xcalloc(1, len);

    for (unsigned i = 0; i < count; i++)
        assert_int_equal(spool_append(w->spool, stream, document, len, w->now), 0);
    assert_int_equal(spool_commit(w->spool, w->now), 0);
}

static void append(struct world *w, enum wire_stream stream, unsigned count)
{
    append_bytes(w, stream, count, 10);
}

static void hear(struct world *w, struct wire_head head, const struct buffer *payload)
{
    uint8_t message[4096];

    if (!head.epoch)
        head.epoch = spool_epoch(w->spool);
    wire_head_write(&head, payload->at, payload->len, message);
    if (payload->len > 0)
        memcpy(message + WIRE_HEAD, payload->at, payload->len);
    link_receive(w->link, message, WIRE_HEAD + payload->len, w->now);
}

static void hear_limit(struct world *w, enum wire_type type, enum wire_stream stream,
                       uint64_t seq, uint64_t limit)
{
    auto_buffer struct buffer payload = {0};

    wire_limit_add(&payload, limit);
    hear(w,
         (struct wire_head){.type = (uint8_t)type, .stream = (uint8_t)stream, .seq = seq},
         &payload);
}

static void hear_welcome(struct world *w, uint64_t committed, uint64_t limit)
{
    auto_buffer struct buffer payload = {0};
    struct wire_welcome welcome = {0};

    for (unsigned s = 1; s < WIRE_STREAMS; s++)
        welcome.streams[s].limit = limit;
    welcome.streams[WIRE_ALERTS].committed = committed;
    wire_welcome_add(&payload, &welcome);
    hear(w, (struct wire_head){.type = WIRE_WELCOME}, &payload);
}

static void hear_bye(struct world *w, enum wire_bye code)
{
    auto_buffer struct buffer payload = {0};

    wire_bye_add(&payload, code, "because");
    hear(w, (struct wire_head){.type = WIRE_BYE}, &payload);
}

static void hear_bare(struct world *w, enum wire_type type)
{
    struct buffer nothing = {0};

    hear(w, (struct wire_head){.type = (uint8_t)type}, &nothing);
}

static enum link_end tick(struct world *w)
{
    return link_tick(w->link, w->now, &w->wait);
}

static void connect_now(struct world *w)
{
    link_opened(w->link, w->now);
    link_connected(w->link, w->now);
}

static void come_up(struct world *w)
{
    connect_now(w);
    hear_welcome(w, 0, PLENTY);
    link_send(w->link, w->now);
    w->count = 0;
}

static const struct said *last(const struct world *w)
{
    assert_true(w->count > 0);
    return &w->said[w->count - 1];
}

static void assert_batch(const struct said *s, enum wire_stream stream, uint64_t first,
                         uint32_t count)
{
    assert_int_equal(s->head.type, WIRE_BATCH);
    assert_int_equal(s->head.stream, stream);
    assert_int_equal(s->head.seq, first);
    assert_int_equal(s->head.count, count);
}

/* ------------------------------------------------------------------ greeting */

static void a_greeting_says_what_the_spool_has(void **state)
{
    struct world *w = *state;

    append(w, WIRE_ALERTS, 3);
    spool_ack(w->spool, WIRE_ALERTS, 1, w->now);
    connect_now(w);
    assert_int_equal(w->count, 1);
    assert_int_equal(last(w)->head.type, WIRE_HELLO);
    assert_true(last(w)->head.epoch == spool_epoch(w->spool));
    assert_int_equal(last(w)->hello.boot[0], 7);
    assert_int_equal(last(w)->hello.streams[WIRE_ALERTS].oldest, 2);
    assert_int_equal(last(w)->hello.streams[WIRE_ALERTS].newest, 3);
    assert_int_equal(last(w)->hello.streams[WIRE_USAGE].oldest, 1);
    assert_int_equal(last(w)->hello.streams[WIRE_USAGE].newest, 0);
}

static void nothing_is_sent_before_the_welcome(void **state)
{
    struct world *w = *state;

    append(w, WIRE_ALERTS, 3);
    connect_now(w);
    link_send(w->link, w->now);
    hear_limit(w, WIRE_ACK, WIRE_ALERTS, 3, PLENTY);
    assert_int_equal(w->count, 1);
    assert_int_equal(spool_oldest(w->spool, WIRE_ALERTS), 1);
}

static void it_goes_on_where_the_collector_is(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < 5; i++)
        append(w, WIRE_ALERTS, 1);
    connect_now(w);
    hear_welcome(w, 2, PLENTY);
    link_send(w->link, w->now);
    assert_int_equal(w->count, 2);
    assert_batch(last(w), WIRE_ALERTS, 3, 3);
    assert_int_equal(spool_oldest(w->spool, WIRE_ALERTS), 3);
}

static void a_greeting_is_repeated_and_given_up_at_last(void **state)
{
    struct world *w = *state;

    connect_now(w);
    for (unsigned i = 1; i < 4; i++) {
        w->now += 10 * USEC_PER_SEC;
        hear_bare(w, WIRE_PONG); /* not yet, says the collector */
        assert_true(link_due(w->link) <= w->now);
        assert_int_equal(tick(w), LINK_STAYS);
        assert_int_equal(w->count, i + 1);
        assert_int_equal(last(w)->head.type, WIRE_HELLO);
    }
    w->now += 10 * USEC_PER_SEC;
    hear_bare(w, WIRE_PONG);
    assert_int_equal(tick(w), LINK_NO_WELCOME);
}

static void an_old_copy_of_a_spool_takes_a_new_epoch(void **state)
{
    struct world *w = *state;
    uint64_t epoch = spool_epoch(w->spool);

    append(w, WIRE_ALERTS, 3);
    connect_now(w);
    hear_welcome(w, 50, PLENTY);
    assert_true(spool_epoch(w->spool) != epoch);
    assert_int_equal(w->count, 2);
    assert_int_equal(last(w)->head.type, WIRE_HELLO);
    assert_true(last(w)->head.epoch == spool_epoch(w->spool));
    assert_int_equal(spool_oldest(w->spool, WIRE_ALERTS), 1);
}

static void a_copy_is_told_to_take_a_new_epoch(void **state)
{
    struct world *w = *state;
    uint64_t epoch = spool_epoch(w->spool);

    connect_now(w);
    hear_bye(w, WIRE_BYE_RENEW);
    assert_true(spool_epoch(w->spool) != epoch);
    assert_int_equal(last(w)->head.type, WIRE_HELLO);
}

/* ------------------------------------------------------------------ batches */

static void what_is_committed_later_is_sent_then(void **state)
{
    struct world *w = *state;

    come_up(w);
    append(w, WIRE_ALERTS, 2);
    link_send(w->link, w->now);
    append(w, WIRE_ALERTS, 1);
    link_send(w->link, w->now);
    link_send(w->link, w->now);
    assert_int_equal(w->count, 2);
    assert_batch(&w->said[0], WIRE_ALERTS, 1, 2);
    assert_batch(&w->said[1], WIRE_ALERTS, 3, 1);
    hear_limit(w, WIRE_ACK, WIRE_ALERTS, 2, PLENTY);
    assert_int_equal(spool_oldest(w->spool, WIRE_ALERTS), 3);
}

static void alerts_go_before_all_else(void **state)
{
    struct world *w = *state;

    come_up(w);
    append(w, WIRE_EVIDENCE, 1);
    append(w, WIRE_USAGE, 1);
    append(w, WIRE_HEALTH, 1);
    append(w, WIRE_ALERTS, 1);
    link_send(w->link, w->now);
    assert_int_equal(w->count, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_batch(&w->said[i], WIRE_ALERTS + i, 1, 1);
}

static void without_credit_nothing_is_sent(void **state)
{
    struct world *w = *state;

    connect_now(w);
    hear_welcome(w, 0, 100000);
    append_bytes(w, WIRE_ALERTS, 200, 1000);
    append(w, WIRE_USAGE, 1);
    w->count = 0;
    link_send(w->link, w->now);
    assert_int_equal(w->count, 3); /* 65 KB, 65 KB beyond the limit, the other stream */
    assert_batch(&w->said[2], WIRE_USAGE, 1, 1);
    hear_limit(w, WIRE_CREDIT, WIRE_ALERTS, 0, 130000);
    link_send(w->link, w->now);
    assert_int_equal(w->count, 3);
    hear_limit(w, WIRE_CREDIT, WIRE_ALERTS, 0, 131000);
    hear_limit(w, WIRE_CREDIT, WIRE_ALERTS, 0, 5); /* never less */
    link_send(w->link, w->now);
    assert_int_equal(w->count, 4);
    assert_batch(&w->said[3], WIRE_ALERTS, 131, 65);
}

static void what_did_not_fit_is_sent_when_there_is_room(void **state)
{
    struct world *w = *state;

    come_up(w);
    append(w, WIRE_ALERTS, 1);
    w->no_room = true;
    link_send(w->link, w->now);
    w->no_room = false;
    assert_int_equal(w->count, 0);
    link_send(w->link, w->now);
    assert_batch(last(w), WIRE_ALERTS, 1, 1);
}

static void a_rewind_sends_again_from_there(void **state)
{
    struct world *w = *state;

    come_up(w);
    for (unsigned i = 0; i < 4; i++) {
        append(w, WIRE_ALERTS, 1);
        link_send(w->link, w->now);
    }
    hear_limit(w, WIRE_REWIND, WIRE_ALERTS, 3, PLENTY);
    assert_int_equal(spool_oldest(w->spool, WIRE_ALERTS), 3);
    link_send(w->link, w->now);
    assert_int_equal(w->count, 5);
    assert_batch(last(w), WIRE_ALERTS, 3, 2);
    assert_int_equal(link_counts(w->link)->rewinds, 1);
}

static void a_new_spool_is_greeted_with_anew(void **state)
{
    struct world *w = *state;

    come_up(w);
    assert_int_equal(spool_renew(w->spool), 0);
    link_send(w->link, w->now);
    assert_int_equal(last(w)->head.type, WIRE_HELLO);
    assert_true(last(w)->head.epoch == spool_epoch(w->spool));
}

static void words_about_the_spool_that_is_gone_are_passed_over(void **state)
{
    struct world *w = *state;
    auto_buffer struct buffer payload = {0};
    uint64_t epoch = spool_epoch(w->spool);

    come_up(w);
    append(w, WIRE_ALERTS, 3);
    link_send(w->link, w->now);
    assert_int_equal(spool_renew(w->spool), 0);
    wire_limit_add(&payload, PLENTY);
    hear(w, (struct wire_head){.type = WIRE_ACK, .stream = 1, .seq = 3, .epoch = epoch},
         &payload);
    assert_int_equal(spool_oldest(w->spool, WIRE_ALERTS), 1);
}

static void a_collector_that_was_started_again_is_greeted_once(void **state)
{
    struct world *w = *state;

    come_up(w);
    append(w, WIRE_ALERTS, 1);
    link_send(w->link, w->now);
    hear_bye(w, WIRE_BYE_HELLO);
    hear_bye(w, WIRE_BYE_HELLO);
    assert_int_equal(w->count, 2);
    assert_int_equal(last(w)->head.type, WIRE_HELLO);
    hear_welcome(w, 0, PLENTY);
    link_send(w->link, w->now);
    assert_batch(last(w), WIRE_ALERTS, 1, 1);
    assert_int_equal(tick(w), LINK_STAYS);
}

/* ------------------------------------------------------------------ being asked */

static void what_is_asked_for_is_handed_on_when_it_may_be(void **state)
{
    struct world *w = *state;
    auto_buffer struct buffer payload = {0};

    wire_ask_add(&payload, &(struct wire_ask){.length = 7});
    connect_now(w);
    hear(w, (struct wire_head){.type = WIRE_EVIDENCE_ASK}, &payload);
    assert_int_equal(w->asked.length, 0); /* not before it was welcomed */
    hear_welcome(w, 0, PLENTY);
    hear(w, (struct wire_head){.type = WIRE_EVIDENCE_ASK}, &payload);
    assert_int_equal(w->asked.length, 7);
    payload.len--;
    hear(w, (struct wire_head){.type = WIRE_EVIDENCE_ASK}, &payload);
    assert_int_equal(link_counts(w->link)->refused, 1);
}

/* ------------------------------------------------------------------ what cannot be */

static void an_acknowledgement_of_what_was_never_sent_ends_it(void **state)
{
    struct world *w = *state;

    come_up(w);
    append(w, WIRE_ALERTS, 3);
    hear_limit(w, WIRE_ACK, WIRE_ALERTS, 3, PLENTY);
    assert_int_equal(spool_oldest(w->spool, WIRE_ALERTS), 1);
    assert_int_equal(link_due(w->link), 0);
    assert_int_equal(tick(w), LINK_CONFUSED);
}

static void a_rewind_to_what_is_gone_ends_it(void **state)
{
    struct world *w = *state;

    come_up(w);
    append(w, WIRE_ALERTS, 3);
    link_send(w->link, w->now);
    hear_limit(w, WIRE_ACK, WIRE_ALERTS, 3, PLENTY);
    hear_limit(w, WIRE_REWIND, WIRE_ALERTS, 2, PLENTY);
    assert_int_equal(tick(w), LINK_CONFUSED);
}

static void words_about_another_epoch_or_stream_are_passed_over(void **state)
{
    struct world *w = *state;
    auto_buffer struct buffer payload = {0};

    come_up(w);
    append(w, WIRE_ALERTS, 3);
    link_send(w->link, w->now);
    wire_limit_add(&payload, PLENTY);
    hear(w, (struct wire_head){.type = WIRE_ACK, .stream = 1, .seq = 3, .epoch = 1},
         &payload);
    hear_limit(w, WIRE_ACK, 0, 3, PLENTY);
    hear_limit(w, WIRE_ACK, WIRE_STREAMS, 3, PLENTY);
    assert_int_equal(spool_oldest(w->spool, WIRE_ALERTS), 1);
    assert_int_equal(tick(w), LINK_STAYS);
}

static void rubbish_is_counted_and_is_no_sign_of_life(void **state)
{
    struct world *w = *state;

    come_up(w);
    w->now += 29 * USEC_PER_SEC;
    link_receive(w->link, "rubbish", 7, w->now);
    assert_int_equal(link_counts(w->link)->refused, 1);
    w->now += USEC_PER_SEC;
    assert_int_equal(tick(w), LINK_SILENT);
}

/* ------------------------------------------------------------------ time */

static void an_address_where_nobody_is_is_left_after_10_s(void **state)
{
    struct world *w = *state;

    link_opened(w->link, w->now);
    assert_true(link_due(w->link) == w->now + 10 * USEC_PER_SEC);
    w->now += 10 * USEC_PER_SEC - 1;
    assert_int_equal(tick(w), LINK_STAYS);
    w->now += 1;
    assert_int_equal(tick(w), LINK_NO_CONNECTION);
    assert_int_equal(tick(w), LINK_STAYS); /* it is told once */
    assert_true(link_due(w->link) == SPOOL_NEVER);
}

static void a_lost_connection_is_left_at_once(void **state)
{
    struct world *w = *state;

    link_opened(w->link, w->now);
    link_lost(w->link); /* nobody listens there */
    assert_int_equal(link_due(w->link), 0);
    assert_int_equal(tick(w), LINK_NO_CONNECTION);
    link_lost(w->link);
    assert_int_equal(tick(w), LINK_STAYS);
    come_up(w);
    link_lost(w->link);
    assert_int_equal(tick(w), LINK_LOST);
}

static void the_wait_doubles_to_a_minute_and_a_welcome_ends_that(void **state)
{
    struct world *w = *state;
    usec_t expected = USEC_PER_SEC;

    for (unsigned i = 0; i < 9; i++) {
        link_opened(w->link, w->now);
        w->now += 10 * USEC_PER_SEC;
        assert_int_equal(tick(w), LINK_NO_CONNECTION);
        assert_in_range(w->wait, expected * 3 / 4, expected * 5 / 4);
        expected = expected * 2 < USEC_PER_MIN ? expected * 2 : USEC_PER_MIN;
    }
    come_up(w);
    w->now += 30 * USEC_PER_SEC;
    assert_int_equal(tick(w), LINK_SILENT);
    assert_in_range(w->wait, USEC_PER_SEC * 3 / 4, USEC_PER_SEC * 5 / 4);
}

static void both_keep_the_line_warm(void **state)
{
    struct world *w = *state;

    come_up(w);
    w->now += 10 * USEC_PER_SEC;
    assert_true(link_due(w->link) <= w->now);
    assert_int_equal(tick(w), LINK_STAYS);
    assert_int_equal(last(w)->head.type, WIRE_PING);
    hear_bare(w, WIRE_PONG);
    hear_bare(w, WIRE_PING);
    assert_int_equal(last(w)->head.type, WIRE_PONG);
    assert_int_equal(w->count, 2);
    assert_true(link_due(w->link) == w->now + 10 * USEC_PER_SEC);
}

static void a_ping_that_finds_no_room_does_not_spin(void **state)
{
    struct world *w = *state;

    come_up(w);
    w->now += 10 * USEC_PER_SEC;
    w->no_room = true;
    assert_int_equal(tick(w), LINK_STAYS);
    assert_true(link_due(w->link) > w->now);
}

static void without_acknowledgement_for_30_s_it_goes_elsewhere(void **state)
{
    struct world *w = *state;

    come_up(w);
    append(w, WIRE_ALERTS, 2);
    link_send(w->link, w->now);
    w->now += 20 * USEC_PER_SEC;
    hear_bare(w, WIRE_PONG);
    w->now += 10 * USEC_PER_SEC;
    hear_bare(w, WIRE_PONG);
    assert_true(link_due(w->link) <= w->now);
    assert_int_equal(tick(w), LINK_NO_ACK);
}

static void every_acknowledgement_gives_another_30_s(void **state)
{
    struct world *w = *state;

    come_up(w);
    append(w, WIRE_ALERTS, 2);
    link_send(w->link, w->now);
    w->now += 29 * USEC_PER_SEC;
    hear_limit(w, WIRE_ACK, WIRE_ALERTS, 1, PLENTY);
    w->now += 29 * USEC_PER_SEC;
    assert_int_equal(tick(w), LINK_STAYS);
    hear_limit(w, WIRE_ACK, WIRE_ALERTS, 2, PLENTY);
    for (unsigned i = 0; i < 10; i++) {
        w->now += 20 * USEC_PER_SEC;
        hear_bare(w, WIRE_PONG);
        assert_int_equal(tick(w), LINK_STAYS); /* nothing is awaited any more */
    }
}

static void who_is_revoked_comes_back_after_ten_minutes(void **state)
{
    struct world *w = *state;

    come_up(w);
    hear_bye(w, WIRE_BYE_REVOKED);
    assert_int_equal(link_due(w->link), 0);
    assert_int_equal(tick(w), LINK_REVOKED);
    assert_in_range(w->wait, 7 * USEC_PER_MIN, 13 * USEC_PER_MIN);
}

static void a_collector_that_stops_is_left(void **state)
{
    struct world *w = *state;

    come_up(w);
    hear_bye(w, WIRE_BYE_GOING);
    assert_int_equal(tick(w), LINK_SENT_OFF);
    connect_now(w);
    hear_bye(w, 200); /* a code of a later version */
    assert_int_equal(tick(w), LINK_SENT_OFF);
}

static void it_says_goodbye(void **state)
{
    struct world *w = *state;

    link_bye(w->link);
    assert_int_equal(w->count, 0);
    come_up(w);
    link_bye(w->link);
    assert_int_equal(last(w)->head.type, WIRE_BYE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_greeting_says_what_the_spool_has),
        WITH_FIXTURE(nothing_is_sent_before_the_welcome),
        WITH_FIXTURE(it_goes_on_where_the_collector_is),
        WITH_FIXTURE(a_greeting_is_repeated_and_given_up_at_last),
        WITH_FIXTURE(an_old_copy_of_a_spool_takes_a_new_epoch),
        WITH_FIXTURE(a_copy_is_told_to_take_a_new_epoch),
        WITH_FIXTURE(what_is_committed_later_is_sent_then),
        WITH_FIXTURE(alerts_go_before_all_else),
        WITH_FIXTURE(without_credit_nothing_is_sent),
        WITH_FIXTURE(what_did_not_fit_is_sent_when_there_is_room),
        WITH_FIXTURE(a_rewind_sends_again_from_there),
        WITH_FIXTURE(a_new_spool_is_greeted_with_anew),
        WITH_FIXTURE(words_about_the_spool_that_is_gone_are_passed_over),
        WITH_FIXTURE(a_collector_that_was_started_again_is_greeted_once),
        WITH_FIXTURE(an_acknowledgement_of_what_was_never_sent_ends_it),
        WITH_FIXTURE(a_rewind_to_what_is_gone_ends_it),
        WITH_FIXTURE(words_about_another_epoch_or_stream_are_passed_over),
        WITH_FIXTURE(rubbish_is_counted_and_is_no_sign_of_life),
        WITH_FIXTURE(an_address_where_nobody_is_is_left_after_10_s),
        WITH_FIXTURE(a_lost_connection_is_left_at_once),
        WITH_FIXTURE(the_wait_doubles_to_a_minute_and_a_welcome_ends_that),
        WITH_FIXTURE(both_keep_the_line_warm),
        WITH_FIXTURE(a_ping_that_finds_no_room_does_not_spin),
        WITH_FIXTURE(without_acknowledgement_for_30_s_it_goes_elsewhere),
        WITH_FIXTURE(every_acknowledgement_gives_another_30_s),
        WITH_FIXTURE(who_is_revoked_comes_back_after_ten_minutes),
        WITH_FIXTURE(a_collector_that_stops_is_left),
        WITH_FIXTURE(it_says_goodbye),
        WITH_FIXTURE(what_is_asked_for_is_handed_on_when_it_may_be),
    };

    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
