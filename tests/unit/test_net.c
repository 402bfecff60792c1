/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>

#include "net.h"

static struct addr addr(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(text, &a), 0);
    return a;
}

static struct prefix prefix(const char *text)
{
    struct prefix p;

    assert_int_equal(prefix_parse(text, &p), 0);
    return p;
}

static bool holds(const char *prefix_text, const char *addr_text)
{
    struct prefix p = prefix(prefix_text);
    struct addr a = addr(addr_text);

    return prefix_contains(&p, &a);
}

static void an_address_is_printed_as_it_is_read(void **state)
{
    static const char *const texts[] = {
        "10.0.0.1", "255.255.255.255", "0.0.0.0", "::1", "2001:db8::a:1",
        "::",       "fe80::1"};
    char text[ADDR_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct addr a = addr(texts[i]);

        addr_print(&a, text);
        assert_string_equal(text, texts[i]);
    }
}

static void mapped_and_dotted_are_the_same_address(void **state)
{
    struct addr dotted = addr("192.0.2.7"), mapped = addr("::ffff:192.0.2.7");
    struct addr bytes = addr_v4((const uint8_t[]){192, 0, 2, 7});

    (void)state;
    assert_true(addr_equal(&dotted, &mapped));
    assert_true(addr_equal(&dotted, &bytes));
    assert_true(addr_is_v4(&mapped));
    assert_int_equal(prefix("::ffff:10.0.0.0/104").len, prefix("10.0.0.0/8").len);
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",    "10",           "10.0.0",  "10.0.0.256", "10.0.0.1.2", "010.0.0.1",
        ":::", "fe80::1%eth0", "1::2::3", " ::1",       "host"};
    struct addr a;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (addr_parse(wrong[i], &a) != -EINVAL)
            fail_msg("took \"%s\" for an address", wrong[i]);
}

static void kinds_of_addresses_end_where_their_rfc_says(void **state)
{
    static const char *const private[] = {
        "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.9.9",
        "127.0.0.1",      "fd00::1",    "fe80::1",        "febf::1",     "::1"};
    static const char *const open[] = {"11.0.0.0",    "172.15.0.1", "172.32.0.0",
                                       "192.169.0.0", "8.8.8.8",    "2001:db8::1",
                                       "fec0::1",     "::2",        "fe00::1"};
    static const char *const multicast[] = {"224.0.0.1", "239.255.255.255", "ff02::1",
                                            "255.255.255.255"};

    (void)state;
    for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++) {
        struct addr a = addr(private[i]);

        assert_true(addr_is_private(&a));
        assert_false(addr_is_multicast(&a));
    }
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        struct addr a = addr(open[i]);

        assert_false(addr_is_private(&a));
        assert_false(addr_is_multicast(&a));
    }
    for (size_t i = 0; i < sizeof(multicast) / sizeof(multicast[0]); i++) {
        struct addr a = addr(multicast[i]);

        assert_true(addr_is_multicast(&a));
    }
}

static void a_prefix_holds_its_own_and_no_more(void **state)
{
    (void)state;
    assert_true(holds("10.20.16.0/20", "10.20.31.255"));
    assert_false(holds("10.20.16.0/20", "10.20.32.0"));
    assert_false(holds("10.20.16.0/20", "10.20.15.255"));
    assert_true(holds("0.0.0.0/0", "255.1.2.3"));
    assert_false(holds("0.0.0.0/0", "2001:db8::1"));
    assert_true(holds("::/0", "1.2.3.4"));
    assert_true(holds("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(holds("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(holds("192.0.2.1", "192.0.2.1"));
    assert_false(holds("192.0.2.1", "192.0.2.0"));
}

static void a_prefix_is_printed_as_it_is_read(void **state)
{
    static const char *const texts[] = {"10.0.0.0/8", "0.0.0.0/0", "192.0.2.1/32", "::/0",
                                        "2001:db8::/32"};
    char text[PREFIX_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct prefix p = prefix(texts[i]);

        prefix_print(&p, text);
        assert_string_equal(text, texts[i]);
    }
}

static void what_is_no_prefix_is_refused(void **state)
{
    static const char *const wrong[] = {
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/+8",
        "10.0.0.0/08",
        "10.0.0.0/8x",
        "10.0.0.1/8",
        "10.0.0.128/24",
        "2001:db8::/129",
        "::1/127",
        "/8",
        "10.0.0.0/1000000000000",
        "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/8"};
    struct prefix p;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (prefix_parse(wrong[i], &p) != -EINVAL)
            fail_msg("took \"%s\" for a prefix", wrong[i]);
}

static void a_mac_is_read_with_colons_or_dashes(void **state)
{
    struct mac a, b;
    char text[MAC_TEXT];

    (void)state;
    assert_int_equal(mac_parse("02:00:5e:AB:cd:ef", &a), 0);
    assert_int_equal(mac_parse("02-00-5e-ab-cd-ef", &b), 0);
    assert_true(mac_equal(&a, &b));
    mac_print(&a, text);
    assert_string_equal(text, "02:00:5e:ab:cd:ef");
}

static void what_is_no_mac_is_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "0",
                                        "02",
                                        "02:",
                                        "02:00:5e:ab:cd",
                                        "02:00:5e:ab:cd:e",
                                        "02:00:5e:ab:cd:ef:",
                                        "02:00:5e:ab:cd-ef",
                                        "02:00:5e:ab:cd:eg",
                                        "0200.5eab.cdef",
                                        "02005eabcdef"};
    struct mac m;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (mac_parse(wrong[i], &m) != -EINVAL)
            fail_msg("took \"%s\" for a MAC address", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_printed_as_it_is_read),
        cmocka_unit_test(mapped_and_dotted_are_the_same_address),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(kinds_of_addresses_end_where_their_rfc_says),
        cmocka_unit_test(a_prefix_holds_its_own_and_no_more),
        cmocka_unit_test(a_prefix_is_printed_as_it_is_read),
        cmocka_unit_test(what_is_no_prefix_is_refused),
        cmocka_unit_test(a_mac_is_read_with_colons_or_dashes),
        cmocka_unit_test(what_is_no_mac_is_refused),
    };

    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
