/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "text.h"
#include "yaml.h"

struct fixture {
    struct diags *diags;
    struct yaml *yaml;
};

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.diags = diags_new()};
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

static const struct node *parse(struct fixture *f, const char *text)
{
    yaml_release(f->yaml);
    f->yaml = yaml_parse("t.yaml", text, strlen(text), f->diags);
    return f->yaml ? yaml_root(f->yaml) : NULL;
}

/* Reads the text and expects a sentence about it. */
static void assert_says(struct fixture *f, const char *text, const char *wanted)
{
    auto_free char *said = NULL;

    diags_free(f->diags);
    f->diags = diags_new();
    parse(f, text);
    said = diags_text(f->diags);
    if (!strstr(said, wanted))
        fail_msg("not said: %s\nbut: %s", wanted, said);
}

static void assert_place(struct place at, unsigned line, unsigned column, unsigned length)
{
    assert_string_equal(at.file, "t.yaml");
    if (at.line != line || at.column != column || at.length != length)
        fail_msg("%u:%u+%u is not %u:%u+%u", at.line, at.column, at.length, line, column,
                 length);
}

static void a_file_is_a_tree_of_texts(void **state)
{
    struct fixture *f = *state;
    const struct node *root = parse(f, "a: yes\nb: [1, two]\nc:\n  - {d: 'x y'}\n");
    const struct node *b = node_get(root, "b"), *c = node_get(root, "c");

    assert_int_equal(node_kind(root), NODE_MAP);
    assert_int_equal(node_count(root), 3);
    assert_string_equal(node_text(node_key(root, 2)), "c");
    assert_string_equal(node_text(node_get(root, "a")), "yes");
    assert_int_equal(node_style(b), NODE_FLOW);
    assert_string_equal(node_text(node_item(b, 1)), "two");
    assert_null(node_item(b, 2));
    assert_int_equal(node_style(c), NODE_BLOCK);
    assert_int_equal(node_style(node_get(node_item(c, 0), "d")), NODE_QUOTED);
    assert_null(node_get(root, "x"));
    assert_null(node_get(b, "x"));
    assert_null(node_value(b, 0));
    assert_int_equal(diags_errors(f->diags), 0);
}

static void an_empty_file_is_a_map_without_keys(void **state)
{
    static const char *const empty[] = {"", "\n\n", "# nothing\n", "---\n",
                                        "\xef\xbb\xbf"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        const struct node *root = parse(f, empty[i]);

        assert_non_null(root);
        assert_int_equal(node_kind(root), NODE_MAP);
        assert_int_equal(node_count(root), 0);
    }
}

static void nodes_know_where_they_stand(void **state)
{
    struct fixture *f = *state;
    const struct node *root = parse(f, "schüler: [eins, \"zwei\"]\nb:\n  key: value\n"
                                       "  c: {a: 1}\n");
    const struct node *list = node_value(root, 0), *map = node_value(root, 1);

    assert_place(node_place(root), 1, 1, 7);
    assert_place(node_place(node_key(root, 0)), 1, 1, 7);
    assert_place(node_place(list), 1, 10, 14);
    assert_place(node_place(node_item(list, 1)), 1, 17, 6);
    assert_place(node_place(map), 3, 3, 3);
    assert_place(node_place(node_value(map, 0)), 3, 8, 5);
    assert_place(node_place(node_value(map, 1)), 4, 6, 6);
}

/* The place of a word inside the scalar at key "when". */
static struct place place_of(struct fixture *f, const char *text, const char *word)
{
    const struct node *when = node_get(parse(f, text), "when");
    const char *at = strstr(node_text(when), word);

    assert_non_null(at);
    return node_place_at(when, (size_t)(at - node_text(when)), strlen(word));
}

static void a_word_inside_a_scalar_is_found(void **state)
{
    struct fixture *f = *state;

    assert_place(place_of(f, "when: dns.type in x\n", "type"), 1, 11, 4);
    assert_place(place_of(f, "when: 'ü and dns'\n", "dns"), 1, 14, 3);
    assert_place(place_of(f, "when: 'it''s dns'\n", "dns"), 1, 14, 3);
    assert_place(place_of(f, "when: \"a in [\\\"b\\\"] or dns\"\n", "dns"), 1, 24, 3);
    assert_place(place_of(f, "when: \"\\u00fc\\x41\\t dns\"\n", "dns"), 1, 21, 3);
    assert_place(place_of(f, "when: \"a \\\"b\\\"\"\n", "\"b\""), 1, 10, 5);
}

