/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/hits.h"
#include "mem.h"

#define QUEUE (128 * 1024)

struct fixture {
    int fds[2];
    struct hits_writer *writer;
    struct hits_merger *merger;
    uint8_t generations[4];
    size_t generation_count;
    struct event *event;
    uint8_t batch[HITS_BATCH_MAX];
    size_t batch_len;
    char told[16384]; /* what the merger handed over */
    uint32_t lost[HITS_SEVERITIES];
    unsigned by_rule[8];
};

static void note(struct fixture *f, const char *what, usec_t time)
{
    size_t len = strlen(f->told);

    snprintf(f->told + len, sizeof(f->told) - len, "%s@%u ", what, (unsigned)time);
}

static void on_hit(size_t rule, struct event *e, void *arg)
{
    struct fixture *f = arg;
    char what[32];

    if (event_has(e, FIELD_DST_PORT))
        snprintf(what, sizeof(what), "%u",
                 (unsigned)event_get(e, FIELD_DST_PORT)->number);
    else
        snprintf(what, sizeof(what), "hit%zu", rule);
    note(f, what, event_time(e));
    f->by_rule[rule % 8]++;
}

static void on_device(const struct event *e, void *arg)
{
    note(arg, "device", event_time(e));
}

static void on_lost(const uint32_t by_severity[HITS_SEVERITIES], void *arg)
{
    struct fixture *f = arg;

    for (size_t i = 0; i < HITS_SEVERITIES; i++)
        f->lost[i] += by_severity[i];
}

static void on_counts(const char *json, size_t len, void *arg)
{
    struct fixture *f = arg;
    char what[64];

    snprintf(what, sizeof(what), "%.*s", (int)len, json);
    note(f, what, 0);
}

static struct hits_merger *merger_of(struct fixture *f, size_t sensors, size_t most)
{
    return hits_merger_new(&(struct hits_reader_calls){.hit = on_hit,
                                                       .device = on_device,
                                                       .lost = on_lost,
                                                       .counts = on_counts,
                                                       .arg = f},
                           sensors, most);
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, f->fds), 0);
    f->writer = hits_writer_new(f->fds[0], QUEUE);
    f->merger = merger_of(f, 1, 1000);
    f->event = event_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    hits_writer_free(f->writer);
    hits_merger_free(f->merger);
    event_free(f->event);
    close(f->fds[0]);
    close(f->fds[1]);
    free(f);
    return 0;
}

/* An event of that time and some number in it. */
static const struct event *event_at(struct fixture *f, usec_t time, uint64_t number)
{
    event_begin(f->event, EVENT_FLOW, time);
    event_put_number(f->event, FIELD_SRC_PORT, number);
    return f->event;
}

/* An event of about 1,000 bytes. */
static const struct event *large_event(struct fixture *f, usec_t time)
{
    char text[1000];

    memset(text, 'x', sizeof(text));
    event_begin(f->event, EVENT_HTTP, time);
    event_put_text(f->event, FIELD_HTTP_USER_AGENT, (struct text){text, sizeof(text)});
    return f->event;
}

