/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/usual.h"
#include "file.h"
#include "mem.h"

#define DAY0     (UINT64_C(1767225600) * USEC_PER_SEC) /* 2026-01-01 00:00 */
#define MB       UINT64_C(1000000)
#define CAPACITY 1024
#define SILENT   UINT64_MAX
#define OTHER    60000 /* a machine that sends next to nothing, and each day */

struct fixture {
    struct usual *usual;
    struct event *event;
    char folder[64];
    char *path;
    enum audience audience;
    enum direction direction;
    enum event_kind kind;
    bool no_mac;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->usual = usual_new(CAPACITY);
    f->event = event_new();
    f->audience = AUDIENCE_STAFF;
    f->direction = DIRECTION_OUTBOUND;
    f->kind = EVENT_FLOW;
    strcpy(f->folder, "/tmp/hallwatch-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->path = xasprintf("%s/" USUAL_FILE, f->folder);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    usual_free(f->usual);
    event_free(f->event);
    unlink(f->path);
    rmdir(f->folder);
    free(f->path);
    free(f);
    return 0;
}

static void begin(struct fixture *f, usec_t now, unsigned device, uint64_t bytes)
{
    const struct addr ip =
        addr_v4((const uint8_t[]){10, 30, (uint8_t)(device >> 8), (uint8_t)device});
    const struct mac mac = {{2, 0, 0, 0, (uint8_t)(device >> 8), (uint8_t)device}};
    bool out = f->direction != DIRECTION_INBOUND;

    event_begin(f->event, f->kind, now);
    event_put_number(f->event, FIELD_DIRECTION, f->direction);
    event_put_number(f->event, FIELD_SEGMENT_AUDIENCE, f->audience);
    event_put_addr(f->event, FIELD_DEVICE_IP, &ip);
    if (!f->no_mac)
        event_put_mac(f->event, FIELD_DEVICE_MAC, &mac);
    event_put_number(f->event, FIELD_FLOW_DELTA_BYTES_OUT, out ? bytes : 1);
    event_put_number(f->event, FIELD_FLOW_DELTA_BYTES_IN, out ? 1 : bytes);
}

/* So much in three parts on that day, in which an hour has passed: OTHER sends as well.
 */
static void send(struct fixture *f, unsigned day, unsigned device, uint64_t bytes)
{
    usec_t at = DAY0 + day * USEC_PER_DAY + 7 * USEC_PER_HOUR;

    for (unsigned i = 0; i < 6; i++) {
        begin(f, at + i * 45 * USEC_PER_MIN, i < 3 ? OTHER : device,
              i < 3 ? 1 : bytes / 3);
        usual_learn(f->usual, f->event);
    }
}

static void send_days(struct fixture *f, unsigned from, unsigned days, uint64_t bytes)
{
    for (unsigned i = 0; i < days; i++)
        send(f, from + i, 1, bytes);
}

static uint64_t field_of(struct fixture *f, unsigned device, uint64_t bytes,
                         enum field_id field)
{
    const struct value *v;