static void a_word_behind_a_line_break_is_found(void **state)
{
    struct fixture *f = *state;

    assert_place(place_of(f, "when: a and\n  b and\n  dns\n", "dns"), 3, 3, 3);
    assert_place(place_of(f, "when: \"a and\n\n\n  dns\"\n", "dns"), 4, 3, 3);
    assert_place(place_of(f, "when: \"a \\\n  dns\"\n", "dns"), 2, 3, 3);
    assert_place(place_of(f, "when: |\n  a and\n  ü dns\n", "dns"), 3, 5, 3);
    assert_place(place_of(f, "when: |\n\n    a\n      dns\n", "dns"), 4, 7, 3);
    assert_place(place_of(f, "when: |2\n    dns\n", "dns"), 2, 5, 3);
}

static void a_folded_scalar_has_only_its_own_place(void **state)
{
    struct fixture *f = *state;

    assert_place(place_of(f, "when: >\n  a\n  dns\n", "dns"), 1, 7, 1);
}

static void the_end_of_a_scalar_is_a_place_too(void **state)
{
    struct fixture *f = *state;
    const struct node *when = node_get(parse(f, "when: dns ==\n"), "when");

    assert_place(node_place_at(when, 6, 0), 1, 13, 0);
    assert_place(node_place_at(when, 999, 999), 1, 13, 0);
}

static void what_the_house_does_not_use_is_refused_and_the_rest_read(void **state)
{
    struct fixture *f = *state;

    assert_says(f, "a: &x 1\n", "t.yaml:1:4: error[E0108]: anchors (&name) are not used");
    assert_says(f, "a: *x\n", "t.yaml:1:4: error[E0108]: aliases (*name) are not used");
    assert_says(f, "a: !!str 1\n", "t.yaml:1:4: error[E0108]: tags (!name) are not used");
    assert_says(f, "a: ! 1\n", "error[E0108]: tags");
    assert_says(f, "[a, !x [b], &y {c: d}]\n", "2 errors in 1 file");
    assert_says(f, "a: 1\nb: 2\na: 3\na: 4\n",
                "t.yaml:4:1: error[E0107]: duplicate key \"a\" (first at 1:1)\n");
    assert_string_equal(node_text(node_get(yaml_root(f->yaml), "a")), "1");
    assert_says(f, "? [a, b]\n: c\n",
                "error[E0110]: a key must be text, not a list or map");
    assert_says(f, "a: \"x\\0y\"\n", "error[E0110]: text with a zero byte");
    assert_says(f, "a: 1\n---\nb: 2\n", "t.yaml:2:1: error[E0109]: a second document");
    assert_int_equal(node_count(yaml_root(f->yaml)), 1);
}