static bool receive(struct fixture *f)
{
    ssize_t n = recv(f->fds[1], f->batch, sizeof(f->batch), MSG_DONTWAIT);

    f->batch_len = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static int merge(struct fixture *f)
{
    return hits_merger_batch(f->merger, 0, f->batch, f->batch_len);
}

static void receive_all(struct fixture *f)
{
    while (receive(f))
        assert_int_equal(merge(f), 0);
}

/* Fills the pair itself, so that from here on the queue has to hold. */
static void fill_pair(struct fixture *f)
{
    char junk[1024] = {0};

    while (send(f->fds[0], junk, sizeof(junk), MSG_DONTWAIT) > 0)
        ;
}

static void empty_pair(struct fixture *f)
{
    while (receive(f))
        ;
}

/* ---- the writer ---- */

static void what_is_put_arrives_with_the_mark(void **state)
{
    struct fixture *f = *state;

    hits_put(f->writer, 7, SEVERITY_HIGH, event_at(f, 5, 1));
    hits_put_device(f->writer, event_at(f, 4, 1));
    hits_put_counts(f->writer, "{}");
    assert_false(hits_flush(f->writer, 10));

    assert_true(receive(f));
    assert_int_equal(merge(f), 0);
    assert_int_equal(hits_merger_run(f->merger), 10);
    assert_string_equal(f->told, "{}@0 device@4 hit7@5 ");
    assert_false(receive(f));
    assert_int_equal(hits_lost(f->writer), 0);
}

static void the_mark_alone_is_sent_once(void **state)
{
    struct fixture *f = *state;

    assert_false(hits_flush(f->writer, 10));
    assert_false(hits_flush(f->writer, 10));
    assert_true(receive(f));
    assert_int_equal(merge(f), 0);
    assert_false(receive(f));
    assert_int_equal(hits_merger_run(f->merger), 10);
}

static void a_hit_waits_until_a_mark_has_passed_it(void **state)
{
    struct fixture *f = *state;

    hits_put_device(f->writer, event_at(f, 30, 1));
    assert_false(hits_waits_for_mark(f->writer));
    hits_put(f->writer, 7, SEVERITY_HIGH, event_at(f, 20, 1));
    hits_put(f->writer, 7, SEVERITY_HIGH, event_at(f, 15, 1));
    assert_true(hits_waits_for_mark(f->writer));
    hits_flush(f->writer, 20);
    assert_true(hits_waits_for_mark(f->writer));
    receive_all(f);
    hits_merger_run(f->merger);
    assert_int_equal(f->by_rule[7], 1);

    hits_flush(f->writer, 21);
    assert_false(hits_waits_for_mark(f->writer));
    receive_all(f);
    hits_merger_run(f->merger);
    assert_int_equal(f->by_rule[7], 2);
}

static void a_full_pair_makes_nobody_wait_and_loses_nothing(void **state)
{
    struct fixture *f = *state;

    fill_pair(f);
    for (unsigned i = 0; i < 50; i++)
        hits_put(f->writer, 1, SEVERITY_HIGH, large_event(f, i));
    assert_true(hits_flush(f->writer, 100));
    assert_true(hits_flush(f->writer, 200));

    empty_pair(f);
    assert_false(hits_flush(f->writer, 200));
    receive_all(f);
    assert_int_equal(hits_merger_run(f->merger), 200);
    assert_int_equal(f->by_rule[1], 50);
    assert_int_equal(hits_lost(f->writer), 0);
}

static void a_full_queue_loses_the_lowest_severity_first_and_says_so(void **state)
{
    struct fixture *f = *state;
    unsigned low = 0, high = 0;

    fill_pair(f);
    for (unsigned i = 0; i < 60; i++, low++)
        hits_put(f->writer, 1, SEVERITY_LOW, large_event(f, i));
    for (unsigned i = 0; i < 100; i++, high++)
        hits_put(f->writer, 2, SEVERITY_HIGH, large_event(f, i));
    assert_true(hits_flush(f->writer, 1000));
    empty_pair(f);
    assert_false(hits_flush(f->writer, 1000));
    receive_all(f);
    hits_merger_run(f->merger);

    assert_int_equal(f->by_rule[2], high);
    assert_true(f->by_rule[1] < low);
    assert_int_equal(f->by_rule[1] + f->lost[SEVERITY_LOW], low);
    assert_int_equal(f->lost[SEVERITY_HIGH], 0);
    assert_int_equal(hits_lost(f->writer), f->lost[SEVERITY_LOW]);
}

static void when_all_is_of_one_severity_the_new_ones_go(void **state)
{
    struct fixture *f = *state;

    fill_pair(f);
    for (unsigned i = 0; i < 500; i++)
        hits_put(f->writer, 1, SEVERITY_LOW, large_event(f, i));
    for (unsigned i = 0; i < 3; i++)
        hits_put(f->writer, 3, SEVERITY_INFO, event_at(f, 1, i));
    empty_pair(f);
    hits_flush(f->writer, 1000);
    receive_all(f);
    hits_merger_run(f->merger);

    assert_int_equal(f->by_rule[1] + f->lost[SEVERITY_LOW], 500);
    assert_int_equal(f->lost[SEVERITY_INFO], 3);
    assert_non_null(strstr(f->told, "hit1@0 "));
}

static void a_loss_is_told_once(void **state)
{
    struct fixture *f = *state;

    fill_pair(f);
    for (unsigned i = 0; i < 500; i++)
        hits_put(f->writer, 1, SEVERITY_LOW, large_event(f, i));
    empty_pair(f);
    hits_flush(f->writer, 1000);
    receive_all(f);
    hits_put(f->writer, 1, SEVERITY_LOW, large_event(f, 1));
    hits_flush(f->writer, 2000);
    receive_all(f);
    assert_int_equal(f->lost[SEVERITY_LOW], hits_lost(f->writer));
}

static void a_mark_does_not_pass_what_still_waits(void **state)
{
    struct fixture *f = *state;
    struct hits_writer *w = hits_writer_new(f->fds[0], 1024 * 1024);
    bool waits;

    for (unsigned i = 0; i < 900; i++)
        hits_put(w, 1, SEVERITY_LOW, large_event(f, i));
    while ((waits = hits_flush(w, 900)) && receive(f)) {
        assert_int_equal(merge(f), 0);
        assert_int_equal(hits_merger_run(f->merger), 0);
        assert_string_equal(f->told, "");
    }
    assert_false(waits);
    receive_all(f);
    assert_int_equal(hits_merger_run(f->merger), 900);
    assert_int_equal(f->by_rule[1], 900);
    hits_writer_free(w);
}

static void counts_that_wait_are_the_latest(void **state)
{
    struct fixture *f = *state;

    fill_pair(f);
    hits_put_counts(f->writer, "{\"old\":1}");
    hits_put_counts(f->writer, "{\"new\":1}");
    empty_pair(f);
    hits_flush(f->writer, 1);
    receive_all(f);
    assert_string_equal(f->told, "{\"new\":1}@0 ");
}

static void counts_beside_a_full_queue_follow_it(void **state)
{
    struct fixture *f = *state;
    char json[60001];

    memset(json, ' ', 60000);
    json[0] = '{';
    json[60000] = '\0';
    for (unsigned i = 0; i < 100; i++)
        hits_put(f->writer, 1, SEVERITY_LOW, large_event(f, i));
    hits_put_counts(f->writer, json);
    assert_false(hits_flush(f->writer, 100));
    receive_all(f);
    assert_non_null(strstr(f->told, "{"));
    assert_int_equal(hits_merger_run(f->merger), 100);
    assert_int_equal(f->by_rule[1], 100);
}

static void a_reader_that_is_gone_ends_nobody(void **state)
{
    struct fixture *f = *state;

    close(f->fds[1]);
    hits_put(f->writer, 1, SEVERITY_LOW, event_at(f, 1, 1));
    assert_true(hits_flush(f->writer, 2));
    f->fds[1] = dup(f->fds[0]);
}

/* ---- the merger ---- */

static void a_hit_waits_until_every_mark_has_passed_it(void **state)
{
    struct fixture *f = *state;
    struct hits_merger *m = merger_of(f, 2, 100);

    hits_merger_put(m, 1, event_at(f, 10, 1));
    hits_merger_mark(m, 0, 20);
    assert_int_equal(hits_merger_run(m), 0);
    assert_string_equal(f->told, "");
    hits_merger_mark(m, 1, 10);
    assert_int_equal(hits_merger_run(m), 10);
    assert_string_equal(f->told, "");
    hits_merger_mark(m, 1, 11);
    hits_merger_run(m);
    assert_string_equal(f->told, "hit1@10 ");
    hits_merger_free(m);
}

static void a_sensor_that_is_gone_holds_nobody_up(void **state)
{
    struct fixture *f = *state;
    struct hits_merger *m = merger_of(f, 2, 100);

    hits_merger_put(m, 1, event_at(f, 10, 1));
    hits_merger_mark(m, 0, 20);
    hits_merger_gone(m, 1);
    assert_int_equal(hits_merger_run(m), 20);
    assert_string_equal(f->told, "hit1@10 ");

    hits_merger_mark(m, 1, 15); /* it is back */
    hits_merger_put(m, 2, event_at(f, 17, 1));
    assert_int_equal(hits_merger_run(m), 15);
    hits_merger_gone(m, 0);
    hits_merger_gone(m, 1);
    assert_int_equal(hits_merger_run(m), 20);
    assert_string_equal(f->told, "hit1@10 hit2@17 ");
    hits_merger_free(m);
}

static void facts_come_before_hits_of_the_same_time(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 20; i++)
        hits_merger_put(f->merger, 1, event_at(f, 5, i));
    hits_merger_put_device(f->merger, event_at(f, 5, 99));
    hits_merger_mark(f->merger, 0, 6);
    hits_merger_run(f->merger);
    assert_memory_equal(f->told, "device@5 hit1@5", 15);
}

