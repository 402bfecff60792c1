/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/gather.h"
#include "agent/pcap_file.h"
#include "crypt.h"
#include "json.h"
#include "mem.h"
#include "rules.h"

#define MEMORY  (256u << 10)
#define SENSORS 2
#define SECOND  USEC_PER_SEC
#define AT      (1000 * SECOND)
#define OVER    (AT + 30 * SECOND + RECENT_SETTLE)

#define RULE(id, more)                                                               \
    "  - {id: test." id ", title: T, why: To test, severity: low, owner: security, " \
    "identity: device, watch: [dns, arp], when: dns.id > 0" more                     \
    ", evidence: {pcap: {before: 10s, after: 30s, max: 64KiB}}}\n"
#define WINDOW ", window: {count: events, by: [device.ip], within: 1m, gte: 2}"

struct fixture {
    struct recent *recents[SENSORS];
    struct gather *gather;
    struct ruleset *rules;
    struct event *event;
    char id[RECENT_ID];

    unsigned told;
    char told_id[RECENT_ID];
    struct json *note;
    struct recent_counts counts;
    struct buffer file;
};

static void on_gathered(const struct gathered *g, void *arg)
{
    struct fixture *f = arg;

    f->told++;
    snprintf(f->told_id, sizeof(f->told_id), "%s", g->id);
    json_free(f->note);
    f->note = json_parse(g->note, strlen(g->note), NULL);
    f->counts = g->counts;
    buffer_done(&f->file);
    f->file = (struct buffer){0};
    if (g->file->len)
        buffer_add(&f->file, g->file->at, g->file->len);
}

static void gather_with(struct fixture *f, size_t sensors)
{
    gather_free(f->gather);
    f->gather = gather_new(&(struct gather_settings){
        .recents = f->recents, .count = sensors, .done = on_gathered, .arg = f});
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    assert_int_equal(crypt_init(), 0);
    for (size_t i = 0; i < SENSORS; i++) {
        f->recents[i] = recent_new(MEMORY);
        recent_begin(f->recents[i]);
        recent_shape(f->recents[i], 200, false);
        recent_tick(f->recents[i], AT - 100 * SECOND);
    }
    f->rules = rules_load(RULES_HEAD "rules:\n" RULE("one", "") RULE("other", "")
                              RULE("many", WINDOW));
    f->event = event_new();
    gather_with(f, SENSORS);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    gather_free(f->gather);
    for (size_t i = 0; i < SENSORS; i++)
        recent_free(f->recents[i]);
    ruleset_free(f->rules);
    event_free(f->event);
    json_free(f->note);
    buffer_done(&f->file);
    free(f);
    return 0;
}

static struct addr host(uint8_t number)
{
    return (struct addr){.bytes = {[10] = 0xff, [11] = 0xff, 10, 0, 0, number}};
}

/* A sensor has seen a frame of 10.0.0.CLIENT to 10.0.0.9. */
static void keep_of(struct fixture *f, size_t sensor, uint8_t client, uint8_t proto,
                    usec_t time, int link)
{
    uint8_t bytes[100];

    memset(bytes, client, sizeof(bytes));
    recent_keep(
        f->recents[sensor],
        &(struct frame){
            .time = time, .bytes = bytes, .len = 100, .wire_len = 100, .link = link},
        &(struct recent_about){.ends = {.src = host(client),
                                        .dst = host(9),
                                        .src_port = 40000,
                                        .dst_port = 53,
                                        .ip_proto = proto,
                                        .has_ip = true},
                               .mark = client,
                               .headers = 42});
}

static void keep(struct fixture *f, size_t sensor, uint8_t client, usec_t time)
{
    keep_of(f, sensor, client, 17, time, 1);
}

static bool ask_for(struct fixture *f, const char *rule, uint8_t client)
{
    struct addr src = host(client), dst = host(9);
    size_t number = (size_t)ruleset_find(f->rules, rule);

    event_begin(f->event, EVENT_DNS, AT);
    event_put_addr(f->event, FIELD_SRC_IP, &src);
    event_put_addr(f->event, FIELD_DEVICE_IP, &src);
    event_put_addr(f->event, FIELD_DST_IP, &dst);
    event_put_number(f->event, FIELD_SRC_PORT, 40000);
    event_put_number(f->event, FIELD_DST_PORT, 53);
    event_put_number(f->event, FIELD_PROTO, PROTO_UDP);
    return gather_ask(f->gather, ruleset_rule(f->rules, number),
                      &(struct raised){.rule = number, .event = f->event}, f->id);
}

