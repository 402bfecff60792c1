/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "agent/machine.h"

static struct mac mac_of(uint8_t last)
{
    return (struct mac){{2, 0, 0, 0, 0, last}};
}

static void the_machine_not_heard_of_for_longest_makes_room(void **state)
{
    struct machine_table *t = machine_table_new(2);
    struct mac one = mac_of(1), two = mac_of(2), three = mac_of(3);

    (void)state;
    machine_name(t, &one, TEXT("one"), RANK_MDNS);
    machine_name(t, &two, TEXT("two"), RANK_MDNS);
    machine_name(t, &one, TEXT("one"), RANK_MDNS);
    assert_int_equal(machine_table_evicted(t), 0);
    machine_name(t, &three, TEXT("three"), RANK_MDNS);
    assert_string_equal(machine_name_of(t, &one), "one");
    assert_string_equal(machine_name_of(t, &two), "");
    assert_string_equal(machine_name_of(t, &three), "three");
    assert_int_equal(machine_table_evicted(t), 1);
    machine_table_free(t);
}

static void an_empty_name_says_nothing(void **state)
{
    struct machine_table *t = machine_table_new(2);
    struct mac one = mac_of(1);

    (void)state;
    machine_name(t, &one, TEXT("one"), RANK_MDNS);
    machine_name(t, &one, TEXT(""), RANK_DHCP);
    assert_string_equal(machine_name_of(t, &one), "one");
    machine_table_free(t);
}

static void the_oldest_address_is_the_one_too_many(void **state)
{
    struct machine_table *t = machine_table_new(2);
    struct mac one = mac_of(1);
    struct addr gone, ip = {{0x20, 1}};

    (void)state;
    for (uint8_t i = 0; i < MACHINE_ADDRS; i++) {
        ip.bytes[15] = i;
        assert_false(machine_address(t, &one, &ip, &gone));
        assert_false(machine_address(t, &one, &ip, &gone));
    }
    ip.bytes[15] = 99;
    assert_true(machine_address(t, &one, &ip, &gone));
    assert_int_equal(gone.bytes[15], 0);
    machine_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_not_heard_of_for_longest_makes_room),
        cmocka_unit_test(an_empty_name_says_nothing),
        cmocka_unit_test(the_oldest_address_is_the_one_too_many),
    };

    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