/* 200 hits, many of the same time, dealt to `sensors` in an order of their own. */
static char *merged_by(struct fixture *f, size_t sensors, unsigned stride)
{
    struct hits_merger *m = merger_of(f, sensors, 1000);

    f->told[0] = '\0';
    for (unsigned i = 0; i < 200; i++) {
        unsigned n = i * stride % 200;

        event_at(f, n / 10, 0);
        event_put_number(f->event, FIELD_DST_PORT, n);
        hits_merger_put(m, 1, f->event);
    }
    for (size_t s = 0; s < sensors; s++)
        hits_merger_mark(m, s, 1000);
    hits_merger_run(m);
    hits_merger_free(m);
    return xstrdup(f->told);
}

static void the_order_is_the_same_for_one_sensor_and_for_three(void **state)
{
    struct fixture *f = *state;
    char *one = merged_by(f, 1, 1);
    char *three = merged_by(f, 3, 67);

    assert_string_equal(one, three);
    assert_int_equal(strncmp(strrchr(one, '@'), "@19", 3), 0);
    free(one);
    free(three);
}

static void put_with(struct hits_merger *m, struct fixture *f, unsigned port, unsigned n)
{
    char text[16];

    event_at(f, 5, 7);
    event_put_number(f->event, FIELD_DST_PORT, port);
    snprintf(text, sizeof(text), "%u", n);
    if (n % 3 != 0)
        event_put_text(f->event, FIELD_SEGMENT_NAME, text_of(text));
    if (n % 2 != 0)
        event_put_number(f->event, FIELD_FLOW_PACKETS_IN, n);
    hits_merger_put(m, 1 + n % 5, f->event);
}

