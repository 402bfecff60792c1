/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/recent.h"
#include "mem.h"

#define MEMORY  (256u << 10)
#define HEADERS 54
#define SNAPLEN 200

struct fixture {
    struct recent *recent;
    struct frame frames[64];
    uint8_t bytes[64][SNAPLEN];
    unsigned count;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->recent = recent_new(MEMORY);
    assert_non_null(f->recent);
    recent_begin(f->recent);
    recent_shape(f->recent, SNAPLEN, false);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    recent_free(f->recent);
    free(f);
    return 0;
}

struct memory {
    uint8_t *at;
    size_t len;
};

/* What the process shares with those that it forks: as /proc/self/maps has it, the one
 * row of anonymous memory that is shared. */
static struct memory shared_memory(void)
{
    struct memory m = {0};
    FILE *maps = fopen("/proc/self/maps", "re");
    unsigned long from, to;
    char row[512], rights[5];

    assert_non_null(maps);
    while (fgets(row, sizeof(row), maps))
        if (sscanf(row, "%lx-%lx %4s", &from, &to, rights) == 3 &&
            strcmp(rights, "rw-s") == 0 && strstr(row, "/dev/zero"))
            m = (struct memory){(uint8_t *)from, to - from};
    fclose(maps);
    assert_non_null(m.at);
    return m;
}

static void *find_in_memory(const void *bytes, size_t len)
{
    struct memory m = shared_memory();

    return memmem(m.at, m.len, bytes, len);
}

static struct addr host(uint8_t number)
{
    return (struct addr){.bytes = {[10] = 0xff, [11] = 0xff, 10, 0, 0, number}};
}

static struct recent_ends ends(uint8_t client, bool from_client)
{
    struct recent_ends e = {.src = host(client),
                            .dst = host(200),
                            .src_port = 5000,
                            .dst_port = 443,
                            .ip_proto = 6,
                            .has_ip = true};

    if (!from_client) {
        e.src = host(200);
        e.dst = host(client);
        e.src_port = 443;
        e.dst_port = 5000;
    }
    return e;
}

/* A frame of 10.0.0.CLIENT, all of its bytes that number; its mark is it, too. */
static void keep_as(struct fixture *f, uint8_t client, bool from_client, bool unsettled,
                    unsigned second)
{
    uint8_t bytes[300];

    memset(bytes, client, sizeof(bytes));
    recent_keep(f->recent,
                &(struct frame){.time = second * USEC_PER_SEC,
                                .bytes = bytes,
                                .len = sizeof(bytes),
                                .wire_len = 1500,
                                .link = 1},
                &(struct recent_about){.ends = ends(client, from_client),
                                       .mark = client,
                                       .headers = HEADERS,
                                       .unsettled = unsettled});
}

static void keep(struct fixture *f, uint8_t client, unsigned second)
{
    keep_as(f, client, true, false, second);
}

static struct recent_wanted wanted(uint8_t client, unsigned from, unsigned until)
{
    return (struct recent_wanted){.id = "1",
                                  .ends = ends(client, true),
                                  .from = from * USEC_PER_SEC,
                                  .until = until * USEC_PER_SEC,
                                  .max = 1 << 20};
}

static void ask(struct fixture *f, uint8_t client, unsigned from, unsigned until)
{
    struct recent_wanted w = wanted(client, from, until);

    recent_ask(f->recent, 0, &w);
}

static void on_frame(const struct frame *frame, void *arg)
{
    struct fixture *f = arg;

    assert_in_range(frame->len, 1, SNAPLEN);
    f->frames[f->count] = *frame;
    memcpy(f->bytes[f->count], frame->bytes, frame->len);
    f->count++;
}

static struct recent_counts collect(struct fixture *f)
{
    assert_int_equal(recent_state(f->recent, 0), RECENT_DONE);
    f->count = 0;
    return recent_each(f->recent, 0, on_frame, f);
}

