/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "yaml.h"

static const char file[] = "text: word\n"
                           "nothing:\n"
                           "quoted: \"\"\n"
                           "number: 42\n"
                           "wrong: 4x\n"
                           "huge: 99999999999999999999\n"
                           "yes: true\n"
                           "no: false\n"
                           "time: 15m\n"
                           "day: 2026-01-01\n"
                           "size: 4 KiB\n"
                           "level: hgih\n"
                           "list: [a, b]\n"
                           "map: {id: x, exception: []}\n";

static const char *const levels[] = {"low", "medium", "high"};

struct fixture {
    struct diags *diags;
    struct yaml *yaml;
};

static int set_up(void **state)
{
    static struct fixture f;

    f.diags = diags_new();
    f.yaml = yaml_parse("t.yaml", file, strlen(file), f.diags);
    assert_non_null(f.yaml);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    yaml_release(f->yaml);
    diags_free(f->diags);
    return 0;
}

static const struct node *get(struct fixture *f, const char *key)
{
    return node_get(yaml_root(f->yaml), key);
}

static void assert_said(struct fixture *f, const char *wanted)
{
    auto_free char *said = diags_text(f->diags);

    if (!strstr(said, wanted))
        fail_msg("not said: %s\nbut: %s", wanted, said);
}

static void what_is_right_is_read_without_a_word(void **state)
{
    struct fixture *f = *state;
    const char *text;
    uint64_t number, size;
    usec_t duration, time;
    bool yes, no;

    assert_true(node_read_text(get(f, "text"), &text, f->diags));
    assert_string_equal(text, "word");
    assert_true(node_read_text(get(f, "quoted"), &text, f->diags));
    assert_string_equal(text, "");
    assert_true(node_read_number(get(f, "number"), 42, 42, &number, f->diags));
    assert_int_equal(number, 42);
    assert_true(node_read_bool(get(f, "yes"), &yes, f->diags) && yes);
    assert_true(node_read_bool(get(f, "no"), &no, f->diags) && !no);
    assert_true(node_read_duration(get(f, "time"), &duration, f->diags));
    assert_int_equal(duration, 15 * USEC_PER_MIN);
    assert_true(node_read_time(get(f, "day"), &time, f->diags));
    assert_true(time == UINT64_C(1767225600) * USEC_PER_SEC);
    assert_true(node_read_size(get(f, "size"), &size, f->diags));
    assert_int_equal(size, 4096);
    assert_true(node_is(get(f, "list"), NODE_LIST, f->diags));
    assert_int_equal(diags_errors(f->diags), 0);
}

static void what_is_wrong_is_told_with_what_was_expected(void **state)
{
    struct fixture *f = *state;
    const char *text;
    uint64_t number;
    usec_t time;
    bool yes;

    assert_false(node_read_text(get(f, "nothing"), &text, f->diags));
    assert_said(f, "error[E0105]: expected text, found nothing\n");
    assert_false(node_read_text(get(f, "list"), &text, f->diags));
    assert_said(f, "t.yaml:13:7: error[E0105]: expected text, found a list\n");
    assert_false(node_is(get(f, "text"), NODE_MAP, f->diags));
    assert_said(f, "expected a map, found text\n");
    assert_false(node_read_number(get(f, "wrong"), 0, 9, &number, f->diags));
    assert_said(f, "error[E0203]: expected a whole number, found \"4x\"\n");
    assert_false(node_read_number(get(f, "number"), 0, 41, &number, f->diags));
    assert_said(f, "error[E0204]: 42 is out of range: from 0 to 41\n");
    assert_false(node_read_number(get(f, "number"), 43, 50, &number, f->diags));
    assert_false(node_read_number(get(f, "huge"), 0, UINT64_MAX, &number, f->diags));
    assert_said(f, "error[E0204]: 99999999999999999999 is out of range");
    assert_false(node_read_bool(get(f, "number"), &yes, f->diags));
    assert_said(f, "error[E0205]: expected true or false, found \"42\"\n");
    assert_false(node_read_duration(get(f, "number"), &time, f->diags));
    assert_said(f, "error[E0206]: expected a duration, found \"42\"\n");
    assert_false(node_read_time(get(f, "text"), &time, f->diags));
    assert_said(f, "error[E0207]: expected a time, found \"word\"\n");
    assert_false(node_read_size(get(f, "wrong"), &number, f->diags));
    assert_said(f, "error[E0208]: expected a size, found \"4x\"\n");
    assert_false(node_read_size(get(f, "huge"), &number, f->diags));
    assert_said(f, "99999999999999999999 is too large\n");
    assert_int_equal(diags_errors(f->diags), 12);
}

static void what_is_not_there_is_false_without_a_word(void **state)
{
    struct fixture *f = *state;
    const char *text;
    uint64_t number;
    size_t index;

    assert_false(node_is(NULL, NODE_MAP, f->diags));
    assert_false(node_read_text(NULL, &text, f->diags));
    assert_false(node_read_size(NULL, &number, f->diags));
    assert_false(node_read_name(NULL, "severity", levels, 3, &index, f->diags));
    node_check_keys(NULL, "rule", levels, 3, f->diags);
    assert_int_equal(diags_errors(f->diags), 0);
}

static void a_name_is_one_of_those_known(void **state)
{
    struct fixture *f = *state;
    static const char *const words[] = {"other", "word"};
    size_t index = 9;

    assert_true(node_read_name(get(f, "text"), "word", words, 2, &index, f->diags));
    assert_int_equal(index, 1);
    assert_false(
        node_read_name(get(f, "level"), "severity", levels, 3, &index, f->diags));
    assert_int_equal(index, 1);
    assert_said(f, "t.yaml:12:8: error[E0202]: unknown severity \"hgih\"\n"
                   "   12 | level: hgih\n"
                   "      |        ^^^^\n"
                   "      = did you mean \"high\"?\n"
                   "      = known: low, medium, high\n");
}

static void unknown_and_missing_keys_are_told(void **state)
{
    static const char *const keys[] = {"id", "exceptions", "title"};
    struct fixture *f = *state;
    const struct node *map = get(f, "map");

    node_check_keys(map, "rule", keys, 3, f->diags);
    assert_said(f, "t.yaml:14:14: error[E0103]: unknown key \"exception\" in rule\n");
    assert_said(f, "did you mean \"exceptions\"?");
    assert_null(node_need(map, "rule", "title", f->diags));
    assert_said(f, "t.yaml:14:6: error[E0104]: rule has no \"title\"\n");
    assert_string_equal(node_text(node_need(map, "rule", "id", f->diags)), "x");
    assert_int_equal(diags_errors(f->diags), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(what_is_right_is_read_without_a_word),
        WITH_FIXTURE(what_is_wrong_is_told_with_what_was_expected),
        WITH_FIXTURE(what_is_not_there_is_false_without_a_word),
        WITH_FIXTURE(a_name_is_one_of_those_known),
        WITH_FIXTURE(unknown_and_missing_keys_are_told),
    };

    return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
