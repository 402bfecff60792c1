/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "json.h"
#include "mem.h"

static void assert_written(struct json *value, const char *wanted)
{
    auto_free char *text = json_write(value);

    assert_string_equal(text, wanted);
    json_free(value);
}

static struct json *parse(const char *text)
{
    return json_parse(text, strlen(text), NULL);
}

static void a_document_is_written_in_order_of_insertion(void **state)
{
    struct json *o = json_new_object(), *list = json_new_list();

    (void)state;
    json_put_text(o, "b", "text \"quoted\"");
    json_put_number(o, "a", INT64_MIN);
    json_put_real(o, "r", 0.1);
    json_put_bool(o, "t", true);
    json_put(o, "n", json_new_null());
    json_add(list, json_new_number(1));
    json_add(list, json_new_text("two"));
    json_put(o, "l", list);
    json_put_number(o, "b", 2);
    assert_written(o, "{\"b\":2,\"a\":-9223372036854775808,\"r\":0.1,\"t\":true,"
                      "\"n\":null,\"l\":[1,\"two\"]}");
}

static void sorted_and_pretty_say_the_same(void **state)
{
    auto_json struct json *o = parse("{\"b\":[1],\"a\":{\"d\":1,\"c\":2}}");
    auto_free char *sorted = json_write_sorted(o);
    auto_free char *pretty = json_write_pretty(o);

    (void)state;
    assert_string_equal(sorted, "{\"a\":{\"c\":2,\"d\":1},\"b\":[1]}");
    assert_string_equal(pretty, "{\n  \"b\": [\n    1\n  ],\n  \"a\": {\n    \"d\": 1,\n"
                                "    \"c\": 2\n  }\n}");
}

static void bad_bytes_and_zeroes_become_replacement_characters(void **state)
{
    struct json *o = json_new_object();

    (void)state;
    json_put_bytes(o, "bad", (struct text){.at = "a\xff\0b", .len = 4});
    json_put_bytes(o, "none", (struct text){0});
    json_put_bytes(o, "zero", (struct text){.at = "\0", .len = 1});
    json_put_bool(o, "\xfe", true);
    assert_written(o,
                   "{\"bad\":\"a\xef\xbf\xbd\xef\xbf\xbd"
                   "b\",\"none\":\"\",\"zero\":\"\xef\xbf\xbd\",\"\xef\xbf\xbd\":true}");
}

static void what_was_written_is_read_again(void **state)
{
    struct json *o = json_new_object();
    auto_free char *text = NULL;
    auto_json struct json *back = NULL;

    (void)state;
    json_put_bytes(o, "q", (struct text){.at = "\0\x1f\x7f\xc3", .len = 4});
    text = json_write(o);
    json_free(o);
    back = parse(text);
    assert_non_null(back);
    assert_string_equal(json_get_text(back, "q", ""), "\xef\xbf\xbd\x1f\x7f\xef\xbf\xbd");
}

static void a_number_that_is_none_is_null(void **state)
{
    (void)state;
    assert_written(json_new_real(NAN), "null");
    assert_written(json_new_real(INFINITY), "null");
}

static void a_path_makes_the_objects_on_its_way(void **state)
{
    struct json *o = json_new_object();

    (void)state;
    json_put_path(o, "tls.sni", json_new_text("school.example"));
    json_put_path(o, "tls.version", json_new_text("1.3"));
    json_put_path(o, "kind", json_new_text("tls"));
    json_put_path(o, "kind.sub", json_new_number(1));
    assert_string_equal(json_text(json_get_path(o, "tls.sni"), ""), "school.example");
    assert_null(json_get_path(o, "tls.sni.deeper"));
    assert_null(json_get_path(o, "dns.name"));
    assert_written(o, "{\"tls\":{\"sni\":\"school.example\",\"version\":\"1.3\"},"
                      "\"kind\":{\"sub\":1}}");
}