/* Whatever fields a later version adds to either of them. */
static void what_has_one_time_goes_by_its_ends_whatever_else_it_says(void **state)
{
    struct fixture *f = *state;

    for (unsigned n = 0; n < 64; n++) {
        f->told[0] = '\0';
        put_with(f->merger, f, 443, n);
        put_with(f->merger, f, 80, 64 - n);
        hits_merger_mark(f->merger, 0, 6);
        hits_merger_run(f->merger);
        assert_string_equal(f->told, "80@5 443@5 ");
    }
}

static void hits_of_one_event_go_by_the_numbers_of_their_rules(void **state)
{
    struct fixture *f = *state;
    const struct event *e = event_at(f, 5, 1);

    hits_merger_put(f->merger, 6, e);
    hits_merger_put(f->merger, 2, e);
    hits_merger_put(f->merger, 4, e);
    hits_merger_mark(f->merger, 0, 6);
    hits_merger_run(f->merger);
    assert_string_equal(f->told, "hit2@5 hit4@5 hit6@5 ");
}

static void on_hit_changing(size_t rule, struct event *e, void *arg)
{
    on_hit(rule, e, arg);
    event_put_number(e, FIELD_DST_PORT, 1);
    event_put_text(e, FIELD_SITE_ID, TEXT("else"));
}

