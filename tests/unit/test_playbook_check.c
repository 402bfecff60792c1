/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "collector/playbook_check.h"
#include "playbooks.h"

static void what_is_shipped_is_without_fault_for_the_example_district(void **state)
{
    auto_diags struct diags *d = diags_new();
    auto_district struct district *di = district_load("deploy/examples/district.yaml", d);
    auto_playbooks struct playbooks *all = playbooks_load("rules/playbooks", d);
    auto_notices struct notices *notices = notices_load("rules/notices", d);
    auto_free char *said = NULL;

    (void)state;
    if (all && notices && di)
        playbooks_check(&(struct playbook_check){all, notices, di}, d);
    said = diags_text(d);
    if (!all || !notices || !di || diags_errors(d) + diags_warnings(d) > 0)
        fail_msg("%s", said);
    assert_int_equal(all->count, 8);
    assert_int_equal(notices->count, 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_shipped_is_without_fault_for_the_example_district),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
