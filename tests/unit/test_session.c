/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "collector/session.h"
#include "crc32c.h"
#include "memory_store.h"

#define KEY_ONE   "1111111111111111111111111111111111111111"
#define KEY_TWO   "2222222222222222222222222222222222222222"
#define KEY_OTHER "9999999999999999999999999999999999999999"
#define EPOCH     77

struct heard {
    struct wire_head head;
    uint8_t to; /* the peer's one byte */
    uint64_t limit;
    struct wire_welcome welcome;
    struct wire_bye_text bye;
};

struct world {
    struct memory_store store;
    struct roster *roster;
    struct sessions *sessions;
    struct moment at;
    struct heard heard[256];
    unsigned count;
    unsigned welcomed;
    uint8_t answered; /* code */
};

static int on_send(const struct wire_peer *to, const struct wire_head *head,
                   const void *payload, size_t len, void *arg)
{
    struct world *w = arg;
    struct heard *h = &w->heard[w->count];
    struct cur c = cur_over(payload, len);

    assert_true(w->count < 256);
    *h = (struct heard){.head = *head, .to = to->id[0]};
    if (head->type == WIRE_WELCOME)
        assert_int_equal(wire_welcome_parse(c, &h->welcome), 0);
    if (head->type == WIRE_ACK || head->type == WIRE_REWIND)
        assert_int_equal(wire_limit_parse(c, &h->limit), 0);
    if (head->type == WIRE_BYE)
        assert_int_equal(wire_bye_parse(c, &h->bye), 0);
    h->bye.why.at = NULL; /* was borrowed */
    w->count++;
    return 0;
}

static void on_welcome(const char *agent, void *arg)
{
    struct world *w = arg;

    w->welcomed += strcmp(agent, "one") == 0;
}

static void on_answer(const char *agent, const struct wire_answer *answer, void *arg)
{
    struct world *w = arg;

    assert_string_equal(agent, "one");
    w->answered = answer->code;
}

static void start(struct world *w)
{
    struct sessions_settings set = {.store = &w->store.calls,
                                    .budget = 64 << 20,
                                    .send = on_send,
                                    .on_welcome = on_welcome,
                                    .on_answer = on_answer,
                                    .arg = w};

    w->roster = set.roster = roster_new(&w->store.calls, w->at.now);
    w->sessions = sessions_new(&set);
}

static void stop(struct world *w)
{
    sessions_free(w->sessions);
    roster_free(w->roster);
}

static int set_up(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));
    struct intake_agent one = {.name = "one", .key = KEY_ONE},
                        two = {.name = "two", .key = KEY_TWO};

    memory_store_init(&w->store);
    w->store.calls.agent_add(&w->store, &one);
    w->store.calls.agent_add(&w->store, &two);
    w->at = (struct moment){.now = USEC_PER_HOUR, .wall = 1700000000 * USEC_PER_SEC};
    start(w);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    stop(w);
    memory_store_done(&w->store);
    free(w);
    return 0;
}

static void pass(struct world *w, usec_t time)
{
    w->at.now += time;
    w->at.wall += time;
}

/* ------------------------------------------------------------------ an agent's part */

static void hear_bytes(struct world *w, const char *key, uint8_t peer, const void *bytes,
                       size_t len)
{
    struct wire_message m = {.bytes = bytes,
                             .len = len,
                             .peer = {.len = 1, .id = {peer}},
                             .key = key,
                             .from = "10.0.0.7"};

    sessions_receive(w->sessions, &m, w->at);
}

static void hear(struct world *w, const char *key, uint8_t peer, struct wire_head head,
                 const struct buffer *payload)
{
    auto_free uint8_t *message = xmalloc(WIRE_HEAD + payload->len);

    wire_head_write(&head, payload->at, payload->len, message);
    if (payload->len > 0)
        memcpy(message + WIRE_HEAD, payload->at, payload->len);
    hear_bytes(w, key, peer, message, WIRE_HEAD + payload->len);
}

static int turn(struct world *w)
{
    return sessions_turn(w->sessions, w->at);
}

static void hello(struct world *w, const char *key, uint8_t peer, uint64_t epoch,
                  uint8_t boot, uint64_t oldest)
{
    struct wire_hello h = {.version = TEXT("0.1.0"), .boot = {boot}};
    auto_buffer struct buffer payload = {0};

    for (unsigned s = 1; s < WIRE_STREAMS; s++) {
        h.streams[s].oldest = 1;
        h.streams[s].newest = 1000;
    }
    h.streams[WIRE_ALERTS].oldest = oldest;
    wire_hello_add(&payload, &h);
    hear(w, key, peer, (struct wire_head){.type = WIRE_HELLO, .epoch = epoch}, &payload);
    turn(w);
}

