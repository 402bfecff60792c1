/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "agent/reverse.h"

static void assert_is_of(const char *name, const char *addr)
{
    char printed[ADDR_TEXT];
    struct addr a;

    assert_true(reverse_addr(text_of(name), &a));
    addr_print(&a, printed);
    assert_string_equal(printed, addr);
}

static void a_name_of_an_ipv4_address_is_read_from_its_end(void **state)
{
    (void)state;
    assert_is_of("77.113.0.203.in-addr.arpa", "203.0.113.77");
    assert_is_of("0.0.0.0.in-addr.arpa", "0.0.0.0");
    assert_is_of("255.255.255.255.in-addr.arpa", "255.255.255.255");
}

static void a_name_of_an_ipv6_address_has_a_label_for_every_four_bits(void **state)
{
    (void)state;
    assert_is_of("b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4"
                 ".ip6.arpa",
                 "4321:0:1:2:3:4:567:89ab");
}

static void a_mapped_address_is_the_ipv4_address(void **state)
{
    (void)state;
    assert_is_of("d.4.1.7.0.0.b.c.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
                 ".ip6.arpa",
                 "203.0.113.77");
}

static void what_stands_below_a_name_of_an_address_is_of_it_too(void **state)
{
    (void)state;
    assert_is_of("lb._dns-sd._udp.77.113.0.203.in-addr.arpa", "203.0.113.77");
}

static void other_names_are_of_no_address(void **state)
{
    static const char *const names[] = {
        "in-addr.arpa",
        "ip6.arpa",
        "113.0.203.in-addr.arpa",
        "77.64-127.113.0.203.in-addr.arpa.example",
        "256.113.0.203.in-addr.arpa",
        "0077.113.0.203.in-addr.arpa",
        "4d.113.0.203.in-addr.arpa",
        ".113.0.203.in-addr.arpa",
        "77..0.203.in-addr.arpa",
        "77.113.0.203",
        "77.113.0.203.xin-addr.arpa",
        "a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
        "g.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
        "ba.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
        "",
    };
    struct addr a;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        assert_false(reverse_addr(text_of(names[i]), &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_of_an_ipv4_address_is_read_from_its_end),
        cmocka_unit_test(a_name_of_an_ipv6_address_has_a_label_for_every_four_bits),
        cmocka_unit_test(a_mapped_address_is_the_ipv4_address),
        cmocka_unit_test(what_stands_below_a_name_of_an_address_is_of_it_too),
        cmocka_unit_test(other_names_are_of_no_address),
    };

    return cmocka_run_group_tests_name("reverse", tests, NULL, NULL);
}
