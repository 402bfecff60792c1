/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "agent/stream.h"

#define CLIENT 0
#define SERVER 1
#define MOST   100

struct fixture {
    struct stream_pool *pool; /* two flows, 4 KiB */
    struct flow flows[3];
};

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.pool = stream_pool_new(2, 4096)};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < 3; i++)
        stream_release(f->pool, &f->flows[i]);
    assert_int_equal(stream_used(f->pool), 0);
    stream_pool_free(f->pool);
    return 0;
}

static int put(struct fixture *f, unsigned flow, unsigned side, uint32_t at,
               const char *bytes)
{
    return stream_put(f->pool, &f->flows[flow], side, at, cur_over(bytes, strlen(bytes)),
                      MOST);
}

static void assert_ready(struct fixture *f, unsigned flow, unsigned side,
                         const char *bytes)
{
    struct cur c = stream_ready(&f->flows[flow], side);

    assert_int_equal(cur_left(&c), strlen(bytes));
    if (*bytes)
        assert_memory_equal(c.pos, bytes, strlen(bytes));
}

static void bytes_are_ready_once_no_hole_is_before_them(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put(f, 0, CLIENT, 6, "ghi"), 0);
    assert_ready(f, 0, CLIENT, "");
    assert_int_equal(put(f, 0, CLIENT, 0, "abc"), 0);
    assert_ready(f, 0, CLIENT, "abc");
    assert_int_equal(put(f, 0, CLIENT, 3, "def"), 0);
    assert_ready(f, 0, CLIENT, "abcdefghi");
}

static void the_sides_of_a_flow_are_apart(void **state)
{
    struct fixture *f = *state;

    put(f, 0, CLIENT, 0, "asks");
    put(f, 0, SERVER, 0, "answers");
    assert_ready(f, 0, CLIENT, "asks");
    assert_ready(f, 0, SERVER, "answers");
    stream_drop(f->pool, &f->flows[0], CLIENT);
    assert_ready(f, 0, CLIENT, "");
    assert_ready(f, 0, SERVER, "answers");
}

static void where_segments_overlap_the_first_bytes_stay(void **state)
{
    struct fixture *f = *state;

    put(f, 0, CLIENT, 2, "CD");
    put(f, 0, CLIENT, 6, "GH");
    put(f, 0, CLIENT, 0, "abcdefghij");
    assert_ready(f, 0, CLIENT, "abCDefGHij");
    put(f, 0, CLIENT, 0, "xxxxxxxxxxk");
    assert_ready(f, 0, CLIENT, "abCDefGHijk");
}

static void an_overlap_at_either_end_keeps_the_first_bytes(void **state)
{
    struct fixture *f = *state;

    put(f, 0, CLIENT, 3, "DEF");
    put(f, 0, CLIENT, 5, "xGH");
    put(f, 0, CLIENT, 0, "abcx");
    assert_ready(f, 0, CLIENT, "abcDEFGH");
}

static void what_is_read_makes_room_and_the_rest_moves_up(void **state)
{
    struct fixture *f = *state;

    put(f, 0, CLIENT, 0, "abcdef");
    put(f, 0, CLIENT, 8, "ij");
    stream_take(f->pool, &f->flows[0], CLIENT, 4);
    assert_ready(f, 0, CLIENT, "ef");
    put(f, 0, CLIENT, 2, "gh");
    assert_ready(f, 0, CLIENT, "efghij");
    stream_take(f->pool, &f->flows[0], CLIENT, 6);
    assert_false(stream_holds(&f->flows[0], CLIENT));
    assert_null(f->flows[0].stage.stream);
    assert_int_equal(stream_used(f->pool), 0);
}

static void bytes_can_be_passed_over_before_they_come(void **state)
{
    struct fixture *f = *state;

    put(f, 0, CLIENT, 0, "ab");
    put(f, 0, CLIENT, 5, "fgh");
    stream_take(f->pool, &f->flows[0], CLIENT, 6);
    assert_ready(f, 0, CLIENT, "gh");
    stream_take(f->pool, &f->flows[0], CLIENT, 5000);
    assert_false(stream_holds(&f->flows[0], CLIENT));
}

