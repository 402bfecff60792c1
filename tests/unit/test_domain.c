/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "domain.h"

static void becomes(const char *name, const char *clean)
{
    char room[DOMAIN_MAX];
    size_t len = 0;

    if (domain_clean(text_of(name), room, &len) != 0)
        fail_msg("refused \"%s\"", name);
    assert_string_equal(room, clean);
    assert_int_equal(len, strlen(clean));
}

static bool refused(struct text name)
{
    char room[DOMAIN_MAX] = "untouched";
    size_t len = 7;

    if (domain_clean(name, room, &len) != -EINVAL)
        return false;
    return strcmp(room, "untouched") == 0 && len == 7;
}

static void an_ascii_name_becomes_lower_case_without_its_last_dot(void **state)
{
    (void)state;
    becomes("WWW.Example.ORG.", "www.example.org");
    becomes("a", "a");
    becomes("_dmarc.Example.org", "_dmarc.example.org");
    becomes("*.example.org", "*.example.org");
    becomes("xn--bcher-kva.example", "xn--bcher-kva.example");
    becomes("192.0.2.1", "192.0.2.1");
}

static void an_international_name_becomes_a_labels(void **state)
{
    (void)state;
    becomes("b\xc3\xbc"
            "cher.example",
            "xn--bcher-kva.example");
    becomes("B\xc3\x9c"
            "CHER.example",
            "xn--bcher-kva.example");
    becomes("fa\xc3\x9f.de", "xn--fa-hia.de");
    becomes("\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88\xe3\x80\x82jp", "xn--zckzah.jp");
}

static void where_names_are_ascii_no_other_is_one(void **state)
{
    char clean[DOMAIN_MAX];
    size_t len;

    (void)state;
    assert_int_equal(domain_clean_ascii(TEXT("WWW.Example.ORG."), clean, &len), 0);
    assert_string_equal(clean, "www.example.org");
    assert_int_equal(domain_clean_ascii(TEXT("b\xc3\xbc.example"), clean, &len), -EINVAL);
    assert_string_equal(clean, "www.example.org"); /* nothing is written then */
    assert_int_equal(len, 15);
}

static void what_is_no_host_name_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",          ".",           "..",       "a..b",         ".a",
        "a.b..",     "a b.org",     "a/b",      "host:443",     "[::1]",
        "user@host", "a\\.b",       "\xff.org", "\xc3\x28.org", "a\nb.org",
        "a\x7f.org", "\xe2\x80\x8b"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (!refused(text_of(wrong[i])))
            fail_msg("took \"%s\"", wrong[i]);
    assert_true(refused((struct text){.at = "a\0b", .len = 3}));
    assert_true(refused((struct text){.at = "\xc3\xbc\0b", .len = 4}));
}

static void lengths_end_where_rfc_1035_says(void **state)
{
    char name[300];

    (void)state;
    memset(name, 'a', sizeof(name));
    assert_false(refused((struct text){.at = name, .len = 63}));
    assert_true(refused((struct text){.at = name, .len = 64}));
    for (size_t i = 63; i < sizeof(name); i += 64)
        name[i] = '.';
    assert_false(refused((struct text){.at = name, .len = 253}));
    assert_true(refused((struct text){.at = name, .len = 254}));
    name[253] = '.';
    assert_false(refused((struct text){.at = name, .len = 254}));
}

static void is_registrable(const char *name, const char *part)
{
    struct text got = domain_registrable(text_of(name));

    if (!text_equal(got, text_of(part)))
        fail_msg("%s: got %.*s", name, (int)got.len, got.at);
}

static void the_registrable_domain_is_one_label_over_the_public_suffix(void **state)
{
    (void)state;
    is_registrable("www.bbc.co.uk", "bbc.co.uk");
    is_registrable("bbc.co.uk", "bbc.co.uk");
    is_registrable("a.b.example.org", "example.org");
    is_registrable("x.somebody.github.io", "somebody.github.io");
    is_registrable("printer.local", "printer.local");
}

static void a_name_with_nothing_to_register_is_its_own(void **state)
{
    (void)state;
    is_registrable("co.uk", "co.uk");
    is_registrable("localhost", "localhost");
    is_registrable("192.0.2.1", "192.0.2.1");
    is_registrable("", "");
}

static bool under(const char *name, const char *parent)
{
    return domain_under(text_of(name), text_of(parent));
}

static void under_stops_at_a_label(void **state)
{
    (void)state;
    assert_true(under("example.org", "example.org"));
    assert_true(under("a.b.example.org", "example.org"));
    assert_false(under("badexample.org", "example.org"));
    assert_false(under("example.org", "a.example.org"));
    assert_false(under("example.org", ""));
    assert_false(under("", "example.org"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ascii_name_becomes_lower_case_without_its_last_dot),
        cmocka_unit_test(an_international_name_becomes_a_labels),
        cmocka_unit_test(where_names_are_ascii_no_other_is_one),
        cmocka_unit_test(what_is_no_host_name_is_refused),
        cmocka_unit_test(lengths_end_where_rfc_1035_says),
        cmocka_unit_test(the_registrable_domain_is_one_label_over_the_public_suffix),
        cmocka_unit_test(a_name_with_nothing_to_register_is_its_own),
        cmocka_unit_test(under_stops_at_a_label),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
