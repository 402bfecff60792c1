/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "agent/guard.h"
#include "auto.h"
#include "help_lines.h"
#include "mem.h"

#define NOW (UINT64_C(1767258000) * USEC_PER_SEC)

struct fixture {
    struct listdb *lists;
    struct name_memory *names;
    struct guard *guard;
    struct event *event;
    struct flow flow;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->lists = help_lines();
    f->names = name_memory_new(64);
    f->guard = guard_new(f->names, f->lists);
    f->event = event_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    guard_free(f->guard);
    name_memory_free(f->names);
    listdb_close(f->lists);
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

static void begin(struct fixture *f, enum event_kind kind, const char *src,
                  const char *dst)
{
    struct addr s = addr_of(src), d = addr_of(dst);

    event_begin(f->event, kind, NOW);
    event_put_addr(f->event, FIELD_SRC_IP, &s);
    event_put_addr(f->event, FIELD_DST_IP, &d);
    event_put_number(f->event, FIELD_DIRECTION, DIRECTION_OUTBOUND);
}

/* What is decided of an answer for a name, given to 10.0.0.1. */
static enum guard_verdict answer(struct fixture *f, const char *name, const char *ip)
{
    struct addr a = addr_of(ip);

    begin(f, EVENT_DNS, "10.0.0.1", "10.0.0.53");
    event_put_text(f->event, FIELD_DNS_QNAME, text_of(name));
    event_put_number(f->event, FIELD_DNS_ANSWER_TTL, 60);
    event_add_addr(f->event, FIELD_DNS_ANSWER_IP, &a);
    return guard_ask(f->guard, f->event, &f->flow);
}

/* Of a hello that names a host, of the fixture's flow. */
static enum guard_verdict hello(struct fixture *f, const char *host)
{
    begin(f, EVENT_TLS, "10.0.0.1", "192.0.2.1");
    if (host)
        event_put_text(f->event, FIELD_HOST, text_of(host));
    return guard_ask(f->guard, f->event, &f->flow);
}

static bool led(const struct fixture *f, const char *a, const char *b)
{
    struct addr one = addr_of(a), other = addr_of(b);

    return guard_led(f->guard, &one, &other, NOW + 1);
}

static enum name_memory_verdict remembered(const struct fixture *f, const char *server)
{
    struct addr client = addr_of("10.0.0.1"), s = addr_of(server);
    struct text name;

    return name_memory_find(f->names, &client, &s, NOW + 1, &name);
}

static void every_name_in_an_event_can_be_protected(void **state)
{
    static const enum field_id names[] = {FIELD_HOST, FIELD_DNS_QNAME, FIELD_TLS_SNI,
                                          FIELD_NAME_QNAME, FIELD_NAME_OWN};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        event_begin(f->event, EVENT_DNS, NOW);
        event_put_text(f->event, names[i], TEXT("www.help.example"));
        assert_int_equal(guard_ask(f->guard, f->event, NULL), GUARD_WIPE);
        event_put_text(f->event, names[i], TEXT("www.other.example"));
        assert_int_equal(guard_ask(f->guard, f->event, NULL), GUARD_TELL);
    }
}

static void any_name_of_a_list_can_be_protected(void **state)
{
    struct fixture *f = *state;

    event_begin(f->event, EVENT_DNS, NOW);
    event_put_text(f->event, FIELD_HOST, TEXT("cdn.example"));
    event_add_text(f->event, FIELD_DNS_ANSWER_NAME, TEXT("a.example"));
    event_add_text(f->event, FIELD_DNS_ANSWER_NAME, TEXT("help.example"));
    assert_int_equal(guard_ask(f->guard, f->event, NULL), GUARD_WIPE);
    event_begin(f->event, EVENT_NAME, NOW);
    event_add_text(f->event, FIELD_NAME_ANSWER_NAME, TEXT("a.help.example"));
    assert_int_equal(guard_ask(f->guard, f->event, NULL), GUARD_WIPE);
    event_begin(f->event, EVENT_TLS, NOW);
    event_add_text(f->event, FIELD_TLS_CERT_NAMES, TEXT("a.example"));
    assert_int_equal(guard_ask(f->guard, f->event, NULL), GUARD_TELL);
    event_add_text(f->event, FIELD_TLS_CERT_NAMES, TEXT("*.help.example"));
    assert_int_equal(guard_ask(f->guard, f->event, NULL), GUARD_WIPE);
}

