/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "agent/pending.h"

static struct pending pending;

static int set_up(void **state)
{
    (void)state;
    pending = (struct pending){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pending_clear(&pending);
    return 0;
}

static struct blocks *alerts(void)
{
    return &pending.streams[WIRE_ALERTS];
}

static void assert_span(const struct block *b, uint64_t first, uint64_t last,
                        uint32_t count)
{
    assert_int_equal(b->first, first);
    assert_int_equal(b->last, last);
    assert_int_equal(b->count, count);
}

static void documents_that_follow_each_other_make_one_block(void **state)
{
    (void)state;
    pending_document(&pending, WIRE_ALERTS, 5, "five", 4);
    pending_document(&pending, WIRE_ALERTS, 6, "six", 3);
    assert_int_equal(alerts()->count, 1);
    assert_span(&alerts()->at[0], 5, 6, 2);
    assert_int_equal(pending.bytes, 7);
}

static void a_block_is_no_longer_than_a_batch(void **state)
{
    static const uint8_t document[1000];

    (void)state;
    for (uint64_t seq = 1; seq <= 200; seq++)
        pending_document(&pending, WIRE_ALERTS, seq, document, sizeof(document));
    assert_int_equal(alerts()->count, 4);
    for (size_t i = 0; i < alerts()->count; i++)
        assert_true(alerts()->at[i].bytes.len <= WIRE_BATCH_MAX);
    assert_span(&alerts()->at[3], 196, 200, 5);
}

static void losses_of_one_reason_become_one(void **state)
{
    struct cur c;
    struct wire_record r;
    uint64_t seq = 2;

    (void)state;
    pending_document(&pending, WIRE_ALERTS, 1, "one", 3);
    pending_lost(&pending, WIRE_ALERTS, 2, 1, WIRE_LOSS_FULL);
    pending_lost(&pending, WIRE_ALERTS, 3, 4, WIRE_LOSS_FULL);
    pending_lost(&pending, WIRE_ALERTS, 7, 1, WIRE_LOSS_LONG);
    pending_document(&pending, WIRE_ALERTS, 8, "eight", 5);
    assert_int_equal(alerts()->count, 4);
    assert_span(&alerts()->at[1], 2, 6, 1);
    assert_span(&alerts()->at[2], 7, 7, 1);
    c = cur_over(alerts()->at[1].bytes.at, alerts()->at[1].bytes.len);
    assert_int_equal(wire_record_next(&c, &seq, &r), 0);
    assert_int_equal(r.last, 6);
    assert_int_equal(cur_left(&c), 0);
}

static void a_restart_numbers_from_one_behind_the_loss(void **state)
{
    (void)state;
    pending_document(&pending, WIRE_ALERTS, 70, "a", 1);
    pending_document(&pending, WIRE_ALERTS, 71, "b", 1);
    pending_lost(&pending, WIRE_ALERTS, 72, 3, WIRE_LOSS_LONG);
    assert_int_equal(pending_restart(&pending, WIRE_ALERTS, 10, WIRE_LOSS_DAMAGED), 16);
    assert_span(&alerts()->at[0], 1, 10, 1);
    assert_int_equal(alerts()->at[0].lost, WIRE_LOSS_DAMAGED);
    assert_span(&alerts()->at[1], 11, 12, 2);
    assert_span(&alerts()->at[2], 13, 15, 1);
    assert_int_equal(pending_restart(&pending, WIRE_USAGE, 0, WIRE_LOSS_DAMAGED), 1);
    assert_int_equal(pending.streams[WIRE_USAGE].count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(documents_that_follow_each_other_make_one_block),
        WITH_FIXTURE(a_block_is_no_longer_than_a_batch),
        WITH_FIXTURE(losses_of_one_reason_become_one),
        WITH_FIXTURE(a_restart_numbers_from_one_behind_the_loss),
    };

    return cmocka_run_group_tests_name("pending", tests, NULL, NULL);
}