static void pass(struct fixture *f, size_t sensors, usec_t now)
{
    for (size_t i = 0; i < sensors; i++)
        recent_tick(f->recents[i], now);
    gather_tick(f->gather, now);
}

static int64_t stat_of(const struct fixture *f, const char *key)
{
    auto_json struct json *stats = gather_stats(f->gather);

    return json_get_number(stats, key, -1);
}

/* The first byte of each frame, in the order of the file. */
static void read_file(const struct fixture *f, char ret_first[64], size_t *ret_count)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *p = pcap_fopen_offline(fmemopen(f->file.at, f->file.len, "rb"), error);
    struct pcap_pkthdr *head;
    const u_char *bytes;

    assert_non_null(p);
    *ret_count = 0;
    while (pcap_next_ex(p, &head, &bytes) == 1)
        ret_first[(*ret_count)++] = (char)bytes[0];
    pcap_close(p);
}

static void frames_of_all_sensors_are_one_file_in_order_of_time(void **state)
{
    struct fixture *f = *state;
    char first[64];
    size_t count;

    keep(f, 0, 1, AT - 1 * SECOND);
    keep(f, 1, 1, AT - 2 * SECOND);
    keep(f, 1, 2, AT - 2 * SECOND);
    assert_true(ask_for(f, "test.one", 1));
    pass(f, SENSORS, AT + SECOND);
    keep(f, 1, 1, AT + 2 * SECOND);
    assert_true(gather_waits(f->gather));
    pass(f, SENSORS, OVER);
    assert_false(gather_waits(f->gather));
    assert_int_equal(f->told, 1);
    assert_string_equal(f->told_id, f->id);
    assert_int_equal(f->counts.frames, 3);
    read_file(f, first, &count);
    assert_int_equal(count, 3);
    assert_int_equal(f->file.len, PCAP_FILE_HEADER + 3 * (PCAP_FILE_RECORD + 42));
}

static void of_several_events_it_is_the_device_that_matters(void **state)
{
    struct fixture *f = *state;

    keep_of(f, 0, 1, 17, AT, 1);
    keep_of(f, 0, 1, 6, AT, 1); /* another conversation of it */
    keep_of(f, 0, 2, 17, AT, 1);
    assert_true(ask_for(f, "test.many", 1));
    pass(f, SENSORS, AT + SECOND);
    pass(f, SENSORS, OVER);
    assert_int_equal(f->counts.frames, 2);
    assert_string_equal(json_get_text(f->note, "of", ""), "device");
}

static void two_rules_have_the_same_conversation_each_for_itself(void **state)
{
    struct fixture *f = *state;
    char id[RECENT_ID];

    keep(f, 0, 1, AT);
    assert_true(ask_for(f, "test.one", 1));
    memcpy(id, f->id, sizeof(id));
    assert_true(ask_for(f, "test.other", 1));
    assert_string_not_equal(id, f->id);
    pass(f, SENSORS, AT + SECOND);
    pass(f, SENSORS, OVER);
    assert_int_equal(f->told, 2);
    assert_int_equal(f->counts.frames, 1);
    assert_string_equal(json_get_text(f->note, "rule", ""), "test.other");
}

static void more_at_a_time_than_there_are_places_are_refused_and_counted(void **state)
{
    struct fixture *f = *state;

    for (uint8_t i = 0; i < RECENT_PLACES; i++)
        assert_true(ask_for(f, "test.one", i + 1));
    assert_false(ask_for(f, "test.one", 100));
    assert_int_equal(stat_of(f, "asked"), RECENT_PLACES);
    assert_int_equal(stat_of(f, "refused"), 1);
    pass(f, SENSORS, AT + SECOND);
    pass(f, SENSORS, OVER);
    assert_int_equal(stat_of(f, "empty"), RECENT_PLACES);
    assert_true(ask_for(f, "test.one", 100));
}

static void an_event_that_names_nobody_is_refused(void **state)
{
    struct fixture *f = *state;

    event_begin(f->event, EVENT_DNS, AT);
    assert_false(gather_ask(f->gather, ruleset_rule(f->rules, 0),
                            &(struct raised){.event = f->event}, f->id));
    assert_false(gather_waits(f->gather));
}

static void the_note_names_the_rule_and_nobody(void **state)
{
    struct fixture *f = *state;
    auto_free char *note = NULL;

    keep(f, 0, 1, AT);
    assert_true(ask_for(f, "test.one", 1));
    pass(f, SENSORS, OVER);
    note = json_write(f->note);
    assert_string_equal(json_get_text(f->note, "rule", ""), "test.one");
    assert_null(strstr(note, "10.0.0"));
    assert_null(strstr(note, "40000"));
}

