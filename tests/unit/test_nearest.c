/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "text.h"

static const char *const names[] = {"exceptions", "severity", "dns",   "tls",
                                    "high",       "medium",   "within"};

static const char *near(const char *word)
{
    const char *name = text_nearest(word, names, sizeof(names) / sizeof(names[0]));

    return name ? name : "";
}

static void one_slip_of_each_kind_is_near(void **state)
{
    (void)state;
    assert_string_equal(near("exception"), "exceptions");
    assert_string_equal(near("exceptionss"), "exceptions");
    assert_string_equal(near("exceptiins"), "exceptions");
    assert_string_equal(near("exceptoins"), "exceptions");
    assert_string_equal(near("hgih"), "high");
}

static void long_words_may_have_two_slips_and_short_ones_one(void **state)
{
    (void)state;
    assert_string_equal(near("sverityy"), "severity");
    assert_string_equal(near("sverity"), "severity");
    assert_string_equal(near("sverty"), "severity");
    assert_string_equal(near("svrty"), "");
    assert_string_equal(near("dnx"), "dns");
    assert_string_equal(near("dxx"), "");
    assert_string_equal(near("hxgx"), "");
}

static void what_is_far_or_long_is_not_near(void **state)
{
    char word[1000];
    const char *const long_name[] = {word};

    (void)state;
    memset(word, 'a', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    assert_string_equal(near("playbook"), "");
    assert_string_equal(near(word), "");
    assert_null(text_nearest(word + 1, long_name, 1));
    assert_null(text_nearest(word + 933, (const char *const[]){word + 933}, 1));
    assert_null(text_nearest("dns", NULL, 0));
}

static void of_two_as_near_the_earlier_wins(void **state)
{
    static const char *const two[] = {"cat", "car"};

    (void)state;
    assert_string_equal(text_nearest("cax", two, 2), "cat");
    assert_string_equal(text_nearest("car", two, 2), "car");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_slip_of_each_kind_is_near),
        cmocka_unit_test(long_words_may_have_two_slips_and_short_ones_one),
        cmocka_unit_test(what_is_far_or_long_is_not_near),
        cmocka_unit_test(of_two_as_near_the_earlier_wins),
    };

    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