static void bare(struct world *w, uint8_t peer, enum wire_type type)
{
    struct buffer nothing = {0};

    hear(w, KEY_ONE, peer, (struct wire_head){.type = (uint8_t)type}, &nothing);
    turn(w);
}

/* A batch of documents with the numbers first to last, without the turn's end. */
static void batch_of(struct world *w, uint64_t epoch, enum wire_stream stream,
                     uint64_t first, uint64_t last)
{
    auto_buffer struct buffer payload = {0};

    for (uint64_t seq = first; seq <= last; seq++) {
        auto_free char *text = xasprintf("document %llu", (unsigned long long)seq);

        wire_document_add(&payload, text, strlen(text));
    }
    hear(w, KEY_ONE, 1,
         (struct wire_head){.type = WIRE_BATCH,
                            .stream = (uint8_t)stream,
                            .epoch = epoch,
                            .seq = first,
                            .count = (uint32_t)(last - first + 1)},
         &payload);
}

static void batch(struct world *w, uint64_t first, uint64_t last)
{
    batch_of(w, EPOCH, WIRE_ALERTS, first, last);
}

static const struct heard *last_heard(const struct world *w)
{
    assert_true(w->count > 0);
    return &w->heard[w->count - 1];
}

static void assert_heard(struct world *w, uint8_t peer, enum wire_type type)
{
    assert_int_equal(last_heard(w)->to, peer);
    assert_int_equal(last_heard(w)->head.type, type);
}

static void assert_ack(struct world *w, uint64_t seq)
{
    assert_heard(w, 1, WIRE_ACK);
    assert_int_equal(last_heard(w)->head.seq, seq);
}

static void assert_bye(struct world *w, uint8_t peer, enum wire_bye code)
{
    assert_heard(w, peer, WIRE_BYE);
    assert_int_equal(last_heard(w)->bye.code, code);
}

/* Documents 1 to last are there, once and in order, and nothing else. */
static void assert_stored(struct world *w, uint64_t last)
{
    assert_int_equal(w->store.now.row_count, last);
    for (uint64_t seq = 1; seq <= last; seq++)
        assert_int_equal(w->store.rows[seq - 1].seq, seq);
}

/* ------------------------------------------------------------------ the usual way */

static void an_agent_is_welcomed_and_its_records_stored(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    assert_heard(w, 1, WIRE_WELCOME);
    assert_true(last_heard(w)->head.epoch == EPOCH);
    assert_int_equal(last_heard(w)->welcome.streams[WIRE_ALERTS].committed, 0);
    assert_int_equal(last_heard(w)->welcome.streams[WIRE_ALERTS].limit, 1 << 20);
    batch(w, 1, 3);
    assert_int_equal(w->count, 1); /* nothing is acknowledged before the commit */
    assert_int_equal(turn(w), 0);
    assert_ack(w, 3);
    assert_true(last_heard(w)->limit > 1 << 20);
    assert_stored(w, 3);
    assert_string_equal(w->store.rows[2].agent, "one");
    assert_string_equal(w->store.rows[2].text, "document 3");
    assert_int_equal(w->store.notice_count, 1);
    assert_int_equal(w->store.notices[0].kind, INTAKE_NOTICE_EPOCH);
}

static void batches_of_one_turn_are_one_transaction(void **state)
{
    struct world *w = *state;
    unsigned commits;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    commits = w->store.commits;
    for (uint64_t seq = 1; seq <= 50; seq++)
        batch(w, seq, seq);
    turn(w);
    assert_int_equal(w->store.commits, commits + 1);
    assert_int_equal(w->count, 2); /* and one acknowledgement */
    assert_ack(w, 50);
    assert_stored(w, 50);
}

static void each_stream_has_its_own_numbers(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    batch_of(w, EPOCH, WIRE_HEALTH, 1, 2);
    batch_of(w, EPOCH, WIRE_EVIDENCE, 1, 1);
    turn(w);
    assert_int_equal(w->count, 3);
    assert_int_equal(w->heard[1].head.stream, WIRE_HEALTH);
    assert_int_equal(w->heard[1].head.seq, 2);
    assert_int_equal(w->heard[2].head.stream, WIRE_EVIDENCE);
    assert_int_equal(w->heard[2].head.seq, 1);
}

