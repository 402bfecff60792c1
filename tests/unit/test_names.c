/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "field.h"
#include "names.h"

static const struct names *const all[] = {
    &names_severity,  &names_role,      &names_identity,   &names_rule_mode,
    &names_age_band,  &names_audience,  &names_proto,      &names_direction,
    &names_tcp_state, &names_flow_end,  &names_dns_qr,     &names_dns_type,
    &names_dns_rcode, &names_tls_side,  &names_tls_ech,    &names_quic_version,
    &names_http_side, &names_dhcp_type, &names_arp_op,     &names_app,
    &names_category,  &names_risk,      &names_confidence, &names_event_kind};

static void every_word_is_found_where_it_stands(void **state)
{
    (void)state;
    for (size_t v = 0; v < sizeof(all) / sizeof(all[0]); v++)
        for (size_t i = 0; i < all[v]->count; i++)
            if (names_find(all[v], names_get(all[v], i)) != (int)i)
                fail_msg("%s has \"%s\" twice", all[v]->what, names_get(all[v], i));
}

static void a_word_that_is_not_there_has_no_index(void **state)
{
    (void)state;
    assert_int_equal(names_find(&names_severity, "hgih"), -ENOENT);
    assert_int_equal(names_find(&names_severity, ""), -ENOENT);
    assert_int_equal(names_find(&names_app, "TLS"), -ENOENT);
}

static void an_index_past_the_end_is_unknown(void **state)
{
    (void)state;
    assert_string_equal(names_get(&names_severity, 5), "unknown");
    assert_string_equal(names_get(&names_app, SIZE_MAX), "unknown");
}

static void an_enum_is_the_index_of_its_word(void **state)
{
    (void)state;
    assert_string_equal(names_get(&names_severity, SEVERITY_CRITICAL), "critical");
    assert_string_equal(names_get(&names_role, ROLE_SAFETY_OFFICER), "safety-officer");
    assert_string_equal(names_get(&names_tcp_state, TCP_STATE_NO_ANSWER), "no_answer");
    assert_string_equal(names_get(&names_dhcp_type, DHCP_OFFER), "offer");
    assert_string_equal(names_get(&names_event_kind, EVENT_ND), "nd");
    assert_string_equal(names_get(&names_confidence, CONFIDENCE_BY_PORT), "by_port");
    assert_string_equal(names_get(&names_dns_rcode, 3), "NXDOMAIN");
    assert_string_equal(names_get(&names_dns_rcode, 23), "BADCOOKIE");
}

static void a_dns_type_has_its_word_by_its_number(void **state)
{
    (void)state;
    assert_string_equal(names_get(&names_dns_type, names_dns_type_of(1)), "A");
    assert_string_equal(names_get(&names_dns_type, names_dns_type_of(28)), "AAAA");
    assert_string_equal(names_get(&names_dns_type, names_dns_type_of(65)), "HTTPS");
    assert_string_equal(names_get(&names_dns_type, names_dns_type_of(257)), "CAA");
    assert_string_equal(names_get(&names_dns_type, names_dns_type_of(65280)), "other");
    assert_int_equal(names_dns_type_of(0), 0);
}

static void what_ndpi_prints_becomes_a_word_of_ours(void **state)
{
    static const struct {
        const char *ndpi, *word;
        const struct names *of;
    } cases[] = {
        {"TLS", "tls", &names_app},
        {"Sina(Weibo)", "sina_weibo", &names_app},
        {"MsSQL-TDS", "mssql", &names_app},
        {"Z39.50", "z39_50", &names_app},
        {"FTP_CONTROL", "ftp", &names_app},
        {"SMBv23", "smb", &names_app},
        {"NetFlix", "netflix", &names_app},
        {"Unknown", "unknown", &names_app},
        {"Unspecified", "unknown", &names_category},
        {"VPN", "vpn", &names_category},
        {"RemoteAccess", "remote_access", &names_category},
        {"User custom category 1", "custom_1", &names_category},
        {"DPI (cache)", "dpi_cache", &names_confidence},
        {"Match by port", "by_port", &names_confidence},
    };
    char word[64];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        names_from_ndpi(cases[i].ndpi, word, sizeof(word));
        assert_string_equal(word, cases[i].word);
        assert_true(names_find(cases[i].of, word) >= 0);
    }
}

static void a_long_name_of_ndpi_is_cut_to_its_room(void **state)
{
    char room[8];

    (void)state;
    memset(room, 'x', sizeof(room));
    names_from_ndpi("!!Very Long Name", room, 6);
    assert_string_equal(room, "very");
    assert_int_equal(room[6], 'x');
    names_from_ndpi("abc", room, 1);
    assert_string_equal(room, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_found_where_it_stands),
        cmocka_unit_test(a_word_that_is_not_there_has_no_index),
        cmocka_unit_test(an_index_past_the_end_is_unknown),
        cmocka_unit_test(an_enum_is_the_index_of_its_word),
        cmocka_unit_test(a_dns_type_has_its_word_by_its_number),
        cmocka_unit_test(what_ndpi_prints_becomes_a_word_of_ours),
        cmocka_unit_test(a_long_name_of_ndpi_is_cut_to_its_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
