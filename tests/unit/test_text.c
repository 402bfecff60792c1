/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#include "auto.h"
#include "text.h"

static void texts_are_equal_by_bytes_and_length(void **state)
{
    (void)state;
    assert_true(text_equal(TEXT("abc"), text_of("abc")));
    assert_false(text_equal(TEXT("abc"), TEXT("ab")));
    assert_false(text_equal(TEXT("abc"), TEXT("abd")));
    assert_true(text_equal((struct text){0}, TEXT("")));
}

static void a_buffer_grows_and_is_handed_over(void **state)
{
    struct buffer b = {0};
    auto_free char *text = NULL;

    (void)state;
    for (int i = 0; i < 100; i++)
        buffer_print(&b, "%d,", i);
    buffer_text(&b, "end");
    buffer_add(&b, "!?", 1);
    assert_int_equal(b.len, 10 * 2 + 90 * 3 + 4);
    text = buffer_take(&b);
    assert_string_equal(text + 10 * 2 + 90 * 3, "end!");
    assert_null(b.at);
    assert_int_equal(b.len, 0);
}

static void an_empty_buffer_gives_an_empty_text(void **state)
{
    struct buffer b = {0};
    auto_free char *text = buffer_take(&b);

    (void)state;
    assert_string_equal(text, "");
}

static void assert_visible(struct text text, const char *wanted)
{
    auto_buffer struct buffer b = {0};

    buffer_text(&b, ">");
    buffer_text_visible(&b, text);
    assert_string_equal(b.at + 1, wanted);
}

static void what_could_move_a_terminal_is_escaped(void **state)
{
    (void)state;
    assert_visible(TEXT("plain, Schüler, 学校, 🏫"), "plain, Schüler, 学校, 🏫");
    assert_visible(TEXT("a\n\t\r\x1b[2J\x7f"), "a\\n\\t\\r\\x1b[2J\\x7f");
    assert_visible(TEXT("\0x"), "\\x00x");
    assert_visible(TEXT("\xc2\x9b"), "\\xc2\\x9b");
    assert_visible(TEXT("a\xe2\x80\xae z"), "a\\xe2\\x80\\xae z");
    assert_visible(TEXT("a\xe2\x81\xa6 z"), "a\\xe2\\x81\\xa6 z");
}

static void bytes_that_are_no_utf8_are_escaped(void **state)
{
    (void)state;
    assert_visible(TEXT("\xff"
                        "a"),
                   "\\xffa");
    assert_visible(TEXT("\xc3"), "\\xc3");
    assert_visible(TEXT("\xc0\x80"), "\\xc0\\x80");                   /* overlong */
    assert_visible(TEXT("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");          /* overlong */
    assert_visible(TEXT("\xed\xa0\x80"), "\\xed\\xa0\\x80");          /* a surrogate */
    assert_visible(TEXT("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); /* too large */
    assert_visible(TEXT("\xf0\x9f\x8f"), "\\xf0\\x9f\\x8f");          /* cut off */
}

static void utf8_characters_have_their_length(void **state)
{
    (void)state;
    assert_int_equal(text_utf8_len("a", 1), 1);
    assert_int_equal(text_utf8_len("ü", 2), 2);
    assert_int_equal(text_utf8_len("ü", 1), 0);
    assert_int_equal(text_utf8_len("校", 3), 3);
    assert_int_equal(text_utf8_len("🏫", 4), 4);
    assert_int_equal(text_utf8_len("", 0), 0);
}

static void a_number_is_digits_and_fits(void **state)
{
    uint64_t number = 7;

    (void)state;
    assert_int_equal(text_parse_number("18446744073709551615", &number), 0);
    assert_true(number == UINT64_MAX);
    assert_int_equal(text_parse_number("18446744073709551616", &number), -ERANGE);
    assert_int_equal(text_parse_number("", &number), -EINVAL);
    assert_int_equal(text_parse_number("-1", &number), -EINVAL);
    assert_int_equal(text_parse_number("0x10", &number), -EINVAL);
    assert_int_equal(text_parse_number(" 1", &number), -EINVAL);
    assert_true(number == UINT64_MAX);
}

static void a_size_has_a_unit_of_tens_or_of_twos(void **state)
{
    uint64_t size = 7;

    (void)state;
    assert_int_equal(text_parse_size("1024", &size), 0);
    assert_int_equal(size, 1024);
    assert_int_equal(text_parse_size("5kB", &size), 0);
    assert_int_equal(size, 5000);
    assert_int_equal(text_parse_size("64 MiB", &size), 0);
    assert_int_equal(size, 64 << 20);
    assert_int_equal(text_parse_size("2GB", &size), 0);
    assert_true(size == UINT64_C(2000000000));
    assert_int_equal(text_parse_size("64 mb", &size), -EINVAL);
    assert_int_equal(text_parse_size("MB", &size), -EINVAL);
    assert_int_equal(text_parse_size("20000000000GiB", &size), -ERANGE);
    assert_int_equal(text_parse_size("999999999999999999999999999B", &size), -ERANGE);
    assert_true(size == UINT64_C(2000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_equal_by_bytes_and_length),
        cmocka_unit_test(a_buffer_grows_and_is_handed_over),
        cmocka_unit_test(an_empty_buffer_gives_an_empty_text),
        cmocka_unit_test(what_could_move_a_terminal_is_escaped),
        cmocka_unit_test(bytes_that_are_no_utf8_are_escaped),
        cmocka_unit_test(utf8_characters_have_their_length),
        cmocka_unit_test(a_number_is_digits_and_fits),
        cmocka_unit_test(a_size_has_a_unit_of_tens_or_of_twos),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
