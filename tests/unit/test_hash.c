/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "hash.h"

static void a_seed_gives_the_same_key_for_ever(void **state)
{
    struct hash_key key;

    (void)state;
    hash_key_from_seed(0, &key);
    /* SplitMix64's published first output for seed 0, little-endian. */
    assert_memory_equal(key.secret, "\xaf\xcd\x1d\x7b\x39\xa8\x20\xe2", 8);
    hash_key_from_seed(42, &key);
    assert_true(hash_bytes(&key, "school.example", 14) == UINT64_C(0xbd044f486d337a70));
}

static void other_keys_give_other_hashes(void **state)
{
    struct hash_key a, b;

    (void)state;
    hash_key_random(&a);
    hash_key_random(&b);
    assert_memory_not_equal(&a, &b, sizeof(a));
    assert_true(hash_bytes(&a, "abcdefgh", 8) != hash_bytes(&b, "abcdefgh", 8));
    hash_key_from_seed(1, &a);
    hash_key_from_seed(2, &b);
    assert_true(hash_bytes(&a, "abcdefgh", 8) != hash_bytes(&b, "abcdefgh", 8));
}

static void every_byte_and_the_length_count(void **state)
{
    struct hash_key key;
    uint8_t bytes[600] = {0};
    uint64_t plain;

    (void)state;
    hash_key_from_seed(1, &key);
    plain = hash_bytes(&key, bytes, sizeof(bytes));
    assert_true(plain != hash_bytes(&key, bytes, sizeof(bytes) - 1));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 1;
        assert_true(plain != hash_bytes(&key, bytes, sizeof(bytes)));
        bytes[i] = 0;
    }
    assert_true(plain == hash_bytes(&key, bytes, sizeof(bytes)));
}

static void nothing_has_a_hash_as_well(void **state)
{
    struct hash_key key;

    (void)state;
    hash_key_from_seed(1, &key);
    assert_true(hash_bytes(&key, NULL, 0) == hash_bytes(&key, "x", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_the_same_key_for_ever),
        cmocka_unit_test(other_keys_give_other_hashes),
        cmocka_unit_test(every_byte_and_the_length_count),
        cmocka_unit_test(nothing_has_a_hash_as_well),
    };

    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