static void what_is_missing_or_of_another_type_gets_the_other_answer(void **state)
{
    auto_json struct json *o = parse("{\"t\":\"x\",\"n\":5,\"r\":1.5,\"b\":true}");

    (void)state;
    assert_string_equal(json_get_text(o, "t", "no"), "x");
    assert_string_equal(json_get_text(o, "n", "no"), "no");
    assert_int_equal(json_get_number(o, "n", -1), 5);
    assert_int_equal(json_get_number(o, "r", -1), -1);
    assert_int_equal(json_get_number(NULL, "n", -1), -1);
    assert_true(json_to_real(json_get(o, "n"), 0) == 5.0);
    assert_true(json_to_real(json_get(o, "r"), 0) == 1.5);
    assert_true(json_to_real(json_get(o, "t"), 2) == 2.0);
    assert_true(json_get_bool(o, "b", false));
    assert_true(json_get_bool(o, "t", true));
    assert_int_equal(json_count(o), 4);
    assert_null(json_item(o, 0));
    assert_true(json_is_object(o) && !json_is_object(NULL) && !json_is_list(o));
}

static void a_clone_shares_nothing(void **state)
{
    auto_json struct json *o = parse("{\"l\":[1]}");
    struct json *clone = json_clone(o);

    (void)state;
    json_add(json_get(o, "l"), json_new_number(2));
    assert_written(clone, "{\"l\":[1]}");
}

static void count_pairs(const char *key, struct json *value, void *arg)
{
    int *sum = arg;

    assert_int_equal(strlen(key), 1);
    *sum += (int)json_number(value, 0);
}

static void each_pair_is_visited(void **state)
{
    auto_json struct json *o = parse("{\"a\":1,\"b\":20,\"c\":300}");
    int sum = 0;

    (void)state;
    json_each(o, count_pairs, &sum);
    assert_int_equal(sum, 321);
}

static void what_is_no_json_is_refused_with_its_place(void **state)
{
    static const char *const wrong[] = {
        "",     "{",           "{\"a\":1,\"a\":2}", "nul", "{\"a\"}",
        "[1,]", "\"\\u0000\"", "\"\xff\"",          "1 2", "99999999999999999999"};
    auto_free char *error = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (parse(wrong[i]))
            fail_msg("took %s for JSON", wrong[i]);
    assert_null(json_parse("{\n  \"a\": x\n}", 12, &error));
    assert_non_null(strstr(error, "line 2, column 8: "));
}

static void nesting_ends_at_64(void **state)
{
    char text[130];
    auto_json struct json *deep = NULL;

    (void)state;
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    deep = json_parse(text + 1, 128, NULL);
    assert_non_null(deep);
    assert_null(json_parse(text, 130, NULL));
}

static void brackets_inside_text_are_no_nesting(void **state)
{
    auto_buffer struct buffer b = {0};
    struct json *value;

    (void)state;
    buffer_text(&b, "[\"\\\"");
    for (int i = 0; i < 100; i++)
        buffer_text(&b, "[");
    buffer_text(&b, "\"]");
    value = parse(b.at);
    assert_non_null(value);
    assert_written(value, b.at);
}

static void lists_beside_each_other_are_no_nesting(void **state)
{
    auto_buffer struct buffer b = {0};
    auto_json struct json *value = NULL;

    (void)state;
    buffer_text(&b, "[{}");
    for (int i = 0; i < 100; i++)
        buffer_text(&b, ",[]");
    buffer_text(&b, "]");
    value = parse(b.at);
    assert_int_equal(json_count(value), 101);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_written_in_order_of_insertion),
        cmocka_unit_test(sorted_and_pretty_say_the_same),
        cmocka_unit_test(bad_bytes_and_zeroes_become_replacement_characters),
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(a_number_that_is_none_is_null),
        cmocka_unit_test(a_path_makes_the_objects_on_its_way),
        cmocka_unit_test(what_is_missing_or_of_another_type_gets_the_other_answer),
        cmocka_unit_test(a_clone_shares_nothing),
        cmocka_unit_test(each_pair_is_visited),
        cmocka_unit_test(what_is_no_json_is_refused_with_its_place),
        cmocka_unit_test(nesting_ends_at_64),
        cmocka_unit_test(brackets_inside_text_are_no_nesting),
        cmocka_unit_test(lists_beside_each_other_are_no_nesting),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