static void a_gathering_has_what_was_before_it_and_what_came_after(void **state)
{
    struct fixture *f = *state;
    struct recent_counts c;

    recent_tick(f->recent, 10 * USEC_PER_SEC);
    keep(f, 1, 10);
    keep(f, 2, 11);
    keep_as(f, 1, false, false, 12);
    ask(f, 1, 11, 20);
    recent_tick(f->recent, 13 * USEC_PER_SEC);
    keep(f, 1, 14);
    keep(f, 2, 15);
    keep(f, 1, 21);
    recent_tick(f->recent, 24 * USEC_PER_SEC);
    assert_int_equal(recent_state(f->recent, 0), RECENT_OPEN);
    recent_tick(f->recent, 25 * USEC_PER_SEC);
    c = collect(f);
    assert_int_equal(f->count, 2);
    assert_int_equal(c.frames, 2);
    assert_int_equal(c.cut, 2);
    assert_false(c.late);
    assert_int_equal(f->frames[0].time, 12 * USEC_PER_SEC);
    assert_int_equal(f->frames[1].time, 14 * USEC_PER_SEC);
    assert_int_equal(f->frames[0].len, HEADERS);
    assert_int_equal(f->frames[0].wire_len, 1500);
}

static void a_rule_gets_the_bytes_that_it_asks_for_and_no_more_than_are_kept(void **state)
{
    struct fixture *f = *state;
    struct recent_wanted w = wanted(1, 0, 20);

    w.snaplen = 100;
    recent_ask(f->recent, 0, &w);
    w.snaplen = 2000;
    recent_ask(f->recent, 1, &w);
    keep(f, 1, 1);
    recent_tick(f->recent, 2 * USEC_PER_SEC);
    recent_finish(f->recent);
    collect(f);
    assert_int_equal(f->frames[0].len, 100);
    f->count = 0;
    recent_each(f->recent, 1, on_frame, f);
    assert_int_equal(f->frames[0].len, SNAPLEN);
}

static void where_only_headers_are_kept_no_payload_is_in_the_memory(void **state)
{
    struct fixture *f = *state;
    struct recent_wanted w = wanted(1, 0, 20);
    uint8_t payload[HEADERS + 1];

    recent_shape(f->recent, RECENT_HEADERS, true);
    w.snaplen = 2000;
    recent_ask(f->recent, 0, &w);
    keep(f, 1, 1);
    recent_finish(f->recent);
    collect(f);
    assert_int_equal(f->frames[0].len, HEADERS);
    memset(payload, 1, sizeof(payload));
    assert_null(find_in_memory(payload, sizeof(payload)));
}

static void what_is_wiped_is_nowhere_in_the_memory(void **state)
{
    struct fixture *f = *state;
    uint8_t trace[16];

    keep(f, 7, 1);
    keep(f, 8, 2);
    keep_as(f, 7, false, false, 3);
    ask(f, 7, 0, 9);
    recent_tick(f->recent, 4 * USEC_PER_SEC);
    keep(f, 7, 5);
    memset(trace, 7, sizeof(trace));
    assert_non_null(find_in_memory(trace, sizeof(trace)));
    recent_wipe(f->recent, 7);
    assert_null(find_in_memory(trace, sizeof(trace)));
    memset(trace, 8, sizeof(trace));
    assert_non_null(find_in_memory(trace, sizeof(trace)));
    recent_tick(f->recent, 60 * USEC_PER_SEC);
    assert_int_equal(collect(f).frames, 0);
}

static void what_is_unsettled_at_the_end_nobody_gets(void **state)
{
    struct fixture *f = *state;

    keep_as(f, 1, true, true, 1);
    ask(f, 1, 0, 9);
    recent_tick(f->recent, 2 * USEC_PER_SEC);
    keep_as(f, 1, true, true, 3);
    recent_finish(f->recent);
    assert_int_equal(collect(f).frames, 0);
}

static void what_was_settled_in_time_is_there(void **state)
{
    struct fixture *f = *state;

    keep_as(f, 1, true, true, 1);
    ask(f, 1, 0, 9);
    recent_tick(f->recent, 2 * USEC_PER_SEC);
    keep_as(f, 1, true, true, 3);
    recent_settle(f->recent, 1);
    recent_finish(f->recent);
    assert_int_equal(collect(f).frames, 2);
}

