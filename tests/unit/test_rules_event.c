/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent prints of an event is read back as the same event.
 */
#include "unit.h"

#include "cli/rules_event.h"
#include "mem.h"

static void put_addr(struct event *e, enum field_id f, const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(text, &a), 0);
    if (field_get(f)->type == TYPE_ADDRS)
        event_add_addr(e, f, &a);
    else
        event_put_addr(e, f, &a);
}

static void assert_same(const struct event *a, const struct event *b)
{
    assert_int_equal(event_kind(a), event_kind(b));
    assert_int_equal(event_time(a), event_time(b));
    for (enum field_id f = 0; f < FIELD_COUNT; f++) {
        auto_buffer struct buffer x = {0}, y = {0};

        if (!event_has(a, f) || field_get(f)->privacy == PRIVACY_MEMORY)
            continue;
        if (!event_has(b, f))
            fail_msg("%s is lost", field_get(f)->name);
        event_print_value(a, f, &x);
        event_print_value(b, f, &y);
        assert_string_equal(x.at, y.at);
    }
}

static void assert_read_back(const struct event *e)
{
    auto_json struct json *doc = event_json(e, NULL);
    auto_diags struct diags *d = diags_new();
    auto_event struct event *back = event_new();

    if (!rules_event(back, "e.json", doc, d)) {
        auto_free char *text = diags_text(d);

        fail_msg("%s", text);
    }
    assert_same(e, back);
}

static void a_tls_hello_comes_back(void **state)
{
    auto_event struct event *e = event_new();

    (void)state;
    event_begin(e, EVENT_TLS, UINT64_C(1793786400123456));
    put_addr(e, FIELD_SRC_IP, "10.1.2.3");
    put_addr(e, FIELD_DST_IP, "2001:db8::1");
    event_put_mac(e, FIELD_SRC_MAC, &(struct mac){{2, 0, 0, 0, 0, 7}});
    event_put_number(e, FIELD_PROTO, PROTO_TCP);
    event_put_number(e, FIELD_TLS_VERSION, 0x103);
    event_put_host(e, FIELD_TLS_SNI, FIELD_UNKNOWN, TEXT("www.example.org"));
    event_add_text(e, FIELD_TLS_ALPN, TEXT("h2"));
    event_add_text(e, FIELD_TLS_ALPN, TEXT("http/1.1"));
    assert_read_back(e);
    event_put_number(e, FIELD_TLS_VERSION, 3);
    event_put_number(e, FIELD_PROTO, PROTO_ICMP6);
    assert_read_back(e);
}

static void a_flow_and_a_look_up_come_back(void **state)
{
    auto_event struct event *e = event_new();

    (void)state;
    event_begin(e, EVENT_FLOW, UINT64_C(1793786400123456));
    event_put_number(e, FIELD_FLOW_DURATION, 1234567);
    event_put_number(e, FIELD_FLOW_BYTES, 4096);
    event_put_number(e, FIELD_FLOW_ANSWERED, 1);
    event_put_number(e, FIELD_FLOW_START_TIME, UINT64_C(1793786300000000));
    event_put_number(e, FIELD_NDPI_RISK, 0x12);
    event_put_number(e, FIELD_NDPI_PROTO, 3);
    assert_read_back(e);

    event_begin(e, EVENT_DNS, UINT64_C(1793786400123456));
    event_put_host(e, FIELD_DNS_QNAME, FIELD_UNKNOWN, TEXT("a.example.org"));
    put_addr(e, FIELD_DNS_ANSWER_IP, "192.0.2.1");
    put_addr(e, FIELD_DNS_ANSWER_IP, "2001:db8::7");
    event_put_number(e, FIELD_DNS_QR, DNS_ANSWER);
    assert_read_back(e);
}

/* "staff room printer._ipp._tcp.local", and what a tunnel in DNS asks for. */
static void names_that_are_no_host_names_come_back(void **state)
{
    auto_event struct event *e = event_new();

    (void)state;
    event_begin(e, EVENT_DNS, UINT64_C(1793786400123456));
    put_addr(e, FIELD_SRC_IP, "10.1.2.3");
    event_put_host(e, FIELD_DNS_QNAME, FIELD_UNKNOWN,
                   text_of("02g\xfe?82.t.tunnel.example"));
    event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE,
                   text_of("02g\xfe?82.t.tunnel.example"));
    event_add_text(e, FIELD_DNS_ANSWER_NAME, text_of("staff room printer.local"));
    event_add_text(e, FIELD_DNS_ANSWER_NAME, text_of("a.example"));
    assert_true(event_has(e, FIELD_HOST_REGISTRABLE));
    assert_read_back(e);
}

static void a_list_is_no_name_and_a_name_is_no_list(void **state)
{
    static const char *const bad[] = {
        "{\"event_type\":\"tls\",\"tls\":{\"sni\":[\"a b\"]}}",
        "{\"event_type\":\"dns\",\"dns\":{\"grouped\":{\"CNAME\":\"a b\"}}}"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        auto_json struct json *doc = json_parse(bad[i], strlen(bad[i]), NULL);
        auto_diags struct diags *d = diags_new();
        auto_event struct event *e = event_new();

        assert_non_null(doc);
        assert_false(rules_event(e, "e.json", doc, d));
        assert_true(diags_errors(d) > 0);
    }
}

static void fields_by_their_names_are_an_event_too(void **state)
{
    static const char text[] = "{\"kind\":\"dns\",\"src.ip\":\"10.1.2.3\","
                               "\"dns.qname\":\"a.example.org\",\"vlan\":7}";
    auto_json struct json *doc = json_parse(text, strlen(text), NULL);
    auto_diags struct diags *d = diags_new();
    auto_event struct event *e = event_new();

    (void)state;
    assert_true(rules_event(e, "e.json", doc, d));
    assert_int_equal(event_get(e, FIELD_VLAN)->number, 7);
    assert_true(event_has(e, FIELD_HOST));
}

static void what_is_no_event_is_refused(void **state)
{
    static const char *const bad[] = {"{}", "{\"event_type\":\"fileinfo\"}",
                                      "{\"kind\":\"dns\",\"src.ip\":\"x\"}",
                                      "{\"kind\":\"dns\",\"tls.sni\":\"a.test\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        auto_json struct json *doc = json_parse(bad[i], strlen(bad[i]), NULL);
        auto_diags struct diags *d = diags_new();
        auto_event struct event *e = event_new();

        assert_false(rules_event(e, "e.json", doc, d));
        assert_true(diags_errors(d) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tls_hello_comes_back),
        cmocka_unit_test(a_flow_and_a_look_up_come_back),
        cmocka_unit_test(names_that_are_no_host_names_come_back),
        cmocka_unit_test(a_list_is_no_name_and_a_name_is_no_list),
        cmocka_unit_test(fields_by_their_names_are_an_event_too),
        cmocka_unit_test(what_is_no_event_is_refused),
    };

    return cmocka_run_group_tests_name("rules_event", tests, NULL, NULL);
}
