/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/shield.h"
#include "mem.h"

struct fixture {
    struct shield *shield;
    struct event *event;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->shield = shield_new();
    f->event = event_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    shield_free(f->shield);
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

static void learn(struct fixture *f, usec_t now, const char *client, const char *ip,
                  const char *other)
{
    struct addr c = addr_of(client), a = addr_of(ip), b = addr_of(other);

    event_begin(f->event, EVENT_DNS, now);
    event_put_addr(f->event, FIELD_SRC_IP, &c);
    event_add_addr(f->event, FIELD_DNS_ANSWER_IP, &a);
    event_add_addr(f->event, FIELD_DNS_ANSWER_IP, &b);
    shield_learn(f->shield, f->event, NULL);
}

static bool covers(const struct fixture *f, usec_t now, const char *client,
                   const char *server)
{
    struct addr c = addr_of(client), s = addr_of(server);

    return shield_covers(f->shield, &c, &s, now);
}

static void every_address_of_an_answer_is_covered_for_its_client(void **state)
{
    struct fixture *f = *state;

    learn(f, 5, "10.0.0.1", "192.0.2.1", "2001:db8::1");
    assert_true(covers(f, 6, "10.0.0.1", "192.0.2.1"));
    assert_true(covers(f, 6, "10.0.0.1", "2001:db8::1"));
    assert_false(covers(f, 6, "10.0.0.2", "192.0.2.1"));
    assert_false(covers(f, 6, "10.0.0.1", "192.0.2.2"));
    assert_false(covers(f, 6, "192.0.2.1", "10.0.0.1"));
}

static void a_cover_lasts_as_long_as_its_answer(void **state)
{
    struct addr client = addr_of("10.0.0.1"), server = addr_of("192.0.2.1");
    struct fixture *f = *state;

    event_begin(f->event, EVENT_DNS, 5);
    event_put_addr(f->event, FIELD_SRC_IP, &client);
    event_add_addr(f->event, FIELD_DNS_ANSWER_IP, &server);
    event_put_number(f->event, FIELD_DNS_ANSWER_TTL, 7200);
    shield_learn(f->shield, f->event, NULL);
    learn(f, 6, "10.0.0.1", "192.0.2.1", "192.0.2.2"); /* shortens nothing */
    assert_true(covers(f, 5 + 3 * USEC_PER_HOUR, "10.0.0.1", "192.0.2.1"));
    assert_false(covers(f, 6 + 3 * USEC_PER_HOUR, "10.0.0.1", "192.0.2.1"));
}

static void a_cover_ends_after_its_hour(void **state)
{
    struct fixture *f = *state;

    learn(f, 5, "10.0.0.1", "192.0.2.1", "192.0.2.2");
    assert_true(covers(f, 5 + SHIELD_FOR, "10.0.0.1", "192.0.2.1"));
    assert_false(covers(f, 6 + SHIELD_FOR, "10.0.0.1", "192.0.2.1"));
    learn(f, 6 + SHIELD_FOR, "10.0.0.1", "192.0.2.1", "192.0.2.2");
    assert_true(covers(f, 6 + SHIELD_FOR, "10.0.0.1", "192.0.2.1"));
}

static void many_others_do_not_uncover_what_was_asked_last(void **state)
{
    struct fixture *f = *state;
    char ip[16];

    for (unsigned i = 0; i < 20000; i++) {
        snprintf(ip, sizeof(ip), "192.%u.%u.%u", 1 + (i >> 16), i >> 8 & 255, i & 255);
        learn(f, i, "10.0.0.1", ip, ip);
        assert_true(covers(f, i, "10.0.0.1", ip));
    }
}

static void an_answer_without_addresses_covers_nothing(void **state)
{
    struct fixture *f = *state;

    event_begin(f->event, EVENT_DNS, 5);
    shield_learn(f->shield, f->event, NULL);
    assert_false(covers(f, 5, "10.0.0.1", "192.0.2.1"));
}

static void a_name_answered_on_the_link_is_covered_for_who_asked(void **state)
{
    struct fixture *f = *state;
    struct addr asked = addr_of("10.0.0.1"), answered = addr_of("10.0.0.7");
    struct addr ip = addr_of("192.0.2.1");

    event_begin(f->event, EVENT_NAME, 5);
    event_put_addr(f->event, FIELD_SRC_IP, &answered);
    event_put_addr(f->event, FIELD_DST_IP, &asked);
    event_add_addr(f->event, FIELD_NAME_ANSWER_IP, &ip);
    shield_learn(f->shield, f->event, NULL);
    assert_true(covers(f, 6, "10.0.0.1", "192.0.2.1"));
    assert_false(covers(f, 6, "10.0.0.7", "192.0.2.1"));
}

/* The question was lost, so the conversation is the resolver's. */
static void an_answer_seen_first_covers_the_device_and_not_the_resolver(void **state)
{
    struct fixture *f = *state;
    struct addr asked = addr_of("10.0.0.1"), resolver = addr_of("10.0.0.53");
    struct addr ip = addr_of("192.0.2.1");

    event_begin(f->event, EVENT_DNS, 5);
    event_put_addr(f->event, FIELD_SRC_IP, &resolver);
    event_put_addr(f->event, FIELD_DST_IP, &asked);
    event_put_number(f->event, FIELD_SRC_PORT, 53);
    event_put_number(f->event, FIELD_DST_PORT, 40000);
    event_put_number(f->event, FIELD_DNS_QR, DNS_ANSWER);
    event_add_addr(f->event, FIELD_DNS_ANSWER_IP, &ip);
    shield_learn(f->shield, f->event, NULL);
    assert_true(covers(f, 6, "10.0.0.1", "192.0.2.1"));
    assert_false(covers(f, 6, "10.0.0.53", "192.0.2.1"));
}

static void an_address_that_is_only_hinted_at_is_covered_too(void **state)
{
    struct fixture *f = *state;
    struct addr client = addr_of("10.0.0.1"), hint = addr_of("192.0.2.1");

    event_begin(f->event, EVENT_DNS, 5);
    event_put_addr(f->event, FIELD_SRC_IP, &client);
    event_add_addr(f->event, FIELD_DNS_HINT_IP, &hint);
    shield_learn(f->shield, f->event, NULL);
    assert_true(covers(f, 6, "10.0.0.1", "192.0.2.1"));
}

/* As many as fit into the longest message, and each device's own. */
static void every_address_of_the_longest_answer_is_covered(void **state)
{
    struct addr client = addr_of("10.0.0.1");
    struct fixture *f = *state;
    struct answer_rest *rest = xcalloc(1, sizeof(*rest));

    learn(f, 5, "10.0.0.2", "192.0.2.1", "192.0.2.2");
    event_begin(f->event, EVENT_DNS, 5);
    event_put_addr(f->event, FIELD_SRC_IP, &client);
    for (unsigned i = 0; i < ANSWER_REST_MOST; i++) {
        const struct addr a = {.bytes = {1, (uint8_t)(i >> 8), (uint8_t)i}};

        answer_add(f->event, FIELD_DNS_ANSWER_IP, &a, rest);
    }
    shield_learn(f->shield, f->event, rest);
    for (unsigned i = 0; i < ANSWER_REST_MOST; i++) {
        const struct addr a = {.bytes = {1, (uint8_t)(i >> 8), (uint8_t)i}};

        assert_true(shield_covers(f->shield, &client, &a, 6));
    }
    assert_true(covers(f, 6, "10.0.0.2", "192.0.2.1"));
    assert_int_equal(shield_counts(f->shield).covered, ANSWER_REST_MOST + 2);
    assert_int_equal(shield_counts(f->shield).evicted, 0);
    free(rest);
}

static void what_one_device_asks_does_not_uncover_what_another_did(void **state)
{
    struct fixture *f = *state;
    char ip[16];

    learn(f, 5, "10.0.0.2", "192.0.2.1", "192.0.2.2");
    for (unsigned i = 0; i < 200000; i++) {
        snprintf(ip, sizeof(ip), "198.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
        learn(f, 6, "10.0.0.1", ip, ip);
    }
    assert_true(covers(f, 7, "10.0.0.2", "192.0.2.1"));
    assert_true(covers(f, 7, "10.0.0.2", "192.0.2.2"));
    assert_true(shield_counts(f->shield).evicted > 50000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(every_address_of_an_answer_is_covered_for_its_client),
        WITH_FIXTURE(a_name_answered_on_the_link_is_covered_for_who_asked),
        WITH_FIXTURE(a_cover_lasts_as_long_as_its_answer),
        WITH_FIXTURE(a_cover_ends_after_its_hour),
        WITH_FIXTURE(many_others_do_not_uncover_what_was_asked_last),
        WITH_FIXTURE(an_answer_without_addresses_covers_nothing),
        WITH_FIXTURE(an_answer_seen_first_covers_the_device_and_not_the_resolver),
        WITH_FIXTURE(an_address_that_is_only_hinted_at_is_covered_too),
        WITH_FIXTURE(every_address_of_the_longest_answer_is_covered),
        WITH_FIXTURE(what_one_device_asks_does_not_uncover_what_another_did),
    };

    return cmocka_run_group_tests_name("shield", tests, NULL, NULL);
}
