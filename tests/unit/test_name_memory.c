/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/name_memory.h"
#include "mem.h"

#define START  (UINT64_C(1767258000) * USEC_PER_SEC)
#define DEVICE "10.0.0.1"

struct fixture {
    struct name_memory *memory;
    struct event *event;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->memory = name_memory_new(1024);
    f->event = event_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    name_memory_free(f->memory);
    event_free(f->event);
    free(f);
    return 0;
}

static struct addr addr_of(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(text, &a), 0);
    return a;
}

/* An answer under way: what every one has. */
static void begin(struct fixture *f, usec_t now, const char *client, const char *name)
{
    struct addr c = addr_of(client);

    event_begin(f->event, EVENT_DNS, now);
    event_put_addr(f->event, FIELD_SRC_IP, &c);
    event_put_number(f->event, FIELD_DIRECTION, DIRECTION_OUTBOUND);
    event_put_host(f->event, FIELD_DNS_QNAME, FIELD_UNKNOWN, text_of(name));
}

static void give(struct fixture *f, const char *ip)
{
    struct addr a = addr_of(ip);

    event_add_addr(f->event, FIELD_DNS_ANSWER_IP, &a);
}

static void learn(struct fixture *f, usec_t now, const char *client, const char *name,
                  const char *ip, unsigned ttl)
{
    begin(f, now, client, name);
    give(f, ip);
    event_put_number(f->event, FIELD_DNS_ANSWER_TTL, ttl);
    name_memory_learn(f->memory, f->event);
}

static void assert_led(const struct fixture *f, usec_t now, const char *client,
                       const char *server, const char *name)
{
    struct addr c = addr_of(client), s = addr_of(server);
    struct text led;

    assert_int_equal(name_memory_find(f->memory, &c, &s, now, &led), NAME_MEMORY_ASKED);
    assert_int_equal(led.len, strlen(name));
    assert_memory_equal(led.at, name, led.len);
}

static enum name_memory_verdict find(const struct fixture *f, usec_t now,
                                     const char *client, const char *server)
{
    struct addr c = addr_of(client), s = addr_of(server);
    struct text led;
    enum name_memory_verdict v = name_memory_find(f->memory, &c, &s, now, &led);

    assert_int_equal(led.len > 0, v == NAME_MEMORY_ASKED);
    return v;
}

static void every_address_of_an_answer_leads_back_to_its_question(void **state)
{
    struct fixture *f = *state;

    begin(f, START, DEVICE, "www.a.test");
    event_add_text(f->event, FIELD_DNS_ANSWER_NAME, TEXT("edge.cdn.test")); /* CNAME */
    give(f, "192.0.2.1");
    give(f, "2001:db8::1");
    event_put_number(f->event, FIELD_DNS_ANSWER_TTL, 60);
    name_memory_learn(f->memory, f->event);
    assert_led(f, START, DEVICE, "192.0.2.1", "www.a.test");
    assert_led(f, START, DEVICE, "2001:db8::1", "www.a.test");
}

static void a_device_that_asks_by_ipv6_is_remembered_too(void **state)
{
    struct fixture *f = *state;

    learn(f, START, "2001:db8:1::7", "www.a.test", "192.0.2.1", 60);
    assert_led(f, START, "2001:db8:1::7", "192.0.2.1", "www.a.test");
    assert_int_equal(find(f, START, "2001:db8:1::8", "192.0.2.1"), NAME_MEMORY_UNKNOWN);
}

static void what_another_device_asked_does_not_count(void **state)
{
    struct fixture *f = *state;
    usec_t later = START + NAME_MEMORY_WATCH;

    learn(f, START, DEVICE, "www.a.test", "192.0.2.1", 60);
    learn(f, START, "10.0.0.2", "www.b.test", "192.0.2.2", 60);
    assert_int_equal(find(f, later, DEVICE, "192.0.2.2"), NAME_MEMORY_NOT);
    assert_int_equal(find(f, later, "10.0.0.3", "192.0.2.1"), NAME_MEMORY_UNKNOWN);
    assert_int_equal(find(f, later, "192.0.2.1", DEVICE), NAME_MEMORY_UNKNOWN);
}