static void what_was_stored_before_is_acknowledged_and_not_stored_again(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    batch(w, 1, 3);
    turn(w);
    batch(w, 1, 3);
    turn(w);
    assert_ack(w, 3);
    assert_stored(w, 3);
    batch(w, 2, 5); /* half of it is new */
    turn(w);
    assert_ack(w, 5);
    assert_stored(w, 5);
    assert_int_equal(sessions_counts(w->sessions)->repeats, 5);
}

static void a_gap_is_asked_for_once(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    batch(w, 1, 2);
    batch(w, 5, 6);
    batch(w, 7, 8);
    turn(w);
    assert_heard(w, 1, WIRE_REWIND);
    assert_int_equal(last_heard(w)->head.seq, 3);
    assert_int_equal(w->count, 2);
    batch(w, 9, 9);
    turn(w);
    assert_int_equal(w->count, 2);
    assert_stored(w, 2);
    batch(w, 3, 9);
    turn(w);
    assert_ack(w, 9);
    assert_stored(w, 9);
}

static void a_started_collector_goes_on_where_it_was(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    batch(w, 1, 3);
    turn(w);
    stop(w);
    start(w);
    batch(w, 4, 4);
    turn(w);
    assert_bye(w, 1, WIRE_BYE_HELLO);
    hello(w, KEY_ONE, 1, EPOCH, 1, 2);
    assert_heard(w, 1, WIRE_WELCOME);
    assert_int_equal(last_heard(w)->welcome.streams[WIRE_ALERTS].committed, 3);
    assert_int_equal(w->store.notice_count, 1);
    batch(w, 4, 4);
    turn(w);
    assert_stored(w, 4);
}

static void a_loss_is_stored_and_closes_the_gap(void **state)
{
    struct world *w = *state;
    auto_buffer struct buffer payload = {0};

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    batch(w, 1, 2);
    wire_lost_add(&payload, 10, WIRE_LOSS_QUOTA); /* begins with what was stored */
    wire_document_add(&payload, "eleven", 6);
    hear(w, KEY_ONE, 1,
         (struct wire_head){.type = WIRE_BATCH,
                            .stream = WIRE_ALERTS,
                            .epoch = EPOCH,
                            .seq = 1,
                            .count = 2},
         &payload);
    turn(w);
    assert_ack(w, 11);
    assert_int_equal(w->store.rows[2].seq, 3);
    assert_int_equal(w->store.rows[2].last, 10);
    assert_int_equal(w->store.rows[2].why, WIRE_LOSS_QUOTA);
    assert_int_equal(w->store.rows[3].seq, 11);
    assert_int_equal(sessions_counts(w->sessions)->lost[WIRE_ALERTS], 8);
}

static void what_cannot_be_read_is_kept_aside_and_the_rest_goes_on(void **state)
{
    struct world *w = *state;
    auto_buffer struct buffer payload = {0};

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    wire_document_add(&payload, "one", 3);
    wire_document_add(&payload, "?", 1);
    buffer_add(&payload, "\x63\0\0\0\0", 5); /* a kind of a later version */
    wire_document_add(&payload, "four", 4);
    hear(w, KEY_ONE, 1,
         (struct wire_head){.type = WIRE_BATCH,
                            .stream = WIRE_ALERTS,
                            .epoch = EPOCH,
                            .seq = 1,
                            .count = 4},
         &payload);
    turn(w);
    assert_ack(w, 4);
    assert_stored(w, 4);
    assert_false(w->store.rows[0].rejected);
    assert_true(w->store.rows[1].rejected);
    assert_true(w->store.rows[2].rejected);
    assert_false(w->store.rows[3].rejected);
    assert_int_equal(sessions_counts(w->sessions)->rejected, 2);
}

static void a_batch_in_pieces_does_not_stop_the_stream(void **state)
{
    struct world *w = *state;
    auto_buffer struct buffer payload = {0};

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    wire_document_add(&payload, "one", 3);
    buffer_add(&payload, "\1\0\0\0\xffrubble", 11);
    hear(w, KEY_ONE, 1,
         (struct wire_head){.type = WIRE_BATCH,
                            .stream = WIRE_ALERTS,
                            .epoch = EPOCH,
                            .seq = 1,
                            .count = 5},
         &payload);
    turn(w);
    assert_ack(w, 5);
    assert_int_equal(w->store.now.row_count, 2);
    assert_true(w->store.rows[1].rejected);
    assert_int_equal(w->store.rows[1].seq, 2);
    batch(w, 6, 6);
    turn(w);
    assert_ack(w, 6);
}

