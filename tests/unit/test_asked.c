/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "agent/asked.h"
#include "agent/evidence.h"
#include "crypt.h"
#include "mem.h"

#define MEMORY (256u << 10)
#define SECOND USEC_PER_SEC
#define AT     (1000 * SECOND)
#define LENGTH (60 * SECOND)

struct fixture {
    struct recent *recent;
    struct gather *gather;
    struct asked *asked;
    struct asked_by by;
    char why[ASKED_WHY];
    unsigned told;
    struct recent_counts counts;
    char note[RECENT_NOTE];
};

static void on_gathered(const struct gathered *g, void *arg)
{
    struct fixture *f = arg;

    f->told++;
    f->counts = g->counts;
    snprintf(f->note, sizeof(f->note), "%s", g->note);
    asked_done(f->asked, g->id);
}

static void begin_courier(struct fixture *f)
{
    gather_free(f->gather);
    asked_free(f->asked);
    f->asked = asked_new();
    f->gather = f->by.gather = gather_new(&(struct gather_settings){
        .recents = &f->recent, .count = 1, .done = on_gathered, .arg = f});
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    assert_int_equal(crypt_init(), 0);
    f->recent = recent_new(MEMORY);
    recent_begin(f->recent);
    recent_shape(f->recent, 200, false);
    recent_tick(f->recent, AT - 100 * SECOND);
    f->by = (struct asked_by){.payload = 200, .now = AT};
    begin_courier(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    gather_free(f->gather);
    asked_free(f->asked);
    recent_free(f->recent);
    free(f);
    return 0;
}

static struct wire_ask ask_of(uint8_t id, uint8_t host)
{
    return (struct wire_ask){.id = {id},
                             .address = {[10] = 0xff, [11] = 0xff, 10, 0, 0, host},
                             .incident = 7,
                             .before = 10 * SECOND,
                             .length = LENGTH,
                             .max = 4096};
}

static enum wire_answer_code take_ask(struct fixture *f, const struct wire_ask *ask)
{
    struct wire_answer answer = asked_take(f->asked, ask, &f->by, f->why);

    assert_memory_equal(answer.id, ask->id, sizeof(answer.id));
    return answer.code;
}

static enum wire_answer_code take_one(struct fixture *f, uint8_t id, uint8_t host)
{
    struct wire_ask ask = ask_of(id, host);

    return take_ask(f, &ask);
}

static void keep(struct fixture *f, uint8_t host, usec_t time)
{
    uint8_t bytes[100] = {host};

    recent_keep(f->recent,
                &(struct frame){
                    .time = time, .bytes = bytes, .len = 100, .wire_len = 100, .link = 1},
                &(struct recent_about){
                    .ends = {.src.bytes = {[10] = 0xff, [11] = 0xff, 10, 0, 0, host},
                             .has_ip = true},
                    .mark = host,
                    .headers = 40});
}

static void run_to(struct fixture *f, usec_t time)
{
    recent_tick(f->recent, time);
    gather_tick(f->gather, time);
}

#define OVER (AT + LENGTH + RECENT_SETTLE)

static void the_device_is_recorded_from_before_until_its_time_is_over(void **state)
{
    struct fixture *f = *state;

    keep(f, 5, AT - 11 * SECOND);
    keep(f, 5, AT - 9 * SECOND);
    assert_int_equal(take_one(f, 1, 5), WIRE_ANSWER_TAKEN);
    run_to(f, AT);
    keep(f, 5, AT + SECOND);
    keep(f, 6, AT + SECOND);
    keep(f, 5, AT + LENGTH + 1);
    run_to(f, OVER - 1);
    assert_int_equal(f->told, 0);
    run_to(f, OVER);
    assert_int_equal(f->told, 1);
    assert_int_equal(f->counts.frames, 2);
    assert_non_null(strstr(f->note, "\"asked_for\":true"));
    assert_non_null(strstr(f->note, "\"incident\":7"));
    assert_null(strstr(f->note, "10.0.0.5"));
    assert_false(gather_waits(f->gather));
}

static void what_has_no_room_and_what_is_wiped_is_not_in_it(void **state)
{
    struct fixture *f = *state;
    struct wire_ask ask = ask_of(1, 5);

    ask.max = 24 + 2 * (16 + 40);
    assert_int_equal(take_ask(f, &ask), WIRE_ANSWER_TAKEN);
    run_to(f, AT);
    for (unsigned i = 1; i <= 5; i++)
        keep(f, 5, AT + i);
    run_to(f, OVER);
    assert_int_equal(f->counts.frames, 2);
    assert_int_equal(f->counts.no_room, 3);
    f->by.now = OVER;
    assert_int_equal(take_one(f, 2, 5), WIRE_ANSWER_TAKEN);
    run_to(f, OVER);
    keep(f, 5, OVER + 1);
    recent_wipe(f->recent, 5); /* it turns out to be protected */
    run_to(f, OVER + LENGTH + RECENT_SETTLE);
    assert_int_equal(f->told, 2);
    assert_int_equal(f->counts.frames, 0);
}

static void asked_again_it_is_the_same_and_recorded_once(void **state)
{
    struct fixture *f = *state;
    struct wire_ask again = ask_of(1, 5);

    again.again = true;
    assert_int_equal(take_one(f, 1, 5), WIRE_ANSWER_TAKEN);
    assert_int_equal(take_one(f, 1, 5), WIRE_ANSWER_TAKEN);
    begin_courier(f); /* what is under way outlives a courier */
    assert_int_equal(take_ask(f, &again), WIRE_ANSWER_TAKEN);
    run_to(f, AT);
    run_to(f, OVER);
    assert_int_equal(f->told, 1);
    assert_int_equal(take_ask(f, &again), WIRE_ANSWER_TAKEN); /* it is in the spool */
    begin_courier(f);
    assert_int_equal(take_ask(f, &again), WIRE_ANSWER_UNKNOWN);
    assert_false(gather_waits(f->gather));
}

static void rules_have_places_however_many_people_ask(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(take_one(f, 1, 5), WIRE_ANSWER_TAKEN);
    assert_int_equal(take_one(f, 2, 6), WIRE_ANSWER_TAKEN);
    assert_int_equal(take_one(f, 3, 7), WIRE_ANSWER_REFUSED);
    assert_non_null(strstr(f->why, "at a time"));
    assert_int_equal(recent_state(f->recent, 2), RECENT_FREE);
}

static void what_is_not_allowed_or_not_of_the_school_is_refused(void **state)
{
    struct fixture *f = *state;
    struct wire_ask outside = ask_of(1, 5), all = ask_of(2, 5);

    outside.address[12] = 203;
    assert_int_equal(take_ask(f, &outside), WIRE_ANSWER_REFUSED);
    assert_non_null(strstr(f->why, "in no segment"));
    memset(all.address + 12, 255, 4);
    assert_int_equal(take_ask(f, &all), WIRE_ANSWER_REFUSED);
    f->by.refuse = "evidence.ask is false";
    assert_int_equal(take_one(f, 3, 5), WIRE_ANSWER_REFUSED);
    assert_string_equal(f->why, "evidence.ask is false");
    assert_false(gather_waits(f->gather));
}

static void nobody_gets_more_of_a_frame_than_the_agent_lets(void **state)
{
    struct fixture *f = *state;
    struct wire_ask ask = ask_of(1, 5);

    f->by.payload = 0;
    ask.snaplen = 2048;
    assert_int_equal(take_ask(f, &ask), WIRE_ANSWER_TAKEN);
    assert_int_equal(recent_wanted(f->recent, 0)->snaplen, 0);
    assert_non_null(strstr(recent_wanted(f->recent, 0)->note, "\"snaplen\":0"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_device_is_recorded_from_before_until_its_time_is_over),
        TEST(what_has_no_room_and_what_is_wiped_is_not_in_it),
        TEST(asked_again_it_is_the_same_and_recorded_once),
        TEST(rules_have_places_however_many_people_ask),
        TEST(what_is_not_allowed_or_not_of_the_school_is_refused),
        TEST(nobody_gets_more_of_a_frame_than_the_agent_lets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