static void of_several_names_the_last_one_led_there(void **state)
{
    struct fixture *f = *state;

    learn(f, START, DEVICE, "www.a.test", "192.0.2.1", 60);
    learn(f, START + 1, DEVICE, "b.test", "192.0.2.1", 60);
    assert_led(f, START + 1, DEVICE, "192.0.2.1", "b.test");
    assert_int_equal(name_memory_counts(f->memory).learned, 1);
}

static void a_name_counts_for_its_time_to_live_and_the_grace(void **state)
{
    struct fixture *f = *state;
    usec_t end = START + 300 * USEC_PER_SEC + NAME_MEMORY_GRACE;

    learn(f, START, DEVICE, "www.a.test", "192.0.2.1", 300);
    assert_led(f, end, DEVICE, "192.0.2.1", "www.a.test");
    assert_int_equal(find(f, end + 1, DEVICE, "192.0.2.1"), NAME_MEMORY_UNKNOWN);
    learn(f, end, DEVICE, "b.test", "192.0.2.2", 300);
    learn(f, end + NAME_MEMORY_WATCH, DEVICE, "b.test", "192.0.2.2", 300);
    assert_int_equal(find(f, end + NAME_MEMORY_WATCH, DEVICE, "192.0.2.1"),
                     NAME_MEMORY_NOT);
}

static void no_name_counts_for_longer_than_a_day(void **state)
{
    struct fixture *f = *state;
    usec_t end = START + NAME_MEMORY_MOST;

    learn(f, START, DEVICE, "www.a.test", "192.0.2.1", UINT32_MAX);
    assert_led(f, end, DEVICE, "192.0.2.1", "www.a.test");
    assert_int_equal(find(f, end + 1, DEVICE, "192.0.2.1"), NAME_MEMORY_UNKNOWN);
}

static void that_no_name_led_there_is_said_of_a_device_watched_for_long(void **state)
{
    struct fixture *f = *state;
    usec_t sure = START + NAME_MEMORY_WATCH;

    learn(f, START, DEVICE, "www.a.test", "192.0.2.1", 60);
    assert_int_equal(find(f, sure - 1, DEVICE, "192.0.2.9"), NAME_MEMORY_UNKNOWN);
    assert_int_equal(find(f, sure, DEVICE, "192.0.2.9"), NAME_MEMORY_NOT);
}

static void a_device_that_asks_no_more_is_not_known_any_more(void **state)
{
    struct fixture *f = *state;
    usec_t end = START + NAME_MEMORY_GRACE, back = START + 3 * NAME_MEMORY_GRACE;

    learn(f, START, DEVICE, "www.a.test", "192.0.2.1", 60);
    assert_int_equal(find(f, end, DEVICE, "192.0.2.9"), NAME_MEMORY_NOT);
    assert_int_equal(find(f, end + 1, DEVICE, "192.0.2.9"), NAME_MEMORY_UNKNOWN);
    learn(f, back, DEVICE, "www.a.test", "192.0.2.1", 60); /* it begins anew */
    assert_int_equal(find(f, back, DEVICE, "192.0.2.9"), NAME_MEMORY_UNKNOWN);
    assert_int_equal(find(f, back + NAME_MEMORY_WATCH, DEVICE, "192.0.2.9"),
                     NAME_MEMORY_NOT);
}

/* Addresses of which nothing is known may have been among what was cut off. */
static void after_an_answer_that_was_cut_nothing_is_said_while_it_counts(void **state)
{
    struct fixture *f = *state;
    usec_t later = START + NAME_MEMORY_WATCH;

    learn(f, START, DEVICE, "www.a.test", "192.0.2.1", 60);
    begin(f, later, DEVICE, "many.test");
    give(f, "192.0.2.2");
    name_memory_learn(f->memory, f->event);
    learn(f, later + NAME_MEMORY_GRACE - 1, DEVICE, "www.a.test", "192.0.2.1", 60);
    assert_led(f, later, DEVICE, "192.0.2.2", "many.test");
    assert_int_equal(find(f, later + NAME_MEMORY_GRACE - 1, DEVICE, "192.0.2.9"),
                     NAME_MEMORY_UNKNOWN);
    assert_int_equal(find(f, later + NAME_MEMORY_GRACE, DEVICE, "192.0.2.9"),
                     NAME_MEMORY_NOT);
}

