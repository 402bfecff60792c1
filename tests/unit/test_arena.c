/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdalign.h>
#include <string.h>

#include "arena.h"

static void pieces_are_empty_aligned_and_apart(void **state)
{
    struct arena a = {0};
    uint8_t *pieces[200];

    (void)state;
    for (size_t i = 0; i < 200; i++) {
        pieces[i] = arena_new(&a, i * 3);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < i * 3; k++)
            assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)i, i * 3);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t k = 0; k < i * 3; k++)
            assert_int_equal(pieces[i][k], (uint8_t)i);
    arena_done(&a);
    assert_null(a.blocks);
}

static void a_piece_may_be_larger_than_a_block(void **state)
{
    struct arena a = {0};
    char *large = arena_array(&a, 100000, 3), *small = arena_new(&a, 1);

    (void)state;
    memset(large, 1, 300000);
    assert_int_equal(*small, 0);
    arena_done(&a);
}

static void a_text_is_copied_and_ended(void **state)
{
    struct arena a = {0};
    char source[] = "hello";
    struct text copy = arena_text(&a, (struct text){source, 4});

    (void)state;
    source[0] = 'x';
    assert_int_equal(copy.len, 4);
    assert_string_equal(copy.at, "hell");
    assert_string_equal(arena_text(&a, (struct text){0}).at, "");
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_empty_aligned_and_apart),
        cmocka_unit_test(a_piece_may_be_larger_than_a_block),
        cmocka_unit_test(a_text_is_copied_and_ended),
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
