/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/host_memory.h"
#include "file.h"
#include "mem.h"

#define START    (UINT64_C(1767258000) * USEC_PER_SEC) /* 2026-01-01 09:00 */
#define CAPACITY 1024
#define LATER    (START + (HOST_MEMORY_DAYS + 1) * USEC_PER_DAY)
#define SILENT   UINT64_MAX

struct fixture {
    struct host_memory *memory;
    struct event *event;
    char folder[64];
    char *path;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->memory = host_memory_new(CAPACITY);
    f->event = event_new();
    strcpy(f->folder, "/tmp/hallwatch-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->path = xasprintf("%s/" HOST_MEMORY_FILE, f->folder);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    host_memory_free(f->memory);
    event_free(f->event);
    unlink(f->path);
    rmdir(f->folder);
    free(f->path);
    free(f);
    return 0;
}

/* A hello to that host, the event that counts most often. */
static void begin(struct fixture *f, usec_t now, const char *host)
{
    event_begin(f->event, EVENT_TLS, now);
    event_put_number(f->event, FIELD_DIRECTION, DIRECTION_OUTBOUND);
    event_put_number(f->event, FIELD_TLS_SIDE, TLS_CLIENT);
    event_put_host(f->event, FIELD_HOST, FIELD_HOST_REGISTRABLE, text_of(host));
}

static void see(struct fixture *f, usec_t now, const char *host)
{
    begin(f, now, host);
    host_memory_learn(f->memory, f->event);
}

/* What would be said of that host then; SILENT: nothing. */
static uint64_t first_seen(struct fixture *f, usec_t now, const char *host)
{
    const struct value *v;

    begin(f, now, host);
    host_memory_dress(f->memory, f->event);
    v = event_get(f->event, FIELD_HOST_FIRST_SEEN);
    return v ? v->number : SILENT;
}

/* Of a conversation that names no host, but that a look-up of that name led to. */
static uint64_t led_first_seen(struct fixture *f, usec_t now, const char *name)
{
    const struct value *v;

    event_begin(f->event, EVENT_FLOW, now);
    event_put_number(f->event, FIELD_DIRECTION, DIRECTION_OUTBOUND);
    event_put_host(f->event, FIELD_FLOW_LED_BY, FIELD_FLOW_LED_BY_REGISTRABLE,
                   text_of(name));
    host_memory_learn(f->memory, f->event);
    host_memory_dress(f->memory, f->event);
    assert_false(event_has(f->event, FIELD_HOST_FIRST_SEEN));
    v = event_get(f->event, FIELD_FLOW_LED_BY_FIRST_SEEN);
    return v ? v->number : SILENT;
}

/* Long enough for the day to count. */
static void see_for_an_hour(struct fixture *f, usec_t until, const char *host)
{
    see(f, until - USEC_PER_HOUR, host);
    see(f, until, host);
}

/* On so many days before LATER a host was seen. */
static void grow_old(struct fixture *f, unsigned days)
{
    for (unsigned i = days; i > 0; i--)
        see_for_an_hour(f, LATER - i * USEC_PER_DAY, "daily.test");
    see_for_an_hour(f, LATER, "daily.test");
}

static int64_t stat_of(const struct fixture *f, const char *key)
{
    auto_json struct json *o = host_memory_stats(f->memory);

    return json_get_number(o, key, -1);
}

/* ---- what is said ---- */

static void nothing_is_said_before_hosts_were_seen_on_fourteen_days(void **state)
{
    struct fixture *f = *state;

    grow_old(f, HOST_MEMORY_DAYS - 1);
    assert_int_equal(first_seen(f, LATER, "new.test"), SILENT);
    see_for_an_hour(f, LATER + USEC_PER_DAY, "daily.test");
    assert_int_equal(first_seen(f, LATER + USEC_PER_DAY, "new.test"), 0);
}

static void a_name_that_led_to_a_conversation_is_as_old_as_the_host(void **state)
{
    struct fixture *f = *state;

    grow_old(f, HOST_MEMORY_DAYS - 1);
    assert_int_equal(led_first_seen(f, LATER, "www.new.test"), SILENT);
    see_for_an_hour(f, LATER + USEC_PER_DAY, "daily.test");
    assert_int_equal(led_first_seen(f, LATER + USEC_PER_DAY, "www.new.test"), 0);
    see(f, LATER + USEC_PER_DAY, "new.test");
    assert_int_equal(
        led_first_seen(f, LATER + USEC_PER_DAY + USEC_PER_HOUR, "www.new.test"),
        USEC_PER_HOUR);
}

static void what_only_led_to_a_conversation_is_not_learned_from_it(void **state)
{
    struct fixture *f = *state;

    grow_old(f, HOST_MEMORY_DAYS);
    assert_int_equal(led_first_seen(f, LATER, "new.test"), 0);
    assert_int_equal(led_first_seen(f, LATER + USEC_PER_HOUR, "new.test"), 0);
    assert_int_equal(stat_of(f, "known"), 1);
}

static void an_event_with_a_host_says_nothing_of_what_led_to_it(void **state)
{
    struct fixture *f = *state;

    grow_old(f, HOST_MEMORY_DAYS);
    begin(f, LATER, "new.test");
    event_put_host(f->event, FIELD_FLOW_LED_BY, FIELD_FLOW_LED_BY_REGISTRABLE,
                   TEXT("daily.test"));
    host_memory_dress(f->memory, f->event);
    assert_int_equal(event_get(f->event, FIELD_HOST_FIRST_SEEN)->number, 0);
    assert_false(event_has(f->event, FIELD_FLOW_LED_BY_FIRST_SEEN));
}

static void days_without_traffic_and_a_clock_that_jumps_make_it_no_older(void **state)
{
    struct fixture *f = *state;

    see_for_an_hour(f, USEC_PER_DAY, "early.test"); /* a clock that is not set yet */
    see_for_an_hour(f, START, "early.test");
    for (unsigned i = 1; i < 50; i++)
        see(f, START + i * 3 * USEC_PER_DAY, "early.test");
    see_for_an_hour(f, LATER, "early.test");
    assert_int_equal(stat_of(f, "days"), 2);
    assert_int_equal(first_seen(f, LATER, "new.test"), SILENT);
}

static void a_host_is_as_old_as_its_first_sight_to_the_minute(void **state)
{
    struct fixture *f = *state;

    grow_old(f, HOST_MEMORY_DAYS);
    assert_int_equal(first_seen(f, LATER, "new.test"), 0);
    see(f, LATER, "new.test");
    assert_int_equal(first_seen(f, LATER, "new.test"), 0);
    assert_int_equal(first_seen(f, LATER + 59 * USEC_PER_SEC, "new.test"), 0);
    assert_int_equal(first_seen(f, LATER + USEC_PER_HOUR, "new.test"), USEC_PER_HOUR);
    see(f, LATER + 5 * USEC_PER_DAY, "new.test");
    assert_int_equal(first_seen(f, LATER + 5 * USEC_PER_DAY, "new.test"),
                     5 * USEC_PER_DAY);
}

static void all_names_below_a_registrable_domain_are_one_host(void **state)
{
    struct fixture *f = *state;

    grow_old(f, HOST_MEMORY_DAYS);
    see(f, LATER, "a.school.co.uk");
    assert_int_equal(first_seen(f, LATER + USEC_PER_HOUR, "b.c.school.co.uk"),
                     USEC_PER_HOUR);
    assert_int_equal(first_seen(f, LATER + USEC_PER_HOUR, "other.co.uk"), 0);
}

static void an_address_is_no_host(void **state)
{
    struct fixture *f = *state;

    grow_old(f, HOST_MEMORY_DAYS);
    see(f, LATER, "192.0.2.7");
    assert_int_equal(first_seen(f, LATER, "192.0.2.7"), SILENT);
    assert_int_equal(stat_of(f, "known"), 1);
}

static void a_host_of_a_clock_that_was_ahead_is_new_when_it_is_right_again(void **state)
{
    struct fixture *f = *state;

    grow_old(f, HOST_MEMORY_DAYS);
    see(f, LATER + 900 * USEC_PER_DAY, "ahead.test");
    see(f, LATER, "ahead.test");
    assert_int_equal(first_seen(f, LATER + USEC_PER_DAY, "ahead.test"), USEC_PER_DAY);
}

/* ---- what counts ---- */

static void put_answer(struct fixture *f)
{
    struct addr a;

    assert_int_equal(addr_parse("192.0.2.1", &a), 0);
    event_add_addr(f->event, FIELD_DNS_ANSWER_IP, &a);
}

static void begin_as(struct fixture *f, enum event_kind kind, const char *host)
{
    event_begin(f->event, kind, LATER);
    event_put_number(f->event, FIELD_DIRECTION, DIRECTION_OUTBOUND);
    event_put_host(f->event, FIELD_HOST, FIELD_HOST_REGISTRABLE, text_of(host));
}

static bool is_known(struct fixture *f, const char *host)
{
    return first_seen(f, LATER + USEC_PER_HOUR, host) == USEC_PER_HOUR;
}

static void a_host_is_seen_when_it_is_answered_or_called(void **state)
{
    struct fixture *f = *state;

    grow_old(f, HOST_MEMORY_DAYS);
    begin_as(f, EVENT_DNS, "answered.test");
    put_answer(f);
    host_memory_learn(f->memory, f->event);
    begin_as(f, EVENT_QUIC, "quic.test");
    event_put_number(f->event, FIELD_TLS_SIDE, TLS_CLIENT);
    host_memory_learn(f->memory, f->event);
    begin_as(f, EVENT_HTTP, "http.test");
    event_put_number(f->event, FIELD_HTTP_SIDE, HTTP_REQUEST);
    host_memory_learn(f->memory, f->event);
    assert_true(is_known(f, "answered.test"));
    assert_true(is_known(f, "quic.test"));
    assert_true(is_known(f, "http.test"));
}

static void an_answer_counts_by_who_asked_and_its_hints_are_addresses(void **state)
{
    struct fixture *f = *state;
    const struct addr hint = addr_v4((const uint8_t[]){192, 0, 2, 8});

    grow_old(f, HOST_MEMORY_DAYS);
    begin_as(f, EVENT_DNS, "turned.test"); /* the answer is all that was seen of it */
    event_put_number(f->event, FIELD_DIRECTION, DIRECTION_INBOUND);
    event_put_number(f->event, FIELD_DNS_QR, DNS_ANSWER);
    event_put_number(f->event, FIELD_SRC_PORT, 53);
    event_put_number(f->event, FIELD_DST_PORT, 40000);
    put_answer(f);
    host_memory_learn(f->memory, f->event);
    begin_as(f, EVENT_DNS, "hinted.test");
    event_add_addr(f->event, FIELD_DNS_HINT_IP, &hint);
    host_memory_learn(f->memory, f->event);
    begin_as(f, EVENT_DNS, "foreign.test"); /* somebody outside has asked a server here */
    event_put_number(f->event, FIELD_DIRECTION, DIRECTION_INBOUND);
    put_answer(f);
    host_memory_learn(f->memory, f->event);
    assert_true(is_known(f, "turned.test"));
    assert_true(is_known(f, "hinted.test"));
    assert_int_equal(first_seen(f, LATER, "foreign.test"), 0);
}

static void a_question_a_certificate_and_a_call_from_outside_teach_nothing(void **state)
{
    struct fixture *f = *state;

    grow_old(f, HOST_MEMORY_DAYS);
    begin_as(f, EVENT_DNS, "asked.test");
    host_memory_learn(f->memory, f->event);
    begin_as(f, EVENT_TLS, "certificate.test");
    event_put_number(f->event, FIELD_TLS_SIDE, TLS_CERTIFICATE);
    host_memory_learn(f->memory, f->event);
    begin(f, LATER, "outside.test");
    event_put_number(f->event, FIELD_DIRECTION, DIRECTION_INBOUND);
    host_memory_learn(f->memory, f->event);
    begin_as(f, EVENT_FLOW, "flow.test");
    host_memory_learn(f->memory, f->event);
    assert_int_equal(stat_of(f, "known"), 1);
    assert_int_equal(first_seen(f, LATER, "asked.test"), 0);
}

/* ---- what lists protect later ---- */

static struct listdb *protecting(const struct fixture *f, const char *const names[])
{
    static const struct list_info info = {.name = "help", .kind = LIST_PROTECTED};
    auto_free char *path = xasprintf("%s/lists", f->folder);
    struct list_builder *b = list_builder_new();
    struct listdb *db = NULL;

