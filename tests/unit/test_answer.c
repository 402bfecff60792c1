/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>

#include "agent/answer.h"
#include "mem.h"
#include "names.h"

struct fixture {
    struct event *event;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->event = event_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

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

/* Between 10.0.0.1 (src) and 10.0.0.53. */
static void begin(struct fixture *f, enum event_kind kind, unsigned src_port,
                  unsigned dst_port)
{
    struct addr src = addr_of("10.0.0.1"), dst = addr_of("10.0.0.53");

    event_begin(f->event, kind, 5);
    event_put_addr(f->event, FIELD_SRC_IP, &src);
    event_put_addr(f->event, FIELD_DST_IP, &dst);
    event_put_number(f->event, FIELD_SRC_PORT, src_port);
    event_put_number(f->event, FIELD_DST_PORT, dst_port);
}

static void begin_dns(struct fixture *f, enum dns_qr qr, unsigned src_port,
                      unsigned dst_port)
{
    begin(f, EVENT_DNS, src_port, dst_port);
    event_put_number(f->event, FIELD_DNS_QR, qr);
}

static void assert_asked(const struct fixture *f, const char *ip)
{
    struct addr a = addr_of(ip);

    assert_non_null(answer_asker(f->event));
    assert_true(addr_equal(answer_asker(f->event), &a));
}

static void who_began_the_conversation_had_asked(void **state)
{
    struct fixture *f = *state;

    begin_dns(f, DNS_ANSWER, 40000, 53);
    assert_asked(f, "10.0.0.1");
}

static void of_a_conversation_first_seen_by_its_answer_the_other_end_had_asked(
    void **state)
{
    struct fixture *f = *state;

    begin_dns(f, DNS_ANSWER, 53, 40000);
    assert_asked(f, "10.0.0.53");
}

static void who_asks_from_the_resolvers_own_port_had_asked(void **state)
{
    struct fixture *f = *state;

    begin_dns(f, DNS_ANSWER, 53, 53);
    assert_asked(f, "10.0.0.1");
    begin_dns(f, DNS_QUERY, 53, 40000); /* no answer, so nobody is turned */
    assert_asked(f, "10.0.0.1");
}

static void on_the_link_whoever_is_answered_had_asked(void **state)
{
    struct fixture *f = *state;

    begin(f, EVENT_NAME, 5355, 40000);
    assert_asked(f, "10.0.0.53");
}

static void without_ends_nobody_is_known_to_have_asked(void **state)
{
    struct fixture *f = *state;

    event_begin(f->event, EVENT_DNS, 5);
    assert_null(answer_asker(f->event));
    assert_false(answer_is_for_inside(f->event));
}

static bool is_for_inside(struct fixture *f, unsigned src_port, enum direction way)
{
    begin_dns(f, DNS_ANSWER, src_port, src_port == 53 ? 40000 : 53);
    event_put_number(f->event, FIELD_DIRECTION, way);
    return answer_is_for_inside(f->event);
}

static void whether_the_asker_is_inside_goes_by_its_own_end(void **state)
{
    struct fixture *f = *state;

    assert_true(is_for_inside(f, 40000, DIRECTION_OUTBOUND));
    assert_true(is_for_inside(f, 40000, DIRECTION_INTERNAL));
    assert_false(is_for_inside(f, 40000, DIRECTION_INBOUND));
    assert_false(is_for_inside(f, 40000, DIRECTION_EXTERNAL));
    assert_true(is_for_inside(f, 53, DIRECTION_INBOUND));
    assert_true(is_for_inside(f, 53, DIRECTION_INTERNAL));
    assert_false(is_for_inside(f, 53, DIRECTION_OUTBOUND));
}

static void addresses_and_hints_are_counted_through(void **state)
{
    struct fixture *f = *state;
    struct addr a = addr_of("192.0.2.1"), b = addr_of("2001:db8::1"),
                hint = addr_of("192.0.2.9");

    begin_dns(f, DNS_ANSWER, 40000, 53);
    assert_null(answer_addr(f->event, NULL, 0));
    event_add_addr(f->event, FIELD_DNS_ANSWER_IP, &a);
    event_add_addr(f->event, FIELD_DNS_ANSWER_IP, &b);
    event_add_addr(f->event, FIELD_DNS_HINT_IP, &hint);
    assert_true(addr_equal(answer_addr(f->event, NULL, 0), &a));
    assert_true(addr_equal(answer_addr(f->event, NULL, 1), &b));
    assert_true(addr_equal(answer_addr(f->event, NULL, 2), &hint));
    assert_null(answer_addr(f->event, NULL, 3));
}

/* What two lists do not hold follows them in the order of the message. */
static void what_an_event_has_no_room_for_is_among_the_rest(void **state)
{
    static struct answer_rest rest;
    struct fixture *f = *state;
    size_t count = 0;

    begin_dns(f, DNS_ANSWER, 40000, 53);
    for (unsigned i = 0; i < 300; i++) {
        const struct addr a = {.bytes = {1, (uint8_t)(i >> 8), (uint8_t)i}};

        answer_add(f->event, i % 2 ? FIELD_DNS_HINT_IP : FIELD_DNS_ANSWER_IP, &a, &rest);
    }
    assert_true(event_short(f->event));
    while (answer_addr(f->event, &rest, count))
        count++;
    assert_int_equal(count, 300);
    assert_int_equal(answer_addr(f->event, &rest, 299)->bytes[1] << 8 |
                         answer_addr(f->event, &rest, 299)->bytes[2],
                     299);
    assert_null(answer_addr(f->event, NULL, (size_t)2 * EVENT_LIST_MAX));
    answer_rest_wipe(&rest);
    assert_int_equal(rest.count, 0);
    assert_int_equal(rest.at[0].bytes[0], 0);
}

static bool is_help(struct text name, void *arg)
{
    (*(unsigned *)arg)++;
    return text_equal(name, TEXT("help.example"));
}

static void the_rest_holds_so_many_addresses_and_no_more(void **state)
{
    struct answer_rest *rest = xcalloc(1, sizeof(*rest));
    struct addr a = addr_of("192.0.2.1"), b = addr_of("192.0.2.2");

    (void)state;
    for (size_t i = 1; i < ANSWER_REST_MOST; i++)
        answer_rest_add(rest, &a);
    answer_rest_add(rest, &b);
    answer_rest_add(rest, &a);
    assert_int_equal(rest->count, ANSWER_REST_MOST);
    assert_true(addr_equal(&rest->at[ANSWER_REST_MOST - 1], &b));
    answer_rest_wipe(rest);
    assert_int_equal(rest->count, 0);
    free(rest);
}

static void names_that_an_event_has_no_room_for_are_asked_about(void **state)
{
    unsigned asked = 0;
    static struct answer_rest rest;
    struct fixture *f = *state;

    rest = (struct answer_rest){.protects = is_help, .arg = &asked};
    begin_dns(f, DNS_ANSWER, 40000, 53);
    answer_add_name(f->event, FIELD_DNS_ANSWER_NAME, TEXT("Help.Example"), &rest);
    for (unsigned i = 1; i < EVENT_LIST_MAX; i++)
        answer_add_name(f->event, FIELD_DNS_ANSWER_NAME, TEXT("a.example"), &rest);
    assert_int_equal(asked, 0); /* whoever looks at the event finds it there */
    assert_true(text_equal(event_get(f->event, FIELD_DNS_ANSWER_NAME)->texts[0],
                           TEXT("help.example")));
    answer_add_name(f->event, FIELD_DNS_ANSWER_NAME, TEXT("b.example"), &rest);
    assert_true(asked == 1 && !rest.named);
    answer_add_name(f->event, FIELD_DNS_ANSWER_NAME, TEXT("HELP.example"), &rest);
    answer_add_name(f->event, FIELD_DNS_ANSWER_NAME, TEXT("c.example"), &rest);
    assert_true(asked == 2 && rest.named);
    answer_rest_wipe(&rest);
    assert_false(rest.named);
    answer_add_name(f->event, FIELD_DNS_ANSWER_NAME, TEXT("help.example"), NULL);
}

/* What goes through IDNA costs 50 us, and a message has room for thousands of them. */
static void a_name_that_is_no_ascii_stands_as_it_is_on_the_wire(void **state)
{
    struct fixture *f = *state;

    begin_dns(f, DNS_ANSWER, 40000, 53);
    answer_add_name(f->event, FIELD_DNS_ANSWER_NAME, TEXT("B\xc3\xbc.Example"), NULL);
    assert_true(text_equal(event_get(f->event, FIELD_DNS_ANSWER_NAME)->texts[0],
                           TEXT("B\xc3\xbc.Example")));
}

static void long_names_find_less_room_and_are_asked_about(void **state)
{
    unsigned asked = 0;
    static struct answer_rest rest;
    struct fixture *f = *state;
    char name[241];

    memset(name, 'a', sizeof(name));
    for (size_t i = 60; i < sizeof(name); i += 60)
        name[i] = '.';
    rest = (struct answer_rest){.protects = is_help, .arg = &asked};
    begin_dns(f, DNS_ANSWER, 40000, 53);
    for (unsigned i = 0; i < EVENT_ROOM / sizeof(name); i++)
        answer_add_name(f->event, i % 2 ? FIELD_DNS_ANSWER_NAME : FIELD_NAME_ANSWER_NAME,
                        (struct text){name, sizeof(name) - 1}, &rest);
    assert_true(asked > 0 && !rest.named);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(who_began_the_conversation_had_asked),
        WITH_FIXTURE(of_a_conversation_first_seen_by_its_answer_the_other_end_had_asked),
        WITH_FIXTURE(who_asks_from_the_resolvers_own_port_had_asked),
        WITH_FIXTURE(on_the_link_whoever_is_answered_had_asked),
        WITH_FIXTURE(without_ends_nobody_is_known_to_have_asked),
        WITH_FIXTURE(whether_the_asker_is_inside_goes_by_its_own_end),
        WITH_FIXTURE(addresses_and_hints_are_counted_through),
        WITH_FIXTURE(what_an_event_has_no_room_for_is_among_the_rest),
        WITH_FIXTURE(the_rest_holds_so_many_addresses_and_no_more),
        WITH_FIXTURE(names_that_an_event_has_no_room_for_are_asked_about),
        WITH_FIXTURE(a_name_that_is_no_ascii_stands_as_it_is_on_the_wire),
        WITH_FIXTURE(long_names_find_less_room_and_are_asked_about),
    };

    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
