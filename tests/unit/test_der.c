/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "der.h"

static void elements_are_read_one_after_the_other(void **state)
{
    struct cur c = cur_over("\x02\x01\x07\x04\x02hi\x30\x00", 9);
    struct cur text;

    (void)state;
    assert_int_equal(der_int32(&c), 7);
    text = der_take(&c, DER_OCTETS);
    assert_int_equal(cur_left(&text), 2);
    assert_memory_equal(text.pos, "hi", 2);
    assert_true(der_is(&c, DER_SEQUENCE));
    (void)der_take(&c, DER_SEQUENCE);
    assert_int_equal(cur_left(&c), 0);
    assert_false(cur_broken(&c));
}

static void another_tag_breaks_what_it_is_read_from(void **state)
{
    struct cur c = cur_over("\x02\x01\x07", 3);
    struct cur text = der_take(&c, DER_OCTETS);

    (void)state;
    assert_true(cur_broken(&c) && cur_broken(&text));
    assert_int_equal(cur_left(&text), 0);
}

static void what_may_be_missing_is_passed_over_only_where_it_is(void **state)
{
    struct cur c = cur_over("\x02\x01\x07", 3);

    (void)state;
    der_pass(&c, DER_OCTETS);
    assert_false(cur_broken(&c));
    der_pass(&c, DER_INTEGER);
    assert_int_equal(cur_left(&c), 0);
    der_pass(&c, DER_INTEGER);
    assert_false(cur_broken(&c));
}

/* X.690 section 8.1.3.5; DER would have it in as few as it needs. */
static void a_length_may_take_four_bytes_more_and_no_fifth(void **state)
{
    struct cur c = cur_over("\x04\x84\x00\x00\x00\x01x", 7);
    struct cur text = der_take(&c, DER_OCTETS);

    (void)state;
    assert_int_equal(cur_left(&text), 1);
    c = cur_over("\x04\x85\x00\x00\x00\x00\x01x", 8);
    (void)der_take(&c, DER_OCTETS);
    assert_true(cur_broken(&c));
}

static void an_indefinite_length_is_none(void **state)
{
    struct cur c = cur_over("\x30\x80\x02\x01\x07\x00\x00", 7);

    (void)state;
    (void)der_take(&c, DER_SEQUENCE);
    assert_true(cur_broken(&c));
}

static void an_element_that_is_cut_is_none(void **state)
{
    static const char *const cut[] = {"", "\x04", "\x04\x82\x01", "\x04\x03hi"};
    static const size_t len[] = {0, 1, 3, 4};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct cur c = cur_over(cut[i], len[i]);
        uint8_t tag;
        struct cur body = der_any(&c, &tag);

        assert_true(cur_broken(&c) && cur_broken(&body));
        assert_int_equal(cur_left(&body), 0);
    }
}

static void a_number_has_a_sign_and_four_bytes_at_most(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        int32_t number;
        bool broken;
    } cases[] = {
        {"\x02\x01\x80", 3, -128, false},
        {"\x02\x02\x00\x80", 4, 128, false},
        {"\x02\x04\x80\x00\x00\x00", 6, INT32_MIN, false},
        {"\x02\x04\x7f\xff\xff\xff", 6, INT32_MAX, false},
        {"\x02\x05\x00\x80\x00\x00\x00", 7, 0, true},
        {"\x02\x00", 2, 0, true},
        {"\x04\x01\x07", 3, 0, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct cur c = cur_over(cases[i].bytes, cases[i].len);

        assert_int_equal(der_int32(&c), cases[i].number);
        assert_int_equal(cur_broken(&c), cases[i].broken);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_read_one_after_the_other),
        cmocka_unit_test(another_tag_breaks_what_it_is_read_from),
        cmocka_unit_test(what_may_be_missing_is_passed_over_only_where_it_is),
        cmocka_unit_test(a_length_may_take_four_bytes_more_and_no_fifth),
        cmocka_unit_test(an_indefinite_length_is_none),
        cmocka_unit_test(an_element_that_is_cut_is_none),
        cmocka_unit_test(a_number_has_a_sign_and_four_bytes_at_most),
    };

    return cmocka_run_group_tests_name("der", tests, NULL, NULL);
}