static void an_answer_with_more_addresses_than_an_event_holds_leaves_a_doubt(void **state)
{
    struct fixture *f = *state;
    usec_t later = START + NAME_MEMORY_WATCH;
    char ip[16];

    learn(f, START, DEVICE, "www.a.test", "192.0.2.1", 60);
    begin(f, later, DEVICE, "many.test");
    event_put_number(f->event, FIELD_DNS_ANSWER_TTL, 60);
    for (unsigned i = 0; i <= EVENT_LIST_MAX; i++) {
        snprintf(ip, sizeof(ip), "192.0.3.%u", i);
        give(f, ip);
    }
    name_memory_learn(f->memory, f->event);
    assert_led(f, later, DEVICE, "192.0.3.0", "many.test");
    assert_int_equal(find(f, later, DEVICE, "192.0.2.9"), NAME_MEMORY_UNKNOWN);
}

/* More than fits in: what is found is right, and what went is not called unasked. */
static void when_it_is_full_the_oldest_go_and_nothing_false_is_said(void **state)
{
    struct fixture *f = *state;
    unsigned unknown = 0;
    usec_t now = START;
    char ip[16];

    learn(f, now, DEVICE, "first.test", "192.0.2.1", 60);
    now += NAME_MEMORY_WATCH;
    for (unsigned i = 0; i < 4096; i++) {
        snprintf(ip, sizeof(ip), "192.1.%u.%u", i >> 8, i & 255);
        learn(f, now + i, DEVICE, "many.test", ip, 60);
        assert_led(f, now + i, DEVICE, ip, "many.test");
    }
    for (unsigned i = 0; i < 4096; i++) {
        snprintf(ip, sizeof(ip), "192.1.%u.%u", i >> 8, i & 255);
        assert_int_not_equal(find(f, now + 4096, DEVICE, ip), NAME_MEMORY_NOT);
        unknown += find(f, now + 4096, DEVICE, ip) == NAME_MEMORY_UNKNOWN;
    }
    assert_int_equal(unknown, 4096 - 1024);
    assert_int_equal(find(f, now + 4096, DEVICE, "192.0.2.1"), NAME_MEMORY_UNKNOWN);
    assert_int_equal(name_memory_counts(f->memory).learned, 4097);
    assert_int_equal(name_memory_counts(f->memory).evicted, 4097 - 1024);
}

static void when_more_devices_ask_than_fit_in_those_that_went_are_unknown(void **state)
{
    struct fixture *f = *state;
    usec_t later = START + NAME_MEMORY_WATCH + 1000;
    unsigned known = 0;
    char client[16];

    for (unsigned i = 0; i < 1000; i++) {
        snprintf(client, sizeof(client), "10.1.%u.%u", i >> 8, i & 255);
        learn(f, START + i, client, "www.a.test", "192.0.2.1", 60);
    }
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(client, sizeof(client), "10.1.%u.%u", i >> 8, i & 255);
        known += find(f, later, client, "192.0.2.9") == NAME_MEMORY_NOT;
    }
    assert_in_range(known, 1, 1024 / 8);
    assert_true(name_memory_counts(f->memory).evicted >= 1000 - 1024 / 8);
}

static void only_devices_inside_are_remembered(void **state)
{
    struct fixture *f = *state;

    begin(f, START, "192.0.2.7", "www.school.test");
    event_put_number(f->event, FIELD_DIRECTION, DIRECTION_INBOUND);
    give(f, "192.0.2.1");
    name_memory_learn(f->memory, f->event);
    assert_int_equal(find(f, START, "192.0.2.7", "192.0.2.1"), NAME_MEMORY_UNKNOWN);
    assert_int_equal(name_memory_counts(f->memory).learned, 0);
}