static void pieces_do_not_take_the_numbers_of_what_was_stored(void **state)
{
    struct world *w = *state;
    auto_buffer struct buffer payload = {0};

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    batch(w, 1, 3);
    turn(w);
    buffer_add(&payload, "rubble", 6);
    hear(w, KEY_ONE, 1,
         (struct wire_head){.type = WIRE_BATCH,
                            .stream = WIRE_ALERTS,
                            .epoch = EPOCH,
                            .seq = 2,
                            .count = 9},
         &payload);
    turn(w);
    assert_ack(w, 10);
    assert_int_equal(w->store.now.row_count, 4);
    assert_int_equal(w->store.rows[3].seq, 4);
}

static void a_collector_with_an_old_memory_counts_what_it_forgot(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    batch(w, 1, 3);
    turn(w);
    hello(w, KEY_ONE, 2, EPOCH, 1, 8);
    assert_heard(w, 2, WIRE_WELCOME);
    assert_int_equal(last_heard(w)->welcome.streams[WIRE_ALERTS].committed, 7);
    assert_int_equal(w->store.rows[3].seq, 4);
    assert_int_equal(w->store.rows[3].last, 7);
    assert_int_equal(w->store.rows[3].why, WIRE_LOSS_FORGOTTEN);
}

static void a_new_epoch_begins_at_its_oldest(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    hello(w, KEY_ONE, 1, EPOCH + 1, 1, 501);
    assert_int_equal(last_heard(w)->welcome.streams[WIRE_ALERTS].committed, 500);
    assert_int_equal(w->store.now.row_count, 0);
    assert_int_equal(w->store.notice_count, 2);
}

/* ------------------------------------------------------------------ a store that fails
 */

static void nothing_is_acknowledged_when_the_commit_fails(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    batch(w, 1, 2);
    turn(w);
    w->store.fail_commit = -ENOSPC;
    batch(w, 3, 5);
    assert_int_equal(turn(w), -ENOSPC);
    batch(w, 6, 6); /* was on its way */
    turn(w);
    assert_int_equal(w->count, 2);
    assert_stored(w, 2);

    w->store.fail_commit = 0;
    pass(w, USEC_PER_SEC);
    sessions_tick(w->sessions, w->at);
    assert_int_equal(w->heard[2].head.type, WIRE_REWIND);
    assert_int_equal(w->heard[2].head.stream, WIRE_ALERTS);
    assert_int_equal(w->heard[2].head.seq, 3);
    batch(w, 3, 6);
    turn(w);
    assert_ack(w, 6);
    assert_stored(w, 6);
    assert_int_equal(sessions_counts(w->sessions)->failed, 1);
}

static void a_store_that_says_nothing_at_all_moves_no_cursor(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    batch(w, 1, 2);
    turn(w);
    w->store.fail_commit = w->store.fail_get = -EIO;
    batch(w, 3, 5);
    assert_int_equal(turn(w), -EIO);
    w->store.fail_commit = w->store.fail_get = 0;
    pass(w, USEC_PER_SEC);
    sessions_tick(w->sessions, w->at);
    assert_int_equal(w->heard[2].head.type, WIRE_REWIND);
    assert_int_equal(w->heard[2].head.seq, 3);
}

static void a_record_that_fails_takes_the_whole_turn_back(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    batch(w, 1, 2);
    w->store.fail_put = -EIO;
    batch(w, 3, 3);
    w->store.fail_put = 0;
    batch(w, 4, 4);
    assert_int_equal(turn(w), -EIO);
    assert_stored(w, 0);
    pass(w, USEC_PER_SEC);
    sessions_tick(w->sessions, w->at);
    batch(w, 1, 4);
    turn(w);
    assert_ack(w, 4);
    assert_stored(w, 4);
}

static void an_agent_is_not_welcomed_when_the_store_fails(void **state)
{
    struct world *w = *state;

    w->store.fail_begin = -EAGAIN;
    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    assert_heard(w, 1, WIRE_PONG);
    w->store.fail_begin = 0;
    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    assert_heard(w, 1, WIRE_WELCOME);
}