static void what_is_no_yaml_is_told_with_what_was_meant(void **state)
{
    static const struct {
        const char *text, *place, *hint;
    } cases[] = {
        {"a: {when: x in [\"TXT\"]}\n", "t.yaml:1:16: error[E0101]",
         "an expression with [ or { inside { } or [ ] must be quoted"},
        {"- {a: 1,\n   when: x any_of [\"b\"]}\n",
         "t.yaml:2:19: ", "must be quoted: 'x any_of [\"b\"]'"},
        {"a: [x in [b]]\n", "t.yaml:1:10: ", "must be quoted: 'x in [b]'"},
        {"a: {id: 1, when: x in [\"T, U\", {b}] and y , c: 1}\n",
         "t.yaml:1:23: ", "must be quoted: 'x in [\"T, U\", {b}] and y'"},
        {"a: {when: x == \"b, c\" or x in [b]}\n", "t.yaml:1:31: ", "'dns.type in"},
        {"a: {when: it's in [b]}\n", "t.yaml:1:19: ", "'dns.type in"},
        {"a: \"x\" == y\n",
         "t.yaml:1:8: ", "put all of it into quotes of the other kind"},
        {"a: [\"x\" y]\n", "t.yaml:1:9: ", "put all of it into quotes of the other kind"},
        {"a: x y\nb c\n", "t.yaml:3:1: ", "goes on over several lines"},
        {"a: @x\n", "t.yaml:1:4: ", "a list is written $name"},
        {"a:\n\t- b\n", "t.yaml:2:1: ", "indent with blanks, not with tabs"},
        {"a: %x\n", "t.yaml:1:4: ", "text that begins with % must be quoted"},
        {"a: b: c\n", "t.yaml:1:5: ", "text that holds \": \" must be quoted"},
        {"a: *.example\n", "t.yaml:1:5: ", "text that begins with * or & must be quoted"},
        {"a: 1\n b: 2\nc: 3\n", "t.yaml:2:3: ", "look at the indentation"},
        {"a:\n  - b\n c: d\n", "t.yaml:3:2: ", "look at the indentation"},
        {"a: 1\nb: \"x\nc: 3\n", "t.yaml:2:4: ", "a quote is not closed"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_says(f, cases[i].text, cases[i].place);
        assert_says(f, cases[i].text, cases[i].hint);
        assert_null(f->yaml);
    }
}

static void bytes_that_are_no_text_are_placed(void **state)
{
    struct fixture *f = *state;

    assert_says(f, "ü: 1\nb: ü\xff\n", "t.yaml:2:5: error[E0101]: not valid UTF-8 text");
    assert_says(f, "a: \x01\n",
                "t.yaml:1:4: error[E0101]: not valid UTF-8 text: control");
}

static void nesting_and_size_have_an_end(void **state)
{
    struct fixture *f = *state;
    char text[64];
    auto_free char *large = xmalloc((16 << 20) + 1);

    memset(text, '[', 32);
    memset(text + 32, ']', 32);
    f->yaml = yaml_parse("t.yaml", text, 64, f->diags);
    assert_non_null(f->yaml);
    assert_says(f, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
                "t.yaml:1:33: error[E0106]: nested more than 32 deep");
    assert_null(f->yaml);
    memset(large, ' ', (16 << 20) + 1);
    assert_null(yaml_parse("t.yaml", large, (16 << 20) + 1, f->diags));
}

static void a_map_of_many_keys_is_checked_quickly(void **state)
{
    struct fixture *f = *state;
    auto_buffer struct buffer b = {0};

    for (int i = 0; i < 100000; i++)
        buffer_print(&b, "k%d: v\n", i);
    buffer_text(&b, "k77: again\n");
    assert_says(f, b.at,
                "t.yaml:100001:1: error[E0107]: duplicate key \"k77\" (first at "
                "78:1)");
}

static void a_file_that_cannot_be_read_is_told(void **state)
{
    struct fixture *f = *state;
    auto_free char *said = NULL;

    assert_null(yaml_load("/nowhere/x.yaml", f->diags));
    assert_null(yaml_load("/", f->diags));
    said = diags_text(f->diags);
    assert_string_equal(said,
                        "/: error[E0102]: cannot be read: Is a directory\n"
                        "/nowhere/x.yaml: error[E0102]: cannot be read: No such file "
                        "or directory\n"
                        "2 errors in 2 files\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_file_is_a_tree_of_texts),
        WITH_FIXTURE(an_empty_file_is_a_map_without_keys),
        WITH_FIXTURE(nodes_know_where_they_stand),
        WITH_FIXTURE(a_word_inside_a_scalar_is_found),
        WITH_FIXTURE(a_word_behind_a_line_break_is_found),
        WITH_FIXTURE(a_folded_scalar_has_only_its_own_place),
        WITH_FIXTURE(the_end_of_a_scalar_is_a_place_too),
        WITH_FIXTURE(what_the_house_does_not_use_is_refused_and_the_rest_read),
        WITH_FIXTURE(what_is_no_yaml_is_told_with_what_was_meant),
        WITH_FIXTURE(bytes_that_are_no_text_are_placed),
        WITH_FIXTURE(nesting_and_size_have_an_end),
        WITH_FIXTURE(a_map_of_many_keys_is_checked_quickly),
        WITH_FIXTURE(a_file_that_cannot_be_read_is_told),
    };

    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
