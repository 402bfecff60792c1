/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "list_value.h"

struct row {
    enum list_type type;
    const char *written, *clean; /* clean NULL: it is refused */
};

static void assert_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char clean[LIST_VALUE_MAX] = "";
        size_t len = 0;
        int result =
            list_value_clean(rows[i].type, text_of(rows[i].written), clean, &len);

        if (!rows[i].clean && result == 0)
            fail_msg("\"%s\" is taken, as %s", rows[i].written, clean);
        if (!rows[i].clean)
            continue;
        if (result != 0)
            fail_msg("\"%s\" is refused", rows[i].written);
        assert_string_equal(clean, rows[i].clean);
        assert_int_equal(len, strlen(clean));
    }
}

#define ROWS(rows) assert_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void a_network_is_printed_in_one_way(void **state)
{
    static const struct row rows[] = {
        {LIST_CIDR, "192.0.2.0/24", "192.0.2.0/24"},
        {LIST_CIDR, "192.0.2.7/32", "192.0.2.7"},
        {LIST_CIDR, "192.0.2.7", "192.0.2.7"},
        {LIST_CIDR, "2001:DB8:0:0::/32", "2001:db8::/32"},
        {LIST_CIDR, "2001:db8::1/128", "2001:db8::1"},
        {LIST_CIDR, "192.0.2.1/24", NULL},
        {LIST_CIDR, "192.0.2.0/33", NULL},
        {LIST_CIDR, "example.org", NULL},
        {LIST_CIDR, "", NULL},
        {LIST_IP, "192.0.2.7", "192.0.2.7"},
        {LIST_IP, "2001:db8:0::1", "2001:db8::1"},
        {LIST_IP, "192.0.2.0/24", NULL},
    };

    (void)state;
    ROWS(rows);
}

static void a_network_of_every_address_is_none(void **state)
{
    static const struct row rows[] = {
        {LIST_CIDR, "0.0.0.0/0", NULL},
        {LIST_CIDR, "::/0", NULL},
        {LIST_CIDR, "::/64", NULL},
        {LIST_CIDR, "::ffff:0:0/96", NULL},
        {LIST_CIDR, "0.0.0.0/1", "0.0.0.0/1"},
        {LIST_CIDR, "2000::/3", "2000::/3"},
    };

    (void)state;
    ROWS(rows);
}

static void a_hardware_address_or_its_beginning_is_taken_in_every_way_of_writing(
    void **state)
{
    static const struct row rows[] = {
        {LIST_MAC, "02:00:5E:10:00:01", "02:00:5e:10:00:01"},
        {LIST_MAC, "02-00-5e-10-00-01", "02:00:5e:10:00:01"},
        {LIST_MAC, "0200.5e10.0001", "02:00:5e:10:00:01"},
        {LIST_MAC, "02005e100001", "02:00:5e:10:00:01"},
        {LIST_MAC, "00:1B:C5", "00:1b:c5:00:00:00/24"},
        {LIST_MAC, "001bc5", "00:1b:c5:00:00:00/24"},
        {LIST_MAC, "70:B3:D5:0/28", "70:b3:d5:00:00:00/28"},
        {LIST_MAC, "70:B3:D5:01:F0:00/36", "70:b3:d5:01:f0:00/36"},
        {LIST_MAC, "70:B3:D5:01:F1:00/36", NULL},
        {LIST_MAC, "02:00:5e:10:00:01:02", NULL},
        {LIST_MAC, "02:00", NULL},
        {LIST_MAC, "02:00:5e:00:00:00/8", NULL},
        {LIST_MAC, "02:00:5e:00:00:00/49", NULL},
        {LIST_MAC, "02:00:5e:00:00:00/", NULL},
        {LIST_MAC, ":02:00:5e", NULL},
        {LIST_MAC, "02:00:5g", NULL},
    };

    (void)state;
    ROWS(rows);
}