static void newer_frames_take_the_place_of_the_oldest_and_it_is_told(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 5000; i++)
        keep(f, i % 100 == 0 ? 1 : 2, i);
    ask(f, 1, 10, 4999);
    recent_finish(f->recent);
    assert_true(collect(f).late);
    assert_in_range(f->count, 1, 49);
    assert_int_equal(f->frames[f->count - 1].time, 4900 * USEC_PER_SEC);
}

/* One that is asked for right after a start, or new rules, begins later than it should.
 */
static void what_a_new_sensor_cannot_have_seen_is_told(void **state)
{
    struct fixture *f = *state;

    recent_tick(f->recent, 100 * USEC_PER_SEC);
    keep(f, 1, 100);
    ask(f, 1, 90, 101);
    recent_finish(f->recent);
    assert_true(collect(f).late);
    recent_release(f->recent, 0);

    ask(f, 1, 100, 101);
    recent_finish(f->recent);
    assert_false(collect(f).late);
    recent_release(f->recent, 0);

    recent_shape(f->recent, SNAPLEN / 2, false);
    recent_tick(f->recent, 200 * USEC_PER_SEC);
    ask(f, 1, 100, 201);
    recent_finish(f->recent);
    assert_true(collect(f).late);
    assert_int_equal(f->count, 0);
}

static void what_stands_behind_another_ones_headers_is_not_kept(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[300] = {0};

    recent_keep(f->recent,
                &(struct frame){.time = USEC_PER_SEC,
                                .bytes = bytes,
                                .len = sizeof(bytes),
                                .wire_len = sizeof(bytes),
                                .link = 1},
                &(struct recent_about){
                    .ends = ends(1, true), .mark = 1, .headers = HEADERS, .bare = true});
    ask(f, 1, 0, 9);
    recent_finish(f->recent);
    assert_int_equal(collect(f).cut, 1);
    assert_int_equal(f->frames[0].len, HEADERS);
}

static void what_has_no_room_is_counted(void **state)
{
    struct fixture *f = *state;
    struct recent_wanted w = wanted(1, 0, 99);
    struct recent_counts c;

    w.max = 24 + 3 * (16 + HEADERS);
    recent_ask(f->recent, 0, &w);
    for (unsigned i = 0; i < 10; i++)
        keep(f, 1, i);
    recent_finish(f->recent);
    c = collect(f);
    assert_int_equal(c.frames, 3);
    assert_int_equal(c.no_room, 7);
}

static void wiping_again_and_again_finds_the_chain_whole(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 4000; i++) {
        keep(f, (uint8_t)(1 + i % 3), i);
        if (i % 3 == 0)
            recent_wipe(f->recent, 1);
    }
    ask(f, 1, 0, 9999);
    recent_finish(f->recent);
    assert_int_equal(collect(f).frames, 0);
}

static void the_device_is_known_by_its_address_or_its_hardware_address(void **state)
{
    struct fixture *f = *state;
    struct recent_wanted w = wanted(1, 0, 99);

    w.device = true;
    w.ends.src_port = 1; /* of no meaning */
    keep(f, 1, 1);
    keep_as(f, 1, false, false, 2);
    keep(f, 3, 3);
    recent_ask(f->recent, 0, &w);
    recent_finish(f->recent);
    assert_int_equal(collect(f).frames, 2);
}

static void a_sensor_that_begins_leaves_nothing_of_the_one_before(void **state)
{
    struct fixture *f = *state;
    uint8_t trace[16];
    struct recent_counts c;

    ask(f, 1, 0, 99);
    keep(f, 1, 1);
    recent_tick(f->recent, 2 * USEC_PER_SEC);
    keep(f, 1, 3);
    recent_begin(f->recent);
    c = collect(f);
    assert_true(c.interrupted);
    assert_int_equal(c.frames, 0);
    memset(trace, 1, sizeof(trace));
    assert_null(find_in_memory(trace, sizeof(trace)));
}