static void another_intake_that_was_faster_is_noticed(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    batch(w, 1, 2);
    turn(w);
    memory_cursor(&w->store, "one", EPOCH, WIRE_ALERTS)->seq = 4; /* it stored 3 and 4 */
    batch(w, 3, 5);
    assert_int_equal(turn(w), -ESTALE);
    pass(w, USEC_PER_SEC);
    sessions_tick(w->sessions, w->at);
    assert_int_equal(w->heard[2].head.type, WIRE_REWIND);
    assert_int_equal(w->heard[2].head.seq, 5);
    batch(w, 5, 5);
    turn(w);
    assert_ack(w, 5);
    assert_int_equal(w->store.now.row_count, 3);
}

/* ------------------------------------------------------------------ who may speak */

static void a_key_that_is_not_listed_is_told_off(void **state)
{
    struct world *w = *state;

    hello(w, KEY_OTHER, 9, EPOCH, 1, 1);
    assert_bye(w, 9, WIRE_BYE_REVOKED);
    assert_int_equal(sessions_counts(w->sessions)->revoked, 1);
    assert_int_equal(sessions_counts(w->sessions)->open, 0);
}

static void the_next_message_of_a_revoked_key_is_refused(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    batch(w, 1, 2);
    turn(w);
    w->store.calls.agent_revoke(&w->store, "one", 5);
    batch(w, 3, 3);
    turn(w);
    assert_bye(w, 1, WIRE_BYE_REVOKED);
    assert_stored(w, 2);
    assert_int_equal(sessions_counts(w->sessions)->open, 0);
}

static void a_key_that_is_revoked_while_the_store_is_busy_is_refused(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    w->store.revoke_at_begin = "one";
    batch(w, 1, 2);
    batch(w, 3, 3);
    turn(w);
    assert_stored(w, 0);
    assert_bye(w, 1, WIRE_BYE_REVOKED);
}

static void a_silent_revoked_agent_is_told_within_a_second(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    w->store.calls.agent_revoke(&w->store, "one", 5);
    pass(w, USEC_PER_SEC);
    sessions_tick(w->sessions, w->at);
    assert_bye(w, 1, WIRE_BYE_REVOKED);
    assert_int_equal(sessions_counts(w->sessions)->open, 0);
}

static void an_address_is_no_name(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    hear(w, KEY_TWO, 1,
         (struct wire_head){.type = WIRE_BATCH,
                            .stream = WIRE_ALERTS,
                            .epoch = EPOCH,
                            .seq = 1,
                            .count = 1},
         &(struct buffer){.at = (char[]){1, 0, 0, 0, 1, 'x'}, .len = 6});
    turn(w);
    assert_bye(w, 1, WIRE_BYE_HELLO);
    assert_stored(w, 0);
    hello(w, KEY_TWO, 1, EPOCH, 1, 1);
    batch(w, 1, 1); /* by the first key, at what is now the other's address */
    turn(w);
    assert_stored(w, 0);
}

/* ------------------------------------------------------------------ copies */

static void another_boot_with_the_same_spool_waits_until_the_first_is_dead(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    batch(w, 1, 2);
    turn(w);
    for (unsigned i = 0; i < 3; i++) {
        hello(w, KEY_ONE, 2, EPOCH, 2, 1);
        assert_heard(w, 2, WIRE_PONG);
        pass(w, 10 * USEC_PER_SEC);
    }
    hello(w, KEY_ONE, 2, EPOCH, 2, 1);
    assert_heard(w, 2, WIRE_WELCOME);
    assert_int_equal(last_heard(w)->welcome.streams[WIRE_ALERTS].committed, 2);
    assert_int_equal(sessions_counts(w->sessions)->copies, 0);
    assert_int_equal(sessions_counts(w->sessions)->open, 1);
}

static void a_copy_with_the_same_spool_takes_a_new_epoch(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    hello(w, KEY_ONE, 2, EPOCH, 2, 1);
    pass(w, USEC_PER_SEC);
    bare(w, 1, WIRE_PING); /* may have been on its way */
    assert_int_equal(sessions_counts(w->sessions)->copies, 0);
    pass(w, USEC_PER_SEC);
    bare(w, 1, WIRE_PING);
    assert_int_equal(sessions_counts(w->sessions)->copies, 1);
    assert_int_equal(w->store.notices[1].kind, INTAKE_NOTICE_COPY);
    hello(w, KEY_ONE, 2, EPOCH, 2, 1);
    assert_bye(w, 2, WIRE_BYE_RENEW);
    hello(w, KEY_ONE, 2, EPOCH + 1, 2, 1);
    assert_heard(w, 2, WIRE_WELCOME);
    batch(w, 1, 1); /* the first one's is no repeat of the other's */
    turn(w);
    assert_stored(w, 1);
    assert_int_equal(sessions_counts(w->sessions)->open, 2);
}

