/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "common/agemap.h"

static struct agemap_key key(uint64_t n)
{
    return (struct agemap_key){n * 7, n};
}

static uint64_t *touch(struct agemap *m, uint64_t n, bool *ret_new)
{
    struct agemap_key k = key(n);
    bool evicted;

    return agemap_touch(m, &k, ret_new, &evicted);
}

static void remember(void *place, void *arg)
{
    uint64_t *last = arg;

    *last = *(uint64_t *)place;
}

static void a_place_keeps_what_was_put_into_it(void **state)
{
    struct agemap *m = agemap_new(sizeof(uint64_t), 1000, NULL, NULL);
    bool is_new;

    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        *touch(m, i, &is_new) = i * i;
        assert_true(is_new);
    }
    for (uint64_t i = 0; i < 1000; i++) {
        struct agemap_key k = key(i);

        assert_int_equal(*(uint64_t *)agemap_find(m, &k), i * i);
        assert_int_equal(*touch(m, i, &is_new), i * i);
        assert_false(is_new);
    }
    assert_int_equal(agemap_count(m), 1000);
    agemap_free(m);
}

static void a_full_map_lets_the_least_touched_go(void **state)
{
    uint64_t dropped = 99;
    struct agemap *m = agemap_new(sizeof(uint64_t), 3, remember, &dropped);
    struct agemap_key second = key(2), first = key(1);
    bool is_new, evicted;

    (void)state;
    for (uint64_t i = 1; i <= 3; i++)
        *touch(m, i, &is_new) = i;
    touch(m, 1, &is_new);
    agemap_touch(m, &(struct agemap_key){5, 5}, &is_new, &evicted);
    assert_true(evicted);
    assert_int_equal(dropped, 2);
    assert_null(agemap_find(m, &second));
    assert_non_null(agemap_find(m, &first));
    assert_int_equal(agemap_count(m), 3);
    agemap_free(m);
}

static void the_oldest_can_be_dropped_until_none_is_left(void **state)
{
    uint64_t dropped = 0;
    struct agemap *m = agemap_new(sizeof(uint64_t), 100, remember, &dropped);
    bool is_new;

    (void)state;
    assert_null(agemap_oldest(m));
    for (uint64_t i = 1; i <= 20; i++)
        *touch(m, i, &is_new) = i;
    for (uint64_t i = 1; i <= 20; i++) {
        assert_int_equal(*(uint64_t *)agemap_oldest(m), i);
        agemap_drop_oldest(m);
        assert_int_equal(dropped, i);
    }
    assert_null(agemap_oldest(m));
    *touch(m, 5, &is_new) = 5;
    assert_true(is_new);
    assert_int_equal(agemap_count(m), 1);
    agemap_free(m);
    assert_int_equal(dropped, 5);
}

static void finding_does_not_make_a_place_younger(void **state)
{
    struct agemap *m = agemap_new(sizeof(uint64_t), 10, NULL, NULL);
    struct agemap_key k = key(1);
    bool is_new;

    (void)state;
    *touch(m, 1, &is_new) = 1;
    *touch(m, 2, &is_new) = 2;
    agemap_find(m, &k);
    assert_int_equal(*(uint64_t *)agemap_oldest(m), 1);
    agemap_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_keeps_what_was_put_into_it),
        cmocka_unit_test(a_full_map_lets_the_least_touched_go),
        cmocka_unit_test(the_oldest_can_be_dropped_until_none_is_left),
        cmocka_unit_test(finding_does_not_make_a_place_younger),
    };

    return cmocka_run_group_tests_name("agemap", tests, NULL, NULL);
}
