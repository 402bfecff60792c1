/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "collector/sight.h"

static const char text[] =
    "{\"timestamp\":\"2026-11-23T09:00:00Z\",\"event_type\":\"alert\",\"src_ip\":"
    "\"10.0.0.7\",\"dest_ip\":\"203.0.113.9\",\"dest_port\":443,\"community_id\":\"1:x\","
    "\"tls\":{\"sni\":\"secret.example\",\"version\":\"TLS 1.2\"},\"alert\":{\"signature\":"
    "\"A host of a list\"},\"unheard_of\":\"x\",\"hallwatch\":{\"rule\":\"safety.adult\","
    "\"site\":\"lincoln\",\"segment\":\"students\",\"host\":\"secret.example\",\"list\":"
    "{\"name\":\"adult\"},\"device\":{\"pseudonym\":\"7KQX-M3TA\",\"sealed\":\"c2Vj\"}}}";

static struct json *seen_by(enum role reader, enum role owner)
{
    auto_json struct json *document = json_parse(text, strlen(text), NULL);

    assert_non_null(document);
    return sight_document(document, sight_of(reader, owner));
}

static void assert_shows(enum role reader, enum role owner, const char *path, bool shown)
{
    auto_json struct json *seen = seen_by(reader, owner);

    if ((json_get_path(seen, path) != NULL) != shown)
        fail_msg("%s, %s: %s", names_get(&names_role, reader),
                 names_get(&names_role, owner), path);
}

static void a_network_admin_sees_no_host_of_safeguarding(void **state)
{
    (void)state;
    assert_shows(ROLE_NETWORK_ADMIN, ROLE_SAFETY_OFFICER, "hallwatch.rule", true);
    assert_shows(ROLE_NETWORK_ADMIN, ROLE_SAFETY_OFFICER, "hallwatch.site", true);
    assert_shows(ROLE_NETWORK_ADMIN, ROLE_SAFETY_OFFICER, "hallwatch.host", false);
    assert_shows(ROLE_NETWORK_ADMIN, ROLE_SAFETY_OFFICER, "tls", false);
    assert_shows(ROLE_NETWORK_ADMIN, ROLE_SAFETY_OFFICER, "hallwatch.list", false);
    assert_shows(ROLE_NETWORK_ADMIN, ROLE_SAFETY_OFFICER, "dest_ip", false);
    assert_shows(ROLE_NETWORK_ADMIN, ROLE_SAFETY_OFFICER, "hallwatch.device", false);
    assert_shows(ROLE_NETWORK_ADMIN, ROLE_NETWORK_ADMIN, "tls.sni", true);
    assert_shows(ROLE_NETWORK_ADMIN, ROLE_NETWORK_ADMIN, "dest_port", true);
}

static void a_safety_officer_sees_no_packet_detail(void **state)
{
    (void)state;
    assert_shows(ROLE_SAFETY_OFFICER, ROLE_SAFETY_OFFICER, "hallwatch.host", true);
    assert_shows(ROLE_SAFETY_OFFICER, ROLE_SAFETY_OFFICER, "hallwatch.device.pseudonym",
                 true);
    assert_shows(ROLE_SAFETY_OFFICER, ROLE_SAFETY_OFFICER, "src_ip", false);
    assert_shows(ROLE_SAFETY_OFFICER, ROLE_SAFETY_OFFICER, "dest_ip", false);
    assert_shows(ROLE_SAFETY_OFFICER, ROLE_SAFETY_OFFICER, "dest_port", false);
    assert_shows(ROLE_SAFETY_OFFICER, ROLE_SAFETY_OFFICER, "community_id", false);
    assert_shows(ROLE_SAFETY_OFFICER, ROLE_SAFETY_OFFICER, "tls.version", false);
}

static void nobody_sees_what_is_sealed_or_not_foreseen(void **state)
{
    (void)state;
    for (unsigned reader = 0; reader <= ROLE_AUDITOR; reader++)
        for (unsigned owner = 0; owner <= ROLE_AUDITOR; owner++) {
            assert_shows(reader, owner, "hallwatch.device.sealed", false);
            assert_shows(reader, owner, "unheard_of", false);
        }
}

static void an_auditor_and_a_governor_see_no_alert_at_all(void **state)
{
    (void)state;
    for (unsigned owner = 0; owner <= ROLE_AUDITOR; owner++) {
        auto_json struct json *auditor = seen_by(ROLE_AUDITOR, owner);
        auto_json struct json *governor = seen_by(ROLE_GOVERNOR, owner);

        assert_int_equal(json_count(auditor), 0);
        assert_int_equal(json_count(governor), 0);
    }
    assert_true(sight_of_audit(ROLE_AUDITOR));
    assert_false(sight_of_audit(ROLE_GOVERNOR));
}

static void small_counts_are_hidden_from_who_sees_only_counts(void **state)
{
    unsigned governor = sight_of(ROLE_GOVERNOR, ROLE_SECURITY);

    (void)state;
    assert_int_equal(sight_count(governor, 9), 0);
    assert_int_equal(sight_count(governor, 10), 10);
    assert_int_equal(sight_count(sight_of(ROLE_SECURITY, ROLE_SECURITY), 1), 1);
    assert_int_equal(sight_count(sight_of(ROLE_AUDITOR, ROLE_SECURITY), 99), 0);
}

static void a_filter_of_owners_follows_the_table(void **state)
{
    (void)state;
    assert_int_equal(sight_owners(ROLE_GOVERNOR, SIGHT_WHAT), 0);
    assert_int_equal(sight_owners(ROLE_EXAMS_OFFICER, SIGHT_WHAT),
                     1U << ROLE_NETWORK_ADMIN | 1U << ROLE_EXAMS_OFFICER);
    assert_int_equal(sight_owners(ROLE_NETWORK_ADMIN, SIGHT_PACKET),
                     1U << ROLE_NETWORK_ADMIN | 1U << ROLE_SECURITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_admin_sees_no_host_of_safeguarding),
        cmocka_unit_test(a_safety_officer_sees_no_packet_detail),
        cmocka_unit_test(nobody_sees_what_is_sealed_or_not_foreseen),
        cmocka_unit_test(an_auditor_and_a_governor_see_no_alert_at_all),
        cmocka_unit_test(small_counts_are_hidden_from_who_sees_only_counts),
        cmocka_unit_test(a_filter_of_owners_follows_the_table),
    };

    return cmocka_run_group_tests_name("sight", tests, NULL, NULL);
}