static void a_copy_with_its_own_spool_is_reported(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    hello(w, KEY_ONE, 2, EPOCH + 1, 2, 1);
    assert_heard(w, 2, WIRE_WELCOME);
    pass(w, 3 * USEC_PER_SEC);
    bare(w, 1, WIRE_PING);
    assert_int_equal(sessions_counts(w->sessions)->copies, 1);
    bare(w, 1, WIRE_PING);
    assert_int_equal(sessions_counts(w->sessions)->copies, 1); /* told once an hour */
}

static void a_restarted_process_is_no_copy(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    batch(w, 1, 2);
    turn(w);
    hello(w, KEY_ONE, 2, EPOCH, 1, 1);
    assert_heard(w, 2, WIRE_WELCOME);
    assert_int_equal(sessions_counts(w->sessions)->open, 1);
    pass(w, 5 * USEC_PER_SEC);
    bare(w, 1, WIRE_PING);
    assert_bye(w, 1, WIRE_BYE_HELLO);
    assert_int_equal(sessions_counts(w->sessions)->copies, 0);
}

static void a_farewell_lets_the_next_boot_in_at_once(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    bare(w, 1, WIRE_BYE);
    hello(w, KEY_ONE, 2, EPOCH, 2, 1);
    assert_heard(w, 2, WIRE_WELCOME);
}

static void one_agent_has_a_few_sessions_at_most(void **state)
{
    struct world *w = *state;

    for (uint8_t i = 1; i <= 12; i++) {
        hello(w, KEY_ONE, i, EPOCH + i, i, 1);
        pass(w, USEC_PER_MSEC);
    }
    assert_int_equal(sessions_counts(w->sessions)->open, 4);
}

/* ------------------------------------------------------------------ rubbish, time */

static void rubbish_is_counted_and_changes_nothing(void **state)
{
    struct world *w = *state;
    auto_buffer struct buffer payload = {0};

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    hear_bytes(w, KEY_ONE, 1, "rubbish", 7);
    hear_bytes(w, KEY_ONE, 1, NULL, 0);
    assert_int_equal(sessions_counts(w->sessions)->malformed, 2);
    wire_document_add(&payload, "x", 1);
    hear(w, KEY_ONE, 1,
         (struct wire_head){.type = WIRE_BATCH, .stream = 0, .epoch = EPOCH, .seq = 1},
         &payload);
    hear(w, KEY_ONE, 1,
         (struct wire_head){.type = WIRE_BATCH, .stream = 99, .epoch = EPOCH, .seq = 1},
         &payload);
    hear(w, KEY_ONE, 1,
         (struct wire_head){.type = WIRE_BATCH, .stream = 1, .epoch = EPOCH, .seq = 0},
         &payload);
    hear(w, KEY_ONE, 1, (struct wire_head){.type = 200}, &payload);
    assert_int_equal(sessions_counts(w->sessions)->unknown, 4);
    turn(w);
    assert_stored(w, 0);
    batch_of(w, EPOCH + 9, WIRE_ALERTS, 1, 1);
    assert_bye(w, 1, WIRE_BYE_HELLO);
}

static void another_major_version_is_sent_away(void **state)
{
    struct world *w = *state;
    uint8_t message[WIRE_HEAD];
    struct wire_head head = {.type = WIRE_HELLO};
    uint32_t crc;

    wire_head_write(&head, NULL, 0, message);
    message[4] = 2;
    crc = crc32c(0, message, 44);
    for (unsigned i = 0; i < 4; i++)
        message[44 + i] = (uint8_t)(crc >> (24 - 8 * i));
    hear_bytes(w, KEY_ONE, 1, message, sizeof(message));
    assert_bye(w, 1, WIRE_BYE_VERSION);
}

static void both_keep_the_line_warm(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    bare(w, 1, WIRE_PING);
    assert_heard(w, 1, WIRE_PONG);
    pass(w, 10 * USEC_PER_SEC);
    sessions_tick(w->sessions, w->at);
    assert_heard(w, 1, WIRE_PING);
    pass(w, 20 * USEC_PER_SEC);
    sessions_tick(w->sessions, w->at);
    assert_int_equal(sessions_counts(w->sessions)->open, 0);
    batch(w, 1, 1);
    assert_bye(w, 1, WIRE_BYE_HELLO);
}