static void without_lists_nothing_is_protected(void **state)
{
    struct fixture *f = *state;

    guard_use(f->guard, NULL);
    assert_false(guard_protects(f->guard, TEXT("help.example")));
    assert_int_equal(hello(f, "help.example"), GUARD_TELL);
    assert_int_equal(answer(f, "help.example", "192.0.2.1"), GUARD_TELL);
    assert_false(led(f, "10.0.0.1", "192.0.2.1"));
}

static void each_message_of_dns_stands_for_itself(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(answer(f, "help.example", "192.0.2.1"), GUARD_WIPE);
    assert_int_equal(answer(f, "other.example", "192.0.2.2"), GUARD_TELL);
    assert_false(f->flow.stage.protected);
}

static void a_host_decides_for_its_conversation_until_another_is_named(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hello(f, "help.example"), GUARD_WIPE);
    assert_true(f->flow.stage.protected);
    assert_int_equal(hello(f, NULL), GUARD_QUIET);
    assert_int_equal(hello(f, "other.example"), GUARD_TELL);
    assert_false(f->flow.stage.protected);
    assert_int_equal(hello(f, NULL), GUARD_TELL);
}

static void a_certificate_protects_who_named_no_host_and_uncovers_nobody(void **state)
{
    struct fixture *f = *state;

    begin(f, EVENT_TLS, "10.0.0.1", "192.0.2.1");
    event_put_number(f->event, FIELD_TLS_SIDE, TLS_CERTIFICATE);
    event_add_text(f->event, FIELD_TLS_CERT_NAMES, TEXT("help.example"));
    assert_int_equal(guard_ask(f->guard, f->event, &f->flow), GUARD_WIPE);
    assert_true(f->flow.stage.protected);
    begin(f, EVENT_TLS, "10.0.0.1", "192.0.2.1");
    event_put_number(f->event, FIELD_TLS_SIDE, TLS_CERTIFICATE);
    event_put_text(f->event, FIELD_HOST, TEXT("other.example"));
    assert_int_equal(guard_ask(f->guard, f->event, &f->flow), GUARD_QUIET);
    f->flow.stage.protected = false;
    begin(f, EVENT_TLS, "10.0.0.1", "192.0.2.1");
    event_put_number(f->event, FIELD_TLS_SIDE, TLS_CERTIFICATE);
    event_put_text(f->event, FIELD_HOST, TEXT("other.example"));
    event_add_text(f->event, FIELD_TLS_CERT_NAMES, TEXT("help.example"));
    assert_int_equal(guard_ask(f->guard, f->event, &f->flow), GUARD_WIPE);
    assert_false(f->flow.stage.protected); /* the hello had named another */
}

static void a_protected_name_leads_both_ways_and_nobody_else(void **state)
{
    struct fixture *f = *state;

    assert_false(led(f, "10.0.0.1", "192.0.2.1"));
    (void)answer(f, "help.example", "192.0.2.1");
    assert_true(led(f, "10.0.0.1", "192.0.2.1"));
    assert_true(led(f, "192.0.2.1", "10.0.0.1"));
    assert_false(led(f, "10.0.0.2", "192.0.2.1"));
    assert_false(led(f, "10.0.0.1", "192.0.2.2"));
    assert_int_equal(guard_counts(f->guard).covered, 1);
}

static void the_rest_of_an_answer_is_led_to_and_wiped(void **state)
{
    struct addr further = addr_of("192.0.2.9");
    struct fixture *f = *state;

    answer_rest_add(guard_rest(f->guard), &further);
    (void)answer(f, "help.example", "192.0.2.1");
    assert_true(led(f, "10.0.0.1", "192.0.2.9"));
    assert_int_equal(guard_rest(f->guard)->count, 0);
}