static void a_fingerprint_has_the_form_of_its_kind(void **state)
{
    static const struct row rows[] = {
        {LIST_JA3, "E7D705A3286E19EA42F587B344EE6865",
         "e7d705a3286e19ea42f587b344ee6865"},
        {LIST_JA3, "e7d705a3286e19ea42f587b344ee68", NULL},
        {LIST_JA3, "e7d705a3286e19ea42f587b344ee686g", NULL},
        {LIST_JA4, "t13d1516h2_8daaf6152771_e5627efa2ab1",
         "t13d1516h2_8daaf6152771_e5627efa2ab1"},
        {LIST_JA4, "q13i0310H3_8DAAF6152771_e5627efa2ab1",
         "q13i0310H3_8daaf6152771_e5627efa2ab1"},
        {LIST_JA4, "x13d1516h2_8daaf6152771_e5627efa2ab1", NULL},
        {LIST_JA4, "t13d15x6h2_8daaf6152771_e5627efa2ab1", NULL},
        {LIST_JA4, "t13d1516h2-8daaf6152771_e5627efa2ab1", NULL},
        {LIST_JA4, "t13d1516h2_8daaf6152771_e5627efa2ab", NULL},
        {LIST_CERT, "DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09",
         "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {LIST_CERT, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {LIST_CERT, "e7d705a3286e19ea42f587b344ee6865", NULL},
        {LIST_AUTHORITY, "C=US, O=Example Trust, CN=Example Root",
         "C=US, O=Example Trust, CN=Example Root"},
        {LIST_AUTHORITY, "2.5.4.97=X-1, CN=\xc3\xa9", "2.5.4.97=X-1, CN=\xc3\xa9"},
        {LIST_AUTHORITY, "Example Root", NULL},
        {LIST_AUTHORITY, "=x", NULL},
        {LIST_AUTHORITY, "CN=two\nlines", NULL},
        {LIST_AUTHORITY, "CN=blank behind ", NULL},
    };

    (void)state;
    ROWS(rows);
}

static void a_host_name_has_no_star(void **state)
{
    static const struct row rows[] = {
        {LIST_DOMAIN, "WWW.Example.ORG.", "www.example.org"},
        {LIST_DOMAIN,
         "b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example"},
        {LIST_DOMAIN, "w*.example.org", NULL},
        {LIST_DOMAIN, "a b", NULL},
        {LIST_PORT, "80", NULL},
        {LIST_STRING, "x", NULL},
    };

    (void)state;
    ROWS(rows);
}

static void a_clean_value_is_clean_again(void **state)
{
    static const struct row rows[] = {
        {LIST_MAC, "00:1b:c5:00:00:00/24", "00:1b:c5:00:00:00/24"},
        {LIST_CIDR, "2001:db8::/32", "2001:db8::/32"},
    };
    uint8_t key[LIST_VALUE_MAX];

    (void)state;
    ROWS(rows);
    assert_int_equal(list_value_key(LIST_CLASS_MAC, text_of(rows[0].clean), key),
                     LIST_KEY_MAC);
    assert_int_equal(key[6], 24);
    assert_int_equal(list_value_key(LIST_CLASS_ADDR, TEXT("192.0.2.0/24"), key),
                     LIST_KEY_V4);
    assert_int_equal(key[4], 24);
    assert_int_equal(list_value_key(LIST_CLASS_ADDR, TEXT("2001:db8::/32"), key),
                     LIST_KEY_V6);
    assert_int_equal(key[16], 32);
}

static void why(enum list_type type, const char *written, const char *expected)
{
    auto_free char *said = list_value_why(type, text_of(written));

    assert_string_equal(said, expected);
}

static void it_is_said_what_is_wrong_with_a_network(void **state)
{
    (void)state;
    why(LIST_CIDR, "0.0.0.0/0", "holds every address there is");
    why(LIST_CIDR, "::/0", "holds every address there is");
    why(LIST_CIDR, "10.1.2.3/8",
        "names an address inside a network: the network is 10.0.0.0/8");
    why(LIST_CIDR, "2001:db8::1/112",
        "names an address inside a network: the network is 2001:db8::/112");
    why(LIST_CIDR, "10.0.0.0/33", "is no address or network");
    why(LIST_CIDR, "/8", "is no address or network");
    why(LIST_DOMAIN, "evil..x", "is no host name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_is_printed_in_one_way),
        cmocka_unit_test(a_network_of_every_address_is_none),
        cmocka_unit_test(
            a_hardware_address_or_its_beginning_is_taken_in_every_way_of_writing),
        cmocka_unit_test(a_fingerprint_has_the_form_of_its_kind),
        cmocka_unit_test(a_host_name_has_no_star),
        cmocka_unit_test(it_is_said_what_is_wrong_with_a_network),
        cmocka_unit_test(a_clean_value_is_clean_again),
    };

    return cmocka_run_group_tests_name("list_value", tests, NULL, NULL);
}
