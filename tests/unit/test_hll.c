/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "common/hll.h"

#define SECOND USEC_PER_SEC
#define WITHIN (100 * SECOND)

/* splitmix64: 64 good bits for each number. */
static uint64_t hash_of(uint64_t n)
{
    n += UINT64_C(0x9e3779b97f4a7c15);
    n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
    return n ^ n >> 31;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

static void nothing_is_none(void **state)
{
    struct hll *h = hll_new(WITHIN);

    (void)state;
    assert_int_equal(hll_count(h, SECOND), 0);
    hll_add(h, SECOND, hash_of(1));
    assert_int_equal(hll_count(h, SECOND), 1);
    hll_free(h);
}

static void a_value_seen_again_counts_once(void **state)
{
    struct hll *h = hll_new(WITHIN);

    (void)state;
    for (usec_t i = 0; i < 10000; i++)
        hll_add(h, i, hash_of(i % 10));
    assert_int_equal(hll_count(h, 10000), 10);
    hll_free(h);
}

/* From tens to a million, thirty different random inputs each: the mean error is near
 * none, nearly all are within what hll_error says, none beyond twice that. */
static void the_error_is_what_it_says(void **state)
{
    static const uint64_t sizes[] = {50, 500, 1500, 2500, 4000, 10000, 100000, 1000000};
    uint64_t rounds = 30;

    (void)state;
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        double sum = 0;
        uint64_t beyond = 0;

        for (uint64_t round = 0; round < (sizes[s] > 100000 ? 5 : rounds); round++) {
            struct hll *h = hll_new(WITHIN);
            uint64_t got;

            for (uint64_t i = 0; i < sizes[s]; i++)
                hll_add(h, SECOND + i, hash_of(s << 56 | round << 40 | i));
            got = hll_count(h, SECOND + sizes[s]);
            sum += (double)got / (double)sizes[s] - 1;
            beyond += distance(got, sizes[s]) > hll_error(sizes[s]);
            assert_true(distance(got, sizes[s]) <= 2 * hll_error(sizes[s]));
            hll_free(h);
        }
        if (sizes[s] <= 100000)
            assert_true(sum / (double)rounds < 0.02 && sum / (double)rounds > -0.02);
        assert_true(beyond <= 4);
    }
}

/* Against counting them all again, while values come faster and slower. */
static void what_is_too_old_no_longer_counts(void **state)
{
    struct hll *h = hll_new(WITHIN);
    usec_t now = SECOND;
    uint64_t first = 0;
    static usec_t times[40000];

    (void)state;
    for (uint64_t i = 0; i < 40000; i++) {
        now += i % 4000 < 2000 ? 10 * USEC_PER_MSEC : 100 * USEC_PER_MSEC;
        times[i] = now;
        hll_add(h, now, hash_of(i));
        while (now - times[first] > WITHIN)
            first++;
        if (i % 500 == 499)
            assert_true(distance(hll_count(h, now), i + 1 - first) <=
                        2 * hll_error(i + 1 - first));
    }
    assert_int_equal(hll_count(h, now + 2 * WITHIN), 0);
    hll_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_none),
        cmocka_unit_test(a_value_seen_again_counts_once),
        cmocka_unit_test(the_error_is_what_it_says),
        cmocka_unit_test(what_is_too_old_no_longer_counts),
    };

    return cmocka_run_group_tests_name("hll", tests, NULL, NULL);
}