static void a_question_teaches_nothing(void **state)
{
    struct fixture *f = *state;

    begin(f, START, DEVICE, "www.a.test");
    name_memory_learn(f->memory, f->event);
    assert_int_equal(find(f, START + NAME_MEMORY_WATCH, DEVICE, "192.0.2.1"),
                     NAME_MEMORY_UNKNOWN);
}

static void sweeping_takes_what_is_over_and_leaves_the_rest(void **state)
{
    struct fixture *f = *state;
    usec_t end = START + 60 * USEC_PER_SEC + NAME_MEMORY_GRACE;

    learn(f, START, DEVICE, "www.a.test", "192.0.2.1", 60);
    learn(f, START + 1, DEVICE, "www.b.test", "192.0.2.2", 60);
    for (unsigned i = 0; i < 1024 / 8; i++)
        name_memory_sweep(f->memory, end + 1);
    assert_led(f, end + 1, DEVICE, "192.0.2.2", "www.b.test");
    assert_int_equal(find(f, end, DEVICE, "192.0.2.1"), NAME_MEMORY_UNKNOWN);
}

static void a_hint_leads_back_to_its_question_as_an_address_does(void **state)
{
    struct fixture *f = *state;
    struct addr hint = addr_of("2001:db8::9");

    begin(f, START, DEVICE, "www.a.test");
    event_add_addr(f->event, FIELD_DNS_HINT_IP, &hint);
    event_put_number(f->event, FIELD_DNS_ANSWER_TTL, 60);
    name_memory_learn(f->memory, f->event);
    assert_led(f, START, DEVICE, "2001:db8::9", "www.a.test");
}

static void an_answer_that_was_seen_first_is_remembered_for_who_asked(void **state)
{
    struct fixture *f = *state;
    struct addr asked = addr_of(DEVICE);

    begin(f, START, "192.0.2.53", "www.a.test"); /* a resolver outside */
    event_put_addr(f->event, FIELD_DST_IP, &asked);
    event_put_number(f->event, FIELD_SRC_PORT, 53);
    event_put_number(f->event, FIELD_DST_PORT, 40000);
    event_put_number(f->event, FIELD_DIRECTION, DIRECTION_INBOUND);
    event_put_number(f->event, FIELD_DNS_QR, DNS_ANSWER);
    give(f, "192.0.2.1");
    name_memory_learn(f->memory, f->event);
    assert_led(f, START, DEVICE, "192.0.2.1", "www.a.test");
    assert_int_equal(find(f, START, "192.0.2.53", "192.0.2.1"), NAME_MEMORY_UNKNOWN);
}

static void hush(struct fixture *f, usec_t now, const char *client, const char *ip)
{
    begin(f, now, client, "help.test");
    give(f, ip);
    event_put_number(f->event, FIELD_DNS_ANSWER_TTL, 60);
    name_memory_hush(f->memory, f->event, NULL);
}

static void of_an_address_of_a_protected_name_nothing_is_said_for_a_day(void **state)
{
    struct fixture *f = *state;
    usec_t end = START + NAME_MEMORY_MOST;

    learn(f, START - 1, DEVICE, "www.a.test", "192.0.2.1", UINT32_MAX);
    learn(f, START - 1, "10.0.0.2", "www.a.test", "192.0.2.1", UINT32_MAX);
    hush(f, START, DEVICE, "192.0.2.1");
    hush(f, START, DEVICE, "192.0.2.2"); /* which nothing had led to */
    assert_int_equal(find(f, START, DEVICE, "192.0.2.1"), NAME_MEMORY_UNKNOWN);
    assert_led(f, START, "10.0.0.2", "192.0.2.1", "www.a.test");
    for (usec_t now = START; now <= end; now += NAME_MEMORY_GRACE)
        learn(f, now, DEVICE, "www.b.test", "192.0.2.7", 60); /* it is watched */
    assert_int_equal(find(f, end, DEVICE, "192.0.2.1"), NAME_MEMORY_UNKNOWN);
    assert_int_equal(find(f, end, DEVICE, "192.0.2.2"), NAME_MEMORY_UNKNOWN);
    assert_int_equal(find(f, end, DEVICE, "192.0.2.9"), NAME_MEMORY_NOT);
    assert_int_equal(find(f, end + 1, DEVICE, "192.0.2.2"), NAME_MEMORY_NOT);
}