    assert_int_equal(list_builder_list(b, &info), 0);
    for (size_t i = 0; names[i]; i++)
        list_builder_add(b, 0, text_of(names[i]));
    assert_int_equal(list_builder_write(b, path), 0);
    list_builder_free(b);
    assert_int_equal(listdb_open(path, &db), 0);
    unlink(path);
    return db;
}

static void a_host_that_lists_protect_later_is_forgotten_and_no_other(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists =
        protecting(f, (const char *const[]){"help.test", "never-called.test", NULL});

    grow_old(f, HOST_MEMORY_DAYS);
    see(f, LATER, "www.help.test");
    see(f, LATER, "other.test");
    assert_true(is_known(f, "help.test"));
    assert_int_equal(stat_of(f, "known"), 3);
    host_memory_forget(f->memory, lists);
    assert_int_equal(first_seen(f, LATER + USEC_PER_HOUR, "help.test"), 0);
    assert_true(is_known(f, "other.test"));
    assert_int_equal(stat_of(f, "known"), 2);
}

static void the_rest_of_a_domain_that_is_protected_in_part_is_still_known(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists =
        protecting(f, (const char *const[]){"help.large.test", NULL});

    grow_old(f, HOST_MEMORY_DAYS);
    see(f, LATER, "www.large.test");
    host_memory_forget(f->memory, lists);
    assert_true(is_known(f, "large.test"));
}

static void what_was_forgotten_is_not_in_the_next_file(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists =
        protecting(f, (const char *const[]){"help.test", NULL});

    grow_old(f, HOST_MEMORY_DAYS);
    see(f, LATER, "help.test");
    assert_int_equal(host_memory_save(f->memory, f->path), 0);
    host_memory_forget(f->memory, lists);
    assert_int_equal(host_memory_save(f->memory, f->path), 0);
    host_memory_free(f->memory);
    f->memory = host_memory_new(CAPACITY);
    assert_int_equal(host_memory_load(f->memory, f->path), 0);
    assert_int_equal(stat_of(f, "known"), 1);
    assert_int_equal(first_seen(f, LATER + USEC_PER_HOUR, "help.test"), 0);
}

/* ---- when it is full ---- */

static void flood(struct fixture *f, const char *word, unsigned count, usec_t now)
{
    char host[64];

    for (unsigned i = 0; i < count; i++) {
        snprintf(host, sizeof(host), "%s%u.test", word, i);
        see(f, now, host);
    }
}

static void when_it_is_full_hosts_go_and_are_counted(void **state)
{
    struct fixture *f = *state;

    flood(f, "a", 4 * CAPACITY, START);
    assert_int_equal(stat_of(f, "known"), CAPACITY);
    /* One in two million is taken for another. */
    assert_in_range(stat_of(f, "evicted"), 3 * CAPACITY - 8, 3 * CAPACITY);
    assert_int_equal(stat_of(f, "learned"), stat_of(f, "evicted") + CAPACITY);
}

static void a_flood_of_names_does_not_push_out_hosts_that_came_back(void **state)
{
    struct fixture *f = *state;
    char host[64];
    unsigned lost = 0;

    grow_old(f, HOST_MEMORY_DAYS);
    flood(f, "old", CAPACITY / 8, LATER);
    flood(f, "old", CAPACITY / 8, LATER + USEC_PER_DAY);
    flood(f, "flood", 16 * CAPACITY, LATER + 200 * USEC_PER_DAY);
    for (unsigned i = 0; i < CAPACITY / 8; i++) {
        snprintf(host, sizeof(host), "old%u.test", i);
        lost += first_seen(f, LATER + 200 * USEC_PER_DAY, host) == 0;
    }
    assert_int_equal(lost, 0);
}

static void of_hosts_that_came_back_the_longest_unseen_goes(void **state)
{
    struct fixture *f = *state;
    char host[64];
    unsigned kept = 0;

    grow_old(f, HOST_MEMORY_DAYS);
    flood(f, "old", CAPACITY / 8, LATER);
    flood(f, "old", CAPACITY / 8, LATER + USEC_PER_DAY);
    flood(f, "flood", 16 * CAPACITY, LATER + 400 * USEC_PER_DAY);
    for (unsigned i = 0; i < CAPACITY / 8; i++) {
        snprintf(host, sizeof(host), "old%u.test", i);
        kept += first_seen(f, LATER + 400 * USEC_PER_DAY, host) > 0;
    }
    assert_int_equal(kept, 0);
}

/* ---- the file ---- */

static void save_and_load(struct fixture *f)
{
    assert_int_equal(host_memory_save(f->memory, f->path), 0);
    host_memory_free(f->memory);
    f->memory = host_memory_new(CAPACITY);
    assert_int_equal(host_memory_load(f->memory, f->path), 0);
}

static void what_was_saved_is_known_after_a_restart(void **state)
{
    struct fixture *f = *state;

    grow_old(f, HOST_MEMORY_DAYS);
    see(f, LATER, "kept.test");
    save_and_load(f);
    assert_int_equal(stat_of(f, "days"), HOST_MEMORY_DAYS + 1);
    assert_int_equal(stat_of(f, "known"), 2);
    assert_true(is_known(f, "kept.test"));
    assert_int_equal(first_seen(f, LATER, "new.test"), 0);
}

static void the_file_names_no_host_and_is_its_owners_alone(void **state)
{
    struct fixture *f = *state;
    auto_free char *bytes = NULL;
    struct stat st;
    size_t len;

    see(f, START, "secret-club.test");
    assert_int_equal(host_memory_save(f->memory, f->path), 0);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(file_read(f->path, 1 << 20, &bytes, &len), 0);
    assert_null(memmem(bytes, len, "secret", 6));
}

static void a_memory_that_has_not_changed_is_not_written_again(void **state)
{
    struct fixture *f = *state;

    see(f, START, "a.test");
    assert_int_equal(host_memory_save(f->memory, f->path), 0);
    assert_int_equal(unlink(f->path), 0);
    see(f, START + 30 * USEC_PER_MIN, "a.test");
    assert_int_equal(host_memory_save(f->memory, f->path), 0);
    assert_int_equal(access(f->path, F_OK), -1);
    see(f, START + USEC_PER_DAY, "a.test");
    assert_int_equal(host_memory_save(f->memory, f->path), 0);
    assert_int_equal(access(f->path, F_OK), 0);
}

static void a_file_that_cannot_be_written_is_said_and_tried_again(void **state)
{
    struct fixture *f = *state;

    see(f, START, "a.test");
    assert_int_equal(host_memory_save(f->memory, "/nowhere/hosts"), -ENOENT);
    assert_int_equal(host_memory_save(f->memory, f->path), 0);
    assert_int_equal(access(f->path, F_OK), 0);
}

static void no_file_is_no_damage(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(host_memory_load(f->memory, f->path), -ENOENT);
}

static void any_changed_byte_is_noticed_and_nothing_is_taken_over(void **state)
{
    struct fixture *f = *state;
    auto_free char *bytes = NULL;
    size_t len;

    grow_old(f, HOST_MEMORY_DAYS);
    assert_int_equal(host_memory_save(f->memory, f->path), 0);
    assert_int_equal(file_read(f->path, 1 << 20, &bytes, &len), 0);
    host_memory_free(f->memory);
    f->memory = host_memory_new(CAPACITY);
    for (size_t i = 0; i < len; i++) {
        bytes[i] ^= 4;
        assert_true(host_memory_parse(f->memory, bytes, len) < 0);
        bytes[i] ^= 4;
    }
    assert_int_equal(stat_of(f, "known"), 0);
    assert_int_equal(stat_of(f, "days"), 0);
    assert_int_equal(host_memory_parse(f->memory, bytes, len), 0);
}

static void a_file_that_is_cut_or_too_long_or_another_is_refused(void **state)
{
    struct fixture *f = *state;
    static const char other[] = "SQLite format 3";
    auto_free char *bytes = NULL;
    struct host_memory *small;
    size_t len;

    see(f, START, "a.test");
    assert_int_equal(host_memory_save(f->memory, f->path), 0);
    assert_int_equal(file_read(f->path, 1 << 20, &bytes, &len), 0);
    for (size_t cut = 0; cut < len; cut += 7)
        assert_int_equal(host_memory_parse(f->memory, bytes, cut), -EBADMSG);
    assert_int_equal(host_memory_parse(f->memory, bytes, len + 1), -EBADMSG);
    assert_int_equal(host_memory_parse(f->memory, other, sizeof(other)), -EBADMSG);
    small = host_memory_new(8);
    assert_int_equal(host_memory_parse(small, bytes, len), -EPROTONOSUPPORT);
    assert_int_equal(host_memory_load(small, f->path), -EBADMSG);
    assert_int_equal(host_memory_load(small, f->folder), -EBADMSG);
    host_memory_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(nothing_is_said_before_hosts_were_seen_on_fourteen_days),
        WITH_FIXTURE(a_name_that_led_to_a_conversation_is_as_old_as_the_host),
        WITH_FIXTURE(what_only_led_to_a_conversation_is_not_learned_from_it),
        WITH_FIXTURE(an_event_with_a_host_says_nothing_of_what_led_to_it),
        WITH_FIXTURE(days_without_traffic_and_a_clock_that_jumps_make_it_no_older),
        WITH_FIXTURE(a_host_is_as_old_as_its_first_sight_to_the_minute),
        WITH_FIXTURE(all_names_below_a_registrable_domain_are_one_host),
        WITH_FIXTURE(an_address_is_no_host),
        WITH_FIXTURE(a_host_of_a_clock_that_was_ahead_is_new_when_it_is_right_again),
        WITH_FIXTURE(a_host_is_seen_when_it_is_answered_or_called),
        WITH_FIXTURE(an_answer_counts_by_who_asked_and_its_hints_are_addresses),
        WITH_FIXTURE(a_question_a_certificate_and_a_call_from_outside_teach_nothing),
        WITH_FIXTURE(a_host_that_lists_protect_later_is_forgotten_and_no_other),
        WITH_FIXTURE(the_rest_of_a_domain_that_is_protected_in_part_is_still_known),
        WITH_FIXTURE(what_was_forgotten_is_not_in_the_next_file),
        WITH_FIXTURE(when_it_is_full_hosts_go_and_are_counted),
        WITH_FIXTURE(a_flood_of_names_does_not_push_out_hosts_that_came_back),
        WITH_FIXTURE(of_hosts_that_came_back_the_longest_unseen_goes),
        WITH_FIXTURE(what_was_saved_is_known_after_a_restart),
        WITH_FIXTURE(the_file_names_no_host_and_is_its_owners_alone),
        WITH_FIXTURE(a_memory_that_has_not_changed_is_not_written_again),
        WITH_FIXTURE(a_file_that_cannot_be_written_is_said_and_tried_again),
        WITH_FIXTURE(no_file_is_no_damage),
        WITH_FIXTURE(any_changed_byte_is_noticed_and_nothing_is_taken_over),
        WITH_FIXTURE(a_file_that_is_cut_or_too_long_or_another_is_refused),
    };

    return cmocka_run_group_tests_name("host_memory", tests, NULL, NULL);
}
