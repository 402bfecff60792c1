/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "mem.h"
#include "pattern.h"

static bool matches(const char *pattern, const char *text)
{
    const char *error = NULL;
    size_t at;
    struct pattern *p = pattern_regex(text_of(pattern), &error, &at);
    bool yes;

    if (!p)
        fail_msg("%s: %s", pattern, error);
    yes = pattern_matches(p, text_of(text));
    pattern_free(p);
    return yes;
}

static bool globs(const char *pattern, const char *text)
{
    const char *error;
    size_t at;
    struct pattern *p = pattern_glob(text_of(pattern), &error, &at);
    bool yes = pattern_matches(p, text_of(text));

    pattern_free(p);
    return yes;
}

static void assert_refused(const char *pattern, const char *why, size_t where)
{
    const char *error = NULL;
    size_t at = 0;

    assert_null(pattern_regex(text_of(pattern), &error, &at));
    assert_string_equal(error, why);
    assert_int_equal(at, where);
}

static void a_pattern_is_found_anywhere_unless_it_is_anchored(void **state)
{
    (void)state;
    assert_true(matches("b", "abc"));
    assert_false(matches("^b", "abc"));
    assert_false(matches("b$", "abc"));
    assert_true(matches("^abc$", "abc"));
    assert_true(matches("^$", ""));
    assert_false(matches("d", "abc"));
    assert_true(matches("a|^z", "xa"));
}

static void repeats_take_as_many_as_there_are(void **state)
{
    (void)state;
    assert_true(matches("^ab*c$", "ac"));
    assert_true(matches("^ab*c$", "abbbc"));
    assert_false(matches("^ab+c$", "ac"));
    assert_true(matches("^ab+c$", "abbc"));
    assert_true(matches("^ab?c$", "ac"));
    assert_false(matches("^ab?c$", "abbc"));
    assert_true(matches("^(ab)+$", "ababab"));
    assert_false(matches("^(ab)+$", "ababa"));
    assert_true(matches("^(a|b)*c$", "abbac"));
    assert_true(matches("^(a*)*$", "aaaa"));
    assert_true(matches("^()*$", ""));
}

static void alternatives_are_tried_side_by_side(void **state)
{
    (void)state;
    assert_true(matches("^(curl|wget|python)/", "wget/1.2"));
    assert_true(matches("^(a|b|c)(d|e)$", "ce"));
    assert_false(matches("^(a|b|c)(d|e)$", "de"));
    assert_true(matches("^(a|(b|c)d)e$", "cde"));
    assert_true(matches("^(|a)$", ""));
}

static void classes_hold_what_they_name(void **state)
{
    (void)state;
    assert_true(matches("^[a-c]+$", "abc"));
    assert_false(matches("^[a-c]+$", "abd"));
    assert_true(matches("^[^a-c]+$", "xyz"));
    assert_true(matches("^[]x]+$", "]x"));
    assert_true(matches("^[a-]+$", "a-"));
    assert_true(matches("^\\d+\\.\\d+$", "10.25"));
    assert_false(matches("^\\d\\.\\d$", "1x2"));
    assert_true(matches("^[\\d\\s]+$", "1 2"));
    assert_true(matches("^\\W\\D\\S$", "-xx"));
    assert_true(matches("^\\w_$", "a_"));
    assert_true(matches("^.$", "\xff"));
}

static void letters_of_either_case_when_asked(void **state)
{
    (void)state;
    assert_true(matches("(?i)^tor browser", "Tor Browser 12"));
    assert_true(matches("(?i)[a-c]$", "xB"));
    assert_false(matches("tor", "Tor"));
}

static void what_is_no_pattern_is_refused_at_its_place(void **state)
{
    char long_one[PATTERN_MAX + 2];

    (void)state;
    memset(long_one, 'a', sizeof(long_one) - 1);
    long_one[sizeof(long_one) - 1] = '\0';
    assert_refused("", "the pattern is empty", 0);
    assert_refused("a(b", "no ) closes the (", 3);
    assert_refused("a)b", ") without a (", 1);
    assert_refused("a[b", "no ] closes the [", 3);
    assert_refused("*a", "nothing stands before * + or ? that could be repeated", 0);
    assert_refused("a**", "two repeats in a row", 2);
    assert_refused("a{2}", "counted repeats {n} are not supported; \\{ is a brace", 1);
    assert_refused("[z-a]", "a range in [ ] runs backwards", 4);
    assert_refused("a\\", "nothing follows the last \\", 2);
    assert_refused(long_one, "the pattern is longer than 256 characters", 0);
}

static void a_glob_is_the_whole_text(void **state)
{
    (void)state;
    assert_true(globs("*.example.org", "www.example.org"));
    assert_true(globs("*.example.org", "a.b.example.org"));
    assert_false(globs("*.example.org", "example.org"));
    assert_false(globs("example", "example.org"));
    assert_true(globs("ex?mple*", "example.org"));
    assert_true(globs("*", ""));
    assert_true(globs("a.c", "a.c"));
    assert_false(globs("a.c", "abc"));
}

/* Backtracking would need longer than the world has been. */
static void a_hostile_text_costs_no_more_than_its_length(void **state)
{
    char text[4001];

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_false(matches("^(a|a)*(a|a)*(a|a)*(a|a)*(a*)*b$", text));
    assert_false(globs("*a*a*a*a*a*a*a*a*b", text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_is_found_anywhere_unless_it_is_anchored),
        cmocka_unit_test(repeats_take_as_many_as_there_are),
        cmocka_unit_test(alternatives_are_tried_side_by_side),
        cmocka_unit_test(classes_hold_what_they_name),
        cmocka_unit_test(letters_of_either_case_when_asked),
        cmocka_unit_test(what_is_no_pattern_is_refused_at_its_place),
        cmocka_unit_test(a_glob_is_the_whole_text),
        cmocka_unit_test(a_hostile_text_costs_no_more_than_its_length),
    };

    return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
