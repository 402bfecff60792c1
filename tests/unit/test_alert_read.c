/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "collector/alert_read.h"
#include "json_scan.h"
#include "mem.h"

#define TIME_TEXT "\"timestamp\":\"2026-11-23T09:00:00.5+0000\",\"event_type\":\"alert\","

static const char full[] =
    "{" TIME_TEXT "\"src_ip\":\"10.0.0.1\",\"hallwatch\":{\"site\":\"lincoln\","
    "\"segment\":\"students\",\"device\":{\"pseudonym\":\"7KQX-M3TA\",\"key\":\"x\"},"
    "\"rule\":\"sec.malware-list\",\"title\":\"A bad host\",\"severity\":\"critical\","
    "\"owner\":\"safety-officer\",\"playbook\":\"malware-on-device\",\"drill\":true,"
    "\"summary\":{\"repeats\":12,\"first\":\"2026-11-23T09:00:00Z\"}}}";

static int read_one(struct alert_reader *r, const char *document, struct store_alert *a,
                    const char **why)
{
    return alert_read(r, text_of(document), a, why);
}

static void check_full(const struct store_alert *a)
{
    usec_t at;

    assert_int_equal(clock_parse("2026-11-23T09:00:00.5Z", &at), 0);
    assert_int_equal(a->at, at);
    assert_string_equal(a->rule, "sec.malware-list");
    assert_string_equal(a->title, "A bad host");
    assert_int_equal(a->severity, SEVERITY_CRITICAL);
    assert_int_equal(a->owner, ROLE_SAFETY_OFFICER);
    assert_string_equal(a->site, "lincoln");
    assert_string_equal(a->segment, "students");
    assert_string_equal(a->device, "7KQX-M3TA");
    assert_string_equal(a->playbook, "malware-on-device");
    assert_true(a->drill);
    assert_true(a->summary);
    assert_int_equal(a->repeats, 12);
    assert_string_equal(a->document, full);
}

static void everything_is_found_in_a_full_document(void **state)
{
    auto_alert_reader struct alert_reader *r = alert_reader_new();
    struct store_alert a;
    const char *why;

    (void)state;
    assert_int_equal(read_one(r, full, &a, &why), 0);
    check_full(&a);
}

static void the_long_way_finds_the_same(void **state)
{
    auto_alert_reader struct alert_reader *r = alert_reader_new();
    struct store_alert a;
    const char *why;

    (void)state;
    assert_int_equal(alert_read_parsed(r, text_of(full), &a, &why), 0);
    check_full(&a);
}

static void what_a_document_does_not_say_has_a_default(void **state)
{
    auto_alert_reader struct alert_reader *r = alert_reader_new();
    struct store_alert a;
    const char *why;

    (void)state;
    assert_int_equal(
        read_one(r, "{" TIME_TEXT "\"hallwatch\":{\"rule\":\"net.x\"}}", &a, &why), 0);
    assert_string_equal(a.title, "net.x");
    assert_int_equal(a.severity, SEVERITY_MEDIUM);
    assert_int_equal(a.owner, ROLE_SECURITY);
    assert_string_equal(a.device, "");
    assert_false(a.drill);
    assert_false(a.summary);
}

static void an_escaped_title_is_read_the_long_way(void **state)
{
    auto_alert_reader struct alert_reader *r = alert_reader_new();
    struct store_alert a;
    const char *why;

    (void)state;
    assert_int_equal(read_one(r,
                              "{" TIME_TEXT "\"hallwatch\":{\"rule\":\"net.x\","
                              "\"title\":\"A \\\"bad\\\" h\\u00f6st\"}}",
                              &a, &why),
                     0);
    assert_string_equal(a.title, "A \"bad\" h\xc3\xb6st");
}

