/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "event.h"

static void printed_is(const struct event *e, enum field_id f, const char *expected)
{
    auto_buffer struct buffer out = {0};

    event_print_value(e, f, &out);
    assert_string_equal(out.at, expected);
}

static void number_is(enum field_id f, uint64_t number, const char *expected)
{
    auto_event struct event *e = event_new();

    event_begin(e, EVENT_FLOW, 0);
    event_put_number(e, f, number);
    printed_is(e, f, expected);
}

static void numbers_are_printed_as_a_rule_says_them(void **state)
{
    (void)state;
    number_is(FIELD_SRC_PORT, 443, "443");
    number_is(FIELD_FLOW_BYTES, 0, "0");
    number_is(FIELD_FLOW_BYTES, 1000, "1000");
    number_is(FIELD_FLOW_BYTES, 2048, "2 KiB");
    number_is(FIELD_FLOW_BYTES, UINT64_C(2) << 30, "2 GiB");
    number_is(FIELD_FLOW_BYTES, UINT64_C(2) << 40, "2048 GiB");
    number_is(FIELD_FLOW_DURATION, 30 * USEC_PER_MIN, "30 min");
    number_is(FIELD_FLOW_START_TIME, 0, "\"1970-01-01T00:00:00.000000+0000\"");
    number_is(FIELD_FLOW_ANSWERED, 1, "true");
    number_is(FIELD_FLOW_END, FLOW_IDLE, "\"idle\"");
    number_is(FIELD_TLS_VERSION, 0x0102, "\"1.2\"");
    number_is(FIELD_NDPI_RISK, 1 << 6 | 1 << 8,
              "[\"tls_selfsigned_certificate\", \"tls_weak_cipher\"]");
}

static void texts_and_addresses_are_printed_as_a_rule_says_them(void **state)
{
    auto_event struct event *e = event_new();
    struct addr addr = addr_v4((const uint8_t[]){10, 1, 2, 3});
    struct mac mac = {{2, 0, 0x5e, 0, 0, 1}};

    (void)state;
    event_begin(e, EVENT_DNS, 0);
    event_put_text(e, FIELD_SITE_ID, TEXT("a\nb"));
    event_put_addr(e, FIELD_SRC_IP, &addr);
    event_put_mac(e, FIELD_SRC_MAC, &mac);
    event_add_addr(e, FIELD_DNS_ANSWER_IP, &addr);
    event_add_addr(e, FIELD_DNS_ANSWER_IP, &addr);
    event_add_text(e, FIELD_DNS_ANSWER_NAME, TEXT("a.org"));
    printed_is(e, FIELD_SITE_ID, "\"a\\nb\"");
    printed_is(e, FIELD_SRC_IP, "10.1.2.3");
    printed_is(e, FIELD_SRC_MAC, "\"02:00:5e:00:00:01\"");
    printed_is(e, FIELD_DNS_ANSWER_IP, "[10.1.2.3, 10.1.2.3]");
    printed_is(e, FIELD_DNS_ANSWER_NAME, "[\"a.org\"]");
}

static void a_field_that_is_not_there_prints_nothing(void **state)
{
    auto_event struct event *e = event_new();
    auto_buffer struct buffer out = {0};

    (void)state;
    event_print_value(e, FIELD_SRC_IP, &out);
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_printed_as_a_rule_says_them),
        cmocka_unit_test(texts_and_addresses_are_printed_as_a_rule_says_them),
        cmocka_unit_test(a_field_that_is_not_there_prints_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
