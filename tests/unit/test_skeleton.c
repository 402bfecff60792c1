/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "domain.h"
#include "skeleton.h"

/* Of a label as a person writes it. */
static const char *of(const char *label, char ret_skeleton[SKELETON_MAX])
{
    char clean[DOMAIN_MAX];
    size_t len;

    assert_int_equal(domain_clean(text_of(label), clean, &len), 0);
    len = skeleton_of(text_of(clean), ret_skeleton);
    assert_int_equal(len, strlen(ret_skeleton));
    return ret_skeleton;
}

static void assert_same(const char *label, const char *other)
{
    char one[SKELETON_MAX], two[SKELETON_MAX];

    if (strcmp(of(label, one), of(other, two)) != 0)
        fail_msg("%s is %s, but %s is %s", label, one, other, two);
}

static void letters_that_look_the_same_in_ascii_are_one(void **state)
{
    (void)state;
    assert_same("paypal", "paypa1");
    assert_same("google", "g00gle");
    assert_same("linkedin", "llnked1n");
    assert_same("modern", "modem");
    assert_same("wells", "vvells");
    assert_same("dropbox", "clropbox");
    assert_same("dropbox", "c1ropbox");
}

static void letters_of_other_scripts_are_those_that_they_look_like(void **state)
{
    static const char *const pairs[][2] = {
        {"paypal", "pаypаl"},     /* Cyrillic a */
        {"google", "gοοgle"},     /* Greek omicron */
        {"apple", "аррӏе"},       /* Cyrillic alone */
        {"lincoln", "łíñçølņ"},   /* Latin with marks */
        {"hsbcbank", "հsbcbank"}, /* Armenian ho */
        {"google", "ɡooɡle"},     /* IPA */
        {"bank", "ḅạṇḳ"},         /* Latin Extended Additional */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_same(pairs[i][0], pairs[i][1]);
}

static void what_looks_like_no_letter_stays_one_strange_character(void **state)
{
    char skeleton[SKELETON_MAX];

    (void)state;
    assert_string_equal(of("pay日pal", skeleton), "pay?pal");
    assert_string_equal(of("日本語", skeleton), "???");
}

static void an_a_label_that_is_none_is_taken_as_it_stands(void **state)
{
    char skeleton[SKELETON_MAX];

    (void)state;
    assert_int_equal(skeleton_of(TEXT("xn--99999999"), skeleton), 12);
    assert_string_equal(skeleton, "xn--99999999");
    assert_int_equal(skeleton_of(TEXT("xn--"), skeleton), 4);
}

static void an_empty_or_overlong_label_has_no_skeleton(void **state)
{
    char skeleton[SKELETON_MAX], label[64];

    (void)state;
    memset(label, 'a', sizeof(label));
    assert_int_equal(skeleton_of(TEXT(""), skeleton), 0);
    assert_int_equal(skeleton_of((struct text){label, 64}, skeleton), 0);
    assert_int_equal(skeleton_of((struct text){label, 63}, skeleton), 63);
}

static void one_letter_changed_missing_more_or_exchanged_is_one_off(void **state)
{
    static const char *const near[] = {"lincaln", "lincln", "lincooln", "linclon",
                                       "incoln",  "lincol", "xlincoln", "lincolnx",
                                       "ilncoln", "xincoln"};
    static const char *const far[] = {"lincoln",   "lincalm", "linco", "lnicolm",
                                      "lincolnxx", "nlicoln", "",      "incolnl"};

    (void)state;
    for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++)
        if (!skeleton_one_off(TEXT("lincoln"), text_of(near[i])) ||
            !skeleton_one_off(text_of(near[i]), TEXT("lincoln")))
            fail_msg("%s is not one off", near[i]);
    for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
        if (skeleton_one_off(TEXT("lincoln"), text_of(far[i])) ||
            skeleton_one_off(text_of(far[i]), TEXT("lincoln")))
            fail_msg("%s is one off", far[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_that_look_the_same_in_ascii_are_one),
        cmocka_unit_test(letters_of_other_scripts_are_those_that_they_look_like),
        cmocka_unit_test(what_looks_like_no_letter_stays_one_strange_character),
        cmocka_unit_test(an_a_label_that_is_none_is_taken_as_it_stands),
        cmocka_unit_test(an_empty_or_overlong_label_has_no_skeleton),
        cmocka_unit_test(one_letter_changed_missing_more_or_exchanged_is_one_off),
    };

    return cmocka_run_group_tests_name("skeleton", tests, NULL, NULL);
}
