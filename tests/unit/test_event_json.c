/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "event.h"

#define NOON (1767268800 * USEC_PER_SEC) /* 2026-01-01 12:00 */

static struct event *begun(enum event_kind kind)
{
    struct event *e = event_new();

    event_begin(e, kind, NOON);
    return e;
}

static struct addr addr(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(text, &a), 0);
    return a;
}

static void put_addr(struct event *e, enum field_id f, const char *text)
{
    struct addr a = addr(text);

    event_put_addr(e, f, &a);
}

static void written_is(const struct event *e, const struct field_set *skip,
                       const char *expected)
{
    auto_json struct json *doc = event_json(e, skip);
    auto_free char *text = json_write(doc);

    assert_string_equal(text, expected);
}

static struct event *conversation(void)
{
    struct event *e = begun(EVENT_FLOW_START);

    put_addr(e, FIELD_SRC_IP, "1.2.3.4");
    put_addr(e, FIELD_DST_IP, "5.6.7.8");
    event_put_number(e, FIELD_SRC_PORT, 1122);
    event_put_number(e, FIELD_DST_PORT, 3344);
    event_put_number(e, FIELD_PROTO, PROTO_TCP);
    return e;
}

static void an_event_is_written_as_eve_has_it(void **state)
{
    auto_event struct event *e = conversation();

    (void)state;
    written_is(e, NULL,
               "{\"timestamp\":\"2026-01-01T12:00:00.000000+0000\","
               "\"event_type\":\"flow_start\",\"src_ip\":\"1.2.3.4\",\"src_port\":1122,"
               "\"dest_ip\":\"5.6.7.8\",\"dest_port\":3344,\"proto\":\"TCP\","
               "\"community_id\":\"1:wCb3OG7yAFWelaUydu0D+125CLM=\"}");
}

static void what_is_skipped_is_not_written_nor_told_by_the_community_id(void **state)
{
    auto_event struct event *e = conversation();
    struct field_set skip = {0};

    (void)state;
    field_set_add(&skip, FIELD_SRC_IP);
    field_set_add(&skip, FIELD_SRC_PORT);
    written_is(e, &skip,
               "{\"timestamp\":\"2026-01-01T12:00:00.000000+0000\","
               "\"event_type\":\"flow_start\",\"dest_ip\":\"5.6.7.8\",\"dest_port\":3344,"
               "\"proto\":\"TCP\"}");
}

static void an_icmp_conversation_is_told_by_type_and_code(void **state)
{
    auto_event struct event *e = begun(EVENT_FLOW);
    auto_json struct json *doc = NULL;

    (void)state;
    put_addr(e, FIELD_SRC_IP, "192.168.0.89");
    put_addr(e, FIELD_DST_IP, "192.168.0.1");
    event_put_number(e, FIELD_PROTO, PROTO_ICMP);
    event_put_number(e, FIELD_ICMP_TYPE, 8);
    event_put_number(e, FIELD_ICMP_CODE, 0);
    doc = event_json(e, NULL);
    assert_string_equal(json_get_text(doc, "community_id", ""),
                        "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
}

static void what_is_only_for_matching_is_never_written(void **state)
{
    auto_event struct event *e = begun(EVENT_HTTP);

    (void)state;
    event_put_text(e, FIELD_HTTP_PATH, TEXT("/secret"));
    event_put_text(e, FIELD_HTTP_METHOD, TEXT("GET"));
    written_is(e, NULL,
               "{\"timestamp\":\"2026-01-01T12:00:00.000000+0000\","
               "\"event_type\":\"http\",\"http\":{\"http_method\":\"GET\"}}");
}

static void answers_are_parted_by_family(void **state)
{
    auto_event struct event *e = begun(EVENT_DNS);
    struct addr four = addr("192.0.2.1"), six = addr("2001:db8::1");

    (void)state;
    event_add_addr(e, FIELD_DNS_ANSWER_IP, &six);
    event_add_addr(e, FIELD_DNS_ANSWER_IP, &four);
    event_add_text(e, FIELD_DNS_ANSWER_NAME, TEXT("a.example"));
    written_is(e, NULL,
               "{\"timestamp\":\"2026-01-01T12:00:00.000000+0000\","
               "\"event_type\":\"dns\",\"dns\":{\"grouped\":{\"A\":[\"192.0.2.1\"],"
               "\"AAAA\":[\"2001:db8::1\"],\"CNAME\":[\"a.example\"]}}}");
}

static void version_is(unsigned version, const char *expected)
{
    auto_event struct event *e = begun(EVENT_TLS);
    auto_json struct json *doc = NULL;

    event_put_number(e, FIELD_TLS_VERSION, version);
    doc = event_json(e, NULL);
    assert_string_equal(json_text(json_get_path(doc, "tls.version"), ""), expected);
}

static void a_fingerprint_is_written_as_suricata_writes_it(void **state)
{
    auto_event struct event *e = begun(EVENT_TLS);
    auto_json struct json *doc = NULL;

    (void)state;
    event_put_text(e, FIELD_TLS_CERT_SHA1, TEXT("0e91b4"));
    doc = event_json(e, NULL);
    assert_string_equal(json_text(json_get_path(doc, "tls.fingerprint"), ""), "0e:91:b4");
}

static void a_tls_version_is_written_as_suricata_writes_it(void **state)
{
    (void)state;
    version_is(0x0003, "SSLv3");
    version_is(0x0100, "TLS 1.0");
    version_is(0x0102, "TLS 1.2");
    version_is(0x0103, "TLS 1.3");
}

static void every_other_type_has_its_form(void **state)
{
    auto_event struct event *e = begun(EVENT_FLOW);
    struct mac mac = {{2, 0, 0x5e, 0xab, 0, 1}};

    (void)state;
    event_put_mac(e, FIELD_SRC_MAC, &mac);
    event_put_number(e, FIELD_FLOW_START_TIME, NOON - USEC_PER_SEC);
    event_put_number(e, FIELD_FLOW_DURATION, 1500000);
    event_put_number(e, FIELD_FLOW_BYTES, UINT64_MAX);
    event_put_number(e, FIELD_FLOW_ANSWERED, 1);
    event_put_number(e, FIELD_FLOW_END, FLOW_IDLE);
    event_put_number(e, FIELD_NDPI_RISK, 1 << 6 | 1 << 8);
    written_is(e, NULL,
               "{\"timestamp\":\"2026-01-01T12:00:00.000000+0000\","
               "\"event_type\":\"flow\",\"ether\":{\"src_mac\":\"02:00:5e:ab:00:01\"},"
               "\"hallwatch\":{\"flow_bytes\":9223372036854775807,"
               "\"flow_duration_us\":1500000,\"flow_answered\":true,\"ndpi\":{\"risk\":"
               "[\"tls_selfsigned_certificate\",\"tls_weak_cipher\"]}},"
               "\"flow\":{\"start\":\"2026-01-01T11:59:59.000000+0000\","
               "\"reason\":\"idle\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_written_as_eve_has_it),
        cmocka_unit_test(what_is_skipped_is_not_written_nor_told_by_the_community_id),
        cmocka_unit_test(an_icmp_conversation_is_told_by_type_and_code),
        cmocka_unit_test(what_is_only_for_matching_is_never_written),
        cmocka_unit_test(answers_are_parted_by_family),
        cmocka_unit_test(a_fingerprint_is_written_as_suricata_writes_it),
        cmocka_unit_test(a_tls_version_is_written_as_suricata_writes_it),
        cmocka_unit_test(every_other_type_has_its_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
