/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "agent/line.h"
#include "district.h"

#define NOW (UINT64_C(1767258000) * USEC_PER_SEC) /* on the grid */

struct fixture {
    struct line line;
    struct line_place place;
    struct site site;
    struct event *event;
};

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.site = {.id = "lincoln", .type = "high"}, .event = event_new()};
    f.place = (struct line_place){.interface = "eth1", .site = &f.site};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    event_free(f->event);
    return 0;
}

static bool line_told(struct fixture *f, usec_t now)
{
    return line_take(&f->line, now, &f->place, f->event);
}

static void pass(struct fixture *f, enum direction direction, bool from_client,
                 unsigned packets, uint32_t size)
{
    struct packet p = {.frames = 1, .wire_len = size};

    for (unsigned i = 0; i < packets; i++)
        line_count(&f->line, &p, direction, from_client);
}

static uint64_t number(const struct fixture *f, enum field_id field)
{
    const struct value *v = event_get(f->event, field);

    assert_non_null(v);
    return v->number;
}

/* The first packet, three seconds after a point of the grid. */
static void begin(struct fixture *f)
{
    assert_false(line_told(f, NOW + 3 * USEC_PER_SEC));
    pass(f, DIRECTION_OUTBOUND, true, 5, 100);
    assert_false(line_told(f, NOW + LINE_SPAN));
}

static void what_had_begun_before_the_sensor_is_not_told(void **state)
{
    struct fixture *f = *state;

    begin(f);
    assert_int_equal(f->line.begins, NOW + LINE_SPAN);
    assert_int_equal(f->line.halves[DIRECTION_OUTBOUND][true].packets, 0);
}

static void each_way_is_added_up_whoever_began(void **state)
{
    struct fixture *f = *state;

    begin(f);
    pass(f, DIRECTION_OUTBOUND, true, 100, 60);
    pass(f, DIRECTION_OUTBOUND, false, 200, 1500);
    pass(f, DIRECTION_INBOUND, true, 50, 100);
    pass(f, DIRECTION_INBOUND, false, 30, 1000);
    line_begin(&f->line, DIRECTION_INBOUND);
    line_begin(&f->line, DIRECTION_OUTBOUND);
    line_begin(&f->line, DIRECTION_OUTBOUND);
    assert_true(line_told(f, NOW + 2 * LINE_SPAN));
    assert_int_equal(event_kind(f->event), EVENT_LINE);
    assert_int_equal(event_time(f->event), NOW + 2 * LINE_SPAN);
    assert_int_equal(number(f, FIELD_LINE_PACKETS_IN), 250);
    assert_int_equal(number(f, FIELD_LINE_PACKETS_OUT), 130);
    assert_int_equal(number(f, FIELD_LINE_BYTES_IN), 305000);
    assert_int_equal(number(f, FIELD_LINE_BYTES_OUT), 36000);
    assert_int_equal(number(f, FIELD_LINE_RATE_IN), 25);
    assert_int_equal(number(f, FIELD_LINE_RATE_OUT), 13);
    assert_int_equal(number(f, FIELD_LINE_BITS_IN), 244000);
    assert_int_equal(number(f, FIELD_LINE_BITS_OUT), 28800);
    assert_int_equal(number(f, FIELD_LINE_IN_PER_OUT), 1);
    assert_int_equal(number(f, FIELD_LINE_BEGUN_IN), 1);
    assert_int_equal(number(f, FIELD_LINE_BEGUN_OUT), 2);
    assert_true(
        text_equal(event_get(f->event, FIELD_LINE_INTERFACE)->text, TEXT("eth1")));
    assert_true(text_equal(event_get(f->event, FIELD_SITE_ID)->text, TEXT("lincoln")));
}

static void what_stays_inside_is_not_the_lines(void **state)
{
    struct fixture *f = *state;

    begin(f);
    pass(f, DIRECTION_INTERNAL, true, 1000, 1500);
    pass(f, DIRECTION_EXTERNAL, false, 1000, 1500);
    assert_false(line_told(f, NOW + 2 * LINE_SPAN));
}

static void each_span_is_told_once_and_one_of_silence_not_at_all(void **state)
{
    struct fixture *f = *state;

    begin(f);
    pass(f, DIRECTION_OUTBOUND, true, 7, 60);
    assert_false(line_told(f, NOW + 2 * LINE_SPAN - 1));
    assert_true(line_told(f, NOW + 5 * LINE_SPAN + 1));
    assert_int_equal(number(f, FIELD_LINE_PACKETS_OUT), 7);
    assert_false(line_told(f, NOW + 6 * LINE_SPAN - 1));
    assert_false(line_told(f, NOW + 6 * LINE_SPAN));
    pass(f, DIRECTION_OUTBOUND, true, 1, 60);
    assert_true(line_told(f, NOW + 7 * LINE_SPAN));
    assert_int_equal(number(f, FIELD_LINE_PACKETS_OUT), 1);
}

static void packets_in_for_each_out_are_missing_where_none_went_out(void **state)
{
    struct fixture *f = *state;

    begin(f);
    pass(f, DIRECTION_INBOUND, true, 5000, 1400);
    assert_true(line_told(f, NOW + 2 * LINE_SPAN));
    assert_false(event_has(f->event, FIELD_LINE_IN_PER_OUT));
    pass(f, DIRECTION_INBOUND, true, 5000, 1400);
    pass(f, DIRECTION_INBOUND, false, 100, 60);
    assert_true(line_told(f, NOW + 3 * LINE_SPAN));
    assert_int_equal(number(f, FIELD_LINE_IN_PER_OUT), 50);
}

static void the_load_is_told_where_the_district_says_what_the_line_can_carry(void **state)
{
    struct fixture *f = *state;

    begin(f);
    pass(f, DIRECTION_OUTBOUND, false, 1000, 1250); /* 1 Mbit/s */
    assert_true(line_told(f, NOW + 2 * LINE_SPAN));
    assert_false(event_has(f->event, FIELD_LINE_LOAD_IN));
    f->site.line_in = 4;
    f->site.line_out = 2;
    pass(f, DIRECTION_OUTBOUND, false, 1000, 1250);
    pass(f, DIRECTION_OUTBOUND, true, 1000, 1250);
    assert_true(line_told(f, NOW + 3 * LINE_SPAN));
    assert_int_equal(number(f, FIELD_LINE_LOAD_IN), 25);
    assert_int_equal(number(f, FIELD_LINE_LOAD_OUT), 50);
}

static void a_line_without_interface_or_site_is_told_without_them(void **state)
{
    struct fixture *f = *state;

    f->place = (struct line_place){0};
    begin(f);
    pass(f, DIRECTION_OUTBOUND, true, 1, 60);
    assert_true(line_told(f, NOW + 2 * LINE_SPAN));
    assert_false(event_has(f->event, FIELD_LINE_INTERFACE));
    assert_false(event_has(f->event, FIELD_SITE_ID));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(what_had_begun_before_the_sensor_is_not_told),
        WITH_FIXTURE(each_way_is_added_up_whoever_began),
        WITH_FIXTURE(what_stays_inside_is_not_the_lines),
        WITH_FIXTURE(each_span_is_told_once_and_one_of_silence_not_at_all),
        WITH_FIXTURE(packets_in_for_each_out_are_missing_where_none_went_out),
        WITH_FIXTURE(the_load_is_told_where_the_district_says_what_the_line_can_carry),
        WITH_FIXTURE(a_line_without_interface_or_site_is_told_without_them),
    };

    return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
