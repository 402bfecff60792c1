/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "json.h"
#include "mem.h"
#include "text.h"

static int set_up(void **state)
{
    *state = diags_new();
    return 0;
}

static int tear_down(void **state)
{
    diags_free(*state);
    return 0;
}

static void source(struct diags *d, const char *file, const char *text)
{
    diags_source(d, file, text, strlen(text));
}

static struct place at(const char *file, unsigned line, unsigned column, unsigned length)
{
    return (struct place){file, line, column, length};
}

static void assert_text(struct diags *d, const char *wanted)
{
    auto_free char *text = diags_text(d);

    assert_string_equal(text, wanted);
}

static void no_fault_is_no_text(void **state)
{
    assert_text(*state, "");
    assert_int_equal(diags_errors(*state), 0);
}

static void a_fault_shows_its_line_and_underlines_it(void **state)
{
    static const char *const names[] = {"tls_selfsigned_certificate", "tls_weak_cipher"};
    struct diags *d = *state;

    source(d, "rules/a.yaml", "rule:\n    when: x any_of [\"tls_selfsigned_cert\"]\n");
    diags_error(d, at("rules/a.yaml", 2, 21, 21), "E0214",
                "unknown nDPI risk \"tls_selfsigned_certificat\"");
    diags_suggest(d, "tls_selfsigned_certificat", names, 2);
    diags_suggest(d, "elephant", names, 2);
    diags_hint(d, "see `%s`", "hallwatch rules fields");
    assert_text(d, "rules/a.yaml:2:21: error[E0214]: unknown nDPI risk "
                   "\"tls_selfsigned_certificat\"\n"
                   "    2 |     when: x any_of [\"tls_selfsigned_cert\"]\n"
                   "      |                     ^^^^^^^^^^^^^^^^^^^^^\n"
                   "      = did you mean \"tls_selfsigned_certificate\"?\n"
                   "      = see `hallwatch rules fields`\n"
                   "1 error in 1 file\n");
}

static void faults_are_sorted_and_counted(void **state)
{
    struct diags *d = *state;

    diags_error(d, at("b", 2, 5, 1), "E0101", "four");
    diags_warn(d, at("b", 2, 1, 1), "W0302", "three");
    diags_error(d, at("b", 0, 0, 0), "E0102", "two");
    diags_error(d, at("a", 9, 0, 0), "E0103", "one");
    diags_error(d, at("b", 2, 5, 1), "E0100", "five");
    assert_text(d, "a:9: error[E0103]: one\n"
                   "b: error[E0102]: two\n"
                   "b:2:1: warning[W0302]: three\n"
                   "b:2:5: error[E0101]: four\n"
                   "b:2:5: error[E0100]: five\n"
                   "4 errors, 1 warning in 2 files\n");
    assert_int_equal(diags_errors(d), 4);
    assert_int_equal(diags_warnings(d), 1);
}

static void warnings_alone_are_counted_alone(void **state)
{
    diags_warn(*state, at("a", 0, 0, 0), "W0401", "unused");
    diags_warn(*state, at("b", 0, 0, 0), "W0401", "unused");
    assert_text(*state, "a: warning[W0401]: unused\nb: warning[W0401]: unused\n"
                        "2 warnings in 2 files\n");
}

static void a_fault_of_no_file_is_a_sentence(void **state)
{
    diags_error(*state, at(NULL, 0, 0, 0), "E0900", "nothing to read");
    assert_text(*state, "error[E0900]: nothing to read\n1 error in 1 file\n");
}

static void the_underline_counts_characters_as_they_are_shown(void **state)
{
    struct diags *d = *state;

    source(d, "f", "\tSchüler: x\x1b!\r\nlast");
    diags_error(d, at("f", 1, 11, 2), "E0101", "m");
    diags_error(d, at("f", 2, 4, 9), "E0101", "m");
    diags_error(d, at("f", 2, 5, 1), "E0101", "m");
    diags_error(d, at("f", 3, 1, 1), "E0101", "m");
    assert_text(d, "f:1:11: error[E0101]: m\n"
                   "    1 |  Schüler: x\\x1b!\n"
                   "      |           ^^^^^\n"
                   "f:2:4: error[E0101]: m\n"
                   "    2 | last\n"
                   "      |    ^\n"
                   "f:2:5: error[E0101]: m\n"
                   "    2 | last\n"
                   "      |     ^\n"
                   "f:3:1: error[E0101]: m\n"
                   "4 errors in 1 file\n");
}

static void of_a_long_line_only_the_part_around_the_fault_is_shown(void **state)
{
    struct diags *d = *state;
    auto_free char *line = xasprintf("%01000d", 0), *text = NULL;
    const char *under;

    line[500] = 'x';
    source(d, "f", line);
    diags_error(d, at("f", 1, 501, 1), "E0101", "m");
    text = diags_text(d);
    assert_true(strlen(text) < 400);
    under = strchr(text, '^');
    assert_non_null(under);
    assert_non_null(strstr(text, "    1 | …000"));
    assert_non_null(strstr(text, "000…\n"));
    /* The mark stands below the x; the … before it is three bytes and one column. */
    assert_int_equal(strrchr(text, '|') + 2 + 61 - under, 0);
}