static void a_released_place_is_free_and_empty(void **state)
{
    struct fixture *f = *state;

    ask(f, 1, 0, 99);
    keep(f, 1, 1);
    recent_finish(f->recent);
    recent_release(f->recent, 0);
    assert_int_equal(recent_state(f->recent, 0), RECENT_FREE);
    ask(f, 2, 0, 99);
    recent_finish(f->recent);
    assert_int_equal(collect(f).frames, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- a sensor that was taken over ---- */

static void look_at(const struct frame *frame, void *arg)
{
    const struct memory *m = arg;

    assert_true(frame->bytes >= m->at && frame->bytes + frame->len <= m->at + m->len);
}

/* The courier's functions, in the order that it calls them. */
static void look_as_courier(struct fixture *f, struct memory *m)
{
    for (size_t place = 0; place < RECENT_PLACES; place++) {
        const struct recent_wanted *w = recent_wanted(f->recent, place);

        assert_true(strlen(w->id) < RECENT_ID && strlen(w->note) < RECENT_NOTE);
        (void)recent_state(f->recent, place);
        (void)recent_each(f->recent, place, look_at, m);
        recent_release(f->recent, place);
        assert_int_equal(recent_state(f->recent, place), RECENT_FREE);
    }
}

static void whatever_a_sensor_writes_the_courier_stays_within_the_memory(void **state)
{
    struct fixture *f = *state;
    struct memory m = shared_memory();
    uint64_t number = 1;

    memset(m.at, 0xff, m.len);
    look_as_courier(f, &m);
    for (unsigned round = 0; round < 64; round++) {
        for (size_t i = 0; i + 8 <= m.len; i += 8) {
            number = number * UINT64_C(6364136223846793005) + 1442695040888963407;
            memcpy(m.at + i, &(uint64_t){number >> (number >> 58)}, 8);
        }
        look_as_courier(f, &m);
    }
}

static void a_slot_longer_than_its_place_is_passed_over(void **state)
{
    struct fixture *f = *state;
    struct memory m = shared_memory();
    struct recent_wanted w = wanted(1, 0, 20);
    struct recent_counts before, after;

    w.snaplen = SNAPLEN;
    keep(f, 1, 1);
    recent_ask(f->recent, 0, &w);
    recent_finish(f->recent);
    before = recent_each(f->recent, 0, look_at, &m);
    assert_int_equal(before.frames, 1);
    for (size_t i = 0; i + 4 <= m.len; i += 4)
        if (memcmp(m.at + i, &(uint32_t){SNAPLEN}, 4) == 0 &&
            memcmp(m.at + i + 4, &(uint32_t){300}, 4) == 0)
            memcpy(m.at + i, &(uint32_t){SNAPLEN + 1}, 4); /* len, before captured */
    after = recent_each(f->recent, 0, look_at, &m);
    assert_int_equal(after.frames, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_gathering_has_what_was_before_it_and_what_came_after),
        TEST(a_rule_gets_the_bytes_that_it_asks_for_and_no_more_than_are_kept),
        TEST(where_only_headers_are_kept_no_payload_is_in_the_memory),
        TEST(what_is_wiped_is_nowhere_in_the_memory),
        TEST(what_is_unsettled_at_the_end_nobody_gets),
        TEST(what_was_settled_in_time_is_there),
        TEST(newer_frames_take_the_place_of_the_oldest_and_it_is_told),
        TEST(what_a_new_sensor_cannot_have_seen_is_told),
        TEST(what_stands_behind_another_ones_headers_is_not_kept),
        TEST(what_has_no_room_is_counted),
        TEST(wiping_again_and_again_finds_the_chain_whole),
        TEST(the_device_is_known_by_its_address_or_its_hardware_address),
        TEST(a_sensor_that_begins_leaves_nothing_of_the_one_before),
        TEST(a_released_place_is_free_and_empty),
        TEST(whatever_a_sensor_writes_the_courier_stays_within_the_memory),
        TEST(a_slot_longer_than_its_place_is_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
