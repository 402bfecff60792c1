/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "agent/dns_name.h"

/* Reads the name at offset of a message; *ret_behind is where the cursor then stands. */
static bool read_at(const void *message, size_t len, size_t offset, struct dns_name *name,
                    size_t *ret_behind)
{
    struct cur all = cur_over(message, len), c = all;
    bool good;

    cur_skip(&c, offset);
    good = dns_name_read(&c, all, name);
    assert_int_equal(good, !cur_broken(&c));
    *ret_behind = (size_t)(c.pos - all.pos);
    return good;
}

static void assert_name(const struct dns_name *n, const char *text)
{
    assert_int_equal(n->len, strlen(text));
    assert_memory_equal(n->text, text, n->len);
}

static void labels_are_joined_with_dots(void **state)
{
    static const char wire[] = "\3www\7example\3com";
    struct dns_name n;
    size_t behind;

    (void)state;
    assert_true(read_at(wire, sizeof(wire), 0, &n, &behind));
    assert_name(&n, "www.example.com");
    assert_int_equal(n.labels, 3);
    assert_int_equal(n.max_label, 7);
    assert_int_equal(behind, sizeof(wire));
}

static void the_root_has_no_labels(void **state)
{
    struct dns_name n;
    size_t behind;

    (void)state;
    assert_true(read_at("", 1, 0, &n, &behind));
    assert_int_equal(n.len, 0);
    assert_int_equal(n.labels, 0);
}

static void a_pointer_leads_back_and_ends_the_name(void **state)
{
    static const char wire[] = "\3com\0\7example\xc0\0\3www\xc0\5tail";
    struct dns_name n;
    size_t behind;

    (void)state;
    assert_true(read_at(wire, sizeof(wire), 15, &n, &behind));
    assert_name(&n, "www.example.com");
    assert_int_equal(behind, 21);
}

static void pointers_that_do_not_lead_back_are_refused(void **state)
{
    struct dns_name n;
    size_t behind;

    (void)state;
    assert_false(read_at("\xc0\0", 2, 0, &n, &behind));         /* to itself */
    assert_false(read_at("\1a\xc0\0", 4, 0, &n, &behind));      /* to its own start */
    assert_false(read_at("\xc0\2\1a\0", 5, 0, &n, &behind));    /* forward */
    assert_false(read_at("\xc0\2\xc0\0\0", 5, 2, &n, &behind)); /* two at each other */
    assert_false(read_at("\xc0\2\xc0\0\xc0\0", 6, 4, &n, &behind)); /* into such a pair */
    assert_false(read_at("\xff\xff", 2, 0, &n, &behind));           /* beyond the end */
}

/* "a" chained to the name before it, again and again: short, but never ends if followed
 * without a limit to its length. */
static void a_chain_of_pointers_ends_with_the_longest_name(void **state)
{
    uint8_t wire[2 + 4 * 200] = {1, 'a'};
    struct dns_name n;
    size_t behind, links = 0;

    (void)state;
    wire[2] = 0;
    for (size_t at = 3; at + 4 <= sizeof(wire); at += 4, links++) {
        size_t before = at == 3 ? 0 : at - 4;

        memcpy(wire + at, "\1b", 2);
        wire[at + 2] = (uint8_t)(0xc0 | before >> 8);
        wire[at + 3] = (uint8_t)before;
        assert_int_equal(read_at(wire, sizeof(wire), at, &n, &behind), links < 126);
    }
    assert_true(links > 126);
}

/* Each pointer leads to the one before it, the first to the root: nothing is said by
 * them, and a message has room for thousands. */
static void pointers_to_pointers_are_followed_so_often_as_there_may_be_labels(
    void **state)
{
    uint8_t wire[1 + 2 * 200] = {0};
    struct dns_name n;
    size_t behind, links = 0;

    (void)state;
    for (size_t at = 1; at < sizeof(wire); at += 2) {
        size_t before = at == 1 ? 0 : at - 2;

        wire[at] = (uint8_t)(0xc0 | before >> 8);
        wire[at + 1] = (uint8_t)before;
        assert_int_equal(read_at(wire, sizeof(wire), at, &n, &behind), ++links <= 127);
    }
}

static void a_name_of_255_bytes_is_read_and_one_of_256_is_not(void **state)
{
    uint8_t wire[257] = {0};
    struct dns_name n;
    size_t behind;

    (void)state;
    for (size_t at = 0; at < 254; at += 2)
        memcpy(wire + at, "\1x", 2);
    assert_true(read_at(wire, 255, 0, &n, &behind));
    assert_int_equal(n.len, 253);
    assert_int_equal(n.labels, 127);

    wire[252] = 2; /* the last label is one longer */
    wire[254] = 'x';
    wire[255] = 0;
    assert_false(read_at(wire, 256, 0, &n, &behind));
}

static void labels_over_63_and_of_unknown_kind_are_refused(void **state)
{
    uint8_t wire[80] = {64};
    struct dns_name n;
    size_t behind;

    (void)state;
    assert_false(read_at(wire, sizeof(wire), 0, &n, &behind));
    wire[0] = 0x80;
    assert_false(read_at(wire, sizeof(wire), 0, &n, &behind));
    wire[0] = 63;
    assert_true(read_at(wire, sizeof(wire), 0, &n, &behind));
    assert_int_equal(n.max_label, 63);
}

static void a_dot_inside_a_label_is_no_border(void **state)
{
    static const char wire[] = "\5a.com\3org";
    struct dns_name n;
    size_t behind;

    (void)state;
    assert_true(read_at(wire, sizeof(wire), 0, &n, &behind));
    assert_name(&n, "a?com.org");
    assert_int_equal(n.labels, 2);
}

static void a_name_that_is_cut_is_refused(void **state)
{
    static const char wire[] = "\3com\0\3www\xc0";
    struct dns_name n;
    size_t behind;

    (void)state;
    for (size_t len = 0; len < 5; len++)
        assert_false(read_at(wire, len, 0, &n, &behind));
    assert_false(read_at(wire, 10, 5, &n, &behind));
}

static void skipping_stops_where_reading_does(void **state)
{
    static const char wire[] = "\3com\0\3www\xc0\0tail";
    struct cur c = cur_over(wire, sizeof(wire));

    (void)state;
    assert_true(dns_name_skip(&c));
    assert_true(dns_name_skip(&c));
    assert_int_equal(c.pos - (const uint8_t *)wire, 11);
    c = cur_over("\x40xxx", 4);
    assert_false(dns_name_skip(&c));
    assert_true(cur_broken(&c));
    c = cur_over("\3ab", 3);
    assert_false(dns_name_skip(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_joined_with_dots),
        cmocka_unit_test(the_root_has_no_labels),
        cmocka_unit_test(a_pointer_leads_back_and_ends_the_name),
        cmocka_unit_test(pointers_that_do_not_lead_back_are_refused),
        cmocka_unit_test(a_chain_of_pointers_ends_with_the_longest_name),
        cmocka_unit_test(
            pointers_to_pointers_are_followed_so_often_as_there_may_be_labels),
        cmocka_unit_test(a_name_of_255_bytes_is_read_and_one_of_256_is_not),
        cmocka_unit_test(labels_over_63_and_of_unknown_kind_are_refused),
        cmocka_unit_test(a_dot_inside_a_label_is_no_border),
        cmocka_unit_test(a_name_that_is_cut_is_refused),
        cmocka_unit_test(skipping_stops_where_reading_does),
    };

    return cmocka_run_group_tests_name("dns_name", tests, NULL, NULL);
}