static void what_a_message_quotes_is_made_safe(void **state)
{
    auto_free char *word = xasprintf("%05000d", 0);
    auto_free char *text = NULL;

    diags_error(*state, at("a\nb", 0, 0, 0), "E0103", "unknown key \"%s\"", "\x1b[2J\n");
    assert_text(*state,
                "a\\nb: error[E0103]: unknown key \"\\x1b[2J\\n\"\n1 error in 1 file\n");
    diags_error(*state, at("a", 0, 0, 0), "E0103", "unknown key \"%s\"", word);
    text = diags_text(*state);
    assert_true(strlen(text) < 1200);
}

static void after_a_hundred_faults_the_rest_is_a_number(void **state)
{
    auto_free char *text = NULL;

    for (unsigned i = 1; i <= 120; i++)
        diags_error(*state, at("a", i, 1, 1), "E0103", "m");
    text = diags_text(*state);
    assert_non_null(strstr(text, "a:100:1: "));
    assert_null(strstr(text, "a:101:1: "));
    assert_non_null(
        strstr(text, "and 20 more that are not shown\n120 errors in 1 file\n"));
}

static void a_file_may_be_given_again(void **state)
{
    source(*state, "f", "old");
    source(*state, "f", "new");
    diags_error(*state, at("f", 1, 1, 3), "E0103", "m");
    assert_text(*state,
                "f:1:1: error[E0103]: m\n    1 | new\n      | ^^^\n1 error in 1 file\n");
}

static void json_has_the_range_and_the_hints(void **state)
{
    auto_free char *text = NULL;

    diags_error(*state, at("f", 3, 5, 4), "E0103", "m");
    diags_hint(*state, "h");
    diags_warn(*state, at("f", 0, 0, 0), "W0401", "w");
    text = diags_json(*state);
    assert_string_equal(
        text,
        "{\"diagnostics\":["
        "{\"file\":\"f\",\"line\":0,\"column\":0,\"end_column\":0,\"code\":\"W0401\","
        "\"level\":\"warning\",\"message\":\"w\",\"hints\":[]},"
        "{\"file\":\"f\",\"line\":3,\"column\":5,\"end_column\":9,\"code\":\"E0103\","
        "\"level\":\"error\",\"message\":\"m\",\"hints\":[\"h\"]}],"
        "\"errors\":1,\"warnings\":1}");
}

static void sarif_names_the_place_as_it_demands(void **state)
{
    auto_free char *text = NULL;
    auto_json struct json *o = NULL;
    struct json *result, *where;

    diags_error(*state, at("/etc/hall watch/ü.yaml", 3, 5, 4), "E0103", "m");
    diags_hint(*state, "h");
    diags_error(*state, at("rules/b.yaml", 0, 0, 0), "E0102", "gone");
    text = diags_sarif(*state);
    o = json_parse(text, strlen(text), NULL);
    assert_string_equal(json_get_text(o, "version", ""), "2.1.0");
    result = json_item(json_get(json_item(json_get(o, "runs"), 0), "results"), 0);
    assert_string_equal(json_get_text(result, "ruleId", ""), "E0103");
    assert_string_equal(json_text(json_get_path(result, "message.text"), ""), "m\nh");
    where = json_get(json_item(json_get(result, "locations"), 0), "physicalLocation");
    assert_string_equal(json_text(json_get_path(where, "artifactLocation.uri"), ""),
                        "file:///etc/hall%20watch/%C3%BC.yaml");
    assert_int_equal(json_number(json_get_path(where, "region.startLine"), 0), 3);
    assert_int_equal(json_number(json_get_path(where, "region.endColumn"), 0), 9);
    result = json_item(json_get(json_item(json_get(o, "runs"), 0), "results"), 1);
    where = json_get(json_item(json_get(result, "locations"), 0), "physicalLocation");
    assert_null(json_get(where, "region")); /* a region without a line is not valid */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(no_fault_is_no_text),
        WITH_FIXTURE(a_fault_shows_its_line_and_underlines_it),
        WITH_FIXTURE(faults_are_sorted_and_counted),
        WITH_FIXTURE(warnings_alone_are_counted_alone),
        WITH_FIXTURE(a_fault_of_no_file_is_a_sentence),
        WITH_FIXTURE(the_underline_counts_characters_as_they_are_shown),
        WITH_FIXTURE(of_a_long_line_only_the_part_around_the_fault_is_shown),
        WITH_FIXTURE(what_a_message_quotes_is_made_safe),
        WITH_FIXTURE(after_a_hundred_faults_the_rest_is_a_number),
        WITH_FIXTURE(a_file_may_be_given_again),
        WITH_FIXTURE(json_has_the_range_and_the_hints),
        WITH_FIXTURE(sarif_names_the_place_as_it_demands),
    };

    return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}