static void who_changes_an_event_changes_it_for_no_other_rule(void **state)
{
    struct fixture *f = *state;
    struct hits_merger *m = hits_merger_new(
        &(struct hits_reader_calls){.hit = on_hit_changing, .arg = f}, 1, 10);

    event_at(f, 5, 1);
    event_put_number(f->event, FIELD_DST_PORT, 443);
    event_put_text(f->event, FIELD_SITE_ID, TEXT("site"));
    for (size_t rule = 0; rule < 3; rule++)
        hits_merger_put(m, rule, f->event);
    event_put_number(f->event, FIELD_DST_PORT, 80);
    hits_merger_put(m, 3, f->event);
    hits_merger_mark(m, 0, 6);
    hits_merger_run(m);
    assert_string_equal(f->told, "80@5 443@5 443@5 443@5 ");
    hits_merger_free(m);
}

static void events_that_still_wait_at_the_end_are_let_go(void **state)
{
    struct fixture *f = *state;

    hits_merger_put(f->merger, 1, event_at(f, 5, 1));
    hits_merger_put(f->merger, 2, event_at(f, 5, 1));
    hits_merger_put(f->merger, 2, event_at(f, 6, 1));
    assert_string_equal(f->told, "");
}

static void a_full_merger_hands_over_the_earliest(void **state)
{
    struct fixture *f = *state;
    struct hits_merger *m = merger_of(f, 1, 2);

    hits_merger_put(m, 1, event_at(f, 30, 1));
    hits_merger_put(m, 2, event_at(f, 20, 1));
    hits_merger_put(m, 3, event_at(f, 10, 1));
    assert_string_equal(f->told, "hit3@10 ");
    hits_merger_put(m, 4, event_at(f, 40, 1));
    assert_string_equal(f->told, "hit3@10 hit2@20 ");
    assert_int_equal(hits_merger_early(m), 2);
    hits_merger_free(m);
}

/* ---- damage ---- */

static void what_waits_has_a_size_however_many_may_wait(void **state)
{
    enum { FIT = (64 << 20) / 1000 };
    struct fixture *f = *state;
    struct hits_merger *m = merger_of(f, 1, 3 * FIT);
    usec_t time = 1;

    for (unsigned i = 0; i < FIT / 10 * 9; i++)
        hits_merger_put(m, 0, large_event(f, time++));
    assert_int_equal(hits_merger_early(m), 0);
    for (unsigned i = 0; i < FIT; i++)
        hits_merger_put(m, 0, large_event(f, time++));
    assert_in_range(hits_merger_early(m), FIT / 10 * 8, FIT);
    hits_merger_free(m);
}

static void an_empty_message_is_damage_and_no_end(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hits_peek(f->fds[1], f->batch), -EAGAIN);
    assert_int_equal(send(f->fds[0], "", 0, 0), 0);
    hits_put(f->writer, 1, SEVERITY_LOW, event_at(f, 5, 1));
    assert_false(hits_flush(f->writer, 10));
    assert_int_equal(hits_peek(f->fds[1], f->batch), 0);
    assert_int_equal(merge(f), -EBADMSG);
    assert_false(receive(f));
    assert_true(hits_peek(f->fds[1], f->batch) > 0);
    assert_true(receive(f));
    assert_int_equal(merge(f), 0);
    close(f->fds[0]);
    f->fds[0] = -1;
    assert_int_equal(hits_peek(f->fds[1], f->batch), -EPIPE);
}

static void every_cut_batch_is_damaged(void **state)
{
    struct fixture *f = *state;

    hits_put(f->writer, 7, SEVERITY_HIGH, event_at(f, 5, 1));
    hits_put_counts(f->writer, "{}");
    hits_flush(f->writer, 10);
    assert_true(receive(f));
    for (size_t len = 0; len < f->batch_len; len++) {
        uint8_t *copy = xmalloc(len + 1);

        memcpy(copy, f->batch, len);
        assert_int_equal(hits_merger_batch(f->merger, 0, copy, len), -EBADMSG);
        free(copy);
    }
    assert_int_equal(merge(f), 0);
}