static bool is_help(struct text name, void *arg)
{
    (void)arg;
    return text_equal(name, TEXT("help.test"));
}

static void what_a_name_led_to_that_is_protected_by_now_is_hidden(void **state)
{
    struct fixture *f = *state;
    usec_t end = START + 60 * USEC_PER_SEC + NAME_MEMORY_GRACE;

    learn(f, START, DEVICE, "help.test", "192.0.2.1", 60);
    learn(f, START, DEVICE, "www.a.test", "192.0.2.2", 60);
    name_memory_sift(f->memory, is_help, NULL);
    name_memory_sift(f->memory, is_help, NULL); /* what is wiped is not shown again */
    assert_int_equal(find(f, START, DEVICE, "192.0.2.1"), NAME_MEMORY_HIDDEN);
    assert_int_equal(find(f, end, DEVICE, "192.0.2.1"), NAME_MEMORY_HIDDEN);
    assert_int_equal(find(f, end + 1, DEVICE, "192.0.2.1"), NAME_MEMORY_UNKNOWN);
    assert_led(f, START, DEVICE, "192.0.2.2", "www.a.test");
}

/* Anybody may have a name of theirs lead to a help line. */
static void a_name_that_is_asked_for_after_a_protected_one_leads_there_no_more(
    void **state)
{
    struct fixture *f = *state;
    usec_t end = START + NAME_MEMORY_MOST;

    hush(f, START, DEVICE, "192.0.2.1");
    learn(f, START + 1, DEVICE, "www.a.test", "192.0.2.1", 60);
    assert_int_equal(find(f, START + 1, DEVICE, "192.0.2.1"), NAME_MEMORY_UNKNOWN);
    learn(f, end + 1, DEVICE, "www.a.test", "192.0.2.1", 60);
    assert_led(f, end + 1, DEVICE, "192.0.2.1", "www.a.test");
}

static bool hides(const struct fixture *f, usec_t now, const char *ip)
{
    struct addr client, server;

    assert_int_equal(addr_parse(DEVICE, &client), 0);
    assert_int_equal(addr_parse(ip, &server), 0);
    return name_memory_hides(f->memory, &client, &server, now);
}

static void it_hides_what_a_name_led_to_that_is_protected_by_now(void **state)
{
    struct fixture *f = *state;
    usec_t end = START + 60 * USEC_PER_SEC + NAME_MEMORY_GRACE;

    learn(f, START, DEVICE, "help.test", "192.0.2.1", 60);
    learn(f, START, DEVICE, "www.a.test", "192.0.2.2", 60);
    assert_false(hides(f, START, "192.0.2.1"));
    name_memory_sift(f->memory, is_help, NULL);
    assert_true(hides(f, START, "192.0.2.1"));
    assert_true(hides(f, end, "192.0.2.1"));
    assert_false(hides(f, end + 1, "192.0.2.1"));
    assert_false(hides(f, START, "192.0.2.2"));
}

static void learn_many(struct fixture *f, usec_t now, const char *client)
{
    char ip[16];

    for (unsigned i = 0; i < 8192; i++) {
        snprintf(ip, sizeof(ip), "198.18.%u.%u", i >> 8, i & 255);
        learn(f, now, client, "many.test", ip, UINT32_MAX);
    }
}

/* It is an hour's, the names are a day's: the time they end at does not decide. */
static void no_volume_of_names_pushes_out_what_is_hidden_or_hushed(void **state)
{
    struct fixture *f = *state;
    usec_t watched = START + NAME_MEMORY_WATCH;

    learn(f, START, DEVICE, "help.test", "192.0.2.1", 60);
    name_memory_sift(f->memory, is_help, NULL);
    hush(f, START, DEVICE, "192.0.2.2");
    learn_many(f, START, DEVICE);
    learn_many(f, START, "10.0.0.9");
    assert_int_equal(find(f, watched, DEVICE, "192.0.2.1"), NAME_MEMORY_HIDDEN);
    assert_int_equal(find(f, watched, DEVICE, "192.0.2.2"), NAME_MEMORY_UNKNOWN);
}