static void a_protected_name_that_the_event_does_not_hold_is_heard_of_once(void **state)
{
    struct fixture *f = *state;

    answer_rest_ask(guard_rest(f->guard), TEXT("other.example"));
    assert_int_equal(answer(f, "www.example", "192.0.2.2"), GUARD_TELL);
    answer_rest_ask(guard_rest(f->guard), TEXT("a.help.example"));
    assert_int_equal(answer(f, "www.example", "192.0.2.1"), GUARD_WIPE);
    assert_true(led(f, "10.0.0.1", "192.0.2.1"));
    assert_int_equal(answer(f, "www.example", "192.0.2.3"), GUARD_TELL);
}

static void where_a_protected_name_led_no_other_name_is_remembered(void **state)
{
    struct fixture *f = *state;

    (void)answer(f, "other.example", "192.0.2.1");
    assert_int_equal(remembered(f, "192.0.2.1"), NAME_MEMORY_ASKED);
    (void)answer(f, "help.example", "192.0.2.1");
    assert_int_equal(remembered(f, "192.0.2.1"), NAME_MEMORY_UNKNOWN);
    (void)answer(f, "other.example", "192.0.2.1");
    assert_int_equal(remembered(f, "192.0.2.1"), NAME_MEMORY_UNKNOWN);
}

static void who_asks_back_where_a_protected_name_led_is_protected(void **state)
{
    struct fixture *f = *state;

    (void)answer(f, "help.example", "192.0.2.1");
    begin(f, EVENT_DNS, "10.0.0.1", "10.0.0.53");
    event_put_text(f->event, FIELD_DNS_QNAME, TEXT("1.2.0.192.in-addr.arpa"));
    assert_int_equal(guard_ask(f->guard, f->event, NULL), GUARD_WIPE);
    begin(f, EVENT_DNS, "10.0.0.2", "10.0.0.53");
    event_put_text(f->event, FIELD_DNS_QNAME, TEXT("1.2.0.192.in-addr.arpa"));
    assert_int_equal(guard_ask(f->guard, f->event, NULL), GUARD_TELL);
}

static void an_address_whose_name_turns_out_to_be_protected_is_led_to(void **state)
{
    struct fixture *f = *state;

    begin(f, EVENT_DNS, "10.0.0.1", "10.0.0.53");
    event_put_text(f->event, FIELD_DNS_QNAME, TEXT("1.2.0.192.in-addr.arpa"));
    event_add_text(f->event, FIELD_DNS_ANSWER_NAME, TEXT("help.example"));
    assert_int_equal(guard_ask(f->guard, f->event, NULL), GUARD_WIPE);
    assert_true(led(f, "10.0.0.1", "192.0.2.1"));
}

static void a_name_that_new_lists_protect_led_there_as_if_it_always_had_been(void **state)
{
    struct fixture *f = *state;

    guard_use(f->guard, NULL);
    assert_int_equal(answer(f, "help.example", "192.0.2.1"), GUARD_TELL);
    assert_false(led(f, "10.0.0.1", "192.0.2.1"));
    guard_use(f->guard, f->lists);
    assert_true(led(f, "10.0.0.1", "192.0.2.1"));
    assert_int_equal(remembered(f, "192.0.2.1"), NAME_MEMORY_HIDDEN);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(every_name_in_an_event_can_be_protected),
        T(any_name_of_a_list_can_be_protected),
        T(without_lists_nothing_is_protected),
        T(each_message_of_dns_stands_for_itself),
        T(a_host_decides_for_its_conversation_until_another_is_named),
        T(a_certificate_protects_who_named_no_host_and_uncovers_nobody),
        T(a_protected_name_leads_both_ways_and_nobody_else),
        T(the_rest_of_an_answer_is_led_to_and_wiped),
        T(a_protected_name_that_the_event_does_not_hold_is_heard_of_once),
        T(where_a_protected_name_led_no_other_name_is_remembered),
        T(who_asks_back_where_a_protected_name_led_is_protected),
        T(an_address_whose_name_turns_out_to_be_protected_is_led_to),
        T(a_name_that_new_lists_protect_led_there_as_if_it_always_had_been),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
