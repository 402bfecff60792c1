/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>

#include "domain.h"

static int set_up(void **state)
{
    *state = domain_cache_new();
    return 0;
}

static int tear_down(void **state)
{
    domain_cache_free(*state);
    return 0;
}

static void what_is_remembered_is_what_was_worked_out(void **state)
{
    struct domain_cache *c = *state;
    char name[64];

    /* More names than there are places, so that some push others out; then again. */
    for (unsigned i = 0; i < 10000; i++) {
        struct text text = {.at = name};
        struct text part;

        text.len =
            (size_t)snprintf(name, sizeof(name), "%s.h%u.%s", i % 3 ? "www" : "a.b",
                             i / 2 % 3000, i % 5 ? "example.co.uk" : "co.uk");
        part = domain_cache_registrable(c, text);
        assert_true(text_equal(part, domain_registrable(text)));
        assert_ptr_equal(part.at + part.len, name + text.len);
        part = domain_cache_registrable(c, text);
        assert_true(text_equal(part, domain_registrable(text)));
    }
}

static void an_empty_name_has_an_empty_part(void **state)
{
    assert_int_equal(domain_cache_registrable(*state, TEXT("")).len, 0);
    assert_int_equal(domain_cache_registrable(*state, TEXT("")).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(what_is_remembered_is_what_was_worked_out),
        WITH_FIXTURE(an_empty_name_has_an_empty_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