    begin(f, DAY0, device, bytes);
    usual_dress(f->usual, f->event);
    v = event_get(f->event, field);
    return v ? v->number : SILENT;
}

static uint64_t usual(struct fixture *f, unsigned device)
{
    return field_of(f, device, 1, FIELD_DEVICE_USUAL_OUT);
}

/* Rounded up by an eighth at most. */
static void assert_about(uint64_t value, uint64_t bytes)
{
    assert_in_range(value, bytes * 99 / 100, bytes * 9 / 8 + 1024);
}

static int64_t stat_of(const struct fixture *f, const char *key)
{
    auto_json struct json *o = usual_stats(f->usual);

    return json_get_number(o, key, -1);
}

/* ---- what is said ---- */

static void nothing_is_said_before_a_machine_has_sent_on_fourteen_days(void **state)
{
    struct fixture *f = *state;

    send_days(f, 0, USUAL_LEARN_DAYS, 300 * MB);
    assert_int_equal(usual(f, 1), SILENT);
    send_days(f, USUAL_LEARN_DAYS, 2, 300 * MB);
    assert_about(usual(f, 1), 300 * MB);
    assert_int_equal(usual(f, 2), SILENT);
}

static void an_amount_is_told_as_the_time_in_which_it_is_usual(void **state)
{
    struct fixture *f = *state;
    uint64_t day;

    send_days(f, 0, 16, 300 * MB);
    day = usual(f, 1);
    assert_int_equal(field_of(f, 1, day, FIELD_FLOW_DELTA_USUAL_TIME), USEC_PER_DAY);
    assert_int_equal(field_of(f, 1, 10 * day, FIELD_FLOW_DELTA_USUAL_TIME),
                     10 * USEC_PER_DAY);
    assert_in_range(field_of(f, 1, day / 24, FIELD_FLOW_DELTA_USUAL_TIME),
                    USEC_PER_HOUR - USEC_PER_SEC, USEC_PER_HOUR);
    assert_true(field_of(f, 1, UINT64_MAX, FIELD_FLOW_DELTA_USUAL_TIME) > USEC_PER_DAY);
}

static void next_to_nothing_counts_as_ten_megabytes(void **state)
{
    struct fixture *f = *state;

    send_days(f, 0, 16, 3000);
    assert_int_equal(usual(f, 1), USUAL_LEAST);
}

static void a_backup_on_one_day_of_each_week_is_usual(void **state)
{
    struct fixture *f = *state;

    for (unsigned day = 0; day < 37; day++)
        send(f, day, 1, day % 7 == 5 ? 4000 * MB : 50 * MB);
    assert_about(usual(f, 1), 4000 * MB);
}

static void one_day_of_films_changes_nothing(void **state)
{
    struct fixture *f = *state;

    send_days(f, 0, 29, 50 * MB);
    send(f, 29, 1, 9000 * MB);
    assert_about(usual(f, 1), 50 * MB);
    send_days(f, 30, 14, 50 * MB);
    assert_about(usual(f, 1), 50 * MB);
}

static void a_new_height_is_usual_after_five_weeks_of_eight_and_not_before(void **state)
{
    struct fixture *f = *state;

    send_days(f, 0, 58, 50 * MB);
    for (unsigned week = 0; week < 4; week++)
        send_days(f, 58 + 7 * week, 7, 5000 * MB);
    assert_about(usual(f, 1), 50 * MB);
    send_days(f, 86, 7, 5000 * MB);
    assert_about(usual(f, 1), 5000 * MB);
}

static void what_grows_each_day_is_not_usual_on_the_same_week(void **state)
{
    struct fixture *f = *state;
    uint64_t bytes = 50 * MB;
    unsigned day = 0;

    send_days(f, 0, 58, bytes);
    for (day = 58; bytes < 500 * MB; day++)
        send(f, day, 1, bytes += bytes / 10); /* tenfold after 25 days */
    assert_true(usual(f, 1) < 100 * MB);
}

static void holidays_make_nothing_usual(void **state)
{
    struct fixture *f = *state;

    send_days(f, 0, 22, 300 * MB);
    send_days(f, 70, 3, 300 * MB);
    assert_about(usual(f, 1), 300 * MB);
}

static void a_clock_that_jumps_makes_no_machine_older(void **state)
{
    struct fixture *f = *state;

    send(f, 0, 1, 300 * MB);
    for (unsigned i = 1; i < 100; i++) {
        begin(f, DAY0 + i * 30 * USEC_PER_DAY, 1, 300 * MB);
        usual_learn(f->usual, f->event);
    }
    assert_int_equal(stat_of(f, "days"), 1);
    assert_int_equal(usual(f, 1), SILENT);
}

static void a_clock_that_was_ahead_ends_no_day_when_it_comes_back(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 20; i++) {
        send(f, 300, 1, 300 * MB);
        send(f, 5, 1, 300 * MB);
    }
    assert_int_equal(stat_of(f, "days"), 20); /* each was ahead for more than an hour */
    send_days(f, 6, 5, 300 * MB);
    assert_int_equal(stat_of(f, "days"), 25);
}

/* ---- what counts ---- */

static void what_a_server_answers_to_the_outside_leaves_the_district_too(void **state)
{
    struct fixture *f = *state;

    f->direction = DIRECTION_INBOUND;
    f->audience = AUDIENCE_SERVERS;
    send_days(f, 0, 16, 300 * MB);
    assert_about(usual(f, 1), 300 * MB);
}

static void what_stays_inside_and_other_events_count_for_nothing(void **state)
{
    struct fixture *f = *state;

    f->direction = DIRECTION_INTERNAL;
    send_days(f, 0, 16, 300 * MB);
    f->direction = DIRECTION_OUTBOUND;
    f->kind = EVENT_FLOW_START;
    send_days(f, 20, 16, 300 * MB);
    assert_int_equal(stat_of(f, "known"), 0);
    f->kind = EVENT_FLOW_ACTIVE;
    send_days(f, 40, 16, 300 * MB);
    assert_about(usual(f, 1), 300 * MB);
}

static void nothing_is_kept_of_students_guests_exams_and_the_unknown(void **state)
{
    static const enum audience nobodys[] = {AUDIENCE_STUDENTS, AUDIENCE_GUESTS,
                                            AUDIENCE_EXAM};
    static const enum audience kept[] = {AUDIENCE_STAFF, AUDIENCE_ADMIN, AUDIENCE_SERVERS,
                                         AUDIENCE_DEVICES};
    struct fixture *f = *state;

    for (size_t i = 0; i < 3; i++) {
        f->audience = nobodys[i];
        send_days(f, 0, 16, 300 * MB);
    }
    event_begin(f->event, EVENT_FLOW, DAY0);
    event_put_number(f->event, FIELD_DIRECTION, DIRECTION_OUTBOUND);
    event_put_number(f->event, FIELD_FLOW_DELTA_BYTES_OUT, MB);
    usual_learn(f->usual, f->event);
    assert_int_equal(stat_of(f, "known"), 0);
    for (unsigned i = 0; i < 4; i++) {
        f->audience = kept[i];
        send(f, 20 + i, 1 + i, 300 * MB);
    }
    assert_int_equal(stat_of(f, "known"), 5); /* and OTHER */
}

