/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "heard.h"

#define PROXY (&extract_proxy)

static int set_up(void **state)
{
    static struct heard h;

    heard_init(&h);
    *state = &h;
    return 0;
}

static int tear_down(void **state)
{
    heard_done(*state);
    return 0;
}

static bool wants(const char *bytes, size_t len)
{
    return PROXY->wants(&(struct packet){0}, cur_over(bytes, len));
}

static void both_versions_are_known_from_their_first_byte_on(void **state)
{
    static const char head[] = "\r\n\r\n\0\r\nQUIT\n";

    (void)state;
    assert_true(wants("PROXY TCP4 ", 11));
    assert_true(wants("P", 1));
    assert_true(wants(head, 12));
    assert_true(wants(head, 1));
    assert_false(wants("PROXY UDP", 9));
    assert_false(wants("", 0));
}

static void a_line_of_107_bytes_is_passed_and_a_longer_one_refused(void **state)
{
    struct heard *h = *state;
    char line[108] = "PROXY TCP6 ";

    memset(line + 11, 'x', sizeof(line) - 11);
    assert_int_equal(heard_read(h, PROXY, line, 106), EXTRACT_MORE);
    assert_int_equal(heard_read(h, PROXY, line, 107), EXTRACT_NOT);
    line[107] = '\n';
    assert_int_equal(heard_read(h, PROXY, line, 108), EXTRACT_NOT);
    line[106] = '\n';
    assert_int_equal(heard_read(h, PROXY, line, 108), EXTRACT_OTHER);
    assert_int_equal(h->left, 1);
    assert_int_equal(h->count, 0);
}

static void a_head_is_passed_with_what_it_says_follows(void **state)
{
    static const char head[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\3abcGET";
    struct heard *h = *state;

    for (size_t len = 1; len < 19; len++)
        assert_int_equal(heard_read(h, PROXY, head, len), EXTRACT_MORE);
    assert_int_equal(heard_read(h, PROXY, head, 22), EXTRACT_OTHER);
    assert_int_equal(h->left, 3);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(both_versions_are_known_from_their_first_byte_on),
        T(a_line_of_107_bytes_is_passed_and_a_longer_one_refused),
        T(a_head_is_passed_with_what_it_says_follows),
    };

    return cmocka_run_group_tests_name("extract_proxy", tests, NULL, NULL);
}