/* More of them than places: a name that finds none leaves a doubt, not a falsehood. */
static void where_all_is_hushed_no_name_is_learned_and_nothing_false_is_said(void **state)
{
    struct fixture *f = *state;
    usec_t watched = START + NAME_MEMORY_WATCH;
    char ip[16];

    learn(f, START, DEVICE, "www.a.test", "192.0.2.7", 60);
    for (unsigned i = 0; i < 32768; i++) {
        snprintf(ip, sizeof(ip), "198.18.%u.%u", i >> 8, i & 255);
        hush(f, START, "10.0.0.9", ip);
    }
    learn(f, watched, DEVICE, "www.b.test", "192.0.2.8", 60);
    assert_int_equal(find(f, watched, DEVICE, "192.0.2.8"), NAME_MEMORY_UNKNOWN);
    assert_int_equal(find(f, watched, DEVICE, "192.0.2.9"), NAME_MEMORY_UNKNOWN);
}

/* A help line's own answers go first, whoever floods. */
static void one_devices_hushed_addresses_do_not_push_out_anothers(void **state)
{
    struct fixture *f = *state;
    char ip[16];

    learn(f, START, DEVICE, "help.test", "192.0.2.1", UINT32_MAX);
    name_memory_sift(f->memory, is_help, NULL);
    for (unsigned i = 0; i < 32768; i++) {
        snprintf(ip, sizeof(ip), "198.18.%u.%u", i >> 8, i & 255);
        hush(f, START, "10.0.0.9", ip);
    }
    assert_int_equal(find(f, START, DEVICE, "192.0.2.1"), NAME_MEMORY_HIDDEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(every_address_of_an_answer_leads_back_to_its_question),
        WITH_FIXTURE(a_device_that_asks_by_ipv6_is_remembered_too),
        WITH_FIXTURE(what_another_device_asked_does_not_count),
        WITH_FIXTURE(of_several_names_the_last_one_led_there),
        WITH_FIXTURE(a_name_counts_for_its_time_to_live_and_the_grace),
        WITH_FIXTURE(no_name_counts_for_longer_than_a_day),
        WITH_FIXTURE(that_no_name_led_there_is_said_of_a_device_watched_for_long),
        WITH_FIXTURE(a_device_that_asks_no_more_is_not_known_any_more),
        WITH_FIXTURE(after_an_answer_that_was_cut_nothing_is_said_while_it_counts),
        WITH_FIXTURE(an_answer_with_more_addresses_than_an_event_holds_leaves_a_doubt),
        WITH_FIXTURE(when_it_is_full_the_oldest_go_and_nothing_false_is_said),
        WITH_FIXTURE(when_more_devices_ask_than_fit_in_those_that_went_are_unknown),
        WITH_FIXTURE(only_devices_inside_are_remembered),
        WITH_FIXTURE(a_question_teaches_nothing),
        WITH_FIXTURE(sweeping_takes_what_is_over_and_leaves_the_rest),
        WITH_FIXTURE(a_hint_leads_back_to_its_question_as_an_address_does),
        WITH_FIXTURE(an_answer_that_was_seen_first_is_remembered_for_who_asked),
        WITH_FIXTURE(of_an_address_of_a_protected_name_nothing_is_said_for_a_day),
        WITH_FIXTURE(it_hides_what_a_name_led_to_that_is_protected_by_now),
        WITH_FIXTURE(a_name_that_is_asked_for_after_a_protected_one_leads_there_no_more),
        WITH_FIXTURE(no_volume_of_names_pushes_out_what_is_hidden_or_hushed),
        WITH_FIXTURE(where_all_is_hushed_no_name_is_learned_and_nothing_false_is_said),
        WITH_FIXTURE(one_devices_hushed_addresses_do_not_push_out_anothers),
        WITH_FIXTURE(what_a_name_led_to_that_is_protected_by_now_is_hidden),
    };

    return cmocka_run_group_tests_name("name_memory", tests, NULL, NULL);
}