static void an_agent_that_is_silent_for_five_minutes_is_reported_once(void **state)
{
    struct world *w = *state;
    unsigned silent = 0, back = 0;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    sessions_tick(w->sessions, w->at);
    assert_int_equal(w->store.last_state, INTAKE_UP);
    for (unsigned i = 0; i < 400; i++) {
        pass(w, USEC_PER_SEC);
        sessions_tick(w->sessions, w->at);
        if (i == 60)
            assert_int_equal(w->store.last_state, INTAKE_LATE);
    }
    assert_int_equal(w->store.last_state, INTAKE_SILENT);
    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    sessions_tick(w->sessions, w->at);
    assert_int_equal(w->store.last_state, INTAKE_UP);
    for (size_t i = 0; i < w->store.notice_count; i++) {
        silent += w->store.notices[i].kind == INTAKE_NOTICE_SILENT;
        back += w->store.notices[i].kind == INTAKE_NOTICE_BACK;
    }
    assert_int_equal(silent, 2); /* and the other one, which never came */
    assert_int_equal(back, 1);
}

static void an_agent_that_speaks_is_reported_once_a_minute(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    for (unsigned i = 0; i < 180; i++) {
        bare(w, 1, WIRE_PING);
        sessions_tick(w->sessions, w->at);
        pass(w, USEC_PER_SEC);
    }
    assert_int_equal(w->store.reports, 3);
}

static void credit_is_shared_out(void **state)
{
    struct world *w = *state;
    struct sessions_settings set = {.store = &w->store.calls,
                                    .roster = w->roster,
                                    .budget = 1 << 20,
                                    .send = on_send,
                                    .arg = w};

    sessions_free(w->sessions);
    w->sessions = sessions_new(&set);
    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    assert_int_equal(last_heard(w)->welcome.streams[WIRE_ALERTS].limit, (1 << 20) / 5);
    hello(w, KEY_TWO, 2, EPOCH, 1, 1);
    assert_int_equal(last_heard(w)->welcome.streams[WIRE_ALERTS].limit, (1 << 20) / 9);
    for (uint8_t i = 3; i < 6; i++)
        hello(w, KEY_TWO, i, EPOCH + i, 1, 1);
    assert_int_equal(last_heard(w)->welcome.streams[WIRE_ALERTS].limit, 64 << 10);
}

static void all_are_told_when_the_collector_stops(void **state)
{
    struct world *w = *state;

    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    hello(w, KEY_TWO, 2, EPOCH, 1, 1);
    w->count = 0;
    sessions_bye(w->sessions);
    assert_int_equal(w->count, 2);
    assert_int_equal(w->heard[0].bye.code, WIRE_BYE_GOING);
}

/* ------------------------------------------------------------------ asking */

static void an_agent_is_asked_in_the_session_that_was_heard_last(void **state)
{
    const struct wire_ask ask = {.length = 1};
    struct world *w = *state;

    assert_int_equal(sessions_ask(w->sessions, "one", &ask, w->at), -EHOSTUNREACH);
    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    pass(w, USEC_PER_SEC);
    hello(w, KEY_ONE, 2, EPOCH + 1, 1, 1);
    assert_int_equal(w->welcomed, 2);
    assert_int_equal(sessions_ask(w->sessions, "one", &ask, w->at), 0);
    assert_heard(w, 2, WIRE_EVIDENCE_ASK);
    assert_int_equal(sessions_ask(w->sessions, "three", &ask, w->at), -EHOSTUNREACH);
}

static void what_it_says_to_that_is_handed_on(void **state)
{
    struct world *w = *state;
    auto_buffer struct buffer payload = {0};

    wire_answer_add(&payload, &(struct wire_answer){.code = WIRE_ANSWER_REFUSED});
    hello(w, KEY_ONE, 1, EPOCH, 1, 1);
    hear(w, KEY_ONE, 1, (struct wire_head){.type = WIRE_EVIDENCE_ANSWER}, &payload);
    assert_int_equal(w->answered, WIRE_ANSWER_REFUSED);
    payload.len = 3;
    hear(w, KEY_ONE, 1, (struct wire_head){.type = WIRE_EVIDENCE_ANSWER}, &payload);
    assert_int_equal(sessions_counts(w->sessions)->malformed, 1);
}