static void a_document_that_is_no_alert_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *document, *why;
    } cases[] = {
        {"", "it is no JSON object"},
        {"[1]", "it is no JSON object"},
        {"{\"a\":1", "it is no JSON object"},
        {"{\"a\":1}x", "it is no JSON object"},
        {"{\"a\":1,\"a\":2}", "it is no JSON object"},
        {"{\"event_type\":\"dns\"}", "its event_type is not alert"},
        {"{\"event_type\":\"alert\",\"timestamp\":7}", "it has no timestamp"},
        {"{" TIME_TEXT "\"hallwatch\":{\"rule\":7}}",
         "it does not say which rule raised it"},
        {"{" TIME_TEXT
         "\"hallwatch\":{\"rule\":\"0123456789012345678901234567890123456789"
         "0123456789012345678901234\"}}",
         "a name in it is longer than 64 bytes"},
    };
    auto_alert_reader struct alert_reader *r = alert_reader_new();
    struct store_alert a;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *why = "";

        assert_int_equal(read_one(r, cases[i].document, &a, &why), -EBADMSG);
        assert_string_equal(why, cases[i].why);
    }
}

static void the_scanner_leaves_the_unusual_to_the_parser(void **state)
{
    static const char *const unusual[] = {
        "{\"a\":1e5}",
        "{\"a\":1234567890123456789}",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":1.}",
        "{\"a\":\"\\u0041\"}",
        "{\"\\\\\":1}",
        "{\"a\":\"\x01\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":tru}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "{\"a\":[1,]}",
        "{\"a\":[1}",
        "{\"want\":\"\\n\"}",
        "{a:1}",
        "{\"a\":'x'}",
    };
    const struct json_want wants[] = {{{"want"}}};
    struct json_found found[1];

    (void)state;
    for (size_t i = 0; i < sizeof(unusual) / sizeof(unusual[0]); i++)
        assert_int_equal(json_scan(text_of(unusual[i]), wants, 1, found), -EBADMSG);
}

static void the_scanner_follows_paths_and_nothing_beside_them(void **state)
{
    const struct json_want wants[] = {{{"a", "b", "c"}}, {{"a"}}, {{"b"}}, {{"x", "y"}}};
    struct json_found found[4];

    (void)state;
    assert_int_equal(
        json_scan(TEXT(" { \"z\" : {\"a\":{\"b\":{\"c\":9}}}, \"a\":{\"c\":1,\"b\":"
                       "{\"b\":2,\"c\":-33,\"cc\":4}}, \"b\" : \"\\n\\\\\" , "
                       "\"x\":[{\"y\":1}], \"n\":[true,false,null,0.5,-0] } "),
                  wants, 2, found),
        0);
    assert_int_equal(found[0].kind, JSON_FOUND_NUMBER);
    assert_true(text_equal(found[0].text, TEXT("-33")));
    assert_int_equal(found[1].kind, JSON_FOUND_OTHER);
}

static void repeats_and_titles_have_an_end(void **state)
{
    auto_alert_reader struct alert_reader *r = alert_reader_new();
    auto_buffer struct buffer long_title = {0};
    auto_free char *text = NULL, *document = NULL;
    struct store_alert a;
    const char *why;

    (void)state;
    buffer_text(&long_title, "x");
    for (int i = 0; i < 100000; i++)
        buffer_text(&long_title, "\xc3\xa4"); /* no character is cut in two */
    document =
        xasprintf("{" TIME_TEXT "\"hallwatch\":{\"rule\":\"net.x\",\"title\":\"%s\","
                  "\"summary\":{\"repeats\":%s}}}",
                  long_title.at, "999999999999999999");
    text = xasprintf("{\"a\":\"\\u0041\",%s", document + 1);
    for (int way = 0; way < 2; way++) {
        assert_int_equal(read_one(r, way ? text : document, &a, &why), 0);
        assert_int_equal(a.repeats, UINT64_C(1000000000000));
        assert_int_equal(strlen(a.title), 199);
        assert_memory_equal(a.title, long_title.at, 199);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_found_in_a_full_document),
        cmocka_unit_test(the_long_way_finds_the_same),
        cmocka_unit_test(what_a_document_does_not_say_has_a_default),
        cmocka_unit_test(an_escaped_title_is_read_the_long_way),
        cmocka_unit_test(repeats_and_titles_have_an_end),
        cmocka_unit_test(a_document_that_is_no_alert_is_refused_with_the_reason),
        cmocka_unit_test(the_scanner_leaves_the_unusual_to_the_parser),
        cmocka_unit_test(the_scanner_follows_paths_and_nothing_beside_them),
    };

    return cmocka_run_group_tests_name("alert_read", tests, NULL, NULL);
}
