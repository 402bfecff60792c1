/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "agent/sensor.h"
#include "frames.h"

#define NOW (UINT64_C(1767258000) * USEC_PER_SEC)

/* A sensor without rules, and what it told. */
struct fixture {
    struct sensor *sensor;
    struct built frame;
    unsigned told[EVENT_KINDS];
    usec_t last;
    bool went_back;
};

static void remember(const struct event *e, void *arg)
{
    struct fixture *f = arg;

    f->told[event_kind(e)]++;
    f->went_back |= event_time(e) < f->last;
    f->last = event_time(e);
}

static void ignore_hit(size_t rule, const struct event *e, void *arg)
{
    (void)rule;
    (void)e;
    (void)arg;
}

static void ignore_fact(const struct event *e, void *arg)
{
    (void)e;
    (void)arg;
}

static int set_up(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof(f));
    f.sensor = sensor_new(&(struct sensor_settings){
        .flow_capacity = 64,
        .sink = {.hit = ignore_hit, .device = ignore_fact, .event = remember, .arg = &f},
    });
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    sensor_free(f->sensor);
    return 0;
}

/* A datagram of its own conversation: the fourth byte of its sender says which. */
static void give_datagram(struct fixture *f, unsigned who, usec_t time)
{
    f->frame.len = 0;
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 17, 16, 0);
    frame_udp(&f->frame, 8);
    f->frame.bytes[14 + 15] = (uint8_t)who;
    sensor_frame(f->sensor, &(struct frame){.time = time,
                                            .bytes = f->frame.bytes,
                                            .len = f->frame.len,
                                            .wire_len = f->frame.len,
                                            .link = LINK_ETHERNET});
}

static void a_conversation_is_told_twice_its_start_and_its_end(void **state)
{
    struct fixture *f = *state;

    give_datagram(f, 1, NOW);
    assert_int_equal(f->told[EVENT_FLOW_START], 0);
    sensor_tick(f->sensor, NOW + 4 * USEC_PER_SEC);
    assert_int_equal(f->told[EVENT_FLOW_START], 1);
    assert_int_equal(f->told[EVENT_FLOW], 0);
    sensor_tick(f->sensor, NOW + 10 * USEC_PER_MIN);
    assert_int_equal(f->told[EVENT_FLOW], 1);
}

static void at_the_end_every_conversation_is_told(void **state)
{
    struct fixture *f = *state;

    for (unsigned who = 1; who <= 5; who++)
        give_datagram(f, who, NOW + who);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_FLOW_START], 5);
    assert_int_equal(f->told[EVENT_FLOW], 5);
}

static void a_frame_that_is_late_by_little_is_counted_and_not_before_the_last(
    void **state)
{
    struct fixture *f = *state;

    give_datagram(f, 1, NOW);
    give_datagram(f, 2, NOW - USEC_PER_SEC);
    assert_int_equal(sensor_counts(f->sensor).late, 1);
    assert_int_equal(sensor_counts(f->sensor).steps, 0);
    sensor_finish(f->sensor);
    assert_false(f->went_back);
}

static void time_goes_on_when_the_clock_is_set_back_by_an_hour(void **state)
{
    struct fixture *f = *state;
    usec_t back = NOW - USEC_PER_HOUR;

    give_datagram(f, 1, NOW);
    give_datagram(f, 2, back);
    give_datagram(f, 3, back + 4 * USEC_PER_SEC);
    assert_int_equal(sensor_counts(f->sensor).steps, 1);
    assert_int_equal(f->told[EVENT_FLOW_START], 2); /* of 1 and 2: four seconds went by */
    sensor_tick(f->sensor, back + 10 * USEC_PER_MIN);
    assert_int_equal(f->told[EVENT_FLOW], 3);
    assert_false(f->went_back);
}

static void the_sensors_time_is_the_wires_again_when_that_has_caught_up(void **state)
{
    struct fixture *f = *state;

    give_datagram(f, 1, NOW);
    give_datagram(f, 2, NOW - USEC_PER_HOUR);
    give_datagram(f, 3, NOW + USEC_PER_MIN);
    sensor_tick(f->sensor, NOW + 2 * USEC_PER_MIN);
    assert_int_equal(sensor_mark(f->sensor), NOW + 2 * USEC_PER_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_conversation_is_told_twice_its_start_and_its_end),
        WITH_FIXTURE(at_the_end_every_conversation_is_told),
        WITH_FIXTURE(a_frame_that_is_late_by_little_is_counted_and_not_before_the_last),
        WITH_FIXTURE(time_goes_on_when_the_clock_is_set_back_by_an_hour),
        WITH_FIXTURE(the_sensors_time_is_the_wires_again_when_that_has_caught_up),
    };

    return cmocka_run_group_tests_name("sensor", tests, NULL, NULL);
}