static void a_machine_is_its_hardware_address_else_its_address(void **state)
{
    struct fixture *f = *state;

    send_days(f, 0, 16, 300 * MB);
    f->no_mac = true;
    assert_int_equal(usual(f, 1), SILENT);
    send_days(f, 20, 16, 600 * MB);
    assert_about(usual(f, 1), 600 * MB);
    f->no_mac = false;
    assert_about(usual(f, 1), 300 * MB);
}

/* ---- when it is full ---- */

static void a_flood_of_addresses_pushes_out_itself_and_is_counted(void **state)
{
    struct fixture *f = *state;

    send_days(f, 0, 16, 300 * MB);
    for (unsigned i = 2; i < 16 * CAPACITY; i++) {
        begin(f, DAY0 + 200 * USEC_PER_DAY, i, MB);
        usual_learn(f->usual, f->event);
    }
    assert_int_equal(stat_of(f, "known"), CAPACITY);
    assert_int_equal(stat_of(f, "learned"), 16 * CAPACITY);
    assert_int_equal(stat_of(f, "evicted"), 15 * CAPACITY);
    assert_about(usual(f, 1), 300 * MB);
}

/* ---- the file ---- */

static void what_was_saved_is_usual_after_a_restart(void **state)
{
    struct fixture *f = *state;
    uint64_t before;

    send_days(f, 0, 16, 300 * MB);
    before = usual(f, 1);
    assert_int_equal(usual_save(f->usual, f->path), 0);
    usual_free(f->usual);
    f->usual = usual_new(CAPACITY);
    assert_int_equal(usual(f, 1), SILENT);
    assert_int_equal(usual_load(f->usual, f->path), 0);
    assert_int_equal(usual(f, 1), before);
    assert_int_equal(stat_of(f, "known"), 2);
    assert_int_equal(stat_of(f, "days"), 16);
}

static void a_file_is_written_when_something_changed_and_its_owners_alone(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    send(f, 0, 1, MB);
    assert_int_equal(usual_save(f->usual, f->path), 0);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(usual_save(f->usual, f->path), 0);
    assert_int_equal(access(f->path, F_OK), -1);
    send(f, 0, 1, MB);
    assert_int_equal(usual_save(f->usual, "/nowhere/usual"), -ENOENT);
    assert_int_equal(usual_save(f->usual, f->path), 0);
    assert_int_equal(access(f->path, F_OK), 0);
}

static void any_changed_byte_is_noticed_and_nothing_is_taken_over(void **state)
{
    struct fixture *f = *state;
    auto_free char *bytes = NULL;
    size_t len;

    send_days(f, 0, 16, 300 * MB);
    assert_int_equal(usual_save(f->usual, f->path), 0);
    assert_int_equal(file_read(f->path, 1 << 20, &bytes, &len), 0);
    usual_free(f->usual);
    f->usual = usual_new(CAPACITY);
    for (size_t i = 0; i < len; i += 3) {
        bytes[i] ^= 4;
        assert_true(usual_parse(f->usual, bytes, len) < 0);
        bytes[i] ^= 4;
    }
    assert_int_equal(usual_parse(f->usual, bytes, len - 1), -EBADMSG);
    assert_int_equal(stat_of(f, "known"), 0);
    assert_int_equal(usual_load(f->usual, "/nowhere/usual"), -ENOENT);
    assert_int_equal(usual_parse(f->usual, bytes, len), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(nothing_is_said_before_a_machine_has_sent_on_fourteen_days),
        WITH_FIXTURE(an_amount_is_told_as_the_time_in_which_it_is_usual),
        WITH_FIXTURE(next_to_nothing_counts_as_ten_megabytes),
        WITH_FIXTURE(a_backup_on_one_day_of_each_week_is_usual),
        WITH_FIXTURE(one_day_of_films_changes_nothing),
        WITH_FIXTURE(a_new_height_is_usual_after_five_weeks_of_eight_and_not_before),
        WITH_FIXTURE(what_grows_each_day_is_not_usual_on_the_same_week),
        WITH_FIXTURE(holidays_make_nothing_usual),
        WITH_FIXTURE(a_clock_that_jumps_makes_no_machine_older),
        WITH_FIXTURE(a_clock_that_was_ahead_ends_no_day_when_it_comes_back),
        WITH_FIXTURE(what_a_server_answers_to_the_outside_leaves_the_district_too),
        WITH_FIXTURE(what_stays_inside_and_other_events_count_for_nothing),
        WITH_FIXTURE(nothing_is_kept_of_students_guests_exams_and_the_unknown),
        WITH_FIXTURE(a_machine_is_its_hardware_address_else_its_address),
        WITH_FIXTURE(a_flood_of_addresses_pushes_out_itself_and_is_counted),
        WITH_FIXTURE(what_was_saved_is_usual_after_a_restart),
        WITH_FIXTURE(a_file_is_written_when_something_changed_and_its_owners_alone),
        WITH_FIXTURE(any_changed_byte_is_noticed_and_nothing_is_taken_over),
    };

    return cmocka_run_group_tests_name("usual", tests, NULL, NULL);
}