static void no_more_is_kept_of_a_side_than_it_may(void **state)
{
    struct fixture *f = *state;
    char long_text[MOST + 51];
    struct cur c;

    memset(long_text, 'x', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';
    assert_int_equal(put(f, 0, CLIENT, 10, long_text), 0);
    assert_int_equal(put(f, 0, CLIENT, 0, "0123456789"), 0);
    c = stream_ready(&f->flows[0], CLIENT);
    assert_int_equal(cur_left(&c), MOST);
    assert_int_equal(put(f, 0, CLIENT, MOST, "x"), -ENOBUFS);
    assert_int_equal(put(f, 0, CLIENT, UINT32_MAX, "x"), -ENOBUFS);
}

static void too_many_holes_are_refused(void **state)
{
    struct fixture *f = *state;

    for (uint32_t i = 0; i < STREAM_RANGES; i++)
        assert_int_equal(put(f, 0, CLIENT, 1 + 2 * i, "x"), 0);
    assert_int_equal(put(f, 0, CLIENT, 1 + 2 * STREAM_RANGES, "x"), -ENOBUFS);
}

static void a_new_flow_takes_the_place_of_the_one_longest_without_bytes(void **state)
{
    struct fixture *f = *state;

    put(f, 0, CLIENT, 0, "a");
    put(f, 1, CLIENT, 0, "b");
    put(f, 0, SERVER, 0, "c");
    put(f, 2, CLIENT, 0, "d");

    assert_int_equal(stream_evicted(f->pool), 1);
    assert_null(f->flows[1].stage.stream);
    assert_true(f->flows[1].stage.reading.finished[CLIENT]);
    assert_true(f->flows[1].stage.reading.finished[SERVER]);
    assert_ready(f, 0, CLIENT, "a");
    assert_ready(f, 2, CLIENT, "d");
    assert_false(f->flows[0].stage.reading.finished[CLIENT]);
}

static void the_bytes_of_all_flows_together_are_bounded(void **state)
{
    struct fixture *f = *state;
    static const uint8_t bytes[4096];

    assert_int_equal(
        stream_put(f->pool, &f->flows[0], CLIENT, 0, cur_over(bytes, 2000), 65536), 0);
    assert_int_equal(
        stream_put(f->pool, &f->flows[1], CLIENT, 0, cur_over(bytes, 4000), 65536), 0);
    assert_int_equal(stream_evicted(f->pool), 1);
    assert_int_equal(stream_used(f->pool), 4096);
    assert_int_equal(
        stream_put(f->pool, &f->flows[1], CLIENT, 4096, cur_over(bytes, 1), 65536),
        -ENOBUFS);
}

static void a_note_stays_as_long_as_something_is_kept_of_its_flow(void **state)
{
    static const uint8_t zeros[STREAM_NOTE], note[STREAM_NOTE] = "a note";
    struct fixture *f = *state;

    assert_null(stream_note(&f->flows[0]));
    stream_put_note(f->pool, &f->flows[0], note);
    assert_memory_equal(stream_note(&f->flows[0]), note, STREAM_NOTE);
    put(f, 0, 0, 5, "later");
    assert_memory_equal(stream_note(&f->flows[0]), note, STREAM_NOTE);
    put(f, 1, 0, 0, "x");
    assert_memory_equal(stream_note(&f->flows[1]), zeros, STREAM_NOTE);
    stream_release(f->pool, &f->flows[0]);
    assert_null(stream_note(&f->flows[0]));
    put(f, 0, 0, 0, "x");
    assert_memory_equal(stream_note(&f->flows[0]), zeros, STREAM_NOTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(bytes_are_ready_once_no_hole_is_before_them),
        WITH_FIXTURE(the_sides_of_a_flow_are_apart),
        WITH_FIXTURE(where_segments_overlap_the_first_bytes_stay),
        WITH_FIXTURE(an_overlap_at_either_end_keeps_the_first_bytes),
        WITH_FIXTURE(what_is_read_makes_room_and_the_rest_moves_up),
        WITH_FIXTURE(bytes_can_be_passed_over_before_they_come),
        WITH_FIXTURE(no_more_is_kept_of_a_side_than_it_may),
        WITH_FIXTURE(too_many_holes_are_refused),
        WITH_FIXTURE(a_new_flow_takes_the_place_of_the_one_longest_without_bytes),
        WITH_FIXTURE(the_bytes_of_all_flows_together_are_bounded),
        WITH_FIXTURE(a_note_stays_as_long_as_something_is_kept_of_its_flow),
    };

    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