static void frames_of_another_link_are_left_out_and_counted(void **state)
{
    struct fixture *f = *state;

    keep_of(f, 0, 1, 17, AT, 1);
    keep_of(f, 1, 1, 17, AT + 1, 101);
    assert_true(ask_for(f, "test.one", 1));
    pass(f, SENSORS, OVER);
    assert_int_equal(f->counts.frames, 1);
    assert_int_equal(f->counts.no_room, 1);
}

static void the_file_of_several_sensors_has_no_more_than_the_rule_allows(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 800; i++)
        keep(f, i % SENSORS, 1, AT + i);
    recent_tick(f->recents[0], AT + SECOND);
    assert_true(ask_for(f, "test.one", 1));
    pass(f, SENSORS, OVER);
    assert_true(f->file.len <= 64u << 10);
    assert_int_equal(f->counts.frames + f->counts.no_room, 800);
    assert_int_equal(f->file.len,
                     PCAP_FILE_HEADER + f->counts.frames * (PCAP_FILE_RECORD + 42));
}

static void a_sensor_that_does_not_answer_is_waited_for_and_then_not(void **state)
{
    struct fixture *f = *state;

    keep(f, 0, 1, AT);
    assert_true(ask_for(f, "test.one", 1));
    recent_tick(f->recents[1], AT); /* begins, and is heard of no more */
    pass(f, 1, OVER);
    assert_int_equal(f->told, 0);
    pass(f, 1, OVER + 30 * SECOND);
    assert_int_equal(f->told, 1);
    assert_int_equal(f->counts.frames, 1);
    assert_true(f->counts.interrupted);
    recent_begin(f->recents[1]); /* there it is again */
    pass(f, SENSORS, OVER + 31 * SECOND);
    assert_int_equal(f->told, 1);
    assert_false(gather_waits(f->gather));
}

static void also_where_there_is_one_sensor_it_is_told_once(void **state)
{
    struct fixture *f = *state;

    gather_with(f, 1);
    assert_true(ask_for(f, "test.one", 1));
    recent_tick(f->recents[0], AT);
    for (unsigned i = 0; i < 5; i++)
        pass(f, 0, OVER + (30 + i) * SECOND);
    assert_int_equal(f->told, 1);
    assert_int_equal(stat_of(f, "interrupted"), 1);
    recent_begin(f->recents[0]);
    pass(f, 1, OVER + 40 * SECOND);
    assert_int_equal(f->told, 1);
    assert_false(gather_waits(f->gather));
}

static void what_a_courier_asked_for_before_it_died_the_next_one_ends(void **state)
{
    struct fixture *f = *state;

    keep(f, 0, 1, AT);
    assert_true(ask_for(f, "test.one", 1));
    pass(f, SENSORS, AT + SECOND);
    gather_with(f, SENSORS);
    assert_true(gather_waits(f->gather));
    pass(f, SENSORS, OVER);
    assert_int_equal(f->told, 1);
    assert_string_equal(f->told_id, f->id);
    assert_string_equal(json_get_text(f->note, "rule", ""), "test.one");
}

static void a_sensor_that_was_started_again_has_interrupted_it(void **state)
{
    struct fixture *f = *state;

    keep(f, 0, 1, AT);
    assert_true(ask_for(f, "test.one", 1));
    pass(f, SENSORS, AT + SECOND);
    recent_begin(f->recents[0]);
    pass(f, SENSORS, OVER);
    assert_int_equal(f->told, 1);
    assert_true(f->counts.interrupted);
    assert_int_equal(f->counts.frames, 0);
    assert_int_equal(f->file.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(frames_of_all_sensors_are_one_file_in_order_of_time),
        WITH_FIXTURE(of_several_events_it_is_the_device_that_matters),
        WITH_FIXTURE(two_rules_have_the_same_conversation_each_for_itself),
        WITH_FIXTURE(more_at_a_time_than_there_are_places_are_refused_and_counted),
        WITH_FIXTURE(an_event_that_names_nobody_is_refused),
        WITH_FIXTURE(the_note_names_the_rule_and_nobody),
        WITH_FIXTURE(frames_of_another_link_are_left_out_and_counted),
        WITH_FIXTURE(the_file_of_several_sensors_has_no_more_than_the_rule_allows),
        WITH_FIXTURE(a_sensor_that_does_not_answer_is_waited_for_and_then_not),
        WITH_FIXTURE(also_where_there_is_one_sensor_it_is_told_once),
        WITH_FIXTURE(what_a_courier_asked_for_before_it_died_the_next_one_ends),
        WITH_FIXTURE(a_sensor_that_was_started_again_has_interrupted_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
