/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/journal.h"
#include "mem.h"

#define LARGEST 1000

struct told {
    size_t count, sensors;
    uint8_t first[64]; /* of each batch, its first byte */
    size_t len[64];
};

static int set_up(void **state)
{
    *state = journal_new(5 * 1024, LARGEST);
    assert_non_null(*state);
    return 0;
}

static int tear_down(void **state)
{
    journal_free(*state);
    return 0;
}

static void add(struct journal *j, size_t sensor, uint8_t byte, size_t len)
{
    memset(journal_room(j), byte, len);
    journal_add(j, sensor, len);
}

static void note(size_t sensor, const uint8_t *bytes, size_t len, void *arg)
{
    struct told *t = arg;

    assert_in_range(t->count, 0, 63);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(bytes[i], bytes[0]);
    t->sensors += sensor;
    t->first[t->count] = bytes[0];
    t->len[t->count++] = len;
}

static struct told read_back(struct journal *j)
{
    struct told t = {0};

    journal_each(j, note, &t);
    return t;
}

static void batches_are_read_back_in_their_order(void **state)
{
    struct told t;

    add(*state, 0, 1, 10);
    add(*state, 2, 2, LARGEST);
    add(*state, 1, 3, 1);
    t = read_back(*state);
    assert_int_equal(t.count, 3);
    assert_memory_equal(t.first, "\1\2\3", 3);
    assert_int_equal(t.len[1], LARGEST);
    assert_int_equal(t.sensors, 3);
}

static void the_oldest_make_room_and_what_stays_is_whole(void **state)
{
    for (unsigned i = 0; i < 10000; i++) {
        struct told t;

        add(*state, 0, (uint8_t)i, 1 + i * 37 % LARGEST);
        if (i % 97)
            continue;
        t = read_back(*state);
        assert_true(t.count > 0);
        for (size_t k = 0; k < t.count; k++)
            assert_int_equal(t.first[k], (uint8_t)(i + 1 - t.count + k));
    }
}

static void a_batch_that_was_not_added_was_never_here(void **state)
{
    add(*state, 0, 1, 10);
    memset(journal_room(*state), 9, LARGEST);
    assert_int_equal(read_back(*state).count, 1);
}

static void it_outlives_the_process_that_wrote(void **state)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        add(*state, 0, 7, 100);
        journal_set_done(*state, 1234);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(read_back(*state).first[0], 7);
    assert_int_equal(journal_done(*state), 1234);
}

static void only_the_last_batch_of_the_same_sensor_is_a_repeat(void **state)
{
    uint8_t bytes[4] = {5, 5, 5, 5};

    assert_false(journal_is_repeat(*state, 0, bytes, 4));
    add(*state, 0, 5, 4);
    assert_true(journal_is_repeat(*state, 0, bytes, 4));
    assert_false(journal_is_repeat(*state, 0, bytes, 3));
    assert_false(journal_is_repeat(*state, 1, bytes, 4));
    add(*state, 1, 6, 4);
    assert_true(journal_is_repeat(*state, 0, bytes, 4));
    add(*state, 0, 6, 4);
    assert_false(journal_is_repeat(*state, 0, bytes, 4));
}

static void what_nobody_reads_to_its_end_is_given_up_and_not_at_the_first_time(
    void **state)
{
    size_t batches = 0;

    add(*state, 0, 1, 10);
    add(*state, 0, 2, 10);
    for (unsigned i = 0; i < JOURNAL_READINGS; i++) {
        assert_true(journal_begin(*state, &batches));
        assert_int_equal(read_back(*state).count, 2);
    }
    assert_false(journal_begin(*state, &batches));
    assert_int_equal(batches, 2);
    assert_int_equal(read_back(*state).count, 0);
    journal_end(*state);
    add(*state, 0, 3, 10);
    assert_true(journal_begin(*state, &batches));
    assert_int_equal(read_back(*state).count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(batches_are_read_back_in_their_order),
        WITH_FIXTURE(the_oldest_make_room_and_what_stays_is_whole),
        WITH_FIXTURE(a_batch_that_was_not_added_was_never_here),
        WITH_FIXTURE(it_outlives_the_process_that_wrote),
        WITH_FIXTURE(only_the_last_batch_of_the_same_sensor_is_a_repeat),
        WITH_FIXTURE(what_nobody_reads_to_its_end_is_given_up_and_not_at_the_first_time),
    };

    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