static void a_record_that_cannot_be_is_damage(void **state)
{
    struct fixture *f = *state;
    static const struct {
        size_t at;
        uint8_t byte;
    } faults[] = {
        {0, 9},    /* kind */
        {1, 5},    /* severity */
        {3, 1},    /* what is always zero */
        {7, 0x80}, /* length */
        {4, 3},    /* too short for a rule */
        {12, 200}, /* the event's kind */
        {0, 4},    /* a mark that is not the last */
        {0, 2},    /* not the length of a loss */
    };

    hits_put(f->writer, 7, SEVERITY_HIGH, event_at(f, 5, 1));
    hits_flush(f->writer, 10);
    assert_true(receive(f));
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        uint8_t right = f->batch[faults[i].at];

        f->batch[faults[i].at] = faults[i].byte;
        assert_int_equal(merge(f), -EBADMSG);
        f->batch[faults[i].at] = right;
    }
    assert_int_equal(merge(f), 0);
}

static void on_generation(size_t rule, struct event *e, void *arg)
{
    struct fixture *f = arg;

    (void)rule;
    (void)e;
    f->generations[f->generation_count++] = hits_merger_generation(f->merger);
}

static void a_hit_says_by_which_bundle_it_names_its_rule(void **state)
{
    struct fixture *f = *state;

    hits_merger_free(f->merger);
    f->merger = hits_merger_new(
        &(struct hits_reader_calls){.hit = on_generation, .arg = f}, 1, 100);
    hits_put(f->writer, 7, SEVERITY_HIGH, event_at(f, 5, 1));
    hits_use(f->writer, 9);
    hits_put(f->writer, 7, SEVERITY_HIGH, event_at(f, 6, 1));
    hits_flush(f->writer, 10);
    assert_true(receive(f));
    assert_int_equal(hits_merger_batch(f->merger, 0, f->batch, f->batch_len), 0);
    hits_merger_use(f->merger, 200);
    hits_merger_put(f->merger, 7, event_at(f, 7, 1));
    hits_merger_run(f->merger);
    assert_int_equal(f->generation_count, 3);
    assert_int_equal(f->generations[0], 0);
    assert_int_equal(f->generations[1], 9);
    assert_int_equal(f->generations[2], 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(what_is_put_arrives_with_the_mark),
        WITH_FIXTURE(the_mark_alone_is_sent_once),
        WITH_FIXTURE(a_hit_waits_until_a_mark_has_passed_it),
        WITH_FIXTURE(a_full_pair_makes_nobody_wait_and_loses_nothing),
        WITH_FIXTURE(a_full_queue_loses_the_lowest_severity_first_and_says_so),
        WITH_FIXTURE(when_all_is_of_one_severity_the_new_ones_go),
        WITH_FIXTURE(a_loss_is_told_once),
        WITH_FIXTURE(a_mark_does_not_pass_what_still_waits),
        WITH_FIXTURE(counts_that_wait_are_the_latest),
        WITH_FIXTURE(counts_beside_a_full_queue_follow_it),
        WITH_FIXTURE(a_reader_that_is_gone_ends_nobody),
        WITH_FIXTURE(a_hit_waits_until_every_mark_has_passed_it),
        WITH_FIXTURE(a_sensor_that_is_gone_holds_nobody_up),
        WITH_FIXTURE(facts_come_before_hits_of_the_same_time),
        WITH_FIXTURE(the_order_is_the_same_for_one_sensor_and_for_three),
        WITH_FIXTURE(what_has_one_time_goes_by_its_ends_whatever_else_it_says),
        WITH_FIXTURE(hits_of_one_event_go_by_the_numbers_of_their_rules),
        WITH_FIXTURE(who_changes_an_event_changes_it_for_no_other_rule),
        WITH_FIXTURE(events_that_still_wait_at_the_end_are_let_go),
        WITH_FIXTURE(a_full_merger_hands_over_the_earliest),
        WITH_FIXTURE(what_waits_has_a_size_however_many_may_wait),
        WITH_FIXTURE(an_empty_message_is_damage_and_no_end),
        WITH_FIXTURE(every_cut_batch_is_damaged),
        WITH_FIXTURE(a_record_that_cannot_be_is_damage),
        WITH_FIXTURE(a_hit_says_by_which_bundle_it_names_its_rule),
    };

    return cmocka_run_group_tests_name("hits", tests, NULL, NULL);
}