static void an_agent_of_version_1_0_is_not_asked(void **state)
{
    struct wire_hello h = {.version = TEXT("0.1.0"), .boot = {1}};
    const struct wire_ask ask = {.length = 1};
    struct world *w = *state;
    auto_buffer struct buffer payload = {0};
    auto_free uint8_t *message = NULL;
    struct wire_head head = {.type = WIRE_HELLO, .epoch = EPOCH};
    uint32_t crc;

    for (unsigned s = 1; s < WIRE_STREAMS; s++)
        h.streams[s].oldest = 1;
    wire_hello_add(&payload, &h);
    message = xmalloc(WIRE_HEAD + payload.len);
    wire_head_write(&head, payload.at, payload.len, message);
    message[5] = 0; /* its minor version */
    crc = crc32c(crc32c(0, message, 44), payload.at, payload.len);
    for (unsigned i = 0; i < 4; i++)
        message[44 + i] = (uint8_t)(crc >> (24 - 8 * i));
    memcpy(message + WIRE_HEAD, payload.at, payload.len);
    hear_bytes(w, KEY_ONE, 1, message, WIRE_HEAD + payload.len);
    turn(w);
    assert_heard(w, 1, WIRE_WELCOME);
    assert_int_equal(sessions_ask(w->sessions, "one", &ask, w->at), -EPROTONOSUPPORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(an_agent_is_welcomed_and_its_records_stored),
        WITH_FIXTURE(batches_of_one_turn_are_one_transaction),
        WITH_FIXTURE(each_stream_has_its_own_numbers),
        WITH_FIXTURE(what_was_stored_before_is_acknowledged_and_not_stored_again),
        WITH_FIXTURE(a_gap_is_asked_for_once),
        WITH_FIXTURE(a_started_collector_goes_on_where_it_was),
        WITH_FIXTURE(a_loss_is_stored_and_closes_the_gap),
        WITH_FIXTURE(what_cannot_be_read_is_kept_aside_and_the_rest_goes_on),
        WITH_FIXTURE(a_batch_in_pieces_does_not_stop_the_stream),
        WITH_FIXTURE(pieces_do_not_take_the_numbers_of_what_was_stored),
        WITH_FIXTURE(a_collector_with_an_old_memory_counts_what_it_forgot),
        WITH_FIXTURE(a_new_epoch_begins_at_its_oldest),
        WITH_FIXTURE(nothing_is_acknowledged_when_the_commit_fails),
        WITH_FIXTURE(a_store_that_says_nothing_at_all_moves_no_cursor),
        WITH_FIXTURE(a_record_that_fails_takes_the_whole_turn_back),
        WITH_FIXTURE(an_agent_is_not_welcomed_when_the_store_fails),
        WITH_FIXTURE(another_intake_that_was_faster_is_noticed),
        WITH_FIXTURE(a_key_that_is_not_listed_is_told_off),
        WITH_FIXTURE(the_next_message_of_a_revoked_key_is_refused),
        WITH_FIXTURE(a_key_that_is_revoked_while_the_store_is_busy_is_refused),
        WITH_FIXTURE(a_silent_revoked_agent_is_told_within_a_second),
        WITH_FIXTURE(an_address_is_no_name),
        WITH_FIXTURE(another_boot_with_the_same_spool_waits_until_the_first_is_dead),
        WITH_FIXTURE(a_copy_with_the_same_spool_takes_a_new_epoch),
        WITH_FIXTURE(a_copy_with_its_own_spool_is_reported),
        WITH_FIXTURE(a_restarted_process_is_no_copy),
        WITH_FIXTURE(a_farewell_lets_the_next_boot_in_at_once),
        WITH_FIXTURE(one_agent_has_a_few_sessions_at_most),
        WITH_FIXTURE(rubbish_is_counted_and_changes_nothing),
        WITH_FIXTURE(another_major_version_is_sent_away),
        WITH_FIXTURE(both_keep_the_line_warm),
        WITH_FIXTURE(an_agent_that_is_silent_for_five_minutes_is_reported_once),
        WITH_FIXTURE(an_agent_that_speaks_is_reported_once_a_minute),
        WITH_FIXTURE(credit_is_shared_out),
        WITH_FIXTURE(all_are_told_when_the_collector_stops),
        WITH_FIXTURE(an_agent_is_asked_in_the_session_that_was_heard_last),
        WITH_FIXTURE(what_it_says_to_that_is_handed_on),
        WITH_FIXTURE(an_agent_of_version_1_0_is_not_asked),
    };

    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
